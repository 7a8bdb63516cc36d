"""What one client that stops reading costs the others, on `complete`.

    .venv/bin/python tests/benchmarks/non_reader.py [--rounds 7] [--readers 20] [--record]

One server, and blocks in turn: without such a client, and with one. In each block one client says
messages, a few at a time, and all readers read them. What is compared are ratios in one round:
messages delivered per second, and the 99th percentile of the time from saying to reading. Printed
are the medians over the rounds, and, to see what a difference is worth, the same for two blocks
that are both without. In every round the client that does not read has to be dropped.
"""

from __future__ import annotations

import argparse
import selectors
import socket
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import figures
from machine import load, machine

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests" / "load"))

from served import Served  # noqa: E402

COMPLETE = PROJECT / "reference" / "complete" / "server.py"
SIZE = 4000  # bytes of a message: so that what one client may leave unread comes together
MESSAGES = 3000  # of a block; times SIZE more than buffers and outbox hold: it has to be dropped
AHEAD = 4  # messages on their way at a time, far fewer than a reader may be behind
LIMIT = 60.0  # seconds until a block, or a start, has failed


def join(port: int, name: str, narrow: bool = False) -> socket.socket:
    """Come in, and read the news of it; with little room for what is not read, if `narrow`."""
    sock = socket.socket()
    if narrow:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10_000)
    sock.settimeout(LIMIT)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.connect(("127.0.0.1", port))
    sock.sendall(f"{name}\n".encode())
    got = b""
    while not got.endswith(f"{name} Bergabung!\n".encode()):
        data = sock.recv(65536)
        if not data:
            raise ConnectionError(f"{name} was not let in: {got!r}")
        got += data
    return sock


def block(speaker: socket.socket, readers: list[socket.socket]) -> tuple[float, float, bool]:
    """Say MESSAGES, and let all read them.

    Args:
        speaker: who says them, one of `readers`.

    Returns:
        messages delivered per second, the 99th percentile of the time from saying to reading in
        seconds, and whether it was told that somebody was dropped.
    """
    times: list[float] = []
    said: list[float] = []
    heard = dict.fromkeys(readers, 0)
    rest = dict.fromkeys(readers, b"")
    dropped = False
    with selectors.DefaultSelector() as selector:
        for one in readers:
            selector.register(one, selectors.EVENT_READ)
        begin = time.perf_counter()
        while len(times) < MESSAGES * len(readers):
            while len(said) < MESSAGES and len(said) - min(heard.values()) < AHEAD:
                said.append(time.perf_counter())
                speaker.sendall(f"{'x' * SIZE} .\n".encode())
            for key, _ in selector.select(LIMIT):
                assert isinstance(key.fileobj, socket.socket)
                reader = key.fileobj
                data = reader.recv(1 << 18)
                now = time.perf_counter()
                if not data or now - begin > LIMIT:
                    raise ConnectionError("a reader was cut off, or a block took too long")
                *lines, rest[reader] = (rest[reader] + data).split(b"\n")
                for line in lines:
                    if line.endswith(b" ."):
                        times.append(now - said[heard[reader]])
                        heard[reader] += 1
                    elif line.endswith(b"keluar!"):
                        dropped = True
        seconds = time.perf_counter() - begin
    return len(times) / seconds, statistics.quantiles(times, n=100)[98], dropped


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--readers", type=int, default=20)
    figures.add_option(parser)
    options = parser.parse_args()
    ratios: dict[str, list[tuple[float, float]]] = {"without again": [], "with": []}
    drops = 0
    with ExitStack() as stack:
        served = Served(COMPLETE)
        stack.callback(served.kill)
        port, readers = served.port, []
        for number in range(options.readers):
            readers.append(stack.enter_context(join(port, f"r{number}")))
        for reader in readers[:-1]:  # the news of those who came later
            text = b""
            while not text.endswith(f"r{options.readers - 1} Bergabung!\n".encode()):
                text += reader.recv(65536)
        block(readers[0], readers)  # to get warm
        for number in range(options.rounds):
            speed, late, _ = block(readers[0], readers)
            again = block(readers[0], readers)
            with join(port, f"deaf{number}", narrow=True):
                other = block(readers[0], readers)
            drops += other[2]
            ratios["without again"].append((again[0] / speed, again[1] / late))
            ratios["with"].append((other[0] / speed, other[1] / late))
    print(f"{machine()}; load at the end: {load()}")
    for what, pairs in ratios.items():
        for figure, values in zip(
            ("delivered per second", "99th percentile"), zip(*pairs, strict=True), strict=True
        ):
            print(
                f"{what} / without: {figure} {statistics.median(values):.2f} "
                f"({min(values):.2f} to {max(values):.2f})"
            )
    print(f"dropped: {drops} of {options.rounds} that did not read")
    if drops != options.rounds:
        return 1
    if options.record:
        speed, late = (statistics.median(each) for each in zip(*ratios["with"], strict=True))
        figures.record(
            options.record,
            "non_reader",
            {"rounds": options.rounds, "delivered": speed, "99th percentile": late},
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
