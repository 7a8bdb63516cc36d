"""Compare a text with the file that holds what it should be."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def check_golden(name: str, text: str) -> None:
    """Fail unless `text` is what tests/golden/`name` holds.

    With the environment variable UPDATE_GOLDEN set, write the file instead; read the difference
    before you commit it.
    """
    file = FOLDER / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")
