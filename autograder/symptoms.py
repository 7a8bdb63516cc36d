"""What a failed test saw, asked in the terms of a chat: who got what, who left, what was printed.

Everything here was observed from outside: the conversation, the server's output, what its threads
waited for, and how the other tests of the run went. A server's source is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from autograder.failures import Evidence
from autograder.inbox import Word, spans_of
from autograder.results import TestResult
from autograder.server_output import own_lines
from autograder.transcript import Event, Message

_ERROR = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception)\b.*$", re.MULTILINE)
_ACTIONS = ("connect", "send", "leave", "crash", "clock")


@dataclass(frozen=True)
class Chat:
    """A chat message that somebody sent, and whom it reached.

    Args:
        speaker: number of the client that sent it.
        present: numbers of the clients in the chat at that moment, in the order they came.
        left_before: numbers of those who had been in the chat and had gone.
        reached: numbers of the clients that got its text, whole.
    """

    speaker: int
    present: tuple[int, ...]
    left_before: tuple[int, ...]
    reached: frozenset[int]


class Case:
    """One failed test, with what was seen in it and in the other tests of the run.

    Args:
        test: its result.
        evidence: what it saw.
        results: the results of all tests of the run, by name.
        run: what all failed tests of the run saw, by name.
    """

    def __init__(
        self,
        test: TestResult,
        evidence: Evidence,
        results: Mapping[str, TestResult],
        run: Mapping[str, Case],
    ) -> None:
        self.test = test
        self.id = test.id.removeprefix("test_")
        self.evidence = evidence
        self.cause = evidence.cause
        self.results = results
        self.run = run

    # -- the run ------------------------------------------------------------------------------

    def passed(self, *names: str) -> bool:
        """Tell whether all these tests (without `test_`) were run and passed."""
        return all(self._outcome(name) == "passed" for name in names)

    def failed(self, *names: str) -> bool:
        """Tell whether all these tests (without `test_`) were run and failed."""
        return all(self._outcome(name) == "failed" for name in names)

    def one_of(self, *names: str) -> bool:
        """Tell whether this test is one of these (without `test_`)."""
        return self.id in names

    def _outcome(self, name: str) -> str | None:
        result = self.results.get(f"test_{name}")
        return result.outcome if result is not None else None

    @property
    def cases(self) -> Iterator[Case]:
        """The cases of all failed tests of the run."""
        return iter(self.run.values())

    # -- the server ---------------------------------------------------------------------------

    @cached_property
    def output(self) -> str:
        """What the server printed, without the frames of the library."""
        return own_lines(self.evidence.transcript.output())

    @cached_property
    def errors(self) -> tuple[str, ...]:
        """The last lines of the tracebacks that the server printed."""
        if "Traceback (most recent call last):" not in self.output:
            return ()
        return tuple(match[0] for match in _ERROR.finditer(self.output))

    def raised(self, *parts: str) -> bool:
        """Tell whether the server printed a traceback whose last line has all these in it."""
        return any(all(part in error for part in parts) for error in self.errors)

    @cached_property
    def exit(self) -> str | None:
        """How the server ended: its exit code or, below zero, its signal; None if it runs."""
        for event in self.evidence.transcript.events:
            if event.kind == "exit":
                return event.data.decode()
        return None

    def waiting(self, kind: str) -> list[str | None]:
        """Return for whom threads wait in `kind`, once for each thread."""
        return [peer for waits, peer in self.evidence.waits if waits == kind]

    @property
    def threads_known(self) -> bool:
        """Whether the kernel has told what the server's threads wait for."""
        return bool(self.evidence.waits)

    # -- the conversation ---------------------------------------------------------------------

    @cached_property
    def entries(self) -> list[Event | Message]:
        """What happened, in order, bytes put together to messages."""
        return list(self.evidence.transcript.entries())

    @cached_property
    def names(self) -> dict[int, str]:
        """The name of each client that gave one, by its number."""
        labels = self.evidence.transcript.labels
        sent = {e.person for e in self.evidence.transcript.events if e.kind == "send"}
        return {person: label for person, label in labels.items() if person in sent}

    @cached_property
    def gone(self) -> tuple[int, ...]:
        """Numbers of the clients that left or crashed, in order."""
        events = self.evidence.transcript.events
        return tuple(
            e.person for e in events if e.kind in ("leave", "crash") and e.person is not None
        )

    @cached_property
    def gone_with_name(self) -> tuple[int, ...]:
        """Numbers of the clients that left or crashed after they had given a name."""
        return tuple(person for person in self.gone if person in self.names)

    @cached_property
    def closed(self) -> frozenset[int]:
        """Numbers of the clients whose connection the server closed."""
        events = self.evidence.transcript.events
        return frozenset(e.person for e in events if e.kind == "closed" and e.person is not None)

    @cached_property
    def last_action(self) -> Event | None:
        """What we did last."""
        actions = [e for e in self.evidence.transcript.events if e.kind in _ACTIONS]
        return actions[-1] if actions else None

    @property
    def listener(self) -> int | None:
        """Number of the client that missed a message or got an unwanted one."""
        mark = self.evidence.mark
        return mark.person if mark is not None and isinstance(mark.person, int) else None

    @property
    def wanted(self) -> str:
        """The text that is missing or unwanted."""
        return self.evidence.mark.text if self.evidence.mark is not None else ""

    @cached_property
    def _messages(self) -> dict[tuple[str, int], list[tuple[int, str]]]:
        """The messages in either direction, with the numbers of their events."""
        found: dict[tuple[str, int], list[tuple[int, str]]] = {}
        for entry in self.entries:
            if isinstance(entry, Message):
                key = (entry.kind, entry.person)
                found.setdefault(key, []).append((entry.event, entry.text))
        return found

    def got(self, person: int | None = None) -> list[str]:
        """Return what a client (the listener) got since our last action, without empty lines."""
        if person is None:
            person = self.listener
        if person is None:
            return []
        since = self.last_action.number if self.last_action is not None else -1
        return [
            text
            for event, text in self._messages.get(("receive", person), [])
            if event > since and text
        ]

    def all_got(self, person: int) -> list[str]:
        """Return all that a client got."""
        return [text for _event, text in self._messages.get(("receive", person), [])]

    def around_the_first_leaving(self, person: int) -> tuple[list[str], list[str]]:
        """Return what a client got before somebody first left or crashed, and after that."""
        events = self.evidence.transcript.events
        first = next((e.number for e in events if e.kind in ("leave", "crash")), len(events))
        got = self._messages.get(("receive", person), [])
        return [t for at, t in got if at < first], [t for at, t in got if at > first]

    def sent(self, person: int) -> list[str]:
        """Return all that a client sent."""
        return [text for _event, text in self._messages.get(("send", person), [])]

    @cached_property
    def everything_got(self) -> list[str]:
        """All that anybody got."""
        people = self.evidence.transcript.labels
        return [text for person in people for text in self.all_got(person)]

    @cached_property
    def named(self) -> set[int]:
        """Numbers of those whose name was ever sent to anybody: they are in."""
        return self.named_in("\n".join(self.everything_got))

    @cached_property
    def last_sent(self) -> str:
        """The last message that anybody sent."""
        for entry in reversed(self.entries):
            if isinstance(entry, Message) and entry.kind == "send":
                return entry.text
        return ""

    @cached_property
    def _any_name(self) -> re.Pattern[str]:
        names = sorted(set(self.names.values()), key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names)) or '(?!)'})(?!\w)")

    def named_in(self, text: str) -> set[int]:
        """Return the numbers of the clients whose names stand in `text`."""
        found = set(self._any_name.findall(text))
        return {person for person, name in self.names.items() if name in found}

    def times_named(self, person: int, listener: int) -> int:
        """Return how many times `listener` got the name of `person` since our last action."""
        name = self.names.get(person, "")
        return sum(len(spans_of(Word(name), text)) for text in self.got(listener))

    def is_join_notice(self, text: str) -> bool:
        """Tell whether `text` is what people read when somebody joins, under whatever name."""
        notices = set()
        for person, name in self.names.items():
            first = next((t for t in self.all_got(person) if person in self.named_in(t)), "")
            notices.add(first.replace(name, "").strip())
        names = sorted(self.names.values(), key=len, reverse=True)
        for name in names:
            text = text.replace(name, "")
        text = text.strip()
        if self.evidence.transcript.line_ends:
            return text in notices - {""}
        return text.startswith(tuple(notices - {""}))  # more may follow without a gap

    @cached_property
    def present(self) -> tuple[int, ...]:
        """Numbers of the clients that gave a name and have not gone, in the order they came."""
        return tuple(person for person in self.names if person not in self.gone)

    @cached_property
    def chats(self) -> list[Chat]:
        """The chat messages of the conversation, and whom each reached."""
        people = self.evidence.transcript.labels
        received = {person: "\n".join(self.all_got(person)) for person in people}
        found = []
        here: list[int] = []
        left: list[int] = []
        for entry in self.entries:
            if not isinstance(entry, Message):
                if entry.kind in ("leave", "crash") and entry.person in here:
                    here.remove(entry.person)
                    left.append(entry.person)
            elif entry.kind == "send" and entry.person not in here:
                if entry.person not in left:
                    here.append(entry.person)  # this was the name
            elif entry.kind == "send" and not entry.text.startswith("/"):
                name = self.names.get(entry.person, "")
                body = entry.text.removeprefix(f"{name}: ")
                if len(body) >= 4:
                    reached = frozenset(
                        person for person, texts in received.items() if body in texts
                    )
                    found.append(Chat(entry.person, tuple(here), tuple(left), reached))
        return found

    @cached_property
    def chats_before_anybody_left(self) -> list[Chat]:
        """The chat messages that were sent while nobody had gone yet."""
        return [chat for chat in self.chats if not chat.left_before and len(chat.present) > 1]
