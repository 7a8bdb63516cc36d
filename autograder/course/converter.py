"""nbgrader's `Autograde` with our check in the place of a kernel.

The gradebook, late penalties, formgrader and feedback see what they always see: an autograded
notebook and a score for each of its cells. What a submission brings along is taken in by
`notebook_intake` and `files`, so that none can stop the others, or decide about its own points.
"""

from __future__ import annotations

import contextlib
import datetime
import glob
import os
import re
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode, from_dict
from nbgrader import converters, utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import api as nbgrader_api
from nbgrader.apps import autogradeapp
from nbgrader.converters.autograde import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
from nbgrader.preprocessors.base import NbGraderPreprocessor
from sqlalchemy.exc import SAWarning
from traitlets import Bool, List, Unicode

from autograder.course.asked import Sheet, sheets_of
from autograder.course.files import (
    TIMESTAMP,
    BadFile,
    copy_inside,
    read_inside,
    timestamp_inside,
)
from autograder.course.notebook_intake import MAX_BYTES, add_notes, take_in
from autograder.course.verdict import Job, NoSandbox, Verdicts, check_submission, require_sandbox
from autograder.i18n import LANGUAGES, _, language, speaking

Processed = tuple[NotebookNode, dict[str, Any]]


def put_into_nbgrader() -> None:
    """Let `nbgrader autograde` and formgrader use `CheckedAutograde`.

    nbgrader has an option for each of its plugins, but none for this class. What it could be
    given instead, a list of preprocessors, comes too late: files that are links have been followed
    by then, and a notebook that cannot be read has ended the run.
    """
    # Of nbgrader's own, with SQLAlchemy 2.1: what is not added there is added a line later.
    warnings.filterwarnings("ignore", "Object of type .* not in session", SAWarning)
    for module in (converters, nbgrader_api, autogradeapp):
        module.Autograde = CheckedAutograde


class OpenGradebook(Gradebook):
    """A gradebook that stays open, and can write down many changes in one go.

    To open it takes longer than to write a submission down, and so does each commit to a disk.
    """

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Let commits wait until the end, or never happen if there is an exception."""
        self.db.rollback()  # what somebody else has written meanwhile is seen
        self.db.commit = self.db.flush
        try:
            yield
        except BaseException:
            self.db.rollback()
            raise
        finally:
            del self.db.commit
        self.db.commit()


@dataclass
class Passed:
    """What goes to the preprocessors with a notebook, as `resources["autograder"]`.

    Args:
        gradebook: where the points go.
        notebook: its name.
        verdicts: what the check found.
        notes: what was wrong with the submission.
        to_read: names of the cells that wait for a person.
    """

    gradebook: OpenGradebook
    notebook: str
    verdicts: Verdicts
    notes: list[str]
    to_read: set[str]


class WriteVerdicts(NbGraderPreprocessor):
    """Takes the place of `Execute`: writes what the check found below the graded cells.

    The last output of a cell is a number, which nbgrader takes for its points. What has no number
    is graded by a person: it is noted in `resources`, because nbgrader would give it full marks.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> Processed:
        """Write the outputs of all cells, and the notes at the top."""
        course: Passed = resources["autograder"]
        for cell in nb.cells:
            marks = cell.metadata.get("nbgrader", {})
            if cell.cell_type != "code" or not marks.get("grade") or marks.get("solution"):
                continue
            verdict = course.verdicts.cells.get((course.notebook, marks["grade_id"]))
            if verdict is None or verdict.points is None:
                course.to_read.add(marks["grade_id"])
            if verdict is None:  # a cell of the teacher's own that asks for no check
                continue
            shown = {"text/html": verdict.html, "text/plain": verdict.text}
            cell.outputs = [_output("display_data", shown)]
            if verdict.points is not None:
                number = {"text/plain": repr(float(verdict.points))}
                cell.outputs.append(_output("execute_result", number, execution_count=None))
        add_notes(nb, course.notes)
        return nb, resources


