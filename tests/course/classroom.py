"""A course in a folder of its own: its teacher, its students, and what is in its gradebook."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers import PROJECT

from autograder.sandbox import SWITCH

NBGRADER = Path(sys.executable).with_name("nbgrader")
COMMANDS = Path(__file__).with_name("nbgrader_commands.py")
LONGEST_SECONDS = 300


class Course:
    """A course, with an exchange and a home of its own.

    Args:
        folder: where; it is made.
        language: "id" or "en".
        gradebook: URL of the gradebook, where it is not to be the usual file.
    """

    def __init__(self, folder: Path, language: str, gradebook: str = "") -> None:
        self.root = folder / "checkout"
        self.language = language
        self.gradebook = gradebook
        self.without = ""  # parts of the autograder to do without
        self.exchange = folder / "exchange"
        self.home = folder / "home"
        for place in (self.root, self.exchange, self.home):
            place.mkdir(parents=True)
        shutil.copytree(PROJECT / "exercises", self.root / "exercises")
        shutil.copy(PROJECT / "nbgrader_config.py", self.root)

    @property
    def environment(self) -> dict[str, str]:
        """What the programs find in their environment: nothing of the person who runs the tests."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "PYTHONWARNINGS", "COURSE", "GRADEBOOK"))
        }
        kept |= {
            "HOME": str(self.home),
            "COURSE_LANG": self.language,
            "EXCHANGE_ROOT": str(self.exchange),
            "PYTHONPATH": str(PROJECT),
            "LC_ALL": "C.UTF-8",
            SWITCH: self.without,
            # as a person calls it who has not activated the environment
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }
        return kept | ({"GRADEBOOK_URL": self.gradebook} if self.gradebook else {})

    def run(self, *command: str | Path, cwd: Path | None = None, code: int = 0) -> str:
        """Run a program in the course's folder and return what it printed.

        Raises:
            AssertionError: it did not end with `code`.
        """
        done = subprocess.run(
            list(map(str, command)),
            cwd=cwd or self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=LONGEST_SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def nbgrader(self, *words: str | Path, cwd: Path | None = None, code: int = 0) -> str:
        """Run nbgrader itself, as a program."""
        return self.run(sys.executable, NBGRADER, *words, cwd=cwd, code=code)

    def all_of(self, commands: Sequence[tuple[Path, list[str]]]) -> None:
        """Run many of nbgrader's commands, each in its folder, in one process."""
        done = subprocess.run(
            [sys.executable, str(COMMANDS)],
            input=json.dumps([[str(folder), words] for folder, words in commands]),
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=LONGEST_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def grade(self, assignment: str, *words: str, code: int = 0) -> str:
        """Run `autograder grade --course`, and return what the teacher reads."""
        words = ("grade", "--course", "--assignment", assignment, *words)
        return self.run(sys.executable, "-m", "autograder.cli", *words, code=code)

    # -- folders -------------------------------------------------------------------------------

    def folder(self, step: str, student: str = ".", assignment: str = "") -> Path:
        """Return a folder of one of nbgrader's steps."""
        return self.root / "course" / self.language / step / student / assignment

    def desk(self, student: str) -> Path:
        """Return the folder in which a student works."""
        place = self.home.parent / "students" / student
        place.mkdir(parents=True, exist_ok=True)
        return place

    def hand_in(self, student: str, assignment: str) -> Path:
        """Put a copy of what was released among what was handed in, and return it."""
        place = self.folder("submitted", student, assignment)
        shutil.copytree(self.folder("release", assignment=assignment), place)
        return place

    # -- the gradebook -------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where the gradebook is."""
        usual = f"sqlite:///{self.root}/course/{self.language}/gradebook.db?timeout=60"
        return self.gradebook.replace("{language}", self.language) or usual

    @contextmanager
    def book(self) -> Iterator[Any]:
        """Open the gradebook."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from nbgrader.api import Gradebook

            gradebook = Gradebook(self.url, f"chat-{self.language}")
            try:
                yield gradebook
            finally:
                gradebook.close()
                gradebook.engine.dispose()

    def grades(self, assignment: str) -> dict[str, dict[str, dict[str, Any]]]:
        """Return all grades of an assignment, by student and cell."""
        with self.book() as book:
            return {
                submission.student_id: {
                    grade.name: {
                        "auto": grade.auto_score,
                        "manual": grade.manual_score,
                        "waits": grade.needs_manual_grade,
                        "score": grade.score,
                    }
                    for notebook in submission.notebooks
                    for grade in notebook.grades
                }
                for submission in book.assignment_submissions(assignment)
            }

    def scores(self, assignment: str) -> dict[str, float]:
        """Return what each student has."""
        return {
            student: sum(grade["score"] for grade in cells.values())
            for student, cells in self.grades(assignment).items()
        }

    def export(self) -> dict[tuple[str, str], dict[str, str]]:
        """Return the rows of `nbgrader export`, by assignment and student."""
        self.nbgrader("export")
        with (self.root / "grades.csv").open(encoding="utf-8", newline="") as file:
            return {(row["assignment"], row["student_id"]): row for row in csv.DictReader(file)}


def notebook(folder: Path) -> dict[str, Any]:
    """Return the one notebook in a folder."""
    (path,) = folder.glob("*.ipynb")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def write_notebook(folder: Path, document: object) -> None:
    """Write the one notebook in a folder."""
    (path,) = folder.glob("*.ipynb")
    path.chmod(0o644)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def cell_of(document: dict[str, Any], grade_id: str) -> dict[str, Any]:
    """Return the cell of that name."""
    (cell,) = [
        cell
        for cell in document["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    ]
    found: dict[str, Any] = cell
    return found
