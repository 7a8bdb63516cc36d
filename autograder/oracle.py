"""Can the server still do anything by itself? The kernel knows, so nobody has to guess.

A server is *idle* when every thread of it is blocked in a system call that only input or another
thread can end, and nothing is on its way to it or from it. Then what has not arrived never will.

Why two looks suffice: a look reads, for each thread, the system call in which it is blocked and
how long it has run so far. If two looks agree, no thread has run between its first and its second
reading. All first readings come before all second ones, so there was a moment at which all
threads were blocked together. If nothing was under way at that moment either, nothing can wake
them but us.

A thread that waits with a time limit (a `sleep`, a polling loop) is *dozing*: it will wake by
itself. The server counts as idle when each dozing thread has woken once since the last thing
that happened, has done nothing that anybody could see, and dozes again; or when it will sleep for
longer than anybody would wait (`HORIZON_SECONDS`).
"""

from __future__ import annotations

import array
import contextlib
import os
import platform
import socket
import struct
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from autograder.sandbox import switched_off
from autograder.threadmap import Waits

HORIZON_SECONDS = 3.0
ACKNOWLEDGE_SECONDS = 0.003
"""Bytes that are sent but not acknowledged have nearly always arrived, and the acknowledgement is
held back; but for an instant they can be in the hands of another processor, in no queue at all."""
QUIET_SECONDS = 1.5  # without the kernel's help: nothing for so long counts as idle

State = Literal["busy", "dozing", "idle"]

# System calls in which a thread waits, by architecture (arch/x86/entry/syscalls/syscall_64.tbl
# and include/uapi/asm-generic/unistd.h of Linux). The word says where the time limit stands.
_X86_64 = {
    0: "always", 45: "always", 47: "always", 43: "always", 288: "always",  # read recv accept
    1: "socket", 44: "socket", 46: "socket", 20: "socket",  # write sendto sendmsg writev
    61: "always", 247: "always", 34: "always", 130: "always",  # wait4 waitid pause sigsuspend
    7: "milliseconds 2", 232: "milliseconds 3", 281: "milliseconds 3",  # poll epoll_wait/pwait
    23: "timeval 4", 270: "timespec 4", 271: "timespec 2", 441: "timespec 3", 128: "timespec 2",
    35: "timespec 0", 230: "sleep 2", 202: "futex 3", 219: "unknown",
}  # fmt: skip
_ARM_64 = {
    63: "always", 207: "always", 212: "always", 202: "always", 242: "always",
    64: "socket", 206: "socket", 211: "socket", 66: "socket",
    260: "always", 95: "always", 133: "always",
    22: "milliseconds 3", 72: "timespec 4", 73: "timespec 2", 441: "timespec 3", 137: "timespec 2",
    101: "timespec 0", 115: "sleep 2", 98: "futex 3", 128: "unknown",
}  # fmt: skip
_TABLES = {"x86_64": _X86_64, "aarch64": _ARM_64}

_WORDS: dict[int, Waits] = (
    {45: "recv", 47: "recv", 0: "recv", 43: "accept", 288: "accept", 44: "send", 46: "send",
     1: "send", 7: "select", 23: "select", 270: "select", 271: "select", 232: "select",
     281: "select", 35: "sleep", 230: "sleep", 202: "lock"}
    if platform.machine() == "x86_64"
    else {207: "recv", 212: "recv", 63: "recv", 202: "accept", 242: "accept", 206: "send",
          211: "send", 64: "send", 72: "select", 73: "select", 22: "select", 101: "sleep",
          115: "sleep", 98: "lock"}
)  # fmt: skip
"""The thread map's word for each system call."""

_FUTEX_WAITS = {0, 9, 6, 13, 11}  # WAIT, WAIT_BITSET, LOCK_PI, LOCK_PI2, WAIT_REQUEUE_PI
_FUTEX_ABSOLUTE = {9, 13, 11, 6}
_FUTEX_REALTIME_FLAG = 256
_TIMER_ABSTIME = 1
_SIOCOUTQ = 0x5411  # asm-generic/ioctls.h: bytes that were not acknowledged yet
_SIOCOUTQNSD = 0x894B  # linux/sockios.h: bytes that were not even sent, the other side being full


