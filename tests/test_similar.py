"""Which submissions are called alike: copies in disguise are, honest solutions are not."""

from __future__ import annotations

import ast
import json
import os
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pytest
from chromium import MISSING, asked, offline_chromium, resize, scheme
from classes import KEYS, run_with
from helpers import REFERENCE, SERVERS
from report_examples import HOSTILE, all_passed
from selenium.webdriver.common.by import By

from autograder import similar as module
from autograder.grading import Row
from autograder.i18n import _, speaking
from autograder.intake import HandedIn, Student, find
from autograder.outputs import PAGE, write_outputs
from autograder.side_by_side import names, percent, shown
from autograder.similar import THRESHOLD, Alike, Author, code_lines, compare, given_lines
from autograder.starters import starter_sources
from autograder.submission import Submission

sys.path.insert(0, str(SERVERS))
from bank import BANK
from bank_complete import BANK as BANK_COMPLETE

RIGHT = {
    path.stem: path.read_text(encoding="utf-8") for path in sorted((SERVERS / "right").glob("*.py"))
}
INDEPENDENT = RIGHT | {
    f"solution_{path.stem}": path.read_text(encoding="utf-8")
    for path in sorted((SERVERS / "solutions").glob("*.py"))
}


@pytest.fixture(scope="module")
def given() -> frozenset[tuple[str, ...]]:
    return given_lines(starter_sources())


def alike(given: frozenset[tuple[str, ...]], **texts: str) -> Alike:
    """Compare programs of as many students."""
    authors = [(Author(name, name, at), text) for at, (name, text) in enumerate(texts.items())]
    return compare(authors, given)


def pairs(found: Alike) -> set[frozenset[str]]:
    """Return who is called alike, two by two."""
    return {
        frozenset((one.name, other.name))
        for pair in found.pairs
        for one, other in combinations((*pair.one, *pair.other), 2)
    }


