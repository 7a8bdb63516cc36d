"""The parts of which grading a course is made, each by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import PROJECT

from autograder.course.asked import MarkedCell, Question, Sheet, asked_by
from autograder.course.files import BadFile, copy_inside, read_inside, server_inside
from autograder.course.grading import SLOW
from autograder.course.notebook_intake import add_notes, as_markdown, notes_in, take_in
from autograder.course.verdict import Job, check_submission, failed
from autograder.results import ChallengeResult, CheckResult, TestResult

CHECK = 'report = check("pm", "server.py")\ndisplay(report)\nreport.points'
SHEET = Sheet(
    "pm",
    (
        MarkedCell("check-pm", "code", CHECK, "1", locked=True, grade=True, points=20.0),
        MarkedCell("answer", "markdown", "Here.", "2", grade=True, solution=True),
        MarkedCell("by-hand", "code", "assert tries > 3", "3", locked=True, grade=True, points=5.0),
    ),
)


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        (CHECK, (("pm",), "server.py")),
        ('check("list", "kick", "sub/server.py")', (("list", "kick"), "sub/server.py")),
        ('check("pm")', (("pm",), "server.py")),
        ('check("pm", seed=3)', (("pm",), "server.py")),
        ("check(name)", None),
        ('check("pm", *more)', None),
        ('check("nosuch")', None),
        ('check("pm", "../other/server.py")', None),
        ('check("pm", "/etc/server.py")', None),
        ('check("pm")\ncheck("list")', None),
        ("assert tries > 3", None),
        ("check(", None),
        ("(" * 5000, None),
    ],
)
def test_what_a_cell_asks_for_is_read_and_not_run(source: str, asked: Any) -> None:
    assert asked_by(source) == asked


def test_a_cell_that_calls_no_check_is_no_question() -> None:
    assert [question.key for question in SHEET.questions] == [("pm", "check-pm")]


def notebook(*cells: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells} | more
    ).encode()


def cell(source: str, grade_id: str = "", kind: str = "code", **more: Any) -> dict[str, Any]:
    marks = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    return {"cell_type": kind, "source": source, "metadata": marks} | more


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"nbformat": 4}',
        b'{"nbformat": 4, "cells": 7}',
        b'{"nbformat": 3, "worksheets": [7]}',
        b'{"nbformat": 4, "cells": [7, {}, {"source": 7}, {"source": [7], "cell_type": []}]}',
        notebook(cell(CHECK, "check-pm", metadata={"nbgrader": {"grade_id": {}}})),
        notebook(
            cell("\ud800", "answer", "markdown", attachments={"a": {"text/html": "<script>"}})
        ),
        notebook(*[cell("x")] * 2000),
    ],
)
def test_whatever_is_handed_in_each_marked_cell_is_there_once(data: bytes | None) -> None:
    taken = take_in(data, SHEET)
    marks = [each.metadata.get("nbgrader", {}).get("grade_id") for each in taken.notebook.cells]
    assert sorted(name for name in marks if name) == ["answer", "by-hand", "check-pm"]
    sources = {
        each.metadata["nbgrader"]["grade_id"]: each.source
        for each in taken.notebook.cells
        if "nbgrader" in each.metadata
    }
    assert sources["check-pm"] == CHECK
    import nbformat

    nbformat.validate(nbformat.from_dict(json.loads(nbformat.writes(taken.notebook))))


def test_an_old_notebook_is_read_too() -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {},
        "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1", "outputs": []}]}],
    }
    taken = take_in(json.dumps(old).encode(), SHEET)
    assert taken.notebook.cells[0].source == "x = 1"


def test_only_words_and_pictures_are_taken_in() -> None:
    picture = {
        "a.png": {"image/png": "aGk=", "text/html": "<script>"},
        "b.svg": {"image/svg+xml": "x"},
    }
    data = notebook(
        cell("a", "answer", "markdown", attachments=picture),
        cell("b", outputs=[{"output_type": "stream", "name": "stdout", "text": "20"}]),
        cell("<script>", kind="raw"),
        metadata={"widgets": {}, "title": "<script>"},
    )
    taken = take_in(data, SHEET)
    answer = next(each for each in taken.notebook.cells if each.source == "a")
    assert answer.attachments == {"a.png": {"image/png": "aGk="}}
    assert set(taken.notebook.metadata) == {"kernelspec", "language_info"}
    assert all(each.cell_type != "raw" for each in taken.notebook.cells)
    assert not any(each.get("outputs") for each in taken.notebook.cells)


def test_what_is_missing_comes_after_what_was_before_it() -> None:
    data = notebook(cell("a"), cell(CHECK, "check-pm"), cell("b"))
    taken = take_in(data, SHEET)
    assert [each.source for each in taken.notebook.cells] == [
        *("a", CHECK, "Here.", "assert tries > 3", "b")
    ]
    assert taken.to_read == {"answer"}


def test_notes_are_shown_letter_by_letter() -> None:
    taken = take_in(b"", SHEET)
    evil = "<b>*x*</b> [a](javascript:b) `c` & \\"
    add_notes(taken.notebook, [evil])
    assert notes_in(taken.notebook) == [evil]
    assert as_markdown(evil) in taken.notebook.cells[0].source
    assert "<b>" not in taken.notebook.cells[0].source


# -- files ----------------------------------------------------------------------------------------


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir(), inside.mkdir()
    (outside / "server.py").write_text("secret")
    (inside / "server.py").symlink_to(outside / "server.py")
    (inside / "folder").symlink_to(outside)
    (inside / "here.py").symlink_to(inside / "server.py")
    os.mkfifo(inside / "pipe.py")
    for path in ("server.py", "folder/server.py", "here.py", "pipe.py"):
        with pytest.raises(BadFile):
            read_inside(inside, path, 100)
    assert read_inside(inside, "missing/server.py", 100) is None
    notes = copy_inside(inside, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert len(notes) == 4


def test_what_is_said_of_a_server_names_no_folder_of_the_teachers(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_bytes(b"\0")
    with pytest.raises(BadFile) as caught:
        server_inside(tmp_path, "server.py")
    assert str(tmp_path) not in str(caught.value)
    assert "server.py" in str(caught.value)


def test_a_copy_has_an_end(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(600):
        (source / f"{number}.txt").touch()
    with (source / "0big.txt").open("wb") as file:
        file.truncate(30_000_000)
    deep = source / "/".join(["d"] * 40)
    deep.mkdir(parents=True)
    (deep / "x.txt").touch()
    notes = copy_inside(source, tmp_path / "copy")
    assert len([path for path in (tmp_path / "copy").rglob("*") if path.is_file()]) == 500
    assert len(notes) == 2


# -- verdicts -------------------------------------------------------------------------------------


def result(*outcomes: str) -> CheckResult:
    tests = tuple(
        TestResult(str(at), "t", outcome, 4.0 if outcome == "passed" else 0.0, 4.0)  # type: ignore[arg-type]
        for at, outcome in enumerate(outcomes)
    )
    challenges = (ChallengeResult("pm", tests),)
    return CheckResult("server.py", "en", "bubblewrap", True, 1, 0.1, challenges)


@pytest.mark.parametrize(
    ("outcomes", "worth", "points"),
    [
        (["passed", "passed"], 8.0, 8.0),
        (["passed", "failed"], 8.0, 4.0),
        (["failed", "skipped"], 8.0, 0.0),
        (["passed", "failed"], 20.0, 10.0),  # a teacher's own points: the same share
        (["passed", "failed", "failed"], 10.0, 3.33),
        (["passed", "error"], 8.0, None),
        ([], 8.0, None),
    ],
)
def test_a_cell_gets_its_share_and_no_number_after_a_grader_error(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    outcomes: list[str],
    worth: float,
    points: float | None,
) -> None:
    (tmp_path / "server.py").write_text("x = 1")
    checked: list[list[str]] = []

    def run_check(names: list[str], _submission: object) -> CheckResult:
        checked.append(names)
        return result(*outcomes)

    monkeypatch.setattr("autograder.course.verdict.run_check", run_check)
    questions = (Question(("pm", "a"), worth, ("pm",), "server.py"),) * 2
    verdicts = check_submission(Job(str(tmp_path), questions, "en", without_sandbox=True))
    assert verdicts.cells["pm", "a"].points == points
    assert checked == [["pm"]]  # one check for each server, however many cells ask for it


def test_a_grader_that_failed_gives_no_points() -> None:
    verdicts = failed(SHEET.questions, "why")
    assert [verdict.points for verdict in verdicts.cells.values()] == [None]
    assert verdicts.trouble == ("why",)


def test_workers_need_not_load_nbgrader() -> None:
    code = "import sys, autograder.course.verdict; sys.exit('nbgrader' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_takes_long_to_import_and_no_notebook_needs_is_not_imported() -> None:
    code = f"""
import os, sys
os.chdir({str(PROJECT)!r})
from autograder.course import grading
grading._converter("pm", "*")
assert "jsonschema" in sys.modules and grading.SLOW not in sys.modules
import {SLOW}  # it is there for whoever wants it
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
