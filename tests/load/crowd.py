"""A process full of clients: one of those who behave, or one of those who do not.

    python crowd.py '{"port": 40001, "seed": 7, "part": "healthy", ...}'

Started by `faults.py` and told the rest as one JSON object, see `Orders`. All that the clients do
is drawn from the seed, for each client alone: how far each comes depends on the time, what it does
until then does not. Those who behave print "in" when all who are to stay are in, and "quiet" when
they have said all. Then they stay until a line comes on standard input, ask for the list, and
leave one after another. At the end what every client sent and got is written to a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from records import Record, save

TCP_REPAIR = 19  # linux/tcp.h: a socket that is closed in this state tells the other side nothing
AT_ONCE = 50  # that knock at the same moment, fewer than the kernel lets wait at a door
BREATH = 0.3  # seconds between two words of the observer, while the others are silent
BIG = 50_000  # bytes of a line in a flood
DEAF = 400  # long lines for who does not read: more than the kernel and the server may keep for it
LULL = 0.5  # seconds from one flood to the next: who reads is never behind by as much as is dropped
ENDLESS = 300_000  # bytes without a line end
NOT_LET_IN = "not let in"
FAILED = 3  # exit code of a part that the server did not let go to its end
T = TypeVar("T")
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
        patience: seconds until a client that waits gives up: then the server has failed.
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
    patience: float
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


class Client:
    """One client: its connection, its record, and a task that reads as long as it is to read.

    Args:
        crowd: that it belongs to.
        name: under which it is drawn what the client does; nobody else in the run has it.
        kind: what it is to do.
        anonymous: whether it asks for no username, or for one that is not its own.
    """

    def __init__(self, crowd: Crowd, name: str, kind: str, anonymous: bool = False) -> None:
        self.crowd = crowd
        self.rng = crowd.draw(name)
        self.record = Record("" if anonymous else name, kind)
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
        address = ("127.0.0.1", self.crowd.orders.port)
        await self._patiently(asyncio.get_running_loop().sock_connect(self.sock, address))
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
        self.record.end = self.crowd.now()
        self.over = True
        self._news.set()

    async def until(self, wanted: Callable[[str], bool]) -> str:
        """Return the next line that is wanted, of those that no earlier call has looked at.

        Raises:
            Gone: the connection has ended before.
            TimeoutError: it does not come.
        """
        return await self._patiently(self._until(wanted))

    async def _until(self, wanted: Callable[[str], bool]) -> str:
        while True:
            while self._heard < len(self.record.got):
                self._heard += 1
                if wanted(self.record.got[self._heard - 1]):
                    return self.record.got[self._heard - 1]
            if self.over:
                raise Gone
            self._news.clear()
            await self._news.wait()

    async def _patiently(self, job: Awaitable[T]) -> T:
        """Wait for something, but not for ever; write down when it was in vain.

        Raises:
            Gone: the connection has ended.
            TimeoutError: it does not come.
        """
        patience = self.crowd.orders.patience
        try:
            async with asyncio.timeout(patience):
                return await job
        except TimeoutError:
            self.record.in_vain = f"waited {patience:g} s in vain, until {self.crowd.now():.1f} s"
            raise
        except OSError as error:
            raise Gone from error

    async def send(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            Gone: there is nobody any more.
            TimeoutError: the server does not take them.
        """
        await self._patiently(asyncio.get_running_loop().sock_sendall(self.sock, data))

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
        rng, record = self.rng, self.record
        words = " ".join(rng.choices(WORDS, k=rng.randint(1, 8)))
        text = f"{record.name}: {len(record.sent)} {words}{'x' * size}."
        record.say(text)
        send = self.drip if not size and rng.random() < 0.1 else self.send
        await send(f"{text}\n".encode())

    async def own(self) -> None:
        """Wait until the last thing that was said has come back."""
        if self.record.sent:
            last = self.record.sent[-1]
            if not any(line.endswith(last) for line in self.record.got[: self._heard]):
                await self.until(lambda line: line.endswith(last))

    async def leave(self) -> None:
        """Say that nothing more will be sent, read what is still to come, and close."""
        if not self.over:
            self.record.ended = "left"
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.record.ended = "reset"
        if self.reading is not None:
            await self._patiently(self.reading)
        self.sock.close()

    def crash(self) -> None:
        """Reset the connection (RST)."""
        self.stop_reading()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def vanish(self) -> None:
        """Be gone without a sign, like a machine that lost its power.

        That takes a right that not everybody has. Without it the client stays until it is closed,
        and its record says that this was not tried.
        """
        try:
            self.sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except PermissionError:
            self.record.not_tried = "vanish: only who may administer the network can"
        self.close()

    def close(self) -> None:
        """Close, with whatever has not been read."""
        self.stop_reading()
        self.sock.close()

    def stop_reading(self) -> None:
        """Read nothing any more, and stay."""
        if self.reading is not None:
            self.reading.cancel()


