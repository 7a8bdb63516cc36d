"""The class's points as CSV, in which what nobody has read yet is not to be taken for 0."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score", "needs_manual_grade"),
)
"""Those of nbgrader's own export, and one with the cells that wait for a person."""


class Export(ExportPlugin):
    """Writes what nbgrader's own export writes, and which cells nobody has read yet."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the points of all students, or of those that were asked for."""
        path = self.to or "grades.csv"
        self.log.info("Exporting grades to %s", path)
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for assignment in gradebook.assignments:
                if not self.assignment or assignment.name in self.assignment:
                    writer.writerows(self._rows(gradebook, assignment))

    def _rows(self, gradebook: Gradebook, assignment: Any) -> Iterator[dict[str, object]]:
        students = {str(name) for name in self.student}
        for student in gradebook.students:
            if students and student.id not in students:
                continue
            row: dict[str, object] = {
                "assignment": assignment.name,
                "duedate": assignment.duedate,
                "student_id": student.id,
                "last_name": student.last_name,
                "first_name": student.first_name,
                "email": student.email,
                "max_score": assignment.max_score,
            }
            try:
                found = gradebook.find_submission(assignment.name, student.id)
            except MissingEntry:  # nothing was handed in: nbgrader counts that as 0
                row |= {"raw_score": 0.0, "late_submission_penalty": 0.0, "score": 0.0}
            else:
                penalty = found.late_submission_penalty
                row |= {
                    "timestamp": found.timestamp,
                    "raw_score": found.score,
                    "late_submission_penalty": penalty,
                    "score": max(0.0, found.score - (penalty or 0.0)),
                    "needs_manual_grade": " ".join(
                        sorted(
                            grade.name
                            for notebook in found.notebooks
                            for grade in notebook.grades
                            if grade.needs_manual_grade
                        )
                    ),
                }
            yield {name: _harmless(value) for name, value in row.items()}


def _harmless(value: object) -> object:
    """Return text that a spreadsheet does not take for a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
