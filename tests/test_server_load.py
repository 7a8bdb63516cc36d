"""The programs that the reference servers are measured against do what they are said to do."""

import json
import subprocess
import sys
from pathlib import Path

from autograder.checking import resolve, run_check
from autograder.load import measure
from autograder.submission import read_server

BENCHMARKS = Path(__file__).parent / "benchmarks"


def test_the_asyncio_server_has_the_same_features():
    result = run_check(resolve(["all"]), read_server(BENCHMARKS / "servers" / "on_asyncio.py"))
    assert (result.points, result.max_points) == (93, 93)


def test_the_bare_limit_serves_clients_that_come_and_leave():
    load = measure(BENCHMARKS / "servers" / "bare.py", clients=20, seconds=0.05)
    assert (load.clients, load.threads, load.problem) == (20, 1, "")


def test_the_benchmark_measures_each_server(tmp_path):
    program = [sys.executable, str(BENCHMARKS / "server_load.py"), "--rounds", "1", "--clients"]
    run = subprocess.run(
        [*program, "2", "6", "--seconds", "0.05", "--record", str(tmp_path / "figures.json")],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "complete is" in run.stdout and "nan" not in run.stdout
    found = json.loads((tmp_path / "figures.json").read_text())["server_load"]
    assert found["messages a second"]["complete"].keys() == {"2", "6"}
