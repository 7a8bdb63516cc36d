"""What thirty students hand in for the exercise timestamp: right, half right, broken, cheating.

Each is a function that changes a fresh copy of the exercise; `CLASS` says what it is worth.
"""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from classroom import cell_of, notebook, write_notebook
from exercise_solutions import SOLUTIONS

FOLDER_A, FOLDER_B = "folder_a/server.py", "folder_b/server.py"
ANSWER = "The stamp is made once, when the program starts, so one hour later it still shows that."


@dataclass(frozen=True)
class Student:
    """What somebody hands in.

    Args:
        change: changes a fresh copy of the exercise.
        points: what it is worth.
        note: words that the teacher reads about it, and the student too.
    """

    change: Callable[[Path], None]
    points: float
    note: str = ""


def solve(folder: Path, *files: str) -> None:
    """Fill in the gaps of some of the servers, or of all."""
    for file in files or (FOLDER_A, FOLDER_B):
        text = (folder / file).read_text(encoding="utf-8")
        for old, new in SOLUTIONS["timestamp"][file]:
            assert text.count(old) == 1
            text = text.replace(old, new)
        (folder / file).write_text(text, encoding="utf-8")


def write_answer(folder: Path, text: str = ANSWER) -> None:
    """Write the answer in words."""
    document = notebook(folder)
    cell_of(document, "answer")["source"] = text
    write_notebook(folder, document)


def right(folder: Path) -> None:
    solve(folder)
    write_answer(folder)


def half(folder: Path) -> None:
    solve(folder, FOLDER_A)


def untouched(folder: Path) -> None:
    pass


# -- broken ---------------------------------------------------------------------------------------


def no_server(folder: Path) -> None:
    solve(folder)
    (folder / FOLDER_B).unlink()


def duplicated_check(folder: Path) -> None:
    solve(folder, FOLDER_A)
    document = notebook(folder)
    document["cells"].append(copy.deepcopy(cell_of(document, "check-timestamp-a")))
    write_notebook(folder, document)


def duplicated_answer(folder: Path) -> None:
    solve(folder)
    document = notebook(folder)
    answer = copy.deepcopy(cell_of(document, "answer"))
    answer["source"] = ANSWER
    document["cells"].insert(0, answer)
    write_notebook(folder, document)


def deleted_check(folder: Path) -> None:
    solve(folder)
    document = notebook(folder)
    document["cells"].remove(cell_of(document, "check-timestamp-a"))
    write_notebook(folder, document)


def deleted_answer(folder: Path) -> None:
    solve(folder)
    document = notebook(folder)
    document["cells"].remove(cell_of(document, "answer"))
    write_notebook(folder, document)


def edited_check(folder: Path) -> None:
    document = notebook(folder)
    cell_of(document, "check-timestamp-a")["source"] = "8.0"
    cell_of(document, "check-timestamp-b")["source"] = 'check("timestamp_b", "../right/server.py")'
    write_notebook(folder, document)


def edited_marks(folder: Path) -> None:
    document = notebook(folder)
    marks = cell_of(document, "check-timestamp-a")["metadata"]["nbgrader"]
    marks |= {"points": 1000, "locked": False, "solution": True}
    cell_of(document, "check-timestamp-b")["metadata"]["nbgrader"] = {
        "grade_id": "check-timestamp-b"
    }
    document["cells"].append({"cell_type": "code", "metadata": {"nbgrader": {"grade_id": 7}}})
    document["cells"].append({"cell_type": "code", "metadata": {"nbgrader": ["grade_id"]}})
    document["cells"].append(
        {
            "cell_type": "code",
            "metadata": {"nbgrader": marks | {"grade_id": "mine"}},
            "source": "99",
        }
    )
    write_notebook(folder, document)


def not_a_notebook(folder: Path) -> None:
    solve(folder)
    (folder / "timestamp.ipynb").write_text("This is my homework.", encoding="utf-8")


