"""Check the servers of one submission, and write down what came of it for each graded cell."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from autograder import report_html, sandbox
from autograder.checking import run_check
from autograder.course.asked import Question
from autograder.course.files import BadFile, server_inside
from autograder.i18n import _, speaking
from autograder.results import ChallengeResult, CheckResult


class NoSandbox(Exception):
    """Other people's code would run without a sandbox; the text says so, with a way out."""


@dataclass(frozen=True)
class Job:
    """What to check.

    Args:
        folder: of the submission.
        questions: what its graded cells ask for.
        language: "id" or "en", of what is said.
        without_sandbox: whether a machine that has none may run it all the same.
    """

    folder: str
    questions: tuple[Question, ...]
    language: str
    without_sandbox: bool = False


@dataclass(frozen=True)
class Verdict:
    """What came of one graded cell.

    Args:
        points: what it earned; None where the grader failed, and a person has to look.
        html: the report, for a page.
        text: what to read where no page is shown.
    """

    points: float | None
    html: str
    text: str


@dataclass(frozen=True)
class Verdicts:
    """What came of one submission: by the names of notebook and cell, and what was wrong with it.

    Args:
        notes: for the student and the teacher, a sentence each.
        trouble: for the teacher alone: what the grader itself could not do.
        isolation: the level of the sandbox of each server that was checked.
    """

    cells: Mapping[tuple[str, str], Verdict] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    trouble: tuple[str, ...] = ()
    isolation: tuple[str, ...] = ()


def require_sandbox(without: bool) -> None:
    """Make sure that other people's code will run in a sandbox.

    Args:
        without: whether the person has said that it may run without one.

    Raises:
        NoSandbox: there is none here.
    """
    found, why = sandbox.probe()
    if not found.alone and not without:
        text = _(
            "There is no sandbox on this machine ({reason}), and other people's programs are not"
            " run without one: install bubblewrap, or say --no-sandbox if you trust them all."
        )
        raise NoSandbox(text.format(reason=why))


def check_submission(job: Job) -> Verdicts:
    """Check all servers that a submission's cells ask for, each file once.

    Raises:
        NoSandbox: there is no sandbox, and the job does not say that this is all right.
    """
    require_sandbox(job.without_sandbox)
    by_server: dict[str, list[Question]] = {}
    for question in job.questions:
        by_server.setdefault(question.server, []).append(question)
    cells: dict[tuple[str, str], Verdict] = {}
    notes: list[str] = []
    trouble: list[str] = []
    isolation: list[str] = []
    with speaking(job.language):
        for server, questions in by_server.items():
            try:
                submission = server_inside(Path(job.folder), server)
            except BadFile as bad:
                notes.append(str(bad))
                cells |= {each.key: _nothing(str(bad)) for each in questions}
                continue
            names = list(dict.fromkeys(name for each in questions for name in each.challenges))
            result = run_check(names, submission)
            isolation.append(result.isolation)
            if result.error_file is not None:
                text = _("The grader itself failed at {server}. Details: {path}")
                trouble.append(text.format(server=server, path=result.error_file))
            cells |= {each.key: _verdict(each, result) for each in questions}
    return Verdicts(cells, tuple(notes), tuple(trouble), tuple(isolation))


def failed(questions: Sequence[Question], why: str) -> Verdicts:
    """Return the verdicts on a submission for which the grader failed as a whole."""
    text = _("The grader itself failed here. That is not your fault, and a person will look at it.")
    verdict = Verdict(None, f"<p>{escape(text)}</p>", text)
    return Verdicts({each.key: verdict for each in questions}, (), (why,))


def _nothing(why: str) -> Verdict:
    return Verdict(0.0, f"<p>{escape(why)}</p>", why)


def _verdict(question: Question, result: CheckResult) -> Verdict:
    """Return what of a check's result concerns one cell."""
    wanted = {name for each in question.challenges for name in each.split("|")}
    part = tuple(each for each in result.challenges if each.name in wanted)
    # where a traceback of ours lies on the teacher's machine is no student's concern
    shown = dataclasses.replace(result, challenges=part, error_file=None)
    points = _points(question, part) if len(part) == len(question.challenges) else None
    text = f"{shown.points:g}/{shown.max_points:g}"
    if points is None:
        text = _("The grader itself failed here: this says nothing about your server.")
    return Verdict(points, report_html.render(shown), text)


def _points(question: Question, part: Sequence[ChallengeResult]) -> float | None:
    """Return what a cell earned: its share of the challenges' points, None after a grader error."""
    tests = [test for challenge in part for test in challenge.tests]
    possible = sum(test.max_points for test in tests)
    if not all(challenge.tests for challenge in part) or possible <= 0:
        return None
    if any(test.outcome == "error" for test in tests):
        return None
    # A cell may be worth more or less than its challenges: teachers set that as they like.
    points = question.points * sum(test.points for test in tests) / possible
    if not math.isfinite(points):
        return None
    return round(min(max(points, 0.0), question.points), 2)
