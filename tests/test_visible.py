"""Nothing invisible, nothing that commands a terminal, and ordinary text as it was."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.i18n import speaking
from autograder.visible import cells, fold, safe, shorten, visible, wrap

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\n\r\t\x1b\x00\x7f\x9b \u200b\u200d\u202e\u2066\ufe0f\ufeff\u0301\udcff👍🏽"
        ),
    )
)


@pytest.mark.parametrize(
    "text",
    [
        "Alice: Halo semua!",
        "café déjà vu, Nguyễn, Łódź, naïve",
        "cafe\u0301 with an accent of its own",
        "日本語 한국어 ไทย हिन्दी עברית",
        "👍 👍🏽 🎉 ❤️ 1️⃣ 🇮🇩",
        "👩‍👩‍👧 👩🏽‍💻 ❤️‍🔥",
        "«“„” – — … · ✓ ✗ → €",
        "",
    ],
)
def test_ordinary_text_stays_as_it_is(text):
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Halo\n", "Halo⏎"),
        ("Halo\r\n", "Halo\\r⏎"),
        ("a\tb", "a\\tb"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x00\x07\x7f\x9b", "\\x00\\x07\\x7f\\x9b"),
        ("abc\u202etxt.exe", "abc\\u202etxt.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("no\xa0break", "no\\xa0break"),
        ("soft\xadhyphen", "soft\\xadhyphen"),
        ("line\u2028end", "line\\u2028end"),
        ("lone \udcff", "lone \\udcff"),
        ("private \ue000", "private \\ue000"),
        ("filler \u3164.", "filler \\u3164."),
        ("hidden\U000e0041\U000e0042", "hidden\\U000e0041\\U000e0042"),
        ("a\u200db", "a\\u200db"),  # a joiner that joins no emoji
        ("a\ufe0f", "a\\ufe0f"),
        ("\u0301accent on nothing", "\\u0301accent on nothing"),
        ("Z" + "\u0301" * 5, "Z" + "\u0301" * 3 + "\\u0301\\u0301"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one two three", "one two three"),
        (" Alice ", "·Alice·"),
        ("   ", "···"),
        ("a  b   c", "a··b···c"),
        ("end \n start\r\n", "end·⏎·start\\r⏎"),
        ("end \r\n", "end·\\r⏎"),
    ],
)
def test_blanks_that_are_easily_missed_become_dots(text, shown):
    assert visible(text) == shown


def test_of_a_long_text_the_middle_is_left_out_and_counted():
    with speaking("en"):
        shown = visible("Alice: " + "x" * 20_000 + "END", limit=30)

    assert shown == "Alice: " + "x" * 13 + " … 19,980 more characters … " + "x" * 7 + "END"


def test_a_text_as_long_as_the_limit_is_shown_whole():
    assert visible("x" * 30, limit=30) == "x" * 30
    with speaking("en"):
        assert "… 1 more character …" in visible("x" * 31, limit=30)


def test_the_number_is_written_as_the_language_has_it():
    with speaking("id"):
        assert "… 19.970 karakter lagi …" in visible("x" * 20_000, limit=30)


def test_the_cut_does_not_tear_blanks_or_accents_from_their_neighbours():
    text = "a" * 19 + "e\u0301  " + "b" * 100 + "  e\u0301" + "c" * 9

    assert visible(text, limit=22).startswith("a" * 15 + " … ")
    assert visible(text, limit=33).startswith("a" * 19 + "e\u0301· … ")
    assert visible("ab " * 40, limit=9).startswith("ab ab  … ")


@given(HOSTILE, st.one_of(st.none(), st.integers(0, 40)))
def test_no_text_gets_through_that_could_hide_or_command(text, limit):
    shown = visible(text, limit)

    assert "\n" not in shown
    for character in shown.replace("\u200d", "").replace("\ufe0f", ""):
        assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    shown.encode("utf-8")


@given(HOSTILE)
def test_safe_keeps_the_lines_and_lets_nothing_through_either(text):
    shown = safe(text)

    assert shown.count("\n") == text.count("\n")
    for character in shown.replace("\u200d", "").replace("\ufe0f", "").replace("\n", ""):
        assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    assert safe(shown) == shown


def test_safe_keeps_indentation_and_turns_tabs_into_blanks():
    assert safe("def f():\r\n\treturn  1\x1b[2J") == "def f():\n    return  1\\x1b[2J"


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("👍", 2), ("", 0)]
)
def test_cells_are_the_columns_of_a_terminal(text, width):
    assert cells(text) == width


def test_shorten_keeps_what_fits():
    assert shorten("Charlie", 7) == "Charlie"
    assert shorten("Charlie", 6) == "Charl…"
    assert shorten("日本語", 4) == "日…"


@given(st.text(st.characters(codec="utf-8")), st.integers(2, 30))
def test_a_shortened_text_has_room(text, room):
    assert cells(shorten(text, room)) <= room


def test_wrap_breaks_between_words_and_says_where_it_stopped():
    text = "the quick brown fox jumps over the lazy dog"

    assert wrap(text, 16, 3) == ["the quick brown", "fox jumps over", "the lazy dog"]
    assert wrap(text, 16, 2) == ["the quick brown", "fox jumps over…"]
    assert wrap("x" * 20, 8, 3) == ["x" * 8, "x" * 8, "x" * 4]
    assert wrap("", 8, 3) == []


@given(st.text(), st.integers(4, 30), st.integers(1, 4))
def test_wrapped_lines_have_room(text, room, lines):
    wrapped = wrap(text, room, lines)

    assert len(wrapped) <= lines
    assert all(cells(line) <= room for line in wrapped)


@given(st.text(), st.integers(2, 30))
def test_folding_loses_nothing(text, room):
    pieces = fold(text, room)

    assert "".join(pieces) == text
    assert all(cells(piece) <= room for piece in pieces)
