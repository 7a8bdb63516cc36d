"""A conversation is drawn so that a broadcast, and who missed it, is seen at a glance."""

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import asdict

import pytest
from golden_file import check_golden
from hypothesis import given
from hypothesis import strategies as st

from autograder.diagram import MAX_LANES, Diagram, Mark, Row
from autograder.i18n import speaking
from autograder.transcript import Transcript
from autograder.visible import cells

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text></svg><script>alert(1)</script>\x1b]0;title\x07\u202e &amp; \" ' \x00 \udcff"


class Chat:
    """Writes a transcript as a room with a right server would."""

    def __init__(self, *names):
        self.transcript = Transcript()
        self.here = []
        for name in names:
            self.join(name)

    def add(self, kind, person=None, text="", end="\n"):
        data = text.encode("utf-8", "surrogatepass") + end.encode() if text else b""
        self.transcript.add(len(self.transcript.events) / 100, kind, person, data)

    def join(self, name):
        person = len(self.transcript.labels)
        self.transcript.labels[person] = name
        self.add("connect", person)
        self.add("output", None, f"Terhubung dengan ('127.0.0.1', {54321 + person})")
        self.add("receive", person, "NICK")
        self.add("send", person, name)
        self.here.append(person)
        self.share(f"{name} Bergabung!")

    def share(self, text, but=()):
        for person in self.here:
            if person not in but:
                self.add("receive", person, text)

    def say(self, person, text, but=()):
        text = f"{self.transcript.labels[person]}: {text}"
        self.add("send", person, text)
        self.share(text, but)

    def diagram(self, *marks, **more):
        return Diagram.from_transcript(self.transcript, marks, **more)


def rows_with(diagram, text):
    return [row for row in diagram.rows if text in row.text and row.kind == "receive"]


def drawn(diagram):
    return ET.fromstring(diagram.svg())


def drawn_texts(diagram):
    return ["".join(text.itertext()) for text in drawn(diagram).iter(f"{SVG}text")]


# what becomes a row


def test_a_broadcast_is_one_row_and_the_senders_echo_belongs_to_it():
    chat = Chat("Alice", "Bob", "Charlie")
    chat.say(0, "Halo semua!")

    sent, received = chat.diagram().rows[-2:]
    assert (sent.kind, sent.people, sent.text) == ("send", (0,), "Alice: Halo semua!")
    assert (received.kind, received.people) == ("receive", (0, 1, 2))


def test_a_message_that_comes_twice_is_two_rows():
    chat = Chat("Alice", "Bob")
    for person in (0, 0, 1, 1):
        chat.add("receive", person, "dobel")

    assert [row.people for row in rows_with(chat.diagram(), "dobel")] == [(0, 1), (0, 1)]


def test_several_broadcasts_that_were_read_client_by_client_are_still_one_row_each():
    chat = Chat("Alice", "Bob")
    for person in (0, 1):
        for text in ("satu", "dua", "tiga"):
            chat.add("receive", person, text)

    assert [(row.text, row.people) for row in chat.diagram().rows[-3:]] == [
        ("satu", (0, 1)),
        ("dua", (0, 1)),
        ("tiga", (0, 1)),
    ]


def test_a_different_order_for_another_client_stays_visible():
    chat = Chat("Alice", "Bob")
    for person, text in ((0, "satu"), (0, "dua"), (1, "dua"), (1, "satu")):
        chat.add("receive", person, text)

    assert [(row.text, row.people) for row in chat.diagram().rows[-3:]] == [
        ("satu", (0,)),
        ("dua", (0, 1)),
        ("satu", (1,)),
    ]


def test_nothing_moves_past_what_a_client_did():
    chat = Chat("Alice", "Bob")
    chat.add("receive", 0, "satu")
    chat.add("send", 0, "/kick Bob")
    chat.add("receive", 1, "satu")

    assert [row.people for row in rows_with(chat.diagram(), "satu")] == [(0,), (1,)]


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.booleans())))
def test_every_client_keeps_its_own_order(events):
    chat = Chat("A", "B", "C", "D")
    start = len(chat.diagram().rows)
    for person, text, sends in events:
        chat.add("send" if sends else "receive", person, text)

    rows = chat.diagram(max_rows=1000).rows[start:]
    for person in range(4):
        assert [(row.text, row.kind == "send") for row in rows if person in row.people] == [
            (text, sends) for who, text, sends in events if who == person
        ]


