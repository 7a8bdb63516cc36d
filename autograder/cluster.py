"""Let the workers of a Dask cluster do the work (`dask.distributed`, which is optional).

A job travels as bytes, and what came of it comes back, so workers need no files of ours; what they
need is the same version of this package, and the sandbox that is asked for. One that lacks either
is told of and does nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import platform
import socket
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from autograder.batch import UnfitWorker
from autograder.grade_command import CannotGrade
from autograder.grading import Settings, is_enough, isolation_here
from autograder.i18n import _
from autograder.sandbox import Level
from autograder.store import version_of_checks
from autograder.visible import visible

if TYPE_CHECKING:
    from distributed import Client

Job = TypeVar("Job")
Value = TypeVar("Value")

CONNECT_SECONDS = 10.0
"""For a scheduler to answer."""

WORKERS_SECONDS = 60.0
"""For the first worker to join: it may be starting, too, or again."""

JOINING = 32
"""Threads of workers that may join while the work is done, and find jobs that wait for them."""


class ClusterError(CannotGrade):
    """The cluster cannot be used; the text is one sentence with a way out."""


@dataclass(frozen=True)
class Machine:
    """What decides whether a worker can do our work.

    Args:
        versions: of everything that must be the same here and there, by name.
        level: how strongly it isolates.
        why: why not more strongly.
    """

    versions: dict[str, str]
    level: Level
    why: str


class _Unfit(Exception):
    """A worker is as `args` say (address, machine), and that does not do."""


@functools.cache
def machine(sandboxed: bool) -> Machine:
    """Return what this machine is like.

    Args:
        sandboxed: whether a sandbox is wanted; without, nobody tries how strong one can be.
    """
    versions = {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "distributed": metadata.version("distributed"),
        "autograder": version_of_checks()[:12],
    }
    level, why = isolation_here() if sandboxed else ("process", "")
    return Machine(versions, level, why)


@dataclass(frozen=True)
class Needs:
    """What a worker must be like.

    Args:
        versions: as those of `Machine`.
        isolation: the weakest level that will do.
        sandboxed: whether a sandbox is wanted.
    """

    versions: dict[str, str]
    isolation: Level
    sandboxed: bool

    def complaint(self, address: str, worker: Machine) -> str:
        """Return why a worker will not do, in a sentence; "" if it will."""
        for name, ours in self.versions.items():
            theirs = worker.versions.get(name, "?")
            if theirs != ours:
                text = _(
                    "The worker {address} has another version of {name} ({theirs}, not {ours}):"
                    " install the same on all machines, and start the workers again."
                )
                return text.format(
                    address=visible(address), name=name, theirs=visible(theirs), ours=ours
                )
        if not is_enough(worker.level, self.isolation):
            text = _(
                "The worker {address} has no sandbox ({reason}), and other people's programs are"
                " not run without one: install bubblewrap there, or say --no-sandbox if you trust"
                " them all."
            )
            return text.format(address=visible(address), reason=visible(worker.why))
        return ""


def _do(needs: Needs, function: Callable[[Job], Value], job: Job) -> Value:
    """Do a job, if this machine may; this runs in a worker.

    Workers may join at any time, so each job looks; after the first one that costs nothing.
    """
    here = machine(needs.sandboxed)
    if here.versions != needs.versions or not is_enough(here.level, needs.isolation):
        from distributed import get_worker

        raise _Unfit(get_worker().address, here)
    return function(job)


class ClusterExecutor(Executor):
    """Gives jobs to the workers of a cluster.

    Args:
        client: the connection; who made it closes it, which cancels what is not done.
        needs: what workers must be like.

    A worker that dies harms no job: another one does it. A job with which several died (Dask's
    `allowed-failures`, 3, and the first) ends with `BrokenExecutor`.
    """

    def __init__(self, client: Client, needs: Needs) -> None:
        self._needs = needs
        # not pure: who wants something done twice gets it done twice
        self._jobs = client.get_executor(pure=False)

    def submit(  # type: ignore[override]
        self, function: Callable[[Job], Value], job: Job, /
    ) -> Future[Value]:
        """Have `function` called with `job` by some worker."""
        theirs = self._jobs.submit(_do, self._needs, function, job)
        ours: Future[Value] = Future()
        theirs.add_done_callback(lambda finished: self._pass_on(finished, ours))
        return ours

    def _pass_on(self, theirs: Future[Value], ours: Future[Value]) -> None:
        from distributed import KilledWorker

        try:
            ours.set_result(theirs.result())
        except CancelledError:
            ours.cancel()
            ours.set_running_or_notify_cancel()
        except KilledWorker as error:
            ours.set_exception(BrokenExecutor(str(error)))
        except _Unfit as error:
            address, worker = error.args
            ours.set_exception(UnfitWorker(self._needs.complaint(address, worker)))
        except BaseException as error:
            ours.set_exception(error)


@contextlib.contextmanager
def connected(address: str, settings: Settings) -> Iterator[tuple[Executor, int]]:
    """Give what grades on the cluster of a scheduler, and for how many workers it has to last.

    Args:
        address: such as tcp://host:8786, or tls://host:8786.
        settings: what workers are asked for.

    Raises:
        ClusterError: it cannot be reached, or not be used.
    """
    _require_package()
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # we say it, in a sentence
    _require_scheduler(address)
    client = _client(address)
    try:
        versions = machine(False).versions
        needs = Needs(versions, settings.isolation, settings.sandboxed)
        threads = _require_workers(client, address, needs)
        yield ClusterExecutor(client, needs), threads + JOINING
    finally:
        client.close(timeout=CONNECT_SECONDS)


def _require_package() -> None:
    try:
        import distributed  # noqa: F401
    except ImportError:
        text = _("--cluster needs the package distributed: run {command}, and try again.")
        raise ClusterError(text.format(command="python -m pip install distributed")) from None


def _require_scheduler(address: str) -> None:
    """Raise `ClusterError` if no scheduler is there.

    Dask itself would go on trying where nobody listens, and wait for ever for somebody who takes
    connections and is no scheduler.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:  # a port that is no number
        host = port = None
    if not address.startswith(("tcp://", "tls://")) or not host or not port:
        text = _("{address} is no address of a scheduler, which looks like tcp://host:8786.")
        raise ClusterError(text.format(address=visible(address)))
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
        asyncio.run(_greet(address))
    except TimeoutError:
        raise _unreachable(address, _("no answer")) from None
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise _unreachable(address, getattr(error, "strerror", None) or str(error)) from None


