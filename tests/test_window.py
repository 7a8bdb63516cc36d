"""Chat windows: what a reader does in them, and what they show, without a browser."""

from __future__ import annotations

import asyncio
import gc
import json
import os
from html.parser import HTMLParser

import pytest
from helpers import PROJECT, REFERENCE, SERVERS, family, gone, serving, submission, until

from autograder.failures import RoomClosed
from autograder.i18n import speaking
from autograder.room import Room
from autograder.window import MOST_LINES, Pane, Window

ONE_CLIENT = PROJECT / "reference" / "pertemuan_3" / "server.py"
COMPLETE = PROJECT / "reference" / "complete" / "server.py"


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


@pytest.fixture
def room():
    with Room(REFERENCE) as room:
        yield room


class Page(HTMLParser):
    """The text of a pane: its lines, and the sentence below them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.title, self.state, self.lines = "", "", []
        self._inside: list[str] = []
        self.feed(html)
        assert self._inside == []

    def handle_starttag(self, tag, attrs):
        kind = dict(attrs).get("class") or tag
        self._inside.append(kind)
        if kind in ("aw-got", "aw-note"):
            self.lines.append("")

    def handle_endtag(self, _tag):
        self._inside.pop()

    def handle_data(self, data):
        kind = self._inside[-1]
        if kind == "aw-title":
            self.title += data
        elif kind == "aw-state":
            self.state += data
        elif kind in ("aw-got", "aw-note"):
            self.lines[-1] += data


def lines(pane: Pane) -> list[str]:
    return Page(pane.lines.value).lines


def state(pane: Pane) -> str:
    return Page(pane.lines.value).state


def leave_box(pane: Pane, text: str) -> None:
    """Do what a browser does when a box in which `text` was typed is left."""
    pane.box.set_state({"value": text})


def enter(pane: Pane, text: str | None = None) -> None:
    """Do what a browser does on Enter: tell of the key, and of the text if it has changed."""
    pane.box._handle_custom_msg({"event": "submit"}, [])
    if text is not None:
        pane.box.set_state({"value": text})


# -- talking ----------------------------------------------------------------------------------


def test_everybody_comes_in_and_sees_who_comes_later(room):
    window = room.window("Alice", "Bob", "Charlie")
    alice, _bob, charlie = window.panes

    assert isinstance(window, Window)
    assert lines(alice) == ["NICK", "Alice Bergabung!", "Bob Bergabung!", "Charlie Bergabung!"]
    assert lines(charlie) == ["NICK", "Charlie Bergabung!"]
    assert [Page(pane.lines.value).title for pane in window.panes] == ["Alice", "Bob", "Charlie"]
    assert [state(pane) for pane in window.panes] == ["", "", ""]
    assert "Username Charlie" in window.log.value


def test_three_names_are_there_if_none_are_given(room):
    assert [pane.name for pane in room.window().panes] == ["Alice", "Bob", "Charlie"]


def test_enter_sends_and_all_panes_show_it(room):
    window = room.window("Alice", "Bob")
    enter(window.panes[0], "Halo semua!")

    for pane in window.panes:
        assert lines(pane)[-1] == "Alice: Halo semua!"
    assert window.panes[0].box.value == ""


def test_the_button_sends_what_was_typed_and_the_box_is_ready_for_more(room):
    alice, bob = room.window("Alice", "Bob").panes
    told = []
    alice.box.send = lambda content, buffers=None: told.append(content)
    leave_box(alice, "Halo")
    assert lines(bob)[-1] == "Bob Bergabung!"
    alice.send.click()

    assert lines(bob)[-1] == "Alice: Halo"
    assert alice.box.value == ""
    assert {"do": "focus"} in told


def test_what_was_typed_before_the_box_was_left_is_sent_whole(room):
    alice, bob = room.window("Alice", "Bob").panes
    leave_box(alice, "Hal")
    enter(alice)  # as it is

    leave_box(alice, "Hal")

    async def in_a_kernel():
        enter(alice, "Halo")  # with a letter more
        first = lines(bob)[-2:]
        leave_box(alice, "Hai")
        enter(alice)
        assert lines(bob)[-2:] == first
        assert alice.box.value == "Hai"
        while alice.box.value:
            await asyncio.sleep(0)
        return first

    assert asyncio.run(in_a_kernel()) == ["Alice: Hal", "Alice: Halo"]
    assert lines(bob)[-3:] == ["Alice: Hal", "Alice: Halo", "Alice: Hai"]


@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_nothing_is_not_sent(room, text):
    alice, bob = room.window("Alice", "Bob").panes
    before = lines(bob)
    enter(alice, text)
    alice.send.click()

    assert lines(bob) == before


def test_a_line_that_begins_with_a_slash_goes_out_as_it_is(room):
    alice, bob = room.window("Alice", "Bob").panes
    enter(alice, "/pm Bob rahasia")

    assert lines(bob)[-1] == "/pm Bob rahasia"


def test_programs_and_hands_can_talk_in_the_same_room(room):
    window = room.window("Alice")
    enter(window.panes[0], "Halo")
    dini = room.join("Dini")
    dini.say("Hai")

    assert "Alice: Halo" in window["Alice"].heard()
    window.look.click()
    assert lines(window.panes[0])[-2:] == ["Dini Bergabung!", "Dini: Hai"]
    with pytest.raises(KeyError):
        window["Dini"]


def test_text_from_elsewhere_is_shown_as_text(room):
    alice, bob = room.window("Alice", "<b>Bob</b>").panes
    enter(alice, "<script>alert(1)</script> \u202e\x1b[2J&amp;")

    assert "<script" not in bob.lines.value and "<b>" not in bob.lines.value
    assert lines(bob)[-1] == "Alice: <script>alert(1)</script> \\u202e&amp;"


def test_only_the_last_lines_are_shown(room):
    alice, bob = room.window("Alice", "Bob").panes
    room.traffic.people[0].say_at_once(*(f"nomor {n}" for n in range(MOST_LINES)))
    enter(alice, "terakhir")

    assert len(lines(bob)) == MOST_LINES
    assert lines(bob)[-1] == "Alice: terakhir"


# -- coming and going -------------------------------------------------------------------------


def test_leaving_and_joining_again(room):
    alice, bob = room.window("Alice", "Bob").panes
    assert bob.come_and_go.description == "Leave"
    bob.come_and_go.click()
    assert lines(alice)[-1] == "Bob keluar!"
    assert state(bob) == "Bob has left."
    assert bob.box.disabled and bob.send.disabled and bob.crash.disabled
    assert bob.come_and_go.description == "Join again"

    enter(alice, "Sepi.")
    bob.come_and_go.click()
    assert lines(alice)[-2:] == ["Alice: Sepi.", "Bob Bergabung!"]
    assert lines(bob) == ["NICK", "Bob Bergabung!", "Bob comes in again.", "NICK", "Bob Bergabung!"]
    assert state(bob) == "" and not bob.box.disabled
    enter(bob, "Aku kembali!")
    assert lines(alice)[-1] == "Bob: Aku kembali!"


def test_a_crash_is_told_to_the_others_too(room):
    alice, bob = room.window("Alice", "Bob").panes
    bob.crash.click()

    assert lines(alice)[-1] == "Bob keluar!"
    assert state(bob) == "Bob's connection is broken."
    assert room.traffic.people[1].state == "gone"
    bob.crash.click()
    enter(bob, "Halo?")
    assert lines(alice)[-1] == "Bob keluar!"


def test_one_who_has_to_wait_comes_in_when_the_turn_has_come():
    with Room(ONE_CLIENT) as room:
        alice, bob = room.window("Alice", "Bob").panes
        assert lines(bob) == []
        assert state(bob) == "Bob is connected, but the server has not asked for a username yet."
        alice.come_and_go.click()
        assert lines(bob) == ["NICK", "Bob Bergabung!"]
        assert state(bob) == ""


def test_a_refused_username_can_be_given_again():
    with Room(COMPLETE) as room:
        first, second = room.window("Alice", "Alice").panes
        assert lines(second)[-1] == "NICK"
        assert state(second) == "The server asks for a username again: type another one."
        assert second.box.description == "Username for Alice"
        enter(second, "alice")
        assert state(second) == "The server asks for a username again: type another one."
        enter(second, "Bob")
        assert state(second) == ""
        assert Page(second.lines.value).title == "Bob"
        enter(second, "NICK")  # only a message
        assert lines(first)[-1].endswith("Bob: NICK")
        assert state(first) == state(second) == ""
        enter(first, "/list")
        assert "Alice" in lines(first)[-1] and "Bob" in lines(first)[-1]


def test_a_server_that_speaks_otherwise_is_spoken_to_as_it_wants():
    for name in ("no_line_ends", "greets_with_nothing_no_line_ends", "greets_with_sentence"):
        with Room(SERVERS / "right" / f"{name}.py") as room:
            alice, bob = room.window("Alice", "Bob").panes
            assert state(alice) == state(bob) == "", name
            enter(alice, "Halo")
            assert "Alice" in lines(bob)[-1] and "Halo" in lines(bob)[-1], name
            assert state(alice) == state(bob) == "", name


# -- when it goes wrong -----------------------------------------------------------------------

DIES_OF_WORDS = """
    import socket
    server = socket.create_server(("127.0.0.1", 5005))
    client, _address = server.accept()
    client.sendall(b"NICK\\n")
    client.recv(1024)
    client.sendall(b"Halo!\\n")
    client.recv(1024)
    1 / 0
