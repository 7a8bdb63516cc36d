"""/kick username: the admin, and nobody else, throws somebody out. The admin is called admin."""

from autograder.casting import Cast
from autograder.i18n import N_
from autograder.room import Room
from autograder.story import story

ADMIN = "admin"


@story(N_("The server does something when the admin sends /kick"), points=0.5)
def test_kick_does_something(room: Room, cast: Cast) -> None:
    admin, bob, charlie = room.join(ADMIN, *cast.names(2))
    room.forget()
    line = f"/kick {bob.label}"
    admin.send(line)
    room.ignore(line)
    if bob.state == "open" and not bob.inbox.texts() and not charlie.inbox.texts():
        admin.is_answered()


@story(
    N_("Who is kicked is disconnected"),
    points=1.5,
    needs=("test_kick_does_something",),
)
def test_the_kicked_one_is_disconnected(room: Room, cast: Cast) -> None:
    bob, admin, _charlie = room.join(cast.name(), ADMIN, cast.name())
    admin.send(f"/kick {bob.label}")
    bob.is_disconnected()


@story(
    N_("The others do not see the command /kick"),
    points=0.5,
    needs=("test_kick_does_something",),
)
def test_the_command_kick_is_not_shown(room: Room, cast: Cast) -> None:
    admin, bob, charlie = room.join(ADMIN, *cast.names(2))
    line = f"/kick {bob.label}"
    admin.send(line)
    charlie.never_sees(line)


@story(N_("Who is kicked is told so first"), points=1, needs=("test_kick_does_something",))
def test_the_kicked_one_is_told(room: Room, cast: Cast) -> None:
    admin, bob = room.join(ADMIN, cast.name())
    room.forget()
    line = f"/kick {bob.label}"
    admin.send(line)
    room.ignore(line)
    bob.is_answered()


@story(
    N_("The others are told once who was kicked"),
    points=1,
    needs=("test_kick_does_something",),
)
def test_the_others_are_told_once(room: Room, cast: Cast) -> None:
    admin, bob, charlie, dini = room.join(ADMIN, *cast.names(3))
    room.forget()
    line = f"/kick {bob.label}"
    admin.send(line)
    room.ignore(line)
    for person in (charlie, dini):
        person.sees_once(bob)


@story(N_("The others go on talking"), points=1, needs=("test_the_kicked_one_is_disconnected",))
def test_the_others_go_on(room: Room, cast: Cast) -> None:
    alice, bob, admin, charlie = room.join(*cast.names(2), ADMIN, cast.name())
    admin.send(f"/kick {bob.label}")
    bob.is_disconnected()
    people = (alice, admin, charlie)
    for speaker in people:
        text = cast.text()
        speaker.say(text)
        for listener in people:
            if listener is not speaker:
                listener.sees_once(text)
    # the lists are still in step: the next one to leave is named rightly
    room.forget()
    charlie.leave()
    alice.sees_once(charlie)
    alice.never_sees(bob)


@story(
    N_("Who was kicked is on no list any more"),
    points=1,
    needs=("test_kick_does_something",),
)
def test_the_kicked_one_is_on_no_list(room: Room, cast: Cast) -> None:
    admin, bob, charlie = room.join(ADMIN, *cast.names(2))
    admin.send(f"/kick {bob.label}")
    for person in (admin, charlie):
        room.forget()
        person.send("/list")
        room.ignore("/list")
        person.sees(admin)
        person.never_sees(bob)


@story(
    N_("The username of who was kicked is free again"),
    points=1,
    needs=("test_the_kicked_one_is_disconnected",),
)
def test_a_username_is_free_after_a_kick(room: Room, cast: Cast) -> None:
    admin, bob, charlie = room.join(ADMIN, *cast.names(2))
    admin.send(f"/kick {bob.label}")
    room.forget()
    again = room.join(bob.label)
    charlie.sees(again)
    text = cast.text()
    charlie.say(text)
    again.sees(text)


@story(N_("Only the admin may kick"), points=2, needs=("test_kick_does_something",))
def test_only_the_admin_may_kick(room: Room, cast: Cast) -> None:
    admin, bob, charlie = room.join(ADMIN, *cast.names(2))
    bob.send(f"/kick {charlie.label}")
    room.settle()
    before, after = cast.texts(2)
    admin.say(before)
    charlie.sees(before)
    admin.send(f"/kick {charlie.label}")
    admin.say(after)
    charlie.never_sees(after)


