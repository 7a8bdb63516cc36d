"""A server runs as if Python had started it by hand, on whatever port is free."""

import datetime
import json
import signal
import socket
import threading

import pytest
from helpers import LISTENING, printed, serving, until

from autograder.dialect import OUR_DIALECT
from autograder.failures import Unmet
from autograder.i18n import speaking
from autograder.process import start_launcher
from autograder.room import Room
from autograder.submission import Submission

MODES = pytest.mark.parametrize("mode", ["", "fork", "sandbox"], ids=["best", "cold", "plain"])
"""Forked inside the sandbox, started anew each time, forked without a sandbox."""


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


def facts(source, **options):
    """Run `source`, which fills the dict `facts`, as a server; return what it found."""
    return json.loads(printed(f"{source}\nimport json\nprint(json.dumps(facts))\n", **options))


# -- where it runs --------------------------------------------------------------------------


@MODES
def test_it_is_the_main_program(mode):
    found = facts(
        """
import os, pickle, signal, sys, threading
from dataclasses import dataclass
from helper import WORD

@dataclass
class Message:
    text: "str"

signal.signal(signal.SIGTERM, signal.SIG_DFL)  # only the main thread may
facts = {
    "name": __name__,
    "file": __file__,
    "argv": sys.argv,
    "main": sys.modules["__main__"].Message is Message,
    "pickled": pickle.loads(pickle.dumps(Message("halo"))).text,
    "word": WORD,
    "beside": sorted(os.listdir()),
    "path": os.path.samefile(sys.path[0], "."),
    "threads": threading.active_count(),
    "main thread": threading.current_thread() is threading.main_thread(),
    "exit": [callable(exit), callable(quit)],
    "flags": __debug__,
    "globals": sorted(name for name in globals() if name.startswith("_") and name[1] != "_"),
}
""",
        parts=mode,
        helper_py=b"WORD = 'from beside'\n",
    )

    assert found == {
        "name": "__main__",
        "file": "server.py",
        "argv": ["server.py"],
        "main": True,
        "pickled": "halo",
        "word": "from beside",
        "beside": ["helper.py", "server.py"],
        "path": True,
        "threads": 1,
        "main thread": True,
        "exit": [True, True],
        "flags": True,
        "globals": [],
    }


@MODES
def test_it_gets_a_clean_environment_and_no_keyboard(mode, monkeypatch):
    monkeypatch.setenv("SECRET", "42")
    monkeypatch.setenv("PYTHONSTARTUP", "/etc/passwd")
    found = facts(
        """
import os, sys
facts = {"environment": sorted(os.environ), "keyboard": sys.stdin.read(), "tty": os.isatty(0)}
facts["descriptors"] = sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:-1]
facts["inherited"] = [fd for fd in facts["descriptors"] if fd > 2 and os.get_inheritable(fd)]
""",
        parts=mode,
    )

    assert {"SECRET", "PYTHONSTARTUP", "HOME", "PYTHONPATH"}.isdisjoint(found["environment"])
    assert {"PATH", "LANG", "TZ"} <= set(found["environment"])
    assert found["keyboard"] == "" and not found["tty"]
    assert found["inherited"] == []
    assert len(found["descriptors"]) <= 4, "nothing but its output and one line to the launcher"


def test_the_files_that_it_reads_are_its_own():
    found = printed(
        "print(open('helper.py').read().strip())\nopen('new.txt', 'w').write('x')\n",
        helper_py=b"'a word'",
    )

    assert found == "'a word'\n"


def test_a_second_server_finds_nothing_of_the_first():
    source = "import os\nprint(sorted(os.listdir()))\nopen('left.txt', 'w').write('x')\n"
    server = Submission("server.py", "server.py", {"server.py": (source + LISTENING).encode()})
    launcher = start_launcher(server)
    try:
        for _time in range(2):
            with Room(server, launcher=launcher, dialect=OUR_DIALECT) as room:
                room.settle()
                assert room.log == "['server.py']\n"
    finally:
        launcher.close()


# -- its port -------------------------------------------------------------------------------

ADDRESSES = [
    ("socket.AF_INET", ("127.0.0.1", 5005)),
    ("socket.AF_INET", ("127.0.0.1", 0)),
    ("socket.AF_INET", ("127.0.0.1", 65535)),
    ("socket.AF_INET", ("", 80)),
    ("socket.AF_INET", ("0.0.0.0", 22)),
    ("socket.AF_INET", ("localhost", 5005)),
    ("socket.AF_INET", ("192.168.1.7", 5005)),
    ("socket.AF_INET6", ("::1", 5005)),
    ("socket.AF_INET6", ("::", 5005)),
    ("socket.AF_INET6", ("::1", 5005, 0, 0)),
]


