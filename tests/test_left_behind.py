"""Nothing stays behind: no process, no port, no folder, however a check ends."""

import contextlib
import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest
from helpers import REFERENCE, command, environment, family, gone, server_file, until

WAYS = ["", "proc", "sandbox", "fork", "sandbox,proc", "fork,proc"]

SLOW = """
import os
import signal
import socket
import subprocess
import sys
import threading
import time

open("left.txt", "w").write("x")
if "daemon" in sys.argv[0]:
    if os.fork() == 0:
        os.setsid()
        for number in range(1, 32):
            if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_IGN)
        if os.fork() == 0:
            while True:
                time.sleep(1000)
        os._exit(0)
    os.wait()
elif os.fork() == 0:  # a child like any other
    while True:
        time.sleep(1000)

server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, address = server.accept()
    while True:
        time.sleep(0.9)  # wakes again and again, so that nobody knows whether it may still answer
        client.sendall(b" ")
"""
"""Keeps a check waiting, with clients connected, a child and a file of its own."""


@contextlib.contextmanager
def checking(path, folder, without):
    """Start a check as a process, and yield it; it is ended in any case."""
    process = subprocess.Popen(
        command("check", "threading", "broadcast", "lists", path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment(without, TMPDIR=str(folder)),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def everybody_below(process, without):
    """Wait until a server talks to a client and has a child, and return all that runs."""
    helpers = 1 if "fork" in without else 2 if "sandbox" in without else 4

    def all_there():
        assert process.poll() is None, "the check has ended by itself"
        found = family(process.pid)
        return found if len(found) > helpers + 1 and talks(found) else None

    return until(all_there, "the server and its child, and somebody who talks to it")


def talks(processes):
    """Tell whether one of the processes has an open connection, in whatever network."""
    for each in processes:
        with contextlib.suppress(OSError):
            for name in ("tcp", "tcp6"):
                with open(f"/proc/{each.pid}/net/{name}") as file:
                    rows = [line.split() for line in file][1:]
                mine = inodes(each.pid)
                if any(row[3] == "01" and row[9] in mine for row in rows):
                    return True
    return False


def inodes(pid):
    """Return the numbers of the sockets that a process holds."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            link = os.readlink(f"/proc/{pid}/fd/{fd}")
            if link.startswith("socket:["):
                found.add(link[8:-1])
    return found


def ports(processes):
    """Return the ports on which processes listen that share our network."""
    found = set()
    for each in processes:
        with contextlib.suppress(psutil.Error, OSError):
            if os.readlink(f"/proc/{each.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
                found |= {
                    connection.laddr.port
                    for connection in each.net_connections("tcp")
                    if connection.status == psutil.CONN_LISTEN
                }
    return found


def nobody_listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
@pytest.mark.parametrize("without", WAYS, ids=lambda parts: parts or "everything")
def test_in_the_middle_of_a_check(tmp_path, without, how):
    path = server_file(tmp_path, SLOW)
    with checking(path, tmp_path, without) as process:
        everybody = everybody_below(process, without)
        open_ports = ports(everybody)
        assert open_ports or not ("sandbox" in without or "fork" in without)
        process.send_signal(how)
        code = process.wait(300)
        assert code == (130 if how == signal.SIGINT else -signal.SIGKILL)
        until(lambda: all(map(gone, everybody)), "the end of all its processes")
        until(lambda: all(map(nobody_listens, open_ports)), "its ports are free")
        until(lambda: os.listdir(tmp_path) == ["server.py"], "no file but ours")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
@pytest.mark.parametrize("without", ["", "sandbox"], ids=lambda parts: parts or "everything")
def test_not_even_a_daemon(tmp_path, without, how):
    """One that left its session and ignores every signal that can be ignored."""
    path = server_file(tmp_path, SLOW).rename(tmp_path / "daemon.py")
    with checking(path, tmp_path, without) as process:
        everybody = everybody_below(process, without)
        process.send_signal(how)
        process.wait(300)
        until(lambda: all(map(gone, everybody)), "the end of all its processes")
        until(lambda: os.listdir(tmp_path) == ["daemon.py"], "no file but ours")


@pytest.mark.parametrize("without", ["", "sandbox,proc", "fork"], ids=lambda way: way or "all")
def test_after_a_check(tmp_path, without):
    folder = tmp_path / "tmp"
    folder.mkdir()
    seen = set()
    with checking(REFERENCE, folder, without) as process:
        while process.poll() is None:
            seen |= set(family(process.pid))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
    assert process.returncode == 0
    assert len(seen) > 1
    until(lambda: all(map(gone, seen)), "the end of all its processes")
    assert list(folder.iterdir()) == []


def test_after_a_room_that_nobody_closed(tmp_path):
    """A script that opens a room and ends, as beginners' scripts do."""
    path = server_file(tmp_path, REFERENCE.read_text(encoding="utf-8"))
    program = (
        "import sys\n"
        "from autograder import Room\n"
        "room = Room(sys.argv[1])\n"
        "alice = room.join('Alice')\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "if 'die' in sys.argv: 1 / 0\n"
    )
    for how in ("end", "die"):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(path), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(TMPDIR=str(tmp_path)),
        ) as process:
            assert process.stdout is not None and process.stdin is not None
            assert process.stdout.readline() == b"ready\n"
            everybody = family(process.pid)
            assert len(everybody) > 3
            process.stdin.close()
            process.wait(300)
        until(lambda these=everybody: all(map(gone, these)), "all are gone")
    assert os.listdir(tmp_path) == ["server.py"]
