"""What the tests of the autograder share: little servers, the command as a process, conditions."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from autograder import sandbox
from autograder.dialect import OUR_DIALECT
from autograder.room import Room
from autograder.sandbox import SWITCH
from autograder.submission import Submission

PROJECT = Path(__file__).resolve().parent.parent
REFERENCE = PROJECT / "reference" / "modul_contoh" / "server.py"
SERVERS = PROJECT / "tests" / "servers"

DEADLINE = 120.0
"""Seconds after which a condition that never came true fails a test. Never waited for in vain."""


def submission(source: str, **files: bytes) -> Submission:
    """Return a server made of `source`; `files` lie beside it (`helper_py` is helper.py)."""
    beside = {name.replace("_py", ".py"): data for name, data in files.items()}
    text = textwrap.dedent(source).lstrip("\n")
    return Submission("server.py", "server.py", {"server.py": text.encode(), **beside})


def server_file(folder: Path, source: str) -> Path:
    """Write `source` as server.py into `folder` and return its path."""
    path = folder / "server.py"
    path.write_text(textwrap.dedent(source).lstrip("\n"), encoding="utf-8")
    return path


def environment(without: str = "", **more: str) -> dict[str, str]:
    """Return this process's environment with parts of the autograder switched off."""
    values = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    values |= {"PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8", SWITCH: without, **more}
    return values


def command(*words: str | Path) -> list[str]:
    """Return the words that run the `autograder` command."""
    return [sys.executable, "-m", "autograder.cli", *map(str, words)]


def run(
    *words: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run the `autograder` command and return what came of it."""
    return subprocess.run(
        command(*words),
        cwd=cwd,
        env=dict(env) if env is not None else environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
        **more,
    )


def check(*words: str | Path, **more: Any) -> dict[str, Any]:
    """Run `autograder check … --json` and return its document."""
    done = run("check", *words, "--json", **more)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def results_of(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the results of all tests in a check's document."""
    for challenge in document["challenges"]:
        yield from challenge["tests"]


def ids(document: Mapping[str, Any], *outcomes: str) -> set[str]:
    """Return the names of the tests that had one of `outcomes`."""
    return {test["id"] for test in results_of(document) if test["outcome"] in outcomes}


def until(condition: Callable[[], Any], what: str, seconds: float = DEADLINE) -> Any:
    """Return the first true value of `condition()`.

    Raises:
        AssertionError: it was false for `seconds`; `what` says what did not come.
    """
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (value := condition()):
        assert time.monotonic() < deadline, f"never: {what}"
        pause.wait(0.005)
    return value


def family(pid: int) -> list[psutil.Process]:
    """Return the process `pid` and all below it, as they are now."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def command_of(process: psutil.Process) -> str:
    """Return the command line of a process, "" if it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # gone, or waiting to be cleared away
        return ""


def gone(process: psutil.Process) -> bool:
    """Tell whether a process has ended (one that waits to be cleared away has)."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


LISTENING = """
import socket as _socket
_server = _socket.create_server(("127.0.0.1", 5005))
while True:
    _client, _address = _server.accept()
"""
"""The end of a server that opens its door and does nothing more."""


@contextlib.contextmanager
def without(parts: str) -> Iterator[None]:
    """Do without "fork", "proc", "diag" or "sandbox", several with commas between."""
    before = os.environ.get(SWITCH)
    os.environ[SWITCH] = parts
    sandbox.probe.cache_clear()
    try:
        yield
    finally:
        if before is None:
            del os.environ[SWITCH]
        else:
            os.environ[SWITCH] = before
        sandbox.probe.cache_clear()


def serving(source: str, *, parts: str = "", **options: Any) -> Room:
    """Return a room with a server made of `source`, which speaks our protocol if not told else.

    Args:
        parts: what to do without, as in `without`.
        options: those of `Room`; names that end in `_py` are files beside the server.
    """
    beside = {name: options.pop(name) for name in list(options) if name.endswith("_py")}
    options.setdefault("dialect", OUR_DIALECT)
    with without(parts):
        return Room(submission(source, **beside), **options)


def printed(source: str, **options: Any) -> str:
    """Return what a server that runs `source` prints until it waits for clients."""
    with serving(textwrap.dedent(source) + LISTENING, **options) as room:
        room.settle()
        return room.log
