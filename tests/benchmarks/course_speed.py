"""How much faster `autograder grade --course` is than nbgrader running the same cells in a kernel.

    .venv/bin/python tests/benchmarks/course_speed.py [--exercise pm] [--record]

All grade the same submissions, all of them right, on the same machine in the same run, in turn.
With a kernel there are two ways: the notebook as students hand it in, all of whose cells nbgrader
runs; and one that holds nothing but the cells that check, and the import that they need. The whole
programs count, their start included; then their start is taken off, which is how long they take
when nobody has handed in anything new.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import figures
from machine import load, machine

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests"))

from exercise_solutions import SOLUTIONS  # noqa: E402

NBGRADER = Path(sys.executable).with_name("nbgrader")
LIMIT_SECONDS = 1800
LANGUAGE = "en"

# nbgrader as it comes, but for what no program can do without.
KERNEL_CONFIG = """\
import os, sysconfig
os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
c = get_config()
c.CourseDirectory.course_id = "kernel"
c.CourseDirectory.source_directory = "exercises/en"
c.Autograde.exclude_overwriting = {EXERCISE: ["server.py"]}
"""

WAYS = (  # name, whether in a kernel, whether of the notebook its check cells alone
    ("kernel, as handed in", True, False),
    ("kernel, checks alone", True, True),
    ("grade --course", False, False),
)


class Course:
    """A course with its submissions, graded in one of the two ways."""

    def __init__(self, root: Path, exercise: str, kernel: bool, checks_alone: bool) -> None:
        self.root, self.exercise, self.kernel = root, exercise, kernel
        root.mkdir()
        source = root / "exercises" / LANGUAGE / exercise
        shutil.copytree(PROJECT / "exercises" / LANGUAGE / exercise, source)
        if checks_alone:
            path = source / f"{exercise}.ipynb"
            document = json.loads(path.read_text(encoding="utf-8"))
            document["cells"] = [
                cell
                for cell in document["cells"]
                if cell["id"] == "language" or cell["metadata"].get("nbgrader", {}).get("locked")
            ]
            path.write_text(json.dumps(document), encoding="utf-8")
        config = root / "nbgrader_config.py"
        if kernel:
            config.write_text(KERNEL_CONFIG.replace("EXERCISE", repr(exercise)), encoding="utf-8")
        else:
            shutil.copy(PROJECT / "nbgrader_config.py", config)
        self.step = root if kernel else root / "course" / LANGUAGE
        self.run(sys.executable, NBGRADER, "generate_assignment", exercise)

    def hand_in(self, count: int) -> None:
        """Let `count` students hand in the solution."""
        for number in range(count):
            place = self.step / "submitted" / f"student-{number:02}" / self.exercise
            shutil.copytree(self.step / "release" / self.exercise, place)
            server = place / "server.py"
            program = server.read_text(encoding="utf-8")
            for old, new in SOLUTIONS[self.exercise]["server.py"]:
                program = program.replace(old, new)
            server.write_text(program, encoding="utf-8")

    def run(self, *command: str | Path) -> float:
        """Run a program and return its wall time, in seconds."""
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"COURSE_LANG": LANGUAGE, "PYTHONPATH": str(PROJECT)}
        started = time.perf_counter()
        done = subprocess.run(
            list(map(str, command)),
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=LIMIT_SECONDS,
            check=False,
        )
        took = time.perf_counter() - started
        if done.returncode:
            sys.exit(f"{command}:\n{done.stdout}{done.stderr}")
        return took

    def grade(self) -> float:
        """Grade what has not been graded; return the seconds that it took."""
        if self.kernel:
            return self.run(sys.executable, NBGRADER, "autograde", self.exercise)
        words = ("grade", "--course", "--assignment", self.exercise)
        return self.run(sys.executable, "-m", "autograder.cli", *words)

    def right(self) -> int:
        """Return how many have full marks, and forget what was graded."""
        self.run(sys.executable, NBGRADER, "export")
        rows = (self.root / "grades.csv").read_text(encoding="utf-8").splitlines()
        keys = rows[0].split(",")
        graded = [dict(zip(keys, row.split(","), strict=True)) for row in rows[1:]]
        shutil.rmtree(self.step / "autograded")
        return sum(row["score"] == row["max_score"] for row in graded)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure how long it takes to grade a class.")
    parser.add_argument("--submissions", type=int, default=20)
    parser.add_argument("--exercise", default="pm", choices=("username", "pm", "admin"))
    parser.add_argument("--rounds", type=int, default=3)
    figures.add_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        courses = {
            name: Course(Path(folder, str(number)), options.exercise, kernel, checks_alone)
            for number, (name, kernel, checks_alone) in enumerate(WAYS)
        }
        whole: dict[str, list[float]] = {name: [] for name in courses}
        start: dict[str, list[float]] = {name: [] for name in courses}
        for course in courses.values():
            course.hand_in(options.submissions)
        for _round in range(options.rounds):
            for name, course in courses.items():
                whole[name].append(course.grade())
                start[name].append(course.grade())  # nothing is left to do
                right = course.right()
                if right != options.submissions:
                    sys.exit(f"{name}: {right} of {options.submissions} have full marks")
    print(f"{machine()}; load at the end: {load()}")
    print(f"{options.submissions} right submissions of {options.exercise}, ", end="")
    print(f"medians of {options.rounds} rounds, seconds for each submission\n")
    print(f"{'':30}{'whole program':>15}{'without start':>15}")
    each: dict[str, tuple[float, float]] = {}
    for name in courses:
        all_of_it, nothing = statistics.median(whole[name]), statistics.median(start[name])
        each[name] = (
            all_of_it / options.submissions,
            (all_of_it - nothing) / options.submissions,
        )
        print(f"{name:30}{each[name][0]:15.3f}{each[name][1]:15.3f}")
    *slow, (fast, _kernel, _alone) = WAYS
    print(f"\n{fast} is faster, times")
    times = {}
    for name, _kernel, _alone in slow:
        ratios = [theirs / ours for theirs, ours in zip(each[name], each[fast], strict=True)]
        print(f"{'  than ' + name:30}{ratios[0]:15.1f}{ratios[1]:15.1f}")
        times[name] = dict(zip(("whole program", "without start"), ratios, strict=True))
    if options.record:
        figures.record(
            options.record,
            "course_speed",
            {
                "exercise": options.exercise,
                "submissions": options.submissions,
                "rounds": options.rounds,
                "seconds": each[fast][1],
                "faster": times,
            },
        )


if __name__ == "__main__":
    main()
