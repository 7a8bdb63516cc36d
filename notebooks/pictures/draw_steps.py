"""Draw the picture of the six steps of every chat server, once for each lesson and language.

    python notebooks/pictures/draw_steps.py

writes the files steps-*.svg beside this program. `LESSONS` says which steps a lesson lights.
The pictures have a paper of their own, so they read the same on a light and on a dark page.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

LANGUAGES = ("id", "en")

STEPS = (
    # Indonesian, English, what it is in Python
    ("buka pintu", "open the door", ("socket, bind,", "listen")),
    ("sambut", "welcome", ("accept, NICK,", "username")),
    ("baca", "read", ("recv",)),
    ("potong", "cut", ("bytes → lines",)),
    ("sebarkan", "share", ("broadcast",)),
    ("bereskan", "clean up", ("remove, close,", "tell")),
)

# For each lesson: the first and the last step that are lit, and the words below them.
LESSONS: dict[str, tuple[int, int, dict[str, str]]] = {
    "00": (
        1,
        6,
        {
            "id": "hari ini: keenamnya, sekilas dari luar",
            "en": "today: all six, at a glance, from the outside",
        },
    ),
    "01": (
        1,
        3,
        {
            "id": "hari ini: tiga yang pertama, untuk satu client",
            "en": "today: the first three, for one client",
        },
    ),
    "02": (
        2,
        3,
        {
            "id": "hari ini: untuk banyak tamu sekaligus",
            "en": "today: for many guests at once",
        },
    ),
    "03": (
        4,
        5,
        {
            "id": "hari ini: setiap pesan utuh, dan untuk semua",
            "en": "today: every message whole, and for everybody",
        },
    ),
    "04": (
        5,
        6,
        {
            "id": "hari ini: daftar yang tetap benar",
            "en": "today: a list that stays right",
        },
    ),
    "05": (
        1,
        6,
        {
            "id": "hari ini: keenamnya, baris demi baris",
            "en": "today: all six, line by line",
        },
    ),
    "06": (
        1,
        6,
        {
            "id": "hari ini: apa yang bisa rusak di setiap langkah",
            "en": "today: what can break at each of them",
        },
    ),
    "07": (
        1,
        6,
        {
            "id": "hari ini: keenamnya, untuk tiga tamu ataupun seribu",
            "en": "today: all six, for three guests or for a thousand",
        },
    ),
}

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
INK, MUTED, EDGE, PAPER = "#22272e", "#5d5c55", "#d8d6cd", "#fdfdfb"
LIT, LIT_EDGE, LIT_INK = "#fff4cf", "#c79a00", "#6b5200"

CARD, GAP, MARGIN = 138, 16, 18  # width of a step, room between two, room around all
TOP, HEIGHT = 46, 138

AGAIN = {"id": "lagi, untuk setiap pesan", "en": "again, for every message"}

# Each icon is drawn in a box of 40 by 40.
ICONS = (
    # a door that stands ajar
    '<path d="M8 37V4h24v33M3 37h34"/><path d="M12 37V9l15 5v23"/><path d="M23 25v2"/>',
    # a question in a speech bubble
    '<path d="M5 6h30v21H19l-8 8v-8H5z"/><path d="M16 13q0-4 4-4t4 4q0 2-4 4v2M20 22.5v.5"/>',
    # an open book
    '<path d="M20 10Q12 4 3 8v25q9-4 17 2 8-6 17-2V8q-9-4-17 2zM20 10v25"/>'
    '<path d="M8 15q4-1 7 1M8 21q4-1 7 1M32 15q-4-1-7 1M32 21q-4-1-7 1"/>',
    # scissors
    '<circle cx="9" cy="30" r="5"/><circle cx="31" cy="30" r="5"/>'
    '<path d="M12 26 29 4M28 26 11 4"/>',
    # one arrow in, three out
    '<path d="M2 20h12"/><circle cx="19" cy="20" r="5"/>'
    '<path d="M23 16 34 6M24 20h13M23 24l11 10M28 6h6v6M32 15l5 5-5 5M28 34h6v-6"/>',
    # a broom
    '<path d="M35 4 20 20"/><path d="M14 17l10 9q-4 9-13 11L4 27q7-2 10-10z"/>'
    '<path d="M9 33l5-6M15 34l4-5"/>',
)


def left_of(step: int) -> int:
    """Return the left edge of the step with this number, from 1."""
    return MARGIN + (step - 1) * (CARD + GAP)


def draw(lesson: str, language: str) -> str:
    """Return the picture of a lesson, such as "00", as SVG."""
    first, last, captions = LESSONS[lesson]
    width = left_of(6) + CARD + MARGIN
    height = TOP + HEIGHT + 54
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="{SANS}" text-anchor="middle">',
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="10" fill="{PAPER}" '
        f'stroke="{EDGE}"/>',
    ]
    for number in range(1, 7):
        parts += card(number, language, lit=first <= number <= last)
    for number in range(1, 6):
        parts.append(arrow(left_of(number) + CARD + 3, TOP + HEIGHT / 2))
    parts += loop(left_of(5) + CARD / 2, left_of(3) + CARD / 2, AGAIN[language])
    parts += bracket(left_of(first), left_of(last) + CARD, captions[language])
    return "\n".join([*parts, "</svg>", ""])


def card(number: int, language: str, lit: bool) -> list[str]:
    """Return one step: its icon, its name, and what it is in Python."""
    indonesian, english, calls = STEPS[number - 1]
    name = indonesian if language == "id" else english
    left, middle = left_of(number), left_of(number) + CARD / 2
    fill, edge, weight = (LIT, LIT_EDGE, 2) if lit else (PAPER, EDGE, 1)
    ink = INK if lit else MUTED
    lines = [
        f'<rect x="{left}" y="{TOP}" width="{CARD}" height="{HEIGHT}" rx="9" fill="{fill}" '
        f'stroke="{edge}" stroke-width="{weight}"/>',
        f'<text x="{left + 14}" y="{TOP + 21}" font-size="13" fill="{MUTED}">{number}</text>',
        f'<g transform="translate({middle - 20} {TOP + 14})" fill="none" stroke="{ink}" '
        f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{ICONS[number - 1]}</g>',
        f'<text x="{middle}" y="{TOP + 82}" font-size="15.5" font-weight="600" fill="{ink}">'
        f"{escape(name)}</text>",
    ]
    for at, call in enumerate(calls):
        lines.append(
            f'<text x="{middle}" y="{TOP + 105 + 17 * at}" font-size="12.5" font-family="{MONO}" '
            f'fill="{MUTED}">{escape(call)}</text>'
        )
    return lines


def arrow(x: float, y: float) -> str:
    """Return a small arrow from one step to the next."""
    return (
        f'<path d="M{x} {y}h{GAP - 7}m-4-4 4 4-4 4" fill="none" stroke="{MUTED}" '
        'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>'
    )


def loop(start: float, end: float, caption: str) -> list[str]:
    """Return the way back above the steps that are done again and again."""
    y, middle = TOP - 5, (start + end) / 2
    half = len(caption) * 3.6 + 10
    line = f'fill="none" stroke="{MUTED}" stroke-width="1.5" stroke-linecap="round"'
    return [
        f'<path d="M{start} {y}v-7q0-8-8-8H{middle + half}M{middle - half} {y - 15}H{end + 8}'
        f'q-8 0-8 8v7m-4-4 4 4 4-4" {line} stroke-linejoin="round"/>',
        f'<text x="{middle}" y="{y - 10.5}" font-size="13" fill="{MUTED}">{escape(caption)}</text>',
    ]


def bracket(left: int, right: int, caption: str) -> list[str]:
    """Return the bracket below the lit steps: light alone is not seen by everybody."""
    y = TOP + HEIGHT + 9
    middle = (left + right) / 2
    return [
        f'<path d="M{left + 4} {y}v8H{right - 4}v-8M{middle} {y + 8}v7" fill="none" '
        f'stroke="{LIT_EDGE}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>',
        f'<text x="{middle}" y="{y + 33}" font-size="14" font-weight="600" fill="{LIT_INK}">'
        f"{escape(caption)}</text>",
    ]


def pictures() -> dict[str, str]:
    """Return all pictures by the name of their file."""
    return {
        f"steps-{lesson}-{language}.svg": draw(lesson, language)
        for lesson in LESSONS
        for language in LANGUAGES
    }


if __name__ == "__main__":
    for name, svg in pictures().items():
        Path(__file__).with_name(name).write_text(svg, encoding="utf-8", newline="\n")
        print(name)
