"""What the tests of the reference programs share: servers, guests and terminals.

Every program runs as it is, as a process of its own. Only the port is changed, in a copy: from
5005 to one that is free. Nothing here sleeps and nothing is guessed. A test waits for a line of
output, for bytes on a socket or for a picture on a screen. DEADLINE only ends a test that fails.
"""

import contextlib
import itertools
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pexpect
import psutil
import pyte
import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
DEADLINE = 60.0  # seconds
STAMPS = {"folder_a": "[%Y-%m-%d %H:%M:%S] ", "folder_b": "[%H:%M:%S] "}


@pytest.fixture(autouse=True)
def ctrl_c_works():
    """Started in the background, the tests may ignore SIGINT, and so would their children."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def free_port():
    """A port of the kernel's choice, kept from everybody but a server that sets SO_REUSEADDR."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture
def copy(tmp_path, free_port):
    """Copies a program with the free port and other changes, each of which fits exactly once."""
    numbers = (
        itertools.count()
    )  # a folder for each, for one may still be read when the next is made

    def make(name, changes=None):
        source = (REFERENCE / name).read_text(encoding="utf-8")
        for old, new in {"port = 5005\n": f"port = {free_port}\n", **(changes or {})}.items():
            assert source.count(old) == 1, f"{old!r} is {source.count(old)} times in {name}"
            source = source.replace(old, new)
        target = tmp_path / f"copy {next(numbers)}" / name
        target.parent.mkdir(parents=True)
        target.write_text(source, encoding="utf-8")
        return target

    return make


@pytest.fixture
def broken(tmp_path):
    """The environment of a Python in which one method of sockets fails the first time."""

    def make(method, error):
        (tmp_path / "sitecustomize.py").write_text(
            "import socket\n"
            f"real, errors = socket.socket.{method}, [{error}()]\n"
            f"def {method}(self, *arguments):\n"
            "    if errors:\n"
            "        raise errors.pop()\n"
            "    return real(self, *arguments)\n"
            f"socket.socket.{method} = {method}\n"
        )
        return {"PYTHONPATH": str(tmp_path)}

    return make


@pytest.fixture
def start(copy, free_port):
    """Starts servers; at the end stops each with Ctrl-C and sees that it takes it well."""
    servers = []

    def run(stage, changes=None, ready=True, **environment):
        path = copy(f"{stage}/server.py", changes)
        servers.append(Server(path, free_port, STAMPS.get(stage, ""), environment))
        if ready:
            assert servers[-1].prints("") == (
                f"Server berjalan di 127.0.0.1:{free_port}. Tekan Ctrl-C untuk berhenti."
            )
        return servers[-1]

    with contextlib.ExitStack() as stack:
        stack.callback(lambda: [server.kill() for server in servers])
        yield run
        for server in servers:
            if server.process.poll() is None:
                server.stop()


def wait_for_rest(pid):
    """Wait until all threads of a process do nothing but wait, in two looks at them.

    A Ctrl-C that comes when Python is just about to wait in accept() or select() is noticed only
    when that is over. A person would press again; the tests do not come at that moment. On Linux.
    """
    tasks = Path(f"/proc/{pid}/task")
    limit = time.monotonic() + DEADLINE
    looks = 0
    while looks < 2 and tasks.is_dir():
        try:
            stats = [(task / "stat").read_text() for task in tasks.iterdir()]
        except OSError:
            continue  # a thread has just ended
        states = {stat.rpartition(")")[2].split()[0] for stat in stats}
        looks = looks + 1 if states == {"S"} else 0
        if states == {"Z"}:
            return
        assert time.monotonic() < limit, f"it does not come to rest: {states}"


