"""What a grading run hands on: a page for the teacher, tables, and files for other programs.

Each is written in one pass over the results, of which only one is in memory at a time.

- index.html: the teacher's page, from which all reports are one click away;
- results.csv: a row for each submission, for a spreadsheet;
- moodle.csv: grades and feedback as Moodle's grading worksheet has them;
- junit.xml: a test suite for each submission, for continuous integration;
- gradescope/: a results.json for each submission, under the student's name;
- similar/: pages of two submissions each that are alike, side by side;
- results.json: all of it for programs, without what each report says.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from autograder.class_page import TEMPLATE, ClassPage
from autograder.grading import ERRORS, REPORTS, RESULTS, Grading, Row
from autograder.i18n import _, speaking
from autograder.intake import HandedIn
from autograder.report_html import environment
from autograder.results import SCHEMA
from autograder.side_by_side import Side, write_page
from autograder.similar import Alike, Author, find_alike, given_to_all, source_of
from autograder.visible import safe, visible

_FORMULA = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell begins with that a spreadsheet would calculate; the last four are full-width."""


PAGE, SIMILAR = "index.html", "similar"
"""The teacher's page, and the folder of the pages side by side, in the folder of a run."""


def get_ready() -> None:
    """Do now what does not depend on results, while others work for them."""
    environment().get_template(TEMPLATE)
    given_to_all()


def write_outputs(grading: Grading, handed_in: Sequence[HandedIn] | None = None) -> dict[str, Any]:
    """Write all files of a run into its folder.

    Args:
        handed_in: what the rows of the run come from, to compare it; None to compare nothing.

    Returns:
        the document of results.json.
    """
    folder = grading.folder
    with speaking(grading.settings.language), contextlib.ExitStack() as files:
        table = files.enter_context(_table(folder / "results.csv", grading.settings.challenges))
        moodle = files.enter_context(_moodle(folder / "moodle.csv"))
        junit = files.enter_context(_junit(folder / "junit.xml"))
        gradescope = _Gradescope(folder / "gradescope")
        alike = find_alike(handed_in, grading.rows) if handed_in is not None else None
        page = ClassPage(grading.settings.challenges, grading.settings.seed, alike)
        submissions = []
        for row, result in grading.results():
            brief = _brief(row, result)
            submissions.append(brief)
            table.add(brief)
            moodle.add(row, brief, result)
            junit.add(row, result)
            gradescope.add(row, result)
            page.add(brief, result)
    document = {
        "schema": SCHEMA,
        "language": grading.settings.language,
        "challenges": list(grading.settings.challenges),
        "submissions": submissions,
        "similar": [
            {
                "share": round(pair.share, 3),
                "one": [author.name for author in pair.one],
                "other": [author.name for author in pair.other],
                "page": f"{SIMILAR}/{at}.html",
            }
            for at, pair in enumerate(alike.pairs if alike else (), 1)
        ],
    }
    with _written(folder / "results.json") as file:
        json.dump(document, file, ensure_ascii=False, indent=1)
    with speaking(grading.settings.language):
        if alike is not None and handed_in is not None:
            _write_similar(folder / SIMILAR, alike, grading.rows, handed_in)
        with _written(folder / PAGE) as file:
            page.write(file)
    return document


def _write_similar(
    folder: Path, alike: Alike, rows: Sequence[Row], handed_in: Sequence[HandedIn]
) -> None:
    """Write the pages of those who are alike, and take away those of an earlier run."""

    def side(people: Sequence[Author]) -> Side:
        at = people[0].at
        return Side(people, f"../{REPORTS}/{rows[at].key}.html", source_of(handed_in[at]) or "")

    for number, pair in enumerate(alike.pairs, 1):
        with _written(folder / f"{number}.html") as file:
            write_page(file, pair.share, (side(pair.one), side(pair.other)), alike.given)
    for number in itertools.count(len(alike.pairs) + 1):
        try:
            os.unlink(folder / f"{number}.html")
        except FileNotFoundError:
            break


@contextlib.contextmanager
def _written(path: Path) -> Iterator[IO[str]]:
    """Give a text file that takes the place of `path` when all is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    # names may hold what is no text at all
    with open(beside, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        yield file
    os.replace(beside, path)


def _brief(row: Row, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what results.json says of one submission."""
    brief: dict[str, Any] = {"name": row.name, "student": asdict(row.student), "state": row.state}
    if not result:
        paths = {"error_file": f"{ERRORS}/{row.key}.txt"} if row.state == "error" else {}
        return brief | {"reason": row.reason} | paths
    tests = list(tests_of(result))
    named = [test["misconception"] for test in tests if test["misconception"]]
    outcomes = [test["outcome"] for test in tests]
    return brief | {
        "points": result["points"],
        "max_points": result["max_points"],
        "challenges": {
            challenge["name"]: {
                "points": challenge["points"],
                "max_points": challenge["max_points"],
            }
            for challenge in result["challenges"]
        },
        "passed": outcomes.count("passed"),
        "failed": [test["id"] for test in tests if test["outcome"] == "failed"],
        "skipped": outcomes.count("skipped"),
        "grader_errors": outcomes.count("error"),
        "misconceptions": list(dict.fromkeys(named)),
        "isolation": result["isolation"],
        "seed": result["seed"],
        "seconds": result["seconds"],
        "result": f"{RESULTS}/{row.key}.json",
        "report": f"{REPORTS}/{row.key}.html",
        "error_file": f"{ERRORS}/{row.key}.txt" if result["error_file"] else None,
    }


