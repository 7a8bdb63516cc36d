"""A chat server as a real process, and people who talk to it over real TCP connections."""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
import re
import selectors
import socket
import time
import weakref
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, overload

from autograder.diagram import Diagram, Mark
from autograder.dialect import Dialect
from autograder.failures import Cause, Evidence, RoomClosed, Unmet
from autograder.i18n import _
from autograder.inbox import Word
from autograder.oracle import KernelOracle, Oracle
from autograder.person import Person
from autograder.process import Launcher, ServerProcess, start_launcher
from autograder.sandbox import MIB
from autograder.script import Script
from autograder.server_output import cause_of_death, how_it_ended, last_lines, thread_error
from autograder.submission import Submission, read_server
from autograder.traffic import (
    BAD_FROM_THE_START,
    CONNECT_SECONDS,
    SPIN_SECONDS,
    START_SECONDS,
    WAIT_SECONDS,
    Reason,
    Traffic,
)
from autograder.visible import visible

if TYPE_CHECKING:
    from autograder.threadmap import ThreadMap, Waits
    from autograder.window import Window

FENCE_SECONDS = 2.0

TIME_ZONE = "WIB-7"  # Jakarta; in POSIX form, which needs no file of time zones


class Room:
    """A running chat server and the people in it.

    Args:
        server: path of the server, or a submission that was read already.
        clock: what the server's wall clock shows when it starts, a naive datetime in
            `timezone`; None for the real time.
        timezone: the server's `TZ`, in POSIX form.
        hurry: whether the server's waits of up to two seconds pass twenty times as fast: checks
            need not wait for a loop that looks once a second.
        dialect: how the server speaks; None to find it out by talking to a copy of it.
        launcher: what starts the server; None for one of the room's own.
        process: a server of that launcher's that another room has given back, with the same time
            zone and the same `hurry`; None to start one.

    Raises:
        BadServer: `server` cannot be read.
        Unmet: the server does not come to listen.
    """

    def __init__(
        self,
        server: str | os.PathLike[str] | Submission = "server.py",
        *,
        clock: datetime.datetime | None = None,
        timezone: str = TIME_ZONE,
        hurry: bool = False,
        dialect: Dialect | None = None,
        launcher: Launcher | None = None,
        process: ServerProcess | None = None,
    ) -> None:
        epoch = None if clock is None else seconds_since_1970(clock, timezone)
        submission = server if isinstance(server, Submission) else read_server(server)
        self.submission = launcher.submission if launcher is not None else submission
        self.launcher = launcher if launcher is not None else start_launcher(self.submission)
        self.timezone = timezone
        self._dialect = dialect
        options = "" if clock is None else f", clock={clock!r}"
        if timezone != TIME_ZONE:
            options += f", timezone={timezone!r}"
        self._script = Script(self.submission.name, options)
        self._tried = ""
        self.clock_was_set_to = clock or datetime.datetime.now()
        self._clock_set_at = time.monotonic()
        try:
            if process is None:
                process = self.launcher.start(epoch=epoch, timezone=timezone, hurry=hurry)
        except BaseException:
            if launcher is None:
                self.launcher.close()
            raise
        self.process = process
        self.traffic = Traffic(self.launcher, process)
        self._sockets: list[socket.socket] = []  # of everybody who has ever connected
        # also when the program ends or nobody refers to the room any more: so nothing that knows
        # the room, as the selector knows the people in it, may be kept here
        self._close = weakref.finalize(
            self,
            _close,
            weakref.ref(self.traffic.selector),
            self._sockets,
            self.traffic.oracle,
            process,
            None if launcher else self.launcher,
        )
        if dialect is not None:
            self.traffic.transcript.line_ends = dialect.line_ends
        try:
            self._wait_until_it_listens()
            if self.launcher.notes.ends:
                self.settle()  # now or never: else it depends on who is quicker
            self.launcher.start_ahead()
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
        self.traffic.closed = True
        self._close()

    def remember_rest(self) -> None:
        """Note how the server is now, before anybody speaks, so that it may be given back later."""
        self.process.at_first = self._at_rest()

    def _at_rest(self) -> tuple[int, int] | None:
        """Wait until the server rests; return what tells whether it is the same as at another time.

        That is how many threads it has and a number for all that its variables hold, as the server
        itself tells it. None where it does not rest, or where nobody can tell.
        """
        if self.settle() != "idle" or not isinstance(self.traffic.oracle, KernelOracle):
            return None
        values = self.traffic.ask({"do": "values"}).get("values")
        if not isinstance(values, int):
            return None
        return self.traffic.oracle.thread_count(), values

    def may_come_back(self) -> bool:
        """Tell whether the server may be as it was at first, once everybody has left."""
        return self.process.at_first is not None and not self.traffic.meddled

    def give_back(self) -> ServerProcess | None:
        """Let everybody leave; close the room without its server if that is as it was at first.

        Returns:
            the server, for another room; None where it is not as it was at first, or where that is
            not known: then nothing was closed.
        """
        if not self.may_come_back() or self.traffic.closed:
            return None
        known = self.launcher.spins, self.launcher.dawdles
        for person in self.traffic.people:
            person.disconnect("leave")
        if self._at_rest() != self.process.at_first or self.traffic.flood:
            # no story waits here, and none is to be judged by it
            self.launcher.spins, self.launcher.dawdles = known
            return None
        self.traffic.closed = True
        self._close.detach()
        _hang_up(self.traffic.selector, self._sockets, self.traffic.oracle)
        return self.process

    # -- people -------------------------------------------------------------------------------

    @property
    def dialect(self) -> Dialect:
        """How the server speaks, found out where nobody told."""
        if self._dialect is None:
            from autograder.learning import learn_dialect  # which opens a room of its own

            self._dialect = learn_dialect(self.launcher)
            self.traffic.transcript.line_ends = self._dialect.line_ends
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
            person.variable = self._script.variable(name, person.variable)
            self._script.add(f"{person.variable} = room.join({name!r})")
            with self._script.quiet():
                person.be_called(name)
                person.introduce(name)
            self._tried = _("{name} joined").format(name=name)
            if self.dialect.tells_self:
                word = (Word(name),)
                found = functools.partial(person.inbox.find, word)
                if self.wait(found) != "done":
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
        for person, name in zip(people, names, strict=True):
            person.variable = self._script.variable(name, person.variable)
        self._script.add(f"{_variables(people)} = room.join_at_once({', '.join(map(repr, names))})")
        waiting = dict(zip(people, names, strict=True))

        def all_have_answered() -> bool:
            for person in list(waiting):
                if person.inbox.size or not self.dialect.greets:
                    name = waiting.pop(person)
                    with self._script.quiet():
                        person.be_called(name)
                    self.traffic.transmit(person, self.dialect.encode(name))
            return not waiting

        self.wait(all_have_answered)
        for person in waiting:
            person.is_asked()
        self.settle()
        return people

    def ask_at_once(self, username: str, *people: Person) -> None:
        """Let people who are connected ask for the same username in the same moment.

        Threads of the server that were started after `watch_threads` go line by line together
        for a while. So it comes out each time, and not once in a thousand, when one first looks
        and then takes, and others come in between.
        """
        self.settle()
        self.traffic.ask({"do": "hold"})
        tried = _("{count} clients asked for the username “{username}” at once")
        self._begin(tried.format(count=len(people), username=visible(username)))
        self._script.add(f"room.ask_at_once({username!r}, {_variables(people)})")
        for person in people:
            self.traffic.transmit(person, self.dialect.encode(username))
        self.settle()
        self.traffic.ask({"do": "run"})
        self.settle()

    def watch_threads(self) -> None:
        """Watch the threads that the server starts from now on: these can be held."""
        self._script.add("room.watch_threads()")
        self.traffic.ask({"do": "watch"})

    def hold_threads(self) -> None:
        """Hold each watched thread before its next line: what wakes it, it does not notice yet."""
        self.settle()
        self._script.add("room.hold_threads()")
        self.traffic.ask({"do": "hold"})

    def release_threads(self) -> None:
        """Let the held threads run on."""
        self.settle()
        self._script.add("room.release_threads()")
        self.traffic.ask({"do": "run"})
        self.settle()

    def leave_at_once(self, *people: Person) -> None:
        """Let people go together: every other one leaves, the rest crash."""
        self.settle()
        self._begin(_("{count} clients left at once").format(count=len(people)))
        self._script.add(f"room.leave_at_once({_variables(people)})")
        for place, person in enumerate(people):
            person.disconnect("leave" if place % 2 == 0 else "crash")
        self.settle()

    def forget(self) -> None:
        """Wait until nothing more comes; then let expectations look only at what comes later."""
        self.settle()
        self._script.add("room.forget()")
        for person in self.traffic.people:
            person.inbox.forget()

    def ignore(self, line: str) -> None:
        """Take `line` out of what came since `forget`, with a name before it: it is no answer.

        For a command that is shown to others although it should not be: one test says so, and
        the others judge the rest.
        """
        self.settle()
        self._script.add(f"room.ignore({line!r})")
        shown = re.compile(rf"(?:\S+[:>] ?)?{re.escape(line)}")
        for person in self.traffic.people:
            for segment in person.inbox.segments[person.inbox.start :]:
                rest = shown.sub("", segment.text)
                segment.text = rest if re.search(r"[^\W\d_]", rest) else ""  # a stamp at most

    def never_twice(self, text: str) -> None:
        """Expect that nobody gets `text` twice, the sender included.

        Raises:
            Unmet: somebody does.
        """
        self.settle()
        for person in self.traffic.people:
            if person.inbox.count((text,)) > 1:
                person.sees_once(text)

    def connect(self) -> Person:
        """Let somebody connect and stay silent.

        Raises:
            Unmet: no connection can be made.
        """
        person = self._connect()
        self._script.add(f"{person.variable} = room.connect()")
        return person

    def _connect(self) -> Person:
        dialect = self.dialect  # found out before somebody is in the room
        if self.traffic.somebody_left:  # whoever comes now comes after that
            self.settle()
        number = len(self.traffic.people)
        label = _("client {number}").format(number=number + 1)
        self._begin(_("{name} connected").format(name=label))
        try:
            sock = self.process.connect()
        except OSError as error:
            raise self.unmet(
                "refused",
                expected=_("the server accepts a connection"),
                got=self._refusal(_("The connection was refused ({reason}).").format(reason=error)),
            ) from None
        self.traffic.transcript.labels[number] = label
        # noted now, not when it is made: the server may have seen it, and said so, before us
        self.traffic.transcript.add(self.traffic.now(), "connect", number)
        self._sockets.append(sock)
        person = Person(self, number, sock)
        person.inbox.line_ends = dialect.line_ends
        self.traffic.people.append(person)
        self.traffic.selector.register(sock, selectors.EVENT_WRITE, person)
        deadline = time.monotonic() + CONNECT_SECONDS
        while person.state == "connecting" and time.monotonic() < deadline:
            self.traffic.step(0.05)
        if person.state != "open":
            raise self.unmet(
                "refused",
                expected=_("the server accepts a connection"),
                got=self._refusal(_("The connection was not made.")),
            )
        return person

    def _refusal(self, otherwise: str) -> str:
        """Return in words why nobody can connect: the server has ended, or `otherwise`."""
        self.traffic.drain()
        return self._how_it_ended() if self.process.exit is not None else otherwise

    # -- the server ---------------------------------------------------------------------------

    @property
    def log(self) -> str:
        """What the server has printed so far."""
        if not self.traffic.closed:
            self.traffic.drain()
        return self.traffic.transcript.output()

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has used so far, in steps of about 0.01 s.

        It does not wait for the server to rest. A server that has ended is 0.

        Raises:
            RoomClosed: there is no server any more.
        """
        if self.traffic.closed:
            raise RoomClosed
        # asked of the process: it counts the threads that have ended too
        return float(self.traffic.ask({"do": "cpu"}).get("cpu", 0.0))

    @property
    def isolation(self) -> str:
        """The level of the sandbox that the server runs in."""
        return self.launcher.sandbox.level

    def set_clock(self, moment: datetime.datetime, *, leap: float = 0.0) -> None:
        """Set the wall clock that the server sees, and let it run on from there.

        Args:
            moment: naive, in the server's time zone.
            leap: how many seconds later it shows at each further look, in place of running on:
                so it comes out who looks twice.
        """
        shown = moment.isoformat(" ")
        self.act(
            _("the clock was set to {time}").format(time=shown), None, f"set_clock({moment!r})"
        )
        self.traffic.transcript.add(self.traffic.now(), "clock", None, shown.encode())
        self.clock_was_set_to, self._clock_set_at = moment, time.monotonic()
        epoch = seconds_since_1970(moment, self.timezone)
        self.traffic.ask({"do": "clock", "epoch": epoch, "leap": leap})

    def clock(self) -> tuple[datetime.datetime, datetime.datetime]:
        """Return the earliest and the latest that the server's clock can have shown till now.

        That is since it was set: it has run on from there, but when exactly it was set only
        the server knows. A second is added on either side, for those who round.
        """
        second = datetime.timedelta(seconds=1)
        passed = datetime.timedelta(seconds=time.monotonic() - self._clock_set_at)
        return self.clock_was_set_to - second, self.clock_was_set_to + passed + second

    def diagram(self, *marks: Mark, title: str = "") -> Diagram:
        """Return the sequence diagram of what was said so far; a notebook draws it."""
        if not self.traffic.closed:
            self.settle()  # so that the answers to what was said last are in it
        return Diagram.from_transcript(self.traffic.transcript, marks, title)

    def threads(self) -> ThreadMap:
        """Return the thread map: where each thread of the server is, and what it waits for."""
        from autograder.threadmap import ThreadMap, ThreadState

        self.settle()
        report = self.traffic.ask({"do": "threads"}).get("threads", [])
        waits: dict[int, tuple[Waits, str | None]] = {}
        if isinstance(self.traffic.oracle, KernelOracle):
            waits = self.traffic.oracle.waits(
                {person.port: person.label for person in self.traffic.people}
            )
        states = []
        for entry in report:
            own = entry["calls"][0] if entry["calls"] else {}
            by_name = _waits_for(entry["innermost"], own)
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

    def window(self, *names: str) -> Window:
        """Return chat windows side by side, a real client in each; a notebook shows them.

        The room has to stay in a variable: when nobody refers to it any more, it closes.
        """
        from autograder.window import Window  # which needs ipywidgets

        return Window(self, names or ("Alice", "Bob", "Charlie"))

    def thread_count(self) -> int | None:
        """Return how many threads the server has when it rests, None where nobody can tell.

        The kernel is asked, not the server.
        """
        self.settle()
        oracle = self.traffic.oracle
        return oracle.thread_count() if isinstance(oracle, KernelOracle) else None

    def has_no_more_threads(self, than: int | None) -> None:
        """Expect that the server has no more threads now than `thread_count` said earlier.

        Raises:
            Unmet: it has more.
        """
        count = self.thread_count()
        if count is None or than is None or count <= than:
            return
        raise self.unmet(
            "wrong",
            expected=_("the server has no more threads than before: {count}").format(count=than),
            got=_("It has {count}.").format(count=count),
        )

    def settle(self) -> Reason:
        """Wait until the server can do nothing more by itself; return how that was known."""
        return self.traffic.wait(lambda: False)

    def wait(self, done: Callable[[], object], *, sure: bool = False) -> Reason:
        """Wait as `Traffic.wait` does.

        Args:
            done: tells whether what is waited for has come.
            sure: it would be bad news: where the kernel cannot be asked, a public message
                overtakes what may still be on its way, instead of waiting long.
        """
        if sure and not self.traffic.oracle.exact and self._fence():
            return "done" if done() else "idle"
        return self.traffic.wait(done, likely=not sure)

    def rests(self) -> None:
        """Expect that the server uses no processor time while nobody speaks.

        Raises:
            Unmet: it works although there is nothing to do.
        """
        self._script.add("room.rests()")
        self._begin(_("nobody spoke"))
        before = self.traffic.cpu_seconds()
        reason = self.settle()
        if reason == "idle" and not self.traffic.oracle.exact:
            reason = "spinning" if self.traffic.cpu_seconds() - before > SPIN_SECONDS else "idle"
        if reason in ("spinning", "flood", "time") or self.traffic.flood:
            raise self.unmet(
                "busy",
                expected=_("the server waits quietly and uses no processor time"),
                got=_("It works all the time although nobody says anything: a loop never waits."),
            )

    # -- noting (used by people) --------------------------------------------------------------

    def act(self, tried: str, person: Person | None, script: str) -> None:
        """Note that something is done now: in words, and as a line of Python."""
        self._begin(tried)
        self._script.add(script, person)

    def quietly(self) -> contextlib.AbstractContextManager[None]:
        """Note no lines of Python inside a `with` block: they are part of one that is there."""
        return self._script.quiet()

    def note(self, person: Person, script: str) -> None:
        """Note an expectation as a line of Python."""
        self._script.add(script, person)

    def _begin(self, tried: str) -> None:
        """Begin a new action, `tried` in words."""
        self._tried = tried
        self.traffic.begin()

    def _fence(self) -> bool:
        """Say something public and wait until everybody has it: what came before has come."""
        speakers = [
            person
            for person in self.traffic.people
            if person.state == "open" and person.name and person.reading and person.inbox.size
        ]
        if not speakers or not self.dialect.wants_line_ends or self.process.exit is not None:
            return False
        text = f"… {self.traffic.epoch} {len(self.traffic.transcript.events)} …"
        line = self.dialect.chat(speakers[0].label, text)
        self.traffic.transmit(speakers[0], self.dialect.encode(line))
        deadline = time.monotonic() + FENCE_SECONDS
        waiting = list(speakers)
        while waiting and time.monotonic() < deadline:
            self.traffic.step(0.01)
            waiting = [person for person in waiting if not person.inbox.find((text,))]
        for person in speakers:
            for segment in person.inbox.segments:
                if text in segment.text:
                    segment.text = ""  # ours, and nobody's expectation
        return not waiting

    # -- starting and ending ------------------------------------------------------------------

    def _wait_until_it_listens(self) -> None:
        self._tried = _("the server was started")
        started = time.monotonic()
        while True:
            reason = self.wait(lambda: bool(self.process.ports))
            if reason != "idle" or time.monotonic() - started > WAIT_SECONDS:
                break
            self.traffic.moved()  # whoever sleeps for a moment may do so again before it listens
            if self.traffic.oracle.state([]) == "idle":
                break
        if reason == "done":
            return
        expected = _("it opens its door: bind() and listen()")
        if self.traffic.flood:
            raise self.unmet("flood", expected=expected, got=self._how_it_ended())
        if self.process.exit is not None:
            raise self.unmet(
                cause_of_death(self.traffic.transcript.output(), self.process.exit.code),
                expected=expected,
                got=self._how_it_ended(),
            )
        if reason == "idle":
            text = _("It runs, but it waits for something else and listens nowhere.")
            raise self.unmet("deaf", expected=expected, got=text)
        text = _(
            "It was stopped after {seconds} seconds of hard work and listens nowhere: a loop never"
            " ends."
        )
        raise self.unmet("busy", expected=expected, got=text.format(seconds=round(START_SECONDS)))

    def _how_it_ended(self) -> str:
        """Return in words how the server's process ended."""
        if self.traffic.flood == "output":
            return _("The server prints without end, so it was stopped.")
        if self.traffic.flood == "chat":
            return _("The server sends without end, so it was stopped.")
        if self.traffic.flood == "memory":
            text = _("The server took more than {megabytes} MB of memory, so it was stopped.")
            return text.format(megabytes=self.traffic.most_memory // MIB)
        if self.traffic.flood == "threads":
            text = _("The server started more than {count} threads, so it was stopped.")
            return text.format(count=self.traffic.most_threads)
        assert self.process.exit is not None
        return how_it_ended(self.traffic.transcript.output(), self.process.exit.code)

    # -- words --------------------------------------------------------------------------------

    def what_came(self, person: Person) -> str:
        """Return in words what reached a person since our last action, and why no more came."""
        since = person.inbox.segments[person.inbox.start :]
        fresh = [s.text for s in since if s.epoch == self.traffic.epoch and s.text]
        if fresh:
            shown = ", ".join(f"“{visible(text, 120)}”" for text in fresh[:5])
            more = _(" and {count} more").format(count=len(fresh) - 5) if len(fresh) > 5 else ""
            text = _("{name} got {texts}{more}.").format(name=person.label, texts=shown, more=more)
        else:
            text = _("{name} got nothing.").format(name=person.label)
        return f"{text}\n{self.why_no_more(person)}".rstrip("\n")

    def why_no_more(self, person: Person | None = None) -> str:
        """Return in words why nothing more comes, to a person or to anybody; "" for no reason."""
        if self.process.exit is not None:
            return self._how_it_ended()
        if person is not None and person.state == "closed":
            return _("The server closed {name}'s connection.").format(name=person.label)
        if error := thread_error(self.traffic.transcript.output()):
            return error
        if self.traffic.spins:
            return _("The server is busy all the time: a loop never waits.")
        return ""

    def unmet(
        self, cause: Cause, *, expected: str, got: str, mark: Mark | None = None, tried: str = ""
    ) -> Unmet:
        """Return the failure of an expectation, with all that a person needs to see it."""
        if self.process.exit is None and not self.traffic.spins:
            self.settle()  # what else happens belongs to the picture
        self.traffic.drain()
        failure = Unmet(
            cause,
            tried=tried or self._tried,
            expected=expected,
            got=got,
            mark=mark,
            starting=not self.process.ports or self.traffic.flood in BAD_FROM_THE_START,
        )
        marks = (mark,) if mark is not None else ()
        if self.traffic.people:
            failure.diagram = Diagram.from_transcript(self.traffic.transcript, marks, "")
        failure.output = last_lines(self.traffic.transcript.output())
        failure.recipe = self._script.recipe()
        failure.evidence = Evidence(cause, self.traffic.transcript, mark, self._waits())
        return failure

    def _waits(self) -> tuple[tuple[Waits, str | None], ...]:
        """Return what each thread of the server waits for, and for whom, as the kernel has it."""
        oracle = self.traffic.oracle
        if not isinstance(oracle, KernelOracle) or self.process.exit is not None:
            return ()
        people = {person.port: person.label for person in self.traffic.people}
        return tuple(oracle.waits(people).values())


OpenRoom = Callable[..., Room]
"""Opens a room with the server under test; takes the arguments of `Room` by name."""

_WAITS_BY_NAME: dict[str, Waits] = {
    "recv": "recv",
    "accept": "accept",
    "send": "send",
    "sendall": "send",
    "readinto": "recv",  # a file made by makefile()
    "select": "select",
    "wait": "lock",
    "acquire": "lock",
    "join": "join",
    "_wait_for_tstate_lock": "join",
    "sleep": "sleep",
}
"""What a thread waits for by the name of the function that it has called."""


def _variables(people: Sequence[Person]) -> str:
    """Return the variables of people for a line of Python."""
    return ", ".join(person.variable for person in people) + ("," if len(people) == 1 else "")


def _waits_for(innermost: str, own: dict[str, Any]) -> Waits:
    """Return what a thread waits for as Python alone can tell it.

    Args:
        innermost: name of its innermost Python function.
        own: its innermost frame in the student's code, {} where there is none.
    """
    if innermost == own.get("function"):  # then it waits in a function that is written in C
        source = own["source"]
        for name in re.findall(r"(\w+)\(", source):
            if name in _WAITS_BY_NAME:
                return _WAITS_BY_NAME[name]
        return "lock" if source.startswith("with ") else "other"
    return _WAITS_BY_NAME.get(innermost, "other")


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


def _hang_up(
    selector: selectors.BaseSelector | None, sockets: list[socket.socket], oracle: Oracle
) -> None:
    """End the connections of a room, and what listened to them."""
    for sock in sockets:
        sock.close()
    if selector is not None:
        selector.close()
    oracle.close()


def _close(
    selector: weakref.ref[selectors.BaseSelector],
    sockets: list[socket.socket],
    oracle: Oracle,
    process: ServerProcess,
    launcher: Launcher | None,
) -> None:
    """End what belongs to a room; its `launcher` too where it is the room's own."""
    _hang_up(selector(), sockets, oracle)
    with contextlib.suppress(OSError):
        process.stop()
    if launcher is not None:
        launcher.close()
