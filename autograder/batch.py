"""Run one function on many jobs side by side, and show how far that is.

The work goes to a `concurrent.futures.Executor`: processes of this machine, or any other that is
given, such as a cluster's.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

from autograder.i18n import _
from autograder.lane import cores

Job = TypeVar("Job")
Value = TypeVar("Value")

AHEAD = 2  # jobs at a time for each worker of an executor that keeps a queue of its own


class WorkersLost(Exception):
    """Nobody is left to do the work: the executor takes no more jobs."""


class UnfitWorker(WorkersLost):
    """A worker cannot do what is asked for; the text is one sentence with a way out."""


@dataclass(frozen=True)
class Outcome(Generic[Value]):
    """What came of one job.

    Args:
        value: what the function returned, None where it did not return.
        error: what it raised; `BrokenExecutor` where its worker ended, twice.
    """

    value: Value | None = None
    error: BaseException | None = None


def run_all(
    function: Callable[[Job], Value],
    jobs: Iterable[Job],
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    processes: Processes | None = None,
) -> Generator[tuple[Job, Outcome[Value]], None, None]:
    """Call `function` with each of `jobs`, and yield what came of each as soon as it is known.

    Only as many jobs are taken from `jobs` as are being worked on, so it may be long. A worker
    process that dies is replaced, and its job is tried once more. The processes end with this
    one, however it goes, and when the iterator is closed. What `executor` could not do because
    workers died is tried once more when all else is done, and alone: it may have been another job
    that ended them.

    Args:
        function: can be imported by its name, as everything that other processes run.
        jobs: whatever can be pickled, and so must be what the function returns.
        workers: how many processes, or how many workers `executor` has; None for one a core.
        executor: who does the work in place of processes of this machine. It is not shut down.
        processes: what makes those processes, from `processes_ahead`, where they began earlier.

    Raises:
        WorkersLost: `executor` takes no more jobs, or says so by what became of one. What is not
            yielded yet is not done.
    """
    count = workers or cores()
    work = functools.partial(tidily, function)
    with contextlib.ExitStack() as stack:
        local = None
        if executor is None:
            local = processes or stack.enter_context(_processes())
            idle: list[Executor] = [local() for _each in range(count)]
        else:
            idle = [executor] * (count * AHEAD)
        done: SimpleQueue[tuple[_Task[Job], Future[Value]]] = SimpleQueue()
        waiting, busy = iter(jobs), 0
        suspects: list[Job] = []

        def begin(job: Job, worker: Executor, again: bool = False) -> None:
            try:
                future = worker.submit(work, job)
            except RuntimeError as error:  # it takes no more jobs: BrokenExecutor is one of these
                if local is None:
                    raise WorkersLost(str(error)) from error
                worker = local()  # the process died while it had nothing to do
                future = worker.submit(work, job)
            task = _Task(job, worker, again)
            # the task does not know its future: what came of it would stay as long as both do
            future.add_done_callback(lambda ended: done.put((task, ended)))

        while True:
            for job in itertools.islice(waiting, len(idle)):
                begin(job, idle.pop())
                busy += 1
            if not busy and suspects:
                begin(suspects.pop(), idle.pop(), again=True)
                busy += 1
            if not busy:
                return
            task, future = done.get()
            if future.cancelled():  # nobody cancels but an executor that ends
                raise WorkersLost("the work was cancelled")
            error = future.exception()
            if isinstance(error, WorkersLost):
                raise error
            worker = task.worker
            died = isinstance(error, BrokenExecutor)
            if local is not None and died:
                worker = local()
                if not task.again:
                    begin(task.job, worker, again=True)
                    continue
            idle.append(worker)
            busy -= 1
            if died and not task.again:
                suspects.append(task.job)
                continue
            for job in itertools.islice(waiting, 1):  # no worker waits for what we do meanwhile
                begin(job, idle.pop())
                busy += 1
            outcome = Outcome(None if error else future.result(), error)
            del future
            yield task.job, outcome
            del outcome
            _give_back()


def tidily(function: Callable[[Job], Value], job: Job) -> Value:
    """Call `function` with `job`, in a worker, and give back what memory that took.

    A check leaves objects that know each other, which Python would keep for many checks more, and
    the C library keeps what Python gives back: a worker would become twice as large as it needs.
    """
    _keep_what_is_there()
    try:
        return function(job)
    finally:
        gc.collect()
        _give_back()


@functools.cache
def _keep_what_is_there() -> None:
    """Do not look any more, after each job, at what was there before the first: it takes 10 ms."""
    gc.freeze()


@contextlib.contextmanager
def for_good() -> Iterator[None]:
    """Let all that is made inside a `with` block stay, such as what is imported there.

    Python would look through it again and again, while it is made and ever after.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _give_back() -> None:
    """Let the C library give the system what it does not use (glibc)."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


@dataclass(frozen=True)
class _Task(Generic[Job]):
    """A job that somebody works on; `again` if it is tried for the second time."""

    job: Job
    worker: Executor
    again: bool


Processes = Callable[[], Executor]
"""Makes an executor of one process."""


@contextlib.contextmanager
def processes_ahead(count: int, get_ready: Callable[[], object]) -> Iterator[Processes]:
    """Begin processes for `run_all` now, so that they get ready while this one does other things.

    Args:
        count: how many; more are made when they are wanted.
        get_ready: what each does first; can be imported by its name.
    """
    with _processes() as make:
        ready = [make() for _each in range(count)]
        for executor in ready:
            # where it fails, so will the work, and say so
            executor.submit(_get_ready, get_ready)
        yield lambda: ready.pop() if ready else make()


def _get_ready(get_ready: Callable[[], object]) -> None:
    with for_good():
        get_ready()


@contextlib.contextmanager
def _processes() -> Iterator[Processes]:
    """Give what makes executors of one process each, and end all of them.

    One process each, because when one dies it is known whose job it had.
    """
    context = multiprocessing.get_context("spawn")  # this process may have threads
    alive, ours = context.Pipe(duplex=False)
    made: list[Executor] = []

    def make() -> Executor:
        made.append(ProcessPoolExecutor(1, context, _begin_worker, (alive,)))
        return made[-1]

    try:
        with _nothing_imported_from_here():
            yield make
    finally:
        ours.close()  # whatever they do
        for executor in made:
            executor.shutdown(cancel_futures=True)
        alive.close()


@contextlib.contextmanager
def _nothing_imported_from_here() -> Iterator[None]:
    """Let Python processes that are started import nothing from the folder that we are in.

    A new worker would look there first, and a class's servers may be there: one called socket.py,
    for example.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


