"""Lesson 06: every illness breaks out, is seen, and is cured; the student's changes do as told."""

from __future__ import annotations

import difflib
import re
import sys
from pathlib import Path

import pytest
from kernels import failure, kernel, printed, shown, value
from pages import LESSONS, ROOT, Page, copy_checkout

from autograder import Room, Unmet
from autograder.i18n import speaking

SERVERS = ROOT / "notebooks" / "servers"
PAGES_06 = [page for page in LESSONS if page.path.name.startswith("06")]
RUNNING = {"id": "sedang berjalan", "en": "is running"}
STILL_FAILS = {
    "id": "Yang sedang berbicara saat koneksi orang lain putus tetap ada di chat",
    "en": "Whoever speaks while another's connection breaks stays in the chat",
}
UNTIL_BOB_READS = {
    "id": "menunggu di send() sampai Bob membaca",
    "en": "waits in send() until Bob reads",
}

RIGHT_GUESSES = {
    "port-guess": "guess = 1",
    "restart-guess": 'guess = "OSError"',
    "nothing-guess": "guess = 0",
    "one-guess": "guess = []",
    "fall-guess": "guess = 1",
    "busy-guess": "guess = []",
    "emoji-guess": 'guess = ["Alice keluar!"]',
    "silent-guess": "guess = []",
    "lump-guess": "guess = 1",
    "names-guess": "guess = 5",
    "part-two-guess": "guess = False",
    "wrong-one-guess": (
        'guess = ["Alice: Charlie, kamu dengar?", "Alice keluar!", "Charlie keluar!"]'
    ),
    "half-guess": "guess = 2",
    "reader-guess": "guess = []",
}

lesson_06 = pytest.mark.parametrize("page", PAGES_06, ids=str)
every_run = pytest.mark.skipif(sys.platform != "linux", reason="messages as Linux words them")


def patient(number: int) -> str:
    """Return the program of the patient after so many repairs."""
    if number:
        return (SERVERS / f"patient_06_{number}.py").read_text(encoding="utf-8")
    return PAGES_06[0].code["patient-file"].partition("\n")[2] + "\n"


def changes(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that go out and those that come in."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return (
        [line[2:].strip() for line in lines if line.startswith("- ")],
        [line[2:].strip() for line in lines if line.startswith("+ ")],
    )


@every_run
@lesson_06
def test_every_illness_breaks_out_and_is_cured(page: Page, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "check out")
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all()
        points = float(running.evaluate("_.points"))
        failed = running.evaluate(
            "[test.title for one in report.result.challenges for test in one.tests "
            'if test.outcome == "failed"]'
        )

    def says(cell: str, *texts: str) -> None:
        for text in texts:
            assert text in printed(cells[cell]), f"{cell}: {printed(cells[cell])}"

    says("port-run", "Server berjalan", "OSError", "Address already in use", "\n1 False\n")
    says("restart-run", "1 Terhubung", "2 OSError", "Address already in use", "False")
    says("restart-cured", "1 Terhubung", "2 Terhubung")
    assert failure(cells["nothing-refused"]) == "ConnectionRefusedError"

    says("nothing-run", "0 False")
    assert "Sebarkan ke 0 client" in shown(cells["nothing-run"])
    says("nothing-cured", "+        clients.append(client)", "\n3\n")

    says("one-run", "[] False")
    assert "handle()" in shown(cells["one-run"])
    says(
        "one-cured", "+        thread = threading.Thread(target=handle, args=(client,))", "['NICK']"
    )

    says("fall-run", "[]\n", "ConnectionResetError", "BrokenPipeError", "1 False")
    says("fall-cured", "kamu masih ada?']\n[]\n")
    assert value(cells["fall-cured"]) == "3"

    says("busy-run", "[] False")
    used, passed = cpu(printed(cells["busy-run"]))
    assert 0.05 < used <= passed + 0.1
    assert RUNNING[page.language] in shown(cells["busy-run"])
    says("busy-cured", "['Bob keluar!']")
    assert cpu(printed(cells["busy-cured"]))[0] < 0.1

    says("emoji-run", "[]\n['Alice keluar!'] False")
    says("emoji-speaks", "+    except OSError:", "UnicodeDecodeError: 'ascii'")
    assert value(cells["emoji-cured"]) == "['Alice: Halo 👋']"

    says("silent-run", "ConnectionResetError", "[] False")
    says("silent-cured", "[]\n['NICK']\n")

    says("lump-run", "['Alice: satuAlice: duaAlice: tiga'] False")
    assert value(cells["lump-cured"]) == "['Alice: satu', 'Alice: dua', 'Alice: tiga']"

    lost = re.fullmatch(r"IndexError: (\d+)\n(\d+) False\n", printed(cells["names-run"]))
    assert lost
    assert int(lost[1]) > 0
    assert int(lost[2]) < 10
    says("names-cured", "IndexError: 0")
    assert value(cells["names-cured"]) == "10"

    says("part-two-check", "False")
    assert STILL_FAILS[page.language] in dict(page.prose)["part-two-explained"]
    assert STILL_FAILS[page.language] in failed

    says("wrong-one-run", "'Alice keluar!', 'Charlie keluar!']\nFalse")
    says("wrong-one-cured", "'Alice: Halo?', 'Charlie keluar!']\n", "\n10.0\n")

    says("half-run", "['Alice keluar!', '\ufffd\ufffd\ufffd\ufffd'] False")
    says("half-run", "['Alice: Aku suka', 'Alice keluar!', 'Dini keluar!']")

    says("reader-run", "[] False")
    assert UNTIL_BOB_READS[page.language] in shown(cells["reader-run"])
    says("reader-promise", "when a client stops reading, broadcast() waits for it")
    says("reader-cured", "Bob keluar!", "Charlie: Ada orang?")

    assert points < 15
    assert "✗" in shown(cells["checkpoint-check"])


