"""Try the limits of control groups on a kernel of their own, in a virtual machine without a disk.

    .venv/bin/python tests/cgroup_vm.py --kernel vmlinuz

It needs QEMU (Debian: qemu-system-x86), a static BusyBox (busybox-static), and a kernel image with
control groups of version 2, such as is in Debian's linux-image-cloud-amd64; it need not be
installed (`apt-get download`, `dpkg-deb --extract`). What is put into the machine is this
machine's Python, bubblewrap and the project. Takes half a minute with software emulation.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LIMIT_SECONDS = 300
SUCCESS = "everything was as it should be"
USER = 1000

INIT = """\
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t tmpfs tmp /tmp
ip link set lo up
export PATH=/bin:/usr/bin PYTHONPATH=/project:/packages PYTHONDONTWRITEBYTECODE=1
{python} /project/tests/cgroup_vm.py --inside
poweroff -f
"""

FIRST_INIT = """\
#!/bin/busybox sh
# bubblewrap wants a root that it can turn round, which the first one of a kernel is not
/bin/busybox mkdir /new
/bin/busybox mount -t tmpfs new /new
/bin/busybox cp -a /bin /etc /lib /lib64 /packages /project /real-init {top} /usr /new
/bin/busybox mkdir -p /new/dev /new/proc /new/run /new/sys /new/tmp
exec /bin/busybox switch_root /new /real-init
"""


# -- outside ---------------------------------------------------------------------------------------


def build(root: Path) -> None:
    """Put into `root` what the machine needs."""
    python = Path(os.path.realpath(sys.executable))
    library = Path(os.__file__).parent
    programs = [python, Path(shutil.which("bwrap") or "/usr/bin/bwrap")]
    unwanted = shutil.ignore_patterns("test", "site-packages", "config-*", "__pycache__")
    shutil.copytree(library, root / library.relative_to("/"), symlinks=True, ignore=unwanted)
    needed = [*programs, *(library / "lib-dynload").glob("*.so")]
    told = subprocess.run(["ldd", *map(str, needed)], stdout=subprocess.PIPE, text=True, check=True)
    libraries = {word for word in told.stdout.split() if word.startswith("/")}
    for path in {*map(str, programs), *(word.rstrip(":") for word in libraries)}:
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for folder in ("bin", "etc", "lib", "lib64", "usr/bin", "packages", "project/tests"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy("/bin/busybox", root / "bin")
    for package in Path(sys.prefix).glob("lib/python3*/site-packages/*time_machine*"):
        put = shutil.copytree if package.is_dir() else shutil.copy
        put(package, root / "packages" / package.name)
    for part in ("autograder", "reference", "tests/threats/attacks"):
        shutil.copytree(PROJECT / part, root / "project" / part)
    shutil.copy(__file__, root / "project" / "tests")
    top = f"/{python.parts[1]}" if python.parts[1] not in ("bin", "usr") else ""
    for name, text in (
        ("init", FIRST_INIT.format(top=top)),
        ("real-init", INIT.format(python=python)),
    ):
        (root / name).write_text(text)
        (root / name).chmod(0o755)


def pack(root: Path, archive: Path) -> None:
    """Write everything in `root` to a compressed archive from which a kernel can start."""
    names = "\0".join(str(path.relative_to(root)) for path in [root, *root.rglob("*")])
    packed = subprocess.run(
        ["/bin/busybox", "cpio", "-0", "-o", "-H", "newc"],
        cwd=root,
        input=names.encode(),
        capture_output=True,
        check=True,
    )
    archive.write_bytes(gzip.compress(packed.stdout, 1))


def start(kernel: Path) -> int:
    """Start the machine, show what it says, and return 0 if all was well."""
    with tempfile.TemporaryDirectory() as folder:
        root, archive = Path(folder, "root"), Path(folder, "archive")
        root.mkdir()
        build(root)
        pack(root, archive)
        command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-m", "3072", "-smp", "2"]
        command += ["-nographic", "-no-reboot", "-net", "none", "-kernel", str(kernel)]
        command += ["-initrd", str(archive), "-append", "console=ttyS0 loglevel=0 panic=-1"]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT_SECONDS,
            check=True,
        )
    print(done.stdout)
    return 0 if SUCCESS in done.stdout else 1


# -- inside ----------------------------------------------------------------------------------------

MODUL = Path("/project/reference/modul_contoh/server.py")
ATTACKS = Path("/project/tests/threats/attacks")
BOMBS = ("shared_memory_bomb", "memory_bomb_of_many")
MOST_BYTES = 200 << 20
AIM = {"megabytes": 600}


def inside() -> None:
    """Try everything as root, and as a user to whom a group was handed over or was not."""
    groups = Path("/sys/fs/cgroup")
    try_all(groups)
    print("root, in the root's group: limits", flush=True)
    other, handed = groups / "other", groups / "handed-over"
    other.mkdir()
    handed.mkdir()
    for path in (handed, *(handed / f"cgroup.{name}" for name in ("procs", "subtree_control"))):
        os.chown(path, USER, USER)
    as_user(other, try_nothing)
    print("user, in a group of root's: no limits, and nothing changed", flush=True)
    as_user(handed, try_all)
    print("user, in a group that was handed over: limits", flush=True)
    print(SUCCESS, flush=True)


def as_user(place: Path, function: Callable[[Path], None]) -> None:
    """Call `function` with `place` in a process of its own, which is in that group."""
    pid = os.fork()
    if pid == 0:
        try:
            (place / "cgroup.procs").write_text("0")
            os.setgroups([])
            os.setresgid(USER, USER, USER)
            os.setresuid(USER, USER, USER)
            for name in ("cgroup", "sandbox"):  # what was known of root is not known of a user
                for value in vars(importlib.import_module(f"autograder.{name}")).values():
                    getattr(value, "cache_clear", int)()
            function(place)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def try_nothing(place: Path) -> None:
    """Nothing can be had in a group that is not ours."""
    from autograder import cgroup

    assert not cgroup.divide()
    assert cgroup.new() is None
    assert {path.name for path in place.iterdir() if path.is_dir()} == set()


def try_all(place: Path) -> None:
    """A right server passes as ever, bombs stop at the kernel's limits, and nothing is left."""
    from autograder import cgroup, sandbox, traffic
    from autograder.checking import run_check
    from autograder.submission import Submission, read_server

    assert sandbox.probe()[0].alone, sandbox.probe()
    assert cgroup.divide()
    traffic.Traffic.most_memory = 1 << 40  # the room does not look
    # an emulated processor is slow: a bomb would be taken for a loop before it has gone off
    traffic.SPIN_SECONDS = traffic.SPIN_SECONDS_AGAIN = 30.0
    result = run_check(["threading", "broadcast"], read_server(MODUL))
    assert result.points == result.max_points, result
    stopped: list[int] = []
    remove = cgroup.Group.remove

    def count_and_remove(group: cgroup.Group) -> None:
        with contextlib.suppress(FileNotFoundError):  # it was removed before
            told = (group.path / "memory.events").read_text().split()
            stopped.append(int(told[told.index("oom_kill") + 1]))
        remove(group)

    cgroup.Group.remove = count_and_remove  # type: ignore[method-assign]
    cgroup.LIMITS["memory.max"] = MOST_BYTES
    for name in BOMBS:
        stopped.clear()
        files = {"aim.json": json.dumps(AIM).encode()}
        files["server.py"] = (ATTACKS / f"{name}.py").read_bytes()
        result = run_check(["broadcast"], Submission("server.py", "server.py", files))
        print(f"{name}: {result.points:g} points, stopped {sum(stopped)} times", flush=True)
        if result.error_file is not None:
            print(Path(result.error_file).read_text(), flush=True)
        assert result.points == 0 and sum(stopped) > 0
        assert not any(test.outcome == "error" for c in result.challenges for test in c.tests)
    assert [path.name for path in place.glob("server-*")] == []


def main() -> int:
    """Start the machine; in it, try everything."""
    parser = argparse.ArgumentParser(description="Try control groups in a virtual machine.")
    parser.add_argument("--kernel", type=Path)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside()
        return 0
    if options.kernel is None:
        parser.error("which kernel? See the head of this file.")
    return start(options.kernel)


if __name__ == "__main__":
    sys.exit(main())
