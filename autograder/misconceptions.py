"""Name the misconception behind a failed test, where what was seen allows only one.

Each rule tells whether a misconception would show as this failure did. A rule that has proof (an
error message that only this mistake causes, a thread seen waiting at the wrong place) outweighs
one that has a pattern, and that outweighs what is only likely. Where two different misconceptions
fit equally well, none is named. A rule looks at behaviour alone, never at the server's source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from autograder import stamps
from autograder.diagram import Mark
from autograder.failures import Evidence
from autograder.i18n import _
from autograder.misconception_table import BY_ID
from autograder.results import TestResult
from autograder.symptoms import Case, Chat

LIKELY, PATTERN, PROOF = 1, 2, 3

Rule = Callable[[Case], bool]

RULES: list[tuple[str, int, Rule]] = []
"""Id, weight and rule; several rules may speak for one misconception."""


def name_misconceptions(
    results: Mapping[str, TestResult],
    evidence: Mapping[str, Evidence],
    lessons: Mapping[str, str] | None = None,
) -> dict[str, TestResult]:
    """Return the results of a run, the failed ones with the misconception that fits and its hints.

    Args:
        results: all results of the run, by the names of the tests.
        evidence: what was seen in the failed tests, by their names.
        lessons: the number of the lesson that a test belongs to, by their names: nothing is named
            there that a later lesson speaks of.
    """
    cases: dict[str, Case] = {}
    for name, result in results.items():
        if result.outcome == "failed" and name in evidence:
            cases[name] = Case(result, evidence[name], results, cases)
    named = dict(results)
    for name, case in cases.items():
        found = best(case, (lessons or {}).get(name, _LAST))
        hints = () if found is None else tuple(map(_, BY_ID[found].hints))
        named[name] = replace(results[name], misconception=found, hints=hints)
    return named


_LAST = "99"


def best(case: Case, lesson: str = _LAST) -> str | None:
    """Return the id of the misconception that fits a failed test best; None if none or several.

    Args:
        lesson: number of the last lesson that may speak of it.
    """
    weights: dict[str, int] = {}
    for name, weight, rule in RULES:
        if BY_ID[name].lesson > lesson:
            continue
        if weight > weights.get(name, 0) and rule(case):
            weights[name] = weight
    top = max(weights.values(), default=0)
    fitting = [name for name, weight in weights.items() if weight == top]
    return fitting[0] if len(fitting) == 1 else None


def shows(name: str, weight: int) -> Callable[[Rule], Rule]:
    """Register a rule for the misconception `name`."""
    if name not in BY_ID:
        raise ValueError(f"no such misconception: {name}")

    def register(rule: Rule) -> Rule:
        RULES.append((name, weight, rule))
        return rule

    return register


# -- what several rules ask ---------------------------------------------------------------------


def missing(case: Case) -> bool:
    """Something did not come, and no error of the server's explains it."""
    return case.cause in ("missing", "closed") and case.exit is None and not case.errors


def is_chat(case: Case) -> bool:
    """The last thing that happened is that somebody spoke."""
    action = case.last_action
    if action is None or action.kind != "send" or action.person is None:
        return False
    return not case.last_sent.startswith("/") and len(case.sent(action.person)) > 1


def is_command(case: Case) -> bool:
    """The last thing that anybody sent is a command."""
    return case.last_sent.startswith("/")


def is_join(case: Case) -> bool:
    """The last thing that happened is that somebody gave their username."""
    action = case.last_action
    if action is None or action.kind != "send" or action.person is None:
        return False
    return len(case.sent(action.person)) == 1


def is_leave(case: Case) -> bool:
    """The last thing that happened is that somebody who was in the chat went."""
    action = case.last_action
    return action is not None and action.kind in ("leave", "crash") and action.person in case.names


def unwelcome(case: Case) -> bool:
    """The last one who came gets nothing at all, and the server runs."""
    who = case.listener
    if not missing(case) or who is None or not case.threads_known:
        return False
    newest = max(case.evidence.transcript.labels)
    return who == newest and not case.all_got(who) and not case.waiting("accept")


def peers(case: Case) -> list[str]:
    """The names of those for whom threads wait in recv."""
    return [peer for peer in case.waiting("recv") if peer is not None]


def stuck(case: Case) -> int:
    """How many clients are connected for whom no thread reads, while threads wait for locks."""
    if not case.waiting("lock") or not case.waiting("accept") or case.waiting("running"):
        return 0  # beside a thread that spins, others wait for the interpreter itself
    labels = case.evidence.transcript.labels
    here = set(labels) - set(case.gone) - case.closed
    return len({labels[person] for person in here} - set(peers(case)))


# -- starting -----------------------------------------------------------------------------------


@shows("start.keyboard", PROOF)
def _start_keyboard(case: Case) -> bool:
    return case.cause == "input"


@shows("start.never_listens", PROOF)
def _start_never_listens(case: Case) -> bool:
    return case.cause == "deaf"


@shows("threads.main_ends", PATTERN)
def _threads_main_ends(case: Case) -> bool:
    ended = case.exit == "0" or case.cause == "ended"
    early = not case.gone and len(case.names) < 2 and not is_command(case)
    return ended and not case.errors and early


@shows("threads.fixed_number", PATTERN)
def _threads_fixed_number(case: Case) -> bool:
    several = not case.gone and len(case.names) > 1 and not is_command(case)
    if case.failed("two_clients_talk"):
        return False
    return case.exit == "0" and not case.errors and several


@shows("lists.ends_when_empty", PATTERN)
def _lists_ends_when_empty(case: Case) -> bool:
    if case.exit is None or case.exit.startswith("-") or case.errors or not case.gone_with_name:
        return False  # below zero it was ended by us
    everybody = len(case.gone_with_name) > 1 or case.id == "an_empty_room_takes_newcomers"
    return everybody and not set(case.present) - case.closed


# -- threads ------------------------------------------------------------------------------------


@shows("threads.one_at_a_time", PROOF)
def _threads_one_at_a_time(case: Case) -> bool:
    return (
        unwelcome(case)
        and not case.waiting("lock")
        and not case.waiting("select")
        and len(peers(case)) == 1
        and {case.names[person] for person in case.named} >= set(peers(case))
    )


@shows("threads.joined_at_once", PROOF)
def _threads_joined_at_once(case: Case) -> bool:
    one = unwelcome(case) and len(peers(case)) == 1 and not case.gone
    return one and bool(case.waiting("lock"))


@shows("threads.fixed_number", PROOF)
def _threads_fixed_number_too(case: Case) -> bool:
    return unwelcome(case) and len(peers(case)) > 1 and not case.gone