@pytest.mark.parametrize("mode", ["", "fork", "sandbox"], ids=["best", "cold", "plain"])
def test_any_address_will_do(mode):
    for family, address in ADDRESSES:
        source = f"""
            import socket
            server = socket.socket({family})
            server.bind({address})
            server.listen()
            while True:
                client, _address = server.accept()
                client.sendall(b"NICK\\n")
            """
        with serving(source, parts=mode) as room:
            alice = room.connect()
            assert alice.sees("NICK") == "NICK", (family, address)


def test_the_port_may_be_in_use_and_any_number_run_side_by_side():
    source = "import socket\nserver = socket.create_server(('127.0.0.1', 5005))\n" + LISTENING
    with contextlib_closing(5005), serving(source) as one, serving(source, parts="sandbox") as two:
        assert one.connect().state == two.connect().state == "open"


def contextlib_closing(port):
    """Return a socket that holds `port`, or any other where somebody else has it."""
    sock = socket.socket()
    try:
        sock.bind(("127.0.0.1", port))
        sock.listen()
    except OSError:
        pass  # taken already, which serves as well
    return sock


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("5005", "TypeError"),
        ("('127.0.0.1',)", "TypeError"),
        ("('127.0.0.1', '5005')", "TypeError"),
        ("(5005, '127.0.0.1')", "TypeError"),
        ("('127.0.0.1', 70000)", "OverflowError"),
        ("('127.0.0.1', -1)", "OverflowError"),
        ("None", "TypeError"),
    ],
)
def test_an_address_of_the_wrong_shape_is_an_error_as_it_is_by_hand(address, error):
    with pytest.raises(Unmet) as caught:
        serving(f"import socket\nserver = socket.socket()\nserver.bind({address})\n")

    assert caught.value.cause == "died"
    assert f"died in line 3: {error}" in caught.value.got


def test_binding_twice_is_an_error_as_it_is_by_hand():
    with pytest.raises(Unmet) as caught:
        serving(
            "import socket\nserver = socket.socket()\n"
            "server.bind(('127.0.0.1', 5005))\nserver.bind(('127.0.0.1', 5005))\n"
        )

    assert "died in line 4: OSError" in caught.value.got


def test_other_sockets_are_left_alone():
    found = facts(
        """
import socket
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 5005))
unix = socket.socket(socket.AF_UNIX)
unix.bind("socket")
unix.listen()
facts = {"udp": udp.getsockname(), "unix": unix.getsockname()}
"""
    )

    assert found == {"udp": ["127.0.0.1", 5005], "unix": "socket"}


def test_a_burst_of_connections_is_taken_whatever_the_backlog():
    source = """
        import socket, threading
        server = socket.socket()
        server.bind(("127.0.0.1", 5005))
        server.listen(1)
        threading.Event().wait()
        """
    with serving(source) as room:
        assert {room.connect().state for _each in range(40)} == {"open"}


def test_a_server_on_socketserver_stops_as_soon_as_it_is_told():
    found = facts(
        """
import socketserver, threading, time
facts = {}
with socketserver.ThreadingTCPServer(("127.0.0.1", 5005), None) as server:
    threading.Thread(target=server.serve_forever).start()
    started = time.monotonic()
    server.shutdown()
    facts["polls"] = socketserver.BaseServer.serve_forever.__defaults__[0]
"""
    )

    assert found["polls"] < 0.1


# -- how it ends ----------------------------------------------------------------------------


@MODES
def test_how_it_ended(mode):
    ends = {
        "raise SystemExit": 0,
        "exit()": 0,
        "quit(5)": 5,
        "sys.exit(3)": 3,
        "sys.exit('too bad')": 1,
        "os._exit(4)": 4,
        "os.kill(os.getpid(), signal.SIGKILL)": -signal.SIGKILL,
        "os.abort()": -signal.SIGABRT,
        "raise KeyboardInterrupt": None,
        "1 / 0": 1,
        "client.close(); server.close()": 0,
    }
    for code, expected in ends.items():
        source = f"""
            import os, signal, socket, sys
            server = socket.create_server(("127.0.0.1", 5005))
            client, _address = server.accept()
            {code}
            """
        with serving(source, parts=mode) as room:
            room.connect()
            assert room.settle() == "dead", code
            assert room.process.exit is not None, code
            assert expected is None or room.process.exit.code == expected, code
            assert ("too bad" in room.log) is ("too bad" in code)


