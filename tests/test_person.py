"""What people in a room do, and what is expected to reach them: met, and not met."""

import contextlib
import re

import pytest
from helpers import server_file, serving, submission

from autograder.dialect import OUR_DIALECT, Dialect
from autograder.failures import Unmet
from autograder.i18n import speaking
from autograder.process import start_launcher
from autograder.room import Room

PUPPET = r"""
import os
import socket
import threading

clients = {}
lock = threading.Lock()
server = socket.create_server(("127.0.0.1", 5005))


def handle(client):
    client.sendall(b"NICK\n")
    lines = client.makefile(encoding="utf-8", errors="replace", newline="\n")
    name = lines.readline().strip()
    with lock:
        clients[name] = client
        for other in clients.values():
            other.sendall(f"{name} Bergabung!\n".encode())
    try:
        for line in lines:
            obey(line.rstrip("\n"))
        print(name, "left")
    except ConnectionResetError:
        print(name, "crashed")


def obey(line):
    to, _, text = line.partition("|")
    if to == "exit":
        os._exit(int(text))
    elif to == "raise":
        raise ValueError(text)
    elif to == "spin":
        while True:
            pass
    elif text == "close":
        clients[to].shutdown(socket.SHUT_RDWR)
        clients[to].close()
    else:
        with lock:
            for name, client in clients.items():
                if to in ("*", name):
                    client.sendall(text.replace("\\n", "\n").encode() + b"\n")


while True:
    client, address = server.accept()
    threading.Thread(target=handle, args=(client,)).start()
"""
"""A server on strings: `Bob|text` sends Bob the text, `*|text` everybody, `Bob|close` closes."""


@pytest.fixture(scope="module")
def launcher():
    made = start_launcher(submission(PUPPET))
    yield made
    made.close()


@pytest.fixture
def room(launcher):
    with speaking("en"), Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT) as room:
        yield room


# -- expectations that are met --------------------------------------------------------------


def test_who_gets_a_message_sees_it(room):
    alice, bob = room.join("Alice", "Bob")
    alice.send("Bob|Alice: Halo semua!")

    assert bob.sees("Halo") == "Alice: Halo semua!"


def test_each_message_is_seen_once(room):
    alice = room.join("Alice")
    alice.send("*|Halo")
    alice.send("*|Halo")

    alice.sees("Halo")
    alice.sees("Halo")
    with pytest.raises(Unmet, match="further message"):
        alice.sees("Halo")


def test_all_that_is_asked_for_must_stand_in_one_message(room):
    alice, bob = room.join("Alice", "Bob")
    alice.send(r"*|Bob keluar!\nAlice masuk")

    assert alice.sees(bob, "keluar") == "Bob keluar!"
    alice.sees(re.compile(r"Ali\w+ m"))
    with pytest.raises(Unmet):
        alice.sees(bob, "masuk")


def test_messages_in_order_may_have_others_between(room):
    alice = room.join("Alice")
    alice.send(r"*|satu\nx\ndua\ny\ntiga")

    alice.sees_in_order("satu", "dua", "tiga")
    alice.sees_in_order("dua")


def test_exactly_once_is_counted_since_forgetting(room):
    alice = room.join("Alice")
    alice.send("*|Halo")
    alice.sees_once("Halo")
    room.forget()
    alice.send("*|Halo")
    alice.sees_once("Halo")


def test_what_was_sent_to_others_is_never_seen(room):
    alice, bob = room.join("Alice", "Bob")
    alice.send("Bob|rahasia")
    alice.never_sees("rahasia")
    bob.sees("rahasia")
    room.forget()
    bob.never_sees("rahasia")


def test_hearing_gives_what_is_new(room):
    alice = room.join("Alice")

    assert alice.heard() == ["NICK", "Alice Bergabung!"]
    assert alice.heard() == []
    alice.sees_nothing()
    alice.send(r"*|satu\ndua")
    assert alice.heard() == ["satu", "dua"]
    alice.sees_nothing()