def test_the_servers_output_comes_in_notes_of_a_few_lines():
    chat = Chat("Alice")
    for line in ("Traceback:", '  File "server.py", line 3', "    x", "\x1b[31mE", "F", ""):
        chat.add("output", None, line)

    assert chat.diagram().rows[-1].text == "…\n    x\n\\x1b[31mE\nF"


def test_a_row_for_everything_that_can_happen():
    chat = Chat("Alice", "Bob", "Charlie")
    chat.add("clock", None, "2031-01-02 03:04:05", end="")
    chat.add("leave", 0)
    chat.add("crash", 1)
    chat.add("closed", 2)
    chat.add("exit", None, "1", end="")

    with speaking("en"):
        table = chat.diagram().text()
    for words in (
        "The clock is set to 2031-01-02 03:04:05",
        "Alice → server",
        "leaves (FIN)",
        "is cut off (RST)",
        "server → Charlie",
        "closes the connection",
        "The server ended with exit code 1",
    ):
        assert words in table
    assert Counter(row.kind for row in chat.diagram().rows) == Counter(
        connect=3, output=3, receive=6, send=3, clock=1, leave=1, crash=1, closed=1, exit=1
    )


def test_an_ending_by_a_signal_is_named():
    transcript = Transcript()
    transcript.add(0, "exit", None, b"SIGKILL")

    with speaking("en"):
        assert "The server was ended by SIGKILL" in Diagram.from_transcript(transcript).text()


# marks


def test_who_missed_a_broadcast_is_marked_on_its_row():
    chat = Chat("Alice", "Bob", "Charlie")
    chat.say(0, "Halo semua!", but=[1])

    row = chat.diagram(Mark("missing", 1, "Halo semua!")).rows[-1]
    assert (row.people, row.missing) == ((0, 2), (1,))


def test_a_message_that_nobody_got_is_a_row_of_its_own():
    chat = Chat("Alice", "Bob", "Charlie")
    chat.add("send", 0, "/pm Bob rahasia")

    diagram = chat.diagram(Mark("missing", 1, "rahasia"), Mark("missing", "Charlie", "rahasia"))
    row = diagram.rows[-1]
    assert (row.kind, row.people, row.missing, row.text) == ("receive", (), (1, 2), "rahasia")
    assert row.number == len(diagram.rows)


def test_who_came_later_did_not_miss_what_was_said_before():
    chat = Chat("Alice")
    chat.say(0, "Halo semua!")
    chat.join("Bob")

    *_before, last = chat.diagram(Mark("missing", 1, "Halo semua!")).rows
    assert (last.people, last.missing) == ((), (1,))


def test_who_has_left_did_not_miss_what_was_said_after():
    chat = Chat("Alice", "Bob", "Charlie")
    chat.add("leave", 1)
    chat.say(0, "Bob keluar!", but=[1])

    *_before, last = chat.diagram(Mark("missing", 1, "Bob keluar!")).rows
    assert (last.people, last.missing) == ((), (1,))


def test_what_is_said_again_is_missing_the_second_time():
    chat = Chat("Alice", "Bob")
    chat.say(0, "Halo", but=[1])
    chat.share("Alice: Halo", but=[0])
    chat.say(0, "Halo", but=[0, 1])

    *_before, last = chat.diagram(Mark("missing", 1, "Halo")).rows
    assert (last.people, last.missing) == ((), (1,))


def test_an_unwanted_message_is_taken_out_of_the_broadcast():
    chat = Chat("Alice", "Bob", "Charlie")
    chat.say(0, "/pm Bob rahasia")

    row = chat.diagram(Mark("unwanted", "Charlie", "rahasia")).rows[-1]
    assert (row.people, row.unwanted) == ((0, 1), (2,))


def test_of_two_copies_the_second_is_the_unwanted_one():
    chat = Chat("Alice", "Bob")
    chat.say(0, "Halo")
    chat.share("Alice: Halo", but=[0])

    first, second = rows_with(chat.diagram(Mark("unwanted", 1, "Halo")), "Halo")
    assert (first.people, first.unwanted) == ((0, 1), ())
    assert (second.people, second.unwanted) == ((), (1,))


