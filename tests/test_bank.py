"""The banks of wrong servers: what they say fits the challenges, and some of them are checked.

`tests/bank_run.py` checks all of them; whole reports of some others are in `test_feedback.py`.
"""

from __future__ import annotations

import sys

import pytest
from checked import checked, complaints
from helpers import SERVERS
from test_challenges import stories

from autograder.checking import CHALLENGES

sys.path.insert(0, str(SERVERS))
from bank import BANK, WrongServer
from bank_complete import BANK as BANK_COMPLETE

ALL = {server.name: server for server in (*BANK, *BANK_COMPLETE)}

SOME = (
    "early_leaver_ends_the_accept_loop",
    "one_buffer_for_all",
    "once_for_every_name",
    "letter_cut_in_two",
    "early_leaver_takes_the_last_along",
    "removed_while_looping",
    "index_in_except",
    "no_lock",
    "a_stamp_twice",
    "b_not_on_notices",
    "check_outside_the_lock",
    "pm_name_in_the_text",
    "list_with_the_crashed",
    "kick_off_the_lists_only",
)


@pytest.mark.parametrize("name", SOME)
def test_exactly_these_tests_fail(name: str) -> None:
    server = ALL[name]
    result = checked(server.source(), *server.challenges)
    assert complaints(server, result) == [], f"--seed {result.seed}"


def test_some_of_each_challenge_are_checked() -> None:
    failing = {test for name in SOME for test in ALL[name].fails}
    assert [name for name in CHALLENGES if not failing & stories(name).keys()] == []


def test_names_are_used_once() -> None:
    assert len(ALL) == len(BANK) + len(BANK_COMPLETE)


@pytest.mark.parametrize("server", ALL.values(), ids=ALL.keys())
def test_each_fails_something_that_is_there(server: WrongServer) -> None:
    compile(server.source(), server.name, "exec")  # its edits fit the reference
    there = {test for challenge in server.challenges for test in stories(challenge)}
    assert server.fails and set(server.fails) <= there
    assert len(set(server.fails)) == len(server.fails)
    assert server.named is not None or not server.also


def test_each_test_has_a_wrong_server_that_fails_it() -> None:
    failing = {test for server in ALL.values() for test in server.fails}
    tests = {test for challenge in CHALLENGES for test in stories(challenge)}
    # whoever is kicked at all is kicked while not reading too, as far as we know
    assert tests - failing == {"test_one_who_does_not_read_is_kicked"}