def test_who_is_closed_is_disconnected(room):
    alice, bob = room.join("Alice", "Bob")
    alice.send("Bob|close")
    bob.is_disconnected()


def test_who_is_greeted_is_asked(room):
    room.connect().is_asked()


def test_each_name_once(room):
    alice, bob = room.join("Alice", "Bob")
    room.forget()
    alice.send("*|online: Alice, Bob")
    alice.sees_each_once(alice, bob)


def test_any_words_are_an_answer_but_a_greeting_is_none(room):
    alice = room.join("Alice")
    room.forget()
    alice.send("*|NICK")
    with pytest.raises(Unmet):
        alice.is_answered()
    alice.send("*|Maaf, apa?")
    alice.is_answered()


def test_nobody_gets_it_twice(room):
    alice, _bob = room.join("Alice", "Bob")
    alice.send("*|Halo")
    room.never_twice("Halo")
    alice.send("Bob|Halo")
    with pytest.raises(Unmet, match="2 times"):
        room.never_twice("Halo")


# -- what is done ---------------------------------------------------------------------------


def test_saying_puts_the_name_in_front_as_the_servers_own_client_does(launcher):
    for writes_name, sent in ((True, "Alice: Halo"), (False, "Halo")):
        dialect = Dialect(client_writes_name=writes_name)
        with Room(launcher.submission, launcher=launcher, dialect=dialect) as room:
            alice = room.join("Alice")
            alice.say("Halo")
            room.settle()
            texts = [m.text for m in room.traffic.transcript.messages() if m.kind == "send"]
            assert texts == ["Alice", sent]


def test_many_at_once_are_one_piece(room):
    alice = room.join("Alice")
    before = len(room.traffic.transcript.events)
    alice.say_at_once("satu", "dua")
    room.settle()

    sent = [e for e in room.traffic.transcript.events[before:] if e.kind == "send"]
    assert [e.data for e in sent] == [b"Alice: satu\nAlice: dua\n"]


def test_without_line_ends_many_at_once_go_one_by_one():
    source = """
        import socket
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        while data := client.recv(1024):
            client.sendall(b"<" + data + b">")
        """
    dialect = Dialect(greeting="", line_ends=False, wants_line_ends=False, tells_self=False)
    with serving(source, dialect=dialect) as room:
        alice = room.join("Alice")
        alice.say_at_once("satu", "dua")
        alice.sees_in_order("<Alice>", "<Alice: satu>", "<Alice: dua>")


def test_bytes_go_out_as_they_are(room):
    alice = room.join("Alice")
    alice.send_bytes(b"*|Hal")
    room.settle()
    alice.never_sees("Hal")
    alice.send_bytes("o é\n".encode())
    alice.sees("Halo é")


def test_leaving_is_an_end_and_crashing_is_a_break(room):
    alice, bob, charlie, dewi = room.join("Alice", "Bob", "Charlie", "Dewi")
    alice.leave()
    bob.crash()
    charlie.pause()
    dewi.send("Charlie|unread")
    charlie.leave()
    room.settle()

    assert sorted(room.log.splitlines()) == ["Alice left", "Bob crashed", "Charlie crashed"]
    assert {person.state for person in (alice, bob, charlie)} == {"gone"}


def test_who_pauses_gets_everything_later(room):
    alice, bob = room.join("Alice", "Bob")
    bob.pause()
    alice.send("Bob|satu")
    alice.send("Bob|dua")
    room.settle()
    assert bob.inbox.texts()[-1] == "Bob Bergabung!"
    bob.resume()
    bob.sees_in_order("satu", "dua")


def test_who_has_gone_may_not_stop_the_others(room):
    alice, bob = room.join("Alice", "Bob")
    bob.leave()
    bob.leave()
    bob.crash()
    bob.send("*|from nowhere")
    alice.send("*|Halo")
    alice.sees("Halo")
    assert bob.heard() == ["NICK", "Bob Bergabung!"]


def test_what_was_on_its_way_before_leaving_is_heard(room):
    alice, bob = room.join("Alice", "Bob")
    alice.send("Bob|Halo")
    bob.leave()
    assert bob.sees("Halo")


