"""What a room raises when a server does not do what was expected of it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from autograder.i18n import _

if TYPE_CHECKING:
    from autograder.diagram import Diagram, Mark
    from autograder.threadmap import Waits
    from autograder.transcript import Transcript

Cause = Literal[
    "missing",  # something did not come
    "unwanted",  # something came that should not
    "wrong",  # something came, but not as it should be
    "refused",  # no connection could be made
    "closed",  # the server closed a connection
    "died",  # the server's process ended
    "syntax",  # Python could not even read the program
    "input",  # the program asks the keyboard
    "ended",  # the program ran to its end without waiting for anybody
    "deaf",  # it runs, but listens nowhere and waits
    "busy",  # it works for ever
    "flood",  # it prints or sends without end, or takes ever more memory
]

STARTING: frozenset[Cause] = frozenset(("syntax", "input", "ended", "deaf"))
"""Causes that are the same for every test: the server never was a server."""


@dataclass(frozen=True)
class Evidence:
    """What was seen when an expectation was not met: what a misconception is found from.

    Args:
        cause: what kind of failure it is.
        transcript: the conversation up to there, and what the server printed.
        mark: the arrow that is missing or unwanted.
        waits: what each thread of the server waited for, and for whom; () where nobody knows.
    """

    cause: Cause
    transcript: Transcript
    mark: Mark | None = None
    waits: tuple[tuple[Waits, str | None], ...] = ()


class RoomClosed(RuntimeError):
    """Somebody wants to speak or listen in a room that is closed."""

    def __init__(self) -> None:
        text = _("This room is closed: its server has ended. Open a new one with Room(...).")
        super().__init__(text)

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone in a notebook (IPython's hook)."""
        return [str(self)]


class Unmet(AssertionError):
    """An expectation that the server did not meet.

    Args:
        cause: what kind of failure it is.
        tried: what was done last, a sentence.
        expected: what should have come of it, a sentence.
        got: what came instead, one or more sentences.
        mark: the arrow of the diagram that is missing or unwanted.
        starting: whether nothing can be tested at all: it never listened, or prints without end.
    """

    def __init__(
        self,
        cause: Cause,
        *,
        tried: str = "",
        expected: str = "",
        got: str = "",
        mark: Mark | None = None,
        starting: bool = False,
    ) -> None:
        super().__init__(cause)
        self.cause: Cause = cause
        self.tried = tried
        self.expected = expected
        self.got = got
        self.mark = mark
        self.starting = starting
        self.recipe: tuple[str, ...] = ()
        self.diagram: Diagram | None = None
        self.output = ""
        self.evidence: Evidence | None = None

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the failure in words, with the lines that reproduce it."""
        rows = [
            (_("Tried"), self.tried),
            (_("Expected"), self.expected),
            (_("Got"), self.got),
        ]
        width = max(len(label) for label, _text in rows) + 2
        lines = []
        for label, text in rows:
            if text:
                head = f"{label}:".ljust(width)
                lines += textwrap.indent(text, " " * width).split("\n")
                lines[-text.count("\n") - 1] = head + text.split("\n")[0]
        if self.diagram is not None:
            lines += ["", self.diagram.folded(12).text()]
        if self.output:
            lines += ["", _("The server's last output:"), textwrap.indent(self.output, "    ")]
        if self.recipe:
            lines += ["", _("To see it yourself:"), *(f"    {line}" for line in self.recipe)]
        return lines

    def _render_traceback_(self) -> list[str]:
        """Show the failure in a notebook without the grader's own frames (IPython's hook)."""
        return self.lines()
