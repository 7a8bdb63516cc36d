"""A chat server as a real process, and people who talk to it over real TCP connections."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import selectors
import socket
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Literal, overload

from autograder import sandbox
from autograder.diagram import Diagram, Mark
from autograder.dialect import OUR_DIALECT, Dialect
from autograder.failures import Cause, Unmet
from autograder.i18n import _
from autograder.oracle import KernelOracle, Oracle, PatientOracle, kernel_can_be_asked
from autograder.person import Person
from autograder.process import ColdLauncher, Launcher, ServerProcess, WarmLauncher
from autograder.server_output import last_error, last_lines
from autograder.submission import Submission, read_server
from autograder.threadmap import ThreadMap, ThreadState, Waits
from autograder.transcript import Transcript
from autograder.visible import visible

START_SECONDS = 5.0  # processor time until the server listens; a good one takes a hundredth
WAIT_SECONDS = 10.0  # for an expectation, where a server neither answers nor comes to rest
CONNECT_SECONDS = 4.0  # the kernel tries again after 1 and after 3 seconds
SPIN_SECONDS = 0.3  # processor time used without a byte sent: enough for any answer
SPIN_SECONDS_AGAIN = 0.05  # the same, once a server is known to spin
FLOOD_BYTES = 8 * 1024  # from the server to one client, beyond what our own bytes explain
WELCOME_BYTES = 256  # the same, for each one who comes or goes: a greeting and a notice
OUTPUT_BYTES = 256 * 1024  # on standard output and standard error, beyond what ours explain
CHUNK = 64 * 1024

Reason = Literal["done", "idle", "dead", "spinning", "flood", "time"]

TIME_ZONE = "WIB-7"  # Jakarta; in POSIX form, which needs no file of time zones


def start_launcher(submission: Submission) -> Launcher:
    """Start the launcher for `submission` in the strongest sandbox that works here."""
    isolation, _why = sandbox.probe()
    if sandbox.can_fork():
        return WarmLauncher(submission, isolation)
    return ColdLauncher(submission, isolation)


class Room:
    """A running chat server and the people in it.

    Args:
        server: path of the server, or a submission that was read already.
        clock: what the server's wall clock shows when it starts, a naive datetime in
            `timezone`; None for the real time.
        timezone: the server's `TZ`, in POSIX form.
        dialect: how the server speaks; None to find it out by talking to a copy of it.
        launcher: what starts the server; None for one of the room's own.

    Raises:
        BadServer: `server` cannot be read.
        Unmet: the server does not come to listen.
    """

    windows = sys.platform == "win32"

    def __init__(
        self,
        server: str | os.PathLike[str] | Submission = "server.py",
        *,
        clock: datetime.datetime | None = None,
        timezone: str = TIME_ZONE,
        dialect: Dialect | None = None,
        launcher: Launcher | None = None,
    ) -> None:
        submission = server if isinstance(server, Submission) else read_server(server)
        self.submission = launcher.submission if launcher is not None else submission
        self.launcher = launcher if launcher is not None else start_launcher(self.submission)
        self.timezone = timezone
        self._started = time.monotonic()
        self._people: list[Person] = []
        self._script: list[tuple[Person | None, str]] = []
        self._tried = ""
        self._epoch = 0
        self._received_since_act = 0
        self._sent = 0
        self._printed = 0
        self._last_moved = time.monotonic()
        self._cpu_when_quiet: float | None = None
        self.transcript = Transcript()
        self._selector = selectors.DefaultSelector()
        epoch = None if clock is None else seconds_since_1970(clock, timezone)
        try:
            self.process: ServerProcess = self.launcher.start(epoch=epoch, timezone=timezone)
        except BaseException:
            if launcher is None:
                self.launcher.close()
            self._selector.close()
            raise
        # also when the program ends or nobody refers to the room any more
        self._close = weakref.finalize(
            self, _close, self._selector, self.process, None if launcher else self.launcher
        )
        self.oracle: Oracle
        if kernel_can_be_asked():
            self.oracle = KernelOracle(self.launcher.root_pid() or 0)
        else:
            self.oracle = PatientOracle()
        for sock in self.launcher.listen_to():
            self._selector.register(sock, selectors.EVENT_READ, "launcher")
        self._selector.register(self.process.output, selectors.EVENT_READ, "output")
        self._selector.register(self.process.channel.sock, selectors.EVENT_READ, "channel")
        self._dialect = dialect
        try:
            self._wait_until_it_listens()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Room:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server and all connections; what was said stays readable."""
        for person in self._people:
            person.sock.close()
        self._close()

    # -- people -------------------------------------------------------------------------------

    @property
    def dialect(self) -> Dialect:
        """How the server speaks, found out where nobody told."""
        if self._dialect is None:
            self._dialect = learn_dialect(self.launcher)
            self.transcript.line_ends = self._dialect.line_ends
        return self._dialect

    @overload
    def join(self, name: str, /) -> Person: ...

    @overload
    def join(self, name: str, second: str, /, *more: str) -> tuple[Person, ...]: ...

    def join(self, *names: str) -> Person | tuple[Person, ...]:
        """Let people come in, one after another, each when the one before is in.

        Returns:
            one person for one name, else a tuple of them.

        Raises:
            Unmet: no connection, or no question for the username where others are asked.
        """
        people = []
        for name in names:
            person = self._connect()
            person.be_called(name)
            self._script.append((person, f"room.join({name!r})"))
            with self._quietly():
                person.introduce(name)
            self._tried = _("{name} joined").format(name=name)
            if self.dialect.tells_self:
                pattern = person._parts((person,))
                if self.wait(lambda p=person, n=pattern: bool(p.inbox.find(n))) != "done":
                    self.settle()
            else:
                self.settle()
            people.append(person)
        return people[0] if len(people) == 1 else tuple(people)

    def join_at_once(self, *names: str) -> tuple[Person, ...]:
        """Let people come in together: all connect, then all give their usernames.

        Raises:
            Unmet: no connection, or no question for the username where others are asked.
        """
        people = tuple(self._connect() for _name in names)
        self._begin(_("{count} clients joined at once").format(count=len(people)))
        self._script.append((None, f"crowd = room.join_at_once({', '.join(map(repr, names))})"))
        waiting = dict(zip(people, names, strict=True))

        def all_have_answered() -> bool:
            for person in list(waiting):
                if person.inbox.size or not self.dialect.greets:
                    name = waiting.pop(person)
                    person.be_called(name)
                    self.transmit(person, self.dialect.encode(name))
            return not waiting

        self.wait(all_have_answered)
        for person in waiting:
            person.is_asked()
        self.settle()
        return people

    def leave_at_once(self, *people: Person) -> None:
        """Let people go together: every other one leaves, the rest crash."""
        self.settle()
        self._begin(_("{count} clients left at once").format(count=len(people)))
        self._script.append((None, "room.leave_at_once(*crowd)"))
        for place, person in enumerate(people):
            person.disconnect("leave" if place % 2 == 0 else "crash")
        self.settle()

    def forget(self) -> None:
        """Wait until nothing more comes; then let expectations look only at what comes later."""
        self.settle()
        self._script.append((None, "room.forget()"))
        for person in self._people:
            person.inbox.forget()

    def never_twice(self, text: str) -> None:
        """Expect that nobody gets `text` twice, the sender included.

        Raises:
            Unmet: somebody does.
        """
        self.settle()
        for person in self._people:
            if person.inbox.count((text,)) > 1:
                person.sees_once(text)

    def connect(self) -> Person:
        """Let somebody connect and stay silent.

        Raises:
            Unmet: no connection can be made.
        """
        person = self._connect()
        self._script.append((person, "room.connect()"))
        return person

    def _connect(self) -> Person:
        dialect = self.dialect  # found out before somebody is in the room
        number = len(self._people)
        label = _("client {number}").format(number=number + 1)
        self._begin(_("{name} connected").format(name=label))
        try:
            sock = self.process.connect()
        except OSError as error:
            raise self.unmet(
                "refused",
                expected=_("the server accepts a connection"),
                got=self._refusal(
                    _("The connection was refused ({reason}).").format(reason=error)
                ),
            ) from None
        self.transcript.labels[number] = label
        # noted now, not when it is made: the server may have seen it, and said so, before us
        self.transcript.add(self._now(), "connect", number)
        person = Person(self, number, sock)
        person.inbox.line_ends = dialect.line_ends
        self._people.append(person)
        self._selector.register(sock, selectors.EVENT_WRITE, person)
        deadline = time.monotonic() + CONNECT_SECONDS
        while person.state == "connecting" and time.monotonic() < deadline:
            self._step(0.05)
        if person.state != "open":
            raise self.unmet(
                "refused",
                expected=_("the server accepts a connection"),
                got=self._refusal(_("The connection was not made.")),
            )
        return person

    def _refusal(self, otherwise: str) -> str:
        """Return in words why nobody can connect: the server has ended, or `otherwise`."""
        self._drain()
        return self._how_it_ended() if self.process.exit is not None else otherwise

    # -- the server ---------------------------------------------------------------------------

    @property
    def log(self) -> str:
        """What the server has printed so far."""
        self._drain()
        return self.transcript.output()

    @property
    def isolation(self) -> str:
        """The level of the sandbox that the server runs in."""
        return self.launcher.sandbox.level

    def set_clock(self, moment: datetime.datetime) -> None:
        """Set the wall clock that the server sees, and let it run on from there.

        Args:
            moment: naive, in the server's time zone.
        """
        shown = moment.isoformat(" ")
        self.act(_("the clock was set to {time}").format(time=shown), None, f"set_clock({moment!r})")
        self.transcript.add(self._now(), "clock", None, shown.encode())
        self._ask({"do": "clock", "epoch": seconds_since_1970(moment, self.timezone)})

    def diagram(self, *marks: Mark, title: str = "") -> Diagram:
        """Return the sequence diagram of what was said so far; a notebook draws it."""
        if self._close.alive:
            self._drain()
        return Diagram.from_transcript(self.transcript, marks, title)

    def threads(self) -> ThreadMap:
        """Return the thread map: where each thread of the server is, and what it waits for."""
        self.settle()
        report = self._ask({"do": "threads"}).get("threads", [])
        waits: dict[int, tuple[Waits, str | None]] = {}
        if isinstance(self.oracle, KernelOracle):
            waits = self.oracle.waits({person.port: person.label for person in self._people})
        states = []
        for entry in report:
            own = entry["calls"][0] if entry["calls"] else {}
            by_name = _WAITS_BY_NAME.get(entry["innermost"], "other")
            kind, peer = waits.get(entry["native_id"], (by_name, None))
            if kind in ("lock", "select") and by_name in ("join", "recv", "accept"):
                kind = by_name  # join() waits for a lock; a time limit makes recv() a poll()
            states.append(
                ThreadState(
                    name=entry["name"],
                    waits=kind,
                    peer=peer,
                    line=own.get("line"),
                    function=own.get("function", ""),
                    source_line=own.get("source", ""),
                    file=own.get("file", ""),
                    main=entry["main"],
                    caller=entry["calls"][1]["function"] if len(entry["calls"]) > 1 else "",
                )
            )
        return ThreadMap(tuple(states), self.submission.name, self.submission.source)

    def settle(self) -> Reason:
        """Wait until the server can do nothing more by itself; return how that was known."""
        return self.wait(lambda: False)

    def rests(self) -> None:
        """Expect that the server uses no processor time while nobody speaks.

        Raises:
            Unmet: it works although there is nothing to do.
        """
        self._script.append((None, "room.rests()"))
        self.act_silently(_("nobody spoke"))
        before = self._cpu()
        reason = self.settle()
        if reason == "idle" and not self.oracle.exact:
            reason = "spinning" if self._cpu() - before > SPIN_SECONDS else "idle"
        if reason in ("spinning", "flood", "time") or self._flood:
            raise self.unmet(
                "busy",
                expected=_("the server waits quietly and uses no processor time"),
                got=_("It works all the time although nobody says anything: a loop never waits."),
            )

    def _cpu(self) -> float:
        if self.oracle.exact:
            return self.oracle.cpu_seconds()
        return float(self._ask({"do": "cpu"}).get("cpu", 0.0))

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Give the server's launcher part an order and return its answer ({} if none comes)."""
        self.process.order(order)
        deadline = time.monotonic() + WAIT_SECONDS
        while order["do"] not in self.process.answers and time.monotonic() < deadline:
            if self.process.exit is not None or not self._channel_open:
                break
            self._step(0.02)
        return self.process.answers.pop(order["do"], {})

    # -- acting (used by people) --------------------------------------------------------------

    def act(self, tried: str, person: Person | None, script: str) -> None:
        """Note that something is done now: in words, and as a line of Python."""
        self._begin(tried)
        if not self._quiet:
            self._script.append((person, script))

    def act_silently(self, tried: str) -> None:
        """Note in words what is tried now, where the line of Python is known already."""
        self._begin(tried)

    def note(self, person: Person | None, script: str) -> None:
        """Note an expectation as a line of Python."""
        self._script.append((person, script))

    _quiet = False
    _channel_open = True
    _spins = False
    _flood: Literal["", "chat", "output"] = ""

    @contextlib.contextmanager
    def _quietly(self):  # type: ignore[no-untyped-def]
        """Write no lines of Python: what happens inside is part of a line that is there."""
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def _begin(self, tried: str) -> None:
        self._tried = tried
        self._epoch += 1
        self._received_since_act = 0
        self._moved()

    def transmit(self, person: Person, data: bytes) -> None:
        """Send bytes for a person; what the kernel does not take now follows when it can."""
        self.transcript.add(self._now(), "send", person.number, data)
        if person.state != "open":
            return
        self._sent += len(data)
        person.pending += data
        self._flush(person)
        self.watch(person)
        self._moved()

    def hang_up(self, person: Person, how: Literal["leave", "crash"]) -> None:
        """Close a person's connection from our side."""
        if person.state in ("open", "connecting"):
            self.transcript.add(self._now(), how, person.number)
            self._forget(person)
        person.state = "gone"
        self._moved()

    def watch(self, person: Person) -> None:
        """Let the selector wait for what this person's connection has to do."""
        if person.state != "open":
            return
        events = (selectors.EVENT_READ if person.reading else 0) | (
            selectors.EVENT_WRITE if person.pending else 0
        )
        known = person.sock in self._selector.get_map()
        if not events and known:
            self._selector.unregister(person.sock)
        elif events and known:
            self._selector.modify(person.sock, events, person)
        elif events:
            self._selector.register(person.sock, events, person)

    # -- waiting ------------------------------------------------------------------------------

    def wait(self, done: Callable[[], bool], *, sure: bool = False) -> Reason:
        """Read until `done()`, or until nothing more can come.

        Args:
            sure: `done()` would be bad news: where the kernel cannot be asked, let a public
                message overtake what may still be on its way, instead of waiting long.

        Returns:
            "done", or why waiting on is pointless: the server is "idle", it is "dead", it is
            "spinning" or in a "flood" without coming to rest, or the "time" is over.
        """
        if sure and not self.oracle.exact and self._fence():
            return "done" if done() else "idle"
        started = time.monotonic()
        pause = 0.0
        while True:
            if done():
                return "done"
            if time.monotonic() - started > WAIT_SECONDS:
                return "time"
            if self._step(pause):
                pause = 0.0
                if self._flooded():
                    return "done" if done() else "flood"
                continue
            if self.process.exit is not None and not self._step(0.0):
                return "done" if done() else "dead"
            state = self.oracle.state(
                [person.sock for person in self._people if person.state == "open"],
                {person.port for person in self._people if not person.reading},
                self._gone_ports(),
            )
            if state == "idle":
                if self._step(0.0):
                    continue
                return "done" if done() else "idle"
            quiet = time.monotonic() - self._last_moved
            if quiet > 0.05 and state == "busy" and self._is_spinning():
                return "done" if done() else "spinning"
            pause = min(0.02, pause * 2 or 0.0003)

    def _gone_ports(self) -> set[int]:
        """Return the ports of connections that we have closed, but for one that is used again."""
        gone = {person.port for person in self._people if person.state == "gone"}
        return gone - {person.port for person in self._people if person.state == "open"}

    def _is_spinning(self) -> bool:
        """Tell whether the server has worked for long without sending a byte."""
        if not self.oracle.exact:
            return False
        used = self.oracle.cpu_seconds()
        if self._cpu_when_quiet is None:
            self._cpu_when_quiet = used
        if not self.process.ports:
            return used - self._cpu_when_quiet > START_SECONDS
        most = SPIN_SECONDS_AGAIN if self.launcher.spins else SPIN_SECONDS
        if used - self._cpu_when_quiet > most:
            self._spins = self.launcher.spins = True
            return True
        return False

    def _flooded(self) -> bool:
        """Tell whether the server sends or prints far more than our own bytes explain.

        Then it is stopped: nothing would come of reading on.
        """
        people = max(1, len(self._people))
        explained = people * (WELCOME_BYTES * people + 8 * self._sent)
        if self._received_since_act > people * FLOOD_BYTES + explained:
            self._flood = "chat"
        elif self._printed > OUTPUT_BYTES + 40 * explained:
            self._flood = "output"
        if self._flood:
            self.process.kill()
        return bool(self._flood)

    def _fence(self) -> bool:
        """Say something public and wait until everybody has it: what came before has come."""
        speakers = [
            person
            for person in self._people
            if person.state == "open" and person.name and person.reading and person.inbox.size
        ]
        if not speakers or not self.dialect.wants_line_ends or self.process.exit is not None:
            return False
        text = f"… {self._epoch} {len(self.transcript.events)} …"
        self.transmit(speakers[0], self.dialect.encode(self.dialect.chat(speakers[0].label, text)))
        deadline = time.monotonic() + WAIT_SECONDS / 5
        waiting = list(speakers)
        while waiting and time.monotonic() < deadline:
            self._step(0.01)
            waiting = [
                person for person in waiting if not any(text in s.text for s in person.inbox.segments)
            ]
        for person in speakers:
            for segment in person.inbox.segments:
                if text in segment.text:
                    segment.text = ""  # ours, and nobody's expectation
        return not waiting

    def _moved(self) -> None:
        """Note that something has happened just now."""
        self._last_moved = time.monotonic()
        self.oracle.touch()
        self._cpu_when_quiet = None

    def _drain(self) -> None:
        while self._step(0.0):
            if self._flooded():
                return

    def _step(self, seconds: float) -> bool:
        """Wait at most `seconds` for something to happen, take it in, tell whether there was."""
        moved = False
        for key, events in self._selector.select(seconds):
            if key.data == "launcher":
                self.launcher.hear()
                moved = True
            elif key.data == "output":
                moved |= self._read_output()
            elif key.data == "channel":
                if not self.process.read_channel():
                    self._channel_open = False
                    self._selector.unregister(key.fileobj)
            else:
                moved |= self._serve(key.data, events)
        self.launcher.poll(self.process)
        if self.process.exit is not None and not self._exit_noted:
            self._exit_noted = True
            self.transcript.add(self._now(), "exit", None, str(self.process.exit).encode())
            moved = True
        if moved:
            self._moved()
        return moved

    _exit_noted = False

    def _read_output(self) -> bool:
        data = self.process.read_output(CHUNK)
        if data is None:
            self._selector.unregister(self.process.output)
            return False
        self._printed += len(data)
        if data:
            self.transcript.add(self._now(), "output", None, data)
        return bool(data)

    def _serve(self, person: Person, events: int) -> bool:
        """Do for one person what their connection is ready for."""
        if person.state == "connecting":
            error = person.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                self._forget(person)
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
            self.transcript.add(self._now(), "closed", person.number)
            self._forget(person)
            person.state = "closed"
            return True
        if hasattr(socket, "TCP_QUICKACK"):
            person.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self.transcript.add(self._now(), "receive", person.number, data)
        person.inbox.feed(data, self._epoch)
        self._received_since_act += len(data)
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

    def _forget(self, person: Person) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(person.sock)
        person.sock.close()

    def _now(self) -> float:
        return time.monotonic() - self._started

    # -- starting and ending ------------------------------------------------------------------

    def _wait_until_it_listens(self) -> None:
        self._tried = _("the server was started")
        reason = self.wait(lambda: bool(self.process.ports))
        if reason == "done":
            return
        expected = _("it opens its door: bind() and listen()")
        if self._flood:
            raise self.unmet("flood", expected=expected, got=self._how_it_ended())
        if self.process.exit is not None:
            raise self.unmet(self._cause_of_death(), expected=expected, got=self._how_it_ended())
        if reason == "idle":
            text = _("It runs, but it waits for something else and listens nowhere.")
            raise self.unmet("deaf", expected=expected, got=text)
        text = _(
            "It was stopped after {seconds} seconds of hard work and listens nowhere: a loop never"
            " ends."
        )
        raise self.unmet("busy", expected=expected, got=text.format(seconds=round(START_SECONDS)))

    def _cause_of_death(self) -> Cause:
        error, _line, kind = last_error(self.transcript.output())
        if kind in ("SyntaxError", "IndentationError", "TabError"):
            return "syntax"
        if kind == "EOFError" and "reading a line" in error:
            return "input"
        if self.process.exit is not None and self.process.exit.code == 0:
            return "ended"
        return "died"

    def _how_it_ended(self) -> str:
        """Return in words how the server's process ended."""
        assert self.process.exit is not None
        if self._flood:
            if self._flood == "output":
                return _("The server prints without end, so it was stopped.")
            return _("The server sends without end, so it was stopped.")
        error, line, _kind = last_error(self.transcript.output())
        cause = self._cause_of_death()
        if cause == "syntax":
            text = _("Python cannot read the program, line {line}: {error}")
        elif cause == "input":
            text = _(
                "The program asks the keyboard with input() in line {line}, but a server has"
                " nobody at the keyboard: write the value into the program."
            )
        elif error:
            text = _("The server died in line {line}: {error}")
        elif cause == "ended":
            text = _("The server ran to its end and stopped, without an error.")
        elif self.process.exit.code < 0:
            text = _("The server was ended by the signal {code}.")
        else:
            text = _("The server ended with the exit code {code}.")
        return text.format(line=line or "?", error=error, code=self.process.exit)

    # -- words --------------------------------------------------------------------------------

    def what_came(self, person: Person) -> str:
        """Return in words what reached a person since our last action, and why no more came."""
        fresh = [s.text for s in person.inbox.segments if s.epoch == self._epoch and s.text]
        if fresh:
            shown = ", ".join(f"“{visible(text, 120)}”" for text in fresh[:5])
            more = _(" and {count} more").format(count=len(fresh) - 5) if len(fresh) > 5 else ""
            text = _("{name} got {texts}{more}.").format(name=person.label, texts=shown, more=more)
        else:
            text = _("{name} got nothing.").format(name=person.label)
        if self.process.exit is not None:
            text += "\n" + self._how_it_ended()
        elif person.state == "closed":
            text += "\n" + _("The server closed {name}'s connection.").format(name=person.label)
        elif error := self._thread_error():
            text += "\n" + error
        elif self._spins:
            text += "\n" + _("The server is busy all the time: a loop never waits.")
        return text

    def _thread_error(self) -> str:
        """Return in words that a thread has died of an error, "" where none has."""
        error, line, _kind = last_error(self.transcript.output())
        if not error:
            return ""
        return _("A thread of the server died in line {line}: {error}").format(
            line=line or "?", error=error
        )

    def unmet(
        self, cause: Cause, *, expected: str, got: str, mark: Mark | None = None, tried: str = ""
    ) -> Unmet:
        """Return the failure of an expectation, with all that a person needs to see it."""
        self._drain()
        failure = Unmet(
            cause,
            tried=tried or self._tried,
            expected=expected,
            got=got,
            mark=mark,
            starting=not self.process.ports or self._flood == "output",
        )
        marks = (mark,) if mark is not None else ()
        if self._people:
            failure.diagram = Diagram.from_transcript(self.transcript, marks, "")
        failure.output = last_lines(self.transcript.output())
        failure.recipe = self.recipe()
        return failure

    def variable(self, person: Person) -> str:
        """Return the name of a person's variable in the recipe."""
        word = re.sub(r"\W", "_", person.label.lower())
        return word if word.isidentifier() else f"client_{person.number + 1}"

    def recipe(self) -> tuple[str, ...]:
        """Return lines of Python that repeat this conversation, ready to paste into a cell."""
        lines = ["from autograder import Room", "", f'with Room("{self.submission.name}") as room:']
        many = 0
        for person, code in self._script:
            if person is None:
                line = code if code.startswith("room.") else f"room.{code}"
            elif code.startswith("room."):
                line = f"{self.variable(person)} = {code}"
            else:
                line = f"{self.variable(person)}.{code}"
            many += 1
            if many <= MAX_RECIPE_LINES and len(line) <= 200:
                lines.append(f"    {line}")
        if many > MAX_RECIPE_LINES:
            return ()  # nobody pastes that; the diagram and `--seed` remain
        return (*lines, "room.diagram()")


