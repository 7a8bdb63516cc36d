"""How many clients does a server bear? Many at once, and how quickly messages reach them.

    load = measure("server.py", clients=100)
    load.latency_ms       # milliseconds from sending a message until a client has it, the median
    load.throughput       # messages delivered in a second, to all clients together

The server is started as a room starts it, in the sandbox and within its limits, and must speak our
own protocol. One loop without threads plays all clients; a thread for each would measure itself.

In the first half of a measurement one message at a time is under way, so that none waits behind
another. In the second half several are, so that the server never waits for the clients, who do no
more then than count lines: `server_busy` and `clients_busy` show who was the brake. All clients
acknowledge at once (TCP_QUICKACK), where the system lets them: else a server that leaves Nagle's
algorithm on would be measured together with the delayed acknowledgement, 40 ms on Linux.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import random
import selectors
import socket
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from typing import Literal

import psutil

from autograder.dialect import OUR_DIALECT
from autograder.i18n import _, number
from autograder.room import Room
from autograder.server_output import how_it_ended

LOGIN_SECONDS = 10.0  # for all clients to come in; who is not in by then stays outside
LAST_SECONDS = 3.0  # for a message to arrive everywhere
WATCH_SECONDS = 0.02  # between two looks at what the server prints
TOGETHER = 10  # clients that knock at once: fewer than the kernel lets wait at a door
UNDER_WAY = 16  # messages, while throughput is measured
STRETCHES = 3  # in which it is measured; the best counts
SPARE_FILES = 400  # that this program may open besides: most are the oracle's
MOST_ON_WINDOWS = 500  # connections for one select()
BUFFER_BYTES = 64 * 1024
QUICKACK = getattr(socket, "TCP_QUICKACK", None)  # Linux


@dataclass(frozen=True, repr=False)
class Load:
    """What a measurement gave; numbers that could not be had are `nan`.

    Args:
        wanted: how many clients were to come in.
        clients: how many did.
        latency_ms: from sending a message until a client has it, in milliseconds: half of all
            deliveries took at most so long (the median), while one message was under way.
        latency_p99_ms: the same for 99 of 100 deliveries.
        throughput: messages delivered in a second, to all clients together, while several were
            under way; the best of `STRETCHES`.
        threads: how many threads the server had with all clients in.
        memory_mb: its memory, in millions of bytes, without what it shares with other processes
            and without the kernel's own.
        server_busy: processor time that the server used while throughput was measured, as a
            share of that time; 1.0 is one processor all the time.
        clients_busy: the same for the clients.
        problem: why not all came in, or why something was not measured; "" if all went well.
    """

    wanted: int
    clients: int
    latency_ms: float = math.nan
    latency_p99_ms: float = math.nan
    throughput: float = math.nan
    threads: int = 0
    memory_mb: float = math.nan
    server_busy: float = math.nan
    clients_busy: float = math.nan
    problem: str = ""

    def __repr__(self) -> str:
        parts = [_("clients {count}").format(count=f"{number(self.clients):>5}")]
        if not math.isnan(self.latency_ms):
            text = _("latency {median} ms (99 %: {p99} ms)")
            median, p99 = number(self.latency_ms, 2), number(self.latency_p99_ms, 2)
            parts.append(text.format(median=f"{median:>6}", p99=f"{p99:>6}"))
        if not math.isnan(self.throughput):
            count = f"{number(self.throughput, 0):>7}"
            parts.append(_("{count} messages/s").format(count=count))
        if self.threads:
            parts.append(_("threads {count}").format(count=f"{number(self.threads):>5}"))
            parts.append(f"{number(self.memory_mb, 0):>3} MB")
        return "   ".join(parts) + (f"\n{self.problem}" if self.problem else "")


def measure(
    server: str | PathLike[str] = "server.py", clients: int = 100, *, seconds: float = 0.3
) -> Load:
    """Let many clients into a server, let them talk, and measure.

    Args:
        server: path of a server that speaks our own protocol.
        clients: how many are to come in.
        seconds: how long they talk, in each half of the measurement. It all takes at most about
            `LOGIN_SECONDS` + 2 * (`seconds` + `LAST_SECONDS`).

    Returns:
        what was measured with those who came in, and why others did not.

    Raises:
        BadServer: `server` cannot be read.
        Unmet: the server does not come to listen.
        ValueError: fewer than one client, or no time.
    """
    if clients < 1 or seconds <= 0:
        raise ValueError("at least one client, and more than 0 seconds")
    with (
        _files_for(clients) as possible,
        Room(server, dialect=OUR_DIALECT) as room,
        contextlib.closing(_Crowd(room)) as crowd,
    ):
        crowd.come_in(min(clients, possible))
        if possible < clients:
            text = _("This computer lets one program have {count} connections at most.")
            crowd.problems.append(text.format(count=number(possible)))
        if not crowd.clients or room.process.exit is not None:
            return Load(clients, crowd.came_in, problem="\n".join(crowd.problems))
        threads, memory_mb = _footprint(room)
        times = sorted(crowd.talk_in_turn(seconds))
        flow = crowd.talk_all_the_time(seconds) if times else _Flow()
        return Load(
            wanted=clients,
            clients=crowd.came_in,
            latency_ms=1000 * statistics.median(times) if times else math.nan,
            latency_p99_ms=1000 * times[math.ceil(0.99 * len(times)) - 1] if times else math.nan,
            throughput=flow.throughput,
            threads=threads,
            memory_mb=memory_mb,
            server_busy=flow.server_busy,
            clients_busy=flow.clients_busy,
            problem="\n".join(crowd.problems),
        )


@dataclass(eq=False)
class _Client:
    """One client: its connection, its name, how far it is, and what came of an unfinished line."""

    sock: socket.socket
    name: bytes
    state: Literal["knocking", "asked", "inside", "lost"] = "knocking"
    rest: bytes = b""


@dataclass
class _Flow:
    """What the second half of a measurement gave; see `Load`."""

    throughput: float = math.nan
    server_busy: float = math.nan
    clients_busy: float = math.nan


class _Crowd:
    """All clients of one server, in one loop.

    Args:
        room: the room in which the server runs; nobody else is in it.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.clients: list[_Client] = []  # those who are in
        self.came_in = 0
        self.problems: list[str] = []  # in words
        self._selector = selectors.DefaultSelector()
        self._buffer = bytearray(BUFFER_BYTES)
        self._lost = 0  # connections that have ended
        self._extra_lines = False
        self._marks = (f": {count:07}".encode() for count in itertools.count())
        self._speakers: Iterator[_Client] = iter(())
        self._look_again = 0.0

    def close(self) -> None:
        """Close all connections."""
        for key in list(self._selector.get_map().values()):
            key.data.sock.close()
        self._selector.close()

    # -- coming in ----------------------------------------------------------------------------

    def come_in(self, count: int) -> None:
        """Let `count` clients come in, a group at a time; `problems` says why some did not."""
        end = time.perf_counter() + LOGIN_SECONDS
        for first in range(0, count, TOGETHER):
            group = [self._knock(place) for place in range(first, min(first + TOGETHER, count))]
            self.clients += group
            while self._outside(group) and time.perf_counter() < end:
                for client, size in self._arrivals():
                    for line in self._lines(client, size):
                        self._log_in(client, line)
            if self.came_in < len(self.clients):
                break  # some were turned away, or it takes too long: more would not help
        for client in self._outside(self.clients):
            self._hang_up(client)
        self.clients = [client for client in self.clients if client.state == "inside"]
        if self._lost:
            self._explain_loss()
        elif self.came_in < count:
            text = _("{count} were not in after {seconds} seconds.")
            missing = number(count - self.came_in)
            self.problems.append(text.format(count=missing, seconds=number(LOGIN_SECONDS)))
        self._speakers = itertools.cycle(random.Random(0).sample(self.clients, len(self.clients)))

    @staticmethod
    def _outside(clients: list[_Client]) -> list[_Client]:
        """Return those who are still on their way in."""
        return [client for client in clients if client.state in ("knocking", "asked")]

    def _knock(self, place: int) -> _Client:
        """Begin the connection of one client, the `place`-th from 0."""
        name = f"Tamu{place + 1:04}".encode()
        try:
            sock = self.room.process.connect()
        except OSError:  # the server is gone
            self._lost += 1
            return _Client(socket.socket(), name, "lost")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = _Client(sock, name)
        self._selector.register(sock, selectors.EVENT_READ, client)
        return client

    def _log_in(self, client: _Client, line: bytes) -> None:
        """Take in a line to one who is not inside yet: the question, then the news of itself."""
        if client.state == "knocking":
            client.state = "asked"
            with contextlib.suppress(OSError):
                client.sock.send(client.name + b"\n")
        elif client.state == "asked" and client.name in line:
            client.state = "inside"
            self.came_in += 1

    def _explain_loss(self) -> None:
        """Say in `problems` why connections have ended."""
        self.room.wait(lambda: self.room.process.exit is not None)
        if self.room.process.exit is not None:
            output = self.room.traffic.transcript.output()
            self.problems.append(how_it_ended(output, self.room.process.exit.code))
        else:
            text = _("The server closed the connections of {count} clients.")
            self.problems.append(text.format(count=number(self._lost)))
        self._lost = 0

    # -- talking ------------------------------------------------------------------------------

    def talk_in_turn(self, seconds: float) -> list[float]:
        """Let one speak after another, each when everybody has what the one before said.

        Returns:
            how long each delivery took, in seconds. The first message does not count: before it
            comes what is still under way.
        """
        times: list[float] = []
        end = None
        while end is None or time.perf_counter() < end:
            mark = next(self._marks)
            sent = time.perf_counter()
            self._say(mark)
            missing = len(self.clients)
            while missing:
                for client, size in self._arrivals():
                    now = time.perf_counter()
                    for line in self._lines(client, size):
                        if line.endswith(mark):
                            times.append(now - sent)
                            missing -= 1
                        else:
                            self._extra_lines |= end is not None
                if not self._goes_on(sent):
                    return []
            if end is None:
                times.clear()
                end = time.perf_counter() + seconds
        return times

    def talk_all_the_time(self, seconds: float) -> _Flow:
        """Keep several messages under way; return the best stretch.

        That is the one which the machine's other work has disturbed the least.
        """
        if self._extra_lines:
            text = _("The server sends other lines too, so messages cannot be counted.")
            self.problems.append(text)
            return _Flow()
        best = _Flow(0.0)
        for _stretch in range(STRETCHES):
            flow = self._flow(seconds / STRETCHES)
            if math.isnan(flow.throughput):
                return flow
            best = max(best, flow, key=lambda one: one.throughput)
        return best

    def _flow(self, seconds: float) -> _Flow:
        """Keep several messages under way, and count the lines until all have arrived."""
        people = len(self.clients)
        wanted = arrived = 0  # lines
        server_before, clients_before = self.room.traffic.cpu_seconds(), time.process_time()
        started = now = time.perf_counter()
        end = started + seconds
        while now < end or arrived < wanted:
            if now < end:
                # several at once go out together, so that one client can keep a server busy too
                free = UNDER_WAY - math.ceil((wanted - arrived) / people)
                self._say(*itertools.islice(self._marks, free))
                wanted += free * people
            for _client, size in self._arrivals():
                arrived += self._buffer.count(b"\n", 0, size)
            now = time.perf_counter()
            if not self._goes_on(end):
                return _Flow()
        clients_busy = (time.process_time() - clients_before) / (now - started)
        server_busy = (self.room.traffic.cpu_seconds() - server_before) / (now - started)
        return _Flow(arrived / (now - started), server_busy, clients_busy)

    def _say(self, *marks: bytes) -> None:
        """Let the next client say a message for each of `marks`, all at once."""
        if marks:
            speaker = next(self._speakers)
            with contextlib.suppress(OSError):  # what is not sent does not arrive: that is noticed
                speaker.sock.send(b"".join(speaker.name + mark + b"\n" for mark in marks))

    def _goes_on(self, since: float) -> bool:
        """Tell whether all are still in, and what was said at `since` may still arrive."""
        if self._lost:
            self._explain_loss()
            return False
        if time.perf_counter() > since + LAST_SECONDS:
            text = _("A message had not reached everybody after {seconds} seconds.")
            self.problems.append(text.format(seconds=number(LAST_SECONDS)))
            return False
        return True

    # -- bytes --------------------------------------------------------------------------------

    def _arrivals(self) -> Iterator[tuple[_Client, int]]:
        """Yield each client to whom something has come, and how many bytes are in the buffer."""
        for key, _events in self._selector.select(WATCH_SECONDS):
            client = key.data
            try:
                size = client.sock.recv_into(self._buffer)
                if QUICKACK is not None:
                    client.sock.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
            except BlockingIOError:
                continue
            except OSError:
                size = 0
            if size:
                yield client, size
            else:
                self._lost += 1
                self._hang_up(client)
        if time.perf_counter() > self._look_again:
            self._look_again = time.perf_counter() + WATCH_SECONDS
            while self.room.traffic.step(0.0):
                pass  # what it prints has to be read, or it waits for that

    def _lines(self, client: _Client, size: int) -> list[bytes]:
        """Return the lines that a client has whole now, with `size` new bytes in the buffer."""
        *lines, client.rest = (client.rest + self._buffer[:size]).split(b"\n")
        return lines

    def _hang_up(self, client: _Client) -> None:
        """Close a connection."""
        client.state = "lost"
        self._selector.unregister(client.sock)
        client.sock.close()


def _footprint(room: Room) -> tuple[int, float]:
    """Return how many threads a room's server has, and its memory in millions of bytes."""
    root = psutil.Process(room.launcher.root_pid(room.process))
    processes = [root, *root.children(recursive=True)][room.launcher.helpers() :]
    threads, memory = -1, 0  # one of the threads is the launcher's
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            threads += process.num_threads()
            try:
                memory += process.memory_full_info().uss
            except psutil.AccessDenied:
                memory += process.memory_info().rss
    return threads, memory / 1e6


@contextlib.contextmanager
def _files_for(clients: int) -> Iterator[int]:
    """Let this program open files for so many connections; yield for how many it may."""
    if sys.platform == "win32":
        yield MOST_ON_WINDOWS
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    others = psutil.Process().num_fds() + SPARE_FILES
    limit = soft
    if soft != resource.RLIM_INFINITY and soft < others + clients:
        limit = others + clients
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        yield clients if limit == resource.RLIM_INFINITY else min(clients, max(0, limit - others))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
