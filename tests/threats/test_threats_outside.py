"""What each attack would do, seen once in a sandbox and once where its defence is taken away."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from arena import (
    aimed,
    attacked,
    bystander,
    lay,
    listener,
    naively_graded,
    number_after,
    printed_by,
    visited,
)
from classes import RIGHT
from helpers import submission, until

from autograder import sandbox, traffic
from autograder.casting import Cast
from autograder.checking import run_check
from autograder.process import WarmLauncher

LEVELS = pytest.mark.parametrize("level", ["bubblewrap", "process"])
LEAVING = ["quits_at_import", "leaves_politely", "raises_system_exit", "ends_itself_by_a_signal"]


# -- results that are decided elsewhere (1, 2, 3) -------------------------------------------------


@pytest.mark.parametrize("attack", LEAVING)
def test_a_grader_in_the_same_process_would_not_say_its_points(tmp_path, attack):
    done = naively_graded(lay(tmp_path / "siti", attack))

    assert "0 points" not in done.stdout.replace("10 points", "")


@pytest.mark.parametrize("attack", ["equals_everything", "patches_everything"])
def test_a_grader_in_the_same_process_would_be_fooled(tmp_path, attack):
    done = naively_graded(lay(tmp_path / "siti", attack))

    assert (done.stdout, done.returncode) == ("10 points\n", 0)


def test_a_grader_that_starts_in_the_folder_would_import_what_lies_there(tmp_path):
    traces = tmp_path / "traces"
    traces.mkdir()
    naively_graded(lay(tmp_path / "siti", "brings_files", traces=str(traces)))

    assert any(traces.iterdir())


# -- what it writes, reads and reaches (4, 5, 6, 10, 15) ------------------------------------------


@LEVELS
def test_results_that_it_writes(tmp_path, level):
    with attacked(aimed("writes_results", places=[str(tmp_path), "."]), level):
        forged = sorted(path.name for path in tmp_path.iterdir())

    assert forged == ([] if level == "bubblewrap" else ["forged.json", "forged.xml"])


@LEVELS
def test_what_it_reads(tmp_path, level):
    (tmp_path / "solution.py").write_text("the solution is 42")
    checks = Path(sandbox.__file__).parent / "challenges" / "test_pm.py"
    aim = {"secret": "solution is 42", "path": str(tmp_path / "solution.py"), "checks": str(checks)}
    log = printed_by("reads_what_is_not_its_own", level, **aim)

    assert ("READ path" in log) == ("READ checks" in log) == (level == "process")
    assert ("READ" in log) == (level == "process")


@LEVELS
def test_whom_it_reaches(level):
    with listener() as somebody:
        printed_by("reaches_out", level, port=somebody.getsockname()[1])

        assert visited(somebody) == (level == "process")


@LEVELS
def test_ports_of_others_that_it_takes(level):
    with listener() as somebody:
        port = somebody.getsockname()[1]
        somebody.close()
        with attacked(aimed("takes_ports_of_others", ports=[port]), level) as room:
            assert number_after("TAKEN", room.log) == 1
            taken = _answers(port)

    assert taken == (level == "process")


def _answers(port):
    """Tell whether anybody listens on a port of this machine."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@LEVELS
def test_a_grader_that_it_kills(level):
    with bystander() as grader:
        printed_by("kills_the_grader", level, pid=grader.pid)
        points, code = grader.ends()

    assert (points, code) == (("0 points.", 0) if level == "bubblewrap" else ("", -9))


@LEVELS
def test_a_relay_says_what_it_reaches(level):
    with (
        attacked(submission(RIGHT), "process") as real,
        attacked(aimed("relays", port=real.process.ports[-1]), level) as relay,
    ):
        alice = relay.connect()
        until(lambda: relay.settle() and (alice.inbox.size or alice.state == "closed"), "an end")

        assert alice.inbox.texts() == (["NICK"] if level == "process" else [])


# -- what outlives it (9) -------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["bubblewrap", "process", "process without subreaper"])
def test_a_daemon_is_dead_when_the_check_ends(tmp_path, monkeypatch, level):
    gate, witness = tmp_path / "gate", tmp_path / "witness"
    os.mkfifo(gate)
    undefended = level not in ("bubblewrap", "process")
    if undefended:
        text = Path(sandbox.__file__).with_name("launcher.py").read_text(encoding="utf-8")
        assert text.count("prctl(36, 1)") == 1
        mutant = tmp_path / "launcher.py"
        mutant.write_text(text.replace("prctl(36, 1)", "pass"), encoding="utf-8")
        monkeypatch.setattr(sandbox, "compiled", lambda _program: mutant)
    what = aimed("leaves_a_daemon", gate=str(gate), witness=str(witness))
    with attacked(what, level.split()[0]) as room:
        assert "DAEMON" in room.log
    if undefended:
        with open(os.open(gate, os.O_WRONLY | os.O_NONBLOCK), "wb") as other_end:
            other_end.write(b"now")  # it waits there, and acts
        until(witness.exists, "the daemon has acted")
    else:
        with pytest.raises(OSError, match=os.strerror(errno.ENXIO)):  # nobody waits there
            os.open(gate, os.O_WRONLY | os.O_NONBLOCK)


