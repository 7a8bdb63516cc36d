"""The checks with which other graders are measured say the same as ours, of right and wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from history_server import RIGHT, WRONG, Edit, edited

from autograder.checking import stories_of

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "tests" / "benchmarks" / "rivals"))

import five_checks  # noqa: E402

TROUBLE = PROJECT / "tests" / "servers" / "trouble"
STORIES = {story.name.removeprefix("test_"): story for story in stories_of("lesson_05")}

pytestmark = pytest.mark.skipif(
    sys.platform == "darwin", reason="the only address of its loopback network is 127.0.0.1"
)


def failing(server: Path) -> set[str]:
    """Return which of the checks a server fails; as ours are, one is skipped if its need failed."""
    failed: set[str] = set()
    out: set[str] = set()
    for check in five_checks.FIVE:
        name = check.__name__
        if any(need.removeprefix("test_") in out for need in STORIES[name].needs):
            out.add(name)
            continue
        try:
            check(str(server))
        except five_checks.Unmet:
            failed.add(name)
            out.add(name)
    return failed


def test_they_are_the_five_of_the_lesson() -> None:
    assert [check.__name__ for check in five_checks.FIVE] == list(STORIES)


def test_a_right_server_passes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(five_checks, "PATIENCE", 60)  # is never waited for
    server = tmp_path / "server.py"
    server.write_text(edited(RIGHT), encoding="utf-8")
    assert failing(server) == set()


@pytest.mark.parametrize(("edits", "found"), WRONG.values(), ids=WRONG)
def test_a_wrong_server_fails_those_that_it_fails_with_us(
    edits: tuple[Edit, ...], found: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(five_checks, "PATIENCE", 60)  # is never waited for
    server = tmp_path / "server.py"
    server.write_text(edited(edits), encoding="utf-8")
    assert failing(server) == found


@pytest.mark.parametrize("name", ["answers_nothing", "never_binds", "dies_at_import"])
def test_a_dead_server_fails_each(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(five_checks, "PATIENCE", 0.1)  # is waited for each time
    for check in five_checks.FIVE:
        with pytest.raises(five_checks.Unmet):
            check(str(TROUBLE / f"{name}.py"))