class SaveVerdicts(SaveAutoGrades):
    """Saves the points, and sees to it that what nobody has read yet waits for a person."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> Processed:
        """Save the scores of all cells in the gradebook."""
        course: Passed = resources["autograder"]
        self._to_read = course.to_read
        self.gradebook = course.gradebook
        self.notebook_id = course.notebook
        self.assignment_id = resources["nbgrader"]["assignment"]
        self.student_id = resources["nbgrader"]["student"]
        with course.gradebook.at_once():
            # not SaveAutoGrades', which opens the gradebook anew
            return NbGraderPreprocessor.preprocess(self, nb, resources)

    def _grade_of(self, cell: NotebookNode) -> Any:
        name = cell.metadata.nbgrader["grade_id"]
        return self.gradebook.find_grade(
            name, self.notebook_id, self.assignment_id, self.student_id
        )

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        if cell.metadata.nbgrader["grade_id"] not in self._to_read:
            super()._add_score(cell, resources)
            return
        grade = self._grade_of(cell)
        grade.auto_score, grade.needs_manual_grade = None, True
        self.gradebook.db.commit()

    def _add_comment(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        marks = cell.metadata.nbgrader
        comment = self.gradebook.find_comment(
            marks["grade_id"], self.notebook_id, self.assignment_id, self.student_id
        )
        as_given = marks.get("checksum") == utils.compute_checksum(cell)
        # nbgrader says "No response.", in English alone
        comment.auto_comment = _("No answer.") if as_given and not utils.is_task(cell) else None
        self.gradebook.db.commit()

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> Processed:
        """Save the score of one cell."""
        if utils.is_task(cell):  # nbgrader would not ask for a second look at a new submission
            self._grade_of(cell).needs_manual_grade = True
            self.gradebook.db.commit()
        return super().preprocess_cell(cell, resources, cell_index)


class LatePenalties(AssignLatePenalties):
    """Assigns late penalties as nbgrader does, and is quick where there is none."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> Processed:
        """Assign the penalty, or take an earlier one back."""
        course: Passed = resources["autograder"]
        student, assignment = (resources["nbgrader"][key] for key in ("student", "assignment"))
        submission = course.gradebook.find_submission(assignment, student)
        notebook = course.gradebook.find_submission_notebook(course.notebook, assignment, student)
        if not submission.total_seconds_late and notebook.late_submission_penalty is None:
            return nb, resources
        return super().preprocess(nb, resources)


