"""What a server can see, reach, write and use up; everything that it starts ends with it."""

import contextlib
import json
import os
import socket
from pathlib import Path

import psutil
import pytest
from helpers import LISTENING, PROJECT, family, gone, printed, serving, submission, until, without

from autograder import sandbox, traffic
from autograder.dialect import OUR_DIALECT
from autograder.failures import Unmet
from autograder.process import LauncherLost, start_launcher
from autograder.room import Room

BOTH = pytest.mark.parametrize("mode", ["", "sandbox"], ids=["bubblewrap", "process"])


def facts(source, **options):
    """Run `source`, which fills the dict `facts`, as a server; return what it found."""
    code = f"facts = {{}}\n{source}\nimport json\nprint('FACTS', json.dumps(facts))\n"
    log = printed(code, **options)
    return json.loads(log.rpartition("FACTS ")[2])


def test_the_strongest_level_is_bubblewrap():
    found, why = sandbox.probe()

    assert (found.level, found.alone, why) == ("bubblewrap", True, "")


def test_switched_off_it_is_a_plain_process_and_says_so():
    with without("sandbox"):
        found, why = sandbox.probe()
    assert (found.level, found.alone, found.program) == ("process", False, None)
    assert "AUTOGRADER_WITHOUT" in why
    with without("fork"):
        assert sandbox.probe()[0].level == "process" and not sandbox.can_fork()
    with without(" proc , sandbox "):
        assert sandbox.switched_off("proc") and sandbox.switched_off("sandbox")
        assert not sandbox.switched_off("fork") and sandbox.can_fork()
    assert sandbox.can_fork()


def test_a_bubblewrap_that_does_not_run_here_is_not_taken(tmp_path, monkeypatch):
    """Many systems have it and forbid it: only a run tells."""
    forbidden = tmp_path / "bwrap"
    forbidden.write_text("#!/bin/sh\necho 'bwrap: No permissions' >&2\nexit 1\n")
    forbidden.chmod(0o755)
    monkeypatch.setattr(sandbox, "candidates", lambda: [str(forbidden), str(tmp_path / "gone")])
    with without(""):
        found, why = sandbox.probe()

    assert found.level == "process"
    assert "gone" in why or "No permissions" in why


@pytest.mark.parametrize("exists", [True, False], ids=["forbidden", "gone"])
def test_where_the_sandbox_does_not_even_start_the_next_level_is_taken(
    tmp_path, monkeypatch, exists
):
    forbidden = tmp_path / "bwrap"
    if exists:
        forbidden.write_text("#!/bin/sh\nexit 1\n")
        forbidden.chmod(0o755)
    monkeypatch.setattr(sandbox, "candidates", lambda: iter([str(forbidden)]))
    with without(""), Room(submission(LISTENING), dialect=OUR_DIALECT) as room:
        assert room.isolation == "process"
        assert room.settle() == "idle"


def test_what_fails_later_in_the_sandbox_is_no_reason_for_a_weaker_one(monkeypatch):
    """Else a submission that brings its launcher down would run without a sandbox next."""
    launcher = start_launcher(submission(LISTENING))
    monkeypatch.setattr(sandbox, "probe", lambda: pytest.fail("another level is tried"))
    try:
        while not launcher._up:
            launcher.hear()
        for each in family(launcher.root_pid(None)):
            with contextlib.suppress(psutil.NoSuchProcess):  # it went with the one above it
                each.kill()
        with pytest.raises(LauncherLost):
            launcher.start()
        assert launcher.sandbox.level == "bubblewrap"
    finally:
        launcher.close()


def test_the_next_one_is_tried(tmp_path, monkeypatch):
    good = next(iter(sandbox.candidates()))
    monkeypatch.setattr(sandbox, "candidates", lambda: [str(tmp_path / "gone"), good])
    with without(""):
        assert sandbox.probe()[0].program == good


@BOTH
def test_a_room_tells_its_level(mode):
    with serving(LISTENING, parts=mode) as room:
        assert room.isolation == ("process" if mode else "bubblewrap")


# -- what it sees ---------------------------------------------------------------------------