@shows("threads.fixed_number", PATTERN)
def _threads_fixed_number_as_well(case: Case) -> bool:
    # many are in, and the next one finds the door closed
    who = case.listener
    if case.cause != "closed" or who is None or case.errors or case.gone:
        return False
    return who not in case.names and not case.all_got(who) and len(peers(case)) > 3


@shows("threads.name_in_accept_loop", PROOF)
def _threads_name_in_accept_loop(case: Case) -> bool:
    return (
        unwelcome(case)
        and not case.waiting("lock")
        and len(peers(case)) > 0
        and not {case.names[person] for person in case.named} & set(peers(case)[-1:])
    )


@shows("threads.not_started", PATTERN)
def _threads_not_started(case: Case) -> bool:
    silent = not any(case.all_got(person) for person in case.evidence.transcript.labels)
    return (
        case.cause in ("missing", "closed")
        and case.exit is None
        and not case.errors
        and silent
        and len(case.evidence.transcript.labels) > 1
        and len(case.waiting("accept")) == 1
        and not peers(case)
        and not case.waiting("lock")
        and not case.waiting("running")
    )


@shows("threads.args", PROOF)
def _threads_args(case: Case) -> bool:
    # no line of the student's own stands between: the call was made by threading itself
    head = r"Traceback \(most recent call last\):\n"
    call = r"TypeError: .*(positional argument|argument after \* must be an iterable)"
    return re.search(head + call, case.output) is not None


@shows("threads.accept_loop_unguarded", PATTERN)
def _threads_accept_loop_unguarded(case: Case) -> bool:
    nameless = set(case.gone) - case.named
    reset = any(error.startswith(("Connection", "BrokenPipe", "OSError")) for error in case.errors)
    ended = case.exit is not None or (case.threads_known and not case.waiting("accept"))
    return bool(nameless) and reset and ended and not case.raised("Errno 9")


@shows("threads.lock_while_waiting", PROOF)
def _threads_lock_while_waiting(case: Case) -> bool:
    reads = case.cause == "missing" and not case.errors and bool(peers(case))
    return reads and not case.gone and not _after_something(case) and stuck(case) > 0


@shows("threads.shared_variable", PROOF)
def _threads_shared_variable(case: Case) -> bool:
    # two threads that read for the same client
    served = Counter(peers(case))
    return case.cause == "missing" and any(count > 1 for count in served.values())


@shows("threads.shared_variable", PROOF)
def _threads_shared_variable_too(case: Case) -> bool:
    # half a line of one, joined to the line of another
    if not case.evidence.transcript.line_ends or not case.one_of(
        "half_a_username_holds_nobody_up", "half_a_message_holds_nobody_up"
    ):
        return False
    for event in case.evidence.transcript.events:
        half = event.data.decode(errors="replace")
        if event.kind != "send" or half.endswith("\n") or len(half) < 2:
            continue
        for person in case.names:
            if person != event.person and any(
                half + text in got for text in case.sent(person) for got in case.everything_got
            ):
                return True
    return False


@shows("threads.shared_variable", PROOF)
def _threads_shared_variable_as_well(case: Case) -> bool:
    # many leave, and the same name is announced again and again
    if not is_leave(case) or case.cause != "missing":
        return False
    for other in case.cases:
        if _threads_shared_variable(other):
            return True
        if other.id == "many_come_and_go_at_once" and len(other.gone) > 10:
            names = Counter(person for text in other.got() for person in other.named_in(text))
            if names and names.most_common(1)[0][1] > max(10, 0.8 * names.total()):
                return True
    return False


@shows("threads.shared_variable", PATTERN)
def _threads_shared_variable_after_all(case: Case) -> bool:
    # one who was slow gets nothing, and the one who came last gets it twice
    if case.id == "many_come_and_go_at_once":
        others = (other for other in case.cases if other is not case)
        return any(map(_threads_shared_variable_after_all, others))
    slow = ("a_silent_guest_does_not_lock_the_door", "half_a_username_holds_nobody_up")
    if not case.one_of(*slow) or not missing(case) or not is_chat(case):
        return False
    newest = max(case.evidence.transcript.labels)
    twice = sum(text.count(case.wanted) for text in case.got(newest)) == 2
    return newest != case.listener and bool(case.wanted) and twice


@shows("threads.busy_wait", PATTERN)
def _threads_busy_wait(case: Case) -> bool:
    spins = case.cause == "busy" or bool(case.waiting("running"))
    return spins and case.failed("the_server_rests") and case.exit is None


# -- broadcast ----------------------------------------------------------------------------------


PATTERNS: dict[str, Callable[[Chat], set[int]]] = {
    "broadcast.echo_only": lambda chat: {chat.speaker},
    "broadcast.after_the_loop": lambda chat: {chat.present[-1]},
    "broadcast.return_in_loop": lambda chat: {chat.present[0]},
    "broadcast.off_by_one": lambda chat: set(chat.present[:-1]),
    "broadcast.not_to_sender": lambda chat: set(chat.present) - {chat.speaker},
}
"""Whom a message reaches under each of these misconceptions."""

_PLAIN_CHAT = (
    "two_clients_talk",
    "a_silent_listener_holds_nobody_up",
    "everybody_gets_a_message",
    "the_sender_gets_it_too",
    "a_good_username_comes_in",
    "the_others_go_on",
)


def delivery(case: Case) -> str | None:
    """The one of `PATTERNS` that explains every chat message in the run, None if not just one."""
    seen = [
        chat
        for other in case.cases
        if other.one_of(*_PLAIN_CHAT) and not other.errors and other.exit is None
        for chat in other.chats_before_anybody_left
        if chat.reached != set(chat.present)
    ]
    fitting = [
        name
        for name, pattern in PATTERNS.items()
        if seen and all(chat.reached == pattern(chat) for chat in seen)
    ]
    if case.passed("everybody_gets_a_message"):
        fitting = [name for name in fitting if name == "broadcast.not_to_sender"]
    return fitting[0] if len(fitting) == 1 else None


def _delivered_as(name: str) -> Rule:
    def rule(case: Case) -> bool:
        who = case.listener
        if not missing(case) or who is None or delivery(case) != name:
            return False
        if is_chat(case) and case.last_action is not None and case.last_action.person is not None:
            chat = Chat(case.last_action.person, case.present, (), frozenset())
        elif (is_join(case) or is_leave(case)) and case.present:
            chat = Chat(-1, case.present, (), frozenset())
            if name in ("broadcast.echo_only", "broadcast.not_to_sender"):
                return False  # a notice has no sender
        else:
            return False
        return who not in PATTERNS[name](chat)

    return rule


for _name in PATTERNS:
    shows(_name, PATTERN)(_delivered_as(_name))


