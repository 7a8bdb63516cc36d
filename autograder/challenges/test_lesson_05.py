"""Lesson 05: whoever comes late may read the last three messages."""

from autograder.casting import Cast
from autograder.i18n import N_
from autograder.room import Room
from autograder.story import story

KEPT = 3


@story(N_("Everybody still gets each message, and once"), points=1)
def test_everybody_gets_each_message(room: Room, cast: Cast) -> None:
    people = room.join(*cast.names(3))
    for speaker in people:
        text = cast.text()
        speaker.say(text)
        for listener in people:
            listener.sees_once(text)


@story(
    N_("A newcomer gets the last three messages, in their order"),
    points=1.5,
    needs=("test_everybody_gets_each_message",),
)
def test_a_newcomer_gets_the_last_three(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    texts = cast.texts(KEPT + 2)
    for speaker, text in zip((alice, bob, alice, bob, alice), texts, strict=True):
        speaker.say(text)
        bob.sees(text)
    charlie = room.join(cast.name())
    charlie.sees_in_order(*texts[-KEPT:])
    for text in texts[:-KEPT]:
        charlie.never_sees(text)


@story(
    N_("Where fewer were said, a newcomer gets those"),
    points=1,
    needs=("test_everybody_gets_each_message",),
)
def test_a_newcomer_gets_what_there_is(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.say(text)
    bob.sees(text)
    charlie = room.join(cast.name())
    charlie.sees_once(text)


@story(
    N_("The news of who came and who left is not kept"),
    points=0.5,
    needs=("test_a_newcomer_gets_what_there_is",),
)
def test_the_news_is_not_kept(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.say(text)
    bob.sees(text)
    bob.leave()
    alice.sees(bob)
    charlie = room.join(cast.name())
    charlie.sees(text)
    charlie.never_sees(bob)


@story(
    N_("Only the newcomer gets the old messages"),
    points=1,
    needs=("test_a_newcomer_gets_what_there_is",),
)
def test_nobody_else_gets_them_again(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.say(text)
    bob.sees(text)
    charlie = room.join(cast.name())
    charlie.sees(text)
    room.never_twice(text)
