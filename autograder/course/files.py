"""The files of a submission: read and copied without ever leaving its folder."""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
import stat
from collections.abc import Collection, Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from autograder.i18n import _
from autograder.submission import BadServer, Submission, read_server
from autograder.visible import visible

TIMESTAMP = "timestamp.txt"
SECRET = "submission_secret.txt"
RESERVED = (TIMESTAMP, SECRET)
"""Files that the exchange writes beside a submission: when it was handed in, and where its feedback
goes."""

MAX_FILES = 500
MAX_COPIED = 20_000_000  # bytes of one file
MAX_DEPTH = 12  # of folders inside folders
_MAX_RESERVED = 1000  # bytes


class BadFile(Exception):
    """A file of a submission cannot be used; the text says why, in one sentence."""


def read_inside(folder: Path, path: str, limit: int) -> bytes | None:
    """Return the first `limit` bytes of a file of a submission, None where there is none.

    Args:
        path: inside `folder`, with "/".

    Raises:
        BadFile: it is a link, or in a linked folder, or no ordinary file.
    """
    place = folder
    for part in PurePosixPath(path).parts:
        place /= part
        try:
            mode = place.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            text = _("{name} cannot be read: {reason}.")
            raise BadFile(text.format(name=visible(path), reason=error.strerror)) from None
        if stat.S_ISLNK(mode):
            text = _("{name} is a link, and links are not followed: hand in the file itself.")
            raise BadFile(text.format(name=visible(place.relative_to(folder).as_posix())))
    if not stat.S_ISREG(mode):
        text = _("{name} is not an ordinary file.")
        raise BadFile(text.format(name=visible(path)))
    try:
        with place.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        text = _("{name} cannot be read: {reason}.")
        raise BadFile(text.format(name=visible(path), reason=error.strerror)) from None


def server_inside(folder: Path, path: str) -> Submission:
    """Return the server at `path` of a submission.

    Raises:
        BadFile: there is none that could be checked.
    """
    if read_inside(folder, path, 1) is None:
        raise BadFile(_("There is no file {name} in what was handed in.").format(name=path))
    try:
        with contextlib.chdir(
            folder
        ):  # so that what is said of it names no folder of the teacher's
            return read_server(path)
    except BadServer as error:
        raise BadFile(str(error)) from None


def timestamp_inside(folder: Path) -> datetime.datetime | None:
    """Return when a submission was handed in (UTC), None where it does not say so.

    Raises:
        BadFile: its timestamp.txt holds something else.
    """
    from nbgrader.utils import parse_utc

    data = read_inside(folder, TIMESTAMP, _MAX_RESERVED)
    if data is None or not data.strip():
        return None
    try:
        found: datetime.datetime = parse_utc(data.decode().strip())
        if not 1970 <= found.year < 9999:
            raise ValueError
        return found
    except Exception:  # the parser of dates raises whatever it likes
        text = _(
            "{name} holds no time: the file of that name is where nbgrader keeps when something was"
            " handed in, so give yours another name."
        )
        raise BadFile(text.format(name=TIMESTAMP)) from None


def copy_inside(
    source: Path, target: Path, ignore: Collection[str] = (), but_not: Collection[str] = ()
) -> list[str]:
    """Copy the files of a submission, other than notebooks; links and the like are left out.

    Args:
        ignore: patterns of names of files and folders to leave out.
        but_not: paths to leave out without a word, with "/".

    Returns:
        what was left out and why, a sentence each.
    """
    notes: list[str] = []
    copied = 0
    for path, entry in _walk(source, ignore, notes):
        if path in but_not or path.endswith(".ipynb"):
            continue
        if copied == MAX_FILES:
            text = _("There are more than {count} files; the rest was left out.")
            notes.append(text.format(count=MAX_FILES))
            break
        try:
            if entry.stat(follow_symlinks=False).st_size > MAX_COPIED:
                text = _("{name} is larger than {size} MB and was left out.")
                notes.append(text.format(name=visible(path), size=MAX_COPIED // 1_000_000))
                continue
            place = target / path
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(entry.path, place, follow_symlinks=False)
            copied += 1
        except OSError as error:
            text = _("{name} cannot be read: {reason}.")
            notes.append(text.format(name=visible(path), reason=error.strerror))
    return notes


def _walk(
    folder: Path, ignore: Collection[str], notes: list[str]
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield the ordinary files below `folder` with their paths; what is none goes to `notes`."""
    waiting = [(folder, "")]
    while waiting:
        place, prefix = waiting.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = prefix + entry.name
            if any(fnmatch(entry.name, pattern) for pattern in ignore):
                continue
            if entry.is_symlink():
                text = _("{name} is a link, and links are not followed: hand in the file itself.")
                notes.append(text.format(name=visible(path)))
            elif entry.is_dir(follow_symlinks=False):
                if path.count("/") < MAX_DEPTH:
                    waiting.append((Path(entry.path), path + "/"))
            elif entry.is_file(follow_symlinks=False):
                yield path, entry
            else:
                notes.append(_("{name} is not an ordinary file.").format(name=visible(path)))
