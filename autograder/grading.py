"""Grade many submissions: each once, its result on disk as soon as it is known.

What is graded here is other people's code, so a sandbox is asked for, and nothing is graded in a
weaker one than that.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import traceback
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from autograder import sandbox
from autograder.batch import Advance, Processes, run_all
from autograder.i18n import _, speaking
from autograder.intake import HandedIn, Student
from autograder.sandbox import Level
from autograder.store import Store, key_of, version_of_checks, write_whole
from autograder.submission import BadServer, Submission

LEVELS: tuple[Level, ...] = get_args(Level)
"""Levels of isolation, the strongest first."""

State = Literal["graded", "refused", "error"]


class NotIsolated(Exception):
    """A submission may not run here: the sandbox that was asked for cannot be had."""


@dataclass(frozen=True)
class Settings:
    """How submissions are graded; a result is that of its settings, too.

    Args:
        challenges: names as `checking.resolve` returns them.
        language: "id" or "en".
        isolation: the weakest level that will do.
        sandboxed: False for the level "process" even where a stronger one could be had.
        seed: what names and texts are drawn from; None for new ones with each check.
    """

    challenges: tuple[str, ...]
    language: str
    isolation: Level = "bubblewrap"
    sandboxed: bool = True
    seed: int | None = None

    def key(self, submission: Submission) -> str:
        """Return the key of the result of `submission`."""
        words = (submission.name, self.language, str(self.sandboxed), str(self.seed))
        return key_of(submission.files, version_of_checks(), *words, *self.challenges)


@dataclass(frozen=True)
class Task:
    """One submission to check."""

    key: str
    submission: Submission
    settings: Settings


@dataclass(frozen=True)
class Checked:
    """What came of one task.

    Args:
        result: the JSON document of the check.
        page: the report as a page.
        error: the grader's own tracebacks, "" where there are none.
    """

    result: dict[str, Any]
    page: str
    error: str


@dataclass(frozen=True)
class Row:
    """What became of one submission.

    Args:
        name: what it is called.
        student: who handed it in.
        state: whether there is a result.
        key: of its result; those who handed in the same share it. "" if it was refused.
        reason: why there is no result, a sentence.
    """

    name: str
    student: Student
    state: State
    key: str = ""
    reason: str = ""


def isolation_here() -> tuple[Level, str]:
    """Return the strongest level of this machine, and why there is no stronger one."""
    found, why = sandbox.probe()
    return found.level, why


def is_enough(level: str, wanted: Level) -> bool:
    """Tell whether `level` isolates as well as `wanted`, or better."""
    return level in LEVELS and LEVELS.index(level) <= LEVELS.index(wanted)


def check(task: Task) -> Checked:
    """Check one submission; this runs in a worker.

    Raises:
        NotIsolated: the machine has no sandbox as strong as the settings ask for.
    """
    from autograder.checking import run_check
    from autograder.process import start_launcher
    from autograder.report_html import page

    settings = task.settings
    level, why = isolation_here() if settings.sandboxed else ("process", "")
    if not is_enough(level, settings.isolation):
        raise NotIsolated(f"{level}: {why}")
    with speaking(settings.language):
        launcher = start_launcher(task.submission, None if settings.sandboxed else sandbox.plain())
        result = run_check(settings.challenges, task.submission, launcher, seed=settings.seed)
        if not is_enough(result.isolation, settings.isolation):
            raise NotIsolated(result.isolation)
        error = ""
        if result.error_file is not None:  # on this machine, which may be far from the teacher's
            error = Path(result.error_file).read_text(encoding="utf-8")
            with contextlib.suppress(OSError):
                os.unlink(result.error_file)
            result = dataclasses.replace(result, error_file=f"{ERRORS}/{task.key}.txt")
        return Checked(result.to_json(), page(result), error)


RESULTS, REPORTS, ERRORS = "results", "reports", "errors"
"""Folders of a run's output, each with a file of each result's key."""


@dataclass
class Grading:
    """One run over many submissions.

    Args:
        folder: where results go, and where those of earlier runs are.
        settings: how to grade.
        rerun: whether to grade anew what has a result already.
    """

    folder: Path
    settings: Settings
    rerun: bool = False
    rows: list[Row] = field(default_factory=list)
    """What became of each submission, in the order in which they were handed in."""
    reused: int = 0
    """How many results are those of earlier runs."""

    @property
    def store(self) -> Store:
        """The results."""
        return Store(self.folder / RESULTS)

    def run(
        self,
        handed_in: Iterable[HandedIn],
        advance: Advance,
        *,
        workers: int | None = None,
        executor: Executor | None = None,
        processes: Processes | None = None,
    ) -> None:
        """Grade what was handed in.

        Args:
            advance: called for each submission when it is done.
            workers, executor, processes: as in `batch.run_all`.

        Raises:
            batch.WorkersLost: nobody is left to do the work; what is done is kept.
        """
        done: dict[str, str] = {}  # the keys of all that have an end, and "" or why without result
        tasks = self._tasks(handed_in, done, advance)
        checks = run_all(check, tasks, workers=workers, executor=executor, processes=processes)
        with contextlib.closing(checks):  # so that no worker works on for nobody
            for task, outcome in checks:
                done[task.key] = ""
                if outcome.value is None:
                    assert outcome.error is not None
                    done[task.key] = self._fail(task.key, outcome.error)
                else:
                    self._keep(task.key, outcome.value)
                advance(failed=outcome.value is None)
        for at, row in enumerate(self.rows):
            if reason := done.get(row.key):
                self.rows[at] = dataclasses.replace(row, state="error", reason=reason)

    def _tasks(
        self, handed_in: Iterable[HandedIn], done: dict[str, str], advance: Advance
    ) -> Iterator[Task]:
        """Yield what has to be checked, and note what becomes of everything."""
        begun: set[str] = set()
        for one in handed_in:
            try:
                submission = one.read()
            except BadServer as error:
                self.rows.append(Row(one.name, one.student, "refused", reason=str(error)))
                advance(failed=True)
                continue
            key = self.settings.key(submission)
            self.rows.append(Row(one.name, one.student, "graded", key))
            if key in begun or self._has(key):
                self.reused += key not in begun
                begun.add(key)
                done.setdefault(key, "")
                advance()
                continue
            begun.add(key)
            # its result is for all who handed in the same, wherever it lay
            submission = dataclasses.replace(submission, path=submission.name)
            yield Task(key, submission, self.settings)

    def _has(self, key: str) -> bool:
        """Tell whether an earlier run has graded this, well enough."""
        if self.rerun:
            return False
        result = self.store.read(key)
        if result is None or result.get("error_file"):
            return False
        return is_enough(result.get("isolation", ""), self.settings.isolation)

    def _keep(self, key: str, checked: Checked) -> None:
        page = checked.page.encode("utf-8", "backslashreplace")
        write_whole(self.folder / REPORTS / f"{key}.html", page)
        if checked.error:
            self._write_error(key, checked.error)
        self.store.write(key, checked.result)  # the last: what has a result has everything

    def _fail(self, key: str, error: BaseException) -> str:
        """Keep why there is no result, and return it in a sentence."""
        self._write_error(key, "".join(traceback.format_exception(error)))
        if isinstance(error, NotIsolated):
            text = _("The machine that should check it has no sandbox ({reason}).")
            return text.format(reason=error)
        text = _("The grader itself failed, which is not the student's fault. Details: {path}")
        return text.format(path=f"{ERRORS}/{key}.txt")

    def _write_error(self, key: str, error: str) -> None:
        data = error.encode("utf-8", "backslashreplace")
        write_whole(self.folder / ERRORS / f"{key}.txt", data)

    def results(self, rows: Sequence[Row] | None = None) -> Iterator[tuple[Row, dict[str, Any]]]:
        """Yield each row with its result, {} where it has none."""
        for row in self.rows if rows is None else rows:
            result = self.store.read(row.key) if row.state == "graded" else None
            yield row, result or {}
