"""The form of the notebooks: short cells, one title, nothing that leads nowhere, no outputs."""

from __future__ import annotations

import importlib.util
import json
import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from types import ModuleType

import nbformat
import pytest
from pages import EXERCISES, LESSONS, PAGES, ROOT, Page, source, tags, without_details, words_only

MOST_WORDS = 90  # "about 80" in a cell of prose; a hint may be unfolded besides
MOST_LINES = 15
GRADED = re.compile(r'report = check\("(\w+)", "(?:\w+/)?server\.py"\)\n')

every_page = pytest.mark.parametrize("page", PAGES, ids=str)


@every_page
def test_it_is_a_valid_notebook_of_format_4_5(page: Page) -> None:
    notebook = nbformat.read(page.path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"


@every_page
def test_it_is_committed_without_outputs(page: Page) -> None:
    for cell in page.cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], cell["id"]
            assert cell["execution_count"] is None, cell["id"]


@every_page
def test_its_file_is_written_so_that_a_diff_can_be_read(page: Page) -> None:
    text = page.path.read_text(encoding="utf-8")
    assert text == json.dumps(page.document, indent=1, ensure_ascii=False) + "\n"


@every_page
def test_its_cells_have_ids_that_say_what_they_are(page: Page) -> None:
    ids = [cell["id"] for cell in page.cells]
    assert len(set(ids)) == len(ids)
    for cell_id in ids:
        assert re.fullmatch(r"[a-z]+[a-z0-9]*(-[a-z0-9]+)*", cell_id), cell_id
        assert not re.fullmatch(r"[0-9a-f]{8}(-.*)?", cell_id), cell_id


@every_page
def test_it_has_one_title_and_skips_no_heading_level(page: Page) -> None:
    levels = [
        len(mark)
        for _cell, text in page.prose
        for mark in re.findall(r"^(#+) ", re.sub(r"```.*?```", "", text, flags=re.S), flags=re.M)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels))


@every_page
def test_its_cells_are_short(page: Page) -> None:
    for cell, text in page.prose:
        count = len(words_only(without_details(text)).split())
        assert count <= MOST_WORDS, f"{cell}: {count} words"
        for hint in re.findall(r"<details>.*?</details>", text, flags=re.DOTALL):
            assert len(words_only(hint).split()) <= MOST_WORDS, cell
    for cell, code in page.code.items():
        if not code.startswith("%%writefile "):  # a whole program, to be read
            assert len(code.splitlines()) <= MOST_LINES, cell


@every_page
def test_its_pictures_are_there_and_described(page: Page) -> None:
    for cell, text in page.prose:
        for alternative, target in re.findall(r"!\[([^]]*)\]\(([^)]*)\)", text):
            assert len(alternative.split()) >= 8, f"{cell}: too short to stand for the picture"
            assert (page.path.parent / target).is_file(), f"{cell}: {target}"


@every_page
def test_its_links_lead_somewhere(page: Page) -> None:
    for cell, text in page.prose:
        for words, target in re.findall(r"\[([^]]*)\]\(([^)]*)\)", text):
            assert words.strip(), cell
            assert target.strip(), cell
            assert not re.match(r"[a-z]+://|/", target), f"{cell}: {target} is not of this workbook"
            assert (page.path.parent / target.partition("#")[0]).exists(), f"{cell}: {target}"


@every_page
def test_its_hints_come_in_three_levels(page: Page) -> None:
    for cell, text in page.prose:
        levels = [int(at) for at in re.findall(r"<summary>[^<]*\b(\d):", text)]
        assert len(levels) == text.count("<details>") == text.count("</details>"), cell
        assert levels in ([], [1, 2, 3]), cell


@every_page
def test_a_prediction_is_followed_by_what_happens(page: Page) -> None:
    """Each cell with a guess comes right after the question and right before the run."""
    cells = page.cells
    for at, cell in enumerate(cells):
        if cell["cell_type"] == "code" and re.match(r"guess = ", source(cell)):
            question = source(cells[at - 1])
            assert {"id": "**Tebak dulu.**", "en": "**Guess first.**"}[page.language] in question
            assert "guess" in source(cells[at + 1]), cell["id"]


@pytest.mark.parametrize("page", LESSONS, ids=str)
def test_a_lesson_has_all_its_parts(page: Page) -> None:
    text = "\n".join(text for _cell, text in page.prose)
    parts = {
        "id": ("Waktu:", "Bekal:", "## Checkpoint", "## Pikirkan sejenak", "## Sekarang kamu bisa"),
        "en": ("Time:", "You need:", "## Checkpoint", "## Three questions", "## You can now"),
    }
    places = [text.find(part) for part in parts[page.language]]
    assert -1 not in places
    assert places == sorted(places)
    questions = next(text for cell, text in page.prose if cell == "questions")
    assert len(re.findall(r"^\d\. ", questions, flags=re.MULTILINE)) == 3
    assert f"steps-{page.path.name[:2]}-{page.language}.svg" in text


