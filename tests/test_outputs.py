"""What a run hands on: for spreadsheets, for Moodle, for CI, for Gradescope, for programs."""

import csv
import dataclasses
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import xmlschema
from classes import KEYS, run_with
from report_examples import HOSTILE, all_passed, hostile, some_failed

from autograder import report_html, report_text
from autograder.course.grading import Summary
from autograder.course.summary import render
from autograder.grade_command import told
from autograder.grading import REPORTS, Row
from autograder.i18n import speaking
from autograder.intake import Student
from autograder.outputs import cell, write_outputs

SCHEMA = Path(__file__).with_name("junit.xsd")
SITI = Student("Siti Aminah", "100001", "siti@example.com", "moodle")


@pytest.fixture
def mixed(tmp_path):
    """A run in which everything happens, and its document."""
    grading = run_with(
        tmp_path,
        Row("Siti Aminah", SITI, "graded", KEYS[0]),
        Row("budi", Student(), "graded", KEYS[1]),
        Row("dewi", Student(), "refused", reason="dewi holds no server.py."),
        Row("eko", Student("Eko", "7", platform="gradescope"), "error", KEYS[2], "It failed."),
        results=[all_passed(), some_failed()],
    )
    return tmp_path, write_outputs(grading)


def table(path):
    """Return a CSV file as dicts, and see that a spreadsheet would find the same columns in all."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert all(len(row) == len(head) for row in rows)
    return [dict(zip(head, row, strict=True)) for row in rows]


# -- results.json ----------------------------------------------------------------------------------


def test_json_tells_everything_but_what_the_reports_say(mixed):
    folder, document = mixed
    siti, budi, dewi, eko = document["submissions"]

    assert json.loads((folder / "results.json").read_text(encoding="utf-8")) == document
    assert (document["schema"], document["language"]) == (1, "en")
    assert siti["student"] == {
        "name": "Siti Aminah",
        "number": "100001",
        "email": "siti@example.com",
        "platform": "moodle",
    }
    assert (siti["points"], siti["max_points"], siti["passed"], siti["failed"]) == (20, 20, 2, [])
    assert budi["challenges"]["broadcast"] == {"points": 3.5, "max_points": 9}
    assert budi["failed"] == ["test_everybody", "test_burst"]
    assert (budi["skipped"], budi["grader_errors"]) == (1, 1)
    assert budi["misconceptions"] == ["broadcast.skips"]
    assert budi["isolation"] == "bubblewrap" and budi["seed"] == 42
    assert dewi == {
        "name": "dewi",
        "student": {"name": "", "number": "", "email": "", "platform": ""},
        "state": "refused",
        "reason": "dewi holds no server.py.",
    }
    assert eko["state"] == "error" and eko["error_file"] == f"errors/{KEYS[2]}.txt"


# -- the level of the sandbox ----------------------------------------------------------------------

# Moodle's worksheet is not among them: its columns are given, and its feedback is the student's.
REPORTS_WITH_LEVEL = {
    "check": "isolation: {level} ·",
    "check --json": '"isolation": "{level}"',
    "check --html": "isolation: {level} ·",
    "notebook and feedback": "isolation: {level} ·",
    "grade": "Isolation: {level}\n",
    "grade --course": "isolation: {level}.",
    "index.html": "Isolation: {level} ·",
    "results.json": '"isolation": "{level}"',
    "results.csv": ",{level},",
    "junit.xml": '<property name="isolation" value="{level}" />',
    "gradescope/siti.json": "Isolation: {level}. Seed",
    f"{REPORTS}/{KEYS[0]}.html": "isolation: {level} ·",
}


@pytest.mark.parametrize("level", ["bubblewrap", "process"])
@pytest.mark.parametrize("report", REPORTS_WITH_LEVEL)
def test_the_level_in_force_stands_in_every_report(tmp_path, report, level):
    result = dataclasses.replace(all_passed(), isolation=level)
    grading = run_with(tmp_path, Row("siti", SITI, "graded", KEYS[0]), results=[result])
    document = write_outputs(grading)
    with speaking("en"):
        texts = {
            "check": lambda: report_text.render(result),
            "check --json": lambda: json.dumps(result.to_json()),
            "check --html": lambda: report_html.page(result),
            "notebook and feedback": lambda: report_html.render(result),
            "grade": lambda: told(document, grading),
            "grade --course": lambda: render(Summary("pm", 1, isolation=[level])),
        }
        text = texts[report]() if report in texts else (tmp_path / report).read_text("utf-8")

    assert REPORTS_WITH_LEVEL[report].format(level=level) in text


# -- results.csv -----------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each(mixed):
    folder, _document = mixed
    siti, budi, dewi, eko = table(folder / "results.csv")

    assert (siti["submission"], siti["points"], siti["threading"]) == ("Siti Aminah", "20", "5")
    assert siti["email"] == "siti@example.com" and siti["state"] == "graded"
    assert (budi["points"], budi["max_points"], budi["broadcast"]) == ("8.5", "14", "3.5")
    assert budi["state"] == "grader error", "a part of it could not be graded"
    assert budi["isolation"] == "bubblewrap" and budi["report"] == f"reports/{KEYS[1]}.html"
    assert (dewi["state"], dewi["points"]) == ("refused", "")
    assert (eko["state"], eko["reason"]) == ("grader error", "It failed.")


def test_excel_takes_it_for_utf_8(mixed):
    assert (mixed[0] / "results.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    "text",
    ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "|x", "%x",
     "＝1", "＋1", "－1", "＠1"],
)  # fmt: skip
def test_nothing_in_a_cell_is_calculated(text):
    assert cell(text)[0] not in "=+-@|%＝＋－＠ \t\r\n"


@pytest.mark.parametrize("value", ["siti", "-", "", "Dewi's server", 1.5, "a=b"])
def test_what_is_harmless_stays_as_it_is(value):
    assert cell(value) == value


# -- moodle.csv ------------------------------------------------------------------------------------


def test_moodles_worksheet(mixed):
    siti, budi, dewi, eko = table(mixed[0] / "moodle.csv")

    assert siti == {
        "Identifier": "Participant 100001",
        "Full name": "Siti Aminah",
        "Email address": "siti@example.com",
        "Status": "graded",
        "Grade": "20.0",
        "Maximum Grade": "20.0",
        "Last modified (grade)": "-",
        "Feedback comments": "All tests passed.",
    }
    assert budi["Feedback comments"] == (
        "Not yet: Everybody gets a message, the sender too; 200 messages in a row arrive whole."
    )
    assert (dewi["Identifier"], dewi["Grade"]) == ("", "0.0")
    assert dewi["Feedback comments"] == "dewi holds no server.py."
    assert (eko["Identifier"], eko["Grade"]) == ("", ""), "no number of Moodle's, and no grade"


def test_several_servers_of_one_participant_are_one_grade(tmp_path):
    grading = run_with(
        tmp_path,
        Row("Siti Aminah/folder_a", SITI, "graded", KEYS[0]),
        Row("Siti Aminah/folder_b", SITI, "graded", KEYS[1]),
        Row("a", Student(), "graded", KEYS[0]),
        Row("b", Student(), "graded", KEYS[0]),
        results=[all_passed(), some_failed()],
    )
    write_outputs(grading)
    siti, *others = table(tmp_path / "moodle.csv")

    assert (siti["Grade"], siti["Maximum Grade"]) == ("28.5", "34.0")
    assert siti["Feedback comments"].startswith("All tests passed. / Not yet: ")
    assert [one["Full name"] for one in others] == ["a", "b"]


# -- junit.xml -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schema():
    return xmlschema.XMLSchema(SCHEMA)


def test_junit_is_as_its_schema_says(mixed, schema):
    path = mixed[0] / "junit.xml"
    schema.validate(path)
    suites = ET.parse(path).getroot()

    assert [suite.get("name") for suite in suites] == ["Siti Aminah", "budi", "dewi", "eko"]
    budi = suites[1]
    assert [budi.get(name) for name in ("tests", "failures", "errors", "skipped")] == [
        *("6", "2", "1", "1")
    ]
    outcomes = [[child.tag for child in case] for case in budi.iter("testcase")]
    assert outcomes == [[], [], ["failure"], ["failure"], ["skipped"], ["error"]]
    text = budi.find("testcase/failure").text
    assert "Tried: Alice sent" in text and "Hint: Whom does `broadcast` reach?" in text
    assert "Go through a copy" not in text, "not the whole answer"
    assert {one.get("name"): one.get("value") for one in budi.iter("property")} == {
        "points": "8.5",
        "max_points": "14",
        "isolation": "bubblewrap",
        "seed": "42",
    }
    assert suites[2].find("testcase/failure").get("message") == "dewi holds no server.py."
    assert suites[3].find("testcase/error").get("message") == "It failed."


def test_the_schema_would_tell(schema):
    for wrong in (
        "<testsuites><testsuite/></testsuites>",
        "<testsuites><testsuite name='a'><testcase name='b'/></testsuite></testsuites>",
        "<testsuites><testsuite name='a' tests='many'/></testsuites>",
        "<testsuites><testsuite name='a'><note/></testsuite></testsuites>",
    ):
        assert not schema.is_valid(wrong), wrong
    assert schema.is_valid("<testsuites><testsuite name='a'/></testsuites>")


# -- Gradescope ------------------------------------------------------------------------------------


def test_gradescopes_results(mixed):
    folder, _document = mixed
    files = {path.name for path in (folder / "gradescope").iterdir()}
    assert files == {"Siti_Aminah.json", "budi.json", "dewi.json"}, "none where the grader failed"
    budi = json.loads((folder / "gradescope" / "budi.json").read_text(encoding="utf-8"))
    dewi = json.loads((folder / "gradescope" / "dewi.json").read_text(encoding="utf-8"))

    assert (budi["score"], budi["visibility"], budi["stdout_visibility"]) == (
        *(8.5, "visible", "hidden"),
    )
    assert budi["output"] == "Isolation: bubblewrap. Seed: 42."
    assert [(test["score"], test["max_score"], test["status"]) for test in budi["tests"]] == [
        (5, 5, "passed"),
        (2, 2, "passed"),
        (0, 2, "failed"),
        (1.5, 3, "failed"),
        (0, 2, "failed"),
        (0, 0, "failed"),
    ]
    assert budi["tests"][2]["name"] == "broadcast: Everybody gets a message, the sender too"
    assert budi["tests"][2]["output"].startswith("Tried: Alice sent")
    assert budi["tests"][4]["output"].startswith("Skipped, because it needs this first")
    assert budi["tests"][5]["output"] == "Grader error: not scored."
    assert (dewi["score"], dewi["output"], dewi["tests"]) == (0, "dewi holds no server.py.", [])


def test_file_names_are_plain_and_different(tmp_path):
    names = ["../../etc/x", "siti", "Siti", "siti ", "", "\x1b[31m", "日本", "a" * 300, "con/aux"]
    rows = [Row(name, Student(), "graded", KEYS[0]) for name in names]
    write_outputs(run_with(tmp_path / "out", *rows, results=[all_passed()]))
    files = [path.name for path in (tmp_path / "out" / "gradescope").iterdir()]

    assert len({name.casefold() for name in files}) == len(names)
    assert all(len(name) < 100 and not name.startswith(".") for name in files)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# -- whatever a submission says --------------------------------------------------------------------


@pytest.mark.parametrize("name", [HOSTILE, "=cmd()|'x'!A1", 'a"b,c\r\nd', "</testsuite>&lt;]]>"])
def test_nothing_of_a_submission_becomes_anything_else(tmp_path, schema, name):
    student = Student(name, "1", name, "moodle")
    rows = [
        Row(name, student, "graded", KEYS[0]),
        Row(name, student, "refused", reason=name),
        Row("after", Student(), "graded", KEYS[0]),
    ]
    write_outputs(run_with(tmp_path, *rows, results=[hostile(name)], challenges=(name,)))

    assert [one["submission"] for one in table(tmp_path / "results.csv")][-1] == "after"
    assert [one["Full name"] for one in table(tmp_path / "moodle.csv")][-1] == "after"
    for row in (*table(tmp_path / "results.csv"), *table(tmp_path / "moodle.csv")):
        for key, value in row.items():
            assert not value.startswith(("=", "+", "@")), key
            assert "\x1b" not in value and "\n" not in value and "\u202e" not in value
    schema.validate(tmp_path / "junit.xml")
    suites = ET.parse(tmp_path / "junit.xml").getroot()
    assert [len(list(suite.iter("testcase"))) for suite in suites] == [4, 1, 4]
    for path in (tmp_path / "gradescope").iterdir():
        output = json.loads(path.read_text(encoding="utf-8"))
        said = [output["output"], *(test["output"] for test in output["tests"])]
        assert all("\x1b" not in text and "\u202e" not in text for text in said)


def test_it_speaks_the_language_of_the_run(tmp_path):
    rows = [Row("siti", Student(), "graded", KEYS[0])]
    write_outputs(run_with(tmp_path, *rows, results=[some_failed("id")], language="id"))
    output = json.loads((tmp_path / "gradescope" / "siti.json").read_text(encoding="utf-8"))

    assert output["tests"][2]["output"].startswith("Dicoba: Alice mengirim")


def test_what_was_there_stays_until_the_new_one_is_whole(tmp_path, monkeypatch):
    rows = [Row("siti", Student(), "graded", KEYS[0])]
    grading = run_with(tmp_path, *rows, results=[all_passed()])
    write_outputs(grading)
    before = {path: path.read_bytes() for path in tmp_path.glob("*.*")}
    grading.store.write(KEYS[0], {"nothing": "that it expects"})
    with pytest.raises(KeyError):
        write_outputs(grading)

    for path, data in before.items():
        assert path.read_bytes() == data
