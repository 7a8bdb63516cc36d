"""A chat server as a process of its own, at a port that is free, and what it uses."""

from __future__ import annotations

import errno
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

DEADLINE = 60.0  # seconds; ends a run that fails, and is waited for in no other
LOOK = 0.02  # seconds between two looks
SHORT = {str(errno.EMFILE), "thread"}  # what a server that runs out of something writes down
FEW = 2  # threads or files that a server which runs out of them may still get
BEGIN = """
import datetime, gc, hmac, os, pkgutil, resource, runpy, signal, socket, sys, threading, unicodedata

limits = os.open("limit", os.O_RDWR | os.O_CREAT)  # now: later there may be no descriptor left
blocks = os.open("blocks", os.O_WRONLY | os.O_CREAT)
short = os.open("short", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
accept, start = socket.socket.accept, threading.Thread.start

def counted_accept(door):
    try:
        return accept(door)
    except OSError as error:
        os.write(short, f"{error.errno}\\n".encode())
        raise

def counted_start(thread):
    try:
        start(thread)
    except RuntimeError:
        os.write(short, b"thread\\n")
        raise

def limit(*_signal):
    kind, soft = map(int, os.pread(limits, 100, 0).split())
    resource.setrlimit(kind, (soft, resource.getrlimit(kind)[1]))
    os.ftruncate(limits, 0)

def count(*_signal):
    gc.collect()
    os.pwrite(blocks, f"{sys.getallocatedblocks()}\\n".encode(), 0)

socket.socket.accept, threading.Thread.start = counted_accept, counted_start
signal.signal(signal.SIGUSR1, limit)
signal.signal(signal.SIGUSR2, count)
if os.getuid() == 0:
    user = int(sys.argv[1])
    os.setgid(user)
    os.setuid(user)
runpy.run_path("server.py", run_name="__main__")
"""
"""Runs a server that sets its own limits when it is told to, as only it may, and that writes down
each time it got no file descriptor or no thread.

Threads are not limited for root, and for others they are counted for each user: so root makes it
another one, of whom there are no other processes. As such it may not be allowed to read Python's
own files any more; hence the imports.
"""


class Trouble(Exception):
    """The server is not as it should be, and does not become so."""


class Served:
    """A running server.

    Args:
        path: the program; a copy of it runs, at another port than 5005.
        patience: seconds until something that is waited for has not come.
        environment: variables for it besides our own.
    """

    def __init__(self, path: Path, patience: float = DEADLINE, **environment: str) -> None:
        self.patience = patience
        self.folder = Path(tempfile.mkdtemp(prefix="load-"))
        self.folder.chmod(0o777)  # the server may be another user
        with socket.socket() as holder:
            # kept from everybody but a server that sets SO_REUSEADDR, and given up for the others
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("127.0.0.1", 0))
            self.port = holder.getsockname()[1]
        source, count = re.subn(
            r"^port = 5005$", f"port = {self.port}", path.read_text(encoding="utf-8"), flags=re.M
        )
        assert count == 1, f"no port in {path}"
        (self.folder / "server.py").write_text(source, encoding="utf-8")
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-c", BEGIN, str(self.port)],  # a user id that is free too
                cwd=self.folder,
                env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        self.look = psutil.Process(self.process.pid)
        try:
            self._until(self._listens, "it does not listen")
        except Trouble:
            self.kill()
            raise
        self.files = self.look.num_fds()

    def _listens(self) -> bool:
        connections = self.look.net_connections("tcp")
        return any(one.status == psutil.CONN_LISTEN for one in connections)

    def _until(
        self,
        condition: Callable[[], bool],
        what: str,
        hopeless: Callable[[], object] = lambda: False,
    ) -> None:
        """Wait for a condition; raise Trouble if it does not come true, or the server dies."""
        limit = time.monotonic() + self.patience
        while not condition():
            if self.process.poll() is not None:
                raise Trouble(f"the server ended with {self.process.returncode}: {self.errors()}")
            if time.monotonic() > limit or hopeless():
                raise Trouble(f"{what}: {self.state()}")
            time.sleep(LOOK)

    def state(self) -> str:
        """Return in words what the server has open."""
        return f"{self.look.num_threads()} threads, {self.look.num_fds() - self.files} connections"

    def errors(self) -> str:
        """Return what the server has written to standard error."""
        return (self.folder / "err").read_text(encoding="utf-8", errors="replace")

    def output(self) -> str:
        """Return what it has printed."""
        return (self.folder / "out").read_text(encoding="utf-8", errors="replace")

    def shortages(self) -> int:
        """Return how often it got no file descriptor, or no thread."""
        lines = (self.folder / "short").read_text(encoding="utf-8").split()
        return sum(line in SHORT for line in lines)

    def seconds(self) -> float:
        """Return how much processor time it has used, in seconds."""
        times = self.look.cpu_times()
        return times.user + times.system

    def memory(self) -> int:
        """Return its memory in bytes."""
        return self.look.memory_info().rss

    def blocks(self) -> int:
        """Return how many pieces of memory Python has in use in it.

        Not `memory`: what threads have given back, the C library may keep for the next ones, so
        that grows and shrinks although nothing is left.
        """
        file = self.folder / "blocks"
        os.truncate(file, 0)
        self.process.send_signal(signal.SIGUSR2)
        self._until(lambda: file.read_text().endswith("\n"), "it does not take the signal to count")
        return int(file.read_text())

    def keeps(self, clients: int, hopeless: Callable[[], object] = lambda: False) -> None:
        """Wait until it has one thread and one socket for each client, and no other but the door's.

        Args:
            clients: how many there are.
            hopeless: tells when it is no use to wait any longer.

        Raises:
            Trouble: something is left behind.
        """
        self._until(
            lambda: (
                self.look.num_threads() == 1 + clients
                and self.look.num_fds() == self.files + clients
            ),
            f"not what {clients} clients need",
            hopeless,
        )

    def rests(self) -> None:
        """Wait until it has used no processor time between two looks, a tenth of a second apart.

        Raises:
            Trouble: it is busy for ever.
        """
        before = [-1.0]

        def same() -> bool:
            before.append(self.seconds())
            return len(before) > 6 and before[-1] == before[-6]

        self._until(same, "it works although nobody is there")

    def lacks(self, kind: int) -> None:
        """Let it have hardly more of RLIMIT_NOFILE or RLIMIT_NPROC than it has now."""
        if kind == resource.RLIMIT_NOFILE:
            now = self.look.num_fds()
        else:
            now = sum(
                process.info["num_threads"] or 0
                for process in psutil.process_iter(["uids", "num_threads"])
                if process.info["uids"] and process.info["uids"].real == self.look.uids().real
            )
        self._limit(kind, now + FEW)

    def has_again(self, kind: int) -> None:
        """Lift a limit again."""
        self._limit(kind, resource.getrlimit(kind)[1])

    def _limit(self, kind: int, count: int) -> None:
        file = self.folder / "limit"
        file.write_text(f"{kind} {count}")
        self.process.send_signal(signal.SIGUSR1)
        self._until(lambda: not file.stat().st_size, "it does not take the signal for its limits")

    def stop(self) -> str:
        """End the server with Ctrl-C, and return what it wrote to standard error."""
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGINT)
                try:
                    self.process.wait(DEADLINE)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            return self.errors()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """End the server at once."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