def test_nothing_of_the_machine_is_visible_but_python(tmp_path):
    (tmp_path / "secret.txt").write_text("42")
    paths = [
        str(PROJECT),
        str(PROJECT / "autograder"),
        str(PROJECT / "reference"),
        str(tmp_path / "secret.txt"),
        str(Path.home() / ".bashrc"),
        "/etc/passwd",
        "/etc/hostname",
        "/etc/resolv.conf",
        "/home",
        "/var",
        "/tmp",
        "/sys",
        str(Path.home() / ".ssh"),
        "/usr/bin/env",
        "/usr/sbin",
        "/run/user",
        "/mnt",
        "/opt",
    ]
    found = facts(
        f"""
import os
facts["visible"] = [path for path in {paths!r} if os.path.exists(path)]
facts["top"] = sorted(os.listdir("/"))
facts["etc"] = sorted(os.listdir("/etc"))
facts["dev"] = sorted(os.listdir("/dev"))
"""
    )

    assert found["visible"] == []
    base = Path(sandbox.python()).parts[1]
    allowed = {"bin", "chat", "dev", "etc", "lib", "lib32", "lib64", "proc", "run", "usr", base}
    assert set(found["top"]) <= allowed | ({"nix"} if Path("/nix").exists() else set())
    assert set(found["etc"]) <= {"hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"}
    assert {"null", "urandom"} <= set(found["dev"])
    assert not {"sda", "vda", "mem", "kmsg"} & set(found["dev"])


def test_the_packages_of_the_grader_are_not_there():
    found = facts(
        """
import sys
facts["found"] = []
for name in ("pytest", "rich", "autograder", "_pytest", "psutil", "jinja2"):
    try:
        __import__(name)
        facts["found"].append(name)
    except ImportError:
        pass
facts["path"] = [path for path in sys.path if "packages" in path or "/work" in path]
"""
    )

    assert found == {"found": [], "path": []}


def test_no_process_is_visible_but_its_own_and_the_launcher():
    with serving(LISTENING):  # somebody else's server, in a sandbox of its own
        found = facts(
            """
import os
facts["processes"] = {}
for pid in filter(str.isdigit, os.listdir("/proc")):
    with open(f"/proc/{pid}/cmdline") as file:
        facts["processes"][pid] = file.read().replace("\\0", " ").strip()
facts["me"] = os.getpid()
"""
        )

    lines = list(found["processes"].values())
    assert len(lines) == 3 and str(found["me"]) in found["processes"]
    assert all("bwrap" in line or "/run/launcher.py" in line for line in lines)


def test_it_is_nobody_in_particular_and_may_do_nothing_special():
    found = facts(
        """
import ctypes, os
facts["ids"] = [*os.getresuid(), *os.getresgid(), *os.getgroups()]
with open("/proc/self/status") as file:
    facts["status"] = dict(line.split(":", 1) for line in file.read().splitlines())
libc = ctypes.CDLL(None, use_errno=True)
facts["mount"] = libc.mount(b"none", b"/chat", b"tmpfs", 0, None)
facts["ptrace"] = libc.ptrace(16, os.getppid(), 0, 0)
facts["host"] = os.uname().nodename
try:
    os.setuid(0)
    facts["root"] = os.getuid() == 0
except OSError:
    facts["root"] = False
"""
    )

    if os.geteuid() == 0:
        assert 0 not in found["ids"]
        assert not found["root"]
    assert int(found["status"]["CapEff"], 16) == 0
    assert int(found["status"]["CapPrm"], 16) == 0
    assert found["status"]["NoNewPrivs"].strip() == "1"
    assert found["mount"] == -1
    assert found["host"] == "chat"


def test_the_launcher_keeps_nothing_open_for_it():
    found = facts(
        """
import os
facts["open"] = {}
for fd in os.listdir("/proc/self/fd"):
    try:
        facts["open"][fd] = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        pass
"""
    )

    kinds = sorted(link.split(":")[0] for fd, link in found["open"].items() if int(fd) <= 3)
    assert kinds == ["/dev/null", "pipe", "pipe", "socket"]
    assert len(found["open"]) <= 5


# -- what it reaches ------------------------------------------------------------------------


