"""Whether a server can still do anything by itself: the kernel knows, so nobody has to guess."""

import contextlib
import gc
import os
import socket
import subprocess
import sys

import pytest
from helpers import LISTENING, serving, until, without

from autograder import proc
from autograder.failures import Unmet
from autograder.oracle import KernelOracle, PatientOracle
from autograder.proc import kernel_can_be_asked

OPEN = "import socket\nserver = socket.create_server(('127.0.0.1', 5005))\n"


def states(room):
    """Ask until the server is idle, with nothing else going on; return what was said on the way."""
    said = []

    def idle():
        said.append(
            room.traffic.oracle.state(
                [person.sock for person in room.traffic.people if person.state == "open"],
                {person.port for person in room.traffic.people if not person.reading},
            )
        )
        return said[-1] == "idle"

    until(idle, f"idle; it said {set(said)}")
    return set(said)


def test_the_kernel_is_asked_here():
    assert kernel_can_be_asked() is sys.platform.startswith("linux")
    with without("proc"):
        assert not kernel_can_be_asked()


# -- idle at once ---------------------------------------------------------------------------

WAITS = {
    "accept": "server.accept()",
    "recv": "ends = socket.socketpair()\nends[0].recv(1)",
    "recv of a client": "server.accept()[0].recv(1)",
    "a read of a file": "client = server.accept()[0]\nclient.makefile().readline()",
    "a pipe": "import os\nends = os.pipe()\nos.read(ends[0], 1)",
    "a lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "a condition": "import threading\nthreading.Event().wait()",
    "a queue": "import queue\nqueue.Queue().get()",
    "join": (
        "import threading\nevent = threading.Event()\n"
        "thread = threading.Thread(target=event.wait)\nthread.start()\nthread.join()"
    ),
    "select": "import select\nselect.select([server], [], [])",
    "poll": "import select\npoll = select.poll()\npoll.register(server)\npoll.poll()",
    "epoll": "import select\nepoll = select.epoll()\nepoll.register(server)\nepoll.poll()",
    "selectors": (
        "import selectors\nselector = selectors.DefaultSelector()\n"
        "selector.register(server, selectors.EVENT_READ)\nselector.select()"
    ),
    "asyncio": "import asyncio\nasyncio.run(asyncio.Event().wait())",
    "a signal": "import signal\nsignal.pause()",
    "one of some signals": "import signal\nsignal.sigwait([signal.SIGUSR1])",
    "a process": "import os\nif os.fork() == 0:\n    server.accept()\nos.wait()",
    "a long sleep": "import time\ntime.sleep(1000)",
    "a long time limit": "server.settimeout(1000)\nserver.accept()",
    "a long wait for a lock": "import threading\nthreading.Lock().acquire() and "
    "threading.Event().wait(1000)",
    "a long select": "import select\nselect.select([server], [], [], 1000)",
}


@pytest.mark.parametrize("code", WAITS.values(), ids=WAITS)
def test_whoever_waits_for_others_is_idle(code):
    with serving(OPEN + code) as room:
        assert room.settle() == "idle"
        if "of a client" in code or "makefile" in code:
            room.connect()
        assert "dozing" not in states(room), "nobody had to wait for it to wake"


def test_fifty_threads_that_wait_are_idle():
    source = OPEN + (
        "import threading\n"
        "event = threading.Event()\n"
        "for _each in range(50):\n"
        "    threading.Thread(target=event.wait).start()\n"
        "server.accept()\n"
    )
    with serving(source) as room:
        assert "dozing" not in states(room)


def test_a_thread_that_has_ended_is_not_waited_for():
    source = OPEN + (
        "import threading\n"
        "thread = threading.Thread(target=print)\n"
        "thread.start()\n"
        "thread.join()\n"
        "server.accept()\n"
    )
    with serving(source) as room:
        assert "dozing" not in states(room)


# -- dozing ---------------------------------------------------------------------------------

