"""The sequence diagram of a conversation: who sent what to whom, drawn or as a table.

A `Diagram` is plain data without a language. The words are chosen when it is drawn.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from autograder.i18n import _, ngettext, number
from autograder.transcript import Message, Transcript, decode
from autograder.visible import cells, shorten, visible, wrap

Kind = Literal[
    "connect", "send", "receive", "leave", "crash", "closed", "output", "clock", "exit", "fold"
]

MAX_LANES = 6
MAX_ROWS = 36
MAX_NAMES = 4
_TEXT_LIMIT = 84  # characters of one message; with what `visible` says of the rest, three lines
_OUTPUT_LINES = 4


@dataclass(frozen=True)
class Mark:
    """An arrow that a test complains about.

    Args:
        kind: "missing" for a message that did not arrive, "unwanted" for one that should not have.
        person: number or name of the client.
        text: what the message contains (or should have contained).
    """

    kind: Literal["missing", "unwanted"]
    person: int | str
    text: str


@dataclass(frozen=True)
class Lane:
    """One vertical line of the diagram.

    Args:
        people: numbers of the clients that share the line, most often one.
        names: their names, in the same order.
    """

    people: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One step of the conversation, or several that were left out (`kind` "fold").

    Args:
        number: place in the conversation, from 1.
        kind: as in `Event`, or "fold".
        people: numbers of the clients to whom it happened.
        missing: numbers of the clients whom it did not reach although it should have.
        unwanted: numbers of the clients whom it reached although it should not have.
        text: the message, output, time or cause, safe to show; of output, one line or several.
        seconds: when, in seconds since the room was opened.
        messages: number of messages left out, in a fold.
        steps: number of steps left out, in a fold.
    """

    number: int
    kind: Kind
    people: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    unwanted: tuple[int, ...] = ()
    text: str = ""
    seconds: float = 0.0
    messages: int = 0
    steps: int = 0

    @property
    def marked(self) -> bool:
        """Whether a test complains about this row."""
        return bool(self.missing or self.unwanted)


