"""What a teacher's notebook asks for: its marked cells, and the challenges that they name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from autograder.checking import UnknownChallenge, names_and_server, resolve

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

SCHEMA_VERSION = 3  # of the metadata that nbgrader 0.9 writes and reads


@dataclass(frozen=True)
class MarkedCell:
    """A cell that nbgrader knows, as the teacher released it.

    Args:
        grade_id: its name, none twice in a notebook.
        cell_type: "code" or "markdown".
        source: its text.
        checksum: nbgrader's, of that text and what it stands for.
        locked: whether students may not change it.
        grade: whether it is worth points.
        solution: whether it is the student's answer.
        task: whether a person grades it with a rubric.
        points: the most that it is worth.
    """

    grade_id: str
    cell_type: str
    source: str
    checksum: str = ""
    locked: bool = False
    grade: bool = False
    solution: bool = False
    task: bool = False
    points: float = 0.0

    @property
    def marks(self) -> dict[str, Any]:
        """What a notebook says of it in its metadata, in nbgrader's words."""
        marks: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "grade_id": self.grade_id,
            "grade": self.grade,
            "solution": self.solution,
            "locked": self.locked,
            "task": self.task,
            "checksum": self.checksum,
            "cell_type": self.cell_type,
        }
        return marks | ({"points": self.points} if self.grade or self.task else {})

    @property
    def tested(self) -> bool:
        """Whether a program gives its points, and not a person."""
        return self.grade and not self.solution and self.cell_type == "code"


@dataclass(frozen=True)
class Question:
    """What a tested cell asks for.

    Args:
        key: names of its notebook and of the cell.
        points: the most that it is worth.
        challenges: names of challenges, as `resolve` returns them.
        server: path of the server inside the submission, with "/".
    """

    key: tuple[str, str]
    points: float
    challenges: tuple[str, ...]
    server: str


@dataclass(frozen=True)
class Sheet:
    """The marked cells of one notebook of an assignment, from top to bottom."""

    notebook: str
    cells: tuple[MarkedCell, ...] = field(default=())

    @property
    def questions(self) -> tuple[Question, ...]:
        """What its tested cells ask for; those that ask for no check are left to a person."""
        found = ((cell, asked_by(cell.source)) for cell in self.cells if cell.tested)
        return tuple(
            Question((self.notebook, cell.grade_id), cell.points, *asked)
            for cell, asked in found
            if asked
        )


def asked_by(source: str) -> tuple[tuple[str, ...], str] | None:
    """Return the challenges and the server for which a cell calls `check`, None where it does not.

    The cell is read and never run: its call has to be made of plain texts.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "check"
    ]
    if len(calls) != 1:
        return None
    words = [word.value for word in calls[0].args if isinstance(word, ast.Constant)]
    texts = [word for word in words if isinstance(word, str)]
    if len(texts) != len(calls[0].args):
        return None
    names, server = names_and_server(texts)
    path = PurePosixPath(server)
    if path.is_absolute() or ".." in path.parts:
        return None
    try:
        return tuple(resolve(names)), path.as_posix()
    except UnknownChallenge:
        return None


def sheets_of(gradebook: Gradebook, assignment: str) -> Iterator[Sheet]:
    """Yield the sheets of an assignment, from what the gradebook kept when it was generated.

    Raises:
        nbgrader.api.MissingEntry: the gradebook does not know the assignment.
    """
    for notebook in gradebook.find_assignment(assignment).notebooks:
        graded = {cell.name: cell for cell in notebook.grade_cells}
        tasks = {cell.name: cell for cell in notebook.task_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        yield Sheet(
            notebook.name,
            tuple(
                MarkedCell(
                    grade_id=cell.name,
                    cell_type=cell.cell_type,
                    source=cell.source or "",
                    checksum=cell.checksum or "",
                    locked=bool(cell.locked),
                    grade=cell.name in graded,
                    solution=cell.name in solutions,
                    task=cell.name in tasks,
                    points=float((graded | tasks)[cell.name].max_score)
                    if cell.name in graded or cell.name in tasks
                    else 0.0,
                )
                for cell in notebook.source_cells
            ),
        )
