"""A few more wrong servers, beside the bank, each for a misconception that shows on no other.

Edits of a right server as there; `misconception` is what a failing test of it must name.
"""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

Edit = tuple[str, str]


@dataclass(frozen=True)
class Misconceived:
    """A server with one mistake.

    name: what the mistake is called in tests.
    base: the right server that is changed.
    challenges: what it is checked against.
    misconceptions: the ids that its failing tests must name, the first at least once.
    edits: (old, new) replacements; each `old` is there exactly once when its turn comes.
    """

    name: str
    base: str
    challenges: tuple[str, ...]
    misconceptions: tuple[str, ...]
    edits: tuple[Edit, ...]

    def source(self) -> str:
        """The text of the server. Raises ValueError where an edit does not fit the base."""
        text = (HERE / "solutions" / f"{self.base}.py").read_text(encoding="utf-8")
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"{self.name}: found {text.count(old)} times: {old!r}")
            text = text.replace(old, new)
        return text


COMMANDS = """\
            if message.startswith("/"):
                command(client, nickname, message)
            else:
                broadcast(message)
"""
PRIVATE = "                private_message(client, nickname, message)\n"
TO_TARGET = '            send(target, "[pribadi dari " + nickname + "] " + words[2])\n'
NOBODY = """\
    elif words[1] not in nicknames:
        send(client, words[1] + " tidak sedang online")
"""
CAUGHT = (
    "    except OSError:\n        pass\n    finally:",
    "    except:\n        pass\n    finally:",
)

SERVERS = (
    Misconceived(
        "pm_is_chat",
        "exercise_pm",
        ("pm",),
        ("command.treated_as_chat",),
        ((PRIVATE, "                broadcast(message)\n"),),
    ),
    Misconceived(
        "list_and_kick_are_chat",
        "exercise_admin",
        ("list", "kick"),
        ("command.treated_as_chat",),
        ((COMMANDS, "            broadcast(message)\n"),),
    ),
    Misconceived(
        "bare_except_hides_the_unknown_name",
        "exercise_pm",
        ("pm",),
        ("command.unknown_name",),
        ((NOBODY, ""), CAUGHT),
    ),
    Misconceived(
        "broadcast_inside_the_lock",
        "exercise_pm",
        ("pm",),
        ("locks.taken_twice",),
        ((TO_TARGET, TO_TARGET + '            broadcast("pesan pribadi terkirim")\n'),),
    ),
    Misconceived(
        "kicked_is_closed_but_listed",
        "exercise_admin",
        ("list", "kick"),
        ("kick.only_closed", "lists.name_stays_taken"),
        (
            (
                '            remove_client(target, "dikeluarkan oleh admin!")\n',
                """\
            target.shutdown(socket.SHUT_RDWR)
            target.close()
            broadcast(words[1] + " dikeluarkan!")
""",
            ),
            (
                "    finally:\n        remove_client(client)\n",
                """\
    finally:
        if client.fileno() >= 0:
            remove_client(client)
""",
            ),
        ),
    ),
)
