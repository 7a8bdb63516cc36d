"""Chat windows side by side in a notebook: a real client in each, and the server's own log.

Nothing happens behind the reader's back: there are no threads and no timers. After each action
the room settles, and what has come is shown; "Look again" is for what comes by itself.
"""

from __future__ import annotations

import asyncio
import math
import time
import weakref
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from autograder.failures import RoomClosed, Unmet
from autograder.i18n import _, language, speaking
from autograder.inbox import Word
from autograder.person import Person
from autograder.process import LauncherLost
from autograder.room import Room
from autograder.server_output import last_lines
from autograder.visible import visible

MOST_LINES = 200  # of a client; older ones are left out
LOG_LINES = 100  # of the server
ENTER_SECONDS = 0.5  # the browser tells of the Enter key first, and at once of the text after it
DRAFT_SECONDS = 0.1  # time enough for that

Line = tuple[str, str]
"""What it is, "got" or "note", and its text."""


class Window:
    """Panes side by side, one for each client, and one for what the server prints.

    Args:
        room: the room; the window alone does not keep it open.
        names: usernames of the clients, who come in one after another.
    """

    def __init__(self, room: Room, names: Sequence[str]) -> None:
        import ipywidgets as widgets  # type: ignore[import-untyped]

        self._room = weakref.ref(room)
        self._language = language()
        self.panes = [Pane(self, name) for name in names]
        self.log = widgets.HTML()
        self.look = widgets.Button(description=_("Look again"))
        self.look.tooltip = _("Show what has come by itself")
        self.look.on_click(lambda _button: self.do(lambda _room: None))
        server = widgets.VBox([self.log, widgets.HBox([self.look])])
        server.add_class("aw-pane")
        self.widget = widgets.HBox(
            [widgets.HTML(f"<style>{_STYLE}</style>"), *(p.widget for p in self.panes), server]
        )
        self.widget.add_class("autograder-window")
        self.do(self._everybody_comes_in)

    def _everybody_comes_in(self, room: Room) -> None:
        for pane in self.panes:
            pane.come_in(room)

    def __getitem__(self, name: str) -> Person:
        """Return the client that is in the pane of this name now.

        Raises:
            KeyError: there is no such pane, or nobody is in it.
            RoomClosed: there is no room any more.
        """
        person = next((p.person(self.room) for p in self.panes if p.name == name), None)
        if person is None:
            raise KeyError(name)
        return person

    @property
    def room(self) -> Room:
        """The room.

        Raises:
            RoomClosed: nobody has kept it.
        """
        room = self._room()
        if room is None:
            raise RoomClosed
        return room

    def do(self, action: Callable[[Room], None]) -> None:
        """Do something, wait until nothing more comes, and show what has come."""
        with speaking(self._language):
            try:
                action(self.room)
                self.room.settle()
                # who had to wait for the question gives the username as soon as it has come
                while any(pane.answer_question(self.room) for pane in self.panes):
                    self.room.settle()
            except (RoomClosed, LauncherLost):
                for pane in self.panes:
                    pane.show_closed(str(RoomClosed()))
                self.look.disabled = True
                return
            for pane in self.panes:
                pane.show(self.room)
            self.log.value = _server_html(self.room)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """Show the window; where nothing is alive, such as on paper, what is in it (Jupyter)."""
        bundle: dict[str, Any] = self.widget._repr_mimebundle_(**options)
        parts = "".join(
            f'<div class="aw-pane">{html}</div>'
            for html in [*(pane.lines.value for pane in self.panes), self.log.value]
        )
        html = f'<style>{_STYLE}</style><div class="autograder-window">{parts}</div>'
        return bundle | {"text/plain": repr(self), "text/html": html}

    def __repr__(self) -> str:
        return "\n\n".join(
            "\n".join([pane.name, *(f"  {text}" for _kind, text in pane.shown)])
            for pane in self.panes
        )


