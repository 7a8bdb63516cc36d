"""Check one server against challenges: run their stories and gather the results.

The stories are ordinary pytest tests and can be run by pytest, too (`autograder.plugin`). A check
runs them by itself: importing pytest alone takes ten times as long as starting Python, and nothing
that lies about, such as a conftest.py or a setting of the person's, can come into a check.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import i18n
from autograder.i18n import _
from autograder.lane import Lane, LaneLost, Link, Tasks, can_fork_safely, cores
from autograder.proc import kernel_can_be_asked
from autograder.process import start_launcher
from autograder.results import ChallengeResult, CheckResult, Outcome, TestResult
from autograder.sandbox import can_fork
from autograder.stamps import TIME
from autograder.story import Story, story_of

if TYPE_CHECKING:
    from autograder.process import Launcher
    from autograder.run import Run
    from autograder.submission import Submission

FOLDER = Path(__file__).with_name("challenges")

CHALLENGES = (
    "threading",
    "broadcast",
    "lists",
    "timestamp_a",
    "timestamp_b",
    "username",
    "pm",
    "list",
    "kick",
)
"""All challenges, in the order in which a student meets them."""

CHECKPOINTS = tuple(
    f"lesson_{n:02}" for n in range(1, 8) if (FOLDER / f"test_lesson_{n:02}.py").exists()
)
"""What the lessons check at their ends; no exercise asks for it, and `all` does not hold it."""

EITHER_TIMESTAMP = "timestamp_a|timestamp_b"
"""Stands for the one whose form the server's messages have; timestamp_a where they have none."""

WORTH_TWO_LANES = 3  # challenges; the second process takes a while to start

Progress = Callable[[int, int, str], None]
"""Called before each test with its number from 1, how many there are, and its title."""


class UnknownChallenge(ValueError):
    """There is no challenge of this name; the text names the nearest."""


def resolve(names: Sequence[str]) -> list[str]:
    """Return the challenges that `names` stand for, none twice.

    `all` is every one, but of the timestamp challenges `EITHER_TIMESTAMP`, and no checkpoint.

    Raises:
        UnknownChallenge: one is not known.
    """
    found: list[str] = []
    for name in names:
        if name == "all":
            found += [
                EITHER_TIMESTAMP if name == "timestamp_a" else name
                for name in CHALLENGES
                if name != "timestamp_b"
            ]
        elif name in CHALLENGES or name in CHECKPOINTS:
            found.append(name)
        else:
            raise UnknownChallenge(_unknown(name))
    return list(dict.fromkeys(found))


def names_and_server(words: Sequence[str]) -> tuple[list[str], str]:
    """Return the challenges' names and the server's path that the words of a `check` stand for."""
    names, server = list(words), "server.py"
    if names and (names[-1].endswith(".py") or "/" in names[-1]):
        server = names.pop()
    return names or ["all"], server


def _unknown(name: str) -> str:
    known = (*CHALLENGES, *CHECKPOINTS, "all")
    import difflib  # these are imported where a check seldom comes: each takes milliseconds

    near = difflib.get_close_matches(name.lower(), known, 1, 0.5)
    text = _("There is no challenge “{name}”.").format(name=ascii(name)[1:-1][:60])
    if near:
        return f"{text} " + _("Did you mean “{near}”?").format(near=near[0])
    return f"{text} " + _("There are: {names}, all.").format(names=", ".join(known[:-1]))


def run_check(
    challenges: Sequence[str],
    submission: Submission,
    launcher: Launcher | None = None,
    *,
    seed: int | None = None,
    progress: Progress | None = None,
    two_lanes: bool = False,
) -> CheckResult:
    """Check a server.

    Args:
        challenges: names as `resolve` returns them.
        submission: the server.
        launcher: what starts it, if that is under way already; it is closed in any case.
        seed: what names and texts are drawn from; None for a new one.
        progress: told before each test.
        two_lanes: whether a second process may do half of the tests, where that is quicker.

    Returns:
        the results; a failure of the grader is among them and never raised.
    """
    started = time.monotonic()
    if seed is None:
        seed = random.SystemRandom().randrange(1_000_000)
    with contextlib.ExitStack() as launchers:
        if launcher is None:
            launcher = start_launcher(submission)
        launchers.callback(launcher.close)
        import autograder.run  # noqa: F401 - before a second launcher wants a processor too

        second = None
        if two_lanes and _worth_two_lanes(challenges):
            second = start_launcher(submission)
            launchers.callback(second.close)
            if any("timestamp" in name for name in challenges):
                second.load_clock()  # while it has nothing else to do
        results, errors = _run_tests(challenges, launcher, second, seed, progress)
        launcher.let_go()  # it ends meanwhile
    return CheckResult(
        server=submission.path,
        language=i18n.language(),
        isolation=launcher.sandbox.level,
        idle_oracle=kernel_can_be_asked(),
        seed=seed,
        seconds=round(time.monotonic() - started, 3),
        challenges=tuple(ChallengeResult(name, tuple(tests)) for name, tests in results.items()),
        error_file=_write_errors(errors) if errors else None,
    )


def _worth_two_lanes(challenges: Sequence[str]) -> bool:
    """Tell whether two processes are quicker than one."""
    if not (can_fork() and can_fork_safely() and cores() > 1):
        return False
    return len(challenges) >= WORTH_TWO_LANES


