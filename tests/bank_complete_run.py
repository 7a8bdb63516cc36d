"""Each mistake in the bank for timestamp to kick fails the tests that it should, and no other."""

import sys

import pytest
from checked import checked
from helpers import SERVERS

sys.path.insert(0, str(SERVERS))
from bank import WrongServer
from bank_complete import BY_CHALLENGE

ALL = [(challenge, server) for challenge, bank in BY_CHALLENGE.items() for server in bank]


@pytest.mark.parametrize(("challenge", "server"), ALL, ids=[server.name for _name, server in ALL])
def test_exactly_these_tests_fail(challenge: str, server: WrongServer) -> None:
    result = checked(server.source(), challenge)
    tests = [test for part in result.challenges for test in part.tests]
    assert result.error_file is None
    assert {test.id for test in tests if test.outcome == "failed"} == set(server.fails)
    assert not [test.id for test in tests if test.outcome == "error"]


def test_each_mistake_fails_something() -> None:
    assert not [server.name for _challenge, server in ALL if not server.fails]


def test_names_are_used_once() -> None:
    assert len({server.name for _challenge, server in ALL}) == len(ALL)