def test_a_mark_may_name_somebody_who_was_never_there():
    diagram = Chat("Alice").diagram(Mark("missing", "Dini", "NICK"))

    assert [lane.names for lane in diagram.lanes] == [("Alice",), ("Dini",)]
    assert diagram.rows[-1].missing == (1,)


def test_a_mark_without_a_text():
    chat = Chat("Alice", "Bob")
    chat.say(0, "Halo")

    with speaking("en"):
        assert "(a message)" in chat.diagram(Mark("missing", 1, "")).text()
    assert chat.diagram(Mark("unwanted", 1, "")).rows[-1].unwanted == (1,)


@pytest.mark.parametrize(
    ("code", "missing", "unwanted"),
    [
        ("en", "did not arrive: Bob", "should not have arrived: Charlie"),
        ("id", "tidak sampai: Bob", "seharusnya tidak sampai: Charlie"),
    ],
)
def test_marks_are_said_in_words_and_signs_not_in_colour_alone(code, missing, unwanted):
    chat = Chat("Alice", "Bob", "Charlie")
    chat.say(0, "rahasia", but=[1])
    diagram = chat.diagram(Mark("missing", 1, "rahasia"), Mark("unwanted", 2, "rahasia"))

    with speaking(code):
        texts, table = drawn_texts(diagram), diagram.text()
    assert f"✗ {missing}" in texts
    assert f"! {unwanted}" in texts
    assert "!" in texts  # at the head of the arrow
    dashed = [line for line in drawn(diagram).iter(f"{SVG}line") if line.get("stroke-dasharray")]
    assert any(line.get("stroke") == "#b3261e" for line in dashed)
    assert [line[0] for line in table.splitlines()[-3:]] == [" ", "✗", "!"]


# long conversations and many clients


def burst(count=200, but=()):
    chat = Chat("Alice", "Bob")
    for at in range(count):
        chat.add("send", 0, f"Alice: pesan {at}")
    for person in (0, 1):
        for at in range(count):
            if (person, at) not in but:
                chat.add("receive", person, f"Alice: pesan {at}")
    return chat


def test_the_middle_of_a_long_conversation_is_folded_and_every_message_counted():
    whole = burst().diagram(max_rows=10_000)
    folded = burst().diagram()

    assert len(folded.rows) == 36
    assert [row.kind for row in folded.rows].count("fold") == 1
    shown = sum(row.kind in ("send", "receive") for row in folded.rows)
    left_out = sum(row.messages for row in folded.rows)
    assert shown + left_out == sum(row.kind in ("send", "receive") for row in whole.rows)
    with speaking("en"):
        assert f"… {left_out} messages …" in folded.text()


def test_a_marked_row_is_never_folded_away():
    chat = burst(but=[(1, 120)])
    diagram = chat.diagram(Mark("missing", 1, "pesan 120"))

    assert len(diagram.rows) < 36
    (marked,) = [row for row in diagram.rows if row.marked]
    assert (marked.text, marked.people, marked.missing) == ("Alice: pesan 120", (0,), (1,))
    at = diagram.rows.index(marked)
    assert [row.text for row in diagram.rows[at - 2 : at + 2]] == [
        f"Alice: pesan {n}" for n in (118, 119, 120, 121)
    ]


def test_folding_again_counts_what_was_folded_before():
    diagram = burst().diagram()
    smaller = diagram.folded(12)

    assert len(smaller.rows) == 12
    for what in (lambda row: row.messages, lambda row: row.steps):
        shown = sum(row.kind != "fold" for row in smaller.rows)
        assert sum(map(what, smaller.rows)) > sum(map(what, diagram.rows))
    total = smaller.rows[-1].number
    assert shown + sum(row.steps for row in smaller.rows) == total


def test_the_title_goes_where_it_stands_above_already():
    diagram = Chat("Alice").diagram(title="Alice comes in")

    assert diagram.folded(99, without_title="Alice comes in").title == ""
    assert diagram.folded(99, without_title="Something else").title == "Alice comes in"


