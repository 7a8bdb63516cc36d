"""Can the server still do anything by itself? The kernel knows, so nobody has to guess.

A server is *idle* when every thread of it is blocked in a system call that only input or another
thread can end, and nothing is on its way to it or from it. Then what has not arrived never will.

Why two looks suffice: the first reads, for each thread, how long it has run so far and then the
system call in which it is blocked; the second, whether it has run any further. If none has, then,
as all first readings come before all second ones, there was a moment at which all threads were
blocked together. If nothing was under way at that moment either, nothing can wake
them but us.

A thread that waits with a time limit (a `sleep`, a polling loop) is *dozing*: it will wake by
itself. The server counts as idle when each dozing thread has woken once since the last thing
that happened, has done nothing that anybody could see, and dozes again; or when it will sleep for
longer than anybody would wait (`HORIZON_SECONDS`).
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from autograder import proc

if TYPE_CHECKING:
    from autograder.threadmap import Waits

HORIZON_SECONDS = 3.0
ACKNOWLEDGE_SECONDS = 0.003
"""Bytes that are sent but not acknowledged have nearly always arrived, and the acknowledgement is
held back; but for an instant they can be in the hands of another processor, in no queue at all."""
ARRIVE_SECONDS = 0.002
"""Segments that are under way for longer than this on a loopback are a matter of counting."""
QUIET_SECONDS = 1.5  # without the kernel's help: nothing for so long counts as idle

State = Literal["busy", "dozing", "idle"]


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
        laden: Iterable[int] = (),
    ) -> State:
        """Return what the server is doing.

        Args:
            connections: our ends of all open connections.
            paused: local ports of those that do not read on purpose.
            gone: local ports of those that we have closed.
            laden: local ports of those that have carried much: there the kernel may hold bytes
                back, or drop some and send them again later.
        """

    def cpu_seconds(self) -> float:
        """Return the processor time that the server's threads have used so far, in seconds."""

    def close(self) -> None:
        """Let go of what was opened; the oracle is not asked any more."""


@dataclass(frozen=True)
class Ours:
    """Our ends of the connections, as `Oracle.state` is told of them."""

    connections: Sequence[socket.socket]
    paused: set[int]
    gone: set[int]
    laden: set[int]


