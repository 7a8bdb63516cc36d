"""A JupyterLab of the tests' own, for a browser to open."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from helpers import until

LONGEST_SECONDS = 120  # until it is there, or has ended, on a busy machine


@contextlib.contextmanager
def jupyterlab(
    folder: Path, log: Path, environment: Mapping[str, str], *options: str
) -> Iterator[tuple[str, str]]:
    """Run a JupyterLab in a folder; give its address and its token.

    Its kernels talk over sockets in a folder: a TCP port that Jupyter has found to be free may be
    taken by the time the kernel begins, on a machine on which much else is tested.

    Args:
        folder: where it begins, and looks for its settings.
        log: the file for what it says.
        environment: its variables.
        options: of its command line, besides the usual ones.
    """
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    command += ["--LabApp.expose_app_in_browser=True"]  # so that a test can ask it to run cells
    command += ["--KernelManager.transport=ipc"]
    # a folder with a short name: the path of a socket has an end
    with tempfile.TemporaryDirectory(prefix="lab-") as runtime, log.open("wb") as output:
        server = subprocess.Popen(
            [*command, *options],
            cwd=folder,
            env={**environment, "JUPYTER_RUNTIME_DIR": runtime},
            stdout=output,
            stderr=subprocess.STDOUT,
        )

        def said() -> re.Match[str] | None:
            assert server.poll() is None, log.read_text(encoding="utf-8")
            return re.search(r"(http://127\.0\.0\.1:\d+)/lab\?token=(\w+)", log.read_text("utf-8"))

        try:
            address = until(said, "JupyterLab says where it is", LONGEST_SECONDS)
            yield address[1], address[2]
        finally:
            server.terminate()
            try:
                server.wait(LONGEST_SECONDS)
            finally:
                server.kill()
