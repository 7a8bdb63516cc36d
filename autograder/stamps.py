"""Stamps in chat messages: where they stand, in which form, and whether they tell the right time.

A stamp is found however it is written, so that a wrong bracket is not also a wrong time.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

_DATE = r"(?P<date>\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:T|\W{1,3})"
_TIME = r"(?P<time>\d{1,2}:\d{1,2}(?::\d{1,2})?|\d{1,2}\.\d{1,2}\.\d{1,2})"
_STAMP = re.compile(
    rf"(?<![\d:.]){_DATE}{_TIME}(?![\d:])|(?<![\d:.]){_TIME.replace('time', 'alone')}(?![\d:])"
)


@dataclass(frozen=True)
class Stamp:
    """A date and a time, or a time alone, in a message.

    Args:
        text: as it is written, without brackets.
        start, end: where it stands in the message.
        date: year, month and day as they are written, () where there is none.
        time: its numbers as they are written, two where the seconds are missing.
    """

    text: str
    start: int
    end: int
    date: tuple[str, ...]
    time: tuple[str, ...]

    @property
    def padded(self) -> bool:
        """Whether each number has all its digits: 03 and not 3."""
        return all(len(number) in (2, 4) for number in (*self.date, *self.time))

    def moments(self, *days: datetime.date) -> list[datetime.datetime]:
        """Return what it says: a moment, or one on each of `days` where it has no date.

        Empty where there is no such date or time, as with a month 22.
        """
        hour, minute, second = map(int, (*self.time, "0")[:3])
        try:
            time = datetime.time(hour, minute, second)
            if self.date:
                days = (datetime.date(*map(int, self.date)),)
        except ValueError:
            return []
        return [datetime.datetime.combine(day, time) for day in days]


@dataclass(frozen=True)
class Form:
    """A form that stamps shall have.

    Args:
        shown: as people write it.
        example: the same with numbers.
        exact: the pattern of a stamp with its brackets.
        dated: whether it has a date.
    """

    shown: str
    example: str
    exact: re.Pattern[str]
    dated: bool

    def find(self, text: str) -> list[Stamp]:
        """Return the stamps in `text` that tell what this form tells, however they are written."""
        return [stamp for stamp in find(text) if bool(stamp.date) == self.dated]

    def opens(self, text: str) -> bool:
        """Tell whether `text` begins with a stamp of exactly this form, one space, and no other."""
        match = self.exact.match(text)
        return match is not None and re.match(r" \S", text[match.end() :]) is not None


DATE_AND_TIME = Form(
    "[YYYY-MM-DD HH:MM:SS]",
    "[2031-01-02 03:04:05]",
    re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]"),
    dated=True,
)
TIME = Form("[HH:MM:SS]", "[03:04:05]", re.compile(r"\[\d\d:\d\d:\d\d\]"), dated=False)


def find(text: str) -> list[Stamp]:
    """Return all stamps in `text`, with a date or without, however they are written."""
    found = []
    for match in _STAMP.finditer(text):
        date = re.findall(r"\d+", match["date"] or "")
        if date and len(date[0]) < 4:
            date.reverse()
        time = re.findall(r"\d+", match["time"] or match["alone"])
        found.append(Stamp(match[0], *match.span(), tuple(date), tuple(time)))
    return found


def form_of(text: str) -> Form | None:
    """Return the form that the stamp of a message has, None where it has none."""
    for stamp in find(text)[:1]:
        return DATE_AND_TIME if stamp.date else TIME
    return None


def without(text: str) -> str:
    """Return a message without the stamp at its beginning."""
    for stamp in find(text)[:1]:
        if stamp.start < 2:
            return re.sub(r"\A[])>]?\s*", "", text[stamp.end :])
    return text


def alike(one: str, other: str) -> bool:
    """Tell whether two messages are the same but for their digits, and so for their stamps."""
    return re.sub(r"\d", "0", one) == re.sub(r"\d", "0", other)


def tells(stamp: Stamp, earliest: datetime.datetime, latest: datetime.datetime) -> bool:
    """Tell whether a stamp was right at some moment from `earliest` to `latest`."""
    if len(stamp.time) == 2:
        earliest = earliest.replace(second=0)
    earliest = earliest.replace(microsecond=0)
    moments = stamp.moments(earliest.date(), latest.date())
    return any(earliest <= moment <= latest for moment in moments)
