"""What is expected of the stamps on messages, for the challenges timestamp_a and timestamp_b."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograder.i18n import _
from autograder.stamps import Form, Stamp, find, tells
from autograder.visible import visible

if TYPE_CHECKING:
    from autograder.person import Person


def sees_stamp(person: Person, form: Form, what: str | Person) -> tuple[str, Stamp]:
    """Expect a message with `what` and a stamp in it that tells what `form` tells.

    Returns:
        the message's text, and the stamp.

    Raises:
        Unmet: no such message, or no stamp in it.
    """
    line = person.sees(what)
    found = form.find(line)
    expected = _("the message has a stamp in front, such as {example}")
    person.expect(bool(found), expected.format(example=form.example), line)
    return line, found[0]


def sees_form(person: Person, form: Form, what: str | Person) -> None:
    """Expect that the message begins with exactly `form`, then one space.

    Raises:
        Unmet: it has another form.
    """
    line, _stamp = sees_stamp(person, form, what)
    expected = _("the message begins with exactly {form}, then one space")
    person.expect(form.opens(line), expected.format(form=form.shown), line)


def sees_padded(person: Person, form: Form, what: str | Person) -> None:
    """Expect that the stamp writes small numbers with a zero: 03 and not 3.

    Raises:
        Unmet: it does not.
    """
    line, stamp = sees_stamp(person, form, what)
    expected = _("numbers below ten have a zero in front, as in {example}")
    person.expect(stamp.padded, expected.format(example=form.example), line)


def sees_the_time(person: Person, form: Form, what: str | Person) -> None:
    """Expect that the stamp tells what the server's clock shows, within a second.

    Raises:
        Unmet: it tells another time.
    """
    line, stamp = sees_stamp(person, form, what)
    earliest, latest = person.room.clock()
    shown = person.room.clock_was_set_to.isoformat(" ")
    expected = _("the stamp tells the time of the server's clock: {time}, or a moment later")
    if not form.dated:
        shown = shown.split()[1]
    person.expect(tells(stamp, earliest, latest), expected.format(time=shown), line)


def sees_no_second_stamp(person: Person, what: str | Person) -> None:
    """Expect at most one stamp in the message, of whatever form.

    Raises:
        Unmet: no such message, or there are several.
    """
    line = person.sees(what)
    person.expect(len(find(line)) < 2, _("the message has one stamp, not two"), line)


def sees_unchanged(person: Person, sender: Person, text: str) -> None:
    """Expect that after the stamp the message stands as it was sent.

    Raises:
        Unmet: it was changed.
    """
    dialect = person.room.dialect
    line = person.sees(sender)
    message = dialect.chat(sender.label, text) if dialect.client_writes_name else text
    expected = _("the message ends as it was sent: “{text}”").format(text=visible(message))
    person.expect(line.endswith(message), expected, line)


def see_the_same(people: Sequence[Person], form: Form, text: str) -> None:
    """Expect that a message has the same stamp for all of `people`.

    Raises:
        Unmet: somebody sees another stamp than the first.
    """
    first, *others = people
    _line, stamp = sees_stamp(first, form, text)
    for person in others:
        line, other = sees_stamp(person, form, text)
        expected = _("{name} sees the stamp {stamp}, as {other} does").format(
            name=person.label, stamp=stamp.text, other=first.label
        )
        person.expect(other.text == stamp.text, expected, line)
