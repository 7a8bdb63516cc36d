"""The teacher's page of a grading run: what a class can do, on one page that opens from disk.

How points are distributed, which tests and misconceptions are behind that, and every submission in
a table that sorts and filters, its report one click away. A script of our own makes the table
move; the page allows that one, by its hash, and nothing else. Everything that comes from a
submission is escaped, and the script is given none of it but what stands in the table anyway.
"""

from __future__ import annotations

import base64
import hashlib
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from autograder.i18n import N_, _, language, number
from autograder.misconception_table import BY_ID, Misconception
from autograder.report_html import ASSETS, environment
from autograder.report_words import levels
from autograder.side_by_side import names, percent
from autograder.similar import THRESHOLD, Alike

TEMPLATE = "class_page.html.jinja"
STEP = 10
"""Percent of the points in each bar of the distribution; full marks have a bar of their own."""

FULL, SOME, ERROR, NONE = "full", "some", "error", "none"
"""What became of a submission: full marks, something failed, the grader failed, no result."""

STATES = {
    FULL: N_("full marks"),
    SOME: N_("something failed"),
    ERROR: N_("grader error"),
    NONE: N_("not graded"),
}


@dataclass
class TestCount:
    """How many submissions passed, failed and so on in one test.

    Args:
        at: its number on the page.
    """

    __test__ = False  # not a pytest class, in spite of its name

    at: int
    challenge: str
    title: str
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        """How many submissions fail it."""
        return self.outcomes["failed"]

    def percent(self, outcome: str) -> float:
        """Return the share of the submissions with this outcome, in percent."""
        return round(100 * self.outcomes[outcome] / self.outcomes.total(), 2)


@dataclass
class Shown:
    """A misconception, and how many submissions show it.

    Args:
        at: its number on the page.
    """

    at: int
    id: str
    count: int = 0

    @property
    def known(self) -> Misconception | None:
        """What is known of it; None for one of an older version."""
        return BY_ID.get(self.id)


