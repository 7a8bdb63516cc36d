"""/list: who is online."""

from autograder.casting import Cast
from autograder.i18n import N_, _
from autograder.person import Person
from autograder.room import Room
from autograder.stamps import without
from autograder.story import story


def ask(person: Person) -> None:
    """Let somebody ask for the list; should the command itself be shown, that counts elsewhere."""
    person.room.forget()
    person.send("/list")
    person.room.ignore("/list")


@story(N_("/list names everybody else who is online"), points=1)
def test_list_names_the_others(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    ask(alice)
    alice.sees(bob)
    alice.sees(charlie)


@story(N_("/list names oneself too"), points=0.5, needs=("test_list_names_the_others",))
def test_list_names_oneself(room: Room, cast: Cast) -> None:
    alice, _bob, charlie = room.join(*cast.names(3))
    for person in (alice, charlie):
        ask(person)
        person.sees(person)


@story(
    N_("The others do not see that somebody sent /list"),
    points=1,
    needs=("test_list_names_the_others",),
)
def test_the_command_list_is_not_shown(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    alice.send("/list")
    bob.never_sees("/list")
    charlie.never_sees("/list")


@story(
    N_("/list names everybody once"),
    points=1,
    needs=("test_list_names_oneself",),
)
def test_list_names_everybody_once(room: Room, cast: Cast) -> None:
    people = room.join(*cast.names(4))
    for person in (people[2], people[0]):
        ask(person)
        person.sees_each_once(*people)


@story(
    N_("/list works for somebody who is alone"),
    points=0.5,
    needs=("test_list_names_oneself",),
)
def test_list_for_one_alone(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    ask(alice)
    alice.sees(alice)


@story(
    N_("The list goes only to the one who asked"),
    points=1.5,
    needs=("test_the_command_list_is_not_shown",),
)
def test_the_list_goes_to_the_one_who_asked(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    room.forget()
    bob.send("/list")
    bob.is_answered()
    alice.sees_nothing()
    charlie.sees_nothing()


@story(N_("/list has who has just come"), points=0.5, needs=("test_list_names_the_others",))
def test_list_has_who_has_just_come(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    for name in cast.names(2):
        newcomer = room.join(name)
        ask(alice)
        alice.sees(newcomer)


@story(N_("/list has nobody who has left"), points=0.5, needs=("test_list_names_the_others",))
def test_list_has_nobody_who_has_left(room: Room, cast: Cast) -> None:
    alice, bob, charlie, dini = room.join(*cast.names(4))
    bob.leave()
    ask(alice)
    alice.sees(charlie)
    alice.sees(dini)
    alice.never_sees(bob)


@story(
    N_("/list has nobody whose connection broke"),
    points=0.5,
    needs=("test_list_names_the_others",),
)
def test_list_has_nobody_who_crashed(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    bob.crash()
    ask(charlie)
    charlie.sees(alice)
    charlie.never_sees(bob)


@story(
    N_("/list has nobody who has not given a username yet"),
    points=0.5,
    needs=("test_list_names_everybody_once",),
)
def test_list_has_nobody_without_a_username(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    replies = []
    for _each in range(2):
        ask(alice)
        alice.sees_each_once(alice, bob)
        replies.append("\n".join(map(without, alice.heard())))
        room.connect()
    same = _("the list is the same as before somebody without a username connected")
    alice.expect(replies[0] == replies[1], same, replies[1])


@story(
    N_("/list names nobody twice when a second one was refused their username"),
    points=0.5,
    needs=("test_list_names_everybody_once",),
)
def test_list_has_nobody_who_was_refused(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    guest = room.connect()
    guest.ask_for(bob.label)
    text = cast.text()
    alice.say(text)
    bob.sees(text)
    room.settle()
    if not guest.inbox.find((text,)):  # else it was not refused, and there are two of that name
        ask(alice)
        alice.sees_each_once(alice, bob)


@story(
    N_("/list is right when 20 came and 10 of them left"),
    points=0.5,
    needs=("test_list_has_nobody_who_has_left", "test_list_has_nobody_who_crashed"),
)
def test_list_of_a_crowd(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    crowd = room.join_at_once(*cast.names(20))
    room.leave_at_once(*crowd[::2])
    ask(alice)
    alice.sees_each_once(*crowd[1::2])
    for gone in crowd[::2]:
        alice.never_sees(gone)


@story(
    N_("An unknown command is answered, and the others see nothing of it"),
    points=1,
    needs=("test_list_names_the_others",),
)
def test_an_unknown_command(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    room.forget()
    for line in ("/foo", f"/foo {bob.label} {cast.word()}"):
        room.forget()
        alice.send(line)
        alice.is_answered()
        bob.sees_nothing()


@story(
    N_("A /list inside a chat message is only text"),
    points=0.5,
    needs=("test_list_names_the_others",),
)
def test_list_inside_a_line_is_text(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    text = f"{cast.text()} /list 3/4"
    alice.say(text)
    for person in (bob, charlie):
        person.sees(text)
