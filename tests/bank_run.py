"""Every wrong server of the banks, as often as one likes: always the verdict that it should get.

    .venv/bin/python tests/bank_run.py [--rounds 20] [--jobs 2] [--seed 7] [NAME ...]

Checks each server (or those of the NAMEs) in each round, with other names and texts each time, and
prints whatever differs from what the bank says: which tests fail, and which misconceptions are
named. As many checks run at a time as there are processors. Ends with 1 if anything differed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from checked import checked, complaints
from helpers import SERVERS

sys.path.insert(0, str(SERVERS))
from bank import BANK, WrongServer
from bank_complete import BANK as BANK_COMPLETE

ALL = {server.name: server for server in (*BANK, *BANK_COMPLETE)}


Verdict = tuple[str, float, int | None, list[str]]
"""Name of a server, how many seconds its check took, its seed, and what is not as it should be."""


def verdict(server: WrongServer, seed: int | None) -> Verdict:
    """Check a server."""
    started = time.monotonic()
    result = checked(server.source(), *server.challenges, seed=seed)
    seconds = time.monotonic() - started
    return server.name, seconds, result.seed, complaints(server, result)


def verdicts(servers: list[WrongServer], jobs: int, seed: int | None) -> Iterator[Verdict]:
    """Check servers, `jobs` at a time, and yield what came of each as soon as it is known."""
    # processes made anew in each round, and not by copying this one, which has threads
    workers = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"))
    try:
        tasks = [workers.submit(verdict, server, seed) for server in servers]
        for task in as_completed(tasks):
            yield task.result()
    finally:  # also where somebody has had enough
        workers.shutdown(cancel_futures=True)


def main() -> int:
    """Run, report, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, help="draw the same names and texts as an earlier run")
    parser.add_argument("name", nargs="*", default=list(ALL))
    options = parser.parse_args()
    if unknown := set(options.name) - set(ALL):
        parser.error(f"no such server: {', '.join(sorted(unknown))}")
    servers = [ALL[name] for name in options.name]
    differed = 0
    seconds: dict[str, float] = {}
    for number in range(1, options.rounds + 1):
        started = time.monotonic()
        # the longest first, so that no worker is left alone with one at the end
        servers.sort(key=lambda server: -seconds.get(server.name, 0))
        wrong = 0
        for name, took, seed, lines in verdicts(servers, options.jobs, options.seed):
            seconds[name] = took
            if lines:
                wrong += 1
                print(f"round {number}, {name}, --seed {seed}:", *lines, sep="\n    ")
        differed += wrong
        print(
            f"round {number} of {options.rounds}: {len(servers)} servers in"
            f" {time.monotonic() - started:.0f} s, {wrong} not as they should be",
            flush=True,
        )
    return 1 if differed else 0


if __name__ == "__main__":
    sys.exit(main())
