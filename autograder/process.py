"""The grader's side of the launcher: start servers, reach them, know how they ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from autograder import cgroup
from autograder import sandbox as sandbox_module
from autograder.launcher import Channel
from autograder.proc import Notes, kernel_can_be_asked
from autograder.sandbox import Sandbox
from autograder.submission import Submission

START_SECONDS = 60.0  # for the launcher to be ready; only a broken machine needs more than one
ANSWER_SECONDS = 10.0

SOCKETS_AT_ONCE = 16

ALWAYS_PRELOADED = ("socket", "threading", "queue", "select", "resource")
"""What the launcher itself needs in a server: loaded once, and not in each."""


class LauncherLost(Exception):
    """The launcher does not answer: killed by what it runs, or by the machine."""


@dataclass
class Exit:
    """How a server's process ended.

    Args:
        code: exit code; negative numbers are signals, as in `subprocess`.
    """

    code: int

    def __str__(self) -> str:
        return str(self.code)


@dataclass
class ServerProcess:
    """One running server.

    Args:
        launcher: what started it.
        pid: its process id as its launcher knows it (inside the sandbox).
        channel: the launcher's channel into that process.
        output: read end of its standard output and standard error, not blocking.
        ports: the ports on which it listens, in the order in which it opened them.
        at_first: how it was when it came to rest before anybody spoke, see `Room.remember_rest`;
            None where nobody looked, or where nobody can tell.
        exit: how it ended, None while it runs.
    """

    launcher: Launcher
    pid: int
    channel: Channel
    output: int | socket.socket
    ports: list[int] = field(default_factory=list)
    exit: Exit | None = None
    at_first: tuple[int, int] | None = None
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    _rest: bytes = b""

    def read_output(self, size: int) -> bytes | None:
        """Return what it printed, b"" where nothing is there now, None after the end."""
        try:
            data = (
                os.read(self.output, size)
                if isinstance(self.output, int)
                else self.output.recv(size)
            )
        except BlockingIOError:
            return b""
        except OSError:
            return None
        return data or None

    def read_channel(self) -> bool:
        """Take in what the process says of itself; return False when it says no more."""
        try:
            data = self.channel.sock.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > 4_000_000:  # never from us
            return False
        for line in lines:
            with contextlib.suppress(ValueError):
                self._hear(sandboxed_json(line))
        return True

    def _hear(self, message: dict[str, Any]) -> None:
        if isinstance(port := message.get("listening"), int) and 0 < port < 65536:
            if port not in self.ports:
                self.ports.append(port)
        elif isinstance(kind := message.get("answer"), str):
            self.answers[kind] = message

    def order(self, order: dict[str, Any]) -> None:
        """Send an order; its answer arrives in `answers` by the order's name."""
        self.answers.pop(order["do"], None)
        with contextlib.suppress(OSError):
            self.channel.send(order)

    def connect(self) -> socket.socket:
        """Begin a connection to the server and return it, not blocking, perhaps not yet made.

        Raises:
            OSError: the server listens nowhere, or the connection is refused at once.
            LauncherLost: the launcher is gone.
        """
        if not self.ports:
            raise ConnectionRefusedError("the server does not listen")
        return self.launcher.connect(self.ports[-1])

    def kill(self) -> None:
        """End the server, but keep what is known of it."""
        self.launcher.stop(self)
        if self.exit is None:
            self.exit = Exit(-signal.SIGTERM)

    def stop(self) -> None:
        """End the server and everything that it started."""
        self.launcher.stop(self)
        self.close()

    def close(self) -> None:
        """Close our ends of its channel and of its output."""
        with contextlib.suppress(OSError):
            self.channel.sock.close()
        if isinstance(self.output, int):
            if self.output >= 0:  # the second time it could be somebody else's
                os.close(self.output)
            self.output = -1
        else:
            self.output.close()


def sandboxed_json(line: bytes) -> dict[str, Any]:
    """Return the object in `line`, which a stranger wrote.

    Raises:
        ValueError: it is none.
    """
    import json

    try:
        value = json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


