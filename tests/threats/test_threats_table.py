"""Every threat has tests, and all of them are there."""

import subprocess
import sys

from helpers import PROJECT
from threats import THREATS


def test_every_threat_has_tests_that_pytest_collects():
    assert list(THREATS) == list(range(1, 16))
    wanted = {test for threat in THREATS.values() for test in (*threat.tests, *threat.without)}
    assert all(threat.tests and threat.without for threat in THREATS.values())
    files = sorted({f"tests/{test.partition('::')[0]}" for test in wanted})
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", *files],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = {line.partition("[")[0].removeprefix("tests/") for line in run.stdout.splitlines()}

    assert wanted <= found, wanted - found