class Oracle(Protocol):
    """What tells whether a server can still do anything."""

    exact: bool

    def touch(self) -> None:
        """Note that something has happened: bytes were moved, or the clock was set."""

    def state(
        self,
        connections: Sequence[socket.socket],
        paused: Iterable[int] = (),
        gone: Iterable[int] = (),
    ) -> State:
        """Return what the server is doing.

        Args:
            connections: our ends of all open connections.
            paused: local ports of those that do not read on purpose.
            gone: local ports of those that we have closed.
        """

    def cpu_seconds(self) -> float:
        """Return the processor time that the server's threads have used so far, in seconds."""


@dataclass(frozen=True)
class Thread:
    """One look at one thread.

    Args:
        pid, tid: process and thread as the kernel names them here.
        call: name of the wait as in the tables above, "" where it is not waiting.
        number: number of the system call, -1 where it runs.
        arguments: the system call's arguments.
        ran: how much it has run so far (nanoseconds, or switches where those are not told).
    """

    pid: int
    tid: int
    call: str
    number: int
    arguments: tuple[int, ...]
    ran: int


@dataclass
class KernelOracle:
    """Asks Linux, through /proc.

    Args:
        root: the process under which all of the server's processes are.
    """

    root: int
    exact: bool = True
    _touched: float = field(default_factory=time.monotonic)
    _ran_at_touch: dict[int, int] | None = None
    _first_seen: dict[tuple[int, int], float] = field(default_factory=dict)

    def touch(self) -> None:
        """See `Oracle`."""
        self._ran_at_touch = None
        self._touched = time.monotonic()

    def state(
        self,
        connections: Sequence[socket.socket],
        paused: Iterable[int] = (),
        gone: Iterable[int] = (),
    ) -> State:
        """See `Oracle`."""
        for connection in connections:
            acknowledge_now(connection)
        first = self.look()
        if any(not thread.call for thread in first):
            self._remember(first)
            return "busy"
        if not self._nothing_under_way(connections, set(paused), set(gone), first):
            self._remember(first)
            return "busy"
        dozing = [thread for thread in first if self._wakes_soon(thread)]
        if self.look() != first:
            self._remember(first)
            return "busy"
        if self._remember(first) and dozing:
            return "dozing"
        assert self._ran_at_touch is not None
        if all(self._ran_at_touch.get(thread.tid, -1) != thread.ran for thread in dozing):
            return "idle"
        return "dozing"

    def _remember(self, threads: list[Thread]) -> bool:
        """Note how far each thread had run when something last happened; True if noted now."""
        if self._ran_at_touch is not None:
            return False
        self._ran_at_touch = {thread.tid: thread.ran for thread in threads}
        return True

    def cpu_seconds(self) -> float:
        """See `Oracle`."""
        total = 0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                for tid in os.listdir(f"/proc/{pid}/task"):
                    with contextlib.suppress(OSError, ValueError, IndexError):
                        total += int(read(f"/proc/{pid}/task/{tid}/schedstat").split()[0])
        return total / 1e9

    def processes(self) -> list[int]:
        """Return the root and all processes under it."""
        found, fresh = [self.root], [self.root]
        while fresh:
            pid = fresh.pop()
            with contextlib.suppress(OSError):
                for tid in os.listdir(f"/proc/{pid}/task"):
                    with contextlib.suppress(OSError):
                        below = [
                            int(child) for child in read(f"/proc/{pid}/task/{tid}/children").split()
                        ]
                        found += below
                        fresh += below
        return found

    def look(self) -> list[Thread]:
        """Return every thread of every process, as it is at this moment."""
        threads = []
        for pid in self.processes():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for tid in os.listdir(f"/proc/{pid}/task"):
                    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                        if thread := look_at(pid, int(tid)):
                            threads.append(thread)
        return threads

    def waits(self, people: dict[int, str]) -> dict[int, tuple[Waits, str | None]]:
        """Return what each thread waits for, and for whom, by its id as the server knows it.

        Args:
            people: the name of each client by the local port of its connection.
        """
        found: dict[int, tuple[Waits, str | None]] = {}
        for thread in self.look():
            with contextlib.suppress(OSError, IndexError):
                base = f"/proc/{thread.pid}/task/{thread.tid}"
                inside = next(
                    line for line in read(f"{base}/status").splitlines() if line[:6] == "NSpid:"
                )
                found[int(inside.split()[-1])] = (
                    _WORDS.get(thread.number, "other") if thread.call else "running",
                    self._peer(thread, people),
                )
        return found

    @staticmethod
    def _peer(thread: Thread, people: dict[int, str]) -> str | None:
        """Return the name of the client whose connection a thread waits on."""
        fd = None
        if _WORDS.get(thread.number) in ("recv", "send"):
            fd = thread.arguments[0]
        elif thread.call == "milliseconds 2" and thread.arguments[1] == 1:  # poll() of one socket
            with open(f"/proc/{thread.pid}/mem", "rb", buffering=0) as memory:
                memory.seek(thread.arguments[0])
                fd = struct.unpack("i", memory.read(4))[0]
        if fd is None:
            return None
        link = os.readlink(f"/proc/{thread.pid}/fd/{fd}")
        for port, row in sockets_of(thread.pid).items():
            if link == f"socket:[{row.inode}]":
                return people.get(port)
        return None

    def _wakes_soon(self, thread: Thread) -> bool:
        """Tell whether a waiting thread will wake by itself within `HORIZON_SECONDS`."""
        seconds = seconds_left(thread)
        if seconds is None:
            return False
        # where the limit counts from the call, all that is known is when we first saw it there
        now = time.monotonic()
        since = self._first_seen.setdefault((thread.tid, thread.ran), now)
        if len(self._first_seen) > 10_000:
            self._first_seen.clear()
        return seconds - (now - since) < HORIZON_SECONDS

    def _nothing_under_way(
        self,
        connections: Sequence[socket.socket],
        paused: set[int],
        gone: set[int],
        threads: list[Thread],
    ) -> bool:
        """Tell whether no byte is between us and the server, in neither direction."""
        if packets_waiting():
            return False
        quiet = time.monotonic() - self._touched
        network = next((thread.pid for thread in reversed(threads)), self.root)
        server_side = sockets_of(network)
        for connection in connections:
            try:
                port = connection.getsockname()[1]
            except OSError:
                continue
            row = server_side.get(port)
            if row is None:
                continue
            if row.unsent and port not in paused:
                return False
            if not row.unread and queued(connection, _SIOCOUTQNSD):
                return False
            if queued(connection, _SIOCOUTQ) and quiet < ACKNOWLEDGE_SECONDS:
                return False
        return not any(port in server_side and server_side[port].established for port in gone)


