"""How much faster a class is graded by two processes, or four, than by one; and by a Dask cluster.

    .venv/bin/python tests/benchmarks/class_speed.py [--submissions 500] [--rounds 1] [--record]

The class hands in the wrong servers of the bank, again and again; each has a line of its own at its
end, so that all have to be checked. Every way grades the whole class once a round, in turn, as a
program of its own whose start counts, and has to give the same points. The cluster's scheduler and
its two workers run already, as those of a teacher would.

Memory is that of the whole tree of processes (PSS), servers and sandboxes included: the median of
what is seen when each of the twenty submissions before the 60th is done, and of the last twenty.

500 submissions take about 20 minutes on two cores.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import figures
import psutil
from machine import load, machine

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "tests"), str(PROJECT / "tests" / "servers")]

from bank import BANK  # noqa: E402

from autograder.cluster import connected  # noqa: E402
from autograder.grading import Grading, Settings  # noqa: E402
from autograder.intake import find  # noqa: E402

SETTINGS = Settings(("threading", "broadcast", "lists"), "en", seed=7)
WAYS = ("1 worker", "2 workers", "4 workers", "Dask, 2 workers")
BASE, GOAL = "1 worker", "2 workers"
EARLY = range(41, 61)
LAST = 20
LIMIT_SECONDS = 3600


# -- one way, in a process of its own --------------------------------------------------------------


def grade(way: str, folder: Path, output: Path, address: str, roots: list[int]) -> dict[str, Any]:
    """Grade the class in `folder`, and return the points of all and the memory seen, in MB.

    Args:
        address: of the scheduler.
        roots: pids of processes that take part and are not below this one.
    """
    handed_in = find([str(folder)], leave_out=output)
    grading = Grading(output, SETTINGS)
    seen: dict[str, list[float]] = {"early": [], "late": []}
    done = 0

    def advance(*, failed: bool = False) -> None:
        nonlocal done
        done += 1
        if failed:
            sys.exit("A submission was not graded.")
        if done in EARLY:
            seen["early"].append(memory(roots))
        if done > len(handed_in) - LAST:
            seen["late"].append(memory(roots))

    if way.startswith("Dask"):
        with connected(address, SETTINGS) as (executor, workers):
            grading.run(handed_in, advance, workers=workers, executor=executor)
    else:
        grading.run(handed_in, advance, workers=int(way.split()[0]))
    points = {row.name: result["points"] for row, result in grading.results()}
    return {"points": points, **{when: statistics.median(s) for when, s in seen.items() if s}}


def memory(roots: list[int]) -> float:
    """Return the megabytes (PSS) of this process, of `roots`, and of all below them."""
    total = 0
    for pid in (os.getpid(), *roots):
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            with contextlib.suppress(psutil.Error):  # it has ended meanwhile
                total += process.memory_full_info().pss
    return total / 1e6


# -- all ways --------------------------------------------------------------------------------------


def make_class(folder: Path, count: int) -> None:
    """Let `count` students hand in servers of the bank."""
    for number in range(count):
        place = folder / f"student-{number:04}"
        place.mkdir(parents=True)
        source = BANK[number % len(BANK)].source()
        (place / "server.py").write_text(f"{source}\n# student {number}\n", encoding="utf-8")


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[int]]]:
    """Give the address of a scheduler with two workers, and the pids of all three."""
    told = folder / "scheduler.json"
    common = ("--host", "127.0.0.1", "--no-dashboard")
    with contextlib.ExitStack() as stack:

        def start(*words: str) -> int:
            log = stack.enter_context(open(folder / "dask.log", "ab"))
            command = [sys.executable, "-m", "dask", *words, *common]
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            return process.pid

        pids = [start("scheduler", "--port", "0", "--scheduler-file", str(told))]
        deadline = time.monotonic() + 60
        address = ""
        while not address:
            if time.monotonic() > deadline:
                sys.exit("The scheduler does not start.")
            with contextlib.suppress(OSError, ValueError):
                address = json.loads(told.read_text())["address"]
        pids += [start("worker", address, "--nthreads", "1") for _each in range(2)]
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield address, pids


def timed(way: str, folder: Path, output: Path, *more: str) -> tuple[float, dict[str, Any]]:
    """Grade the class in one way; return the seconds that it took, and what came of it."""
    command = [sys.executable, __file__, "--way", way, "--folder", str(folder)]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "--output", str(output), *more],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT_SECONDS,
        check=False,
    )
    took = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{way}:\n{done.stdout}{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return took, found


def compare(submissions: int, rounds: int, record: Path | None) -> None:
    """Grade in all ways, and print."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPATH"] = str(PROJECT)
    took: dict[str, list[float]] = {way: [] for way in WAYS}
    seen: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        root = Path(name)
        make_class(root / "class", submissions)
        address, pids = stack.enter_context(cluster(root))
        more = ["--address", address, *(word for pid in pids for word in ("--root", str(pid)))]
        for number in range(rounds):
            for way in WAYS:
                output = root / f"{number}-{way}"
                words = more if way.startswith("Dask") else []
                seconds, found = timed(way, root / "class", output, *words)
                took[way].append(seconds)
                seen[way].append(found)
    first = seen[BASE][0]["points"]
    assert len(first) == submissions
    for way in WAYS:
        if any(found["points"] != first for found in seen[way]):
            sys.exit(f"{way}: other points than with {BASE}")
    print(f"{machine()}; load at the end: {load()}")
    print(f"{submissions} submissions of {len(BANK)} wrong servers, medians of {rounds} rounds\n")
    print(f"{'':18}{'seconds':>9}{'each':>8}{'faster than 1':>15}{'MB, early':>11}{'MB, late':>10}")
    middle = {way: statistics.median(times) for way, times in took.items()}
    for way in WAYS:
        print(f"{way:18}{middle[way]:9.1f}{middle[way] / submissions:8.3f}", end="")
        print(f"{middle[BASE] / middle[way]:15.2f}", end="")
        for when, width in (("early", 11), ("late", 10)):
            values = [found[when] for found in seen[way] if when in found]
            print(f"{statistics.median(values):{width}.0f}" if values else " " * width, end="")
        print()
    against = middle[WAYS[-1]] / middle[GOAL]
    print(f"\nDask against {GOAL} of this machine: {against:.2f} of the time")
    if record:
        memory_of = {
            when: statistics.median(found[when] for found in seen[GOAL])
            for when in ("early", "late")
        }
        figures.record(
            record,
            "class_speed",
            {
                "submissions": submissions,
                "rounds": rounds,
                "seconds": middle,
                "faster": {way: middle[BASE] / middle[way] for way in WAYS},
                "dask": against,
                "megabytes": memory_of,
            },
        )


def main() -> None:
    """Grade in one way, or in all."""
    parser = argparse.ArgumentParser(description="Measure how long it takes to grade a class.")
    parser.add_argument("--submissions", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=1)
    figures.add_option(parser)
    for word in ("--way", "--folder", "--output", "--address"):
        parser.add_argument(word, default="", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=int, action="append", default=[], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        places = Path(options.folder), Path(options.output)
        print(json.dumps(grade(options.way, *places, options.address, options.root)))
    else:
        compare(options.submissions, options.rounds, options.record)


if __name__ == "__main__":
    main()
