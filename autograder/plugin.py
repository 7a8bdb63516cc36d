"""The pytest plugin: the stories of the challenges as ordinary tests, for one server.

    pytest autograder/challenges/test_lists.py --server path/to/server.py

A check runs the same stories without pytest (`autograder.checking`).
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from autograder.story import story_of

if TYPE_CHECKING:
    from autograder.casting import Cast
    from autograder.process import Launcher
    from autograder.room import OpenRoom, Room
    from autograder.run import Run
    from autograder.story import Story


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--server` and `--seed`."""
    group = parser.getgroup("chat server checks")
    group.addoption("--server", metavar="PATH", help="the chat server to check")
    group.addoption("--seed", type=int, help="draw the same names and texts as an earlier run")


SEED = pytest.StashKey[int]()
RUN = pytest.StashKey["Run"]()


def pytest_configure(config: pytest.Config) -> None:
    """Draw a seed where none is given."""
    seed: int | None = config.getoption("--seed")
    config.stash[SEED] = secrets.randbelow(1_000_000) if seed is None else seed


def pytest_report_header(config: pytest.Config) -> str | None:
    """Show the seed."""
    if config.getoption("--server") is None:
        return None
    return f"chat server checks: --seed {config.stash[SEED]}"


@pytest.fixture(scope="session")
def launcher(pytestconfig: pytest.Config) -> Iterator[Launcher]:
    """What starts the server under test."""
    from autograder.process import start_launcher
    from autograder.submission import read_server

    path: str | None = pytestconfig.getoption("--server")
    if path is None:
        raise pytest.UsageError("these tests need a server: --server path/to/server.py")
    launcher = start_launcher(read_server(path))
    launcher.load_clock()
    with contextlib.closing(launcher):
        yield launcher


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config, launcher: Launcher) -> Run:
    """The run to which the tests of this session belong."""
    from autograder.run import Run

    return pytestconfig.stash.setdefault(RUN, Run(pytestconfig.stash[SEED], launcher))


@pytest.fixture
def open_room(run: Run) -> Iterator[OpenRoom]:
    """Opens rooms with more arguments of `Room`, such as `clock`; closes them after the test."""
    with run.rooms() as open_room:
        yield open_room


@pytest.fixture
def room(open_room: OpenRoom) -> Room:
    """A room with the server freshly started and nobody in it."""
    return open_room()


@pytest.fixture
def cast(run: Run, request: pytest.FixtureRequest) -> Cast:
    """Names and texts of this test alone, drawn from the run's seed."""
    return run.cast(request.node.name)


def _story(item: pytest.Item) -> Story | None:
    return story_of(getattr(item, "function", None))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a story that makes no sense because of what has failed already."""
    story, run = _story(item), item.config.stash.get(RUN, None)
    if story is not None and run is not None and (causes := run.causes(story)):
        pytest.skip(causes[0])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Note what came of a story, and show a failure in its own words."""
    from autograder.failures import Unmet

    report: pytest.TestReport = yield  # type: ignore[assignment]
    story, run = _story(item), item.config.stash.get(RUN, None)
    error = call.excinfo.value if call.excinfo is not None else None
    if story is not None and run is not None and (report.when == "call" or error is not None):
        if isinstance(error, pytest.skip.Exception):
            run.note(story, None, [str(error.msg)])
        else:
            run.note(story, error)
    if isinstance(error, Unmet):
        report.longrepr = str(error)
    return report  # type: ignore[return-value]
