"""Check a wrong server of the banks, and tell what is not as it should be."""

from __future__ import annotations

import sys
from pathlib import Path

from helpers import SERVERS

from autograder.checking import run_check
from autograder.results import CheckResult
from autograder.submission import Submission

sys.path.insert(0, str(SERVERS))
from bank import WrongServer


def checked(source: str, *challenges: str, seed: int | None = None) -> CheckResult:
    """Return the result of a check of the server with the text `source`."""
    submission = Submission("server.py", "server.py", {"server.py": source.encode()})
    return run_check(challenges, submission, seed=seed)


def all_named(result: CheckResult) -> set[str]:
    """Return the misconceptions that a result names."""
    tests = [test for challenge in result.challenges for test in challenge.tests]
    return {test.misconception for test in tests if test.misconception is not None}


def complaints(server: WrongServer, result: CheckResult) -> list[str]:
    """Return a line for everything in a result that is not as the bank says, [] if all is."""
    lines = []
    if result.error_file is not None:
        lines += Path(result.error_file).read_text(encoding="utf-8").splitlines()[-12:]
    tests = {test.id: test for challenge in result.challenges for test in challenge.tests}
    for name, test in tests.items():
        if test.outcome == "failed" and name not in server.fails:
            lines.append(f"{name} fails: {test.tried}; {test.expected}; {test.got}")
    for name in server.fails:
        outcome = tests[name].outcome if name in tests else "not there"
        if outcome != "failed":
            lines.append(f"{name} should fail: {outcome}")
    expected = {server.named, *server.also} - {None}
    lines += [f"named: {each}" for each in sorted(all_named(result) - expected)]
    lines += [f"not named: {each}" for each in sorted(expected - all_named(result))]
    return lines
