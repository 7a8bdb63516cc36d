"""Grade what a class has handed in: checks side by side, the gradebook written by this process."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.batch import Processes, for_good, processes_ahead, progress, run_all
from autograder.checking import get_ready
from autograder.course.verdict import (
    Job,
    NoSandbox,
    Verdicts,
    check_submission,
    failed,
    require_sandbox,
)
from autograder.i18n import _, speaking
from autograder.lane import cores
from autograder.visible import visible

if TYPE_CHECKING:
    from autograder.course.converter import CheckedAutograde

CONFIG = "nbgrader_config.py"
SLOW = "rfc3987_syntax"
"""With this jsonschema could check a format that no notebook has. It makes a parser when it is
imported, which takes as long as all the rest of nbgrader."""


class CourseError(Exception):
    """The class cannot be graded; the text says why, in one sentence with a way out."""


@dataclass(frozen=True)
class Line:
    """What the teacher is told about one student.

    Args:
        student: the student's id.
        points, max_points: what the gradebook says; None where it has nothing.
        late: seconds after the due date.
        waiting: names of the cells that wait for a person.
        notes: what was wrong with the submission, for the student too.
        trouble: what the grader could not do.
    """

    student: str
    points: float | None
    max_points: float
    late: float = 0.0
    waiting: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    trouble: tuple[str, ...] = ()


@dataclass
class Summary:
    """What came of a run.

    Args:
        assignment: its name.
        graded: how many submissions were graded now.
        before: how many had been graded before, and did not change.
        lines: one for each student.
        isolation: the level of the sandbox of each server that was checked now.
    """

    assignment: str
    graded: int = 0
    before: int = 0
    lines: list[Line] = field(default_factory=list)
    isolation: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether the grader itself could do all that it should."""
        return not any(line.trouble for line in self.lines)


def grade_course(
    assignment: str,
    *,
    student: str = "*",
    again: bool = False,
    without_sandbox: bool = False,
    workers: int | None = None,
) -> Summary:
    """Grade an assignment of the course whose folder we are in.

    Args:
        assignment: its name.
        student: an id, or a pattern such as `a*`.
        again: whether to grade what has been graded, too.
        without_sandbox: whether a machine that has none may run students' programs.
        workers: how many processes check servers; None for one more than there are cores.

    Raises:
        CourseError: there is no course, no such assignment, or nothing has been handed in.
    """
    count = workers or cores() + 1  # because one often waits for its server
    # nbgrader takes more than a second to import: the processes get ready meanwhile
    with contextlib.chdir(_root(Path.cwd())), processes_ahead(count, get_ready) as processes:
        converter = _converter(assignment, student)
        converter.force = again
        converter.without_sandbox = converter.without_sandbox or without_sandbox
        with speaking(converter.language), _alone(converter), contextlib.closing(converter):
            return _grade(converter, count, processes)


def _grade(converter: CheckedAutograde, workers: int, processes: Processes) -> Summary:
    from nbgrader.converters.base import NbGraderException

    assignment = converter.coursedir.assignment_id
    try:
        require_sandbox(converter.without_sandbox)
        folders = converter.prepare()
    except (NbGraderException, NoSandbox) as error:
        raise CourseError(str(error)) from None
    todo = {str(folder): folder for folder in folders if converter.to_be_graded(folder)}
    summary = Summary(assignment, before=len(folders) - len(todo))
    trouble: dict[str, list[str]] = {}
    jobs = [converter.job(folder) for folder in todo.values()]
    title = _("Grading {name}").format(name=visible(assignment))
    with progress(len(jobs), title) as advance:
        for job, verdicts in _checked(jobs, workers, processes):
            folder = todo[job.folder]
            said = list(verdicts.trouble)
            summary.isolation += verdicts.isolation
            try:
                converter.grade(folder, verdicts)
                summary.graded += 1
            except Exception as error:  # one that cannot be written down stops nobody else
                said.append(_("It was not graded: {reason}").format(reason=_reason(error)))
            trouble[converter.student(folder)] = said
            advance(failed=bool(said))
    summary.lines = list(_lines(converter, folders, trouble))
    return summary


