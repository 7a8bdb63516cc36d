"""Limits for all processes of a server together: Linux's control groups (version 2).

They are to be had where the group that we are in is ours to divide: the root's if we are root, or
one that systemd has handed over, as to `systemd-run --user --scope -p Delegate=yes`. Elsewhere
nothing is changed, and the room watches a server's memory by itself.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import time
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox import MEMORY_BYTES, MIB

GRADERS = "autograder"
"""The group of the graders' own processes: none may be in a group that is divided."""

LIMITS = {
    # a little more than the room allows: it says what was wrong, the kernel only ends a process
    "memory.max": MEMORY_BYTES + 32 * MIB,
    "memory.swap.max": 0,
}
"""Not how many processes: those are limited for each user, and so for the server's alone, while
a group's limit would also keep the launcher from starting one."""

REMOVE_SECONDS = 2.0  # for processes that were killed to be gone

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Group:
    """The group of one launcher with its servers.

    Args:
        path: its folder in the kernel's file system.
    """

    path: Path

    def around(self, command: list[str]) -> list[str]:
        """Return a command line that runs `command` in this group."""
        enter = 'echo 0 >"$0" && exec "$@"'  # 0 is whoever writes
        return ["/bin/sh", "-c", enter, str(self.path / "cgroup.procs"), *command]

    def remove(self) -> None:
        """End what still runs in it, and remove it."""
        with contextlib.suppress(OSError):  # before Linux 5.14 the sandbox alone does that
            (self.path / "cgroup.kill").write_text("1")
        deadline = time.monotonic() + REMOVE_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                self.path.rmdir()
            if not self.path.exists():
                return
            os.sched_yield()


def new() -> Group | None:
    """Return a new group with its limits, None where there can be none."""
    place = divided()
    if place is None:
        return None
    group = Group(place / f"server-{os.getpid()}-{next(_numbers)}")
    try:
        group.path.mkdir()
        for name, value in LIMITS.items():
            if name != "memory.swap.max" or (group.path / name).exists():  # no swap, no such file
                (group.path / name).write_text(str(value))
    except OSError:
        group.remove()
        return None
    return group


def divide() -> bool:
    """Let this process and those that it starts make groups; tell whether that could be had.

    To be called by a program that grades, before it starts others.
    """
    if divided() is not None:
        return True
    own = _own()
    if own is None or own.name == GRADERS:
        return False
    try:
        offered = (own / "cgroup.controllers").read_text().split()
        inside = set(map(int, (own / "cgroup.procs").read_text().split()))
        if not (own / "cgroup.type").exists():  # the root's, in which everybody may be
            inside &= {os.getpid()}
        if "memory" not in offered or not inside <= _lineage():
            return False
        (own / GRADERS).mkdir(exist_ok=True)
        for pid in inside:
            (own / GRADERS / "cgroup.procs").write_text(str(pid))
        # with "cpu" a server's processes have together as much of a busy processor as one grader
        wanted = [f"+{name}" for name in ("memory", "cpu") if name in offered]
        (own / "cgroup.subtree_control").write_text(" ".join(wanted))
    except OSError:
        return False
    divided.cache_clear()
    return divided() is not None


@functools.cache
def divided() -> Path | None:
    """Return the group in which those of servers are made, None where none can be."""
    own = _own()
    if own is None or own.name != GRADERS:
        return None
    with contextlib.suppress(OSError):
        if "memory" in (own.parent / "cgroup.subtree_control").read_text().split():
            return own.parent
    return None


def _own() -> Path | None:
    """Return the folder of the group that this process is in, None where there is none."""
    try:
        groups = Path("/proc/self/cgroup").read_text().splitlines()
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return None
    path = next((line[3:] for line in groups if line.startswith("0::/")), None)
    for line in mounts:  # proc_pid_mountinfo(5): ... root, mount point, ... - type, ...
        fields, _, kind = line.partition(" - ")
        if path is not None and ".." not in path and kind.startswith("cgroup2 "):
            return Path(fields.split()[4], path[1:])
    return None


def _lineage() -> set[int]:
    """Return this process and its ancestors up to the first one that leads a session.

    That one is somebody's shell, and no program of ours: it is not ours to be moved.
    """
    found, pid = {os.getpid()}, os.getppid()
    while pid > 1 and os.getsid(pid) != pid:
        found.add(pid)
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        pid = int(status[1])
    return found
