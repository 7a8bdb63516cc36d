"""Lesson 04: a chat room with five chairs, and nobody gets one that is taken."""

from autograder.casting import Cast
from autograder.i18n import N_, _
from autograder.room import Room
from autograder.story import story

CHAIRS = 5
CROWD = 8


@story(N_("Five guests are in, and everybody hears everybody"), points=1)
def test_five_are_in(room: Room, cast: Cast) -> None:
    people = room.join(*cast.names(CHAIRS))
    for speaker in people:
        text = cast.text()
        speaker.say(text)
        for listener in people:
            listener.sees(text)


@story(
    N_("A sixth guest gets a sentence and no chair, and nobody hears of it"),
    points=1,
    needs=("test_five_are_in",),
)
def test_a_sixth_is_refused(room: Room, cast: Cast) -> None:
    people = room.join(*cast.names(CHAIRS))
    for name in cast.names(2):  # the second one too: who is refused leaves no chair free
        room.forget()
        guest = room.connect()
        guest.ask_for(name)
        for person in people:
            person.never_sees(name)
        guest.is_answered()
        guest.is_disconnected()
    text = cast.text()
    people[0].say(text)
    people[-1].sees(text)


@story(
    N_("When somebody leaves, the chair is free for the next guest"),
    points=1,
    needs=("test_a_sixth_is_refused",),
)
def test_a_chair_gets_free(room: Room, cast: Cast) -> None:
    first, *others = room.join(*cast.names(CHAIRS))
    first.leave()
    for person in others:
        person.sees_once(first)
    guest = room.join(cast.name())
    text = cast.text()
    guest.say(text)
    for person in (guest, *others):
        person.sees(text)


@story(
    N_("When eight guests come in the same moment, nobody gets a chair too many"),
    points=2,
    needs=("test_a_sixth_is_refused",),
)
def test_eight_in_the_same_moment(room: Room, cast: Cast) -> None:
    alice = room.join(cast.name())
    room.watch_threads()
    crowd = [room.connect() for _each in range(CROWD)]
    names = cast.names(CROWD)
    room.forget()
    room.hold_threads()
    for guest, name in zip(crowd, names, strict=True):
        guest.introduce(name)
    room.release_threads()
    news = "\n".join(alice.inbox.texts())
    count = sum(name in news for name in names)
    if count != CHAIRS - 1:
        raise room.unmet(
            "wrong",
            tried=_("{name} was in, and {count} guests gave their usernames at once").format(
                name=alice.label, count=CROWD
            ),
            expected=_("{count} of them get a chair").format(count=CHAIRS - 1),
            got=_("{count} of them got one.").format(count=count),
        )