class _Renamed(ast.NodeTransformer):
    """Gives everything that a program names itself another name."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def _other(self, name: str) -> str:
        return f"my_{name[::-1]}" if name in self.names else name

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._other(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._other(node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._other(node.name)
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._other(name) for name in node.names]
        return node


def disguised(text: str) -> str:
    """Return a copy with other names, its functions in another order, and other comments."""
    tree = ast.parse(text)
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)
           and isinstance(node.ctx, ast.Store)}  # fmt: skip
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    own |= {node.name for node in functions}
    moved = iter(functions[::-1])
    tree.body = [next(moved) if node in functions else node for node in tree.body]
    copy = ast.unparse(_Renamed(own).visit(tree))
    return "# all my own work\n" + re.sub(r"^(def .*)$", r"\n# a function\n\1", copy, flags=re.M)


# -- what is called alike --------------------------------------------------------------------------


def test_independent_right_servers_are_not_alike(given: frozenset[tuple[str, ...]]) -> None:
    found = alike(given, **INDEPENDENT)

    assert found.pairs == []
    assert found.compared >= 25 and found.left_out <= 2, "they were compared"


@pytest.mark.parametrize("name", ["one_dictionary", "with_writer_threads", "on_selectors"])
def test_a_copy_in_disguise_is_found(given: frozenset[tuple[str, ...]], name: str) -> None:
    copy = disguised(RIGHT[name])
    before, after = RIGHT[name].split("\n"), copy.split("\n")
    untouched = {line for line in before if line.startswith("def ")} & {*after}
    assert not untouched, "every function has another name"

    found = alike(given, **RIGHT, copy=copy)
    assert pairs(found) == {frozenset((name, "copy"))}
    assert found.pairs[0].share > 0.98


def test_a_copy_with_some_lines_more_is_found(given: frozenset[tuple[str, ...]]) -> None:
    more = disguised(RIGHT["with_writer_threads"]) + "for n in range(3):\n    print('hello', n)\n"
    found = alike(given, **RIGHT, copy=more)
    assert pairs(found) == {frozenset(("with_writer_threads", "copy"))}
    assert THRESHOLD < found.pairs[0].share < 1


def test_in_the_bank_only_edits_of_one_program_are_alike(
    given: frozenset[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_NAMED", 10**6)
    bank = {server.name: server for server in (*BANK, *BANK_COMPLETE)}
    found = alike(given, **{name: server.source() for name, server in bank.items()})

    def program(name: str) -> str:
        return bank[name].program or bank[name].base

    both = Counter(frozenset(map(program, pair)) for pair in pairs(found))
    assert both and all(len(programs) == 1 for programs in both), both
    # most of the others are the reference but for a line or two, of which nothing is left
    assert found.left_out > 80


# -- what is not -----------------------------------------------------------------------------------


def test_starters_and_what_is_hardly_changed_are_left_out(
    given: frozenset[tuple[str, ...]],
) -> None:
    starters = {f"s{at}": text for at, text in enumerate(starter_sources())}
    assert len(starters) >= 12, "of both languages"
    text = REFERENCE.read_text(encoding="utf-8")
    found = alike(given, **starters, a=text, b=text + "\nprint('bye', len(clients), sep='')\n")

    assert (found.pairs, found.compared) == ([], 0)
    assert found.left_out == len(starters) + 2


def test_one_student_may_hand_in_the_same_twice(given: frozenset[tuple[str, ...]]) -> None:
    text = RIGHT["on_selectors"]
    siti = [(Author(f"siti/{folder}", "siti", at), text) for at, folder in enumerate("ab")]
    assert compare(siti, given).pairs == []

    found = compare([*siti, (Author("budi", "budi", 2), text)], given)
    (pair,) = found.pairs
    assert (pair.share, [one.name for one in (*pair.one, *pair.other)]) == (1, ["siti/a", "budi"])


def test_whose_it_is_is_known_from_where_it_lay(tmp_path: Path) -> None:
    for path in ("siti/folder_a", "siti/folder_b", "budi"):
        (tmp_path / path).mkdir(parents=True)
        (tmp_path / path / "server.py").write_text("pass")
    budi, *siti = find([str(tmp_path)])
    assert len({one.whose for one in siti}) == 1 and len(siti) == 2
    assert budi.whose != siti[0].whose


def test_a_great_many_are_one_line_and_the_list_has_an_end(
    given: frozenset[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    same = alike(given, **{f"s{at:02}": RIGHT["on_selectors"] for at in range(30)})
    assert len(same.pairs) == 1 and len(same.pairs[0].other) == 29
    with speaking("en"):
        assert names(same.pairs[0].other) == "s01, s02, s03 and 26 more"

    monkeypatch.setattr(module, "MOST_NAMED", 2)
    lines = RIGHT["on_selectors"] + "\n"
    found = alike(given, **{f"s{at}": lines + "x.y(z)\n" * at for at in range(4)})
    assert (len(found.pairs), found.more) == (2, 4)
    monkeypatch.setattr(module, "MOST_COMPARED", 3)
    found = alike(given, **{f"s{at}": lines + "x.y(z)\n" * at for at in range(4)})
    assert found.too_many and found.pairs == []


def test_the_table_of_pairs_is_made_in_parts(
    given: frozenset[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {f"s{at}": RIGHT["on_selectors"] + "x.y(z)\n" * (at % 5) for at in range(11)}
    whole = alike(given, **RIGHT, **texts)
    monkeypatch.setattr(module, "_ROWS", 4)
    assert alike(given, **RIGHT, **texts) == whole


@pytest.mark.parametrize(
    "text",
    ["(" * 50_000, "x = '", "\x00\x00", "if a:\n  b\n c\n", "\udcff = 1\n", "a" * 90_000 + "\n",
     "\n" * 90_000, "x = \\\n" * 9_000, "f'{" * 5_000, "\f\r\x85\u2028 = $?!\n"],
)  # fmt: skip
def test_whatever_is_handed_in_it_goes_on(given: frozenset[tuple[str, ...]], text: str) -> None:
    copy = RIGHT["on_selectors"]
    found = alike(given, a=copy, b=disguised(copy), broken=text, more=copy + "\n" + text)
    assert frozenset("ab") in pairs(found)
    assert isinstance(shown(text, copy, given), list)


def test_what_counts_in_a_line() -> None:
    text = "for orang in list(clients): orang.sendall(b'a' + teks)  # to all\n\n'''A text.'''\n"
    (line,) = code_lines(text)
    assert (line.first, line.last) == (1, 1)
    assert " ".join(line.words) == 'for x in list ( x ) : x . sendall ( "" + x )'
    one = code_lines("self.clients = []\nme.clients.clear()\n")
    other = code_lines("me.people = []\nme.people.clear()\n")
    assert one == other, "names of one's own"
    assert one != code_lines("me.people = []\nme.people.append()\n"), "a name of Python's"
    long = code_lines("f(\n  1,\n  2)\n")
    assert [(line.first, line.last) for line in long] == [(1, 3)]


# -- side by side ----------------------------------------------------------------------------------


def test_each_line_says_which_it_is_like() -> None:
    given = given_lines(["import socket\n"])
    one = "import socket\n\na = b.c(1)\nprint(a)\n"
    other = "import socket\nprint(zz)\nzz = y.c(2)\nraise zz\n"

    assert [(line.kind, line.partner) for line in shown(one, other, given)] == [
        ("rest", 0), ("rest", 0), ("like", 3), ("like", 2), ("rest", 0),
    ]  # fmt: skip
    assert [line.kind for line in shown(other, one, given)] == [
        *("rest", "like", "like", "own", "rest")
    ]


@pytest.mark.parametrize(("share", "said"), [(1.0, "100 %"), (0.9999, "99 %"), (0.85, "85 %")])
def test_what_is_not_the_same_is_not_called_so(share: float, said: str) -> None:
    assert percent(share) == said


def class_of(
    folder: Path, language: str = "en", **texts: str
) -> tuple[Path, list[HandedIn], list[Row]]:
    """Return a run's folder, what was handed in, and its rows; "_" in a name is a hostile one."""
    handed_in, rows = [], []
    for at, (name, text) in enumerate(texts.items()):
        called = HOSTILE if name == "_" else name
        source = Submission("server.py", "server.py", {"server.py": text.encode()})
        handed_in.append(HandedIn(called, lambda source=source: source, whose=name))
        rows.append(Row(called, Student(), "graded", KEYS[at]))
    return folder, handed_in, rows