def times(case: Case) -> int:
    """How many times the listener got what is unwanted, since our last action."""
    return sum(text.count(case.wanted) for text in case.got()) if case.wanted else 0


@shows("broadcast.twice", PATTERN)
def _broadcast_twice(case: Case) -> bool:
    action = case.last_action
    return (
        case.cause == "unwanted"
        and is_chat(case)
        and action is not None
        and action.person == case.listener
        and times(case) == 2
    )


@shows("broadcast.nested_loops", PATTERN)
def _broadcast_nested_loops(case: Case) -> bool:
    action = case.last_action
    return (
        case.cause == "unwanted"
        and action is not None
        and action.person != case.listener
        and times(case) > 1
        and case.failed("joining_is_announced", "nobody_gets_it_twice")
    )


@shows("broadcast.one_dead_ends_all", PATTERN)
def _broadcast_one_dead_ends_all(case: Case) -> bool:
    chat = _last_chat_after_leaving(case)
    if not missing(case) or chat is None or stuck(case) or set(case.present) & case.closed:
        return False
    before = {person for person in chat.present if person < min(chat.left_before)}
    return bool(before) and chat.reached == before != set(chat.present)


@shows("broadcast.one_dead_ends_all", PATTERN)
def _broadcast_one_dead_ends_all_too(case: Case) -> bool:
    # of the one whose thread met dead connections only those before them on the list are told
    if case.id != "several_crash_at_once" or case.cause != "missing" or case.listener is None:
        return False
    action = case.last_action
    return (
        action is not None
        and action.person is not None
        and not case.times_named(action.person, case.listener)
        and any(case.times_named(action.person, person) for person in case.present)
    )


def _last_chat_after_leaving(case: Case) -> Chat | None:
    """What was said last, where that was the last action and somebody had gone; else None."""
    chats = case.chats if is_chat(case) else []
    return chats[-1] if chats and chats[-1].left_before else None


# -- text and bytes -----------------------------------------------------------------------------


@shows("text.not_encoded", PROOF)
def _text_not_encoded(case: Case) -> bool:
    return case.raised("TypeError", "a bytes-like object is required, not 'str'")


@shows("text.bytes_shown", PROOF)
def _text_bytes_shown(case: Case) -> bool:
    shown = set(re.findall(r"\bb['\"](\w+)", "\n".join(case.everything_got)))
    return bool(shown & set(case.names.values())) or case.raised("TypeError", "str to bytes")


@shows("text.f_string", PROOF)
def _text_f_string(case: Case) -> bool:
    if case.cause not in ("missing", "wrong"):
        return False
    sent = "\n".join(t for person in case.names for t in case.sent(person))
    return any(
        found[0] not in sent
        for text in case.got()
        for found in re.finditer(r"\{[A-Za-z_][\w.]*\}", text)
    )


@shows("text.ascii", PROOF)
def _text_ascii(case: Case) -> bool:
    return case.raised("'ascii' codec can't")


@shows("text.ascii", PATTERN)
def _text_ascii_too(case: Case) -> bool:
    # where everything is caught, the sender of the letter is thrown out
    action = case.last_action
    if case.errors or action is None or not is_chat(case) or case.last_sent.isascii():
        return False
    thrown = action.person in case.closed or any(
        action.person in case.named_in(text) and case.wanted not in text for text in case.got()
    )
    return thrown and case.one_of("letters_beyond_ascii", "an_emoji", "a_private_emoji")


@shows("text.letters_lost", PROOF)
def _text_letters_lost(case: Case) -> bool:
    if case.wanted.isascii():
        return False
    plain = _plain(case.wanted)
    return any(text.isascii() and plain in _plain(text) for text in case.got())


def _plain(text: str) -> str:
    return re.sub(r"[^\x21-\x3e\x40-\x7e]", "", text)  # nothing beyond ASCII, no ?, no blanks


@shows("text.wrong_decoding", PROOF)
def _text_wrong_decoding(case: Case) -> bool:
    garbled = case.wanted.encode().decode("latin-1")
    return garbled != case.wanted and any(garbled in text for text in case.got())


@shows("text.cut_letter", PROOF)
def _text_cut_letter(case: Case) -> bool:
    return case.raised("UnicodeDecodeError", "'utf-8' codec") or (
        case.id == "a_message_in_pieces"
        and "\ufffd" not in case.wanted
        and any("\ufffd" in text for text in case.got())
        and not case.failed("letters_beyond_ascii")
    )


@shows("text.first_word", PROOF)
def _text_first_word(case: Case) -> bool:
    first, _blank, rest = case.wanted.partition(" ")
    return (
        bool(rest)
        and is_chat(case)
        and not case.one_of("a_burst_arrives_whole", "a_long_message", "a_message_in_pieces")
        and any(text.endswith(first) and rest not in text for text in case.got())
    )


@shows("stream.one_recv", PATTERN)
def _stream_one_recv(case: Case) -> bool:
    if case.cause not in ("missing", "unwanted") or case.errors:
        return False
    wanted, got = case.wanted, case.got()
    if case.id == "half_a_username_holds_nobody_up":
        return case.cause == "unwanted"  # a half of it is a word of its own
    if not wanted:
        return False
    if case.id == "half_a_message_holds_nobody_up":
        # the second half comes as a message of its own
        ends = [wanted[at:] for at in range(1, len(wanted) - 1)]
        return any(
            re.search(rf"(?<!\w){re.escape(end)}(?!\w)", text) and wanted not in text
            for text in got
            for end in ends
        )
    if case.id == "a_long_message":
        pieces = [text for text in got if text in wanted or wanted.startswith(text[-40:])]
        return len(got) > 1 and sum(map(len, pieces)) > 0.5 * len(wanted)
    if case.id == "a_message_in_pieces" and case.listener is not None:
        return sum(len(text) <= 6 for text in case.all_got(case.listener)) >= 4
    if case.one_of("a_burst_arrives_whole", "messages_arrive_in_order"):
        return not _speaker_closed(case) and _share_that_came(case) > 0.9
    return False


@shows("stream.rest_lost", PATTERN)
def _stream_rest_lost(case: Case) -> bool:
    return (
        case.cause == "missing"
        and case.one_of("a_burst_arrives_whole", "messages_arrive_in_order")
        and not case.errors
        and not _speaker_closed(case)
        and 0 < _share_that_came(case) < 0.9
    )


def _speaker_closed(case: Case) -> bool:
    """The server has closed the connection of the one who spoke last."""
    return case.last_action is not None and case.last_action.person in case.closed


