"""A process full of clients: one of those who behave, or one of those who do not.

    python crowd.py '{"port": 40001, "seed": 7, "part": "healthy", ...}'

Started by `faults.py` and told the rest as one JSON object, see `Orders`. All that the clients do
is drawn from the seed, for each of them alone: how far each comes depends on the time, what it
does on its way there does not. Those who behave print "in" when all who are to stay are in, and
"quiet" when they have said all. Then they stay until a line comes on standard input, ask for the
list, and leave one after another. At the end what every client sent and got is written to a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import itertools
import json
import os
import random
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from records import Record, save

PATIENCE = 60.0  # seconds until a client gives up waiting: that is a fault found
TCP_REPAIR = 19  # linux/tcp.h: a socket that is closed in this state tells the other side nothing
AT_ONCE = 50  # that knock at the same moment, fewer than the kernel lets wait at a door
BREATH = 0.3  # seconds between two words of the observer, while the others are silent
BIG = 50_000  # bytes of a line in a flood
LULL = 0.5  # seconds from one flood to the next: who reads is never behind by as much as is dropped
ENDLESS = 300_000  # bytes without a line end
IN_VAIN = f"waited {PATIENCE:g} s in vain"
NOT_TRIED = "could not vanish, crashed"
WORDS = "halo apa kabar é 😀 ya: /pm tidak 李明 besok \t… kopi".split(" ")


@dataclass(frozen=True)
class Orders:
    """What a process of clients is told.

    Args:
        port: of the server.
        seed: for all that is drawn.
        number: of the round; it is part of every name.
        part: "healthy" or "trouble".
        seconds: how long they go on.
        steady: how many stay all the time.
        visitors: how many come and go at a time.
        troubles: how many do harm at a time.
        faults: the kinds of harm, names of functions below that begin with `fault_`.
        pause: seconds between two messages of one client, on the average.
        least: how many messages each steady client sends, even if the time is over.
        stamp: how many characters stand in front of a public message.
        complete: whether the server is `complete`.
        password: that of the admin.
        path: where the records go.
    """

    port: int
    seed: int
    number: int
    part: str
    seconds: float
    steady: int
    visitors: int
    troubles: int
    faults: tuple[str, ...]
    pause: float
    least: int
    stamp: int
    complete: bool
    password: str
    path: str


class Gone(Exception):
    """The connection has ended, whoever ended it."""


class Lot:
    """What is drawn for one of those who act at the same time.

    Args:
        orders: of the process; nothing else is drawn from.
        place: which of them it is.
    """

    def __init__(self, orders: Orders, place: int) -> None:
        self.rng = random.Random(f"{orders.seed} {orders.number} {orders.part} {place}")
        self._names = (f"{place}x{count}r{orders.number}" for count in itertools.count())

    def name(self, letter: str) -> str:
        """Return a name that nobody else has, in any round of a run."""
        return letter + next(self._names)


LOT: contextvars.ContextVar[Lot] = contextvars.ContextVar("LOT")
"""That of the task which is running, and of the tasks that it begins."""


class Client:
    """One client: its connection, its record, and a task that reads as long as it is to read."""

    def __init__(self, crowd: Crowd, name: str, kind: str) -> None:
        self.crowd = crowd
        self.record = Record(name, kind)
        crowd.records.append(self.record)
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.reading: asyncio.Task[None] | None = None
        self.over = False  # nothing more will come
        self._news = asyncio.Event()
        self._heard = 0  # lines that `until` has looked at

    async def connect(self, narrow: bool = False) -> None:
        """Connect, and begin to read; with little room for what is not read, if `narrow`."""
        if narrow:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10_000)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.get_running_loop().sock_connect(
                self.sock, ("127.0.0.1", self.crowd.orders.port)
            )
        except OSError as error:
            raise Gone from error
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        rest = b""
        try:
            while data := await loop.sock_recv(self.sock, 65536):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self.record.hear(
                        line.decode("utf-8", errors="backslashreplace"), self.crowd.orders.stamp
                    )
                self._news.set()
            self.record.ended = self.record.ended or "closed"
        except OSError:
            self.record.ended = "reset"
        self.over = True
        self._news.set()

    async def until(self, wanted: Callable[[str], bool]) -> str:
        """Return the next line that is wanted, of those that no earlier call has looked at.

        Raises:
            Gone: the connection has ended before.
            TimeoutError: it does not come.
        """
        async with self.patience():
            while True:
                while self._heard < len(self.record.got):
                    self._heard += 1
                    if wanted(self.record.got[self._heard - 1]):
                        return self.record.got[self._heard - 1]
                if self.over:
                    raise Gone
                self._news.clear()
                await self._news.wait()

    @contextlib.asynccontextmanager
    async def patience(self) -> AsyncIterator[None]:
        """Give up after `PATIENCE`, and write that down.

        Raises:
            TimeoutError: it was in vain.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                yield
        except TimeoutError:
            self.record.notes.append(f"{IN_VAIN} after {self.record.got[-2:]}")
            raise

    async def send(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            Gone: there is nobody any more.
            TimeoutError: they are not taken.
        """
        try:
            async with self.patience():
                await asyncio.get_running_loop().sock_sendall(self.sock, data)
        except TimeoutError:  # an OSError, too
            raise
        except OSError as error:
            raise Gone from error

    async def drip(self, data: bytes) -> None:
        """Send bytes one by one."""
        for place in range(len(data)):
            await self.send(data[place : place + 1])
            await asyncio.sleep(0)

    async def join(self) -> bool:
        """Come in under the record's name; return False where the server has no room.

        Raises:
            Gone: it let nobody in, or refused the name.
        """
        name = self.record.name
        first = await self.until(lambda line: True)
        if first.startswith("Server penuh"):
            self.record.notes.append("turned away")
            return False
        await self.send(f"{name}\n".encode())
        if name == "admin":
            await self.until(lambda line: line == "PASS")
            await self.send(f"{self.crowd.orders.password}\n".encode())
        answer = await self.until(
            lambda line: line.endswith((f"{name} Bergabung!", "sedang dipakai."))
        )
        self.record.came_in = answer.endswith("Bergabung!")
        if not self.record.came_in:
            self.record.notes.append("name taken")
            raise Gone
        return True

    async def say(self, size: int = 0) -> None:
        """Say something to everybody, of at least `size` bytes."""
        rng, record = self.crowd.rng, self.record
        words = " ".join(rng.choices(WORDS, k=rng.randint(1, 8)))
        text = f"{record.name}: {len(record.sent)} {words}{'x' * size}."
        record.say(text)
        send = self.drip if not size and rng.random() < 0.1 else self.send
        await send(f"{text}\n".encode())

    async def own(self) -> None:
        """Wait until the last thing that was said has come back."""
        async with self.patience():
            while self.record.sent and not any(
                line.endswith(self.record.sent[-1]) for line in reversed(self.record.got)
            ):
                if self.over:
                    raise Gone
                self._news.clear()
                await self._news.wait()

    async def leave(self) -> None:
        """Say that nothing more will be sent, read what is still to come, and close."""
        if not self.over:
            self.record.ended = "left"
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.record.ended = "reset"
        if self.reading is not None:
            async with self.patience():
                await self.reading
        self.sock.close()

    def crash(self) -> None:
        """Reset the connection (RST)."""
        self.stop_reading()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def vanish(self) -> None:
        """Be gone without a sign, like a machine that lost its power. Where that may be done."""
        try:
            self.sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except OSError:
            self.record.notes.append(NOT_TRIED)
            self.crash()
        else:
            self.close()

    def close(self) -> None:
        """Close, with whatever has not been read."""
        self.stop_reading()
        self.sock.close()

    def stop_reading(self) -> None:
        """Read no more, whatever comes."""
        if self.reading is not None:
            self.reading.cancel()


class Crowd:
    """All clients of this process."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.records: list[Record] = []
        self.victims: set[str] = set()  # who is in, and may be kicked
        self.door = asyncio.Semaphore(AT_ONCE)
        self.flood = asyncio.Lock()  # one at a time
        self.end = asyncio.get_running_loop().time() + orders.seconds

    @property
    def rng(self) -> random.Random:
        """What the running task draws from."""
        return LOT.get().rng

    def name(self, letter: str) -> str:
        """Return a name that nobody else has, in any round of a run."""
        return LOT.get().name(letter)

    def goes_on(self) -> bool:
        """Tell whether there is time left."""
        return asyncio.get_running_loop().time() < self.end

    async def pause(self) -> None:
        """Think for a while, as people do between two messages."""
        await asyncio.sleep(self.rng.expovariate(1 / self.orders.pause))

    # -- those who behave ---------------------------------------------------------------------

    async def healthy(self) -> None:
        """The observer first, then everybody else; the observer leaves last."""
        observer = await self.enter("observer", self.name("o"))
        names = [self.name("s") for _ in range(self.orders.steady)]
        if self.orders.complete:
            names.append("admin")
        people = await asyncio.gather(*(self.enter("steady", name) for name in names))
        print("in", flush=True)
        self.end = asyncio.get_running_loop().time() + self.orders.seconds
        await self.together(
            *(self.talk(client, people) for client in people),
            *(self.visit() for _ in range(self.orders.visitors)),
        )
        print("quiet", flush=True)
        told = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
        while not told.done():  # who has vanished is noticed when something is sent to them
            await observer.say()
            await asyncio.wait([told], timeout=BREATH)
        here = {client.record.name for client in (observer, *people)}
        if self.orders.complete:
            for client in (observer, *people):
                await self.look_at_list(client, here)
        await observer.say()
        last = observer.record.sent[-1]
        for client in (observer, *people):
            await client.until(lambda line: line.endswith(last))
        for client in people:
            await client.leave()
            name = client.record.name
            await observer.until(lambda line, name=name: line.endswith(f"{name} keluar!"))
        await observer.leave()

    async def enter(self, kind: str, name: str) -> Client:
        """Let somebody in who is to stay."""
        client = Client(self, name, kind)
        async with self.door:
            await client.connect()
            await client.join()
        return client

    async def look_at_list(self, client: Client, here: set[str]) -> None:
        """Ask for the list, and note it if it is wrong."""
        await client.send(b"/list\n")
        line = await client.until(lambda line: line.startswith("Online: "))
        names = line.removeprefix("Online: ").split(", ")
        if sorted(names) != sorted(here):
            client.record.notes.append(f"wrong list: {sorted(set(names) ^ here)}")

    async def talk(self, client: Client, people: list[Client]) -> None:
        """Stay until the end, say something now and then, to all or to one; the admin kicks."""
        rng, name = self.rng, client.record.name
        while self.goes_on() or len(client.record.sent) < self.orders.least:
            await self.pause()
            if name == "admin" and self.victims and rng.random() < 0.7:
                victim = rng.choice(sorted(self.victims))
                self.victims.discard(victim)
                await client.send(f"/kick {victim}\n".encode())
            elif self.orders.complete and rng.random() < 0.2:
                to = rng.choice(people).record.name
                text = f"rahasia-{name}-{len(client.record.secrets)}"
                client.record.secrets.append((to, text))
                await client.send(f"/pm {to} {text}\n".encode())
                await client.until(lambda line, text=text: line.endswith(text))
            else:
                await client.say(rng.choice([0] * 19 + [20_000]))
        await client.own()

    async def visit(self) -> None:
        """Come, talk a little and go, again and again; where there is an admin, be kicked."""
        while self.goes_on():
            to_be_kicked = self.orders.complete and self.rng.random() < 0.3
            name = self.name("k" if to_be_kicked else "v")
            client = Client(self, name, "kicked" if to_be_kicked else "visitor")
            try:
                await client.connect()
                if not await client.join():
                    await client.leave()
                elif to_be_kicked:
                    await self.be_kicked(client)
                else:
                    for _ in range(self.rng.randint(0, 6)):
                        await client.say()
                    await client.leave()
            except Gone:
                client.close()
            await self.pause()

    async def be_kicked(self, client: Client) -> None:
        """Talk until the end of the connection, or of the time."""
        self.victims.add(client.record.name)
        try:
            while self.goes_on() and not client.over:
                await client.say()
                await self.pause()
        except Gone:
            pass
        finally:
            self.victims.discard(client.record.name)
        await client.leave()

    # -- those who do not ---------------------------------------------------------------------

    async def trouble(self) -> None:
        """Do harm in all ways, several at a time."""
        await self.together(*(self.harm() for _ in range(self.orders.troubles)))

    async def harm(self) -> None:
        """One fault after another."""
        while self.goes_on():
            fault = getattr(self, f"fault_{self.rng.choice(self.orders.faults)}")
            try:
                await fault()
            except (Gone, TimeoutError):
                pass  # thrown out, or not answered any more: it has earned that
            await self.pause()

    async def stranger(self, kind: str, letter: str, narrow: bool = False) -> Client:
        """Let somebody in who is up to no good."""
        client = Client(self, self.name(letter), kind)
        await client.connect(narrow)
        if not await client.join():
            client.close()
            raise Gone
        return client

    async def fault_knock(self) -> None:
        """Connect, and be gone at once, politely or not."""
        client = Client(self, "", "knock")
        await client.connect()
        self.rng.choice([client.close, client.crash])()

    async def fault_silent(self) -> None:
        """Say half a username and no more, until the end."""
        client = Client(self, "", "silent")
        await client.connect()
        await client.send(self.rng.choice([b"", b"Di"]))
        while self.goes_on() and not client.over:
            await self.pause()
        client.close()

    async def fault_reset(self) -> None:
        """Reset the connection in the middle of something."""
        client = await self.stranger("reset", "r")
        for _ in range(self.rng.randint(0, 5)):
            await client.say()
        await client.send(b"setengah")
        client.crash()

    async def fault_vanish(self) -> None:
        """Vanish: the server's side of the connection stays open."""
        client = await self.stranger("vanish", "w")
        await client.say()
        client.vanish()

    async def fault_half(self) -> None:
        """Leave in the middle of a line, or close one half of the connection and read on."""
        client = await self.stranger("half", "h")
        await client.say()
        await client.send("setengah é".encode()[:-1])
        if self.rng.random() < 0.5:
            await client.leave()
        else:
            client.close()

    async def fault_deaf(self) -> None:
        """Stop reading, and stay until the end."""
        client = await self.stranger("deaf", "d", narrow=True)
        client.stop_reading()
        await client.say()
        while self.goes_on():
            await self.pause()
        client.close()

    async def fault_deaf_flood(self) -> None:
        """Stop reading, and send as much as the server takes."""
        client = await self.stranger("flood", "f", narrow=True)
        client.stop_reading()
        async with self.flood:
            try:
                async with asyncio.timeout(1):
                    for _ in range(200):
                        await client.say(2000)
            except TimeoutError:
                pass  # the server does not take any more from who does not read
            await asyncio.sleep(LULL)
        client.close()

    async def fault_flood(self) -> None:
        """Say much, in many short lines or in few long ones, and read it all."""
        client = await self.stranger("flood", "f")
        many = self.rng.random() < 0.5
        async with self.flood:
            for _ in range(200 if many else 12):
                await client.say(0 if many else BIG)
            await client.own()
            await asyncio.sleep(LULL)
        await client.leave()

    async def fault_endless(self) -> None:
        """Send a line without end, before or after the username."""
        client = Client(self, "", "endless")
        await client.connect()
        if self.rng.random() < 0.5:
            client.record.name = self.name("e")
            await client.join()
        for _ in range(ENDLESS // 1000):
            await client.send(b"x" * 1000)
        client.close()

    async def fault_rubbish(self) -> None:
        """Send bytes without any sense."""
        client = Client(self, "", "rubbish")
        await client.connect()
        await client.send(self.rng.randbytes(self.rng.randint(1, 3000)))
        self.rng.choice([client.close, client.crash])()

    async def fault_bad_text(self) -> None:
        """Send bytes that are not UTF-8, with good messages between."""
        client = await self.stranger("bad_text", "b")
        await client.say()
        await client.send(
            f"{client.record.name}: \udcff \udcc3(\n".encode(errors="surrogateescape")
        )
        if not self.orders.complete:  # passed on, with signs in place of what is no text
            client.record.say(f"{client.record.name}: \ufffd \ufffd(")
        await client.say()
        await client.leave()

    async def fault_fight(self) -> None:
        """Ask for a name that others ask for at the same moment."""
        name = self.name("n")
        clients = [Client(self, name, "fight") for _ in range(5)]
        await asyncio.gather(*(client.connect() for client in clients))
        results = await asyncio.gather(
            *(client.join() for client in clients), return_exceptions=True
        )
        if results.count(True) > 1:
            clients[0].record.notes.append("two got the same name")
        for client in clients:
            self.rng.choice([client.close, client.crash])()

    async def fault_stranger(self) -> None:
        """Ask for the admin's name, and kick without being allowed to."""
        thief = Client(self, "", "stranger")
        await thief.connect()
        await thief.until(lambda line: True)
        await thief.send(b"ADMIN\nsalah\n")
        if "salah" not in await thief.until(lambda line: line != "PASS"):
            thief.record.notes.append("got in as admin")
        thief.close()
        client = await self.stranger("stranger", "x")
        await client.send(b"/kick admin\n/pm\n/kick\n/apa\n")
        if "Hanya" not in await client.until(lambda line: not line.startswith("[")):
            client.record.notes.append("could kick")
        await client.leave()

    # -----------------------------------------------------------------------------------------

    async def together(self, *jobs: Coroutine[Any, Any, None]) -> None:
        """Do things at the same time; the first that fails ends all."""
        async with asyncio.TaskGroup() as group:
            for place, job in enumerate(jobs, 1):
                context = contextvars.copy_context()
                context.run(LOT.set, Lot(self.orders, place))
                group.create_task(job, context=context)


async def main(orders: Orders) -> bool:
    """Play a part, write down what everybody sent and got; return whether one was cut off."""
    crowd = Crowd(orders)
    LOT.set(Lot(orders, 0))
    part = crowd.healthy if orders.part == "healthy" else crowd.trouble
    failed = False
    try:
        await part()
    except* (Gone, TimeoutError):  # the records say who, and what came before
        failed = True
    finally:
        save(crowd.records, Path(orders.path))
    return failed


if __name__ == "__main__":
    values = json.loads(sys.argv[1])
    cut_off = asyncio.run(main(Orders(**values | {"faults": tuple(values["faults"])})))
    os._exit(cut_off)  # what was left open on purpose is closed by the system, all at once