# -- behaving only in a check (14) ----------------------------------------------------------------


def test_names_that_were_seen_once_are_of_use_only_with_their_seed(monkeypatch):
    seen, real = [], Cast.names
    monkeypatch.setattr(
        Cast, "names", lambda self, count: seen.append(real(self, count)) or seen[-1]
    )
    full = run_check(["broadcast"], submission(RIGHT), seed=7)
    monkeypatch.undo()
    what = aimed("knows_the_names", names=[name for names in seen for name in names])

    assert run_check(["broadcast"], what, seed=7).points == full.points > 0
    assert run_check(["broadcast"], what, seed=8).points == 0


# -- hanging (7) ----------------------------------------------------------------------------------


def test_a_limit_for_each_read_would_never_end_it():
    """The end after so many bytes is ours: each came in time, and none was the end of a line."""
    bytes_read, most = b"", 100
    with (
        attacked(aimed("answers_a_byte_a_second", milliseconds=2), "process") as room,
        socket.create_connection(("127.0.0.1", room.process.ports[-1]), timeout=60) as client,
    ):
        while b"\n" not in bytes_read and len(bytes_read) < most:
            byte = client.recv(1)  # TimeoutError after the 60 seconds
            assert byte
            bytes_read += byte

    assert bytes_read == b"N" * most


def test_a_grader_that_asks_it_to_end_would_wait_for_ever(tmp_path):
    folder = lay(tmp_path / "siti", "hangs_at_import")
    with subprocess.Popen([sys.executable, "server.py"], cwd=folder) as server:
        try:
            until(lambda: _ignores(server.pid, signal.SIGSYS), "it ignores the last signal")
            server.terminate()

            assert _ignores(server.pid, signal.SIGTERM) and server.poll() is None
        finally:
            server.kill()


def _ignores(pid, number):
    """Tell whether a process ignores a signal, and so never gets it."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (mask,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:")]
    return bool(int(mask, 16) >> (number - 1) & 1)


# -- what is handed in (11) -----------------------------------------------------------------------


@pytest.mark.parametrize("read", [Path.read_text, lambda path: _copied(path).read_text()])
def test_a_grader_that_follows_links_would_take_somebody_elses_work(tmp_path, read):
    (tmp_path / "secret.py").write_text("the solution is 42")
    (tmp_path / "server.py").symlink_to(tmp_path / "secret.py")

    assert read(tmp_path / "server.py") == "the solution is 42"


def _copied(path):
    """Copy a file to beside it, as one does who grades copies."""
    return Path(shutil.copy(path, path.with_name("copy.py")))


def test_a_grader_that_believes_names_would_write_outside(tmp_path):
    with zipfile.ZipFile(tmp_path / "siti.zip", "w") as archive:
        archive.writestr("../secret.py", "mine")
        folder = tmp_path / "class"
        folder.mkdir()
        for name in archive.namelist():
            (folder / name).write_bytes(archive.read(name))

    assert (tmp_path / "secret.py").read_text() == "mine"


def test_a_grader_that_unpacks_would_fill_its_disk(tmp_path):
    with zipfile.ZipFile(tmp_path / "siti.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("server.py", b"#" * (16 << 20))
    shutil.unpack_archive(tmp_path / "siti.zip", tmp_path)

    factor = (tmp_path / "server.py").stat().st_size / (tmp_path / "siti.zip").stat().st_size
    assert factor > 900


# -- bombs (8) ------------------------------------------------------------------------------------


@pytest.mark.parametrize("limited", [True, False], ids=["limited", "unlimited"])
@pytest.mark.parametrize(
    ("attack", "word", "name", "limit", "most"),
    [
        ("fork_bomb", "STARTED", "NPROC", 30, {"processes": 60}),
        ("thread_bomb", "STARTED", "NPROC", 30, {"processes": 60}),
        ("memory_bomb", "TAKEN", "DATA", 32 << 20, {"megabytes": 48}),
        ("file_bomb", "WRITTEN", "", 0, {"megabytes": 64}),
    ],
)
def test_bombs_stop_at_their_limits_and_at_nothing_else(
    monkeypatch, attack, word, name, limit, most, limited
):
    monkeypatch.setattr(traffic, "MEMORY", sandbox.MEMORY_BYTES)  # another limit, which is watched
    if name:
        value = {name: limit} if limited else {}
        monkeypatch.setattr(sandbox, "SANDBOX_LIMITS", sandbox.SANDBOX_LIMITS | value)
    elif not limited:
        monkeypatch.setattr(sandbox, "FOLDER_BYTES", 256 << 20)
    count = number_after(word, printed_by(attack, **most))

    (full,) = most.values()
    assert (0 < count < full) if limited else (count == full)


def test_a_bomb_goes_off_once_in_a_check(monkeypatch):
    """No other server waits beside the first, unwatched, before that has shown what it does."""
    started = []
    order = WarmLauncher._order
    monkeypatch.setattr(
        WarmLauncher, "_order", lambda *wish: started.append(wish[1]) or order(*wish)
    )
    result = run_check(["threading"], aimed("shared_memory_bomb", megabytes=96))

    assert (result.points, started) == (0, ["started"])
