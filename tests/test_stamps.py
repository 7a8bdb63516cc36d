from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from autograder.stamps import DATE_AND_TIME, TIME, alike, find, form_of, tells, without

NOON = datetime(2031, 10, 12, 12, 34, 56)


@pytest.mark.parametrize(
    ("text", "date", "time"),
    [
        ("[2031-01-02 03:04:05] Alice: halo", ("2031", "01", "02"), ("03", "04", "05")),
        ("[03:04:05] Alice: halo", (), ("03", "04", "05")),
        ("<3:4:5> Alice: halo", (), ("3", "4", "5")),
        ("Alice (03.04.05): halo", (), ("03", "04", "05")),
        ("[03:04] Alice: halo", (), ("03", "04")),
        ("2/1/2031, 3:04:05 PM - Alice: halo", ("2031", "1", "2"), ("3", "04", "05")),
        ("[2031-01-02][03:04:05] Alice: halo", ("2031", "01", "02"), ("03", "04", "05")),
        ("2031-01-02T03:04:05.678901 Alice: halo", ("2031", "01", "02"), ("03", "04", "05")),
    ],
)
def test_a_stamp_is_found_however_it_is_written(
    text: str, date: tuple[str, ...], time: tuple[str, ...]
) -> None:
    [stamp] = find(text)
    assert (stamp.date, stamp.time) == (date, time)
    assert stamp.text == text[stamp.start : stamp.end]


@pytest.mark.parametrize(
    "text",
    [
        "Alice: kopi hangat 1234",
        "('127.0.0.1', 54321) connected",
        "Alice: 3/4 and 5.6",
        "version 3.11",
        "[%H:%M:%S] Alice: halo",
        "10:100",
    ],
)
def test_other_numbers_are_no_stamps(text: str) -> None:
    assert find(text) == []
    assert form_of(text) is None
    assert without(text) == text


def test_two_stamps_are_two() -> None:
    assert len(find("[2031-01-02 03:04:05] [03:04:05] Alice: halo")) == 2


def test_a_form_looks_for_what_it_tells() -> None:
    dated, plain = "[2031-01-02 03:04:05] Alice: halo", "[03:04:05] Alice: halo"
    assert [bool(DATE_AND_TIME.find(text)) for text in (dated, plain)] == [True, False]
    assert [bool(TIME.find(text)) for text in (dated, plain)] == [False, True]
    assert form_of(dated) is DATE_AND_TIME
    assert form_of(plain) is TIME


@pytest.mark.parametrize("form", [DATE_AND_TIME, TIME])
def test_the_form_is_exact(form: object) -> None:
    assert form is DATE_AND_TIME or form is TIME
    example = form.example
    assert form.opens(f"{example} Alice: halo")
    for wrong in (
        f"{example}  Alice: halo",
        f"{example}Alice: halo",
        f"{example} ",
        f" {example} Alice: halo",
        f"{example[1:-1]} Alice: halo",
        f"<{example[1:-1]}> Alice: halo",
        f"{example.replace(':', '.')} Alice: halo",
        f"{example.replace('03', '3')} Alice: halo",
        f"{example[:-1]}.123456] Alice: halo",
        f"{example[:-4]}] Alice: halo",
        f"Alice: {example} halo",
    ):
        assert not form.opens(wrong), wrong


def test_missing_zeros_are_seen() -> None:
    assert find("[2031-01-02 03:04:05]")[0].padded
    assert not find("[2031-1-02 03:04:05]")[0].padded
    assert not find("[03:4:05]")[0].padded


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("2031-10-12 12:34:56", True),
        ("12-10-2031 12:34:57", True),
        ("12:34:58", True),
        ("12:34", True),
        ("12:34:55", False),
        ("12:34:59", False),
        ("12:33", False),
        ("2031-10-11 12:34:56", False),
        ("2031-12-10 12:34:56", False),
        ("2031-22-10 12:34:56", False),
        ("25:34:56", False),
    ],
)
def test_a_stamp_tells_the_time_or_not(text: str, right: bool) -> None:
    assert tells(find(text)[0], NOON, NOON + timedelta(seconds=2.5)) is right


def test_midnight_is_in_between() -> None:
    evening = datetime(2031, 12, 31, 23, 59, 59)
    morning = evening + timedelta(seconds=2)
    for text in ("23:59:59", "00:00:00", "2031-12-31 23:59:59", "2032-01-01 00:00:01"):
        assert tells(find(text)[0], evening, morning), text
    for text in ("23:59:58", "00:00:02", "2031-12-31 00:00:00", "2032-01-01 23:59:59"):
        assert not tells(find(text)[0], evening, morning), text


def test_a_message_without_its_stamp() -> None:
    assert without("[2031-01-02 03:04:05] [PM] Alice: halo") == "[PM] Alice: halo"
    assert without("03:04:05 Alice: halo") == "Alice: halo"
    assert without("Alice: it is 03:04:05") == "Alice: it is 03:04:05"


def test_messages_are_alike_but_for_their_digits() -> None:
    assert alike("[03:04:05] Alice: halo", "[03:04:06] Alice: halo")
    assert not alike("[03:04:05] Alice: halo", "Alice: halo")