def test_people_have_names(room):
    guest = room.connect()
    assert (guest.label, guest.name, repr(guest)) == ("client 1", None, "<Person client 1>")
    guest.introduce("Dini")
    assert (guest.label, guest.name, repr(guest)) == ("Dini", "Dini", "<Person Dini>")
    guest.sees(guest, "Bergabung")


# -- expectations that are not met ----------------------------------------------------------


def gets_nothing(room):
    alice, bob = room.join("Alice", "Bob")
    alice.send("Alice|Halo semua!")
    bob.sees("Halo semua!")


def gets_something_else(room):
    alice, bob = room.join("Alice", "Bob")
    alice.send(r"Bob|Hai\nHoi")
    bob.sees(alice, "Halo")


def gets_no_second_one(room):
    alice = room.join("Alice")
    alice.send("*|Halo")
    alice.sees("Halo")
    alice.sees("Halo")


def gets_no_such_pattern(room):
    room.join("Alice").sees(re.compile(r"^\d+:\d+", re.MULTILINE))


def lacks_one_of_many(room):
    alice = room.join("Alice")
    alice.send(r"*|satu\ntiga")
    alice.sees_in_order("satu", "dua", "tiga")


def gets_them_the_other_way_round(room):
    alice = room.join("Alice")
    alice.send(r"*|dua\nsatu")
    alice.sees_in_order("satu", "dua")


def gets_it_not_once(room):
    room.join("Alice").sees_once("Halo")


def gets_it_twice(room):
    alice, bob = room.join("Alice", "Bob")
    alice.send(r"Bob|Halo\nHalo")
    bob.sees_once("Halo")


def gets_what_is_secret(room):
    alice, bob = room.join("Alice", "Bob")
    alice.send("*|rahasia\x1b[2J")
    bob.never_sees("rahasia")


def gets_a_name_that_is_secret(room):
    bob = room.join("Bob")
    bob.never_sees(bob)


def gets_more_than_nothing(room):
    room.connect().sees_nothing()


def is_not_asked(room):
    alice = room.join("Alice")
    alice.send("spin|")
    room.settle()
    alice.inbox.size = 0
    alice.is_asked()


def stays_open(room):
    room.join("Alice").is_disconnected()


def is_closed(room):
    alice, bob = room.join("Alice", "Bob")
    alice.send("Bob|close")
    bob.sees("Halo")


def is_not_named(room):
    alice, bob = room.join("Alice", "Bob")
    room.forget()
    alice.send("*|online: Bob")
    alice.sees_each_once(alice, bob)


def is_named_twice(room):
    alice = room.join("Alice")
    room.forget()
    alice.send("*|Alice Alice")
    alice.sees_each_once(alice)


def is_not_answered(room):
    alice = room.join("Alice")
    room.forget()
    alice.is_answered()


def lost_its_server(room):
    alice = room.join("Alice")
    alice.send("exit|3")
    alice.sees("Halo")


def lost_its_thread(room):
    alice, bob = room.join("Alice", "Bob")
    alice.send("raise|too bad")
    bob.sees("Halo")


def waits_for_a_busy_server(room):
    alice = room.join("Alice")
    alice.send("spin|")
    alice.sees("Halo")


def a_guest_without_a_name(room):
    guest = room.connect()
    guest.send_bytes(b"Di")
    guest.be_called("Dini")
    guest.send_bytes(b"ni\n")
    guest.sees("Halo")


def a_guest_who_gives_it_late(room):
    guest = room.connect()
    guest.introduce("Dini")
    guest.say("Halo")
    guest.never_sees("Bergabung")


def a_crowd(room):
    crowd = room.join_at_once("Tono", "Tini", "Tuti")
    room.leave_at_once(crowd[0], crowd[1])
    crowd[2].sees(crowd[0], "keluar")


def somebody_who_is_held(room):
    alice = room.join("Alice")
    room.watch_threads()
    bob = room.join("Bob")
    room.hold_threads()
    bob.send("*|Halo")
    alice.sees("Halo")


