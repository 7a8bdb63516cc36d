"""Lesson 03: what its runs show, as handed out and for somebody who does what it asks for."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from kernels import failure, kernel, printed, shown
from pages import LESSONS, ROOT, Page, copy_checkout

from autograder.checking import resolve, run_check
from autograder.submission import read_server

PAGE_03 = [page for page in LESSONS if page.path.name.startswith("03")]
CODE = PAGE_03[0].code

RIGHT_GUESSES = {
    "share-guess": 'guess = ["Alice", "Bob"]',
    "lump-guess": "guess = 1",
    "pieces-guess": "guess = 3",
    "cut-guess": "guess = 2",
    "lines-guess": "guess = 11",
    "letter-guess": 'guess = ["lines_03.py"]',
    "send-guess": "guess = False",
    "stuck-guess": "guess = False",
}
RUNS = [cell.replace("-guess", "-run") for cell in RIGHT_GUESSES]

SHARE = (
    '    data = (message + "\\n").encode()\n',
    """\
    data = (message + "\\n").encode()
    for client in clients:
        client.sendall(data)
""",
)
CUT = (
    """\
    data = client.recv(1024)
    if not data:
        return None
    # potong / cut
    return data.decode().strip()
""",
    """\
    while b"\\n" not in buffer:
        data = client.recv(1024)
        if not data:
            return None
        buffer += data
    # potong / cut
    line, newline, rest = buffer.partition(b"\\n")
    buffer[:] = rest
    return line.decode()
