"""What the reference servers bear, beside the least that any server has to do.

    .venv/bin/python tests/benchmarks/server_load.py [--clients 10 100 1000] [--rounds 5]
        [--record]

Every server is measured once a round with `autograder.load`, in turn, so that a noisy moment hits
all of them; what is compared are medians over the rounds, of figures and of ratios in one round.

The bare limit is one thread that calls `send` on the same sockets. There are two, because TCP has
two ways: with Nagle's algorithm, which the kernel uses until it is told otherwise, short messages
that follow each other travel together, which is cheap and may come late; without it (TCP_NODELAY)
each goes at once. `complete` and `asyncio` switch it off, `modul_contoh` leaves it on.

Two programs have two processors here: the server one, all clients another. Where both are busy all
the time, the server could do no more with faster clients than with these.
"""

from __future__ import annotations

import argparse
import math
import selectors
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import figures
from machine import load, machine

from autograder import sandbox
from autograder.dialect import OUR_DIALECT
from autograder.load import Load, measure
from autograder.room import Room

PROJECT = Path(__file__).resolve().parents[2]
OURS = Path(__file__).with_name("servers")
REFERENCE = PROJECT / "reference"
BARE, BARE_NAGLE = "bare limit", "bare limit, Nagle"
COMPLETE, ASYNCIO, MODUL, SEED = "complete", "asyncio", "modul_contoh", "without a lock"
LIMIT_OF = {COMPLETE: BARE, ASYNCIO: BARE, MODUL: BARE_NAGLE, SEED: BARE_NAGLE}
FIGURES: dict[str, Callable[[Load], float]] = {
    "messages a second": lambda one: one.throughput,
    "latency ms": lambda one: one.latency_ms,
    "99th percentile ms": lambda one: one.latency_p99_ms,
    "megabytes": lambda one: one.memory_mb,
}
DOORS = 400  # connections, one after another in groups, to see how many are accepted in a second
TOGETHER = 10  # of them at a time
DOOR_SECONDS = 20.0


def servers(folder: Path) -> dict[str, Path]:
    """Return the programs by name; what is a change of another is written to `folder`."""
    bare = (OURS / "bare.py").read_text(encoding="utf-8")
    modul = (REFERENCE / "modul_contoh" / "server.py").read_text(encoding="utf-8")
    loop = modul[modul.index("    with lock:\n        data = ") : modul.index("def remove_client")]
    without = loop.replace("    with lock:\n", "").replace("\n    ", "\n").removeprefix("    ")
    changed = {
        BARE_NAGLE: (bare, "NODELAY = True", "NODELAY = False"),
        SEED: (modul, loop, without),
    }
    found = {BARE: OURS / "bare.py"}
    for number, (name, (source, old, new)) in enumerate(changed.items()):
        if source.count(old) != 1:
            sys.exit(f"{name}: the text to change is not there once")
        found[name] = folder / f"{number}.py"
        found[name].write_text(source.replace(old, new), encoding="utf-8")
    found[COMPLETE] = REFERENCE / "complete" / "server.py"
    found[ASYNCIO] = OURS / "on_asyncio.py"
    found[MODUL] = REFERENCE / "modul_contoh" / "server.py"
    return found


def doors(path: Path) -> float:
    """Return how many clients a server greets in a second that do nothing but come and leave.

    Each connects, gets the first bytes, and hangs up: the way in and out, without any chat.
    """
    with Room(path, dialect=OUR_DIALECT) as room, selectors.DefaultSelector() as selector:
        started, begun, greeted = time.perf_counter(), 0, 0
        while greeted < DOORS:
            while begun < DOORS and begun - greeted < TOGETHER:
                selector.register(room.process.connect(), selectors.EVENT_READ)
                begun += 1
            for key, _events in selector.select(0.02):
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                if not sock.recv(64):
                    sys.exit(f"{path}: the server hung up")
                selector.unregister(sock)
                sock.close()
                greeted += 1
            while room.traffic.step(0.0):
                pass  # what it prints has to be read, or it waits for that
            if time.perf_counter() - started > DOOR_SECONDS:
                sys.exit(f"{path}: {greeted} of {DOORS} were greeted in {DOOR_SECONDS:g} seconds")
        return greeted / (time.perf_counter() - started)


