"""What one client sent and got, by its own account, and how that travels between processes."""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

LONG = 300  # characters of a line; of a longer one, a digest is kept


@dataclass
class Record:
    """One client's own record.

    Args:
        name: the username it asked for, "" if it asked for none that could be known.
        kind: what it was to do, see `crowd.py`.
        came_in: whether it was told that it is in.
        sent: the public messages that it has sent whole, in order, as others should see them.
        secrets: those that it sent to one person alone: (recipient, text).
        got: every line that it got, in order.
        ended: who ended it: "left" (the client itself, once it had read all), "closed" (the
            server), or "" where the client crashed or stopped looking.
        end: when the server had nothing more to say, in seconds since the crowd began.
        in_vain: for how long it waited for the server in vain, "" if it did not.
        not_tried: what could not be tried on this machine, and why; "" mostly.
        notes: what else is worth knowing: refusals, lists.
    """

    name: str
    kind: str
    came_in: bool = False
    sent: list[str] = field(default_factory=list)
    secrets: list[tuple[str, str]] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    ended: str = ""
    end: float = 0.0
    in_vain: str = ""
    not_tried: str = ""
    notes: list[str] = field(default_factory=list)

    def hear(self, line: str, stamp: int) -> None:
        """Write down a line that has arrived, with a stamp of so many characters if it has one.

        Lines that many get are kept in memory once.
        """
        if not line.startswith("Online: "):  # the list is looked at in full
            line = line[:stamp] + digest(line[stamp:])
        self.got.append(sys.intern(line))

    def say(self, text: str) -> None:
        """Write down a public message that goes out now."""
        self.sent.append(digest(text))


def digest(line: str) -> str:
    """Return a line, or of a long one its beginning, its length and its checksum."""
    if len(line) <= LONG:
        return line
    return f"{line[:80]}… {len(line)} {zlib.crc32(line.encode()):08x}"


def save(records: Iterable[Record], path: Path) -> None:
    """Write records to a file, each different line once."""
    numbers: dict[str, int] = {}
    people = []
    for record in records:
        got = [numbers.setdefault(line, len(numbers)) for line in record.got]
        people.append(vars(record) | {"got": got})
    path.write_text(json.dumps({"lines": list(numbers), "people": people}), encoding="utf-8")


def load(path: Path) -> list[Record]:
    """Read what `save` wrote."""
    document = json.loads(path.read_text(encoding="utf-8"))
    lines = document["lines"]
    records = []
    for person in document["people"]:
        person["got"] = [lines[number] for number in person["got"]]
        person["secrets"] = [(to, text) for to, text in person["secrets"]]
        records.append(Record(**person))
    return records
