"""The starters: each passes what came before, fails what it is for, and can be solved."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from exercise_solutions import SOLUTIONS, Edits
from pages import LANGUAGES, Page, source

from autograder.checking import resolve, run_check
from autograder.starters import EXERCISES
from autograder.submission import read_server

BASICS = ["threading", "broadcast", "lists"]
EARLIER = {
    "timestamp": BASICS,
    "username": BASICS,
    "pm": [*BASICS, "username"],
    "admin": [*BASICS, "username", "pm"],
}
FILES = [(exercise, file) for exercise, files in SOLUTIONS.items() for file in files]

every_file = pytest.mark.parametrize(("exercise", "file"), FILES, ids="-".join)


def text_of(exercise: str, file: str, language: str = "id") -> str:
    return (EXERCISES / language / exercise / file).read_text(encoding="utf-8")


def own_challenges(exercise: str, file: str) -> list[str]:
    """Return the challenges for which the notebook gives points, for one of its files."""
    page = Page(EXERCISES / "id" / exercise / f"{exercise}.ipynb", "id")
    found = [
        re.match(rf'report = check\("(\w+)", "{re.escape(file)}"\)', source(cell))
        for cell in page.cells
        if cell["metadata"].get("nbgrader", {}).get("grade")
    ]
    return [match[1] for match in found if match]


def solved(program: str, edits: Edits) -> str:
    for old, new in edits:
        assert program.count(old) == 1, old
        program = program.replace(old, new)
    return program


def earned(program: str, challenges: list[str], folder: Path) -> dict[str, bool]:
    """Tell of each challenge whether a server gets full marks in it."""
    server = folder / "server.py"
    server.write_text(program, encoding="utf-8")
    result = run_check(resolve(challenges), read_server(str(server)))
    assert result.error_file is None
    return {each.name: each.points == each.max_points for each in result.challenges}


def test_every_exercise_is_looked_at_here() -> None:
    for language in LANGUAGES:
        folders = {folder.name for folder in (EXERCISES / language).iterdir() if folder.is_dir()}
        assert folders == {*SOLUTIONS, "modul_contoh", "project"}


@every_file
def test_an_untouched_starter_fails_its_own_challenges_alone(
    exercise: str, file: str, tmp_path: Path
) -> None:
    own = own_challenges(exercise, file)
    assert own
    marks = earned(text_of(exercise, file), EARLIER[exercise] + own, tmp_path)
    assert marks == {**dict.fromkeys(EARLIER[exercise], True), **dict.fromkeys(own, False)}


@every_file
def test_a_solved_starter_gets_full_marks_in_everything(
    exercise: str, file: str, tmp_path: Path
) -> None:
    challenges = EARLIER[exercise] + own_challenges(exercise, file)
    program = solved(text_of(exercise, file), SOLUTIONS[exercise][file])
    assert earned(program, challenges, tmp_path) == dict.fromkeys(challenges, True)


@every_file
def test_the_solution_fits_the_english_starter_too(exercise: str, file: str) -> None:
    solved(text_of(exercise, file, "en"), SOLUTIONS[exercise][file])


@pytest.mark.parametrize(
    ("exercise", "file", "forgotten"),
    [(*place, at) for place in FILES for at in range(len(SOLUTIONS[place[0]][place[1]]))],
)
def test_no_gap_can_be_left_open(exercise: str, file: str, forgotten: int, tmp_path: Path) -> None:
    edits = SOLUTIONS[exercise][file]
    program = solved(text_of(exercise, file), edits[:forgotten] + edits[forgotten + 1 :])
    assert not all(earned(program, own_challenges(exercise, file), tmp_path).values())


def test_the_project_begins_with_a_server_that_passes_all_earlier_checks(tmp_path: Path) -> None:
    marks = earned(text_of("project", "server.py"), ["all"], tmp_path)
    assert set(marks) >= {*EARLIER["admin"], "timestamp_b", "list", "kick"}
    assert all(marks.values()), marks


def test_no_starter_lacks_a_function_of_the_one_before() -> None:
    functions = re.compile(r"^def (\w+)", flags=re.MULTILINE)
    for before, after in pairwise(["username", "pm", "admin", "project"]):
        kept = set(functions.findall(text_of(before, "server.py")))
        assert kept <= set(functions.findall(text_of(after, "server.py")))
