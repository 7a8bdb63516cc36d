"""A server under load and faults: does it keep what it promises?

    .venv/bin/python tests/load/faults.py [--minutes 2] [--seed 7] [--server complete]

Starts the server and lets clients of all kinds loose on it, round after round: those who behave
and those who do harm are processes of their own (`crowd.py`). After each round all of them go,
and what they wrote down is compared (`invariants.py`). Then the server may have nothing left of
them, and must welcome the next. Prints a line for each round, and what was wrong. The same seed
draws the same clients, words and faults again, though not the same moments. Ends with 1 if anything
was wrong.

On Linux: the server's limits are changed while it runs.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path

from crowd import IN_VAIN, NOT_TRIED, Orders
from invariants import HEALTHY, Rules, delivered, problems
from records import load
from served import LOOK, Served, Trouble

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parents[1] / "reference"
ROUND_LIMIT = 240.0  # seconds for a process of clients to end, when its time is over
WAITS = "Client berikutnya harus menunggu"  # said by `complete` when it cannot accept one
PASSWORD = "kata sandi"
MANY, MOST = 20, 400  # of what was wrong: so many are printed, and so many characters of each
PEAK_BYTES, PEAK_BYTES_A_CLIENT = 60_000_000, 100_000  # of memory: the program, threads and lines
PEAK_BYTES_OF_TROUBLE = 1_300_000  # for each who may not read: a full outbox of `complete`
SAID_SECONDS = 120.0  # for a word from a process of clients: more than any of its own waits
HARMLESS = ("turned away", "name taken", NOT_TRIED)  # notes that are no fault of the server's
LACKING = (1.0, 1.5)  # seconds: when the server begins to run out of something, and for how long

SOME = ("knock", "silent", "reset", "vanish", "half", "endless", "rubbish", "bad_text", "flood")
"""What a simple server must bear too: in all of these, whoever is in the chat reads."""
ALL = (*SOME, "deaf", "deaf_flood", "fight", "stranger")
QUIETER = tuple(fault for fault in ALL if "flood" not in fault)


@dataclass(frozen=True)
class Round:
    """What happens in a round.

    Args:
        title: its name.
        steady, visitors, troubles, faults, pause: as in `Orders`.
        seconds: how long it takes, without what the last messages need.
        least: messages of each steady client.
        lacking: RLIMIT_NOFILE or RLIMIT_NPROC, where the server runs out of that for a while.
    """

    title: str
    steady: int = 20
    visitors: int = 8
    troubles: int = 12
    faults: tuple[str, ...] = ALL
    seconds: float = 8.0
    pause: float = 0.2
    least: int = 1
    lacking: int | None = None


MIXED = Round("all faults")
CROWD = Round("1,000 clients", steady=998, visitors=4, troubles=0, seconds=0.5, pause=1.0)
FILES = Round("out of files", seconds=4.0, lacking=resource.RLIMIT_NOFILE)
# a server without threads cannot wait for who is behind, so nobody is made to be behind
THREADS = Round("out of threads", seconds=4.0, faults=QUIETER, lacking=resource.RLIMIT_NPROC)
SIMPLE = Round("some faults", faults=SOME)

FIRST = (MIXED, FILES, MIXED, THREADS, CROWD)
ROUNDS = {
    "complete": (*FIRST, *FIRST[:-1] * 5),
    "modul_contoh": (SIMPLE,),
    "folder_a": (SIMPLE,),
    "folder_b": (SIMPLE,),
}
RULES = {
    "complete": Rules(stamp=22, complete=True),
    "modul_contoh": Rules(),
    "folder_a": Rules(stamp=22),
    "folder_b": Rules(stamp=11),
}


@dataclass
class Outcome:
    """What came of a round.

    Args:
        delivered: lines that healthy clients got.
        sent: public messages that they sent.
        clients: how many there were, by kind.
        peak: the server's memory at its highest, in bytes.
        rest: its memory after all had gone, in bytes.
        wrong: what was not as it should be, in words.
    """

    delivered: int = 0
    sent: int = 0
    clients: Counter[str] = field(default_factory=Counter)
    peak: int = 0
    rest: int = 0
    wrong: list[str] = field(default_factory=list)


def play(served: Served, plan: Round, rules: Rules, seed: int, number: int) -> Outcome:
    """Play one round with a server, and return what came of it."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        paths = {part: Path(folder, f"{part}.json") for part in ("healthy", "trouble")}
        orders = Orders(
            port=served.port,
            seed=seed,
            number=number,
            part="healthy",
            seconds=plan.seconds,
            steady=plan.steady,
            visitors=plan.visitors,
            troubles=plan.troubles,
            faults=plan.faults,
            pause=plan.pause,
            least=plan.least,
            stamp=rules.stamp,
            complete=rules.complete,
            password=PASSWORD,
            path="",
        )
        crowds: list[subprocess.Popen[bytes]] = []
        try:
            for part, path in paths.items():
                words = json.dumps(vars(replace(orders, part=part, path=str(path))))
                crowds.append(
                    subprocess.Popen(
                        [sys.executable, str(HERE / "crowd.py"), words],
                        bufsize=0,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                    )
                )
                if part == "healthy" and not said(crowds[0], b"in\n"):
                    raise Trouble("those who are to stay did not all come in")
            _watch(served, plan, rules, crowds, outcome)
        except Trouble as trouble:
            outcome.wrong.append(str(trouble))
        finally:
            for crowd in crowds:
                crowd.kill()
                crowd.communicate()
        records = [one for path in paths.values() if path.exists() for one in load(path)]
    if records:
        outcome.wrong += problems(records, rules)
    outcome.wrong += [
        f"{record.name}: {note}"
        for record in records
        for note in record.notes
        if note not in HARMLESS and not (note.startswith(IN_VAIN) and record.kind not in HEALTHY)
    ]
    turned_away = any("turned away" in record.notes for record in records)
    if plan.lacking == resource.RLIMIT_NPROC and not outcome.wrong and not turned_away:
        outcome.wrong.append("it never ran out of threads: this round has tried nothing")
    outcome.delivered = delivered(records)
    outcome.sent = sum(len(record.sent) for record in records if record.kind in HEALTHY)
    outcome.clients = Counter(record.kind for record in records)
    for note in HARMLESS:
        outcome.clients[note] = sum(note in record.notes for record in records)
    return outcome


