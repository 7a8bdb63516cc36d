"""Run chat servers; this program is what runs inside the sandbox, the grader is outside.

Standard library only (and `time_machine`, where the clock is to be set), no import of
`autograder`: it is started as a file of its own, by `autograder.process`, in one of two ways:

    launcher.py warm FD          POSIX: wait for orders on a Unix socket and fork a server for each
    launcher.py once PORT KEY    elsewhere: connect to 127.0.0.1:PORT and become the server

Nothing that it says decides about points. It tells on which port the server listens, where its
threads stand, and how it ended; the conversation itself goes over the chat connections alone.

Orders and answers are JSON objects, one a line. A server gets a channel of its own for

    {"do": "clock", "epoch": seconds}    set the wall clock
    {"do": "threads"}                    where is each thread?
    {"do": "cpu"}                        processor seconds used so far
    {"do": "values"}                     a number for all that the student's variables hold
    {"do": "watch"}                      from now on new threads can be held
    {"do": "hold"}                       let each stop before its next line
    {"do": "run"}                        let them run on, line by line together

and says {"listening": port} by itself.
"""

from __future__ import annotations

# `signal` makes enum members of what it returns, and a forked server pays 70 pages for that
import _signal  # type: ignore[import-not-found]
import contextlib
import gc
import io
import json
import os
import signal
import socket
import sys
import types

TYPE_CHECKING = False  # importing `typing` for it would take longer than forking a server
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, NoReturn

    Message = dict[str, Any]

STACK_BYTES = 1024 * 1024  # each thread's; the usual 8 MB would use up the memory limit
BACKLOG = 128  # so that a burst of connections is never answered by the kernel's retry of 1 s
LOCKSTEPS = 40  # lines from reading a username to the first answer; most need a dozen
QUIET_GATES = 3  # after so many lines in a row that no thread has run, all are done
STILL, STILL_SECONDS = 3, 0.0003  # so many looks in a row that find no line run, so far apart
GLANCE_SECONDS = 0.00005  # before the first look: enough for a line or two
STARVED = 3000  # looks at most in all, where threads could run and get no processor
FUTEX = {"x86_64": b"202", "aarch64": b"98"}  # number of the system call that waits for a lock
HURRY_FROM, HURRY_UP_TO, HURRY_FACTOR = 0.02, 2.0, 20.0  # seconds, seconds, times
SWEEP_ROUNDS, GENTLE_ROUNDS = 100, 10  # in the first ones each process is ended by its own number
POLL_SECONDS = 0.02  # socketserver looks twice a second whether it shall stop; this is quicker


decode = json.JSONDecoder().raw_decode  # `json.loads` looks at what may be around the object, too


