"""Threading: nobody has to wait for anybody else."""

import re

from autograder.casting import Cast
from autograder.i18n import N_
from autograder.room import Room
from autograder.story import story


@story(N_("Two clients come in and talk to each other"), points=0.5)
def test_two_clients_talk(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    question, answer = cast.texts(2)
    alice.say(question)
    bob.sees(question)
    bob.say(answer)
    alice.sees(answer)


@story(N_("A client that only listens holds nobody up"), points=1, needs=("test_two_clients_talk",))
def test_a_silent_listener_holds_nobody_up(room: Room, cast: Cast) -> None:
    listener, alice, bob = room.join(*cast.names(3))
    for text in cast.texts(3):
        alice.say(text)
        bob.sees(text)
        listener.sees(text)


@story(
    N_("A client that does not give its username holds nobody up"),
    points=1,
    needs=("test_two_clients_talk",),
)
def test_a_silent_guest_does_not_lock_the_door(room: Room, cast: Cast) -> None:
    silent = room.connect()
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.say(text)
    bob.sees(text)
    # and it is no worse off for having been slow
    silent.introduce(cast.name())
    room.settle()
    late, answer = cast.texts(2)
    silent.say(late)
    alice.sees(silent, late)
    alice.say(answer)
    silent.sees(answer)


@story(
    N_("A client that has sent half a username holds nobody up"),
    points=0.5,
    needs=("test_two_clients_talk",),
)
def test_half_a_username_holds_nobody_up(room: Room, cast: Cast) -> None:
    slow = room.connect()
    name = cast.name()
    whole = room.dialect.encode(name)
    # where nothing marks the end of a name, half a name is a whole one: then it stays silent
    half = whole[: len(name) // 2] if room.dialect.wants_line_ends else b""
    slow.be_called(name)
    slow.send_bytes(half)
    room.settle()
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.say(text)
    bob.sees(text)
    slow.send_bytes(whole[len(half) :])
    room.settle()
    late, answer = cast.texts(2)
    slow.say(late)
    alice.sees(slow, late)
    alice.say(answer)
    slow.sees(answer)
    if half:  # the username was put together: neither part of it is a word by itself anywhere
        first, second = name[: len(half)], name[len(half) :]
        alice.never_sees(re.compile(rf"\b(?:{first}|{second})\b"))


@story(
    N_("A client that has sent half a message holds nobody up"),
    points=0.5,
    needs=("test_two_clients_talk",),
)
def test_half_a_message_holds_nobody_up(room: Room, cast: Cast) -> None:
    alice, bob, slow = room.join(*cast.names(3))
    text, interruption = cast.texts(2)
    whole = room.dialect.encode(room.dialect.chat(slow.label, text))
    half = whole[: len(whole) // 2] if room.dialect.wants_line_ends else b""
    slow.send_bytes(half)
    room.settle()
    alice.say(interruption)
    bob.sees(interruption)
    slow.send_bytes(whole[len(half) :])
    bob.sees(text)


@story(
    N_("Everybody may speak at any time, in any order"), points=1, needs=("test_two_clients_talk",)
)
def test_nobody_has_to_wait_for_a_turn(room: Room, cast: Cast) -> None:
    people = room.join(*cast.names(5))
    for speaker in (*reversed(people), *people, people[2], people[2]):
        text = cast.text()
        speaker.say(text)
        for listener in people:
            if listener is not speaker:
                listener.sees(text)


@story(
    N_("The server uses no processor time while nobody speaks"),
    points=0.5,
    needs=("test_two_clients_talk",),
)
def test_the_server_rests(room: Room, cast: Cast) -> None:
    room.rests()
    room.join(*cast.names(2))
    room.connect()
    room.rests()