def names_that_python_knows(room):
    alice, bob, charlie = room.join("Class", "Room", "re")
    charlie.say("Halo")
    alice.sees(re.compile("never"), bob)


def a_name_twice(room):
    room.join("Alice")
    bob = room.join("Bob")
    bob.leave()
    again = room.join("Bob")
    again.sees(bob, "keluar")


def odd_texts(room):
    alice = room.join("Alice")
    alice.say("it's “quoted” \\ and\ttabbed 😀")
    alice.sees("\"double\" and 'single'")


UNMET = [
    (gets_nothing, "missing", "Bob gets a message with “Halo semua!”", "Bob got nothing."),
    (
        gets_something_else, "missing",
        "Bob gets a message with the name Alice and “Halo”", "Bob got “Hai”, “Hoi”.",
    ),
    (gets_no_second_one, "missing", "Alice gets a further message with “Halo”", "got “Halo”."),
    (gets_no_such_pattern, "missing", r"something like ^\d+:\d+", "Alice got “"),
    (lacks_one_of_many, "missing", "Alice gets all 3 messages, also “dua”", "Alice got “satu”"),
    (
        gets_them_the_other_way_round, "wrong",
        "Alice gets “satu” before “dua”", "the other way round",
    ),
    (gets_it_not_once, "missing", "Alice gets exactly one message with “Halo”", "Alice got “"),
    (gets_it_twice, "unwanted", "Bob gets exactly one message with “Halo”", "Bob got it 2 times."),
    (gets_what_is_secret, "unwanted", "Bob gets no message with “rahasia”", "Bob got “rahasia”."),
    (gets_a_name_that_is_secret, "unwanted", "with the name Bob", "Bob got “Bob Bergabung!”."),
    (gets_more_than_nothing, "unwanted", "client 1 gets nothing", "client 1 got “NICK”."),
    (stays_open, "missing", "the server closes Alice's connection", "It is still open."),
    (is_closed, "closed", "Bob gets a message", "The server closed Bob's connection."),
    (is_not_named, "missing", "Alice gets the name Alice exactly once", "Alice got “online: Bob”."),
    (is_named_twice, "wrong", "Alice gets the name Alice exactly once", "Alice got “Alice Alice”."),
    (is_not_answered, "missing", "Alice gets an answer", "Alice got nothing."),
    (lost_its_server, "closed", "Alice gets a message", "The server ended with the exit code 3."),
    (lost_its_thread, "missing", "Bob gets a message", "A thread of the server died in line "),
    (waits_for_a_busy_server, "missing", "Alice gets a message", "a loop never waits"),
    (a_guest_without_a_name, "missing", "Dini gets a message", "Dini got “NICK”"),
    (a_guest_who_gives_it_late, "unwanted", "Dini gets no message", "Dini got “Dini Bergabung!”."),
    (a_crowd, "missing", "Tuti gets a message with the name Tono and “keluar”", "got nothing."),
    (somebody_who_is_held, "missing", "Alice gets a message with “Halo”", "Alice got nothing."),
    (names_that_python_knows, "missing", "Class gets a message with", "Class got nothing."),
    (a_name_twice, "missing", "Bob gets a message with the name Bob and “keluar”", "Bob got “"),
    (odd_texts, "missing", "a message with “\"double\" and 'single'”", "Alice got nothing."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("story", "cause", "expected", "got"), UNMET, ids=[row[0].__name__ for row in UNMET]
)
def test_what_is_said_when_an_expectation_is_not_met(
    room, tmp_path, monkeypatch, story, cause, expected, got
):
    with pytest.raises(Unmet) as caught:
        story(room)
    unmet = caught.value

    assert unmet.cause == cause
    assert expected in unmet.expected
    assert got in unmet.got
    assert unmet.tried and unmet.diagram is not None
    assert not unmet.starting
    said = str(unmet)
    for part in (unmet.tried, unmet.expected.split("\n")[0], unmet.recipe[-2].strip()):
        assert part in said
    assert "\x1b" not in said
    if unmet.mark is not None:
        assert any(row.missing or row.unwanted for row in unmet.diagram.rows)

    # the lines that repeat it do repeat it
    server_file(tmp_path, PUPPET)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Unmet) as caught:
        exec("\n".join(unmet.recipe), {})
    again = caught.value
    assert (again.cause, again.expected) == (unmet.cause, unmet.expected)
    assert again.recipe == unmet.recipe
    if unmet.cause != "closed":  # whether the end or the closing is seen first is left to chance
        assert again.got == unmet.got


