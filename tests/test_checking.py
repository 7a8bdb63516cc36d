"""A check runs a challenge's tests against one server and gathers what they found."""

import itertools
import os
import textwrap
from pathlib import Path

import pytest
from helpers import (
    LISTENING,
    PROJECT,
    REFERENCE,
    SERVERS,
    family,
    gone,
    server_file,
    submission,
    until,
)

from autograder import checking
from autograder.checking import CHALLENGES, CHECKPOINTS, UnknownChallenge, resolve, run_check
from autograder.i18n import speaking
from autograder.process import WarmLauncher, start_launcher
from autograder.room import Room
from autograder.submission import read_server

ECHO = """
import socket, threading
clients = []
server = socket.create_server(("127.0.0.1", 5005))
def handle(client):
    client.sendall(b"NICK\\n")
    lines = client.makefile()
    name = lines.readline().strip()
    clients.append(client)
    for other in clients:
        other.sendall(f"{name} Bergabung!\\n".encode())
    for line in lines:
        for other in clients:
            other.sendall(line.encode())
while True:
    client, _address = server.accept()
    threading.Thread(target=handle, args=(client,)).start()
"""

STORIES = """
from autograder.casting import Cast
from autograder.room import Room
from autograder.story import story
"""


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


NUMBERS = itertools.count()


@pytest.fixture
def challenge(tmp_path, monkeypatch):
    """Return a function that makes a challenge of the given tests and returns its name."""
    folder = tmp_path / "challenges"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\npython_files = test_*.py\n")
    monkeypatch.setattr(checking, "FOLDER", folder)

    def make(source):
        name = f"made_up_{next(NUMBERS)}"  # a module of its name is imported once only
        text = STORIES + textwrap.dedent(source)
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
        return name

    return make


def outcomes(result):
    return {test.id: test.outcome for challenge in result.challenges for test in challenge.tests}


def written(result):
    """Return the grader's own traceback and take its file away."""
    path = Path(result.error_file)
    text = path.read_text(encoding="utf-8")
    path.unlink()
    return text


# -- names ----------------------------------------------------------------------------------


def test_challenges_are_checked_in_the_order_asked_for_and_none_twice():
    assert resolve(["lists", "threading", "lists"]) == ["lists", "threading"]
    assert set(resolve(["all"])) >= {"threading", "broadcast", "lists"}
    assert resolve([]) == []


def test_checkpoints_are_checked_by_name_and_are_no_part_of_all():
    assert CHECKPOINTS[0] == "lesson_01"
    assert resolve(["lesson_01", "threading", "lesson_01"]) == ["lesson_01", "threading"]
    assert not set(resolve(["all"])) & set(CHECKPOINTS)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("thread", "Did you mean “threading”?"),
        ("BROADCAST", "Did you mean “broadcast”?"),
        ("al", "Did you mean “all”?"),
        ("kicks", "Did you mean “kick”?"),
        ("lesson_1", "Did you mean “lesson_01”?"),
        ("Lesson 01", "Did you mean “lesson_01”?"),
        ("zzz", "There are: threading, broadcast"),
        ("zzz", "lesson_01"),
        ("", "There are: threading"),
        ("\x1b[2J\n", "There are: threading"),
        ("../../etc/passwd", "There are: threading"),
    ],
)
def test_an_unknown_challenge_names_the_nearest(name, words):
    with pytest.raises(UnknownChallenge) as caught:
        resolve(["threading", name])
    text = str(caught.value)
    assert words in text
    assert "\x1b" not in text and "\n" not in text
    assert all(known in CHALLENGES for known in ("threading", "broadcast", "lists"))


# -- what comes of it -----------------------------------------------------------------------