class Pane:
    """One client: what it has received, a box to type in, and buttons to come and go.

    Args:
        window: the window that it is in.
        name: the username with which it comes in.
    """

    def __init__(self, window: Window, name: str) -> None:
        import ipywidgets as widgets

        self.name = name
        self.shown: list[Line] = []
        self._window = window
        self._number: int | None = None  # of the client in its room
        self._past: list[Line] = []  # what its earlier connections have brought
        self._given = False  # the server has a username
        self._asked_again = False  # the server has refused it
        self._answer_from: int | None = None  # where the answer to it begins, till it is judged
        self._trouble = ""
        self._entered_at = -math.inf  # when Enter was pressed and its text has not come yet
        self.lines = widgets.HTML()
        # what is typed comes in one piece, with Enter or when the box is left
        self.box = widgets.Text(continuous_update=False, layout={"width": "auto"})
        self.box.on_msg(self._entered)
        self.box.observe(self._typed, "value")
        self.send = widgets.Button(description=_("Send"), button_style="primary")
        self.come_and_go = widgets.Button()
        self.crash = widgets.Button(description=_("Crash"))
        for button, action in (
            (self.send, self._say_and_go_on),
            (self.come_and_go, self._come_or_go),
            (self.crash, self._crash),
        ):
            button.layout.width = "auto"
            button.on_click(lambda _button, action=action: action())
        self.widget = widgets.VBox(
            [
                self.lines,
                widgets.HBox([self.box, self.send]),
                widgets.HBox([self.come_and_go, self.crash]),
            ]
        )
        self.widget.add_class("aw-pane")

    @property
    def label(self) -> str:
        """The username, fit to be shown."""
        return visible(self.name, 30)

    def person(self, room: Room) -> Person | None:
        """Return the client, None where nobody has come in yet."""
        return None if self._number is None else room.traffic.people[self._number]

    # -- what a person does ---------------------------------------------------------------------

    def _entered(self, _box: Any, content: dict[str, Any], _buffers: Any) -> None:
        """Note that Enter was pressed. If the text has changed, it comes right after this."""
        if content.get("event") != "submit":
            return
        self._entered_at = time.monotonic()
        if draft := self.box.value:  # typed before the box was left for a while
            self._later(lambda: self._say() if self.box.value == draft else None)

    def _typed(self, change: dict[str, Any]) -> None:
        if change["new"] and time.monotonic() - self._entered_at < ENTER_SECONDS:
            self._say()

    @staticmethod
    def _later(action: Callable[[], None]) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # nobody could tell us anything
            action()
        else:
            loop.call_later(DRAFT_SECONDS, action)

    def _say(self) -> None:
        self._entered_at = -math.inf
        text, self.box.value = self.box.value.strip(), ""
        if text:
            self._window.do(lambda room: self._transmit(room, text))

    def _say_and_go_on(self) -> None:
        self._say()
        self.box.focus()

    def _transmit(self, room: Room, text: str) -> None:
        person = self.person(room)
        if person is None or person.state != "open":
            return
        if self._asked_again:
            self.name = text
            self._give_username(room, person)
        elif text.startswith("/"):
            person.send(text)
        else:
            person.say(text)

    def _come_or_go(self) -> None:
        self._window.do(lambda room: self._leave(room) if self._is_in(room) else self.come_in(room))

    def _leave(self, room: Room) -> None:
        person = self.person(room)
        if person is not None and person.state == "open":
            person.leave()
            self._trouble = _("{name} has left.").format(name=self.label)

    def _crash(self) -> None:
        self._window.do(self._break)

    def _break(self, room: Room) -> None:
        person = self.person(room)
        if person is not None and person.state == "open":
            person.crash()
            self._trouble = _("{name}'s connection is broken.").format(name=self.label)

    # -- coming in ------------------------------------------------------------------------------

    def come_in(self, room: Room) -> None:
        """Connect, and give the username if the server asks for it now."""
        note = ("note", _("{name} comes in again.").format(name=self.label))
        past = [*self.shown, note] if self.shown else []
        self._number, self._trouble = None, ""
        self._given, self._asked_again, self._answer_from = False, False, None
        try:
            person = room.connect()
        except Unmet as unmet:
            self._trouble = unmet.got
            return
        self._number, self._past = person.number, past
        person.be_called(self.name)
        if room.dialect.greets:
            room.wait(lambda: person.inbox.size > 0 or person.state == "closed")
        self.answer_question(room)

    def answer_question(self, room: Room) -> bool:
        """Give the username if the server has asked for it, or asks nobody; tell whether it was."""
        person = self.person(room)
        if person is None or person.state != "open" or self._given:
            return False
        if room.dialect.greets and person.inbox.size == 0:
            return False
        self._give_username(room, person)
        return True

    def _give_username(self, room: Room, person: Person) -> None:
        self._given, self._asked_again = True, False
        self._answer_from = len(person.inbox.segments)
        person.introduce(self.name)
        # the next one comes when this one is in
        own = (Word(self.name),)
        room.wait(lambda: person.inbox.find(own) or person.state == "closed")

    def _judge_answer(self, room: Room, person: Person) -> None:
        """Look whether the answer to the username, now that it is whole, is the question again."""
        if self._answer_from is not None:
            answer = "".join(s.text for s in person.inbox.segments[self._answer_from :])
            question = room.dialect.greeting.strip()
            self._asked_again = bool(question) and answer.strip().endswith(question)
            self._answer_from = None

    def _is_in(self, room: Room) -> bool:
        person = self.person(room)
        return person is not None and person.state == "open"

    # -- what there is to see -------------------------------------------------------------------

    def show(self, room: Room) -> None:
        """Show what has come, and what can be done now."""
        person = self.person(room)
        is_in = self._is_in(room)
        name = self.label
        if person is not None:
            self._judge_answer(room, person)
            got = [("got", visible(s.text, 1000)) for s in person.inbox.segments if s.text]
            self.shown = (self._past + got)[-MOST_LINES:]
        self.lines.value = _client_html(name, self.shown, self._state(room, person))
        wanted = _("Username for {name}") if self._asked_again else _("Message from {name}")
        self.box.description = wanted.format(name=name)  # read aloud, not shown
        self.box.placeholder = _("Username …") if self._asked_again else _("Message …")
        self.send.tooltip = _("Send {name}'s message").format(name=name)
        leave, come = _("Let {name} leave"), _("Let {name} come in again")
        self.come_and_go.description = _("Leave") if is_in else _("Join again")
        self.come_and_go.tooltip = (leave if is_in else come).format(name=name)
        self.crash.tooltip = _("Let {name}'s connection break").format(name=name)
        self.box.disabled = self.send.disabled = self.crash.disabled = not is_in

    def _state(self, room: Room, person: Person | None) -> str:
        """Return what a person has to know of the connection, a sentence, "" if all is well."""
        if person is None or person.state == "gone":
            return self._trouble
        if person.state == "closed":
            return room.why_no_more(person)
        if not self._given:
            text = _("{name} is connected, but the server has not asked for a username yet.")
            return text.format(name=self.label)
        if self._asked_again:
            return _("The server asks for a username again: type another one.")
        return ""

    def show_closed(self, sentence: str) -> None:
        """Show that there is no room any more."""
        self.lines.value = _client_html(self.label, self.shown, sentence)
        for widget in (self.box, self.send, self.come_and_go, self.crash):
            widget.disabled = True