def _share_that_came(case: Case) -> float:
    """How much of all that the speaker said the listener got, whole or in pieces, from 0 to 1."""
    action = case.last_action
    if action is None or action.person is None or case.listener is None:
        return 0.0
    said = case.sent(action.person)[1:]
    got = "".join(case.all_got(case.listener))
    bodies = [text.rpartition(": ")[2] for text in said]
    return sum(body in got for body in bodies) / max(1, len(bodies))


@shows("stream.long_cut", PATTERN)
def _stream_long_cut(case: Case) -> bool:
    if case.id != "a_long_message" or case.cause != "missing" or case.errors:
        return False
    got = case.got()
    name = case.names.get(case.last_action.person or 0, "") if case.last_action else ""
    return len(got) == 1 and case.wanted.startswith(got[0].removeprefix(f"{name}: ")[:-1] or "-")


# -- lists --------------------------------------------------------------------------------------


def _not_announced(case: Case) -> bool:
    """Somebody came in, chatting works, and the listener has read nothing of it."""
    action = case.last_action
    return (
        missing(case)
        and is_join(case)
        and case.id != "leaving_in_the_middle_of_choosing"
        and action is not None
        and action.person not in case.closed
        and case.listener != action.person
        and not case.failed("two_clients_talk")
        and not case.failed("everybody_gets_a_message")
        and not case.waiting("lock")
        and not case.passed("joining_is_announced")
    )


@shows("lists.join_before_name", PROOF)
def _lists_join_before_name(case: Case) -> bool:
    return _not_announced(case) and any(
        "127.0.0.1" in text
        for person in case.evidence.transcript.labels
        for text in case.all_got(person)
    )


@shows("lists.join_before_name", PROOF)
def _lists_join_before_name_too(case: Case) -> bool:
    action = case.last_action
    connects = action is not None and action.kind == "connect"
    before = case.one_of("leaving_before_the_username", "a_crash_before_the_username")
    return before and connects and case.cause == "unwanted" and "127.0.0.1" in case.wanted


@shows("lists.join_only_newcomer", PATTERN)
def _lists_join_only_newcomer(case: Case) -> bool:
    action = case.last_action
    if not _not_announced(case) or action is None or action.person is None:
        return False
    return any(action.person in case.named_in(text) for text in case.all_got(action.person))


@shows("lists.join_not_announced", PATTERN)
def _lists_join_not_announced(case: Case) -> bool:
    action = case.last_action
    if not _not_announced(case) or action is None or action.person is None or case.got():
        return False
    return not any(
        action.person in case.named_in(text)
        for person in case.evidence.transcript.labels
        for text in case.all_got(person)
    )


@shows("lists.empty_recv", PATTERN)
def _lists_empty_recv(case: Case) -> bool:
    spins = case.cause == "busy" or bool(case.waiting("running"))
    if case.failed("two_clients_talk"):
        return False  # it spins before anybody has left
    known = case.cause == "busy" or any(other.cause == "busy" for other in case.cases)
    return spins and known and bool(case.gone) and not case.failed("the_server_rests")


@shows("lists.empty_recv_flood", PROOF)
def _lists_empty_recv_flood(case: Case) -> bool:
    if not case.gone or _lists_empty_name_joins(case):
        return False
    for person in case.present:
        before, after = case.around_the_first_leaving(person)
        text, count = (Counter(after).most_common(1) or [("", 0)])[0]
        if count > 50 and before.count(text) < 5:
            return text == "" or case.exit == "-9"
    return False


def _nothing_of_leaving(case: Case) -> bool:
    """Somebody left, the server runs on in peace, and the listener reads nothing of it."""
    named = {person for text in case.got() for person in case.named_in(text)}
    return (
        case.cause == "missing"
        and case.exit is None
        and is_leave(case)
        and not case.waiting("running")
        and not stuck(case)
        and not named - set(case.gone)
        and not case.failed("two_clients_talk")
        and not case.failed("everybody_gets_a_message")
    )


def _silent(case: Case, name: str) -> bool:
    """The test `name` of this run failed because the others read nothing of somebody's leaving."""
    return any(
        other.id == name and _nothing_of_leaving(other) and not other.got() for other in case.cases
    )


@shows("lists.ghost_after_fin", LIKELY)
def _lists_ghost_after_fin(case: Case) -> bool:
    return (
        _nothing_of_leaving(case)
        and not case.errors
        and _silent(case, "leaving_is_announced_once")
        and case.passed("a_crash_is_announced_once")
    )


@shows("lists.ghost_after_rst", LIKELY)
def _lists_ghost_after_rst(case: Case) -> bool:
    return (
        _nothing_of_leaving(case)
        and (not case.errors or case.raised("ConnectionResetError"))
        and _silent(case, "a_crash_is_announced_once")
        and case.passed("leaving_is_announced_once")
    )


@shows("lists.leave_not_announced", LIKELY)
def _lists_leave_not_announced(case: Case) -> bool:
    return (
        _nothing_of_leaving(case)
        and not case.errors
        and _silent(case, "leaving_is_announced_once")
        and _silent(case, "a_crash_is_announced_once")
    )


@shows("lists.leave_twice", PATTERN)
def _lists_leave_twice(case: Case) -> bool:
    return (
        case.cause == "unwanted"
        and is_leave(case)
        and times(case) == 2
        and case.failed("leaving_is_announced_once")
        and not case.failed("joining_is_announced")
    )


def _announced_without_name(case: Case) -> str | None:
    """What the others read when somebody without a name went, None if that is not the case."""
    action = case.last_action
    if (
        case.cause != "unwanted"
        or action is None
        or action.kind not in ("leave", "crash")
        or action.person in case.names
    ):
        return None
    got = case.got()
    return got[0] if got else None


@shows("lists.nameless_takes_another", PATTERN)
def _lists_nameless_takes_another(case: Case) -> bool:
    text = _announced_without_name(case)
    return text is not None and bool(case.named_in(text))


@shows("lists.nameless_leaver", PATTERN)
def _lists_nameless_leaver(case: Case) -> bool:
    text = _announced_without_name(case)
    return text is not None and not case.named_in(text) and "\ufffd" not in text


@shows("lists.empty_name_joins", PROOF)
def _lists_empty_name_joins(case: Case) -> bool:
    text = _announced_without_name(case)
    return text is not None and case.is_join_notice(text)


@shows("lists.client_not_added", PATTERN)
def _lists_client_not_added(case: Case) -> bool:
    reading = {person for person, name in case.names.items() if name in peers(case)}
    nobody = not any(
        case.named_in(text)
        for person in case.evidence.transcript.labels
        for text in case.all_got(person)
    )
    return (
        missing(case)
        and nobody
        and not case.passed("two_clients_talk")
        and len(case.present) > 1
        and reading >= set(case.present)
        and not any(chat.reached for chat in case.chats)
        and any(case.all_got(person) for person in case.present)
        and not _asked_twice(case)
        and not stuck(case)
    )


