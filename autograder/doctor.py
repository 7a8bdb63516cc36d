"""What works on this machine, found out by doing it."""

from __future__ import annotations

import locale
import platform
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

from autograder import cgroup, sandbox
from autograder.i18n import _, number
from autograder.proc import kernel_can_be_asked
from autograder.submission import Submission
from autograder.traffic import WEIGH_SECONDS
from autograder.visible import visible

USUAL_PORT = 5005  # where the reference programs meet

_SERVER = b"""
import socket
server = socket.create_server(("127.0.0.1", 5005))
client, address = server.accept()
client.sendall(b"NICK\\n" + client.recv(100))
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        text: what was found, a sentence.
        works: whether checks can be trusted as it is.
        best: whether it is as good as it can be.
    """

    text: str
    works: bool = True
    best: bool = True

    @property
    def sign(self) -> str:
        """A sign for the list: as it should be, less than it could be, or broken."""
        return "✗" if not self.works else "✓" if self.best else "–"


def examine() -> list[Finding]:
    """Look at everything that a check needs."""
    return [
        *(_python(), _sandbox(), _memory(), _oracle()),
        *(_fork(), _trial(), _port(), _text(), _fonts()),
    ]


def _python() -> Finding:
    text = _("Python {version} on {system}.")
    return Finding(text.format(version=platform.python_version(), system=platform.platform()))


def _sandbox() -> Finding:
    found, why = sandbox.probe()
    if found.alone:
        text = _("Sandbox: bubblewrap ({program}). A server sees nothing of this machine.")
        return Finding(text.format(program=found.program))
    text = _(
        "Sandbox: none ({why}). Servers run as plain processes with limits: fine for your own,"
        " not for other people's."
    )
    said = text.format(why=why)
    if found.uid is not None:
        said += " " + _("You are root, so they get a user id that owns nothing.")
    elif sandbox.is_root():
        text = _("They run as root, as you do, because of {reason}: take an ordinary account.")
        said += " " + text.format(reason=visible(sandbox.obstacle()))
    return Finding(said, best=False)


def _memory() -> Finding:
    if cgroup.divide():
        return Finding(_("Memory: the kernel limits what all processes of a server have together."))
    if not kernel_can_be_asked():
        return Finding(_("Memory: each process of a server is limited by itself."), best=False)
    text = _(
        "Memory: what all processes of a server have together is looked at every {count}"
        " milliseconds."
    )
    return Finding(text.format(count=round(WEIGH_SECONDS * 1000)))


def _oracle() -> Finding:
    if kernel_can_be_asked():
        return Finding(_("Idle oracle: the kernel tells when a server can do nothing more."))
    text = _("Idle oracle: none here, so a check waits longer for what does not come.")
    return Finding(text, best=False)


def _fork() -> Finding:
    if sandbox.can_fork():
        return Finding(_("Fork: servers start from a warm launcher."))
    text = _("Fork: not here, so each server starts a new Python and takes longer.")
    return Finding(text, best=False)


def _trial() -> Finding:
    from autograder.dialect import OUR_DIALECT
    from autograder.room import Room

    submission = Submission("server.py", "server.py", {"server.py": _SERVER})
    started = time.monotonic()
    try:
        with Room(submission, dialect=OUR_DIALECT) as room:
            person = room.connect()
            person.send("halo")
            person.sees("halo")
    except Exception as error:
        text = _("Trial: a small server could not be started and talked to ({error}).")
        return Finding(text.format(error=repr(error)), works=False)
    text = _("Trial: a small server was started, talked to and ended in {seconds} s.")
    return Finding(text.format(seconds=number(time.monotonic() - started, 2)))


def _port() -> Finding:
    try:
        socket.create_server(("127.0.0.1", USUAL_PORT)).close()
    except OSError as error:
        text = _(
            "Port {port} is taken ({reason}): checks do not need it, but a server that you start"
            " by hand does. Is one still running?"
        )
        return Finding(text.format(port=USUAL_PORT, reason=error.strerror), best=False)
    return Finding(_("Port {port} is free for a server started by hand.").format(port=USUAL_PORT))


def _text() -> Finding:
    encoding = sys.stdout.encoding or locale.getpreferredencoding()
    try:
        "✓ ✗ → é 😀".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        text = _("Terminal: its encoding is {encoding}, so some signs are shown as “?”.")
        return Finding(text.format(encoding=encoding), best=False)
    return Finding(_("Terminal: its encoding is {encoding}.").format(encoding=encoding))


def _fonts() -> Finding:
    program = shutil.which("fc-list")
    if program is None:
        text = _("Fonts: the system's own are used for diagrams (no fc-list to look closer).")
        return Finding(text)
    run = subprocess.run(
        [program, ":lang=und-zsye"], capture_output=True, text=True, timeout=30, check=False
    )
    if run.returncode == 0 and run.stdout.strip():
        return Finding(_("Fonts: diagrams can show emoji."))
    text = _("Fonts: there is none with emoji, so diagrams show boxes instead of them.")
    return Finding(text, best=False)