@dataclass
class KernelOracle:
    """Asks Linux, through /proc.

    Args:
        root: the process under which all of the server's processes are.
        ports: those on which the server listens; more may be added later.
        helpers: how many processes from there down are the launcher's own.
        own_network: whether the server has a network of its own, loopback and nothing else.
        others: returns the servers beside this one, by their pids as the launcher knows them;
            None where it is not known just now.
        notes: what holds for all servers of the launcher.
    """

    root: int
    ports: Sequence[int] = ()
    helpers: int = 1
    own_network: bool = False
    others: Callable[[], frozenset[int] | None] = frozenset
    notes: proc.Notes = field(default_factory=proc.Notes)
    exact: bool = True
    _touched: float = field(default_factory=time.monotonic)
    _known_helpers: tuple[int, ...] = ()
    _ran_at_touch: dict[int, int] | None = None
    _first_seen: dict[tuple[int, int], float] = field(default_factory=dict)
    _files: proc.Files = field(default_factory=proc.Files)
    _diag: proc.SocketDiag | None = None
    _odd_since: dict[int, float] = field(default_factory=dict)  # by balance of segments
    _last_list: dict[int, list[int]] = field(default_factory=dict)
    _ran_childless: dict[int, int] = field(default_factory=dict)  # by thread
    _last_look: dict[int, proc.Thread] = field(default_factory=dict)

    def touch(self) -> None:
        """See `Oracle`."""
        self._ran_at_touch = None
        self._odd_since.clear()
        self._touched = time.monotonic()

    def state(
        self,
        connections: Sequence[socket.socket],
        paused: Iterable[int] = (),
        gone: Iterable[int] = (),
        laden: Iterable[int] = (),
    ) -> State:
        """See `Oracle`."""
        if self.others() is None:
            return "busy"
        ours = Ours(connections, set(paused), set(gone), set(laden))
        for _attempt in range(2):
            try:
                waiting = self._all_wait(ours)
            except (FileNotFoundError, ProcessLookupError):  # threads have come or gone
                continue
            break
        else:
            return "busy"
        if not waiting:  # or no thread at all: it has ended, and the launcher is about to tell
            return "busy"
        dozing = [thread for thread in waiting if self._wakes_soon(thread)]
        if not dozing:
            return "idle"
        if self._ran_at_touch is None:
            self._ran_at_touch = {thread.tid: thread.ran for thread in waiting}
        if all(self._ran_at_touch.get(thread.tid, -1) != thread.ran for thread in dozing):
            return "idle"
        return "dozing"

    def cpu_seconds(self) -> float:
        """See `Oracle`."""
        total = 0
        for pid, tids in self.threads().items():
            for tid in tids:
                with contextlib.suppress(OSError, ValueError, IndexError):
                    path = f"/proc/{pid}/task/{tid}/schedstat"
                    total += int(self._files.read(path).split()[0])
        return total / 1e9

    def close(self) -> None:
        """See `Oracle`."""
        self._files.close()
        if self._diag is not None:
            self._diag.close()

    def takes_more_than(self, most: int, pids: Collection[int]) -> bool:
        """Tell whether the server's processes together have more than `most` bytes of memory.

        Unlike a limit of the kernel's this counts what several share, once, and all of them.

        Args:
            pids: its processes, as `threads` has just told them.
        """

        def total(asked: Callable[[int], int]) -> int:
            found = 0
            for pid in pids:
                with contextlib.suppress(OSError, ValueError, IndexError):
                    found += asked(pid)
            return found

        if total(lambda pid: proc.resident_bytes(pid, self._files.read)) <= most:
            return False
        return total(proc.share_of_memory) > most

    def thread_count(self) -> int:
        """Return how many threads the server's processes have."""
        return sum(map(len, self.threads().values()))

    def threads(self) -> dict[int, list[int]]:
        """Return the server's processes with their threads.

        These are all under the root but the launcher's and the others'.
        """
        return self._family(proc.threads_of)

    def _family(
        self, threads_of: Callable[[int], list[int]], childless: Collection[int] = ()
    ) -> dict[int, list[int]]:
        """Return the same.

        Args:
            threads_of: returns the threads of a process.
            childless: threads that are known to have started no processes.
        """
        found: dict[int, list[int]] = {}
        helpers, others = self._helpers(), self.others()
        # the helpers before the last have each the next one as their only child
        fresh = [helpers[-1] if len(helpers) == self.helpers and helpers else self.root]
        while fresh:
            pid = fresh.pop()
            if pid in helpers:  # each has a single thread
                below = proc.children_of(pid, [pid], self._files.read)
                if others:
                    below = [child for child in below if self._inner_id(child) not in others]
            else:
                found[pid] = threads_of(pid)
                parents = [tid for tid in found[pid] if tid not in childless]
                below = proc.children_of(pid, parents, self._files.read)
            fresh += below
        return found

    def _inner_id(self, pid: int) -> int:
        """Return a process's id as the launcher knows it, 0 where it has ended."""
        ids = self.notes.inner_ids
        if pid not in ids:
            try:
                ids[pid] = proc.inner_id(pid, pid)
            except OSError:
                return 0
        return ids[pid]

    def _helpers(self) -> tuple[int, ...]:
        """Return the processes of the launcher, the servers' parent last.

        They do nothing that nobody asked them for.
        """
        if not self._known_helpers and self.helpers:
            chain = [self.root]
            while len(chain) < self.helpers:
                below = proc.children_of(chain[-1], [chain[-1]])
                if not below:
                    return tuple(chain)
                chain.append(min(below))
            self._known_helpers = tuple(chain)
        return self._known_helpers

    def _all_wait(self, ours: Ours) -> list[proc.Thread]:
        """Return every thread, [] where one does not wait or something is under way.

        The threads of the last time are taken for all. Whether they are is seen after the first
        look, while all that are known wait: then nobody can start one but one that is not known.

        Raises:
            FileNotFoundError, ProcessLookupError: they are others than the last time.
        """
        listed, self._last_list = self._last_list or self.threads(), {}
        read = self._files.read
        threads = []
        for pid, tids in listed.items():
            for tid in tids:
                thread = proc.look_at(pid, tid, read, self._last_look.get(tid))
                if thread is not None:
                    if not thread.call:
                        self._last_list = listed
                        return []
                    threads.append(thread)
        self._last_look = {thread.tid: thread for thread in threads}
        stand = self._nothing_under_way(ours)
        if stand:
            # whoever had no child and has not run since has none, where there is no further
            # process whose children it could have adopted
            ran = self._ran_childless if len(listed) == 1 else {}
            childless = {thread.tid for thread in threads if ran.get(thread.tid) == thread.ran}
            if self._family(lambda pid: listed.get(pid, []), childless) != listed:
                raise ProcessLookupError
            alone = len(listed) == 1
            self._ran_childless = {thread.tid: thread.ran for thread in threads if alone}
            stand = all(proc.stands(thread, len(listed[thread.pid]), read) for thread in threads)
        self._last_list = listed
        return threads if stand else []

    def waits(self, people: dict[int, str]) -> dict[int, tuple[Waits, str | None]]:
        """Return what each thread waits for, and for whom, by its id as the server knows it.

        Args:
            people: the name of each client by the local port of its connection.
        """
        found: dict[int, tuple[Waits, str | None]] = {}
        rows = proc.sockets_of(self.root_of_network())
        for pid, tids in self.threads().items():
            for tid in tids:
                with contextlib.suppress(OSError, IndexError):
                    if thread := proc.look_at(pid, tid):
                        found[proc.inner_id(pid, tid)] = proc.waits_for(thread, rows, people)
        return found

    def _wakes_soon(self, thread: proc.Thread) -> bool:
        """Tell whether a waiting thread will wake by itself within `HORIZON_SECONDS`."""
        seconds = proc.seconds_left(thread)
        if seconds is None:
            return False
        # where the limit counts from the call, all that is known is when we first saw it there
        now = time.monotonic()
        since = self._first_seen.setdefault((thread.tid, thread.ran), now)
        if len(self._first_seen) > 10_000:
            self._first_seen.clear()
        return seconds - (now - since) < HORIZON_SECONDS

    def _nothing_under_way(self, ours: Ours) -> bool:
        """Tell whether no byte is between us and the server, in neither direction."""
        if self.own_network:
            with contextlib.suppress(OSError):
                balance = proc.segments_under_way(self.root_of_network(), self._files.read)
                if balance == self.notes.balance:
                    # what is held back at one end is no segment yet
                    return not ours.laden or self._all_arrived(ours)
                # nearly always something is under way; the other way to know takes long
                known_since = self._odd_since.setdefault(balance, time.monotonic())
                if time.monotonic() - known_since < ARRIVE_SECONDS:
                    return False
                if self._all_arrived(ours):
                    self.notes.balance = balance
                    return True
                return False
        return self._all_arrived(ours)

    def root_of_network(self) -> int:
        """Return a process that is in the server's network."""
        return self._helpers()[-1] if self._helpers() else self.root

    def _all_arrived(self, ours: Ours) -> bool:
        """Tell the same from the state of each connection, which takes longer."""
        for connection in ours.connections:
            proc.acknowledge_now(connection)
        if proc.packets_waiting():
            return False
        quiet = time.monotonic() - self._touched
        by_port = {}
        for connection in ours.connections:
            with contextlib.suppress(OSError):
                by_port[connection.getsockname()[1]] = connection
        server_side = self._server_side({*by_port, *ours.gone})
        for port, connection in by_port.items():
            row = server_side.get(port)
            if row is None:
                continue
            if row.unsent and port not in ours.paused:
                return False
            if proc.unacknowledged(connection):
                if quiet < ACKNOWLEDGE_SECONDS:
                    return False
                # a server that has read all there is gets the rest, now or when it is sent again
                if port in ours.laden and row.established and not row.unread:
                    return False
        return not any(port in server_side and server_side[port].established for port in ours.gone)

    def _server_side(self, peers: Iterable[int]) -> dict[int, proc.SocketRow]:
        """Return the server's ends of the connections whose other ends have the ports `peers`."""
        # by both ports: elsewhere on this machine one of them may be in use as well
        pairs = {(port, peer) for port in self.ports for peer in peers}
        if not self.own_network and proc.single_sockets_can_be_asked_for():
            with contextlib.suppress(OSError):
                self._diag = self._diag or proc.SocketDiag()
                rows = [self._diag.row(*pair) for pair in pairs]
                return {row.peer: row for row in rows if row is not None}
        found = proc.sockets_of(self.root_of_network())
        return {row.peer: row for row in found if (row.port, row.peer) in pairs}


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
        laden: Iterable[int] = (),
    ) -> State:
        """See `Oracle`."""
        for connection in connections:
            if hasattr(socket, "TCP_QUICKACK"):  # on Linux without /proc
                proc.acknowledge_now(connection)
        return "idle" if time.monotonic() - self._since > QUIET_SECONDS else "dozing"

    def cpu_seconds(self) -> float:
        """Return nothing: without the kernel's help the server is asked itself."""
        return self.cpu

    def close(self) -> None:
        """See `Oracle`."""
