"""Runs many of nbgrader's commands in one process: each takes two seconds to start.

    python nbgrader_commands.py < commands.json

Standard input is a list of [folder, [word, ...]]. Ends with 1 as soon as a command fails.
"""

from __future__ import annotations

import json
import os
import sys

from nbgrader.apps.nbgraderapp import NbGraderApp


def main() -> None:
    """Run the commands of standard input one after another."""
    for folder, words in json.load(sys.stdin):
        os.chdir(folder)
        app = NbGraderApp()
        app.initialize(words)
        try:
            app.start()
        except SystemExit as ended:
            if ended.code:
                sys.exit(f"nbgrader {' '.join(words)}: {ended}")
        app.clear_instance()
        app.subapp.clear_instance()


if __name__ == "__main__":
    main()
