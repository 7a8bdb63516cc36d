"""A room: a server as a real process, and people who come, go and are waited for."""

import contextlib
import gc
import os
import textwrap
import weakref

import pytest
from helpers import (
    LISTENING,
    REFERENCE,
    SERVERS,
    family,
    gone,
    server_file,
    serving,
    submission,
    until,
)

from autograder import Room as PublicRoom
from autograder import proc, sandbox, traffic
from autograder.dialect import OUR_DIALECT, Dialect
from autograder.failures import STARTING, RoomClosed, Unmet
from autograder.i18n import speaking
from autograder.learning import learn_dialect
from autograder.oracle import KernelOracle
from autograder.process import start_launcher
from autograder.room import Room
from autograder.submission import BadServer


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


# -- as the lessons use it ------------------------------------------------------------------


def test_the_conversation_of_the_front_page(tmp_path, monkeypatch):
    server_file(tmp_path, REFERENCE.read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    with PublicRoom("server.py") as room:
        alice, bob, charlie = room.join("Alice", "Bob", "Charlie")
        alice.say("Halo semua!")
        bob.sees("Halo semua!")
        alice.send("/pm Bob rahasia")
        bob.leave()
        alice.sees("Bob keluar!")
        charlie.sees(bob, "keluar")
        charlie.crash()
        alice.sees_once(charlie, "keluar")
        room.rests()
        assert "Username Alice" in room.log
        assert [thread.waits for thread in room.threads().threads] == ["accept", "recv"]
    kinds = [row.kind for row in room.diagram().rows]
    assert kinds.count("connect") == 3 and {"send", "receive", "leave", "crash"} <= set(kinds)
    assert "Halo semua!" in room.diagram().text()


def test_without_a_path_it_is_server_py(tmp_path, monkeypatch):
    server_file(tmp_path, LISTENING)
    monkeypatch.chdir(tmp_path)
    with Room(dialect=OUR_DIALECT) as room:
        assert room.submission.name == "server.py"
    with pytest.raises(BadServer):
        Room("sever.py")


def test_one_name_gives_one_person_and_several_a_tuple():
    with serving(REFERENCE.read_text(encoding="utf-8")) as room:
        alice = room.join("Alice")
        others = room.join("Bob", "Charlie")
        assert (alice.label, [person.label for person in others]) == ("Alice", ["Bob", "Charlie"])


def test_who_joins_is_in_when_the_next_one_comes():
    with serving(REFERENCE.read_text(encoding="utf-8")) as room:
        people = room.join(*(f"Orang{number}" for number in range(20)))
        room.settle()
        for number, person in enumerate(people):
            texts = person.inbox.texts()
            assert texts[0] == "NICK"
            assert texts[1:] == [f"Orang{later} Bergabung!" for later in range(number, 20)]


def test_many_join_and_leave_at_once():
    with serving(REFERENCE.read_text(encoding="utf-8")) as room:
        alice = room.join("Alice")
        crowd = room.join_at_once(*(f"Orang{number}" for number in range(30)))
        alice.sees_each_once(*crowd)
        room.forget()
        room.leave_at_once(*crowd)
        for person in crowd:
            alice.sees_once(person, "keluar")
        kinds = [event.kind for event in room.traffic.transcript.events]
        assert kinds.count("leave") == kinds.count("crash") == 15


def test_a_thread_that_is_held_notices_nothing_until_it_is_released():
    with serving(REFERENCE.read_text(encoding="utf-8")) as room:
        alice, bob = room.join("Alice", "Bob")
        room.watch_threads()
        charlie, dewi = room.join("Charlie", "Dewi")
        room.forget()
        room.hold_threads()
        charlie.crash()
        dewi.say("from a held thread")
        alice.say("Halo")
        bob.sees("Halo")
        bob.never_sees(charlie)
        bob.never_sees("from a held thread")
        room.release_threads()
        bob.sees_once(charlie, "keluar")
        bob.sees_once("from a held thread")


# -- that never was a server ----------------------------------------------------------------

STARTS = {
    "a syntax error": ("while True\n    pass\n", "syntax", "line 1: SyntaxError", "baris 1"),
    "an indentation error": ("def f():\npass\n", "syntax", "line 2: IndentationError", "baris 2"),
    "tabs and blanks": (
        "if True:\n        x = 1\n\ty = 2\n", "syntax", "line 3: TabError", "baris 3",
    ),
    "a name of nobody": ("import socket\nsokcet.socket()\n", "died", "line 2: NameError", "mati"),
    "a module of nobody": ("import sokcet\n", "died", "line 1: ModuleNotFoundError", "mati"),
    "a question": ("name = input('Port: ')\n", "input", "input() in line 1", "keyboard"),
    "an exit": ("import sys\nsys.exit(3)\n", "died", "exit code 3", "exit code 3"),
    "a last word": ("import sys\nsys.exit('no port')\n", "died", "exit code 1", "exit code 1"),
    "nothing to do": ("import socket\n", "ended", "ran to its end", "baris terakhir"),
    "a signal": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", "died", "SIGSEGV", "SIGSEGV",
    ),
    "a wait for nothing": ("import threading\nthreading.Event().wait()\n", "deaf", "listens", ""),
    "no listen": (
        "import socket, threading\ns = socket.socket()\ns.bind(('', 5005))\n"
        "threading.Event().wait()\n", "deaf", "listens nowhere", "",
    ),
    "a loop": ("while True:\n    pass\n", "busy", "a loop never ends", ""),
    "a flood": ("while True:\n    print('x' * 80)\n", "flood", "prints without end", ""),
}  # fmt: skip