@dataclass(frozen=True)
class SocketRow:
    """The server's end of one connection, as /proc/net/tcp shows it.

    Args:
        unsent: bytes that we have not acknowledged yet.
        unread: bytes that the server has not read yet.
        established: whether the server's kernel still takes the connection for whole: no FIN
            and no RST of ours has arrived.
        inode: the socket's number in /proc/PID/fd.
    """

    unsent: int
    unread: int
    established: bool
    inode: int


def sockets_of(pid: int) -> dict[int, SocketRow]:
    """Return the TCP sockets of `pid`'s network by the port of their other end."""
    rows: dict[int, SocketRow] = {}
    for name in ("tcp", "tcp6"):
        try:
            lines = read(f"/proc/{pid}/net/{name}").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            unsent, unread = fields[4].split(":")
            peer = int(fields[2].rsplit(":", 1)[1], 16)
            if peer:
                rows[peer] = SocketRow(
                    int(unsent, 16), int(unread, 16), fields[3] == "01", int(fields[9])
                )
    return rows


def packets_waiting() -> bool:
    """Tell whether packets wait in the kernel's queues (all of the machine's loopback traffic)."""
    try:
        lines = read("/proc/net/softnet_stat").splitlines()
    except OSError:
        return False
    for line in lines:
        fields = line.split()
        if len(fields) > 11 and int(fields[11], 16):  # softnet_backlog_len, since Linux 5.10
            return True
    return False


def queued(connection: socket.socket, which: int) -> int:
    """Return how many bytes of ours are not sent, or not acknowledged, as `which` asks."""
    import fcntl

    buffer = array.array("i", [0])
    try:
        fcntl.ioctl(connection, which, buffer)
    except OSError:
        return 0
    return buffer[0]