""",
)

WAITS_FOR_BOB = {
    "id": "menunggu di send() sampai Bob membaca",
    "en": "waits in send() until Bob reads",
}
IN_READ_LINE = {
    "id": "di read_line(), dipanggil handle()",
    "en": "in read_line(), called by handle()",
}

both_languages = pytest.mark.parametrize("page", PAGE_03, ids=str)


def edited(cell: str, *edits: tuple[str, str]) -> dict[str, str]:
    """Return one cell as a student changes it."""
    code = CODE[cell]
    for before, after in edits:
        assert code.count(before) == 1, before
        code = code.replace(before, after)
    return {cell: code}


@both_languages
def test_lesson_03_surprises_whoever_runs_it_as_it_is(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all()
        alice, bob = printed(cells["alone-run"]).splitlines()
        assert "Alice: Halo semua!" in alice
        assert "Halo" not in bob

        assert printed(cells["share-run"]) == "['NICK']\n['Alice', 'Bob'] False\n"
        assert "* Alice: Halo semua!" in shown(cells["share-run"])
        assert printed(cells["lump-run"]).startswith("* Alice: pesan 1\nAlice: pesan 2\n")
        assert printed(cells["lump-run"]).endswith("Alice: pesan 10\n1 False\n")
        assert printed(cells["pieces-run"]) == "3 False\n1024\n1024\n959\n"
        assert printed(cells["cut-run"]) == (
            "[b'Alice: Halo!', b'Alice: Apa kabar?']\n2 False\nbuffer: b'Alice: D'\n"
        )
        assert printed(cells["lines-run"]) == "11 False\n"
        assert IN_READ_LINE[page.language] in shown(cells["lines-run"])
        assert printed(cells["lines-mark"]) == "[]\n"

        coded, share, lines, result = printed(cells["letter-run"]).splitlines()
        assert coded == r"b'\xc3\xa9'"
        assert share.startswith("share_03.py | UnicodeDecodeError: ")
        assert share.endswith("unexpected end of data")
        assert lines == "lines_03.py | Username Bob"
        assert result == "['lines_03.py'] False"

        sent = re.fullmatch(r"(\d+) False False\n", printed(cells["send-run"]))
        assert sent is not None
        assert 0 < int(sent[1]) < 10_000_000
        assert failure(cells["send-all"]) == "TimeoutError"

        heard = re.fullmatch(r"(\d+) False False\n", printed(cells["stuck-run"]))
        assert heard is not None
        assert WAITS_FOR_BOB[page.language] in shown(cells["stuck-run"])
        assert printed(cells["stuck-resume"]) == f"{500 - int(heard[1])}\n"
        assert WAITS_FOR_BOB[page.language] not in shown(cells["stuck-resume"])

        # The checkpoint as it is handed out: no point, and the report shows what does not arrive.
        assert float(running.evaluate("_.points")) == 0
        assert "✗" in shown(cells["checkpoint-check"])


@both_languages
def test_lesson_03_rewards_whoever_does_what_it_asks_for(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all({**RIGHT_GUESSES, **edited("checkpoint-file", SHARE, CUT)})
        for run in RUNS:
            assert re.search(r"\bTrue$", printed(cells[run]), flags=re.MULTILINE), run
        assert float(running.evaluate("_.points")) == 5

        append = "    clients.append(client)  # baru / new\n"
        top = "def handle(client):\n"
        changes = {
            **edited("share-program", (append, ""), (top, top + append)),
            **edited("lump-run", ("range(1, 11)", "range(1, 201)")),
            **edited("cut-run", ('\\nAlice: D"]', '\\nAlice: D", b"ini!\\n"]')),
            **edited("lines-mark", ("bob.heard())", 'bob.heard())\nalice.send_bytes(b"\\n")')),
            **edited("letter-run", ("Pok\\xc3", "Pok\\xc3\\xa9"), ("\\xa9mon", "mon")),
            **edited("send-run", ("10_000_000", "1000")),
            **edited("stuck-run", ("many = 500", "many = 5")),
        }
        changes["lines-mark"] += "\nprint(bob.heard())"
        cells = running.run_all(changes)
        assert "\n['Alice', 'Bob', 'Dini'] " in printed(cells["share-run"])
        lump = printed(cells["lump-run"]).splitlines()
        assert lump[-1].startswith("4 ")
        assert sum("*" in line and not line.startswith("*") for line in lump) == 3  # inside lines
        assert "b'Alice: Dini!'" in printed(cells["cut-run"])
        assert printed(cells["cut-run"]).endswith("buffer: b''\n")
        assert printed(cells["lines-run"]).startswith("201 ")
        assert printed(cells["lines-mark"]) == "[]\n['* Alice: Sudah sampai?']\n"
        _coded, *programs, result = printed(cells["letter-run"]).splitlines()
        assert [line.partition(" | ")[2] for line in programs] == ["Username Bob"] * 2
        assert result.startswith("['lines_03.py'] ")
        assert printed(cells["send-run"]).startswith("1000 True ")
        assert failure(cells["send-all"]) == ""
        assert printed(cells["stuck-run"]).startswith("5 True ")


@both_languages
def test_a_larger_number_in_recv_is_no_cure(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    read = "        message = client.recv(1024).decode()\n"
    larger = edited("share-program", (read, read.replace("1024", "4096")))
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all(larger)
        assert printed(cells["pieces-run"]).startswith("1 ")
        assert printed(cells["lump-run"]).endswith("\n1 False\n")
        cells = running.run_all(edited("pieces-run", ("3000", "10_000")))
        assert printed(cells["pieces-run"]).startswith("3 ")


@pytest.mark.parametrize(
    ("edits", "failed"),
    [
        ([CUT], {"everybody_gets_a_message", "the_sender_gets_it_too"}),
        ([SHARE], {"a_burst_arrives_whole", "a_long_message", "a_message_in_pieces"}),
    ],
    ids=["nothing is shared", "nothing is cut"],
)
def test_half_the_checkpoint_of_lesson_03_is_told_from_the_whole(
    edits: list[tuple[str, str]], failed: set[str], tmp_path: Path
) -> None:
    program = edited("checkpoint-file", *edits)["checkpoint-file"]
    server = tmp_path / "server_03.py"
    server.write_text(program.partition("\n")[2], encoding="utf-8")
    result = run_check(resolve(["broadcast"]), read_server(str(server)))
    assert result.error_file is None
    tests = result.challenges[0].tests
    assert {each.id.removeprefix("test_") for each in tests if each.outcome == "failed"} == failed


def test_the_picture_of_the_stream_is_the_one_that_the_program_draws() -> None:
    folder = ROOT / "notebooks" / "pictures"
    spec = importlib.util.spec_from_file_location("draw_stream", folder / "draw_stream.py")
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    assert (folder / "stream.svg").read_text(encoding="utf-8") == program.draw()
    pieces = repr([piece.encode() for piece in program.RECEIVED[:3]]).replace("'", '"')
    assert pieces in CODE["cut-run"]