def _checked(
    jobs: Sequence[Job], workers: int, processes: Processes
) -> Iterator[tuple[Job, Verdicts]]:
    """Yield what came of each job; whatever happens to one is its own affair."""
    for job, outcome in run_all(check_submission, jobs, workers=workers, processes=processes):
        if outcome.value is not None:
            yield job, outcome.value
        else:
            assert outcome.error is not None
            text = _("The grader itself failed: {reason}").format(reason=_reason(outcome.error))
            yield job, failed(job.questions, text)


def _reason(error: BaseException) -> str:
    return visible(f"{type(error).__name__}: {error}".strip(": "), 300)


def _lines(
    converter: CheckedAutograde, folders: Sequence[Path], trouble: dict[str, list[str]]
) -> Iterator[Line]:
    """Yield what the gradebook and the graded notebooks say of each student."""
    from nbgrader.api import MissingEntry

    from autograder.course.notebook_intake import notes_in

    assignment, gradebook = converter.coursedir.assignment_id, converter.gradebook()
    gradebook.db.rollback()  # what nbgrader's own late penalties have written is seen
    possible = gradebook.find_assignment(assignment).max_score
    for folder in folders:
        student = converter.student(folder)
        said = tuple(trouble.get(student, ()))
        notes: list[str] = []
        for path in sorted(converter.published(student).glob("*.ipynb")):
            with contextlib.suppress(Exception):  # somebody changed it
                notes += notes_in(json.loads(path.read_bytes()))
        try:
            found = gradebook.find_submission(assignment, student)
        except MissingEntry:
            yield Line(student, None, possible, notes=tuple(notes), trouble=said)
            continue
        waiting = sorted(
            grade.name
            for notebook in found.notebooks
            for grade in notebook.grades
            if grade.needs_manual_grade
        )
        yield Line(
            student,
            max(0.0, found.score - (found.late_submission_penalty or 0.0)),
            possible,
            found.total_seconds_late,
            tuple(waiting),
            tuple(notes),
            said,
        )


def _root(start: Path) -> Path:
    """Return the folder of the course in which we are.

    Raises:
        CourseError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / CONFIG).is_file():
            return folder
    text = _("There is no {name} here: run this in the workbook's folder, which is the course.")
    raise CourseError(text.format(name=CONFIG))


def _converter(assignment: str, student: str) -> CheckedAutograde:
    """Return what grades, with the settings of the course whose folder we are in."""
    with for_good(), _without(SLOW):
        from nbgrader.apps.autogradeapp import AutogradeApp

        from autograder.course.converter import CheckedAutograde

    app: Any = AutogradeApp()
    app.log_level = "CRITICAL"  # what went wrong is in the summary, once
    try:
        app.initialize([])
    except SystemExit as error:
        raise CourseError(str(error)) from None
    app.log_level = "CRITICAL"  # the settings may say otherwise
    app.coursedir.assignment_id, app.coursedir.student_id = assignment, student
    return CheckedAutograde(coursedir=app.coursedir, parent=app)


@contextlib.contextmanager
def _without(module: str) -> Iterator[None]:
    """Let those who import `module` inside a `with` block find that it is not installed."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


@contextlib.contextmanager
def _alone(converter: CheckedAutograde) -> Iterator[None]:
    """Make sure that nobody else grades this course meanwhile (POSIX).

    Raises:
        CourseError: somebody does.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    place = Path(converter.coursedir.root, converter.coursedir.autograded_directory)
    place.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDONLY)  # the folder itself: nothing is left behind
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            text = _("This course is being graded just now: wait until that has ended.")
            raise CourseError(text) from None
        yield
    finally:
        os.close(handle)
