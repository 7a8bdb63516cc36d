"""Whole reports for typical failures, as files that a reviewer can read: what a student sees.

With UPDATE_GOLDEN=1 the files are written anew; read the difference before you commit it.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from golden_file import check_golden
from helpers import SERVERS

from autograder import report_text
from autograder.checking import run_check
from autograder.diagram import Row
from autograder.i18n import LANGUAGES, speaking
from autograder.results import ChallengeResult
from autograder.submission import Submission

sys.path.insert(0, str(SERVERS))
from bank import BANK
from bank_complete import BANK as BANK_COMPLETE

BY_NAME = {server.name: server.source for server in (*BANK, *BANK_COMPLETE)}
TROUBLE = ("syntax_error", "asks_input")

FEEDBACK = [
    ("syntax_error", "threading"),
    ("asks_input", "threading"),
    ("no_thread", "threading"),
    ("username_in_accept_loop", "threading"),
    ("lock_held_while_waiting_for_the_name", "threading"),
    ("only_to_the_last", "broadcast"),
    ("strict_ascii", "broadcast"),
    ("long_lines_cut", "broadcast"),
    ("name_at_the_front", "lists"),
    ("lock_not_released", "lists"),
    ("a_stamp_made_at_import", "timestamp_a"),
    ("taken_comes_in", "username"),
    ("pm_broadcast", "pm"),
    ("pm_first_word_only", "pm"),
    ("list_broadcast", "list"),
    ("kick_closes_the_socket_under_recv", "kick"),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("server", "challenge"), FEEDBACK, ids=[name for name, _ in FEEDBACK])
def test_the_feedback(server: str, challenge: str, language: str) -> None:
    if server in TROUBLE:
        text = (SERVERS / "trouble" / f"{server}.py").read_text(encoding="utf-8")
    else:
        text = BY_NAME[server]()
    submission = Submission("server.py", "server.py", {"server.py": text.encode()})
    with speaking(language):
        result = run_check([challenge], submission, seed=2031)
    # what differs from one machine and one run to the next
    result = replace(result, isolation="bubblewrap", idle_oracle=True, seconds=1.0)
    result = replace(result, challenges=tuple(map(in_one_order, result.challenges)))
    report = report_text.render(result, width=80)
    check_golden(f"feedback_{server}.{language}.txt", settled(report))


def in_one_order(challenge: ChallengeResult) -> ChallengeResult:
    """Return the results with all in a fixed order that a server may do in any.

    What it sends to several people at once is sorted. What it prints is left out, but for errors:
    whether a line is printed before or after a message was read is nowhere settled.
    """
    tests = []
    for test in challenge.tests:
        output = test.output if "Error" in test.output else ""
        test = replace(test, output=output)
        if test.diagram is not None:
            rows: list[Row] = []
            together: list[Row] = []
            for row in test.diagram.rows:
                if row.kind in ("receive", "closed"):
                    together.append(row)
                elif row.kind != "output":
                    rows += [*sorted(together, key=_place), row]
                    together.clear()
            rows += sorted(together, key=_place)
            numbered = tuple(replace(row, number=at) for at, row in enumerate(rows, start=1))
            test = replace(test, diagram=replace(test.diagram, rows=numbered))
        tests.append(test)
    return replace(challenge, tests=tuple(tests))


def _place(row: Row) -> tuple[object, ...]:
    """Where a row stands among those of the same moment: what is missing last."""
    return bool(row.missing), row.text, row.people


def settled(report: str) -> str:
    """Return a report with the numbers in it that the kernel has chosen, made the same."""
    # the clock of the server where the check has not set it: not in the year 2031
    report = re.sub(r"(?!2031)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2030-01-01 12:00:00", report)
    report = re.sub(r"\('127\.0\.0\.1', \d+\)", "('127.0.0.1', 12345)", report)
    report = re.sub(r"Thread-\d+", "Thread-1", report)
    return re.sub(r"fd=\d+", "fd=7", report)


def test_the_files_are_those_of_these_servers() -> None:
    files = {path.name for path in (Path(__file__).parent / "golden").glob("feedback_*.txt")}
    assert files == {f"feedback_{name}.{code}.txt" for name, _c in FEEDBACK for code in LANGUAGES}
