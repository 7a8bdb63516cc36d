"""Check one server against challenges: run their tests with pytest and gather the results."""

from __future__ import annotations

import contextlib
import difflib
import itertools
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import i18n
from autograder.i18n import _
from autograder.lane import Lane, LaneLost, Tick, can_fork_safely, cores
from autograder.proc import kernel_can_be_asked
from autograder.process import start_launcher
from autograder.results import ChallengeResult, CheckResult, TestResult
from autograder.sandbox import can_fork
from autograder.stamps import TIME

if TYPE_CHECKING:
    from autograder.plugin import Run
    from autograder.process import Launcher
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

EITHER_TIMESTAMP = "timestamp_a|timestamp_b"
"""Stands for the one whose form the server's messages have; timestamp_a where they have none."""

WORTH_TWO_LANES = 20  # tests

Progress = Callable[[int, int, str], None]
"""Called before each test with its number from 1, how many there are, and its title."""


class UnknownChallenge(ValueError):
    """There is no challenge of this name; the text names the nearest."""


def resolve(names: Sequence[str]) -> list[str]:
    """Return the challenges that `names` stand for, none twice.

    `all` is every one, but of the timestamp challenges `EITHER_TIMESTAMP`.

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
        elif name in CHALLENGES:
            found.append(name)
        else:
            raise UnknownChallenge(_unknown(name))
    return list(dict.fromkeys(found))


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), [*CHALLENGES, "all"], 1, 0.5)
    text = _("There is no challenge “{name}”.").format(name=ascii(name)[1:-1][:60])
    if near:
        return f"{text} " + _("Did you mean “{near}”?").format(near=near[0])
    return f"{text} " + _("There are: {names}, all.").format(names=", ".join(CHALLENGES))


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
        seed = secrets.randbelow(1_000_000)
    with contextlib.ExitStack() as launchers:
        if launcher is None:
            launcher = start_launcher(submission)
        launchers.callback(launcher.close)
        second = None
        if two_lanes and _worth_two_lanes(challenges):
            second = start_launcher(submission)
            launchers.callback(second.close)
        results, errors = _run_tests(challenges, launcher, second, seed, progress)
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
    """Tell whether two processes are quicker than one: the second takes a while to start."""
    if not (can_fork() and can_fork_safely() and cores() > 1):
        return False
    return len(challenges) > 1 and sum(map(_size, challenges)) >= WORTH_TWO_LANES


def _size(challenge: str) -> int:
    """Return how many tests a challenge has."""
    name = challenge.partition("|")[0]  # those of EITHER_TIMESTAMP have as many
    return (FOLDER / f"test_{name}.py").read_text(encoding="utf-8").count("\n@story(")


def _halves(challenges: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split challenges into two halves with about as many tests, each in its order."""
    halves: tuple[list[str], list[str]] = [], []
    for name in sorted(challenges, key=_size, reverse=True):
        min(halves, key=lambda half: sum(map(_size, half))).append(name)
    for half in halves:
        half.sort(key=challenges.index)
    return halves


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
    from autograder.plugin import Run

    launcher.ahead = True
    run = Run(seed, launcher)
    if EITHER_TIMESTAMP in challenges:
        fits = _timestamp(run)
        challenges = [fits if name == EITHER_TIMESTAMP else name for name in challenges]
    count = sum(map(_size, challenges))
    if second is not None and run.starts():
        _run_in_two_lanes(run, second, challenges, count, progress)
    else:
        numbers = itertools.count(1)
        _run_pytest(
            run, challenges, lambda title: progress and progress(next(numbers), count, title)
        )
    if run.evidence:
        from autograder.misconceptions import name_misconceptions

        run.results = name_misconceptions(run.results, run.evidence)
    results: dict[str, list[TestResult]] = {}
    for challenge in challenges:
        tests = run.collected.get(challenge, [])
        results[challenge] = [run.results[name] for name in tests if name in run.results]
        if not tests or len(results[challenge]) != len(tests):
            missing = sorted(set(tests) - set(run.results))
            run.errors.append(f"challenge {challenge}: no result for {missing or 'any test'}")
    return results, run.errors


