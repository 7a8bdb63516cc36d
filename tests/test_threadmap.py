"""A beginner sees where every thread stands and what it waits for."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from golden_file import check_golden

from autograder.i18n import speaking
from autograder.threadmap import ThreadMap, ThreadState

CODE = """\
import socket
import threading

lock = threading.Lock()


def broadcast(message):
    with lock:
        for client in clients:
            client.sendall(message)


def handle(client):
    while True:
        message = client.recv(1024)
        if not message:
            break
        broadcast(message)


def receive():
    while True:
        client, address = server.accept()
        threading.Thread(target=handle, args=(client,)).start()
"""
HOSTILE = "</td></table><script>alert(1)</script>\x1b[2J\u202e & \" '"


def standing(name, waits, text, function, peer=None, main=False):
    lines = CODE.split("\n")
    at = next(at for at, line in enumerate(lines, start=1) if text in line)
    return ThreadState(name, waits, peer, at, function, lines[at - 1], "server.py", main)


def handler(number, peer):
    return standing(f"Thread-{number} (handle)", "recv", "client.recv", "handle", peer)


MAIN = standing("MainThread", "accept", "server.accept", "receive", main=True)
STUCK = standing("Thread-8 (handle)", "lock", "with lock", "broadcast", "Thread-9 (handle)")
SENDING = standing("Thread-9 (handle)", "send", "client.sendall", "broadcast", "Dini")
ELSEWHERE = ThreadState("logger", "sleep")
WHOLE = ThreadMap((handler(1, "Alice"), STUCK, SENDING, ELSEWHERE, MAIN), "server.py", CODE)


def lines_of(text):
    return [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize(
    ("waits", "peer", "english", "indonesian"),
    [
        ("accept", None, "waits in accept() for somebody new", "menunggu orang baru di accept()"),
        ("recv", "Alice", "waits in recv() for Alice", "menunggu Alice di recv()"),
        ("recv", None, "waits in recv() for a message", "menunggu pesan di recv()"),
        (
            "send", "Dini", "waits in send() until Dini reads",
            "menunggu di send() sampai Dini membaca",
        ),
        (
            "send", None, "waits in send() until the other side reads",
            "menunggu di send() sampai lawan bicaranya membaca",
        ),
        ("lock", None, "waits for a lock", "menunggu lock"),
        (
            "lock", "Thread-2", "waits for a lock that Thread-2 holds",
            "menunggu lock yang dipegang Thread-2",
        ),
        ("sleep", None, "waits in sleep()", "menunggu di sleep()"),
        (
            "select", None, "waits in select() for any connection",
            "menunggu koneksi mana saja di select()",
        ),
        ("input", None, "waits in input() for the keyboard", "menunggu ketikan di input()"),
        (
            "join", "Thread-2", "waits in join() for the end of Thread-2",
            "menunggu Thread-2 selesai di join()",
        ),
        (
            "join", None, "waits in join() for the end of another thread",
            "menunggu thread lain selesai di join()",
        ),
        ("running", None, "is running", "sedang berjalan"),
        ("other", None, "waits", "menunggu"),
    ],
)  # fmt: skip
def test_what_a_thread_waits_for_in_words(waits, peer, english, indonesian):
    thread = ThreadState("Thread-1", waits, peer)

    with speaking("en"):
        assert thread.words() == english
    with speaking("id"):
        assert thread.words() == indonesian


def test_where_a_thread_stands_in_words():
    with speaking("en"):
        assert MAIN.place() == "line 23, in receive()"
        assert ThreadState("x", "other", line=3, function="<module>").place() == "line 3"
        assert ELSEWHERE.place() == "not in your code"
        called = replace(handler(1, "Alice"), function="read_line", caller="handle")
        assert called.place() == "line 15, in read_line(), called by handle()"
        assert replace(MAIN, caller="<module>").place() == "line 23, in receive()"


@pytest.mark.parametrize("code", ["en", "id"])
def test_the_map_for_the_terminal(code):
    with speaking(code):
        check_golden(f"threadmap.{code}.txt", WHOLE.text() + "\n")


def test_the_main_thread_comes_first():
    assert WHOLE.text().splitlines()[1].strip().startswith("[1] MainThread")


def test_before_and_after_the_silent_guest():
    lines = CODE.split("\n")
    asked = lines.index("        client, address = server.accept()") + 2
    lines.insert(asked - 1, "        name = client.recv(1024)")
    main = ThreadState("MainThread", "recv", "Dini", asked, "receive", lines[asked - 1], "", True)
    with speaking("en"):
        before = lines_of(ThreadMap((main,), "server.py", "\n".join(lines)).text())
        after = lines_of(ThreadMap((MAIN, handler(1, "Dini")), "server.py", CODE).text())

    assert "[1] MainThread  waits in recv() for Dini" in before
    assert "[1] ▶   24 │         name = client.recv(1024)" in before
    assert "[1] MainThread         waits in accept() for somebody new" in after
    assert "[2] Thread-1 (handle)  waits in recv() for Dini" in after
    assert "[2] ▶   15 │         message = client.recv(1024)" in after


def test_the_code_around_a_thread_is_shown_with_the_line_that_defines_its_function():
    text = ThreadMap((SENDING,), "server.py", CODE).text()

    assert re.findall(r"(\d+|⋮)(?: │|$)", text, re.MULTILINE) == ["7", "8", "9", "10"]


def test_of_a_long_function_the_definition_is_shown_and_the_lines_around_the_thread():
    code = "def handle(client):\n" + "".join(f"    step({at})\n" for at in range(2, 12))
    thread = ThreadState("x", "running", None, 9, "handle", "    step(9)")
    text = ThreadMap((thread,), "server.py", code).text()

    assert re.findall(r" (\d+ │|⋮)", text) == ["1 │", "⋮", "6 │", "7 │", "8 │", "9 │", "10 │"]


def test_what_lies_between_two_places_is_left_out():
    text = ThreadMap((MAIN, SENDING), "server.py", CODE).text()

    assert re.findall(r" (\d+ │|⋮)", text) == [
        "7 │", "8 │", "9 │", "10 │", "⋮", "21 │", "22 │", "23 │", "24 │"
    ]  # fmt: skip


def test_without_the_code_the_threads_own_lines_are_shown():
    text = ThreadMap((MAIN, SENDING), "server.py").text()

    assert "[1] ▶   23 │         client, address = server.accept()" in lines_of(text)
    assert "def " not in text


def test_many_threads_that_wait_alike_share_an_entry():
    threads = (MAIN, *[handler(at, f"tamu{at}") for at in range(1, 51)])
    with speaking("en"):
        text = ThreadMap(threads, "server.py", CODE).text()

    assert "Thread map of server.py: 51 threads" in text
    assert "[2–51] 50 threads  waits in recv() for tamu1, tamu2 and 48 others" in lines_of(text)
    assert "[2–51] ▶   15 │         message = client.recv(1024)" in lines_of(text)


def test_two_threads_on_one_line_are_both_marked():
    text = ThreadMap((handler(1, "Alice"), handler(2, "Bob")), "server.py", CODE).text()

    assert "[1][2] ▶   15 │" in text


def test_a_line_beyond_the_code_is_no_error():
    thread = ThreadState("x", "running", None, 999, "gone", "while True:")

    assert "999 │ while True:" in ThreadMap((thread,), "server.py", CODE).text()


def test_no_threads_at_all():
    with speaking("en"):
        assert ThreadMap(()).text() == "Thread map of server.py: 0 threads"
        assert "0 threads" in ThreadMap(()).html()


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_hostile_names_and_code_stay_text():
    thread = ThreadState(HOSTILE, "recv", HOSTILE, 1, HOSTILE, HOSTILE, HOSTILE, True)
    hostile = ThreadMap((thread,), HOSTILE, HOSTILE + "\n" + HOSTILE)
    harmless = ThreadMap((ThreadState("a", "recv", "b", 1, "c", "d", "e", True),), "f", "g\nh")

    assert Tags(hostile.html()).tags == Tags(harmless.html()).tags
    for text in (hostile.html(), hostile.text()):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_notebook_gets_html_and_text():
    with speaking("en"):
        bundle = WHOLE._repr_mimebundle_()
        assert bundle == {"text/html": WHOLE.html(), "text/plain": WHOLE.text()}
        page = Tags(bundle["text/html"])
    for words in ("MainThread", "waits in recv() for Alice", "line 23, in receive()"):
        assert words in page.text
    assert "script" not in page.tags
