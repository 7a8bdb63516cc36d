"""What lesson 05 asks for at its end, as edits of modul_contoh: right, and wrong in six ways."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
REFERENCE = (PROJECT / "reference" / "modul_contoh" / "server.py").read_text(encoding="utf-8")

Edit = tuple[str, str]

MADE = ("nicknames = []", "history = []\nnicknames = []")
KEPT = (
    "            broadcast(message)\n",
    "            with lock:\n                history.append(message)\n"
    "            broadcast(message)\n",
)
SENT = (
    "            nicknames.append(nickname)\n",
    "            nicknames.append(nickname)\n"
    "            for line in history[-3:]:\n"
    '                client.sendall((line + "\\n").encode("utf-8"))\n',
)
RIGHT = (MADE, KEPT, SENT)

# name: edits, and the tests of the checkpoint that these fail
WRONG: dict[str, tuple[tuple[Edit, ...], set[str]]] = {
    "not sent": (
        (MADE, KEPT),
        {"a_newcomer_gets_the_last_three", "a_newcomer_gets_what_there_is"},
    ),
    "one": (
        (MADE, KEPT, (SENT[0], SENT[1].replace("[-3:]", "[-1:]"))),
        {"a_newcomer_gets_the_last_three"},
    ),
    "all": (
        (MADE, KEPT, (SENT[0], SENT[1].replace("[-3:]", ""))),
        {"a_newcomer_gets_the_last_three"},
    ),
    "backwards": (
        (MADE, KEPT, (SENT[0], SENT[1].replace("[-3:]", "[-1:-4:-1]"))),
        {"a_newcomer_gets_the_last_three"},
    ),
    "kept in broadcast": (
        (
            MADE,
            SENT,
            ("        data = (mess", "        history.append(message)\n        data = (mess"),
        ),
        {"the_news_is_not_kept"},
    ),
    "sent to all": (
        (
            MADE,
            KEPT,
            (
                '        broadcast(f"{nickname} Bergabung!")\n',
                "        for line in history[-3:]:\n            broadcast(line)\n"
                '        broadcast(f"{nickname} Bergabung!")\n',
            ),
        ),
        {"nobody_else_gets_them_again"},
    ),
}


def edited(edits: tuple[Edit, ...] = RIGHT) -> str:
    """Return the program of modul_contoh with `edits`, each (what stands there, what shall)."""
    text = REFERENCE
    for before, after in edits:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text