class Channel:
    """A socket that carries JSON objects, one a line, and file descriptors beside them."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = b""

    def send(self, message: Message, fds: Sequence[int] = ()) -> None:
        """Send one object, and open file descriptors with it (POSIX)."""
        data = json.dumps(message).encode() + b"\n"
        if fds:
            socket.send_fds(self.sock, [data], list(fds))
        else:
            self.sock.sendall(data)

    def tell(self, **numbers: int) -> None:
        """Send an object that holds nothing but numbers, in a way that a forked copy of this
        process has to copy few pages for.
        """
        words = [f'"{name}": {number}' for name, number in numbers.items()]
        self.sock.sendall(f"{{{', '.join(words)}}}\n".encode())

    def waiting(self) -> bool:
        """Tell whether an object has arrived that `receive` would return at once."""
        return b"\n" in self._buffer

    def receive(self, fds: list[int] | None = None) -> Any:
        """Return the next object, or None when the other side is gone; append fds to `fds`."""
        while b"\n" not in self._buffer:
            try:
                if fds is None:
                    data = self.sock.recv(65536)
                else:
                    data, received, _flags, _address = socket.recv_fds(self.sock, 65536, 16)
                    fds.extend(received)
            except OSError:
                return None
            if not data:
                return None
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return decode(line.decode())[0]


# -- what a server sees ---------------------------------------------------------------------


class Clock:
    """The wall clock of this process, once it is set to another time than the real one.

    Args:
        library: the folder that `time_machine` is in.
    """

    def __init__(self, library: str) -> None:
        self._library = library
        self._travel: Any = None

    def set(self, epoch: float, leap: float = 0.0) -> None:
        """Let the wall clock show `epoch` (seconds since 1970, UTC) now, and run on from there.

        Args:
            epoch: the time to show.
            leap: how many seconds later it shows at each further look, in place of running on.
        """
        import itertools

        preload_clock(self._library)
        import time_machine

        if self._travel is None:
            self._travel = time_machine.travel(epoch, tick=True).start()
        else:
            self._travel.move_to(epoch)
        self._travel.__dict__.pop("time_ns", None)
        if leap:
            moments = itertools.count(round(epoch * 1e9), round(leap * 1e9))
            self._travel.time_ns = lambda: next(moments)


listening_is_told: list[Channel] = []  # on these channels


def redirect_addresses() -> None:
    """Let every `bind` take a free port on loopback, and tell the grader when a socket listens.

    A hard-coded port is fine this way, and any number of servers run side by side.
    """
    real_bind, real_listen = socket.socket.bind, socket.socket.listen
    # an IPv6 socket with this address takes IPv4 connections: so there is one way to reach all
    loopback = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::ffff:127.0.0.1"}

    def bind(self: socket.socket, address: Any) -> None:
        if self.family in loopback and self.type & socket.SOCK_STREAM:
            # an address of the wrong shape is the student's error and stays one
            if not isinstance(address, tuple) or len(address) < 2:
                return real_bind(self, address)
            host, port = address[0], address[1]
            if not isinstance(host, str | bytes) or not isinstance(port, int):
                return real_bind(self, address)
            if not 0 <= port <= 65535:
                return real_bind(self, address)
            if self.family == socket.AF_INET6:
                self.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            return real_bind(self, (loopback[self.family], 0))
        return real_bind(self, address)

    def listen(self: socket.socket, backlog: int = BACKLOG) -> None:
        real_listen(self, max(backlog, BACKLOG))
        if self.family in loopback:
            for channel in listening_is_told:
                with contextlib.suppress(OSError):
                    channel.tell(listening=self.getsockname()[1])

    replace(socket.socket, bind=bind, listen=listen)
    server_module = sys.modules.get("socketserver")
    if server_module is not None:
        server_module.BaseServer.serve_forever.__defaults__ = (POLL_SECONDS,)


def hurry() -> None:
    """Let short waits pass quickly: polling loops with `sleep` or a time limit of up to 2 s.

    A server that looks once a second whether somebody has left does so many times a second
    then, and the grader need not wait for it. Longer waits are meant, and stay.
    """
    import queue
    import select
    import threading
    import time

    def shorter(seconds: Any) -> Any:
        wants = isinstance(seconds, int | float) and HURRY_FROM < seconds <= HURRY_UP_TO
        return seconds / HURRY_FACTOR if wants else seconds

    def hurried(place: Any, name: str, position: int) -> None:
        """Let a function take a shorter `timeout`, which is its argument number `position`."""
        real = getattr(place, name)

        def function(*arguments: Any, **named: Any) -> Any:
            if "timeout" in named:
                named["timeout"] = shorter(named["timeout"])
            elif len(arguments) > position:
                before, after = arguments[:position], arguments[position + 1 :]
                arguments = (*before, shorter(arguments[position]), *after)
            return real(*arguments, **named)

        replace(place, **{name: function})

    hurried(time, "sleep", 0)
    hurried(select, "select", 3)
    hurried(socket.socket, "settimeout", 1)
    # `Condition.wait` itself stays: these call it again and again until their own time is over
    hurried(threading.Condition, "wait_for", 2)
    hurried(threading.Event, "wait", 1)
    hurried(queue.Queue, "get", 2)
    hurried(queue.Queue, "put", 3)


originals: dict[tuple[Any, str], Any] = {}


def replace(place: Any, **functions: Callable[..., Any]) -> None:
    """Put our functions where the student's code looks for Python's own."""
    for name, function in functions.items():
        originals[place, name] = getattr(place, name)
        setattr(place, name, function)


def set_the_stage(order: Message) -> None:
    """Let Python look as the next server shall see it.

    In a warm launcher this is done before it forks a server, and mostly there is nothing to do:
    what is set in the server itself costs it copies of many pages, each time.
    """
    environment = order["environment"]
    for name in [name for name in os.environ if name not in environment]:
        del os.environ[name]
    for name, value in environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    wish = "hurried" if order["hurry"] else "as it is"
    if wish not in stage:
        for (place, name), original in originals.items():
            setattr(place, name, original)
        originals.clear()
        redirect_addresses()
        if order["hurry"]:
            hurry()
        stage[:] = [wish]


stage: list[str] = []  # what was set up last


def thread_report(folder: str) -> list[Message]:
    """Return where each thread of this process stands, as plain data, the main thread first."""
    import linecache
    import threading

    frames = sys._current_frames()
    report: list[Message] = []
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0)
        main = thread is threading.main_thread()
        innermost = frame.f_code.co_name if frame else ""
        calls = []
        while frame is not None:
            file = frame.f_code.co_filename
            if not os.path.isabs(file) or file.startswith(folder):
                calls.append(
                    {
                        "file": os.path.basename(file),
                        "line": frame.f_lineno,
                        "function": frame.f_code.co_name,
                        "source": linecache.getline(file, frame.f_lineno).strip(),
                    }
                )
            frame = frame.f_back
        report.append(
            {
                "name": thread.name,
                # after a fork `threading` still knows the main thread by its old id
                "native_id": os.getpid() if main and sys.platform == "linux" else thread.native_id,
                "daemon": thread.daemon,
                "main": main,
                "innermost": innermost,
                "calls": calls,
            }
        )
    report.sort(key=lambda thread: not thread["main"])
    return report


class CannotTell(Exception):
    """A variable holds something that may change without anybody seeing it."""


class Values:
    """Writes down what the student's own variables hold, to be compared with what they hold later.

    That is what the variables of the student's modules and of the functions that are being called
    hold, with all that hangs on it, where those functions stand, the environment, and the files in
    the server's folder. Passed over is what a client that has left leaves behind in an accept loop:
    a variable there that held nothing at first, that no function inside uses, and that holds what
    `is_over` now.

    Args:
        folder: where the student's files are.
        at_first: names of the variables of each function that is being called, and of each module
            that is being run, which held something at first; empty now, if this is the first time.
    """

    MOST = 5000  # values; whoever has more is not compared
    TOLD_BY_REPR = frozenset(
        "builtins types typing datetime zoneinfo re pathlib decimal fractions uuid ipaddress string"
        " dataclasses threading _thread _io".split()
    )
    """Modules whose types tell by their `repr` and their attributes whatever can change of them."""
    HIDES = frozenset(
        "memoryview dict_keys dict_values dict_items mappingproxy coroutine _local".split()
    )
    """Types of these modules that do not."""
    TOLD_BY_ATTRIBUTES = frozenset("queue socketserver argparse".split())
    PLAIN: tuple[Any, ...] = (type(None), bool, int, float, complex, str, bytes)

    def __init__(self, folder: str, at_first: dict[str, set[str]]) -> None:
        self.folder = folder
        self._at_first = at_first
        self._first = not at_first
        self._said: list[str] = []
        self._seen: dict[int, int] = {}  # numbers by id
        self._kept: list[object] = []  # what was seen: nothing else can get its id meanwhile
        self._modules = {
            name
            for name, module in list(sys.modules.items())
            if self._is_own(getattr(module, "__file__", None) or os.sep)
        }

    def number(self) -> int:
        """Return a number that in this process stays the same as long as all of it does.

        Raises:
            CannotTell: nobody can know that.
        """
        if "asyncio" in sys.modules:  # the variables of what waits there are on no stack
            raise CannotTell("asyncio")
        for _thread, innermost in sorted(sys._current_frames().items()):
            frame: types.FrameType | None = innermost
            while frame is not None:
                if self._is_own(frame.f_code.co_filename):
                    self._write_frame(frame)
                frame = frame.f_back
        for name in sorted(self._modules):
            self._write_names(sys.modules[name].__dict__)
        self._write(dict(os.environ))
        self._said.append(f"{os.getcwd()} {socket.getdefaulttimeout()}")
        self._write_files(self.folder)
        return hash("\n".join(self._said))

    def _is_own(self, file: str) -> bool:
        return not os.path.isabs(file) or file.startswith(self.folder)

    def _write_files(self, folder: str) -> None:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            found = entry.stat(follow_symlinks=False)
            self._said.append(f"{entry.name} {found.st_size} {found.st_mtime_ns}")
            if entry.is_dir(follow_symlinks=False):
                self._write_files(entry.path)

    def _write_frame(self, frame: types.FrameType) -> None:
        """Write what the variables of a function, or of a module that is being run, hold."""
        code, names = frame.f_code, frame.f_locals
        self._said.append(f"{code.co_name} {frame.f_lineno}")
        if self._first:
            self._at_first.setdefault(code.co_name, set()).update(names)
        known = self._at_first.get(code.co_name, set()) | mentioned_inside(code)
        self._write_names(names, known)

    def _write_names(self, names: dict[str, Any], known: set[str] | None = None) -> None:
        """Write what variables hold: all, or the `known` ones and those that are not over."""
        if id(names) not in self._seen:
            self._see(names)
            for name, value in list(names.items()):
                of_python = name.startswith("__") and name.endswith("__")
                if not of_python and (known is None or name in known or not is_over(value)):
                    self._said.append(name)
                    self._write(value)

    def _see(self, value: object) -> None:
        self._seen[id(value)] = len(self._seen)
        self._kept.append(value)
        if len(self._kept) > self.MOST:
            raise CannotTell("so much")

    def _write(self, value: Any) -> None:
        """Write a value and all that hangs on it."""
        kind = type(value)
        if kind in self.PLAIN:
            self._said.append(repr(value))
        elif id(value) in self._seen:
            self._said.append(f"number {self._seen[id(value)]}")
        else:
            self._see(value)
            self._said.append(f"{kind.__qualname__} {len(self._kept)}")
            for part in self._parts(value, kind):
                self._write(part)
            self._said.append("end")

    def _parts(self, value: Any, kind: type) -> Sequence[Any]:
        """Return what hangs on a value.

        Raises:
            CannotTell: it may hold more.
        """
        import collections

        parts: list[Any] = []
        if isinstance(value, types.ModuleType):  # of the student's are all written anyway
            return [value.__name__]
        if isinstance(value, type):
            own = value.__module__ in self._modules
            return [value.__qualname__, dict(vars(value)) if own else value.__module__]
        if isinstance(value, types.FunctionType):
            if self._is_own(value.__code__.co_filename):
                cells = [cell.cell_contents for cell in value.__closure__ or () if is_bound(cell)]
                parts += [value.__defaults__, value.__kwdefaults__, value.__dict__, *cells]
            return [*parts, value.__qualname__]
        if isinstance(value, types.MethodType | staticmethod | classmethod):
            return [value.__func__, getattr(value, "__self__", None)]
        if isinstance(value, types.BuiltinFunctionType):
            return [value.__self__, value.__qualname__]
        if isinstance(value, property):
            return [value.fget, value.fset, value.fdel]
        own = kind.__module__ in self._modules
        if isinstance(value, self.PLAIN):  # of a class of the student's
            parts += [base.__repr__(value) for base in self.PLAIN if isinstance(value, base)]
        elif isinstance(value, dict):
            parts += [part for item in list(dict.items(value)) for part in item]
        elif isinstance(value, list | tuple | set | frozenset | collections.deque):
            parts += list(value)
        elif isinstance(value, bytearray):
            parts.append(bytes(value))
        elif isinstance(value, socket.socket):
            parts += [value.fileno(), value.gettimeout()]
        elif self._is_told_by_repr(kind):
            parts.append(repr(value))
        elif not own and kind.__module__ not in self.TOLD_BY_ATTRIBUTES:
            raise CannotTell(kind.__qualname__)
        if own and any("__slots__" in vars(each) for each in kind.__mro__):
            raise CannotTell(kind.__qualname__)
        return [*parts, kind if own else None, getattr(value, "__dict__", None)]

    def _is_told_by_repr(self, kind: type) -> bool:
        told = kind.__module__ in self.TOLD_BY_REPR and kind.__name__ not in self.HIDES
        return told and not hasattr(kind, "__next__")


def is_over(value: object) -> bool:
    """Tell whether a value is what is left of a client: an address, a thread or a socket that has
    ended, or a mere yes or no.
    """
    import threading

    if isinstance(value, bool):
        return True
    if isinstance(value, socket.socket):
        return value.fileno() < 0
    if isinstance(value, threading.Thread):
        return not value.is_alive()
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        return value[0].endswith("127.0.0.1")
    return False


def mentioned_inside(code: types.CodeType) -> set[str]:
    """Return the names that the functions use which are defined in a function, or in a module."""
    names: set[str] = set()
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            names |= {*inner.co_names, *inner.co_freevars} | mentioned_inside(inner)
    return names


def is_bound(cell: types.CellType) -> bool:
    """Tell whether a variable that a function has enclosed holds anything yet."""
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


class Lockstep:
    """Lets threads that do the same at once do it line by line together.

    Then what goes wrong when one thread comes between two lines of another goes wrong each time,
    and not once in a thousand.

    Args:
        folder: where the student's files are: only their lines count.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._gates: list[Any] = []  # before each line a lock that somebody has to release
        self._lines: dict[int, int] = {}  # lines run by each thread, by its number in the kernel
        self._opened = 0

    def watch(self) -> None:
        """Watch the threads that start from now on."""
        import threading

        threading.settrace(self._trace)

    def hold(self) -> None:
        """Let each watched thread stop before its next line."""
        import _thread

        self._lines.clear()
        self._opened = 0
        self._gates = [_thread.allocate_lock() for _line in range(LOCKSTEPS)]
        for gate in self._gates:
            gate.acquire()

    def run(self) -> None:
        """Let them run, each one line and then all the next; those that stand still do not count.

        A thread that waits for a lock stands still until another has released it: then it runs
        on to where the others are. Towards the end all run freely, and as soon as none runs on.
        """
        import _thread

        pause = _thread.allocate_lock()  # time.sleep may be the student's own
        pause.acquire()
        quiet, looks = 0, STARVED
        with contextlib.closing(Waits()) as waits:
            while self._opened < len(self._gates) and quiet < QUIET_GATES:
                self._gates[self._opened].release()
                self._opened += 1
                at_first = sum(self._lines.values())
                before, still, seconds = -1, 0, GLANCE_SECONDS
                while looks > 0:
                    looks -= 1
                    pause.acquire(True, seconds)
                    lines = dict(self._lines)
                    late = [thread for thread, line in lines.items() if line < self._opened]
                    if not late or waits.for_a_lock(late):
                        break
                    run = sum(lines.values())
                    # one that could run may be the one on which the late ones wait
                    still = still + 1 if run == before and not waits.could_run(lines) else 0
                    if still == STILL:
                        break
                    before, seconds = run, STILL_SECONDS
                quiet = 0 if sum(self._lines.values()) > at_first else quiet + 1
        rest, self._opened = self._gates[self._opened :], len(self._gates)
        for gate in rest:
            gate.release()

    def _trace(self, frame: types.FrameType, event: str, _argument: Any) -> Any:
        file = frame.f_code.co_filename
        if os.path.isabs(file) and not file.startswith(self.folder):
            return None
        if event == "line" and self._opened < len(self._gates):
            import _thread

            thread = _thread.get_native_id()
            line = self._lines[thread] = self._lines.get(thread, -1) + 1
            if line < len(self._gates):
                with self._gates[line]:
                    pass
        return self._trace


