"""What makes a test function a story of a challenge: title, points, and what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., None])


@dataclass(frozen=True)
class Story:
    """One test of a challenge.

    Args:
        name: name of the function.
        test: the function. Its parameters are called like what it is given: `room`, `open_room`,
            `cast` (see `autograder.run.Run.give`).
        title: what a server that passes does, in one line, in English.
        points: what it is worth.
        needs: names of tests without which this one makes no sense: it is skipped if one failed.
    """

    name: str
    test: Callable[..., None]
    title: str
    points: float
    needs: tuple[str, ...]


def story(title: str, *, points: float, needs: tuple[str, ...] = ()) -> Callable[[Test], Test]:
    """Make a test function a story.

    Args:
        title, points, needs: see `Story`; the title is marked for translation with `N_`.
    """

    def mark(test: Test) -> Test:
        test.story = Story(test.__name__, test, title, points, needs)  # type: ignore[attr-defined]
        return test

    return mark


def story_of(test: object) -> Story | None:
    """Return what makes a function a story, None where it is none."""
    found = getattr(test, "story", None)
    return found if isinstance(found, Story) else None