class Place:
    """Where one client after another comes: one of so many visitors or troubles at a time.

    Args:
        crowd: that it belongs to.
        number: of the place.
    """

    def __init__(self, crowd: Crowd, number: int) -> None:
        self.number = number
        self.round = crowd.orders.number
        self.rng = crowd.draw(f"place {number}")
        self.count = 0

    def name(self, letter: str) -> str:
        """Return a name that nobody else has, in any round of a run."""
        self.count += 1
        return f"{letter}{self.number}x{self.count}r{self.round}"


class Crowd:
    """All clients of this process."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.records: list[Record] = []
        self.victims: set[str] = set()  # who is in, and may be kicked
        self.begin = asyncio.get_running_loop().time()
        self.door = asyncio.Semaphore(AT_ONCE)
        self.flood = asyncio.Lock()  # one at a time
        self.end = asyncio.get_running_loop().time() + orders.seconds

    def draw(self, name: str) -> random.Random:
        """Return what somebody's doings are drawn from: the same in every run of the same seed."""
        return random.Random(f"{self.orders.seed} {self.orders.number} {self.orders.part} {name}")

    def now(self) -> float:
        """Return the seconds since the beginning."""
        return asyncio.get_running_loop().time() - self.begin

    def goes_on(self) -> bool:
        """Tell whether there is time left."""
        return asyncio.get_running_loop().time() < self.end

    async def pause(self, rng: random.Random) -> None:
        """Think for a while, as people do between two messages."""
        await asyncio.sleep(rng.expovariate(1 / self.orders.pause))

    # -- those who behave ---------------------------------------------------------------------

    async def healthy(self) -> None:
        """The observer first, then everybody else; the observer leaves last."""
        observer = await self.enter("observer", f"or{self.orders.number}")
        names = [f"s{place}r{self.orders.number}" for place in range(self.orders.steady)]
        if self.orders.complete:
            names.append("admin")
        people = await asyncio.gather(*(self.enter("steady", name) for name in names))
        print("in", flush=True)
        self.end = asyncio.get_running_loop().time() + self.orders.seconds
        await self.together(
            *(self.talk(client, people) for client in people),
            *(self.visit(Place(self, place)) for place in range(self.orders.visitors)),
        )
        print("quiet", flush=True)
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin, lambda: (told.set(), loop.remove_reader(sys.stdin)))
        while not told.is_set():  # who has vanished is noticed when something is sent to them
            await observer.say()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), BREATH)
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
        rng, name = client.rng, client.record.name
        # who is there to be kicked depends on the time, and with it how many pauses there are
        kicks, pauses = self.draw("kicks"), self.draw(f"{name}'s pauses")
        while self.goes_on() or len(client.record.sent) < self.orders.least:
            await self.pause(pauses)
            if name == "admin" and self.victims and kicks.random() < 0.7:
                victim = kicks.choice(sorted(self.victims))
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

    async def visit(self, place: Place) -> None:
        """Come, talk a little and go, again and again; where there is an admin, be kicked."""
        while self.goes_on():
            to_be_kicked = self.orders.complete and place.rng.random() < 0.3
            name = place.name("k" if to_be_kicked else "v")
            client = Client(self, name, "kicked" if to_be_kicked else "visitor")
            try:
                await client.connect()
                if not await client.join():
                    await client.leave()
                elif to_be_kicked:
                    await self.be_kicked(client)
                else:
                    for _ in range(client.rng.randint(0, 6)):
                        await client.say()
                    await client.leave()
            except Gone:
                if not client.record.came_in:
                    client.record.notes.append(NOT_LET_IN)
                client.close()
            await self.pause(place.rng)

    async def be_kicked(self, client: Client) -> None:
        """Talk until the end of the connection, or of the time."""
        self.victims.add(client.record.name)
        try:
            while self.goes_on() and not client.over:
                await client.say()
                await self.pause(client.rng)
        except Gone:
            pass
        finally:
            self.victims.discard(client.record.name)
        await client.leave()

    # -- those who do not ---------------------------------------------------------------------

    async def trouble(self) -> None:
        """Do harm in all ways, several at a time."""
        await self.together(
            *(self.harm(Place(self, place)) for place in range(self.orders.troubles))
        )

    async def harm(self, place: Place) -> None:
        """One fault after another."""
        while self.goes_on():
            fault = getattr(self, f"fault_{place.rng.choice(self.orders.faults)}")
            try:
                await fault(place)
            except (Gone, TimeoutError):
                pass  # thrown out, or not answered any more: it has earned that
            await self.pause(place.rng)

    async def stranger(self, place: Place, kind: str, letter: str, narrow: bool = False) -> Client:
        """Let somebody in who is up to no good."""
        client = Client(self, place.name(letter), kind)
        await client.connect(narrow)
        if not await client.join():
            client.close()
            raise Gone
        return client

    async def fault_knock(self, place: Place) -> None:
        """Connect, and be gone at once, politely or not."""
        client = Client(self, place.name("knock"), "knock", anonymous=True)
        await client.connect()
        client.rng.choice([client.close, client.crash])()

    async def fault_silent(self, place: Place) -> None:
        """Say half a username and no more, until the end."""
        client = Client(self, place.name("silent"), "silent", anonymous=True)
        await client.connect()
        await client.send(client.rng.choice([b"", b"Di"]))
        while self.goes_on() and not client.over:
            await self.pause(client.rng)
        client.close()

    async def fault_reset(self, place: Place) -> None:
        """Reset the connection in the middle of something."""
        client = await self.stranger(place, "reset", "r")
        for _ in range(client.rng.randint(0, 5)):
            await client.say()
        await client.send(b"setengah")
        client.crash()

    async def fault_vanish(self, place: Place) -> None:
        """Vanish: the server's side of the connection stays open."""
        client = await self.stranger(place, "vanish", "w")
        await client.say()
        client.vanish()

    async def fault_half(self, place: Place) -> None:
        """Leave in the middle of a line, or close one half of the connection and read on."""
        client = await self.stranger(place, "half", "h")
        await client.say()
        await client.send("setengah é".encode()[:-1])
        if client.rng.random() < 0.5:
            await client.leave()
        else:
            client.close()

    async def fault_deaf(self, place: Place) -> None:
        """Stop reading. A friend sends to nobody else, until the server has had enough of that."""
        client = await self.stranger(place, "deaf", "d", narrow=True)
        name = client.record.name
        friend = await self.stranger(place, "friend", "g")
        client.stop_reading()
        gone = f"{name} keluar!"
        for _ in range(DEAF):
            await friend.send(f"/pm {name} {'x' * BIG}\n".encode())
            answer = await friend.until(
                lambda line: line.startswith(("PM untuk", name)) or line.endswith(gone)
            )
            if not answer.startswith("PM untuk"):
                break
        else:
            client.record.notes.append(f"was kept, although it did not read {DEAF * BIG} bytes")
        client.close()
        await friend.leave()

    async def fault_deaf_flood(self, place: Place) -> None:
        """Stop reading, and send as much as the server takes."""
        client = await self.stranger(place, "flood", "f", narrow=True)
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

    async def fault_flood(self, place: Place) -> None:
        """Say much, in many short lines or in few long ones, and read it all."""
        client = await self.stranger(place, "flood", "f")
        many = client.rng.random() < 0.5
        async with self.flood:
            for _ in range(200 if many else 12):
                await client.say(0 if many else BIG)
            await client.own()
            await asyncio.sleep(LULL)
        await client.leave()

    async def fault_endless(self, place: Place) -> None:
        """Send a line without end, before or after the username."""
        client = Client(self, place.name("endless"), "endless", anonymous=True)
        await client.connect()
        if client.rng.random() < 0.5:
            client.record.name = place.name("e")
            await client.join()
        for _ in range(ENDLESS // 1000):
            await client.send(b"x" * 1000)
        client.close()

    async def fault_rubbish(self, place: Place) -> None:
        """Send bytes without any sense."""
        client = Client(self, place.name("rubbish"), "rubbish", anonymous=True)
        await client.connect()
        await client.send(client.rng.randbytes(client.rng.randint(1, 3000)))
        client.rng.choice([client.close, client.crash])()

    async def fault_bad_text(self, place: Place) -> None:
        """Send bytes that are not UTF-8, with good messages between."""
        client = await self.stranger(place, "bad_text", "b")
        await client.say()
        await client.send(
            f"{client.record.name}: \udcff \udcc3(\n".encode(errors="surrogateescape")
        )
        if not self.orders.complete:  # passed on, with signs in place of what is no text
            client.record.say(f"{client.record.name}: \ufffd \ufffd(")
        await client.say()
        await client.leave()

    async def fault_fight(self, place: Place) -> None:
        """Ask for a name that others ask for at the same moment."""
        name = place.name("n")
        clients = [Client(self, f"{name} {one}", "fight") for one in range(5)]
        for client in clients:
            client.record.name = name
        await asyncio.gather(*(client.connect() for client in clients))
        results = await asyncio.gather(
            *(client.join() for client in clients), return_exceptions=True
        )
        if results.count(True) > 1:
            clients[0].record.notes.append("two got the same name")
        for client in clients:
            client.rng.choice([client.close, client.crash])()

    async def fault_stranger(self, place: Place) -> None:
        """Ask for the admin's name, and kick without being allowed to."""
        thief = Client(self, place.name("stranger"), "stranger", anonymous=True)
        await thief.connect()
        await thief.until(lambda line: True)
        await thief.send(b"ADMIN\nsalah\n")
        if "salah" not in await thief.until(lambda line: line != "PASS"):
            thief.record.notes.append("got in as admin")
        thief.close()
        client = await self.stranger(place, "stranger", "x")
        await client.send(b"/kick admin\n/pm\n/kick\n/apa\n")
        if "Hanya" not in await client.until(lambda line: not line.startswith("[")):
            client.record.notes.append("could kick")
        await client.leave()

    # -----------------------------------------------------------------------------------------

    async def together(self, *jobs: Coroutine[Any, Any, None]) -> None:
        """Do things at the same time; the first that fails ends all."""
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(job)


async def main(orders: Orders) -> bool:
    """Play a part, and write down what everybody sent and got; return whether all went well."""
    crowd = Crowd(orders)
    part = crowd.healthy if orders.part == "healthy" else crowd.trouble
    well = False
    try:
        await part()
        well = True
    except* (Gone, TimeoutError):
        pass  # the records tell who was cut off, or waited in vain, and when
    finally:
        save(crowd.records, Path(orders.path))
    return well


if __name__ == "__main__":
    values = json.loads(sys.argv[1])
    went_well = asyncio.run(main(Orders(**values | {"faults": tuple(values["faults"])})))
    # what was left open on purpose is closed by the system, all at once
    os._exit(0 if went_well else FAILED)
