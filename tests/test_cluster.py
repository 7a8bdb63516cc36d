"""Grading on a cluster: a real scheduler, real workers, some of which do not live long."""

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import psutil
import pytest
from classes import DEAD, MUTE, RIGHT, by_name, graded, grading, handed_in
from distributed import Client
from helpers import PROJECT, command_of, environment, family, gone, run, until

from autograder import cluster as module
from autograder.batch import UnfitWorker, WorkersLost, run_all
from autograder.cluster import (
    ClusterError,
    ClusterExecutor,
    Machine,
    Needs,
    connected,
    machine,
)
from autograder.grade_command import Work, grade
from autograder.grading import Settings
from autograder.i18n import use_language
from autograder.store import Store

SETTINGS = Settings(("threading",), "en", seed=7)


class Cluster:
    """A scheduler and its workers, each a process of `dask`."""

    def __init__(self, folder, **settings):
        self.folder, self.processes = folder, []
        # what a job is made of here is found there, too
        path = os.pathsep.join([str(PROJECT), str(PROJECT / "tests")])
        self.environment = environment(PYTHONPATH=path, **settings)
        told = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", told)
        self.address = until(lambda: address_in(told), "the scheduler listens")

    def add_worker(self, *words, **settings):
        """Start one more worker with one thread, and return its process."""
        folder = self.folder / f"worker-{len(self.processes)}"
        words = (self.address, "--nthreads", "1", "--local-directory", folder, *words)
        return self._start("worker", *words, **settings)

    def _start(self, *words, **settings):
        words = (sys.executable, "-m", "dask", *words, "--host", "127.0.0.1", "--no-dashboard")
        with open(self.folder / f"{len(self.processes)}.log", "wb") as log:
            process = subprocess.Popen(
                list(map(str, words)),
                cwd=self.folder,
                env=self.environment | settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def close(self):
        """End everybody."""
        everybody = [each for process in self.processes for each in family(process.pid)]
        for process in reversed(everybody):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for process in self.processes:
            process.wait()


def address_in(path):
    with contextlib.suppress(OSError, ValueError):
        return json.loads(path.read_text())["address"]


@pytest.fixture(autouse=True)
def _english():
    use_language("en")


@pytest.fixture(scope="module")
def steady(tmp_path_factory):
    """A cluster with one worker that stays."""
    made = Cluster(tmp_path_factory.mktemp("steady"))
    try:
        made.add_worker("--no-nanny")
        with Client(made.address, set_as_default=False) as client:
            client.wait_for_workers(1)
            made.client = client
            yield made
    finally:
        made.close()


def joined(cluster, *words, **settings):
    """Return the process of a new worker that has joined."""
    before = len(cluster.client.nthreads())
    worker = cluster.add_worker(*words, **settings)
    cluster.client.wait_for_workers(before + 1)
    return worker


def end(cluster, worker):
    """Kill a worker and see that the scheduler has noticed."""
    before = len(cluster.client.nthreads())
    worker.kill()
    worker.wait()
    until(lambda: len(cluster.client.nthreads()) < before, "the scheduler has noticed")


def several(folder):
    """Return a class of sixteen: every fourth is right, the others wrong, and all differ."""
    sources = (RIGHT, DEAD, MUTE, DEAD)
    return handed_in(folder, **{f"s{n:02}": f"{sources[n % 4]}# {n}\n" for n in range(16)})


def essence(document, output):
    """Return what of each result is the same in every run with the same seed, by name."""
    found = {}
    for name, one in by_name(document).items():
        result = json.loads((output / one["result"]).read_text(encoding="utf-8"))
        tests = [
            (test["id"], test["outcome"], test["points"], test["message"], test["misconception"])
            for challenge in result["challenges"]
            for test in challenge["tests"]
        ]
        level = result["isolation"]
        found[name] = (one["state"], one["points"], one["result"], level, result["seed"], tests)
    return found


# -- the same as here ------------------------------------------------------------------------------


def test_a_worker_is_killed_in_the_middle_and_every_result_is_right_and_there_once(
    steady, tmp_path, monkeypatch
):
    folder, local, far = several(tmp_path / "class"), tmp_path / "local", tmp_path / "far"
    here = graded(folder, "--challenge", "threading", "--seed", "7", "--output", local)
    victim = joined(steady, "--no-nanny")
    written, killed = [], []
    write = Store.write

    def kill_in_the_middle(store, key, result):
        write(store, key, result)
        written.append(key)
        if len(written) == 2:
            killed.extend(until(lambda: killed_in_the_middle(victim), "it checks a server"))

    monkeypatch.setattr(Store, "write", kill_in_the_middle)
    with connected(steady.address, SETTINGS) as (executor, workers):
        document, _told = grade([str(folder)], far, SETTINGS, Work(workers, executor))

    assert essence(document, far) == essence(here, local)
    assert len(written) == len(set(written)) == 16
    assert [one["points"] for one in document["submissions"]].count(5) == 4
    victim.wait()
    until(lambda: all(map(gone, killed)), "what the worker had started has ended with it")


def killed_in_the_middle(worker):
    """Kill a worker and return its family, if it is checking a server just now, else []."""
    process = psutil.Process(worker.pid)
    process.suspend()
    everybody = family(worker.pid)
    if any("launcher" in command_of(each) for each in everybody):
        process.kill()
        return everybody
    process.resume()
    return []


def test_what_is_done_is_not_sent_again(steady, tmp_path):
    handed_in(tmp_path / "class", siti=DEAD, budi=MUTE)
    words = (tmp_path / "class", "--challenge", "threading", "--output", tmp_path / "out")
    there = ("--cluster", steady.address)

    first = graded(*words, *there, code=1)
    assert graded(*words, code=1) == first, "nor graded here, after it was graded there"
    again = run("grade", *words, *there, "--lang", "en")
    assert again.stdout.startswith("2 submissions graded, 2 results of earlier runs among them.")
    assert again.stderr == ""


def test_interrupted_it_takes_back_what_waits(steady, tmp_path):
    folder = handed_in(tmp_path, **{f"s{n:02}": f"{RIGHT}# {n}\n" for n in range(40)})
    words = (folder, "--output", tmp_path / "out", "--cluster", steady.address)
    process = grading(*words)
    with process:
        until(lambda: (tmp_path / "out" / "results").exists(), "the first result")
        assert tasks_of(steady)
        process.send_signal(signal.SIGINT)
        _out, error = process.communicate(timeout=60)

    assert process.returncode == 130 and error == "Stopped.\n"
    until(lambda: not tasks_of(steady), "nothing is left to do")


def tasks_of(cluster):
    return cluster.client.run_on_scheduler(number_of_tasks)


def number_of_tasks(dask_scheduler):
    return len(dask_scheduler.tasks)


# -- workers that end ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frail(tmp_path_factory):
    """A cluster that takes a job for a bad one as soon as a worker has died of it.

    Its worker has a nanny, which starts it again.
    """
    never = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    made = Cluster(tmp_path_factory.mktemp("frail"), **never)
    try:
        yield made
    finally:
        made.close()


def test_no_workers_is_said_in_one_sentence(frail, monkeypatch):
    monkeypatch.setattr(module, "WORKERS_SECONDS", 0.5)
    with pytest.raises(ClusterError, match=r"has no workers: start some with `dask worker`\.$"):
        connected(frail.address, SETTINGS).__enter__()


def test_a_worker_with_a_nanny_and_several_threads_gives_the_same_results(frail, tmp_path):
    frail.add_worker("--nthreads", "3")
    folder = handed_in(tmp_path / "class", **{f"s{n}": f"{RIGHT}# {n}\n" for n in range(6)})
    words = (folder, "--challenge", "threading", "--output", tmp_path / "out")
    document = graded(*words, "--cluster", frail.address, code=0)

    assert [one["points"] for one in document["submissions"]] == [5] * 6


def double_or_die(number):
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def wait_for_ever(_number):
    threading.Event().wait()


def test_a_job_that_ends_its_workers_is_told_of_and_harms_no_other(frail):
    with connected(frail.address, SETTINGS) as (executor, workers):
        jobs = run_all(double_or_die, range(6), workers=workers, executor=executor)
        found = dict(jobs)

    assert [found[number].value for number in range(6)] == [0, 2, None, 6, 8, 10]
    assert type(found[2].error).__name__ == "BrokenExecutor"


def test_when_the_scheduler_is_lost_it_ends(frail):
    with connected(frail.address, SETTINGS) as (executor, workers):
        jobs = run_all(wait_for_ever, range(3), workers=workers, executor=executor)
        threading.Thread(target=frail.scheduler.kill).start()
        with pytest.raises(WorkersLost):
            list(jobs)


# -- workers that will not do ----------------------------------------------------------------------


def test_a_worker_without_a_sandbox_is_told_of_before_anything_is_run(steady, tmp_path):
    handed_in(tmp_path / "class", siti=DEAD)
    words = ("grade", tmp_path / "class", "--output", tmp_path / "out", "--lang", "en")
    worker = joined(steady, "--no-nanny", AUTOGRADER_WITHOUT="sandbox")
    try:
        done = run(*words, "--cluster", steady.address)
    finally:
        end(steady, worker)

    assert done.returncode == 2 and not (tmp_path / "out").exists()
    assert "The worker tcp://127.0.0.1:" in done.stderr and "has no sandbox" in done.stderr
    assert "--no-sandbox" in done.stderr and done.stderr.count("\n") == 1


def test_a_worker_without_this_package_is_told_of(steady, tmp_path):
    (tmp_path / "autograder.py").write_text("")
    path = os.pathsep.join([str(tmp_path), str(PROJECT / "tests")])
    worker = joined(steady, "--no-nanny", PYTHONPATH=path)
    try:
        with pytest.raises(ClusterError, match=r"cannot do this work \(ModuleNotFoundError"):
            connected(steady.address, SETTINGS).__enter__()
    finally:
        end(steady, worker)


def test_an_unfit_worker_that_joins_later_does_nothing_and_stops_the_run(steady):
    versions = machine(False).versions
    for needs, said in (
        (Needs(versions | {"autograder": "other"}, "process", False), "another version of auto"),
        (Needs(versions, "bubblewrap", False), "has no sandbox"),
    ):
        executor = ClusterExecutor(steady.client, needs)
        with pytest.raises(UnfitWorker, match=said):
            list(run_all(wait_for_ever, range(3), workers=1, executor=executor))


def test_what_a_worker_must_be_like():
    here = machine(True)
    needs = Needs(here.versions, "bubblewrap", True)
    address = "tcp://10.0.0.1:4"

    assert needs.complaint(address, here) == ""
    old = dataclasses.replace(here, versions=here.versions | {"Python": "3.10\x1b[2J"})
    said = needs.complaint(address, old)
    assert "\x1b" not in said and f"3.10\\x1b[2J, not {here.versions['Python']}" in said
    assert "has no sandbox (why)" in needs.complaint(
        address, Machine(here.versions, "process", "why")
    )
    assert "of autograder (?, not" in needs.complaint(
        address,
        dataclasses.replace(
            here, versions={k: v for k, v in here.versions.items() if k != "autograder"}
        ),
    )


# -- no cluster ------------------------------------------------------------------------------------


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(ClusterError, match="run python -m pip install distributed, and try again"):
        connected("tcp://127.0.0.1:1", SETTINGS).__enter__()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:8786",
        "tcp://",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:x",
        "tcp://[::1:8",
        "x\x1b[2J",
    ],
)
def test_what_is_no_address_is_said_in_one_sentence(address):
    with pytest.raises(ClusterError, match="is no address of a scheduler") as caught:
        connected(address, SETTINGS).__enter__()
    assert "\x1b" not in str(caught.value)


def test_a_scheduler_that_is_not_there_is_said_in_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # it does not listen
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        handed_in(tmp_path / "class", siti=DEAD)
        done = run("grade", tmp_path / "class", "--cluster", address, cwd=tmp_path)

    assert done.returncode == 2 and os.listdir(tmp_path) == ["class"]
    assert f"The scheduler at {address} cannot be reached (Connection refused)" in done.stderr
    assert done.stderr.count("\n") == 1


def test_somebody_who_is_no_scheduler_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(ClusterError, match=r"cannot be reached \(no answer\)"):
            connected(address, SETTINGS).__enter__()


def test_a_course_and_processes_of_this_machine_are_something_else():
    course = run("grade", "--course", "--assignment", "pm", "--cluster", "tcp://h:1")
    assert course.returncode == 2 and "leave --cluster out" in course.stderr
    both = run("grade", ".", "--workers", "2", "--cluster", "tcp://h:1")
    assert both.returncode == 2 and "not allowed with argument" in both.stderr
