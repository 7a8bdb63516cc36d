"""What a server can do where the grader is root and there is no bubblewrap."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from helpers import PROJECT, environment, until

from autograder import sandbox

PYTHON = Path("/mnt/python")
"""Where Python is in the tests: the usual one may be in root's home folder, closed to others."""

TEMPORARY = PYTHON.with_name("tmp")

GRADING = """
import json, os, sys, tempfile
from arena import aimed, bystander, number_after, submission
from autograder import doctor, sandbox, traffic
from autograder.checking import run_check
from autograder.dialect import OUR_DIALECT
from autograder.process import start_launcher
from autograder.room import Room
from autograder.submission import read_server

def printed(what):
    launcher = start_launcher(what)
    with Room(what, launcher=launcher, dialect=OUR_DIALECT) as room:
        room.settle()
        log, level = room.log, room.isolation
    launcher.close()
    return log, level

secret, server = sys.argv[1:]
with bystander() as grader:
    killing, _level = printed(aimed("kills_the_grader", pid=grader.pid))
    reading, level = printed(
        aimed("reads_what_is_not_its_own", secret="42", path=secret, checks=secret)
    )
    ended = grader.ends()
sandbox.SANDBOX_LIMITS["NPROC"] = 30
traffic.MEMORY = sandbox.MEMORY_BYTES  # 60 processes may have more than a server is else given
bomb, _level = printed(aimed("fork_bomb", processes=60))
checked = run_check(["timestamp_b", "threading"], read_server(server))
[said] = [each.text for each in doctor.examine() if "Sandbox" in each.text]
print(json.dumps({
    "level": level, "killing": killing, "reading": reading, "ended": ended,
    "uid": sandbox.likely().uid, "left": os.listdir(tempfile.gettempdir()),
    "processes": number_after("STARTED", bomb), "said": said,
    "points": [checked.points, checked.max_points], "checked_at": checked.isolation,
}))
"""

USER_ID = """
from autograder import sandbox
from helpers import printed
print(sandbox.lower_uid(), sandbox.probe()[0].level, printed("import os; print(os.getuid())"))
"""


def graded(tmp_path: Path, mask: str) -> dict[str, Any]:
    """Grade as root without bubblewrap; `mask` are the permissions of the folder Python is in."""
    secret = tmp_path / "secret.txt"
    secret.write_text("42")
    secret.chmod(0o600)
    base = os.path.realpath(sys.base_prefix)
    tests = PROJECT / "tests"
    folders = [PROJECT, tests, tests / "threats", sysconfig.get_path("purelib")]
    command: list[str | Path] = [
        next(iter(sandbox.candidates())),
        *("--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc"),
        *("--perms", mask, "--tmpfs", PYTHON.parent),
        *("--perms", "1777", "--dir", TEMPORARY),
        *("--ro-bind", base, PYTHON),
        *(PYTHON / Path(sandbox.python()).relative_to(base), "-c", GRADING),
        *(secret, PROJECT / "reference" / "folder_b" / "server.py"),
    ]
    path = os.pathsep.join(map(str, folders))
    more = {"PYTHONPATH": path, "TMPDIR": str(TEMPORARY), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        list(map(str, command)),
        env=environment("sandbox", **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("mask", ["0755", "0700"], ids=["open", "closed"])
def test_without_bubblewrap_a_server_is_not_root_where_python_is_open_to_others(tmp_path, mask):
    if os.geteuid() != 0:
        assert sandbox.plain().uid is None, "it has only what its grader has"
        return
    found = graded(tmp_path, mask)

    assert found["points"] == [12, 12], "whoever it runs as, a right server is right"
    assert (found["level"], found["checked_at"], found["left"]) == ("process", "process", [])
    if mask == "0755":
        assert found["uid"] >= 200_000
        assert (found["ended"], found["killing"]) == (["0 points.", 0], "")
        assert found["reading"] == ""
        assert 0 < found["processes"] < 30
        assert "they get a user id that owns nothing" in found["said"]
    else:  # the attacks work
        assert found["uid"] is None
        assert (found["ended"], found["killing"]) == (["", -9], "KILLED\n")
        assert "READ path" in found["reading"]
        assert found["processes"] == 60
        assert f"They run as root, as you do, because of {PYTHON.parent}:" in found["said"]


@pytest.mark.parametrize("users", ["0 0 4294967295", "0 0 65536", "0 0 1"])
def test_in_a_container_root_gives_servers_a_user_that_is_there(users):
    """In a user namespace with as many users as are usual, or as root of nobody else."""
    if os.geteuid() != 0:
        assert sandbox.lower_uid() is None
        return
    code = [sys.executable, "-c", USER_ID]
    with subprocess.Popen(
        ["unshare", "--user", "sh", "-c", 'read go; exec "$@"', "sh", *code],
        env=environment(PYTHONPATH=os.pathsep.join([str(PROJECT), str(PROJECT / "tests")])),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        place = Path("/proc", str(process.pid))
        ours = os.readlink("/proc/self/ns/user")
        until(lambda: os.readlink(place / "ns" / "user") != ours, "a user namespace")
        for ids in ("uid_map", "gid_map"):
            (place / ids).write_text(users)
        out, _err = process.communicate("go\n", timeout=120)
    uid, level, printed = out.split()

    assert level == "bubblewrap"
    if users == "0 0 1":
        assert (uid, printed) == ("None", "0"), "root of its own namespace, and so of nothing"
    else:
        assert uid == printed and int(uid) in (range(60_000, 300_000))