@dataclass(frozen=True)
class Diagram:
    """A conversation between clients and a server, ready to be drawn.

    Args:
        title: what it shows, one line.
        lanes: the clients, from left to right; the server stands to the left of them.
        rows: what happened, in order.
    """

    title: str
    lanes: tuple[Lane, ...]
    rows: tuple[Row, ...]

    @classmethod
    def from_transcript(
        cls,
        transcript: Transcript,
        marks: Iterable[Mark] = (),
        title: str = "",
        max_rows: int = MAX_ROWS,
    ) -> Diagram:
        """Return the diagram of `transcript`.

        A message that several clients received is one row. A mark goes to the last row that it
        fits, and becomes a row of its own at the end where there is none.

        Args:
            max_rows: where the conversation has more rows than this, its middle is folded away;
                marked rows and those around them stay.
        """
        names = dict(transcript.labels)
        for event in transcript.events:
            if event.person is not None:
                names.setdefault(event.person, _unnamed(event.person))
        resolved = [(mark, _number_of(mark.person, names)) for mark in marks]
        rows = _rows(transcript)
        for mark, person in resolved:
            _apply(mark, person, rows)
        important = {person for _mark, person in resolved}
        return cls(
            visible(title),
            _lanes(names, important),
            tuple(_shown(row) for row in _fold(rows, max_rows)),
        )

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Diagram:
        """Return the diagram that `dataclasses.asdict` (and JSON) made `plain` of.

        Raises:
            KeyError, TypeError: `plain` was not made of a diagram.
        """
        people = ("people", "missing", "unwanted")
        return cls(
            plain["title"],
            tuple(Lane(tuple(lane["people"]), tuple(lane["names"])) for lane in plain["lanes"]),
            tuple(
                Row(**{**row, **{field: tuple(row[field]) for field in people}})
                for row in plain["rows"]
            ),
        )

    def svg(self) -> str:
        """Return the drawing: one SVG element that needs nothing from outside."""
        from autograder.drawing import draw  # it is drawn seldom, and drawing needs this module

        return draw(self)

    def text(self, width: int = 88) -> str:
        """Return the conversation as a table for a terminal of `width` columns."""
        return _table(self, width)

    def folded(self, max_rows: int, without_title: str = "") -> Diagram:
        """Return the diagram with more of its middle folded away, for a place with less room.

        Args:
            without_title: leave the title out if it is this one, because it stands above already.
        """
        title = "" if self.title == without_title else self.title
        return Diagram(title, self.lanes, tuple(_fold(self.rows, max_rows)))

    def names(self, people: Sequence[int]) -> str:
        """Return the names of the clients with the numbers `people`: "Alice, Bob and 47 others"."""
        known = [
            name
            for lane in self.lanes
            for person, name in zip(lane.people, lane.names, strict=True)
            if person in people
        ]
        if len(known) <= MAX_NAMES:
            return ", ".join(known)
        few = 2
        return _("{names} and {others}").format(
            names=", ".join(known[:few]), others=others(len(known) - few)
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        svg = self.svg()
        return {
            "text/html": f'<div style="overflow-x:auto">{svg}</div>',
            "image/svg+xml": svg,
            "text/plain": self.text(),
        }

    def __str__(self) -> str:
        return self.text()


# From a transcript to rows


def _unnamed(person: int) -> str:
    return _("client {number}").format(number=person + 1)  # people count from 1


def _number_of(person: int | str, names: dict[int, str]) -> int:
    """Return the number of `person`; who is not among `names` yet is added."""
    if isinstance(person, int):
        names.setdefault(person, _unnamed(person))
        return person
    # The last one of that name: a name can be used again after its owner has left.
    for known in sorted(names, reverse=True):
        if names[known] == person:
            return known
    new = max(names, default=-1) + 1
    names[new] = person
    return new


def _lanes(names: Mapping[int, str], important: set[int]) -> tuple[Lane, ...]:
    order = sorted(names)
    alone = order
    if len(order) > MAX_LANES:
        first = sorted(order, key=lambda person: (person not in important, person))
        alone = sorted(first[: MAX_LANES - 1])
    others = [person for person in order if person not in alone]
    groups = [[person] for person in alone] + ([others] if others else [])
    return tuple(
        Lane(tuple(group), tuple(shorten(visible(names[person], None), 24) for person in group))
        for group in groups
    )


def _rows(transcript: Transcript) -> list[Row]:
    """Return the rows with the texts as they were sent.

    The same message to several clients becomes one row. The order in which each single client
    received its messages stays as it was, and nothing moves past what a client did.
    """
    rows: list[Row] = []
    same_text: dict[str, list[int]] = {}  # indexes of the rows with a received message
    last_of: dict[int | None, int] = {}  # index of the last row of each client
    last_deed = -1  # index of the last row that nothing may move past
    for entry in transcript.entries():
        people = () if entry.person is None else (entry.person,)
        text = entry.text if isinstance(entry, Message) else decode(entry.data)
        row = Row(0, entry.kind, people, text=text, seconds=entry.seconds)
        at = len(rows)
        if row.kind == "receive":
            latest = last_of.get(entry.person, -1)
            if not text and latest > last_deed and not rows[latest].text:
                continue  # of a flood of empty messages one is enough to see
            alike = same_text.setdefault(text, [])
            first = max(last_deed, last_of.get(entry.person, -1)) + 1
            place = bisect_left(alike, first)
            if place < len(alike):
                at = alike[place]
                rows[at] = replace(rows[at], people=tuple(sorted({*rows[at].people, *people})))
            else:
                alike.append(at)
                rows.append(row)
            last_of[entry.person] = at
        elif row.kind == "output":
            if rows and rows[-1].kind == "output":
                rows[-1] = replace(rows[-1], text=rows[-1].text + text)
            elif text.strip():
                rows.append(row)
        else:
            last_deed = at
            rows.append(row)
    return [replace(row, number=at) for at, row in enumerate(rows, start=1)]


def _apply(mark: Mark, person: int, rows: list[Row]) -> None:
    """Put `mark` on the row of `rows` that it fits, or on a new one at the end."""
    fitting = None
    # Whether the client was there when a row happened; a transcript may begin after it came.
    own = [row.kind for row in rows if person in row.people]
    here = bool(own) and "connect" not in own
    for at, row in enumerate(rows):
        if person in row.people and row.kind == "connect":
            here = True
        elif person in row.people and row.kind in ("leave", "crash", "closed"):
            here = False
        # A mark without a text knows only who: any message may be unwanted, none can be named
        # that is missing.
        if mark.text not in row.text or (not mark.text and mark.kind == "missing"):
            continue
        if row.kind == "send" and mark.kind == "missing":
            fitting = None  # said again, and it is the last time that counts
        elif row.kind == "receive" and mark.kind == "unwanted" and person in row.people:
            fitting = at
        elif row.kind == "receive" and mark.kind == "missing" and here:
            fitting = at if person not in row.people else None
    if fitting is None:
        seconds = rows[-1].seconds if rows else 0.0
        rows.append(Row(len(rows) + 1, "receive", text=mark.text, seconds=seconds))
        fitting = len(rows) - 1
    row = rows[fitting]
    if mark.kind == "missing":
        row = replace(row, missing=tuple(sorted({*row.missing, person})))
    else:
        left = tuple(other for other in row.people if other != person)
        row = replace(row, people=left, unwanted=tuple(sorted({*row.unwanted, person})))
    rows[fitting] = row


def _shown(row: Row) -> Row:
    """Return `row` with a text that is safe and short enough to show."""
    if row.kind != "output":
        return replace(row, text=visible(row.text, _TEXT_LIMIT))
    lines = [visible(line.rstrip("\r"), 100) for line in row.text.split("\n") if line.strip()]
    indented = [_indented(line) for line in lines[-_OUTPUT_LINES:]]
    if len(lines) > _OUTPUT_LINES:
        indented[0] = "…"
    return replace(row, text="\n".join(indented))


def _indented(line: str) -> str:
    """Return `line` with blanks, not dots, in front: it is a program's output, not a message."""
    bare = line.lstrip("·")
    return " " * (len(line) - len(bare)) + bare


def _fold(rows: Sequence[Row], max_rows: int) -> list[Row]:
    if len(rows) <= max_rows:
        return list(rows)
    marked = [at for at, row in enumerate(rows) if row.marked]
    kept: set[int] = set()
    for at in marked:
        kept |= {at - 2, at - 1, at, at + 1}
        kept |= set([before for before in range(at) if rows[before].kind == "send"][-1:])
    # What is left of the room goes to the beginning (a third) and to the end (two thirds). Where
    # something is marked, the marks are what the reader looks for, and less will do.
    room = max_rows // 2 if marked else max_rows - 1
    beginning = max(2, room // 3)
    kept |= set(range(beginning)) | set(range(len(rows) - (room - beginning), len(rows)))
    kept &= set(range(len(rows)))
    folded: list[Row] = []
    for at, row in enumerate(rows):
        gap_of_one = at not in kept and {at - 1, at + 1} <= kept
        if at in kept or gap_of_one:
            folded.append(row)
            continue
        if not folded or folded[-1].kind != "fold":
            folded.append(Row(row.number, "fold", seconds=row.seconds))
        fold = folded[-1]
        messages = row.messages + (row.kind in ("send", "receive"))
        steps = row.steps if row.kind == "fold" else 1
        folded[-1] = replace(fold, messages=fold.messages + messages, steps=fold.steps + steps)
    return folded


# Words


def others(count: int) -> str:
    """Return "1 other" or "46 others"."""
    return ngettext("{count} other", "{count} others", count).format(count=number(count))


def words(row: Row) -> str:
    """Return what happened in `row`: a message as it is, anything else in words."""
    reached = row.people or row.unwanted
    match row.kind:
        case "connect":
            return _("connects")
        case "leave":
            return _("leaves (FIN)")
        case "crash":
            return _("is cut off (RST)")
        case "closed":
            return _("closes the connection")
        case "clock":
            return _("The clock is set to {time}").format(time=row.text)
        case "exit":
            if row.text.isdigit():
                return _("The server ended with exit code {code}").format(code=row.text)
            return _("The server was ended by {signal}").format(signal=row.text or "?")
        case "fold":
            if row.messages:
                counted = ngettext("… {count} message …", "… {count} messages …", row.messages)
                return counted.format(count=number(row.messages))
            counted = ngettext("… {count} step …", "… {count} steps …", row.steps)
            return counted.format(count=number(row.steps))
        case _:
            return row.text or (_("(an empty message)") if reached else _("(a message)"))


# The table


def _table(diagram: Diagram, width: int) -> str:
    lines = [line for row in diagram.rows for line in _table_lines(diagram, row)]
    if not lines:
        lines.append(("", "", "", _("Nothing has happened yet.")))
    digits = max(len(at) for _flag, at, _who, _what in lines)
    column = min(max(cells(who) for _flag, _at, who, _what in lines), max(16, width * 2 // 5))
    room = max(20, width - digits - column - 6)
    table = [diagram.title] if diagram.title else []
    for flag, at, who, what in lines:
        who = shorten(who, column)
        for place, piece in enumerate(wrap(what, room, 3) or [""]):
            if place:
                flag = at = who = ""
            gap = " " * (column - cells(who))
            table.append(f"{flag or ' '} {at:>{digits}}  {who}{gap}  {piece}".rstrip())
    return "\n".join(table)


def _table_lines(diagram: Diagram, row: Row) -> list[tuple[str, str, str, str]]:
    """Return the lines for `row`: the flag of a mark, the number, who to whom, what."""
    server = _("server")
    who, at, what = diagram.names(row.people), str(row.number), words(row)
    match row.kind:
        case "fold":
            return [("", "", "", what)]
        case "clock" | "exit":
            return [("", at, "", what)]
        case "send" | "connect" | "leave" | "crash":
            return [("", at, f"{who} → {server}", what)]
        case "output":
            first, *more = row.text.split("\n")
            return [("", at, _("server prints"), first), *(("", "", "", line) for line in more)]
    lines = [("", at, f"{server} → {who}", what)] if row.people else []
    missed = f"{server} ✗ {diagram.names(row.missing)}"
    reached = f"{server} → {diagram.names(row.unwanted)}"
    for flag, people, whom, verdict in (
        ("✗", row.missing, missed, _("✗ did not arrive")),
        ("!", row.unwanted, reached, _("! should not have arrived")),
    ):
        if people and lines:
            lines.append((flag, "", whom, verdict))
        elif people:
            lines = [(flag, at, whom, what), (flag, "", "", verdict)]
    return lines
