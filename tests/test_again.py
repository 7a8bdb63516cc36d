"""A server that several stories use, one after another: only if it is as it was at first."""

import contextlib
import os

import pytest
from helpers import PROJECT, REFERENCE, SERVERS, serving, submission

from autograder.checking import run_check
from autograder.dialect import OUR_DIALECT
from autograder.learning import learn_dialect
from autograder.process import WarmLauncher, start_launcher
from autograder.room import Room
from autograder.submission import read_server

MODES = pytest.mark.parametrize("mode", ["", "sandbox", "fork"], ids=["best", "plain", "cold"])

SERVER = """
import socket, threading
{before}
server = socket.create_server(("127.0.0.1", 5005))
def handle(client):
    client.sendall(b"NICK\\n")
    client.recv(100)
    while message := client.recv(100):
        {each}
        client.sendall(message)
    client.close()
def receive():
    {first}
    while True:
        client, address = server.accept()
        {accepted}
        threading.Thread(target=handle, args=(client,), daemon=True).start()
receive()
"""


def server(before="", each="pass", first="pass", accepted="pass"):
    return SERVER.format(before=before, each=each, first=first, accepted=accepted)


def given_back(room):
    """Let somebody talk and leave; return whether the server is as it was at first."""
    room.remember_rest()
    talk(room, "Alice", "halo")
    process = room.give_back()
    if process is not None:
        process.stop()
        room.launcher.close()
    return process is not None


def talk(room, name, text):
    """Let somebody come in and be answered."""
    person = room.join(name)
    person.send(text)
    person.sees(text)


AS_AT_FIRST = {
    "nothing": {},
    "a list": {"before": "clients = []", "each": "clients.append(client); clients.remove(client)"},
    "a dictionary": {"before": "names = {}", "each": "names[client] = message; del names[client]"},
    "an object": {
        "before": "class Chat:\n    pass\nchat = Chat()",
        "each": "chat.last = message; del chat.last",
    },
    "a lock": {"before": "lock = threading.Lock()", "each": "lock.acquire(); lock.release()"},
    "a queue": {
        "before": "import queue\nwaiting = queue.Queue()",
        "each": "waiting.put(1); waiting.get(); waiting.task_done()",
    },
    "a global that is set to what it was": {
        "before": "last = None",
        "each": "global last; last = message; last = None",
    },
    "variables of the accept loop": {"accepted": "full, peer = False, client.getpeername()"},
    "enclosed variables": {
        "before": (
            "def counter():\n    count = 0\n    def add(by):\n        nonlocal count\n"
            "        count += by\n    return add\nadd = counter()"
        ),
        "each": "add(1); add(-1)",
    },
    "a file": {"each": "open('log.txt', 'w').close(); __import__('os').remove('log.txt')"},
}


@pytest.mark.parametrize("code", AS_AT_FIRST.values(), ids=AS_AT_FIRST)
def test_a_server_that_is_as_it_was_at_first_is_given_back(code):
    with serving(server(**code)) as room:
        assert given_back(room)


