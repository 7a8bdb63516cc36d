"""Lesson 02: a thread for each guest, and one list for all of them."""

from autograder.casting import Cast
from autograder.i18n import N_
from autograder.room import Room
from autograder.story import story


@story(N_("Three guests are inside at once, and each gets an answer"), points=2)
def test_three_guests_at_once(room: Room, cast: Cast) -> None:
    guests = room.join(*cast.names(3))
    for guest in reversed(guests):
        text = cast.text()
        guest.say(text)
        guest.sees(text)


@story(
    N_("A guest who does not give a username locks nobody out"),
    points=1,
    needs=("test_three_guests_at_once",),
)
def test_a_silent_guest_locks_nobody_out(room: Room, cast: Cast) -> None:
    silent = room.connect()
    alice = room.join(cast.name())
    text = cast.text()
    alice.say(text)
    alice.sees(text)
    # and it is no worse off for having been slow
    silent.introduce(cast.name())
    room.settle()
    late = cast.text()
    silent.say(late)
    silent.sees(late)


@story(
    N_("Each guest is told their number in the guest book"),
    points=1,
    needs=("test_three_guests_at_once",),
)
def test_guests_are_numbered(room: Room, cast: Cast) -> None:
    for number, name in enumerate(cast.names(3), 1):
        room.join(name).sees(f"tamu ke-{number}")


@story(
    N_("A guest who leaves takes the thread along and disturbs nobody"),
    points=1,
    needs=("test_three_guests_at_once",),
)
def test_leaving_ends_a_thread(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    threads = room.thread_count()
    bob, charlie = room.join(*cast.names(2))
    bob.leave()
    charlie.crash()
    room.has_no_more_threads(threads)
    text = cast.text()
    alice.say(text)
    alice.sees(text)
