"""How long a good server's check takes while a bomb is checked beside it, as a ratio in one run.

    .venv/bin/python tests/benchmarks/bombs.py [--rounds 5] [--record]

Each round checks the good server alone, then beside each bomb, which is checked again and again in
a process of its own for as long as that takes. The medians are compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import figures
from machine import load, machine

PROJECT = Path(__file__).resolve().parents[2]
ATTACKS = PROJECT / "tests" / "threats" / "attacks"
GOOD = PROJECT / "reference" / "modul_contoh" / "server.py"
BOMBS = (
    *("fork_bomb", "thread_bomb", "memory_bomb", "memory_bomb_of_many", "shared_memory_bomb"),
    *("file_bomb", "log_flood", "chat_flood", "endless_line"),
)
AIM = {"processes": 1500, "megabytes": 900}  # more than the limits allow, less than hurts
CHECK = (sys.executable, "-m", "autograder.cli", "check", "--json", "threading", "broadcast")
AGAIN = "import subprocess, sys\nwhile True: subprocess.run(sys.argv[1:], capture_output=True)"


def seconds() -> float:
    """Return the wall time of one check of the good server, in seconds."""
    started = time.perf_counter()
    run = subprocess.run([*CHECK, GOOD], capture_output=True, timeout=120, check=False)
    if run.returncode != 0:
        sys.exit(f"the good server was judged otherwise:\n{run.stdout.decode()}")
    return time.perf_counter() - started


def check_beside(server: Path) -> float:
    """Return the same while `server` is checked again and again."""
    with subprocess.Popen([sys.executable, "-c", AGAIN, *CHECK, server]) as bomb:
        try:
            return statistics.median(seconds() for _time in range(3))
        finally:
            bomb.terminate()


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="Measure a good check beside bombs.")
    parser.add_argument("--rounds", type=int, default=5)
    figures.add_option(parser)
    options = parser.parse_args()
    rounds = options.rounds
    times: dict[str, list[float]] = {name: [] for name in ("alone", "another good one", *BOMBS)}
    with tempfile.TemporaryDirectory() as place:
        servers = {"another good one": GOOD}
        for name in BOMBS:
            servers[name] = Path(place, name, "server.py")
            servers[name].parent.mkdir()
            servers[name].write_bytes((ATTACKS / f"{name}.py").read_bytes())
            servers[name].with_name("aim.json").write_text(json.dumps(AIM))
        seconds()  # warm the caches
        for _round in range(rounds):
            times["alone"].append(statistics.median(seconds() for _time in range(3)))
            for name, server in servers.items():
                times[name].append(check_beside(server))
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{machine()},")
    print(f"medians of {rounds} rounds; load at the end: {load()}\n")
    print(f"{'':24}{'seconds':>9}{'x alone':>9}")
    for name, median in medians.items():
        print(f"{name:24}{median:9.3f}{median / medians['alone']:9.2f}")
    if options.record:
        beside = {name: median / medians["alone"] for name, median in medians.items()}
        most = max(beside[name] for name in BOMBS)
        figures.record(options.record, "bombs", {"rounds": rounds, "beside": beside, "most": most})


if __name__ == "__main__":
    main()
