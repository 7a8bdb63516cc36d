"""Read a server from disk into memory, and say in one sentence why that cannot be done."""

from __future__ import annotations

import io
import os
import re
import stat
import tokenize
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.i18n import _
from autograder.visible import visible

COMPANIONS = (".py", ".txt", ".json", ".csv")
MAX_COMPANIONS = 40
MAX_BYTES = 512 * 1024  # of one file

PRELOADABLE = frozenset(
    "argparse asyncio base64 collections concurrent.futures contextlib copy csv dataclasses"
    " datetime enum errno functools hashlib heapq hmac itertools json logging math multiprocessing"
    " operator os pathlib pickle queue random re secrets select selectors shlex signal socket"
    " socketserver sqlite3 ssl string struct subprocess sys textwrap threading time traceback types"
    " typing unicodedata uuid zoneinfo".split()
)


class BadServer(Exception):
    """The server cannot be read; the text says why and what to do, in one sentence."""


@dataclass(frozen=True)
class Submission:
    """A server and the files beside it, as they were when the check began.

    Args:
        path: where it came from, as the person gave it.
        name: the file's name.
        files: content by name, the server among them.
    """

    path: str
    name: str
    files: dict[str, bytes]

    @property
    def source(self) -> str:
        """The server's text."""
        data = self.files[self.name]
        encoding, _lines = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)

    def imports(self) -> list[str]:
        """Return the modules of the standard library that the server imports, roughly.

        Only to have them loaded before servers are forked: a wrong guess costs some
        milliseconds and nothing else.
        """
        words = set(re.findall(r"^\s*(?:import|from)\s+([\w., ]+)", self.source, re.MULTILINE))
        names = {name for word in words for name in re.split(r"[\s,]+", word)}
        return sorted(names & PRELOADABLE)


def read_server(path: str | os.PathLike[str]) -> Submission:
    """Read the server at `path` and the small files beside it.

    Raises:
        BadServer: the path leads to nothing that could be a Python program.
    """
    given = os.fspath(path)
    data = _read(given, visible(given, None))
    return made_of(given, Path(given).name, data, lambda: _companions(Path(given)))


def made_of(
    path: str, name: str, data: bytes, beside: Callable[[], Mapping[str, bytes]]
) -> Submission:
    """Return the server with the content `data`, if that could be a Python program.

    Args:
        path: where it came from, for messages.
        name: the file's name.
        beside: reads the files beside it (content by name); only asked if the server is good.

    Raises:
        BadServer: it could not.
    """
    shown = visible(path, None)  # it goes to a terminal
    if not path.endswith(".py"):
        raise BadServer(
            _("{path} is not a Python file: its name should end in .py.").format(path=shown)
        )
    if not data.strip():
        raise BadServer(_("{path} is empty: write your server into it first.").format(path=shown))
    try:
        encoding, _lines = tokenize.detect_encoding(io.BytesIO(data).readline)
        data.decode(encoding)
    except (SyntaxError, UnicodeError, LookupError):
        raise BadServer(
            _("{path} is not UTF-8 text: save it again with the encoding UTF-8.").format(path=shown)
        ) from None
    if b"\0" in data:
        raise BadServer(_("{path} is not a Python program but binary data.").format(path=shown))
    return Submission(path, name, {name: data, **beside()})


def too_large(shown: str) -> BadServer:
    """Return what to raise where a file has more than `MAX_BYTES`."""
    text = _("{path} is larger than {kilobytes} kB, which no chat server needs.")
    return BadServer(text.format(path=shown, kilobytes=MAX_BYTES // 1024))


def _read(given: str, shown: str) -> bytes:
    """Return the bytes of the file `given`, or raise `BadServer` with the reason."""
    try:
        mode = os.stat(given).st_mode
        if stat.S_ISDIR(mode):
            inside = Path(given, "server.py")
            if inside.is_file():
                text = _("{path} is a folder. Did you mean {inside}?")
                raise BadServer(text.format(path=shown, inside=visible(str(inside), None)))
            raise BadServer(_("{path} is a folder, not a server.").format(path=shown))
        if not stat.S_ISREG(mode):
            raise BadServer(_("{path} is not an ordinary file.").format(path=shown))
        with open(given, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        if os.path.islink(given):
            text = _("{path} is a link that leads nowhere (to {target}).")
            raise BadServer(
                text.format(path=shown, target=visible(os.readlink(given), None))
            ) from None
        raise BadServer(
            _(
                "There is no file {path}. Is the name right, and are you in the right folder?"
            ).format(path=shown)
        ) from None
    except PermissionError:
        raise BadServer(
            _("{path} may not be read: you lack the permission.").format(path=shown)
        ) from None
    except (OSError, ValueError) as error:
        raise BadServer(
            _("{path} cannot be read: {reason}.").format(
                path=shown, reason=visible(str(error), None)
            )
        ) from None
    if len(data) > MAX_BYTES:
        raise too_large(shown)
    return data


def _companions(server: Path) -> dict[str, bytes]:
    """Return the small text files beside `server`: a server may be made of several modules."""
    found: dict[str, bytes] = {}
    try:
        entries = sorted(os.scandir(server.parent), key=lambda entry: entry.name)
    except OSError:
        return found
    for entry in entries:
        if len(found) == MAX_COMPANIONS:
            break
        try:
            if (
                entry.name.endswith(COMPANIONS)
                and entry.name != server.name
                and entry.is_file(follow_symlinks=False)
                and entry.stat().st_size <= MAX_BYTES
            ):
                found[entry.name] = Path(entry.path).read_bytes()
        except OSError:
            continue
    return found
