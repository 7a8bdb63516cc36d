"""What was done in a room, as lines of Python that repeat it."""

from __future__ import annotations

import contextlib
import keyword
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.person import Person

MAX_LINES = 24  # nobody pastes more; the diagram and the seed remain
MAX_WIDTH = 200  # characters of one line


class Script:
    """Records a conversation.

    Args:
        server: file name of the server.
        options: what else its room is opened with, as keyword arguments: `, timezone='UTC0'`.
    """

    def __init__(self, server: str, options: str = "") -> None:
        self.server = server
        self.options = options
        self._lines: list[str] = []
        self._variables = {"room", "re", "datetime"}
        self._quiet = False

    def add(self, line: str, person: Person | None = None) -> None:
        """Add a line, such as `room.forget()`; with a person, one of its methods: `leave()`."""
        if not self._quiet:
            self._lines.append(f"{person.variable}.{line}" if person is not None else line)

    def variable(self, name: str, otherwise: str) -> str:
        """Return a variable for the person `name` that no other has, `otherwise` if it must be."""
        word = re.sub(r"\W", "_", name.lower())
        if not word.isidentifier() or keyword.iskeyword(word) or word in self._variables:
            word = otherwise
        self._variables.add(word)
        return word

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Add nothing: what happens inside is part of a line that is there."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def recipe(self) -> tuple[str, ...]:
        """Return lines of Python that repeat the conversation, () where they would be too many."""
        if len(self._lines) > MAX_LINES or any(len(line) > MAX_WIDTH for line in self._lines):
            return ()
        head = ["from autograder import Room", ""]
        if any("re.compile(" in line for line in self._lines):
            head.insert(0, "import re")
        if any("datetime." in line for line in [self.options, *self._lines]):
            head.insert(0, "import datetime")
        if not self._lines:  # it did not even start
            return (*head, f"Room({self.server!r}{self.options})")
        body = [f"    {line}" for line in self._lines]
        room = f"with Room({self.server!r}{self.options}) as room:"
        return (*head, room, *body, "room.diagram()")