def said(crowd: subprocess.Popen[bytes], word: bytes) -> bool:
    """Tell whether a process of clients says a word, and nothing else, before it is too late."""
    assert crowd.stdout is not None
    ready, _w, _x = select.select([crowd.stdout], [], [], SAID_SECONDS)
    return bool(ready) and crowd.stdout.readline() == word


def _watch(
    served: Served,
    plan: Round,
    rules: Rules,
    crowds: list[subprocess.Popen[bytes]],
    outcome: Outcome,
) -> None:
    """Follow a round until all clients have gone; raise Trouble where that does not come."""
    healthy, trouble = crowds
    started = time.monotonic()
    limits: list[tuple[float, bool]] = []
    if plan.lacking is not None:
        limits = [(LACKING[0], True), (sum(LACKING), False)]
    waits = served.output().count(WAITS)

    def look() -> None:
        """Look at the server, and give or take a limit, if it is time."""
        if limits and time.monotonic() > started + limits[0][0]:
            lacks = limits.pop(0)[1]
            (served.lacks if lacks else served.has_again)(plan.lacking)
        outcome.peak = max(outcome.peak, served.memory())
        time.sleep(LOOK)

    def ended(crowd: subprocess.Popen[bytes]) -> bool:
        """Look at the server until a process ends; tell whether it did, in time, and well."""
        limit = time.monotonic() + ROUND_LIMIT
        while crowd.poll() is None and time.monotonic() < limit:
            look()
        return crowd.poll() == 0

    if not ended(trouble):
        raise Trouble("the process of those who do harm did not end well")
    while limits:
        look()
    if not said(healthy, b"quiet\n"):
        raise Trouble("those who behave could not say and hear all")
    stay = 1 + plan.steady + rules.complete  # with the observer, and the admin
    served.keeps(stay)
    assert healthy.stdin is not None
    healthy.stdin.write(b"finish\n")
    if not ended(healthy):
        raise Trouble("those who behave could not hear all, and leave")
    served.keeps(0)
    served.rests()
    outcome.rest = served.memory()
    welcome(served.port)
    served.keeps(0)
    clients = plan.steady + plan.visitors + plan.troubles
    most = PEAK_BYTES + clients * PEAK_BYTES_A_CLIENT + plan.troubles * PEAK_BYTES_OF_TROUBLE
    if outcome.peak > most:
        raise Trouble(f"it used {outcome.peak / 1e6:.0f} MB of memory, of {most / 1e6:.0f} MB")
    if plan.lacking == resource.RLIMIT_NOFILE and served.output().count(WAITS) == waits:
        raise Trouble("it never ran out of file descriptors: this round has tried nothing")