class CheckedAutograde(Autograde):
    """Grades what was handed in for an assignment by checking its servers."""

    language = Unicode("", help="The language of the reports: id or en.").tag(config=True)

    without_sandbox = Bool(
        False,
        help="Whether to run students' programs on a machine that has no sandbox for them.",
    ).tag(config=True)

    # not nbgrader's CheckCellMetadata: the marks of all cells are the teacher's, from the gradebook
    autograde_preprocessors = List([WriteVerdicts, SaveVerdicts, LatePenalties]).tag(config=True)

    def __init__(self, coursedir: Any = None, **options: Any) -> None:
        super().__init__(coursedir=coursedir, **options)
        self.sheets: dict[str, Sheet] = {}
        self._open: OpenGradebook | None = None
        self._known: dict[str, Verdicts] = {}  # by the folder of the submission
        self._verdicts = Verdicts()
        self._notes: list[str] = []
        if self.language not in LANGUAGES:
            self.language = language()

    # -- what there is to do ------------------------------------------------------------------

    def start(self) -> None:
        """Grade whatever has not been graded yet, one submission after another.

        Raises:
            NbGraderException: some could not be graded; the log says which.
        """
        try:
            require_sandbox(self.without_sandbox)
        except NoSandbox as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from None
        with contextlib.closing(self):
            super().start()

    def prepare(self) -> list[Path]:
        """Get ready for `grade`, and return the folders of all submissions, by student.

        Raises:
            NbGraderException: nobody has handed in anything, or the assignment is not known.
        """
        self.init_notebooks()
        self.exporter = self.exporter_class(parent=self, config=self.config)
        folders = [Path(folder) for folder in sorted(self.assignments)]
        for folder in folders:
            self._clear(self.coursedir.assignment_id, self.student(folder))
        return folders

    def init_notebooks(self) -> None:
        """Find the submissions: a notebook that is missing is no reason to leave one out."""
        assignment = self.coursedir.assignment_id
        try:
            found = sheets_of(self.gradebook(), assignment)
            self.sheets = {sheet.notebook: sheet for sheet in found}
        except MissingEntry:
            self.sheets = {}
        if not self.sheets:
            self._give_up(
                _(
                    "The gradebook knows no assignment “{name}”: first run"
                    " `nbgrader generate_assignment {name}`."
                ).format(name=ascii(assignment)[1:-1])
            )
        self.assignments = {
            str(folder): [str(folder / f"{name}.ipynb") for name in self._wanted()]
            for folder in self._folders()
        }
        if not self.assignments:
            place = self._format_source(assignment, self.coursedir.student_id)
            self._give_up(_("Nothing has been handed in: there is no {place}.").format(place=place))

    def _wanted(self) -> list[str]:
        return [name for name in self.sheets if fnmatchcase(name, self.coursedir.notebook_id)]

    def _folders(self) -> Iterator[Path]:
        assignment = self.coursedir.assignment_id
        for found in sorted(glob.glob(self._format_source(glob.escape(assignment), "*"))):
            folder = Path(found)
            student = self.student(folder)
            if not student.isprintable() or folder.is_symlink() or folder.parent.is_symlink():
                self.log.warning("Not the folder of a student: %s", ascii(found))
            elif fnmatchcase(student, self.coursedir.student_id) and folder.is_dir():
                yield folder

    def student(self, folder: Path) -> str:
        """Return whose submission a folder is."""
        pattern = self._format_source(
            re.escape(self.coursedir.assignment_id), "(?P<student>.*)", escape=True
        )
        match = re.fullmatch(pattern, str(folder), re.DOTALL)
        assert match is not None, folder
        return match["student"]

    def _give_up(self, why: str) -> None:
        self.log.error(why)
        raise NbGraderException(why)

    @property
    def _url(self) -> str:
        """Where the gradebook is, and how long to wait while somebody else writes to it."""
        url: str = self.coursedir.db_url
        return f"{url}?timeout=60" if re.fullmatch(r"sqlite:///[^?]+", url) else url

    def gradebook(self) -> OpenGradebook:
        """Return the gradebook, which stays open until `close`."""
        if self._open is None:
            self._open = OpenGradebook(self._url, self.coursedir.course_id)
        return self._open

    def close(self) -> None:
        """Close the gradebook; the next that needs it opens it again."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def job(self, folder: Path) -> Job:
        """Return what there is to check of a submission."""
        questions = [
            question for name in self._wanted() for question in self.sheets[name].questions
        ]
        return Job(str(folder), tuple(questions), self.language, self.without_sandbox)

    def published(self, student: str) -> Path:
        """Return where a student's graded submission is, once it is."""
        assignment = self.coursedir.assignment_id
        step = self.coursedir.autograded_directory
        return Path(self.coursedir.format_path(step, student, assignment))

    def to_be_graded(self, folder: Path) -> bool:
        """Tell whether a submission has not been graded, or was handed in again since."""
        student = self.student(folder)
        if student in self.coursedir.student_id_exclude.split(","):
            return False
        done = self.published(student)
        if self.force or not all((done / f"{name}.ipynb").exists() for name in self._wanted()):
            return True
        new, old = _when(folder), _when(done)
        return new is not None and (old is None or new > old)

    # -- one submission -----------------------------------------------------------------------

    def grade(self, folder: Path, verdicts: Verdicts) -> None:
        """Write down what a check of a submission found: its notebook, and the gradebook.

        Killed in the middle, it can be done again, and nothing that a person wrote is lost.
        """
        assignment, student = self.coursedir.assignment_id, self.student(folder)
        self._known[str(folder)] = verdicts
        self.notebooks = self.assignments[str(folder)]
        try:
            self.init_assignment(assignment, student)
            for notebook in self.notebooks:
                self.convert_single_notebook(notebook)
            self.set_permissions(assignment, student)
        finally:
            self._clear(assignment, student)

    def _format_dest(self, assignment_id: str, student_id: str, escape: bool = False) -> str:
        """Return where a submission is graded: what is half done is nowhere to be seen."""
        return self.coursedir.format_path(
            self.coursedir.autograded_directory, f".{student_id}", assignment_id, escape=escape
        )

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Tell whether there is something to do."""
        folder = Path(self._format_source(assignment_id, student_id))
        return self.to_be_graded(folder)

    def _clear(self, assignment: str, student: str) -> None:
        """Remove what is half done, now or by a run that was killed."""
        place = Path(self._format_dest(assignment, student))
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(_before(place), ignore_errors=True)
        with contextlib.suppress(OSError):  # there is something else in it
            place.parent.rmdir()

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Enter a submission into the gradebook, and lay its files out."""
        folder = Path(self._format_source(assignment_id, student_id))
        known = self._known.pop(str(folder), None)
        self._verdicts = check_submission(self.job(folder)) if known is None else known
        with speaking(self.language):
            self._notes = []
            when = self._when(folder)
            self._enter(assignment_id, student_id, when)
            self._clear(assignment_id, student_id)
            target = Path(self._format_dest(assignment_id, student_id))
            target.mkdir(parents=True)
            given = self._copy_teachers_files(assignment_id, target)
            if when is None:
                given.add(TIMESTAMP)
            self._notes += copy_inside(folder, target, self.coursedir.ignore, given)
        self._notes += [note for note in self._verdicts.notes if note not in self._notes]

    def _when(self, folder: Path) -> datetime.datetime | None:
        """Return when a submission was handed in, None where that is not known."""
        try:
            return timestamp_inside(folder)
        except BadFile as bad:
            if str(bad) not in self._notes:
                self._notes.append(str(bad))
            return None

    def _enter(self, assignment: str, student: str, when: datetime.datetime | None) -> None:
        known = {} if when is None else {"timestamp": when}
        gradebook = self.gradebook()
        with gradebook.at_once():
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(assignment, student, **known)

    def _copy_teachers_files(self, assignment: str, target: Path) -> set[str]:
        """Copy the files that students were given and should not change; return their paths."""
        source = Path(self.coursedir.format_path(self.coursedir.source_directory, ".", assignment))
        theirs = {question.server for sheet in self.sheets.values() for question in sheet.questions}
        theirs |= set(self.exclude_overwriting.get(assignment, []))
        copied = set()
        for file in utils.find_all_files(str(source), [*self.coursedir.ignore, "*.ipynb"]):
            path = Path(os.path.relpath(file, source)).as_posix()
            if path not in theirs:
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target / path)
                copied.add(path)
        return copied

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Take a notebook in, write below its cells what the check found, and save the scores."""
        resources = self.init_single_notebook_resources(notebook_filename)
        resources["nbgrader"]["db_url"] = self._url
        name = resources["nbgrader"]["notebook"]
        with speaking(self.language):
            notes = list(self._notes)
            try:
                data = read_inside(Path(notebook_filename).parent, f"{name}.ipynb", MAX_BYTES + 1)
            except BadFile as bad:
                data = None
                if str(bad) not in notes:
                    notes.append(str(bad))
            taken = take_in(data, self.sheets[name])
            resources["autograder"] = Passed(
                self.gradebook(), name, self._verdicts, taken.notes + notes, taken.to_read
            )
            graded = self._processed(taken.notebook, resources)
        nbformat.validate(graded)
        target = self._format_dest(
            resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        )
        text = nbformat.v4.writes(graded)  # `nbformat.writes` would validate it once more
        Path(target, f"{name}.ipynb").write_text(f"{text}\n", encoding="utf-8")

    def _processed(self, notebook: NotebookNode, resources: dict[str, Any]) -> NotebookNode:
        """Return what the preprocessors make of a notebook.

        The exporter would run them, too, on the third of four copies that it makes.
        """
        self.exporter._preprocessors = []
        for preprocessor in self.autograde_preprocessors:
            self.exporter.register_preprocessor(preprocessor)
        for preprocessor in self.exporter._preprocessors:
            notebook, resources = preprocessor(notebook, resources)
        return notebook

    def set_permissions(self, assignment_id: str, student_id: str) -> None:
        """Set the permissions of a graded submission, and put it where everybody looks for it."""
        super().set_permissions(assignment_id, student_id)
        done = self.published(student_id)
        fresh = Path(self._format_dest(assignment_id, student_id))
        done.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            done.rename(_before(fresh))
        fresh.rename(done)  # killed before this, it is graded once more
        self._clear(assignment_id, student_id)


def _output(kind: str, data: dict[str, str], **more: None) -> NotebookNode:
    """Return a new output; nbformat's own validates each, which is done once for the notebook."""
    return from_dict({"output_type": kind, "data": data, "metadata": {}, **more})


def _before(fresh: Path) -> Path:
    """Return where the last version of a submission is put while a new one takes its place."""
    return fresh.with_name(f"{fresh.name}.old")


def _when(folder: Path) -> datetime.datetime | None:
    with contextlib.suppress(BadFile):
        return timestamp_inside(folder)
    return None