INDONESIAN = [
    (gets_nothing, "Bob menerima pesan yang memuat “Halo semua!”", "Bob tidak menerima apa-apa."),
    (gets_it_twice, "Bob menerima tepat satu pesan yang memuat “Halo”", "Bob menerimanya 2 kali."),
    (gets_what_is_secret, "rahasia", "Bob menerima “rahasia”."),
    (is_closed, "Bob", "Server menutup koneksi Bob."),
    (lost_its_server, "Alice", "Server berhenti dengan exit code 3."),
    (lost_its_thread, "Bob", "Sebuah thread server mati di baris"),
]


@pytest.mark.parametrize(
    ("story", "expected", "got"), INDONESIAN, ids=[row[0].__name__ for row in INDONESIAN]
)
def test_and_in_indonesian(launcher, story, expected, got):
    with (
        speaking("id"),
        Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT) as room,
        pytest.raises(Unmet) as caught,
    ):
        story(room)

    assert expected in caught.value.expected
    assert got in caught.value.got


def test_who_is_not_asked_is_said_to_be_not_greeted():
    source = """
        import socket
        server = socket.create_server(("127.0.0.1", 5005))
        first, _address = server.accept()
        first.sendall(b"NICK\\n")
        first.recv(100)
        """
    with speaking("en"), serving(source) as room:
        room.connect().is_asked()
        guest = room.connect()
        with pytest.raises(Unmet) as caught:
            guest.introduce("Dini")

    assert "the server greets client 2 with “NICK”" in caught.value.expected
    assert caught.value.recipe[-2] == "    client_2.introduce('Dini')"


def test_a_long_conversation_has_no_lines_to_paste(room):
    alice = room.join("Alice")
    for number in range(30):
        alice.say(f"Halo {number}")
    with pytest.raises(Unmet) as caught:
        alice.sees("never")

    assert caught.value.recipe == ()
    assert "Room(" not in str(caught.value)


# -- where the kernel cannot be asked -------------------------------------------------------


def test_a_public_message_overtakes_what_may_still_be_on_its_way():
    """The fence: a message after the secret one; who has seen it will not see the secret."""
    source = """
        import socket, threading, time
        clients = []
        server = socket.create_server(("127.0.0.1", 5005))
        def handle(client):
            client.sendall(b"NICK\\n")
            lines = client.makefile()
            name = lines.readline().strip()
            clients.append(client)
            client.sendall(f"{name} Bergabung!\\n".encode())
            for line in lines:
                to = clients[:1] if "rahasia" in line else clients
                for other in to:
                    other.sendall(line.encode())
        while True:
            client, _address = server.accept()
            threading.Thread(target=handle, args=(client,)).start()
        """
    with serving(source, parts="proc") as room:
        alice, bob = room.join("Alice", "Bob")
        alice.say("rahasia")
        bob.never_sees("rahasia")
        with pytest.raises(Unmet):
            alice.never_sees("rahasia")
        room.forget()
        bob.sees_nothing()
        assert not any("…" in text for text in bob.heard() + alice.heard()), "the fence is ours"


def test_a_met_expectation_is_met_without_the_kernel_too():
    with serving(PUPPET, parts="proc") as room:
        alice, bob = room.join("Alice", "Bob")
        alice.send("Bob|Halo")
        bob.sees("Halo")
        bob.leave()
        alice.send("exit|0")
        with contextlib.suppress(Unmet):
            alice.is_disconnected()
        assert room.settle() == "dead"
