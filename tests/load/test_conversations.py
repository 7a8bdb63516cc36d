"""Random conversations with `complete`; and a planted fault, of which a short one must remain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from conversations import Conversations
from faults import REFERENCE
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from autograder.i18n import speaking
from autograder.process import start_launcher
from autograder.submission import Submission

BOUNDED = settings(
    max_examples=50,
    stateful_step_count=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def machine(text: str) -> Iterator[type[Conversations]]:
    """Give conversations with a server of this text."""
    launcher = start_launcher(Submission("server.py", "server.py", {"server.py": text.encode()}))
    try:
        with speaking("en"):
            yield type("Talk", (Conversations,), {"launcher": launcher})
    finally:
        launcher.close()


def complete() -> str:
    return (REFERENCE / "complete" / "server.py").read_text(encoding="utf-8")


def test_every_conversation_is_as_the_model_says():
    with machine(complete()) as talk:
        run_state_machine_as_test(talk, settings=BOUNDED)


def test_a_failing_conversation_is_shrunk_and_drawn():
    right = '        tell(target, f"PM dari {nickname}: {words[1]}")'
    wrong = right.replace("tell(target, ", "broadcast(")
    assert complete().count(right) == 1
    with (
        machine(complete().replace(right, wrong)) as talk,
        pytest.raises(AssertionError) as failure,
    ):
        run_state_machine_as_test(talk, settings=BOUNDED)
    words = str(failure.value)
    assert re.search(r"^ *\d+  \S+ → server +/pm \S+ rahasia$", words, re.MULTILINE), words
    notes = "\n".join(failure.value.__notes__)
    steps = re.findall(r"^state\.(somebody_\w+)\(", notes, re.MULTILINE)
    # to whisper to oneself is the shortest: what is private comes with a stamp, or to all
    assert steps[-1] == "somebody_whispers" and len(steps) <= 3, notes
