"""Whole checks of whole programs: right servers get full marks, others the right reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.checking import run_check
from autograder.results import CheckResult, TestResult
from autograder.submission import read_server

SERVERS = Path(__file__).resolve().parent / "servers"
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


def test_the_seeds_own_server_fails_for_the_right_reasons() -> None:
    failed = outcomes(checked(SERVERS / "seed.py"), "failed")
    # the username is asked in the accept loop
    assert "NICK" in failed["test_a_silent_guest_does_not_lock_the_door"].expected
    # it speaks ASCII
    assert "é" in failed["test_letters_beyond_ascii"].expected or "ñ" in (
        failed["test_letters_beyond_ascii"].expected
    )
    assert "test_an_emoji" in failed
    # it does not look for the empty recv()
    assert "busy all the time" in failed["test_leaving_is_announced_once"].got
    assert "It works all the time" in failed["test_the_server_rests_after_somebody_left"].got
    # who connects and leaves again is on its lists all the same
    assert "Bergabung!" in failed["test_leaving_before_the_username"].got


def test_the_seeds_own_server_passes_what_it_does_right() -> None:
    passed = outcomes(checked(SERVERS / "seed.py"), "passed")
    assert passed.keys() >= {
        "test_two_clients_talk",
        "test_a_silent_listener_holds_nobody_up",
        "test_nobody_has_to_wait_for_a_turn",
        "test_everybody_gets_a_message",
        "test_the_sender_gets_it_too",
        "test_messages_arrive_in_order",
        "test_joining_is_announced",
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
