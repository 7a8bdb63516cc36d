"""Control groups: where they can be had, and what becomes of a machine where they cannot.

The limits themselves are tried in a virtual machine, by tests/cgroup_vm.py.
"""

import os
import subprocess

import pytest
from helpers import REFERENCE, submission

from autograder import cgroup
from autograder.checking import run_check

FILES = {
    "cgroup.controllers": "cpuset cpu io memory pids\n",
    "cgroup.type": "domain\n",
    "cgroup.subtree_control": "",
}


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder that looks like the group that this process is in, alone."""
    folder = tmp_path / "run-u1.scope"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "cgroup.procs").write_text(f"{os.getpid()}\n")

    def found():
        leaf = folder / cgroup.GRADERS
        return leaf if (leaf / "cgroup.procs").exists() else folder

    monkeypatch.setattr(cgroup, "_own", found)
    cgroup.divided.cache_clear()
    yield folder
    cgroup.divided.cache_clear()


def test_a_group_that_is_ours_is_divided_once(own):
    cgroup.divide()
    assert (own / "autograder" / "cgroup.procs").read_text() == str(os.getpid())
    assert (own / "cgroup.subtree_control").read_text() == "+memory +cpu"
    (own / "cgroup.subtree_control").write_text("cpu memory\n")  # as the kernel shows it
    cgroup.divided.cache_clear()
    assert cgroup.divided() == own
    assert cgroup.divide()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cgroup.procs", f"{os.getpid()}\n1\n"),
        ("cgroup.controllers", "cpu pids\n"),
    ],
    ids=["others are in it", "no memory controller"],
)
def test_any_other_group_stays_as_it_is(own, name, text):
    (own / name).write_text(text)
    assert not cgroup.divide()
    assert {path.name for path in own.iterdir()} == {*FILES, "cgroup.procs"}
    assert cgroup.new() is None


def test_a_server_gets_a_group_with_limits(own):
    (own / "cgroup.subtree_control").write_text("cpu memory\n")
    (own / "autograder").mkdir()
    (own / "autograder" / "cgroup.procs").write_text("")
    group = cgroup.new()
    assert group is not None and group.path.parent == own
    limits = {path.name: int(path.read_text()) for path in group.path.iterdir()}
    assert limits == {"memory.max": cgroup.LIMITS["memory.max"]}
    inside = group.around(["/bin/echo", "a b", "$0"])
    told = subprocess.run(inside, capture_output=True, check=True, encoding="utf-8").stdout
    assert told == "a b $0\n"
    assert (group.path / "cgroup.procs").read_text() == "0\n"


def test_without_groups_a_check_is_as_ever(monkeypatch):
    monkeypatch.setattr(cgroup, "_own", lambda: None)
    cgroup.divided.cache_clear()
    assert not cgroup.divide()
    result = run_check(["threading"], submission(REFERENCE.read_text(encoding="utf-8")))
    assert result.points == result.max_points
    cgroup.divided.cache_clear()
