"""Load: a crowd comes in, talks, and what it measures is what the server does."""

import math
import resource
from pathlib import Path

import psutil
import pytest
from helpers import REFERENCE, SERVERS, command_of, server_file, without

from autograder import load, measure
from autograder.failures import Unmet
from autograder.i18n import speaking
from autograder.load import Load
from autograder.submission import BadServer

ASYNCIO = SERVERS / "right" / "on_asyncio.py"
REFERENCE_TEXT = REFERENCE.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


def edited(folder: Path, *edits: tuple[str, str]) -> Path:
    """Return the path of the reference server with some lines changed."""
    text = REFERENCE_TEXT
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return server_file(folder, text)


def is_measured(result: Load) -> bool:
    numbers = (result.latency_ms, result.latency_p99_ms, result.throughput, result.memory_mb)
    return not any(map(math.isnan, numbers)) and all(number > 0 for number in numbers)


# -- what is measured -----------------------------------------------------------------------


def test_a_crowd_is_let_in_and_measured():
    result = measure(REFERENCE, clients=25, seconds=0.1)
    assert (result.wanted, result.clients, result.problem) == (25, 25, "")
    assert is_measured(result)
    assert result.latency_ms <= result.latency_p99_ms
    assert result.threads == 26
    assert result.server_busy >= 0 and 0 < result.clients_busy < 1.5


def test_one_client_is_a_crowd_too():
    result = measure(REFERENCE, clients=1, seconds=0.05)
    assert result.clients == 1 and is_measured(result)


def test_a_server_with_an_event_loop_has_one_thread():
    result = measure(ASYNCIO, clients=12, seconds=0.05)
    assert (result.threads, result.problem) == (1, "")
    assert is_measured(result)


def test_what_a_message_takes_in_the_server_is_found_again(tmp_path):
    slow = "        import time; time.sleep(0.02)\n        data = (message"
    result = measure(edited(tmp_path, ("        data = (message", slow)), clients=3, seconds=0.2)
    assert result.latency_ms >= 20
    assert 0 < result.throughput <= 3 / 0.02


def test_a_server_that_prints_a_lot_is_not_held_up():
    result = measure(SERVERS / "right" / "prints_a_lot.py", clients=5, seconds=0.1)
    assert result.problem == "" and is_measured(result)


@pytest.mark.parametrize("parts", ["sandbox", "sandbox,proc", "sandbox,proc,fork"])
def test_it_measures_where_parts_are_missing(parts):
    with without(parts):
        result = measure(REFERENCE, clients=5, seconds=0.05)
    assert (result.clients, result.threads, result.problem) == (5, 6, "")
    assert is_measured(result)


# -- what goes wrong ------------------------------------------------------------------------


def test_a_server_that_dies_of_the_crowd(tmp_path):
    few = "        if threading.active_count() > 5:\n            raise RuntimeError('too many')\n"
    server = edited(tmp_path, ("        thread.start()\n", few + "        thread.start()\n"))
    result = measure(server, clients=20, seconds=0.05)
    assert result.clients <= 5
    assert "RuntimeError: too many" in result.problem
    assert math.isnan(result.latency_ms) and math.isnan(result.throughput)
    assert repr(result).splitlines()[1] == result.problem


def test_those_who_are_turned_away_are_counted(tmp_path):
    start = "        thread.start()\n"
    few = "        if threading.active_count() <= 3:\n            thread.start()\n"
    server = edited(tmp_path, (start, few + "        else:\n            client.close()\n"))
    result = measure(server, clients=8, seconds=0.05)
    assert result.clients == 3
    assert result.problem == "The server closed the connections of 5 clients."
    assert is_measured(result)


def test_nobody_gets_into_a_server_that_says_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(load, "LOGIN_SECONDS", 0.2)
    server = edited(tmp_path, ("        thread.start()\n", "        clients.append(client)\n"))
    result = measure(server, clients=4, seconds=0.05)
    assert result.clients == 0
    assert result.problem == "4 were not in after 0.2 seconds."


def test_a_message_that_does_not_reach_everybody(tmp_path, monkeypatch):
    monkeypatch.setattr(load, "LAST_SECONDS", 0.2)
    one_less = "clients[1:] if ': ' in message else clients"
    server = edited(tmp_path, ("for client in clients:", f"for client in {one_less}:"))
    result = measure(server, clients=3, seconds=0.05)
    assert result.problem == "A message had not reached everybody after 0.2 seconds."
    assert result.clients == 3 and math.isnan(result.latency_ms)


def test_a_server_that_says_more_cannot_be_counted(tmp_path):
    more = "            broadcast(message)\n            client.sendall(b'OK!\\n')\n"
    server = edited(tmp_path, ("            broadcast(message)\n", more))
    result = measure(server, clients=3, seconds=0.05)
    assert result.problem == "The server sends other lines too, so messages cannot be counted."
    assert result.latency_ms > 0 and math.isnan(result.throughput)


def test_a_server_that_never_listens_is_an_unmet_expectation(tmp_path):
    with pytest.raises(Unmet):
        measure(server_file(tmp_path, "import socket\n"), clients=2)


def test_what_cannot_be_measured_is_refused(tmp_path):
    with pytest.raises(BadServer):
        measure(tmp_path / "nowhere.py")
    with pytest.raises(ValueError, match="client"):
        measure(REFERENCE, clients=0)
    with pytest.raises(ValueError, match="seconds"):
        measure(REFERENCE, seconds=0)


# -- what it needs and leaves ---------------------------------------------------------------


def test_it_leaves_nothing_behind():
    me = psutil.Process()
    measure(REFERENCE, clients=2, seconds=0.02)  # what is opened once and kept
    before, limits = me.num_fds(), resource.getrlimit(resource.RLIMIT_NOFILE)
    measure(REFERENCE, clients=30, seconds=0.02)
    assert me.num_fds() <= before
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits
    assert not [child for child in me.children() if "launcher" in command_of(child)]


def test_the_limit_of_open_files_is_raised_for_a_while():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = psutil.Process().num_fds() + 40
    resource.setrlimit(resource.RLIMIT_NOFILE, (low, hard))
    try:
        result = measure(REFERENCE, clients=60, seconds=0.02)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (low, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (result.clients, result.problem) == (60, "")


def test_it_makes_do_with_the_connections_that_it_may_have(monkeypatch):
    hard = psutil.Process().num_fds() + load.SPARE_FILES + 7
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (hard - 5, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, _limits: None)
    result = measure(REFERENCE, clients=50, seconds=0.02)
    assert 4 <= result.clients <= 7
    assert "at most" in result.problem
    assert is_measured(result)


# -- words ----------------------------------------------------------------------------------


def test_a_result_is_one_row():
    row = Load(
        wanted=1000,
        clients=1000,
        latency_ms=1.234,
        latency_p99_ms=12.5,
        throughput=123456.7,
        threads=1001,
        memory_mb=27.4,
    )
    assert repr(row) == (
        "clients 1,000   latency   1.23 ms (99 %:  12.50 ms)   123,457 messages/s"
        "   threads 1,001    27 MB"
    )
    assert repr(Load(5, 0, problem="Nobody came in.")) == "clients     0\nNobody came in."
