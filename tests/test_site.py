"""The lessons as a site: built once, every page looked at, and opened in a browser without a net.

With SCREENSHOTS=folder in the environment, pictures of what was seen are kept there.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from chromium import MISSING, asked, offline_chromium, resize, scheme
from helpers import DEADLINE, PROJECT, command, environment, family, gone, run, until
from selenium import webdriver
from selenium.webdriver.common.by import By

from autograder import site as module
from autograder.cli import main
from autograder.site import Page

VOID = {"meta", "link", "img", "br", "hr", "input", "col"}
LESSONS = {
    code: sorted(path.stem for path in (PROJECT / "notebooks" / code).glob("*.ipynb"))
    for code in ("id", "en")
}
EXERCISES = sorted(path.name for path in (PROJECT / "exercises/en").iterdir() if path.is_dir())
PROGRAMS = sorted((PROJECT / "reference").rglob("*.py"))


@dataclass
class Built:
    """The site, and what was left where it was made."""

    folder: Path
    temporary: Path
    said: str

    def pages(self) -> list[Path]:
        return sorted(self.folder.rglob("*.html"))


class Looked(HTMLParser):
    """A page: its elements with their attributes, and whether each that begins also ends."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)
        self.close()
        assert self.inside == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.inside.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag, self.getpos()

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _tag, attributes in self.elements if "id" in attributes]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The whole site, made by the command: as long as it takes to run all lessons."""
    place = tmp_path_factory.mktemp("site")
    scratch = place / "scratch"
    scratch.mkdir()
    env = environment(TMPDIR=str(scratch))
    done = run("site", "pages", "--lang", "en", cwd=place, env=env)
    assert done.returncode == 0, done.stderr
    return Built(place / "pages", scratch, done.stdout + done.stderr)


@pytest.fixture(scope="session")
def looked(site: Built) -> dict[Path, Looked]:
    return {path: Looked(path) for path in site.pages()}


def test_it_says_where_the_first_page_is_and_leaves_nothing_else(site: Built) -> None:
    assert "pages/index.html" in site.said.replace(os.sep, "/")
    assert "WARNING" not in site.said
    assert list(site.temporary.iterdir()) == []
    assert sorted(path.name for path in site.folder.iterdir()) == [
        "en", "id", "index.html", "pictures", "site.css"
    ]  # fmt: skip


def test_every_lesson_exercise_and_program_has_a_page(site: Built) -> None:
    for code, lessons in LESSONS.items():
        names = [path.stem for path in (site.folder / code).glob("*.html")]
        assert sorted(name for name in names if name[0].isdigit()) == lessons
        assert len(names) == 1 + len(lessons) + len(EXERCISES) + len(PROGRAMS)


def test_every_cell_of_every_lesson_is_there(looked: dict[Path, Looked]) -> None:
    for path, page in looked.items():
        if not path.name[0].isdigit():
            continue
        notebook = PROJECT / "notebooks" / path.parent.name / f"{path.stem}.ipynb"
        cells = nbformat.read(notebook, as_version=4).cells
        assert [at for at in page.ids if at.startswith("cell-")] == [f"cell-{c.id}" for c in cells]
        numbers = re.findall(r'<span class="number">\[(\d+)\]</span>', page.text)
        code = [cell for cell in cells if cell.cell_type == "code"]
        assert numbers == [str(at) for at in range(1, len(code) + 1)]
        on_purpose = sum("raises-exception" in c.metadata.get("tags", []) for c in code)
        assert page.text.count('<pre class="error">') == on_purpose
        assert '<pre class="stderr">' not in page.text
        assert page.text.count("<details>") == sum(c.source.count("<details>") for c in cells)


def test_every_link_anchor_and_picture_leads_somewhere(
    site: Built, looked: dict[Path, Looked]
) -> None:
    for path, page in looked.items():
        for _tag, attributes in page.elements:
            for name in ("href", "src"):
                target = attributes.get(name)
                if target is None or target.startswith("data:image/png;base64,"):
                    continue
                place, _, anchor = target.partition("#")
                file = (path.parent / place).resolve() if place else path
                assert file.is_file(), f"{path.name}: {target}"
                assert file.is_relative_to(site.folder.resolve()), f"{path.name}: {target}"
                if anchor:
                    assert unquote(anchor) in looked[file].ids, f"{path.name}: {target}"


def test_the_lessons_are_a_chain_in_both_languages(looked: dict[Path, Looked]) -> None:
    for path, page in looked.items():
        code = path.parent.name
        if path.stem not in LESSONS.get(code, []):
            continue
        lessons, at = LESSONS[code], LESSONS[code].index(path.stem)
        ways = {link["rel"]: link["href"] for link in page.all("a") if "rel" in link}
        assert ways.get("prev") == (f"{lessons[at - 1]}.html" if at else None)
        assert ways.get("next") == (f"{lessons[at + 1]}.html" if at + 1 < len(lessons) else None)
        other = "en" if code == "id" else "id"
        across = [link["href"] for link in page.all("a") if link.get("hreflang") == other]
        assert across == [f"../{other}/{LESSONS[other][at]}.html"]


def test_nothing_is_loaded_from_a_network_and_no_script_runs(
    site: Built, looked: dict[Path, Looked]
) -> None:
    for path, page in looked.items():
        for tag, attributes in page.elements:
            assert tag not in {"script", "iframe", "object", "embed", "base", "form"}, path.name
            for name, value in attributes.items():
                assert not name.startswith("on"), f"{path.name}: {name}"
                if name != "xmlns":
                    assert not re.match(r"\s*(\w+:)?//", value or ""), f"{path.name}: {value}"
        styles = "".join(re.findall(r"<style.*?</style>", page.text, re.DOTALL))
        styles += "".join(a.get("style") or "" for _tag, a in page.elements)
        assert "url(" not in styles and "@import" not in styles, path.name
    for file in [site.folder / "site.css", *site.folder.glob("pictures/*")]:
        text = file.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "//" not in text and "@import" not in text, file.name


def test_no_path_of_this_machine_stands_in_it(site: Built, looked: dict[Path, Looked]) -> None:
    places = {PROJECT, PROJECT.resolve(), Path.home(), Path(sys.prefix), Path(sys.prefix).resolve()}
    places |= {site.temporary.parent, Path(sys.base_prefix) / "lib"}
    own = [str(place) for place in places]
    beneath = re.compile(re.escape(tempfile.gettempdir()) + r"/(?!ipykernel_\d)[\w-]+")
    for path, page in looked.items():
        for place in own:
            assert place not in page.text, f"{path.name}: {place}"
        assert not beneath.findall(page.text), path.name


def test_the_terminal_of_lesson_00_is_somebody_elses(site: Built) -> None:
    page = (site.folder / "en" / "00-start-here.html").read_text(encoding="utf-8")
    assert "cd &#34;/home/alice/workbook/reference&#34;" in page


def test_every_page_is_well_made(looked: dict[Path, Looked]) -> None:
    for path, page in looked.items():
        code = path.parent.name if path.parent.name in LESSONS else "id"
        assert page.all("html") == [{"lang": code}]
        assert len(page.all("h1")) == 1, path.name
        assert len(page.all("main")) == 1
        twice = [at for at, count in Counter(page.ids).items() if count > 1]
        assert not twice, f"{path.name}: {twice}"
        for picture in page.all("img"):
            assert len((picture["alt"] or "").split()) >= 8, path.name
        ids = {*page.ids}
        for _tag, attributes in page.elements:
            for name in ("aria-labelledby", "aria-describedby"):
                assert {*(attributes.get(name) or "").split()} <= ids, path.name


def test_drawings_reports_maps_puzzles_and_windows_are_there(site: Built) -> None:
    for code, lessons in LESSONS.items():
        texts = {
            name[:2]: (site.folder / code / f"{name}.html").read_text("utf-8") for name in lessons
        }
        assert texts["00"].count('<svg xmlns="http://www.w3.org/2000/svg"') >= 5
        assert texts["00"].count('class="autograder-report"') == 1
        assert texts["00"].count('class="autograder-threads"') == 2
        assert 'class="autograder-puzzle' in texts["01"]
        assert "data:image/png;base64," in texts["07"]
        for name in ("00", "01"):
            assert 'class="autograder-window"' in texts[name]
            assert "widget-view" not in texts[name]
        window = texts["00"].partition('class="autograder-window"')[2].partition("<svg")[0]
        assert window.count("Charlie Bergabung!") == 3


def test_what_is_for_the_teacher_is_not_there(looked: dict[Path, Looked]) -> None:
    for page in looked.values():
        assert "MARK SCHEME" not in page.text


def test_the_contents_tell_title_time_and_goals(site: Built) -> None:
    text = (site.folder / "en" / "index.html").read_text(encoding="utf-8")
    entries = re.findall(r'<article class="lesson">.*?</article>', text, re.DOTALL)
    assert len(entries) == 8
    for entry in entries:
        assert re.search(r'<p class="time">about \d+ minutes', entry)
        assert entry.count("<li>") == 3


# -- what can go wrong ----------------------------------------------------------------------------


def lesson(folder: Path, *cells: nbformat.NotebookNode) -> None:
    """Make a workbook with one lesson."""
    for code in LESSONS:
        (folder / "notebooks" / code).mkdir(parents=True)
        (folder / "exercises" / code).mkdir(parents=True)
    (folder / "reference").mkdir()
    nbformat.write(
        nbformat.v4.new_notebook(cells=list(cells)), folder / "notebooks/en/00-short.ipynb"
    )


def test_a_lesson_that_fails_is_named_in_one_sentence(tmp_path, monkeypatch, capsys) -> None:
    wrong = nbformat.v4.new_code_cell("1 / 0", id="wrong")
    lesson(tmp_path, nbformat.v4.new_markdown_cell("# 00 · Short"), wrong)
    monkeypatch.setattr(module, "WORKBOOK", tmp_path)
    assert main(["site", str(tmp_path / "pages"), "--lang", "en"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == (
        "notebooks/en/00-short.ipynb does not run to its end: "
        "cell “wrong” stops with ZeroDivisionError: division by zero."
    )
    assert not (tmp_path / "pages").exists()


def test_a_folder_with_something_else_stays_as_it_is(tmp_path, capsys) -> None:
    (tmp_path / "letter.txt").write_text("Dear Bob")
    assert main(["site", str(tmp_path), "--lang", "en"]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_folder_that_cannot_be(tmp_path, capsys) -> None:
    (tmp_path / "letter.txt").write_text("Dear Bob")
    assert main(["site", str(tmp_path / "letter.txt" / "pages"), "--lang", "en"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith("cannot be written: Not a directory.")


def test_ctrl_c_ends_it_and_all_that_it_has_started(tmp_path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    running = subprocess.Popen(
        command("site", "pages", "--lang", "en"),
        cwd=tmp_path,
        env=environment(TMPDIR=str(scratch)),
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    # both kernels, and the first server
    until(lambda: len(family(running.pid)) >= 4, "the lessons run")
    started = family(running.pid)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=DEADLINE)[1]
    assert running.returncode == 130
    assert said.splitlines()[-1] == "Stopped."
    until(lambda: all(map(gone, started)), "everything has ended")
    assert list(tmp_path.iterdir()) == [scratch]
    assert list(scratch.iterdir()) == []


def test_a_workbook_without_lessons(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(module, "WORKBOOK", tmp_path)
    assert main(["site", str(tmp_path / "pages"), "--lang", "en"]) == 2
    assert "The lessons are not here" in capsys.readouterr().err


def test_a_second_site_replaces_the_first(tmp_path, monkeypatch) -> None:
    text = "# 00 · Short\n\nRead [this](../../reference/README.md), or [that](#Short)."
    code = nbformat.v4.new_code_cell("from pathlib import Path\nprint(Path.home(), Path.cwd())")
    lesson(tmp_path, nbformat.v4.new_markdown_cell(text), nbformat.v4.new_markdown_cell("## Short"),
           code)  # fmt: skip
    monkeypatch.setattr(module, "WORKBOOK", tmp_path)
    pages = tmp_path / "pages"
    for _time in range(2):
        assert main(["site", str(pages), "--lang", "en"]) == 0
        (pages / "en" / "old.html").write_text("from before")
    assert main(["site", str(pages), "--lang", "en"]) == 0
    assert sorted(path.name for path in (pages / "en").iterdir()) == ["00-short.html", "index.html"]
    page = (pages / "en" / "00-short.html").read_text(encoding="utf-8")
    assert "this (<code>reference/README.md</code>)" in page
    assert '<a href="#Short">that</a>' in page
    assert "/home/alice /home/alice/workbook/notebooks/en\n" in page


def test_ids_are_made_different_and_all_that_names_them_follows(tmp_path) -> None:
    writer = module._Writer(Page("en", "notebooks/en/a.ipynb", "a.html"), {}, tmp_path)
    drawing = '<svg aria-labelledby="title-1 desc-1"><title id="title-1"/><desc id="desc-1"/></svg>'
    assert writer._unique(drawing) == drawing
    assert writer._unique(drawing) == drawing.replace("-1", "-1-2")


# -- in a browser ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with offline_chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def contrasts(browser: webdriver.Chrome) -> tuple[float, float]:
    """Return how light the page's ground and its letters are, from 0 to 255."""
    colors = browser.execute_script(
        "const style = getComputedStyle(document.body);return [style.backgroundColor, style.color];"
    )
    ground, ink = (sum(map(int, re.findall(r"\d+", color)[:3])) / 3 for color in colors)
    return ground, ink