class Waits:
    """Knows what threads of this process wait for, where the kernel can be asked."""

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        self._futex = FUTEX.get(os.uname().machine) if hasattr(os, "uname") else None

    def for_a_lock(self, threads: Sequence[int]) -> bool:
        """Tell whether all of `threads` wait for locks, so that only others can let them go on.

        A thread that waits for the interpreter waits with a time limit, one for a lock does not.
        Two looks, because one thread may let another go on and then wait itself: whoever had
        been let go on by then no longer waits at the second one.
        """
        return all(self._for_a_lock(thread) for _look in (1, 2) for thread in threads)

    def _for_a_lock(self, thread: int) -> bool:
        # the state too: one that is being woken still shows its system call
        words = self._read(thread, "syscall").split()
        return (
            len(words) > 4
            and words[0] == self._futex
            and words[4] == b"0x0"
            and self._state(thread) == b"S"
        )

    def could_run(self, threads: Iterable[int]) -> bool:
        """Tell whether one of `threads` only waits for a processor; False where nobody knows."""
        return any(self._state(thread) == b"R" for thread in threads)

    def _state(self, thread: int) -> bytes:
        return self._read(thread, "stat").rpartition(b") ")[2][:1]

    def _read(self, thread: int, name: str) -> bytes:
        path = f"/proc/self/task/{thread}/{name}"
        try:
            if path not in self._files:
                self._files[path] = os.open(path, os.O_RDONLY)
            return os.pread(self._files[path], 4096, 0)
        except OSError:
            return b""

    def close(self) -> None:
        """Let go of what was opened."""
        while self._files:
            os.close(self._files.popitem()[1])


