"""Parsons puzzles: lines of a program in disorder, to be put in order, with reasons."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from autograder.i18n import _, language, ngettext, number
from autograder.visible import visible

FOLDER = Path(__file__).with_name("puzzles")

Reason = Mapping[str, str]
"""A sentence in each language, by the language's code."""


@dataclass(frozen=True)
class Lines:
    """The lines of a puzzle, and what is known of their order.

    Args:
        code: the lines as they are shown: number 1 is the first.
        extra: why a line does not belong there, by its number.
        before: why one line comes before another, by the numbers of the two. An order is right if
            it holds all of these.
    """

    code: tuple[str, ...]
    extra: Mapping[int, Reason]
    before: Mapping[tuple[int, int], Reason]

    @property
    def needed(self) -> int:
        """How many lines belong there."""
        return len(self.code) - len(self.extra)


def names() -> list[str]:
    """Return the names of all puzzles."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name: str) -> Lines:
    """Return the lines of a puzzle, from its file `puzzles/NAME.toml`.

    Raises:
        ValueError: there is no puzzle of this name.
    """
    if name not in names():
        text = _("There is no puzzle “{name}”.").format(name=ascii(name)[1:-1][:60])
        near = difflib.get_close_matches(str(name), names(), 1, 0.3)
        if near:
            text += " " + _("Did you mean “{near}”?").format(near=near[0])
        raise ValueError(text)
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    numbers = {line["name"]: at for at, line in enumerate(table["line"], start=1)}
    return Lines(
        code=tuple(line["code"] for line in table["line"]),
        extra={
            numbers[line["name"]]: line["too_many"] for line in table["line"] if "too_many" in line
        },
        before={
            (numbers[pair["first"]], numbers[pair["then"]]): pair["because"]
            for pair in table["before"]
        },
    )


class Puzzle:
    """A puzzle and, if there is one, somebody's answer; a notebook shows both.

    Args:
        lines: the lines.
        order: the answer, numbers of lines from top to bottom; None where there is none yet.
    """

    def __init__(self, lines: Lines, order: Any = None) -> None:
        self.lines = lines
        self.order = order
        self.solved = False
        self._marked: tuple[Any, ...] = ()  # the lines that are spoken of
        self.said = self._task() if order is None else self._judged(order)

    def _task(self) -> str:
        said = _("Put these lines in order: write their numbers as a list, from top to bottom.")
        if extra := len(self.lines.extra):
            more = ngettext(
                "One of them is one too many and belongs nowhere.",
                "{count} of them are too many and belong nowhere.",
                extra,
            )
            said += " " + more.format(count=number(extra))
        return said

    def _judged(self, order: Any) -> str:
        """Return in words what is wrong first with an answer, or praise; mark the lines meant."""
        lines = self.lines
        if not isinstance(order, list | tuple) or not order:
            return _("Write the numbers of the lines as a list, such as [2, 1, 3].")
        for line in order:
            if type(line) is not int or not 1 <= line <= len(lines.code):
                text = _("There is no line {line}: they are numbered from 1 to {count}.")
                return text.format(line=visible(repr(line), 40), count=number(len(lines.code)))
        for line in order:
            if list(order).count(line) > 1:
                self._marked = (line,)
                return _("Line {line} is there twice; each line is needed once.").format(line=line)
        for line in order:
            if line in lines.extra:
                self._marked = (line,)
                text = _("Line {line} does not belong here. {reason}")
                return text.format(line=line, reason=lines.extra[line][language()])
        place = {line: at for at, line in enumerate(order)}
        for then in order:
            for (first, later), reason in lines.before.items():
                if later == then and place.get(first, -1) > place[then]:
                    self._marked = (first, then)
                    text = _("Line {first} has to come before line {then}. {reason}")
                    return text.format(first=first, then=then, reason=reason[language()])
        for then in order:
            for (first, later), reason in lines.before.items():
                if later == then and first not in place:
                    self._marked = (then,)
                    text = _("A line is missing before line {then}. {reason}")
                    return text.format(then=then, reason=reason[language()])
        if missing := lines.needed - len(order):
            text = ngettext(
                "Right so far, but {count} line is still missing.",
                "Right so far, but {count} lines are still missing.",
                missing,
            )
            return text.format(count=number(missing))
        self.solved = True
        return _("Right! Every line is where it belongs, and this program works.")

    def _rows(self) -> list[tuple[str, str, bool]]:
        """Return of each line that is shown its number, its code, and whether it is meant."""
        known = dict(enumerate(self.lines.code, start=1))
        order = known if self.order is None else self.order
        if not isinstance(order, dict | list | tuple):
            return []
        return [
            (str(line), known[line], line in self._marked)
            for line in order
            if type(line) is int and line in known
        ]

    def __repr__(self) -> str:
        sign = "" if self.order is None else "✓ " if self.solved else "✗ "
        rows = [
            f"{'▶' if meant else ' '} {label:>2}  {code}" for label, code, meant in self._rows()
        ]
        return "\n".join([sign + self.said, "", *rows]).rstrip()

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, str]:
        """Show the puzzle (Jupyter's hook)."""
        return {"text/plain": repr(self), "text/html": self.html()}

    def html(self) -> str:
        """Return the puzzle as an HTML fragment that takes its colours from the page."""
        kind, sign = "task", ""
        if self.order is not None:
            kind, sign = ("right", "✓") if self.solved else ("wrong", "✗")
        badge = f'<span class="ap-sign" aria-hidden="true">{sign}</span>' if sign else ""
        rows = "".join(
            f'<div class="ap-row{" ap-meant" if meant else ""}" role="listitem">'
            f'<span class="ap-mark" aria-hidden="true">{"▶" if meant else ""}</span>'
            f'<span class="ap-number">{escape(label)}</span>'
            f'<span class="ap-code">{escape(code)}</span></div>'
            for label, code, meant in self._rows()
        )
        listed = f'<div class="ap-lines" role="list">{rows}</div>' if rows else ""
        return (
            f'<div class="autograder-puzzle ap-{kind}" lang="{language()}">'
            f"<style>{_STYLE}</style>"
            f'<div class="ap-said">{badge}<span>{escape(self.said)}</span></div>{listed}</div>'
        )


def puzzle(name: str, order: list[int] | None = None) -> Puzzle:
    """Return a puzzle; as the last line of a cell it shows itself.

    Args:
        name: name of the puzzle.
        order: your answer: the numbers of the lines from top to bottom, such as `[3, 1, 2]`.
            Without it the lines are shown.

    Raises:
        ValueError: there is no puzzle of this name.
    """
    return Puzzle(read(name), order)


_STYLE = """
.autograder-puzzle {
  --ap-ink: var(--jp-content-font-color1, #1f2328);
  --ap-muted: var(--jp-content-font-color2, #5d636b);
  --ap-line: var(--jp-border-color2, #d8dade);
  --ap-soft: var(--jp-layout-color2, #f3f4f5);
  max-width: 46rem; color: var(--ap-ink); font-size: 14px; line-height: 1.5; }
.autograder-puzzle .ap-said { display: flex; align-items: baseline; margin: 4px 0 8px; }
.autograder-puzzle .ap-sign { flex: none; width: 18px; margin-right: 9px; border-radius: 9px;
  color: #ffffff; font-size: 12px; font-weight: 700; line-height: 18px; text-align: center; }
.autograder-puzzle.ap-right .ap-sign { background: #1a7f37; }
.autograder-puzzle.ap-wrong .ap-sign { background: #b3261e; }
.autograder-puzzle .ap-lines { border: 1px solid var(--ap-line); border-radius: 8px;
  overflow-x: auto; }
.autograder-puzzle .ap-row { display: flex; align-items: baseline; min-width: max-content;
  padding: 3px 12px; border-top: 1px solid var(--ap-line); border-left: 3px solid transparent; }
.autograder-puzzle .ap-row:first-child { border-top: 0; }
.autograder-puzzle .ap-meant { border-left-color: #e0a800; background: var(--ap-soft); }
.autograder-puzzle .ap-mark { flex: none; width: 16px; font-size: 11px; }
.autograder-puzzle .ap-number { flex: none; min-width: 20px; margin-right: 14px;
  color: var(--ap-muted); text-align: right; font-variant-numeric: tabular-nums; }
.autograder-puzzle .ap-code { font-size: 13px; white-space: pre;
  font-family: var(--jp-code-font-family, ui-monospace, SFMono-Regular, Menlo, Consolas,
  "DejaVu Sans Mono", monospace); }
"""
