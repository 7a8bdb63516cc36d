"""What a check found: plain data, and its JSON form."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from autograder.diagram import Diagram

Outcome = Literal["passed", "failed", "skipped", "error"]

SCHEMA = 1


@dataclass(frozen=True)
class TestResult:
    """The result of one test.

    Args:
        id: name of the test function.
        title: what the test is about, one line in the language of the check.
        outcome: "error" is a failure of the grader, never of the student.
        points: points earned.
        max_points: points that could be earned.
        message: one or two sentences for people; empty for a passed test.
        tried, expected, got: the three parts of a failed expectation, each a sentence or "".
        recipe: lines of Python that reproduce the failure, ready to paste into a cell.
        diagram: the conversation up to the failure, the missing or unwanted arrow marked.
        output: the last lines that the server printed (cut to a readable size).
        misconception: id of the wrong idea that fits, or None.
        hints: hints in rising clearness.
        skipped_because: id of the test whose failure made this one pointless.
        seconds: how long the test took.
    """

    __test__ = False  # not a pytest class, in spite of its name

    id: str
    title: str
    outcome: Outcome
    points: float
    max_points: float
    message: str = ""
    tried: str = ""
    expected: str = ""
    got: str = ""
    recipe: tuple[str, ...] = ()
    diagram: Diagram | None = None
    output: str = ""
    misconception: str | None = None
    hints: tuple[str, ...] = ()
    skipped_because: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class ChallengeResult:
    """The results of one challenge's tests, in the order in which they ran."""

    name: str
    tests: tuple[TestResult, ...]

    @property
    def points(self) -> float:
        """Points earned in this challenge."""
        return round(sum(test.points for test in self.tests), 2)

    @property
    def max_points(self) -> float:
        """Points that could be earned in this challenge: a grader error costs nobody any."""
        lost: set[str] = set()
        for test in self.tests:
            if test.outcome == "error" or test.skipped_because in lost:
                lost.add(test.id)
        return round(sum(test.max_points for test in self.tests if test.id not in lost), 2)


@dataclass(frozen=True)
class CheckResult:
    """The result of one check of one server.

    Args:
        server: the path as the person gave it.
        language: "id" or "en".
        isolation: the level of the sandbox in force.
        idle_oracle: whether the kernel was asked, or time limits took its place.
        seed: what names and texts were drawn from; the same seed repeats the run.
        seconds: wall time of the whole check.
        challenges: results by challenge.
        error_file: where the grader's own traceback was written, if it failed.
    """

    server: str
    language: str
    isolation: str
    idle_oracle: bool
    seed: int
    seconds: float
    challenges: tuple[ChallengeResult, ...] = field(default=())
    error_file: str | None = None

    @property
    def points(self) -> float:
        """Points earned in all challenges together."""
        return round(sum(challenge.points for challenge in self.challenges), 2)

    @property
    def max_points(self) -> float:
        """Points that could be earned in all challenges together."""
        return round(sum(challenge.max_points for challenge in self.challenges), 2)

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of every test, in order."""
        return [test.outcome for challenge in self.challenges for test in challenge.tests]

    @property
    def exit_code(self) -> int:
        """0 full marks, 1 something failed, 3 grader error."""
        if "error" in self.outcomes or self.error_file:
            return 3
        return 0 if all(outcome == "passed" for outcome in self.outcomes) else 1

    def to_json(self) -> dict[str, Any]:
        """Return the JSON document as plain dicts and lists."""
        document: dict[str, Any] = {"schema": SCHEMA}
        document |= asdict(self)
        document |= {"points": self.points, "max_points": self.max_points}
        for challenge, plain in zip(self.challenges, document["challenges"], strict=True):
            plain |= {"points": challenge.points, "max_points": challenge.max_points}
        return document
