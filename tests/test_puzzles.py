"""Parsons puzzles: what is wrong first with an order of lines, and why."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import permutations

import pytest

import autograder
from autograder import puzzles
from autograder.i18n import LANGUAGES, speaking
from autograder.puzzles import Lines, Puzzle, names, puzzle, read

BECAUSE = {"en": "Because.", "id": "Karena begitu."}

# Right are 2 1 4 and 2 4 1; line 3 belongs nowhere.
SMALL = Lines(
    code=("welcome()", "open()", "jump()", "  print('<b>')"),
    extra={3: {"en": "Nobody jumps.", "id": "Tidak ada yang melompat."}},
    before={(2, 1): BECAUSE, (2, 4): BECAUSE},
)


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


def test_it_is_what_the_package_offers():
    assert autograder.puzzle is puzzle


# -- what is said ---------------------------------------------------------------------------


def test_without_an_answer_the_lines_are_shown_with_numbers():
    shown = Puzzle(SMALL)

    assert "write their numbers" in shown.said and "One of them is one too many" in shown.said
    assert re.findall(r"^ +(\d)  (.*)$", repr(shown), re.M) == list(
        zip("1234", SMALL.code, strict=True)
    )
    assert not shown.solved


@pytest.mark.parametrize("order", [[2, 1, 4], [2, 4, 1], (2, 1, 4)])
def test_every_right_order_is_praised(order):
    answer = Puzzle(SMALL, order)

    assert answer.solved
    assert answer.said.startswith("Right!")
    assert repr(answer).startswith("✓ Right!")


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ([1, 2, 4], "Line 2 has to come before line 1. Because."),
        ([4, 1, 2], "Line 2 has to come before line 4. Because."),
        ([2, 1], "Right so far, but 1 line is still missing."),
        ([2], "Right so far, but 2 lines are still missing."),
        ([1, 4], "A line is missing before line 1. Because."),
        ([2, 1, 2, 4], "Line 2 is there twice; each line is needed once."),
        ([2, 3, 1, 4], "Line 3 does not belong here. Nobody jumps."),
        ([3], "Line 3 does not belong here. Nobody jumps."),
        ([2, 1, 5], "There is no line 5: they are numbered from 1 to 4."),
        ([0], "There is no line 0: they are numbered from 1 to 4."),
        (["2", 1], "There is no line '2': they are numbered from 1 to 4."),
        ([True], "There is no line True: they are numbered from 1 to 4."),
        ([2.0], "There is no line 2.0: they are numbered from 1 to 4."),
        (["\x1b[2J"], "There is no line '\\x1b[2J': they are numbered from 1 to 4."),
        ([[2, 1, 4]], "There is no line [2, 1, 4]: they are numbered from 1 to 4."),
        ([], "Write the numbers of the lines as a list, such as [2, 1, 3]."),
        (214, "Write the numbers of the lines as a list, such as [2, 1, 3]."),
        ("214", "Write the numbers of the lines as a list, such as [2, 1, 3]."),
        ({2, 1, 4}, "Write the numbers of the lines as a list, such as [2, 1, 3]."),
    ],
    ids=repr,
)
def test_a_wrong_answer_is_told_what_is_wrong_first(order, said):
    answer = Puzzle(SMALL, order)

    assert answer.said == said
    assert not answer.solved
    assert repr(answer).startswith("✗ ")
    assert "\x1b" not in repr(answer)


def test_the_lines_that_are_meant_are_marked():
    rows = re.findall(r"^([▶ ]) +(\d)", repr(Puzzle(SMALL, [4, 1, 2])), re.M)

    assert rows == [("▶", "4"), (" ", "1"), ("▶", "2")]


# -- how it shows itself --------------------------------------------------------------------


def test_a_notebook_gets_text_and_html():
    answer = Puzzle(SMALL, [2, 1])
    bundle = answer._repr_mimebundle_()

    assert bundle["text/plain"] == repr(answer)
    assert answer.said in bundle["text/html"]


class Checker(HTMLParser):
    """Sees whether all that is opened is closed, and what text there is."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("order", [None, [1, 2, 4], [2, 1, 4], [], ["<script>alert(1)</script>"]])
def test_the_html_is_whole_and_everything_in_it_is_escaped(order):
    html = Puzzle(SMALL, order).html()
    checker = Checker()
    checker.feed(html)

    assert checker.open == []
    assert "<script" not in html and "<b>" not in html
    if order is None or order[:1] in ([1], [2]):
        assert "  print('<b>')" in checker.text


def test_colours_are_those_of_the_page_and_never_alone():
    html = Puzzle(SMALL, [1, 2, 4]).html()

    assert "var(--jp-content-font-color1" in html and "var(--jp-layout-color2" in html
    assert "✗" in html and html.count("▶") == 2


# -- the puzzles themselves -----------------------------------------------------------------


def test_there_is_one_for_lesson_01():
    assert "one_client" in names()


@pytest.mark.parametrize("name", names())
def test_a_puzzle_can_be_solved_and_is_not_solved_as_it_is_shown(name):
    lines = read(name)
    numbers = range(1, len(lines.code) + 1)
    belongs = [line for line in numbers if line not in lines.extra]
    assert len(set(lines.code)) == len(lines.code)
    assert not Puzzle(lines, belongs).solved
    assert len(belongs) <= 8, "too many to try them all"
    right = [order for order in permutations(belongs) if Puzzle(lines, order).solved]
    assert right
    assert {line for pair in lines.before for line in pair} <= set(belongs)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("code", LANGUAGES)
def test_every_reason_is_there_in_both_languages(name, code):
    lines = read(name)
    reasons = [*lines.extra.values(), *lines.before.values()]
    assert reasons
    for reason in reasons:
        assert set(reason) == set(LANGUAGES)
        assert re.fullmatch(r"[A-Z\w].*[.!]", reason[code])
        assert reason["en"] != reason["id"]


def test_the_reason_comes_in_the_language_in_force():
    lines = read("one_client")
    order = list(range(1, len(lines.code) + 1))
    said = set()
    for code in LANGUAGES:
        with speaking(code):
            answer = Puzzle(lines, [line for line in order if line not in lines.extra])
            said.add(answer.said)
    assert len(said) == 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("one-client", "Did you mean “one_client”?"),
        ("zzz", "There is no puzzle “zzz”."),
        ("../checking", "There is no puzzle"),
        ("\x1b[2J", "There is no puzzle “\\x1b[2J”."),
    ],
)
def test_an_unknown_name_is_said_in_one_sentence(name, words):
    with pytest.raises(ValueError, match="There is no puzzle") as caught:
        puzzle(name)
    assert words in str(caught.value)


def test_a_puzzle_is_read_from_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(puzzles, "FOLDER", tmp_path)
    (tmp_path / "two.toml").write_text(
        '[[line]]\nname = "b"\ncode = "b()"\n\n'
        '[[line]]\nname = "a"\ncode = "a()"\n\n'
        '[[before]]\nfirst = "a"\nthen = "b"\nbecause = { en = "So.", id = "Begitu." }\n'
    )

    assert read("two").code == ("b()", "a()")
    assert puzzle("two", [1, 2]).said == "Line 2 has to come before line 1. So."
    assert puzzle("two", [2, 1]).solved
    assert "too many" not in puzzle("two").said
