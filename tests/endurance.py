"""The same check many times over on a busy machine: a good server must never fail.

    .venv/bin/python tests/endurance.py [--runs 200] [--loops 6] [SERVER] [CHALLENGE ...]

Starts `--loops` processes that only burn time, runs the check `--runs` times, and prints every
run that did not give full marks, with the seed that repeats it. Ends with 1 if there was one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
GOOD = PROJECT / "reference" / "modul_contoh" / "server.py"
LIMIT_SECONDS = 600  # of one run
# ends when its standard input does, so that no loop outlives us, however we end
BURN = "import os, threading\nthreading.Thread(target=lambda: (os.read(0, 1), os._exit(0))).start()"
BURN += "\nwhile True: pass"


def run(server: str, challenges: list[str]) -> dict[str, object]:
    """Return the JSON document of one check."""
    command = [sys.executable, "-m", "autograder.cli", "check", "--json", *challenges, server]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    try:
        document: dict[str, object] = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"no result (exit code {done.returncode}):\n{done.stderr.decode()}")
    return document


def main() -> int:
    """Run, report, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--loops", type=int, default=6)
    parser.add_argument("server", nargs="?", default=str(GOOD))
    parser.add_argument("challenge", nargs="*", default=["threading", "broadcast", "lists"])
    options = parser.parse_args()
    loops = [
        subprocess.Popen([sys.executable, "-c", BURN], stdin=subprocess.PIPE)
        for _loop in range(options.loops)
    ]
    failures, times = 0, []
    try:
        for number in range(1, options.runs + 1):
            result = run(options.server, options.challenge)
            times.append(float(str(result["seconds"])))
            if result["points"] != result["max_points"] or result["error_file"]:
                failures += 1
                print(f"run {number}: {result['points']} points, --seed {result['seed']}")
                for challenge in result["challenges"]:  # type: ignore[attr-defined]
                    for test in challenge["tests"]:
                        if test["outcome"] != "passed":
                            print(f"    {test['id']}: {test['outcome']}: {test['got']}")
                print(end="", flush=True)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    print(
        f"{options.runs} runs with {options.loops} busy loops on {os.cpu_count()} cores:"
        f" {failures} failed; median {statistics.median(times):.2f} s, longest {max(times):.2f} s"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
