"""Check a server of the banks once, however many tests look at what came of it."""

from __future__ import annotations

from functools import cache

from autograder.checking import run_check
from autograder.results import CheckResult
from autograder.submission import Submission


@cache
def checked(source: str, *challenges: str) -> CheckResult:
    """Return the result of a check of the server with the text `source`."""
    submission = Submission("server.py", "server.py", {"server.py": source.encode()})
    return run_check(challenges, submission)
