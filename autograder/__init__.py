"""Run chat servers, hold conversations with them, and judge what they do.

from autograder import Room, check
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.failures import Unmet
    from autograder.i18n import use_language
    from autograder.load import measure
    from autograder.notebook import check
    from autograder.person import Person
    from autograder.puzzles import puzzle
    from autograder.room import Room

__version__ = "0.1.0"
__all__ = ["Person", "Room", "Unmet", "check", "measure", "puzzle", "use_language"]

_PLACES = {
    "Person": "autograder.person",
    "Room": "autograder.room",
    "Unmet": "autograder.failures",
    "check": "autograder.notebook",
    "measure": "autograder.load",
    "puzzle": "autograder.puzzles",
    "use_language": "autograder.i18n",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that the command starts quickly."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_PLACES[name]), name)