def deep_notebook(folder: Path) -> None:
    solve(folder)
    (folder / "timestamp.ipynb").write_text("[" * 100_000, encoding="utf-8")


def no_notebook(folder: Path) -> None:
    solve(folder)
    (folder / "timestamp.ipynb").unlink()


def reserved_name(folder: Path) -> None:
    solve(folder)
    (folder / "timestamp.txt").write_text("[2031-01-02 03:04:05] is what I saw", encoding="utf-8")


def reserved_bytes(folder: Path) -> None:
    solve(folder)
    (folder / "timestamp.txt").write_bytes(b"\xff\xfe9" * 20_000)


def linked_server(folder: Path) -> None:
    solve(folder)
    (folder / FOLDER_A).unlink()
    (folder / FOLDER_A).symlink_to(folder.parents[1] / "right-1" / "timestamp" / FOLDER_A)


def linked_folder(folder: Path) -> None:
    solve(folder)
    shutil.rmtree(folder / "folder_b")
    (folder / "folder_b").symlink_to(folder.parents[1] / "right-1" / "timestamp" / "folder_b")


def endless_file(folder: Path) -> None:
    solve(folder)
    (folder / "notes.txt").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.txt")


def odd_names(folder: Path) -> None:
    solve(folder)
    for name in ("=cmd()\n.txt", "<script>alert(1)</script>.txt", "\x1b[31mred.txt"):
        (folder / name.replace("/", "∕")).symlink_to("/etc/hostname")


# -- cheating -------------------------------------------------------------------------------------


