"""Find submissions that are suspiciously alike: a hint to a person, and never a score.

What the exercises' starters hold is taken off first. Of what is left, only that is compared which
a copyist does not change in passing: comments, layout, names of one's own, texts and numbers do not
count, nor does the order of the lines, and so of the functions. How much two of these have in
common is told by RapidFuzz (Indel similarity: the share of the words that stay when one is edited
into the other).

Nothing of a submission is compiled for that: `ast` can be brought down by a program that is nested
deeply enough. `tokenize` reads any text line by line.
"""

from __future__ import annotations

import builtins
import functools
import io
import keyword
import tokenize
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autograder.intake import HandedIn
from autograder.starters import starter_sources
from autograder.submission import BadServer

if TYPE_CHECKING:
    from autograder.grading import Row

THRESHOLD = 0.9
"""Share of the own code in common from which a pair is named. Independent right servers of our
bank reach 0.78, and two that follow the same tutorial 0.86; copies with other names, texts and
order 0.99."""

LEAST_OWN = 60
"""Words (names, operators, keywords) of own code below which honest solutions cannot but be alike:
about ten lines."""

MOST_CHARACTERS = 100_000  # of a server: no student writes more, and reading it takes long
MOST_COMPARED = 5000  # different servers: twelve million pairs, about a minute on one core
MOST_NAMED = 100  # pairs; nobody looks through more

_ROWS = 500  # of the table of pairs that is in memory at a time
_KEPT = frozenset(keyword.kwlist) | frozenset(dir(builtins))
_LAYOUT = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)


@dataclass(frozen=True)
class CodeLine:
    """A logical line of a program.

    Args:
        words: what of it is compared.
        first, last: the lines of the file that it takes, from 1.
    """

    words: tuple[str, ...]
    first: int
    last: int


def code_lines(text: str) -> list[CodeLine]:
    """Return the logical lines of a program, as far as it can be read; texts alone are none."""
    tokens = list(_tokens(text))
    named = _named(tokens)
    lines: list[CodeLine] = []
    words: list[str] = []
    first = 0
    for at, token in enumerate(tokens):
        if token.type != tokenize.NEWLINE:
            if not words:
                first = token.start[0]
            is_attribute = at > 0 and tokens[at - 1].string == "."
            words.append(_word(token, own=not is_attribute or token.string in named))
        elif words:
            if words != [_TEXT]:
                lines.append(CodeLine(tuple(words), first, token.start[0]))
            words = []
    return lines


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in _LAYOUT:
                yield token
    except (tokenize.TokenError, SyntaxError):
        pass  # what comes before the error is compared


def _named(tokens: Sequence[tokenize.TokenInfo]) -> set[str]:
    """Return the methods that a program defines and the attributes that it assigns to."""
    named = set()
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_assigned = before.string == "." and after.string in _ASSIGNS
        if token.type == tokenize.NAME and (is_assigned or before.string == "def"):
            named.add(token.string)
    return named


_ASSIGNS = ("=", "+=", "-=", "*=", "/=", "|=", "&=")
_TEXT, _NUMBER, _NAME = '""', "0", "x"


def _word(token: tokenize.TokenInfo, own: bool) -> str:
    """Return what stands for a token; `own` tells whether a name is of the writer's choice."""
    if token.type == tokenize.STRING:
        return _TEXT
    if token.type == tokenize.NUMBER:
        return _NUMBER
    if token.type == tokenize.NAME and own and token.string not in _KEPT:
        return _NAME
    return token.string


@dataclass(frozen=True)
class Author:
    """A submission that was compared.

    Args:
        name: what it is called.
        whose: the same for all that one student has handed in.
        at: its place among all that were handed in.
    """

    name: str
    whose: str
    at: int


@dataclass(frozen=True)
class Pair:
    """Two programs that are alike, with all who handed them in.

    Args:
        share: of their own code in common, from 0 to 1.
        one, other: those who handed in the one and the other.
    """

    share: float
    one: tuple[Author, ...]
    other: tuple[Author, ...]