DOZES = {
    "a sleep": "import time\nwhile True:\n    time.sleep(0.2)",
    "a time limit": (
        "server.settimeout(0.2)\nwhile True:\n    try:\n        server.accept()\n"
        "    except TimeoutError:\n        pass"
    ),
    "select": "import select\nwhile True:\n    select.select([server], [], [], 0.2)",
    "poll": (
        "import select\npoll = select.poll()\npoll.register(server)\n"
        "while True:\n    poll.poll(200)"
    ),
    "epoll": (
        "import select\nepoll = select.epoll()\nepoll.register(server)\n"
        "while True:\n    epoll.poll(0.2)"
    ),
    "a lock": "import threading\nlock = threading.Lock()\nlock.acquire()\n"
    "while True:\n    lock.acquire(timeout=0.2)",
    "a condition": "import threading\nwhile True:\n    threading.Event().wait(0.2)",
    "a queue": (
        "import queue\nwhile True:\n    try:\n        queue.Queue().get(timeout=0.2)\n"
        "    except queue.Empty:\n        pass"
    ),
}


@pytest.mark.parametrize("code", DOZES.values(), ids=DOZES)
def test_whoever_wakes_by_itself_dozes_until_it_has_woken(code):
    with serving(OPEN + code) as room:
        said = states(room)
        assert "dozing" in said, "it was taken to be idle before it could act"


LATE = """
import socket, {imports}
server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, _address = server.accept()
    client.sendall(b"NICK\\n")
    client.recv(100)
    {wait}
    client.sendall(b"late\\n")
"""


@pytest.mark.parametrize(
    ("imports", "wait"),
    [
        ("time", "time.sleep(0.5)"),
        ("time", "time.sleep(2)"),
        ("threading", "threading.Event().wait(0.5)"),
        ("select", "select.select([], [], [], 0.5)"),
        ("subprocess", "subprocess.run(['/bin/sleep', '0.5'])"),
        ("threading", "threading.Timer(0.5, client.sendall, [b'late\\n']).start(); continue"),
    ],
)
@pytest.mark.parametrize("hurry", [False, True], ids=["by the clock", "in a hurry"])
def test_what_comes_after_a_short_wait_is_still_waited_for(imports, wait, hurry):
    parts = "sandbox" if "subprocess" in imports else ""  # there are no programs inside
    with serving(LATE.format(imports=imports, wait=wait), parts=parts, hurry=hurry) as room:
        alice = room.connect()
        alice.send("halo")
        alice.sees("late")


def test_a_short_wait_passes_quickly_in_a_hurry():
    source = """
        import select, socket, threading, time
        server = socket.create_server(("127.0.0.1", 5005))
        before = time.monotonic()
        server.settimeout(2)
        print(server.gettimeout())
        for _each in range(20):
            time.sleep(1)
            threading.Event().wait(1)
            select.select([server], [], [], 1)
        print(time.monotonic() - before < 55)  # in place of 60 and more
        server.settimeout(None)
        server.accept()
        """
    with serving(source, hurry=True) as room:
        until(lambda: "True" in room.log or "False" in room.log, "the end of its waits")
        assert room.log.splitlines()[0] == "0.1" and "True" in room.log


# -- busy -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    pass",
        "import threading\nthreading.Thread(target=lambda: sum(iter(int, 1))).start()\n"
        "server.accept()",
        "server.setblocking(False)\nwhile True:\n    try:\n        server.accept()\n"
        "    except BlockingIOError:\n        pass",
        "import os\nif os.fork() == 0:\n    while True:\n        pass\nserver.accept()",
        "import os, time\nwhile True:\n    os.sched_yield()",
    ],
    ids=["a loop", "a thread", "asking again and again", "a child", "yielding"],
)
def test_a_loop_that_never_waits_is_never_idle(code):
    with serving(OPEN + code) as room:
        before = room.traffic.cpu_seconds()
        assert room.settle() == "spinning"
        assert room.traffic.cpu_seconds() > before
        with pytest.raises(Unmet) as caught:
            room.rests()
        assert caught.value.cause == "busy"


def test_a_server_that_counts_for_a_while_is_waited_for():
    source = """
        import socket, time
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        client.recv(100)
        started = time.process_time()
        while time.process_time() < started + 0.15:
            pass
        client.sendall(b"42\\n")
        client.recv(100)
        """
    with serving(source) as room:
        alice = room.connect()
        alice.send("halo")
        alice.sees("42")
        room.rests()


# -- what is under way ----------------------------------------------------------------------

