"""From what a server printed: how it died, and where in the student's own lines."""

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.i18n import speaking
from autograder.server_output import (
    cause_of_death,
    how_it_ended,
    last_error,
    last_lines,
    own_lines,
    thread_error,
)

OWN = """\
Username Alice
Exception in thread Thread-1 (handle):
Traceback (most recent call last):
  File "server.py", line 44, in handle
    for line in client.makefile(encoding="utf-8"):
UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte
"""
THROUGH_A_LIBRARY = """\
Exception in thread Thread-1 (handle):
Traceback (most recent call last):
  File "/usr/lib/python3.11/threading.py", line 1038, in _bootstrap_inner
    self.run()
  File "/usr/lib/python3.11/threading.py", line 975, in run
    self._target(*self._args, **self._kwargs)
  File "server.py", line 44, in handle
    for line in client.makefile(encoding="utf-8"):
  File "<frozen codecs>", line 322, in decode
UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte
"""
WITH_MARKS = """\
Traceback (most recent call last):
  File "server.py", line 9, in <module>
    start()
    ^^^^^^^
  File "C:\\Python\\json\\__init__.py", line 359, in loads
    return cls(**kw).decode(s)
           ^^^^^^^^^^^^^^^^^^^
  File "chat/helpers.py", line 3, in each
    return 1 / 0
           ~~^~~
ZeroDivisionError: division by zero
"""
SYNTAX = """\
  File "server.py", line 16
    while True
              ^
SyntaxError: expected ':'
"""
BESIDE = """\
Traceback (most recent call last):
  File "server.py", line 1, in <module>
    import helper
  File "<frozen importlib._bootstrap>", line 1176, in _find_and_load
  File "/chat/chat-k2_9x7qw/helper.py", line 3, in <module>
    1 / 0
    ~~^~~
ZeroDivisionError: division by zero
"""
NOT_OURS = """\
Exception in thread Thread-1 (handle):
Traceback (most recent call last):
  File "/usr/lib/python3.11/threading.py", line 975, in run
    self._target(*self._args, **self._kwargs)
TypeError: handle() missing 1 required positional argument: 'client'
"""
TWO = """\
Traceback (most recent call last):
  File "server.py", line 4, in broadcast
    client.send(message)
BrokenPipeError: [Errno 32] Broken pipe

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "server.py", line 12, in handle
    clients.remove(client)
ValueError: list.remove(x): x not in list
"""


def test_frames_of_the_library_are_taken_out():
    assert "Username Alice\n" + own_lines(THROUGH_A_LIBRARY) == OWN.rstrip("\n")
    assert own_lines(OWN) == OWN.rstrip("\n")


def test_frames_of_a_module_beside_the_server_stay():
    text = own_lines(WITH_MARKS)

    assert "Python" not in text and "cls(**kw)" not in text and "           ^^^^^^^^^^^" not in text
    assert 'File "chat/helpers.py", line 3' in text
    assert "~~^~~" in text


def test_a_file_beside_the_server_is_named_as_the_student_knows_it():
    for folder in ("/chat/chat-k2_9x7qw/", "/tmp/chat-abc12345/", "C:\\Temp\\chat-a_b\\"):
        text = own_lines(BESIDE.replace("/chat/chat-k2_9x7qw/", folder))
        assert '  File "helper.py", line 3, in <module>\n    1 / 0\n' in text
        assert "chat-" not in text and "importlib" not in text


def test_what_is_no_traceback_stays_as_it_is():
    lines = 'Terhubung dengan 127.0.0.1\n  File "note" is not a frame\n    indented\n\nend'

    assert own_lines(lines) == lines


