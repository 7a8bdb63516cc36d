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

from crowd import NOT_LET_IN, Orders
from invariants import HEALTHY, Rules, delivered, problems
from records import Record, load
from served import LOOK, Served, Trouble

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parents[1] / "reference"
PATIENCE = 60.0  # seconds until a client that waits for the server has found a fault
WAITS = 4  # so many times a process of clients may be as patient, one after another, before it ends
HARM_BYTES = 2_000_000  # of the server's memory for each client at a time that does harm
CLIENT_BYTES = 100_000  # for each of the others
BASE_BYTES = 40_000_000  # for the program itself
SLACK = 50  # pieces of memory that may be in use at rest, more than after the first rounds
PASSWORD = "kata sandi"
MANY, MOST = 20, 400  # of what was wrong: so many are printed, and so many characters of each
PLENTY = 1.0  # seconds until the server begins to run out of something
SHORT, LONGEST = 0.5, 5.0  # seconds for which it does, until it has noticed, and at most

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
        blocks: how many pieces of memory it still had in use then.
        most: memory that it may use, in bytes.
        shortages: how often it got no file descriptor, or no thread.
        not_tried: what this machine, or the time, did not allow to try.
        wrong: what was not as it should be, in words.
    """

    delivered: int = 0
    sent: int = 0
    clients: Counter[str] = field(default_factory=Counter)
    peak: int = 0
    rest: int = 0
    blocks: int = 0
    most: int = 0
    shortages: int = 0
    not_tried: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def play(
    served: Served,
    plan: Round,
    rules: Rules,
    seed: int,
    number: int,
    patience: float = PATIENCE,
) -> tuple[Outcome, list[Record]]:
    """Play one round with a server; return what came of it, and the clients' own records."""
    outcome = Outcome(most=memory_bound(plan))
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        paths = {part: Path(folder, f"{part}.json") for part in ("healthy", "trouble")}
        orders = Orders(
            port=served.port,
            seed=seed,
            number=number,
            part="healthy",
            seconds=plan.seconds,
            patience=patience,
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
                if part == "healthy" and not said(crowds[0], "in", WAITS * patience):
                    raise Trouble("those who are to stay did not all come in")
            _watch(served, plan, rules, crowds, patience, outcome)
        except Trouble as trouble:
            outcome.wrong.append(str(trouble))
        finally:
            for crowd in crowds:
                crowd.kill()
                crowd.communicate()
        records = [one for path in paths.values() if path.exists() for one in load(path)]
    if any(record.kind == "observer" for record in records):  # else its process was ended
        outcome.wrong += problems(records, rules)
    harmless = {"turned away", "name taken"}
    if plan.lacking is not None:
        harmless.add(NOT_LET_IN)
    outcome.wrong += [
        f"{record.name} ({record.kind}): {note}"
        for record in records
        for note in record.notes
        if note not in harmless
    ]
    outcome.not_tried.update(record.not_tried for record in records if record.not_tried)
    outcome.delivered = delivered(records)
    outcome.sent = sum(len(record.sent) for record in records if record.kind in HEALTHY)
    outcome.clients = Counter(record.kind for record in records if not record.not_tried)
    return outcome, records


def memory_bound(plan: Round) -> int:
    """Return how much memory a server may use in a round, in bytes.

    Whoever does harm may leave a full outbox behind, and a line without end, each in a buffer that
    is larger than what is in it.
    """
    healthy = plan.steady + plan.visitors
    return BASE_BYTES + CLIENT_BYTES * healthy + HARM_BYTES * plan.troubles


def said(crowd: subprocess.Popen[bytes], word: str, seconds: float) -> bool:
    """Tell whether a process of clients says a word, and says it in time."""
    assert crowd.stdout is not None
    ready, _, _ = select.select([crowd.stdout], [], [], seconds)
    return bool(ready) and crowd.stdout.readline() == f"{word}\n".encode()


def _watch(
    served: Served,
    plan: Round,
    rules: Rules,
    crowds: list[subprocess.Popen[bytes]],
    patience: float,
    outcome: Outcome,
) -> None:
    """Follow a round until all clients have gone; raise Trouble where that does not come."""
    healthy, trouble = crowds
    assert healthy.stdin is not None
    shortage = Shortage(served, plan.lacking)

    def ended(crowd: subprocess.Popen[bytes], seconds: float) -> bool:
        """Look at the server until a process ends; tell whether it did, in time, and well."""
        limit = time.monotonic() + seconds
        while crowd.poll() is None and time.monotonic() < limit:
            if healthy.poll():
                return False  # what the others still do is of no interest
            shortage.look()
            outcome.peak = max(outcome.peak, served.memory())
            time.sleep(LOOK)
        return crowd.poll() == 0

    well = ended(trouble, plan.seconds + WAITS * patience)
    shortage.end()
    outcome.shortages = shortage.count
    if plan.lacking is not None and not shortage.count:
        outcome.not_tried[f"{plan.title}: nobody came when it had nothing left"] += 1
    if healthy.poll():
        raise Trouble("those who behave could not go on")
    if not well:
        raise Trouble("those who do harm did not come to an end")
    if not said(healthy, "quiet", plan.seconds + WAITS * patience):
        raise Trouble("those who behave could not say and hear all")
    # with the observer, and with the admin where there is one
    served.keeps(1 + plan.steady + rules.complete, hopeless=healthy.poll)
    healthy.stdin.write(b"finish\n")
    if not ended(healthy, WAITS * patience):
        raise Trouble("those who behave could not hear all and leave")
    served.keeps(0)
    served.rests()
    outcome.rest = served.memory()
    welcome(served.port)
    served.keeps(0)
    outcome.blocks = served.blocks()
    if outcome.peak > outcome.most:
        raise Trouble(
            f"it used {outcome.peak / 1e6:.0f} MB of memory, {outcome.most / 1e6:.0f} MB are enough"
        )


class Shortage:
    """Lets a server run out of something for a while, in the middle of a round.

    Args:
        served: the server.
        kind: RLIMIT_NOFILE or RLIMIT_NPROC; None for no shortage.
    """

    def __init__(self, served: Served, kind: int | None) -> None:
        self.served = served
        self.kind = kind
        self.begin = time.monotonic() + PLENTY
        self.lacks = False
        self.before = served.shortages()

    @property
    def count(self) -> int:
        """How often the server has got less than it wanted."""
        return self.served.shortages() - self.before

    def look(self) -> None:
        """Begin, or end, if it is time."""
        lasted = time.monotonic() - self.begin
        if self.kind is None or lasted < 0:
            return
        if not self.lacks:
            self.lacks = True
            self.served.lacks(self.kind)
        elif lasted > LONGEST or (lasted > SHORT and self.count):
            self.end()

    def end(self) -> None:
        """Let it have enough again, for the rest of the round."""
        if self.kind is not None:
            self.served.has_again(self.kind)
            self.kind = None


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
        blocks: list[int] = []
        kinds = set(ROUNDS[name])
        for number, plan in enumerate(cycle(ROUNDS[name]), 1):
            if time.monotonic() > end and not kinds:
                break
            kinds.discard(plan)
            outcome, _records = play(served, plan, RULES[name], seed, number)
            blocks.append(outcome.blocks)
            if not outcome.wrong and grown(blocks):
                outcome.wrong.append(f"pieces of memory in use at rest become more: {blocks}")
            yield number, plan, outcome
            if outcome.wrong:
                return
        errors = served.stop()
        wrong = [f"it wrote: {errors}"] if errors else []
        yield number, Round("the end"), Outcome(wrong=wrong)
    finally:
        served.kill()


def grown(blocks: list[int], first: int = len(FIRST)) -> bool:
    """Tell whether more memory is in use at rest than after the first rounds.

    A round has more than a hundred clients; if one piece stayed of each, it would be seen soon.

    Args:
        blocks: `Outcome.blocks` of each round.
        first: how many rounds are the first ones.
    """
    early, late = blocks[:first], blocks[first:]
    return bool(late) and late[-1] > max(early) + SLACK


@dataclass
class Total:
    """What came of all rounds; see `Outcome`."""

    rounds: int = 0
    delivered: int = 0
    sent: int = 0
    clients: Counter[str] = field(default_factory=Counter)
    peak: int = 0
    shortages: int = 0
    not_tried: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count a round."""
        self.rounds += bool(outcome.clients)
        self.delivered += outcome.delivered
        self.sent += outcome.sent
        self.clients += outcome.clients
        self.peak = max(self.peak, outcome.peak)
        self.shortages += outcome.shortages
        self.not_tried += outcome.not_tried
        self.wrong += outcome.wrong

    def summary(self, name: str, seed: int, seconds: float) -> str:
        """Return it all in words, a line for each figure."""
        faults = {kind: n for kind, n in sorted(self.clients.items()) if kind not in HEALTHY}
        healthy = sum(self.clients[kind] for kind in HEALTHY)
        harm = ", ".join(f"{n:,} {kind}" for kind, n in faults.items())
        not_tried = ", ".join(f"{what} ({n:,} times)" for what, n in self.not_tried.items())
        return (
            f"{name}, seed {seed}: {self.rounds} rounds in {seconds / 60:.1f} minutes\n"
            f"{healthy:,} clients that behave sent {self.sent:,} messages and got "
            f"{self.delivered:,} lines, {len(self.wrong)} lost, doubled, out of order or "
            "otherwise wrong\n"
            f"clients that do harm, and who are kicked: {harm}\n"
            f"out of file descriptors or threads: {self.shortages:,} times\n"
            f"memory at most {self.peak / 1e6:.0f} MB\n"
            f"not tried: {not_tried or 'nothing'}"
        )


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
    total = Total()
    for number, plan, outcome in run(options.server, path, 60 * options.minutes, options.seed):
        total.add(outcome)
        if not outcome.clients:  # its end
            print(*outcome.wrong, sep="\n", end="")
            continue
        print(
            f"{time.monotonic() - started:6.0f} s  round {number}, {plan.title}: "
            f"{outcome.clients.total()} clients, "
            f"{outcome.sent} messages, {outcome.delivered} lines delivered, memory "
            f"{outcome.peak / 1e6:.0f} MB at most of {outcome.most / 1e6:.0f} MB, "
            f"{outcome.rest / 1e6:.0f} MB and {outcome.blocks:,} pieces at rest, "
            f"{len(outcome.wrong)} wrong",
            *(text[:MOST] for text in outcome.wrong[:MANY]),
            sep="\n    ",
            flush=True,
        )
    print(total.summary(options.server, options.seed, time.monotonic() - started))
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
