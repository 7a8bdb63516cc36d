"""Make the table of results in the READMEs, and the chart of lesson 07, of what was written down.

    .venv/bin/python tests/benchmarks/readme.py

The figures are in figures.json; `--record` of a benchmark puts them there.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import figures

from autograder.i18n import number, speaking

PROJECT = Path(__file__).resolve().parents[2]
READMES = {"en": PROJECT / "README.md", "id": PROJECT / "README.id.md"}
PICTURES = PROJECT / "notebooks" / "pictures"
BEGIN, END = "<!-- results, made by tests/benchmarks/readme.py -->", "<!-- end of results -->"


# -- the table -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        benchmark: whose figures it shows.
        en: what was measured, and what came of it, in English. In braces stand figures: the way to
            it through the dictionaries, with slashes, and after "|" the digits after the point.
        id: the same in Indonesian.
    """

    benchmark: str
    en: tuple[str, str]
    id: tuple[str, str]

    def cells(self, found: dict[str, Any], language: str) -> Iterator[str]:
        """Yield what stands in each column."""

        def figure(match: re.Match[str]) -> str:
            value: Any = found
            for step in match[1].split("/"):
                value = value[step]
            return number(value, int(match[2]))

        for text in {"en": self.en, "id": self.id}[language]:
            with speaking(language):
                filled = re.sub(r"\{([^|]+)\|(\d)\}", figure, text)
            yield filled
        yield f"`{self.benchmark}.py`"


HEAD = {
    "en": ("measured in one run", "", "`tests/benchmarks/`"),
    "id": ("diukur dalam satu kali jalan", "", "`tests/benchmarks/`"),
}

ROWS = (
    Row(
        "check_speed",
        (
            "a check of `threading broadcast lists`, against `python -c pass`",
            "{first|0} times ({seconds/good (modul_contoh)|2} s)",
        ),
        (
            "pemeriksaan `threading broadcast lists`, dibandingkan dengan `python -c pass`",
            "{first|0} kali ({seconds/good (modul_contoh)|2} detik)",
        ),
    ),
    Row(
        "check_speed",
        (
            "a check of `all` on `complete`, against `python -c pass`",
            "{all|0} times ({seconds/all: complete|2} s)",
        ),
        (
            "pemeriksaan `all` atas `complete`, dibandingkan dengan `python -c pass`",
            "{all|0} kali ({seconds/all: complete|2} detik)",
        ),
    ),
    Row(
        "check_speed",
        (
            "servers that fail in six ways, the slowest of them, and one that is busy for ever,"
            " against a good one",
            "{slowest of them|1} and {busy|1} times",
        ),
        (
            "server yang gagal dengan enam cara, yang paling lambat di antaranya, dan yang sibuk"
            " tanpa henti, dibandingkan dengan yang benar",
            "{slowest of them|1} dan {busy|1} kali",
        ),
    ),
    Row(
        "graders",
        (
            "a right server, against `check50`, `nbgrader autograde` and `otter run` with the same"
            " five checks",
            "{faster/right/check50 --dev|1}, {faster/right/nbgrader autograde|0} and"
            " {faster/right/otter run|0} times as fast",
        ),
        (
            "server yang benar, dibandingkan dengan `check50`, `nbgrader autograde`, dan"
            " `otter run` dengan lima tes yang sama",
            "{faster/right/check50 --dev|1}, {faster/right/nbgrader autograde|0}, dan"
            " {faster/right/otter run|0} kali lebih cepat",
        ),
    ),
    Row(
        "graders",
        (
            "the same, for a server that never answers",
            "{dead, at least/check50 --dev|0}, {dead, at least/nbgrader autograde|0} and"
            " {dead, at least/otter run|0} times as fast",
        ),
        (
            "yang sama, untuk server yang tidak pernah menjawab",
            "{dead, at least/check50 --dev|0}, {dead, at least/nbgrader autograde|0}, dan"
            " {dead, at least/otter run|0} kali lebih cepat",
        ),
    ),
    Row(
        "course_speed",
        (
            "`grade --course`, against nbgrader that runs the same checks in a kernel, and the"
            " whole notebooks",
            "{faster/kernel, checks alone/without start|1} and"
            " {faster/kernel, as handed in/without start|1} times as fast",
        ),
        (
            "`grade --course`, dibandingkan dengan nbgrader yang menjalankan tes yang sama di"
            " kernel, dan yang menjalankan seluruh notebook",
            "{faster/kernel, checks alone/without start|1} dan"
            " {faster/kernel, as handed in/without start|1} kali lebih cepat",
        ),
    ),
    Row(
        "class_speed",
        (
            "{submissions|0} submissions: two and four processes (as many as by default) against"
            " one, and a Dask cluster of two workers against two processes",
            "{faster/2 workers|2} and {faster/4 workers|2} times as fast; {dask|2} of the time",
        ),
        (
            "{submissions|0} kiriman: dua dan empat proses (sebanyak biasanya) dibandingkan dengan"
            " satu, dan cluster Dask dengan dua worker dibandingkan dengan dua proses",
            "{faster/2 workers|2} dan {faster/4 workers|2} kali lebih cepat;"
            " {dask|2} dari waktunya",
        ),
    ),
    Row(
        "class_speed",
        (
            "memory of the whole run with two processes, around the 50th and at the last"
            " submission",
            "{megabytes/early|0} and {megabytes/late|0} MB",
        ),
        (
            "memori seluruhnya dengan dua proses, sekitar kiriman ke-50 dan pada kiriman terakhir",
            "{megabytes/early|0} dan {megabytes/late|0} MB",
        ),
    ),
    Row(
        "bombs",
        (
            "a check of a good server beside the worst of nine bombs, and beside another good one,"
            " against alone",
            "{most|1} and {beside/another good one|1} times as long",
        ),
        (
            "pemeriksaan server yang benar di samping bom terburuk dari sembilan, dan di samping"
            " server benar lain, dibandingkan dengan sendirian",
            "{most|1} dan {beside/another good one|1} kali lebih lama",
        ),
    ),
    Row(
        "server_load",
        (
            "messages that `complete` delivers to 10, 100 and 1,000 clients, against one thread"
            " that only sends",
            "{of the limit/complete/10|2}, {of the limit/complete/100|2} and"
            " {of the limit/complete/1000|2} of it",
        ),
        (
            "pesan yang dikirim `complete` kepada 10, 100, dan 1.000 client, dibandingkan dengan"
            " satu thread yang hanya mengirim",
            "{of the limit/complete/10|2}, {of the limit/complete/100|2}, dan"
            " {of the limit/complete/1000|2} kali",
        ),
    ),
    Row(
        "server_load",
        (
            "the same, against an `asyncio` server with the same features",
            "{against asyncio/10|2}, {against asyncio/100|2} and {against asyncio/1000|2} times",
        ),
        (
            "yang sama, dibandingkan dengan server `asyncio` yang kemampuannya sama",
            "{against asyncio/10|2}, {against asyncio/100|2}, dan {against asyncio/1000|2} kali",
        ),
    ),
    Row(
        "non_reader",
        (
            "what one client that does not read costs the others: messages a second, and the 99th"
            " percentile of the time until they arrive, with it against without",
            "{delivered|2} and {99th percentile|2} times",
        ),
        (
            "akibat satu client yang tidak membaca bagi yang lain: pesan per detik, dan persentil"
            " ke-99 dari waktu sampainya, dengan client itu dibandingkan dengan tanpanya",
            "{delivered|2} dan {99th percentile|2} kali",
        ),
    ),
)


