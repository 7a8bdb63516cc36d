"""The marker of a check's tests: title, points, and which other tests must have passed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., None])


def story(title: str, *, points: float, needs: tuple[str, ...] = ()) -> Callable[[Test], Test]:
    """Mark a test function as part of a challenge.

    Args:
        title: what a server that passes does, in one line; marked for translation with `N_`.
        points: what the test is worth.
        needs: names of tests without which this one makes no sense: it is skipped if one failed.
    """

    def mark(test: Test) -> Test:
        marked: Test = pytest.mark.story(title=title, points=points, needs=needs)(test)
        return marked

    return mark