@pytest.mark.parametrize("row", STARTS.values(), ids=STARTS)
def test_why_it_does_not_listen(row):
    source, cause, english, indonesian = row
    with pytest.raises(Unmet) as caught:
        serving(source)
    unmet = caught.value
    assert (unmet.cause, unmet.starting) == (cause, True)
    assert english in unmet.got
    assert "bind() and listen()" in unmet.expected
    assert cause not in ("syntax", "input", "ended", "deaf") or cause in STARTING
    assert unmet.diagram is None
    if indonesian:
        with speaking("id"), pytest.raises(Unmet) as caught:
            serving(source)
        assert indonesian in caught.value.got


def test_a_server_that_takes_its_time_to_start_is_waited_for():
    """As one that imports much, or waits a second for its port."""
    source = "import time\nfor _each in range(2):\n    time.sleep(0.4)\n" + LISTENING
    with serving(source) as room:
        assert room.connect().state == "open"


# -- how waiting ends -----------------------------------------------------------------------


def test_why_waiting_on_is_pointless():
    reasons = {
        "server.accept()": "idle",
        "import os; os._exit(0)": "dead",
        "while True: pass": "spinning",
        "while True: client.sendall(b'x' * 1000)": "flood",
        "while True: print('x' * 1000)": "flood",
    }
    for code, reason in reasons.items():
        source = f"""
            import socket
            server = socket.create_server(("127.0.0.1", 5005))
            client, _address = server.accept()
            {code}
            """
        with serving(source) as room:
            room.connect()
            assert room.settle() == reason, code


def test_what_is_there_is_found_even_if_the_server_has_died_since():
    source = """
        import os, socket
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        client.sendall(b"NICK\\nHalo\\n" * 100 + b"last\\n")
        os._exit(0)
        """
    with serving(source) as room:
        room.connect().sees("last")


def test_a_server_that_floods_is_stopped_and_that_is_said():
    source = """
        import socket, threading
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        while True:
            client.sendall(b"keep alive\\n")
        """
    with serving(source) as room:
        alice = room.connect()
        with pytest.raises(Unmet) as caught:
            alice.sees("Halo")
        assert "sends without end" in caught.value.got
        assert room.process.exit is not None
        assert alice.inbox.size < 2_000_000


OPEN = "import socket\nserver = socket.create_server(('127.0.0.1', 5005))"

TAKES = {
    "shared memory, which no limit of the kernel's counts": """
        import mmap
        kept = mmap.mmap(-1, 96 << 20)
        for start in range(0, len(kept), 1 << 20):
            kept[start : start + (1 << 20)] = bytes(1 << 20)
        """,
    "several processes, each of them not much": """
        import os, signal
        for _process in range(4):
            if os.fork() == 0:
                kept = b"\\1" * (24 << 20)
                while True:
                    signal.pause()
        """,
}


@pytest.mark.parametrize("source", TAKES.values(), ids=TAKES)
def test_a_server_that_takes_too_much_memory_is_stopped_and_that_is_said(source, monkeypatch):
    monkeypatch.setattr(traffic, "WEIGH_SECONDS", 0.0)
    listens = """
        import socket
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        """
    waits = """
        while True:
            server.accept()
        """
    with serving("".join(map(textwrap.dedent, (listens, source, waits)))) as room:
        alice = room.connect()
        with pytest.raises(Unmet) as caught:
            alice.sees("Halo")
        assert caught.value.starting
        assert "more than 68 MB of memory, so it was stopped" in caught.value.got
        assert room.process.exit is not None


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef more():\n    if not os.fork():\n        threading.Event().wait()",
        "def more():\n    threading.Thread(target=threading.Event().wait).start()",
    ],
    ids=["processes", "threads"],
)
def test_a_server_that_starts_ever_more_is_stopped_and_that_is_said(source, monkeypatch):
    monkeypatch.setattr(traffic, "THREADS", 20)
    monkeypatch.setitem(sandbox.SANDBOX_LIMITS, "NPROC", 100)  # so that it has an end all the same
    monkeypatch.setattr(traffic, "WEIGH_SECONDS", 0.0)  # these few are started in less
    ever = "try:\n    while True:\n        more()\nexcept Exception:\n    threading.Event().wait()"
    with serving(f"import threading\n{OPEN}\n{source}\n{ever}") as room:
        with pytest.raises(Unmet) as caught:
            room.connect().sees("Halo")
        assert caught.value.starting
        assert "more than 24 threads, so it was stopped" in caught.value.got
        assert room.process.exit is not None