async def _greet(address: str) -> None:
    from distributed.comm.core import connect
    from distributed.security import Security

    arguments = Security().get_connection_args("client")
    async with asyncio.timeout(CONNECT_SECONDS):
        comm = await connect(address, timeout=CONNECT_SECONDS, **arguments)
        await comm.close()


def _unreachable(address: str, reason: str) -> ClusterError:
    text = _(
        "The scheduler at {address} cannot be reached ({reason}): is the address right, and does"
        " `dask scheduler` run there?"
    )
    return ClusterError(text.format(address=visible(address), reason=visible(reason, 200)))


def _client(address: str) -> Client:
    from distributed import Client
    from distributed.versions import VersionMismatchWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)  # we compare them, too
            return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise _unreachable(address, str(error)) from None


def _require_workers(client: Client, address: str, needs: Needs) -> int:
    """Return how many jobs the workers do at a time; raise `ClusterError` if one is unfit."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError:
        text = _("The scheduler at {address} has no workers: start some with `dask worker`.")
        raise ClusterError(text.format(address=visible(address))) from None
    answers: dict[str, Any] = client.run(machine, needs.sandboxed, on_error="return")
    for worker, answer in answers.items():
        if not isinstance(answer, Machine):
            text = _(
                "The worker {address} cannot do this work ({reason}): install the same on all"
                " machines, and start the workers again."
            )
            reason = visible(str(answer) or type(answer).__name__, 200)
            raise ClusterError(text.format(address=visible(worker), reason=reason))
        if complaint := needs.complaint(worker, answer):
            raise ClusterError(complaint)
    return sum(client.nthreads().values())
