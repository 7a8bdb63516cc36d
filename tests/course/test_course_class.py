"""A class of thirty: what each gets, whoever sits beside them, and by whichever command."""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from class_of_thirty import ANSWER, CLASS, EMPTY_LINES, EMPTY_TREE, forged_outputs, untouched
from classroom import Course, cell_of, notebook
from helpers import PROJECT

POINTS = {student: what.points for student, what in CLASS.items()}


class Tags(HTMLParser):
    """Notes what of a page acts, or loads something."""

    def __init__(self) -> None:
        super().__init__()
        self.acting: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "form", "base", "link", "meta"):
            self.acting += [tag] if tag != "meta" or dict(attributes).keys() != {"charset"} else []
        for name, value in attributes:
            if name.startswith("on") or (
                name in ("src", "href", "xlink:href")
                and not (value or "").startswith(("#", "data:image/"))
            ):
                self.acting.append(f"{tag} {name}={value}")


def acting(html: str) -> list[str]:
    """Return what of a page acts, or needs a network."""
    tags = Tags()
    tags.feed(html)
    return tags.acting


@pytest.fixture(scope="session")
def graded(handed_in: Course) -> tuple[Course, str]:
    """The class after `autograder grade --course`, and what the teacher read."""
    return handed_in, handed_in.grade("timestamp")


@pytest.fixture(scope="session")
def with_feedback(graded: tuple[Course, str]) -> Course:
    """The class after `nbgrader generate_feedback`, too."""
    course, _said = graded
    course.nbgrader("generate_feedback", "timestamp")
    return course


def test_everybody_gets_what_their_servers_earn_and_cheating_earns_nothing(
    graded: tuple[Course, str],
) -> None:
    course, _said = graded
    assert course.scores("timestamp") == POINTS


def test_the_teacher_reads_one_line_about_each_broken_submission(
    graded: tuple[Course, str],
) -> None:
    _course, said = graded
    blocks = dict(re.findall(r"^  (\S+) +(\S.*(?:\n      .*)*)", said, re.MULTILINE))
    assert set(blocks) == set(CLASS)
    for student, what in CLASS.items():
        if what.note:
            assert f"! {what.note}" in blocks[student] or what.note in blocks[student], student
        else:
            assert "!" not in blocks[student], student
    assert "\x1b" not in said


def test_no_code_of_a_notebook_has_run(graded: tuple[Course, str]) -> None:
    course, _said = graded
    assert not list(course.home.parent.rglob("ran.txt"))


def fresh(place: Path, change: Callable[[Path], None]) -> Path:
    """Lay a fresh copy of the exercise into a folder, changed as somebody hands it in."""
    folder = place / "siti" / "submitted" / "timestamp"
    shutil.copytree(PROJECT / "exercises" / "en" / "timestamp", folder)
    change(folder)
    return folder


def marks(document: Any) -> dict[str, float]:
    """Return what nbgrader itself reads from the outputs of a notebook's graded code cells."""
    from nbgrader.utils import determine_grade

    graded = [cell_of(document, f"check-timestamp-{which}") for which in "ab"]
    return {cell.metadata.nbgrader.grade_id: determine_grade(cell)[0] for cell in graded}


FULL = {"check-timestamp-a": 8.0, "check-timestamp-b": 7.0}
NONE = {"check-timestamp-a": 0.0, "check-timestamp-b": 0.0}


def test_a_grader_that_believes_outputs_would_give_full_marks(tmp_path: Path) -> None:
    document = nbformat.read(fresh(tmp_path, forged_outputs) / "timestamp.ipynb", as_version=4)
    assert marks(document) == FULL

    for which in "ab":
        (output,) = cell_of(document, f"check-timestamp-{which}")["outputs"]
        output["data"]["text/plain"] = "0.0"
    assert marks(document) == NONE