def test_fifty_clients_share_a_lane_apart_from_those_who_matter():
    chat = Chat(*[f"tamu{at}" for at in range(50)])
    chat.say(7, "Halo semua!", but=[33])
    diagram = chat.diagram(Mark("missing", "tamu33", "Halo semua!"))

    assert len(diagram.lanes) == MAX_LANES
    assert [lane.names for lane in diagram.lanes[:-1]] == [
        ("tamu0",), ("tamu1",), ("tamu2",), ("tamu3",), ("tamu33",)
    ]  # fmt: skip
    assert len(diagram.lanes[-1].people) == 45
    with speaking("en"):
        texts, table = drawn_texts(diagram), diagram.text()
    assert "45 others" in texts
    assert "×45" in texts
    assert "✗ did not arrive: tamu33" in texts
    assert "tamu7 → server" in table
    assert "server → tamu0, tamu1 and 47 others" in table


def test_a_long_text_says_how_much_of_it_is_left_out():
    chat = Chat("Alice")
    chat.say(0, "x" * 20_000)

    with speaking("en"):
        assert "19,923 more characters" in " ".join(drawn_texts(chat.diagram()))


# JSON


def test_a_diagram_goes_through_json_and_back():
    chat = burst(but=[(1, 120)])
    diagram = chat.diagram(Mark("missing", 1, "pesan 120"), title="Seratus dua puluh")

    assert Diagram.from_json(json.loads(json.dumps(asdict(diagram)))) == diagram


@pytest.mark.parametrize("plain", [{}, {"title": "", "lanes": [], "rows": [{"surprise": 1}]}])
def test_what_is_no_diagram_is_refused(plain):
    with pytest.raises((KeyError, TypeError)):
        Diagram.from_json(plain)


# the drawing


def everything(text="Halo semua!"):
    chat = Chat("Alice", "Bob", "Charlie")
    chat.say(0, text, but=[1])
    chat.add("clock", None, "2031-01-02 03:04:05", end="")
    chat.add("output", None, text)
    chat.add("crash", 2)
    chat.add("leave", 1)
    chat.add("closed", 0)
    chat.add("exit", None, text, end="")
    marks = (Mark("missing", 1, text), Mark("unwanted", 2, text), Mark("missing", 0, "keluar!"))
    return chat.diagram(*marks, title=text)


def test_the_drawing_needs_nothing_from_outside_and_runs_nothing():
    svg = everything().svg()

    for forbidden in ("<script", "<style", "foreignObject", "href", "url(", "var(", "<image", "@"):
        assert forbidden not in svg
    assert set(re.findall(r"https?://[^\"' ]+", svg)) == {"http://www.w3.org/2000/svg"}


def test_hostile_text_stays_text():
    diagram = everything(HOSTILE)
    root = drawn(diagram)

    assert {element.tag for element in root.iter()} == {
        SVG + name
        for name in (
            "svg",
            "title",
            "desc",
            "g",
            "rect",
            "text",
            "line",
            "circle",
            "polygon",
            "path",
        )
    }
    for text in (diagram.svg(), diagram.text()):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text)


def test_the_table_is_the_alternative_text():
    root = drawn(everything())
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")

    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert title.text == "Halo semua!"
    assert desc.text == everything().folded(99, without_title="Halo semua!").text(200)


def test_two_drawings_on_a_page_do_not_share_ids():
    first, second = drawn(everything()), drawn(Chat("Alice").diagram())
    ids = [element.get("id") for root in (first, second) for element in root.iter()]
    ids = [found for found in ids if found]

    assert len(ids) == len(set(ids)) == 4


WORDS = st.text(st.sampled_from("abc   iWM@日本👍é\x1b\n"), max_size=120)


@given(st.lists(WORDS.filter(str.strip), min_size=3, max_size=3), WORDS, WORDS)
def test_no_text_leaves_the_card(names, text, printed):
    chat = Chat(*names)
    chat.say(0, text, but=[1])
    chat.add("output", None, printed)
    diagram = chat.diagram(Mark("missing", 1, text), Mark("unwanted", 2, text), title=text)

    assert_inside(drawn(diagram))


