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
from autograder.i18n import LANGUAGES, speaking
from autograder.submission import Submission

sys.path.insert(0, str(SERVERS))
from bank import BANK as FIRST_BANK
from bank_complete import BANK as SECOND_BANK
from misconceived import SERVERS as MORE

BY_NAME = {server.name: server.source for server in (*FIRST_BANK, *SECOND_BANK, *MORE)}
TROUBLE = ("syntax_error", "asks_input")

FEEDBACK = [
    ("syntax_error", "threading"),
    ("asks_input", "threading"),
    ("no_thread", "threading"),
    ("username_in_accept_loop", "threading"),
    ("args_without_comma", "threading"),
    ("only_to_the_last", "broadcast"),
    ("strict_ascii", "broadcast"),
    ("one_recv_is_one_message", "broadcast"),
    ("names_popped_from_the_end", "lists"),
    ("lock_taken_twice", "lists"),
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
    report = report_text.render(result, width=80)
    check_golden(f"feedback_{server}.{language}.txt", settled(report))


def settled(report: str) -> str:
    """Return a report with the numbers in it that the kernel has chosen, by rote."""
    report = re.sub(r"\('127\.0\.0\.1', \d+\)", "('127.0.0.1', 12345)", report)
    report = re.sub(r"Thread-\d+", "Thread-1", report)
    return re.sub(r"fd=\d+", "fd=7", report)


def test_the_files_are_those_of_these_servers() -> None:
    files = {path.name for path in (Path(__file__).parent / "golden").glob("feedback_*.txt")}
    assert files == {f"feedback_{name}.{code}.txt" for name, _c in FEEDBACK for code in LANGUAGES}
