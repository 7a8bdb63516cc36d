"""What must hold, whatever happens: checked from every client's own record of what it got.

All clients that are in see the same messages in the same order. So there is one log, that of the
observer, who comes first and leaves last, and whatever anybody else got is a piece of it without
a gap. With that, a message is looked for in the log alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from records import Record

NOTICE = re.compile(r"(\S+) (Bergabung|keluar)!")
SECRET = re.compile(r"rahasia-\S+")
HEALTHY = frozenset({"observer", "steady", "visitor"})
HARMFUL = {"reset", "vanish", "half", "flood", "deaf", "friend", "bad_text", "stranger"}
OWN_NAMES = HEALTHY | HARMFUL | {"kicked"}
"""Kinds whose names belong to one client each, and whose messages are written down."""

READERS = OWN_NAMES - {"flood", "deaf"}
"""Those of them who read as long as they stay."""


@dataclass(frozen=True)
class Rules:
    """What a server promises.

    Args:
        stamp: how many characters stand in front of a public message.
        complete: whether it is `complete`: checks names, has commands, and lets somebody in and
            tells it to all in one step. In the simpler ones somebody may hear a message or two
            before the news of itself.
    """

    stamp: int = 0
    complete: bool = False

    def public(self, record: Record) -> list[str]:
        """Return the lines of a record that were meant for everybody."""
        if self.complete:  # what is for one alone has no stamp
            return [line for line in record.got if line.startswith("[")]
        return [line for line in record.got if line != "NICK"]


def problems(records: list[Record], rules: Rules) -> list[str]:
    """Return what is not as it should be, in words; [] if all is well.

    Args:
        records: of all clients of one round, one of the kind "observer".
        rules: what the server promises.
    """
    (observer,) = (record for record in records if record.kind == "observer")
    log = rules.public(observer)
    texts = [line[rules.stamp :] for line in log]
    return [
        *_endings(records),
        *_messages(records, texts),
        *_notices(records, texts),
        *_pieces(records, log, rules),
        *_secrets(records),
    ]


def delivered(records: list[Record]) -> int:
    """Return how many lines healthy clients got."""
    return sum(len(record.got) for record in records if record.kind in HEALTHY)


def _messages(records: list[Record], texts: list[str]) -> list[str]:
    """Every message of a healthy client once and in its order; of others, none twice."""
    said = defaultdict(list)
    for text in texts:
        said[text.partition(": ")[0]].append(text)
    found = []
    for record in records:
        if record.kind not in OWN_NAMES:
            continue
        sent, came = record.sent, said[record.name]
        if record.kind in HEALTHY and came != sent:
            found.append(f"{record.name} ({record.kind}): {_difference(sent, came)}")
        elif came != sent[: len(came)]:
            found.append(f"{record.name} ({record.kind}): {_difference(sent[: len(came)], came)}")
    return found


def _difference(sent: list[str], came: list[str]) -> str:
    """Say how what came differs from what was sent."""
    lost = [text for text in sent if text not in set(came)]
    doubled = sorted({text for text in came if came.count(text) > 1})
    if lost or doubled:
        return f"{len(lost)} lost {lost[:3]}, {len(doubled)} doubled {doubled[:3]}"
    return f"out of order, or never sent: {came[:5]} for {sent[:5]}"


def _notices(records: list[Record], texts: list[str]) -> list[str]:
    """Who comes in leaves once, before anybody of the same name comes in."""
    here: set[str] = set()
    sessions: dict[str, int] = defaultdict(int)
    found = []
    for text in texts:
        if match := NOTICE.fullmatch(text):
            name, what = match.groups()
            if (what == "Bergabung") == (name in here):
                found.append(f"{text!r} out of turn")
            sessions[name] += what == "Bergabung"
            here ^= {name}
    observer = next(record.name for record in records if record.kind == "observer")
    if here != {observer}:
        found.append(f"announced and never taken back: {sorted(here - {observer})}")
    for record in records:
        if record.kind in OWN_NAMES and record.came_in and sessions[record.name] != 1:
            found.append(f"{record.name} came in {sessions[record.name]} times")
    return found


def _pieces(records: list[Record], log: list[str], rules: Rules) -> list[str]:
    """What anybody got is a piece of the log without a gap, from its coming in to its going."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(log):
        places[line].append(place)
    found = []
    for record in records:
        if not record.came_in or not record.name:
            continue
        mine = rules.public(record)
        join = next((i for i, x in enumerate(mine) if x.endswith(f"{record.name} Bergabung!")), -1)
        if join < 0 or (rules.complete and join > 0):
            found.append(f"{record.name} ({record.kind}) did not begin with its own coming in")
            continue
        starts = [place - join for place in places[mine[join]]]
        start = next((one for one in starts if log[one : one + len(mine)] == mine), None)
        if start is None:
            place = starts[0] if starts else 0
            theirs = log[place : place + len(mine)]
            at = next((i for i, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), -1)
            found.append(
                f"{record.name} ({record.kind}) got another log than the observer, from its line "
                f"{at}: {mine[at : at + 2]} for {theirs[at : at + 2]}"
            )
        elif not rules.complete and record.kind == "visitor":
            # off the list a moment before the others are told, it may miss what they say meanwhile
            if record.sent and all(line[rules.stamp :] != record.sent[-1] for line in mine):
                found.append(f"{record.name} (visitor) did not get its own last message")
        elif rules.complete and record.kind in {"steady", "visitor", "kicked"}:
            after = log[start + len(mine) : start + len(mine) + 1]
            if [line[rules.stamp :] for line in after] != [f"{record.name} keluar!"]:
                found.append(f"{record.name} ({record.kind}) did not get all: {after} is missing")
    return found


def _secrets(records: list[Record]) -> list[str]:
    """What is for one person alone comes to that person, once and in order, and to nobody else."""
    came = defaultdict(list)
    found = []
    for record in records:
        own = {text for _to, text in record.secrets}
        for line in record.got:
            if not (match := SECRET.search(line)):
                continue
            if line.startswith("PM dari "):
                sender = line.removeprefix("PM dari ").partition(": ")[0]
                came[sender, record.name].append(match[0])
            elif not line.startswith("PM untuk ") or match[0] not in own:
                found.append(f"{record.name} ({record.kind}) saw a secret: {line!r}")
    wanted = defaultdict(list)
    for record in records:
        for to, text in record.secrets:
            wanted[record.name, to].append(text)
    for sender, to in sorted(came.keys() | wanted.keys()):
        if came[sender, to] != wanted[sender, to]:
            difference = _difference(wanted[sender, to], came[sender, to])
            found.append(f"secrets of {sender} for {to}: {difference}")
    return found


def _endings(records: list[Record]) -> list[str]:
    """No healthy client was sent away, and nobody who reads was left without an answer."""
    found, stopped = [], []
    for record in records:
        if record.in_vain and record.kind in READERS:
            found.append(f"{record.name} ({record.kind}) {record.in_vain}, after {record.got[-2:]}")
        elif record.kind not in HEALTHY or not record.came_in:
            continue
        elif record.ended in {"closed", "reset"}:
            found.append(
                f"{record.name} ({record.kind}) was cut off ({record.ended}) at "
                f"{record.end:.1f} s, after {record.got[-2:]}"
            )
        elif record.ended != "left":
            stopped.append(f"{record.name} ({record.kind}) did not come to its end")
    return found or stopped  # if one cannot go on, all stop
