"""One run of stories against one server: what each is given, and what came of it.

Two programs run stories with it: a check (`autograder.checking`), and pytest with our plugin.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autograder.casting import Cast
from autograder.failures import STARTING, Evidence, Unmet
from autograder.i18n import _
from autograder.learning import learn_dialect
from autograder.results import Outcome, TestResult
from autograder.room import OpenRoom, Room

if TYPE_CHECKING:
    from autograder.dialect import Dialect
    from autograder.process import Launcher
    from autograder.story import Story


@dataclass
class Run:
    """One run of stories against one server.

    Args:
        seed: what names and texts are drawn from.
        launcher: what starts the server.
        dialect: how the server speaks, once it is known.
        results: by test name, in the order in which they ran.
        told: outcomes of tests that ran elsewhere, by their names.
        evidence: what was seen in each failed test, by its name.
        errors: tracebacks of the grader's own failures.
        never_started: name of the test that found that the server does not start at all.
        no_dialect: why nobody can find out how the server speaks: it does not start.
        uses_again: whether a story may be told to a server that an earlier one has left as it was
            at first, in place of a new one; until one fails, or leaves something behind. What fails
            is told to a new one.
    """

    seed: int
    launcher: Launcher | None = None
    dialect: Dialect | None = None
    results: dict[str, TestResult] = field(default_factory=dict)
    told: dict[str, Outcome] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    never_started: str | None = None
    no_dialect: Unmet | None = None
    uses_again: bool = False
    is_last: bool = False  # no story comes after the one that is told now
    _borrowed: bool = False  # that one has a server that was used before

    def learn(self) -> Dialect:
        """Return how the server speaks, found out once.

        Raises:
            Unmet: the server does not come to listen; the same each time.
        """
        if self.no_dialect is not None:
            raise self.no_dialect
        if self.dialect is None:
            assert self.launcher is not None
            try:
                self.dialect = learn_dialect(self.launcher, keep=self.uses_again)
            except Unmet as unmet:
                self.no_dialect = unmet
                raise
            # only now: nobody watches a server that waits for its turn, and bombs go off there, too
            if self.launcher.spare is None:
                self._use_new_ones()
        return self.dialect

    def starts(self) -> bool:
        """Tell whether the server comes to listen."""
        with contextlib.suppress(Unmet):
            self.learn()
        return self.no_dialect is None

    # -- what a story is given ------------------------------------------------------------------

    @contextlib.contextmanager
    def rooms(self) -> Iterator[OpenRoom]:
        """Give what opens rooms, with more arguments of `Room` such as `clock`; then close them.

        Raises:
            Unmet: the server does not come to listen.
        """
        launcher = self.launcher
        assert launcher is not None
        room = functools.partial(
            Room, launcher.submission, launcher=launcher, dialect=self.learn(), hurry=True
        )
        self._borrowed = False
        opened: list[Room] = []

        def open_room(**more: Any) -> Room:
            spare, launcher.spare = launcher.spare, None
            if spare is not None and (more or not self.uses_again):
                spare.stop()
                spare = None
            self._borrowed |= spare is not None
            new = rooms.enter_context(room(process=spare, **more))
            opened.append(new)
            if self.uses_again and not more and spare is None:
                new.remember_rest()
            return new

        with contextlib.ExitStack() as rooms:
            yield open_room
            if self.uses_again and len(opened) == 1 and opened[0].may_come_back():
                launcher.spare = opened[0].give_back()
                if launcher.spare is None:  # nor will it come back after another story
                    self._use_new_ones()

    def _use_new_ones(self) -> None:
        """Start a server for each story from now on."""
        assert self.launcher is not None
        self.uses_again, self.launcher.ahead = False, not self.is_last

    def cast(self, name: str) -> Cast:
        """Return names and texts for the test `name` alone, drawn from the run's seed."""
        return Cast(self.seed, name)

    def tell(self, story: Story) -> None:
        """Run one story and note its result."""
        started = time.monotonic()
        error: BaseException | None = None
        causes = self.causes(story)
        try:
            if not causes:
                self._tell(story)
        except KeyboardInterrupt:
            raise
        except BaseException as raised:
            error = raised
        self.note(story, error, causes, time.monotonic() - started)

    def _tell(self, story: Story) -> None:
        """Run one story, and once more with a new server if one that was used before fails it."""
        launcher = self.launcher
        assert launcher is not None
        known = launcher.spins, launcher.dawdles
        try:
            with self.rooms() as open_room:
                self._call(story, open_room)
        except Exception:
            if not self.uses_again:
                raise
            self._use_new_ones()
            if not self._borrowed:
                raise
            launcher.spins, launcher.dawdles = known  # as if this had not been
            with self.rooms() as open_room:
                self._call(story, open_room)

    def _call(self, story: Story, open_room: OpenRoom) -> None:
        """Call a story's function with what its parameters ask for."""
        code = story.test.__code__
        given: dict[str, Any] = {}
        for parameter in code.co_varnames[: code.co_argcount]:
            match parameter:
                case "open_room":
                    given[parameter] = open_room
                case "room":
                    given[parameter] = open_room()
                case "cast":
                    given[parameter] = self.cast(story.name)
                case _:
                    raise TypeError(f"{story.name}: nobody can give it {parameter!r}")
        story.test(**given)

    # -- what came of it ------------------------------------------------------------------------

    def causes(self, story: Story) -> list[str]:
        """Return the tests because of which a story makes no sense: [] where it does."""
        if self.never_started:
            return [self.never_started]
        return [
            name
            for name in story.needs
            # where the grader failed nothing is known of the server, and nothing speaks against it
            if self._outcome(name) in ("failed", "skipped")
        ]

    def _outcome(self, name: str) -> Outcome | None:
        """Return how a test ended, None where nobody knows yet."""
        if name in self.results:
            return self.results[name].outcome
        return self.told.get(name)

    def note(
        self,
        story: Story,
        error: BaseException | None,
        causes: Sequence[str] = (),
        seconds: float = 0.0,
    ) -> None:
        """Note the result of one story.

        Args:
            error: what it raised, if it did.
            causes: why it was not run, if it was not.
            seconds: how long it took.
        """
        facts: dict[str, Any] = {
            "id": story.name,
            "title": _(story.title),
            "max_points": story.points,
            "seconds": round(seconds, 4),
        }
        if causes:
            result = TestResult(outcome="skipped", points=0.0, skipped_because=causes[0], **facts)
        elif error is None:
            result = TestResult(outcome="passed", points=story.points, **facts)
        elif isinstance(error, Unmet):
            if error.cause in STARTING or error.starting:
                self.never_started = story.name
            if error.evidence is not None:
                self.evidence[story.name] = error.evidence
            result = TestResult(
                outcome="failed",
                points=0.0,
                message=error.got or error.expected,
                tried=error.tried,
                expected=error.expected,
                got=error.got,
                recipe=error.recipe,
                diagram=error.diagram,
                output=error.output,
                **facts,
            )
        else:
            import traceback

            self.errors.append("".join(traceback.format_exception(error)))
            text = _("The grader itself failed here: this says nothing about your server.")
            result = TestResult(outcome="error", points=0.0, message=text, **facts)
        self.results[story.name] = result

    def merge(self, other: Run, stories: Sequence[Story]) -> None:
        """Take in the results of other stories, as if all had run one after another here.

        Args:
            other: the run of the other part of the stories, with the same server.
            stories: all of them, in the order in which they would have run.
        """
        found = self.results | other.results
        stops = {self.never_started, other.never_started}
        self.never_started, self.results, self.told = None, {}, {}
        self.evidence |= other.evidence
        self.errors += other.errors
        for story in stories:
            result = found.get(story.name)
            causes = self.causes(story)
            if result is None:
                continue
            if causes and result.outcome != "error":
                self.evidence.pop(story.name, None)
                self.note(story, None, causes)
                continue
            if story.name in stops:
                self.never_started = story.name
            self.results[story.name] = result
