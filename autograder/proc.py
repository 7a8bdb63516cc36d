"""What Linux tells of a server's threads and connections through /proc."""

from __future__ import annotations

import array
import contextlib
import errno
import functools
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autograder.sandbox import switched_off

if TYPE_CHECKING:
    from autograder.threadmap import Waits

MACHINE = os.uname().machine if hasattr(os, "uname") else ""  # the processor's architecture

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
    if MACHINE == "x86_64"
    else {207: "recv", 212: "recv", 63: "recv", 202: "accept", 242: "accept", 206: "send",
          211: "send", 64: "send", 72: "select", 73: "select", 22: "select", 101: "sleep",
          115: "sleep", 98: "lock"}
)  # fmt: skip
"""The thread map's word for each system call."""

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_FUTEX_WAITS = {0, 9, 6, 13, 11}  # WAIT, WAIT_BITSET, LOCK_PI, LOCK_PI2, WAIT_REQUEUE_PI
_FUTEX_ABSOLUTE = {9, 13, 11, 6}
_FUTEX_REALTIME_FLAG = 256
_TIMER_ABSTIME = 1
_ESTABLISHED, _TIME_WAIT = "01", "06"  # net/tcp_states.h
_SIOCOUTQ = 0x5411  # asm-generic/ioctls.h: bytes that were not acknowledged yet


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


class Files:
    """Reads files of /proc again and again, and keeps them open: that is several times as fast.

    A file stays that of the same process or thread, even where a new one gets the same number:
    it is noticed that the old one has ended, and the new one's file is opened.
    """

    MOST_OPEN = 256  # the rest is opened anew for each look; a process may often have 1024 files

    def __init__(self) -> None:
        self._open: dict[str, int] = {}

    def read(self, path: str) -> str:
        """Return the file at `path` as text; raises OSError where there is none."""
        fd = self._open.get(path)
        if fd is None:
            if len(self._open) >= self.MOST_OPEN:
                return read(path)
            fd = self._open[path] = os.open(path, os.O_RDONLY)
        try:
            data = piece = os.pread(fd, 65536, 0)
            while len(piece) >= 3000:  # /proc fills whole pages until the end
                piece = os.pread(fd, 65536, len(data))
                data += piece
        except OSError:
            os.close(self._open.pop(path))
            return read(path)
        return data.decode(errors="replace")

    def close(self) -> None:
        """Close all of them."""
        while self._open:
            os.close(self._open.popitem()[1])


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


@dataclass(frozen=True)
class SocketRow:
    """The server's end of one connection, as /proc/net/tcp shows it.

    Args:
        port: the server's port.
        peer: our port.
        unsent: bytes that we have not acknowledged yet.
        unread: bytes that the server has not read yet.
        established: whether the server's kernel still takes the connection for whole: no FIN
            and no RST of ours has arrived.
        inode: the socket's number in /proc/PID/fd.
    """

    port: int
    peer: int
    unsent: int
    unread: int
    established: bool
    inode: int


@dataclass
class Notes:
    """What is known of one launcher's servers and holds beyond the room of each.

    Args:
        balance: segments that its network has sent more than received although none is under way.
        inner_ids: processes by their ids here, as they know them themselves.
        ends: whether a server has ended by itself, although it had come to listen.
    """

    balance: int = 0
    inner_ids: dict[int, int] = field(default_factory=dict)
    ends: bool = False


def sockets_of(pid: int) -> list[SocketRow]:
    """Return the TCP connections of `pid`'s network, each of both ends of it (some ms)."""
    rows: list[SocketRow] = []
    for name in ("tcp", "tcp6"):
        try:
            lines = read(f"/proc/{pid}/net/{name}").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            if line.split(None, 4)[3] == _TIME_WAIT:  # nothing comes of it, and there may be many
                continue
            fields = line.split()
            unsent, unread = (int(part, 16) for part in fields[4].split(":"))
            port, peer = (int(field.rsplit(":", 1)[1], 16) for field in fields[1:3])
            if peer:
                established, inode = fields[3] == _ESTABLISHED, int(fields[9])
                rows.append(SocketRow(port, peer, unsent, unread, established, inode))
    return rows