def acknowledge_now(connection: socket.socket) -> None:
    """Send a delayed acknowledgement at once, so that a small message behind another may go."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def read(path: str) -> str:
    """Return a small file of /proc as text."""
    fd = os.open(path, os.O_RDONLY)
    try:
        pieces = []
        while piece := os.read(fd, 65536):
            pieces.append(piece)
            if len(piece) < 3000:  # /proc fills whole pages until the end
                break
        return b"".join(pieces).decode(errors="replace")
    finally:
        os.close(fd)


def look_at(pid: int, tid: int) -> Thread | None:
    """Return what one thread does now, None if it has ended."""
    base = f"/proc/{pid}/task/{tid}"
    words = read(f"{base}/syscall").split()
    ran = how_long_it_ran(base)
    if words[0] == "running":
        state = read(f"{base}/stat").rpartition(")")[2].split()[0]
        if state in "ZX":  # ended, only not cleared away yet
            return None
        return Thread(pid, tid, "", -1, (), ran)
    # A thread that is just being woken on another processor still shows its system call, and has
    # not run yet. Only its state tells (TASK_WAKING is shown as R).
    if read(f"{base}/stat").rpartition(")")[2].split()[0] != "S":
        return Thread(pid, tid, "", -1, (), ran)
    number = int(words[0])
    arguments = tuple(int(word, 16) for word in words[1:7])
    call = _TABLES[platform.machine()].get(number, "")
    if call == "socket" and not is_socket(pid, arguments[0]):
        call = ""
    if call.startswith("futex") and arguments[1] & 127 not in _FUTEX_WAITS:
        call = ""
    return Thread(pid, tid, call, number, arguments, ran)


def how_long_it_ran(base: str) -> int:
    """Return a number that grows whenever the thread of `base` runs."""
    try:
        return int(read(f"{base}/schedstat").split()[0])
    except (OSError, ValueError, IndexError):
        switches = [
            int(line.split()[1])
            for line in read(f"{base}/status").splitlines()
            if "ctxt_switches" in line
        ]
        return sum(switches)


def is_socket(pid: int, fd: int) -> bool:
    """Tell whether a file descriptor of `pid` is a socket."""
    try:
        return os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")
    except OSError:
        return False


def seconds_left(thread: Thread) -> float | None:
    """Return in how many seconds at the latest the thread wakes by itself, None for never."""
    how, _, place = thread.call.partition(" ")
    if how in ("always", "socket"):
        return None
    if how == "unknown":
        return 0.0
    value = thread.arguments[int(place)]
    if how == "milliseconds":
        milliseconds = struct.unpack("i", struct.pack("I", value & 0xFFFFFFFF))[0]
        return None if milliseconds < 0 else milliseconds / 1000
    if value == 0:
        return None
    try:
        with open(f"/proc/{thread.pid}/mem", "rb", buffering=0) as memory:
            memory.seek(value)
            whole, part = struct.unpack("qq", memory.read(16))
    except (OSError, ValueError, struct.error, OverflowError):
        return 0.0
    seconds = whole + part / (1e6 if how == "timeval" else 1e9)
    if how == "sleep" and thread.arguments[1] & _TIMER_ABSTIME:
        return float(seconds - time.clock_gettime(thread.arguments[0] & 1))
    if how == "futex" and thread.arguments[1] & 127 in _FUTEX_ABSOLUTE:
        realtime = thread.arguments[1] & _FUTEX_REALTIME_FLAG or thread.arguments[1] & 127 == 6
        clock = time.CLOCK_REALTIME if realtime else time.CLOCK_MONOTONIC
        return float(seconds - time.clock_gettime(clock))
    return float(seconds)


@dataclass
class PatientOracle:
    """Where the kernel cannot be asked: a server that says nothing for long counts as idle."""

    exact: bool = False
    cpu: float = 0.0
    _since: float = field(default_factory=time.monotonic)

    def touch(self) -> None:
        """See `Oracle`."""
        self._since = time.monotonic()

    def state(
        self,
        connections: Sequence[socket.socket],
        paused: Iterable[int] = (),
        gone: Iterable[int] = (),
    ) -> State:
        """See `Oracle`."""
        for connection in connections:
            if hasattr(socket, "TCP_QUICKACK"):
                acknowledge_now(connection)
        return "idle" if time.monotonic() - self._since > QUIET_SECONDS else "dozing"

    def cpu_seconds(self) -> float:
        """Return nothing: without the kernel's help the server is asked itself."""
        return self.cpu


def kernel_can_be_asked() -> bool:
    """Tell whether this machine answers what the kernel oracle asks."""
    if switched_off("proc") or not sys.platform.startswith("linux"):
        return False
    if platform.machine() not in _TABLES:
        return False
    try:
        pid = os.getpid()
        read("/proc/self/syscall")
        read(f"/proc/self/task/{pid}/children")
        how_long_it_ran("/proc/self")
    except (OSError, IndexError):
        return False
    return True