def test_there_is_no_network_but_its_own():
    with socket.create_server(("127.0.0.1", 0)) as neighbour:
        port = neighbour.getsockname()[1]
        found = facts(
            f"""
import errno, socket
facts["errors"] = []
for address in (("127.0.0.1", {port}), ("1.1.1.1", 53), ("8.8.8.8", 53), ("10.0.0.1", 80)):
    with socket.socket() as sock:
        sock.settimeout(5)
        try:
            sock.connect(address)
            facts["errors"].append("connected")
        except OSError as error:
            facts["errors"].append(errno.errorcode.get(error.errno, str(error)))
facts["cards"] = [name for _number, name in socket.if_nameindex()]
try:
    facts["name"] = socket.gethostbyname("example.com")
except OSError:
    facts["name"] = None
facts["self"] = socket.gethostbyname(socket.gethostname())
facts["localhost"] = socket.gethostbyname("localhost")
"""
        )

    assert found["errors"] == ["ECONNREFUSED", "ENETUNREACH", "ENETUNREACH", "ENETUNREACH"]
    assert found["cards"] == ["lo"]
    assert found["name"] is None
    assert found["self"].startswith("127.") and found["localhost"] == "127.0.0.1"


def test_two_sandboxes_do_not_reach_each_other():
    with serving(LISTENING) as room:
        port = room.process.ports[-1]
        found = facts(
            f"""
import socket
with socket.socket() as sock:
    facts["code"] = sock.connect_ex(("127.0.0.1", {port}))
"""
        )

    assert found["code"] != 0


# -- what it writes -------------------------------------------------------------------------


def test_it_writes_only_into_its_own_folder():
    found = facts(
        """
import os, sys
facts["written"] = []
for folder in ("/", "/run", "/etc", "/usr", "/usr/lib", "/dev", "/dev/shm", "/proc", "/tmp",
               os.path.dirname(os.__file__), os.path.dirname(sys.executable), "/chat", "."):
    try:
        with open(os.path.join(folder, "mine.txt"), "w") as file:
            file.write("x")
        facts["written"].append(folder)
    except OSError:
        pass
"""
    )

    assert found["written"] == ["/chat", "."]


def test_what_it_wrote_is_gone_for_the_next_one():
    source = (
        "import os\nprint(sorted(os.listdir()), sorted(os.listdir('/chat'))[1:])\n"
        "open('/chat/left.txt', 'w').write('x')\nos.mkdir('/chat/folder')\n" + LISTENING
    )
    launcher = start_launcher(submission(source))
    try:
        for _time in range(2):
            with Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT) as room:
                room.settle()
                assert room.log == "['server.py'] []\n"
    finally:
        launcher.close()


@BOTH
def test_files_have_a_largest_size(mode):
    found = facts(
        """
import errno
try:
    with open("large.bin", "wb", buffering=0) as file:
        for _each in range(100):
            file.write(bytes(1024 * 1024))
    facts["error"] = None
except OSError as error:
    facts["error"] = errno.errorcode[error.errno]
import os
facts["size"] = os.path.getsize("large.bin")
""",
        parts=mode,
    )

    assert found == {"error": "EFBIG", "size": 8 * 1024 * 1024}


def test_all_files_together_have_a_largest_size():
    found = facts(
        """
import errno
facts["error"], facts["count"] = None, 0
try:
    for number in range(40):
        with open(f"{number}.bin", "wb", buffering=0) as file:
            if file.write(bytes(2 * 1024 * 1024)) < 2 * 1024 * 1024:
                facts["error"] = "short"
                break
        facts["count"] += 1
except OSError as error:
    facts["error"] = errno.errorcode[error.errno]
"""
    )

    assert found["error"] in ("ENOSPC", "short")
    assert found["count"] <= 16


# -- what it uses up ------------------------------------------------------------------------


@BOTH
def test_limits(mode):
    found = facts(
        """
import resource
for name in ("CPU", "DATA", "FSIZE", "NOFILE", "CORE", "NPROC"):
    facts[name] = resource.getrlimit(getattr(resource, "RLIMIT_" + name))
""",
        parts=mode,
    )

    for name, value in sandbox.LIMITS.items():
        soft, hard = found[name]
        assert soft == hard <= value, name
    if not mode:
        assert found["NPROC"] == [sandbox.SANDBOX_LIMITS["NPROC"]] * 2


@BOTH
def test_memory_has_an_end(mode):
    found = facts(
        """
try:
    much = bytearray(2 * 1024 ** 3)
    facts["error"] = None
except MemoryError:
    facts["error"] = "MemoryError"
""",
        parts=mode,
    )

    assert found["error"] == "MemoryError"