MAX_RECIPE_LINES = 24

_WAITS_BY_NAME: dict[str, Waits] = {
    "recv": "recv",
    "accept": "accept",
    "send": "send",
    "sendall": "send",
    "select": "select",
    "wait": "lock",
    "acquire": "lock",
    "join": "join",
    "_wait_for_tstate_lock": "join",
    "sleep": "sleep",
}
"""By the name of the innermost Python function: what a thread waits for, where only that is known."""


def seconds_since_1970(moment: datetime.datetime, timezone: str) -> float:
    """Return `moment`, naive in the POSIX time zone `timezone` (such as WIB-7), as a Unix time.

    Raises:
        ValueError: the time zone has not the form NAME[+-]HOURS.
    """
    match = re.fullmatch(r"[A-Za-z]+([+-]?\d+)", timezone)
    if match is None:
        raise ValueError(f"not a POSIX time zone without summer time: {timezone}")
    offset = datetime.timedelta(hours=-int(match[1]))  # POSIX counts to the west
    return moment.replace(tzinfo=datetime.timezone(offset)).timestamp()


def _close(
    selector: selectors.BaseSelector, process: ServerProcess, launcher: Launcher | None
) -> None:
    """End what belongs to a room; its `launcher` too where it is the room's own."""
    selector.close()
    with contextlib.suppress(OSError):
        process.stop()
    if launcher is not None:
        launcher.close()