@every_run
@lesson_06
def test_whoever_guesses_right_and_repairs_the_server_is_rewarded(
    page: Page, tmp_path: Path
) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    notebook = checkout / page.path.relative_to(ROOT)
    repaired = (ROOT / "reference/modul_contoh/server.py").read_text(encoding="utf-8")
    mine = notebook.parent / "work/server_06.py"
    mine.parent.mkdir()
    mine.write_text(repaired, encoding="utf-8")

    with kernel(notebook, tmp_path) as running:
        cells = running.run_all(RIGHT_GUESSES)
        for cell in RIGHT_GUESSES:
            if cell != "names-guess":  # which is not the same every time
                run = cell.replace("-guess", "-run").replace("two-run", "two-check")
                assert re.search(r"\bTrue\b", printed(cells[run])), run
        assert float(running.evaluate("_.points")) == 15
    assert mine.read_text(encoding="utf-8") == repaired, "the student's repair was overwritten"


@every_run
def test_the_changes_that_it_asks_for_do_what_it_says(tmp_path: Path) -> None:
    page = PAGES_06[0]  # the code is the same in both languages

    def edited(cell: str, before: str, after: str) -> str:
        assert page.code[cell].count(before) == 1, cell
        return page.code[cell].replace(before, after)

    checkout = copy_checkout(tmp_path / "checkout")
    with kernel(checkout / page.path.relative_to(ROOT), tmp_path) as running:
        cells = running.run_all(
            {
                "restart-cured": edited("restart-cured", "option + ", ""),
                "fall-scene": edited("fall-scene", "bob.crash()", "bob.leave()"),
                "busy-scene": edited(
                    "busy-scene",
                    "        bob.leave()\n",
                    '        bob.leave()\n        alice.say("Halo?")\n',
                ),
                "emoji-run": edited("emoji-run", '"Halo 👋"', '"Halo é"'),
                "silent-scene": edited("silent-scene", "crash()", 'introduce("Dini")'),
                "names-scene": edited("names-scene", "        room.hold_threads()\n", "").replace(
                    "        room.release_threads()\n", ""
                ),
                "wrong-one-scene": edited(
                    "wrong-one-scene", "return bob.heard()", "return alice.heard()"
                ),
                "half-run": edited(
                    "half-run", "alice.crash()", r'alice.send_bytes(b" nasi goreng\n")'
                ),
                "reader-scene": edited(
                    "reader-scene",
                    '        charlie.say("Ada orang?")\n',
                    '        charlie.say("Ada orang?")\n        bob.resume()\n',
                ),
            }
        )
        assert "2 OSError" in printed(cells["restart-cured"])
        assert "Bob keluar!" in printed(cells["fall-cured"])
        assert "Bob keluar!" in printed(cells["busy-run"])
        assert "byte 0xc3" in printed(cells["emoji-speaks"])
        assert printed(cells["silent-run"]) == "[]\n['NICK'] True\n"
        assert "IndexError: 0\n10 True" in printed(cells["names-run"])
        assert "Alice: Halo?" not in printed(cells["wrong-one-run"])
        assert "'Alice: Aku suka nasi goreng'" in printed(cells["half-run"])
        assert "'Charlie: Ada orang?'" in printed(cells["reader-run"])


