"""Broadcast: what one says, everybody gets: whole, once, and in the same order."""

from autograder.casting import Cast
from autograder.i18n import N_
from autograder.room import Room
from autograder.story import story


@story(N_("Everybody gets a message"), points=0.5)
def test_everybody_gets_a_message(room: Room, cast: Cast) -> None:
    people = room.join(*cast.names(4))
    text = cast.text()
    people[1].say(text)
    for listener in people:
        if listener is not people[1]:
            listener.sees(people[1], text)


@story(N_("The sender gets its own message too"), points=0.5)
def test_the_sender_gets_it_too(room: Room, cast: Cast) -> None:
    people = room.join(*cast.names(2))
    for speaker in people:
        text = cast.text()
        speaker.say(text)
        speaker.sees(text)


@story(N_("Nobody gets a message twice"), points=0.5, needs=("test_everybody_gets_a_message",))
def test_nobody_gets_it_twice(room: Room, cast: Cast) -> None:
    people = room.join(*cast.names(3))
    for speaker in people:
        text = cast.text()
        speaker.say(text)
        for listener in people:
            if listener is not speaker:
                listener.sees_once(text)
        room.never_twice(text)


@story(
    N_("Messages arrive in the order in which they were sent"),
    points=0.5,
    needs=("test_everybody_gets_a_message",),
)
def test_messages_arrive_in_order(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    texts = cast.texts(12)
    for text in texts:  # one at a time: `test_a_burst_arrives_whole` is about many at once
        alice.say(text)
        bob.sees(text)
    bob.sees_in_order(*texts)
    charlie.sees_in_order(*texts)


@story(N_("200 messages at once arrive whole"), points=1, needs=("test_everybody_gets_a_message",))
def test_a_burst_arrives_whole(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    # long ones, so that they cannot all be cut where the sender's name stands
    texts = [" ".join(cast.texts(2)) for _message in range(200)]
    room.settle()  # bob's thread too is where it waits for him
    alice.say_at_once(*texts)
    bob.sees_in_order(*texts)


@story(
    N_("Letters beyond ASCII arrive as they were sent"),
    points=0.5,
    needs=("test_everybody_gets_a_message",),
)
def test_letters_beyond_ascii(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    text = f"{cast.text()} café Ångström ½ ñ 日本 {cast.choice('éüøñçß')}"
    alice.say(text)
    bob.sees(text)
    after = cast.text()
    alice.say(after)
    bob.sees(after)


@story(N_("An emoji arrives as it was sent"), points=0.5, needs=("test_everybody_gets_a_message",))
def test_an_emoji(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    text = f"{cast.text()} {cast.choice('😀🎉🚀🐱🌈🍌')}"
    alice.say(text)
    bob.sees(text)
    after = cast.text()
    bob.say(after)
    alice.sees(after)


@story(
    N_("A message of 20,000 characters arrives whole"),
    points=0.5,
    needs=("test_everybody_gets_a_message",),
)
def test_a_long_message(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    text = cast.long_text(20_000)
    alice.say(text)
    bob.sees(text)
    after = cast.text()
    alice.say(after)
    bob.sees(after)


@story(
    N_("A message that arrives in pieces is put together"),
    points=0.5,
    needs=("test_everybody_gets_a_message", "test_letters_beyond_ascii"),
)
def test_a_message_in_pieces(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    text = f"{cast.text()} é"
    whole = room.dialect.encode(room.dialect.chat(alice.label, text))
    if room.dialect.wants_line_ends:
        # one byte after another, so the two bytes of the é come apart too
        for place in range(len(whole)):
            alice.send_bytes(whole[place : place + 1])
            if place % 5 == 0 or place > len(whole) - 4:
                room.settle()
    else:
        alice.send_bytes(whole)
    bob.sees(text)