class Server:
    """A running server, with what it prints, and the guests who talk to it over plain sockets."""

    def __init__(self, path, port, stamp, environment):
        self.port = port
        self.stamp = stamp
        self.guests = []
        self.process = subprocess.Popen(
            [sys.executable, "-u", path.name],
            cwd=path.parent,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.pending = b""

    def prints(self, text):
        """Wait for the next line of output that has this text, and return the line."""
        while True:
            while b"\n" not in self.pending:
                ready, _, _ = select.select([self.process.stdout], [], [], DEADLINE)
                assert ready, f"the server did not print {text!r}"
                data = os.read(self.process.stdout.fileno(), 65536)
                assert data, f"the server ended without printing {text!r}: {self.errors()}"
                self.pending += data
            line, _, self.pending = self.pending.partition(b"\n")
            if text in line.decode():
                return line.decode()

    def errors(self):
        """What stands on standard error when the server has ended."""
        return self.process.communicate(timeout=DEADLINE)[1].decode()

    def stop(self):
        """Ctrl-C: the server says goodbye, with no complaint."""
        wait_for_rest(self.process.pid)
        self.process.send_signal(signal.SIGINT)
        out, errors = self.process.communicate(timeout=DEADLINE)
        assert errors == b""
        assert (self.pending + out).decode().endswith("\nServer berhenti.\n")
        assert self.process.returncode == 0

    def ends_with_a_sentence(self):
        """Wait for the end of a server that cannot work, and return what it says to the person."""
        errors = self.errors()
        assert self.process.returncode == 1
        assert errors.count("\n") == 1, errors
        return errors.rstrip()

    def keeps(self, threads):
        """Wait until it has only so many threads, and one connection for each but the main one."""
        process = psutil.Process(self.process.pid)
        limit = time.monotonic() + DEADLINE
        while True:
            sockets = [one for one in process.net_connections("tcp") if one.status != "LISTEN"]
            if process.num_threads() == threads and len(sockets) == threads - 1:
                return
            assert time.monotonic() < limit, f"{process.num_threads()} threads, {sockets}"

    def kill(self):
        for guest in self.guests:
            guest.socket.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=DEADLINE)

    def connect(self):
        """A guest who has connected, and no more."""
        guest = Guest(socket.create_connection(("127.0.0.1", self.port), DEADLINE), self.stamp)
        self.guests.append(guest)
        return guest

    def join(self, *names):
        """Guests with these usernames who have seen each other come in, one after the other."""
        inside = []
        for name in names:
            guest = self.connect()
            guest.gets("NICK")
            guest.send(name)
            inside.append(guest)
            for one in inside:
                one.sees(f"{name} Bergabung!")
        return inside


def pattern(stamp):
    """A regular expression for a time written in this form."""
    digits = {
        "%Y": r"\d{4}",
        "%m": r"\d\d",
        "%d": r"\d\d",
        "%H": r"\d\d",
        "%M": r"\d\d",
        "%S": r"\d\d",
    }
    return re.sub("%.", lambda code: digits[code[0]], re.escape(stamp))


class Guest:
    """One connection, read line by line."""

    def __init__(self, connection, stamp=""):
        self.socket = connection
        self.stamp = pattern(stamp)
        self.buffer = b""
        connection.settimeout(DEADLINE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, text):
        self.raw(f"{text}\n".encode())

    def raw(self, data):
        self.socket.sendall(data)

    def line(self):
        """The next line, or None when the other side has closed."""
        while b"\n" not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                assert self.buffer == b"", "closed in the middle of a line"
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode()

    def nothing(self):
        """Nothing has come so far."""
        assert not self.buffer
        assert not select.select([self.socket], [], [], 0)[0]

    def gets(self, *lines):
        """Exactly these lines come next."""
        for line in lines:
            assert self.line() == line

    def message(self):
        """The next line, which must have the server's stamp, without it."""
        line = self.line()
        stamped = re.match(self.stamp, line)
        assert stamped, f"no stamp: {line!r}"
        return line[stamped.end() :]

    def sees(self, *messages):
        """Exactly these messages come next."""
        for message in messages:
            assert self.message() == message

    def leave(self):
        """End with a FIN; wait until the server has closed its side as well."""
        self.socket.shutdown(socket.SHUT_WR)
        while self.line() is not None:
            pass
        self.socket.close()

    def close(self):
        self.socket.close()

    def crash(self):
        """End with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


@pytest.fixture
def door(free_port):
    """The server's side, where the test itself is the server."""
    with Door(free_port) as opened:
        yield opened