MODES = pytest.mark.parametrize(
    "mode",
    ["", "sandbox", "sandbox,diag", "fork"],
    ids=["best", "plain", "plain, all sockets listed", "cold"],
)
ECHO = """
import socket, threading
server = socket.create_server(("127.0.0.1", 5005))
def handle(client):
    while data := client.recv(65536):
        client.sendall(data)
    client.close()
while True:
    client, _address = server.accept()
    threading.Thread(target=handle, args=(client,)).start()
"""


@MODES
def test_after_every_byte_it_is_idle_only_when_the_answer_is_here(mode):
    """A false "idle" would show as an answer that is missing."""
    with serving(ECHO, parts=mode) as room:
        alice, bob = room.connect(), room.connect()
        for number in range(150):
            alice.send_bytes(b"%d\n" % number)
            room.settle()
            assert alice.inbox.segments[-1].text == str(number)
        assert bob.inbox.size == 0
        bob.send_bytes(b"x" * 300_000 + b"\n")
        room.settle()
        assert bob.inbox.size == 300_001


SO_MAX_PACING_RATE = 47  # asm-generic/socket.h; Python does not name it
SLOW = (socket.SOL_SOCKET, SO_MAX_PACING_RATE, 1_000_000)  # bytes per second


@pytest.mark.parametrize("who", ["the client's", "the server's"])
@MODES
def test_what_the_kernel_holds_back_is_under_way(mode, who):
    """As after a loss: bytes are in the sender's queue, and nobody does anything for a while."""
    source = ECHO
    if who == "the server's":
        source = source.replace(
            "def handle(client):", f"def handle(client):\n    client.setsockopt{SLOW}"
        )
    with serving(source, parts=mode) as room:
        alice = room.connect()
        if who == "the client's":
            room.settle()
            alice.sock.setsockopt(*SLOW)
        for number in range(20):  # the first segments of a connection are never held back
            alice.send(str(number))
            room.settle()
        size = alice.inbox.size
        alice.send_bytes(b"x" * 200_000 + b"\n")
        assert room.settle() == "idle"
        assert alice.inbox.size == size + 200_001


@MODES
def test_after_every_end_it_is_idle_only_when_the_server_has_seen_it(mode):
    source = ECHO.replace("    client.close()", "    client.close(); print('gone')")
    with serving(source, parts=mode) as room:
        for number in range(1, 40):
            person = room.connect()
            person.leave()
            room.settle()
            assert room.log.count("gone") == number


@MODES
def test_a_client_that_does_not_read_is_no_reason_to_wait(mode):
    """The server stands in send(), full to the brim, and nothing moves until the client reads."""
    source = """
        import socket
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        wanted = 1_600_000
        while wanted:
            wanted -= len(client.recv(65536))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        client.sendall((b"x" * 999 + b"\\n") * 12_000)
        server.accept()
        """
    with serving(source, parts=mode) as room:
        alice = room.connect()
        alice.pause()
        alice.send_bytes(b"12000000 bytes, please".ljust(1_600_000))  # so that it is no flood
        assert room.settle() == "idle"
        assert alice.inbox.size == 0
        assert room.threads().threads[0].source_line.startswith("client.sendall")
        alice.resume()
        assert room.settle() == "idle"
        assert alice.inbox.size == 12_000_000


@MODES
def test_a_server_that_does_not_read_is_idle_all_the_same(mode):
    with serving(OPEN + "client = server.accept()[0]\nserver.accept()", parts=mode) as room:
        alice = room.connect()
        alice.send_bytes(b"x" * 20_000_000)
        assert room.settle() == "idle"
        assert alice.pending, "the kernel has not taken all of it"


def test_a_port_that_is_in_use_elsewhere_is_not_mistaken_for_ours():
    """Without a network of its own: another connection whose other end has our port's number."""
    with serving(ECHO, parts="sandbox") as room:
        alice = room.connect()
        with socket.socket() as other, socket.socket() as peer:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.2", alice.port))
            other.listen()
            peer.connect(("127.0.0.2", alice.port))
            with other.accept()[0] as full:
                full.setblocking(False)
                peer.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while True:
                        peer.send(b"x" * 65536)  # never read: under way for ever, but not ours
                alice.send("halo")
                alice.sees("halo")
                assert room.settle() == "idle"
                alice.leave()
                assert room.settle() == "idle"


