"""A server is read from disk, or it is said in one sentence why that cannot be done."""

import os
import socket
import subprocess
import sys

import pytest
from helpers import PROJECT, REFERENCE, environment

from autograder.i18n import speaking
from autograder.submission import MAX_BYTES, MAX_COMPANIONS, BadServer, read_server

GOOD = b"import socket\n\nprint('h\xc3\xa9')\n"


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


def problem(path, language="en"):
    """Return what is said about a path, and see that it is one line."""
    with speaking(language), pytest.raises(BadServer) as caught:
        read_server(path)
    text = str(caught.value)
    assert text and "\n" not in text
    return text


def test_a_server_and_the_files_beside_it(tmp_path):
    (tmp_path / "server.py").write_bytes(GOOD)
    (tmp_path / "helpers.py").write_bytes(b"PORT = 5005\n")
    (tmp_path / "words.txt").write_bytes(b"\xff")
    (tmp_path / "picture.png").write_bytes(b"png")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    (tmp_path / "huge.txt").write_bytes(b"x" * (MAX_BYTES + 1))

    found = read_server(tmp_path / "server.py")

    assert found.path == str(tmp_path / "server.py")
    assert found.name == "server.py"
    assert found.files == {
        "server.py": GOOD,
        "helpers.py": b"PORT = 5005\n",
        "words.txt": b"\xff",
    }
    assert found.source == GOOD.decode()


def test_a_relative_path_and_a_link_to_a_server_will_do(tmp_path, monkeypatch):
    (tmp_path / "real.py").write_bytes(GOOD)
    (tmp_path / "server.py").symlink_to("real.py")
    monkeypatch.chdir(tmp_path)

    assert read_server("server.py").source == GOOD.decode()


def test_no_more_files_than_a_server_needs(tmp_path):
    for number in range(MAX_COMPANIONS + 5):
        (tmp_path / f"{number}.py").write_bytes(b"")
    (tmp_path / "server.py").write_bytes(GOOD)

    assert len(read_server(tmp_path / "server.py").files) == MAX_COMPANIONS + 1


def test_the_modules_that_it_imports():
    assert read_server(REFERENCE).imports() == ["signal", "socket", "sys", "threading"]


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (b"\xef\xbb\xbfprint('a')\n", "print('a')\n"),
        (b"# -*- coding: latin-1 -*-\nprint('\xe9')\n", "# -*- coding: latin-1 -*-\nprint('é')\n"),
        (b"print('a')\r\n", "print('a')\r\n"),
    ],
    ids=["byte order mark", "Latin-1, and it says so", "Windows line ends"],
)
def test_text_that_python_can_read(tmp_path, content, source):
    (tmp_path / "server.py").write_bytes(content)

    assert read_server(tmp_path / "server.py").source == source


@pytest.mark.parametrize(
    ("content", "words", "indonesian"),
    [
        (b"", "is empty", "kosong"),
        (b" \n\t\r\n", "is empty", "kosong"),
        (b"print('\xe9')\n", "not UTF-8", "UTF-8"),
        ("print(1)\n".encode("utf-16"), "not UTF-8", "UTF-8"),
        (b"# coding: no-such-thing\nprint(1)\n", "not UTF-8", "UTF-8"),
        (b"# coding: rot13\nprint(1)\n", "not UTF-8", "UTF-8"),
        (b"# coding: undefined\nprint(1)\n", "not UTF-8", "UTF-8"),
        (b"MZ\0\0\x01\x02", "binary data", "biner"),
        (b"x = 1\n" * (MAX_BYTES // 6 + 1), "larger than 512 kB", "512 kB"),
    ],
    ids=[
        "empty", "blank", "Latin-1", "UTF-16", "unknown encoding", "no text encoding",
        "encoding that always fails", "binary", "large",
    ],
)  # fmt: skip
def test_a_file_that_is_no_program(tmp_path, content, words, indonesian):
    path = tmp_path / "server.py"
    path.write_bytes(content)

    assert words in problem(path) and str(path) in problem(path)
    assert indonesian in problem(path, "id")


def test_the_largest_program_is_read(tmp_path):
    (tmp_path / "server.py").write_bytes(b"#" * MAX_BYTES)

    assert len(read_server(tmp_path / "server.py").files["server.py"]) == MAX_BYTES


def test_a_path_that_is_not_there(tmp_path):
    assert "There is no file" in problem(tmp_path / "sever.py")
    assert "There is no file" in problem(tmp_path / "no" / "server.py")
    assert "tidak ada" in problem(tmp_path / "sever.py", "id")


def test_a_folder(tmp_path):
    assert "is a folder" in problem(tmp_path)
    (tmp_path / "server.py").write_bytes(GOOD)
    assert f"Did you mean {tmp_path / 'server.py'}?" in problem(tmp_path)
    assert "folder" in problem(tmp_path, "id")


def test_a_dangling_link(tmp_path):
    (tmp_path / "server.py").symlink_to("gone.py")

    assert "leads nowhere (to gone.py)" in problem(tmp_path / "server.py")


def test_a_link_in_a_circle(tmp_path):
    (tmp_path / "server.py").symlink_to("server.py")

    assert "server.py" in problem(tmp_path / "server.py")


def test_a_file_that_is_not_called_like_a_program(tmp_path):
    (tmp_path / "server.txt").write_bytes(GOOD)

    assert "end in .py" in problem(tmp_path / "server.txt")


def test_what_is_no_ordinary_file(tmp_path):
    os.mkfifo(tmp_path / "server.py")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "socket.py"))

    assert "not an ordinary file" in problem(tmp_path / "server.py")
    assert "not an ordinary file" in problem(tmp_path / "socket.py")
    assert "not an ordinary file" in problem("/dev/null")


def test_a_name_that_no_file_can_have():
    assert "cannot be read" in problem("server\0.py")
    assert "cannot be read" in problem("x" * 5000 + ".py")


def test_a_name_that_would_move_the_terminal(tmp_path):
    for made in (False, True):
        path = tmp_path / "\x1b[2J\n\u202eserver.py"
        if made:
            path.symlink_to("\x1b]0;gone\x07")
        text = problem(path)
        assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text


def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "server.py"
    path.write_bytes(GOOD)
    path.chmod(0)
    tmp_path.chmod(0o755)
    code = (
        "import os, sys\n"
        "from autograder.submission import BadServer, read_server\n"
        "from autograder.i18n import use_language\n"
        "use_language('en')\n"
        "os.chdir(sys.argv[1])\n"
        "if os.geteuid() == 0:\n"  # whom no permission stops
        "    os.setgroups([]), os.setgid(65534), os.setuid(65534)\n"
        "try:\n"
        "    read_server('server.py')\n"
        "except BadServer as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        cwd=PROJECT, env=environment(), capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip

    assert done.stdout == "server.py may not be read: you lack the permission.\n"
