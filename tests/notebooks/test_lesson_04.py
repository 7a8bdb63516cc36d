"""Lesson 04: what its runs show, as handed out and for somebody who does what it asks for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from kernels import failure, kernel, printed, shown, value
from pages import LESSONS, ROOT, Page, copy_checkout

from autograder.checking import resolve, run_check
from autograder.submission import read_server

PAGE_04 = [page for page in LESSONS if page.path.name.startswith("04")]
CODE = PAGE_04[0].code

RIGHT_GUESSES = {
    "gone-guess": 'guess = ["Bob keluar!"]',
    "dinis-guess": 'guess = ["Dini keluar!"]',
    "idea-guess": 'guess = ["Alice", "Dini"]',
    "threads-guess": "guess = 2",
    "ask-guess": "guess = 2",
    "long-guess": "guess = 0",
}
WORDS = {
    "id": ("menunggu Dini di recv()", "menunggu lock"),
    "en": ("waits in recv() for Dini", "waits for a lock"),
}

NAME = """\
            if nickname in nicknames:
                client.sendall(taken)
                return
"""
CHAIRS = """\
            if len(clients) >= 5:
                client.sendall(b"Penuh.\\n")
                return
"""
ACCEPT = "        client, address = server.accept()\n"
AT_THE_DOOR = """\
        if len(clients) >= 5:
            client.sendall(b"Penuh.\\n")
            client.close()
            continue
