"""Keep the results of a long run on disk, each as soon as it is known, and find them again.

A result is kept under a key made of everything that it depends on. So a run that was killed goes
on where it was, and what has not changed is not done twice.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_KEY = re.compile(r"[0-9a-f]{32}")


class Store:
    """Results in a folder, one JSON file each.

    Args:
        folder: where; it is made with the first result.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Return where the result `key` is, or would be."""
        if not _KEY.fullmatch(key):
            raise ValueError(f"no key: {key!r}")
        return self.folder / f"{key}.json"

    def read(self, key: str) -> dict[str, Any] | None:
        """Return the result `key`, None where there is none that can be read."""
        try:
            value = json.loads(self.path(key).read_bytes())
        except (OSError, ValueError):  # not there; or spoilt by somebody else, for we write whole
            return None
        return value if isinstance(value, dict) else None

    def write(self, key: str, result: Mapping[str, Any]) -> None:
        """Keep a result under `key`; after a crash it is there whole, or the one before it is."""
        data = json.dumps(result, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
        write_whole(self.path(key), data)

    def keys(self) -> Iterator[str]:
        """Yield the keys of all results."""
        with contextlib.suppress(FileNotFoundError):
            for entry in sorted(os.listdir(self.folder)):
                if _KEY.fullmatch(entry.removesuffix(".json")):
                    yield entry.removesuffix(".json")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that whoever looks, also after a crash, sees all of it or what was before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    if os.name == "posix":  # the new name is on the disk only when its folder is
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def key_of(files: Mapping[str, bytes], *settings: str) -> str:
    """Return a key for what is made of `files` (content by name) under `settings`."""
    parts = [*settings, f"{len(files)}"]
    digest = hashlib.sha256()
    for part in parts:
        _feed(digest, part.encode())
    for name in sorted(files):
        _feed(digest, name.encode("utf-8", "surrogateescape"))
        _feed(digest, files[name])
    return digest.hexdigest()[:32]


def _feed(digest: Any, data: bytes) -> None:
    digest.update(len(data).to_bytes(8, "big"))  # so that no two lists of parts look alike
    digest.update(data)


@functools.cache
def version_of_checks() -> str:
    """Return what changes whenever a check may judge or speak otherwise: a hash of our files."""
    root = Path(__file__).parent
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.suffix not in (".pyc", ".po") and path.is_file()
    }
    return key_of(files)
