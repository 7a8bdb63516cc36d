"""Take in a notebook that was handed in: the words are the student's, the marks are the teacher's.

Of a submitted notebook only the type and the text of each cell are kept, and pictures pasted into
an answer. Which cells are worth points, and what stands in those that are locked, comes from the
gradebook. Outputs and metadata that came with it count for nothing, and no code of it is run.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode, from_dict

from autograder.course.asked import MarkedCell, Sheet
from autograder.i18n import _, language
from autograder.visible import visible

MAX_BYTES = 20_000_000  # of one notebook; pictures pasted into an answer still fit
MAX_CELLS = 1000

NOTES_CELL = "autograder-notes"
"""The id of the cell at the top that tells the student what was wrong with the submission."""

_KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_HIDDEN = re.compile(
    r"^[^\n]*BEGIN (MARK SCHEME|HIDDEN TESTS).*?END \1[^\n]*(\n|\Z)", re.MULTILINE | re.DOTALL
)


@dataclass
class Taken:
    """A notebook as it was taken in.

    Args:
        notebook: clean, with the teacher's marks, and without any output.
        notes: what was wrong with it, a sentence each.
        to_read: names of the answers that a person has to look for.
    """

    notebook: NotebookNode
    notes: list[str] = field(default_factory=list)
    to_read: set[str] = field(default_factory=set)


class _Unreadable(Exception):
    """This is no notebook; the text says why, in one sentence."""


def take_in(data: bytes | None, sheet: Sheet) -> Taken:
    """Take in a notebook.

    Args:
        data: the file's bytes; None where there is no file.
        sheet: the marked cells that the notebook should have.

    Returns:
        a notebook that has each of them exactly once, whatever `data` is.
    """
    name = f"{sheet.notebook}.ipynb"
    taken = Taken(_notebook())
    cells: list[NotebookNode] = []
    if data is None:
        text = _("{name} is missing, so there is no written answer in it to read.")
        taken.notes.append(text.format(name=name))
    else:
        try:
            cells = _cells(data, name)
        except _Unreadable as error:
            taken.notes.append(str(error))
            taken.to_read |= {cell.grade_id for cell in sheet.cells if cell.solution}
    whole = bool(cells)
    taken.notebook.cells = _marked(cells, sheet, taken, whole)
    for number, cell in enumerate(taken.notebook.cells):
        cell["id"] = f"cell-{number}"  # a student's own may be there twice, or say anything
    return taken


def add_notes(notebook: NotebookNode, notes: Sequence[str]) -> None:
    """Put what was wrong with a submission at the top of its notebook, and into its metadata."""
    notebook.metadata["autograder"] = {"language": language(), "notes": list(notes)}
    if notes:
        head = _("About what you handed in:")
        text = "\n".join([f"**{head}**", "", *map(_item, notes)])
        cell = _markdown(text)
        cell["id"] = NOTES_CELL
        notebook.cells.insert(0, cell)


def notes_in(notebook: dict[str, Any]) -> list[str]:
    """Return the notes that `add_notes` has put into a notebook."""
    notes = notebook["metadata"].get("autograder", {}).get("notes", [])
    return [str(note) for note in notes]


def without_hidden(source: str) -> str:
    """Return a cell's text as students get it: without hidden tests and mark schemes."""
    return _HIDDEN.sub("", source).rstrip("\n")