@shows("lists.name_not_added", PROOF)
def _lists_name_not_added(case: Case) -> bool:
    return case.raised("IndexError", "pop from empty list") and bool(case.gone)


@shows("lists.out_of_step", PATTERN)
def _lists_out_of_step(case: Case) -> bool:
    # the notice names somebody who is still here, or who went long ago
    action = case.last_action
    if not is_leave(case) or case.cause != "missing" or action is None or action.person is None:
        return False
    if case.wanted not in case.names.values() or case.id == "several_crash_at_once":
        return False  # it is not the notice that is missing, or not that of the last one to go
    if case.id == "many_come_and_go_at_once" and len(case.gone) > 10:
        allowed = set(case.gone)
    else:
        allowed = {action.person}
    named = {person for text in case.got() for person in case.named_in(text)}
    return bool(named - allowed)


@shows("lists.out_of_step", PATTERN)
def _lists_out_of_step_too(case: Case) -> bool:
    return case.raised("IndexError", "index out of range") and bool(case.gone_with_name)


@shows("lists.out_of_step", PATTERN)
def _lists_out_of_step_in_several(case: Case) -> bool:
    # somebody is announced who is still here, or the one who went first once more
    if case.id != "several_crash_at_once" or case.listener is None or case.last_action is None:
        return False
    first = case.last_action.person
    return any(
        case.times_named(person, case.listener) > (1 if person == first else 0)
        for person in (*case.present, first)
        if person is not None
    )


@shows("lists.out_of_step", LIKELY)
def _lists_out_of_step_as_well(case: Case) -> bool:
    # in a crowd alone: the same name is announced several times
    return (
        case.id == "many_come_and_go_at_once"
        and is_leave(case)
        and case.cause in ("unwanted", "missing")
        and not case.errors
        and case.passed("leaving_is_announced_once", "a_crash_is_announced_once")
    )


@shows("lists.index_after_removal", PROOF)
def _lists_index_after_removal(case: Case) -> bool:
    return case.raised("ValueError", "<socket", "is not in list") and not is_command(case)


@shows("lists.forgot_global", PROOF)
def _lists_forgot_global(case: Case) -> bool:
    return case.raised("UnboundLocalError")


def _only_later_ones(case: Case) -> bool:
    """After somebody left, only those who came later hear each other."""
    for chat in case.chats:
        if chat.left_before and chat.reached:
            later = {person for person in chat.present if person > max(chat.left_before)}
            if chat.reached == later != set(chat.present):
                return True
    return False


@shows("lists.emptied", PATTERN)
def _lists_emptied(case: Case) -> bool:
    if not any(_only_later_ones(other) for other in case.cases if not other.errors):
        return False
    return _only_later_ones(case) or (_nothing_of_leaving(case) and not case.errors)


@shows("lists.closed_but_listed", PROOF)
def _lists_closed_but_listed(case: Case) -> bool:
    alive = case.exit is None and bool(case.waiting("accept"))
    return case.raised("OSError", "Errno 9") and alive


@shows("lists.closes_the_door", PROOF)
def _lists_closes_the_door(case: Case) -> bool:
    ended = case.exit is not None or (case.threads_known and not case.waiting("accept"))
    return case.raised("OSError", "Errno 9") and bool(case.gone) and ended


@shows("lists.name_stays_taken", PATTERN)
def _lists_name_stays_taken(case: Case) -> bool:
    action = case.last_action
    again = case.id.startswith(("a_name_can_be_used_again", "a_username_is_free_"))
    if not missing(case) or stuck(case) or not again or action is None:
        return False
    if any(_threads_shared_variable(other) for other in case.cases):
        return False
    if not is_join(case) and not (is_chat(case) and action.person in case.closed):
        return False
    went = set(case.gone) | case.closed
    return any(
        # the server knows that its owner went: the others were told so
        len([text for text in case.all_got(person) if went & case.named_in(text)]) > 1
        for person in case.present
        if person != action.person and person not in case.closed
    )


def _after_something(case: Case) -> bool:
    """Somebody who was in has gone, or somebody has sent a command."""
    commands = any(text.startswith("/") for person in case.names for text in case.sent(person))
    return bool(case.gone_with_name) or commands


def _all_stand_still(case: Case) -> bool:
    """In some test of the run several clients stood still after such a thing."""
    return any(stuck(other) > 1 and _after_something(other) for other in case.cases)


@shows("locks.taken_twice", PROOF)
def _locks_taken_twice(case: Case) -> bool:
    stands = case.cause == "missing" and stuck(case) > 0
    before = any(_threads_lock_while_waiting(other) for other in case.cases)
    return stands and not before and _after_something(case) and _all_stand_still(case)


@shows("locks.taken_twice", PATTERN)
def _locks_taken_twice_too(case: Case) -> bool:
    # the thread of the one who left stands at a lock, and soon others will
    waits = bool(case.waiting("lock")) and _all_stand_still(case)
    return waits and _nothing_of_leaving(case)


@shows("locks.taken_twice", PROOF)
def _locks_taken_twice_as_well(case: Case) -> bool:
    # a broadcast that meets a dead connection never ends
    if case.id == "several_crash_at_once":
        waits = case.cause == "missing" and bool(case.waiting("lock"))
        return waits and any(_stands_at_a_dead_connection(other) for other in case.cases)
    return _stands_at_a_dead_connection(case)


def _stands_at_a_dead_connection(case: Case) -> bool:
    speaks = case.id == "speaking_while_another_crashes" and case.passed("two_clients_talk")
    return speaks and case.cause == "missing" and not case.errors and stuck(case) > 0


@shows("locks.missing", PROOF)
def _locks_missing(case: Case) -> bool:
    # one after another all goes well, and line by line together it does not
    first = case.last_action.person if case.last_action is not None else None
    return (
        case.id == "several_crash_at_once"
        and case.cause in ("missing", "unwanted")
        and case.exit is None
        and not stuck(case)
        and first is not None
        and case.listener is not None
        and case.times_named(first, case.listener) == 1
        and case.passed(
            "the_right_four_remain", "a_crash_is_announced_once", "speaking_while_another_crashes"
        )
    )


@shows("locks.not_released", PROOF)
def _locks_not_released(case: Case) -> bool:
    return (
        case.cause == "missing"
        and stuck(case) > 0
        and bool(case.gone)
        and not case.gone_with_name
        and not case.failed("two_clients_talk")
    )