@story(
    N_("Who is called nearly like the admin may not kick"),
    points=0.5,
    needs=("test_only_the_admin_may_kick",),
)
def test_nearly_the_admin_may_not_kick(room: Room, cast: Cast) -> None:
    names = (f"{ADMIN}2", f"my{ADMIN}", ADMIN[:-1])
    *pretenders, charlie, dini = room.join(*names, *cast.names(2))
    for person in pretenders:
        person.send(f"/kick {charlie.label}")
        room.settle()
    text = cast.text()
    dini.say(text)
    charlie.sees(text)


@story(
    N_("Who may not kick is told so, and nobody else"),
    points=0.5,
    needs=("test_only_the_admin_may_kick",),
)
def test_who_may_not_kick_is_told(room: Room, cast: Cast) -> None:
    admin, bob, charlie = room.join(ADMIN, *cast.names(2))
    room.forget()
    line = f"/kick {charlie.label}"
    bob.send(line)
    room.ignore(line)
    bob.is_answered()
    charlie.sees_nothing()
    admin.sees_nothing()


@story(
    N_("/kick with an unknown username is answered to the admin alone"),
    points=1,
    needs=("test_kick_does_something",),
)
def test_kick_of_nobody(room: Room, cast: Cast) -> None:
    admin, bob = room.join(ADMIN, cast.name())
    # nobody is called so: bob's name only begins like that
    for name in (cast.name(), bob.label[:-1]):
        room.forget()
        admin.send(f"/kick {name}")
        room.ignore(f"/kick {name}")
        admin.is_answered()
        bob.sees_nothing()
    text = cast.text()
    admin.say(text)
    bob.sees(text)


@story(
    N_("/kick without a username is answered to the admin alone"),
    points=0.5,
    needs=("test_kick_does_something",),
)
def test_kick_without_a_name(room: Room, cast: Cast) -> None:
    admin, bob = room.join(ADMIN, cast.name())
    for line in ("/kick", "/kick "):
        room.forget()
        admin.send(line)
        room.ignore(line)
        admin.is_answered()
        bob.sees_nothing()
    text = cast.text()
    admin.say(text)
    bob.sees(text)


@story(
    N_("An admin who kicks the admin gets an answer, and the others go on"),
    points=0.5,
    needs=("test_kick_does_something",),
)
def test_the_admin_kicks_the_admin(room: Room, cast: Cast) -> None:
    admin, bob, charlie = room.join(ADMIN, *cast.names(2))
    room.forget()
    admin.send(f"/kick {ADMIN}")
    room.ignore(f"/kick {ADMIN}")
    admin.is_answered()
    text = cast.text()
    bob.say(text)
    charlie.sees(text)
    newcomer = room.join(cast.name())
    charlie.sees(newcomer)


@story(
    N_("No thread is left of who was kicked"),
    points=1,
    needs=("test_the_kicked_one_is_disconnected",),
)
def test_no_thread_is_left(room: Room, cast: Cast) -> None:
    admin, bob = room.join(ADMIN, cast.name())
    bob.leave()  # some keep a thread for the next client
    before = room.thread_count()
    dini = room.join(cast.name())
    admin.send(f"/kick {dini.label}")
    dini.is_disconnected()
    room.has_no_more_threads(before)


@story(
    N_("Somebody who does not read is kicked all the same"),
    points=1,
    needs=("test_the_kicked_one_is_disconnected",),
)
def test_one_who_does_not_read_is_kicked(room: Room, cast: Cast) -> None:
    admin, bob, charlie = room.join(ADMIN, *cast.names(2))
    bob.pause()
    for text in cast.texts(2):
        charlie.say(text)
        admin.sees(text)
    so_far = charlie.inbox.size
    admin.send(f"/kick {bob.label}")
    # until it is done, which most servers tell the others; else until nothing more happens
    room.wait(lambda: charlie.inbox.size > so_far)
    bob.resume()
    bob.is_disconnected()


@story(
    N_("Somebody who is speaking at that moment is kicked all the same"),
    points=0.5,
    needs=("test_the_kicked_one_is_disconnected",),
)
def test_one_who_is_speaking_is_kicked(room: Room, cast: Cast) -> None:
    admin, bob, charlie, dini = room.join(ADMIN, *cast.names(3))
    bob.say_at_once(*cast.texts(20))
    admin.send(f"/kick {bob.label}")
    bob.is_disconnected()
    for speaker, listener in ((charlie, dini), (dini, admin), (admin, charlie)):
        text = cast.text()
        speaker.say(text)
        listener.sees(text)
