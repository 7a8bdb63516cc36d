"""The grader's side of the launcher: servers start, are reached, end, and leave nothing open."""

import contextlib
import gc
import os
import signal
import socket
import threading
from datetime import datetime

import psutil
import pytest
from helpers import LISTENING, command_of, family, gone, server_file, submission, until, without

from autograder.dialect import OUR_DIALECT
from autograder.launcher import Channel
from autograder.process import LauncherLost, start_launcher
from autograder.room import Room
from autograder.sandbox import LAUNCHER

MODES = pytest.mark.parametrize("mode", ["", "sandbox", "fork"], ids=["best", "plain", "cold"])


def tcp_sockets(pid):
    """Return how many sockets a process holds that are no Unix sockets."""
    links = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            continue
    return len([link for link in links if link.startswith("socket:")])


def launcher_process(room):
    """Return the process of the warm launcher itself."""
    everybody = family(room.launcher.root_pid(room.process))
    return next(
        each for each in everybody if LAUNCHER in command_of(each) and "bwrap" not in each.name()
    )


def test_a_connection_is_nobody_elses():
    """If the launcher held it too, a client that leaves would not be seen to leave."""
    launcher = start_launcher(submission(LISTENING))
    try:
        with Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT) as room:
            pid = launcher_process(room).pid
            before = tcp_sockets(pid)
            for _time in range(300):
                launcher.connect(room.process.ports[0]).close()
                assert tcp_sockets(pid) == before
    finally:
        launcher.close()


@MODES
def test_servers_are_started_reached_and_stopped(mode):
    with without(mode):
        launcher = start_launcher(submission(LISTENING))
        try:
            servers = [launcher.start(epoch=None, timezone=None) for _each in range(3)]
            for server in servers:
                until(lambda s=server: s.read_channel() and s.ports, "it listens")
                server.connect().close()
            assert len({server.pid for server in servers}) == 3
            servers[1].stop()
            until_answered(launcher)
            with pytest.raises(ConnectionError):
                connect_and_read(servers[1])
            servers[0].connect().close()
            everybody = family(launcher.root_pid(servers[0]))
            for server in (servers[0], servers[2]):
                server.stop()
        finally:
            launcher.close()
    until(lambda: all(map(gone, everybody)), "nobody is left")


def until_answered(launcher):
    """Wait until the launcher has done what it was told; return `others`."""
    while launcher.others() is None:
        launcher.hear()
    return launcher.others()


def connect_and_read(server):
    """Connect, and wait for the answer; a connection that is refused later raises too."""
    with server.connect() as sock:
        sock.settimeout(60)
        sock.recv(1)


@MODES
def test_a_server_may_be_stopped_twice_and_a_launcher_closed_twice(mode):
    with without(mode):
        launcher = start_launcher(submission(LISTENING))
        server = launcher.start(epoch=None, timezone=None)
        until(lambda: server.read_channel() and server.ports, "it listens")
        everybody = family(launcher.root_pid(server))
        server.kill()
        assert server.exit is not None and server.exit.code < 0
        server.stop()
        server.stop()
        launcher.close()
        launcher.close()
    until(lambda: all(map(gone, everybody)), "nobody is left")


@pytest.mark.parametrize("mode", ["", "sandbox"], ids=["best", "plain"])
def test_a_launcher_that_was_ended_is_lost_and_says_so(mode):
    with without(mode):
        launcher = start_launcher(submission(LISTENING))
    with Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT) as room:
        everybody = family(launcher.root_pid(room.process))
        for each in everybody:
            with contextlib.suppress(psutil.NoSuchProcess):  # the one above it took it along
                each.send_signal(signal.SIGKILL)
        with pytest.raises(LauncherLost):
            until(lambda: room.settle() == "never", "it is noticed")
    with pytest.raises(LauncherLost):
        launcher.start(epoch=None, timezone=None)
    launcher.close()
    until(lambda: all(map(gone, everybody)), "nobody is left")


def test_a_server_that_listens_nowhere_refuses(tmp_path):
    launcher = start_launcher(submission("import threading\nthreading.Event().wait()\n"))
    try:
        server = launcher.start(epoch=None, timezone=None)
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        server.stop()
    finally:
        launcher.close()


def test_the_server_is_what_it_was_when_the_check_began(tmp_path):
    path = server_file(tmp_path, "print('first')" + LISTENING)
    with Room(path, dialect=OUR_DIALECT) as room:
        path.write_text("print('second')" + LISTENING)
        with Room(room.submission, launcher=room.launcher, dialect=OUR_DIALECT) as again:
            again.settle()
            assert again.log == "first\n"