# -- more than one process ------------------------------------------------------------------

FORKS = """
import os, signal, socket
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, _address = server.accept()
    if os.fork() == 0:
        server.close()
        while data := client.recv(100):
            client.sendall(data)
        os._exit(0)
    client.close()
"""


@MODES
def test_a_process_for_each_client(mode):
    with serving(FORKS, parts=mode) as room:
        for number in range(5):
            person = room.connect()
            for text in ("halo", "lagi"):
                person.send(f"{text} {number}")
                person.sees(f"{text} {number}")
            assert room.settle() == "idle"


DAEMON = """
import os, socket
server = socket.create_server(("127.0.0.1", 5005))
client, _address = server.accept()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while data := client.recv(100):
            {what}
    os._exit(0)
os.wait()
server.accept()
"""


@pytest.mark.parametrize("mode", ["", "sandbox"], ids=["best", "plain"])
def test_a_daemon_that_got_away_from_its_parent_is_seen(mode):
    with serving(DAEMON.format(what="client.sendall(data)"), parts=mode) as room:
        alice = room.connect()
        for number in range(20):
            alice.send(f"halo {number}")
            alice.sees(f"halo {number}")
        room.rests()
    with serving(DAEMON.format(what="while True: pass"), parts=mode) as room:
        room.connect().send("halo")
        assert room.settle() == "spinning"


# -- without the kernel ---------------------------------------------------------------------


def test_without_the_kernel_quiet_for_long_counts_as_idle():
    oracle = PatientOracle()
    assert not oracle.exact
    oracle.touch()
    assert oracle.state([]) == "dozing"
    until(lambda: oracle.state([]) == "idle", "idle")
    oracle.touch()
    assert oracle.state([]) == "dozing"


def test_a_room_asks_the_kernel_only_where_it_may():
    with serving(LISTENING, parts="proc") as room:
        assert isinstance(room.traffic.oracle, PatientOracle)
    with serving(LISTENING) as room:
        assert isinstance(room.traffic.oracle, KernelOracle)


# -- what the kernel tells ------------------------------------------------------------------


def test_both_ends_of_a_connection():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as ours, server.accept()[0] as theirs:
            peer = ours.getsockname()[1]
            ours.sendall(b"12345")
            rows = {(row.port, row.peer): row for row in proc.sockets_of(os.getpid())}
            assert rows[port, peer].unread == 5 and rows[port, peer].established
            assert rows[peer, port].unread == 0
            assert os.fstat(theirs.fileno()).st_ino == rows[port, peer].inode
            theirs.recv(5)
            until(lambda: proc.unacknowledged(ours) == 0, "the acknowledgement")


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_one_connection_is_told_as_among_all(family):
    host = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::ffff:127.0.0.1"}[family]
    with socket.socket(family) as server, contextlib.closing(proc.SocketDiag()) as diag:
        server.bind((host, 0))
        server.listen()
        port = server.getsockname()[1]

        def told():
            rows = {(row.port, row.peer): row for row in proc.sockets_of(os.getpid())}
            return rows.get((port, peer)), diag.row(port, peer)

        with socket.create_connection(("127.0.0.1", port)) as ours:
            peer = ours.getsockname()[1]
            among_all, alone = told()
            assert among_all == alone and alone.established  # nobody has accepted it yet
            with server.accept()[0] as theirs:
                ours.sendall(b"12345")
                among_all, alone = told()
                assert among_all == alone
                assert (alone.unread, alone.inode) == (5, os.fstat(theirs.fileno()).st_ino)
                ours.shutdown(socket.SHUT_WR)
                among_all, alone = told()
                assert among_all == alone and not alone.established
        assert diag.row(port, 1) is None  # there is one that listens, and no such connection


def test_connections_that_have_ended_are_not_among_them():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, (_host, peer) = listener.accept()
    port = theirs.getsockname()[1]
    theirs.close()
    assert ours.recv(1) == b""
    ours.close()

    lines = proc.read("/proc/self/net/tcp").splitlines()
    assert any(line.split()[1:4] == address_in(port, peer) for line in lines)  # the kernel waits
    assert not any(port in (row.port, row.peer) for row in proc.sockets_of(os.getpid()))


