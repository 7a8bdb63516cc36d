"""The bytes of a room: connections, the server's output, and how long to wait for them."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from autograder.failures import RoomClosed
from autograder.oracle import KernelOracle, Oracle, PatientOracle
from autograder.proc import kernel_can_be_asked
from autograder.process import Launcher, ServerProcess
from autograder.sandbox import MEMORY_BYTES, MIB
from autograder.transcript import Transcript

if TYPE_CHECKING:
    from autograder.person import Person

START_SECONDS = 5.0  # processor time until the server listens; a good one takes a hundredth
WAIT_SECONDS = 10.0  # for an expectation, where a server neither answers nor comes to rest
WAIT_SECONDS_AGAIN = 1.0  # the same, once a server is known to do so: all its tests would wait
CONNECT_SECONDS = 4.0  # the kernel tries again after 1 and after 3 seconds
SPIN_SECONDS = 0.3  # processor time used without a byte sent: enough for any answer
SPIN_SECONDS_AGAIN = 0.05  # the same, once a server is known to spin; for each of its threads where
# an answer is waited for: Python lets each one run for 5 ms, and an answer takes several turns
FLOOD_BYTES = 8 * 1024  # from the server to one client, beyond what our own bytes explain
WELCOME_BYTES = 256  # the same, for each one who comes or goes: a greeting and a notice
OUTPUT_BYTES = 128 * 1024  # on standard output and standard error, beyond what ours explain
WEIGH_SECONDS = 0.02  # between two looks at the server's memory and its threads
MEMORY = 64 * MIB  # of a server that no client has come to; a good one needs a sixth
MEMORY_OF_A_CLIENT = 4 * MIB  # more for each who has come: it may have a process of its own
THREADS = 100  # of a server that no client has come to, in all of its processes
THREADS_OF_A_CLIENT = 4  # more for each who has come
CHUNK = 64 * 1024

Flood = Literal["", "chat", "output", "memory", "threads"]
BAD_FROM_THE_START: tuple[Flood, ...] = ("output", "memory", "threads")
"""Floods that are no matter of what anybody says."""

Reason = Literal["done", "idle", "dead", "spinning", "flood", "time"]


class Traffic:
    """All that goes in and out of one server, in one loop without threads.

    Args:
        launcher: what started the server.
        process: the server.
    """

    def __init__(self, launcher: Launcher, process: ServerProcess) -> None:
        self.launcher = launcher
        self.process = process
        self.people: list[Person] = []
        self.transcript = Transcript()
        self.epoch = 0  # number of our last action
        self.closed = False
        self.somebody_left = False  # and the server may not have noticed it yet
        self.spins = False  # the server was seen working without end
        self.meddled = False  # with its clock or its threads
        self.flood: Flood = ""
        self._weighed = 0.0  # when its memory was looked at
        self._started = self._last_moved = time.monotonic()
        self._received_since_action = 0
        self._sent = 0
        self._printed = 0
        self._cpu_when_quiet: float | None = None
        self._idle = False  # known, and nothing has happened since
        self._channel_open = True
        self._exit_noted = False
        self.oracle: Oracle
        if kernel_can_be_asked():
            self.oracle = KernelOracle(
                launcher.root_pid(process),
                process.ports,
                launcher.helpers(),
                launcher.sandbox.alone,
                launcher.others,
                launcher.notes,
            )
        else:
            self.oracle = PatientOracle()
        self.selector = selectors.DefaultSelector()
        for sock in launcher.listen_to():
            self.selector.register(sock, selectors.EVENT_READ, "launcher")
        self.selector.register(process.output, selectors.EVENT_READ, "output")
        self.selector.register(process.channel.sock, selectors.EVENT_READ, "channel")

    # -- acting -------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin a new action: what comes from now on is its effect.

        Raises:
            RoomClosed: there is no server any more.
        """
        self._must_be_open()
        self.epoch += 1
        self._received_since_action = 0
        self.moved()

    def transmit(self, person: Person, data: bytes) -> None:
        """Send bytes for a person; what the kernel does not take now follows when it can."""
        self.transcript.add(self.now(), "send", person.number, data)
        if person.state != "open":
            return
        self._sent += len(data)
        person.sent += len(data)
        person.pending += data
        self._flush(person)
        self.watch(person)
        self.moved()

    def hang_up(self, person: Person, how: Literal["leave", "crash"]) -> None:
        """Close a person's connection from our side."""
        if person.state in ("open", "connecting"):
            self.transcript.add(self.now(), how, person.number)
            self._close(person)
        person.state = "gone"
        self.somebody_left = True
        self.moved()

    def watch(self, person: Person) -> None:
        """Let the selector wait for what this person's connection has to do."""
        if person.state != "open":
            return
        events = (selectors.EVENT_READ if person.reading else 0) | (
            selectors.EVENT_WRITE if person.pending else 0
        )
        known = person.sock in self.selector.get_map()
        if not events and known:
            self.selector.unregister(person.sock)
        elif events and known:
            self.selector.modify(person.sock, events, person)
        elif events:
            self.selector.register(person.sock, events, person)

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Give the server's launcher part an order and return its answer ({} if none comes)."""
        self.process.order(order)
        self.meddled |= order["do"] in ("clock", "watch", "hold", "run")
        deadline = time.monotonic() + WAIT_SECONDS
        while order["do"] not in self.process.answers and time.monotonic() < deadline:
            if self.process.exit is not None or not self._channel_open:
                break
            self.step(0.02)
        self.moved()  # it may have more to do now
        return self.process.answers.pop(order["do"], {})

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has used so far, in seconds."""
        if self.oracle.exact:
            return self.oracle.cpu_seconds()
        return float(self.ask({"do": "cpu"}).get("cpu", 0.0))

    # -- waiting ------------------------------------------------------------------------------

    def wait(self, done: Callable[[], object], *, likely: bool = False) -> Reason:
        """Read until `done()`, or until nothing more can come.

        Args:
            done: tells whether what is waited for has come.
            likely: whether it is likely to come: then there is some time for it before the first
                look at the server, and more where the server is busy with nothing.

        Returns:
            "done", or why waiting on is pointless: the server is "idle", it is "dead", it is
            "spinning" or in a "flood" (of threads, too) without coming to rest, or the "time" is
            over.

        Raises:
            RoomClosed: there is no server any more.
        """
        self._must_be_open()
        started = time.monotonic()
        pause = 0.0003 if likely else 0.0
        # one look all the same: the server may have been ended from outside
        if self._idle and not self.step(0.0):
            return "done" if done() else "idle"
        while True:
            if done():
                return "done"
            most = WAIT_SECONDS_AGAIN if self.launcher.dawdles else WAIT_SECONDS
            if time.monotonic() - started > most:
                self.launcher.dawdles = True
                return "time"
            if self.step(pause):
                pause = 0.0
                if self._flooded():
                    return "done" if done() else "flood"
                continue
            if self.process.exit is not None and not self.step(0.0):
                return "done" if done() else "dead"
            state = self.oracle.state(
                [person.sock for person in self.people if person.state == "open"],
                {person.port for person in self.people if not person.reading},
                self._gone_ports(),
                {person.port for person in self.people if person.laden},
            )
            if self._swollen():
                return "done" if done() else "flood"
            if state == "idle":
                if self.step(0.0):
                    continue
                self._idle = self.oracle.exact
                self.somebody_left = False
                return "done" if done() else "idle"
            quiet = time.monotonic() - self._last_moved
            if quiet > 0.05 and state == "busy" and self._is_spinning(likely):
                return "done" if done() else "spinning"
            pause = min(0.02, pause * 2 or 0.0003)

    def _is_spinning(self, likely: bool) -> bool:
        """Tell whether the server has worked for long without sending a byte; see `wait`."""
        if not isinstance(self.oracle, KernelOracle):
            return False
        used = self.oracle.cpu_seconds()
        if self._cpu_when_quiet is None:
            self._cpu_when_quiet = used
        if not self.process.ports:
            return used - self._cpu_when_quiet > START_SECONDS
        most = SPIN_SECONDS
        if self.launcher.spins:
            threads = self.oracle.thread_count() if likely else 1
            most = min(most, SPIN_SECONDS_AGAIN * threads)
        if used - self._cpu_when_quiet > most:
            self.spins = self.launcher.spins = True
            return True
        return False

    def _flooded(self) -> bool:
        """Tell whether the server sends or prints far more than our own bytes explain.

        Then it is stopped: nothing would come of reading on.
        """
        people = max(1, len(self.people))
        explained = people * (WELCOME_BYTES * people + 8 * self._sent)
        if self._received_since_action > people * FLOOD_BYTES + explained:
            self.flood = "chat"
        elif self._printed > OUTPUT_BYTES + 40 * explained:
            self.flood = "output"
        if self.flood:
            self.process.kill()
        return bool(self.flood)

    def _swollen(self) -> bool:
        """Tell whether the server has too much memory or too many threads; then it is stopped."""
        if not isinstance(self.oracle, KernelOracle):
            return False
        if time.monotonic() - self._weighed > WEIGH_SECONDS:
            family = self.oracle.threads()
            if self.oracle.takes_more_than(self.most_memory, family):
                self.flood = "memory"
            elif sum(map(len, family.values())) > self.most_threads:
                self.flood = "threads"
            if self.flood:
                self.process.kill()
            self._weighed = time.monotonic()
        return bool(self.flood)

    @property
    def most_memory(self) -> int:
        """How many bytes of memory all processes of the server may have."""
        return min(MEMORY + MEMORY_OF_A_CLIENT * len(self.people), MEMORY_BYTES)

    @property
    def most_threads(self) -> int:
        """How many threads the server may have in all of its processes."""
        return THREADS + THREADS_OF_A_CLIENT * len(self.people)

    def _gone_ports(self) -> set[int]:
        """Return the ports of connections that we have closed, but for one that is used again."""
        gone = {person.port for person in self.people if person.state == "gone"}
        return gone - {person.port for person in self.people if person.state == "open"}

    def _must_be_open(self) -> None:
        if self.closed:
            raise RoomClosed

    def moved(self) -> None:
        """Note that something has happened just now."""
        self._last_moved = time.monotonic()
        self.oracle.touch()
        self._cpu_when_quiet = None
        self._idle = False

    def drain(self) -> None:
        while self.step(0.0):
            if self._flooded():
                return

    def step(self, seconds: float) -> bool:
        """Wait at most `seconds` for something to happen, take it in, tell whether there was."""
        moved = False
        for key, events in self.selector.select(seconds):
            if key.data == "launcher":
                moved |= self.launcher.hear()
            elif key.data == "output":
                moved |= self._read_output()
            elif key.data == "channel":
                listened = bool(self.process.ports)
                if not self.process.read_channel():
                    self._channel_open = False
                    self.selector.unregister(key.fileobj)
                # until it listens, that is what is waited for, and more than one read may bring it
                moved |= not listened
            else:
                moved |= self._serve(key.data, events)
        self.launcher.poll(self.process)
        if self.process.exit is not None and not self._exit_noted:
            self._exit_noted = True
            self.transcript.add(self.now(), "exit", None, str(self.process.exit).encode())
            moved = True
        if moved:
            self.moved()
        return moved

    def _read_output(self) -> bool:
        data = self.process.read_output(CHUNK)
        if data is None:
            self.selector.unregister(self.process.output)
            return False
        self._printed += len(data)
        if data:
            self.transcript.add(self.now(), "output", None, data)
        return bool(data)

    def _serve(self, person: Person, events: int) -> bool:
        """Do for one person what their connection is ready for."""
        if person.state == "connecting":
            error = person.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                self._close(person)
                person.state = "closed"
                return True
            person.state = "open"
            person.port = person.sock.getsockname()[1]
            person.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.watch(person)
            return True
        if events & selectors.EVENT_WRITE and person.pending:
            self._flush(person)
            self.watch(person)
        if not events & selectors.EVENT_READ:
            return False
        try:
            data = person.sock.recv(CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.transcript.add(self.now(), "closed", person.number)
            self._close(person)
            person.state = "closed"
            return True
        if hasattr(socket, "TCP_QUICKACK"):
            person.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self.transcript.add(self.now(), "receive", person.number, data)
        person.inbox.feed(data, self.epoch)
        self._received_since_action += len(data)
        return True

    def _flush(self, person: Person) -> None:
        while person.pending:
            try:
                sent = person.sock.send(person.pending)
            except BlockingIOError:
                return
            except OSError:
                person.pending = b""
                return
            person.pending = person.pending[sent:]

    def _close(self, person: Person) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self.selector.unregister(person.sock)
        person.sock.close()

    def now(self) -> float:
        return time.monotonic() - self._started