def _run_in_two_lanes(
    run: Run, second: Launcher, challenges: Sequence[str], count: int, progress: Progress | None
) -> None:
    """Run half of the tests in a copy of this process with a launcher of its own."""
    from autograder.plugin import Run

    mine, others = _halves(challenges)
    first = run.launcher
    assert first is not None

    def work(tick: Tick) -> Run:
        first.let_go()
        second.ahead = True
        part = Run(run.seed, second, dialect=run.dialect)
        _run_pytest(part, others, lambda _title: tick())
        part.launcher = None
        return part

    _import_what_tests_need()  # once, and not in both
    lane = Lane(work)
    try:
        second.let_go()
        started = 0

        def on_test(title: str) -> None:
            nonlocal started
            started += 1
            if progress is not None:
                progress(started + lane.ticks(), count, title)

        _run_pytest(run, mine, on_test)
        while progress is not None and lane.wait_for_tick():
            progress(started + lane.ticks(), count, "…")
        try:
            run.merge(lane.result(), challenges)
        except LaneLost as lost:
            run.errors.append(str(lost))
    finally:
        lane.close()


def _import_what_tests_need() -> None:
    import pytest  # noqa: F401

    import autograder.casting
    import autograder.person
    import autograder.room  # noqa: F401


def _run_pytest(run: Run, challenges: Sequence[str], on_test: Callable[[str], object]) -> None:
    """Run pytest in this process; the results, and the grader's own tracebacks, go to `run`.

    Args:
        on_test: called before each test with its title.
    """
    import pytest

    from autograder.plugin import RUN

    class Gatherer:
        """Hands the run to the plugin, and follows it."""

        @pytest.hookimpl(tryfirst=True)
        def pytest_configure(self, config: pytest.Config) -> None:
            config.stash[RUN] = run

        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            for item in items:
                challenge = item.path.stem.removeprefix("test_")
                run.collected.setdefault(challenge, []).append(item.name)

        def pytest_runtest_logstart(self, nodeid: str) -> None:
            on_test(nodeid.rpartition("::")[2])

        def pytest_internalerror(self, excrepr: object) -> bool:
            run.errors.append(str(excrepr))
            return True

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            if report.failed:
                run.errors.append(str(report.longrepr))

    arguments = [
        *(str(FOLDER / f"test_{name}.py") for name in challenges),
        *("-c", str(FOLDER / "pytest.ini"), "--rootdir", str(FOLDER), "--noconftest"),
        # the tests expect things of rooms and assert nothing themselves: plain is quicker
        *("--assert=plain", "--capture=no", "-p", "autograder.plugin"),
    ]
    for plugin in _UNNEEDED_PLUGINS:
        arguments += ["-p", f"no:{plugin}"]
    with _undisturbed():
        code = pytest.main(arguments, plugins=[Gatherer()])
    if code == pytest.ExitCode.INTERRUPTED and not run.errors:
        raise KeyboardInterrupt


# Parts of pytest that a check does not use; each costs a millisecond or two at every start.
_UNNEEDED_PLUGINS = (
    "terminal",
    "cacheprovider",
    "doctest",
    "unittest",
    "junitxml",
    "pastebin",
    "faulthandler",
    "logging",
    "setuponly",
    "setupplan",
    "stepwise",
    "debugging",
    "recwarn",
    "tmpdir",
    "monkeypatch",
    "threadexception",
    "unraisableexception",
    "warnings",
    "legacypath",
    "pytester_assertions",
)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep other plugins and options of the person's out of the run."""
    names = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _write_errors(errors: list[str]) -> str:
    """Write the grader's own tracebacks to a file and return its path."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="autograder-error-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write("\n\n".join(errors))
    return file.name
