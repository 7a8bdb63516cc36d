"""The five checks of lesson 05 with plain sockets, as a teacher without `autograder` writes them.

check50, otter and nbgrader all call them, each from a file of its own kind. They are those of
`autograder/challenges/test_lesson_05.py`, by name and in what they expect. Each starts the server
anew; nothing is waited for by guess: a check goes on as soon as what it waits for is there, and
whoever has to see that something does *not* come waits for a message sent after it.

The program listens on an address of the loopback network that no other check has, since two with
the same port cannot run side by side (Linux; elsewhere there is only 127.0.0.1).
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE = float(os.environ.get("FIVE_CHECKS_PATIENCE", "3"))
"""Seconds that each wait may take; check50 waits as long for a program's output."""

WRITTEN_HOST, PORT = "127.0.0.1", 5005  # in the program
PAUSE = 0.01  # seconds between two tries to connect
LAST = "selesai"  # said last in a check


class Unmet(AssertionError):
    """The server does not do what the check expects."""


class Client:
    """One who is connected to the server."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.name = ""
        self.lines: list[str] = []
        self.seen = 0  # how many of the lines have been looked at
        self._rest = b""

    def send(self, text: str) -> None:
        """Send one line."""
        try:
            self.connection.sendall(f"{text}\n".encode())
        except OSError as error:
            raise Unmet(f"the connection of {self.name} broke: {error}") from error

    def say(self, text: str) -> None:
        """Send a chat message."""
        self.send(f"{self.name}: {text}")

    def sees(self, text: str) -> None:
        """Read until a line with `text` has come.

        Raises:
            Unmet: none comes.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            while self.seen < len(self.lines):
                self.seen += 1
                if text in self.lines[self.seen - 1]:
                    return
            try:
                self.connection.settimeout(max(0.001, deadline - time.monotonic()))
                data = self.connection.recv(4096)
            except OSError as error:  # a timeout is one, too
                raise Unmet(f"{self.name or 'a guest'} waits for {text!r}: {error}") from error
            if not data:
                raise Unmet(f"{self.name or 'a guest'} waits for {text!r}: connection closed")
            *whole, self._rest = (self._rest + data).split(b"\n")
            self.lines += [line.decode("utf-8", "replace") for line in whole]

    def count(self, text: str) -> int:
        """Return how many lines with `text` have come so far."""
        return sum(text in line for line in self.lines)


class Chat:
    """A server that runs, and those who are connected to it."""

    def __init__(self, process: subprocess.Popen[bytes], host: str) -> None:
        self.process, self.host = process, host
        self.clients = contextlib.ExitStack()

    def join(self, name: str) -> Client:
        """Connect, give a username and wait until it is announced.

        Raises:
            Unmet: no connection, no question or no announcement comes.
        """
        client = Client(self.clients.enter_context(self._connection()))
        client.sees("NICK")
        client.name = name
        client.send(name)
        client.sees(f"{name} Bergabung!")
        return client

    def newcomer(self) -> Client:
        """Let Charlie join and speak; when his own words are back, so is all that came before."""
        charlie = self.join("Charlie")
        charlie.say(LAST)
        charlie.sees(LAST)
        return charlie

    def _connection(self) -> socket.socket:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return socket.create_connection((self.host, PORT), timeout=PATIENCE)
            except OSError as error:
                if time.monotonic() > deadline:
                    raise Unmet(f"nobody can connect: {error}") from error
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PAUSE)
                raise Unmet("the server has ended")


@contextlib.contextmanager
def running(server: str) -> Iterator[Chat]:
    """Start the program at path `server`, and end it at last."""
    host = "127." + ".".join(str(random.randint(1, 254)) for _each in range(3))
    program = Path(server).read_text(encoding="utf-8").replace(WRITTEN_HOST, host)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "server.py")
        copy.write_text(program, encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, str(copy)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        chat = Chat(process, host)
        try:
            with chat.clients:
                yield chat
        finally:
            process.kill()
            process.wait()


def expect(truth: bool, text: str) -> None:
    """Raise `Unmet` with `text` unless it is so."""
    if not truth:
        raise Unmet(text)


def two_after(chat: Chat, text: str) -> tuple[Client, Client]:
    """Let Alice and Bob come in, and her say something; return both when he has it."""
    alice, bob = chat.join("Alice"), chat.join("Bob")
    alice.say(text)
    bob.sees(text)
    return alice, bob


# -- the checks ------------------------------------------------------------------------------------


def everybody_gets_each_message(server: str) -> None:
    """Everybody still gets each message, and once."""
    with running(server) as chat:
        people = [chat.join(name) for name in ("Alice", "Bob", "Charlie")]
        texts = [f"kopi hangat {number}" for number in range(3)]
        for speaker, text in zip(people, texts, strict=True):
            speaker.say(text)
            for listener in people:
                listener.sees(text)
        people[0].say(LAST)
        for listener in people:
            listener.sees(LAST)
            for text in texts:
                expect(listener.count(text) == 1, f"{listener.name} gets {text!r} once")


def a_newcomer_gets_the_last_three(server: str) -> None:
    """A newcomer gets the last three messages, in their order."""
    with running(server) as chat:
        alice, bob = chat.join("Alice"), chat.join("Bob")
        texts = [f"teh manis {number}" for number in range(5)]
        for speaker, text in zip((alice, bob, alice, bob, alice), texts, strict=True):
            speaker.say(text)
            bob.sees(text)
        charlie = chat.newcomer()
        old = [text for line in charlie.lines for text in texts if text in line]
        expect(old == texts[-3:], f"Charlie gets the last three, not {old}")


def a_newcomer_gets_what_there_is(server: str) -> None:
    """Where fewer were said, a newcomer gets those."""
    with running(server) as chat:
        two_after(chat, "nasi goreng")
        charlie = chat.newcomer()
        expect(charlie.count("nasi goreng") == 1, "Charlie gets 'nasi goreng' once")


def the_news_is_not_kept(server: str) -> None:
    """The news of who came and who left is not kept."""
    with running(server) as chat:
        alice, bob = two_after(chat, "sate ayam")
        bob.connection.close()
        alice.sees("Bob keluar")
        charlie = chat.newcomer()
        expect(charlie.count("sate ayam") > 0, "Charlie gets 'sate ayam'")
        expect(charlie.count("Bob") == 0, "Charlie does not hear of Bob, who has left")


def nobody_else_gets_them_again(server: str) -> None:
    """Only the newcomer gets the old messages."""
    with running(server) as chat:
        alice, bob = two_after(chat, "roti bakar")
        charlie = chat.newcomer()
        for person in (alice, bob):
            person.sees(LAST)
        for person in (alice, bob, charlie):
            expect(person.count("roti bakar") == 1, f"{person.name} gets 'roti bakar' once")


FIVE = (
    everybody_gets_each_message,
    a_newcomer_gets_the_last_three,
    a_newcomer_gets_what_there_is,
    the_news_is_not_kept,
    nobody_else_gets_them_again,
)
