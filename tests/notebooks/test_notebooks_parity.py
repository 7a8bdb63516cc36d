"""Both editions are the same workbook: same cells, same code, prose in their own language."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from pages import ENGLISH, INDONESIAN, PAIRS, ROOT, Pair, source, tags

pytestmark = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)


def test_every_notebook_is_there_in_both_languages(pair: Pair) -> None:
    assert set(INDONESIAN) == set(ENGLISH)


def test_the_cells_have_the_same_ids_kinds_and_metadata(pair: Pair) -> None:
    def outline(cells: list[dict[str, object]]) -> list[tuple[object, ...]]:
        return [(cell["id"], cell["cell_type"], cell["metadata"]) for cell in cells]

    assert outline(pair.id.cells) == outline(pair.en.cells)
    assert pair.id.document["metadata"] == pair.en.document["metadata"]


def test_the_code_is_the_same_to_the_letter(pair: Pair) -> None:
    for one, other in zip(pair.id.cells, pair.en.cells, strict=True):
        if one["cell_type"] == "code" and "language" not in tags(one):
            assert source(one) == source(other), one["id"]


def test_one_cell_chooses_the_language_and_does_so_before_all_others(pair: Pair) -> None:
    for page in (pair.id, pair.en):
        code = [cell for cell in page.cells if cell["cell_type"] == "code"]
        assert [cell["id"] for cell in code if "language" in tags(cell)] == [code[0]["id"]]
        assert f'use_language("{page.language}")' in source(code[0])
    indonesian, english = (
        next(source(cell) for cell in page.cells if "language" in tags(cell))
        for page in (pair.id, pair.en)
    )
    assert indonesian.replace('"id"', '"en"') == english


def test_the_prose_has_the_same_build(pair: Pair) -> None:
    """Headings, items, rows, pictures and hints come in the same order in both languages."""
    marks = re.compile(
        r"^(#+) |^(\d+\.) |^(-) |^(\|)|(!\[)|(\]\()|(<details>)|^(```)", flags=re.MULTILINE
    )
    for (cell, one), (_cell, other) in zip(pair.id.prose, pair.en.prose, strict=True):
        assert marks.findall(one) == marks.findall(other), cell


def test_the_prose_is_not_left_untranslated(pair: Pair) -> None:
    for (cell, one), (_cell, other) in zip(pair.id.prose, pair.en.prose, strict=True):
        assert one != other, cell


def test_the_files_beside_an_exercise_are_the_same_but_for_their_comments(pair: Pair) -> None:
    if not pair.id.path.is_relative_to(ROOT / "exercises"):
        return

    def programs(folder: Path) -> dict[str, str]:
        return {
            path.relative_to(folder).as_posix(): without_comments(path)
            for path in sorted(folder.rglob("*.py"))
        }

    indonesian, english = programs(pair.id.path.parent), programs(pair.en.path.parent)
    assert indonesian
    assert indonesian == english


def without_comments(path: Path) -> str:
    """Return a program without its comments and docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)