@dataclass
class Table:
    """All measurements: of each number of clients and each server, one a round."""

    loads: dict[tuple[int, str], list[Load]] = field(default_factory=dict)

    def median(self, clients: int, name: str, figure: Callable[[Load], float]) -> float:
        """Return the median of a figure, `nan` where it was not had every time."""
        return statistics.median(map(figure, self.loads[clients, name]))

    def ratio(self, clients: int, name: str, other: str) -> float:
        """Return the median of the ratios of throughput in each round."""
        pairs = zip(self.loads[clients, name], self.loads[clients, other], strict=True)
        return statistics.median(one.throughput / two.throughput for one, two in pairs)

    def figures(self, rounds: int, greeted: dict[str, list[float]]) -> dict[str, Any]:
        """Return what is worth writing down, by server, and there by number of clients."""
        names = dict.fromkeys(name for _clients, name in self.loads)
        sizes = dict.fromkeys(clients for clients, _name in self.loads)
        found: dict[str, Any] = {"rounds": rounds}
        for what, figure in FIGURES.items():
            found[what] = {
                name: {str(size): self.median(size, name, figure) for size in sizes}
                for name in names
            }
        found["of the limit"] = {
            name: {str(size): self.ratio(size, name, limit) for size in sizes}
            for name, limit in LIMIT_OF.items()
        }
        found["against asyncio"] = {
            str(size): self.ratio(size, COMPLETE, ASYNCIO) for size in sizes
        }
        found["greeted"] = {name: statistics.median(each) for name, each in greeted.items()}
        return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the reference servers under load.")
    parser.add_argument("--clients", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each half of a measurement")
    figures.add_option(parser)
    options = parser.parse_args()
    # Threads with the usual stack of 8 MB, a thousand of them, are more than students' servers get.
    sandbox.SANDBOX_LIMITS["DATA"] = sandbox.LIMITS["DATA"] = 16 * 1024 * sandbox.MIB
    with tempfile.TemporaryDirectory() as folder:
        programs = servers(Path(folder))
        table, greeted = Table(), {name: list[float]() for name in programs}
        for _round in range(options.rounds):
            for clients in options.clients:
                for name, path in programs.items():
                    result = measure(path, clients, seconds=options.seconds)
                    if result.problem or math.isnan(result.throughput):
                        sys.exit(f"{name} with {clients} clients: {result.problem}")
                    table.loads.setdefault((clients, name), []).append(result)
            for name, path in programs.items():
                greeted[name].append(doors(path))
    print("\n".join(report(table, greeted, options.clients, options.rounds)))
    if options.record:
        figures.record(options.record, "server_load", table.figures(options.rounds, greeted))


def report(
    table: Table, greeted: dict[str, list[float]], sizes: list[int], rounds: int
) -> Iterator[str]:
    """Yield the lines of what was measured."""
    yield machine()
    yield f"medians of {rounds} rounds; load at the end: {load()}"
    for clients in sizes:
        yield ""
        head = f"{clients:>5} clients"
        yield f"{head:18}  messages/s  of limit  latency ms   99 % ms    server busy"
        for name in (BARE, COMPLETE, ASYNCIO, BARE_NAGLE, MODUL, SEED):
            share = table.ratio(clients, name, LIMIT_OF[name]) if name in LIMIT_OF else 1.0
            yield (
                f"{name:18}{table.median(clients, name, lambda one: one.throughput):12,.0f}"
                f"{share:10.2f}{table.median(clients, name, lambda one: one.latency_ms):12.2f}"
                f"{table.median(clients, name, lambda one: one.latency_p99_ms):10.2f}"
                f"{table.median(clients, name, lambda one: one.server_busy):15.2f}"
            )
        yield f"complete is {table.ratio(clients, COMPLETE, ASYNCIO):.2f} times as fast as asyncio"
    yield ""
    few, many = min(sizes), max(sizes)
    yield "                 greeted/s   memory for each further client, kB"
    for name in (BARE, COMPLETE, ASYNCIO, MODUL, SEED):
        least = table.median(few, name, lambda one: one.memory_mb)
        most = table.median(many, name, lambda one: one.memory_mb)
        each = f"{1000 * (most - least) / (many - few):.1f}" if many > few else "-"
        yield f"{name:16}{statistics.median(greeted[name]):10,.0f}{each:>15}"


if __name__ == "__main__":
    main()
