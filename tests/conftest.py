"""In CI nothing is left out: a run that skipped a test, or expected one to fail, has failed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.i18n import use_language

pytest.register_assert_rewrite("golden_file", "helpers", "kernels")  # to see what differs


class NothingLeftOut:
    """Turns a run red that would be green only because some of it did not run."""

    def __init__(self) -> None:
        self.left_out: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # An expected failure is reported as skipped too.
        if report.skipped:
            self.left_out.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.left_out.append(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear what a process beside this one has left out while it collected (pytest-xdist)."""
        told = getattr(node, "workeroutput", {}).get("left_out", [])
        self.left_out += [nodeid for nodeid in told if nodeid not in self.left_out]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):  # this is the process beside
            session.config.workeroutput["left_out"] = self.left_out
        if self.left_out and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.left_out:
            terminalreporter.section("left out, which CI forbids", red=True)
            for nodeid in self.left_out:
                terminalreporter.line(nodeid)


@pytest.fixture(autouse=True)
def _language_of_the_environment() -> Iterator[None]:
    """Let no test leave another one the language that its `--lang` chose."""
    yield
    use_language(None)


def pytest_configure(config: pytest.Config) -> None:
    # A shell's background job ignores Ctrl-C, and so would everything that the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.get("CI") not in (None, "", "0", "false"):
        config.pluginmanager.register(NothingLeftOut())
