"""What the tests of threats share: a class of attackers and good neighbours, graded once."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from arena import ATTACKS, Bystander, bystander, lay, listener, visited
from classes import RIGHT
from helpers import environment

NEIGHBOURS = 3
COMMAND = Path(sysconfig.get_path("scripts"), "autograder")
CHALLENGES = ("threading", "broadcast")


@dataclass
class Graded:
    """What came of grading the class, and of what the attacks aimed at.

    Args:
        document: the run's results.json.
        output: the run's folder.
        said: what `autograder grade` said to the teacher.
        traces: names of what was imported of that which lay beside the servers.
        outside: names of what has changed outside.
        reached: whether anybody connected to somebody else's server.
        bystander: points and exit code of the process that stood for the grader.
    """

    document: dict[str, Any]
    output: Path
    said: str
    traces: list[str]
    outside: list[str]
    reached: bool
    bystander: tuple[str, int]

    def of(self, name: str) -> dict[str, Any]:
        """Return what came of one submission."""
        (found,) = [one for one in self.document["submissions"] if one["name"].endswith(name)]
        return found


def everything(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder, with what is in them."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def aim_of(place: Path, output: Path, grader: Bystander, port: int) -> dict[str, Any]:
    """Return what the attacks of a class aim at."""
    return {
        "places": [str(output), "/autograder/results", "/autograder", "/tmp", "..", "/", "."],
        "traces": str(place / "traces"),
        "secret": "the solution is 42",
        "path": str(place / "others" / "solution.py"),
        "checks": str(Path(__file__).resolve().parents[2] / "autograder/challenges/test_pm.py"),
        "port": port,
        "ports": [port],
        "pid": grader.pid,
        "address": grader.address,
        "gate": str(place / "gate"),
        "witness": str(place / "others" / "witness"),
        "milliseconds": 1000,
        "processes": 60,
        "megabytes": 48,
        "names": [],
    }


def grade(place: Path, attacks: list[str]) -> Graded:
    """Grade a class of attackers with good neighbours among them."""
    output = place / "out"
    for folder in ("traces", "others"):
        (place / folder).mkdir()
    (place / "others" / "solution.py").write_text("the solution is 42")
    os.mkfifo(place / "gate")
    with bystander() as grader, listener() as somebody:
        aim = aim_of(place, output, grader, somebody.getsockname()[1])
        for number, attack in enumerate(attacks):
            lay(place / "class" / f"{number:02}-{attack}", attack, **aim)
            if number % (len(attacks) // NEIGHBOURS) == 1:
                neighbour = place / "class" / f"{number:02}-neighbour"
                neighbour.mkdir()
                (neighbour / "server.py").write_text(f"{RIGHT}# {number}\n", encoding="utf-8")
        before = everything(place / "others") | everything(place / "class")
        options = [word for name in CHALLENGES for word in ("--challenge", name)]
        done = subprocess.run(
            # as a teacher does it: with `-m`, Python itself would look into the folder first
            [COMMAND, "grade", place / "class", "--output", output, "--workers", "2", *options],
            cwd=place / "class" / f"{attacks.index('brings_files'):02}-brings_files",
            env=environment(PYTHONPATH=""),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        assert done.returncode == 1 and done.stderr == "", done.stderr + done.stdout
        after = everything(place / "others") | everything(place / "class")
        return Graded(
            json.loads((output / "results.json").read_text(encoding="utf-8")),
            output,
            done.stdout,
            sorted(path.name for path in (place / "traces").iterdir()),
            sorted(name for name in before | after if before.get(name) != after.get(name)),
            visited(somebody),
            grader.ends(),
        )


ALL = sorted(path.stem for path in ATTACKS.glob("*.py"))


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The class in sandboxes."""
    return grade(tmp_path_factory.mktemp("bubblewrap"), ALL)