def test_the_names_of_many_who_missed_something_stay_beside_the_lifelines():
    chat = Chat(*[f"{name}-dengan-nama-panjang" for name in ("Alice", "Bob", "Charlie", "Dini")])
    marks = [Mark("missing", person, "NICKNAME") for person in range(4)]

    root = drawn(chat.diagram(*marks))
    (verdict,) = [text for text in root.iter(f"{SVG}text") if "✗" in text.text]
    lifelines = [line for line in root.iter(f"{SVG}line") if line.get("x1") == line.get("x2")]
    end = float(verdict.get("x")) + cells(verdict.text) * float(verdict.get("font-size")) * 0.5
    assert end < min(float(line.get("x1")) for line in lifelines)
    assert_inside(root)


def test_leaving_crashing_and_being_closed_look_different():
    shapes = []
    for kind in ("leave", "crash", "closed"):
        chat = Chat("Alice")
        chat.add(kind, 0)
        row = list(drawn(chat.diagram()).iter(f"{SVG}g"))[-1]
        shapes.append(
            [
                (element.tag, bool(element.get("stroke-dasharray")), element.get("fill"))
                for element in row
                if element.tag != f"{SVG}text"
            ]
        )
    line, path, head = f"{SVG}line", f"{SVG}path", f"{SVG}polygon"

    leave, crash, closed = shapes
    assert [shape[:2] for shape in leave] == [(line, True), (head, False), (line, False)]
    assert [shape[:2] for shape in crash] == [(path, False), (head, False), (path, False)]
    assert [shape[:2] for shape in closed] == [(line, True), (head, False), (line, False)]
    assert leave[1] != closed[1]  # the arrow of the one who ends it


def assert_inside(root):
    width, height = float(root.get("width")), float(root.get("height"))
    for element in root.iter(f"{SVG}text"):
        # The narrow letters of running text take half of their size, those in code 0.61 of it.
        share = 0.61 if "mono" in element.get("font-family") else 0.5
        long = cells(element.text) * float(element.get("font-size")) * share
        before = {"middle": long / 2, "end": long}.get(element.get("text-anchor"), 0)
        x = float(element.get("x"))
        assert x - before >= 0
        assert x - before + long <= width
        assert 0 <= float(element.get("y")) <= height


def test_a_notebook_gets_html_svg_and_text():
    diagram = everything()
    bundle = diagram._repr_mimebundle_()

    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    assert diagram.svg() in bundle["text/html"]
    assert bundle["text/plain"] == diagram.text() == str(diagram)


def test_an_empty_conversation():
    diagram = Diagram.from_transcript(Transcript())

    with speaking("en"):
        assert "Nothing has happened yet." in diagram.text()
        assert "Nothing has happened yet." in drawn_texts(diagram)


def test_a_lifeline_goes_from_the_connection_to_its_end():
    chat = Chat("Alice", "Bob")
    chat.add("leave", 1)
    chat.say(0, "Bob?", but=[1])
    with speaking("en"):
        root = drawn(chat.diagram())

    lines = [
        (float(line.get("y1")), float(line.get("y2")))
        for line in root.iter(f"{SVG}line")
        if line.get("x1") == line.get("x2") and line.get("stroke") == "#a04b00"
    ]
    arrows = {
        "".join(text.itertext()): float(text.get("y"))
        for text in root.iter(f"{SVG}text")
        if text.get("fill") == "#a04b00"
    }
    ((start, end),) = lines
    assert arrows["connects"] < start < arrows["Bob"]
    assert arrows["leaves (FIN)"] < end < float(root.get("height")) - 60


# the table


@pytest.mark.parametrize("code", ["en", "id"])
def test_the_table_of_a_whole_conversation(code):
    with speaking(code):
        check_golden(f"diagram.{code}.txt", everything("Halo semua!").text() + "\n")


@given(st.integers(50, 200))
def test_the_table_fits_the_terminal(width):
    diagram = everything("Halo " * 40)

    assert (
        max(cells(line) for line in diagram.folded(99, diagram.title).text(width).split("\n"))
        <= width
    )


def test_rows_are_plain_data():
    assert Row(1, "receive", missing=(2,)).marked
    assert not Row(1, "receive", people=(2,)).marked
