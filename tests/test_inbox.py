"""What a client has got: bytes in any pieces become the same messages, and each is found once."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.inbox import Inbox, Word, spans_of

LETTERS = st.characters(exclude_characters="\n\r\x1b", codec="utf-8")
LINES = st.lists(st.text(LETTERS, max_size=12), max_size=8)


def inbox(*pieces: bytes, line_ends: bool = True) -> Inbox:
    """Return an inbox in which `pieces` arrived, one after each of our own actions."""
    box = Inbox(line_ends=line_ends)
    for epoch, piece in enumerate(pieces):
        box.feed(piece, epoch)
    return box


def facts(box: Inbox) -> list[tuple[str, int, bool]]:
    return [(s.text, s.epoch, s.ended) for s in box.segments]


def cut(data: st.DataObject, stream: bytes) -> list[bytes]:
    """Draw where `stream` comes apart: in the middle of a letter too."""
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@given(LINES, st.text(LETTERS, max_size=6), st.sampled_from(["\n", "\r\n"]), st.data())
def test_the_pieces_make_no_difference(lines, rest, end, data):
    stream = ("".join(line + end for line in lines) + rest).encode()
    whole, pieces = Inbox(), Inbox()
    whole.feed(stream, 1)
    for piece in cut(data, stream):
        pieces.feed(piece, 1)

    assert facts(pieces) == facts(whole)
    assert pieces.size == whole.size == len(stream)
    assert whole.texts() == [text for text in [*lines, rest] if text]


@given(LINES, LINES, st.data())
def test_the_pieces_make_no_difference_without_line_ends_either(before, after, data):
    """Where messages have no ends, one of our own actions is the only border."""
    whole, pieces = Inbox(line_ends=False), Inbox(line_ends=False)
    for epoch, texts in enumerate((before, after)):
        stream = "".join(texts).encode()
        whole.feed(stream, epoch)
        for piece in cut(data, stream):
            pieces.feed(piece, epoch)

    assert facts(pieces) == facts(whole)
    assert whole.texts() == [text for text in ("".join(before), "".join(after)) if text]


@given(st.binary(max_size=40), st.data())
@example(b"\xf0\x9f\x98\nx", None)
def test_no_bytes_are_too_odd(stream, data):
    whole, pieces = Inbox(), Inbox()
    whole.feed(stream, 0)
    for piece in cut(data, stream) if data is not None else [bytes([b]) for b in stream]:
        pieces.feed(piece, 0)

    assert pieces.texts() == whole.texts()


def test_half_a_message_is_there_already():
    box = inbox(b"Bob", b"by: Ha")

    assert facts(box) == [("Bobby: Ha", 0, False)]
    box.feed(b"lo\nNICK", 2)
    assert facts(box) == [("Bobby: Halo", 0, True), ("NICK", 2, False)]


def test_colours_and_carriage_returns_are_no_part_of_a_message():
    box = inbox(b"\x1b[1;32mAlice\x1b[0m Bergabung!\r\n\x1b[2K> \x1b[m")

    assert box.texts() == ["Alice Bergabung!", "> "]


def test_a_colour_that_is_cut_in_two_is_still_one():
    box = inbox(b"\x1b[3", b"2mAlice\n")

    assert box.texts() == ["Alice"]


def test_bytes_that_are_no_text_stay_visible():
    assert inbox(b"Alice: \xff\xfe\n").texts() == ["Alice: \\xff\\xfe"]


def test_empty_lines_are_no_messages():
    box = inbox(b"\n\n", b"\n", b"NICK\n\n")

    assert box.texts() == ["NICK"]
    assert box.size == 9


def test_each_expectation_finds_a_message_of_its_own():
    box = inbox(b"Alice: Halo\nBob: Halo\n")

    assert box.take(("Halo",)).text == "Alice: Halo"
    assert box.take(("Halo",)).text == "Bob: Halo"
    assert box.take(("Halo",)) is None
    assert len(box.find(("Halo",))) == 2


def test_two_messages_in_one_lump_are_found_one_after_the_other():
    box = inbox(b"Alice: HaloBob: Halo", line_ends=False)

    assert box.take(("Halo",)) is not None
    assert box.take(("Halo",)) is not None
    assert box.take(("Halo",)) is None


def test_all_parts_must_be_in_the_same_message():
    box = inbox(b"Alice: Halo\nBob: Hai\n")

    assert box.take(("Alice", "Hai")) is None
    assert box.take(("Bob", re.compile("H.i"))).text == "Bob: Hai"


def test_a_part_that_was_found_may_be_found_again_beside_a_new_one():
    box = inbox(b"Alice: Halo Bob\n")

    assert box.take(("Halo",)) is not None
    assert box.take(("Halo", "Bob")) is not None
    assert box.take(("Halo", "Bob")) is None


def test_what_was_forgotten_is_not_found_and_not_counted():
    box = inbox(b"Bob Bergabung!\n")
    box.forget()
    box.feed(b"Bob keluar!\n", 1)

    assert box.count(("Bob",)) == 1
    assert box.take(("Bergabung",)) is None
    assert box.texts() == ["Bob keluar!"]


def test_the_rest_of_a_message_that_was_cut_by_forgetting_stays_with_its_beginning():
    box = inbox(b"Bob Berga")
    box.forget()
    box.feed(b"bung!\n", 1)

    assert box.texts() == []
    assert facts(box) == [("Bob Bergabung!", 0, True)]


def test_forgetting_ends_a_message_where_nothing_else_does():
    box = inbox(b"Bob Bergabung!", line_ends=False)
    box.forget()
    box.feed(b"Bob keluar!", 0)

    assert box.texts() == ["Bob keluar!"]


@pytest.mark.parametrize(
    ("stream", "line_ends", "count"),
    [
        (b"Bob keluar!\n", True, 1),
        (b"Bob keluar!\nBob keluar!\n", True, 2),
        (b"Bob: Bob, keluar keluar!\n", True, 1),  # one line is one message, whatever it repeats
        (b"Bob keluar!Bob keluar!", False, 2),
        (b"Bob keluar!", False, 1),
        (b"Bob: HaloBob keluar!", False, 1),  # the rarest part is what counts
        (b"Bob keluar!Bob keluar!", True, 2),  # a lump whose line end has not come
        (b"", True, 0),
    ],
)
def test_how_many_times_something_came(stream, line_ends, count):
    assert inbox(stream, line_ends=line_ends).count(("Bob", "keluar")) == count


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("Bo keluar!", True),
        ("<Bo> hai", True),
        ("Bo: hai", True),
        ("*Bo*", True),
        ("Bobby keluar!", False),
        ("Limbo keluar!", False),
        ("Bo2 keluar!", False),
        ("_Bo", False),
    ],
)
def test_a_name_is_a_word(text, is_there):
    assert bool(spans_of(Word("Bo"), text)) is is_there


def test_a_name_is_no_pattern():
    assert spans_of(Word("B.b*"), "B.b* keluar!") == [(0, 4)]
    assert not spans_of(Word("B.b"), "Bob keluar!")