def address_in(port, peer):
    """Return what the kernel tells of a connection whose first end has closed it."""
    return [f"0100007F:{port:04X}", f"0100007F:{peer:04X}", "06"]


def test_files_stay_open_and_are_those_of_the_same_process():
    gc.collect()  # what an earlier test left to be closed would be counted
    before = len(os.listdir("/proc/self/fd"))
    files = proc.Files()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        path = f"/proc/{process.pid}/stat"
        for _time in range(2):  # not the same text twice: the process has just begun
            assert files.read(path).startswith(f"{process.pid} ")
        assert len(os.listdir("/proc/self/fd")) == before + 2  # the pipe is one
    with pytest.raises(ProcessLookupError):  # not what another process of this number may be
        os.pread(files._open[path], 10, 0)
    with pytest.raises(FileNotFoundError):
        files.read(path)
    many = [f"/proc/self/task/{os.getpid()}/{name}" for name in ("stat", "maps")] * 2
    assert all(files.read(each) for each in many)
    assert len(files.read(many[1])) > 4096, "a file of several pages"
    files.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_number_of_open_files_is_bounded():
    files = proc.Files()
    files.MOST_OPEN = 1
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for name in ("stat", "status", "maps", "stat"):
        assert files.read(f"/proc/self/{name}")
    assert len(os.listdir("/proc/self/fd")) == before + 1
    files.close()


def test_the_threads_and_children_of_a_process():
    program = (
        "import subprocess, sys, threading\n"
        "threading.Thread(target=sys.stdin.readline).start()\n"
        "subprocess.run(['cat'], stdin=sys.stdin)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        until(lambda: len(proc.threads_of(process.pid)) == 2, "a second thread")
        tids = proc.threads_of(process.pid)
        (child,) = until(lambda: proc.children_of(process.pid, tids), "the child")
        assert proc.inner_id(child, child) == child

        def waits():
            thread = proc.look_at(child, child)
            return thread is not None and proc.waits_for(thread, [], {})[0] == "recv"

        until(waits, "the child waits for input")
        process.stdin.close()
    assert proc.threads_of(process.pid) == [] and proc.children_of(process.pid, tids) == []


def test_a_process_that_has_ended_but_was_not_waited_for_does_nothing():
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        until(lambda: proc.look_at(process.pid, process.pid) is None, "a zombie is no thread")


def test_the_same_where_the_grader_is_not_root():
    """What /proc tells of a process that ends is root's: with its memory its owner is gone."""

    def as_nobody():
        if os.geteuid() == 0:
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
        with subprocess.Popen(["/bin/true"]) as process:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            with pytest.raises(PermissionError):
                proc.read(f"/proc/{process.pid}/task/{process.pid}/syscall")
            return proc.look_at(process.pid, process.pid) is None

    pid = os.fork()
    if pid == 0:
        code = 1
        with contextlib.suppress(BaseException):
            code = 0 if as_nobody() else 2
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_how_long_a_thread_will_wait():
    def seconds(code):
        program = f"import threading, time, select\n{code}"
        with subprocess.Popen([sys.executable, "-c", program]) as process:
            try:
                thread = until(lambda: waiting(process.pid), f"it waits: {code}")
                return proc.seconds_left(thread)
            finally:
                process.kill()

    def waiting(pid):
        thread = proc.look_at(pid, pid)
        return thread if thread and thread.call.split()[-1:] != ["0"] and thread.call else None

    for code in (
        "threading.Event().wait(500)",
        "select.select([], [], [], 500)",
        "select.poll().poll(500_000)",
        "time.sleep(500)",
    ):
        left = seconds(code)
        assert left is not None and 0 < left <= 500.5, code
    for code in ("threading.Event().wait()", "select.select([], [], [])", "select.poll().poll()"):
        assert seconds(code) is None, code


def test_a_server_whose_threads_come_and_go_all_the_time_is_never_idle():
    """At each look another one works, which may not have been there when the look began."""
    source = OPEN + (
        "import threading\n"
        "def again():\n"
        "    threading.Thread(target=again).start()\n"
        "again()\n"
        "server.accept()\n"
    )
    with serving(source) as room:
        assert {room.traffic.oracle.state([]) for _look in range(200)} == {"busy"}