def tests_of(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the tests of all challenges of a check's document."""
    for challenge in result.get("challenges", ()):
        yield from challenge["tests"]


# -- for spreadsheets ------------------------------------------------------------------------------


def cell(value: object) -> object:
    """Return what may stand in a cell: no text that a spreadsheet takes for a formula."""
    if not isinstance(value, str):
        return value
    shown = visible(value, None)
    return f"'{shown}" if shown != "-" and shown.lstrip(" ·").startswith(_FORMULA) else shown


@dataclass
class _Table:
    writer: Any
    challenges: Sequence[str]

    def add(self, brief: Mapping[str, Any]) -> None:
        """Write the row of one submission."""
        student, parts = brief["student"], brief.get("challenges", {})
        values = [
            brief["name"],
            student["name"],
            student["number"],
            student["email"],
            _state(brief),
            brief.get("points", ""),
            brief.get("max_points", ""),
            *(parts.get(name, {}).get("points", "") for name in self.challenges),
            " ".join(brief.get("misconceptions", ())),
            brief.get("isolation", ""),
            brief.get("seed", ""),
            brief.get("seconds", ""),
            brief.get("report", ""),
            brief.get("reason", ""),
        ]
        self.writer.writerow(map(cell, values))


def _state(brief: Mapping[str, Any]) -> str:
    words = {"graded": _("graded"), "refused": _("refused"), "error": _("grader error")}
    state = "error" if brief.get("grader_errors") or brief.get("error_file") else brief["state"]
    return words[state]


@contextlib.contextmanager
def _table(path: Path, challenges: Sequence[str]) -> Iterator[_Table]:
    names = [part for name in challenges for part in name.split("|")]
    with _written(path) as file:
        file.write("\ufeff")  # without it Excel does not take it for UTF-8
        writer = csv.writer(file)
        writer.writerow(
            [
                *("submission", "student", "number", "email", "state", "points", "max_points"),
                *names,
                *("misconceptions", "isolation", "seed", "seconds", "report", "reason"),
            ]
        )
        yield _Table(writer, names)


class _Moodle:
    """Moodle's grading worksheet: a row for each participant, whatever they handed in.

    Moodle looks for the columns Identifier, Grade and Last modified (grade) by their English names
    where its own language is English.
    """

    COLUMNS = (
        *("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade"),
        *("Last modified (grade)", "Feedback comments"),
    )

    def __init__(self, file: IO[str]) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(self.COLUMNS)
        self._student: object = None
        self._row: list[Any] = []
        self._graded = False

    def add(self, row: Row, brief: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Take in one submission; those of one participant follow on each other."""
        student = row.student if row.student.number else row
        if student != self._student:
            self.finish()
            self._student = student
            number = row.student.number if row.student.platform == "moodle" else ""
            self._row = [
                f"Participant {number}" if number else "",
                row.student.name or row.name,
                row.student.email,
                "",
                0.0,
                0.0,
                "-",
                [],
            ]
            self._graded = False
        if row.state != "error":  # that is no grade; what was refused is one, of nothing
            self._graded = True
            self._row[4] += brief.get("points", 0.0)
            self._row[5] += brief.get("max_points", 0.0)
        self._row[3] = _state(brief)
        self._row[7].append(brief.get("reason") or _feedback(result))

    def finish(self) -> None:
        """Write what is left."""
        if self._row:
            *facts, feedback = self._row
            facts[4] = round(facts[4], 2) if self._graded else ""
            facts[5] = facts[5] or ""
            self._writer.writerow(map(cell, [*facts, " / ".join(feedback)]))
        self._row = []


@contextlib.contextmanager
def _moodle(path: Path) -> Iterator[_Moodle]:
    with _written(path) as file:
        moodle = _Moodle(file)
        yield moodle
        moodle.finish()


def _feedback(result: Mapping[str, Any]) -> str:
    """Return in a line what a student has to know of a result."""
    failed = [test["title"] for test in tests_of(result) if test["outcome"] == "failed"]
    if not failed:
        return _("All tests passed.") if result else ""
    return _("Not yet: {titles}.").format(titles="; ".join(failed))


# -- for programs ----------------------------------------------------------------------------------


class _JUnit:
    """A test suite for each submission, a test case for each test."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, row: Row, result: Mapping[str, Any]) -> None:
        """Write one suite."""
        tests = list(tests_of(result))
        outcomes = [test["outcome"] for test in tests]
        suite = ET.Element("testsuite", name=visible(row.name))
        counts = {
            "tests": len(tests) or 1,
            "failures": outcomes.count("failed") + (row.state == "refused"),
            "errors": outcomes.count("error") + (row.state == "error"),
            "skipped": outcomes.count("skipped"),
            "time": f"{result.get('seconds', 0.0):.3f}",
        }
        suite.attrib.update({name: str(value) for name, value in counts.items()})
        properties = ET.SubElement(suite, "properties")
        for name in ("points", "max_points", "isolation", "seed"):
            if name in result:
                value = visible(str(result[name]))
                ET.SubElement(properties, "property", name=name, value=value)
        if not tests:
            case = ET.SubElement(suite, "testcase", name="server.py", classname="submission")
            case.set("time", "0.000")
            kind = "error" if row.state == "error" else "failure"
            ET.SubElement(case, kind, message=visible(row.reason, None), type=row.state)
        for challenge in result.get("challenges", ()):
            for test in challenge["tests"]:
                self._case(suite, challenge["name"], test)
        if not len(properties):
            suite.remove(properties)
        ET.indent(suite)
        self._file.write(ET.tostring(suite, encoding="unicode") + "\n")

    @staticmethod
    def _case(suite: ET.Element, challenge: str, test: Mapping[str, Any]) -> None:
        case = ET.SubElement(suite, "testcase", name=visible(test["id"]))
        case.set("classname", visible(challenge))
        case.set("time", f"{test['seconds']:.3f}")
        message = visible(test["message"] or test["title"], None)
        if test["outcome"] == "skipped":
            ET.SubElement(case, "skipped", message=visible(test["skipped_because"] or ""))
        elif test["outcome"] == "error":
            ET.SubElement(case, "error", message=message, type="error")
        elif test["outcome"] == "failed":
            failure = ET.SubElement(case, "failure", message=message, type="failed")
            failure.text = said(test)


@contextlib.contextmanager
def _junit(path: Path) -> Iterator[_JUnit]:
    with _written(path) as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="autograder">\n')
        yield _JUnit(file)
        file.write("</testsuites>\n")


def said(test: Mapping[str, Any]) -> str:
    """Return what is told of a test that did not pass, as plain text."""
    out = io.StringIO()
    for label, key in ((_("Tried"), "tried"), (_("Expected"), "expected"), (_("Got"), "got")):
        if test[key]:
            print(f"{label}: {safe(test[key])}", file=out)
    if test["message"] and test["message"] != test["got"]:
        print(safe(test["message"]), file=out)
    for hint in test["hints"][:1]:  # the others would give away the answer
        print(f"{_('Hint')}: {safe(hint)}", file=out)
    return out.getvalue().rstrip()


@dataclass
class _Gradescope:
    """A results.json for each submission, as Gradescope reads it."""

    folder: Path
    _taken: set[str] = field(default_factory=set)

    def add(self, row: Row, result: Mapping[str, Any]) -> None:
        """Write the file of one submission; where the grader failed there is none to believe."""
        if row.state == "error":
            return
        document: dict[str, Any] = {
            "score": result.get("points", 0.0),
            "execution_time": round(result.get("seconds", 0.0)),
            "output": visible(row.reason, None) if row.reason else self._head(result),
            "output_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "tests": [
                self._test(challenge["name"], test)
                for challenge in result.get("challenges", ())
                for test in challenge["tests"]
            ],
        }
        with _written(self.folder / f"{self._file_name(row.name)}.json") as file:
            json.dump(document, file, ensure_ascii=False, indent=1)

    def _file_name(self, name: str) -> str:
        plain = re.sub(r"[^\w-]+", "_", name).strip("_")[:80] or "submission"
        unique, at = plain, 2
        while unique.casefold() in self._taken:
            unique, at = f"{plain}-{at}", at + 1
        self._taken.add(unique.casefold())
        return unique

    @staticmethod
    def _head(result: Mapping[str, Any]) -> str:
        text = _("Isolation: {level}. Seed: {seed}.")
        return text.format(level=visible(result["isolation"]), seed=result["seed"])

    @staticmethod
    def _test(challenge: str, test: Mapping[str, Any]) -> dict[str, Any]:
        scored = test["outcome"] != "error"
        output = said(test)
        if test["outcome"] == "skipped":
            cause = visible(test["skipped_because"] or "")
            output = _("Skipped, because it needs this first: “{title}”.").format(title=cause)
        elif not scored:
            output = _("Grader error: not scored.")
        return {
            "name": visible(f"{challenge}: {test['title']}"),
            "score": test["points"],
            "max_score": test["max_points"] if scored else 0,
            "status": "passed" if test["outcome"] == "passed" else "failed",
            "output": output,
            "output_format": "text",
            "visibility": "visible",
        }
