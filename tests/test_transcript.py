"""Bytes that arrive in any pieces become the messages that they were."""

from hypothesis import given
from hypothesis import strategies as st

from autograder.transcript import Event, Message, Transcript, decode


def texts(transcript, person=None):
    return [m.text for m in transcript.messages() if person is None or m.person == person]


def test_a_message_in_pieces_stands_where_its_last_byte_arrived():
    transcript = Transcript({0: "Alice", 1: "Bob"})
    transcript.add(0.1, "receive", 0, b"Halo ")
    transcript.add(0.2, "receive", 1, b"NICK\n")
    transcript.add(0.3, "receive", 0, b"semua!\n")

    assert list(transcript.messages()) == [
        Message(1, 0.2, "receive", 1, "NICK"),
        Message(2, 0.3, "receive", 0, "Halo semua!"),
    ]


def test_a_lump_is_cut_into_its_messages():
    transcript = Transcript()
    transcript.add(0, "receive", 0, b"satu\ndua\r\ntiga\n")

    assert texts(transcript) == ["satu", "dua", "tiga"]


def test_the_directions_and_the_clients_are_kept_apart():
    transcript = Transcript()
    transcript.add(0, "send", 0, b"ab")
    transcript.add(0, "receive", 0, b"12")
    transcript.add(0, "receive", 1, b"xy\n")
    transcript.add(0, "send", 0, b"c\n")
    transcript.add(0, "receive", 0, b"3\n")

    assert texts(transcript) == ["xy", "abc", "123"]


def test_without_line_ends_every_chunk_is_a_message():
    transcript = Transcript(line_ends=False)
    transcript.add(0, "receive", 0, b"NICK")
    transcript.add(0, "receive", 0, b"Alice Bergabung!\n")

    assert texts(transcript) == ["NICK", "Alice Bergabung!\n"]


def test_an_unfinished_message_comes_before_the_end_of_its_client():
    transcript = Transcript()
    transcript.add(0, "receive", 0, b"belum sel")
    transcript.add(0, "receive", 1, b"juga bel")
    transcript.add(0, "crash", 0)
    transcript.add(0, "output", None, b"log\n")

    kinds = [(entry.kind, entry.person) for entry in transcript.entries()]
    assert kinds == [("receive", 0), ("crash", 0), ("output", None), ("receive", 1)]
    assert texts(transcript) == ["belum sel", "juga bel"]


def test_bytes_that_are_not_utf_8_stay_visible():
    assert decode(b"caf\xe9 \xf0\x9f\x91\x8d") == "caf\\xe9 👍"


def test_the_output_is_put_together():
    transcript = Transcript()
    transcript.add(0, "output", None, b"Terhubung deng")
    transcript.add(0, "connect", 0)
    transcript.add(0, "output", None, b"an\n")

    assert transcript.output() == "Terhubung dengan\n"


def test_events_are_numbered_in_order():
    transcript = Transcript()

    assert transcript.add(0.5, "connect", 3) == Event(0, 0.5, "connect", 3)
    assert transcript.add(0.6, "exit", None, b"1") == Event(1, 0.6, "exit", None, b"1")


@given(st.lists(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"))), st.data())
def test_how_the_bytes_were_cut_makes_no_difference(lines, data):
    stream = "".join(line + "\n" for line in lines).encode()
    cuts = data.draw(st.lists(st.integers(0, len(stream))).map(sorted))
    transcript = Transcript()
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        transcript.add(0, "receive", 0, stream[start:end])

    assert texts(transcript) == lines