def write(folder: Path, handed_in: list[HandedIn], rows: list[Row], code: str = "en") -> str:
    results = [all_passed(code)] * len(rows)
    document = write_outputs(run_with(folder, *rows, results=results, language=code), handed_in)
    assert json.loads((folder / "results.json").read_text(encoding="utf-8")) == document
    return (folder / PAGE).read_text(encoding="utf-8")


def test_the_class_page_leads_to_those_who_are_alike(tmp_path: Path) -> None:
    text = RIGHT["on_selectors"]
    folder, handed_in, rows = class_of(tmp_path, a=text, b=disguised(text), c=RIGHT["with_class"])
    page = write(folder, handed_in, rows)

    document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert document["similar"] == [
        {"share": 0.997, "one": ["a"], "other": ["b"], "page": "similar/1.html"}
    ]
    assert 'href="similar/1.html"' in page and "Compared: 3." in page
    beside = (folder / "similar/1.html").read_text(encoding="utf-8")
    for at in (0, 1):
        assert f'href="../reports/{KEYS[at]}.html"' in beside
    assert "This is a hint, and no proof; it changes no points." in beside

    # somebody hands in something else: what was said of them is gone
    folder, handed_in, rows = class_of(tmp_path, a=text, b=RIGHT["english"])
    page = write(folder, handed_in, rows)
    assert "None are that much alike." in page
    assert list((folder / "similar").iterdir()) == []


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(f"{tag} {' '.join(name for name, _value in attrs)}")


def test_nothing_of_a_submission_becomes_markup(tmp_path: Path) -> None:
    text = RIGHT["on_selectors"]
    bad = "".join(f"# {line}\n" for line in HOSTILE.replace("\udcff", "").split("\n"))
    harmless = class_of(tmp_path / "1", a=text + "# b\n", c=disguised(text))
    hostile = class_of(tmp_path / "2", _=text + bad, c=disguised(text))
    for folder, handed_in, rows in (harmless, hostile):
        write(folder, handed_in, rows)
    for name in (PAGE, "similar/1.html"):
        one = (tmp_path / "1" / name).read_text(encoding="utf-8")
        other = (tmp_path / "2" / name).read_text(encoding="utf-8")
        assert Elements(one).found == Elements(other).found, name
        assert not {"\x1b", "\x07", "\x00", "\u202e", "\x9b"} & set(other)
        assert "alert(1)" in other, "it is shown as what it is"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with offline_chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.mark.skipif(MISSING, reason="there is no Chromium and its driver here")
@pytest.mark.parametrize("code", ["en", "id"])
def test_a_teacher_looks_at_two_side_by_side(browser, code: str, tmp_path: Path) -> None:
    text = RIGHT["with_writer_threads"]
    lines = random.Random(5).sample(["one.two(three)", "four = 5", "six += 7"], 3)
    other = disguised(text) + "\n".join(lines) + "\n"
    folder, handed_in, rows = class_of(tmp_path, siti=text, _=other, eko=RIGHT["english"])
    write(folder, handed_in, rows, code)
    browser.get((folder / PAGE).as_uri())
    browser.find_element(By.CSS_SELECTOR, ".pairs a").click()
    assert browser.execute_script("return document.documentElement.lang") == code
    with speaking(code):
        assert _("This is a hint, and no proof; it changes no points.") in browser.page_source
    for shade in ("light", "dark"):
        scheme(browser, shade)
        for width in (1280, 400):
            resize(browser, width)
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
            if place := os.environ.get("SCREENSHOTS"):
                assert browser.save_screenshot(f"{place}/similar-{code}-{shade}-{width}.png")
    way = browser.find_element(By.CSS_SELECTOR, "#a ~ .code .like .to a")
    way.click()
    partner = browser.find_element(By.CSS_SELECTOR, ":target")
    assert partner.get_attribute("id") == way.get_attribute("href").partition("#")[2]
    assert "like" in partner.get_attribute("class") and partner.is_displayed()
    browser.find_element(By.CSS_SELECTOR, "h2 a").click()
    assert "/reports/" in browser.current_url
    assert browser.get_log("browser") == []
    assert {address.partition(":")[0] for address in asked(browser)} == {"file"}
