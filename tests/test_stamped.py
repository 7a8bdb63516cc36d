"""The expectations on stamps, each met and not met."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from helpers import serving

from autograder.failures import Unmet
from autograder.person import Person
from autograder.room import Room
from autograder.stamped import (
    see_the_same,
    sees_form,
    sees_no_second_stamp,
    sees_padded,
    sees_stamp,
    sees_the_time,
    sees_unchanged,
)
from autograder.stamps import DATE_AND_TIME, TIME

NOON = datetime(2031, 10, 12, 12, 34, 56)

PARROT = """
    import socket
    import threading

    clients = []

    def serve(client, lines):
        name = lines.readline().strip()
        clients.append(client)
        shout(f"{name} Bergabung!")
        for line in lines:
            shout(line.strip())

    def shout(text):
        # what stands before a bar goes to the first client, what stands behind it to the others
        first, _, rest = text.partition("|")
        for number, client in enumerate(clients):
            client.sendall((rest or first if number else first).encode() + b"\\n")

    server = socket.create_server(("127.0.0.1", 5005))
    while True:
        client, _ = server.accept()
        client.sendall(b"NICK\\n")
        threading.Thread(target=serve, args=(client, client.makefile())).start()
"""
"""Says what it is told to say: so a test decides what reaches whom."""


@pytest.fixture
def room() -> Iterator[Room]:
    with serving(PARROT, clock=NOON, timezone="UTC0") as room:
        yield room


@pytest.fixture
def alice(room: Room) -> Person:
    alice = room.join("Alice")
    room.forget()
    return alice


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("[2031-10-12 12:34:56] halo", "[12:34:56] halo"),
        ("halo (12/10/2031, 12:34)", "halo"),
    ],
)
def test_a_stamp_is_there_or_not(alice: Person, good: str, bad: str) -> None:
    alice.send(good)
    line, _stamp = sees_stamp(alice, DATE_AND_TIME, "halo")
    assert line == good
    alice.send(bad)
    with pytest.raises(Unmet, match="has a stamp"):
        sees_stamp(alice, DATE_AND_TIME, "halo")


def test_the_form_is_exact_or_not(alice: Person) -> None:
    alice.send("[12:34:56] halo")
    sees_form(alice, TIME, "halo")
    alice.send("<12:34:56> halo")
    with pytest.raises(Unmet, match="exactly"):
        sees_form(alice, TIME, "halo")


def test_zeros_are_there_or_not(alice: Person) -> None:
    alice.send("[12:04:06] halo")
    sees_padded(alice, TIME, "halo")
    alice.send("[12:4:6] halo")
    with pytest.raises(Unmet, match="zero"):
        sees_padded(alice, TIME, "halo")


def test_the_time_is_that_of_the_servers_clock(room: Room, alice: Person) -> None:
    alice.send("[12:34:56] halo")
    sees_the_time(alice, TIME, "halo")
    room.set_clock(datetime(2031, 10, 13, 1, 2, 3))
    alice.send("[2031-10-13 01:02:03] halo")
    sees_the_time(alice, DATE_AND_TIME, "halo")
    for wrong in ("[12:34:56] halo", "[01:02:01] halo"):
        alice.send(wrong)
        with pytest.raises(Unmet, match="01:02:03"):
            sees_the_time(alice, TIME, "halo")


def test_a_second_stamp_is_seen(alice: Person) -> None:
    for good in ("[12:34:56] halo", "halo"):
        alice.send(good)
        sees_no_second_stamp(alice, "halo")
    alice.send("[2031-10-12 12:34:56] [12:34:56] halo")
    with pytest.raises(Unmet, match="not two"):
        sees_no_second_stamp(alice, "halo")


def test_a_changed_message_is_seen(alice: Person) -> None:
    alice.send("[12:34:56] Alice: halo  semua")
    sees_unchanged(alice, alice, "halo  semua")
    alice.send("[12:34:56] Alice: halo semua")
    with pytest.raises(Unmet, match="as it was sent"):
        sees_unchanged(alice, alice, "halo  semua")


def test_different_stamps_are_seen(room: Room) -> None:
    people = room.join("Alice", "Bob", "Charlie")
    people[0].send("[12:34:56] halo|[12:34:56] halo")
    see_the_same(people, TIME, "halo")
    people[0].send("[12:34:56] halo|[12:34:57] halo")
    with pytest.raises(Unmet, match="as Alice does"):
        see_the_same(people, TIME, "halo")