def _timestamp(run: Run) -> str:
    """Return the timestamp challenge that fits the server."""
    with contextlib.suppress(Exception):  # the first test meets it again, and tells of it
        if run.learn().form == TIME:
            return "timestamp_b"
    return "timestamp_a"


def _run_tests(
    challenges: Sequence[str],
    launcher: Launcher,
    second: Launcher | None,
    seed: int,
    progress: Progress | None,
) -> tuple[dict[str, list[TestResult]], list[str]]:
    """Run the tests; return results by challenge, and the grader's own tracebacks."""
    from autograder.run import Run

    run = Run(seed, launcher, uses_again=kernel_can_be_asked())
    if EITHER_TIMESTAMP in challenges:
        fits = _timestamp(run)
        challenges = [fits if name == EITHER_TIMESTAMP else name for name in challenges]
    stories: dict[str, list[Story]] = {}
    for challenge in challenges:
        try:
            stories[challenge] = stories_of(challenge)
        except Exception:
            import traceback

            run.errors.append(traceback.format_exc())
    count = sum(map(len, stories.values()))
    told = itertools.count(1)

    def on_story(title: str) -> None:
        if progress is not None:
            progress(next(told), count, title)

    in_order = [story for part in stories.values() for story in part]
    if second is not None and run.starts():
        _tell_in_two_lanes(run, second, in_order, on_story)
    else:
        _tell(run, in_order, on_story, last=True)
    if run.evidence:
        from autograder.misconceptions import name_misconceptions

        lessons = {
            story.name: challenge[-2:]
            for challenge in CHECKPOINTS
            for story in stories.get(challenge, [])
        }
        run.results = name_misconceptions(run.results, run.evidence, lessons)
    results = {
        challenge: [
            run.results[story.name]
            for story in stories.get(challenge, [])
            if story.name in run.results  # else `errors` says why not
        ]
        for challenge in challenges
    }
    return results, run.errors


def get_ready() -> None:
    """Do now what the first check of this process, and its report, would have to wait for."""
    from autograder import misconceptions, report_html, run, sandbox  # noqa: F401

    sandbox.probe()
    report_html.get_ready()


def stories_of(challenge: str) -> list[Story]:
    """Return the stories of a challenge, in their order.

    Raises:
        Exception: whatever its module raises.
        ValueError: it has a test that is no story, or none at all.
    """
    path = FOLDER / f"test_{challenge}.py"
    spec = importlib.util.spec_from_file_location(f"autograder.challenges.{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tests = {name: value for name, value in vars(module).items() if name.startswith("test_")}
    stories = [story for test in tests.values() if (story := story_of(test)) is not None]
    if not stories or len(stories) < len(tests):
        raise ValueError(f"{path}: {sorted(tests) or 'no test'}, of which not all are stories")
    return stories


def _tell(run: Run, stories: Sequence[Story], on_story: Callable[[str], None], last: bool) -> None:
    """Run stories.

    Args:
        on_story: is called before each with its name.
        last: whether no others come after these.
    """
    assert run.launcher is not None
    for number, story in enumerate(stories, start=1):
        on_story(story.name)
        run.is_last = last and number == len(stories)
        if run.is_last:
            run.launcher.ahead = False  # nobody would need that server
        if "timestamp" in story.test.__module__:  # only there clocks are set
            run.launcher.load_clock()
        run.tell(story)


def _tell_in_two_lanes(
    run: Run, second: Launcher, stories: Sequence[Story], on_story: Callable[[str], None]
) -> None:
    """Run stories in this process and in a copy of it, which has a launcher of its own.

    Each takes the next one when it is done with one, and tells the other what came of it.
    """
    from autograder.run import Run

    first = run.launcher
    assert first is not None
    tasks = Tasks(len(stories))

    def share(part: Run, link: Link, on_story: Callable[[str], None]) -> None:
        def hear(messages: Iterable[tuple[int, bytes]]) -> None:
            for number, letter in messages:
                part.told[stories[number].name] = _OUTCOMES[letter]
                on_story(stories[number].name)

        while (number := tasks.next()) is not None:
            hear(link.receive())
            _tell(part, [stories[number]], on_story, last=number == len(stories) - 1)
            link.send(number, part.results[stories[number].name].outcome[:1].encode())
        link.hang_up()
        while messages := link.wait():
            hear(messages)

    def work(link: Link) -> Run:
        second.ahead = not run.uses_again
        part = Run(run.seed, second, dialect=run.dialect, uses_again=run.uses_again)
        share(part, link, lambda _name: None)
        part.launcher = None
        return part

    lane = Lane(first.let_go, work)
    try:
        second.let_go()
        share(run, lane.link, on_story)
        try:
            run.merge(lane.result(), stories)
        except LaneLost as lost:
            run.errors.append(str(lost))
    finally:
        lane.close()
        tasks.close()


_OUTCOMES: dict[bytes, Outcome] = {
    b"p": "passed",
    b"f": "failed",
    b"s": "skipped",
    b"e": "error",
}


def _write_errors(errors: list[str]) -> str:
    """Write the grader's own tracebacks to a file and return its path."""
    import tempfile

    with tempfile.NamedTemporaryFile(
        "w", prefix="autograder-error-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write("\n\n".join(errors))
    return file.name
