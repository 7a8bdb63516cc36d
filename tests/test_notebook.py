"""A check in a notebook: a report in the cell, and the points as a number."""

import sys
from pathlib import Path

import pytest
from helpers import REFERENCE, SERVERS, server_file

import autograder
from autograder import room
from autograder.i18n import speaking
from autograder.notebook import Verdict, check


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


def test_it_is_what_the_package_offers():
    assert autograder.check is check


def test_a_right_server():
    verdict = check("threading", str(REFERENCE))

    assert verdict.points == 5
    assert "5 of 5 points" in repr(verdict)
    bundle = verdict._repr_mimebundle_()
    assert bundle["text/plain"] == repr(verdict)
    assert "5 of 5 points" in bundle["text/html"] and "<script" not in bundle["text/html"]


def test_a_wrong_server_is_shown_with_its_diagram():
    verdict = check("threading", str(SERVERS / "trouble" / "answers_nothing.py"))

    assert verdict.points == 0
    assert verdict.result is not None and verdict.result.exit_code == 1
    html = verdict._repr_mimebundle_()["text/html"]
    assert "<svg" in html and "got nothing" in html


def test_without_a_path_it_is_server_py(tmp_path, monkeypatch):
    server_file(tmp_path, REFERENCE.read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)

    assert check("threading").points == 5


def test_a_path_may_be_anywhere(tmp_path):
    folder = tmp_path / "my course"
    folder.mkdir()
    path = server_file(folder, "1 / 0\n").rename(folder / "mine.py")

    verdict = check("threading", str(path))
    assert "mine.py" in repr(verdict) and verdict.points == 0


def test_the_seed_can_be_given():
    verdict = check("threading", str(SERVERS / "trouble" / "dies_at_import.py"), seed=7)

    assert verdict.result is not None and verdict.result.seed == 7


def test_a_server_that_is_not_there_is_said_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    verdict = check("threading")

    assert verdict.points == 0
    assert verdict.result is None
    assert repr(verdict) == verdict.problem
    assert "There is no file server.py" in verdict.problem
    assert "text/html" not in verdict._repr_mimebundle_()
    with speaking("id"):
        assert "tidak ada" in check("threading").problem


def test_an_unknown_challenge_is_an_error_in_the_cell():
    with pytest.raises(ValueError, match="Did you mean “threading”"):
        check("treading", str(REFERENCE))


def test_a_failure_of_the_grader_gives_no_number(monkeypatch):
    def fail(_self, *_names):
        raise ZeroDivisionError

    monkeypatch.setattr(room.Room, "join", fail)
    verdict = check("threading", str(REFERENCE))
    assert verdict.result is not None and verdict.result.error_file is not None
    file = Path(verdict.result.error_file)
    with pytest.raises(RuntimeError, match="not your server's fault") as caught:
        _ = verdict.points
    assert str(file) in str(caught.value)
    assert str(file) in repr(verdict)
    file.unlink()


def test_a_verdict_can_be_made_by_hand():
    assert Verdict(None, "nothing to check").points == 0
    assert repr(Verdict(None, "nothing to check")) == "nothing to check"


def test_outside_of_a_notebook_nothing_is_printed(capfd):
    check("threading", str(SERVERS / "trouble" / "dies_at_import.py"))

    assert capfd.readouterr() == ("", "")
    assert "ipykernel" not in sys.modules or "IPython" in sys.modules
