"""Classes of students for the tests of grading runs: small servers, and the command that grades."""

import json
import subprocess

from helpers import LISTENING, REFERENCE, command, environment, run

from autograder.grading import REPORTS, Grading, Settings
from autograder.report_html import page

RIGHT = REFERENCE.read_text(encoding="utf-8")
DEAD = "raise SystemExit('not today')\n"
MUTE = LISTENING.lstrip()


def handed_in(folder, **servers):
    """Write a server for each student below `folder`, and return it."""
    for name, source in servers.items():
        place = folder / name
        place.mkdir(parents=True)
        (place / "server.py").write_text(source, encoding="utf-8")
    return folder


def graded(*words, code=None, **more):
    """Run `autograder grade … --json` and return its document."""
    done = run("grade", *words, "--json", **more)
    assert done.stderr == "", done.stderr
    if code is not None:
        assert done.returncode == code, done.stdout
    return json.loads(done.stdout)


def by_name(document):
    """Return the submissions of a run's document by their names."""
    return {one["name"]: one for one in document["submissions"]}


def grading(*words, **more):
    """Begin `autograder grade` and return the process."""
    return subprocess.Popen(
        command("grade", *words),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


KEYS = [f"{number:032x}" for number in range(9)]


def run_with(
    folder, *rows, results=(), language="en", challenges=("threading", "broadcast"), seed=None
):
    """Return a run as if it had given rows, with results under `KEYS`."""
    grading = Grading(folder, Settings(challenges, language, seed=seed))
    for key, result in zip(KEYS, results, strict=False):
        grading.store.write(key, result.to_json())
        report = folder / REPORTS / f"{key}.html"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(page(result), encoding="utf-8", errors="backslashreplace")
    grading.rows = list(rows)
    return grading
