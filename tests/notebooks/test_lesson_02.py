"""Lesson 02: what its runs show, as handed out and for somebody who does what it asks for."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest
from kernels import kernel, printed, shown
from pages import LESSONS, ROOT, Page, copy_checkout

from autograder.checking import resolve, run_check
from autograder.submission import read_server

PAGE_02 = [page for page in LESSONS if page.path.name.startswith("02")]
CODE = PAGE_02[0].code

RIGHT_GUESSES = {
    "one-guess": "guess = 1",
    "inside-guess": "guess = 3",
    "silent-guess": "guess = []",
    "shared-guess": 'guess = "Pesanmu: 1, semua: 3"',
    "ends-guess": "guess = True",
    "daemon-guess": "guess = True",
}

# The lines about the username, in the accept loop and in the guest's own thread.
ASKING = """\
        client.sendall(b"NICK\\n")
        nickname = client.recv(1024).decode().strip()
        print(f"Username {nickname}")
"""
ASKING_IN_HANDLE = ASKING.replace("        ", "    ")
WELCOME = '        client.sendall(f"Selamat datang, {nickname}!\\n".encode())\n'
START = """\
        thread = threading.Thread(target=handle, args=(client,))
        thread.start()
"""
NUMBER = """\
    guests.append(nickname)
    client.sendall(f"Kamu tamu ke-{len(guests)}.\\n".encode())