def obey(channel: Channel, clock: Clock, folder: str, at_end: Callable[[], None]) -> None:
    """Carry out the grader's orders to this server, until the grader is gone."""
    lockstep = Lockstep(folder)
    at_first: dict[str, set[str]] = {}
    while (order := channel.receive()) is not None:
        answer: Message = {}
        try:
            if order["do"] == "clock":
                clock.set(order["epoch"], order.get("leap", 0.0))
            elif order["do"] == "threads":
                answer = {"threads": thread_report(folder)}
            elif order["do"] in ("watch", "hold", "run"):
                getattr(lockstep, order["do"])()
            elif order["do"] == "values":
                answer = {"values": Values(folder, at_first).number()}
            elif order["do"] == "cpu":
                times = os.times()
                answer = {"cpu": times.user + times.system}
        except Exception as error:  # the student's code may have broken anything in here
            answer = {"failed": repr(error)}
        with contextlib.suppress(OSError):
            channel.send({"answer": order["do"], **answer})
    at_end()


def limit_resources(limits: dict[str, int]) -> None:
    """Set the resource limits (names of `resource` without RLIMIT_, values in their units)."""
    if not limits:
        return
    import resource

    for name, value in limits.items():
        kind = getattr(resource, "RLIMIT_" + name, None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))


