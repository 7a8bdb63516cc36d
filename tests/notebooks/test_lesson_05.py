"""Lesson 05: what its runs show, as handed out and for somebody who does what it asks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from history_server import REFERENCE, WRONG, Edit, edited
from kernels import kernel, printed, shown, value
from pages import LESSONS, ROOT, Page, copy_checkout

from autograder.checking import resolve, run_check
from autograder.submission import read_server

PAGE_05 = [page for page in LESSONS if page.path.name.startswith("05")]
CODE = PAGE_05[0].code
STEPS = ("open_door", "receive", "handle", "read_line", "broadcast", "remove_client")

RIGHT_GUESSES = {
    "flow-guess": "guess = 25",
    "half-guess": 'guess = ["Alice keluar!"]',
    "order-guess": "guess = True",
    "nameless-guess": "guess = []",
    "config-guess": "guess = 2",
    "diff-guess": "guess = 17",
}
WORDS = {
    "id": ("menunggu Bob di recv()", "menunggu Alice di recv()", "4 thread"),
    "en": ("waits in recv() for Bob", "waits in recv() for Alice", "4 threads"),
}

both_languages = pytest.mark.parametrize("page", PAGE_05, ids=str)


def lost(server: Path, text: str) -> set[str]:
    """Return which tests of the checkpoint a program fails."""
    server.write_text(text, encoding="utf-8")
    result = run_check(resolve(["lesson_05"]), read_server(server))
    tests = result.challenges[0].tests
    assert sum(test.max_points for test in tests) == 5
    return {test.id.removeprefix("test_") for test in tests if test.outcome == "failed"}


@both_languages
def test_lesson_05_surprises_whoever_runs_it_as_it_is(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "check out")
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all()
        assert printed(cells["flow-run"]) == "25 False\n"
        diagram = value(cells["flow-diagram"])
        stages = ("Server berjalan", "NICK", "Dini Bergabung!", "Hello", "Hi", "Alice keluar!")
        places = [diagram.index(stage) for stage in stages]
        assert places == sorted(places)
        bob, alice, four = WORDS[page.language]
        assert bob in shown(cells["flow-map"])
        assert alice not in shown(cells["flow-map"])
        assert four in shown(cells["flow-map"])

        # What is shown of the program is the program.
        read = "".join(printed(cell) for name, cell in cells.items() if name.startswith("read-"))
        assert "\nport = 5005\n" in read
        assert [name for name in STEPS if f"def {name}(" in read] == list(STEPS)
        assert all(line in REFERENCE.splitlines() for line in read.splitlines())

        assert printed(cells["half-run"]) == "['Alice keluar!'] False\n"
        assert printed(cells["order-run"]).endswith("]\nTrue False\n")
        assert printed(cells["nameless-run"]) == "[] False\n"

        ports = printed(cells["config-find"]).splitlines()
        assert [line.partition(" ")[0] for line in ports] == ["server.py"] * 2 + ["client.py"] * 2
        port = printed(cells["config-copy"]).strip()
        assert f"127.0.0.1:{port}" in printed(cells["config-run"])
        assert printed(cells["config-run"]).endswith("\n2 False\n")
        assert f"127.0.0.1:{port}" in printed(cells["config-server"])
        assert printed(cells["config-server"]).endswith("\nb'NICK\\n'\n")

        found = [line.split(maxsplit=2) for line in printed(cells["compare-table"]).splitlines()]
        names = ["Client", "Threading", "Broadcasting", "List", "Kompleksitas"]
        assert [row[0] for row in found] == ["pertemuan_3", *names, "modul_contoh", *names]
        one, many = found[1:6], found[7:]
        assert [row[-1] for row in one[:2]] == ["1", "1"]
        assert [row[-1] for row in many[:2]] == ["3", "4"]
        assert " ".join(one[2][1:]) == "['Alice']"
        assert " ".join(many[2][1:]) == "['Alice', 'Bob', 'Charlie']"
        assert (one[3][-1], many[3][-1]) == ("0", "2")
        assert int(one[4][-1]) < int(many[4][-1])

        assert printed(cells["diff-run"]) == "17 False\n"
        for text in ("@@ -67 +75 @@", "+import threading", "+def remove_client(client):"):
            assert text in printed(cells["diff-first"])
        assert "+from datetime import datetime" in printed(cells["diff-folders"])
        assert printed(cells["diff-folders"]).count("%H:%M:%S") == 3

        assert float(running.evaluate("_.points")) == 1
        assert "✗" in shown(cells["checkpoint-check"])

    change, *programs = printed(cells["config-terminal"]).splitlines()
    place = re.fullmatch(r'cd "(.*)"', change)
    assert place
    for program in programs:
        text = (Path(place[1]) / program.removeprefix("python ")).read_text(encoding="utf-8")
        assert f"\nport = {port}\n" in text
        assert "5005" not in text


@both_languages
def test_lesson_05_rewards_whoever_does_what_it_asks_for(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    notebook = checkout / page.path.relative_to(ROOT)
    mine = notebook.parent / "work/server_05.py"
    mine.parent.mkdir()
    mine.write_text(edited(), encoding="utf-8")
    with kernel(notebook, tmp_path) as running:
        cells = running.run_all(RIGHT_GUESSES)
        for run in ("flow-run", "half-run", "order-run", "nameless-run", "config-run", "diff-run"):
            assert printed(cells[run]).endswith("True\n"), run
        assert float(running.evaluate("_.points")) == 5

        changes = {
            "flow-run": CODE["flow-run"]
            .replace(", dini = ", ", dini, eka = ")
            .replace('"Dini")', '"Dini", "Eka")')
            .replace("dini]", "dini, eka]"),
            "half-run": CODE["half-run"].replace(
                'b"Alice: Aku mau"', r'b"Alice: Aku mau\nAlice: \xff\r\n"'
            ),
            "nameless-run": CODE["nameless-run"].replace(
                "    alice.heard()\n", '    guest.introduce("Dini")\n    alice.heard()\n', 1
            ),
            "diff-folders": CODE["diff-folders"].replace('"folder_b"', '"complete"'),
        }
        cells = running.run_all(changes)
        assert printed(cells["flow-run"]) == "34 False\n"  # 5 + 15 + 5 + 5 + 4
        assert printed(cells["half-run"]).startswith(
            "['Alice: Aku mau', 'Alice: \N{REPLACEMENT CHARACTER}', 'Alice keluar!']"
        )
        assert printed(cells["nameless-run"]) == "['Dini keluar!'] False\n"
        assert "+def send_private" in printed(cells["diff-folders"])
    assert mine.read_text(encoding="utf-8") == edited(), "the student's work was overwritten"


def test_a_solution_of_the_checkpoint_gets_all_points(tmp_path: Path) -> None:
    assert lost(tmp_path / "server.py", edited()) == set()


@pytest.mark.parametrize(("edits", "found"), WRONG.values(), ids=WRONG)
def test_the_checkpoint_says_what_is_wrong(
    edits: tuple[Edit, ...], found: set[str], tmp_path: Path
) -> None:
    assert lost(tmp_path / "server.py", edited(edits)) == found