@pytest.mark.parametrize(
    ("change", "expected"),
    [(untouched, NONE), (EMPTY_LINES, FULL), (EMPTY_TREE, FULL)],
    ids=["untouched", "empty-lines", "empty-tree"],
)
def test_a_grader_that_runs_notebooks_would_give_full_marks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    expected: dict[str, float],
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = fresh(tmp_path, change)
    document = nbformat.read(folder / "timestamp.ipynb", as_version=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nbgrader.preprocessors import Execute

        Execute().preprocess(document, {"metadata": {"path": str(folder)}})

    assert marks(document) == expected
    assert (folder / "ran.txt").exists() == (change is not untouched)


def test_what_a_person_has_to_read_waits_and_is_no_zero(graded: tuple[Course, str]) -> None:
    course, said = graded
    grades = course.grades("timestamp")
    waits = {student for student, cells in grades.items() if cells["answer"]["waits"]}
    assert waits == {
        *("right-1", "right-2", "right-3", "two-answers", "active-text"),
        *("no-answer", "no-json", "deep-json"),  # it may be there, where only a person finds it
    }
    assert re.search(r"right-1 +15 of 15 so far; waits for a person: answer", said)


def test_of_two_answers_the_one_that_says_something_counts(graded: tuple[Course, str]) -> None:
    course, _said = graded
    document = notebook(course.folder("autograded", "two-answers", "timestamp"))
    assert "".join(cell_of(document, "answer")["source"]) == ANSWER


def test_links_are_never_followed_and_not_copied(graded: tuple[Course, str]) -> None:
    course, _said = graded
    for student in ("linked-server", "linked-folder", "endless-file", "odd-names"):
        folder = course.folder("autograded", student, "timestamp")
        assert not [path for path in folder.rglob("*") if path.is_symlink()]
        assert not (folder / "notes.txt").exists()
    assert not (course.folder("autograded", "linked-server", "timestamp") / "folder_a").is_dir()


def test_an_unchanged_submission_is_not_graded_twice(graded: tuple[Course, str]) -> None:
    course, said = graded
    again = course.grade("timestamp")
    assert "isolation: bubblewrap." in said and "isolation" not in again
    assert f"{len(CLASS)} submissions, 0 graded now, {len(CLASS)} graded before" in again
    assert CLASS["no-server"].note in again  # what was wrong is still said


def test_nbgraders_own_command_gives_the_same(
    graded: tuple[Course, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    course, _said = graded
    plain = Course(tmp_path_factory.mktemp("plain"), "en")
    plain.nbgrader("generate_assignment", "timestamp")
    shutil.copytree(
        course.folder("submitted"),
        plain.folder("submitted"),
        symlinks=True,
        ignore=shutil.ignore_patterns("pipe.txt"),  # which copytree refuses
    )
    os.mkfifo(plain.folder("submitted", "endless-file", "timestamp") / "pipe.txt")
    plain.nbgrader("autograde", "timestamp")
    ours, theirs = course.grades("timestamp"), plain.grades("timestamp")
    assert theirs == ours
    for student in CLASS:
        documents = [
            notebook(each.folder("autograded", student, "timestamp")) for each in (course, plain)
        ]
        notes = [document["metadata"]["autograder"]["notes"] for document in documents]
        assert notes[0] == notes[1]


def test_feedback_says_what_was_wrong_and_nothing_in_it_acts(with_feedback: Course) -> None:
    for student, what in CLASS.items():
        page = with_feedback.folder("feedback", student, "timestamp") / "timestamp.html"
        html = page.read_text(encoding="utf-8")
        assert not acting(html), student
        assert str(with_feedback.root) not in html
        if what.note:
            assert "About what you handed in" in html, student


def test_what_acts_would_have_been_seen() -> None:
    assert acting("<p onclick=a()>") and acting("<script>") and acting("<img src=//x>")


def test_feedback_shows_the_report_with_its_diagram(with_feedback: Course) -> None:
    page = with_feedback.folder("feedback", "half-1", "timestamp") / "timestamp.html"
    html = page.read_text(encoding="utf-8")
    assert html.count('class="autograder-report"') == html.count("isolation: bubblewrap ·") == 2
    assert "<svg" in html
    assert "Score: 8.0 / 8.0" in html
    assert "Score: 0.0 / 7.0" in html