def welcome(port: int) -> None:
    """Come in as the only one, and leave; raise Trouble where that does not go well."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.sendall(b"Baru\nBaru: sepi\n")
        sock.shutdown(socket.SHUT_WR)
        got = b""
        while data := sock.recv(65536):
            got += data
    lines = got.decode().splitlines()
    if len(lines) != 3 or not lines[2].endswith("Baru: sepi"):
        raise Trouble(f"a newcomer got {lines}")


def run(name: str, path: Path, seconds: float, seed: int) -> Iterator[tuple[int, Round, Outcome]]:
    """Play rounds with one server until the time is over; yield what came of each.

    The last yield is of the server's end. After a round in which something was wrong there is
    no other.

    Args:
        name: of the reference program whose promises count.
        path: the server.
        seconds: no round begins later, but each kind of round is played once at least.
        seed: for all that is drawn.
    """
    served = Served(path, CHAT_ADMIN_PASSWORD=PASSWORD if name == "complete" else "")
    try:
        end = time.monotonic() + seconds
        rests: list[int] = []
        kinds = set(ROUNDS[name])
        for number, plan in enumerate(cycle(ROUNDS[name]), 1):
            if time.monotonic() > end and not kinds:
                break
            kinds.discard(plan)
            outcome = play(served, plan, RULES[name], seed, number)
            rests.append(outcome.rest)
            if grown(rests):
                outcome.wrong.append(f"memory at rest grows: {rests}")
            yield number, plan, outcome
            if outcome.wrong:
                return
        errors = served.stop()
        wrong = [f"it wrote: {errors}"] if errors else []
        yield number, Round("the end"), Outcome(wrong=wrong)
    finally:
        served.kill()


def grown(rests: list[int]) -> bool:
    """Tell whether memory at rest has grown, after the first rounds, in which it may."""
    early, late = rests[: len(FIRST)], rests[len(FIRST) :]
    return bool(late) and late[-1] > 1.5 * max(early)


def main() -> int:
    """Run, report, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--server", choices=ROUNDS, default="complete")
    options = parser.parse_args()
    path = REFERENCE / options.server / "server.py"
    print(f"{options.server}, --seed {options.seed}", flush=True)
    started = time.monotonic()
    total: Counter[str] = Counter()
    for number, plan, outcome in run(options.server, path, 60 * options.minutes, options.seed):
        total += Counter(
            rounds=1,
            delivered=outcome.delivered,
            sent=outcome.sent,
            wrong=len(outcome.wrong),
        )
        total += outcome.clients
        print(
            f"{time.monotonic() - started:6.0f} s  round {number}, {plan.title}: "
            f"{outcome.clients.total() - sum(outcome.clients[note] for note in HARMLESS)} clients, "
            f"{outcome.sent} messages, {outcome.delivered} lines delivered, memory "
            f"{outcome.peak / 1e6:.0f} MB at most, {outcome.rest / 1e6:.0f} MB at rest, "
            f"{len(outcome.wrong)} wrong",
            *(text[:MOST] for text in outcome.wrong[:MANY]),
            sep="\n    ",
            flush=True,
        )
    print(", ".join(f"{name} {count:,}" for name, count in total.items()))
    return 1 if total["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
