"""Courses that several tests look at; what is changed in one is copied before."""

from __future__ import annotations

import sys

import pytest
from class_of_thirty import CLASS
from classroom import Course

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nbgrader's exchange needs POSIX")


@pytest.fixture(scope="session")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """An English course in which thirty students have handed in the exercise timestamp."""
    course = Course(tmp_path_factory.mktemp("thirty"), "en")
    course.nbgrader("generate_assignment", "timestamp")
    for student, what in CLASS.items():
        what.change(course.hand_in(student, "timestamp"))
    return course
