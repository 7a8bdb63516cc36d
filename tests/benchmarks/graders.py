"""How much faster `autograder grade` is than check50, otter and nbgrader with the same five checks.

    .venv/bin/python tests/benchmarks/graders.py [--submissions 20] [--rounds 1] [--record]

The checks are those of lesson 05. The others get them over plain sockets (`rivals/five_checks.py`),
each in a file of its own kind, and all graders have to give each server its points: 5 of 5 to a
right one, none to a dead one, which accepts and never answers or never listens. Of no grader does
anything count but the whole programs, their start included; each has run once before.

Two submissions are graded at a time: ours with its two processes; `check50 --dev` and `otter run`,
which take one each, in two processes side by side; and nbgrader, which has no such thing, in two
programs, each with half of the class in a course of its own. check50 besides runs a submission's
checks side by side, as it does unless it is told otherwise. Ours alone runs a server in a sandbox.

Where a server is dead, the others wait. Their checks wait 3 seconds for a line or a connection, as
check50 does for the output of a program unless it is told otherwise (`--patience`). What each check
needs is known to check50 and ours, so they leave the other four out when the first has failed;
otter and nbgrader know of no such thing.

The others are installed, from `rivals/requirements.lock`, into a folder that is thrown away
(`--venv FOLDER` keeps it, and uses it again). For Linux. One round with 20 submissions takes about
20 minutes on two cores.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import figures
import nbformat
from machine import load, machine
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PROJECT = Path(__file__).resolve().parents[2]
RIVALS = Path(__file__).with_name("rivals")
sys.path[:0] = [str(PROJECT / "tests"), str(RIVALS)]

import five_checks  # noqa: E402
from history_server import edited  # noqa: E402

LOCK = RIVALS / "requirements.lock"
CHECKS = Path(five_checks.__file__)
TROUBLE = PROJECT / "tests" / "servers" / "trouble"
SERVERS: dict[str, tuple[Callable[[], str], int]] = {  # name: the program, and its points
    "right": (edited, len(five_checks.FIVE)),
    "accepts, never answers": ((TROUBLE / "answers_nothing.py").read_text, 0),
    "never listens": ((TROUBLE / "never_binds.py").read_text, 0),
}
OURS, CHALLENGE = "autograder grade", "lesson_05"
AT_A_TIME = 2
GOALS = {  # how many times ours is to be faster: with a right server, with a dead one
    "check50 --dev": (5, 10),
    "otter run": (10, 10),
    "nbgrader autograde": (10, 10),
}
LIMIT_SECONDS = 1800  # of one program

NBGRADER_CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "rivals"
c.Autograde.exclude_overwriting = {"history": ["server.py"]}
"""


class Tools:
    """The programs of a virtual environment, and how they are run.

    Args:
        scripts: the folder with the programs.
        home: an empty folder, so that no setting of the person's counts.
        patience: seconds that each wait of the others' checks may take.
    """

    def __init__(self, scripts: Path, home: Path, patience: float) -> None:
        self.scripts = scripts
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        self.environment = kept | {
            "HOME": str(home),
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "FIVE_CHECKS_PATIENCE": str(patience),
        }

    def run(self, folder: Path, name: str, *words: str, fine: tuple[int, ...] = (0,)) -> None:
        """Run a program in `folder`; the benchmark ends if its exit code is not a `fine` one."""
        command = [str(self.scripts / name), *words]
        run(command, folder, self.environment, fine)