def table(found: dict[str, dict[str, Any]], language: str) -> str:
    """Return the table, of those benchmarks that were written down."""
    rows = [row.cells(found[row.benchmark], language) for row in ROWS if row.benchmark in found]
    lines = [HEAD[language], ("---",) * 3, *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def with_table(readme: str, found: dict[str, dict[str, Any]], language: str) -> str:
    """Return a README with the table of today in it.

    Raises:
        ValueError: it has no place for one.
    """
    before, begin, rest = readme.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README lacks {BEGIN} or {END}")
    return f"{before}{begin}\n\n{table(found, language)}\n\n{end}{after}"


# -- the chart -------------------------------------------------------------------------------------

CHART_WORDS = {
    "en": ("clients", "messages delivered per second", "one thread that only sends"),
    "id": ("client", "pesan terkirim per detik", "satu thread yang hanya mengirim"),
}
PAPER = "#fdfdfb"
"""Of the other pictures; on it they read the same on a light and on a dark page."""


def chart(found: dict[str, Any], language: str) -> str:
    """Return a drawing (SVG) of the messages delivered in a second, against the number of clients.

    Args:
        found: the figures of `server_load`.
        language: of the words in it.
    """
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "chat", "svg.fonttype": "none", "font.size": 11}
    from matplotlib import pyplot as plt
    from matplotlib.ticker import NullLocator

    clients, messages, limit = CHART_WORDS[language]
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for name, label, colour, line in (
        ("bare limit", limit, "#777777", "--"),
        ("complete", "complete", "#0b7a75", "-"),
        ("asyncio", "asyncio", "#c8553d", "-."),
    ):
        heights = found["messages a second"][name]
        sizes = list(map(int, heights))
        axes.plot(sizes, heights.values(), line, color=colour, marker="o", label=label)
    axes.set(xscale="log", ylim=(0, None), xlabel=clients, ylabel=messages)
    with speaking(language):
        axes.set_xticks(sizes, [number(size, 0) for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _place: number(value, 0))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    drawing = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with speaking(language):  # the numbers at the other axis are written now
        figure.savefig(drawing, format="svg", transparent=True, metadata=nothing)
    plt.close(figure)
    whole = drawing.getvalue()
    whole = whole[whole.index("<svg") :].replace("xlink:href", "href")  # no address in it
    whole = whole.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    head = re.search(r'<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>', whole)
    assert head is not None, "matplotlib writes the size of a drawing into it"
    paper = f'\n <rect width="{head[1]}" height="{head[2]}" fill="{PAPER}"/>'
    return whole[: head.end()] + paper + whole[head.end() :]


def main() -> None:
    """Write both READMEs and both charts."""
    found = figures.recorded()
    for language, path in READMES.items():
        readme = path.read_text(encoding="utf-8")
        path.write_text(with_table(readme, found, language), encoding="utf-8")
        drawing = chart(found["server_load"], language)
        (PICTURES / f"server-load-{language}.svg").write_text(drawing, encoding="utf-8")


if __name__ == "__main__":
    main()
