"""Indonesian and English: the language in force, and every message in it.

Messages are written in English in the code and looked up in a gettext catalogue when they are
used, so the language can change while the program runs.
"""

from __future__ import annotations

import gettext as _gettext
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LANGUAGES = ("id", "en")

_LOCALE = Path(__file__).parent / "locale"
_INDONESIAN_ON_WINDOWS = 0x21  # LANG_INDONESIAN, primary language id, winnt.h

_chosen: str | None = None
_for_now: ContextVar[str | None] = ContextVar("_for_now", default=None)


def use_language(code: str | None) -> None:
    """Speak the language `code` ("id" or "en") from now on; None asks the environment again.

    Raises:
        ValueError: `code` is no language of ours.
    """
    global _chosen
    _chosen = _known(code)


@contextmanager
def speaking(code: str | None) -> Iterator[None]:
    """Speak the language `code` inside a `with` block, in this thread alone; None changes nothing.

    Raises:
        ValueError: `code` is no language of ours.
    """
    token = _for_now.set(_known(code) or _for_now.get())
    try:
        yield
    finally:
        _for_now.reset(token)


def language() -> str:
    """Return the code of the language in force, "id" or "en"."""
    return _for_now.get() or _chosen or _environment()


def _(message: str) -> str:
    """Return `message` in the language in force."""
    # The empty message is the catalogue's own header.
    return _catalogue(language()).gettext(message) if message else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """Return the form for the number `n`, in the language in force."""
    return _catalogue(language()).ngettext(singular, plural, n)


def N_(message: str) -> str:
    """Mark `message` for translation and return it as it is; `_` translates it when it is used."""
    return message


def number(value: float, decimals: int | None = None) -> str:
    """Return `value` as people write it: 1,234.5 in English, 1.234,5 in Indonesian.

    Args:
        decimals: digits after the decimal mark; None for as many as needed, at most two.
    """
    text = f"{value:,.{2 if decimals is None else decimals}f}"
    if decimals is None:
        text = text.rstrip("0").rstrip(".")
    return text.translate(str.maketrans(",.", ".,")) if language() == "id" else text


def _known(code: str | None) -> str | None:
    if code is not None and code not in LANGUAGES:
        raise ValueError(f"no such language: {code!r} (known: {', '.join(LANGUAGES)})")
    return code


@cache
def _catalogue(code: str) -> _gettext.NullTranslations:
    path = _LOCALE / code / "LC_MESSAGES" / "autograder.mo"
    if code == "en":
        return _gettext.NullTranslations()
    with path.open("rb") as file:
        return _gettext.GNUTranslations(file)


def _environment() -> str:
    # In this order and the first one alone, as POSIX has it.
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return _from_locale(value)
    if sys.platform == "win32":  # pragma: no cover - Windows sets none of the three
        import ctypes

        windows: int = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        return "id" if windows & 0x3FF == _INDONESIAN_ON_WINDOWS else "en"
    return "en"


def _from_locale(value: str) -> str:
    """Return our language for a locale such as `id_ID.UTF-8` (on Windows also in words)."""
    name = value.lower().replace("-", "_").split(".")[0].split("@")[0].split("_")[0]
    return "id" if name in ("id", "indonesian") else "en"