def test_many_processes_that_share_their_memory_may_be_many():
    """What each one has adds up to more than the limit, what all have together does not."""
    source = """
        import os, signal, socket
        kept = b"\\1" * (24 << 20)
        server = socket.create_server(("127.0.0.1", 5005))
        for _process in range(4):
            if os.fork() == 0:
                while True:
                    signal.pause()
        while True:
            server.accept()
        """
    with serving(source) as room:
        room.connect()
        room.rests()
        assert isinstance(room.traffic.oracle, KernelOracle)
        listed = room.traffic.oracle.threads()
        assert len(listed) == 5
        assert sum(map(proc.resident_bytes, listed)) > room.traffic.most_memory


@pytest.mark.parametrize("mode", ["", "proc"], ids=["kernel", "patient"])
def test_a_server_at_rest_and_one_that_never_rests(mode):
    with serving(REFERENCE.read_text(encoding="utf-8"), parts=mode) as room:
        room.join("Alice")
        room.rests()
    spins = "import threading\nthreading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\n"
    with serving(spins + LISTENING, parts=mode) as room, pytest.raises(Unmet) as caught:
        room.rests()
    assert caught.value.cause == "busy"
    assert "uses no processor time" in caught.value.expected


def test_the_processor_time_of_a_server_at_rest_and_of_one_that_never_rests():
    with serving(REFERENCE.read_text(encoding="utf-8")) as room:
        alice, bob = room.join("Alice", "Bob")
        before = room.cpu_seconds()
        alice.say("Halo")
        bob.leave()
        assert alice.heard()[-1] == "Bob keluar!"
        assert before <= room.cpu_seconds() < before + 0.1
    source = """
        import socket
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        while client.recv(1024) != b"stop\\n":
            pass
        """
    with serving(source) as room:
        alice = room.connect()
        assert room.cpu_seconds() < 0.1
        alice.leave()  # now recv() returns at once, every time
        assert room.settle() == "spinning"
        assert room.cpu_seconds() > 0.1


def test_whoever_comes_too_late_is_told_how_the_server_ended():
    source = """
        import socket
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        client.sendall(b"NICK\\n")
        1 / 0
        """
    with serving(source) as room:
        alice = room.connect()
        alice.sees("NICK")
        room.settle()
        with pytest.raises(Unmet) as caught:
            room.connect()
    assert caught.value.cause == "refused"
    assert "died in line 5: ZeroDivisionError" in caught.value.got


def test_whoever_finds_the_door_closed_is_told_so():
    source = """
        import socket, threading
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        server.close()
        client.sendall(b"NICK\\n")
        threading.Event().wait()
        """
    with serving(source) as room:
        room.connect().sees("NICK")
        with pytest.raises(Unmet) as caught:
            room.connect()
    assert caught.value.cause == "refused"
    assert "the server accepts a connection" in caught.value.expected


# -- opening and closing --------------------------------------------------------------------


def test_nothing_stays_after_the_room():
    with serving(LISTENING) as room:
        room.connect()
        everybody = family(room.launcher.root_pid(room.process))
        assert everybody
    until(lambda: all(map(gone, everybody)), "the server and its launcher are gone")


def test_nothing_stays_after_an_error_in_the_room():
    with contextlib.suppress(ZeroDivisionError), serving(LISTENING) as room:
        everybody = family(room.launcher.root_pid(room.process))
        raise ZeroDivisionError
    until(lambda: all(map(gone, everybody)), "the server and its launcher are gone")


def test_nothing_stays_when_a_room_is_forgotten():
    """As in a notebook, where a cell that is run again puts a new room in place of the old."""
    room = serving(LISTENING)
    everybody = family(room.launcher.root_pid(room.process))
    reference = weakref.ref(room)
    del room
    gc.collect()
    assert reference() is None
    until(lambda: all(map(gone, everybody)), "the server and its launcher are gone")


