"""The report in HTML: for notebooks, and as a page; safe whatever a submission says."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from report_examples import TEXTS, all_passed, hostile, never_started, some_failed

from autograder.i18n import language
from autograder.report_html import page, render

VOID = {"meta", "link", "br", "hr", "img", "input"}
MAY_HAVE = {
    "div", "style", "p", "h1", "h2", "h3", "span", "strong", "details", "summary", "pre", "code",
    "svg", "title", "desc", "g", "rect", "text", "line", "circle",
    "polygon", "path", "html", "head", "meta", "body",
}  # fmt: skip


class Page(HTMLParser):
    """The elements of a piece of HTML: tags, attributes and the text of each."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.text = [], [], ""
        self.feed(html)
        self.close()
        assert self.open == [], "an element was not closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), [*self.open]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), [*self.open]))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data

    def tags(self):
        return [tag for tag, _attributes, _parents in self.elements]

    def having(self, name):
        """Return the elements with the class `name`."""
        return [element for element in self.elements if name in element[1].get("class", "").split()]


def plain(html):
    return " ".join(Page(html).text.split())


@pytest.mark.parametrize("code", ["en", "id"])
@pytest.mark.parametrize("example", [some_failed, all_passed, never_started])
def test_every_test_is_there_with_outcome_and_points(example, code):
    result = example(code)
    text = plain(render(result))

    for challenge in result.challenges:
        assert challenge.name in text
        for test in challenge.tests:
            assert test.title in text
    words = {"en": f"of {result.max_points:g} points", "id": f"dari {result.max_points:g} poin"}
    assert words[code] in text


@pytest.mark.parametrize(
    ("code", "labels"),
    [
        ("en", ["Tried", "Expected", "Got", "The server's last output:", "Hint 1 of 3"]),
        (
            "id",
            ["Dicoba", "Seharusnya", "Hasilnya", "Output terakhir server:", "Petunjuk 1 dari 3"],
        ),
    ],
)
def test_a_failure_says_what_was_tried_expected_and_got(code, labels):
    text = plain(render(some_failed(code)))

    for words in (*labels, *(TEXTS[code][key] for key in ("message", "tried", "expected", "got"))):
        assert words in text
    assert "BrokenPipeError: [Errno 32] Broken pipe" in text
    assert 'bob = room.join("Bob")' in text


def test_it_speaks_the_language_of_the_check_and_changes_no_other():
    before = language()

    assert 'lang="id"' in render(all_passed("id"))
    assert language() == before


def test_the_first_failure_is_open_and_the_others_are_closed():
    tests = Page(render(some_failed())).having("ag-test")
    details = [attributes for tag, attributes, _parents in tests if tag == "details"]

    assert ["open" in attributes for attributes in details] == [True, False]


def test_hints_are_opened_one_by_one():
    hints = Page(render(some_failed())).having("ag-hint")[:3]

    assert [parents.count("details") for _tag, _attributes, parents in hints] == [1, 2, 3]
    assert all("open" not in attributes for _tag, attributes, _parents in hints)


def test_code_between_backticks_is_code():
    html = render(some_failed())

    assert "Whom does <code>broadcast</code> reach?" in html
    assert "`" not in plain(html)


def test_the_same_failure_is_told_once():
    text = plain(render(never_started()))

    assert text.count("NameError: name 'sockt' is not defined") == 1
    assert text.count("The same happened as in") == 2


def test_the_diagram_is_drawn_inside():
    html = render(some_failed())
    svg = html[html.index("<svg") : html.index("</svg>") + 6]

    assert "did not arrive: Bob" in "".join(ET.fromstring(svg).itertext())


def test_outcomes_are_told_by_sign_and_word():
    html = Page(render(some_failed()))
    badges = re.findall(r"(✓|✗|–|!)(passed|failed|skipped|grader error):", html.text)

    assert badges == [
        ("✓", "passed"), ("✓", "passed"), ("✗", "failed"), ("✗", "failed"), ("–", "skipped"),
        ("!", "grader error"),
    ]  # fmt: skip
    assert [tag for tag, attributes, _ in html.elements if attributes.get("role") == "img"] == [
        "div", "svg"
    ]  # fmt: skip


def test_headings_leave_room_for_those_of_the_notebook():
    assert "h1" not in Page(render(some_failed())).tags()
    assert Page(page(some_failed())).tags().count("h1") == 1


@pytest.mark.parametrize("write", [render, page])
def test_nothing_of_a_submission_becomes_markup(write):
    html, harmless = write(hostile()), write(hostile("harmless `x`"))

    # Exactly the elements that harmless texts make, and of each the same attributes.
    shapes = [
        [(tag, sorted(attributes)) for tag, attributes, _parents in Page(text).elements]
        for text in (html, harmless)
    ]
    of_drawing = ("tspan", "text", "line", "rect", "path", "polygon", "circle", "g", "title")
    without = [[shape for shape in found if shape[0] not in of_drawing] for found in shapes]
    assert without[0] == without[1]
    assert set(Page(html).tags()) <= MAY_HAVE
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", html)
    assert "{{7*7}} {% raw %} {name}" in plain(html)


@pytest.mark.parametrize("write", [render, page])
@pytest.mark.parametrize("example", [some_failed, all_passed, never_started, hostile])
def test_no_script_and_nothing_from_outside(write, example):
    for tag, attributes, _parents in Page(write(example())).elements:
        assert tag in MAY_HAVE
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("href", "src", "action")
            assert "url(" not in (value or "")
    assert "@import" not in write(example())


def test_every_rule_of_the_style_is_for_the_report_alone():
    html = render(some_failed())
    style = html[html.index("<style>") + 7 : html.index("</style>")]

    selectors = re.findall(r"([^{}]+)\{[^{}]*\}", style)
    assert len(selectors) > 20
    for selector in ",".join(selectors).split(","):
        assert selector.strip().startswith(".autograder-report"), selector


def test_the_page_opens_from_a_disk_and_says_what_it_is():
    html = page(some_failed("id"))

    assert html.startswith("<!DOCTYPE html>")
    assert '<html lang="id">' in html
    assert '<meta charset="utf-8">' in html
    assert "default-src 'none'" in html
    assert "<title>server.py: 8,5 dari 14 poin</title>" in html
    html.encode("utf-8")


def test_a_failure_of_the_grader_is_nobodys_fault():
    text = plain(render(some_failed()))

    assert "That is not your fault, and it costs you no points." in text
    assert "autograder-error.txt" in text
    assert "The grader itself" not in plain(render(all_passed()))