@dataclass(frozen=True)
class Bar:
    """A bar of the distribution.

    Args:
        at: its number, from 0.
        label: which share of the points, in words.
        count: how many submissions are in it.
        height: of the bar, in percent of the highest.
    """

    at: int
    label: str
    count: int
    height: float


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Args:
        brief: what results.json says of the submission.
        state: one of `STATES`.
        bar: the number of its bar in the distribution, None where it has no points.
        tests: the numbers of the tests that it fails.
        misconceptions: the numbers of those that it shows.
    """

    brief: Mapping[str, Any]
    state: str
    bar: int | None
    tests: tuple[int, ...]
    misconceptions: tuple[int, ...]

    @property
    def percent(self) -> float | None:
        """The share of the points that it has, in percent; None where it has none to have."""
        return percent_of(self.brief)

    def points_in(self, column: str) -> float | None:
        """Return the points in a challenge, or in whichever of two was checked; None for none."""
        for name in column.split("|"):
            if part := self.brief.get("challenges", {}).get(name):
                return float(part["points"])
        return None


@dataclass
class ClassPage:
    """Gathers what the page shows, a submission at a time, and writes it.

    Args:
        challenges: the columns, as in `Settings`.
        seed: that of the run, None where each check drew its own.
        alike: what came of comparing the submissions; None where nobody did.
    """

    challenges: Sequence[str]
    seed: int | None = None
    alike: Alike | None = None
    lines: list[Line] = field(default_factory=list)
    _tests: dict[tuple[str, str], TestCount] = field(default_factory=dict)
    _misconceptions: dict[str, Shown] = field(default_factory=dict)

    def add(self, brief: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Take in one submission: what results.json says of it, and its result."""
        failed = []
        for challenge in result.get("challenges", ()):
            for test in challenge["tests"]:
                key = (challenge["name"], test["id"])
                new = TestCount(len(self._tests), challenge["name"], test["title"])
                count = self._tests.setdefault(key, new)
                count.outcomes[test["outcome"]] += 1
                if test["outcome"] == "failed":
                    failed.append(count.at)
        named = []
        for name in brief.get("misconceptions", ()):
            shown = self._misconceptions.setdefault(name, Shown(len(self._misconceptions), name))
            shown.count += 1
            named.append(shown.at)
        self.lines.append(Line(brief, _state(brief), _bar(brief), tuple(failed), tuple(named)))

    def write(self, file: IO[str]) -> None:
        """Write the page, in the language in force."""
        script = (ASSETS / "class_page.js").read_text(encoding="utf-8")
        template = environment().get_template(TEMPLATE)
        pieces = template.generate(
            page=self,
            language=language(),
            STATES=STATES,
            names=names,
            percent=percent,
            threshold=percent(THRESHOLD),
            css=(ASSETS / "class_page.css").read_text(encoding="utf-8"),
            script=script,
            script_hash=_hash(script),
        )
        file.writelines(pieces)

    # -- what the template asks --------------------------------------------------------------------

    @property
    def graded(self) -> list[Line]:
        """The submissions that have points."""
        return [line for line in self.lines if line.percent is not None]

    @property
    def without(self) -> list[Line]:
        """The submissions that a person has to look after: refused, or failed by the grader."""
        return [line for line in self.lines if line.state in (NONE, ERROR)]

    @property
    def full(self) -> int:
        """How many have full marks."""
        return sum(line.state == FULL for line in self.lines)

    @property
    def median(self) -> str:
        """The middle of all points, with what could be had, in words."""
        if not self.graded:
            return "–"
        points = number(statistics.median(line.brief["points"] for line in self.graded))
        most = number(max(line.brief["max_points"] for line in self.graded))
        return _("{points} of {max_points} points").format(points=points, max_points=most)

    @property
    def mean(self) -> str:
        """The mean share of the points, in words."""
        if not self.graded:
            return "–"
        return f"{number(statistics.fmean(line.percent or 0 for line in self.graded), 0)} %"

    @property
    def distribution(self) -> list[Bar]:
        """The bars, from no points to full marks."""
        counts = Counter(line.bar for line in self.graded)
        most = max(counts.values(), default=1)
        count = 100 // STEP
        labels = [f"{at * STEP}–{at * STEP + STEP - 1} %" for at in range(count)] + ["100 %"]
        return [
            Bar(at, label, counts[at], round(100 * counts[at] / most, 2))
            for at, label in enumerate(labels)
        ]

    @property
    def tests(self) -> list[TestCount]:
        """The tests that somebody fails, those that most fail first."""
        failed = [test for test in self._tests.values() if test.failed]
        return sorted(failed, key=lambda test: -test.failed)

    @property
    def passed_by_all(self) -> int:
        """How many tests everybody passes."""
        return sum(
            test.outcomes["passed"] == test.outcomes.total() for test in self._tests.values()
        )

    @property
    def misconceptions(self) -> list[Shown]:
        """The misconceptions, those that most show first."""
        return sorted(self._misconceptions.values(), key=lambda shown: -shown.count)

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The challenges, and what stands above their columns."""
        return [(name, name.replace("|", " / ")) for name in self.challenges]

    @property
    def isolation(self) -> str:
        """The levels of isolation in force; where they differ, with how many ran in each."""
        return levels(line.brief["isolation"] for line in self.lines if "isolation" in line.brief)

    @property
    def seeds(self) -> str:
        """The seed of the run, in words."""
        if self.seed is not None:
            return str(self.seed)
        return _("another one for each submission; it stands in its report")

    def who(self, line: Line) -> str:
        """Return what is known of the student besides the submission's name."""
        student = line.brief["student"]
        name = student["name"] if student["name"] != line.brief["name"] else ""
        return " · ".join(part for part in (name, student["number"], student["email"]) if part)


def percent_of(brief: Mapping[str, Any]) -> float | None:
    """Return the share of the points that a submission has, in percent; None where it has none."""
    return 100 * brief["points"] / brief["max_points"] if brief.get("max_points") else None


def _bar(brief: Mapping[str, Any]) -> int | None:
    percent = percent_of(brief)
    return None if percent is None else int(percent // STEP)


def _state(brief: Mapping[str, Any]) -> str:
    if brief["state"] == "error" or brief.get("grader_errors") or brief.get("error_file"):
        return ERROR
    if brief["state"] != "graded":
        return NONE
    return SOME if brief["failed"] or brief["skipped"] else FULL


def _hash(script: str) -> str:
    """Return what allows a script in a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