_SAFE_PATH = "PYTHONSAFEPATH"


def _begin_worker(alive: Connection) -> None:
    """Let this process end as soon as the other end of `alive` is closed."""

    def end_with_the_other() -> None:
        with contextlib.suppress(EOFError, OSError):
            alive.recv_bytes()  # nobody sends
        os._exit(1)

    threading.Thread(target=end_with_the_other, daemon=True).start()
    # Ctrl-C reaches the whole group; the process that began the work decides what happens. Not
    # SIG_IGN, which everything that is started from here would inherit.
    signal.signal(signal.SIGINT, lambda *_: None)


# -- for a person who waits -----------------------------------------------------------------------


class Advance(Protocol):
    """Notes that one more is done."""

    def __call__(self, *, failed: bool = False) -> None: ...


@contextlib.contextmanager
def progress(total: int, title: str) -> Iterator[Advance]:
    """Show on a terminal how many of `total` are done, how many failed, and the time left.

    Gives what has to be called when one more is done. Where standard error is no terminal, nothing
    is shown.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(_("{count} failed").format(count="{task.fields[failed]}")),
        TimeElapsedColumn(),
        TextColumn(_("left:")),
        TimeRemainingColumn(),
    )
    failures = 0
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        task = shown.add_task(title, total=total, failed=0)

        def advance(*, failed: bool = False) -> None:
            nonlocal failures
            failures += failed
            shown.update(task, advance=1, failed=failures)

        yield advance