def test_nothing_stays_of_a_server_that_does_not_start(monkeypatch):
    children = set(family(os.getpid()))
    for source in ("1 / 0\n", "while True:\n    print('x' * 1000)\n"):
        with pytest.raises(Unmet):
            serving(source)
    with pytest.raises(ValueError, match="time zone"):
        serving(LISTENING, clock=__import__("datetime").datetime(2031, 1, 2), timezone="Mars")
    until(lambda: all(gone(each) for each in set(family(os.getpid())) - children), "all are gone")


def test_a_closed_room_can_still_be_read_and_says_that_it_is_closed():
    with serving(REFERENCE.read_text(encoding="utf-8")) as room:
        alice = room.join("Alice")
        alice.say("Halo")
        alice.sees("Halo")
    room.close()
    assert "Username Alice" in room.log
    assert "Halo" in room.diagram().text()
    for use in (
        lambda: alice.say("Halo"),
        lambda: alice.sees("Halo"),
        lambda: room.join("Bob"),
        room.settle,
        room.threads,
        room.cpu_seconds,
    ):
        with pytest.raises(RoomClosed, match="closed"):
            use()


def test_a_launcher_that_is_given_is_not_closed():
    launcher = start_launcher(submission(LISTENING))
    try:
        for _time in range(3):
            with Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT) as room:
                assert room.connect().state == "open"
    finally:
        launcher.close()


def test_rooms_side_by_side_do_not_disturb_each_other():
    source = REFERENCE.read_text(encoding="utf-8")
    with serving(source) as one, serving(source, parts="sandbox") as two:
        alice, anna = one.join("Alice"), two.join("Anna")
        alice.say("Halo")
        anna.say("Hai")
        alice.sees("Halo")
        anna.sees("Hai")
        alice.never_sees("Hai")
        anna.never_sees("Halo")


# -- how a server speaks, found out ---------------------------------------------------------

STYLES = {
    "no_line_ends": Dialect("NICK", False, False, True, True),
    "greets_with_nothing": Dialect("", True, True, True, True),
    "greets_with_nothing_no_line_ends": Dialect("", False, False, True, True),
    "greets_with_sentence": Dialect(
        "Selamat datang di ruang chat!Masukkan username: ", True, True, True, True
    ),
    "server_writes_name": Dialect("NICK", True, True, False, True),
    "on_asyncio": None,
    "on_selectors": OUR_DIALECT,
    "on_socketserver": None,
    "with_extras": OUR_DIALECT,
    "with_writer_threads": OUR_DIALECT,
    "english": OUR_DIALECT,
    "uses_timeouts": OUR_DIALECT,
    "one_dictionary": None,
}


@pytest.mark.parametrize("name", STYLES)
def test_the_dialect_of_each_style(name):
    path = SERVERS / "right" / f"{name}.py"
    with Room(path) as room:
        found = room.dialect
        assert STYLES[name] is None or facts_of(found) == facts_of(STYLES[name])
        alice, bob = room.join("Alice", "Bob")
        alice.say("Halo semua!")
        assert bob.sees(alice, "Halo semua!").count("Alice") == 1
        bob.leave()
        alice.sees(bob)


def facts_of(dialect):
    """Return what a dialect says of how a server speaks, without the form of its stamps."""
    return (
        dialect.greeting,
        dialect.line_ends,
        dialect.wants_line_ends,
        dialect.client_writes_name,
        dialect.tells_self,
    )


def test_the_seed_is_understood():
    with Room(SERVERS / "seed.py") as room:
        assert facts_of(room.dialect) == ("NICK", False, False, True, True)


def test_a_server_that_does_not_tell_the_newcomer_is_understood():
    source = REFERENCE.read_text(encoding="utf-8").replace(
        '        broadcast(f"{nickname} Bergabung!")\n', ""
    )
    launcher = start_launcher(submission(source))
    try:
        assert not learn_dialect(launcher).tells_self
    finally:
        launcher.close()


def test_learning_leaves_no_trace_in_the_room():
    with Room(REFERENCE) as room:
        assert room.dialect.greeting == "NICK"
        alice = room.join("Alice")
        assert alice.heard() == ["NICK", "Alice Bergabung!"]
        assert room.log.count("Username") == 1


@pytest.mark.parametrize(
    "code",
    ["server.accept()", "import os; os._exit(0)", "while True: pass", "server.close(); wait()"],
    ids=["silent", "dies", "spins", "closes"],
)
def test_a_server_too_strange_to_learn_from_is_taken_to_speak_ours(code):
    source = f"""
        import socket
        import threading
        wait = threading.Event().wait
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        client.sendall(b"NICK\\n")
        {code}
        wait()
        """
    launcher = start_launcher(submission(source))
    try:
        assert learn_dialect(launcher).line_ends
    finally:
        launcher.close()
