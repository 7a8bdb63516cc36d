"""One client in a room: what it does, and what is expected to reach it."""

from __future__ import annotations

import re
import socket
import struct
import sys
from typing import TYPE_CHECKING, Literal

from autograder.diagram import Mark
from autograder.failures import Cause
from autograder.i18n import _
from autograder.inbox import Inbox, What, Word, spans_of
from autograder.visible import visible

if TYPE_CHECKING:
    from autograder.room import Room

State = Literal["connecting", "open", "closed", "gone"]
MUCH = 32 * 1024  # bytes: half of what Linux keeps at first for who has not read them yet


class Person:
    """A client: a real TCP connection with a name.

    Rooms make them (`Room.join`, `Room.connect`). Each method that does something returns at
    once; each expectation waits until it is met or can no longer be, and raises `Unmet` if not.

    Args:
        room: the room that it is in.
        number: its number in the room, from 0.
        sock: its connection, not blocking, perhaps not made yet.
    """

    def __init__(self, room: Room, number: int, sock: socket.socket) -> None:
        self.room = room
        self.number = number
        self.sock = sock
        self.name: str | None = None
        self.variable = f"client_{number + 1}"  # in the lines that repeat the conversation
        self.state: State = "connecting"
        self.reading = True
        self.inbox = Inbox(line_ends=room.dialect.line_ends)
        self.pending = b""  # not taken by the kernel yet
        self.sent = 0  # bytes, those that are pending too
        self.has_paused = False
        self.port = 0  # ours, by which the kernel tells the server's end
        self._read_so_far = 0

    def __repr__(self) -> str:
        return f"<Person {self.label}>"

    @property
    def label(self) -> str:
        """What people call it: its name, or its number while it has none."""
        return self.room.traffic.transcript.labels[self.number]

    @property
    def laden(self) -> bool:
        """Whether so much has been sent, either way, that the kernel may have held some back."""
        return self.has_paused or max(self.sent, self.inbox.size) > MUCH

    # -- doing --------------------------------------------------------------------------------

    def introduce(self, name: str) -> None:
        """Give a username, as soon as the server has asked for one (if it does).

        Raises:
            Unmet: the server does not ask, although it asks others.
        """
        self.room.note(self, f"introduce({name!r})")
        with self.room.quietly():
            if self.room.dialect.greets:
                self.is_asked()
            self._be_called(name)
            self.send(name, _("{name} gave the username “{name}”").format(name=name))

    def ask_for(self, username: str) -> None:
        """Give a username that the server may refuse, and wait until it has decided.

        The client is called as before: `introduce` is for usernames that it gets.

        Raises:
            Unmet: the server does not ask, although it asks others.
        """
        if self.room.dialect.greets:
            self.is_asked()
        size = self.inbox.size
        tried = _("{name} asked for the username “{username}”").format(
            name=self.label, username=visible(username)
        )
        self.send(username, tried, f"ask_for({username!r})")
        if self.room.traffic.oracle.exact:
            self.room.settle()
        else:  # whatever it has decided, it says something
            self.room.wait(lambda: self.inbox.size > size or self.state == "closed")

    def be_called(self, name: str) -> None:
        """Take a name without telling the server: for what is sent by `send` or `send_bytes`."""
        self._be_called(name)
        self.room.note(self, f"be_called({name!r})")

    def _be_called(self, name: str) -> None:
        self.name = name
        self.room.traffic.transcript.labels[self.number] = name

    def say(self, text: str) -> None:
        """Say something to everybody, as the server's own client would send it."""
        self.send(self.room.dialect.chat(self.label, text), script=f"say({text!r})")

    def send(self, line: str, tried: str | None = None, script: str | None = None) -> None:
        """Send a line as it is, such as `/list`; a line end is added where the server wants one."""
        self.room.act(
            tried or _("{name} sent “{text}”").format(name=self.label, text=visible(line)),
            self,
            script or f"send({line!r})",
        )
        self.room.traffic.transmit(self, self.room.dialect.encode(line))
        if not self.room.dialect.wants_line_ends:
            # without line ends the server takes what comes in one piece for one message
            self.room.settle()

    def say_at_once(self, *texts: str) -> None:
        """Say many things in one go, without waiting in between.

        Where nothing marks the end of a message they go out one by one all the same: sent
        together, they would be one message.
        """
        dialect = self.room.dialect
        if not dialect.wants_line_ends:
            for text in texts:
                self.say(text)
            return
        tried = _("{name} sent {count} messages at once").format(name=self.label, count=len(texts))
        lines = [dialect.chat(self.label, text) for text in texts]
        self.room.act(tried, self, f"say_at_once({', '.join(map(repr, texts))})")
        self.room.traffic.transmit(self, b"".join(map(dialect.encode, lines)))

    def send_bytes(self, data: bytes) -> None:
        """Send bytes exactly as they are, without waiting for anything."""
        tried = _("{name} sent the bytes {data}").format(
            name=self.label, data=visible(repr(data), 80)
        )
        self.room.act(tried, self, f"send_bytes({data!r})")
        self.room.traffic.transmit(self, data)

    def pause(self) -> None:
        """Stop reading: what the server sends from now on stays in the kernel's buffers."""
        self.room.settle()
        self.room.act(_("{name} stopped reading").format(name=self.label), self, "pause()")
        self.reading = False
        self.has_paused = True
        self.room.traffic.watch(self)

    def resume(self) -> None:
        """Read again after `pause`."""
        self.room.act(_("{name} reads again").format(name=self.label), self, "resume()")
        self.reading = True
        self.room.traffic.watch(self)

    def leave(self) -> None:
        """Close the connection after reading everything, as a client that is quit does (FIN).

        After `pause` there is something unread, if anybody spoke: then the kernel resets the
        connection, which is what happens to a real client that is ended while messages arrive.
        """
        self.room.settle()
        self.room.act(_("{name} left").format(name=self.label), self, "leave()")
        self.disconnect("leave")

    def crash(self) -> None:
        """Reset the connection (RST), as a machine does that loses its client."""
        self.room.settle()
        self.room.act(_("{name}'s connection broke").format(name=self.label), self, "crash()")
        self.disconnect("crash")

    def disconnect(self, how: Literal["leave", "crash"]) -> None:
        """Close the connection now, without waiting for anything: for the room's own use."""
        if how == "crash" and self.state in ("open", "connecting"):
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.room.traffic.hang_up(self, how)

    # -- expecting ----------------------------------------------------------------------------

    def heard(self) -> list[str]:
        """Wait until nothing more comes; return the messages since the last `heard`."""
        self.room.settle()
        texts = self.inbox.texts(self._read_so_far)
        self._read_so_far = len(self.inbox.segments)
        return texts

    def sees(self, *what: str | Person | re.Pattern[str]) -> str:
        """Expect a message with all of `what` in it, and return its text.

        Each message is found once: two equal expectations want two messages.

        Args:
            what: texts as they are, people (their names as words) and patterns.

        Raises:
            Unmet: it has not come and will not come.
        """
        parts = self._parts(what)
        found = None

        def arrived() -> bool:
            nonlocal found
            found = self.inbox.take(parts)
            return found is not None

        self.room.wait(arrived)
        self.room.note(self, f"sees({', '.join(map(self._as_code, what))})")
        if found is None:
            wanted = self._in_words(what)
            if self.inbox.find(parts):
                expected = _("{name} gets a further message with {what}")
            else:
                expected = _("{name} gets a message with {what}")
            raise self._missing(expected.format(name=self.label, what=wanted), what)
        return found.text

    def sees_in_order(self, *texts: str) -> None:
        """Expect messages with these texts, one after another (others may be between).

        Raises:
            Unmet: one is missing, or they come in another order.
        """
        self.room.settle()
        self.room.note(self, f"sees_in_order({', '.join(map(repr, texts))})")
        places = []
        whole = "\n".join(self.inbox.texts())
        for text in texts:
            place = whole.find(text)
            if place < 0:
                expected = _("{name} gets all {count} messages, also {what}")
                raise self._missing(
                    expected.format(
                        name=self.label, count=len(texts), what=self._in_words((text,))
                    ),
                    (text,),
                )
            places.append(place)
        for first, second, earlier, later in zip(
            places, places[1:], texts, texts[1:], strict=False
        ):
            if second < first:
                raise self.room.unmet(
                    "wrong",
                    expected=_("{name} gets “{first}” before “{second}”").format(
                        name=self.label, first=visible(earlier), second=visible(later)
                    ),
                    got=_("{name} got them the other way round.").format(name=self.label),
                    mark=Mark("unwanted", self.number, later),
                )

    def sees_once(self, *what: str | Person | re.Pattern[str]) -> None:
        """Expect exactly one message with all of `what` in it, since the last `Room.forget`.

        Raises:
            Unmet: there is none, or there are several.
        """
        parts = self._parts(what)
        self.room.wait(lambda: self.inbox.count(parts) > 1)
        count = self.inbox.count(parts)
        self.room.note(self, f"sees_once({', '.join(map(self._as_code, what))})")
        expected = _("{name} gets exactly one message with {what}").format(
            name=self.label, what=self._in_words(what)
        )
        if count == 0:
            raise self._missing(expected, what)
        if count > 1:
            raise self.room.unmet(
                "unwanted",
                expected=expected,
                got=_("{name} got it {count} times.").format(name=self.label, count=count),
                mark=Mark("unwanted", self.number, self._for_mark(what)),
            )
        self.inbox.take(parts)

    def never_sees(self, *what: str | Person | re.Pattern[str]) -> None:
        """Expect no message with all of `what` in it, since the last `Room.forget`.

        When the server can do nothing more by itself, what has not come never will: so this
        needs no time.

        Raises:
            Unmet: there is one.
        """
        parts = self._parts(what)
        self.room.wait(lambda: bool(self.inbox.find(parts)), sure=True)
        self.room.note(self, f"never_sees({', '.join(map(self._as_code, what))})")
        if found := self.inbox.find(parts):
            raise self.room.unmet(
                "unwanted",
                expected=_("{name} gets no message with {what}").format(
                    name=self.label, what=self._in_words(what)
                ),
                got=_("{name} got “{text}”.").format(name=self.label, text=visible(found[0].text)),
                mark=Mark("unwanted", self.number, self._for_mark(what) or found[0].text),
            )

    def sees_nothing(self) -> None:
        """Expect no message at all since the last `heard` or `Room.forget`.

        Raises:
            Unmet: there is one.
        """
        start = self._read_so_far
        self.room.wait(lambda: bool(self.inbox.texts(start)), sure=True)
        self.room.note(self, "sees_nothing()")
        if texts := self.inbox.texts(start):
            raise self.room.unmet(
                "unwanted",
                expected=_("{name} gets nothing").format(name=self.label),
                got=_("{name} got “{text}”.").format(name=self.label, text=visible(texts[0])),
                mark=Mark("unwanted", self.number, texts[0]),
            )

    def sees_each_once(self, *people: Person) -> None:
        """Expect that all that came since the last `Room.forget` names each of `people` once.

        Raises:
            Unmet: somebody is not named, or several times.
        """
        self.room.settle()
        self.room.note(self, f"sees_each_once({', '.join(person.variable for person in people)})")
        text = "\n".join(self.inbox.texts())
        for person in people:
            count = len(spans_of(Word(person.label), text))
            expected = _("{name} gets the name {other} exactly once").format(
                name=self.label, other=person.label
            )
            if count == 0:
                raise self._missing(expected, (person,))
            self.expect(count == 1, expected, text)

    def is_answered(self) -> None:
        """Expect an answer since the last `Room.forget`, whatever its words.

        The server's greeting by itself, such as `NICK`, answers nothing.

        Raises:
            Unmet: there is none.
        """
        greeting = self.room.dialect.greeting.strip()

        def answers() -> bool:
            text = "\n".join(self.inbox.texts())
            return re.search(r"\w", text.replace(greeting, "") if greeting else text) is not None

        self.room.wait(answers)
        self.room.note(self, "is_answered()")
        if not answers():
            expected = _("{name} gets an answer, in whatever words").format(name=self.label)
            raise self._missing(expected, ())

    def expect(self, met: bool, expected: str, line: str) -> None:
        """Expect of a message that came what can only be said in words.

        Args:
            met: whether it is so.
            expected: what should be so, a sentence.
            line: the text of the message.

        Raises:
            Unmet: it is not so.
        """
        if not met:
            raise self.room.unmet(
                "wrong",
                expected=expected,
                got=_("{name} got “{text}”.").format(name=self.label, text=visible(line)),
                mark=Mark("unwanted", self.number, line),
            )

    def is_asked(self) -> None:
        """Expect that the server says something to this client, whatever the words.

        Raises:
            Unmet: nothing comes.
        """
        self.room.wait(lambda: self.inbox.size > 0)
        self.room.note(self, "is_asked()")
        if self.inbox.size == 0:
            greeting = self.room.dialect.greeting
            expected = _("the server greets {name} with “{greeting}”").format(
                name=self.label, greeting=visible(greeting)
            )
            raise self._missing(expected, (greeting,))

    def is_disconnected(self) -> None:
        """Expect that the server closes this connection.

        Raises:
            Unmet: it stays open.
        """
        self.room.wait(lambda: self.state == "closed")
        self.room.note(self, "is_disconnected()")
        if self.state != "closed":
            raise self.room.unmet(
                "missing",
                expected=_("the server closes {name}'s connection").format(name=self.label),
                got=_("It is still open."),
            )

    # -- words --------------------------------------------------------------------------------

    def _missing(
        self, expected: str, what: tuple[str | Person | re.Pattern[str], ...]
    ) -> Exception:
        cause: Cause = "closed" if self.state == "closed" else "missing"
        return self.room.unmet(
            cause,
            expected=expected,
            got=self.room.what_came(self),
            mark=Mark("missing", self.number, self._for_mark(what)),
        )

    @staticmethod
    def _parts(what: tuple[str | Person | re.Pattern[str], ...]) -> list[What]:
        return [Word(part.label) if isinstance(part, Person) else part for part in what]

    @staticmethod
    def _in_words(what: tuple[str | Person | re.Pattern[str], ...]) -> str:
        words = []
        for part in what:
            if isinstance(part, Person):
                words.append(_("the name {name}").format(name=part.label))
            elif isinstance(part, str):
                words.append(f"“{visible(part)}”")
            else:
                words.append(_("something like {pattern}").format(pattern=part.pattern))
        return _(" and ").join(words)

    @staticmethod
    def _for_mark(what: tuple[str | Person | re.Pattern[str], ...]) -> str:
        texts = [part for part in what if isinstance(part, str)]
        people = [part.label for part in what if isinstance(part, Person)]
        return (texts or people or [""])[0]

    @staticmethod
    def _as_code(part: str | Person | re.Pattern[str]) -> str:
        if isinstance(part, Person):
            return part.variable
        return repr(part)