def preload(order: Message) -> None:
    """Import what the server will import."""
    for module in order["preload"]:
        with contextlib.suppress(Exception):
            __import__(module)


def print_at_once() -> None:
    """Let each line that is printed out at once, and no letter be an error."""
    for stream in (sys.stdout, sys.stderr):
        assert isinstance(stream, io.TextIOWrapper)
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def preload_clock(library: str) -> None:
    """Import what sets a server's clock, which is in the folder `library`."""
    if "time_machine" not in sys.modules:
        sys.path.append(library)
        with contextlib.suppress(Exception):
            import time_machine  # noqa: F401
        sys.path.remove(library)


def make_folder(place: str) -> str:
    """Make a new folder in `place`, for this user alone, and return its path."""
    # `tempfile` does the same, and takes a tenth of the time in which a launcher gets ready
    while True:
        folder = os.path.join(place, f"chat-{os.urandom(8).hex()}")
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            continue
        return folder


def remove_folder(folder: str) -> None:
    """Remove a folder with all that is in it, as far as that can be done; follow no link."""
    # `shutil` does the same, and loads three libraries for archives
    with contextlib.suppress(OSError, RecursionError):
        for entry in list(os.scandir(folder)):
            if entry.is_dir(follow_symlinks=False):
                remove_folder(entry.path)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)
        os.rmdir(folder)