# -- ahead ----------------------------------------------------------------------------------


@pytest.fixture
def ahead():
    """Return what makes a launcher that starts the next server while one is in use."""
    with contextlib.ExitStack() as launchers:

        def make(source=LISTENING):
            launcher = start_launcher(submission(source))
            launchers.callback(launcher.close)
            launcher.ahead = True
            return launcher

        yield make


def open_room(launcher, **more):
    return Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT, **more)


@pytest.mark.parametrize("mode", ["", "sandbox"], ids=["best", "plain"])
def test_the_next_server_is_started_ahead_and_is_nobodys_business(ahead, mode):
    with without(mode):
        launcher = ahead("import threading\nthreading.active_count()" + LISTENING)
    with open_room(launcher) as room:
        alone = room.thread_count()
        (next_pid,) = until_answered(launcher)
        assert next_pid != room.process.pid
        assert room.settle() == "idle"
        assert room.thread_count() == alone
    with open_room(launcher) as second:
        assert second.process.pid == next_pid
        assert second.thread_count() == alone
        second.connect()
        assert second.settle() == "idle"


def test_a_server_with_another_clock_is_not_taken_from_those_started_ahead(ahead):
    launcher = ahead("import time\nprint(time.strftime('%Y'))" + LISTENING)
    with open_room(launcher):
        (next_pid,) = until_answered(launcher)
    with open_room(launcher, clock=datetime(2031, 1, 2)) as later:
        later.settle()
        assert later.log == "2031\n"
    with open_room(launcher) as third:
        assert third.process.pid == next_pid


def test_what_a_server_leaves_behind_is_ended_although_another_is_ready(ahead):
    launcher = ahead(
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        print('left', flush=True)\n"
        "        time.sleep(1000)\n"
        "    os._exit(0)\n"
        "os.wait()\n" + LISTENING
    )
    root = None
    for _room in range(3):
        with open_room(launcher) as room:
            root = launcher.root_pid(room.process)
            assert room.settle() == "idle"
            assert room.log == "left\n"
            until_answered(launcher)
    until_answered(launcher)
    left = [each for each in family(root) if "launcher" in command_of(each)]
    # the launcher with bubblewrap outside and inside, and the one that is ready and its own child
    assert len(left) <= launcher.helpers() + 2


def test_a_server_that_bears_no_other_beside_it_is_started_alone(ahead):
    launcher = ahead(
        "import socket\n"
        "only = socket.socket(socket.AF_UNIX)\n"
        "only.bind('\\0the one and only')" + LISTENING
    )
    for _room in range(3):
        with open_room(launcher) as room:
            room.connect()
            assert room.settle() == "idle"
            until_answered(launcher)


# -- the line between grader and launcher ---------------------------------------------------


def test_orders_and_answers_arrive_one_by_one_whatever_the_pieces():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(ours)
        theirs.sendall(b'{"a": 1}\n{"b"')
        assert not channel.waiting()
        assert channel.receive() == {"a": 1}
        assert not channel.waiting()
        theirs.sendall(b': "\\u00e9"}\n{"c": 3}\n')
        assert channel.receive() == {"b": "é"}
        assert channel.waiting(), "what came with it is still to be told"
        assert channel.receive() == {"c": 3}
        theirs.shutdown(socket.SHUT_WR)
        assert channel.receive() is None


def test_open_files_travel_beside_an_order():
    ours, theirs = socket.socketpair()
    reader, writer = os.pipe()
    with ours, theirs:
        Channel(theirs).send({"do": "start"}, [writer])
        os.close(writer)
        fds = []
        assert Channel(ours).receive(fds) == {"do": "start"}
        os.write(fds[0], b"x")
        os.close(fds[0])
    assert os.read(reader, 10) == b"x"
    os.close(reader)


def test_what_the_launcher_tells_together_with_an_answer_is_not_lost():
    """A server that ends in the moment in which somebody connects: both are told at once."""
    source = "import os, socket\nserver = socket.create_server(('', 5005))\nserver.accept()\n"
    launcher = start_launcher(submission(source))
    try:
        for _time in range(40):
            with Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT) as room:
                room.connect()
                assert room.settle() == "dead"
    finally:
        launcher.close()


def test_nothing_of_a_room_stays_open_in_the_grader():
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    threads = threading.active_count()
    for mode in ("", "sandbox", "fork", "fork,proc"):
        with without(mode):
            for _time in range(3):
                with Room(submission(LISTENING), dialect=OUR_DIALECT) as room:
                    room.connect()
                    room.connect().leave()
    until(lambda: threading.active_count() == threads, "its threads are gone")
    assert len(os.listdir("/proc/self/fd")) == before
