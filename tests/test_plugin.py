"""The challenges' tests can be run by hand, as any tests with pytest."""

import subprocess
import sys

import pytest
from helpers import PROJECT, REFERENCE, SERVERS, environment, family, gone, until


def by_hand(*words, cwd=None):
    """Run pytest as a person would, with the plugin, on one challenge."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "autograder.plugin", "-p", "no:cacheprovider",
         *map(str, words)],
        cwd=cwd or PROJECT, env=environment(), capture_output=True, text=True, check=False,
        timeout=600,
    )  # fmt: skip


CHALLENGE = PROJECT / "autograder" / "challenges" / "test_threading.py"


def test_a_right_server_passes():
    done = by_hand(CHALLENGE, "--server", REFERENCE, "--seed", "42")

    assert done.returncode == 0, done.stdout
    assert "7 passed" in done.stdout
    assert "chat server checks: --seed 42" in done.stdout


def test_a_wrong_server_is_told_in_words_and_not_in_frames():
    done = by_hand(CHALLENGE, "--server", SERVERS / "trouble" / "answers_nothing.py", "-rs")

    assert done.returncode == 1
    assert "1 failed, 6 skipped" in done.stdout
    assert "Expected: " in done.stdout and "Got: " in done.stdout
    assert "To see it yourself:" in done.stdout
    assert "autograder/person.py" not in done.stdout
    assert "test_two_clients_talk" in done.stdout.rpartition("SKIPPED")[2]


def test_one_test_alone(tmp_path):
    done = by_hand(
        f"{CHALLENGE}::test_half_a_message_holds_nobody_up", "--server", REFERENCE, cwd=tmp_path
    )

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_without_a_server_it_says_what_is_missing():
    done = by_hand(CHALLENGE)

    assert done.returncode != 0
    assert "--server path/to/server.py" in done.stdout


def test_a_server_that_is_not_there_is_named(tmp_path):
    done = by_hand(CHALLENGE, "--server", tmp_path / "sever.py")

    assert done.returncode != 0
    assert "There is no file" in done.stdout


def test_the_plugin_leaves_other_tests_alone(pytester: pytest.Pytester):
    pytester.makepyfile("""
        def test_one():
            pass

        def test_two():
            assert 1 == 2
    """)
    result = pytester.runpytest("-p", "autograder.plugin")
    result.assert_outcomes(passed=1, failed=1)
    assert "chat server checks" not in result.stdout.str()


def test_options_are_explained(pytester: pytest.Pytester):
    result = pytester.runpytest("-p", "autograder.plugin", "--help")
    result.stdout.fnmatch_lines(["chat server checks:", "*--server=PATH*", "*--seed=SEED*"])


def test_a_room_in_ones_own_test(pytester: pytest.Pytester):
    """The fixtures serve a person's own tests too."""
    pytester.makepyfile("""
        import re

        def test_mine(room, cast, open_room):
            alice, bob = room.join(*cast.names(2))
            text = cast.text()
            alice.say(text)
            bob.sees(alice, text)
            with open_room() as another:
                assert another.join("Dini").heard()
    """)
    done = by_hand(pytester.path, "--server", REFERENCE, cwd=pytester.path)

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_nothing_stays_of_a_run_by_hand():
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "autograder.plugin", "-p", "no:cacheprovider", "-q",
         str(CHALLENGE), "--server", str(REFERENCE)],
        cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        everybody = until(lambda: family(process.pid)[1:], "its launcher")
        out, _err = process.communicate(timeout=600)
    assert process.returncode == 0, out
    until(lambda: all(map(gone, everybody)), "all are gone")