def write(path: str, data: bytes) -> None:
    """Write a file; what `open` makes for it would cost a launcher that has forked many pages."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    file = os.open(path, flags, 0o666)
    try:
        while data:
            data = data[os.write(file, data) :]
    finally:
        os.close(file)


def write_files(files: dict[str, str], folder: str) -> None:
    """Write the submission's files (name -> latin-1 coded bytes) into `folder`."""
    for name, content in files.items():
        path = os.path.join(folder, *name.split("/"))
        if "/" in name:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, content.encode("latin-1"))


def run_server(
    order: Message,
    code: types.CodeType | None,
    folder: str,
    channel: Channel,
    at_end: Callable[[], None],
) -> None:
    """Become the server: set its clock and limits, and run it as `__main__`.

    Raises:
        SystemExit: with the exit code that Python would give.
    """
    import _thread
    import threading
    import time

    os.chdir(folder)
    if hasattr(time, "tzset"):
        time.tzset()
    limit_resources(order["limits"])
    threading.stack_size(STACK_BYTES)
    clock = Clock(order["library"])
    if order["epoch"] is not None:
        clock.set(order["epoch"])
    listening_is_told.append(channel)
    # a thread that `threading` does not know: students print threading.active_count()
    _thread.start_new_thread(obey, (channel, clock, folder, at_end))

    name = order["name"]
    main = types.ModuleType("__main__")
    main.__file__ = name
    main.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = main
    sys.argv = [name]
    sys.path.insert(0, folder)
    try:
        if code is None:
            with open(name, "rb") as file:
                code = compile(file.read(), name, "exec")
        exec(code, main.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        # without the two frames of this file, as if Python had started the server itself
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        raise SystemExit(1) from None


# -- warm: fork a server for each order ------------------------------------------------------


class WarmLauncher:
    """Wait for orders with everything imported, so that a further server takes milliseconds."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.order: Message = {}
        self.servers: dict[int, str] = {}  # the folder of each pid
        self.code: types.CodeType | None = None

    def prepare(self, order: Message) -> None:
        """Import what the server will import, and compile it once."""
        # set here they are those of all servers; of processes it may have to start one more
        limits = dict(order["limits"])
        each = {name: limits.pop(name) for name in ("NPROC",) if name in limits}
        limit_resources(limits)
        self.order = order | {"limits": each}
        if order["uid"] is not None:
            if not order["alone"]:  # it may lie where only root may read
                preload_clock(order["library"])
            os.setgroups([])
            os.setresgid(order["uid"], order["uid"], order["uid"])
            os.setresuid(order["uid"], order["uid"], order["uid"])
        adopt_orphans()
        # opened once for all servers, on a pipe like the one that each will print to
        os.dup2(2, 1)
        sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115
        print_at_once()
        preload(order)
        with contextlib.suppress(Exception):
            source = order["files"][order["name"]].encode("latin-1")
            self.code = compile(source, order["name"], "exec")
        gc.freeze()  # a server that collects garbage would copy every page that it looks at
        gc.enable()
        self.channel.tell(ready=os.getpid())

    def start(self, order: Message, fds: Sequence[int]) -> None:
        """Fork a server; `fds` are its output and its channel."""
        output, server_channel = fds
        if not (order["hurry"] and order["epoch"] is None):
            preload_clock(self.order["library"])
        set_the_stage(order)
        try:
            folder = self.furnish()
        except OSError:  # full of what the servers that still run have written
            for pid in list(self.servers):
                self.stop(pid)
            folder = self.furnish()
        pid = os.fork()
        if pid == 0:
            self.become_server({**self.order, **order}, folder, output, server_channel)
        for fd in fds:
            os.close(fd)
        self.servers[pid] = folder
        self.channel.tell(**{order["answer"]: pid})

    def furnish(self) -> str:
        """Make a folder with the submission's files for the next server, and return it."""
        folder = make_folder(self.order["folder"])
        try:
            write_files(self.order["files"], folder)
        except OSError:
            remove_folder(folder)
            raise
        return folder

    def become_server(
        self, order: Message, folder: str, output: int, server_channel: int
    ) -> NoReturn:
        """In the forked child: give up everything of the launcher's, then run the server."""
        # closed as objects: one that is collected later would close a number that by then
        # is a socket of the student's
        self.selector.close()
        self.channel.sock.close()
        _signal.set_wakeup_fd(-1)
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
        os.setsid()
        adopt_orphans()  # its own, as long as it lives: so nobody takes them for another server's
        look_at_oneself()
        go_first()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (output, 2), (server_channel, 3)):
            os.dup2(source, target)
        os.closerange(4, os.sysconf("SC_OPEN_MAX") if sys.platform != "linux" else 65536)
        os.set_inheritable(3, False)
        channel = Channel(socket.socket(fileno=3))
        raise Become(order, self.code, folder, channel)

    def give_sockets(self, count: int) -> None:
        """Give the grader TCP sockets of this network, which it then connects by itself."""
        sockets = [socket.socket() for _each in range(count)]
        self.channel.send({"passed": count}, [sock.fileno() for sock in sockets])
        for sock in sockets:
            sock.close()
        # only now: while we held one too, the grader closing it would end nothing
        self.channel.tell(sockets=count)

    def stop(self, pid: int) -> None:
        """End a server and everything that it started."""
        if pid in self.servers:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
            while pid in self.servers:
                self.reap(block=True)
        self.sweep()

    def sweep(self) -> None:
        """End what servers left behind, however it hid itself, and what they wrote.

        Those that still run stay, with what they started and their own folders.
        """
        alone = self.order["alone"]
        for round_number in range(SWEEP_ROUNDS):  # it may fork faster than it is being ended
            orphans = [pid for pid in children() if pid not in self.servers]
            if not orphans:
                break
            if alone and round_number >= GENTLE_ROUNDS:  # everybody in this pid namespace but us
                with contextlib.suppress(OSError):
                    os.kill(-1, signal.SIGKILL)
            for pid in orphans:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            for pid in orphans:
                with contextlib.suppress(OSError):
                    os.waitpid(pid, 0)
        if alone:
            folders = set(self.servers.values())
            for entry in list(os.scandir(self.order["folder"])):
                if entry.path in folders:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    remove_folder(entry.path)
                else:
                    with contextlib.suppress(OSError):
                        os.unlink(entry.path)

    def reap(self, block: bool = False) -> None:
        """Tell the grader which servers have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, 0 if block else os.WNOHANG)
            except ChildProcessError:
                # a server that somebody else reaped cannot be waited for: count it as ended
                for pid in list(self.servers):
                    self.forget(pid, 0)
                return
            if pid == 0:
                return
            if pid in self.servers:
                self.forget(pid, status)
                block = False

    def forget(self, pid: int, status: int) -> None:
        """Remove a server that has ended, with its folder."""
        remove_folder(self.servers.pop(pid))
        with contextlib.suppress(OSError):
            self.channel.tell(exited=pid, status=os.waitstatus_to_exitcode(status))

    def serve(self) -> None:
        """Carry out orders until the grader is gone, however it went."""
        import selectors

        wake, alarm = os.pipe()
        for fd in (wake, alarm):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(alarm)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.channel.sock, selectors.EVENT_READ)
        self.selector.register(wake, selectors.EVENT_READ)
        fds: list[int] = []  # those of orders that are still to come: several may arrive together
        while True:
            for key, _events in self.selector.select():
                if key.fileobj is self.channel.sock:
                    if not self.obey(self.channel.receive(fds), fds):
                        return
                    while self.channel.waiting():
                        self.obey(self.channel.receive(fds), fds)
                else:
                    with contextlib.suppress(OSError):
                        os.read(wake, 4096)
                    self.reap()

    def obey(self, order: Message | None, fds: list[int]) -> bool:
        """Carry out one order of the grader's; False if there is none, because it is gone.

        Args:
            order: the order.
            fds: file descriptors that have arrived; those that belong to it are taken out.
        """
        if order is None:
            return False
        if order["do"] == "prepare":
            self.prepare(order)
        elif order["do"] == "start":
            mine, fds[:] = fds[:2], fds[2:]
            self.start(order, mine)
        elif order["do"] == "clock":
            preload_clock(self.order["library"])
        elif order["do"] == "sockets":
            self.give_sockets(order["count"])
        elif order["do"] == "stop":
            self.stop(order["pid"])
            self.channel.tell(stopped=order["pid"])
        return True

    def close(self) -> None:
        """Leave nothing behind."""
        for pid in list(self.servers):
            self.stop(pid)
        if self.order:  # also where a server went first, having seen the grader go before we did
            self.sweep()


class Become(BaseException):
    """Carries a forked server out of the launcher's loop, so that none of it is on its stack."""


