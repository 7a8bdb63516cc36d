"""Private messages: /pm username message, for one person and nobody else."""

from autograder.casting import Cast
from autograder.i18n import N_, _
from autograder.room import Room
from autograder.stamps import alike, without
from autograder.story import story


@story(N_("A private message reaches the one it is for"), points=0.5)
def test_the_recipient_gets_it(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    secret = cast.word()
    alice.send(f"/pm {bob.label} {secret}")
    bob.sees(secret)


@story(
    N_("Nobody else sees it, neither now nor when they come in later"),
    points=4,
    needs=("test_the_recipient_gets_it",),
)
def test_only_the_recipient_sees_it(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    secret = cast.word()
    alice.send(f"/pm {bob.label} {secret}")
    bob.sees(secret)
    charlie.never_sees(secret)
    dini = room.join(cast.name())
    dini.never_sees(secret)


@story(
    N_("The recipient sees who it is from"), points=1.5, needs=("test_only_the_recipient_sees_it",)
)
def test_the_recipient_sees_who_wrote_it(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    first, second = cast.word(), cast.word()
    alice.send(f"/pm {bob.label} {first}")
    bob.sees(first, alice)
    charlie.send(f"/pm {bob.label} {second}")
    bob.sees(second, charlie)


@story(
    N_("The sender is told that it went out, or sees it too"),
    points=1,
    needs=("test_only_the_recipient_sees_it",),
)
def test_the_sender_is_told(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    room.forget()
    alice.send(f"/pm {bob.label} {cast.word()}")
    alice.is_answered()


@story(N_("Everybody can write to everybody"), points=1, needs=("test_only_the_recipient_sees_it",))
def test_everybody_can_write_to_everybody(room: Room, cast: Cast) -> None:
    people = room.join(*cast.names(3))
    for sender in people:
        for recipient in people:
            if sender is not recipient:
                secret = cast.word()
                sender.send(f"/pm {recipient.label} {secret}")
                recipient.sees_once(secret)
                for other in people:
                    if other not in (sender, recipient):
                        other.never_sees(secret)


@story(
    N_("A private message may have many words"),
    points=1.5,
    needs=("test_only_the_recipient_sees_it",),
)
def test_all_words_arrive(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    secret = f"{cast.text()} dan {cast.text()}"
    alice.send(f"/pm {bob.label} {secret}")
    bob.sees(secret)
    charlie.never_sees(secret)


@story(N_("A private message may itself speak of /pm"), points=1, needs=("test_all_words_arrive",))
def test_a_command_inside_is_text(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    text = cast.text()
    secret = f"/pm {charlie.label} {text} /pm"
    alice.send(f"/pm {bob.label} {secret}")
    bob.sees(secret)
    charlie.never_sees(text)


@story(
    N_("A private message may have emoji and letters beyond ASCII"),
    points=0.5,
    needs=("test_only_the_recipient_sees_it",),
)
def test_a_private_emoji(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    secret = f"{cast.word()}-é-日本-{cast.choice('😀🎉🚀🐱🌈🍌')}"
    alice.send(f"/pm {bob.label} {secret}")
    bob.sees(secret)
    charlie.never_sees(secret)


@story(
    N_("Who writes to somebody who is not there is told so"),
    points=1,
    needs=("test_only_the_recipient_sees_it",),
)
def test_nobody_of_that_name(room: Room, cast: Cast) -> None:
    alice, _bob = room.join(*cast.names(2))
    room.forget()
    alice.send(f"/pm {cast.name()} {cast.word()}")
    alice.is_answered()


@story(
    N_("Who writes to somebody who has just left is told so"),
    points=1,
    needs=("test_nobody_of_that_name",),
)
def test_somebody_who_has_just_left(room: Room, cast: Cast) -> None:
    alice, bob, charlie, dini = room.join(*cast.names(4))
    bob.leave()
    charlie.crash()
    for gone in (bob, charlie):
        room.forget()
        alice.send(f"/pm {gone.label} {cast.word()}")
        alice.is_answered()
    # and the others are still found
    secret = cast.word()
    alice.send(f"/pm {dini.label} {secret}")
    dini.sees(secret)


@story(
    N_("Bo, Bob and Bobby are three people"),
    points=1,
    needs=("test_only_the_recipient_sees_it",),
)
def test_names_that_begin_alike(room: Room, cast: Cast) -> None:
    name = cast.name()
    people = room.join(f"{name}by", name[:-1], name, cast.name())
    sender = people[3]
    for recipient in people[:3]:
        secret = cast.word()
        sender.send(f"/pm {recipient.label} {secret}")
        recipient.sees(secret)
        for other in people[:3]:
            if other is not recipient:
                other.never_sees(secret)


@story(N_("/pm by itself is answered"), points=0.5, needs=("test_only_the_recipient_sees_it",))
def test_pm_by_itself(room: Room, cast: Cast) -> None:
    alice, _bob = room.join(*cast.names(2))
    room.forget()
    alice.send("/pm")
    alice.is_answered()


@story(
    N_("/pm with a username and no message is answered"),
    points=0.5,
    needs=("test_only_the_recipient_sees_it",),
)
def test_pm_without_a_message(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    room.forget()
    alice.send(f"/pm {bob.label}")
    alice.is_answered()


@story(
    N_("/pm with more blanks than needed is delivered, or answered"),
    points=0.5,
    needs=("test_only_the_recipient_sees_it",),
)
def test_pm_with_odd_blanks(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    for line in (f"/pm  {bob.label}  %s", f"/pm {bob.label}   %s", f"/pm   {bob.label} %s "):
        room.forget()
        secret = cast.word()
        alice.send(line % secret)
        room.settle()
        if not bob.inbox.find((secret,)):
            alice.is_answered()


@story(
    N_("A private message to oneself is delivered, or answered"),
    points=0.5,
    needs=("test_only_the_recipient_sees_it",),
)
def test_pm_to_oneself(room: Room, cast: Cast) -> None:
    alice, bob = room.join(*cast.names(2))
    room.forget()
    alice.send(f"/pm {alice.label} {cast.word()}")
    alice.is_answered()
    # and the conversation goes on
    question, answer = cast.word(), cast.word()
    bob.send(f"/pm {alice.label} {question}")
    alice.sees(question)
    alice.send(f"/pm {bob.label} {answer}")
    bob.sees(answer)


@story(
    N_("/pmBob and /PM are answered, or understood, and never shown to others"),
    points=0.5,
    needs=("test_only_the_recipient_sees_it",),
)
def test_what_only_looks_like_pm(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    for line in (f"/pm{bob.label} %s", f"/PM {bob.label} %s"):
        room.forget()
        secret = cast.word()
        alice.send(line % secret)
        room.settle()
        if not bob.inbox.find((secret,)):
            alice.is_answered()
        charlie.never_sees(secret)


@story(
    N_("A private message that cannot be delivered is shown to nobody"),
    points=1.5,
    needs=("test_only_the_recipient_sees_it",),
)
def test_a_failed_pm_is_not_shown(room: Room, cast: Cast) -> None:
    alice, bob, charlie, gone = room.join(*cast.names(4))
    gone.leave()
    secret = cast.word()
    for line in (
        f"/pm {cast.name()} {secret}",
        f"/pm {gone.label} {secret}",
        f"/pm {bob.label[:-1]} {secret}",
        f"/pm {alice.label} {secret}",
        f"/pm {secret}",
        f"/pm  {secret}",
        f"/pm  {bob.label}  {secret}",
    ):
        alice.send(line)
        charlie.never_sees(secret)


@story(
    N_("An answer to /pm goes only to the one who sent it"),
    points=0.5,
    needs=("test_a_failed_pm_is_not_shown",),
)
def test_answers_go_to_the_sender_alone(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    room.forget()
    for line in (f"/pm {cast.name()} {cast.word()}", "/pm", f"/pm {bob.label}"):
        alice.send(line)
        bob.sees_nothing()
        charlie.sees_nothing()
    alice.send(f"/pm {bob.label} {cast.word()}")
    charlie.sees_nothing()


@story(
    N_("Bobby is not Bob: what is for Bob, who is not there, Bobby does not get"),
    points=0.5,
    needs=("test_nobody_of_that_name", "test_a_failed_pm_is_not_shown"),
)
def test_the_beginning_of_a_name_is_nobody(room: Room, cast: Cast) -> None:
    alice, bobby = room.join(*cast.names(2))
    room.forget()
    secret = cast.word()
    alice.send(f"/pm {bobby.label[:-1]} {secret}")
    alice.is_answered()
    bobby.never_sees(secret)


@story(
    N_("A / inside a chat message is only a /"),
    points=0.5,
    needs=("test_only_the_recipient_sees_it",),
)
def test_a_slash_inside_a_line_is_text(room: Room, cast: Cast) -> None:
    alice, bob, charlie = room.join(*cast.names(3))
    text = f"{cast.text()} 3/4 /pm {bob.label} /list"
    alice.say(text)
    for person in (bob, charlie):
        person.sees(text)


@story(
    N_("No chat line can pass for a private message"),
    points=0.5,
    needs=("test_the_recipient_sees_who_wrote_it",),
)
def test_a_private_message_cannot_be_faked(room: Room, cast: Cast) -> None:
    alice, bob, mallory = room.join(*cast.names(3))
    secret, lie = cast.word(), cast.word()
    alice.send(f"/pm {bob.label} {secret}")
    true = bob.sees(secret)
    # what bob saw, with another text in it, comes from somebody else now
    mallory.send(without(true).replace(secret, lie))
    for text in bob.heard():
        faked = alike(text.replace(lie, secret), true) and lie in text
        expected = _("{name} can tell a private message from a chat line of {other}")
        bob.expect(not faked, expected.format(name=bob.label, other=mallory.label), text)
