"""Username: everybody has one, and nobody has another's."""

from autograder.casting import Cast
from autograder.i18n import N_
from autograder.person import Person
from autograder.room import Room
from autograder.story import story


def empty(room: Room) -> str:
    """Return an empty username: blanks, where without line ends nothing is what nobody sends."""
    return "" if room.dialect.wants_line_ends else "  "


def refused(username: str, alice: Person, bob: Person, text: str) -> None:
    """Expect that who asks for `username` is not let in: of what is said then they get nothing."""
    guest = alice.room.connect()
    guest.ask_for(username)
    alice.say(text)
    bob.sees(text)
    guest.never_sees(text)


@story(N_("Somebody with a good username comes in"), points=0.5)
def test_a_good_username_comes_in(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    alice.sees(bob)
    text = cast.text()
    bob.say(text)
    alice.sees(text)


@story(N_("An empty username is refused"), points=1.5, needs=("test_a_good_username_comes_in",))
def test_an_empty_username_is_refused(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    refused(empty(room), alice, bob, cast.text())


@story(
    N_("A username of nothing but blanks is refused"),
    points=1,
    needs=("test_an_empty_username_is_refused",),
)
def test_only_blanks_are_refused(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    refused("   ", alice, bob, cast.text())


@story(
    N_("A username that is online already is refused"),
    points=2,
    needs=("test_a_good_username_comes_in",),
)
def test_a_username_that_is_online_is_refused(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    refused(alice.label, alice, bob, cast.text())


@story(
    N_("It is refused in other capitals too: alice, where Alice is online"),
    points=1,
    needs=("test_a_username_that_is_online_is_refused",),
)
def test_other_capitals_are_the_same_username(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    for username in (alice.label.upper(), alice.label.lower()):
        refused(username, alice, bob, cast.text())


@story(
    N_("Blanks around a username are taken off"),
    points=1,
    needs=("test_a_good_username_comes_in",),
)
def test_blanks_around_are_taken_off(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    name = cast.name()
    guest = room.connect()
    guest.ask_for(f"   {name}   ")
    alice.sees(name)
    alice.never_sees(f"   {name}")
    alice.never_sees(f"{name}   ")
    text = cast.text()
    bob.say(text)
    guest.sees(text)


@story(
    N_("With blanks around it a username that is online is still the same"),
    points=0.5,
    needs=("test_a_username_that_is_online_is_refused", "test_blanks_around_are_taken_off"),
)
def test_blanks_around_make_no_other_username(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    refused(f" {alice.label} ", alice, bob, cast.text())


@story(
    N_("A username with a blank inside is refused"),
    points=1,
    needs=("test_a_good_username_comes_in",),
)
def test_a_blank_inside_is_refused(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    refused(" ".join(cast.names(2)), alice, bob, cast.text())


@story(
    N_("A username of 21 characters is refused"),
    points=1,
    needs=("test_a_good_username_comes_in",),
)
def test_21_characters_are_refused(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    refused(cast.name().ljust(21, "a"), alice, bob, cast.text())


@story(
    N_("A username of 20 characters comes in"),
    points=0.5,
    needs=("test_21_characters_are_refused",),
)
def test_20_characters_come_in(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    bob = room.join(cast.name().ljust(20, "a"))
    alice.sees(bob)
    text = cast.text()
    alice.say(text)
    bob.sees(text)


@story(
    N_("A username with control characters is refused"),
    points=1,
    needs=("test_a_good_username_comes_in",),
)
def test_control_characters_are_refused(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    for unseen in ("\x07", "\x1b[31m", "\t"):  # a bell, red letters, a tabulator
        refused(f"{cast.name()}{unseen}x", alice, bob, cast.text())


@story(
    N_("Who is refused is told why"),
    points=1,
    needs=("test_a_username_that_is_online_is_refused",),
)
def test_the_refused_one_is_told_why(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    guest = room.connect()
    room.forget()
    guest.ask_for(alice.label)
    guest.is_answered()


@story(
    N_("Who is refused is asked again, and comes in with a good username"),
    points=1.5,
    needs=("test_a_username_that_is_online_is_refused",),
)
def test_the_refused_one_is_asked_again(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    guest = room.connect()
    room.forget()
    guest.ask_for(alice.label)
    greeting = room.dialect.greeting.strip()
    if greeting.isalnum():  # NICK: a client waits for it; a sentence may be another one now
        guest.sees(greeting)
    guest.introduce(cast.name())
    alice.sees(guest)
    text = cast.text()
    alice.say(text)
    guest.sees(text)


@story(
    N_("Who is refused may try as often as it takes"),
    points=1,
    needs=("test_the_refused_one_is_asked_again",),
)
def test_as_often_as_it_takes(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    guest = room.connect()
    before, after = cast.texts(2)
    for _attempt in range(4):
        room.forget()
        guest.ask_for(alice.label)
    alice.say(before)
    guest.never_sees(before)
    guest.introduce(cast.name())
    alice.sees(guest)
    alice.say(after)
    guest.sees(after)


@story(
    N_("Nobody is told of somebody who is refused, neither when they come nor when they go"),
    points=1,
    needs=("test_a_username_that_is_online_is_refused",),
)
def test_nobody_is_told_of_the_refused_one(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    guest = room.connect()
    room.forget()
    guest.ask_for(bob.label)
    alice.sees_nothing()
    bob.sees_nothing()
    guest.leave()
    alice.sees_nothing()
    bob.sees_nothing()


@story(
    N_("Who has the username stays in the chat when others ask for it and go"),
    points=1,
    needs=("test_a_username_that_is_online_is_refused",),
)
def test_the_owner_stays(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    guest, other = room.connect(), room.connect()
    for person in (guest, other):
        person.ask_for(alice.label)
    guest.leave()
    other.crash()
    question, answer = cast.texts(2)
    bob.say(question)
    alice.sees_once(question)
    alice.say(answer)
    bob.sees_once(answer)
    # and has kept the name: it is she who is said to leave
    room.forget()
    alice.leave()
    bob.sees_once(alice)


@story(
    N_("A username is free again when its owner has left"),
    points=0.5,
    needs=("test_a_username_that_is_online_is_refused",),
)
def test_a_username_is_free_after_leaving(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    bob.leave()
    room.forget()
    again = room.join(bob.label)
    alice.sees(again)
    text = cast.text()
    alice.say(text)
    again.sees(text)


@story(
    N_("A username is free again when its owner's connection broke"),
    points=0.5,
    needs=("test_a_username_that_is_online_is_refused",),
)
def test_a_username_is_free_after_a_crash(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    bob.crash()
    room.forget()
    again = room.join(bob.label)
    alice.sees(again)
    text = cast.text()
    alice.say(text)
    again.sees(text)


@story(
    N_("Of 20 who ask for the same username at once, exactly one gets it"),
    points=1.5,
    needs=("test_a_username_that_is_online_is_refused",),
)
def test_one_of_twenty_gets_it(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    room.watch_threads()
    crowd = [room.connect() for _each in range(20)]
    room.forget()
    name, text = cast.name(), cast.text()
    room.ask_at_once(name, *crowd)
    alice.sees_once(name)
    bob.say(text)
    alice.sees(text)
    room.settle()
    winner, *others = sorted(crowd, key=lambda guest: not guest.inbox.find((text,)))
    winner.sees(text)
    for guest in others:
        guest.never_sees(text)


@story(
    N_("Somebody who leaves in the middle of choosing disturbs nobody"),
    points=1,
    needs=("test_a_username_that_is_online_is_refused",),
)
def test_leaving_in_the_middle_of_choosing(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    first, second = room.connect(), room.connect()
    for guest in (first, second):
        guest.ask_for(alice.label)
        guest.ask_for(bob.label)
    first.leave()
    second.crash()
    text = cast.text()
    bob.say(text)
    alice.sees(text)
    charlie = room.join(cast.name())
    bob.sees(charlie)
    room.rests()