def children() -> list[int]:
    """Return the pids of this process's children (Linux; elsewhere none are known)."""
    try:
        file = os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY)
    except OSError:
        return []
    try:
        said = b""
        while more := os.read(file, 65536):
            said += more
    finally:
        os.close(file)
    return [int(pid) for pid in said.split()]


def prctl(option: int, value: int) -> None:
    """Set something of this process (Linux; elsewhere nothing is done)."""
    with contextlib.suppress(Exception):
        import ctypes

        if not libraries:
            libraries.append(ctypes.CDLL(None))  # once, and not in each server
        libraries[0].prctl(option, value, 0, 0, 0)


libraries: list[Any] = []


def adopt_orphans() -> None:
    """Let processes that lose their parent become ours (Linux), so that none gets away."""
    prctl(36, 1)  # PR_SET_CHILD_SUBREAPER of linux/prctl.h


def look_at_oneself() -> None:
    """Let this process read all that /proc tells of it, also where it has given up root (Linux).

    The launcher does not do so itself: then none of its servers could look into it.
    """
    prctl(4, 1)  # PR_SET_DUMPABLE of linux/prctl.h


def go_first() -> None:
    """Let the kernel end this process before others where there is no memory left (Linux).

    Otherwise it might be the launcher's turn, or whatever else the person runs.
    """
    with contextlib.suppress(OSError):
        write("/proc/self/oom_score_adj", b"1000")


