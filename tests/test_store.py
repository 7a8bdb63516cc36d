"""Results on disk: whole or not there, found again by what they were made of."""

import json
import os
import signal
import subprocess
import sys

import pytest
from helpers import environment

from autograder.store import Store, key_of, version_of_checks, write_whole

KEY = key_of({"server.py": b"pass"})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results")


def test_a_result_is_found_again(store):
    assert store.read(KEY) is None and list(store.keys()) == []

    store.write(KEY, {"points": 1.5, "said": "日本 \udcff"})

    assert store.read(KEY) == {"points": 1.5, "said": "日本 \udcff"}
    assert list(store.keys()) == [KEY]
    assert json.loads(store.path(KEY).read_text(encoding="utf-8"))["points"] == 1.5


def test_the_newest_counts(store):
    store.write(KEY, {"points": 1})
    store.write(KEY, {"points": 2})

    assert store.read(KEY) == {"points": 2}
    assert os.listdir(store.folder) == [f"{KEY}.json"]


@pytest.mark.parametrize("spoilt", [b"", b'{"points": 1', b"[1]", b"\xff"])
def test_what_somebody_else_spoilt_is_not_there(store, spoilt):
    store.write(KEY, {"points": 1})
    store.path(KEY).write_bytes(spoilt)

    assert store.read(KEY) is None


@pytest.mark.parametrize("key", ["", "../x", "ABC", KEY + "/..", KEY[:-1]])
def test_a_key_leads_nowhere_else(store, key):
    with pytest.raises(ValueError, match="no key"):
        store.path(key)


def test_strangers_files_are_no_results(store):
    store.write(KEY, {})
    (store.folder / "notes.json").write_text("{}")
    (store.folder / f".{KEY}.json.1.part").write_text("{")

    assert list(store.keys()) == [KEY]


def test_a_write_that_fails_leaves_what_was_before(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_whole(path, b"before")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_whole(path, b"after")

    assert os.listdir(tmp_path) == ["a.txt"] and path.read_bytes() == b"before"


def test_a_writer_that_is_killed_leaves_whole_files(tmp_path):
    """It is killed in the middle of whatever it does, some hundred writes in."""
    program = (
        "import itertools, sys\nfrom pathlib import Path\nfrom autograder.store import Store\n"
        f"store = Store(Path({str(tmp_path)!r}))\n"
        "for number in itertools.count():\n"
        f"    store.write({KEY!r}, {{'number': number, 'rest': 'x' * 200_000}})\n"
        "    print(number, flush=True)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment(), text=True
    )
    with writer:
        for line in writer.stdout:
            if int(line) == 20:
                writer.send_signal(signal.SIGKILL)
                break
        last = int((writer.stdout.read().split() or [20])[-1])
    found = Store(tmp_path).read(KEY)

    # the last one that it told of, or the one that it was just writing
    assert found["number"] in (last, last + 1) and len(found["rest"]) == 200_000


def test_a_key_holds_all_that_a_result_depends_on():
    keys = [
        key_of({"server.py": b"pass"}, "pm"),
        key_of({"server.py": b"pass "}, "pm"),
        key_of({"server2.py": b"pass"}, "pm"),
        key_of({"server.py": b"pass", "help.py": b""}, "pm"),
        key_of({"server.py": b"pass"}, "list"),
        key_of({"server.py": b"pass"}, "p", "m"),
        key_of({"server.py": b"pass"}),
        key_of({"server.py": b"", "x": b"pass"}, "pm"),
        key_of({"server.pyx": b"", "": b"pass"}, "pm"),
    ]

    assert len(set(keys)) == len(keys)
    assert keys[0] == key_of({"server.py": b"pass"}, "pm")
    two = {"b.py": b"1", "a.py": b"2"}
    assert key_of(two) == key_of(dict(reversed(two.items())))


def test_the_version_is_that_of_the_files(tmp_path, monkeypatch):
    import autograder.store as module

    package = tmp_path / "autograder"
    (package / "challenges").mkdir(parents=True)
    (package / "challenges" / "test_pm.py").write_text("1")
    monkeypatch.setattr(module, "__file__", str(package / "store.py"))

    def version():
        version_of_checks.cache_clear()
        return version_of_checks()

    try:
        first = version()
        assert version() == first
        (package / "__pycache__").mkdir()
        (package / "__pycache__" / "store.pyc").write_text("x")
        assert version() == first
        (package / "challenges" / "test_pm.py").write_text("2")
        assert version() != first
    finally:
        version_of_checks.cache_clear()