@pytest.mark.skipif(MISSING, reason="there is no Chromium and its driver here")
@pytest.mark.parametrize("shade", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_it_opens_from_disk_without_a_network(
    site: Built, browser: webdriver.Chrome, shade: str, width: int, tmp_path: Path
) -> None:
    pictures = Path(os.environ.get("SCREENSHOTS", tmp_path))
    pictures.mkdir(parents=True, exist_ok=True)
    resize(browser, width)
    scheme(browser, shade)

    def picture(name: str) -> None:
        assert browser.save_screenshot(str(pictures / f"site-{name}-{shade}-{width}.png"))

    browser.get((site.folder / "index.html").as_uri())
    picture("1-start")
    browser.find_element(By.CSS_SELECTOR, "main a[hreflang='en']").click()
    picture("2-contents")
    browser.find_element(By.LINK_TEXT, "00 · Start here").click()
    picture("3-lesson")

    ground, ink = contrasts(browser)
    assert (ground > 240 > 60 > ink) if shade == "light" else (ground < 40 < 200 < ink)
    assert browser.execute_script(
        "return [...document.images].every(image => image.complete && image.naturalWidth > 0);"
    )
    # nothing sticks out: what is wide is moved sideways by itself
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    for at, part in enumerate(
        (".output svg", ".autograder-window", ".autograder-threads", ".error", ".autograder-report")
    ):
        found = browser.find_element(By.CSS_SELECTOR, part)
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'});", found)
        assert found.is_displayed()
        assert found.size["height"] > 60
        picture(f"4-{at}{part.partition(' ')[2] or part.strip('.')}")
    # the page's own style leaves alone what the lessons show
    line = browser.find_element(By.CSS_SELECTOR, ".autograder-threads .code:not(.here)")
    assert line.value_of_css_property("background-color") == "rgba(0, 0, 0, 0)"
    hint = browser.find_element(By.CSS_SELECTOR, ".prose details")
    inside = hint.find_element(By.CSS_SELECTOR, "p")
    assert not inside.is_displayed()
    hint.find_element(By.CSS_SELECTOR, "summary").click()
    assert inside.is_displayed()
    browser.find_element(By.CSS_SELECTOR, "[rel=next]").click()
    browser.find_element(By.CSS_SELECTOR, "header a[hreflang='id']").click()
    assert browser.current_url == (site.folder / "id" / "01-satu-client.html").as_uri()

    addresses = asked(browser)
    assert len(addresses) >= 5
    assert {url.partition(":")[0] for url in addresses} <= {"file", "data"}
    assert browser.get_log("browser") == []
