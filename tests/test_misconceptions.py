"""The misconceptions: each known in both languages, each recognised, and nobody accused wrongly."""

from __future__ import annotations

import sys

import pytest
from checked import all_named, checked
from helpers import REFERENCE, SERVERS

from autograder.failures import Evidence
from autograder.i18n import _, speaking
from autograder.misconception_table import BY_ID, MISCONCEPTIONS, Misconception
from autograder.misconceptions import PATTERN, PROOF, RULES, name_misconceptions
from autograder.results import Outcome, TestResult
from autograder.transcript import Transcript

sys.path.insert(0, str(SERVERS))
from bank import BANK
from bank_complete import BANK as BANK_COMPLETE

# -- the table ----------------------------------------------------------------------------------


def test_there_are_at_least_forty_and_no_id_twice() -> None:
    assert len(MISCONCEPTIONS) == len(BY_ID) >= 40


@pytest.mark.parametrize("known", MISCONCEPTIONS, ids=lambda known: known.id)
def test_each_says_all_that_a_student_needs(known: Misconception) -> None:
    assert known.title and known.shows and known.why
    assert len(set(known.hints)) == 3 and all(known.hints)
    assert known.hints[0].rstrip(".:").count("?") == 1  # the first hint is a question
    assert known.lesson in {f"{number:02}" for number in range(8)}


@pytest.mark.parametrize("known", MISCONCEPTIONS, ids=lambda known: known.id)
def test_each_is_told_in_indonesian_too(known: Misconception) -> None:
    with speaking("id"):
        for text in (known.title, known.shows, known.why, *known.hints[:2]):
            assert _(text) != text


def test_each_can_be_recognised() -> None:
    assert {name for name, _weight, _rule in RULES} == set(BY_ID)


# -- naming, from evidence made by hand ---------------------------------------------------------


def conversation(*events: tuple[str, int, bytes], **labels: str) -> Transcript:
    """Return what happened as (kind, number of the client, bytes)."""
    transcript = Transcript({int(key[1:]): name for key, name in labels.items()})
    for at, (kind, person, data) in enumerate(events):
        who = None if kind in ("output", "exit") else person
        transcript.add(at / 100, kind, who, data)  # type: ignore[arg-type]
    return transcript


def result(name: str, outcome: Outcome = "failed") -> TestResult:
    return TestResult(name, name, outcome, 0, 1)


def test_an_error_message_is_proof() -> None:
    printed = b"Traceback (most recent call last):\nUnboundLocalError: clients\n"
    evidence = Evidence("missing", conversation(("output", 0, printed)))
    named = name_misconceptions({"test_a": result("test_a")}, {"test_a": evidence})
    assert named["test_a"].misconception == "lists.forgot_global"
    assert named["test_a"].hints == BY_ID["lists.forgot_global"].hints


def test_two_threads_that_read_for_one_client_share_a_variable() -> None:
    # no server of the banks shows it: which of the two gets what is said, nobody can tell
    evidence = Evidence(
        "missing", conversation(), waits=(("accept", None), ("recv", "Bob"), ("recv", "Bob"))
    )
    named = name_misconceptions({"test_a": result("test_a")}, {"test_a": evidence})
    assert named["test_a"].misconception == "threads.shared_variable"


def test_a_passed_test_and_a_skipped_one_name_nothing() -> None:
    results = {"test_a": result("test_a", "passed"), "test_b": result("test_b", "skipped")}
    assert name_misconceptions(results, {}) == results


def test_nothing_is_named_where_nothing_fits() -> None:
    evidence = Evidence("missing", conversation())
    named = name_misconceptions({"test_a": result("test_a")}, {"test_a": evidence})
    assert named["test_a"].misconception is None
    assert named["test_a"].hints == ()


def test_nothing_is_named_where_two_fit_equally(monkeypatch: pytest.MonkeyPatch) -> None:
    def name(*rules: tuple[str, int]) -> str | None:
        monkeypatch.setattr(
            "autograder.misconceptions.RULES",
            [(known, weight, lambda case: True) for known, weight in rules],
        )
        evidence = Evidence("missing", conversation())
        named = name_misconceptions({"test_a": result("test_a")}, {"test_a": evidence})
        return named["test_a"].misconception

    assert name(("pm.broadcast", PATTERN), ("pm.name_prefix", PATTERN)) is None
    assert name(("pm.broadcast", PATTERN), ("pm.name_prefix", PROOF)) == "pm.name_prefix"
    assert name(("pm.broadcast", PATTERN), ("pm.broadcast", PATTERN)) == "pm.broadcast"


# -- naming, from real servers ------------------------------------------------------------------
# tests/bank_run.py looks what is named for each server of the banks


def test_no_right_server_is_accused() -> None:
    result = checked(REFERENCE.read_text(encoding="utf-8"), "threading", "broadcast", "lists")
    assert all_named(result) == set()


def test_every_misconception_shows_on_a_server_of_ours() -> None:
    servers = (*BANK, *BANK_COMPLETE)
    shown = {known for server in servers for known in (server.named, *server.also)} - {None}
    apart = {"start.keyboard", "start.never_listens"}  # tests/servers/trouble has these
    assert set(BY_ID) - shown == apart
    assert shown <= set(BY_ID)


@pytest.mark.parametrize(
    ("server", "misconception"),
    [
        ("asks_input", "start.keyboard"),
        ("never_binds", "start.never_listens"),
        ("ends_at_once", "threads.main_ends"),
        ("dies_at_import", None),
        ("syntax_error", None),
        ("answers_nothing", None),
        ("busy_after_connect", None),
    ],
)
def test_a_server_in_trouble(server: str, misconception: str | None) -> None:
    source = (SERVERS / "trouble" / f"{server}.py").read_text(encoding="utf-8")
    tests = [test for part in checked(source, "threading").challenges for test in part.tests]
    failed = [test for test in tests if test.outcome == "failed"]
    assert failed[0].misconception == misconception
