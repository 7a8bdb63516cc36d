"""Make text from elsewhere safe to show: nothing invisible, nothing that commands a terminal."""

from __future__ import annotations

import re
import unicodedata

from autograder.i18n import ngettext, number

# Letters, marks and symbols by category that show nothing at all, so a reader would miss them.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_VARIATION = re.compile(r"[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Unassigned, but reserved for characters without a shape of their own.
_IGNORABLE = re.compile(r"[\u2065\ufff0-\ufff8\U000e0000-\U000e0fff]")
_EMOJI_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
# Vietnamese and Hindi need two, a few scripts three; more of them climb over the lines above.
_MARKS_IN_A_ROW = 3


def visible(text: str, limit: int | None = 200) -> str:
    """Return `text` on one line with everything in it that cannot be seen made visible.

    Line ends become `⏎`; control, escape, bidirectional and zero-width characters and lone
    surrogates become `\\x1b`, `\\u202e` and so on; blanks at the edges of a line and several
    blanks in a row become `·`. Letters, accents and emoji stay as they are.

    Args:
        limit: longest text, in characters, that is shown whole; of a longer one the middle is
            left out and the number of missing characters is said. None for no limit.
    """
    if limit is None or len(text) <= limit:
        return "".join(_units(text))
    head, tail = limit - limit // 3, limit // 3
    # Some characters more on either side of the cuts, so that blanks and accents at the cuts
    # are judged by their neighbours.
    before = _units(text[: head + 8])[:head]
    after = _units(text[-(tail + 8) :])[-tail:] if tail else []
    count = len(text) - head - tail
    left_out = ngettext("… {count} more character …", "… {count} more characters …", count)
    return f"{''.join(before)} {left_out.format(count=number(count))} {''.join(after)}".rstrip()


def safe(text: str) -> str:
    """Return `text` with its line breaks and blanks kept and all else as in `visible`.

    For prose, tracebacks and code, which may come from a submission as well.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("".join(_escaped(line.expandtabs(4))) for line in lines)


def cells(text: str) -> int:
    """Return how many columns of a terminal `text` takes: 2 for CJK and emoji, 0 for accents."""
    if text.isascii():
        return len(text)
    return sum(map(_cell, text))


def shorten(text: str, room: int) -> str:
    """Return `text`, or its beginning and `…` where it takes more than `room` columns."""
    if cells(text) <= room:
        return text
    kept = _beginning(text, room - 1)
    return (kept.rstrip() if cells(kept) < room else "") + "…"


def fold(text: str, room: int) -> list[str]:
    """Return `text` in as many pieces of at most `room` columns as it takes; nothing is lost."""
    pieces = []
    while cells(text) > room and len(text) > 1:
        pieces.append(_beginning(text, room))
        text = text[len(pieces[-1]) :]
    return [*pieces, text]


def wrap(text: str, room: int, lines: int) -> list[str]:
    """Return `text` in at most `lines` lines of `room` columns; what is too much becomes `…`."""
    wrapped: list[str] = []
    while text:
        if cells(text) <= room:
            return [*wrapped, text]
        if len(wrapped) == lines - 1:
            return [*wrapped, shorten(text, room)]
        piece = _beginning(text, room)
        blank = piece.rfind(" ")
        if blank > len(piece) // 2 and not text[len(piece) :].startswith(" "):
            piece = piece[:blank]
        wrapped.append(piece.rstrip())
        text = text[len(piece) :].lstrip()
    return wrapped


def _beginning(text: str, room: int) -> str:
    """Return as much of `text` as `room` columns take, and one character at least."""
    taken = 0
    for at, character in enumerate(text):
        taken += _cell(character)
        if taken > room and at:
            return text[:at]
    return text


def _cell(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _units(text: str) -> list[str]:
    """Return one piece of visible text for each character of `text`."""
    units = _escaped(text)
    line_ends = [at for at, character in enumerate(text) if character == "\n"]
    for at in line_ends:
        units[at] = "⏎"
    start = 0
    for end in [*line_ends, len(text)]:
        edge = end
        if edge > start and text[edge - 1] == "\r":
            edge -= 1
        for run in re.finditer(r" +", text[start:edge]):
            if run.start() == 0 or run.end() == edge - start or len(run[0]) > 1:
                units[start + run.start() : start + run.end()] = "·" * len(run[0])
        start = end + 1
    return units


def _escaped(text: str) -> list[str]:
    if text.isascii() and text.isprintable():
        return list(text)
    units, marks = [], 0
    for at, character in enumerate(text):
        before = text[at - 1] if at else ""
        after = text[at + 1 : at + 2]
        if unicodedata.category(character) in ("Mn", "Me"):
            marks += 1
        else:
            marks = 0
        if _is_shown(character, before, after, marks):
            units.append(character)
        else:
            units.append(_escape(character))
    return units


def _is_shown(character: str, before: str, after: str, marks: int) -> bool:
    category = unicodedata.category(character)
    if character == _EMOJI_JOINER:
        return _joins(before) and _is_symbol(after)
    if character == _EMOJI_STYLE:
        return _is_symbol(before) or before in tuple("#*0123456789‼⁉〰〽")
    if character in _BLANK or _VARIATION.match(character) or _IGNORABLE.match(character):
        return False
    if category in ("Mn", "Me"):
        # An accent without a letter would sit on our own quotation mark.
        return bool(before) and before.isprintable() and marks <= _MARKS_IN_A_ROW
    if category == "Cn":  # unknown to this Python, most likely a newer emoji
        return ord(character) & 0xFFFE != 0xFFFE
    return character == " " or category not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs")


def _is_symbol(character: str) -> bool:
    return character != "" and unicodedata.category(character) in ("So", "Sm", "Cn")


def _joins(character: str) -> bool:
    """Whether an emoji may end with `character` before it goes on after a joiner."""
    return _is_symbol(character) or character == _EMOJI_STYLE or "🏻" <= character <= "🏿"


def _escape(character: str) -> str:
    code = ord(character)
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character)
    if named:
        return named
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )
