"""The thread map: where each thread of a running server stands, and what it waits for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Literal

from autograder.i18n import _, ngettext, number
from autograder.visible import cells, safe, shorten, visible

Waits = Literal[
    "recv", "accept", "send", "lock", "sleep", "select", "input", "join", "running", "other"
]

_TOGETHER = 5  # so many threads at the same place, and more, are shown as one
_NAMES = 3
_CONTEXT_BEFORE, _CONTEXT_AFTER = 3, 1  # lines of code around a thread
_CODE_WIDTH = 96


@dataclass(frozen=True)
class ThreadState:
    """What one thread was doing when somebody looked.

    Args:
        name: the thread's name, as `threading` has it.
        waits: the call in which it waits, or "running".
        peer: for whom it waits: a client's name, or the thread that holds the lock or is joined;
            None where nobody knows.
        line: number of the line of the student's code where it stands, None if in none.
        function: the function that the line is in; "<module>" for none.
        source_line: the line itself.
        file: name of the file, as the student knows it.
        main: whether it is the main thread.
        caller: the student's function that called `function`; empty for none.
    """

    name: str
    waits: Waits
    peer: str | None = None
    line: int | None = None
    function: str = ""
    source_line: str = ""
    file: str = ""
    main: bool = False
    caller: str = ""

    def words(self) -> str:
        """Return what the thread does, in words: "waits in recv() for Alice"."""
        who = visible(self.peer, 60) if self.peer else None
        match self.waits:
            case "accept":
                return _("waits in accept() for somebody new")
            case "recv" if who:
                return _("waits in recv() for {who}").format(who=who)
            case "recv":
                return _("waits in recv() for a message")
            case "send" if who:
                return _("waits in send() until {who} reads").format(who=who)
            case "send":
                return _("waits in send() until the other side reads")
            case "lock" if who:
                return _("waits for a lock that {who} holds").format(who=who)
            case "lock":
                return _("waits for a lock")
            case "sleep":
                return _("waits in sleep()")
            case "select":
                return _("waits in select() for any connection")
            case "input":
                return _("waits in input() for the keyboard")
            case "join" if who:
                return _("waits in join() for the end of {who}").format(who=who)
            case "join":
                return _("waits in join() for the end of another thread")
            case "running":
                return _("is running")
            case _:
                return _("waits")

    def place(self) -> str:
        """Return where the thread stands, in words: "line 14, in handle()"."""
        if self.line is None:
            return _("not in your code")
        if not self.function or self.function == "<module>":
            return _("line {line}").format(line=self.line)
        name, caller = visible(self.function, 60), visible(self.caller, 60)
        if not caller or caller == "<module>":
            return _("line {line}, in {function}()").format(line=self.line, function=name)
        return _("line {line}, in {function}(), called by {caller}()").format(
            line=self.line, function=name, caller=caller
        )


@dataclass(frozen=True)
class ThreadMap:
    """All threads of a server at one moment.

    Args:
        threads: one entry for each thread.
        source: name of the server's file.
        code: the text of that file, for the view of the code; may be empty.
    """

    threads: tuple[ThreadState, ...]
    source: str = "server.py"
    code: str = ""

    def text(self) -> str:
        """Return the map for a terminal."""
        groups = _groups(self.threads)
        lines = [self._title()]
        flags = [f"[{group.label}]" for group in groups]
        flag_width = max(map(cells, flags), default=0)
        name_width = max((cells(group.name) for group in groups), default=0)
        for flag, group in zip(flags, groups, strict=True):
            gap = " " * (name_width - cells(group.name))
            lines.append(f"  {flag:<{flag_width}} {group.name}{gap}  {group.state.words()}")
            lines.append(f"  {'':<{flag_width}} {'':<{name_width}}  {group.state.place()}")
        view = _view(groups, self.code)
        if view:
            lines.append("")
        margin = max((cells(_flags(here)) for _at, _line, here in view), default=0)
        for at, line, here in view:
            mark = _flags(here)
            pad = " " * (margin - cells(mark))
            shown = f"{at:>4} │ {shorten(line, _CODE_WIDTH)}" if at else "   ⋮"
            lines.append(f"  {pad}{mark} {'▶' if here else ' '} {shown}".rstrip())
        return "\n".join(lines)

    def html(self) -> str:
        """Return the map as an HTML fragment with a background and a style of its own."""
        groups = _groups(self.threads)
        rows = "".join(
            _row(
                ("chips", _chip(group)),
                ("name", escape(group.name)),
                (
                    "runs" if group.state.waits == "running" else "waits",
                    escape(group.state.words()),
                ),
                ("place", escape(group.state.place())),
            )
            for group in groups
        )
        code = "".join(
            _row(
                ("chips", "".join(map(_chip, here))),
                ("at", str(at) if at else "⋮"),
                ("code here" if here else "code", escape(line)),
            )
            for at, line, here in _view(groups, self.code)
        )
        title = escape(self._title())
        view = f'<div class="view" role="table">{code}</div>' if code else ""
        return (
            f'<div class="autograder-threads" role="figure" aria-label="{title}">'
            f"<style>{_STYLE}</style>"
            f'<div class="title">{title}</div>'
            f'<div class="threads" role="table">{rows}</div>{view}</div>'
        )

    def _title(self) -> str:
        count = len(self.threads)
        title = ngettext(
            "Thread map of {file}: {count} thread", "Thread map of {file}: {count} threads", count
        )
        return title.format(file=visible(self.source, 60), count=number(count))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True)
class _Group:
    """One thread, or many that do the same at the same place, under one number."""

    label: str
    name: str
    state: ThreadState
    color: int


def _groups(threads: Sequence[ThreadState]) -> list[_Group]:
    alike: dict[object, list[ThreadState]] = {}
    for thread in sorted(threads, key=lambda thread: not thread.main):
        place = (thread.file, thread.line, thread.function, thread.caller)
        key = (thread.waits, place, thread.main)
        alike.setdefault(key, []).append(thread)
    groups: list[_Group] = []
    count = 0
    for same in alike.values():
        if len(same) < _TOGETHER:
            for thread in same:
                count += 1
                name = visible(thread.name, 40)
                groups.append(_Group(str(count), name, thread, len(groups)))
            continue
        label = f"{count + 1}–{count + len(same)}"
        count += len(same)
        counted = ngettext("{count} thread", "{count} threads", len(same))
        name = counted.format(count=number(len(same)))
        groups.append(_Group(label, name, _together(same), len(groups)))
    return groups


def _together(threads: Sequence[ThreadState]) -> ThreadState:
    """Return one state that stands for all of `threads`, with the names of their peers."""
    peers = list(dict.fromkeys(thread.peer for thread in threads if thread.peer))
    if len(peers) <= _NAMES:
        peer = ", ".join(peers)
    else:
        left = len(peers) - _NAMES + 1
        others = ngettext("{count} other", "{count} others", left).format(count=number(left))
        peer = _("{names} and {others}").format(names=", ".join(peers[: _NAMES - 1]), others=others)
    return replace(threads[0], peer=peer or None)


def _view(groups: Sequence[_Group], code: str) -> list[tuple[int, str, list[_Group]]]:
    """Return the lines of code around the threads: number (0 for a gap), text, who stands there.

    Without the code, the lines alone on which threads stand.
    """
    here: dict[int, list[_Group]] = {}
    for group in groups:
        if group.state.line is not None:
            here.setdefault(group.state.line, []).append(group)
    lines = code.split("\n")
    shown = set(here)
    for at, standing in here.items():
        if code:
            shown |= set(range(at - _CONTEXT_BEFORE, at + _CONTEXT_AFTER + 1))
            shown |= set(_definition(lines, at, standing[0].state.function))
    text = {
        at: lines[at - 1] if 1 <= at <= len(lines) and code else ""
        for at in shown
        if at in here or 1 <= at <= len(lines)
    }
    for at, standing in here.items():
        text[at] = text[at] or standing[0].state.source_line
    # A gap of one line hides nothing: the line itself takes no more room.
    for at in sorted(text):
        if code and at + 2 in text and at + 1 not in text:
            text[at + 1] = lines[at]
    view: list[tuple[int, str, list[_Group]]] = []
    for at in sorted(text):
        # Empty lines at the edges of what is shown say nothing.
        if at not in here and not text[at].strip():
            continue
        if view and at != view[-1][0] + 1:
            view.append((0, "", []))
        view.append((at, shorten(safe(text[at]), _CODE_WIDTH), here.get(at, [])))
    return view


def _definition(lines: Sequence[str], at: int, function: str) -> Iterator[int]:
    """Yield the number of the line above line `at` that defines `function`, if there is one."""
    start = re.compile(rf"\s*(async\s+)?def\s+{re.escape(function)}\b")
    for above in range(min(at, len(lines)), 0, -1):
        if function and start.match(lines[above - 1]):
            yield above
            return


def _flags(groups: Sequence[_Group]) -> str:
    return "".join(f"[{group.label}]" for group in groups)


def _chip(group: _Group) -> str:
    return f'<span class="chip c{group.color % 6}">{escape(group.label)}</span>'


def _row(*cells: tuple[str, str]) -> str:
    """Return a row of a table, of pairs of a class and HTML.

    Not made of `table` and `tr`: what JupyterLab's own style says of those is hard to undo.
    """
    inside = "".join(f'<span class="{name}" role="cell">{html}</span>' for name, html in cells)
    return f'<div class="row" role="row">{inside}</div>'


# The colours and the paper are those of the sequence diagram.
_STYLE = """
.autograder-threads { display: inline-block; max-width: 100%; box-sizing: border-box;
  overflow-x: auto; padding: 14px 18px; border: 1px solid #d8d6cd; border-radius: 10px;
  background: #fdfdfb; color: #22272e; font: 13px/1.45 system-ui, -apple-system, 'Segoe UI',
  Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif; }
