"""The house style: formatted, without lint, and with types that hold."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    "command",
    [("ruff", "format", "--check", "."), ("ruff", "check", "."), ("mypy",)],
    ids=" ".join,
)
def test_the_house_style(command: tuple[str, ...]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", *command], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_nothing_committed_tells_of_a_machine_or_a_package_index() -> None:
    # in two pieces each, or this file would be found
    home, index = f"{Path.home()}{'/'}", "--index-" + "url"
    run = subprocess.run(
        ["git", "grep", "-nI", "-e", home, "-e", index, "-e", "/simple" + "/", "--", "."],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == ""
