"""The pytest plugin: fixtures for the checks' tests, and what pytest saw as a check's results.

By hand: `pytest autograder/challenges/test_lists.py --server path/to/server.py`.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from autograder.casting import Cast
    from autograder.dialect import Dialect
    from autograder.failures import Evidence, Unmet
    from autograder.process import Launcher
    from autograder.results import TestResult
    from autograder.room import OpenRoom, Room


@dataclass
class Run:
    """One run of tests against one server.

    Args:
        seed: what names and texts are drawn from.
        launcher: what starts the server.
        own_launcher: whether this run must close it.
        dialect: how the server speaks, once it is known.
        results: by test name, in the order in which they ran.
        evidence: what was seen in each failed test, by its name.
        collected: the names of the tests by challenge, in their order.
        needs: what each test needs, by its name.
        errors: tracebacks of the grader's own failures.
        never_started: name of the test that found that the server does not start at all.
        no_dialect: why nobody can find out how the server speaks: it does not start.
    """

    seed: int
    launcher: Launcher | None = None
    own_launcher: bool = False
    dialect: Dialect | None = None
    results: dict[str, TestResult] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    collected: dict[str, list[str]] = field(default_factory=dict)
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    never_started: str | None = None
    no_dialect: Unmet | None = None

    def learn(self) -> Dialect:
        """Return how the server speaks, found out once.

        Raises:
            Unmet: the server does not come to listen; the same each time.
        """
        from autograder.failures import Unmet
        from autograder.learning import learn_dialect

        if self.no_dialect is not None:
            raise self.no_dialect
        if self.dialect is None:
            assert self.launcher is not None, "the fixture `launcher` sets it"
            try:
                self.dialect = learn_dialect(self.launcher)
            except Unmet as unmet:
                self.no_dialect = unmet
                raise
        return self.dialect

    def starts(self) -> bool:
        """Tell whether the server comes to listen."""
        from autograder.failures import Unmet

        with contextlib.suppress(Unmet):
            self.learn()
        return self.no_dialect is None

    def causes(self, name: str) -> list[str]:
        """Return the tests because of which the test `name` makes no sense."""
        return [
            need
            for need in self.needs[name]
            # where the grader failed nothing is known of the server, and nothing speaks against it
            if need in self.results and self.results[need].outcome in ("failed", "skipped")
        ]

    def merge(self, other: Run, challenges: Sequence[str]) -> None:
        """Take in the results of other challenges, as if all had run one after another here.

        Args:
            other: the run of the other part of the challenges, of the same server.
            challenges: all of them, in the order in which they would have run.
        """
        found = self.results | other.results
        stops = {self.never_started, other.never_started}
        self.never_started, self.results = None, {}
        self.collected |= other.collected
        self.needs |= other.needs
        self.evidence |= other.evidence
        self.errors += other.errors
        for name in (name for each in challenges for name in self.collected.get(each, [])):
            if name not in found:
                continue
            causes = [self.never_started] if self.never_started else self.causes(name)
            result = found[name]
            if causes and result.outcome != "error":
                result = _skipped(name, result.title, result.max_points, causes[0])
                self.evidence.pop(name, None)
            elif name in stops:
                self.never_started = name
            self.results[name] = result


def _skipped(
    name: str, title: str, points: float, because: str, seconds: float = 0.0
) -> TestResult:
    """Return the result of a test that was not tried."""
    from autograder.results import TestResult

    return TestResult(
        id=name,
        title=title,
        outcome="skipped",
        points=0.0,
        max_points=points,
        skipped_because=because,
        seconds=seconds,
    )


RUN = pytest.StashKey[Run]()
STARTED = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--server` and `--seed`."""
    group = parser.getgroup("chat server checks")
    group.addoption("--server", metavar="PATH", help="the chat server to check")
    group.addoption("--seed", type=int, help="draw the same names and texts as an earlier run")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and a run where none was given."""
    config.addinivalue_line(
        "markers", "story(title, points, needs): a test of a challenge (see autograder.story)"
    )
    if config.stash.get(RUN, None) is None:
        seed = config.getoption("--seed")
        config.stash[RUN] = Run(seed if seed is not None else secrets.randbelow(1_000_000))


def pytest_report_header(config: pytest.Config) -> str | None:
    """Show the seed."""
    return f"chat server checks: --seed {config.stash[RUN].seed}" if _server(config) else None


def _server(config: pytest.Config) -> str | None:
    server: str | None = config.getoption("--server")
    return server


@pytest.fixture(scope="session")
def launcher(pytestconfig: pytest.Config) -> Iterator[Launcher]:
    """What starts the server under test."""
    run = pytestconfig.stash[RUN]
    if run.launcher is None:
        from autograder.process import start_launcher
        from autograder.submission import read_server

        path = _server(pytestconfig)
        if path is None:
            raise pytest.UsageError("these tests need a server: --server path/to/server.py")
        run.launcher = start_launcher(read_server(path))
        run.own_launcher = True
    yield run.launcher
    if run.own_launcher:
        run.launcher.close()


@pytest.fixture
def open_room(pytestconfig: pytest.Config, launcher: Launcher) -> Iterator[OpenRoom]:
    """Opens rooms with more arguments of `Room`, such as `clock`; closes them after the test."""
    from autograder.room import Room

    dialect = pytestconfig.stash[RUN].learn()
    room = functools.partial(
        Room, launcher.submission, launcher=launcher, dialect=dialect, hurry=True
    )
    with contextlib.ExitStack() as rooms:
        yield lambda **more: rooms.enter_context(room(**more))


@pytest.fixture
def room(open_room: OpenRoom) -> Room:
    """A room with the server freshly started and nobody in it."""
    return open_room()


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> Cast:
    """Names and texts of this test alone, drawn from the run's seed."""
    from autograder.casting import Cast

    return Cast(request.config.stash[RUN].seed, request.node.name)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that makes no sense because of what has failed already."""
    marker = item.get_closest_marker("story")
    if marker is None:
        return
    item.stash[STARTED] = time.monotonic()
    run = item.config.stash[RUN]
    run.needs[item.name] = marker.kwargs["needs"]
    causes = [run.never_started] if run.never_started else run.causes(item.name)
    if causes:
        pytest.skip(causes[0])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn what a test raised into a result for people."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    marker = item.get_closest_marker("story")
    if marker is not None:
        run = item.config.stash[RUN]
        error = call.excinfo.value if call.excinfo is not None else None
        if report.when == "call" or error is not None:
            _record(run, item, marker, error, report)
    return report  # type: ignore[return-value]


def _record(
    run: Run,
    item: pytest.Item,
    marker: pytest.Mark,
    error: BaseException | None,
    report: pytest.TestReport,
) -> None:
    """Note the result of one test; `error` is what it raised, if it did."""
    from autograder.failures import STARTING, Unmet
    from autograder.i18n import _
    from autograder.results import TestResult

    name, title, points = item.name, marker.kwargs["title"], marker.kwargs["points"]
    facts = {
        "id": name,
        "title": _(title),
        "max_points": points,
        "seconds": round(time.monotonic() - item.stash[STARTED], 4),
    }
    if error is None:
        run.results[name] = TestResult(outcome="passed", points=points, **facts)
    elif isinstance(error, pytest.skip.Exception):
        run.results[name] = _skipped(name, _(title), points, str(error.msg), facts["seconds"])
    elif isinstance(error, Unmet):
        if error.cause in STARTING or error.starting:
            run.never_started = name
        run.results[name] = TestResult(
            outcome="failed",
            points=0.0,
            message=error.got or error.expected,
            tried=error.tried,
            expected=error.expected,
            got=error.got,
            recipe=error.recipe,
            diagram=error.diagram,
            output=error.output,
            **facts,
        )
        if error.evidence is not None:
            run.evidence[name] = error.evidence
        report.longrepr = str(error)
    elif isinstance(error, KeyboardInterrupt | pytest.exit.Exception):
        return
    else:
        run.errors.append("".join(traceback.format_exception(error)))
        run.results[name] = TestResult(
            outcome="error",
            points=0.0,
            message=_("The grader itself failed here: this says nothing about your server."),
            **facts,
        )