def test_what_it_wanted_to_do_at_the_end_is_done():
    source = """
        import atexit, socket, threading
        atexit.register(print, "Sampai jumpa!")
        server = socket.create_server(("127.0.0.1", 5005))
        client, _address = server.accept()
        threading.Thread(target=lambda: (client.recv(10), print("bye"))).start()
        """
    with serving(source) as room:
        alice = room.connect()
        assert room.settle() == "idle", "a thread that is no daemon keeps the program alive"
        alice.send("halo")
        assert room.settle() == "dead"
        assert room.log == "bye\nSampai jumpa!\n"


@MODES
def test_a_traceback_shows_the_students_lines_alone(mode):
    with pytest.raises(Unmet) as caught:
        serving(
            """
            import json
            def start():
                return json.loads("{")
            start()
            """,
            parts=mode,
        )

    lines = caught.value.output.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert [line.strip() for line in lines if "File" in line] == [
        'File "server.py", line 4, in <module>',
        'File "server.py", line 3, in start',
    ]
    assert '    return json.loads("{")' in lines
    assert lines[-1].startswith("json.decoder.JSONDecodeError: ")
    assert "died in line 3: json.decoder.JSONDecodeError" in caught.value.got


def test_an_error_in_a_module_beside_it_names_that_line():
    with pytest.raises(Unmet) as caught:
        serving("import helper\n", helper_py=b"\n\n1 / 0\n")

    assert 'File "server.py", line 1' in caught.value.output
    assert 'File "helper.py", line 3, in <module>\n    1 / 0' in caught.value.output
    assert "died in line 3: ZeroDivisionError" in caught.value.got


def test_its_own_way_to_show_errors_is_kept():
    with pytest.raises(Unmet) as caught:
        serving("import sys\nsys.excepthook = lambda *error: print('mine')\n1 / 0\n")

    assert caught.value.output == "mine"


# -- what it prints -------------------------------------------------------------------------


@MODES
def test_what_it_prints_is_known_at_once_and_in_order(mode):
    log = printed(
        """
        import os, subprocess, sys
        print("é 😀", end=" ")
        print("error", file=sys.stderr)
        sys.stdout.write("no line end")
        os.write(1, b"\\nraw \\xff\\n")
        print("lone \\udcff")
        subprocess.run(["/bin/sh", "-c", "echo child"])
        """
        if mode
        else """
        import os, subprocess, sys
        print("é 😀", end=" ")
        print("error", file=sys.stderr)
        sys.stdout.write("no line end")
        os.write(1, b"\\nraw \\xff\\n")
        print("lone \\udcff")
        subprocess.run([sys.executable, "-S", "-c", "print('child')"])
        """,
        parts=mode,
    )

    for text in ("é 😀", "error", "no line end", "raw \\xff", "lone \\udcff", "child"):
        assert text in log


def test_a_very_long_output_is_kept_whole_while_it_is_no_flood():
    log = printed("for number in range(5000):\n    print(number, 'x' * 20)\n")

    assert [int(line.split()[0]) for line in log.splitlines()] == list(range(5000))


def test_output_without_end_stops_the_server():
    with pytest.raises(Unmet) as caught:
        serving("while True:\n    print('Menyiapkan server')\n")

    assert caught.value.cause == "flood" and caught.value.starting
    assert "prints without end" in caught.value.got


# -- the clock ------------------------------------------------------------------------------

CLOCK = """
import datetime, socket, time
server = socket.create_server(("127.0.0.1", 5005))
while True:
    client, _address = server.accept()
    before = time.monotonic()
    time.sleep(0.01)
    slept = 0.005 < time.monotonic() - before < 60
    now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
    same = time.strftime("%Y-%m-%d %H:%M") == now == time.ctime(time.time()) or now
    client.sendall(f"{now} | {datetime.datetime.now(datetime.UTC):%H:%M} | {slept}\\n".encode())
"""


@MODES
def test_the_clock_is_set_at_the_start_and_while_it_runs(mode):
    moment = datetime.datetime(2031, 1, 2, 3, 4, 5)
    with serving(CLOCK, parts=mode, clock=moment) as room:
        assert room.connect().sees("|") == "2031-01-02 03:04 | 20:04 | True"
        room.set_clock(datetime.datetime(2031, 12, 31, 23, 59, 1))
        assert room.connect().sees("|") == "2031-12-31 23:59 | 16:59 | True"
        room.set_clock(datetime.datetime(2028, 2, 29, 0, 0, 1))
        assert room.connect().sees("|") == "2028-02-29 00:00 | 17:00 | True"


def test_the_clock_runs_on():
    source = """
        import datetime, socket
        server = socket.create_server(("127.0.0.1", 5005))
        start = datetime.datetime.now()
        while True:
            client, _address = server.accept()
            while datetime.datetime.now() == start:
                pass
            client.sendall(f"{datetime.datetime.now():%Y-%m-%d}\\n".encode())
        """
    with serving(source, clock=datetime.datetime(2031, 1, 2, 23, 50)) as room:
        assert room.connect().sees("2031-01-0")


