"""Show two submissions that are alike side by side, with what they have in common marked.

A plain diff would show a copy with other names, in another order, as two different programs. Here
each line that has its like in the other one says where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Literal

from autograder.i18n import _, language, number
from autograder.report_html import environment
from autograder.report_words import one_line
from autograder.similar import Author, own_lines

MOST_LINES = 2000  # of a program, on the page
MOST_CELLS = 300  # characters of a line
MOST_NAMES = 3  # of those who handed in the same

Given = frozenset[tuple[str, ...]]
Kind = Literal["like", "own", "rest"]


@dataclass(frozen=True)
class Side:
    """One of the two programs.

    Args:
        people: who handed it in.
        report: the way to its report from the page.
        text: the program.
    """

    people: Sequence[Author]
    report: str
    text: str


@dataclass(frozen=True)
class Shown:
    """A line of a program.

    Args:
        number: in its file, from 1.
        text: what stands there.
        kind: whether it is like one in the other program, the student's own, or neither (given
            with the exercise, a comment, blank).
        partner: number of the line in the other program that it is like, 0 where there is none.
    """

    number: int
    text: str
    kind: Kind
    partner: int


def write_page(file: IO[str], share: float, sides: tuple[Side, Side], given: Given) -> None:
    """Write the page of two programs, in the language in force."""
    one, other = sides
    template = environment().get_template("side_by_side.html.jinja")
    columns = [
        (names(one.people), one.report, shown(one.text, other.text, given)),
        (names(other.people), other.report, shown(other.text, one.text, given)),
    ]
    file.writelines(template.generate(language=language(), share=percent(share), columns=columns))


def shown(text: str, other: str, given: Given) -> list[Shown]:
    """Return the lines of a program, with what each has to do with the `other` one."""
    waiting: dict[tuple[str, ...], list[int]] = {}
    for line in reversed(own_lines(other, given)):
        waiting.setdefault(line.words, []).append(line.first)
    kinds: dict[int, tuple[Kind, int]] = {}
    for line in own_lines(text, given):
        like = waiting.get(line.words)
        partner = like.pop() if like else 0
        for at in range(line.first, line.last + 1):
            kinds[at] = ("like", partner) if partner else ("own", 0)
    lines = text.replace("\r\n", "\n").split("\n")[:MOST_LINES]
    return [
        Shown(at, line[:MOST_CELLS], *kinds.get(at, ("rest", 0)))
        for at, line in enumerate(lines, 1)
    ]


def percent(share: float) -> str:
    """Return a share as "87 %", rounded down: what is not the same is not called so."""
    return f"{number(int(share * 100))} %"


def names(people: Sequence[Author]) -> str:
    """Return who handed in a program; of many the first ones, and how many more."""
    named = ", ".join(one_line(person.name, 80) for person in people[:MOST_NAMES])
    if len(people) <= MOST_NAMES:
        return named
    more = number(len(people) - MOST_NAMES)
    return _("{names} and {count} more").format(names=named, count=more)
