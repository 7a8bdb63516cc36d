"""What a report says apart from the tests themselves: the same in the terminal and in HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from autograder.i18n import N_, _, ngettext, number
from autograder.results import ChallengeResult, CheckResult, Outcome, TestResult
from autograder.visible import visible

if TYPE_CHECKING:
    from autograder.misconception_table import Misconception

SYMBOLS: dict[Outcome, str] = {"passed": "✓", "failed": "✗", "skipped": "–", "error": "!"}

DIAGRAM_ROWS = 20  # of a conversation, in a report that has room for it

_PRAISED = 3

_LESSONS = {
    "00": N_("Start here"),
    "01": N_("One client"),
    "02": N_("Threading"),
    "03": N_("Broadcast"),
    "04": N_("List management"),
    "05": N_("The whole server"),
    "06": N_("When it breaks"),
    "07": N_("Going further"),
}


def one_line(text: str, limit: int | None = 200) -> str:
    """Return `text` safe to show on one line: names, titles, paths."""
    return visible(" ".join(text.split("\n")), limit)


def outcome(test: TestResult) -> str:
    """Return the outcome of `test` as a word."""
    words = {
        "passed": _("passed"),
        "failed": _("failed"),
        "skipped": _("skipped"),
        "error": _("grader error"),
    }
    return words[test.outcome]


def points(earned: float, possible: float) -> str:
    """Return "11 of 20 points"."""
    return _("{points} of {max_points} points").format(
        points=number(earned), max_points=number(possible)
    )


def few_points(test: TestResult) -> str:
    """Return "2/5", or "–" where nothing was scored."""
    if test.outcome == "error":
        return f"–/{number(test.max_points)}"
    return f"{number(test.points)}/{number(test.max_points)}"


def counts(result: CheckResult) -> str:
    """Return how many tests passed, failed and so on, with commas between."""
    outcomes = result.outcomes
    passed = ngettext("{n} of {all} test passed", "{n} of {all} tests passed", len(outcomes))
    phrases = [passed.format(n=number(outcomes.count("passed")), all=number(len(outcomes)))]
    if n := outcomes.count("failed"):
        phrases.append(ngettext("{n} failed", "{n} failed", n).format(n=number(n)))
    if n := outcomes.count("skipped"):
        phrases.append(ngettext("{n} skipped", "{n} skipped", n).format(n=number(n)))
    if n := outcomes.count("error"):
        phrases.append(ngettext("{n} grader error", "{n} grader errors", n).format(n=number(n)))
    return ", ".join(phrases)


def tests(result: CheckResult) -> list[TestResult]:
    """Return all tests of all challenges, in order."""
    return [test for challenge in result.challenges for test in challenge.tests]


def failed(result: CheckResult) -> list[TestResult]:
    """Return the failed tests, in order."""
    return [test for test in tests(result) if test.outcome == "failed"]


def skipped(result: CheckResult, test: TestResult) -> str:
    """Return why `test` was skipped, a sentence."""
    titles = {other.id: one_line(other.title) for other in tests(result)}
    cause = titles.get(test.skipped_because or "", one_line(test.skipped_because or ""))
    if not cause:
        return _("Skipped.")
    return _("Skipped, because it needs this first: “{title}”.").format(title=cause)


def praise(result: CheckResult) -> str:
    """Return what works already, by name; empty where nothing could be checked."""
    everything = tests(result)
    good = [test for test in everything if test.outcome == "passed"]
    if not everything:
        return ""
    if len(good) == len(everything):
        names = _joined([one_line(challenge.name) for challenge in result.challenges])
        return _("Everything asked of {challenges} works. Well done!").format(challenges=names)
    if not good:
        return _("Nothing passes yet. That is where everybody begins.")
    complete = [challenge for challenge in result.challenges if _is_complete(challenge)]
    praised = [_("all of {challenge}").format(challenge=one_line(c.name)) for c in complete]
    # Of the others, those with the most points are the most to be proud of.
    left = [test for test in good if not any(test in challenge.tests for challenge in complete)]
    best = sorted(left, key=lambda test: -test.max_points)[: max(0, _PRAISED - len(praised))]
    praised += [_("“{title}”").format(title=one_line(test.title)) for test in best]
    if more := len(left) - len(best):
        praised.append(ngettext("{n} more test", "{n} more tests", more).format(n=number(more)))
    return _("What works already: {list}.").format(list=_joined(praised))


def next_step(result: CheckResult) -> str:
    """Return what to work on now; empty where nothing failed."""
    first = next(iter(failed(result)), None)
    if first is None:
        return ""
    return _("Next: “{title}”.").format(title=one_line(first.title))


def grader_error(result: CheckResult) -> str:
    """Return what to say about a failure of the grader; empty where there was none."""
    if result.error_file is None and "error" not in result.outcomes:
        return ""
    said = _("The grader itself failed here. That is not your fault, and it costs you no points.")
    if result.error_file is not None:
        more = _("What happened is written in {file}; please show it to your teacher.")
        said += " " + more.format(file=one_line(result.error_file, None))
    return said


def conditions(result: CheckResult) -> list[str]:
    """Return how the check was made: isolation, idle oracle, seed and time, a phrase each."""
    return [
        _("isolation: {level}").format(level=one_line(result.isolation)),
        _("idle oracle: on") if result.idle_oracle else _("idle oracle: off, time limits instead"),
        _("--seed {seed} repeats this run").format(seed=result.seed),
        _("{seconds} s").format(seconds=number(result.seconds)),
    ]


def levels(in_force: Iterable[str]) -> str:
    """Return the levels of isolation of many checks; where they differ, how many ran in each."""
    counted = Counter(map(one_line, in_force))
    if len(counted) < 2:
        return "".join(counted) or "–"
    return ", ".join(f"{level} ({number(n)})" for level, n in counted.most_common())


def hint_label(at: int, count: int) -> str:
    """Return "Hint 1 of 3", or "Hint" where it is the only one; `at` counts from 1."""
    if count == 1:
        return _("Hint")
    return _("Hint {at} of {count}").format(at=at, count=count)


def misconception(test: TestResult) -> Misconception | None:
    """Return the misconception that a failed test names, None if it names none that we know."""
    if test.misconception is None:
        return None
    from autograder.misconception_table import BY_ID

    return BY_ID.get(test.misconception)


def lesson(known: Misconception) -> str:
    """Return in words which lesson speaks of a misconception."""
    title = _(_LESSONS[known.lesson])
    return _("More about it: lesson {number}, “{title}”.").format(number=known.lesson, title=title)


def named_before(result: CheckResult, test: TestResult) -> bool:
    """Tell whether an earlier failed test has named the same misconception."""
    earlier = failed(result)
    earlier = earlier[: next((at for at, one in enumerate(earlier) if one is test), 0)]
    return any(one.misconception == test.misconception for one in earlier if one.misconception)


def hints_left_out(result: CheckResult) -> int:
    """Return how many hints there are beyond the first of each failure, each counted once."""
    fresh = [test for test in failed(result) if not named_before(result, test)]
    return sum(max(0, len(test.hints) - 1) for test in fresh)


def same_as_before(result: CheckResult, test: TestResult) -> str:
    """Return a sentence if an earlier test failed in the same way, as where no server starts."""
    for other in failed(result):
        if other is test:
            break
        if any(_said(test)) and _said(other) == _said(test):
            title = one_line(other.title)
            return _("The same happened as in “{title}”.").format(title=title)
    return ""


def _said(test: TestResult) -> tuple[str, ...]:
    return (test.message, test.tried, test.expected, test.got)


def _is_complete(challenge: ChallengeResult) -> bool:
    return bool(challenge.tests) and all(test.outcome == "passed" for test in challenge.tests)


def _joined(phrases: list[str]) -> str:
    if len(phrases) < 2:
        return "".join(phrases)
    *others, last = phrases
    if len(others) == 1:
        return _("{one} and {other}").format(one=others[0], other=last)
    return _("{phrases}, and {last}").format(phrases=", ".join(others), last=last)
