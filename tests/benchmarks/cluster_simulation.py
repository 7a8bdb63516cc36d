"""What a scheduler bears: a hundred thousand submissions on a simulated cluster of 200 workers.

    .venv/bin/python tests/benchmarks/cluster_simulation.py [--submissions 100000] [--workers 200]

The scheduler is real (`dask scheduler`, a process of its own), and so is the way of a job, as
`autograder grade --cluster` sends it and takes its result. Simulated are the workers: all live in
one process, and a job sleeps there in place of a check. How long, and how large its result is, was
measured just before: each server of the bank is graded here, once. The results come back whole,
and are thrown away; what it costs to write them to a disk is measured apart.

First come short runs in which the sleep is ever shorter: workers 4 times as fast ask as much of a
scheduler as 4 times as many. Then the whole class is run, in real time unless `--faster` says
otherwise. Scheduler, workers and client share the cores of one machine here, so what is seen is the
least that a scheduler bears. What it needs of a processor for each job tells where its own limit
is, since it has one thread.

On 2 cores it takes about ten minutes, and ends after fifteen whatever happens.

Seen on Linux 6.18 with 2 cores (others worked there, too: load 5) and Python 3.11, with checks of
0.94 s (mean; median 0.32 s, longest 19.9 s) and results of 98 kB, which travel through the
scheduler: 100,000 submissions in 572 s, 175 a second, the 200 workers busy for 82 % of that time
(465 s would be the ideal). The scheduler used 29 % of a processor, the simulated workers 61 %, the
client 16 %. With faster workers it came to 311 jobs a second, as of 292 workers; then scheduler and
simulated workers had used up both cores. By its 1.66 ms for each job the scheduler, on a core of
its own, is the limit at about 600 a second, or 570 workers; before that comes the client, which
writes 500 results a second (two files each, on this disk), as of 470 workers. Why 200 workers were
not busier has not been found: no processor was used up by one of the three. The client's memory
stayed (291 MB after a tenth, 304 MB at the end); the scheduler's did not (296 MB, 1169 MB): count
on 10 kB for each submission of a run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import pickle
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from machine import machine

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "tests"), str(PROJECT / "tests" / "servers")]

from bank import BANK  # noqa: E402

from autograder.batch import run_all  # noqa: E402
from autograder.cluster import connected  # noqa: E402
from autograder.grading import REPORTS, RESULTS, Checked, Settings, Task, check  # noqa: E402
from autograder.store import Store, write_whole  # noqa: E402
from autograder.submission import Submission  # noqa: E402

LIMIT_SECONDS = 900.0
SETTINGS = Settings(("threading", "broadcast", "lists"), "en")
SPEEDS = (2, 4, 16)
"""How many times as fast as measured the workers of the short runs are."""

QUIET = {
    # for one worker a process they are cheap; two hundred of them in one process are not
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "60s",
}


# -- what is measured ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """What one check took.

    Args:
        seconds: how long.
        checked: what came of it.
    """

    seconds: float
    checked: Checked

    @property
    def size(self) -> int:
        """How large the result is on its way, in bytes."""
        return len(pickle.dumps(self.checked))


def timed(task: Task) -> Measured:
    """Check a submission; this runs in a worker."""
    started = time.perf_counter()
    checked = check(task)
    return Measured(time.perf_counter() - started, checked)


def measure() -> list[Measured]:
    """Grade each server of the bank, with one process a core."""
    found = []
    tasks = []
    for number, server in enumerate(BANK):
        files = {"server.py": server.source().encode()}
        tasks.append(Task(f"{number:032}", Submission("server.py", "server.py", files), SETTINGS))
    for task, outcome in run_all(timed, tasks):
        if outcome.value is None:
            sys.exit(f"{BANK[int(task.key)].name}: {outcome.error!r}")
        found.append(outcome.value)
    return found


def writing(measured: list[Measured]) -> float:
    """Return the seconds that it takes to write one result to a disk, with its report."""
    with tempfile.TemporaryDirectory(dir=PROJECT / "tests") as folder:
        started = time.perf_counter()
        for number, one in enumerate(measured):
            write_whole(Path(folder, REPORTS, f"{number}.html"), one.checked.page.encode())
            Store(Path(folder, RESULTS)).write(f"{number:032}", one.checked.result)
        return (time.perf_counter() - started) / len(measured)


# -- what is simulated -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Sleep:
    """A job that takes `seconds` and gives `size` bytes; `source` is what is sent with it."""

    seconds: float
    size: int
    source: bytes


def sleep(job: Sleep) -> bytes:
    """Do nothing, as long as a check took."""
    time.sleep(job.seconds)
    return bytes(job.size)


def jobs(measured: list[Measured], count: int, faster: float) -> Iterator[Sleep]:
    """Yield `count` jobs, the measured ones in random order again and again."""
    draw = random.Random(7)
    kinds = [(one.seconds / faster, one.size) for one in measured]
    source = bytes(statistics.mean(len(server.source().encode()) for server in BANK).__ceil__())
    pool: list[tuple[float, int]] = []
    for _number in range(count):
        if not pool:
            pool = draw.sample(kinds, len(kinds))
        yield Sleep(*pool.pop(), source)


async def serve(address: str, count: int) -> None:
    """Be `count` workers, of one thread each, until the scheduler ends."""
    from distributed import Worker

    workers = [
        Worker(address, nthreads=1, name=f"{number}", host="127.0.0.1", memory_limit=0)
        for number in range(count)
    ]
    await asyncio.gather(*workers)
    await asyncio.gather(*(worker.finished() for worker in workers))


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[tuple[str, dict[str, psutil.Process]]]:
    """Give the address of a scheduler with its workers, and the two processes."""
    environment = os.environ | QUIET | {"PYTHONPATH": str(PROJECT)}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())

        def start(*words: str) -> psutil.Process:
            with open(Path(folder, f"{words[0].rpartition('/')[2]}.log"), "wb") as log:
                process = subprocess.Popen(
                    [sys.executable, *words], env=environment, cwd=folder, stdout=log, stderr=log
                )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return psutil.Process(process.pid)

        told = Path(folder, "scheduler.json")
        words = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file")
        scheduler = start("-m", "dask", "scheduler", *words, str(told))
        address = ""
        deadline = time.monotonic() + 60
        while not address:
            if time.monotonic() > deadline:
                sys.exit("The scheduler does not start.")
            with contextlib.suppress(OSError, ValueError):
                address = json.loads(told.read_text())["address"]
        simulated = start(__file__, "--serve", address, "--workers", str(workers))
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=120)
        yield address, {"scheduler": scheduler, "workers": simulated, "client": psutil.Process()}


@dataclass(frozen=True)
class Run:
    """What one run came to.

    Args:
        done: jobs.
        seconds: how long it took.
        busy: the share of the workers' time in which they slept.
        cpu: seconds of a processor that each process used.
        memory: megabytes (PSS) of each process at a tenth of the run, and at its end.
    """

    done: int
    seconds: float
    busy: float
    cpu: dict[str, float]
    memory: dict[str, tuple[float, float]]


def run(
    measured: list[Measured],
    count: int,
    faster: float,
    workers: int,
    address: str,
    processes: dict[str, psutil.Process],
    until: float,
) -> Run:
    """Run `count` jobs, but only `until` a moment of `time.monotonic`."""
    slept = done = 0.0
    early: dict[str, float] = {}
    settings = Settings(SETTINGS.challenges, "en", "process", sandboxed=False)
    with connected(address, settings) as (executor, threads):
        before = {name: _cpu(process) for name, process in processes.items()}
        started = time.monotonic()
        found = run_all(sleep, jobs(measured, count, faster), workers=threads, executor=executor)
        with contextlib.closing(found):
            for job, outcome in found:
                if outcome.value is None or len(outcome.value) != job.size:
                    sys.exit(f"A job failed: {outcome.error!r}")
                done += 1
                slept += job.seconds
                if done == count // 10:
                    early = {name: _memory(process) for name, process in processes.items()}
                if time.monotonic() > until:
                    break
        seconds = time.monotonic() - started
        cpu = {name: _cpu(process) - before[name] for name, process in processes.items()}
        memory = {name: (early.get(name, 0), _memory(p)) for name, p in processes.items()}
    return Run(int(done), seconds, slept / seconds / workers, cpu, memory)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _memory(process: psutil.Process) -> float:
    return process.memory_full_info().pss / 1e6


# -- the report ------------------------------------------------------------------------------------

COLUMNS = f"{'faster':>7}{'jobs':>8}{'seconds':>9}{'jobs/s':>8}{'busy':>7}" + "".join(
    f"{name:>11}" for name in ("scheduler", "workers", "client")
)


def line(faster: float, one: Run) -> str:
    """Return a line of the table: processes by their share of a processor."""
    shares = "".join(f"{used / one.seconds:>11.0%}" for used in one.cpu.values())
    rate = one.done / one.seconds
    return f"{faster:>7g}{one.done:>8}{one.seconds:>9.1f}{rate:>8.0f}{one.busy:>7.0%}{shares}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Simulate a large class on a large cluster.")
    parser.add_argument("--submissions", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=200)
    parser.add_argument("--faster", type=float, default=1, help="times, in the run of the class")
    parser.add_argument("--serve", metavar="ADDRESS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve, options.workers))
        return
    until = time.monotonic() + LIMIT_SECONDS
    measured = measure()
    mean = statistics.mean(one.seconds for one in measured)
    size = statistics.mean(one.size for one in measured)
    write = writing(measured)
    print(machine())
    print(
        f"Measured: {len(measured)} checks, median"
        f" {statistics.median(one.seconds for one in measured):.2f} s, mean {mean:.2f} s,"
        f" longest {max(one.seconds for one in measured):.1f} s; a result has {size / 1e3:.0f} kB."
        f"\nThe client writes a result in {write * 1e3:.1f} ms."
    )
    print(f"Simulated: {options.workers} workers. Shares are those of one processor.\n\n{COLUMNS}")
    most = 0.0
    with cluster(options.workers) as (address, processes):
        for faster, count in itertools.chain(
            # long enough that what a run begins and ends with is little of it
            ((speed, max(2000, 20 * options.workers)) for speed in SPEEDS),
            [(options.faster, options.submissions)],
        ):
            one = run(measured, count, faster, options.workers, address, processes, until)
            print(line(faster, one), flush=True)
            most = max(most, one.done / one.seconds)
    each = one.cpu["scheduler"] / one.done
    print(f"\nMost that was seen: {most:.0f} jobs a second, as of {most * mean:.0f} workers.")
    print(f"The scheduler needs {each * 1e3:.2f} ms of a processor for each job of the class,")
    print(
        f"so by itself it would be the limit at {1 / each:.0f} a second: {mean / each:.0f} workers."
    )
    print(f"Writing would be the limit at {1 / write:.0f} a second: {mean / write:.0f} workers.")
    print("Memory at a tenth of the class, and at its end, in MB:", end="")
    print(*(f" {name} {a:.0f}, {b:.0f}" for name, (a, b) in one.memory.items()), sep=";")


if __name__ == "__main__":
    main()
