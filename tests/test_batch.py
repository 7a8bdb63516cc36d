"""Many jobs side by side: each result once, whatever happens to those who do the work."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
import weakref
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor

import pexpect
import psutil
import pyte
import pytest
from helpers import command_of, environment, family, gone, until

from autograder.batch import (
    AHEAD,
    WorkersLost,
    processes_ahead,
    progress,
    run_all,
    tidily,
)
from autograder.i18n import use_language


def double(number):
    return 2 * number, os.getpid()


def fail(number):
    if number == 2:
        raise ValueError("two is bad")
    return number


def die(job):
    """End this worker at the job's first try, or at each try of it."""
    number, marks = job
    mark = os.path.join(marks, f"{number}")
    tries = len(os.listdir(marks))
    if number in (2, 3) and (number == 3 or not os.path.exists(mark)):
        with open(f"{mark}" if number == 2 else f"{mark}-{tries}", "w"):
            pass
        os._exit(9)
    return number


def end_or_wait(number):
    if number:
        signal.pause()


def test_every_job_is_done_once_by_as_many_processes_as_asked_for():
    found = list(run_all(double, range(20), workers=2))

    assert sorted((job, outcome.value[0]) for job, outcome in found) == [
        (number, 2 * number) for number in range(20)
    ]
    workers = {outcome.value[1] for _job, outcome in found}
    assert len(workers) == 2 and os.getpid() not in workers
    assert not any(map(psutil.pid_exists, workers))


def test_no_jobs_are_done_at_once():
    assert list(run_all(double, [], workers=1)) == []


def test_jobs_are_taken_as_they_are_begun():
    """A hundred thousand submissions are never in memory together."""
    taken = 0

    def jobs():
        nonlocal taken
        while taken < 50:
            taken += 1
            yield taken

    most = 0
    for count, _each in enumerate(run_all(double, jobs(), workers=2)):
        most = max(most, taken - count)

    assert taken == 50 and most <= 3  # two being done, and the one that is yielded


def test_what_the_function_raises_is_told_and_harms_no_other():
    found = dict(run_all(fail, range(5), workers=2))

    assert [found[number].value for number in range(5)] == [0, 1, None, 3, 4]
    assert isinstance(found[2].error, ValueError) and found[0].error is None
    assert "two is bad" in str(found[2].error)


def test_a_worker_that_dies_is_replaced_and_its_job_tried_once_more(tmp_path):
    jobs = [(number, str(tmp_path)) for number in range(6)]
    found = {job[0]: outcome for job, outcome in run_all(die, jobs, workers=2)}

    assert {number for number, outcome in found.items() if outcome.error} == {3}
    assert isinstance(found[3].error, BrokenExecutor)
    assert [found[number].value for number in (0, 1, 2, 4, 5)] == [0, 1, 2, 4, 5]
    assert sum(name.startswith("3") for name in os.listdir(tmp_path)) == 2


def test_a_worker_that_dies_between_two_jobs_is_replaced():
    done = []
    for job, outcome in run_all(double, range(4), workers=1):
        done.append((job, outcome.value[0]))
        for worker in family(outcome.value[1]):  # it may have begun the next one, or even be done
            with contextlib.suppress(psutil.NoSuchProcess):  # killed at the job before, gone by now
                worker.kill()
            until(lambda worker=worker: gone(worker), "the worker has ended")

    assert done == [(0, 0), (1, 2), (2, 4), (3, 6)]


def remember():
    os.environ["READY"] = "yes"


def recall(_number):
    return os.environ.get("READY"), os.getpid()


def test_processes_that_began_ahead_are_ready_and_end_when_nobody_needs_them(capfd):
    before = set(family(os.getpid()))
    with processes_ahead(2, remember) as processes:
        until(lambda: len(set(family(os.getpid())) - before) >= 2, "the processes to begin")
        done = list(run_all(recall, range(6), workers=2, processes=processes))
        assert {outcome.value[0] for _job, outcome in done} == {"yes"}
        workers = {outcome.value[1] for _job, outcome in done}
    assert not any(map(psutil.pid_exists, workers))
    with processes_ahead(2, remember):
        pass
    # Python's own process that clears up after all of them stays
    until(lambda: len(set(family(os.getpid())) - before) <= 1, "the processes to end")
    assert capfd.readouterr().err == ""


def test_a_process_that_cannot_get_ready_is_replaced(tmp_path):
    with processes_ahead(1, end_at_once) as processes:
        done = list(run_all(recall, [1], workers=1, processes=processes))
    assert done[0][1].value[0] is None


