"""Lesson 07: what it shows as it is handed out, and to those who do what it asks for."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from kernels import kernel, printed, shown, value
from pages import LESSONS, ROOT, Page, copy_checkout

from autograder.checking import resolve, run_check
from autograder.submission import read_server

LESSON = [page for page in LESSONS if page.path.name.startswith("07")]
every_page = pytest.mark.parametrize("page", LESSON, ids=str)

OLD = "            broadcast(message)\n"
RIGHT = (
    '            text = message.removeprefix(f"{nickname}: ")\n'
    '            broadcast(f"{nickname}: {text}")\n'
)
LATE = {"id": "setelah 10 detik", "en": "after 10 seconds"}
WORDS = {"id": "menunggu koneksi mana saja di select()", "en": "waits in select()"}


def program(page: Page) -> str:
    """Return the server that the lesson writes to `work/asyncio_07.py`."""
    magic, _, text = page.code["one-write"].partition("\n")
    assert magic == "%%writefile work/asyncio_07.py"
    return text + "\n"


def smaller(page: Page, *cells: str) -> dict[str, str]:
    """Return cells of the lesson with smaller crowds: the test is about what they show."""
    return {
        cell: page.code[cell].replace("100, 300, 1000]", "100]").replace("1000", "150")
        for cell in cells
    }


@every_page
def test_lesson_07_surprises_whoever_runs_it_as_it_is(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "check out")
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all(smaller(page, "thousand-change", "race-threads"))
        # The checkpoint as it is handed out: not solved, and the report shows the false name.
        assert float(running.evaluate("_.points")) == 2.5
        assert "✗" in shown(cells["checkpoint-check"])

        one, hundred, last = printed(cells["many-run"]).splitlines()
        assert re.match(r"\S+ +1 ", one) and re.match(r"\S+ +100 ", hundred)
        assert re.fullmatch(r"\d+ False", last)
        assert int(last.split()[0]) > 3
        if sys.platform == "linux":
            *_rows, problem, guess = printed(cells["thousand-run"]).splitlines()
            assert int(running.evaluate("crowd.clients")) < 1000
            assert guess == "False"
            # a machine that is very busy may not come so far in the time
            assert "can't start new thread" in problem or LATE[page.language] in problem
        assert printed(cells["one-run"]) == "20.0 False\n"
        assert WORDS[page.language] in shown(cells["one-map"])
        assert running.evaluate("[result.threads for result in event_loop]") == "[1, 1, 1, 1, 1]"
        counts = running.evaluate("[result.clients for result in threads + event_loop]")
        assert counts == str([1, 3, 10, 30, 100] * 2)
        assert re.fullmatch(r"[123] (True|False)\n", printed(cells["race-asyncio"])[-9:].lstrip())
        [picture] = cells["race-draw"].outputs
        assert "image/png" in picture.data
        assert re.fullmatch(r"\d+ False\n", printed(cells["talk-run"]))
        assert printed(cells["names-run"]) == "Bob: Aku traktir semua!\nFalse\n"
        assert printed(cells["names-change"]) == "['Bob: Eh, tidak jadi.']\n"
        assert printed(cells["history-run"]) == "['tiga', 'empat', 'lima']\n"
        assert printed(cells["tls-run"]) == "TLSv1_2\nTrue\n"


@every_page
def test_lesson_07_rewards_whoever_does_what_it_asks_for(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    notebook = checkout / page.path.relative_to(ROOT)
    mine = notebook.parent / "work/server_07.py"
    mine.parent.mkdir()
    assert program(page).count(OLD) == 1
    mine.write_text(program(page).replace(OLD, RIGHT), encoding="utf-8")
    changes = {
        "many-guess": "guess = 2",
        "one-guess": "guess = 20",
        "one-map": page.code["one-map"].replace('"Charlie"', '"Charlie", "Dini", "Eka"'),
        "talk-guess": "guess = (60 * threads[4].throughput) ** 0.5",
        "names-guess": 'guess = "Bob: Aku traktir semua!"',
        "names-change": page.code["names-change"].replace("Bob: Eh, tidak jadi.", "Bob keluar!"),
        "race-draw": page.code["race-draw"].replace("throughput", "memory_mb"),
        **smaller(page, "thousand-run", "thousand-change", "race-threads"),
    }
    with kernel(notebook, tmp_path) as running:
        cells = running.run_all(changes)
        assert float(running.evaluate("_.points")) == 5
        for run in ("many-run", "one-run", "talk-run", "names-run"):
            assert printed(cells[run]).endswith("True\n"), run
        assert " 150 " in value(cells["thousand-change"])
        assert shown(cells["one-map"]).count("MainThread") == 1
        assert printed(cells["names-change"]) == "['Bob keluar!']\n"

        # "Let every room hold 50 people": in all rooms together there can be many more
        few = int(printed(cells["talk-run"]).split()[0])
        loop = page.code["talk-run"].replace("people * people", "people * 50").partition("print")[0]
        assert int(running.evaluate(loop + "people")) > 5 * few
    assert RIGHT in mine.read_text(encoding="utf-8"), "the student's work was overwritten"


@pytest.mark.parametrize(
    ("lines", "fails"),
    [
        (OLD, {"test_nobody_speaks_as_another", "test_nobody_fakes_the_news"}),
        ('            broadcast(f"{nickname}: {message}")\n', {"test_the_name_is_there_once"}),
        (
            '            broadcast(f"{nickname}: " + message.split(": ")[-1])\n',
            {"test_a_colon_in_a_message"},
        ),
        (
            "            if message.startswith(tuple(nicknames)):\n"
            '                message = message.partition(": ")[2]\n'
            '                broadcast(f"{nickname}: {message}")\n'
            "            else:\n"
            "                broadcast(message)\n",
            set(),
        ),
        (
            '            if ": " in message:\n'
            '                message = nickname + ": " + message.partition(": ")[2]\n'
            "            broadcast(message)\n",
            {"test_nobody_fakes_the_news"},
        ),
        (
            '            if not message.startswith(f"{nickname}: "):\n'
            "                continue\n"
            "            broadcast(message)\n",
            set(),
        ),
        (RIGHT, set()),
    ],
    ids=["untouched", "twice", "last part", "known names", "colons only", "refused", "right"],
)
def test_the_checkpoint_tells_what_is_wrong(lines: str, fails: set[str], tmp_path: Path) -> None:
    server = tmp_path / "server_07.py"
    server.write_text(program(LESSON[0]).replace(OLD, lines), encoding="utf-8")
    result = run_check(resolve(["lesson_07"]), read_server(server))
    [challenge] = result.challenges
    assert challenge.max_points == 5
    assert {test.id for test in challenge.tests if test.outcome == "failed"} == fails


def test_what_is_no_server_with_names_fails_the_first_test_and_skips_the_rest(
    tmp_path: Path,
) -> None:
    server = tmp_path / "server_07.py"
    nameless = '            broadcast(message.partition(": ")[2])\n'
    server.write_text(program(LESSON[0]).replace(OLD, nameless), encoding="utf-8")
    result = run_check(resolve(["lesson_07"]), read_server(server))
    outcomes = [test.outcome for test in result.challenges[0].tests]
    assert outcomes == ["failed", "skipped", "skipped", "skipped", "skipped"]


def test_the_checkpoint_suits_servers_with_threads_too() -> None:
    for server, points in (("complete", 5), ("modul_contoh", 2.5)):
        path = ROOT / "reference" / server / "server.py"
        assert run_check(resolve(["lesson_07"]), read_server(path)).points == points, server
