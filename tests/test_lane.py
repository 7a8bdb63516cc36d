"""A copy of the process that works beside it: its result, its end, and that nothing stays."""

import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest
from helpers import PROJECT, REFERENCE, SERVERS, environment, gone, submission, until

from autograder.checking import resolve, run_check
from autograder.lane import Lane, LaneLost, Tasks
from autograder.submission import read_server

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX")


def nothing():
    """Let go of nothing."""


def test_what_the_copy_lets_go_of_is_closed_before_this_process_goes_on():
    for _time in range(50):
        ours, theirs = socket.socketpair()
        lane = Lane(ours.close, lambda _link: signal.pause())
        theirs.settimeout(0)
        ours.close()
        assert theirs.recv(1) == b"", "nobody else holds it"
        theirs.close()
        lane.close()


def test_the_result_comes_back_and_messages_go_both_ways():
    def work(link):
        for number in range(300):
            link.send(number, b"x")
        while not (heard := link.receive()):
            pass
        return {"pid": os.getpid(), "much": "x" * 1_000_000, "heard": heard}

    lane = Lane(nothing, work)
    try:
        lane.link.send(7, b"y")
        messages = []
        while more := lane.link.wait():
            messages += more
        result = lane.result()
    finally:
        lane.close()
    assert messages == [(number, b"x") for number in range(300)]
    assert result["heard"] == [(7, b"y")]
    assert result["pid"] != os.getpid() and len(result["much"]) == 1_000_000


def test_nobody_hears_a_message_and_nothing_happens():
    lane = Lane(nothing, lambda link: link.close())
    try:
        assert lane.link.wait() == [] and lane.result() is None
        lane.link.send(1, b"x")
    finally:
        lane.close()


def test_each_task_is_given_out_once():
    tasks = Tasks(500)

    def take(_link):
        taken = []
        while (number := tasks.next()) is not None:
            taken.append(number)
        return taken

    lane = Lane(nothing, take)
    try:
        mine = take(None)
        others = lane.result()
    finally:
        lane.close()
        tasks.close()
    assert sorted(mine + others) == list(range(500))
    assert mine == sorted(mine) and others == sorted(others)


def test_what_it_raises_is_told():
    lane = Lane(nothing, lambda _link: 1 / 0)
    try:
        with pytest.raises(LaneLost, match="ZeroDivisionError"):
            lane.result()
    finally:
        lane.close()


def test_one_that_was_ended_is_lost():
    lane = Lane(nothing, lambda _link: signal.pause())
    os.kill(lane._pid, signal.SIGKILL)
    with pytest.raises(LaneLost, match="has ended"):
        lane.result()
    lane.close()


def test_it_leaves_nothing_open():
    before = os.listdir("/proc/self/fd") if sys.platform == "linux" else []
    lane = Lane(nothing, lambda _link: signal.pause())
    lane.close()
    lane.close()
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_it_ends_with_the_process_beside_it():
    program = (
        "import os, signal\n"
        "from autograder.lane import Lane\n"
        "lane = Lane(lambda: None, lambda link: signal.pause())\n"
        "print(lane._pid, flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment(), cwd=PROJECT
    ) as process:
        copy = psutil.Process(int(process.stdout.readline()))
        assert copy.is_running()
        process.kill()
    until(lambda: gone(copy), "the copy is gone")


SERVERS_OF_ALL_KINDS = {
    "right": REFERENCE,
    "seed": SERVERS / "seed.py",
    "dies at import": SERVERS / "trouble" / "dies_at_import.py",
    "answers nothing": SERVERS / "trouble" / "answers_nothing.py",
    "floods its log": SERVERS / "trouble" / "floods_log.py",
}


@pytest.mark.parametrize("server", SERVERS_OF_ALL_KINDS.values(), ids=SERVERS_OF_ALL_KINDS)
def test_two_lanes_give_the_same_results_as_one(server):
    challenges = resolve(["threading", "broadcast", "lists", "pm"])
    one, two = (
        run_check(challenges, read_server(server), seed=1, two_lanes=two_lanes)
        for two_lanes in (False, True)
    )
    assert one.error_file is two.error_file is None

    def told(result):
        return [
            (test.id, test.outcome, test.points, test.skipped_because)
            for challenge in result.challenges
            for test in challenge.tests
        ]

    assert told(one) == told(two)


@pytest.mark.parametrize("two_lanes", [False, True], ids=["one", "two"])
def test_progress_reaches_the_number_of_tests(two_lanes):
    seen = []
    result = run_check(
        resolve(["broadcast", "lists"]),
        submission(REFERENCE.read_text(encoding="utf-8")),
        progress=lambda number, count, _title: seen.append((number, count)),
        two_lanes=two_lanes,
    )
    count = sum(len(challenge.tests) for challenge in result.challenges)
    assert seen[-1] == (count, count)
    assert [number for number, _count in seen] == sorted(number for number, _count in seen)