def end_at_once():
    os._exit(9)


def test_closing_the_iterator_ends_workers_that_are_busy():
    before = set(family(os.getpid()))
    found = run_all(end_or_wait, range(3), workers=2)
    assert next(found)[0] == 0
    workers = set(family(os.getpid())) - before
    assert len(workers) >= 2
    found.close()

    assert not [worker for worker in workers if is_worker(worker)]


def is_worker(process):
    """Tell whether a process is one that works, and not what multiprocessing keeps beside them."""
    return "spawn_main" in command_of(process)


def test_ended_by_kill_it_leaves_no_process_of_its_own_nor_of_a_server(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            from autograder.batch import run_all
            from autograder.checking import run_check
            from autograder.submission import Submission

            def check(number):
                # it works without end, and its check takes long
                source = b"while True: pass"
                server = Submission("server.py", "server.py", {"server.py": source})
                return run_check(["threading"], server).points

            if __name__ == "__main__":
                list(run_all(check, range(2), workers=2))
            """
        )
    )
    main = subprocess.Popen([sys.executable, program], env=environment())

    def servers():
        found = family(main.pid)
        with contextlib.suppress(psutil.NoSuchProcess):
            return found if sum("launcher" in command_of(p) for p in found) >= 4 else None

    try:
        everybody = until(servers, "two servers run")
    finally:
        main.kill()
        main.wait()
    until(lambda: all(map(gone, everybody)), "nobody is left")


# -- executors of others --------------------------------------------------------------------------


def test_another_executor_is_given_enough_to_do_and_no_more():
    taken = 0

    def jobs():
        nonlocal taken
        while taken < 100:
            taken += 1
            yield taken

    with ThreadPoolExecutor(2) as pool:
        most = 0
        for count, _each in enumerate(run_all(fail, jobs(), workers=2, executor=pool)):
            most = max(most, taken - count)
        assert pool.submit(fail, 1).result() == 1, "it still works"

    assert taken == 100 and 2 < most <= 2 * AHEAD + 1


def test_an_executor_that_takes_no_more_jobs_is_told_of():
    pool = ThreadPoolExecutor(1)
    found = run_all(fail, range(100), workers=1, executor=pool)
    next(found)
    pool.shutdown(cancel_futures=True)

    with pytest.raises(WorkersLost):
        list(found)


# -- for a person who waits -----------------------------------------------------------------------

SHOWING = """
from autograder.batch import progress
with progress(4, "Grading [b]pm[/b]") as advance:
    advance()
    advance(failed=True)
    advance()
    input()
    advance()
"""


def test_on_a_terminal_one_sees_how_far_it_is():
    screen = pyte.Screen(90, 10)
    stream = pyte.ByteStream(screen)
    child = pexpect.spawn(
        sys.executable,
        ["-c", SHOWING],
        env=environment(TERM="xterm"),
        dimensions=(10, 90),
        timeout=60,
    )

    def shown():
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            stream.feed(child.read_nonblocking(4096, timeout=0.05))
        return "\n".join(screen.display)

    text = until(lambda: "3/4" in shown() and "\n".join(screen.display), "three of four")
    assert "Grading [b]pm[/b]" in text and "1 failed" in text and "left:" in text
    child.sendline()
    until(lambda: "4/4" in shown(), "all four")
    child.wait()


def test_where_there_is_no_terminal_nothing_is_shown(capfd):
    use_language("en")
    with progress(2, "Grading") as advance:
        advance()

    assert capfd.readouterr() == ("", "")


class Knot:
    """One of two that know each other."""


def leave(found):
    """Leave two objects that know each other."""
    one, other = Knot(), Knot()
    one.other, other.other = other, one
    found.append(weakref.ref(one))
    return len(found)


@pytest.fixture
def no_garbage_collection():
    """Without it, what is gone went because nobody knew it any more, or because it was looked for.

    Python would come to it some time.
    """
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.usefixtures("no_garbage_collection")
def test_nothing_that_a_job_leaves_behind_stays():
    found = []
    for number in range(1, 4):
        assert tidily(leave, found) == number
        assert [left() for left in found] == [None] * number


@pytest.mark.usefixtures("no_garbage_collection")
def test_a_result_goes_when_nobody_needs_it_any_more():
    found = []
    with ThreadPoolExecutor(1) as executor:
        for _job, outcome in run_all(lambda _job: Knot(), range(5), workers=1, executor=executor):
            found.append(weakref.ref(outcome.value))
            del outcome
    assert len(found) == 5
    assert [left() for left in found] == [None] * 5
