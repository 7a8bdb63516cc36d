"""The starter of the exercise modul_contoh: a server that runs, with five gaps and no more."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest
from pages import ROOT
from solution import TASKS, solve
from test_notebooks_parity import without_comments

from autograder import Room
from autograder.checking import run_check
from autograder.submission import read_server

REFERENCE = ROOT / "reference/modul_contoh/server.py"
STARTER = ROOT / "exercises/id/modul_contoh/server.py"  # in English it is the same program


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A student's copy of the starter."""
    return Path(shutil.copy(STARTER, tmp_path))


def points(server: Path) -> dict[str, float]:
    """Return what the server earns in the three challenges of the exercise."""
    result = run_check(["threading", "broadcast", "lists"], read_server(str(server)))
    assert result.error_file is None
    return {challenge.name: challenge.points for challenge in result.challenges}


def test_the_starter_serves_one_client_after_another(server: Path) -> None:
    with Room(server) as room:
        alice = room.join("Alice")
        bob = room.connect()
        alice.say("Halo?")
        alice.sees("Alice: Halo?")
        assert bob.heard() == []
        alice.leave()
        assert bob.heard() == ["NICK"]


def test_the_starter_fails_its_own_challenges(server: Path) -> None:
    earned = points(server)
    assert earned["threading"] < 5
    assert earned["broadcast"] < 5
    assert earned["lists"] < 10


def test_after_task_1_every_guest_has_a_thread(server: Path) -> None:
    solve(server, 1)
    with Room(server) as room:
        guests = [room.connect() for _guest in range(3)]
        assert [guest.heard() for guest in guests] == [["NICK"]] * 3
        assert len(room.threads().threads) == 4


def test_the_points_come_where_the_notebook_says(server: Path) -> None:
    solve(server, 1, 2, 3)
    earned = points(server)
    assert (earned["threading"], earned["broadcast"]) == (5, 5)
    assert earned["lists"] < 10
    solve(server, 4, 5)
    assert points(server) == {"threading": 5, "broadcast": 5, "lists": 10}


@pytest.mark.parametrize("forgotten", TASKS)
def test_no_gap_can_be_left_open(server: Path, forgotten: int) -> None:
    solve(server, *(task for task in TASKS if task != forgotten))
    assert points(server) != {"threading": 5, "broadcast": 5, "lists": 10}


def test_the_solved_starter_is_the_reference_program(server: Path) -> None:
    """So the starter follows the reference, and nothing but the gaps is left to the student."""
    solve(server)
    program = server.read_text(encoding="utf-8").replace("clients.pop(index)", "del clients[index]")
    server.write_text(program, encoding="utf-8")
    solved = ast.parse(without_comments(server))
    # The starter has one function more, which the solved program does not use.
    solved.body = [
        node
        for node in solved.body
        if not (isinstance(node, ast.FunctionDef) and node.name == "answer")
    ]
    assert ast.unparse(solved) == without_comments(REFERENCE)