@pytest.mark.parametrize("page", EXERCISES, ids=str)
def test_an_exercise_can_be_handed_out_without_the_rest(page: Page) -> None:
    """A copy of the folder alone, such as a teacher releases, has no dead links."""
    for cell, text in page.prose:
        for target in re.findall(r"\]\(([^)]*)\)", text):
            assert ".." not in target, cell


@pytest.mark.parametrize("page", EXERCISES, ids=str)
def test_the_gaps_of_its_starter_are_numbered_as_its_tasks(page: Page) -> None:
    word = {"id": "TUGAS", "en": "TASK"}[page.language]
    prose = "\n".join(text for _cell, text in page.prose)
    tasks = re.findall(rf"\*\*{word} (\d)\.\*\*", prose)
    programs = "\n".join(
        path.read_text(encoding="utf-8") for path in page.path.parent.rglob("*.py")
    )
    assert tasks == sorted(set(tasks))
    assert set(re.findall(rf"# {word} (\d)", programs)) == set(tasks)
    assert set(re.findall(rf"<summary>{word} (\d),", prose)) <= set(tasks)


@pytest.mark.parametrize("page", EXERCISES, ids=str)
def test_the_graded_cells_are_as_nbgrader_wants_them(page: Page) -> None:
    answers = 0
    for cell in page.cells:
        marks = cell["metadata"].get("nbgrader")
        if marks is None:
            continue
        assert marks["schema_version"] == 3
        assert marks["grade_id"] == cell["id"]
        if marks["task"]:  # read by a person, with a rubric
            assert (marks["grade"], marks["solution"], marks["locked"]) == (False, False, True)
            assert marks["points"] > 0
            assert re.search(
                r"^=== BEGIN MARK SCHEME ===$.+^=== END MARK SCHEME ===$",
                source(cell),
                flags=re.MULTILINE | re.DOTALL,
            )
            continue
        assert marks["grade"] is True
        assert marks["task"] is False
        assert isinstance(marks["points"], int | float)
        if cell["cell_type"] == "code":
            assert marks["locked"] is True
            assert marks["solution"] is False
            assert cell["metadata"]["editable"] is False
            assert GRADED.match(source(cell))
            assert source(cell).endswith("\nreport.points")  # which nbgrader takes for the score
        else:
            assert (marks["locked"], marks["solution"]) == (False, True)
            answers += 1
    assert answers == 1


@pytest.mark.parametrize("page", EXERCISES, ids=str)
def test_the_graded_cells_are_worth_what_their_challenges_are_worth(page: Page) -> None:
    for cell in page.cells:
        match = GRADED.match(source(cell))
        if match and cell["cell_type"] == "code":
            challenge = ROOT / f"autograder/challenges/test_{match[1]}.py"
            stories = re.findall(r"\bpoints=([\d.]+)", challenge.read_text(encoding="utf-8"))
            worth = sum(map(float, stories))
            assert cell["metadata"]["nbgrader"]["points"] == worth > 0, match[1]


@every_page
def test_only_cells_that_are_meant_to_fail_may_fail(page: Page) -> None:
    for cell in page.cells:
        assert set(tags(cell)) <= {"language", "raises-exception"}, cell["id"]


def drawing_program() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "draw_steps", ROOT / "notebooks" / "pictures" / "draw_steps.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pictures_of_the_steps_are_those_that_the_program_draws() -> None:
    drawn = drawing_program().pictures()
    for name, svg in drawn.items():
        assert (ROOT / "notebooks" / "pictures" / name).read_text(encoding="utf-8") == svg


@pytest.mark.parametrize(
    "name", sorted(path.name for path in (ROOT / "notebooks" / "pictures").glob("*.svg"))
)
def test_a_picture_reads_the_same_on_a_light_and_on_a_dark_page(name: str) -> None:
    root = ElementTree.parse(ROOT / "notebooks" / "pictures" / name).getroot()
    paper = root[0]
    assert paper.tag.endswith("rect")
    assert paper.get("fill") == "#fdfdfb"
    size = [float(number) for number in root.get("viewBox", "").split()]
    assert float(paper.get("width", "0")) >= size[2] - 1
    assert float(paper.get("height", "0")) >= size[3] - 1


def test_the_broken_server_of_the_checkpoint_has_one_mistake() -> None:
    right = (ROOT / "reference/modul_contoh/server.py").read_text(encoding="utf-8").splitlines()
    broken = (ROOT / "notebooks/servers/broken_00.py").read_text(encoding="utf-8").splitlines()
    different = [(a, b) for a, b in zip(right, broken, strict=True) if a != b]
    assert different == [
        ("        for client in clients:", "        for client in clients[:1]:"),
    ]
