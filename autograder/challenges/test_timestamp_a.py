"""Timestamp A: [YYYY-MM-DD HH:MM:SS] in front of every message."""

from datetime import datetime, timedelta

from autograder.casting import Cast
from autograder.i18n import N_
from autograder.room import OpenRoom
from autograder.stamped import (
    see_the_same,
    sees_form,
    sees_no_second_stamp,
    sees_padded,
    sees_stamp,
    sees_the_time,
    sees_unchanged,
)
from autograder.stamps import DATE_AND_TIME as FORM
from autograder.story import story

NOON = datetime(2031, 10, 12, 12, 34, 56)  # every number has two digits by itself


@story(N_("Each message has a date and a time"), points=1)
def test_each_message_has_date_and_time(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=NOON, timezone="UTC0")
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.say(text)
    sees_stamp(bob, FORM, text)


@story(
    N_("The stamp is exactly [YYYY-MM-DD HH:MM:SS], and one space follows"),
    points=1,
    needs=("test_each_message_has_date_and_time",),
)
def test_date_and_time_have_the_exact_form(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=NOON, timezone="UTC0")
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.say(text)
    sees_form(bob, FORM, text)


@story(
    N_("The day, the month and the hour have two digits each: 02, not 2"),
    points=0.5,
    needs=("test_each_message_has_date_and_time",),
)
def test_date_and_time_have_all_their_digits(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=datetime(2031, 1, 2, 3, 4, 5), timezone="UTC0")
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.say(text)
    sees_padded(bob, FORM, text)


@story(
    N_("The stamp tells the date and the time of day, up to 23 hours"),
    points=1,
    needs=("test_each_message_has_date_and_time",),
)
def test_date_and_time_are_right(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=datetime(2031, 11, 23, 17, 38, 49), timezone="UTC0")
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.say(text)
    sees_the_time(bob, FORM, text)


@story(
    N_("The stamp tells the local date and time of the server"),
    points=0.5,
    needs=("test_date_and_time_are_right",),
)
def test_date_and_time_are_local(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=datetime(2031, 11, 23, 3, 4, 5), timezone="WIB-7")
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.say(text)
    sees_the_time(bob, FORM, text)


@story(
    N_("Each message has a stamp of its own, taken when it is sent"),
    points=1,
    needs=("test_date_and_time_are_right",),
)
def test_date_and_time_are_taken_anew(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=NOON, timezone="UTC0")
    alice, bob = room.join(*cast.names(2))
    for hours in (1, 3):
        room.set_clock(NOON + timedelta(hours=hours))
        text = cast.text()
        alice.say(text)
        sees_the_time(bob, FORM, text)


@story(
    N_("The date is right across midnight, the end of a month and New Year"),
    points=0.5,
    needs=("test_date_and_time_are_taken_anew",),
)
def test_the_date_changes_at_midnight(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=NOON, timezone="UTC0")
    alice, bob = room.join(*cast.names(2))
    for month, day in ((5, 6), (2, 28), (12, 31)):
        evening = datetime(2031, month, day, 23, 59, 58)
        for moment in (evening, evening + timedelta(seconds=5)):
            room.set_clock(moment)
            text = cast.text()
            alice.say(text)
            sees_the_time(bob, FORM, text)


@story(
    N_("The notice that somebody came has its date and time too"),
    points=0.5,
    needs=("test_date_and_time_have_the_exact_form",),
)
def test_joining_has_date_and_time(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=NOON, timezone="UTC0")
    alice = room.join(cast.name())
    bob = room.join(cast.name())
    sees_form(alice, FORM, bob)


@story(
    N_("The notice that somebody left has its date and time too"),
    points=0.5,
    needs=("test_date_and_time_have_the_exact_form",),
)
def test_leaving_has_date_and_time(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=NOON, timezone="UTC0")
    alice, bob = room.join(*cast.names(2))
    room.forget()
    bob.leave()
    sees_form(alice, FORM, bob)


@story(N_("No message has two stamps"), points=0.5, needs=("test_each_message_has_date_and_time",))
def test_date_and_time_are_there_once(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=NOON, timezone="UTC0")
    alice, bob = room.join(*cast.names(2))
    text = cast.text()
    alice.say(text)
    sees_no_second_stamp(bob, text)
    charlie = room.join(cast.name())
    sees_no_second_stamp(bob, charlie)
    room.forget()
    charlie.leave()
    sees_no_second_stamp(bob, charlie)


@story(
    N_("Behind the stamp the message stands as it was sent"),
    points=0.5,
    needs=("test_each_message_has_date_and_time",),
)
def test_date_and_time_leave_the_message_alone(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=NOON, timezone="UTC0")
    alice, bob = room.join(*cast.names(2))
    room.forget()
    for text in (
        cast.text(),
        f"{cast.text()}  dua spasi",
        f"100% {cast.text()} %H:%M %d",
        f"[01:02:03] {cast.text()} [x]",
        f"{{0}} {cast.text()} \\n 🎉",
    ):
        alice.say(text)
        sees_unchanged(bob, alice, text)


@story(
    N_("Everybody sees the same stamp on the same message"),
    points=0.5,
    needs=("test_date_and_time_are_taken_anew",),
)
def test_everybody_sees_the_same_date_and_time(open_room: OpenRoom, cast: Cast) -> None:
    room = open_room(clock=NOON, timezone="UTC0")
    alice, *others = room.join(*cast.names(6))
    room.set_clock(NOON, leap=3600)  # an hour later at each look
    text = cast.text()
    alice.say(text)
    see_the_same(others, FORM, text)