class Launcher(Protocol):
    """What starts servers of one submission."""

    submission: Submission
    sandbox: Sandbox
    spins: bool  # whether a server of this submission was seen working without end
    dawdles: bool  # whether one was seen neither to answer nor to rest for WAIT_SECONDS
    ahead: bool  # whether to start the next server while the one before is in use
    spare: ServerProcess | None  # one that a room has given back; no other is in use meanwhile
    notes: Notes

    def start(self, *, epoch: float | None, timezone: str | None, hurry: bool) -> ServerProcess: ...

    def start_ahead(self) -> None: ...

    def connect(self, port: int) -> socket.socket: ...

    def stop(self, server: ServerProcess) -> None: ...

    def listen_to(self) -> list[socket.socket]: ...

    def root_pid(self, server: ServerProcess) -> int: ...

    def helpers(self) -> int: ...

    def others(self) -> frozenset[int] | None: ...

    def poll(self, server: ServerProcess) -> None: ...

    def hear(self) -> bool: ...

    def let_go(self) -> None: ...

    def load_clock(self) -> None: ...

    def close(self) -> None: ...


def environment(timezone: str | None) -> dict[str, str]:
    """Return the environment that a server sees: the same everywhere, nothing of the person's."""
    values = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # memory that many threads reserve and never use
    }
    if timezone is not None:
        values["TZ"] = timezone
    if sys.platform == "win32":  # Windows' own sockets need it
        values |= {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return values


def temporary_folder() -> str:
    """Return the machine's folder for files that nobody keeps."""
    import tempfile  # here, and so below, because a check seldom comes here and it takes long

    return tempfile.gettempdir()


def order_for(submission: Submission, sandbox: Sandbox) -> dict[str, Any]:
    """Return the launcher's order for servers of `submission`."""
    return {
        "do": "prepare",
        "name": submission.name,
        "files": {name: data.decode("latin-1") for name, data in submission.files.items()},
        "preload": [*ALWAYS_PRELOADED, *submission.imports()],
        "limits": sandbox.limits,
        "uid": sandbox.uid,
        "alone": sandbox.alone,
        "folder": sandbox_module.FOLDER if sandbox.alone else temporary_folder(),
        "library": (
            sandbox_module.LIBRARY
            if sandbox.alone
            else str(sandbox_module.clock_library()[0].parent)
        ),
    }


class WarmLauncher:
    """A launcher that forks servers from a warm process (POSIX).

    Args:
        submission: the server and its files.
        sandbox: where to run it; one that `probe` finds, should this one not work.

    The process is started at once and gets ready while the grader does other things.
    """

    def __init__(self, submission: Submission, sandbox: Sandbox) -> None:
        self.submission = submission
        self.sandbox = sandbox
        self.spins = self.dawdles = False
        self.ahead = False
        self.spare: ServerProcess | None = None
        self.notes = Notes()
        self._servers: dict[int, ServerProcess] = {}  # those that run and have a room
        self._next: ServerProcess | None = None  # started ahead; its pid is 0 until it is told
        self._wish: tuple[float | None, str | None, bool] = (None, None, False)  # of the last
        self._wish_of_next: tuple[object, ...] = ()
        self._sockets: list[socket.socket] = []  # of the servers' network, not connected yet
        self._stopping = 0  # orders to stop that were not answered yet
        self._clock_loaded = False
        self._ready = self._up = False
        try:
            self._begin()
        except OSError:  # the program of the sandbox is not to be run
            if not sandbox.alone:
                raise
            self._begin_in_the_next_sandbox()

    def _begin(self) -> None:
        """Start the launcher's process."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._channel = Channel(ours)
        self._group = cgroup.new()
        with theirs:
            command = self.sandbox.command("warm", str(theirs.fileno()))
            if self._group is not None:
                command = self._group.around(command)
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env=sandbox_module.ENVIRONMENT,
                cwd="/",
            )
        ours.settimeout(START_SECONDS)
        with contextlib.suppress(LauncherLost):  # whoever waits for it will see
            self._send(order_for(self.submission, self.sandbox))

    def _begin_in_the_next_sandbox(self) -> None:
        """Start the launcher's process where it is known to start."""
        self._channel.sock.close()
        if self._group is not None:
            self._group.remove()
        self.sandbox, _why = sandbox_module.probe()
        self._begin()

    def _send(self, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
        try:
            self._channel.send(message, fds)
        except OSError as error:
            raise self._lost() from error

    def _lost(self) -> LauncherLost:
        stream = self._process.stderr
        said = b""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._process.wait(1)
        if stream is not None:
            os.set_blocking(stream.fileno(), False)
            with contextlib.suppress(OSError):
                said = stream.read() or b""
        return LauncherLost(said.decode(errors="replace")[-2000:].strip())

    def _wait_ready(self) -> None:
        if self._ready:
            return
        try:
            self._answer("ready")
        except LauncherLost:
            # only where it did not even start: what it had to do later may be a submission's fault
            if self._up or not self.sandbox.alone:
                raise
            self._end()
            self._begin_in_the_next_sandbox()
            self._answer("ready")
        self._channel.sock.settimeout(ANSWER_SECONDS)
        self._ready = True

    def _answer(self, kind: str, fds: list[int] | None = None) -> dict[str, Any]:
        """Wait for the answer `kind`; what the launcher tells meanwhile is taken in."""
        while True:
            message = self._receive(fds)
            if not self._take_in(message) and kind in message:
                return message

    def _receive(self, fds: list[int] | None = None) -> dict[str, Any]:
        message: dict[str, Any] | None = self._channel.receive(fds)
        if message is None:
            raise self._lost()
        return message

    def _take_in(self, message: dict[str, Any]) -> bool:
        """Note what nobody waits for, and tell whether it was such a thing."""
        if "exited" in message:
            pid = message["exited"]
            if self._next is not None and self._next.pid == pid:
                self._next.exit = Exit(message["status"])
            server = self._servers.pop(pid, None)
            if server is not None:
                server.exit = Exit(message["status"])
        elif "up" in message:
            self._up = True
        elif "ahead" in message:
            assert self._next is not None
            self._next.pid = message["ahead"]
        elif "stopped" in message:
            self._stopping -= 1
        else:
            return False
        return True

    def hear(self) -> bool:
        """Take in what the launcher tells by itself; tell whether a server in use has ended."""
        message = self._receive()
        concerns_somebody = message.get("exited") in self._servers
        self._take_in(message)
        return concerns_somebody

    def start(
        self, *, epoch: float | None = None, timezone: str | None = None, hurry: bool = False
    ) -> ServerProcess:
        """Start a server and return it; it may not listen yet.

        Args:
            epoch: what the wall clock shows at the start, in seconds since 1970 UTC; None for
                the real time.
            timezone: its `TZ`.
            hurry: whether its waits of up to two seconds pass twenty times as fast.

        Raises:
            LauncherLost: the launcher is gone.
        """
        self._wait_ready()
        wish = (epoch, timezone, hurry)
        server = self._take_next() if self._wish_of_next == wish else None
        if server is None:
            server = self._order("started", *wish)
            try:
                server.pid = self._answer("started")["started"]
            except LauncherLost:
                server.close()
                raise
        self._servers[server.pid] = server
        self._wish = wish
        return server

    def start_ahead(self) -> None:
        """Order the next server, like the last, if servers are to be started ahead.

        To be called when the last one listens: were they to begin together, one that bears no
        other beside it might be the one that comes too late.

        Raises:
            LauncherLost: the launcher is gone.
        """
        epoch = self._wish[0]
        if self.ahead and not self.spins and epoch is None and self._next is None:
            self._next = self._order("ahead", *self._wish)
            self._wish_of_next = self._wish

    def _order(
        self, answer: str, epoch: float | None, timezone: str | None, hurry: bool
    ) -> ServerProcess:
        """Let the launcher start a server; it tells its pid under `answer`."""
        read_end, write_end = os.pipe()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        os.set_blocking(read_end, False)
        ours.setblocking(False)
        server = ServerProcess(self, 0, Channel(ours), read_end)
        order = {
            "do": "start",
            "answer": answer,
            "epoch": epoch,
            "hurry": hurry,
            "environment": environment(timezone),
        }
        try:
            self._send(order, (write_end, theirs.fileno()))
        except LauncherLost:
            server.close()
            raise
        finally:
            theirs.close()
            os.close(write_end)
        return server

    def _take_next(self) -> ServerProcess | None:
        """Return the server that was started ahead once it listens, None where it never will."""
        server = self._next
        if server is None:
            return None
        deadline = time.monotonic() + ANSWER_SECONDS
        while not (server.pid and server.ports) and server.exit is None:
            if time.monotonic() > deadline:
                break
            if self._channel.waiting():
                self._take_in(self._receive())
                continue
            ready, _, _ = select.select([self._channel.sock, server.channel.sock], [], [], 1)
            if self._channel.sock in ready:
                self._take_in(self._receive())
            if server.channel.sock in ready and not server.read_channel():
                break
        self._next = None
        if server.pid and server.ports and server.exit is None:
            return server
        # perhaps it cannot stand another one beside it: from now on each is alone
        self.ahead = False
        server.stop()
        return None

    def connect(self, port: int) -> socket.socket:
        """Begin a connection to `port` in the servers' network; see `ServerProcess.connect`."""
        if not self.sandbox.alone:
            return begin_connection(port, socket.socket())
        if not self._sockets:
            fds: list[int] = []
            self._send({"do": "sockets", "count": SOCKETS_AT_ONCE})
            self._answer("sockets", fds)
            self._sockets = [socket.socket(fileno=fd) for fd in fds]
        return begin_connection(port, self._sockets.pop())

    def stop(self, server: ServerProcess) -> None:
        """End `server`, everything that it started, and what it wrote.

        It is ordered and not waited for: the launcher does one thing after another.
        """
        self._servers.pop(server.pid, None)
        with contextlib.suppress(LauncherLost):
            self._send({"do": "stop", "pid": server.pid})
            self._stopping += 1

    def poll(self, server: ServerProcess) -> None:
        """Take in what the launcher told together with an answer: no socket says so any more."""
        while self._channel.waiting():
            self.hear()

    def others(self) -> frozenset[int] | None:
        """Return the servers that run beside those in use, by their pids inside the sandbox.

        None where that is not known just now: one is being started or stopped.
        """
        if self._stopping or (self._next is not None and not self._next.pid):
            return None
        return frozenset([self._next.pid] if self._next is not None else [])

    def listen_to(self) -> list[socket.socket]:
        """Return the sockets on which `hear` has something to take in."""
        return [self._channel.sock]

    def root_pid(self, server: ServerProcess) -> int:
        """Return the process under which the server's processes are found."""
        return self._process.pid

    def helpers(self) -> int:
        """Return how many processes from `root_pid` down are the launcher's own."""
        return 3 if self.sandbox.alone else 1  # bubblewrap inside and outside, and the launcher

    def load_clock(self) -> None:
        """Load what sets clocks once, and not in each server whose clock will be set."""
        if not self._clock_loaded:
            self._clock_loaded = True
            self._send({"do": "clock"})

    def let_go(self) -> None:
        """Close our ends: another copy of this process uses the launcher, or nobody."""
        for sock in self._sockets:
            sock.close()
        for server in (self._next, self.spare):
            if server is not None:
                server.close()
        self._next = self.spare = None
        self._channel.sock.close()

    def close(self) -> None:
        """End the launcher and everything that runs under it."""
        self.let_go()
        self._end()

    def _end(self) -> None:
        """End the launcher's process."""
        self._channel.sock.close()  # it then ends its servers, removes its folders and itself
        if not has_ended(self._process, ANSWER_SECONDS):
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
        if self._group is not None:
            self._group.remove()


def has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait at most `seconds` for a process to end, and tell whether it has."""
    if process.returncode is not None:  # its number may be somebody else's by now
        return True
    try:
        handle = os.pidfd_open(process.pid)  # `Popen.wait` with a time limit sleeps and looks
    except (AttributeError, OSError):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        return process.poll() is not None
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


def begin_connection(port: int, sock: socket.socket) -> socket.socket:
    """Begin to connect `sock` to `port` on its network's loopback; raises OSError if refused."""
    sock.setblocking(False)
    try:
        sock.connect(("127.0.0.1", port))
    except (BlockingIOError, InterruptedError):
        pass
    except OSError:
        sock.close()
        raise
    return sock


class ColdLauncher:
    """A launcher that starts a new Python for each server: where there is no `fork`.

    Args:
        submission: the server and its files.
        sandbox: level "process"; no other can be had without `fork`.
    """

    def __init__(self, submission: Submission, sandbox: Sandbox) -> None:
        self.submission = submission
        self.sandbox = sandbox
        self.spins = self.dawdles = False
        self.ahead = False  # and stays so: nothing would be gained by it
        self.spare: ServerProcess | None = None
        self.notes = Notes()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._folders: dict[int, str] = {}

    def start(
        self, *, epoch: float | None = None, timezone: str | None = None, hurry: bool = False
    ) -> ServerProcess:
        """Start a server; arguments and errors as `WarmLauncher.start`."""
        import secrets
        import shutil
        import tempfile

        folder = tempfile.mkdtemp(prefix="chat-")
        key = secrets.token_hex(16)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(START_SECONDS)
            process = subprocess.Popen(
                self.sandbox.command("once", str(listener.getsockname()[1]), key),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=sys.platform != "win32",
                env=environment(timezone),
            )
            try:
                sock = self._accept(listener, key)
            except TimeoutError:
                process.kill()
                process.wait()
                shutil.rmtree(folder, ignore_errors=True)
                raise LauncherLost("the launcher did not report") from None
        channel = Channel(sock)
        order = order_for(self.submission, self.sandbox)
        order |= {"folder": folder, "environment": environment(timezone), "epoch": epoch}
        order["hurry"] = hurry
        channel.send(order)
        sock.setblocking(False)
        self._processes[process.pid] = process
        self._folders[process.pid] = folder
        output: int | socket.socket
        if sys.platform != "win32" and kernel_can_be_asked():
            # what the kernel tells is only true of what nobody holds in between
            assert process.stdout is not None
            output = os.dup(process.stdout.fileno())
            process.stdout.close()
            os.set_blocking(output, False)
        else:
            output = as_socket(process)
        return ServerProcess(self, process.pid, channel, output)

    def start_ahead(self) -> None:
        """Do nothing: a server that is started anew gains nothing by it."""

    @staticmethod
    def _accept(listener: socket.socket, key: str) -> socket.socket:
        """Return the connection of the launcher that knows `key`; others are turned away."""
        import hmac

        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            sock, _address = listener.accept()
            sock.settimeout(START_SECONDS)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(OSError):
                if hmac.compare_digest(sock.recv(len(key)), key.encode()):
                    return sock
            sock.close()
        raise TimeoutError

    def connect(self, port: int) -> socket.socket:
        """Begin a connection to `port`; raises OSError if it is refused at once."""
        return begin_connection(port, socket.socket())

    def hear(self) -> bool:
        """Take in nothing: `poll` sees which servers have ended."""
        return False

    def poll(self, server: ServerProcess) -> None:
        """Note in `server` whether it has ended."""
        process = self._processes.get(server.pid)
        if process is not None and server.exit is None:
            code = process.poll()
            if code is not None:
                server.exit = Exit(code)

    def stop(self, server: ServerProcess) -> None:
        """End `server`, the processes that it started, and what it wrote."""
        process = self._processes.pop(server.pid, None)
        if process is None:
            return
        import shutil

        import psutil

        below = []
        with contextlib.suppress(psutil.Error):
            below = psutil.Process(process.pid).children(recursive=True)
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        for child in below:
            with contextlib.suppress(psutil.Error):
                child.kill()
        shutil.rmtree(self._folders.pop(server.pid), ignore_errors=True)

    def listen_to(self) -> list[socket.socket]:
        """Return no sockets: an ended process is seen by `poll`."""
        return []

    def root_pid(self, server: ServerProcess) -> int:
        """Return the server's own process: nothing is above it but the grader."""
        return server.pid

    def helpers(self) -> int:
        """Return 0: the launcher becomes the server."""
        return 0

    def others(self) -> frozenset[int]:
        """Return none: each server is by itself."""
        return frozenset()

    def load_clock(self) -> None:
        """Do nothing: each server is started anew, and loads it anyway."""

    def let_go(self) -> None:
        """Do nothing: where processes cannot be copied, there is no other copy."""

    def close(self) -> None:
        """End all servers."""
        if self.spare is not None:
            self.spare.close()
        for pid in list(self._processes):
            self.stop(ServerProcess(self, pid, Channel(socket.socket()), -1))


def as_socket(process: subprocess.Popen[bytes]) -> socket.socket:
    """Return a socket with what `process` prints: on Windows a pipe cannot be waited for."""
    ours, theirs = socket.socketpair()
    import threading

    stream = process.stdout
    assert stream is not None

    def copy() -> None:
        with theirs, stream, contextlib.suppress(OSError):
            while data := os.read(stream.fileno(), 65536):
                theirs.sendall(data)

    threading.Thread(target=copy, name="server output", daemon=True).start()
    ours.setblocking(False)
    return ours


def start_launcher(submission: Submission, sandbox: Sandbox | None = None) -> Launcher:
    """Start the launcher for `submission`.

    Args:
        sandbox: where; None for the strongest that works here.
    """
    sandbox = sandbox or sandbox_module.likely()
    if sandbox_module.can_fork():
        return WarmLauncher(submission, sandbox)
    return ColdLauncher(submission, sandbox)