@BOTH
def test_open_files_have_an_end_and_more_than_a_thousand_clients_fit(mode):
    found = facts(
        """
import socket
kept = []
try:
    while len(kept) < 3000:
        kept.append(socket.socket())
except OSError:
    pass
facts["count"] = len(kept)
del kept
""",
        parts=mode,
    )

    assert 1000 < found["count"] < 2048


def test_threads_have_an_end_and_more_than_five_hundred_clients_fit(monkeypatch):
    monkeypatch.setattr(traffic, "THREADS", 10_000)  # the room would be content with fewer
    source = """
        import socket, threading
        server = socket.create_server(("127.0.0.1", 5005))
        event = threading.Event()
        count = 0
        try:
            while count < 1500:
                threading.Thread(target=event.wait, daemon=True).start()
                count += 1
        except RuntimeError:
            pass
        print(count)
        client, _address = server.accept()
        client.sendall(b"NICK\\n")
        server.accept()
        """
    with serving(source) as room:
        room.connect().sees("NICK")
        assert 500 < int(room.log) < 1200


def test_processes_have_an_end_and_end_with_the_check(monkeypatch):
    monkeypatch.setattr(traffic, "THREADS", 10_000)
    source = """
        import os, signal, socket, threading
        count = 0
        try:
            for _process in range(4):  # each with threads: they count alike, and are quickly made
                reader, writer = os.pipe()
                if os.fork() == 0:
                    started = 0
                    try:
                        while started < 400:
                            threading.Thread(target=signal.pause, daemon=True).start()
                            started += 1
                    except RuntimeError:
                        pass
                    os.write(writer, str(started).encode())
                    signal.pause()
                count += 1 + int(os.read(reader, 10))
        except BlockingIOError:
            pass
        print(count)
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        client.sendall(b"NICK\\n")
        server.accept()
        """
    launcher = start_launcher(submission(source))
    try:
        with Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT) as room:
            room.connect().sees("NICK")
            assert 1000 < int(room.log) < 1200
            everybody = family(launcher.root_pid(room.process))
            assert len(everybody) >= launcher.helpers() + 4
        until(lambda: sum(not gone(each) for each in everybody) == 3, "only the launcher is left")
        with Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT) as room:
            room.connect().sees("NICK")
    finally:
        launcher.close()
    until(lambda: all(map(gone, everybody)), "nobody is left")


# -- what outlives it -----------------------------------------------------------------------

DAEMON = """
import os, signal, socket, time
server = socket.create_server(("127.0.0.1", 5005))
if os.fork() == 0:
    os.setsid()
    for number in range(1, 32):
        if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        os.closerange(0, 100)
        while True:
            time.sleep(100)
    os._exit(0)
os.wait()
print("ready")
server.accept()
server.accept()
"""


@BOTH
def test_a_daemon_ends_with_its_server(mode):
    with without(mode):
        launcher = start_launcher(submission(DAEMON))
    try:
        with Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT) as room:
            room.settle()
            assert room.log == "ready\n"
            everybody = family(launcher.root_pid(room.process))
            helpers = launcher.helpers()
            assert len(everybody) == helpers + 2, "the server and its daemon"
        until(lambda: sum(not gone(each) for each in everybody) == helpers, "the daemon is gone")
    finally:
        launcher.close()
    until(lambda: all(map(gone, everybody)), "nobody is left")


def speak(room):
    """Do what a check does with a server that has something in mind."""
    room.connect().sees("never")


@BOTH
def test_a_server_that_ends_its_launcher_spoils_nothing_but_its_own_check(mode):
    source = """
        import os, signal, socket
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        os.kill(os.getppid(), signal.SIGKILL)
        client.sendall(b"NICK\\n")
        server.accept()
        """
    with serving(LISTENING) as other:
        with without(mode):
            launcher = start_launcher(submission(source))
        try:
            with Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT) as room:
                everybody = family(launcher.root_pid(room.process))
                with pytest.raises((LauncherLost, Unmet)):
                    speak(room)
        finally:
            launcher.close()
        until(lambda: all(map(gone, everybody)), "nobody is left")
        assert other.connect().state == "open"


def test_a_server_that_ends_everybody_it_can_ends_only_its_own_sandbox():
    source = """
        import os, signal, socket
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        os.kill(-1, signal.SIGTERM)
        client.sendall(b"NICK\\n")
        server.accept()
        """
    with serving(source) as room, pytest.raises((LauncherLost, Unmet)):
        speak(room)
    with serving(LISTENING) as room:
        assert room.connect().state == "open"
