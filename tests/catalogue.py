"""Bring the Indonesian catalogue up to date with the messages in the code, with Babel's programs.

    python tests/catalogue.py

extracts the messages, adds the new ones to autograder.po without a translation, drops those that
are gone, and compiles autograder.mo. Translate what is new and run it again.
"""

import os
import tempfile
from pathlib import Path

from babel.messages.frontend import CommandLineInterface

PROJECT = Path(__file__).parent.parent
PO = Path("autograder/locale/id/LC_MESSAGES/autograder.po")


def main() -> None:
    os.chdir(PROJECT)  # so that the catalogue names the files as the project does
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "autograder.pot"
        pybabel(
            "extract", "--mapping-file", "autograder/locale/babel.toml", "--output-file", template,
            "--sort-by-file", "--add-location=file", "--no-wrap", "--omit-header", "autograder",
        )  # fmt: skip
        pybabel(
            "update", "--input-file", template, "--output-file", PO, "--locale", "id",
            "--no-fuzzy-matching", "--ignore-obsolete", "--ignore-pot-creation-date", "--no-wrap",
        )  # fmt: skip
    pybabel(
        "compile",
        "--input-file",
        PO,
        "--output-file",
        PO.with_suffix(".mo"),
        "--locale",
        "id",
        "--statistics",
    )


def pybabel(*words: object) -> None:
    CommandLineInterface().run(["pybabel", *map(str, words)])


if __name__ == "__main__":
    main()
