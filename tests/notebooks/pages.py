"""The notebooks as the tests see them: which belong together, and what is in their cells."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LANGUAGES = ("id", "en")
SCRATCH = "work"  # the folder beside a lesson into which its cells may write

Cell = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """One notebook in one language."""

    path: Path
    language: str

    @property
    def document(self) -> dict[str, Any]:
        """The notebook as it stands in its file."""
        document: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return document

    @property
    def cells(self) -> list[Cell]:
        """Its cells, from top to bottom."""
        cells: list[Cell] = self.document["cells"]
        return cells

    @property
    def prose(self) -> list[tuple[str, str]]:
        """Id and text of each markdown cell."""
        return [
            (cell["id"], source(cell)) for cell in self.cells if cell["cell_type"] == "markdown"
        ]

    @property
    def code(self) -> dict[str, str]:
        """The code cells by their ids."""
        return {cell["id"]: source(cell) for cell in self.cells if cell["cell_type"] == "code"}

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Pair:
    """The same notebook in both languages."""

    name: str
    id: Page
    en: Page


def _paths(language: str) -> dict[str, Path]:
    lessons = (ROOT / "notebooks" / language).glob("*.ipynb")
    exercises = ROOT / "exercises" / language
    return {
        **{path.name.partition("-")[0]: path for path in sorted(lessons)},
        **{
            path.relative_to(exercises).as_posix(): path
            for path in sorted(exercises.glob("*/*.ipynb"))
        },
    }


INDONESIAN, ENGLISH = _paths("id"), _paths("en")
PAIRS = [
    Pair(name, Page(INDONESIAN[name], "id"), Page(ENGLISH[name], "en"))
    for name in INDONESIAN
    if name in ENGLISH
]
PAGES = [page for pair in PAIRS for page in (pair.id, pair.en)]
LESSONS = [page for page in PAGES if page.path.is_relative_to(ROOT / "notebooks")]
EXERCISES = [page for page in PAGES if page.path.is_relative_to(ROOT / "exercises")]


def source(cell: Cell) -> str:
    """Return the text of a cell."""
    return "".join(cell["source"])


def tags(cell: Cell) -> list[str]:
    """Return the tags of a cell."""
    found: list[str] = cell["metadata"].get("tags", [])
    return found


def words_only(markdown: str) -> str:
    """Return what a person reads of a markdown cell, without code, tables, links and pictures."""
    text = re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)
    text = re.sub(r"^\|.*\|$", "", text, flags=re.MULTILINE)
    text = re.sub(r"!\[[^]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]*`", "x", text)
    return re.sub(r"</?[a-z]+>", " ", text)


def without_details(markdown: str) -> str:
    """Return a markdown cell without what a reader has to unfold first."""
    return re.sub(r"<details>.*?</details>", "", markdown, flags=re.DOTALL)


def copy_checkout(target: Path) -> Path:
    """Copy what the notebooks need to `target`, so that running them leaves the project alone."""
    ignore = shutil.ignore_patterns(SCRATCH, "__pycache__", ".ipynb_checkpoints")
    for folder in ("notebooks", "exercises", "reference"):
        shutil.copytree(ROOT / folder, target / folder, ignore=ignore)
    return target
