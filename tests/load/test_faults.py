"""The reference servers keep their promises under load and faults; a broken one is found out."""

import contextlib
import dataclasses
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from crowd import TCP_REPAIR
from faults import PASSWORD, QUIETER, REFERENCE, ROUNDS, RULES, Round, grown, play
from invariants import OWN_NAMES
from served import Served

FAULTS = Path(__file__).with_name("faults.py")
COMPLETE = REFERENCE / "complete" / "server.py"
SHORT = Round("short", steady=8, visitors=4, troubles=0, seconds=1.0, pause=0.05)
SEED = 7
MANY_CLIENTS = 50  # more than a server gets sockets or threads for, when it has few


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
    for fault in ("deaf", "vanish", "half", "endless", "fight", "kicked"):
        assert f" {fault}" in printed
    assert ", 0 lost, doubled, out of order or otherwise wrong" in printed
    if may_vanish():
        assert "not tried: nothing" in printed
    else:
        assert "not tried: vanish: only who may administer the network can (" in printed


def may_vanish():
    """Tell whether this machine lets a client go without a sign."""
    with socket.socket() as sock:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except PermissionError:
            return False
    return True


@pytest.mark.parametrize("name", ["modul_contoh", "folder_a", "folder_b"])
def test_the_simple_servers_keep_what_they_promise(name):
    assert "some faults" in run(name)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (resource.RLIMIT_NOFILE, "Too many open files"),
        (resource.RLIMIT_NPROC, "can't start new thread"),
    ],
)
@pytest.mark.parametrize("name", ["modul_contoh", "folder_a", "folder_b"])
def test_a_simple_server_ends_when_it_runs_out_as_it_says_itself(name, kind, error):
    path = REFERENCE / name / "server.py"
    assert "no more sockets or threads can be had, it ends" in path.read_text(encoding="utf-8")
    served = Served(path)
    with contextlib.ExitStack() as stack:
        stack.callback(served.kill)
        served.lacks(kind)
        with contextlib.suppress(ConnectionError):  # by a server that has ended
            for _ in range(MANY_CLIENTS):
                address = ("127.0.0.1", served.port)
                stack.enter_context(socket.create_connection(address, timeout=60))
        assert served.process.wait(60)  # not always 1: the interpreter may lack a descriptor too
        assert error in served.errors()


def test_the_same_seed_draws_the_same_again_whatever_the_time():
    # the second server has less time, so that much comes at other moments, or not at all
    everything = Round("plan", steady=8, visitors=4, troubles=6, faults=QUIETER, seconds=2.0)
    less = dataclasses.replace(everything, seconds=1.0)
    first, second = (said_by_each(plan) for plan in (everything, less))
    both = first.keys() & second.keys()
    assert len([name for name in both if first[name] and second[name]]) > 10
    for name in both:
        kind, said = first[name]
        other_kind, also_said = second[name]
        common = min(len(said), len(also_said))
        assert (kind, said[:common]) == (other_kind, also_said[:common])


def said_by_each(plan):
    """Play a round; return the kind and the words of each client that has a name of its own."""
    served = Served(COMPLETE, CHAT_ADMIN_PASSWORD=PASSWORD)
    try:
        outcome, records = play(served, plan, RULES["complete"], SEED, 1)
    finally:
        served.kill()
    assert outcome.wrong == []
    return {one.name: (one.kind, one.sent) for one in records if one.kind in OWN_NAMES}


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


def play_with(path, plan, patience):
    """Play a round with a server; `patience` in seconds."""
    served = Served(path, patience, CHAT_ADMIN_PASSWORD=PASSWORD)
    try:
        outcome, _records = play(served, plan, RULES["complete"], SEED, 1, patience)
    finally:
        served.kill()
    return outcome


@pytest.mark.parametrize("title", PLANTED)
def test_what_is_broken_is_found(title, tmp_path):
    edits, expected = PLANTED[title]
    outcome = play_with(broken(tmp_path, *edits), SHORT, patience=2.0)
    assert outcome.wrong
    assert any(word in text for text in outcome.wrong for word in expected.split("|")), (
        outcome.wrong
    )


DEAF = Round("deaf", steady=4, visitors=0, troubles=1, faults=("deaf",), seconds=0.5, pause=0.05)


def test_who_stops_reading_is_dropped_and_the_others_are_told():
    outcome = play_with(COMPLETE, DEAF, patience=60.0)
    assert outcome.wrong == []
    assert outcome.clients["deaf"] >= 1


def test_a_server_that_waits_for_who_does_not_read_is_found(tmp_path):
    outcome = play_with(broken(tmp_path, WAITS), DEAF, patience=2.0)
    assert any("waited 2 s in vain" in text for text in outcome.wrong), outcome.wrong


def test_a_server_that_keeps_who_does_not_read_is_found(tmp_path):
    edit = ("max_outbox = 1_000_000", "max_outbox = 100_000_000")
    outcome = play_with(broken(tmp_path, edit), DEAF, patience=60.0)
    assert any("was kept, although it did not read" in text for text in outcome.wrong)


def test_memory_without_bound_is_found(tmp_path):
    edit = ("clients = []", "ballast = bytes(1) * 100_000_000\nclients = []")
    outcome = play_with(broken(tmp_path, edit), SHORT, patience=60.0)
    assert any("MB of memory" in text for text in outcome.wrong), outcome.wrong


@pytest.mark.parametrize("leaks", [False, True])
def test_memory_that_is_never_given_back_is_found(leaks, tmp_path):
    edits = [("clients = []", "history = []\nclients = []")]
    edits.append((SEND_ALL, "        history.append(message)\n" + SEND_ALL))
    served = Served(broken(tmp_path, *edits[: 2 * leaks]), CHAT_ADMIN_PASSWORD=PASSWORD)
    try:
        outcomes = [play(served, SHORT, RULES["complete"], SEED, n)[0] for n in (1, 2)]
    finally:
        served.kill()
    assert [outcome.wrong for outcome in outcomes] == [[], []]
    assert grown([outcome.blocks for outcome in outcomes], first=1) == leaks


def test_a_server_that_stands_still_is_reported_in_time_and_without_a_traceback(tmp_path, capfd):
    edit = (SEND_ALL, "        while len(clients) > 4:\n            pass\n" + SEND_ALL)
    outcome = play_with(broken(tmp_path, edit), SHORT, patience=1.0)
    assert "those who are to stay did not all come in" in outcome.wrong
    assert any("waited 1 s in vain" in text for text in outcome.wrong)
    assert "Traceback" not in capfd.readouterr().err


def test_who_is_cut_off_is_named(tmp_path, capfd):
    edit = (
        SEND_ALL,
        SEND_ALL + '        if message.startswith("s3r1: 2 "):\n            hang_up(clients[0])\n',
    )
    outcome = play_with(broken(tmp_path, edit), SHORT, patience=60.0)
    assert any("or1 (observer) was cut off (closed) at" in text for text in outcome.wrong)
    assert "Traceback" not in capfd.readouterr().err
