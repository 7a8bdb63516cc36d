"""How long a check takes, as a multiple of `python -c pass` on the same machine in the same run.

    .venv/bin/python tests/benchmarks/check_speed.py [--rounds 9] [--record]

Every program runs once a round, in turn, so that a noisy moment hits all of them; the medians are
compared. The whole process counts, sandbox included.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import figures
from machine import load, machine

PROJECT = Path(__file__).resolve().parents[2]
TROUBLE = PROJECT / "tests" / "servers" / "trouble"
FIRST_CHALLENGES = ("threading", "broadcast", "lists")
BUSY = "busy for ever"
SERVERS = {  # of the first challenges
    "good (modul_contoh)": PROJECT / "reference" / "modul_contoh" / "server.py",
    "answers nothing": TROUBLE / "answers_nothing.py",
    "dies at import": TROUBLE / "dies_at_import.py",
    "never binds": TROUBLE / "never_binds.py",
    "syntax error": TROUBLE / "syntax_error.py",
    "asks input()": TROUBLE / "asks_input.py",
    "floods its log": TROUBLE / "floods_log.py",
    BUSY: TROUBLE / "busy_for_ever.py",
}
SERVERS_OF_ALL = {
    "all: complete": PROJECT / "reference" / "complete" / "server.py",
    "all: untouched starter": PROJECT / "exercises" / "en" / "username" / "server.py",
}
LIMIT_SECONDS = 120


def seconds(command: list[str]) -> float:
    """Return the wall time of one run of `command`, in seconds."""
    # as at a user's: compiled modules are kept from run to run
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    run = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT_SECONDS,
        check=False,
        env=environment,
    )
    took = time.perf_counter() - started
    if run.returncode not in (0, 1):
        sys.exit(f"{command} ended with {run.returncode}:\n{run.stderr.decode()}")
    return took


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="Measure how long a check takes.")
    parser.add_argument("--rounds", type=int, default=9)
    figures.add_option(parser)
    options = parser.parse_args()
    rounds = options.rounds
    commands = {"python -c pass": [sys.executable, "-c", "pass"]}
    for name, server in SERVERS.items():
        commands[name] = [
            *(sys.executable, "-m", "autograder.cli", "check", "--json"),
            *FIRST_CHALLENGES,
            str(server),
        ]
    for name, server in SERVERS_OF_ALL.items():
        check = (sys.executable, "-m", "autograder.cli", "check", "--json", "all")
        commands[name] = [*check, str(server)]
    for command in commands.values():
        seconds(command)  # warm the caches
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _round in range(rounds):
        for name, command in commands.items():
            times[name].append(seconds(command))
    medians = {name: statistics.median(values) for name, values in times.items()}
    base, good = medians["python -c pass"], medians["good (modul_contoh)"]
    print(f"{machine()},")
    print(f"medians of {rounds} rounds; challenges {' '.join(FIRST_CHALLENGES)},")
    print(f"or all where it says so; load at the end: {load()}\n")
    print(f"{'':24}{'seconds':>9}{'x pass':>9}{'x good':>9}")
    for name, median in medians.items():
        print(f"{name:24}{median:9.3f}{median / base:9.1f}{median / good:9.2f}")
    if options.record:
        first, complete = next(iter(SERVERS)), next(iter(SERVERS_OF_ALL))
        figures.record(
            options.record,
            "check_speed",
            {
                "rounds": rounds,
                "seconds": medians,
                "first": medians[first] / base,
                "all": medians[complete] / base,
                "others": {name: medians[name] / good for name in SERVERS if name != first},
                "slowest of them": max(medians[name] for name in SERVERS if name != BUSY) / good,
                "busy": medians[BUSY] / good,
                "untouched": medians["all: untouched starter"] / medians[complete],
            },
        )


if __name__ == "__main__":
    main()
