"""A class full of attackers: none earns a point, harms a neighbour or changes anything outside."""

from __future__ import annotations

import pytest
from arena import ATTACKS

ALL = sorted(path.stem for path in ATTACKS.glob("*.py"))


@pytest.mark.parametrize("attack", ALL)
def test_it_earns_nothing(graded, attack):
    one = graded.of(f"-{attack}")

    assert (one["state"], one["points"], one["max_points"]) == ("graded", 0, 10)
    assert one["grader_errors"] == 0 and one["error_file"] is None
    assert one["isolation"] == "bubblewrap"


def test_neighbours_get_what_they_deserve(graded):
    neighbours = [one for one in graded.document["submissions"] if "neighbour" in one["name"]]

    assert len(neighbours) >= 3
    assert {one["points"] for one in neighbours} == {10}


def test_nothing_outside_has_changed(graded):
    assert graded.outside == []
    assert not list(graded.output.rglob("forged*"))
    assert not graded.reached
    assert graded.bystander == ("0 points.", 0)


def test_nothing_that_lay_beside_a_server_was_imported(graded):
    """Not even by the command itself, which ran in the folder that they lie in."""
    assert graded.traces == []