class SocketDiag:
    """Asks the kernel about single connections of this process's own network (netlink(7)).

    That takes microseconds. For the list of all, the kernel looks through a table that is made for
    a hundred thousand connections, and so it takes milliseconds however few there are.
    """

    _REQUEST = struct.Struct("=IHHII BBBBI")  # nlmsghdr, and inet_diag_req_v2 up to its id
    _ID = struct.Struct("!HH4s12x4s12x12s")  # inet_diag_sockid
    _ANSWER = struct.Struct("=BBBB48s IIIII")  # inet_diag_msg
    _LOOPBACK, _ANY_INTERFACE_AND_COOKIE = socket.inet_aton("127.0.0.1"), bytes(4) + b"\xff" * 8
    _NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _REQUESTED = 4, 20, 1
    _HEADER = 16  # bytes of nlmsghdr

    def __init__(self) -> None:
        """Begin to ask; raises OSError where that is not possible."""
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        self._sock = socket.socket(socket.AF_NETLINK, kind, self._NETLINK_SOCK_DIAG)

    def row(self, port: int, peer: int) -> SocketRow | None:
        """Return the end at `port` of the connection with `peer`, None where there is none.

        Raises:
            OSError: the kernel does not tell.
        """
        size = self._REQUEST.size + self._ID.size
        words = (size, self._SOCK_DIAG_BY_FAMILY, self._REQUESTED, 0, 0)
        question = (socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
        place = (port, peer, self._LOOPBACK, self._LOOPBACK, self._ANY_INTERFACE_AND_COOKIE)
        self._sock.send(self._REQUEST.pack(*words, *question) + self._ID.pack(*place))
        answer = self._sock.recv(4096)
        if struct.unpack_from("=H", answer, 4)[0] != self._SOCK_DIAG_BY_FAMILY:
            number = -struct.unpack_from("=i", answer, self._HEADER)[0]
            if number == errno.ENOENT:
                return None
            raise OSError(number, os.strerror(number))
        told = self._ANSWER.unpack_from(answer, self._HEADER)
        if self._ID.unpack(told[4])[:2] != (port, peer):  # the socket that listens there
            return None
        unread, unsent, inode = told[6], told[7], told[9]
        return SocketRow(port, peer, unsent, unread, told[1] == int(_ESTABLISHED, 16), inode)

    def close(self) -> None:
        """Ask no more."""
        self._sock.close()


def single_sockets_can_be_asked_for() -> bool:
    """Tell whether this machine answers what `SocketDiag` asks."""
    return not switched_off("diag") and _diag_answers()


@functools.cache
def _diag_answers() -> bool:
    try:
        with contextlib.closing(SocketDiag()) as diag:
            diag.row(1, 1)
    except (OSError, AttributeError, struct.error):
        return False
    return True


def segments_under_way(pid: int, read: Callable[[str], str] = read) -> int:
    """Return how many TCP segments `pid`'s network has sent more than received.

    On a network that consists of loopback alone these are the ones that are under way. What is
    sent again is not among OutSegs, but among InSegs (__tcp_transmit_skb of Linux), so it is
    added: nothing that comes or goes changes what is left when all have arrived. `read` reads
    a file.

    Raises:
        OSError: it is not told.
    """
    names: list[str] = []
    for line in read(f"/proc/{pid}/net/snmp").splitlines():
        if line.startswith("Tcp:"):
            if not names:
                names = line.split()
                continue
            told = dict(zip(names[1:], map(int, line.split()[1:]), strict=True))
            return told["OutSegs"] + told["RetransSegs"] - told["InSegs"]
    raise OSError("no line Tcp: in /proc/net/snmp")


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


def unacknowledged(connection: socket.socket) -> int:
    """Return how many bytes of ours the other side's kernel has not acknowledged."""
    import fcntl

    buffer = array.array("i", [0])
    try:
        fcntl.ioctl(connection, _SIOCOUTQ, buffer)
    except OSError:
        return 0
    return buffer[0]


def acknowledge_now(connection: socket.socket) -> None:
    """Send a delayed acknowledgement at once, so that a small message behind another may go."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def look_at(
    pid: int, tid: int, read: Callable[[str], str] = read, before: Thread | None = None
) -> Thread | None:
    """Return what one thread does now, None if it has ended.

    Args:
        read: what reads a file of /proc.
        before: an earlier look at it: if it has not run since, it still waits where it did.
    """
    base = f"/proc/{pid}/task/{tid}"
    ran = how_long_it_ran(base, read)  # before the rest: if it runs in between, `stands` tells
    if before is not None and before.call and before.ran == ran:
        return before
    try:
        words = read(f"{base}/syscall").split()
    except PermissionError:  # one that has given up its memory, as it ends, is root's alone
        words = ["-1"]
    if words[0] in ("running", "-1"):  # the second is no system call at all, or no thread any more
        state = read(f"{base}/stat").rpartition(")")[2].split()[0]
        if state in "ZX":  # ended, only not cleared away yet
            return None
        return Thread(pid, tid, "", -1, (), ran)
    number = int(words[0])
    arguments = tuple(int(word, 16) for word in words[1:7])
    call = _TABLES[MACHINE].get(number, "")
    if call == "socket" and not is_socket(pid, arguments[0]):
        call = ""
    if call.startswith("futex") and arguments[1] & 127 not in _FUTEX_WAITS:
        call = ""
    return Thread(pid, tid, call, number, arguments, ran)


def stands(thread: Thread, count: int, read: Callable[[str], str] = read) -> bool:
    """Tell whether a thread still is where a look has found it waiting.

    Its state is asked too: one that is just being woken, on another processor, has not run yet
    and still shows its system call; only its state tells (TASK_WAKING is shown as R).

    Args:
        count: how many threads its process is known to have.
        read: what reads a file of /proc.

    Raises:
        ProcessLookupError: they are more, or fewer.
    """
    base = f"/proc/{thread.pid}/task/{thread.tid}"
    if how_long_it_ran(base, read) != thread.ran:
        return False
    fields = read(f"{base}/stat").rpartition(") ")[2].split(maxsplit=18)
    if int(fields[17]) != count:  # num_threads, field 20 of proc_pid_stat(5)
        raise ProcessLookupError
    return fields[0] == "S"


def how_long_it_ran(base: str, read: Callable[[str], str] = read) -> int:
    """Return a number that grows whenever the thread of `base` runs; `read` reads a file."""
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


def threads_of(pid: int) -> list[int]:
    """Return the threads of a process, [] where it has ended."""
    try:
        return [int(tid) for tid in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def children_of(pid: int, tids: Iterable[int], read: Callable[[str], str] = read) -> list[int]:
    """Return the processes that the threads `tids` of `pid` have started; `read` reads a file."""
    found: list[int] = []
    for tid in tids:
        with contextlib.suppress(OSError):
            found += map(int, read(f"/proc/{pid}/task/{tid}/children").split())
    return found


def resident_bytes(pid: int, read: Callable[[str], str] = read) -> int:
    """Return how much of a process is in memory, what it shares with others included.

    Args:
        read: what reads a file of /proc.

    Raises:
        OSError: it has ended.
    """
    return int(read(f"/proc/{pid}/statm").split()[1]) * PAGE_BYTES


def share_of_memory(pid: int) -> int:
    """Return the same, where what several processes share counts for each in part (slower).

    Raises:
        OSError: it has ended, or may not be asked.
    """
    for line in read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"no line Pss: in /proc/{pid}/smaps_rollup")


def kernel_can_be_asked() -> bool:
    """Tell whether this machine answers what the kernel oracle asks."""
    if switched_off("proc") or not sys.platform.startswith("linux"):
        return False
    return MACHINE in _TABLES and _kernel_answers()


@functools.cache
def _kernel_answers() -> bool:
    try:
        pid = os.getpid()
        read("/proc/self/syscall")
        read(f"/proc/self/task/{pid}/children")
        how_long_it_ran("/proc/self")
    except (OSError, IndexError):
        return False
    return True


def inner_id(pid: int, tid: int) -> int:
    """Return a thread's id as its own process knows it (inside its pid namespace)."""
    for line in read(f"/proc/{pid}/task/{tid}/status").splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    return tid


def waits_for(
    thread: Thread, rows: list[SocketRow], people: dict[int, str]
) -> tuple[Waits, str | None]:
    """Return what a thread waits for, and the name of the client it waits for, if it is one.

    Args:
        thread: a look at the thread.
        rows: the connections of its network, from `sockets_of`.
        people: the name of each client by the local port of its connection.

    Raises:
        OSError: the thread has ended.
    """
    if not thread.call:
        return "running", None
    kind = _WORDS.get(thread.number, "other")
    fd = None
    if kind in ("recv", "send"):
        fd = thread.arguments[0]
    elif thread.call == "milliseconds 2" and thread.arguments[1] == 1:  # poll() of one socket
        with open(f"/proc/{thread.pid}/mem", "rb", buffering=0) as memory:
            memory.seek(thread.arguments[0])
            fd = struct.unpack("i", memory.read(4))[0]
    if fd is None:
        return kind, None
    link = os.readlink(f"/proc/{thread.pid}/fd/{fd}")
    for row in rows:
        if link == f"socket:[{row.inode}]":
            return kind, people.get(row.peer)
    return kind, None
