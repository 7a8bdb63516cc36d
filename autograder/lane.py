"""A second process that works beside this one: on two cores two do more than one (POSIX)."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from typing import Any, NoReturn


def cores() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def can_fork_safely() -> bool:
    """Tell whether this process may be copied: it has one thread and its system knows how."""
    return hasattr(os, "fork") and threading.active_count() == 1


class LaneLost(Exception):
    """The process beside us has ended without a result; the text is its traceback or says so."""


class Tasks:
    """Numbers from 0, of which each is given out once, to whichever process asks first.

    Args:
        count: how many there are, at most 2000 (they wait in a pipe).
    """

    def __init__(self, count: int) -> None:
        self._reader, writer = os.pipe()
        os.write(writer, b"".join(number.to_bytes(2, "big") for number in range(count)))
        os.close(writer)  # so the end is seen when all are taken

    def next(self) -> int | None:
        """Return the next number, None when all are given out."""
        data = os.read(self._reader, 2)
        return int.from_bytes(data, "big") if data else None

    def close(self) -> None:
        """Let go of them; the other process keeps them."""
        os.close(self._reader)


class Link:
    """A line between the two processes, for short messages.

    Args:
        reader, writer: ends of two pipes, one for each direction.
    """

    SIZE = 3  # bytes of every message

    def __init__(self, reader: int, writer: int) -> None:
        self._reader, self._writer = reader, writer
        os.set_blocking(reader, False)

    def send(self, number: int, kind: bytes) -> None:
        """Send a number and one letter; nobody may be there to hear it."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._writer, number.to_bytes(2, "big") + kind)

    def receive(self) -> list[tuple[int, bytes]]:
        """Return the messages that have arrived since the last look."""
        try:
            data = os.read(self._reader, 1000 * self.SIZE)
        except BlockingIOError:
            return []
        return _messages(data)

    def wait(self) -> list[tuple[int, bytes]]:
        """Wait for messages and return them, [] when no more will come."""
        os.set_blocking(self._reader, True)
        return _messages(os.read(self._reader, 1000 * self.SIZE))

    def hang_up(self) -> None:
        """Send no more."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1

    def close(self) -> None:
        """Close our ends."""
        os.close(self._reader)
        self.hang_up()


def _messages(data: bytes) -> list[tuple[int, bytes]]:
    parts = [data[at : at + Link.SIZE] for at in range(0, len(data), Link.SIZE)]
    return [(int.from_bytes(part[:2], "big"), part[2:]) for part in parts]


class Lane:
    """Work that is done in a copy of this process.

    Args:
        let_go: closes, in the copy, what belongs to this process alone; only then does this
            process go on. A connection that both held would not end when this one closes it.
        work: does it. It gets the copy's end of `link`, and returns something that can be
            pickled.

    The copy ends when this process does, however it goes.
    """

    def __init__(self, let_go: Callable[[], None], work: Callable[[Link], object]) -> None:
        alive, self._alive = os.pipe()
        self._result, result = os.pipe()
        from_copy, to_us = os.pipe()
        from_us, to_copy = os.pipe()
        ready, says_ready = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            for fd in (self._alive, self._result, from_copy, to_copy, ready):
                os.close(fd)
            let_go()
            os.close(says_ready)
            _work(work, Link(from_us, to_us), alive, result)
        for fd in (alive, result, to_us, from_us, says_ready):
            os.close(fd)
        os.read(ready, 1)  # returns when nobody holds the other end any more
        os.close(ready)
        self.link = Link(from_copy, to_copy)

    def result(self) -> Any:
        """Wait for what the work returns.

        Raises:
            LaneLost: it raised something, or was ended.
        """
        import pickle

        with open(self._result, "rb", closefd=False) as file:
            try:
                done, value = pickle.load(file)  # our own copy wrote it, no stranger
            except EOFError:
                raise LaneLost("the process beside the grader's has ended") from None
        if not done:
            raise LaneLost(value)
        return value

    def close(self) -> None:
        """End the copy, if it has not ended yet."""
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._pid = 0
            self.link.close()
            for fd in (self._alive, self._result):
                os.close(fd)


def _work(work: Callable[[Link], object], link: Link, alive: int, result: int) -> NoReturn:
    """Do the work in the copy, and end."""

    def end_with_the_other() -> None:
        os.read(alive, 1)  # nobody writes: it returns when the other process is gone
        os._exit(1)

    threading.Thread(target=end_with_the_other, daemon=True).start()
    answer: tuple[bool, object]
    try:
        answer = True, work(link)
    except BaseException:
        import traceback

        answer = False, traceback.format_exc()
    link.hang_up()  # before what may wait until the other process reads
    import pickle

    with contextlib.suppress(OSError), open(result, "wb") as file:
        pickle.dump(answer, file)
    os._exit(0)