class Door:
    """A listening socket."""

    def __init__(self, port):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen()
        self.listener.settimeout(DEADLINE)
        self.guests = []

    def accept(self):
        """The next client, to be talked to line by line."""
        self.guests.append(Guest(self.listener.accept()[0]))
        return self.guests[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in (self.listener, *(guest.socket for guest in self.guests)):
            one.close()


@pytest.fixture
def terminal(copy):
    """Opens terminals in which client.py runs."""
    with contextlib.ExitStack() as stack:

        def open_one(changes=None, environment=None, stamp=""):
            one = Terminal(copy("client.py", changes), environment or {}, stamp)
            stack.callback(one.close)
            return one

        yield open_one


@pytest.fixture
def enter(terminal, door):
    """Opens a terminal, gives a username, and returns the terminal and the server's side."""

    def run(name, **options):
        one = terminal(**options)
        server = door.accept()
        server.send("NICK")
        one.shows("Masukkan username: █")
        one.type(f"{name}\r")
        server.gets(name)
        one.shows(f"Masukkan username: {name}", ">> █")
        return one, server

    return run


class Terminal:
    """A terminal of 80 columns and 24 lines, and the client in it."""

    def __init__(self, path, environment, stamp):
        self.stamp = pattern(stamp)
        self.screen = pyte.Screen(80, 24)
        self.stream = pyte.ByteStream(self.screen)
        self.child = pexpect.spawn(
            sys.executable,
            [str(path)],
            dimensions=(24, 80),
            env=os.environ
            | {"TERM": "xterm", "LC_ALL": "C.UTF-8", "INPUTRC": "none"}
            | environment,
        )
        self.child.delaybeforesend = None
        self.child.delayafterclose = self.child.ptyproc.delayafterclose = 0
        self.has_readline = "bare" not in environment.get("PYTHONPATH", "")
        self.ended = False

    def mode(self):
        """Whether the terminal itself collects lines, and whether it echoes."""
        flags = termios.tcgetattr(self.child.child_fd)[3]
        return bool(flags & termios.ICANON), bool(flags & termios.ECHO)

    def read(self, seconds):
        try:
            self.stream.feed(self.child.read_nonblocking(65536, seconds))
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            self.ended = True

    def picture(self):
        """The lines on the screen as a person sees them, the cursor as █, without stamps."""
        x, y = self.screen.cursor.x, self.screen.cursor.y
        lines = list(self.screen.display)
        lines[y] = lines[y][:x] + "█" + lines[y][x + 1 :]
        text = "\n".join(line.rstrip() for line in lines).rstrip()
        return re.sub(f"^{self.stamp}", "", text, flags=re.MULTILINE).split("\n")

    def shows(self, *lines):
        """Wait until exactly this stands on the screen."""
        self.wait(lambda: self.picture() == list(lines), f"screen: {list(lines)}")

    def wait(self, reached, what):
        limit = time.monotonic() + DEADLINE
        while not reached():
            late = self.ended or time.monotonic() > limit
            assert not late, f"not reached: {what}\nthe screen shows: {self.picture()}"
            self.read(0.01)

    def type(self, keys):
        """Type on the keyboard, as soon as somebody is there to read it."""
        if self.has_readline:
            self.wait(lambda: self.mode() == (False, False), "readline waits for keys")
        self.child.send(keys)

    def press(self, key):
        """Press a key that ends the program, when it does nothing but wait."""
        wait_for_rest(self.child.pid)
        self.child.send(key)

    def ends(self, *lines):
        """Wait for the end, with these lines on the screen; return the exit status."""
        limit = time.monotonic() + DEADLINE
        while not self.ended:
            assert time.monotonic() < limit, f"still running, the screen shows: {self.picture()}"
            self.read(0.01)
        self.child.wait()
        assert self.picture() == [*lines, "█"]
        assert self.mode() == (True, True)  # as terminals are before a program changes them
        return self.child.exitstatus

    def close(self):
        if self.child.isalive():
            self.child.kill(signal.SIGKILL)
            self.child.wait()
        self.child.close()