def cpu(text: str) -> tuple[float, float]:
    """Return the processor time and the time on the clock that a cell has printed, in seconds."""
    match = re.search(r"CPU ([\d.]+) s / ([\d.]+) s", text)
    assert match
    return float(match[1]), float(match[2])


def test_the_changes_in_files_do_what_the_lesson_says(tmp_path: Path) -> None:
    server = tmp_path / "server.py"
    program = (SERVERS / "cured_06_2.py").read_text(encoding="utf-8")
    server.write_text(program.replace("in clients:", "in clients[1:]:"), encoding="utf-8")
    with Room(server) as room:
        alice, bob = room.join("Alice", "Bob")
        alice.say("Halo semua!")
        bob.sees("Halo semua!")
        alice.never_sees("Halo semua!")
    for start in ("        thread.run()\n", ""):
        program = patient(0).replace("        thread.start()\n", start)
        server.write_text(program, encoding="utf-8")
        with Room(server) as room:
            room.join("Alice")
            bob = room.connect()
            assert len(room.threads().threads) == 1
            assert bob.heard() == ([] if start else ["NICK"])
    server.write_text(patient(0).replace("import threading\n", ""), encoding="utf-8")
    with Room(server) as room, speaking("en"):
        room.join("Alice")
        room.settle()
        with pytest.raises(Unmet, match="NameError"):
            room.connect()


def test_each_problem_is_one_fault_of_the_patient() -> None:
    one, other = "        thread = threading.Thread(target=handle", ")"
    for name, ill, cured in [
        ("problem_06_2", "", "        clients.append(client)\n"),
        ("problem_06_3", f"{one}(client){other}", f"{one}, args=(client,){other}"),
    ]:
        healthy = "cured_06_2" if name == "problem_06_2" else ""
        program = (SERVERS / f"{name}.py").read_text(encoding="utf-8")
        right = (SERVERS / f"{healthy}.py").read_text(encoding="utf-8") if healthy else patient(0)
        assert right.count(cured) == 1
        assert program == right.replace(cured, ill)
    program = (SERVERS / "problem_06_4.py").read_text(encoding="utf-8")
    gone, come = changes(program, patient(0))
    assert [line for line in come if line not in gone] == [
        "try:",
        "except:",
        "remove_client(client)",
    ]
    assert [line for line in gone if line not in come] == []


@pytest.mark.parametrize("number", range(1, 8))
def test_each_repair_can_be_read_at_a_glance(number: int) -> None:
    gone, come = changes(patient(number - 1), patient(number))
    assert 0 < len(gone) + len(come) <= 25


def test_the_broken_server_of_the_checkpoint_has_two_mistakes() -> None:
    right = (ROOT / "reference/modul_contoh/server.py").read_text(encoding="utf-8").splitlines()
    broken = (SERVERS / "broken_06.py").read_text(encoding="utf-8").splitlines()
    different = [(a, b) for a, b in zip(right, broken, strict=True) if a != b]
    assert [(a.replace(" not data:", " data is None:"), b) for a, b in different[:1]] == [
        (different[0][1], different[0][1])
    ]
    assert [(a.replace("utf-8", "ascii"), b) for a, b in different[1:]] == [
        (different[1][1], different[1][1])
    ]


@lesson_06
def test_the_table_of_symptoms_leads_to_every_case(page: Page) -> None:
    headings = {
        heading.replace(" ", "-")
        for _cell, text in page.prose
        for heading in re.findall(r"^#+ (\d+\. .*)$", text, flags=re.MULTILINE)
    }
    table = dict(page.prose)["symptoms"]
    links = re.findall(r"\[(\d+)\]\(#(.*?)\) \|$", table, flags=re.MULTILINE)
    assert {target for _number, target in links} == headings
    assert all(target.startswith(f"{number}.-") for number, target in links)