def test_all_that_a_check_finds(challenge):
    name = challenge("""
        @story("What it does right", points=2)
        def test_right(room: Room, cast: Cast) -> None:
            alice, bob = room.join(*cast.names(2))
            alice.say("Halo")
            bob.sees("Halo")

        @story("What it does wrong", points=3)
        def test_wrong(room: Room, cast: Cast) -> None:
            alice, bob = room.join(*cast.names(2))
            bob.leave()
            alice.sees_once(bob, "keluar")

        @story("What makes no sense then", points=1.5, needs=("test_right", "test_wrong"))
        def test_further(room: Room) -> None:
            raise AssertionError("never run")
    """)
    told = []

    def progress(number, count, test):
        told.append((number, count, test))

    result = run_check([name], submission(ECHO), seed=42, progress=progress)

    assert (result.points, result.max_points, result.exit_code) == (2, 6.5, 1)
    assert (result.seed, result.language, result.server) == (42, "en", "server.py")
    assert (result.isolation, result.idle_oracle) == ("bubblewrap", True)
    assert result.seconds > 0 and result.error_file is None
    assert told == [(1, 3, "test_right"), (2, 3, "test_wrong"), (3, 3, "test_further")]
    right, wrong, further = result.challenges[0].tests
    assert (right.outcome, right.title, right.points) == ("passed", "What it does right", 2)
    assert (wrong.outcome, wrong.points, wrong.max_points) == ("failed", 0, 3)
    assert wrong.message and wrong.tried and wrong.expected and wrong.got
    assert wrong.recipe and wrong.diagram is not None
    assert (further.outcome, further.skipped_because) == ("skipped", "test_wrong")
    document = result.to_json()
    assert document["schema"] == 1
    assert document["challenges"][0]["tests"][1]["id"] == "test_wrong"


def test_a_server_that_never_starts_fails_once_and_the_rest_is_skipped():
    result = run_check(["threading", "lists"], submission("1 / 0\n"))

    first, *others = [test for each in result.challenges for test in each.tests]
    assert first.outcome == "failed" and "line 1: ZeroDivisionError" in first.got
    assert {(test.outcome, test.skipped_because) for test in others} == {("skipped", first.id)}
    assert (result.points, result.exit_code) == (0, 1)


def test_a_checkpoint_names_no_misconception_that_only_a_later_lesson_speaks_of(monkeypatch):
    starter = read_server(PROJECT / "notebooks" / "servers" / "starter_01.py")

    def named():
        [challenge] = run_check(["lesson_01"], starter).challenges
        return {test.misconception for test in challenge.tests}

    assert named() == {None}
    monkeypatch.setattr(checking, "CHECKPOINTS", ())
    assert named() != {None}


def test_the_same_seed_says_the_same_and_another_one_does_not():
    texts = []
    for seed in (5, 5, 6):
        result = run_check(["broadcast"], submission(LISTENING), seed=seed)
        texts.append([test.tried + test.expected for test in result.challenges[0].tests])

    assert texts[0] == texts[1] != texts[2]


def test_a_launcher_that_is_under_way_is_used_and_closed(tmp_path):
    launcher = start_launcher(read_server(server_file(tmp_path, "1 / 0\n")))
    everybody = family(os.getpid())[1:]
    assert run_check(["threading"], launcher.submission, launcher).points == 0
    until(lambda: all(map(gone, everybody)), "the launcher is gone")


@pytest.mark.parametrize(
    "path", [REFERENCE, SERVERS / "right" / "on_asyncio.py"], ids=["again", "anew"]
)
def test_no_server_is_started_that_nobody_needs(monkeypatch, path):
    """One that is as it was at first is used again; of others the next is started ahead."""
    rooms, orders = [], []
    open_room, order = Room.__init__, WarmLauncher._order
    monkeypatch.setattr(Room, "__init__", lambda *a, **k: rooms.append(1) or open_room(*a, **k))
    monkeypatch.setattr(WarmLauncher, "_order", lambda *a: orders.append(1) or order(*a))

    result = run_check(["broadcast"], read_server(path))

    assert result.points == result.max_points
    assert len(rooms) > len(result.challenges[0].tests)
    assert len(orders) == (1 if path == REFERENCE else len(rooms))


# -- the grader's own failures --------------------------------------------------------------


def test_an_error_of_the_grader_takes_no_points_and_is_written_down(challenge):
    name = challenge("""
        @story("Works", points=1)
        def test_works(room: Room) -> None:
            room.join("Alice")

        @story("Is broken", points=2)
        def test_broken(room: Room) -> None:
            raise RuntimeError("the grader is broken")

        @story("Needs the broken one", points=4, needs=("test_broken",))
        def test_after(room: Room) -> None:
            room.join("Alice")
    """)
    result = run_check([name], submission(ECHO))

    assert outcomes(result) == {
        "test_works": "passed",
        "test_broken": "error",
        "test_after": "passed",
    }
    assert (result.points, result.max_points, result.exit_code) == (5, 5, 3)
    assert "RuntimeError: the grader is broken" in written(result)
    broken = result.challenges[0].tests[1]
    assert "nothing about your server" in broken.message and "RuntimeError" not in broken.message


