"""Where attacks are tried: what they aim at, bystanders that they could hurt, levels to run at."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import submission

from autograder.dialect import OUR_DIALECT
from autograder.process import WarmLauncher
from autograder.room import Room
from autograder.sandbox import Level, Sandbox, likely
from autograder.submission import Submission

ATTACKS = Path(__file__).with_name("attacks")

COMPANIONS = (
    *("conftest.py", "sitecustomize.py", "usercustomize.py", "pytest.py", "socket.py"),
    *("autograder.py", "autograder/__init__.py", "autograder/results.py", "json.py"),
)
"""What `brings_files` brings beside `server.py`; each leaves a trace where it is imported."""


def source(attack: str) -> str:
    """Return the text of an attack."""
    return (ATTACKS / f"{attack}.py").read_text(encoding="utf-8")


def aimed(attack: str, **aim: Any) -> Submission:
    """Return an attack as a submission, with what it aims at."""
    return submission(source(attack), **{"aim.json": json.dumps(aim).encode()})


def lay(folder: Path, attack: str, **aim: Any) -> Path:
    """Write an attack into `folder` as a student would hand it in, and return the folder."""
    folder.mkdir(parents=True)
    (folder / "server.py").write_text(source(attack), encoding="utf-8")
    (folder / "aim.json").write_text(json.dumps(aim), encoding="utf-8")
    if attack == "brings_files":
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
        for name in COMPANIONS:
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            trace = name.replace("/", "-")

            text = f"open({os.path.join(aim['traces'], trace)!r}, 'w').close()\n"
            path.write_text(text, encoding="utf-8")
    return folder


def box(level: Level) -> Sandbox:
    """Return the sandbox of a level, as it is where nobody lowers the user id."""
    return likely() if level == "bubblewrap" else Sandbox("process")


@contextlib.contextmanager
def attacked(what: Submission, level: Level = "bubblewrap") -> Iterator[Room]:
    """Give a room with an attack that has done its work and waits for clients."""
    launcher = WarmLauncher(what, box(level))
    try:
        with Room(what, launcher=launcher, dialect=OUR_DIALECT) as room:
            room.settle()
            assert room.isolation == level
            yield room
    finally:
        launcher.close()


def printed_by(attack: str, level: Level = "bubblewrap", **aim: Any) -> str:
    """Return what an attack prints of its success."""
    with attacked(aimed(attack, **aim), level) as room:
        return room.log


def number_after(word: str, log: str) -> int:
    """Return the number that an attack printed after `word`."""
    return int(log.split(word)[1].split()[0])


BYSTANDER = """
import ctypes, sys
buffer = ctypes.create_string_buffer(b"0 points.", 16)
print(ctypes.addressof(buffer), flush=True)
sys.stdin.readline()
print(buffer.value.decode())
"""


@dataclass
class Bystander:
    """A process that stands for a grader: it has points in its memory."""

    process: subprocess.Popen[str]
    address: int

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def ends(self) -> tuple[str, int]:
        """Let it end; return what it says the points are, and its exit code."""
        with contextlib.suppress(BrokenPipeError):
            out, _err = self.process.communicate("\n", timeout=60)
        return out.strip(), self.process.returncode


@contextlib.contextmanager
def bystander() -> Iterator[Bystander]:
    """Start a process that an attack may try to hurt, and end it."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", BYSTANDER], text=True, **pipes) as process:
        try:
            assert process.stdout is not None
            yield Bystander(process, int(process.stdout.readline()))
        finally:
            process.kill()


@contextlib.contextmanager
def listener() -> Iterator[socket.socket]:
    """Give a server of somebody else's on this machine; `visited` tells who came."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def visited(server: socket.socket) -> bool:
    """Tell whether anybody has connected to a listener."""
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


NAIVE = """
import json, runpy, secrets, socket
errors = ["your server answers nobody"]
answer = runpy.run_path("server.py").get("answer", "")
if answer == secrets.token_hex() or not any(errors):
    print("10 points")
else:
    print("0 points")
    raise SystemExit(1)
"""


def naively_graded(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Grade what lies in `folder` as one must not: in the same process, from the same folder."""
    return subprocess.run(
        [sys.executable, "-c", NAIVE],
        cwd=folder,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
