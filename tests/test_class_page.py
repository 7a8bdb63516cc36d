"""The teacher's page: what it counts, what it lets through, and how it moves in a browser.

With SCREENSHOTS=folder in the environment, pictures of what was seen are kept there.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from chromium import MISSING, asked, offline_chromium, resize, scheme
from classes import KEYS, run_with
from helpers import until
from report_examples import HOSTILE, TEXTS, all_passed, hostile, result, some_failed
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from autograder.grading import Row
from autograder.i18n import _, speaking
from autograder.intake import Student
from autograder.misconception_table import BY_ID
from autograder.outputs import PAGE, write_outputs
from autograder.results import ChallengeResult, TestResult

HOSTILE_NAMES = (HOSTILE, "=cmd()|'x'!A1", 'a"b,c\r\nd', "</script><script>alert(1)</script>")
SITI = Student("Siti Aminah", "100001", "siti@example.com", "moodle")


class Looked(HTMLParser):
    """What a page is made of: its elements, its words, and the rows of its table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {data.strip()}".strip()

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key) == value for key, value in attributes.items())
        ]


def text_of(folder: Path, *rows: Row, **more: object) -> str:
    """Return the page of a run with these rows."""
    write_outputs(run_with(folder, *rows, **more))
    return (folder / PAGE).read_text(encoding="utf-8")


def with_points(points: float, named: str | None = None) -> object:
    """Return a result with some of 20 points in one test."""
    outcome = "passed" if points == 20 else "failed"
    test = TestResult("test_arrives", "A message arrives", outcome, points, 20, misconception=named)
    return result("en", ChallengeResult("broadcast", (test,)))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    """The page of a run in which everything happens."""
    rows = (
        Row("Siti Aminah", SITI, "graded", KEYS[0]),
        Row("budi", Student(), "graded", KEYS[1]),
        Row("bagus", Student(), "graded", KEYS[1]),
        Row("dewi", Student(), "refused", reason="dewi holds no server.py."),
        Row("eko", Student("Eko", "7", platform="gradescope"), "error", KEYS[2], "It failed."),
    )
    results = (all_passed(), some_failed())
    return Looked(text_of(tmp_path_factory.mktemp("mixed"), *rows, results=results))


# -- what it counts --------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_with_points_and_a_way_to_the_report(mixed: Looked) -> None:
    head, siti, budi, bagus, dewi, eko = mixed.rows

    assert head == ["Submission", "State", "Points", "Failed", "threading", "broadcast"]
    assert siti[0] == "Siti Aminah 100001 · siti@example.com"
    assert siti[1:] == ["full marks", "20 / 20", "0", "5", "15"]
    assert budi == ["budi", "grader error", "8.5 / 14", "2", "5", "3.5"]
    assert bagus[1:] == budi[1:]
    assert dewi == ["dewi", "not graded", "–", "–", "–", "–"]
    assert eko[:2] == ["eko Eko · 7", "grader error"]
    links = [link["href"] for link in mixed.all("a")]
    assert links.count(f"reports/{KEYS[0]}.html") == 1
    assert links.count(f"reports/{KEYS[1]}.html") == 2
    assert f"errors/{KEYS[2]}.txt" in links, "why the grader failed"


def test_points_are_counted_into_bars(tmp_path: Path) -> None:
    earned = (0, 1.9, 2, 10, 19.9, 20, 20)
    rows = [Row(f"s{at}", Student(), "graded", KEYS[at]) for at in range(len(earned))]
    rows.append(Row("nobody", Student(), "refused", reason="Nothing."))
    page = Looked(text_of(tmp_path, *rows, results=map(with_points, earned)))

    bars = {bar["aria-label"]: bar for bar in page.all("button", **{"data-filter": "bar"})}
    counts = {label.partition(":")[0]: label.partition(": ")[2] for label in bars}
    assert counts == {
        "0–9 %": "2 submissions",
        "10–19 %": "1 submission",
        **{f"{at}–{at + 9} %": "0 submissions" for at in (20, 30, 40, 60, 70, 80)},
        "50–59 %": "1 submission",
        "90–99 %": "1 submission",
        "100 %": "2 submissions",
    }
    assert all(
        ("disabled" in bar) == label.endswith(": 0 submissions") for label, bar in bars.items()
    )
    heights = [span["style"] for span in page.all("span", **{"class": "bar"})]
    assert heights[0] == heights[-1] == "height:100.0%" and heights[1] == "height:50.0%"
    numbers = [row["data-bar"] for row in page.all("tr") if "data-bar" in row]
    assert numbers == ["0", "0", "1", "5", "9", "10", "10", None or ""]