"""

WORDS = {
    "id": {
        "recv": "menunggu {} di recv()",
        "accept": "menunggu orang baru di accept()",
        "threads": "{} thread",
        "called": "dipanggil receive()",
    },
    "en": {
        "recv": "waits in recv() for {}",
        "accept": "waits in accept() for somebody new",
        "threads": "{} threads",
        "called": "called by receive()",
    },
}

both_languages = pytest.mark.parametrize("page", PAGE_02, ids=str)


def edited(cell: str, *edits: tuple[str, str]) -> dict[str, str]:
    """Return one cell as a student changes it."""
    code = CODE[cell]
    for before, after in edits:
        assert code.count(before) == 1, before
        code = code.replace(before, after)
    return {cell: code}


def solved() -> str:
    """Return the program of the checkpoint, made as its hints say."""
    program = edited(
        "checkpoint-file",
        (ASKING + WELCOME, ""),
        ("        handle(client)\n", START),
        (
            "def handle(client):\n",
            "def handle(client):\n" + ASKING_IN_HANDLE + WELCOME.removeprefix("    ") + NUMBER,
        ),
    )
    return program["checkpoint-file"]


@both_languages
def test_lesson_02_surprises_whoever_runs_it_as_it_is(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    words = WORDS[page.language]
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all()
        assert printed(cells["one-run"]) == "1 False\n"
        assert words["recv"].format("Alice") in shown(cells["one-run"])
        assert printed(cells["one-leave"]) == "Bob: ['NICK']\nCharlie: []\n"

        assert printed(cells["inside-run"]) == "3 False\n"
        four = shown(cells["inside-map"])
        assert words["threads"].format(4) in four
        assert words["accept"] in four
        assert all(words["recv"].format(name) in four for name in ("Alice", "Bob", "Charlie"))

        assert printed(cells["silent-run"]) == "[] False\n"
        assert words["recv"].format("Dini") in shown(cells["silent-run"])
        assert words["accept"] not in shown(cells["silent-run"])

        assert printed(cells["shared-run"]).endswith("\nPesanmu: 1, semua: 3 False\n")
        assert words["accept"] in shown(cells["shared-run"])
        assert words["recv"].format("Dini") in shown(cells["shared-run"])

        assert printed(cells["ends-run"]) == "True False\n"
        two = shown(cells["ends-run"])
        assert words["threads"].format(2) in two
        assert words["recv"].format("Alice") in two
        log = printed(cells["ends-log"]).rstrip()
        assert "\nException in thread Thread-3 (handle):\n" in log
        assert '"shared_02.py", line ' in log
        assert log.splitlines()[-1].startswith("UnicodeDecodeError: ")

        assert printed(cells["daemon-run"]) == "['NICK']\nTrue False\n"
        assert words["threads"].format(4) in shown(cells["daemon-run"])
        assert words["accept"] not in shown(cells["daemon-run"])

        # The checkpoint as it is handed out: no point, and the report names the reason.
        found = running.evaluate("_.points, _.result.challenges[0].tests[0].misconception")
        assert found == "(0.0, 'threads.one_at_a_time')"


@both_languages
def test_lesson_02_rewards_whoever_does_what_it_asks_for(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    words = WORDS[page.language]
    changes = {
        **RIGHT_GUESSES,
        "one-leave": CODE["one-leave"].replace("alice.leave()", "alice.leave()\nbob.leave()"),
        "checkpoint-file": solved(),
    }
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all(changes)
        for run in ("one-run", "inside-run", "silent-run", "shared-run", "ends-run", "daemon-run"):
            assert printed(cells[run]).endswith("True\n"), run
        assert printed(cells["one-leave"]) == "Bob: ['NICK']\nCharlie: ['NICK']\n"
        assert float(running.evaluate("_.points")) == 5

        # The username asked in the guest's own thread; a local list made common; names; daemons.
        name = "        threading.current_thread().name = nickname\n".removeprefix("    ")
        read = "    nickname = client.recv(1024).decode().strip()\n"
        mine = "mine = []  # baru / new\n"
        changes = {
            **edited(
                "program-file",
                (ASKING, ""),
                ("def handle(client):\n", "def handle(client):\n" + ASKING_IN_HANDLE),
            ),
            **edited("shared-file", (read, read + name)),
            **edited("daemon-file", ("daemon=False", "daemon=True")),
        }
        cells = running.run_all(changes)
        assert printed(cells["silent-run"]).startswith("['NICK'] ")
        three = shown(cells["silent-run"])
        assert words["accept"] in three
        assert all(words["recv"].format(name) in three for name in ("Dini", "Alice"))
        assert "\nException in thread Charlie:\n" in printed(cells["ends-log"])
        assert printed(cells["daemon-run"]).startswith("['NICK']\nFalse ")
        assert words["threads"].format(0) in shown(cells["daemon-run"])

        moved = edited("shared-file", ("    " + mine, ""), ("shared = []", "shared = []\n" + mine))
        cells = running.run_all(moved)
        assert "\nPesanmu: 3, semua: 3 " in printed(cells["shared-run"])


@both_languages
def test_the_brackets_of_lesson_02_make_one_thread_of_all(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    right = "target=handle, args=(client,)"
    changes = edited("program-file", (right, "target=handle(client)"))
    caught = f"try:\n{indent(CODE['inside-run'], '    ')}\nexcept AssertionError as error:\n"
    changes["inside-run"] = caught + "    print(type(error).__name__)"
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all(changes)
        assert printed(cells["inside-run"]) == "Unmet\n"
        one = shown(cells["inside-map"])
        assert "MainThread" in one
        assert "Thread-1" not in one
        assert WORDS[page.language]["recv"].format("Alice") in one
        assert WORDS[page.language]["called"] in one


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        (START, "        handle(client)\n", {"three_guests_at_once"}),
        ("args=(client,)", "args=(client)", {"three_guests_at_once"}),
        ("        thread.start()\n", "", {"three_guests_at_once"}),
        (NUMBER, "    guests = []\n" + NUMBER, {"guests_are_numbered"}),
        (NUMBER, "", {"guests_are_numbered"}),
        ("            break\n", "            continue\n", {"leaving_ends_a_thread"}),
    ],
    ids=["no thread", "no comma", "not started", "a list each", "no number", "no end"],
)
def test_the_check_of_lesson_02_finds_what_is_wrong(
    before: str, after: str, lost: set[str], tmp_path: Path
) -> None:
    program = solved()
    assert program.count(before) == 1
    server = tmp_path / "server_02.py"
    server.write_text(program.replace(before, after).partition("\n")[2], encoding="utf-8")
    result = run_check(resolve(["lesson_02"]), read_server(str(server)))
    assert result.error_file is None
    tests = result.challenges[0].tests
    failed = {each.id.removeprefix("test_") for each in tests if each.outcome == "failed"}
    assert failed == lost


def test_lesson_03_begins_with_the_program_of_the_checkpoint() -> None:
    program = (ROOT / "notebooks/servers/guests_02.py").read_text(encoding="utf-8")
    assert program == solved().partition("\n")[2] + "\n"


def test_the_username_asked_at_the_door_costs_one_point(tmp_path: Path) -> None:
    program = edited(
        "checkpoint-file", ("        handle(client)\n", NUMBER.replace("    ", "        ") + START)
    )["checkpoint-file"]
    server = tmp_path / "server_02.py"
    server.write_text(program.partition("\n")[2], encoding="utf-8")
    result = run_check(resolve(["lesson_02"]), read_server(str(server)))
    failed = [each for each in result.challenges[0].tests if each.outcome == "failed"]
    assert [each.id for each in failed] == ["test_a_silent_guest_locks_nobody_out"]
    assert failed[0].misconception == "threads.name_in_accept_loop"
    assert result.points == 4