"""


def test_a_server_that_dies_is_said_in_the_pane():
    with serving(DIES_OF_WORDS) as room:
        window = room.window("Alice")
        [alice] = window.panes
        enter(alice, "Halo")
        assert state(alice) == "The server died in line 8: ZeroDivisionError: division by zero"
        assert Page(window.log.value).state == state(alice)
        alice.come_and_go.click()
        assert state(alice) == "The server died in line 8: ZeroDivisionError: division by zero"
        assert lines(alice)[-1] == "Halo!"


def test_a_connection_that_the_server_closes_is_said_in_the_pane():
    source = """
        import socket
        server = socket.create_server(("127.0.0.1", 5005))
        while True:
            client, _address = server.accept()
            client.sendall(b"Penuh!\\n")
            client.close()
    """
    with serving(source) as room:
        [alice] = room.window("Alice").panes
        assert lines(alice) == ["Penuh!"]
        assert state(alice) == "The server closed Alice's connection."
        assert alice.come_and_go.description == "Join again"


def test_a_closed_room_is_said_in_every_pane(room):
    alice, bob = room.window("Alice", "Bob").panes
    room.close()
    enter(alice, "Halo?")

    for pane in (alice, bob):
        assert state(pane) == str(RoomClosed())
        assert pane.box.disabled and pane.come_and_go.disabled
    assert lines(alice) == ["NICK", "Alice Bergabung!", "Bob Bergabung!"]


def test_a_window_keeps_no_server_alive():
    before = set(family(os.getpid()))
    window = Room(REFERENCE).window("Alice")
    gc.collect()
    started = set(family(os.getpid())) - before
    until(lambda: all(map(gone, started)), "the server and its launcher are gone")
    window.look.click()
    assert state(window.panes[0]) == str(RoomClosed())


def test_the_window_speaks_the_language_in_which_it_was_opened(room):
    with speaking("id"):
        [alice] = room.window("Alice").panes
        leave = alice.come_and_go.description
    alice.come_and_go.click()
    with speaking("id"):
        other = room.window("Bob").panes[0].come_and_go.description
    alice.come_and_go.click()

    assert alice.come_and_go.description == leave == other


# -- how it shows itself ----------------------------------------------------------------------


def test_a_notebook_gets_the_widget_and_where_nothing_is_alive_what_is_in_it(room):
    window = room.window("Alice", "Bob")
    enter(window.panes[0], "Halo <b>")
    bundle = window._repr_mimebundle_()

    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == window.widget.model_id
    json.dumps(bundle)
    assert "Alice: Halo &lt;b&gt;" in bundle["text/html"]
    assert "Username Bob" in bundle["text/html"]
    assert repr(window).splitlines()[:3] == ["Alice", "  NICK", "  Alice Bergabung!"]


def test_every_control_says_what_it_does_and_for_whom(room):
    for pane in room.window("Alice", "Bob").panes:
        assert pane.box.description == f"Message from {pane.name}"
        for button in (pane.send, pane.come_and_go, pane.crash):
            assert button.description
            assert pane.name in button.tooltip
        assert f'aria-label="What {pane.name} has received"' in pane.lines.value
        assert 'role="log" tabindex="0"' in pane.lines.value


def test_a_room_with_a_submission_in_memory_has_windows_too():
    source = REFERENCE.read_text(encoding="utf-8")
    with Room(submission(source)) as room:
        enter(room.window("Alice").panes[0], "Halo")
        assert room.traffic.people[-1].heard()[-1] == "Alice: Halo"