.autograder-threads .title { font-size: 14.5px; font-weight: 600; margin-bottom: 10px; }
.autograder-threads .threads { display: grid; grid-template-columns: repeat(4, auto);
  justify-content: start; align-items: baseline; gap: 6px 16px; white-space: nowrap; }
.autograder-threads .row { display: contents; }
.autograder-threads .chips { text-align: right; margin-right: -8px; }
.autograder-threads .name, .autograder-threads .runs { font-weight: 600; }
.autograder-threads .place { color: #6a6961; }
.autograder-threads .chip { display: inline-block; min-width: 11px; padding: 0 5px;
  margin-left: 3px; border-radius: 10px; font-size: 11.5px; font-weight: 600; line-height: 19px;
  text-align: center; color: #ffffff; }
.autograder-threads .c0 { background: #3a4350; }
.autograder-threads .c1 { background: #1d5fa7; }
.autograder-threads .c2 { background: #a04b00; }
.autograder-threads .c3 { background: #1b7342; }
.autograder-threads .c4 { background: #7b3f9d; }
.autograder-threads .c5 { background: #0b6b75; }
.autograder-threads .view { display: grid; grid-template-columns: auto auto 1fr;
  align-items: center; margin-top: 12px; padding-top: 12px; border-top: 1px solid #d8d6cd; }
.autograder-threads .view .chips { margin-right: 8px; }
.autograder-threads .at { color: #6a6961; font-size: 11.5px; text-align: right;
  padding-right: 10px; }
.autograder-threads .code { min-height: 21px; line-height: 21px; padding: 0 12px;
  border-left: 2px solid #e8e6de; white-space: pre; font-size: 12.5px;
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
.autograder-threads .code.here { background: #fff4cf; border-left-color: #c79a00; }
"""
