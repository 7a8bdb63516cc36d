"""Check one server against challenges: run their tests with pytest and gather the results."""

from __future__ import annotations

import contextlib
import difflib
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import i18n
from autograder.i18n import _
from autograder.proc import kernel_can_be_asked
from autograder.results import ChallengeResult, CheckResult, TestResult
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
) -> CheckResult:
    """Check a server.

    Args:
        challenges: names as `resolve` returns them.
        submission: the server.
        launcher: what starts it, if that is under way already; it is closed in any case.
        seed: what names and texts are drawn from; None for a new one.
        progress: told before each test.

    Returns:
        the results; a failure of the grader is among them and never raised.
    """
    started = time.monotonic()
    if seed is None:
        seed = secrets.randbelow(1_000_000)
    if launcher is None:
        from autograder.process import start_launcher

        launcher = start_launcher(submission)
    launcher.ahead = True
    isolation = launcher.sandbox.level
    try:
        results, errors = _run_tests(challenges, launcher, seed, progress)
    finally:
        launcher.close()
    return CheckResult(
        server=submission.path,
        language=i18n.language(),
        isolation=isolation,
        idle_oracle=kernel_can_be_asked(),
        seed=seed,
        seconds=round(time.monotonic() - started, 3),
        challenges=tuple(ChallengeResult(name, tuple(tests)) for name, tests in results.items()),
        error_file=_write_errors(errors) if errors else None,
    )


def _timestamp(run: Run) -> str:
    """Return the timestamp challenge that fits the server."""
    with contextlib.suppress(Exception):  # the first test meets it again, and tells of it
        if run.learn().form == TIME:
            return "timestamp_b"
    return "timestamp_a"


def _run_tests(
    challenges: Sequence[str], launcher: Launcher, seed: int, progress: Progress | None
) -> tuple[dict[str, list[TestResult]], list[str]]:
    """Run pytest in this process; return results by challenge, and the grader's own tracebacks."""
    import pytest

    from autograder.plugin import RUN, Run

    run = Run(seed, launcher)
    if EITHER_TIMESTAMP in challenges:
        fits = _timestamp(run)
        challenges = [fits if name == EITHER_TIMESTAMP else name for name in challenges]
    by_challenge: dict[str, list[str]] = {name: [] for name in challenges}

    class Gatherer:
        """Hands the run to the plugin, and follows it."""

        @pytest.hookimpl(tryfirst=True)
        def pytest_configure(self, config: pytest.Config) -> None:
            config.stash[RUN] = run

        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            self.count = len(items)
            self.number = 0
            for item in items:
                by_challenge[item.path.stem.removeprefix("test_")].append(item.name)

        def pytest_runtest_logstart(self, nodeid: str) -> None:
            self.number += 1
            if progress is not None:
                progress(self.number, self.count, nodeid.rpartition("::")[2])

        def pytest_internalerror(self, excrepr: object) -> bool:
            run.errors.append(str(excrepr))
            return True

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            if report.failed:
                run.errors.append(str(report.longrepr))

    arguments = [
        *(str(FOLDER / f"test_{name}.py") for name in by_challenge),
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
    if run.evidence:
        from autograder.misconceptions import name_misconceptions

        run.results = name_misconceptions(run.results, run.evidence)
    results: dict[str, list[TestResult]] = {}
    for challenge, names in by_challenge.items():
        results[challenge] = [run.results[name] for name in names if name in run.results]
        if not names or len(results[challenge]) != len(names):
            missing = sorted(set(names) - set(run.results))
            run.errors.append(f"challenge {challenge}: no result for {missing or 'any test'}")
    return results, run.errors


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
