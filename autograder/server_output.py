"""Read what a server printed: how it died, and where in the student's own lines."""

from __future__ import annotations

import contextlib
import re
import signal

from autograder.failures import Cause
from autograder.i18n import _
from autograder.visible import safe

_FRAME = re.compile(r'^\s+File "(?P<file>[^"]+)", line \d+(?:, in .*)?$')
_ERROR = re.compile(
    r"(?:(?P<known>[\w.]*(?:Error|Exception|Exit|Interrupt|Warning))|[A-Za-z_][\w.]*)(?:: .*)?$"
)
_HEAD = "Traceback (most recent call last):"
_OWN_FOLDER = re.compile(r'(?<=File ").*[/\\]chat-\w+[/\\](?=[^/\\"]+",)')  # the launcher makes it

MAX_LINES = 16


def own_lines(output: str) -> str:
    """Return `output` with the frames of the library taken out of its tracebacks.

    A frame is the student's own when its file has no folder in front (the launcher gives the
    server its bare name) or is in the folder that the launcher made for the server's files.
    """
    kept: list[str] = []
    skipping = False
    for line in output.splitlines():
        if line.startswith("  "):
            line = _OWN_FOLDER.sub("", line, count=1)
        frame = _FRAME.match(line)
        if frame:
            skipping = frame["file"].startswith(("/", "<")) or ":\\" in frame["file"]
        elif skipping and not line.startswith("    "):
            skipping = False
        if not skipping:
            kept.append(line)
    return "\n".join(kept)


def last_lines(output: str, count: int = MAX_LINES) -> str:
    """Return the end of `output`, the student's own lines, safe to show."""
    lines = own_lines(output).rstrip().splitlines()
    cut = ["…"] if len(lines) > count else []
    return "\n".join(cut + [safe(line[:300]) for line in lines[-count:]])


def last_error(output: str) -> tuple[str, int | None, str]:
    """Return the last traceback's error line, the student's line number, and its kind.

    Returns:
        the line `ZeroDivisionError: division by zero`, 12, and "ZeroDivisionError"; or
        "", None, "" where there is no traceback.
    """
    lines = own_lines(output).rstrip().splitlines()
    number: int | None = None
    error = ""
    inside = False
    for line in lines:
        if line == _HEAD or (_FRAME.match(line) and not inside):
            inside, error, number = True, "", None
        if line == _HEAD:
            continue
        if found := re.match(r'^\s+File "[^"]+", line (\d+)', line):
            number = int(found[1])
        elif inside and (found := _ERROR.match(line)):
            # other threads go on printing while Python prints this, and what they print may look
            # like an exception of the student's own
            error, inside = (line, False) if found["known"] else (error or line, True)
    kind = re.match(r"[\w.]+", error)
    return safe(error), number, kind[0] if kind else ""


def cause_of_death(output: str, code: int) -> Cause:
    """Return why a server has ended, from what it printed and its exit code."""
    error, _line, kind = last_error(output)
    if kind in ("SyntaxError", "IndentationError", "TabError"):
        return "syntax"
    if kind == "EOFError" and "reading a line" in error:
        return "input"
    return "ended" if code == 0 else "died"


def how_it_ended(output: str, code: int) -> str:
    """Return in words how a server has ended.

    Args:
        output: what it printed.
        code: its exit code; negative for a signal.
    """
    error, line, _kind = last_error(output)
    cause = cause_of_death(output, code)
    ending = str(code)
    if cause == "syntax":
        text = _("Python cannot read the program, line {line}: {error}")
    elif cause == "input":
        text = _(
            "The program asks the keyboard with input() in line {line}, but a server has nobody at"
            " the keyboard: write the value into the program."
        )
    elif error and code == 1:
        text = _("The server died in line {line}: {error}")
        if line is None:  # in the library alone: a thread's target was called wrongly
            text = _("The server died: {error}")
    elif cause == "ended":
        text = _("The server ran to its end and stopped, without an error.")
    elif code < 0:
        text = _("The server was ended by the signal {code}.")
        with contextlib.suppress(ValueError):
            ending = signal.Signals(-code).name
    else:
        text = _("The server ended with the exit code {code}.")
    return text.format(line=line or "?", error=error, code=ending)


def thread_error(output: str) -> str:
    """Return in words that a thread of a server has died of an error, "" where none has."""
    error, line, _kind = last_error(output)
    if not error:
        return ""
    text = _("A thread of the server died in line {line}: {error}")
    if line is None:
        text = _("A thread of the server died: {error}")
    return text.format(line=line, error=error)