LEAVES = {
    "a longer list": {"before": "said = []", "each": "said.append(message)"},
    "a longer dictionary": {"before": "said = {}", "each": "said[len(said)] = message"},
    "a longer set": {"before": "said = set()", "each": "said.add(message)"},
    "a longer deque": {
        "before": "import collections\nsaid = collections.deque()",
        "each": "said.append(message)",
    },
    "a queue": {
        "before": "import queue\nwaiting = queue.Queue()",
        "each": "waiting.put(message)",
    },
    "bytes": {"before": "said = bytearray()", "each": "said.extend(message)"},
    "a list inside": {"before": "rooms = {'a': [[]]}", "each": "rooms['a'][0].append(message)"},
    "a new global": {"each": "global last; last = message"},
    "another number": {"before": "count = 0", "each": "global count; count += 1"},
    "a counter": {"before": "import itertools\nids = itertools.count()", "each": "next(ids)"},
    "a generator": {"before": "ids = (n for n in range(99))", "each": "next(ids)"},
    "an attribute": {
        "before": "class Chat:\n    count = 0\nchat = Chat()",
        "each": "chat.count = chat.count + 1",
    },
    "an attribute of a class": {
        "before": "class Chat:\n    count = 0",
        "each": "Chat.count += 1",
    },
    "an attribute in a slot": {
        "before": "class Chat:\n    __slots__ = ['last']\nchat = Chat()",
        "each": "chat.last = message",
    },
    "an attribute of a function": {"each": "handle.last = message"},
    "a default": {"before": "def add(word, said=[]):\n    said.append(word)", "each": "add(1)"},
    "an enclosed variable": {
        "before": (
            "def counter():\n    count = 0\n    def add():\n        nonlocal count\n"
            "        count += 1\n    return add\nadd = counter()"
        ),
        "each": "add()",
    },
    "what a method belongs to": {
        "before": "class Chat:\n    def add(self):\n        self.last = 1\nadd = Chat().add",
        "each": "add()",
    },
    "a variable of another module": {
        "before": "import helper",
        "each": "helper.count += 1",
        "helper_py": b"count = 0\n",
    },
    "an attribute of an event": {
        "before": "ready = threading.Event()",
        "each": "ready.last = message",
    },
    "an attribute of a class that no variable holds": {
        "before": "def make():\n    class Chat:\n        n = 0\n    return Chat()\nchat = make()",
        "each": "type(chat).n += 1",
    },
    "what a builtin method belongs to": {"before": "add = [].append", "each": "add(message)"},
    "an attribute of a thread that was never started": {
        "before": "class Chat(threading.Thread):\n    pass\nchat = Chat()",
        "each": "chat.last = message",
    },
    "a new global that a function uses, although what it holds has ended": {
        "each": "global last; last = client",
    },
    "a text in the accept loop": {"accepted": "said = f'{address} is in'"},
    "a pair in the accept loop": {"first": "last = ('', 0)", "accepted": "last = ('Alice', 1)"},
    "another place in the program": {"first": "handle(server.accept()[0])"},
    "a number that the accept loop counts": {"first": "count = 0", "accepted": "count += 1"},
    "a list in the accept loop": {"first": "all = []", "accepted": "all.append(client)"},
    "a connection": {"before": "clients = []", "each": "clients.append(client.dup())"},
    "a lock": {
        "before": "lock = threading.Lock()",
        "each": "lock.acquire(blocking=False)",
    },
    "a thread": {"each": "threading.Thread(target=threading.Event().wait, daemon=True).start()"},
    "a file": {"each": "open('log.txt', 'a').write('halo')"},
    "a file in a folder": {
        "before": "import os\nos.mkdir('logs')",
        "each": "open('logs/a.txt', 'a').write('halo')",
    },
    "the environment": {"before": "import os", "each": "os.environ['A'] = 'b'"},
    "another folder": {"before": "import os\nos.mkdir('a')", "each": "os.chdir('a')"},
    "very much": {"before": "many = [[number] for number in range(9999)]"},
    "a pair of a name and a number": {"each": "global last; last = ('Alice', 3)"},
    "another text of a class of its own": {
        "before": "class Name(str):\n    pass\nlast = Name('Alice')",
        "each": "global last; last = Name('Bob')",
    },
    "a time limit": {"each": "server.settimeout(99)"},
    "a time limit for all": {"each": "socket.setdefaulttimeout(99)"},
    "a name with underscores": {"before": "__count = 0", "each": "global __count; __count += 1"},
    "a namespace": {
        "before": "import types\nchat = types.SimpleNamespace(last=types.SimpleNamespace(x=[]))",
        "each": "chat.last.x.append(1)",
    },
    "what nobody can look into": {"before": "import asyncio"},
}


@pytest.mark.parametrize("code", LEAVES.values(), ids=LEAVES)
def test_a_server_in_which_something_is_left_is_not(code):
    code = dict(code)
    beside = {name: code.pop(name) for name in list(code) if name.endswith("_py")}
    with serving(server(**code), **beside) as room:
        assert not given_back(room)
        assert room.process.exit is None


def test_an_accept_loop_that_is_in_no_function_comes_back_too():
    head, _loop = server().split("def receive():")
    loop = """
while True:
    client, address = server.accept()
    thread = threading.Thread(target=handle, args=(client,), daemon=True)
    thread.start()
"""
    with serving(head + loop) as room:
        assert given_back(room)


def test_nor_is_one_whose_clock_or_threads_were_meddled_with():
    def clock(room):
        room.set_clock(room.clock_was_set_to)

    def threads(room):
        room.watch_threads()

    for meddle in (clock, threads):
        with serving(server()) as room:
            meddle(room)
            assert not given_back(room)


def test_nor_one_that_works_on_or_has_ended():
    for each in ("threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()", "0 / 0"):
        with serving(server(each=f"client.sendall(message); {each}")) as room:
            assert not given_back(room)
    with serving(server(each="client.sendall(message); import os; os._exit(0)")) as room:
        assert not given_back(room)


RIGHT = [
    *("modul_contoh", "complete", "folder_a", "folder_b"),
    *("right/one_dictionary", "right/with_class", "right/uses_timeouts", "right/no_line_ends"),
    *("solutions/exercise_pm", "solutions/exercise_admin", "solutions/with_class"),
]