@shows("lists.innocent_sender", PATTERN)
def _lists_innocent_sender(case: Case) -> bool:
    action = case.last_action
    return (
        is_chat(case)
        and case.exit is None
        and bool(case.gone_with_name)
        and action is not None
        and action.person in case.closed
        and any(action.person in case.named_in(text) for text in case.all_got(action.person))
        and not case.raised("Errno 9")
        and not case.raised("codec")
        and not case.raised("TypeError")
    )


def _next_one_skipped(case: Case) -> bool:
    """A message reaches all but the one who came right after somebody who has gone."""
    chat = _last_chat_after_leaving(case)
    if not missing(case) or chat is None or stuck(case):
        return False
    behind = [person for person in chat.present if person > max(chat.left_before)]
    return len(behind) > 1 and chat.reached == set(chat.present) - {behind[0]}


@shows("lists.changed_in_loop", PATTERN)
def _lists_changed_in_loop(case: Case) -> bool:
    if case.id == "several_crash_at_once":
        return missing(case) and any(map(_next_one_skipped, case.cases))
    return _next_one_skipped(case)


@shows("lists.reset_ends_everything", PATTERN)
def _lists_reset_ends_everything(case: Case) -> bool:
    broke = any(event.kind == "crash" for event in case.evidence.transcript.events)
    unread = case.id == "leaving_with_unread_messages"
    return (
        case.exit is not None
        and (broke or unread)
        and not case.raised("Errno 9")
        and case.failed("a_crash_is_announced_once")
        and case.passed("leaving_is_announced_once")
    )


# -- stamps -------------------------------------------------------------------------------------

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_EACH = ("each_message_has_date_and_time", "each_message_has_the_time")
_FORM = ("date_and_time_have_the_exact_form", "the_time_has_the_exact_form")


def line(case: Case) -> str:
    """The whole message that a test complains about, "" where it complains of none."""
    mark = case.evidence.mark
    return mark.text if case.cause == "wrong" and isinstance(mark, Mark) else ""


def stamp_and_clock(case: Case) -> tuple[stamps.Stamp, stamps.Stamp] | None:
    """The stamp of the message, and the time that was expected; None if there are not both."""
    have, want = stamps.find(line(case)), stamps.find(case.test.expected)
    if not have or not want or len(have[0].time) < 3 or len(want[0].time) < 3:
        return None
    return have[0], want[0]


@shows("stamp.console_only", PROOF)
def _stamp_console_only(case: Case) -> bool:
    return (
        case.one_of(*_EACH)
        and bool(line(case))
        and not stamps.find(line(case))
        and bool(stamps.find(case.output))
    )


@shows("stamp.month_name", PROOF)
def _stamp_month_name(case: Case) -> bool:
    return re.search(rf"\b({_MONTHS}):\d\d\b", line(case)) is not None


@shows("stamp.minutes_for_month", PROOF)
def _stamp_minutes_for_month(case: Case) -> bool:
    both = stamp_and_clock(case)
    if both is None or not both[1].date:
        return False
    have, want = both
    month, minute = want.date[1], want.time[1]
    swapped = bool(have.date) and have.date[1] == minute
    return month != minute and (swapped or have.time[1] == month)


@shows("stamp.twelve_hours", PROOF)
def _stamp_twelve_hours(case: Case) -> bool:
    both = stamp_and_clock(case)
    if both is None:
        return False
    have, want = both
    return int(want.time[0]) > 12 and int(have.time[0]) == int(want.time[0]) - 12


@shows("stamp.utc", PROOF)
def _stamp_utc(case: Case) -> bool:
    both = stamp_and_clock(case)
    if both is None or not case.id.endswith("local"):
        return False
    have, want = both
    return int(have.time[0]) == (int(want.time[0]) - 7) % 24 and have.time[1] == want.time[1]


@shows("stamp.taken_once", PROOF)
def _stamp_taken_once(case: Case) -> bool:
    both = stamp_and_clock(case)
    if both is None or not case.id.endswith("taken_anew"):
        return False
    have, want = both
    return int(have.time[0]) < int(want.time[0]) and have.time[1] == want.time[1]


@shows("stamp.twice", PROOF)
def _stamp_twice(case: Case) -> bool:
    return case.id.endswith("there_once") and len(stamps.find(line(case))) > 1


@shows("stamp.not_on_notices", PROOF)
def _stamp_not_on_notices(case: Case) -> bool:
    notice = case.id.startswith(("joining_has", "leaving_has"))
    return notice and bool(line(case)) and not stamps.find(line(case))


@shows("stamp.not_padded", PROOF)
def _stamp_not_padded(case: Case) -> bool:
    found = stamps.find(line(case))
    return case.id.endswith("their_digits") | case.id.endswith("its_digits") and bool(
        found and not found[0].padded
    )


@shows("stamp.other_form", PATTERN)
def _stamp_other_form(case: Case) -> bool:
    return case.one_of(*_FORM) and bool(stamps.find(line(case)))


@shows("stamp.per_client", PATTERN)
def _stamp_per_client(case: Case) -> bool:
    return case.id.startswith("everybody_sees_the_same") and bool(stamps.find(line(case)))


@shows("stamp.message_formatted", PROOF)
def _stamp_message_formatted(case: Case) -> bool:
    inside = case.id.endswith(("leave_the_message_alone", "leaves_the_message_alone"))
    came = line(case) or " ".join(case.got())
    return inside and "%H:%M" in case.last_sent and "%H:%M" not in came


# -- usernames ----------------------------------------------------------------------------------


def _let_in(case: Case) -> bool:
    """Somebody who should have been refused gets what the others say."""
    return case.cause == "unwanted" and is_chat(case)


def _asked_twice(case: Case) -> bool:
    """The one who should have been refused was asked for a username again: they were refused."""
    got = case.all_got(case.listener) if case.listener is not None else []
    return len(got) > 1 and got.count(got[0]) > 1


def _under_another_name(case: Case) -> bool:
    """Somebody was announced whose name is one that was asked for, and something behind it."""
    names = "|".join(map(re.escape, case.names.values())) or "(?!)"
    return any(re.search(rf"(?<!\w)({names})\w", text) for text in case.everything_got)


@shows("username.not_checked", PROOF)
def _username_not_checked(case: Case) -> bool:
    taken = case.id == "a_username_that_is_online_is_refused"
    return _let_in(case) and taken and not _asked_twice(case) and not _under_another_name(case)


@shows("username.case", PROOF)
def _username_case(case: Case) -> bool:
    return _let_in(case) and case.id == "other_capitals_are_the_same_username"


@shows("username.blank", PROOF)
def _username_blank(case: Case) -> bool:
    return _let_in(case) and case.one_of("an_empty_username_is_refused", "only_blanks_are_refused")