def run(
    command: list[str], folder: Path, environment: Mapping[str, str], fine: tuple[int, ...] = (0,)
) -> str:
    """Run a program, and return what it printed; the benchmark ends if that fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=LIMIT_SECONDS,
        check=False,
    )
    if done.returncode not in fine:
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


# -- the graders: each makes ready in `root`, grades, and tells the points of each -----------------


class Ours:
    """`autograder grade` with a folder, as a teacher calls it."""

    def __init__(self, root: Path, programs: list[str], _tools: Tools) -> None:
        self.root = root
        for number, program in enumerate(programs):
            write(root / "class" / f"student-{number:02}" / "server.py", program)

    def grade(self) -> None:
        """Grade all."""
        words = ("grade", "--challenge", CHALLENGE, "--output", "results", "class")
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPATH"] = str(PROJECT)
        command = [sys.executable, "-m", "autograder", *words]
        run(command, self.root, environment, fine=(0, 1))

    def points(self) -> list[float]:
        """Return the points of each."""
        document = json.loads((self.root / "results" / "results.json").read_text("utf-8"))
        return [one["points"] for one in document["submissions"]]


class Check50:
    """`check50 --dev` once for each submission, in its folder."""

    def __init__(self, root: Path, programs: list[str], tools: Tools) -> None:
        self.tools = tools
        self.checks = root / "checks"
        shutil.copytree(RIVALS / "check50", self.checks)
        shutil.copy(CHECKS, self.checks)
        self.places = [root / f"student-{number:02}" for number in range(len(programs))]
        for place, program in zip(self.places, programs, strict=True):
            write(place / "server.py", program)

    def grade(self) -> None:
        """Grade all, two at a time."""
        words = ("--dev", str(self.checks), "--output", "json", "--output-file", "results.json")
        side_by_side(
            lambda place: self.tools.run(place, "check50", *words, fine=(0, 1)), self.places
        )

    def points(self) -> list[float]:
        """Return how many checks each has passed."""
        found = [json.loads((place / "results.json").read_text("utf-8")) for place in self.places]
        return [sum(one["passed"] is True for one in each["results"]) for each in found]


class Otter:
    """`otter run` once for each submission, a zip archive with a notebook and server.py."""

    def __init__(self, root: Path, programs: list[str], tools: Tools) -> None:
        self.tools = tools
        self.archive = root / "autograder.zip"
        tests = root / "tests"
        tests.mkdir(parents=True)
        shutil.copy(RIVALS / "otter" / "history.py", tests)
        shutil.copy(CHECKS, root)
        words = ("--no-config", "--no-requirements", "--no-environment", CHECKS.name)
        tools.run(root, "otter", "generate", "--tests-dir", "tests", *words)
        self.places = [root / f"student-{number:02}" for number in range(len(programs))]
        for place, program in zip(self.places, programs, strict=True):
            write(place / "submission" / "server.py", program)
            notebook = new_notebook(
                cells=[new_markdown_cell("My server is in server.py.")], metadata=KERNEL
            )
            nbformat.write(notebook, place / "submission" / "history.ipynb")
            shutil.make_archive(str(place / "submission"), "zip", place / "submission")

    def grade(self) -> None:
        """Grade all, two at a time."""
        words = ("run", "--no-logo", "--autograder", str(self.archive), "submission.zip")
        side_by_side(lambda place: self.tools.run(place, "otter", *words), self.places)

    def points(self) -> list[float]:
        """Return the points of each."""
        found = [json.loads((place / "results.json").read_text("utf-8")) for place in self.places]
        return [sum(test.get("score", 0) for test in each["tests"]) for each in found]


class Nbgrader:
    """`nbgrader autograde` with its own kernel, in two courses with half of the class each."""

    def __init__(self, root: Path, programs: list[str], tools: Tools) -> None:
        self.tools = tools
        self.courses = [root / f"course-{number}" for number in range(AT_A_TIME)]
        for number, course in enumerate(self.courses):
            source = course / "source" / "history"
            source.mkdir(parents=True)
            nbformat.write(notebook_for_nbgrader(), source / "history.ipynb")
            shutil.copy(CHECKS, source)
            (source / "server.py").write_text("", encoding="utf-8")
            (course / "nbgrader_config.py").write_text(NBGRADER_CONFIG, encoding="utf-8")
            tools.run(course, "nbgrader", "generate_assignment", "history")
            for student, program in enumerate(programs[number::AT_A_TIME]):
                place = course / "submitted" / f"student-{student:02}" / "history"
                shutil.copytree(course / "release" / "history", place)
                (place / "server.py").write_text(program, encoding="utf-8")

    def grade(self) -> None:
        """Grade all, two courses side by side."""
        busy = [course for course in self.courses if (course / "submitted").is_dir()]
        side_by_side(lambda one: self.tools.run(one, "nbgrader", "autograde", "history"), busy)

    def points(self) -> list[float]:
        """Return the points of each."""
        found: list[float] = []
        for course in self.courses:
            if (course / "submitted").is_dir():
                self.tools.run(course, "nbgrader", "export")
                with open(course / "grades.csv", encoding="utf-8", newline="") as file:
                    found += [float(row["score"]) for row in csv.DictReader(file)]
        return found


WAYS: dict[str, type[Ours] | type[Check50] | type[Otter] | type[Nbgrader]] = {
    OURS: Ours,
    "check50 --dev": Check50,
    "otter run": Otter,
    "nbgrader autograde": Nbgrader,
}

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def notebook_for_nbgrader() -> nbformat.NotebookNode:
    """Return an assignment: one cell that imports the checks, and one with each of them."""
    common = {"schema_version": 3, "solution": False, "locked": True, "task": False}
    cells = [new_code_cell("import five_checks")]
    cells[0].metadata["nbgrader"] = common | {"grade": False, "grade_id": "import"}
    for name in (check.__name__ for check in five_checks.FIVE):
        cell = new_code_cell(f'five_checks.{name}("server.py")')
        cell.metadata["nbgrader"] = common | {"grade": True, "grade_id": name, "points": 1}
        cells.append(cell)
    return new_notebook(cells=cells, metadata=KERNEL)


def write(path: Path, text: str) -> None:
    """Write a file into a folder that need not be there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def side_by_side(work: Callable[[Path], None], places: list[Path]) -> None:
    """Do `work` in each place, two at a time."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for _done in pool.map(work, places):
            pass


# -- all of them -----------------------------------------------------------------------------------


def install(venv: Path) -> Path:
    """Install the others into `venv`, unless they are there; return where the programs are."""
    ready = venv / "requirements.lock"
    if not (ready.exists() and ready.read_bytes() == LOCK.read_bytes()):
        print("Installing check50, otter and nbgrader ...", file=sys.stderr)
        run([sys.executable, "-m", "venv", "--clear", str(venv)], PROJECT, os.environ)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
        run([*pip, "--require-hashes", "--requirement", str(LOCK)], PROJECT, os.environ)
        shutil.copy(LOCK, ready)
    return venv / "bin"


def measure(options: argparse.Namespace, root: Path) -> dict[str, dict[str, float]]:
    """Return for each server and each grader the seconds for each submission."""
    tools = Tools(install(options.venv or root / "venv"), root / "home", options.patience)
    (root / "home").mkdir()
    took: dict[str, dict[str, list[float]]] = {
        server: {way: [] for way in options.graders} for server in options.servers
    }
    for way in options.graders:
        seconds(way, "right", 1, root / f"warm-{WAYS[way].__name__}", tools)  # the caches
    for number in range(options.rounds):
        for server in options.servers:
            for way in options.graders:
                print(f"round {number + 1}, {server}: {way} ...", file=sys.stderr)
                place = root / f"{number}-{server.replace(' ', '-')}-{WAYS[way].__name__}"
                whole = seconds(way, server, options.submissions, place, tools)
                took[server][way].append(whole / options.submissions)
    return {
        server: {way: statistics.median(times) for way, times in ways.items()}
        for server, ways in took.items()
    }


def seconds(way: str, server: str, count: int, root: Path, tools: Tools) -> float:
    """Return how long it takes to grade `count` submissions; each has to get its points."""
    program, points = SERVERS[server]
    root.mkdir()
    # a line of its own for each, or ours would check one and know all
    grader = WAYS[way](root, [f"{program()}\n# student {n}\n" for n in range(count)], tools)
    started = time.perf_counter()
    grader.grade()
    took = time.perf_counter() - started
    if (given := grader.points()) != [points] * count:
        sys.exit(f"{way} gives a server that is {server!r} {given}, not {points} each")
    return took


def report(each: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Print a table, and return how many times as fast ours is, by server and grader."""
    faster: dict[str, dict[str, float]] = {}
    print(f"{'':48}{'seconds':>9}{'times ours':>12}{'goal':>6}")
    for server, ways in each.items():
        print(server)
        faster[server] = {}
        for way, each_took in ways.items():
            ratio = faster[server][way] = each_took / ways[OURS]
            said = ""
            if way in GOALS:
                goal = GOALS[way][server != "right"]
                said = f"{goal:6}  {'reached' if ratio >= goal else 'NOT reached'}"
            print(f"  {way:46}{each_took:9.3f}{ratio:12.1f}{said}")
    return faster


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure graders with the same five checks.")
    parser.add_argument("--submissions", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--patience", type=float, default=3, help="of the others, in seconds")
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--graders", nargs="+", choices=GOALS, default=list(GOALS))
    parser.add_argument("--venv", type=Path, help="where the others are installed, and kept")
    figures.add_option(parser)
    options = parser.parse_args()
    options.graders.insert(0, OURS)
    if options.venv:
        options.venv = options.venv.resolve()
    with tempfile.TemporaryDirectory() as folder:
        each = measure(options, Path(folder))
    print(f"{machine()}; load at the end: {load()}")
    print(
        f"{options.submissions} submissions, {AT_A_TIME} at a time, with the five checks of", end=""
    )
    print(
        f" {CHALLENGE}; medians of {options.rounds} rounds,\nseconds for each submission;", end=""
    )
    print(f" the others' checks wait {options.patience:g} s for what does not come\n")
    faster = report(each)
    if options.record:
        dead = [ways for server, ways in faster.items() if server != "right"]
        figures.record(
            options.record,
            "graders",
            {
                **{name: getattr(options, name) for name in ("submissions", "rounds", "patience")},
                "seconds": each,
                "faster": faster,
                "dead, at least": {way: min(ways[way] for ways in dead) for way in dead[0]},
            },
        )


if __name__ == "__main__":
    main()
