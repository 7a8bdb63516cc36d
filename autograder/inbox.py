"""What one client has got: bytes cut into messages, and the search for what should be there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.transcript import decode

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # ECMA-48 control sequences


@dataclass(frozen=True, slots=True)
class Word:
    """A text that counts only where it is a word: Bo is not in Bobby.

    A pattern could say the same, but names are new in each story, and compiling a pattern takes
    longer than all searches with it.
    """

    text: str


What = str | Word | re.Pattern[str]
"""What to look for in a message: a text as it is, a word, or a pattern."""


def spans_of(what: What, text: str) -> list[tuple[int, int]]:
    """Return where `what` stands in `text`."""
    if isinstance(what, re.Pattern):
        return [match.span() for match in what.finditer(text)]
    wanted = what.text if isinstance(what, Word) else what
    spans = []
    place = text.find(wanted)
    while place >= 0:
        end = place + len(wanted)
        if wanted is what or not (
            _goes_on(text[place - 1 : place]) or _goes_on(text[end : end + 1])
        ):
            spans.append((place, end))
        place = text.find(wanted, max(place + 1, end))
    return spans


def _goes_on(character: str) -> bool:
    """Tell whether a word goes on with `character`, "" at the end of a text."""
    return character.isalnum() or character == "_"


@dataclass
class Segment:
    """A message, or where messages have no ends, what came between two of our own actions.

    Args:
        text: the text without its line end and without colour codes.
        epoch: number of our action before it.
        ended: whether its line end has come.
        used: the places that earlier expectations have found in it.
    """

    text: str
    epoch: int
    ended: bool = False
    used: set[tuple[int, int]] = field(default_factory=set)

    def places(self, what: Sequence[What]) -> list[list[tuple[int, int]]]:
        """Return for each part of `what` where it stands in the text; [] where one is missing."""
        found = []
        for part in what:
            spans = spans_of(part, self.text)
            if not spans:
                return []
            found.append(spans)
        return found

    def take(self, what: Sequence[What]) -> bool:
        """Find `what` where an earlier expectation has not found it, and mark it as found."""
        places = self.places(what)
        if not places or all(span in self.used for spans in places for span in spans):
            return False
        for spans in places:
            self.used.add(next((span for span in spans if span not in self.used), spans[-1]))
        return True


@dataclass
class Inbox:
    """What one client has got so far.

    Args:
        line_ends: whether a message ends with a line end; where not, a message ends with the
            next action of ours.
        size: bytes that came so far.
        start: number of the first message that is looked at; `forget` moves it.
    """

    line_ends: bool = True
    segments: list[Segment] = field(default_factory=list)
    size: int = 0
    start: int = 0
    _rest: bytes = b""

    def feed(self, data: bytes, epoch: int) -> None:
        """Take in bytes that arrived after our action number `epoch`."""
        self.size += len(data)
        if not self.line_ends and self.segments and self.segments[-1].epoch != epoch:
            self._end()
        *lines, rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line or (self.segments and not self.segments[-1].ended):
                self._show(line, epoch)
            self._end()
        self._rest = rest
        if rest:
            self._show(rest, epoch)

    def _show(self, data: bytes, epoch: int) -> None:
        """Let the unfinished message be `data`."""
        text = _COLOURS.sub("", decode(data)).rstrip("\r")
        if self.segments and not self.segments[-1].ended:
            self.segments[-1].text = text
        else:
            self.segments.append(Segment(text, epoch))

    def _end(self) -> None:
        if self.segments:
            self.segments[-1].ended = True
        self._rest = b""

    def forget(self) -> None:
        """Look only at what comes from now on."""
        if not self.line_ends and self.segments:
            self._end()
        self.start = len(self.segments)

    def take(self, what: Sequence[What]) -> Segment | None:
        """Return the first message with all of `what` in it that no expectation has had yet."""
        for segment in self.segments[self.start :]:
            if segment.take(what):
                return segment
        return None

    def find(self, what: Sequence[What]) -> list[Segment]:
        """Return all messages with all of `what` in them."""
        return [segment for segment in self.segments[self.start :] if segment.places(what)]

    def count(self, what: Sequence[What]) -> int:
        """Return how many times `what` has come.

        A finished line counts once, whatever it repeats; without line ends several messages may
        stand in one segment, so there the rarest part is counted.
        """
        total = 0
        for segment in self.segments[self.start :]:
            if places := segment.places(what):
                total += 1 if segment.ended and self.line_ends else min(map(len, places))
        return total

    def texts(self, start: int = 0) -> list[str]:
        """Return the texts of all messages from number `start` on that are not empty."""
        return [s.text for s in self.segments[max(start, self.start) :] if s.text]
