"""What the benchmarks found when they were run to be written down: figures.json beside this file.

A benchmark adds its own with `--record`; `readme.py` makes the table of the READMEs of them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from machine import load, machine

PATH = Path(__file__).with_name("figures.json")


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark be asked to write down what it finds."""
    parser.add_argument(
        "--record",
        type=Path,
        nargs="?",
        const=PATH,
        metavar="FILE",
        help=f"add the figures to FILE ({PATH.name} beside the benchmarks)",
    )


def record(path: Path, benchmark: str, found: dict[str, Any]) -> None:
    """Write down what a benchmark found, in place of what it found before.

    Args:
        path: of the file, which need not be there.
        benchmark: the program's name, without ".py".
        found: numbers, and words where they belong to them, by name.
    """
    everything = recorded(path) if path.exists() else {}
    everything[benchmark] = {"machine": machine(), "load at the end": load(), **found}
    text = json.dumps(dict(sorted(everything.items())), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def recorded(path: Path = PATH) -> dict[str, dict[str, Any]]:
    """Return all that was written down, by benchmark."""
    found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found
