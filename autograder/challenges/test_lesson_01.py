"""Lesson 01: one client is served from its username to its end, and then the next one."""

from autograder.casting import Cast
from autograder.i18n import N_
from autograder.room import Room
from autograder.story import story


@story(N_("Whoever comes in is asked for a username with NICK"), points=1)
def test_whoever_comes_is_asked(room: Room) -> None:
    alice = room.connect()
    alice.sees("NICK")


@story(N_("Whoever gives a username is welcomed by name"), points=1)
def test_a_guest_is_welcomed_by_name(room: Room, cast: Cast) -> None:
    name = cast.name()
    alice = room.join(name)
    alice.sees(f"{name} Bergabung!")


@story(
    N_("Usernames may have letters beyond ASCII"),
    points=0.5,
    needs=("test_a_guest_is_welcomed_by_name",),
)
def test_a_username_beyond_ascii(room: Room, cast: Cast) -> None:
    name = cast.name() + cast.choice("éüøñçß")
    rene = room.join(name)
    rene.sees(f"{name} Bergabung!")


@story(N_("Every message comes back, not only the first"), points=1)
def test_every_message_comes_back(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    for text in cast.texts(3):
        alice.say(text)
        alice.sees(text)


@story(
    N_("When one has left, the next one is served"),
    points=1,
    needs=("test_every_message_comes_back",),
)
def test_the_next_one_is_served(room: Room, cast: Cast) -> None:
    for name in cast.names(3):
        guest = room.join(name)
        text = cast.text()
        guest.say(text)
        guest.sees(text)
        guest.leave()


@story(
    N_("Whoever had to wait at the door gets a turn"),
    points=0.5,
    needs=("test_the_next_one_is_served",),
)
def test_whoever_waited_gets_a_turn(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    bob = room.connect()
    room.settle()
    alice.leave()
    bob.introduce(cast.name())
    room.settle()
    text = cast.text()
    bob.say(text)
    bob.sees(text)
