"""Files as they were handed in, in a folder or in a zip archive: listed, and read with a limit.

Nothing is unpacked: a file is read into memory when it is asked for, and not more of it than the
limit. So a name that leads elsewhere leads nowhere, and an archive that unpacks to much more than
it seems fills nothing.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

MAX_DEPTH = 12  # folders in folders; what is deeper is not looked at
MAX_NAME_BYTES = 200  # of one name: what a file system takes, and some of it to spare

Kind = Literal["file", "link", "odd", "outside"]
"""An ordinary file, a link, something else such as a device, a name that leads out of the tree."""

_NOT_HANDED_IN = {"__pycache__", "__MACOSX"}
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class File:
    """Something that a tree holds.

    Args:
        parts: its path in the tree.
        kind: what it is.
    """

    parts: tuple[str, ...]
    kind: Kind = "file"

    @property
    def name(self) -> str:
        """Its own name."""
        return self.parts[-1]


class Unreadable(Exception):
    """A file or an archive cannot be read; the text is a short reason for a person."""


class Tree(Protocol):
    """Files that can be listed and read."""

    def files(self) -> Iterator[File]:
        """Yield what it holds, folders apart; names that begin with a dot are left out."""

    def folders(self) -> Iterator[str]:
        """Yield the names of its uppermost folders, also of those that hold nothing."""

    def read(self, file: File, limit: int) -> bytes:
        """Return the first `limit` bytes of a file.

        Raises:
            Unreadable: that cannot be done.
        """


class Folder:
    """The files below a folder. Links are listed, and never followed.

    Args:
        path: the folder.
        leave_out: a folder in it that does not belong to it, as the one that results go to.
    """

    def __init__(self, path: Path, leave_out: Path | None = None) -> None:
        self.path = path
        self._leave_out = leave_out

    def files(self) -> Iterator[File]:
        """Yield the files, folder by folder, in the order of their names."""
        return self._files(MAX_DEPTH)

    def files_at_top(self) -> Iterator[File]:
        """Yield the files of the folder itself."""
        return self._files(0)

    def _files(self, depth: int) -> Iterator[File]:
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            above = waiting.pop()
            try:
                with os.scandir(self.path.joinpath(*above)) as listed:
                    entries = sorted(listed, key=lambda entry: entry.name)
            except OSError:  # a folder that may not be read holds nothing for us
                continue
            folders = []
            for entry in entries:
                if _is_left_out(entry.name):
                    continue
                parts = (*above, entry.name)
                if entry.is_symlink():
                    yield File(parts, "link")
                elif entry.is_dir(follow_symlinks=False):
                    if len(parts) <= depth and not self._is_left_out(entry):
                        folders.append(parts)
                else:
                    yield File(parts, "file" if entry.is_file(follow_symlinks=False) else "odd")
            waiting += reversed(folders)

    def folders(self) -> Iterator[str]:
        """Yield the names of the folders in it."""
        with contextlib.suppress(OSError), os.scandir(self.path) as entries:
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder and not _is_left_out(entry.name) and not self._is_left_out(entry):
                    yield entry.name

    def _is_left_out(self, entry: os.DirEntry[str]) -> bool:
        if self._leave_out is None or not self._leave_out.exists():
            return False
        return os.path.samestat(entry.stat(follow_symlinks=False), self._leave_out.stat())

    def read(self, file: File, limit: int) -> bytes:
        """Return the first `limit` bytes of a file; raises `Unreadable`."""
        # it may have become something else since it was listed
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            handle = os.open(self.path.joinpath(*file.parts), flags | getattr(os, "O_BINARY", 0))
            with open(handle, "rb") as opened:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise Unreadable("not an ordinary file")
                return opened.read(limit)
        except OSError as error:
            raise Unreadable(error.strerror or str(error)) from None


class Archive:
    """The files in a zip archive.

    Args:
        source: its path, or its bytes.

    Raises:
        Unreadable: it is no zip archive.
    """

    def __init__(self, source: Path | bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(
                io.BytesIO(source) if isinstance(source, bytes) else source  # closed with us
            )
        except OSError as error:
            raise Unreadable(error.strerror or str(error)) from None
        except _SPOILT as error:
            raise Unreadable(str(error)) from None
        self._members = {}
        self._folders = set()
        for member in self._zip.infolist():
            parts = _parts(member.filename)
            if member.is_dir():
                self._folders.add(parts[0])
            else:  # the last one of a name counts, as when it is unpacked
                self._members[parts] = member

    def files(self) -> Iterator[File]:
        """Yield the files in the order of their names."""
        for parts, member in sorted(self._members.items()):
            if any(part in ("", ".", "..") or _DRIVE.match(part) for part in parts):
                yield File(parts, "outside")
            elif not any(map(_is_left_out, parts)) and len(parts) <= MAX_DEPTH:
                yield File(parts, _kind(member.external_attr >> 16))

    def folders(self) -> Iterator[str]:
        """Yield the names of its uppermost folders, as far as they stand in it by themselves."""
        return iter(sorted(name for name in self._folders if name and not _is_left_out(name)))

    def read(self, file: File, limit: int) -> bytes:
        """Return the first `limit` bytes of a file; raises `Unreadable`."""
        member = self._members[file.parts]
        # of the others a few bytes become a hundred megabytes, whatever the limit
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable("packed in an unusual way")
        try:
            with self._zip.open(member) as opened:
                data = opened.read(limit)
                if len(data) < limit:
                    data += opened.read(1)  # at the end it is told whether all of it was right
                return data
        except _SPOILT as error:
            raise Unreadable(str(error)) from None


# What `zipfile` raises for archives that are spoilt, locked, or packed in ways it does not know
_SPOILT = (
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,
    NotImplementedError,
    EOFError,
    ValueError,
    OSError,
    OverflowError,
    LookupError,
)


def _parts(name: str) -> tuple[str, ...]:
    return tuple(name.replace("\\", "/").split("/"))


def _kind(mode: int) -> Kind:
    """Return what a file of an archive is, by the mode that it had where it was packed."""
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_IFMT(mode) in (0, stat.S_IFREG):  # 0: packed where there are no modes
        return "file"
    return "odd"


def _is_left_out(name: str) -> bool:
    return (name.startswith(".") and name not in (".", "..")) or name in _NOT_HANDED_IN


def is_plain(name: str) -> bool:
    """Tell whether a file of this name can be written in every folder."""
    if _CONTROL.search(name) or "/" in name or "\\" in name:
        return False
    return len(name.encode("utf-8", "surrogateescape")) <= MAX_NAME_BYTES