def learn_dialect(launcher: Launcher) -> Dialect:
    """Talk to a server started for this alone, and find out how it speaks.

    A server that behaves too strangely to learn from is taken to speak our own protocol.

    Raises:
        Unmet: the server does not come to listen.
    """
    with Room(launcher.submission, launcher=launcher, dialect=_UNKNOWN) as room:
        try:
            return _converse(room)
        except Unmet:
            return OUR_DIALECT


_UNKNOWN = Dialect(greeting="", line_ends=True, wants_line_ends=True)


def _converse(room: Room) -> Dialect:
    first, second = room.connect(), room.connect()
    names = ("Kenalan", "Sahabat")
    word = "selamat-pagi-semua"
    room.settle()
    greeting = "".join(s.text for s in first.inbox.segments)
    ended = all(s.ended for s in first.inbox.segments)
    wants = True
    for person, name in zip((first, second), names, strict=True):
        person.be_called(name)
        if wants and (not greeting or not ended):
            # does it act on a name without a line end?
            before = _signs(room)
            person.send_bytes(name.encode())
            room.settle()
            if _signs(room) != before:
                wants = False
            else:
                person.send_bytes(b"\n")
        else:
            person.send_bytes(name.encode() + (b"\n" if wants else b""))
        room.settle()
    tells_self = bool(first.inbox.find(first._parts((first,))))
    end = b"\n" if wants else b""
    first.send_bytes(f"{names[0]}: {word}".encode() + end)
    room.settle()
    heard = second.inbox.find((word,)) or first.inbox.find((word,))
    server_writes = bool(heard) and heard[0].text.count(names[0]) > 1
    everything = [s for person in (first, second) for s in person.inbox.segments if s.text]
    line_ends = any(s.ended for s in everything) or not everything
    return Dialect(
        greeting=greeting,
        line_ends=line_ends,
        wants_line_ends=wants,
        client_writes_name=not server_writes,
        tells_self=tells_self,
    )


def _signs(room: Room) -> Sequence[int]:
    """Return what shows that a server has done something: bytes sent and bytes printed."""
    room._drain()
    return [*(person.inbox.size for person in room._people), len(room.transcript.output())]