@shows("username.not_trimmed", PROOF)
def _username_not_trimmed(case: Case) -> bool:
    return (case.cause == "unwanted" and case.id == "blanks_around_are_taken_off") or (
        _let_in(case) and case.id == "blanks_around_make_no_other_username"
    )


@shows("username.any_text", PATTERN)
def _username_any_text(case: Case) -> bool:
    return _let_in(case) and case.one_of(
        "a_blank_inside_is_refused", "21_characters_are_refused", "control_characters_are_refused"
    )


@shows("username.added_before_check", PATTERN)
def _username_added_before_check(case: Case) -> bool:
    if case.id == "nobody_is_told_of_the_refused_one":
        sent = case.last_action is not None and case.last_action.kind == "send"
        return case.cause == "unwanted" and sent and any(map(case.is_join_notice, case.got()))
    if case.id == "list_has_nobody_who_was_refused":
        return case.cause == "wrong"
    taken = case.id == "a_username_that_is_online_is_refused"
    return _let_in(case) and taken and _asked_twice(case)


@shows("username.removed_by_name", PATTERN)
def _username_removed_by_name(case: Case) -> bool:
    if case.id == "nobody_is_told_of_the_refused_one":
        action = case.last_action
        left = action is not None and action.kind in ("leave", "crash")
        return left and case.cause == "unwanted" and case.failed("the_owner_stays")
    return case.id == "the_owner_stays" and missing(case)


@shows("username.closed_not_asked", PROOF)
def _username_closed_not_asked(case: Case) -> bool:
    refused = case.id in ("the_refused_one_is_asked_again", "as_often_as_it_takes")
    again = case.passed("the_refused_one_is_asked_again")
    return refused and not again and case.cause == "closed" and case.listener in case.closed


@shows("username.asked_only_once", PATTERN)
def _username_asked_only_once(case: Case) -> bool:
    return (
        case.id == "as_often_as_it_takes"
        and case.passed("the_refused_one_is_asked_again")
        and case.exit is None
    )


@shows("username.no_reason", PATTERN)
def _username_no_reason(case: Case) -> bool:
    return case.id == "the_refused_one_is_told_why" and missing(case)


@shows("username.check_then_act", PROOF)
def _username_check_then_act(case: Case) -> bool:
    several = case.id == "one_of_twenty_gets_it" and case.cause == "unwanted"
    return several and not case.failed("nobody_is_told_of_the_refused_one")


# -- commands -----------------------------------------------------------------------------------


def raw(case: Case) -> bool:
    """Somebody else got the command line as it was typed."""
    action = case.last_action
    return is_command(case) and any(
        text.rstrip().endswith(case.last_sent.rstrip())
        for person in case.evidence.transcript.labels
        if action is None or person != action.person
        for text in case.got(person)
    )


def _was_done(case: Case) -> bool:
    """The command was carried out, whatever else happened."""
    words = case.last_sent.split()
    if words[0] == "/pm" and len(words) > 2:
        return any(words[2] in text and "/pm" not in text for text in case.everything_got)
    if words[0] == "/kick" and len(words) > 1:
        return any(case.names.get(person) == words[1] for person in case.closed)
    return words[0] == "/list" and case.passed("list_names_the_others")


@shows("command.treated_as_chat", PATTERN)
def _command_treated_as_chat(case: Case) -> bool:
    known = case.one_of(
        "only_the_recipient_sees_it",
        "list_names_the_others",
        "the_command_list_is_not_shown",
        "the_kicked_one_is_disconnected",
        "the_command_kick_is_not_shown",
    )
    return raw(case) and known and not _was_done(case)


@shows("command.falls_through", PATTERN)
def _command_falls_through(case: Case) -> bool:
    if not raw(case) or case.cause != "unwanted":
        return False
    unknown = case.one_of("what_only_looks_like_pm", "an_unknown_command", "pm_by_itself")
    return unknown or _was_done(case)


def _glued(case: Case) -> bool:
    """The command and its first word stand together, as in /pmBob."""
    return re.match(r"/(pm|kick)\w", case.last_sent) is not None


@shows("command.missing_word", PROOF)
def _command_missing_word(case: Case) -> bool:
    return (
        is_command(case)
        and not _glued(case)
        and (
            case.raised("IndexError", "list index out of range")
            or case.raised("ValueError", "values to unpack")
        )
    )


@shows("command.missing_word", PATTERN)
def _command_missing_word_too(case: Case) -> bool:
    return _sender_thrown_out(case) and len(case.last_sent.split()) < _words(case.last_sent)


@shows("command.unknown_name", PROOF)
def _command_unknown_name(case: Case) -> bool:
    return (
        is_command(case)
        and not _glued(case)
        and (
            (case.raised("ValueError", "is not in list") and not case.raised("<socket"))
            or case.raised("KeyError")
            or case.raised("'NoneType' object has no attribute 'send")
        )
    )


@shows("command.unknown_name", PATTERN)
def _command_unknown_name_too(case: Case) -> bool:
    words = case.last_sent.split()
    here = {case.names[person] for person in case.present}
    return (
        _sender_thrown_out(case)
        and len(words) >= _words(case.last_sent)
        and len(words) > 1
        and words[1] not in here
    )


def _words(command: str) -> int:
    """How many words a command needs."""
    return 3 if command.startswith("/pm") else 2 if command.startswith("/kick") else 1


def _sender_thrown_out(case: Case) -> bool:
    """A command costs its sender the connection, and no error says why."""
    action = case.last_action
    return (
        is_command(case)
        and not case.errors
        and case.exit is None
        and action is not None
        and action.person in case.closed
        and not case.last_sent.startswith("/kick admin")
    )


@shows("command.no_answer", PATTERN)
def _command_no_answer(case: Case) -> bool:
    return (
        missing(case)
        and is_command(case)
        and case.cause == "missing"
        and not stuck(case)
        and case.one_of(
            "nobody_of_that_name",
            "somebody_who_has_just_left",
            "the_beginning_of_a_name_is_nobody",
            "pm_by_itself",
            "pm_without_a_message",
            "pm_with_odd_blanks",
            "what_only_looks_like_pm",
            "kick_of_nobody",
            "kick_without_a_name",
            "who_may_not_kick_is_told",
            "an_unknown_command",
        )
    )


@shows("command.answer_to_all", PATTERN)
def _command_answer_to_all(case: Case) -> bool:
    return (
        case.cause == "unwanted"
        and is_command(case)
        and not raw(case)
        and case.listener not in case.closed
        and case.one_of(
            "answers_go_to_the_sender_alone",
            "who_may_not_kick_is_told",
            "kick_of_nobody",
            "kick_without_a_name",
            "an_unknown_command",
        )
    )


