"""List management: who is here, who came, who left, and nobody else."""

from autograder.casting import Cast
from autograder.i18n import N_
from autograder.room import Room
from autograder.story import story


@story(N_("Everybody is told who came in"), points=1)
def test_joining_is_announced(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    charlie = room.join(cast.name())
    for person in (alice, bob):
        person.sees_once(charlie)


@story(N_("Everybody is told who left"), points=1)
def test_leaving_is_announced_once(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    room.forget()
    bob.leave()
    for person in (alice, charlie):
        person.sees_once(bob)
    text = cast.text()
    alice.say(text)
    charlie.sees(text)


@story(
    N_("Somebody who leaves while messages are on their way has left too"),
    points=0.5,
    needs=("test_leaving_is_announced_once",),
)
def test_leaving_with_unread_messages(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    bob.pause()
    for text in cast.texts(3):
        alice.say(text)
        charlie.sees(text)
    room.forget()
    bob.leave()
    for person in (alice, charlie):
        person.sees_once(bob)
    text = cast.text()
    charlie.say(text)
    alice.sees(text)


@story(N_("Everybody is told whose connection broke"), points=1)
def test_a_crash_is_announced_once(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    room.forget()
    charlie.crash()
    for person in (alice, bob):
        person.sees_once(charlie)
    text = cast.text()
    bob.say(text)
    alice.sees(text)


@story(N_("Somebody who leaves before giving a username is announced to nobody"), points=0.5)
def test_leaving_before_the_username(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    room.forget()
    guest = room.connect()
    alice.sees_nothing()
    guest.leave()
    alice.sees_nothing()
    bob.sees_nothing()
    text = cast.text()
    alice.say(text)
    bob.sees(text)
    charlie = room.join(cast.name())
    text = cast.text()
    charlie.say(text)
    bob.sees(text)


@story(N_("A connection that breaks before the username disturbs nobody"), points=0.5)
def test_a_crash_before_the_username(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    room.forget()
    guest = room.connect()
    alice.sees_nothing()
    guest.crash()
    alice.sees_nothing()
    bob = room.join(cast.name())
    text = cast.text()
    bob.say(text)
    alice.sees(text)


@story(
    N_("When the third of five leaves, the right four remain"),
    points=1,
    needs=("test_leaving_is_announced_once",),
)
def test_the_right_four_remain(room: Room, cast: Cast) -> None:
    people = list(room.join(*cast.names(5)))
    leaver = people.pop(2)
    room.forget()
    leaver.leave()
    for person in people:
        person.sees_once(leaver)
        for other in people:
            if other is not person:
                person.never_sees(other)
    for speaker in people:
        text = cast.text()
        speaker.say(text)
        for listener in people:
            if listener is not speaker:
                listener.sees_once(text)
    # the lists are still in step: the next one to leave is named rightly too
    last = people.pop()
    room.forget()
    last.leave()
    for person in people:
        person.sees_once(last)


@story(
    N_("The right one is named while a guest has not given a username yet"),
    points=0.5,
    needs=("test_leaving_is_announced_once", "test_a_silent_guest_does_not_lock_the_door"),
)
def test_a_silent_guest_mixes_up_no_names(room: Room, cast: Cast) -> None:
    silent = room.connect()
    alice, bob, charlie = room.join(*cast.names(3))
    room.forget()
    bob.leave()
    for person in (alice, charlie):
        person.sees_once(bob)
    silent.introduce(cast.name())
    room.forget()
    alice.leave()
    charlie.sees_once(alice)


@story(N_("Newcomers can chat after somebody has left"), points=0.5)
def test_newcomers_after_somebody_left(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    bob.leave()
    charlie, dewi = room.join(*cast.names(2))
    for speaker, listener in ((charlie, dewi), (dewi, alice), (alice, charlie)):
        text = cast.text()
        speaker.say(text)
        listener.sees(text)


@story(N_("When everybody has left, newcomers can still come in"), points=0.5)
def test_an_empty_room_takes_newcomers(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    alice.leave()
    charlie, dewi = room.join(*cast.names(2))
    room.settle()
    text = cast.text()
    charlie.say(text)
    dewi.sees(text)


@story(N_("Whoever speaks while another's connection breaks stays in the chat"), points=0.5)
def test_speaking_while_another_crashes(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    room.watch_threads()
    charlie, bob, dewi = room.join(*cast.names(3))
    room.hold_threads()
    charlie.crash()
    room.settle()
    # charlie's own thread cannot do anything about it yet: for alice's the connection is still
    # on the list, before those of the others
    first, second = cast.texts(2)
    alice.say(first)
    room.release_threads()
    bob.sees(first)
    dewi.sees(first)
    alice.say(second)
    bob.sees(second)
    dewi.sees(second)


@story(
    N_("When several connections break at once, the others are told of each"),
    points=0.5,
    needs=("test_a_crash_is_announced_once",),
)
def test_several_crash_at_once(room: Room, cast: Cast) -> None:
    alice, charlie = room.join(*cast.names(2))
    room.watch_threads()
    crowd = room.join(*cast.names(7))
    bob = room.join(cast.name())
    room.forget()
    room.hold_threads()
    # in an order that is neither that of the list nor the other way round
    for person in (*crowd[::3], *crowd[1::3], *crowd[2::3]):
        person.crash()
    # charlie's thread meets their dead connections, still on the list ...
    charlie.crash()
    # ... and theirs clean up line by line together
    room.release_threads()
    for listener in (alice, bob):
        for person in (*crowd, charlie):
            listener.sees_once(person)


@story(N_("A username can be used again after its owner has left"), points=0.5)
def test_a_name_can_be_used_again(room: Room, cast: Cast) -> None:
    name = cast.name()
    alice, bob = room.join(cast.name(), name)
    bob.leave()
    again = room.join(name)
    text = cast.text()
    again.say(text)
    alice.sees(text)


@story(N_("The server uses no processor time after somebody has left"), points=1)
def test_the_server_rests_after_somebody_left(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    text = cast.text()
    alice.say(text)
    bob.sees(text)
    bob.leave()
    room.rests()
    charlie.crash()
    room.rests()


@story(
    N_("When 50 come and go at once, nothing gets out of step"),
    points=0.5,
    needs=(
        "test_joining_is_announced",
        "test_leaving_is_announced_once",
        "test_a_crash_is_announced_once",
        "test_speaking_while_another_crashes",
        "test_several_crash_at_once",
        "test_the_server_rests_after_somebody_left",
    ),
)
def test_many_come_and_go_at_once(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    crowd = room.join_at_once(*cast.names(50))
    for person in crowd:
        alice.sees(person)
    # there is room for one more now, and for another one later
    charlie = room.join(cast.name())
    alice.sees(charlie)
    room.forget()
    room.leave_at_once(*crowd)
    for person in crowd:
        alice.sees_once(person)
    dewi = room.join(cast.name())
    for speaker in (charlie, dewi):
        text = cast.text()
        speaker.say(text)
        alice.sees_once(text)
    room.forget()
    bob.leave()
    alice.sees_once(bob)
    alice.never_sees(charlie)
