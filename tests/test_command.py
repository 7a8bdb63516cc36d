"""The command as a person uses it: wrong words, results, and nothing left behind."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

PROJECT = Path(__file__).resolve().parents[1]
GOOD = PROJECT / "reference" / "modul_contoh" / "server.py"
DEADLINE = 120  # seconds; only a broken program needs it


def autograder(
    *words: str, without: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command and return how it ended."""
    return subprocess.run(
        [sys.executable, "-m", "autograder", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        cwd=cwd,
        env=os.environ | {"AUTOGRADER_WITHOUT": without, "LC_ALL": "C.UTF-8"},
    )


@pytest.fixture
def bad(tmp_path: Path) -> dict[str, Path]:
    """Things that are no servers."""
    things = {
        "folder": tmp_path / "folder",
        "empty": tmp_path / "empty.py",
        "latin": tmp_path / "latin.py",
        "binary": tmp_path / "binary.py",
        "text": tmp_path / "notes.txt",
        "dangling": tmp_path / "dangling.py",
        "missing": tmp_path / "missing.py",
    }
    things["folder"].mkdir()
    things["empty"].write_bytes(b" \n")
    things["latin"].write_bytes("# caf\xe9\n".encode("latin-1"))
    things["binary"].write_bytes(b"x = 1\0")
    things["text"].write_text("hello")
    things["dangling"].symlink_to(tmp_path / "nowhere.py")
    return things


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("folder", "is a folder"),
        ("empty", "is empty"),
        ("latin", "not UTF-8"),
        ("binary", "binary data"),
        ("text", "not a Python file"),
        ("dangling", "leads nowhere"),
        ("missing", "There is no file"),
    ],
)
def test_no_server_is_one_sentence_and_nothing_is_written(
    bad: dict[str, Path], tmp_path: Path, what: str, words: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    run = autograder("check", "threading", str(bad[what]), cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert words in run.stderr
    assert run.stderr.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "threding", str(GOOD)), "Did you mean “threading”?"),
        (("check", "zzz", str(GOOD)), "There are: threading"),
        (("check", "threading", str(GOOD), str(GOOD)), "One server at a time"),
        (("check", "threading", "lists"), "Which server?"),
        (("check",), "cannot be read"),
        (("nonsense",), "cannot be read"),
        (("new", "modul_conto"), "Did you mean “modul_contoh”?"),
    ],
)
def test_wrong_words_are_answered_in_one_sentence(arguments: tuple[str, ...], words: str) -> None:
    run = autograder(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert words in run.stderr
    assert run.stderr.count("\n") == 1


def test_the_language_of_the_words_can_be_chosen() -> None:
    run = autograder("check", "threding", str(GOOD), "--lang", "id")
    assert "Maksudmu" in run.stderr or "Tidak ada" in run.stderr


@pytest.mark.parametrize("without", ["", "sandbox", "proc", "fork", "sandbox,proc,fork"])
def test_full_marks_as_json_whatever_the_machine_lacks(without: str) -> None:
    run = autograder("check", "threading", str(GOOD), "--json", "--seed", "7", without=without)
    assert (run.returncode, run.stderr) == (0, "")
    document = json.loads(run.stdout)
    assert document["schema"] == 1
    assert document["seed"] == 7
    assert (document["points"], document["max_points"]) == (5.0, 5.0)
    assert document["idle_oracle"] == ("proc" not in without and sys.platform == "linux")
    if "sandbox" in without or "fork" in without:
        assert document["isolation"] == "process"


@pytest.mark.parametrize("without", ["proc", "sandbox,proc,fork"])
def test_a_failing_server_fails_without_the_kernels_help_too(without: str) -> None:
    server = PROJECT / "tests" / "servers" / "trouble" / "answers_nothing.py"
    run = autograder("check", "threading", str(server), "--json", without=without)
    assert run.returncode == 1
    assert json.loads(run.stdout)["points"] == 0


def test_the_same_seed_draws_the_same_names() -> None:
    server = PROJECT / "tests" / "servers" / "trouble" / "answers_nothing.py"
    runs = [
        json.loads(autograder("check", "broadcast", str(server), "--json", *seed).stdout)
        for seed in (("--seed", "5"), ("--seed", "5"), ("--seed", "6"))
    ]
    said = [run["challenges"][0]["tests"][0]["tried"] for run in runs]
    assert said[0] == said[1] != said[2]


def test_the_report_as_a_page(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    run = autograder("check", "threading", str(GOOD), "--html", str(page))
    assert run.returncode == 0
    assert "5 of 5 points" in run.stdout
    assert "<h1" in page.read_text(encoding="utf-8")


def test_a_failure_of_the_grader_is_never_the_students(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import sys\n"
        "from autograder import learning\n"
        "def fail(*arguments, **options):\n"
        "    raise RuntimeError('the grader is broken')\n"
        "learning.learn_dialect = fail\n"
        "from autograder.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    run = subprocess.run(
        [sys.executable, str(broken), "check", "threading", str(GOOD), "--json"],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        env=os.environ | {"TMPDIR": str(tmp_path), "LC_ALL": "C.UTF-8"},
    )
    assert run.returncode == 3
    document = json.loads(run.stdout)
    assert document["max_points"] == 0
    assert "the grader is broken" in Path(document["error_file"]).read_text(encoding="utf-8")


def test_a_fresh_copy_of_an_exercise(tmp_path: Path) -> None:
    run = autograder("new", "modul_contoh", cwd=tmp_path)
    assert run.returncode == 0
    assert (tmp_path / "modul_contoh" / "server.py").is_file()
    again = autograder("new", "modul_contoh", cwd=tmp_path)
    assert again.returncode == 2
    assert "stays as it is" in again.stderr


def test_the_doctor_finds_this_machine_well() -> None:
    run = autograder("doctor")
    assert run.returncode == 0, run.stdout
    assert "a small server was started" in run.stdout


def test_watch_checks_again_at_each_save(tmp_path: Path) -> None:
    server = tmp_path / "server.py"
    server.write_text("print('no server yet')\n")
    with subprocess.Popen(
        [sys.executable, "-m", "autograder", "watch", "threading", str(server)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    ) as process:
        try:
            assert "ran to its end" in read_until(process, b"Ctrl-C ends it.")
            server.write_bytes(GOOD.read_bytes())
            assert "5 of 5 points" in read_until(process, b"5 of 5 points", touch=server)
            process.send_signal(signal.SIGINT)
            process.wait(DEADLINE)
        finally:
            process.kill()


def read_until(process: subprocess.Popen[bytes], wanted: bytes, touch: Path | None = None) -> str:
    """Return what a process prints up to `wanted`; save `touch` again where nothing comes."""
    assert process.stdout is not None
    data = b""
    deadline = time.monotonic() + DEADLINE
    while wanted not in data:
        assert time.monotonic() < deadline, data.decode()
        if select.select([process.stdout], [], [], 5)[0]:
            piece = os.read(process.stdout.fileno(), 65536)
            assert piece, data.decode()
            data += piece
        elif touch is not None:  # saved before the program had begun to watch
            touch.write_bytes(touch.read_bytes())
    return data.decode()


@pytest.mark.parametrize("without", ["", "sandbox", "fork"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind_when_a_check_is_ended(
    tmp_path: Path, without: str, how: signal.Signals
) -> None:
    # runs to the end of the time limit unless it is stopped: there is time to end the check
    server = tmp_path / "server.py"
    server.write_text(
        "import subprocess, sys, threading\nprint('here', flush=True)\nwhile True: pass\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", "check", "threading", str(server)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"AUTOGRADER_WITHOUT": without, "TMPDIR": str(tmp_path)},
    )
    try:
        family: list[psutil.Process] = []
        deadline = time.monotonic() + DEADLINE
        # until the server itself runs: it burns processor time
        while not any(burns(child) for child in family):
            assert process.poll() is None, "the check ended by itself"
            assert time.monotonic() < deadline
            family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(how)
        process.wait(DEADLINE)
        _gone, alive = psutil.wait_procs(family, timeout=DEADLINE)
        assert alive == []
        assert list(tmp_path.glob("chat-*")) == []
    finally:
        process.kill()
        process.wait()


def burns(process: psutil.Process) -> bool:
    """Tell whether a process has used more than half a second of processor time."""
    try:
        return bool(process.cpu_times().user > 0.5)
    except psutil.Error:
        return False