def as_markdown(text: str) -> str:
    """Return `text` such that Markdown shows it letter by letter."""
    text = re.sub(r"([\\`*_\[\]#|~!$(){}])", r"\\\1", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _notebook() -> NotebookNode:
    """Return a new notebook; nbformat's own validates it, which is done once it has its cells."""
    major, minor = nbformat.current_nbformat, nbformat.current_nbformat_minor
    metadata = {"kernelspec": _KERNELSPEC, "language_info": {"name": "python"}}
    return from_dict(
        {"nbformat": major, "nbformat_minor": minor, "metadata": metadata, "cells": []}
    )


def _markdown(source: str) -> NotebookNode:
    """Return a new cell; see `_notebook`."""
    return NotebookNode(id="", cell_type="markdown", metadata=NotebookNode(), source=source)


def _code(source: str) -> NotebookNode:
    """Return a new cell; see `_notebook`."""
    cell = _markdown(source)
    return NotebookNode(cell, cell_type="code", execution_count=None, outputs=[])


def _item(note: str) -> str:
    return f"- {as_markdown(note)}"


def _cells(data: bytes, name: str) -> list[NotebookNode]:
    """Return the cells of a notebook file, as far as they can be trusted.

    Raises:
        _Unreadable: it is none.
    """
    if len(data) > MAX_BYTES:
        text = _("{name} is larger than {size} MB and was not read.")
        raise _Unreadable(text.format(name=name, size=MAX_BYTES // 1_000_000))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd about it is no concern of the teacher's
            document = json.loads(data)
            if not isinstance(document, dict) or not isinstance(document.get("nbformat"), int):
                raise ValueError
            if document["nbformat"] < nbformat.current_nbformat:
                document = nbformat.convert(nbformat.from_dict(document), nbformat.current_nbformat)
        cells = document["cells"]
        if not isinstance(cells, list):
            raise ValueError
    except Exception:  # whatever a stranger's file does to the libraries
        text = _("{name} is no notebook that can be read: save it again in JupyterLab.")
        raise _Unreadable(text.format(name=name)) from None
    if len(cells) > MAX_CELLS:
        text = _("{name} has more than {count} cells and was not read.")
        raise _Unreadable(text.format(name=name, count=MAX_CELLS))
    return [cell for cell in map(_clean, cells) if cell is not None]


def _clean(cell: Any) -> NotebookNode | None:
    """Return a new cell with the words of `cell` and nothing else of it; None if it has none."""
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    source = source.encode("utf-8", "replace").decode()  # no lone surrogates
    kind = cell.get("cell_type")
    if kind == "code":
        clean = _code(source)
    elif kind == "markdown":
        clean = _markdown(source)
        if pictures := _pictures(cell.get("attachments")):
            clean["attachments"] = pictures
    else:  # raw cells go into pages as they are: here they are only shown
        clean = _code(source)
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if isinstance(marks, dict) and isinstance(marks.get("grade_id"), str):
        clean.metadata["claims"] = marks
    return clean


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """Return what of a cell's attachments is a picture."""
    found: dict[str, dict[str, str]] = {}
    if not isinstance(attachments, dict):
        return found
    for name, versions in attachments.items():
        if not isinstance(versions, dict):
            continue
        for kind, data in versions.items():
            plain = isinstance(data, str) and re.fullmatch(r"[A-Za-z0-9+/=\s]*", data)
            if kind in ("image/png", "image/jpeg", "image/gif") and plain:
                found[str(name)] = {kind: data}
    return found


def _marked(
    cells: list[NotebookNode], sheet: Sheet, taken: Taken, whole: bool
) -> list[NotebookNode]:
    """Give the cells the teacher's marks: each marked cell is there once, as it was released.

    Args:
        whole: whether there was a notebook at all, so that it is worth telling what it lacks.
    """
    claims: dict[str, list[int]] = {}
    for place, cell in enumerate(cells):
        if (marks := cell.metadata.get("claims")) is not None:
            claims.setdefault(marks["grade_id"], []).append(place)
    chosen: dict[int, MarkedCell] = {}
    for marked in sheet.cells:
        places = claims.get(marked.grade_id, [])
        if len(places) > 1:
            text = _("The cell “{cell}” is there {count} times; one of them counts.")
            taken.notes.append(text.format(cell=visible(marked.grade_id), count=len(places)))
        if places:
            chosen[_best(places, cells, marked)] = marked
    result: list[NotebookNode] = []
    after: dict[str, int] = {}  # where to put what is missing
    for place, cell in enumerate(cells):
        claimed = cell.metadata.pop("claims", None)
        if place in chosen:
            marked = chosen[place]
            if _changed(cell, claimed, marked):
                text = _("The cell “{cell}” was changed; the teacher's counts.")
                taken.notes.append(text.format(cell=visible(marked.grade_id)))
            cell = _as_released(cell, marked)
            after[marked.grade_id] = len(result)
        result.append(cell)
    _add_missing(result, after, sheet, taken, whole)
    return result


def _best(places: list[int], cells: list[NotebookNode], marked: MarkedCell) -> int:
    """Return which of several copies of a cell counts: of an answer, the last that says anything"""
    if marked.solution:
        written = [place for place in places if cells[place].source != marked.source]
        return (written or places)[-1]
    return places[0]


def _changed(cell: NotebookNode, claimed: Any, marked: MarkedCell) -> bool:
    """Tell whether a student changed what was not theirs to change."""
    keys = ("grade", "solution", "locked", "task", "points")
    marks = marked.marks
    if any(key in claimed and claimed[key] != marks.get(key, claimed[key]) for key in keys):
        return True
    if cell.cell_type != marked.cell_type:
        return True
    released = without_hidden(marked.source)
    return marked.locked and cell.source.rstrip("\n") != released


def _as_released(cell: NotebookNode, marked: MarkedCell) -> NotebookNode:
    source = marked.source if marked.locked else cell.source
    new = _code(source) if marked.cell_type == "code" else _markdown(source)
    if not marked.locked and "attachments" in cell and marked.cell_type == "markdown":
        new["attachments"] = cell["attachments"]
    new.metadata["nbgrader"] = marked.marks
    return new


def _add_missing(
    cells: list[NotebookNode], after: dict[str, int], sheet: Sheet, taken: Taken, whole: bool
) -> None:
    """Put each marked cell that is not there behind the one that came before it."""
    place = -1
    for marked in sheet.cells:
        if marked.grade_id in after:
            place = after[marked.grade_id]
            continue
        place = place + 1 if place >= 0 else len(cells)
        empty = _markdown(marked.source)
        cells.insert(place, _as_released(empty, marked))
        after |= {name: at + 1 for name, at in after.items() if at >= place}
        after[marked.grade_id] = place
        if not whole:
            continue
        if marked.solution:
            taken.to_read.add(marked.grade_id)
            text = _(
                "The cell “{cell}” was deleted: a person looks whether its answer is elsewhere."
            )
        else:
            text = _("The cell “{cell}” was deleted and has been put back.")
        taken.notes.append(text.format(cell=visible(marked.grade_id)))
