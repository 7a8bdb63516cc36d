"""How a server speaks: what the room has to know to talk to it as its own client would."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.stamps import Form


@dataclass(frozen=True)
class Dialect:
    """How one server speaks. The values here are those of our own protocol.

    Args:
        greeting: the first text that the server sends to a client, "" where the client begins.
        line_ends: whether the server ends its messages with a line end.
        wants_line_ends: whether the server waits for a line end after what a client sends.
        client_writes_name: whether a client sends `Alice: Halo` (and not `Halo` alone).
        tells_self: whether somebody who joins is told so like everybody else.
        form: the form of the stamps on its messages, None where they have none.
    """

    greeting: str = "NICK"
    line_ends: bool = True
    wants_line_ends: bool = True
    client_writes_name: bool = True
    tells_self: bool = True
    form: Form | None = None

    @property
    def greets(self) -> bool:
        """Whether the server speaks first."""
        return bool(self.greeting)

    def encode(self, text: str) -> bytes:
        """Return the bytes with which a client sends `text`."""
        return text.encode() + (b"\n" if self.wants_line_ends else b"")

    def chat(self, name: str, text: str) -> str:
        """Return what the client of `name` sends to say `text`."""
        return f"{name}: {text}" if self.client_writes_name else text


OUR_DIALECT = Dialect()
