"""The reference servers keep their promises under load and faults; a broken one is found out."""

import contextlib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from crowd import NOT_TRIED
from faults import PASSWORD, REFERENCE, ROUNDS, RULES, SOME, Round, play
from served import Served

FAULTS = Path(__file__).with_name("faults.py")
COMPLETE = REFERENCE / "complete" / "server.py"
SHORT = Round("short", steady=8, visitors=4, troubles=0, seconds=1.0, pause=0.05)
SEED = 7


def run(name):
    """Play each kind of round with a reference server; return what was printed."""
    done = subprocess.run(
        [sys.executable, str(FAULTS), "--minutes", "0", "--seed", str(SEED), "--server", name],
        capture_output=True,
        encoding="utf-8",
        timeout=900,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


def test_complete_bears_everything_and_loses_nothing():
    printed = run("complete")
    for plan in ROUNDS["complete"]:
        assert plan.title in printed
    assert NOT_TRIED not in printed


@pytest.mark.parametrize("name", ["modul_contoh", "folder_a", "folder_b"])
def test_the_simple_servers_keep_what_they_promise(name):
    assert "some faults" in run(name)


def test_the_same_seed_draws_the_same_again():
    from crowd import Lot, Orders

    orders = Orders(0, SEED, 1, "trouble", 1, 1, 1, 1, SOME, 1, 1, 0, True, "", "")
    one, other = Lot(orders, 3), Lot(orders, 3)
    assert [one.rng.random() for _ in range(9)] == [other.rng.random() for _ in range(9)]
    assert one.name("v") == other.name("v") != one.name("v")
    assert Lot(orders, 4).rng.random() != Lot(orders, 3).rng.random()


def broken(tmp_path, *edits):
    """Return `complete` with some of its text replaced."""
    source = COMPLETE.read_text(encoding="utf-8")
    for old, new in edits:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    path = tmp_path / "server.py"
    path.write_text(source, encoding="utf-8")
    return path


COUNTED = (
    "progress = threading.Condition(lock)",
    "count = [0]\nprogress = threading.Condition(lock)",
)
SEND_ALL = """        for client in clients:
            send(client, data)
"""
LOSES = """        count[0] += 1
        for client in clients[1:] if count[0] % 40 == 0 else clients:
            send(client, data)
"""
DOUBLES = """        count[0] += 1
        twice = count[0] % 40 == 0 and ": " in message
        for client in clients * 2 if twice else clients:
            send(client, data)
"""
DELAYS = """        count[0] += 1
        if count[0] % 5 == 0 and ": " in message:
            threading.Timer(0.03, late, (data,)).start()
            return
        for client in clients:
            send(client, data)


def late(data):
    with lock:
        for client in clients:
            send(client, data)
"""
TELLS_ALL = (
    '        tell(target, f"PM dari {nickname}: {words[1]}")\n',
    '        for other in clients:\n            tell(other, f"PM dari {nickname}: {words[1]}")\n',
)
GOODBYE = '            broadcast(f"{nickname} keluar!")\n'
FORGETS = (
    "            nickname = nicknames.pop(index)\n",
    "            nickname = nicknames.pop(index)\n            nicknames.append(nickname)\n",
)
STAYS = (
    "        remove_client(client)\n\n\ndef ask_nickname",
    "        remove_client(client)\n        threading.Event().wait()\n\n\ndef ask_nickname",
)
WAITS = (
    "            data = data[client.send(data, socket.MSG_DONTWAIT) :]\n",
    "            client.sendall(data)\n            data = b''\n",
)

PLANTED = {  # what is wrong: edits of `complete`, and words that then have to be said
    "a message is lost to one": ([COUNTED, (SEND_ALL, LOSES)], "another log|lost"),
    "a message comes twice": ([COUNTED, (SEND_ALL, DOUBLES)], "doubled"),
    "a message comes late": ([COUNTED, (SEND_ALL, DELAYS)], "out of order"),
    "a private message goes to all": ([TELLS_ALL], "secret"),
    "a leaving is announced twice": ([(GOODBYE, 2 * GOODBYE)], "out of turn"),
    "a name stays on the list": (
        [FORGETS, ("nicknames, strict=True)", "nicknames)")],
        "wrong list|taken",
    ),
    "a thread of each client stays": ([STAYS], "not what 10 clients need"),
}


@pytest.mark.parametrize("title", PLANTED)
def test_what_is_broken_is_found(title, tmp_path, monkeypatch):
    monkeypatch.setattr("served.DEADLINE", 2.0)
    edits, expected = PLANTED[title]
    served = Served(broken(tmp_path, *edits), CHAT_ADMIN_PASSWORD=PASSWORD)
    try:
        outcome = play(served, SHORT, RULES["complete"], SEED, 1)
    finally:
        served.kill()
    assert outcome.wrong
    assert any(word in text for text in outcome.wrong for word in expected.split("|")), (
        outcome.wrong
    )


def enter(stack, port, name, patience, narrow=False):
    """Come in; return the socket to send to, and a file to read from."""
    sock = stack.enter_context(socket.socket())
    if narrow:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10_000)
    sock.settimeout(patience)
    sock.connect(("127.0.0.1", port))
    file = stack.enter_context(sock.makefile("r", encoding="utf-8", newline="\n"))
    sock.sendall(f"{name}\n".encode())
    assert file.readline() == "NICK\n"
    assert file.readline().endswith(f"{name} Bergabung!\n")
    return sock, file


def who_does_not_read_is_dropped(path, patience):
    """Tell whether the others can talk on and are told that it left; `patience` in seconds."""
    with contextlib.ExitStack() as stack:
        served = Served(path)
        stack.callback(served.kill)
        enter(stack, served.port, "Dedi", patience, narrow=True)
        sock, file = enter(stack, served.port, "Sari", patience)
        line, limit = "", time.monotonic() + patience
        try:
            while "Dedi keluar!" not in line:
                if time.monotonic() > limit:
                    return False
                sock.sendall(b"Sari: " + 50_000 * b"x" + b"\n")
                while "Sari: " not in (line := file.readline()) and "keluar" not in line:
                    pass
        except TimeoutError:
            return False
        served.keeps(1)
        return True


def test_who_stops_reading_is_dropped_and_the_others_are_told():
    assert who_does_not_read_is_dropped(COMPLETE, 60.0)


def test_a_server_that_waits_for_who_does_not_read_is_found(tmp_path):
    assert not who_does_not_read_is_dropped(broken(tmp_path, WAITS), 2.0)
