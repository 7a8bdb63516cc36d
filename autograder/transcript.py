"""What was said in a room: every byte in either direction, with who, when and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "connect",  # a client connected
    "send",  # bytes from a client to the server
    "receive",  # bytes from the server to a client
    "leave",  # the client closed its connection (FIN)
    "crash",  # the client reset its connection (RST)
    "closed",  # the server closed the connection
    "output",  # the server's own output (standard output and standard error)
    "clock",  # the wall clock that the server sees was set; `data` is the new time as text
    "exit",  # the server's process ended; `data` says how
]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a room.

    Args:
        number: place in the order of events, from 0.
        seconds: when, in seconds since the room was opened.
        kind: what happened.
        person: number of the client that it happened to, None where it concerns the server alone.
        data: the bytes that were sent, received or printed.
    """

    number: int
    seconds: float
    kind: Kind
    person: int | None = None
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message (or the unfinished rest of one), put together from the bytes of events.

    Args:
        event: number of the event with which the message was complete.
        seconds: when it was complete, in seconds since the room was opened.
        kind: "send" (client to server) or "receive" (server to client).
        person: number of the client.
        text: the message without its line end; bytes that are not UTF-8 appear as `\\xNN`.
    """

    event: int
    seconds: float
    kind: Literal["send", "receive"]
    person: int
    text: str


def decode(data: bytes) -> str:
    """Return `data` as text; bytes that are not UTF-8 stay visible as `\\xNN`."""
    return data.decode("utf-8", errors="backslashreplace")


@dataclass
class Transcript:
    """The events of one room, in order, and the names of those who took part.

    Args:
        labels: name of each client by its number (its username, or "client 3" while it has none).
        line_ends: whether the server ends its messages with a line end; where it does not,
            each chunk that arrived counts as one message.
    """

    labels: dict[int, str] = field(default_factory=dict)
    line_ends: bool = True
    events: list[Event] = field(default_factory=list)

    def add(
        self, seconds: float, kind: Kind, person: int | None = None, data: bytes = b""
    ) -> Event:
        """Append an event and return it; arguments as in `Event`."""
        event = Event(len(self.events), seconds, kind, person, data)
        self.events.append(event)
        return event

    def entries(self) -> Iterator[Event | Message]:
        """Yield what happened in order, with bytes put together to messages.

        A message stands where its last byte arrived. The unfinished rest of a message stands
        where the conversation of that client ended, or at the end of the transcript.
        """
        rest: dict[tuple[int, Literal["send", "receive"]], Event] = {}

        def cut(event: Event, kind: Literal["send", "receive"]) -> Iterator[Message]:
            assert event.person is not None
            before = rest.pop((event.person, kind), None)
            data = (before.data if before else b"") + event.data
            if not self.line_ends:
                pieces, remainder = [data], b""
            else:
                *pieces, remainder = data.split(b"\n")
            for piece in pieces:
                text = decode(piece.removesuffix(b"\r"))
                yield Message(event.number, event.seconds, kind, event.person, text)
            if remainder:
                rest[event.person, kind] = Event(
                    event.number, event.seconds, event.kind, event.person, remainder
                )

        def unfinished(person: int | None = None) -> Iterator[Message]:
            for key in [key for key in rest if person is None or key[0] == person]:
                event = rest.pop(key)
                yield Message(event.number, event.seconds, key[1], key[0], decode(event.data))

        for event in self.events:
            if event.kind == "send" or event.kind == "receive":
                yield from cut(event, event.kind)
                continue
            if event.person is not None and event.kind in ("leave", "crash", "closed"):
                yield from unfinished(event.person)
            yield event
        yield from unfinished()

    def messages(self) -> Iterator[Message]:
        """Yield the messages alone, in order."""
        return (entry for entry in self.entries() if isinstance(entry, Message))

    def output(self) -> str:
        """Return what the server printed, as text."""
        return decode(b"".join(event.data for event in self.events if event.kind == "output"))
