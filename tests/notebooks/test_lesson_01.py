"""Lesson 01 shows what it says, to whoever runs it as it is and to whoever does what it asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernels import failure, kernel, printed, shown, value
from pages import LESSONS, ROOT, Page, copy_checkout

STARTER = ROOT / "notebooks" / "servers" / "starter_01.py"

# The checkpoint solved as its hints say, as edits of the starter.
TASKS = {
    1: [("    # TUGAS 1 / TASK 1\n", '    client.send(b"NICK")\n')],
    2: [
        ("nickname = client.recv(1024)\n", "nickname = client.recv(1024).decode()\n"),
        ("    # TUGAS 2 / TASK 2\n", '    client.send(f"{nickname} Bergabung!".encode())\n'),
    ],
    3: [
        (
            "    message = client.recv(1024)  # TUGAS 3 / TASK 3\n    client.send(message)\n",
            "    while True:\n"
            "        message = client.recv(1024)\n"
            "        if not message:\n"
            "            break\n"
            "        client.send(message)\n",
        )
    ],
    4: [
        (
            "client, address = server.accept()  # TUGAS 4 / TASK 4\n"
            'print("Terhubung dengan", address)\n'
            "handle(client)\n",
            "while True:\n"
            "    client, address = server.accept()\n"
            '    print("Terhubung dengan", address)\n'
            "    handle(client)\n",
        )
    ],
}
RIGHT_GUESSES = {
    "door-guess": 'guess = "accept"',
    "bytes-guess": "guess = 8",
    "bob-guess": "guess = []",
    "turn-guess": "guess = []",
}
WAITS = {
    "id": ("menunggu orang baru di accept()", "menunggu Alice di recv()"),
    "en": ("waits in accept() for somebody new", "waits in recv() for Alice"),
}

lesson_01 = pytest.mark.parametrize(
    "page", [page for page in LESSONS if page.path.name.startswith("01")], ids=str
)


def solved(*tasks: int) -> str:
    """Return the starter with the gaps of `tasks` filled in."""
    program = STARTER.read_text(encoding="utf-8")
    for task in tasks:
        for before, after in TASKS[task]:
            assert program.count(before) == 1, before
            program = program.replace(before, after)
    return program


@lesson_01
def test_it_surprises_whoever_runs_it_as_it_is(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "check out")
    nobody, alice = WAITS[page.language]
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all()
        assert printed(cells["door-run"]) == "accept False\n"
        assert nobody in shown(cells["door-run"])
        assert alice in shown(cells["door-alice"])
        assert printed(cells["bytes-run"]).splitlines() == [
            "['Kopi ☕']",
            r"b'Kopi \xe2\x98\x95'",
            "",
            "8 False",
        ]
        assert failure(cells["text-error"]) == "Unmet"
        lines = cells["text-error"].outputs[-1].traceback
        assert "13: TypeError: a bytes-like object is required, not 'str'" in lines[3]
        assert printed(cells["bob-run"]) == "[]\nFalse\n"
        assert alice in shown(cells["bob-run"])
        assert "Ada orang?" in shown(cells["bob-diagram"])
        assert printed(cells["turn-run"]) == "[]\nFalse\n"
        assert printed(cells["turn-next"]) == "[]\n['NICK']\n"
        assert "server.bind" in shown(cells["order-lines"])
        assert "✗" in shown(cells["order-try"]) and "▶" in shown(cells["order-try"])
        assert "✗" in shown(cells["checkpoint-check"])
        assert "autograder-window" in shown(cells["own-run"])


@lesson_01
def test_it_rewards_whoever_does_what_it_asks_for(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    notebook = checkout / page.path.relative_to(ROOT)
    mine = notebook.parent / "work" / "server_01.py"
    mine.parent.mkdir()
    mine.write_text(solved(*TASKS), encoding="utf-8")
    changes = {
        "echo": page.code["echo"].replace("print(data)", "print(data.decode())"),
        "text-error": page.code["text-error"].replace("'send(\"Hai!\")'", "'send(b\"Hai!\")'"),
        "turn-next": page.code["turn-next"].replace("alice.leave()", "# alice.leave()"),
        "order-try": 'puzzle("one_client", [4, 8, 2, 7, 1, 6, 3])',
        "checkpoint-check": 'report = check("lesson_01", "work/server_01.py")\nreport.points',
    }
    for cell, text in changes.items():
        assert text != page.code[cell], cell
    with kernel(notebook, tmp_path) as running:
        cells = running.run_all(RIGHT_GUESSES | changes)
        for run in ("door-run", "bytes-run", "bob-run", "turn-run"):
            assert printed(cells[run]).endswith("True\n"), run
        assert printed(cells["bytes-run"]).splitlines()[1] == "Kopi ☕"
        assert cells["text-error"].outputs == []
        assert printed(cells["turn-next"]) == "[]\n[]\n"
        assert "✓" in shown(cells["order-try"])
        assert float(value(cells["checkpoint-check"])) == 5
        own = shown(cells["own-run"])
        assert "Alice Bergabung!" in own and "Bob Bergabung!" not in own
    assert mine.read_text(encoding="utf-8") == solved(*TASKS)


@pytest.mark.parametrize(
    ("tasks", "points"),
    [((), 0), ((1,), 1), ((1, 2), 2.5), ((1, 2, 3), 3.5), ((1, 2, 3, 4), 5)],
    ids=str,
)
def test_each_task_of_the_checkpoint_earns_something(
    tasks: tuple[int, ...], points: float, tmp_path: Path
) -> None:
    from autograder.checking import resolve, run_check
    from autograder.submission import read_server

    server = tmp_path / "server_01.py"
    server.write_text(solved(*tasks), encoding="utf-8")
    result = run_check(resolve(["lesson_01"]), read_server(server))
    assert result.error_file is None
    assert result.points == points


@pytest.mark.parametrize("name", ["pertemuan_3", "modul_contoh"])
def test_servers_that_can_do_more_pass_the_checkpoint_too(name: str) -> None:
    from autograder.checking import resolve, run_check
    from autograder.submission import read_server

    result = run_check(resolve(["lesson_01"]), read_server(ROOT / "reference" / name / "server.py"))
    assert result.points == result.max_points == 5
