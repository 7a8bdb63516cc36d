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
from concurrent.futures import ProcessPoolExecutor, as_completed

from checked import checked, complaints
from helpers import SERVERS

sys.path.insert(0, str(SERVERS))
from bank import BANK, WrongServer
from bank_complete import BANK as BANK_COMPLETE

ALL = {server.name: server for server in (*BANK, *BANK_COMPLETE)}
RENEW = 250  # checks after which a worker makes place for a fresh one: pytest keeps a little


def verdict(server: WrongServer, seed: int | None) -> tuple[float, int | None, list[str]]:
    """Check a server; return the seconds that took, the seed, and what is not as it should be."""
    started = time.monotonic()
    result = checked(server.source(), *server.challenges, seed=seed)
    return time.monotonic() - started, result.seed, complaints(server, result)


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
    spawn = multiprocessing.get_context("spawn")
    workers = ProcessPoolExecutor(options.jobs, spawn, max_tasks_per_child=RENEW)
    try:
        for number in range(1, options.rounds + 1):
            started = time.monotonic()
            # the longest first, so that no worker is left alone with one at the end
            servers.sort(key=lambda server: -seconds.get(server.name, 0))
            tasks = {workers.submit(verdict, server, options.seed): server for server in servers}
            wrong = 0
            for task in as_completed(tasks):
                name = tasks[task].name
                seconds[name], seed, lines = task.result()
                if lines:
                    wrong += 1
                    print(f"round {number}, {name}, --seed {seed}:", *lines, sep="\n    ")
            differed += wrong
            print(
                f"round {number} of {options.rounds}: {len(servers)} servers in"
                f" {time.monotonic() - started:.0f} s, {wrong} not as they should be",
                flush=True,
            )
    finally:  # also where somebody has had enough
        workers.shutdown(cancel_futures=True)
    return 1 if differed else 0


if __name__ == "__main__":
    sys.exit(main())