@pytest.mark.parametrize(
    ("output", "error", "line", "kind"),
    [
        (WITH_MARKS, "ZeroDivisionError: division by zero", 3, "ZeroDivisionError"),
        (SYNTAX, "SyntaxError: expected ':'", 16, "SyntaxError"),
        (TWO, "ValueError: list.remove(x): x not in list", 12, "ValueError"),
        (THROUGH_A_LIBRARY, OWN.splitlines()[-1], 44, "UnicodeDecodeError"),
        (BESIDE, "ZeroDivisionError: division by zero", 3, "ZeroDivisionError"),
        (NOT_OURS, NOT_OURS.splitlines()[-1], None, "TypeError"),
        (TWO + "Username Bob\nall is well\n", TWO.splitlines()[-1], 12, "ValueError"),
        (
            WITH_MARKS.replace("ZeroDivisionError: division by zero", "KeyboardInterrupt"),
            "KeyboardInterrupt",
            3,
            "KeyboardInterrupt",
        ),
        (
            WITH_MARKS.replace("ZeroDivisionError:", "chat.errors.Full:"),
            "chat.errors.Full: division by zero",
            3,
            "chat.errors.Full",
        ),
        *(
            (
                WITH_MARKS.replace("ZeroDivisionError", f"{between}\nZeroDivisionError"),
                "ZeroDivisionError: division by zero",
                3,
                "ZeroDivisionError",
            )
            for between in ("Username Alice", "Alice: halo", "halo")
        ),
        ("Username Alice\nError: no such user\n", "", None, ""),
        ("", "", None, ""),
    ],
)
def test_the_last_error(output, error, line, kind):
    assert last_error(output) == (error, line, kind)


def test_output_after_a_traceback_is_not_taken_for_its_error():
    output = WITH_MARKS.replace("ZeroDivisionError: division by zero\n", "") + "Username Bob\n"

    assert last_error(output + TWO)[0] == "ValueError: list.remove(x): x not in list"


def test_only_the_last_lines_are_shown():
    lines = last_lines("".join(f"line {number}\n" for number in range(100)), 5).splitlines()

    assert lines == ["…", "line 95", "line 96", "line 97", "line 98", "line 99"]
    assert last_lines("one\ntwo\n", 5) == "one\ntwo"


def test_what_is_shown_moves_no_terminal():
    shown = last_lines("\x1b]0;title\x07\x1b[2Jred\x00\u202e\n" + "x" * 10_000)

    assert "\x1b" not in shown and "\x07" not in shown and "\u202e" not in shown
    assert max(map(len, shown.splitlines())) <= 400


@pytest.mark.parametrize(
    ("output", "code", "cause", "english", "indonesian"),
    [
        (SYNTAX, 1, "syntax", "cannot read the program, line 16", "baris 16"),
        (
            WITH_MARKS, 1, "died", "The server died in line 3: ZeroDivisionError",
            "baris 3: ZeroDivisionError",
        ),
        (
            'Port: Traceback (most recent call last):\n  File "server.py", line 6, in <module>\n'
            '    port = int(input("Port: "))\nEOFError: EOF when reading a line\n',
            1, "input", "asks the keyboard with input() in line 6", "input() di baris 6",
        ),
        (NOT_OURS, 1, "died", "The server died: TypeError", "Server mati: TypeError"),
        ("Server siap\n", 0, "ended", "ran to its end", "sampai baris terakhir"),
        ("", -signal.SIGSEGV, "died", "signal SIGSEGV", "sinyal SIGSEGV"),
        ("Port 5005 is taken\n", 2, "died", "exit code 2", "exit code 2"),
    ],
)  # fmt: skip
def test_how_a_server_ended_in_words(output, code, cause, english, indonesian):
    assert cause_of_death(output, code) == cause
    with speaking("en"):
        assert english in how_it_ended(output, code)
    with speaking("id"):
        assert indonesian in how_it_ended(output, code)


def test_an_error_long_ago_is_not_why_it_ended():
    """A thread died of it; the program ended of something else."""
    with speaking("en"):
        assert "ZeroDivisionError" not in how_it_ended(WITH_MARKS, 3)
        assert "ZeroDivisionError" not in how_it_ended(WITH_MARKS, -signal.SIGKILL)
        assert "ran to its end" in how_it_ended(WITH_MARKS + "Sampai jumpa!\n", 0)


def test_that_a_thread_has_died():
    with speaking("en"):
        assert "in line 44: UnicodeDecodeError" in thread_error(OWN)
        assert thread_error("Username Alice\n") == ""
        assert thread_error(NOT_OURS).startswith("A thread of the server died: TypeError")
    with speaking("id"):
        assert thread_error(NOT_OURS).startswith("Sebuah thread server mati: TypeError")


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.integers(-70, 300))
def test_no_output_is_too_odd(output, code):
    own_lines(output)
    last_lines(output)
    assert last_error(output) == ("", None, "") or "File" in output or "Traceback" in output
    assert how_it_ended(output, code)
    thread_error(output)