@shows("command.anywhere", PATTERN)
def _command_anywhere(case: Case) -> bool:
    return (
        case.one_of("a_slash_inside_a_line_is_text", "list_inside_a_line_is_text")
        and missing(case)
        and not is_command(case)
    )


@shows("pm.broadcast", PATTERN)
def _pm_broadcast(case: Case) -> bool:
    return (
        case.cause == "unwanted"
        and case.id == "only_the_recipient_sees_it"
        and case.last_action is not None
        and case.last_action.kind == "send"
        and is_command(case)
        and not raw(case)
    )


@shows("pm.first_word_only", PROOF)
def _pm_first_word_only(case: Case) -> bool:
    first, _blank, rest = case.wanted.partition(" ")
    return (
        case.one_of("all_words_arrive", "a_command_inside_is_text")
        and bool(rest)
        and any(first in text and rest not in text for text in case.got())
    )


@shows("pm.command_prefix", PROOF)
def _pm_command_prefix(case: Case) -> bool:
    return _glued(case) and (bool(case.errors) or _sender_thrown_out(case))


@shows("pm.name_prefix", PROOF)
def _pm_name_prefix(case: Case) -> bool:
    if case.id == "kick_of_nobody" and case.listener is not None:
        name = case.names.get(case.listener, "")
        target = case.last_sent.removeprefix("/kick ")
        return name.startswith(target) and target != name and case.listener in case.closed
    if not case.one_of("names_that_begin_alike", "the_beginning_of_a_name_is_nobody"):
        return False
    words = case.last_sent.split()
    action = case.last_action
    return len(words) > 2 and any(
        words[2] in text
        for person, name in case.names.items()
        if name != words[1] and action is not None and person != action.person
        for text in case.got(person)
        if "/pm" not in text
    )


@shows("pm.sender_not_told", PATTERN)
def _pm_sender_not_told(case: Case) -> bool:
    return case.id == "the_sender_is_told" and missing(case) and case.cause == "missing"


@shows("pm.failed_is_broadcast", PATTERN)
def _pm_failed_is_broadcast(case: Case) -> bool:
    if case.one_of("nobody_of_that_name", "the_beginning_of_a_name_is_nobody"):
        return case.cause == "unwanted" and raw(case)
    return case.cause == "unwanted" and case.one_of(
        "a_failed_pm_is_not_shown", "somebody_who_has_just_left"
    )


@shows("pm.sender_missing", PATTERN)
def _pm_sender_missing(case: Case) -> bool:
    words = case.last_sent.split()
    return (
        case.id == "the_recipient_sees_who_wrote_it"
        and case.cause == "missing"
        and len(words) > 2
        and any(words[2] in text for text in case.got())
    )


# -- list and kick ------------------------------------------------------------------------------


@shows("list.to_everybody", PATTERN)
def _list_to_everybody(case: Case) -> bool:
    return (
        case.id == "the_list_goes_to_the_one_who_asked"
        and case.cause == "unwanted"
        and not raw(case)
        and any(len(case.named_in(text)) > 1 for text in case.got())
    )


def _somebody_too_many(case: Case) -> bool:
    """An answer to /list names everybody who is here, and somebody who is not."""
    here = set(case.present) - case.closed
    named = {person for text in case.got() for person in case.named_in(text)}
    return case.cause == "unwanted" and case.last_sent == "/list" and here < named


@shows("list.ghosts", PATTERN)
def _list_ghosts(case: Case) -> bool:
    left = ("list_has_nobody_who_has_left", "list_has_nobody_who_crashed", "list_of_a_crowd")
    return case.one_of(*left) and _somebody_too_many(case)


@shows("list.without_oneself", PATTERN)
def _list_without_oneself(case: Case) -> bool:
    return (
        case.id == "list_names_oneself"
        and case.cause == "missing"
        and bool(case.got())
        and not case.errors
    )


@shows("lists.added_too_early", PATTERN)
def _lists_added_too_early(case: Case) -> bool:
    return case.id == "list_has_nobody_without_a_username" and case.cause in ("wrong", "unwanted")


def _kick_was_noticed(case: Case) -> bool:
    """Somebody was told of the one who was to be kicked."""
    target = case.last_sent.split()[-1] if case.last_sent.startswith("/kick ") else "\0"
    return any(
        target in text and "/kick" not in text
        for person in case.evidence.transcript.labels
        for text in case.got(person)
    )


def _still_open(case: Case) -> bool:
    return (
        case.one_of("the_kicked_one_is_disconnected", "one_who_is_speaking_is_kicked")
        and missing(case)
        and case.last_sent.startswith("/kick ")
        and not raw(case)
    )


@shows("kick.close_without_shutdown", PATTERN)
def _kick_close_without_shutdown(case: Case) -> bool:
    # the thread waits at a socket that the program has given away, so nobody can say for whom
    target = case.last_sent.split()[-1] if case.last_sent else ""
    away = case.threads_known and target not in peers(case)
    return _still_open(case) and away and _kick_was_noticed(case)


@shows("kick.only_off_the_list", PATTERN)
def _kick_only_off_the_list(case: Case) -> bool:
    target = case.last_sent.split()[-1] if case.last_sent else ""
    return _still_open(case) and target in peers(case) and _kick_was_noticed(case)


@shows("kick.close_without_shutdown", PATTERN)
def _kick_close_without_shutdown_too(case: Case) -> bool:
    return case.id == "no_thread_is_left"


@shows("kick.anybody", PROOF)
def _kick_anybody(case: Case) -> bool:
    return (
        case.id == "only_the_admin_may_kick"
        and case.listener in case.closed
        and case.cause in ("missing", "closed")
    )


@shows("kick.nearly_admin", PROOF)
def _kick_nearly_admin(case: Case) -> bool:
    return case.id == "nearly_the_admin_may_not_kick" and case.listener in case.closed


@shows("kick.only_closed", PATTERN)
def _kick_only_closed(case: Case) -> bool:
    listed = case.id == "the_kicked_one_is_on_no_list" and _somebody_too_many(case)
    return listed and case.passed("the_kicked_one_is_disconnected")


@shows("kick.not_told", PATTERN)
def _kick_not_told(case: Case) -> bool:
    return (
        case.id == "the_kicked_one_is_told"
        and case.cause in ("missing", "closed")
        and case.passed("the_kicked_one_is_disconnected")
        and not case.errors
    )


@shows("kick.told_twice", PATTERN)
def _kick_told_twice(case: Case) -> bool:
    return case.id == "the_others_are_told_once" and case.cause == "unwanted"