def test_an_error_in_one_challenge_costs_nothing_in_another(challenge):
    first = challenge("""
        @story("Is broken", points=2)
        def test_broken(room: Room) -> None:
            raise RuntimeError("the grader is broken")
    """)
    second = challenge("""
        @story("Needs the broken one", points=4, needs=("test_broken",))
        def test_after(room: Room) -> None:
            room.join("Alice")
    """)
    result = run_check([first, second], submission(ECHO))
    written(result)

    assert (result.points, result.max_points) == (4, 4)


@pytest.mark.parametrize(
    "source",
    [
        "def test_broken(",
        "import nothing_of_this_name",
        "",
        "1 / 0",
        "@story('x', points=1)\ndef test_x(no_such_fixture): pass",
        "class Test:\n    pass\ndef test_without_story(): assert False",
    ],
    ids=["syntax", "import", "empty", "error", "fixture", "no story"],
)
def test_a_broken_challenge_is_an_error_of_the_grader(challenge, source):
    name = challenge(source)
    result = run_check([name], submission(LISTENING))

    assert result.exit_code == 3
    assert (result.points, result.max_points) == (0, 0)
    assert written(result)


def test_an_error_in_a_part_of_the_grader_is_one_too(monkeypatch):
    def fail(_self, *_names):
        raise ZeroDivisionError("inside the room")

    monkeypatch.setattr(Room, "join", fail)
    result = run_check(["lists"], read_server(REFERENCE))

    assert {test.outcome for test in result.challenges[0].tests} == {"error"}
    assert (result.points, result.max_points, result.exit_code) == (0, 0, 3)
    assert "inside the room" in written(result)


def test_an_interruption_is_passed_on_and_leaves_nothing(challenge):
    name = challenge("""
        @story("Somebody presses Ctrl-C", points=1)
        def test_interrupted(room: Room) -> None:
            room.connect()
            raise KeyboardInterrupt
    """)
    before = set(family(os.getpid()))
    with pytest.raises(KeyboardInterrupt):
        run_check([name], submission(LISTENING))
    until(lambda: all(gone(each) for each in set(family(os.getpid())) - before), "all are gone")


# -- what does not reach the grader ---------------------------------------------------------


def test_what_lies_about_changes_nothing(tmp_path, monkeypatch, challenge):
    """Settings of pytest in the environment, in the folder, or beside the server."""
    name = challenge("""
        @story("Works", points=1)
        def test_works(room: Room) -> None:
            room.join("Alice")
    """)
    folder = tmp_path / "work"
    folder.mkdir()
    trace = tmp_path / "trace.txt"
    for file in ("conftest.py", "sitecustomize.py", "pytest.py", "socket.py", "autograder.py"):
        (folder / file).write_text(f"open({str(trace)!r}, 'w').write({file!r})\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only -k nothing")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    monkeypatch.chdir(folder)
    result = run_check([name], read_server(server_file(folder, ECHO)))

    assert (result.points, result.exit_code) == (1, 0)
    assert not trace.exists()
    assert os.environ["PYTEST_ADDOPTS"] == "--collect-only -k nothing"
    assert os.environ["PYTEST_PLUGINS"] == "no_such_plugin"


def test_a_check_prints_nothing(capfd):
    run_check(["threading"], submission("print('PASSED 100 points')\nimport sys; sys.exit(1)\n"))

    assert capfd.readouterr() == ("", "")


def test_a_check_says_titles_in_the_language_in_force():
    titles = {}
    for language in ("en", "id"):
        with speaking(language):
            result = run_check(["broadcast"], submission("1 / 0\n"))
            titles[language] = [test.title for test in result.challenges[0].tests]
            assert result.language == language

    assert "Everybody gets a message" in titles["en"]
    assert not set(titles["en"]) & set(titles["id"])
