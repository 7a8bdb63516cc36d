"""The five checks as a test file of otter."""

import five_checks
from otter.test_files import test_case

OK_FORMAT = False
name = "history"
points = 5


@test_case(points=1)
def test_everybody_gets_each_message() -> None:
    five_checks.everybody_gets_each_message("server.py")


@test_case(points=1)
def test_a_newcomer_gets_the_last_three() -> None:
    five_checks.a_newcomer_gets_the_last_three("server.py")


@test_case(points=1)
def test_a_newcomer_gets_what_there_is() -> None:
    five_checks.a_newcomer_gets_what_there_is("server.py")


@test_case(points=1)
def test_the_news_is_not_kept() -> None:
    five_checks.the_news_is_not_kept("server.py")


@test_case(points=1)
def test_nobody_else_gets_them_again() -> None:
    five_checks.nobody_else_gets_them_again("server.py")