def warm(fd: int) -> tuple[Any, ...]:
    """Be the warm launcher on Unix socket `fd`; return, in a server, what it has to run."""
    gc.disable()  # until all is imported
    launcher = WarmLauncher(Channel(socket.socket(fileno=fd)))
    launcher.channel.tell(up=os.getpid())
    try:
        launcher.serve()
    except Become as become:  # this is the forked server now: nothing of the launcher's is its
        return become.args
    except BaseException:
        launcher.close()
        raise
    launcher.close()
    os._exit(0)  # nothing is left to be done, and Python would take long over it


# -- once: be the one server -----------------------------------------------------------------


def once(port: int, key: str) -> tuple[Any, ...] | None:
    """Take the one order from the grader at 127.0.0.1:`port`, which knows us by `key`."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(key.encode())
    channel = Channel(sock)
    order = channel.receive()
    if order is None:
        return None
    preload(order)
    preload_clock(order["library"])
    folder = order["folder"]
    write_files(order["files"], folder)
    set_the_stage(order)
    print_at_once()

    def at_end() -> None:
        os.chdir(os.path.dirname(folder))  # Windows does not remove the folder one stands in
        remove_folder(folder)
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)  # what the server has started goes too
        os._exit(1)

    return order, None, folder, channel, at_end


def main() -> None:
    """Start as the arguments say; a forked server comes back here and runs on from here."""
    import site

    site.setquit()  # exit() and quit(), which -S leaves out
    site.sethelper()
    way, number = sys.argv[1], int(sys.argv[2])
    if way == "warm":
        order, code, folder, channel = warm(number)
        run_server(order, code, folder, channel, lambda: os._exit(1))
    else:
        arguments = once(number, sys.argv[3])
        if arguments is not None:
            run_server(*arguments)


if __name__ == "__main__":
    main()