"""
LOCKED = "        with lock:\n"

both_languages = pytest.mark.parametrize("page", PAGE_04, ids=str)


def program(cell: str, *repairs: str) -> str:
    """Return the program that a cell writes, after the repairs of later cells."""
    text = CODE[cell].partition("\n")[2] + "\n"
    for repair in repairs:
        texts = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in ast.parse(CODE[repair]).body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        }
        assert text.count(texts["before"]) == 1, repair
        text = text.replace(texts["before"], texts["after"])
    return text


def lock_server(*edits: tuple[str, str]) -> str:
    """Return the last program of the lesson, as a student changes it for the checkpoint."""
    text = program("lock-file", "ask-repair")
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


@both_languages
def test_lesson_04_surprises_whoever_runs_it_as_it_is(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all()
        assert printed(cells["gone-run"]) == "['Bob keluar!'] False\n"
        assert "3 ['Alice', 'Charlie', 'Dini']" in value(cells["gone-run"])
        assert printed(cells["gone-repair"]) == "['Bob keluar!', 'Charlie keluar!'] True\n"
        assert "2 ['Alice', 'Dini']" in value(cells["gone-repair"])
        assert failure(cells["missing-error"]) == "ValueError"

        out_of_step = printed(cells["dinis-run"]).splitlines()
        assert out_of_step[0] == "['Dini keluar!'] False"
        assert "2 ['Bob', 'Dini']" in out_of_step
        in_step = printed(cells["dinis-repair"]).splitlines()
        assert in_step[0] == "['Bob keluar!'] True"
        assert "2 ['Dini', 'Bob']" in in_step

        assert "        except OSError:  # baru / new\n            remove_client(client)\n" in (
            printed(cells["idea-file"])
        )
        assert printed(cells["idea-diagram"]) == "['Alice', 'Dini'] False\n"
        assert "<svg" in shown(cells["idea-diagram"])
        assert printed(cells["idea-list"]) == "Alice\nBob\nDini\n"
        assert printed(cells["idea-without"]) == "['Alice', 'Charlie', 'Dini'] True\n"

        assert printed(cells["threads-diagram"]) == "2 False\n"
        assert printed(cells["lock-run"]) == "3 True\n"
        assert printed(cells["lock-half"]) == "2 False\n"

        assert printed(cells["ask-run"]) == "2 False\n"
        assert "3 ['Alice', 'Dini', 'Dini']" in value(cells["ask-run"])
        assert printed(cells["ask-repair"]) == "1 True\n"
        assert "Nama itu sudah dipakai." in value(cells["ask-repair"])

        assert "        with lock:\n            nickname = read_line" in printed(cells["long-file"])
        assert printed(cells["long-run"]) == "0 False\n"
        assert all(words in shown(cells["long-run"]) for words in WORDS[page.language])

        # The checkpoint as it is handed out: everybody gets a chair, and the report says so.
        assert float(running.evaluate("_.points")) == 1
        assert "✗" in shown(cells["checkpoint-check"])
    copy = checkout / page.path.relative_to(ROOT).parent / "work/server_04.py"
    assert copy.read_text(encoding="utf-8").rstrip() == lock_server().rstrip()


@both_languages
def test_lesson_04_rewards_whoever_does_what_it_asks_for(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    notebook = checkout / page.path.relative_to(ROOT)
    mine = notebook.parent / "work/server_04.py"
    mine.parent.mkdir()
    solved = lock_server((NAME, NAME + CHAIRS))
    mine.write_text(solved, encoding="utf-8")
    copied = CODE["idea-list"].replace("in names:", "in names[:]:")
    with kernel(notebook, tmp_path) as running:
        cells = running.run_all({**RIGHT_GUESSES, "idea-list": copied})
        runs = ("gone-run", "idea-diagram", "threads-diagram", "ask-run", "long-run")
        for run in runs:
            assert printed(cells[run]).endswith(" True\n"), run
        assert printed(cells["dinis-run"]).startswith("['Dini keluar!'] True\n")
        assert printed(cells["idea-list"]) == "Alice\nBob\nCharlie\nDini\n"
        assert float(running.evaluate("_.points")) == 5
    assert mine.read_text(encoding="utf-8") == solved, "the student's work was overwritten"


def test_the_programs_of_the_lesson_are_right_in_the_end(tmp_path: Path) -> None:
    server = tmp_path / "server.py"
    server.write_text(lock_server(), encoding="utf-8")
    result = run_check(resolve(["lists"]), read_server(server))
    assert result.points == 10
    server.write_text(program("program-file", "gone-repair", "dinis-repair"), encoding="utf-8")
    result = run_check(resolve(["lists"]), read_server(server))
    lost = {test.id for test in result.challenges[0].tests if test.outcome == "failed"}
    assert lost == {"test_several_crash_at_once"}  # for want of a lock


@pytest.mark.parametrize(
    ("edit", "lost"),
    [
        ((NAME, NAME), {"a_sixth_is_refused"}),
        ((NAME, NAME + CHAIRS.replace(">=", ">")), {"a_sixth_is_refused"}),
        ((NAME, NAME + CHAIRS.replace(">= 5", ">= 4")), {"five_are_in"}),
        ((NAME, NAME + CHAIRS.replace('b"Penuh.\\n"', 'b""')), {"a_sixth_is_refused"}),
        ((NAME, NAME + CHAIRS.replace("return", "pass")), {"a_sixth_is_refused"}),
        (
            (LOCKED + NAME, CHAIRS.replace("    " * 3, "    " * 2) + LOCKED + NAME),
            {"eight_in_the_same_moment"},
        ),
        ((ACCEPT, ACCEPT + AT_THE_DOOR), {"eight_in_the_same_moment"}),
    ],
    ids=["nothing", "six", "four", "no word", "no end", "without the lock", "at the door"],
)
def test_the_checkpoint_says_what_is_wrong(
    edit: tuple[str, str], lost: set[str], tmp_path: Path
) -> None:
    server = tmp_path / "server.py"
    server.write_text(lock_server(edit), encoding="utf-8")
    result = run_check(resolve(["lesson_04"]), read_server(server))
    failed = {test.id for test in result.challenges[0].tests if test.outcome == "failed"}
    assert {name.removeprefix("test_") for name in failed} == lost


def test_a_solution_of_the_checkpoint_gets_all_points(tmp_path: Path) -> None:
    server = tmp_path / "server.py"
    server.write_text(lock_server((NAME, CHAIRS + NAME)), encoding="utf-8")
    assert run_check(resolve(["lesson_04"]), read_server(server)).points == 5
