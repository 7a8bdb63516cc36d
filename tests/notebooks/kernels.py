"""Run notebooks in real kernels, and see what they leave behind."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbclient import NotebookClient
from pages import ROOT, SCRATCH, tags

LONGEST_SECONDS = 60  # for one cell, on a machine that is busy with other things


class Kernel:
    """A kernel in the folder of one notebook, in which its cells are run."""

    def __init__(self, client: NotebookClient) -> None:
        self._client = client
        self._process = psutil.Process(client.km.provisioner.pid)
        self.seconds: dict[str, float] = {}  # how long each cell took, the last time it ran

    def run_all(self, changes: Mapping[str, str] | None = None) -> dict[str, nbformat.NotebookNode]:
        """Run the cells from top to bottom, as "Run All" does, and return the code cells.

        Args:
            changes: what a student has written into cells, by the cells' ids.

        Raises:
            CellExecutionError: a cell fails that is not meant to.
        """
        cells = {}
        for at, cell in enumerate(self._client.nb.cells):
            if cell.cell_type == "code":
                cell.source = (changes or {}).get(cell.id, cell.source)
                started = time.monotonic()
                self._client.execute_cell(cell, at)
                self.seconds[cell.id] = time.monotonic() - started
                cells[cell.id] = cell
        return cells

    def evaluate(self, expression: str) -> str:
        """Return the representation of a value in the kernel."""
        notebook = self._client.nb
        notebook.cells.append(nbformat.v4.new_code_cell(expression))
        cell = self._client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1)
        del notebook.cells[-1]
        return value(cell)

    def children(self) -> list[psutil.Process]:
        """Return the processes that the kernel has started and that are still there."""
        _gone, alive = psutil.wait_procs(self._process.children(recursive=True), timeout=10)
        return alive

    def doors(self) -> set[int]:
        """Return the ports at which the kernel listens."""
        return {
            connection.laddr.port
            for connection in self._process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }

    def open_files(self) -> int:
        """Return how many files, sockets and pipes the kernel has open."""
        return self._process.num_fds() if hasattr(self._process, "num_fds") else 0


@contextmanager
def kernel(notebook: Path, temporary: Path) -> Iterator[Kernel]:
    """Start a kernel for a notebook, in the notebook's folder, with an empty home folder."""
    document = nbformat.read(notebook, as_version=nbformat.NO_CONVERT)
    client = NotebookClient(
        document,
        timeout=LONGEST_SECONDS,
        resources={"metadata": {"path": str(notebook.parent)}},
        kernel_name="python3",
    )
    home = temporary / "home"
    scratch = temporary / "tmp"
    for folder in (home, scratch):
        folder.mkdir()
    environment = {
        **os.environ,
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        # Nothing of the test run may change what a check in the notebook does.
        "PYTEST_ADDOPTS": "",
    }
    with client.setup_kernel(env=environment):
        yield Kernel(client)
    assert sorted(path.name for path in scratch.rglob("*")) == []


def value(cell: nbformat.NotebookNode) -> str:
    """Return the text of the value that a cell shows last."""
    return str(_outputs(cell, "execute_result")[-1].data["text/plain"])


def printed(cell: nbformat.NotebookNode) -> str:
    """Return what a cell has printed."""
    return "".join(output.text for output in _outputs(cell, "stream") if output.name == "stdout")


def shown(cell: nbformat.NotebookNode) -> str:
    """Return the HTML that a cell shows."""
    return "".join(
        output.data.get("text/html", "")
        for output in _outputs(cell, "execute_result") + _outputs(cell, "display_data")
    )


def failure(cell: nbformat.NotebookNode) -> str:
    """Return the name of the exception with which a cell ended, "" if there was none."""
    return "".join(str(output.ename) for output in _outputs(cell, "error"))


def complaints(cell: nbformat.NotebookNode) -> str:
    """Return what a cell has written to standard error."""
    return "".join(output.text for output in _outputs(cell, "stream") if output.name == "stderr")


def may_fail(cell: nbformat.NotebookNode) -> bool:
    """Tell whether a cell shows an error on purpose."""
    return "raises-exception" in tags(cell)


def _outputs(cell: nbformat.NotebookNode, kind: str) -> list[Any]:
    return [output for output in cell.outputs if output.output_type == kind]


def files(folder: Path) -> dict[str, str]:
    """Return the files below `folder` with a digest of each, without the scratch folders."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and SCRATCH not in path.relative_to(folder).parts
    }