@dataclass
class Alike:
    """What came of a comparison.

    Args:
        pairs: the most alike first, at most `MOST_NAMED`.
        given: the lines that everybody was given, and that were not compared.
        more: how many pairs there are beyond these.
        compared: how many submissions were compared.
        left_out: how many have too little of their own, or too much.
        too_many: whether there were more than `MOST_COMPARED` different ones, and none compared.
    """

    pairs: list[Pair] = field(default_factory=list)
    given: frozenset[tuple[str, ...]] = frozenset()
    more: int = 0
    compared: int = 0
    left_out: int = 0
    too_many: bool = False


def find_alike(handed_in: Sequence[HandedIn], rows: Sequence[Row]) -> Alike:
    """Compare all submissions of a run that could be read.

    Args:
        handed_in: what was found.
        rows: what became of each of these.
    """
    texts = (
        (Author(one.name, one.whose, at), text)
        for at, (one, row) in enumerate(zip(handed_in, rows, strict=True))
        if row.state != "refused" and (text := source_of(one)) is not None
    )
    return compare(texts, given_to_all())


@functools.cache
def given_to_all() -> frozenset[tuple[str, ...]]:
    """Return the lines of the starters."""
    return given_lines(starter_sources())


def source_of(one: HandedIn) -> str | None:
    """Return the text of a server, None where it cannot be read any more."""
    try:
        submission = one.read()
    except BadServer:
        return None
    return submission.files[submission.name].decode("utf-8", "replace")


def given_lines(sources: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """Return the lines of code that everybody was given."""
    return frozenset(line.words for source in sources for line in code_lines(source))


def own_lines(text: str, given: frozenset[tuple[str, ...]]) -> list[CodeLine]:
    """Return the lines of a program that were not given."""
    return [line for line in code_lines(text) if line.words not in given]


def compare(texts: Iterable[tuple[Author, str]], given: frozenset[tuple[str, ...]]) -> Alike:
    """Compare programs with each other, except what the lines `given` hold."""
    vocabulary: dict[str, int] = {}
    authors: dict[bytes, list[Author]] = {}
    found = Alike(given=given)
    for author, text in texts:
        words = [
            vocabulary.setdefault(word, len(vocabulary))
            for line in sorted(_own_words(text, given))
            for word in line
        ]
        if len(words) < LEAST_OWN:
            found.left_out += 1
            continue
        found.compared += 1
        authors.setdefault(array("I", words).tobytes(), []).append(author)
    if len(authors) > MOST_COMPARED:
        found.too_many = True
        return found
    pairs = sorted(_pairs(authors), key=lambda pair: (-pair.share, pair.one[0].at))
    found.pairs, found.more = pairs[:MOST_NAMED], max(0, len(pairs) - MOST_NAMED)
    return found


def _own_words(text: str, given: frozenset[tuple[str, ...]]) -> list[tuple[str, ...]]:
    if len(text) > MOST_CHARACTERS:
        return []
    return [line.words for line in own_lines(text, given)]


def _pairs(authors: dict[bytes, list[Author]]) -> Iterator[Pair]:
    programs = list(authors)
    for people in authors.values():
        first, *others = people
        if others := [one for one in others if one.whose != first.whose]:
            yield Pair(1.0, (first,), tuple(others))
    for share, one, other in _close(programs):
        people, others = authors[programs[one]], authors[programs[other]]
        if len({person.whose for person in (*people, *others)}) > 1:
            yield Pair(share, tuple(people), tuple(others))


def _close(programs: Sequence[bytes]) -> Iterator[tuple[float, int, int]]:
    """Yield how alike two are that are, and their places."""
    if len(programs) < 2:  # what compares takes a while to import
        return
    import numpy
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    words = [array("I", program) for program in programs]
    for start in range(0, len(words), _ROWS):
        table = process.cdist(
            words[start : start + _ROWS],
            words[start:],
            scorer=Indel.normalized_similarity,
            score_cutoff=THRESHOLD,
            dtype=numpy.float32,
            workers=-1,
        )
        for row, column in numpy.argwhere(table >= THRESHOLD):
            if row < column:
                yield float(table[row, column]), start + int(row), start + int(column)
