"""Whole checks of whole programs: right servers get full marks, others the right reason."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from checked import complaints
from helpers import SERVERS

from autograder.checking import run_check
from autograder.results import CheckResult, TestResult
from autograder.submission import read_server

sys.path.insert(0, str(SERVERS))
from bank import SEED

FIRST = ("threading", "broadcast", "lists")


def checked(path: Path, *challenges: str) -> CheckResult:
    """Return the result of a check; a failure of the grader fails the test."""
    result = run_check(challenges or FIRST, read_server(path))
    assert result.error_file is None, Path(result.error_file or "").read_text(encoding="utf-8")
    return result


def outcomes(result: CheckResult, outcome: str) -> dict[str, TestResult]:
    """Return the tests of a result that ended with `outcome`, by name."""
    tests = [test for challenge in result.challenges for test in challenge.tests]
    return {test.id: test for test in tests if test.outcome == outcome}


@pytest.mark.parametrize("path", sorted((SERVERS / "right").glob("*.py")), ids=lambda p: p.stem)
def test_right_servers_in_every_style_get_full_marks(path: Path) -> None:
    result = checked(path)
    bad = {name: (test.expected, test.got) for name, test in outcomes(result, "failed").items()}
    assert bad == {}, f"--seed {result.seed}"
    assert result.points == result.max_points == 20


@pytest.fixture(scope="module")
def seed() -> CheckResult:
    """Return the result of the seed's own server."""
    return checked(SERVERS / "seed.py")


@pytest.mark.parametrize(
    ("test", "expected", "got", "misconception"),
    [
        # a silent guest: the username is asked in the accept loop
        (
            "test_a_silent_guest_does_not_lock_the_door",
            "the server greets .* with “NICK”",
            "got nothing",
            "threads.name_in_accept_loop",
        ),
        # the empty recv() that nobody looks for
        (
            "test_leaving_is_announced_once",
            "exactly one message with the name",
            "busy all the time: a loop never waits",
            "lists.empty_recv",
        ),
        (
            "test_the_server_rests_after_somebody_left",
            "waits quietly",
            "It works all the time",
            "lists.empty_recv",
        ),
        (
            "test_leaving_before_the_username",
            "gets nothing",
            "Bergabung!",
            "lists.empty_name_joins",
        ),
        # text beyond ASCII: the sender is thrown out
        ("test_letters_beyond_ascii", "café Ångström", "got “.* keluar!”", "text.ascii"),
        ("test_an_emoji", "gets a message with", "got “.* keluar!”", "text.ascii"),
        # the two lists out of step: a notice that could not be sent to all left its name behind
        (
            "test_several_crash_at_once",
            "exactly one message with the name",
            r"got “\w+ keluar!.* keluar!”(?s:.*)BrokenPipeError",
            "lists.out_of_step",
        ),
        # a broadcast to a dead connection raises in the thread of the one who speaks
        (
            "test_speaking_while_another_crashes",
            "gets a message with",
            "BrokenPipeError",
            "lists.innocent_sender",
        ),
    ],
)
def test_the_seeds_own_server_fails_for_the_right_reason(
    seed: CheckResult, test: str, expected: str, got: str, misconception: str
) -> None:
    failed = outcomes(seed, "failed")[test]
    assert re.search(expected, failed.expected)
    assert re.search(got, failed.got)
    assert failed.misconception == misconception


def test_the_seeds_own_server_fails_for_no_other_reason(seed: CheckResult) -> None:
    assert complaints(SEED, seed) == []


def test_the_seeds_own_server_passes_what_it_does_right(seed: CheckResult) -> None:
    assert outcomes(seed, "passed").keys() == {
        "test_two_clients_talk",
        "test_a_silent_listener_holds_nobody_up",
        "test_half_a_message_holds_nobody_up",
        "test_nobody_has_to_wait_for_a_turn",
        "test_the_server_rests",
        "test_everybody_gets_a_message",
        "test_the_sender_gets_it_too",
        "test_nobody_gets_it_twice",
        "test_messages_arrive_in_order",
        "test_a_burst_arrives_whole",
        "test_a_long_message",
        "test_joining_is_announced",
        "test_a_crash_is_announced_once",
        "test_newcomers_after_somebody_left",
        "test_an_empty_room_takes_newcomers",
        "test_a_name_can_be_used_again",
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dies_at_import", "ZeroDivisionError"),
        ("syntax_error", "Python cannot read the program"),
        ("indentation_error", "IndentationError"),
        ("asks_input", "nobody at the keyboard"),
        ("never_binds", "listens nowhere"),
        ("binds_but_never_listens", "listens nowhere"),
        ("ends_at_once", "ran to its end"),
        ("floods_log", "prints without end"),
        ("floods_log_before_listen", "prints without end"),
        ("busy_for_ever", "hard work"),
    ],
)
def test_a_server_that_is_none_is_told_so_once(name: str, words: str) -> None:
    result = checked(SERVERS / "trouble" / f"{name}.py")
    (first,) = outcomes(result, "failed").values()
    assert words in first.got
    assert {test.skipped_because for test in outcomes(result, "skipped").values()} == {first.id}
    assert result.points == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("answers_nothing", "got nothing"),
        ("listens_never_accepts", "got nothing"),
        ("exits_on_connect", "The server ran to its end"),
        ("raises_and_ends", "The server died"),
        ("thread_crashes", "A thread of the server died"),
        ("busy_after_connect", "busy all the time"),
        ("floods_chat", "sends without end"),
    ],
)
def test_what_goes_wrong_later_is_named(name: str, words: str) -> None:
    result = checked(SERVERS / "trouble" / f"{name}.py", "threading")
    assert any(words in test.got for test in outcomes(result, "failed").values())


def test_a_traceback_is_cut_to_the_students_own_lines() -> None:
    (first,) = outcomes(checked(SERVERS / "trouble" / "dies_at_import.py"), "failed").values()
    assert 'File "dies_at_import.py"' in first.output
    assert "json/" not in first.output
