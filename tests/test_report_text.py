"""The report in the terminal: what works, where to begin, and how to go on."""

import re

import pytest
from golden_file import check_golden
from report_examples import all_passed, hostile, never_started, passed, result, some_failed

from autograder.i18n import language
from autograder.report_text import render
from autograder.results import ChallengeResult, TestResult
from autograder.visible import cells

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("code", ["en", "id"])
@pytest.mark.parametrize("example", [some_failed, all_passed, never_started])
def test_the_whole_report(example, code):
    check_golden(f"report_{example.__name__}.{code}.txt", render(example(code), width=80))


@pytest.mark.parametrize("code", ["en", "id"])
def test_the_whole_report_when_asked_for_everything(code):
    text = render(some_failed(code), width=80, verbose=True)

    check_golden(f"report_verbose.{code}.txt", text)


def test_it_speaks_the_language_of_the_check_and_changes_no_other():
    before = language()
    text = render(all_passed("id"))

    assert "dari 20 poin" in text
    assert language() == before


def test_colours_are_the_only_difference_that_colour_makes():
    coloured = render(some_failed(), colour=True)

    assert ESCAPE.search(coloured)
    stripped = [line.rstrip() for line in ESCAPE.sub("", coloured).splitlines()]
    assert stripped == render(some_failed()).splitlines()


def test_without_colour_there_is_no_escape_sequence_even_in_a_coloured_terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")

    assert "\x1b" not in render(some_failed())


def test_in_a_notebook_it_returns_the_text_and_shows_nothing(monkeypatch, capsys):
    expected = render(some_failed())
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)

    assert render(some_failed()) == expected
    assert capsys.readouterr().out == ""


def test_colour_was_asked_for_so_the_environment_does_not_decide(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")

    assert ESCAPE.search(render(some_failed(), colour=True))


def test_the_first_failure_is_told_in_full_and_the_others_briefly():
    text = render(some_failed())

    assert text.count("The conversation:") == 1
    assert "BrokenPipeError" in text
    assert "Username Bob" not in text
    assert text.count('with Room("server.py") as room:') == 1


def test_a_hint_is_not_given_before_it_is_asked_for():
    text, everything = render(some_failed()), render(some_failed(), verbose=True)

    assert "Hint 1 of 3" in text
    assert "Hint 2 of 3" not in text
    assert "3 more hints, and everything in full: --verbose" in text
    assert "Hint 3 of 3" in everything
    assert "        client.sendall(message)" in everything
    assert "--verbose" not in everything


def test_the_same_failure_is_told_once():
    for verbose in (False, True):
        text = render(never_started(), verbose=verbose)

        assert text.count("NameError: name 'sockt' is not defined") == 1
        assert text.count("The same happened as in") == 2


def test_praise_names_what_works():
    text = " ".join(render(some_failed()).split())

    assert "What works already: all of threading and “A message from Alice reaches Bob”." in text
    assert "Everything asked of threading and broadcast works." in render(all_passed())
    assert "Nothing passes yet." in render(never_started())


def test_praise_of_many_tests_names_the_ones_with_most_points():
    good = [passed(str(at), f"Test {at}", points=at) for at in range(1, 7)]
    bad = TestResult("bad", "Bad", "failed", 0, 1)
    text = render(result("en", ChallengeResult("pm", (*good, bad))), width=100)

    assert "What works already: “Test 6”, “Test 5”, “Test 4”, and 3 more tests." in text


def test_a_failure_of_the_grader_is_nobodys_fault():
    text = " ".join(render(some_failed()).split())

    assert "! Leaving is announced once –/2" in text
    assert "That is not your fault, and it costs you no points." in text
    assert "autograder-error.txt" in text


def test_what_was_skipped_names_the_test_that_it_needs():
    text = " ".join(render(some_failed()).split())

    assert (
        "Skipped, because it needs this first: “Everybody gets a message, the sender too”." in text
    )


def test_how_the_check_was_made():
    assert "idle oracle: on · --seed 42 repeats this run" in render(some_failed())
    assert "idle oracle: off, time limits instead" in render(never_started())


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("colour", [False, True])
def test_nothing_of_a_submission_reaches_the_terminal_as_a_command(colour, verbose):
    text = ESCAPE.sub("", render(hostile(), colour=colour, verbose=verbose))

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text)
    assert "\\x1b[31mred\\x1b]0;title\\x07" in text
    assert "[bold]x[/bold]" in text


@pytest.mark.parametrize("width", [50, 80, 132])
@pytest.mark.parametrize("example", [some_failed, never_started, hostile])
def test_no_line_is_wider_than_the_terminal(example, width):
    for line in render(example(), width=width, verbose=True).splitlines():
        assert cells(line) <= width


def test_long_output_is_cut_to_its_end():
    lines = "\n".join(f"line {at}" for at in range(30))
    test = TestResult("a", "A", "failed", 0, 1, output=lines)
    short = render(result("en", ChallengeResult("pm", (test,))))
    whole = render(result("en", ChallengeResult("pm", (test,))), verbose=True)

    assert "line 22" in short
    assert "line 21" not in short
    assert "line 0\n" in whole


def test_a_check_without_any_test():
    assert "0 of 0 points" in render(result("en"))