@pytest.mark.parametrize("name", RIGHT)
def test_right_servers_of_all_kinds_come_back_to_what_they_were(name):
    path = SERVERS / f"{name}.py" if "/" in name else PROJECT / "reference" / name / "server.py"
    with contextlib.closing(start_launcher(read_server(path))) as launcher:
        dialect = learn_dialect(launcher, keep=True)
        process = launcher.spare
        assert process is not None
        with Room(path, launcher=launcher, dialect=dialect, process=process) as room:
            alice, bob = room.join("Alice", "Bob")
            alice.say("halo")
            bob.sees("halo")
            bob.crash()
            assert room.give_back() is process


@MODES
def test_the_next_room_knows_nothing_of_the_one_before(mode):
    with contextlib.ExitStack() as closing:
        first = serving(server(each="print(message)"), parts=mode)
        launcher = first.launcher
        closing.callback(launcher.close)
        first.remember_rest()
        talk(first, "Alice", "halo")
        process = first.give_back()
        assert process is not None
        second = closing.enter_context(
            Room(launcher.submission, launcher=launcher, dialect=OUR_DIALECT, process=process)
        )
        assert (second.traffic.people, second.log) == ([], "")
        talk(second, "Bob", "apa")
        assert (second.log, first.log) == ("b'apa\\n'\n", "b'halo\\n'\n")
        assert second.give_back() is process, "it is as it was at first once more"
        process.stop()


# -- in a check -----------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch):
    """The servers that were started."""
    servers = []
    start = WarmLauncher.start
    monkeypatch.setattr(
        WarmLauncher,
        "start",
        lambda launcher, **wish: servers.append(start(launcher, **wish)) or servers[-1],
    )
    return servers


BASICS = ["threading", "broadcast", "lists"]


def test_a_right_server_is_started_a_few_times_in_a_check(started):
    result = run_check(BASICS, read_server(REFERENCE))
    assert result.points == result.max_points
    stories = sum(len(challenge.tests) for challenge in result.challenges)
    assert len(started) < stories / 3


def test_what_fails_with_a_server_that_was_used_is_told_to_a_new_one(started):
    """It answers no more after many clients, more than any story has, and hides their number."""
    source = REFERENCE.read_text(encoding="utf-8")
    before = 'def handle(client):\n    """Serve'
    assert source.count(before) == 1
    tired = source.replace(
        before,
        'def handle(client):\n    """Grow tired."""\n'
        "    socket.greeted = getattr(socket, 'greeted', 0) + 1  # where nobody looks\n"
        "    if socket.greeted > 60:\n        return\n    serve(client)\n\n\n"
        'def serve(client):\n    """Serve',
    )
    result = run_check(BASICS, submission(tired))
    assert result.points == result.max_points
    stories = sum(len(challenge.tests) for challenge in result.challenges)
    assert 5 < len(started) <= stories + 2


LOST = ("def receive():\n", "def receive():\n    server.accept()[0].close()\n")
TARGET = (
    "    elif words[1] not in nicknames:\n"
    '        send(client, words[1] + " tidak sedang online")\n',
    "    elif False:\n        pass\n",
)
LAST = (
    "        with lock:\n            target = clients[nicknames.index(words[1])]\n    ",
    "        global target\n"
    "        if words[1] in nicknames:\n"
    "            target = clients[nicknames.index(words[1])]\n",
)


@pytest.mark.parametrize(
    ("path", "challenge", "edits"),
    [
        ("reference/modul_contoh/server.py", "lists", [LOST]),
        ("tests/servers/solutions/exercise_pm.py", "pm", [TARGET, LAST]),
    ],
    ids=["the first client is lost", "who got the last private message gets this one, too"],
)
def test_what_goes_wrong_at_first_alone_is_found_all_the_same(monkeypatch, path, challenge, edits):
    source = (PROJECT / path).read_text(encoding="utf-8")
    for old, new in edits:
        assert source.count(old) == 1, old
        source = source.replace(old, new)

    def outcomes():
        result = run_check([challenge], submission(source), seed=7)
        assert 0 < result.points < result.max_points
        return [test.outcome for test in result.challenges[0].tests]

    found = outcomes()
    monkeypatch.setattr(Room, "give_back", lambda _room: None)
    assert found == outcomes()


def test_after_a_failure_each_story_has_a_new_server(started):
    source = REFERENCE.read_text(encoding="utf-8")
    wrong = source.replace('broadcast(f"{nickname} keluar!")', "pass")
    result = run_check(BASICS, submission(wrong))
    failed = [test.outcome for part in result.challenges for test in part.tests].index("failed")
    outcomes = [test.outcome for part in result.challenges for test in part.tests]
    after = sum(outcome != "skipped" for outcome in outcomes[failed + 1 :])
    assert after > 3 and len(started) >= after


def test_nothing_stays_open_of_a_server_that_nobody_asked_for_any_more():
    run_check(BASICS, read_server(REFERENCE))
    before = len(os.listdir("/proc/self/fd"))
    for _time in range(3):
        run_check(BASICS, read_server(REFERENCE))
    assert len(os.listdir("/proc/self/fd")) == before
