"""The drawing of a sequence diagram, as SVG.

It has a background of its own, so it reads the same on a light and on a dark page; it uses the
fonts of the machine, and leaves room for the widest of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from autograder.diagram import Diagram, Lane, Row, others, words
from autograder.i18n import _, number
from autograder.visible import cells, safe, shorten, wrap

_SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
_MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

_CARD = "#fdfdfb"
_EDGE = "#d8d6cd"
_INK = "#22272e"
_MUTED = "#6a6961"
_SERVER = "#3a4350"
_ALARM = "#b3261e"
_ALARM_TINT = "#fcefec"
_FOLD = "#f1f0ea"
_NOTE = "#fff9e0"
_NOTE_EDGE = "#d9cc94"
# Told apart by people with any of the common colour-vision deficiencies, and dark enough for text.
_PEOPLE = ("#1d5fa7", "#a04b00", "#1b7342", "#7b3f9d", "#0b6b75", "#a12a5e")

_PAD = 18.0
_NUMBERS = 36.0
_SIZE = 12.5
_SMALL = 11.0
_MONO_CELL = 0.61  # width of a cell by font size: the widest of the monospaced fonts above
_SANS_CELL = 0.60  # the same for running text; DejaVu Sans, the widest, needs 0.59
_LINE = 16.0
_BOLD_CELL = 0.66
_LABEL_MIN, _LABEL_MAX = 170.0, 340.0
_HEAD = 28.0


def draw(diagram: Diagram) -> str:
    """Return the drawing of `diagram`: one SVG element that needs nothing from outside."""
    return _Drawing(diagram).svg()


@dataclass
class _Placed:
    """A row with its place: `top` and `bottom` of the room it takes, `y` of its (first) arrow."""

    row: Row
    top: float
    y: float
    bottom: float
    lines: list[str]


class _Drawing:
    """Draws one diagram. The server and the words are on the left, the clients on the right."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.parts: list[str] = []
        self.lane_of = {
            person: at for at, lane in enumerate(diagram.lanes) for person in lane.people
        }
        self.server_name = _("Server")
        server_width = cells(self.server_name) * _SIZE * _BOLD_CELL + 24
        self.server = _PAD + _NUMBERS + server_width / 2
        self.label_left = self.server + 16
        self.label_width = self._label_width()
        self.heads = [shorten(self._lane_name(lane), 15) for lane in diagram.lanes]
        widest = max((self._head_width(name) for name in self.heads), default=0.0)
        pitch = max(78.0, widest + 14)
        first = max(
            self.label_left + self.label_width + 22, self.server + server_width / 2 + widest
        )
        self.lanes = [first + pitch * at for at in range(len(diagram.lanes))]
        right = self.lanes[-1] + widest / 2 if self.lanes else self.label_left + self.label_width
        has_others = any(len(lane.people) > 1 for lane in diagram.lanes)
        self.width = right + _PAD + (52 if has_others else 16)
        self.title_lines = self._wrap(diagram.title, self.width - 2 * _PAD, 14.5, _BOLD_CELL, 2)
        self.top = _PAD + 20.0 * len(self.title_lines) + (6 if self.title_lines else 0)
        self.rows = self._place(self.top + _HEAD + 8)
        self.bottom = (self.rows[-1].bottom if self.rows else self.top + _HEAD + 44) + 8
        self.feet = len(self.rows) > 16
        self.height = self.bottom + (_HEAD if self.feet else 0) + _PAD

    # measures

    def _lane_name(self, lane: Lane) -> str:
        return lane.names[0] if len(lane.people) == 1 else others(len(lane.people))

    def _head_width(self, name: str) -> float:
        return max(52.0, cells(name) * _SIZE * _BOLD_CELL + 20)

    def _label_width(self) -> float:
        widest = _LABEL_MIN
        for row in self.diagram.rows:
            if row.kind in ("send", "receive") and row.text:
                widest = max(widest, cells(row.text) * _SIZE * _MONO_CELL)
            elif row.kind == "output":
                for line in row.text.split("\n"):
                    widest = max(widest, cells(line) * _SMALL * _MONO_CELL + 18)
            else:
                widest = max(widest, cells(words(row)) * _SIZE * _SANS_CELL)
            for verdict in self._verdicts(row):
                widest = max(widest, cells(verdict) * _SIZE * _BOLD_CELL)
        return min(widest, _LABEL_MAX)

    def _verdicts(self, row: Row) -> list[str]:
        verdicts = []
        if row.missing:
            names = self.diagram.names(row.missing)
            verdicts.append(_("✗ did not arrive: {names}").format(names=names))
        if row.unwanted:
            names = self.diagram.names(row.unwanted)
            verdicts.append(_("! should not have arrived: {names}").format(names=names))
        return verdicts

    @staticmethod
    def _wrap(text: str, width: float, size: float, cell: float, lines: int) -> list[str]:
        """Return `text` in at most `lines` lines that fit into `width` pixels."""
        return wrap(text, max(8, int(width / (size * cell))), lines)

    def _place(self, top: float) -> list[_Placed]:
        placed = []
        for row in self.diagram.rows:
            lines: list[str] = []
            if row.kind == "fold":
                height = y = 32.0
            elif row.kind == "output":
                room = int((self.label_width - 18) / (_SMALL * _MONO_CELL))
                lines = [piece for line in row.text.split("\n") for piece in wrap(line, room, 2)]
                height = y = 14.0 * len(lines) + 14
            else:
                is_message = row.kind in ("send", "receive") and bool(row.text)
                cell = _MONO_CELL if is_message else _SANS_CELL
                lines = self._wrap(words(row), self.label_width, _SIZE, cell, 3)
                y = 5 + _LINE * len(lines) + 2
                height = y + 9
                if row.marked:
                    arrows = bool(row.people) + bool(row.missing) + bool(row.unwanted)
                    # The first arrow of an unaccompanied mark has its words above it as well.
                    height += (_LINE + 10) * (arrows - 1) + (0 if row.people else _LINE + 4)
                    height += 4
            placed.append(_Placed(row, top, top + y, top + height, lines))
            top += height
        return placed

    # pieces

    def _tag(self, name: str, text: str | None = None, **attributes: str | float) -> None:
        self.parts.append(_element(name, text, **attributes))

    def _line(self, x1: float, y1: float, x2: float, y2: float, color: str, **more: Any) -> None:
        more = {"stroke_width": 1.5, **more}
        self._tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=color, **more)

    def _text(self, x: float, y: float, text: str, **more: Any) -> None:
        more = {"font_size": _SIZE, "font_family": _SANS, "fill": _INK, **more}
        self._tag("text", text, x=x, y=y, **more)

    def _arrowhead(
        self, x: float, y: float, leftwards: bool, color: str, big: bool = False
    ) -> None:
        long, half = (12.0, 6.0) if big else (9.0, 4.2)
        back = x + long if leftwards else x - long
        points = f"{_n(x)},{_n(y)} {_n(back)},{_n(y - half)} {_n(back)},{_n(y + half)}"
        self._tag("polygon", points=points, fill=color)

    def _cross(self, x: float, y: float, color: str, arm: float = 5.0, **more: Any) -> None:
        path = (
            f"M{_n(x - arm)} {_n(y - arm)}L{_n(x + arm)} {_n(y + arm)}"
            f"M{_n(x - arm)} {_n(y + arm)}L{_n(x + arm)} {_n(y - arm)}"
        )
        self._tag("path", d=path, stroke=color, fill="none", **{"stroke_width": 2.4, **more})

    def _color(self, lane: int) -> str:
        if len(self.diagram.lanes[lane].people) > 1:
            return _MUTED
        return _PEOPLE[lane % len(_PEOPLE)]

    def _lanes_of(self, people: Sequence[int]) -> list[int]:
        return sorted({self.lane_of[person] for person in people if person in self.lane_of})

    # the whole

    def svg(self) -> str:
        title = self.diagram.title or _("Sequence diagram of the conversation")
        described = replace(self.diagram, title="").text(200)
        digest = hashlib.sha256(repr((title, described)).encode()).hexdigest()[:10]
        self.parts = [
            _element("title", title, id=f"title-{digest}"),
            _element("desc", described, id=f"desc-{digest}"),
        ]
        self._tag(
            "rect", x=0.5, y=0.5, width=self.width - 1, height=self.height - 1, rx=10,
            fill=_CARD, stroke=_EDGE,
        )  # fmt: skip
        for at, line in enumerate(self.title_lines):
            self._text(_PAD, _PAD + 14 + 20 * at, line, font_size=14.5, font_weight="600")
        for placed in self.rows:
            if placed.row.marked:
                self._tint(placed)
        self._lifelines()
        self._heads(self.top)
        if self.feet:
            self._heads(self.bottom)
        if not self.rows:
            self._text(
                self.label_left, self.top + _HEAD + 32, _("Nothing has happened yet."),
                font_style="italic", fill=_MUTED,
            )  # fmt: skip
        for placed in self.rows:
            self._row(placed)
        w, h = _n(self.width), _n(self.height)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" '
            f'viewBox="0 0 {w} {h}" role="img" '
            f'aria-labelledby="title-{digest} desc-{digest}" '
            f'style="max-width:100%;height:auto;display:block">{"".join(self.parts)}</svg>'
        )

    def _tint(self, placed: _Placed) -> None:
        height = placed.bottom - placed.top - 2
        self._tag(
            "rect", x=8, y=placed.top + 1, width=self.width - 16, height=height, rx=5,
            fill=_ALARM_TINT,
        )  # fmt: skip
        self._tag("rect", x=8, y=placed.top + 1, width=4, height=height, rx=2, fill=_ALARM)

    def _heads(self, y: float) -> None:
        def box(x: float, width: float, name: str, color: str, filled: bool, stack: bool) -> None:
            for shift in (5, 0) if stack else (0,):
                self._tag(
                    "rect", x=x - width / 2 + shift, y=y - shift, width=width, height=_HEAD, rx=6,
                    fill=color if filled else _CARD, stroke=color, stroke_width=1.5,
                )  # fmt: skip
            self._text(
                x, y + _HEAD / 2 + 4.5, name, text_anchor="middle", font_weight="600",
                fill="#ffffff" if filled else color,
            )  # fmt: skip

        width = cells(self.server_name) * _SIZE * _BOLD_CELL + 24
        box(self.server, width, self.server_name, _SERVER, True, False)
        for at, name in enumerate(self.heads):
            shared = len(self.diagram.lanes[at].people) > 1
            box(self.lanes[at], self._head_width(name), name, self._color(at), False, shared)

    def _lifelines(self) -> None:
        start, end = self.top + _HEAD, self.bottom
        ended = next((p.y for p in self.rows if p.row.kind == "exit"), None)
        self._tag(
            "rect", x=self.server - 3, y=start, width=6, height=(ended or end) - start,
            fill=_SERVER, opacity=0.9,
        )  # fmt: skip
        for at, lane in enumerate(self.diagram.lanes):
            x, color = self.lanes[at], self._color(at)
            for first, last in self._present(lane, start, end):
                self._line(x, first, x, last, color)
            connected = self._present(lane, start, end)
            if connected and connected[0][0] > start:
                self._line(
                    x, start, x, connected[0][0], _EDGE, stroke_width=1, stroke_dasharray="2 4"
                )

    def _present(self, lane: Lane, start: float, end: float) -> list[tuple[float, float]]:
        """Return from where to where the client was connected, as heights in the drawing."""
        here = [p for p in self.rows if any(person in lane.people for person in p.row.people)]
        if len(lane.people) > 1:
            connects = [p.y for p in here if p.row.kind == "connect"]
            folded = [p for p in self.rows if p.row.kind == "fold"]
            return [(min(connects) if connects and not folded else start, end)]
        spans, since = [], start
        if here and here[0].row.kind == "connect":
            since = here[0].y
        gone = False
        for placed in here:
            if placed.row.kind in ("leave", "crash", "closed") and not gone:
                spans.append((since, placed.y))
                gone = True
            elif placed.row.kind == "connect" and gone:
                since, gone = placed.y, False
        if not gone:
            spans.append((since, end))
        return spans

    # rows

    def _row(self, placed: _Placed) -> None:
        row = placed.row
        whole = words(row) if row.kind != "output" else ""
        hidden = whole not in ("", " ".join(placed.lines)) and row.kind in ("send", "receive")
        self.parts.append(f"<g>{_element('title', whole)}" if hidden else "<g>")
        if row.kind == "fold":
            self._folded(placed)
        else:
            self._text(
                _PAD + _NUMBERS - 13, placed.top + 5 + 12, str(row.number), text_anchor="end",
                font_size=_SMALL, fill=_ALARM if row.marked else _MUTED,
                font_weight="600" if row.marked else "400",
            )  # fmt: skip
            match row.kind:
                case "output":
                    self._note(placed)
                case "clock":
                    self._clock(placed)
                case "exit":
                    self._label(placed)
                    self._cross(self.server, placed.y, _ALARM, 7)
                case "receive":
                    self._received(placed)
                case _:
                    self._done_by_client(placed)
        self.parts.append("</g>")

    def _label(self, placed: _Placed, right: bool = False, color: str = _INK) -> None:
        """Write the row's words above its arrow: on the side from which it comes."""
        message = placed.row.kind in ("send", "receive") and placed.row.text != ""
        style: dict[str, Any] = {"font_family": _MONO} if message else {"font_style": "italic"}
        x = self.label_left + (self.label_width if right else 0)
        for at, line in enumerate(placed.lines):
            self._text(
                x, placed.top + 5 + 12 + _LINE * at, line, fill=color,
                text_anchor="end" if right else "start", **style,
            )  # fmt: skip

    def _done_by_client(self, placed: _Placed) -> None:
        row, y = placed.row, placed.y
        lanes = self._lanes_of(row.people)
        if not lanes:
            return
        from_server = row.kind == "closed"
        color = self._color(lanes[0])
        self._label(placed, right=not from_server, color=_SERVER if from_server else color)
        for lane in lanes:
            x, color = self.lanes[lane], self._color(lane)
            if row.kind == "crash":
                self._lightning(x, y, color)
            elif row.kind == "closed":
                self._line(self.server + 3, y, x - 8, y, _SERVER, stroke_dasharray="5 4")
                self._arrowhead(x - 1, y, False, _SERVER)
            else:
                dashes = {"stroke_dasharray": "5 4"} if row.kind == "leave" else {}
                self._line(self.server + 10, y, x, y, color, **dashes)
                self._arrowhead(self.server + 4, y, True, color)
            if row.kind == "send":
                self._tag("circle", cx=x, cy=y, r=3, fill=color)
            elif row.kind == "connect":
                self._tag("circle", cx=x, cy=y, r=4, fill=_CARD, stroke=color, stroke_width=1.5)
            elif row.kind == "crash":
                self._cross(x, y, color, 6)
            else:  # the lifeline ends
                self._line(x - 8, y + 1, x + 8, y + 1, color, stroke_width=3)
            self._who(lane, row.people, y)

    def _lightning(self, x: float, y: float, color: str) -> None:
        """Draw a connection that is torn apart: a jagged line that ends before the server."""
        path = (
            f"M{_n(x)} {_n(y)}H{_n(self.server + 58)}"
            f"l-5 -7l-4 14l-5 -14l-4 7H{_n(self.server + 10)}"
        )
        self._tag(
            "path", d=path, fill="none", stroke=color, stroke_width=1.6, stroke_linejoin="round"
        )
        self._arrowhead(self.server + 4, y, True, color)

    def _received(self, placed: _Placed) -> None:
        row, y = placed.row, placed.y
        self._label(placed)
        verdicts = self._verdicts(row)
        if row.people:
            lanes = self._lanes_of(row.people)
            self._line(self.server + 3, y, self.lanes[lanes[-1]] - 8, y, _SERVER)
            for lane in lanes:
                self._arrowhead(self.lanes[lane] - 1, y, False, _SERVER)
                self._who(lane, row.people, y)
        else:
            y -= 6  # the words of the mark come next to the message itself
        for people, missing in ((row.missing, True), (row.unwanted, False)):
            if not people:
                continue
            y += _LINE + 10
            verdict = shorten(verdicts.pop(0), int(self.label_width / (_SIZE * _BOLD_CELL)))
            self._text(self.label_left, y - 7, verdict, font_weight="700", fill=_ALARM)
            lanes = self._lanes_of(people)
            end = self.lanes[lanes[-1]]
            if missing:
                self._line(
                    self.server + 3, y, end - 12, y, _ALARM, stroke_width=1.8,
                    stroke_dasharray="6 5",
                )  # fmt: skip
            else:
                self._line(self.server + 3, y, end - 11, y, _ALARM, stroke_width=3)
            for lane in lanes:
                x = self.lanes[lane]
                if missing:
                    self._tag("circle", cx=x, cy=y, r=9, fill=_ALARM_TINT)
                    self._cross(x, y, _ALARM, 5.5, stroke_width=2.8)
                else:
                    self._arrowhead(x - 1, y, False, _ALARM, big=True)
                    self._tag("circle", cx=x + 13, cy=y, r=8, fill=_ALARM)
                    self._text(
                        x + 13, y + 4.5, "!", text_anchor="middle", font_weight="700",
                        fill="#ffffff",
                    )  # fmt: skip
                self._who(lane, people, y, 24 if not missing else 12)

    def _who(self, lane: int, people: Sequence[int], y: float, shift: float = 8) -> None:
        """Say which or how many of those who share a lane are meant."""
        shared = self.diagram.lanes[lane]
        if len(shared.people) == 1:
            return
        meant = [
            name for person, name in zip(shared.people, shared.names, strict=True)
            if person in people
        ]  # fmt: skip
        text = shorten(meant[0], 10) if len(meant) == 1 else f"×{number(len(meant))}"
        self._text(self.lanes[lane] + shift, y + 4, text, font_size=_SMALL, fill=_MUTED)

    def _note(self, placed: _Placed) -> None:
        """Draw what the server printed as a note with a folded corner."""
        x, y = self.label_left, placed.top + 3
        widest = max(cells(line) for line in placed.lines)
        width = min(self.label_width, widest * _SMALL * _MONO_CELL + 18)
        height = 14.0 * len(placed.lines) + 8
        corner = 8
        self._line(self.server + 3, y + 11, x, y + 11, _NOTE_EDGE, stroke_width=1.2)
        path = (
            f"M{_n(x)} {_n(y)}H{_n(x + width - corner)}L{_n(x + width)} {_n(y + corner)}"
            f"V{_n(y + height)}H{_n(x)}Z"
        )
        self._tag("path", d=path, fill=_NOTE, stroke=_NOTE_EDGE)
        fold = f"M{_n(x + width - corner)} {_n(y)}v{corner}h{corner}"
        self._tag("path", d=fold, fill="none", stroke=_NOTE_EDGE)
        for at, line in enumerate(placed.lines):
            # SVG swallows blanks at the beginning of a line, and indentation has a meaning.
            bare = line.lstrip(" ")
            indent = (len(line) - len(bare)) * _SMALL * _MONO_CELL
            self._text(
                x + 8 + indent, y + 14.5 + 14 * at, bare, font_size=_SMALL, font_family=_MONO,
                fill="#4d4628",
            )  # fmt: skip

    def _clock(self, placed: _Placed) -> None:
        y = placed.top + 5 + 8
        left, right = self.label_left, self.width - _PAD
        self._tag("circle", cx=left + 7, cy=y, r=6.5, fill=_CARD, stroke=_MUTED, stroke_width=1.3)
        hands = f"M{_n(left + 7)} {_n(y - 4)}V{_n(y)}h3.5"
        self._tag("path", d=hands, fill="none", stroke=_MUTED, stroke_width=1.3)
        text = placed.lines[0] if placed.lines else ""
        self._text(left + 20, y + 4.5, text, font_style="italic", fill=_MUTED)
        self._line(
            left, placed.y + 2, right, placed.y + 2, _EDGE, stroke_width=1.2, stroke_dasharray="1 3"
        )

    def _folded(self, placed: _Placed) -> None:
        top, height = placed.top + 5, placed.bottom - placed.top - 10
        self._tag("rect", x=8, y=top, width=self.width - 16, height=height, rx=5, fill=_FOLD)
        self._text(
            (self.server + (self.lanes[-1] if self.lanes else self.width)) / 2,
            top + height / 2 + 4.5, words(placed.row), text_anchor="middle", font_style="italic",
            fill=_MUTED,
        )  # fmt: skip


def _n(value: float) -> str:
    """Return a coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


def _element(name: str, text: str | None = None, **attributes: str | float) -> str:
    pieces = [name]
    for key, value in attributes.items():
        plain = value if isinstance(value, str) else _n(value)
        pieces.append(f'{key.replace("_", "-")}="{escape(plain)}"')
    opening = " ".join(pieces)
    return f"<{opening}/>" if text is None else f"<{opening}>{escape(safe(text))}</{name}>"
