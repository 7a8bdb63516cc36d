"""The command in detail: exit codes, one JSON document, languages, progress, watching, ending."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
from helpers import (
    PROJECT,
    REFERENCE,
    SERVERS,
    check,
    command,
    environment,
    family,
    gone,
    results_of,
    run,
    server_file,
    until,
)

from autograder.cli import main

DIES = SERVERS / "trouble" / "dies_at_import.py"


# -- exit codes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("check", "threading", REFERENCE), 0),
        (("check", "lesson_01", SERVERS / "right" / "english.py"), 1),
        (("check", "threading", DIES), 1),
        (("check", "threading", "nothing.py"), 2),
        (("new", "nothing"), 2),
        (("--version",), 0),
        (("--help",), 0),
        (("check", "--help"), 0),
        ((), 2),
    ],
    ids=lambda value: " ".join(map(str, value))[-30:] if isinstance(value, tuple) else str(value),
)
def test_exit_codes(tmp_path, words, code):
    assert run(*words, cwd=tmp_path).returncode == code


def test_the_same_from_python(capsys):
    assert main(["check", "threading", "nothing.py", "--lang", "en"]) == 2
    assert capsys.readouterr().err.startswith("There is no file nothing.py")


# -- bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.py", b""),
        ("latin.py", b"# caf\xe9\n"),
        ("notes.txt", b"print(1)\n"),
        ("strange.py", b"# coding: undefined\n"),
    ],
)
def test_bad_input_is_one_sentence_in_either_language(tmp_path, name, content, as_json):
    (tmp_path / name).write_bytes(content)
    said = set()
    for language in ("en", "id"):
        words = ["check", "threading", name, "--lang", language, *(["--json"] * as_json)]
        done = run(*words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1 and name in done.stderr
        assert "Traceback" not in done.stderr
        said.add(done.stderr)
    assert len(said) == 2
    assert os.listdir(tmp_path) == [name]


def test_a_file_that_may_not_be_read(tmp_path):
    """Root may read everything: then the command runs as somebody else."""
    path = server_file(tmp_path, "print(1)\n")
    path.chmod(0)
    tmp_path.chmod(0o755)
    program = (
        "import os, sys\n"
        "import shutil\n"  # of argparse; while the library may be read
        "from autograder import checking, submission\n"
        "from autograder.cli import main\n"
        "os.chdir(sys.argv.pop())\n"
        "if os.geteuid() == 0:\n"
        "    os.setgroups([]), os.setgid(65534), os.setuid(65534)\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "check", "threading", "server.py", tmp_path],
        env=environment(), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "server.py may not be read: you lack the permission.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "lists", "a.py", "b.py"), "One server at a time, please: 'a.py' or 'b.py'?"),
        (("check", "a/server.py", "b/server.py"), "One server at a time"),
        (("check", "lists", "all"), "Which server?"),
        (("check", "lists", "lesson_01"), "Which server?"),
        (("check", "lists"), "cannot be read"),
        (("check", "list\x1b[2J", "server.py"), "There is no challenge"),
        (("check", "lists", "server.py", "--seed", "x"), "cannot be read"),
        (("check", "lists", "server.py", "--lang", "fr"), "cannot be read"),
        (("check", "lists", "server.py", "--nothing"), "cannot be read"),
        (("watch", "lists", "nothing.py"), "There is no file"),
    ],
)
def test_wrong_words_are_one_sentence(tmp_path, words, said):
    done = run(*words, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "--seed", "3", "threading", "broadcast", DIES),
        ("threading", "--json", "broadcast", "--seed", "3", DIES),
        ("threading", "broadcast", "--seed", "3", DIES, "--json"),
    ],
)
def test_options_may_stand_anywhere(words):
    document = json.loads(run("check", *words).stdout)

    assert [challenge["name"] for challenge in document["challenges"]] == ["threading", "broadcast"]
    assert (document["seed"], Path(document["server"]).name) == (3, DIES.name)


def test_a_server_may_be_called_like_a_challenge(tmp_path):
    (tmp_path / "lists.py").write_text("print(1)\n")

    assert run("check", "threading", "lists.py", cwd=tmp_path).returncode == 1


# -- what is printed ------------------------------------------------------------------------

TEST_FIELDS = {
    "id", "title", "outcome", "points", "max_points", "message", "tried", "expected", "got",
    "recipe", "diagram", "output", "misconception", "hints", "skipped_because", "seconds",
}  # fmt: skip


@pytest.mark.parametrize("server", [REFERENCE, DIES], ids=["right", "wrong"])
def test_one_json_document_and_nothing_else(server):
    done = run("check", "threading", "broadcast", server, "--json", "--lang", "id", "--seed", "3")
    document = json.loads(done.stdout)

    assert done.stderr == ""
    assert document["schema"] == 1
    assert document["server"] == str(server)
    assert document["language"] == "id"
    assert document["seed"] == 3
    assert document["isolation"] in ("bubblewrap", "process")
    assert document["idle_oracle"] is True
    assert document["seconds"] > 0
    assert document["max_points"] == 10
    assert document["points"] == (10 if server == REFERENCE else 0)
    assert [each["name"] for each in document["challenges"]] == ["threading", "broadcast"]
    for challenge in document["challenges"]:
        assert set(challenge) >= {"name", "points", "max_points", "tests"}
        assert challenge["max_points"] == sum(test["max_points"] for test in challenge["tests"])
    for test in results_of(document):
        assert set(test) == TEST_FIELDS
        assert test["outcome"] in ("passed", "failed", "skipped")
        assert (test["outcome"] == "skipped") == (test["skipped_because"] is not None)


def test_what_a_server_prints_does_not_reach_the_document(tmp_path):
    path = server_file(
        tmp_path, "print('{\"points\": 100}')\nimport os\nos.write(2, b'x')\n1 / 0\n"
    )
    done = run("check", "threading", path, "--json")

    assert json.loads(done.stdout)["points"] == 0
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("language", "environment_says", "words"),
    [
        ("--lang=id", "en_US.UTF-8", "dari 5 poin"),
        ("--lang=en", "id_ID.UTF-8", "of 5 points"),
        (None, "id_ID.UTF-8", "dari 5 poin"),
        (None, "en_US.UTF-8", "of 5 points"),
        (None, "fr_FR.UTF-8", "of 5 points"),
        (None, "C", "of 5 points"),
    ],
)
def test_the_language(language, environment_says, words):
    env = environment(LC_ALL=environment_says)
    done = run("check", "threading", DIES, *([language] if language else []), env=env)

    assert words in done.stdout


def test_the_same_seed_draws_the_same_names():
    said = []
    for seed in ("7", "7", "8"):
        document = check("threading", SERVERS / "trouble" / "answers_nothing.py", "--seed", seed)
        (failed,) = [test for test in results_of(document) if test["outcome"] == "failed"]
        said.append((failed["tried"], failed["recipe"]))

    assert said[0] == said[1] != said[2]


def test_the_report_names_the_seed_and_what_was_in_force():
    done = run("check", "threading", DIES, "--seed", "4711", env=environment("sandbox,proc"))

    assert "--seed 4711" in done.stdout
    assert "isolation: process" in done.stdout and "idle oracle: off" in done.stdout


def test_verbose_tells_more():
    words = ("check", "lists", SERVERS / "seed.py", "--seed", "1", "--lang", "en")
    short, long = run(*words), run(*words, "--verbose")

    assert "verything in full: --verbose" in short.stdout
    assert long.stdout.count("To see it yourself") > short.stdout.count("To see it yourself")


def test_a_page_beside_the_report(tmp_path):
    done = run("check", "threading", DIES, "--html", "report.html", "--json", cwd=tmp_path)

    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert "ZeroDivisionError" in page
    assert json.loads(done.stdout)["points"] == 0


def test_a_page_that_cannot_be_written(tmp_path):
    done = run("check", "threading", DIES, "--html", "no/such/folder.html", cwd=tmp_path)

    assert done.returncode == 2
    assert "cannot be written to 'no/such/folder.html'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_traceback():
    """As in `autograder check … | head -1`."""
    with subprocess.Popen(
        command("check", "threading", DIES),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(PYTHONUNBUFFERED="1"),
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
        assert process.wait(300) == 3


def test_a_narrow_terminal_and_one_without_colours(tmp_path):
    env = environment(COLUMNS="50")
    done = run("check", "threading", DIES, env=env)

    assert max(map(len, done.stdout.splitlines())) <= 50
    assert "\x1b" not in done.stdout


# -- failures of the grader -----------------------------------------------------------------


def test_an_error_before_any_test_is_written_to_a_file_that_is_named(tmp_path):
    program = (
        "import sys\n"
        "from autograder import checking, cli\n"
        "def fail(*_words, **_more): raise RuntimeError('the grader is broken')\n"
        "checking.run_check = fail\n"
        "sys.exit(cli.main(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "check", "threading", REFERENCE, "--lang", "en"],
        env=environment(TMPDIR=str(tmp_path)), capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (3, "")
    assert "not your server's fault" in done.stderr
    (file,) = tmp_path.glob("autograder-error-*.txt")
    assert str(file) in done.stderr
    assert "RuntimeError: the grader is broken" in file.read_text(encoding="utf-8")
    assert "Traceback" not in done.stderr


# -- progress, on a terminal ----------------------------------------------------------------


@contextlib.contextmanager
def terminal(*words, cwd=None, **more):
    """Run the command on a terminal of 80 columns."""
    name, *arguments = command(*words)
    child = pexpect.spawn(
        name, arguments, cwd=cwd, env=environment(**more), encoding="utf-8", timeout=300,
        dimensions=(30, 80),
    )  # fmt: skip
    try:
        yield child
    finally:
        child.close(force=True)


def test_progress_is_shown_while_it_runs():
    with terminal("check", "threading", REFERENCE, "--lang", "en") as child:
        child.expect(r"\[1/7\] test_two_clients_talk")
        child.expect(r"\[7/7\] ")
        child.expect(r"5 of 5 points")
        child.expect(pexpect.EOF)
    assert child.exitstatus == 0


def test_with_json_there_is_no_progress():
    with terminal("check", "threading", DIES, "--json") as child:
        child.expect(pexpect.EOF)
        text = child.before
    assert "[1/7]" not in text and "\x1b" not in text
    assert json.loads(text)["points"] == 0


def test_colours_only_where_they_are_wanted():
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with terminal("check", "threading", DIES, "--lang", "en", **variables) as child:
            child.expect("threading")
            child.expect(pexpect.EOF)
            report = child.before
        assert bool(re.search(r"\x1b\[[0-9;]*m", report)) is coloured


def test_ctrl_c_ends_a_check_in_one_sentence(tmp_path):
    source = "import time\nwhile True:\n    time.sleep(0.9)\n"
    with terminal("check", "threading", server_file(tmp_path, source), "--lang", "en") as child:
        child.expect(r"\[1/7\]")
        everybody = family(child.pid)
        child.sendintr()
        child.expect("Stopped.")
        child.expect(pexpect.EOF)
        assert "Traceback" not in child.before
    assert child.exitstatus == 130
    until(lambda: all(map(gone, everybody)), "all are gone")


# -- watching -------------------------------------------------------------------------------


def test_watching_checks_again_at_each_save(tmp_path):
    """However the editor saves: over the file, or by a new file that takes its name."""
    path = server_file(tmp_path, "1 / 0\n")
    with terminal("watch", "threading", "server.py", "--lang", "en", cwd=tmp_path) as child:
        child.expect("line 1: ZeroDivisionError")
        child.expect("Waiting for server.py to be saved again; Ctrl-C ends it.")

        save_until(child, path, "x = 1 +\n", "line 1: SyntaxError", in_place=True)
        child.expect("Waiting for server.py")
        save_until(child, path, "", "is empty", in_place=False)
        save_until(
            child, path, REFERENCE.read_text(encoding="utf-8"), "5 of 5 points", in_place=False
        )
        child.expect("Waiting for server.py")
        (tmp_path / "other.py").write_text("x")
        everybody = family(child.pid)
        child.sendintr()
        child.expect(pexpect.EOF)
        assert "Traceback" not in child.before
    assert child.exitstatus in (0, 130)
    until(lambda: all(map(gone, everybody)), "all are gone")


def save_until(child, path, text, wanted, *, in_place):
    """Save a file until it is noticed: the watching begins a moment after the report."""
    for _time in range(30):
        if in_place:
            path.write_text(text, encoding="utf-8")
        else:
            new = path.with_suffix(".new")
            new.write_text(text, encoding="utf-8")
            new.replace(path)
        if child.expect([re.escape(wanted), pexpect.TIMEOUT], timeout=10) == 0:
            return
    raise AssertionError(f"never: {wanted}")


def test_watching_ends_with_the_process(tmp_path):
    path = server_file(tmp_path, "1 / 0\n")
    with subprocess.Popen(
        command("watch", "threading", path, "--lang", "en"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        assert process.stdout is not None
        while "Waiting" not in process.stdout.readline():
            pass
        everybody = family(process.pid)
        process.send_signal(signal.SIGKILL)
    until(lambda: all(map(gone, everybody)), "all are gone")


# -- new copies, and the doctor -------------------------------------------------------------


def test_a_new_copy_runs_and_fails_its_own_check(tmp_path):
    for language in ("en", "id"):
        done = run("new", "modul_contoh", language, "--lang", language, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert language in done.stdout
        copied = {path.name for path in (tmp_path / language).rglob("*")}
        assert "server.py" in copied and "__pycache__" not in copied
        document = check("threading", "broadcast", tmp_path / language / "server.py")
        assert document["points"] < document["max_points"]


def test_a_copy_overwrites_nothing(tmp_path):
    (tmp_path / "modul_contoh").mkdir()
    mine = tmp_path / "modul_contoh" / "server.py"
    mine.write_text("mine")
    done = run("new", "modul_contoh", cwd=tmp_path)

    assert done.returncode == 2
    assert "stays as it is" in done.stderr and done.stderr.count("\n") == 1
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new", "modul"), "Did you mean “modul_contoh”?"),
        (("new", "zzz"), "There are: "),
        (("new", "../id/modul_contoh"), "There is no exercise"),
        (("new", "modul_contoh", "/proc/no/such"), "cannot be written"),
    ],
)
def test_a_copy_that_cannot_be_made(tmp_path, words, said):
    done = run(*words, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_the_doctor_names_each_part():
    done = run("doctor", "--lang", "en")

    assert done.returncode == 0
    for word in (
        "Python",
        "Sandbox",
        "Memory",
        "Idle oracle",
        "Fork",
        "Trial",
        "ort 5005",
        "Terminal",
        "Font",
    ):
        assert word in done.stdout
    assert "✗" not in done.stdout


def test_the_doctor_says_what_is_missing():
    done = run("doctor", "--lang", "en", env=environment("sandbox,proc,fork"))

    assert done.returncode == 0, "less than the best is not broken"
    assert "Sandbox: none (AUTOGRADER_WITHOUT switches it off)" in done.stdout
    assert "Idle oracle: none here" in done.stdout and "Fork: not here" in done.stdout
    assert done.stdout.count("– ") >= 3


def test_the_doctor_speaks_indonesian():
    done = run("doctor", "--lang", "id")

    assert done.returncode == 0
    assert "Sandbox" in done.stdout and "Trial:" not in done.stdout


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "--version"],
        cwd=PROJECT, env=environment(), capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert re.fullmatch(r"autograder \d+\.\d+\.\d+\n", done.stdout)
