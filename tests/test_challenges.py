"""The challenges themselves: their points and names, and the servers that solve them."""

from __future__ import annotations

import ast
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from helpers import PROJECT, REFERENCE, SERVERS, serving

from autograder.checking import CHALLENGES, CHECKPOINTS, FOLDER, resolve, run_check
from autograder.failures import Unmet
from autograder.results import CheckResult
from autograder.submission import read_server

POINTS = {
    "threading": 5,
    "broadcast": 5,
    "lists": 10,
    "timestamp_a": 8,
    "timestamp_b": 7,
    "username": 20,
    "pm": 20,
    "list": 10,
    "kick": 15,
}
SOLUTIONS = sorted((SERVERS / "solutions").glob("*.py"))


def stories(challenge: str) -> dict[str, dict[str, Any]]:
    """Return points and needs of each test, by name, in their order."""
    found = {}
    for node in ast.parse((FOLDER / f"test_{challenge}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            [decorator] = node.decorator_list
            assert isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "story"
            values = {word.arg: ast.literal_eval(word.value) for word in decorator.keywords}
            found[node.name] = {"needs": (), **values}
    return found


def checked(path: Path, *challenges: str) -> CheckResult:
    """Return the result of a check; a failure of the grader fails the test."""
    result = run_check(resolve(challenges), read_server(path))
    assert result.error_file is None, Path(result.error_file or "").read_text(encoding="utf-8")
    return result


def solved_by(path: Path) -> list[str]:
    """Return the challenges that a solution says it solves."""
    match = re.search(r"^Solves: (.*)\.$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert match is not None
    return match[1].split(", ")


# -- how they are made ------------------------------------------------------------------------


def test_the_points_of_each_challenge() -> None:
    assert tuple(POINTS) == CHALLENGES
    for challenge, points in POINTS.items():
        assert sum(test["points"] for test in stories(challenge).values()) == points, challenge


def test_a_checkpoint_is_short_and_worth_a_round_number() -> None:
    for checkpoint in CHECKPOINTS:
        tests = stories(checkpoint)
        assert 3 <= len(tests) <= 6, checkpoint
        assert sum(test["points"] for test in tests.values()) % 5 == 0, checkpoint


def test_no_two_tests_have_the_same_name() -> None:
    names = [name for challenge in CHALLENGES + CHECKPOINTS for name in stories(challenge)]
    assert len(names) == len(set(names))


def test_a_test_needs_only_what_came_before() -> None:
    before: set[str] = set()
    for challenge in CHALLENGES:
        for name, test in stories(challenge).items():
            assert set(test["needs"]) <= before, name
            before.add(name)


def test_a_test_of_a_checkpoint_needs_only_what_came_before_in_it() -> None:
    for checkpoint in CHECKPOINTS:
        before: set[str] = set()
        for name, test in stories(checkpoint).items():
            assert set(test["needs"]) <= before, name
            before.add(name)


# -- whole programs ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_in_every_style_get_full_marks(path: Path) -> None:
    challenges = solved_by(path)
    result = checked(path, "threading", "lists", *challenges)
    bad = {
        test.id: (test.outcome, test.expected, test.got)
        for challenge in result.challenges
        for test in challenge.tests
        if test.outcome != "passed"
    }
    assert bad == {}, f"--seed {result.seed}"
    assert result.points == 15 + sum(POINTS[name] for name in challenges)


def test_every_style_solves_every_challenge_somewhere() -> None:
    solved = [name for path in SOLUTIONS for name in solved_by(path)]
    for challenge in CHALLENGES[3:]:
        assert solved.count(challenge) >= 3, challenge


@pytest.mark.parametrize("challenge", CHALLENGES[3:])
def test_the_server_of_the_step_before_fails(challenge: str) -> None:
    result = checked(REFERENCE, challenge)
    assert "failed" in result.outcomes
    assert "error" not in result.outcomes
    assert result.points <= 0.2 * result.max_points


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("folder_a", ["threading", "timestamp_a"]),
        ("folder_b", ["threading", "timestamp_b"]),
        ("modul_contoh", ["threading", "timestamp_a"]),
    ],
)
def test_all_takes_the_timestamp_that_the_server_has(server: str, expected: list[str]) -> None:
    either = next(name for name in resolve(["all"]) if name not in CHALLENGES)
    path = PROJECT / "reference" / server / "server.py"
    result = run_check(["threading", either], read_server(path))
    assert [challenge.name for challenge in result.challenges] == expected


def test_all_is_every_challenge_but_one() -> None:
    assert len(resolve(["all"])) == len(CHALLENGES) - 1
    assert resolve(["all", "pm"]) == resolve(["all"])


# -- what the stories ask of a room -----------------------------------------------------------

TAKEN = """
    import socket
    import threading

    names = []
    lock = threading.Lock()

    def join(name):
        if name in names:
            return False
        names.append(name)
        return True

    def serve(client):
        client.sendall(b"NICK\\n")
        for line in client.makefile():
            name = line.strip()
            if join(name):
                client.sendall(f"{name} Bergabung!\\n".encode())
            else:
                client.sendall(b"NICK\\n")

    server = socket.create_server(("127.0.0.1", 5005))
    while True:
        client, _ = server.accept()
        threading.Thread(target=serve, args=(client,)).start()
"""
"""First looks whether a name is free, and then takes it."""

LOCKED = TAKEN.replace(
    "if join(name):", "with lock:\n                free = join(name)\n            if free:"
)


def how_many_get_it(source: str) -> int:
    with serving(source) as room:
        room.watch_threads()
        crowd = [room.connect() for _each in range(5)]
        room.ask_at_once("Alice", *crowd)
        return sum(bool(guest.inbox.find(("Alice Bergabung!",))) for guest in crowd)


def test_who_looks_first_and_takes_later_is_found_out_each_time() -> None:
    assert all(how_many_get_it(TAKEN) > 1 for _round in range(5))


def test_one_lock_around_both_is_right_each_time() -> None:
    assert [how_many_get_it(LOCKED) for _round in range(5)] == [1] * 5


CLOCK = """
    import socket
    import time

    server = socket.create_server(("127.0.0.1", 5005))
    client, _ = server.accept()
    client.sendall(b"NICK\\n")
    for line in client.makefile():
        client.sendall(time.strftime("%H:%M:%S %H:%M:%S\\n").encode())
        client.sendall(time.strftime("%H:%M:%S\\n").encode())
"""


def test_a_leaping_clock_shows_another_time_at_each_look() -> None:
    with serving(CLOCK) as room:
        alice = room.connect()
        room.set_clock(datetime(2031, 1, 2, 3, 4, 5), leap=3600)
        alice.send("?")
        alice.sees("03:04:05 03:04:05")
        alice.sees("04:04:05")
        room.set_clock(datetime(2031, 1, 2, 3, 4, 5))
        alice.send("?")
        alice.sees("03:04:0")
        alice.sees("03:04:0")


def test_how_late_it_can_be() -> None:
    with serving(CLOCK, clock=datetime(2031, 1, 2, 3, 4, 5)) as room:
        earliest, latest = room.clock()
        assert earliest < datetime(2031, 1, 2, 3, 4, 5) < latest
        room.set_clock(datetime(2032, 1, 1))
        later, _ = room.clock()
        assert later > latest


def test_threads_that_stay_are_counted() -> None:
    source = """
        import socket
        import threading

        server = socket.create_server(("127.0.0.1", 5005))
        while True:
            client, _ = server.accept()
            client.sendall(b"NICK\\n")
            threading.Thread(target=threading.Event().wait).start()
    """
    with serving(source) as room:
        room.connect()
        before = room.thread_count()
        room.has_no_more_threads(before)
        room.connect()
        with pytest.raises(Unmet, match="no more threads"):
            room.has_no_more_threads(before)


def test_a_command_that_is_shown_is_no_answer() -> None:
    source = """
        import socket

        server = socket.create_server(("127.0.0.1", 5005))
        client, _ = server.accept()
        client.sendall(b"NICK\\n")
        for line in client.makefile():
            client.sendall(b"[03:04:05] Alice: " + line.encode())
            if "?" in line:
                client.sendall(b"Alice: what?\\n")
    """
    with serving(source) as room:
        alice = room.connect()
        for line, texts in (("/list", []), ("/list ?", ["Alice: what?"])):
            room.forget()
            alice.send(line)
            room.ignore(line)
            assert alice.inbox.texts() == texts