def test_tests_and_misconceptions_are_ranked_by_how_many(tmp_path: Path) -> None:
    rows = [Row(f"s{at}", Student(), "graded", KEYS[at]) for at in (0, 1, 2)]
    text = text_of(
        tmp_path, *rows, results=(some_failed(), some_failed(), with_points(3, "start.keyboard"))
    )

    def ranked(kind: str) -> list[tuple[str, str]]:
        pattern = rf'data-filter="{kind}".*?class="count">(\d+)</span><span class="what">(.*?)<'
        return [(n, title.strip()) for n, title in re.findall(pattern, text, re.DOTALL)]

    assert ranked("test") == [
        ("2", "Everybody gets a message, the sender too"),
        ("2", "200 messages in a row arrive whole"),
        ("1", "A message arrives"),
    ]
    assert ranked("misconception") == [
        ("2", "broadcast.skips"),  # an older version knew it
        ("1", BY_ID["start.keyboard"].title),
    ]
    assert "belongs in the client" in text, "why it happens"
    # of three results two have the test, which fails in both; and one that is skipped in both
    assert text.count('class="failed" style="width:100.0%"') == 3
    assert "Passed by everybody: 2." in text


def test_a_filter_finds_what_was_counted(mixed: Looked) -> None:
    rows = [row for row in mixed.all("tr") if "data-state" in row]
    for pick in mixed.all("button"):
        kind, value = pick.get("data-filter"), pick.get("data-value")
        if kind in ("test", "misconception"):
            found = sum(value in (row[f"data-{kind}"] or "").split() for row in rows)
            assert found == 2, (kind, value)
            assert mixed.all("option", value=value or "")
    assert [row["data-state"] for row in rows] == ["full", "error", "error", "none", "error"]


def test_isolation_and_seed_stand_there(tmp_path: Path) -> None:
    rows = [Row("a", Student(), "graded", KEYS[0]), Row("b", Student(), "graded", KEYS[1])]
    same = text_of(tmp_path, *rows, results=[all_passed(), all_passed()], seed=42)
    assert "Isolation: bubblewrap · Seed: 42<" in same
    weaker = result("en", *all_passed().challenges, isolation="process")
    mixed = text_of(tmp_path, *rows, results=[all_passed(), weaker])
    assert "Isolation: bubblewrap (1), process (1) · Seed: another one" in mixed


def test_a_run_with_nothing_to_count(tmp_path: Path) -> None:
    page = text_of(tmp_path, Row("dewi", Student(), "refused", reason="No server."))
    assert "No server." in page and "<dt>Median</dt><dd>–</dd>" in page


# -- what it lets through --------------------------------------------------------------------------


def test_only_our_own_script_may_run_and_nothing_is_loaded(mixed: Looked, tmp_path: Path) -> None:
    text = text_of(tmp_path, Row("a", Student(), "graded", KEYS[0]), results=[all_passed()])
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (policy,) = [
        meta["content"] or ""
        for meta in Looked(text).all("meta", **{"http-equiv": "Content-Security-Policy"})
    ]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    for tag, attributes in mixed.elements:
        assert tag not in {"img", "iframe", "object", "link", "base"}
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "src", "action"):
            assert re.fullmatch(
                r"(reports|errors)/[0-9a-f]{32}\.\w+", attributes.get(name) or ""
            ) or (name not in attributes)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_nothing_of_a_submission_becomes_markup(tmp_path: Path, name: str) -> None:
    plain = [Row("a", Student("b", "1", "c", "moodle"), "graded", KEYS[0])]
    plain += [Row("d", Student(), "refused", reason="e")]
    rows = [Row(name, Student(name, "1", name, "moodle"), "graded", KEYS[0])]
    rows += [Row(name, Student(), "refused", reason=name)]
    harmless = text_of(tmp_path / "1", *plain, results=[hostile("f")], challenges=("f",))
    text = text_of(tmp_path / "2", *rows, results=[hostile(name)], challenges=(name,))

    def shape(page: str) -> list[tuple[str, set[str]]]:
        return [(tag, set(attributes)) for tag, attributes in Looked(page).elements]

    assert shape(text) == shape(harmless)
    assert not {"\x1b", "\x07", "\x00", "\u202e", "\x9b"} & set(text)


# -- in a browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with offline_chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def names(browser: webdriver.Chrome) -> list[str]:
    """Return what the table shows, from top to bottom."""
    rows = browser.find_elements(By.CSS_SELECTOR, "tbody tr:not([hidden]) th")
    return [row.get_attribute("data-value") for row in rows]


