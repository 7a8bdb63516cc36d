"""The text of the programs: plain, in one file, and different only where the new idea is."""

import ast
import difflib
import sys
from pathlib import Path

import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
SERVERS = ["pertemuan_3", "modul_contoh", "folder_a", "folder_b"]
PROGRAMS = [REFERENCE / "client.py", *(REFERENCE / name / "server.py" for name in SERVERS)]


@pytest.fixture(params=PROGRAMS, ids=lambda path: "/".join(path.parts[-2:]))
def program(request):
    return request.param.read_text(encoding="utf-8")


def text(stage):
    return (REFERENCE / stage / "server.py").read_text(encoding="utf-8")


def code(source):
    """The lines of a program that do something: no docstrings, no comments, no empty lines."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node):
            del node.body[0]
    return ast.unparse(tree).splitlines()


def changes(old, new):
    """The lines that are taken out of the old program, and those that are put in."""
    difference = list(difflib.ndiff(old, new))
    return (
        [line[2:].strip() for line in difference if line.startswith("- ")],
        [line[2:].strip() for line in difference if line.startswith("+ ")],
    )


def test_it_imports_only_the_standard_library(program):
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Import):
            assert {name.name for name in node.names} <= sys.stdlib_module_names
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module in sys.stdlib_module_names


def test_it_is_plain(program):
    """Functions with docstrings: no classes, no types, nothing nested, nothing asynchronous."""
    tree = ast.parse(program)
    assert ast.get_docstring(tree)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for node in ast.walk(tree):
        assert not isinstance(
            node, ast.ClassDef | ast.AnnAssign | ast.AsyncFunctionDef | ast.Lambda | ast.Yield
        )
        if isinstance(node, ast.FunctionDef):
            assert node in functions
            assert ast.get_docstring(node)
            assert node.returns is None
            assert not any(argument.annotation for argument in node.args.args)


def test_host_and_port_are_named_once(program):
    assert program.count('\nhost = "127.0.0.1"\nport = 5005\n') == 1
    assert program.count("127.0.0.1") == program.count("5005") == 1


@pytest.mark.parametrize("stage", ["modul_contoh", "folder_a", "folder_b"])
def test_it_has_the_names_of_the_seed(stage):
    lines = text(stage).splitlines()
    for start in (
        "clients = []",
        "nicknames = []",
        "def broadcast(message):",
        "def handle(client):",
        "def receive():",
        "def remove_client(client):",
    ):
        assert sum(line.startswith(start) for line in lines) == 1


@pytest.mark.parametrize("stage", SERVERS)
def test_it_names_the_six_steps_in_both_languages(stage):
    steps = ["buka pintu / open the door", "sambut / welcome", "baca / read", "potong / cut"]
    steps += ["sebarkan / share", "bereskan / clean up"]
    for step in steps:
        assert text(stage).lower().count(step) >= 2  # in the overview, and at its place


def test_modul_contoh_is_about_a_hundred_lines():
    assert len(code(text("modul_contoh"))) < 100


def test_what_is_new_in_modul_contoh():
    old, new = changes(code(text("pertemuan_3")), code(text("modul_contoh")))
    assert len(old) <= 10
    assert len(new) <= 32
    assert "thread.start()" in new


def test_what_is_new_in_folder_a():
    old, new = changes(code(text("modul_contoh")), code(text("folder_a")))
    assert old == ["data = (message + '\\n').encode('utf-8')"]
    assert new == [
        "from datetime import datetime",
        "stamp = datetime.now().strftime('[%Y-%m-%d %H:%M:%S] ')",
        "data = (stamp + message + '\\n').encode('utf-8')",
    ]
    everything = changes(text("modul_contoh").splitlines(), text("folder_a").splitlines())
    assert sum(map(len, everything)) <= 6


def test_what_is_new_in_folder_b():
    old, new = changes(code(text("folder_a")), code(text("folder_b")))
    assert old == ["stamp = datetime.now().strftime('[%Y-%m-%d %H:%M:%S] ')"]
    assert new == ["stamp = datetime.now().strftime('[%H:%M:%S] ')"]
    everything = changes(text("folder_a").splitlines(), text("folder_b").splitlines())
    assert sum(map(len, everything)) <= 4


def test_client_and_servers_cut_lines_in_the_same_way():
    """But for the two words that say who has left."""
    cutters = set()
    for path in PROGRAMS:
        source = path.read_text(encoding="utf-8")
        start = source.index("def read_line(")
        function = source[start : source.index("\n\n\n", start)]
        cutters.add("\n".join(code(function.replace("the server has gone", "the client has left"))))
    assert len(cutters) == 1