def forged_outputs(folder: Path) -> None:
    document = notebook(folder)
    for grade_id, points in (("check-timestamp-a", "8.0"), ("check-timestamp-b", "7.0")):
        data = {"text/plain": points, "text/html": "<script>document.title = 'mine'</script>"}
        cell_of(document, grade_id)["outputs"] = [
            {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}
        ]
    document["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    write_notebook(folder, document)


def kernel_cheat(*lines: str) -> Callable[[Path], None]:
    """Return what puts a code cell with `lines` in front of all others."""

    def change(folder: Path) -> None:
        document = notebook(folder)
        source = "\n".join(["open('ran.txt', 'w').write('a kernel was here')", *lines])
        cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
        document["cells"].insert(0, cell | {"execution_count": None, "id": "first"})
        write_notebook(folder, document)

    return change


EMPTY_LINES = kernel_cheat("get_ipython().input_transformers_cleanup.append(lambda lines: [])")
EMPTY_TREE = kernel_cheat(
    "import ast",
    "class Empty(ast.NodeTransformer):",
    "    def visit_Module(self, node):",
    "        node.body = []",
    "        return node",
    "get_ipython().ast_transformers.append(Empty())",
)
REDEFINED = kernel_cheat(
    "import autograder, builtins",
    "class Full:",
    "    points = 8.0",
    "builtins.check = autograder.check = lambda *words, **options: Full()",
    "autograder.notebook.check = autograder.check",
)
PEEKING = kernel_cheat(
    "from pathlib import Path",
    "for place in Path('..').glob('**/timestamp.ipynb'):",
    "    print(place.read_text())",
)
DETACHED = kernel_cheat(
    "import subprocess, sys",
    "code = \"import sqlite3, glob; [sqlite3.connect(f).execute('update grade set auto_score = 8')"
    " for f in glob.glob('../../../gradebook.db')]\"",
    "subprocess.Popen([sys.executable, '-c', code], start_new_session=True)",
)


def server_cheat(text: str) -> Callable[[Path], None]:
    """Return what puts `text` in the place of both servers."""

    def change(folder: Path) -> None:
        for file in (FOLDER_A, FOLDER_B):
            place = str(folder.parents[2]).replace("\\", "/")
            (folder / file).write_text(text.replace("COURSE", place), encoding="utf-8")

    return change


QUITS = server_cheat("import os\nprint('15.0')\nos._exit(0)\n")
REACHES_OUT = server_cheat(
    "import os, sqlite3, sys\n"
    "for path in ('COURSE/gradebook.db', '/proc/1/root' + '/COURSE/gradebook.db'):\n"
    "    try:\n"
    "        book = sqlite3.connect(path)\n"
    "        book.execute('update grade set auto_score = 8.0')\n"
    "        book.commit()\n"
    "    except Exception:\n"
    "        pass\n"
    "try:\n"
    "    source = open('COURSE/submitted/right-1/timestamp/folder_a/server.py').read()\n"
    "    exec(compile(source, 'server.py', 'exec'), globals())\n"
    "except OSError:\n"
    "    sys.exit('nothing there')\n"
)


def hostile_files(folder: Path) -> None:
    evil = "raise SystemExit('imported by the grader')\n"
    for name in ("conftest.py", "sitecustomize.py", "nbgrader_config.py", "autograder.py"):
        (folder / name).write_text(evil, encoding="utf-8")


def active_text(folder: Path) -> None:
    solve(folder)
    document = notebook(folder)
    evil = "<script>document.title = 'mine'</script><img src=x onerror=\"document.title='mine'\">"
    cell_of(document, "answer")["source"] = f"{evil} **bold** [x](javascript:alert(1))\n\n- one"
    document["cells"].append({"cell_type": "raw", "metadata": {}, "source": evil, "id": "raw"})
    document["cells"].append(
        {"cell_type": "markdown", "metadata": {}, "source": evil, "id": "'><b"}
    )
    document["metadata"] |= {"title": "</title><script>document.title = 'mine'</script>"}
    write_notebook(folder, document)


CLASS: dict[str, Student] = {
    **{f"right-{n}": Student(right, 15) for n in range(1, 4)},
    "half-1": Student(half, 8),
    "half-2": Student(half, 8),
    "untouched": Student(untouched, 0),
    "no-server": Student(no_server, 8, "There is no file folder_b/server.py"),
    "two-checks": Student(duplicated_check, 8, "“check-timestamp-a” is there 2 times"),
    "two-answers": Student(duplicated_answer, 15, "“answer” is there 2 times"),
    "no-check": Student(deleted_check, 15, "“check-timestamp-a” was deleted"),
    "no-answer": Student(deleted_answer, 15, "“answer” was deleted"),
    "edited-check": Student(edited_check, 0, "“check-timestamp-b” was changed"),
    "edited-marks": Student(edited_marks, 0, "“check-timestamp-a” was changed"),
    "no-json": Student(not_a_notebook, 15, "timestamp.ipynb is no notebook"),
    "deep-json": Student(deep_notebook, 15, "timestamp.ipynb is no notebook"),
    "no-notebook": Student(no_notebook, 15, "timestamp.ipynb is missing"),
    "reserved-name": Student(reserved_name, 15, "timestamp.txt holds no time"),
    "reserved-bytes": Student(reserved_bytes, 15, "timestamp.txt holds no time"),
    "linked-server": Student(linked_server, 7, "folder_a/server.py is a link"),
    "linked-folder": Student(linked_folder, 8, "folder_b is a link"),
    "endless-file": Student(endless_file, 15, "notes.txt is a link"),
    "odd-names": Student(odd_names, 15, "is a link"),
    "forged-outputs": Student(forged_outputs, 0),
    "empty-lines": Student(EMPTY_LINES, 0),
    "empty-tree": Student(EMPTY_TREE, 0),
    "redefined": Student(REDEFINED, 0),
    "peeking": Student(PEEKING, 0),
    "detached": Student(DETACHED, 0),
    "quits": Student(QUITS, 0),
    "reaches-out": Student(REACHES_OUT, 0),
    "hostile-files": Student(hostile_files, 0),
    "active-text": Student(active_text, 15),
}
