"""Draw the picture of the byte stream: what is sent, what travels, and how recv() cuts it.

    python notebooks/pictures/draw_stream.py

writes the file stream.svg beside this program. It has no words but those of the programs, so both
languages use the same picture.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

SENT = ("Alice: Halo!\n", "Alice: Apa kabar?\n", "Alice: Dini!\n")
RECEIVED = ("Alice: Ha", "lo!\nAlice: Apa", " kabar?\nAlice: D", "ini!\n")

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
INK, MUTED, EDGE, PAPER = "#22272e", "#5d5c55", "#d8d6cd", "#fdfdfb"
LIT, LIT_EDGE = "#fff4cf", "#c79a00"
COLORS = ("#1d5fa7", "#a04b00", "#1b7342")  # one for each message

BYTE, LEFT, MARGIN = 18, 96, 18  # width of a byte, where the first one stands, room around
ROWS = {"send()": 30, "TCP": 104, "recv()": 178, "buffer": 252}
HEIGHT = 34


def draw() -> str:
    """Return the picture as SVG."""
    stream = "".join(SENT)
    assert stream == "".join(RECEIVED)
    width = LEFT + BYTE * len(stream) + MARGIN
    height = ROWS["buffer"] + HEIGHT + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="{SANS}" text-anchor="middle">',
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="10" fill="{PAPER}" '
        f'stroke="{EDGE}"/>',
    ]
    for name, top in ROWS.items():
        parts.append(
            f'<text x="{MARGIN}" y="{top + 22}" font-size="14" font-weight="600" fill="{INK}" '
            f'text-anchor="start">{name}</text>'
        )
    parts += pieces(SENT, ROWS["send()"])
    parts += tape(ROWS["TCP"], len(stream))
    parts += pieces(RECEIVED, ROWS["recv()"])
    parts += pieces(SENT, ROWS["buffer"])
    for first, second in (("send()", "TCP"), ("TCP", "recv()"), ("recv()", "buffer")):
        parts.append(arrow((ROWS[first] + HEIGHT + ROWS[second]) / 2))
    return "\n".join([*parts, "</svg>", ""])


def pieces(texts: tuple[str, ...], top: int) -> list[str]:
    """Return boxes around the bytes that stay together in one row."""
    parts = []
    at = 0
    for text in texts:
        parts.append(
            f'<rect x="{LEFT + BYTE * at + 2}" y="{top}" width="{BYTE * len(text) - 4}" '
            f'height="{HEIGHT}" rx="6" fill="#fff" stroke="{MUTED}" stroke-width="1.5"/>'
        )
        parts += letters(at, at + len(text), top)
        at += len(text)
    return parts


def tape(top: int, count: int) -> list[str]:
    """Return one long band without any gap: what travels."""
    return [
        f'<rect x="{LEFT + 2}" y="{top}" width="{BYTE * count - 4}" height="{HEIGHT}" '
        f'fill="{LIT}" stroke="{LIT_EDGE}" stroke-width="1.5"/>',
        *letters(0, count, top),
    ]


def letters(start: int, end: int, top: int) -> list[str]:
    """Return the bytes from `start` to `end` of the stream, each in the colour of its message."""
    stream = "".join(SENT)
    parts = []
    for at in range(start, end):
        color = COLORS[stream[:at].count("\n")]
        middle = LEFT + BYTE * at + BYTE / 2
        shown, size, extra = escape(stream[at]), 15, ""
        if stream[at] == "\n":
            shown, size, extra = "\\n", 11, ' font-weight="700"'
        if shown != " ":
            parts.append(
                f'<text x="{middle:g}" y="{top + 22}" font-size="{size}" font-family="{MONO}" '
                f'fill="{color}"{extra}>{shown}</text>'
            )
    return parts


def arrow(y: float) -> str:
    """Return a small arrow down, between two rows."""
    return (
        f'<path d="M{MARGIN + 22} {y - 9:g}v18m-5-6 5 6 5-6" fill="none" stroke="{MUTED}" '
        'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>'
    )


if __name__ == "__main__":
    path = Path(__file__).with_name("stream.svg")
    path.write_text(draw(), encoding="utf-8", newline="\n")
    print(path.name)
