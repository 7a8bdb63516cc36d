"""The five checks for check50, with what each needs, as in `autograder`."""

import os
import sys
from collections.abc import Callable

import check50

sys.path.insert(0, os.path.dirname(__file__))

import five_checks


def run(check: Callable[[str], None]) -> None:
    """Run one of the five, and let check50 know if it fails."""
    try:
        check("server.py")
    except five_checks.Unmet as unmet:
        raise check50.Failure(str(unmet)) from unmet


@check50.check()
def everybody_gets_each_message() -> None:
    """everybody still gets each message, and once"""
    run(five_checks.everybody_gets_each_message)


@check50.check(everybody_gets_each_message)
def a_newcomer_gets_the_last_three() -> None:
    """a newcomer gets the last three messages, in their order"""
    run(five_checks.a_newcomer_gets_the_last_three)


@check50.check(everybody_gets_each_message)
def a_newcomer_gets_what_there_is() -> None:
    """where fewer were said, a newcomer gets those"""
    run(five_checks.a_newcomer_gets_what_there_is)


@check50.check(a_newcomer_gets_what_there_is)
def the_news_is_not_kept() -> None:
    """the news of who came and who left is not kept"""
    run(five_checks.the_news_is_not_kept)


@check50.check(a_newcomer_gets_what_there_is)
def nobody_else_gets_them_again() -> None:
    """only the newcomer gets the old messages"""
    run(five_checks.nobody_else_gets_them_again)
