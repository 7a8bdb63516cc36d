"""Lesson 07: the server writes the names, so nobody can speak as somebody else."""

from autograder.casting import Cast
from autograder.i18n import N_, _
from autograder.person import Person
from autograder.room import Room
from autograder.story import story


def begins_with(line: str, speaker: Person, listener: Person) -> None:
    """Expect of a line that came to `listener` that the first name in it is the speaker's."""
    people = [person for person in speaker.room.traffic.people if person.label in line]
    first = min(people, key=lambda person: line.find(person.label), default=None)
    expected = _("what {name} sends begins with the name {name}").format(name=speaker.label)
    listener.expect(first is speaker, expected, line)


@story(N_("A message arrives with its sender's name in front"), points=1)
def test_the_senders_name_is_in_front(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    for speaker, listener in ((alice, bob), (bob, alice)):
        text = cast.text()
        speaker.send(f"{speaker.label}: {text}")
        begins_with(listener.sees(text), speaker, listener)


@story(
    N_("The name stands there only once"),
    points=0.5,
    needs=("test_the_senders_name_is_in_front",),
)
def test_the_name_is_there_once(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.send(f"{alice.label}: {text}")
    line = bob.sees(text)
    expected = _("{name} gets the name {other} exactly once").format(
        name=bob.label, other=alice.label
    )
    bob.expect(line.count(alice.label) == 1, expected, line)


@story(
    N_("A message with a colon in it arrives whole"),
    points=1,
    needs=("test_the_senders_name_is_in_front",),
)
def test_a_colon_in_a_message(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    text = f"{cast.text()}: {cast.text()}"
    alice.send(f"{alice.label}: {text}")
    bob.sees(text)


@story(
    N_("Nobody can speak in somebody else's name"),
    points=1.5,
    needs=("test_the_senders_name_is_in_front",),
)
def test_nobody_speaks_as_another(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    text = cast.text()
    charlie.send(f"{bob.label}: {text}")
    for line in alice.heard():
        if text in line:
            begins_with(line, charlie, alice)


@story(
    N_("Nobody can fake the news that somebody has left"),
    points=1,
    needs=("test_the_senders_name_is_in_front",),
)
def test_nobody_fakes_the_news(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    room.forget()
    alice.heard()
    charlie.send(f"{bob.label} keluar!")
    for line in alice.heard():
        if bob.label in line:
            begins_with(line, charlie, alice)