def _client_html(name: str, lines: Sequence[Line], state: str) -> str:
    label = escape(_("What {name} has received").format(name=name))
    rows = "".join(f'<div class="aw-{kind}">{escape(text)}</div>' for kind, text in lines)
    return _pane_html(name, label, rows, state)


def _server_html(room: Room) -> str:
    title = _("Server")
    label = escape(_("What the server prints"))
    rows = f"<pre>{escape(last_lines(room.log, LOG_LINES))}</pre>"
    return _pane_html(title, label, rows, room.why_no_more())


def _pane_html(title: str, label: str, rows: str, state: str) -> str:
    # The scrolled part runs from bottom to top, so the newest line is in sight without a script.
    return (
        f'<div class="aw-title" role="heading" aria-level="3">{escape(title)}</div>'
        f'<div class="aw-lines" role="log" tabindex="0" aria-label="{label}">'
        f"<div>{rows}</div></div>"
        f'<div class="aw-state" role="status">{escape(state)}</div>'
    )


_STYLE = """
.autograder-window {
  --aw-ink: var(--jp-content-font-color1, #1f2328);
  --aw-muted: var(--jp-content-font-color2, #5d636b);
  --aw-line: var(--jp-border-color2, #d8dade);
  --aw-soft: var(--jp-layout-color2, #f3f4f5);
  --aw-paper: var(--jp-layout-color1, #ffffff);
  display: flex; flex-flow: row wrap; gap: 12px; align-items: stretch; overflow: visible; }
.autograder-window > .widget-html { display: none; }
.autograder-window .aw-pane { flex: 1 1 12.5rem; min-width: 12.5rem; box-sizing: border-box;
  margin: 0; padding: 8px 10px; border: 1px solid var(--aw-line); border-top-width: 3px;
  border-radius: 8px; background: var(--aw-paper); color: var(--aw-ink); overflow: hidden; }
.autograder-window .widget-html, .autograder-window .widget-html-content { width: 100%;
  margin: 0; line-height: 1.45; font-size: 13px; color: inherit; }
.autograder-window .aw-title { font-weight: 600; font-size: 14px; line-height: 1.6; }
.autograder-window .aw-lines { display: flex; flex-direction: column-reverse; height: 11rem;
  margin-top: 4px; padding: 6px 8px; overflow-y: auto; border-radius: 6px;
  background: var(--aw-soft); }
.autograder-window .aw-lines > div { margin-bottom: auto; }
.autograder-window .aw-lines:focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2); }
.autograder-window .aw-got { overflow-wrap: anywhere; white-space: pre-wrap; }
.autograder-window .aw-note { margin: 4px 0; color: var(--aw-muted); font-style: italic; }
.autograder-window pre { margin: 0; padding: 0; border: 0; background: none; color: inherit;
  white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere; font-size: 12px;
  line-height: 1.45;
  font-family: var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace); }
.autograder-window .aw-state { min-height: 2.9em; margin: 4px 0; padding: 0 2px;
  font-style: italic; white-space: pre-wrap; overflow-wrap: anywhere; }
.autograder-window .widget-hbox { overflow: visible; }
.autograder-window .widget-text { flex: 1 1 0; min-width: 0; }
.autograder-window .widget-text > .widget-label { position: absolute; width: 1px; height: 1px;
  overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
"""