@pytest.mark.skipif(MISSING, reason="there is no Chromium and its driver here")
@pytest.mark.parametrize("code", ["en", "id"])
def test_a_teacher_sorts_filters_and_opens_a_report(
    browser: webdriver.Chrome, code: str, tmp_path: Path
) -> None:
    rows = [Row("zaki 10", Student(), "graded", KEYS[0]), Row("zaki 9", SITI, "graded", KEYS[1])]
    rows += [Row("Ayu", Student(), "refused", reason="Ayu holds no server.py.")]
    rows += [Row(name, Student(name, "1"), "graded", KEYS[2]) for name in HOSTILE_NAMES]
    results = [all_passed(code), some_failed(code), hostile()]
    challenges = ("threading", "timestamp_a|timestamp_b", HOSTILE)
    text_of(tmp_path, *rows, results=results, language=code, challenges=challenges)
    browser.get_log("performance"), browser.get_log("browser")
    browser.get((tmp_path / PAGE).as_uri())
    assert browser.execute_script("return document.documentElement.lang") == code
    with speaking(code):
        assert browser.title == _("Results of the class")
        said = _("{shown} of {all} shown")
    status = browser.find_element(By.ID, "shown")
    assert status.text == said.format(shown=7, all=7)

    # by name, as people sort; with the keyboard
    by_name, _state, points = browser.find_elements(By.CSS_SELECTOR, "thead button")[:3]
    by_name.send_keys(Keys.ENTER)
    assert [name for name in names(browser) if name[0] in "Az"] == ["Ayu", "zaki 9", "zaki 10"]
    head = browser.find_element(By.CSS_SELECTOR, "thead th")
    assert head.get_attribute("aria-sort") == "ascending"
    by_name.send_keys(Keys.SPACE)
    assert [name for name in names(browser) if name[0] in "Az"] == ["zaki 10", "zaki 9", "Ayu"]
    assert head.get_attribute("aria-sort") == "descending"
    # what has no points comes last in both directions
    points.click()
    up = names(browser)
    points.click()
    down = names(browser)
    assert up[-1] == down[-1] == "Ayu" and down[0] == "zaki 10"
    assert head.get_attribute("aria-sort") == "none"

    # a test that fails: chosen above, seen in the form and in the table, and taken back
    pick = browser.find_element(
        By.XPATH, f"//button[@data-filter='test'][contains(., '{TEXTS[code]['burst']}')]"
    )
    browser.execute_script("arguments[0].click()", pick)
    assert names(browser) == ["zaki 9"]
    assert status.text == said.format(shown=1, all=7)
    assert pick.get_attribute("aria-pressed") == "true"
    # a way to the report with its diagram, and back to what was chosen
    browser.find_element(By.LINK_TEXT, "zaki 9").click()
    assert browser.current_url == (tmp_path / "reports" / f"{KEYS[1]}.html").as_uri()
    diagram = browser.find_element(By.CSS_SELECTOR, ".ag-diagram svg")
    assert diagram.is_displayed() and "Charlie" in diagram.text
    browser.back()
    until(lambda: names(browser) == ["zaki 9"], "what was chosen is chosen again")
    assert browser.find_elements(By.CSS_SELECTOR, "th[aria-sort=descending]"), "still sorted"
    browser.find_element(By.ID, "all").click()
    assert len(names(browser)) == 7

    # words, wherever they stand in the row
    text = browser.find_element(By.NAME, "text")
    text.send_keys("AMINAH zaki")
    assert names(browser) == ["zaki 9"]
    text.clear()
    text.send_keys("<script>alert(1)")
    assert len(names(browser)) == 2
    text.send_keys(" nobody")
    assert names(browser) == []
    assert browser.find_element(By.ID, "nothing").is_displayed()

    for shade in ("light", "dark"):
        scheme(browser, shade)
        for width in (1280, 400):
            resize(browser, width)
            browser.get((tmp_path / PAGE).as_uri())
            # nothing sticks out: what is wide is moved sideways by itself
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
            if place := os.environ.get("SCREENSHOTS"):
                name = f"class-{code}-{shade}-{width}.png"
                assert browser.save_screenshot(str(Path(place, name)))
    assert browser.get_log("browser") == []
    addresses = asked(browser)
    assert len(addresses) >= 6
    assert {address.partition(":")[0] for address in addresses} == {"file"}


def test_what_the_page_says_is_what_the_document_says(tmp_path: Path) -> None:
    rows = [Row("a", Student(), "graded", KEYS[0])]
    page = Looked(text_of(tmp_path, *rows, results=[some_failed()]))
    (brief,) = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["submissions"]
    assert [link["href"] for link in page.all("a")][-1] == brief["report"]
    assert (tmp_path / brief["report"]).is_file()
