"""Find out how a server speaks, by talking to one that is started for this alone."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence

from autograder.casting import Cast
from autograder.dialect import OUR_DIALECT, Dialect
from autograder.failures import Unmet
from autograder.i18n import _
from autograder.process import Launcher
from autograder.room import Room
from autograder.stamps import form_of
from autograder.traffic import BAD_FROM_THE_START


def learn_dialect(launcher: Launcher, *, keep: bool = False) -> Dialect:
    """Talk to a server started for this alone, and find out how it speaks.

    A server that behaves too strangely to learn from is taken to speak our own protocol.

    Args:
        keep: whether to leave the server to the launcher as its `spare`, should it be afterwards as
            it was at first.

    Raises:
        Unmet: the server does not come to listen, prints without end, or takes too much memory.
    """
    with Room(launcher.submission, launcher=launcher, dialect=_UNKNOWN, hurry=True) as room:
        dialect = OUR_DIALECT
        if keep:
            room.remember_rest()
        with contextlib.suppress(Unmet):
            dialect = _converse(room)
        room.launcher.notes.ends = room.process.exit is not None
        if room.traffic.flood in BAD_FROM_THE_START:
            # said here, where it always shows: a chat can go on for a while beside it
            raise room.unmet(
                "flood",
                tried=_("the server was started"),
                expected=_("the server waits quietly and uses no processor time"),
                got=room.why_no_more(),
            )
        if keep:
            launcher.spare = room.give_back()
        return dialect


_UNKNOWN = Dialect(greeting="", line_ends=True, wants_line_ends=True)


def _converse(room: Room) -> Dialect:
    first, second = room.connect(), room.connect()
    cast = Cast(random.SystemRandom().getrandbits(32), "learning")
    names, word = cast.names(2), cast.text()
    room.settle()
    greeting = "".join(s.text for s in first.inbox.segments)
    ended = all(s.ended for s in first.inbox.segments)
    wants = True
    for person, name in zip((first, second), names, strict=True):
        person.be_called(name)
        if wants and (not greeting or not ended):
            # does it act on a name without a line end?
            before = _signs(room)
            person.send_bytes(name.encode())
            room.settle()
            if _signs(room) != before:
                wants = False
            else:
                person.send_bytes(b"\n")
        else:
            person.send_bytes(name.encode() + (b"\n" if wants else b""))
        room.settle()
    # not as a word: without line ends the notice follows the greeting without a gap
    tells_self = bool(first.inbox.find((names[0],)))
    end = b"\n" if wants else b""
    first.send_bytes(f"{names[0]}: {word}".encode() + end)
    room.settle()
    heard = second.inbox.find((word,)) or first.inbox.find((word,))
    server_writes = bool(heard) and heard[0].text.count(names[0]) > 1
    everything = [s for person in (first, second) for s in person.inbox.segments if s.text]
    line_ends = any(s.ended for s in everything) or not everything
    return Dialect(
        greeting=greeting,
        line_ends=line_ends,
        wants_line_ends=wants,
        client_writes_name=not server_writes,
        tells_self=tells_self,
        form=form_of(heard[0].text) if heard else None,
    )


def _signs(room: Room) -> Sequence[int]:
    """Return what shows that a server has done something: bytes sent and bytes printed."""
    room.traffic.drain()
    return [
        *(person.inbox.size for person in room.traffic.people),
        len(room.traffic.transcript.output()),
    ]