def test_the_time_zone():
    source = "import time\nprint(time.strftime('%H:%M %Z', time.localtime(0)))\n"

    assert printed(source) == "07:00 WIB\n"
    assert printed(source, timezone="UTC0") == "00:00 UTC\n"
    assert printed(source, timezone="WIT-9") == "09:00 WIT\n"


def test_without_an_order_the_clock_shows_the_real_time():
    before = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    log = printed(
        "import datetime\nprint(datetime.datetime.now(datetime.UTC).replace(tzinfo=None))\n"
    )
    after = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)

    assert before <= datetime.datetime.fromisoformat(log.strip()) <= after


@pytest.mark.parametrize("timezone", ["Asia/Jakarta", "WIB", "", "WIB-7WIT"])
def test_a_time_zone_that_needs_a_file_is_refused(timezone):
    with pytest.raises(ValueError, match="time zone"):
        serving(CLOCK, clock=datetime.datetime(2031, 1, 2), timezone=timezone)


# -- where its threads are ------------------------------------------------------------------

THREADS = """
import socket
import threading

server = socket.create_server(("127.0.0.1", 5005))
lock = threading.Lock()


def handle(client):
    client.sendall(b"NICK\\n")
    name = client.recv(1024)
    with lock:
        client.recv(1024)


while True:
    client, address = server.accept()
    threading.Thread(target=handle, args=(client,)).start()
"""


@MODES
def test_where_each_thread_is(mode):
    with serving(THREADS, parts=mode) as room:
        alice, bob, dini = (room.connect() for _each in range(3))
        alice.introduce("Alice")
        room.settle()
        bob.introduce("Bob")
        main, *others = room.threads().threads

    assert (main.waits, main.main) == ("accept", True)
    assert main.source_line == "client, address = server.accept()"
    lines = [(thread.function, thread.source_line) for thread in others]
    assert lines == [
        ("handle", "client.recv(1024)"),
        ("handle", "with lock:"),
        ("handle", "name = client.recv(1024)"),
    ]
    assert [thread.waits for thread in others] == ["recv", "lock", "recv"]
    assert [thread.peer for thread in others] == ["Alice", None, dini.label]
    assert bob.state == "open"


def test_the_map_is_drawn_without_the_kernel_too():
    with serving(THREADS, parts="proc") as room:
        room.connect()
        with_kernel = [(thread.waits, thread.source_line) for thread in room.threads().threads]

    assert with_kernel == [
        ("accept", "client, address = server.accept()"),
        ("recv", "name = client.recv(1024)"),
    ]


# -- what it may not do to the launcher -----------------------------------------------------


def test_a_server_that_breaks_its_own_python_harms_nobody_else():
    source = """
        import builtins, json, os, socket, sys, threading
        json.dumps = json.loads = None
        builtins.isinstance = lambda *_: False
        sys.modules.clear()
        server = socket.create_server(("127.0.0.1", 5005))
        while True:
            client, _address = server.accept()
            client.sendall(b"NICK\\n")
        """
    good = Submission("server.py", "server.py", {"server.py": LISTENING.encode()})
    with pytest.raises(Unmet), serving(source) as room:
        room.connect().sees("never")
    with Room(good, dialect=OUR_DIALECT) as room:
        assert room.connect().state == "open"


def test_lies_about_the_port_are_not_believed():
    """What a server writes to the launcher's own line is data, and bad data changes nothing."""
    source = """
        import os, socket
        for text in (b"not json\\n", b"[]\\n", b'{"listening": "x"}\\n', b'{"listening": 0}\\n',
                     b'{"listening": 99999999}\\n', b"[" * 100000 + b"\\n", b"\\xff\\xfe\\n",
                     b'{"answer": "threads", "threads": 7}\\n'):
            for fd in range(3, 8):
                try:
                    os.write(fd, text)
                except OSError:
                    pass
        server = socket.create_server(("127.0.0.1", 5005))
        while True:
            client, _address = server.accept()
            client.sendall(b"NICK\\n")
        """
    with serving(source) as room:
        room.connect().sees("NICK")


def test_servers_of_two_submissions_run_at_once_from_threads():
    results = []

    def one(word):
        source = f"""
            import socket
            server = socket.create_server(("127.0.0.1", 5005))
            while True:
                client, _address = server.accept()
                client.sendall(b"{word}\\n")
            """
        with serving(source, dialect=OUR_DIALECT) as room:
            results.append(room.connect().sees(word))

    threads = [threading.Thread(target=one, args=(word,)) for word in ("satu", "dua", "tiga")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["dua", "satu", "tiga"]
    until(lambda: threading.active_count() >= 1, "the threads are gone")
