"""Checks for notebooks: a report in the cell, and the points as a number."""

from __future__ import annotations

import sys
from typing import Any

from autograder.checking import UnknownChallenge, names_and_server, resolve, run_check
from autograder.i18n import _
from autograder.results import CheckResult
from autograder.submission import BadServer, read_server


class Verdict:
    """The result of a check in a notebook.

    Args:
        result: what was found; None where there was nothing to check.
        problem: why nothing could be checked, one sentence.
    """

    def __init__(self, result: CheckResult | None, problem: str = "") -> None:
        self.result = result
        self.problem = problem

    @property
    def points(self) -> float:
        """The points earned: 0 where nothing could be checked.

        Raises:
            RuntimeError: the grader itself failed, and no number would be fair.
        """
        if self.result is None:
            return 0.0
        if self.result.exit_code == 3:
            text = _("The grader itself failed, which is not your server's fault. Details: {path}")
            raise RuntimeError(text.format(path=self.result.error_file))
        return self.result.points

    def __repr__(self) -> str:
        if self.result is None:
            return self.problem
        from autograder.report_text import render

        return render(self.result, width=90)

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, str]:
        """Show the report (Jupyter's hook)."""
        bundle = {"text/plain": repr(self)}
        if self.result is not None:
            from autograder.report_html import render

            bundle["text/html"] = render(self.result)
        return bundle


def check(*words: str, seed: int | None = None) -> Verdict:
    """Check a server and return the verdict; as the last line of a cell it shows the report.

    Args:
        words: names of challenges, and at the end the server's path, such as
            `check("threading", "server.py")`; without a path, server.py is meant.
        seed: draws the same names and texts as an earlier run.

    Raises:
        ValueError: a challenge is not known.
    """
    names, server = names_and_server(words)
    try:
        challenges = resolve(names)
    except UnknownChallenge as error:
        raise ValueError(str(error)) from None
    try:
        submission = read_server(server)
    except BadServer as error:
        return Verdict(None, str(error))
    return Verdict(run_check(challenges, submission, seed=seed, progress=_progress()))


def _progress() -> Any:
    """Return what shows progress in the cell, None where nothing can show it."""
    try:
        from IPython.core.getipython import get_ipython
        from IPython.display import display
    except ImportError:
        return None
    shell = get_ipython()
    if shell is None or "ipykernel" not in sys.modules:
        return None
    handle = display({"text/plain": ""}, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def progress(number: int, count: int, title: str) -> None:
        text = "" if number == count else f"[{number}/{count}] {title}"
        if handle is not None and (number % 4 == 1 or number == count):
            handle.update({"text/plain": text}, raw=True)

    return progress
