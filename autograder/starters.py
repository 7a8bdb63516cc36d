"""The exercises' starters: copies of them, and what they hold."""

from __future__ import annotations

import difflib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from autograder.i18n import _, language

EXERCISES = Path(__file__).resolve().parents[1] / "exercises"


class StarterError(Exception):
    """The copy cannot be made; the text says why, in one sentence."""


def exercises() -> list[str]:
    """Return the names of the exercises in the language in force."""
    folder = EXERCISES / language()
    if not folder.is_dir():
        return []
    return sorted(place.name for place in folder.iterdir() if any(place.rglob("server.py")))


def starter_sources() -> list[str]:
    """Return the programs of all starters, in both languages; none outside of the workbook."""
    return [path.read_text(encoding="utf-8") for path in sorted(EXERCISES.rglob("server.py"))]


def copy_starter(name: str, folder: str | os.PathLike[str] | None = None) -> Path:
    """Copy the exercise `name` to `folder` (without it, to a folder of its name) and return that.

    Raises:
        StarterError: there is no such exercise, or something is in the way.
    """
    known = exercises()
    if not known:
        text = _("The exercises are not here: {folder} is missing. Run this in the workbook.")
        raise StarterError(text.format(folder=EXERCISES))
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, 1, 0.5)
        hint = _("Did you mean “{near}”?").format(near=near[0]) if near else ""
        listed = _("There are: {names}.").format(names=", ".join(known))
        text = _("There is no exercise “{name}”.").format(name=ascii(name)[1:-1][:60])
        raise StarterError(f"{text} {hint or listed}")
    target = Path(folder if folder is not None else name)
    if target.exists():
        text = _("{folder} is there already and stays as it is: give another place to copy to.")
        raise StarterError(text.format(folder=target))
    try:
        if not _from_history(name, target):
            ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "work")
            shutil.copytree(EXERCISES / language() / name, target, ignore=ignored)
    except OSError as error:
        text = _("{folder} cannot be written: {reason}.")
        raise StarterError(text.format(folder=target, reason=error)) from None
    return target


def _from_history(name: str, target: Path) -> bool:
    """Copy the exercise as it was committed: the one in the folder may have been worked on.

    Returns:
        whether that could be done: there may be no git, or no history.

    Raises:
        OSError: the copy cannot be written.
    """
    command = ["git", "-C", str(EXERCISES), "archive", "HEAD", f"{language()}/{name}"]
    try:
        run = subprocess.run(command, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    if run.returncode != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(run.stdout)) as archive:
            archive.extractall(folder, filter="data")
        shutil.copytree(Path(folder, language(), name), target)
    return True
