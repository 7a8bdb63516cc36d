"""Runs many of nbgrader's commands in one process: each takes two seconds to start.

    python nbgrader_commands.py < commands.json

Standard input is a list of [folder, [word, ...]]. Ends with 1 as soon as a command fails.
"""

from __future__ import annotations

import json
import os
import sys

from jupyter_core.application import NoStart
from nbgrader.apps.nbgraderapp import NbGraderApp


def main() -> None:
    """Run the commands of standard input one after another."""
    for folder, words in json.load(sys.stdin):
        os.chdir(folder)
        app = NbGraderApp()
        app.initialize(words)
        try:
            app.start()
        except NoStart:  # its way to say that a subcommand has done the work
            pass
        except SystemExit as ended:
            if ended.code:
                sys.exit(f"nbgrader {' '.join(words)}: {ended}")
        while app is not None:  # each is the only one of its kind
            app.clear_instance()
            app = app.subapp


if __name__ == "__main__":
    main()
