"""The lessons, run and written as pages for a browser that need no network and no script.

All lessons of both languages run in a copy of the workbook, so nothing is left in the checkout.
What they show is taken as it is: the diagrams and reports are HTML already. Exercises and programs
to which the lessons lead are pages of the site too, but they are not run.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.i18n import LANGUAGES, _, language, speaking

if TYPE_CHECKING:
    from jinja2 import Environment

WORKBOOK = Path(__file__).resolve().parents[1]
LONGEST_SECONDS = 300  # for one cell, on a machine that is busy with other things

_ASSETS = Path(__file__).parent / "assets"
_MARK = '<meta name="generator" content="autograder site">'  # tells our folders from others
_FOLDERS = ("notebooks", "exercises", "reference")
_NOT_COPIED = ("work", "__pycache__", ".ipynb_checkpoints")
# What is for the teacher alone; nbgrader takes it out as well.
_MARK_SCHEME = re.compile(
    r"=== BEGIN MARK SCHEME ===.*?=== END MARK SCHEME ===", re.DOTALL | re.IGNORECASE
)
# The richest first. A chat window also has a widget's type, with which a page can do nothing.
_SHOWN = ("text/html", "image/svg+xml", "image/png", "text/plain")

Progress = Callable[[int, int, str], None]
"""Called with a number, how many there are, and what is done now."""


class SiteError(Exception):
    """The site cannot be made; the text says why, in one sentence."""


class LessonFailed(SiteError):
    """A lesson does not run."""


@dataclass
class Page:
    """A notebook or a program that becomes a page.

    Args:
        language: its language.
        source: its file in the workbook, with slashes.
        name: the name of its page, which is in the folder of its language.
        document: the notebook; None for a program.
    """

    language: str
    source: str
    name: str
    document: Any = None
    title: str = ""
    time: str = ""
    goals: str = ""
    parts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def number(self) -> str:
        """What the same lesson has in common in all languages."""
        return self.name.partition("-")[0]


def build(folder: str | os.PathLike[str], progress: Progress | None = None) -> Path:
    """Run the lessons, write the site to `folder`, and return its first page.

    Raises:
        LessonFailed: a lesson has not run to its end.
        SiteError: there are no lessons, or the folder is somebody else's.
    """
    if not list(WORKBOOK.glob("notebooks/*/*.ipynb")):
        text = _("The lessons are not here: {folder} is missing. Run this in the workbook.")
        raise SiteError(text.format(folder=WORKBOOK / "notebooks"))
    target = Path(folder)
    with _claimed(target), tempfile.TemporaryDirectory(prefix="site-") as temporary:
        place = Path(temporary).resolve()
        lessons = _lessons()
        _run_all(lessons, place, progress)
        site = place / "site"
        _write(lessons, site)
        with _writing(target):
            _empty(target)
            shutil.copytree(site, target, dirs_exist_ok=True)
    return target / "index.html"


@contextlib.contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        text = _("{folder} cannot be written: {reason}.")
        reason = error.strerror or error
        raise SiteError(text.format(folder=ascii(str(target)), reason=reason)) from None


@contextlib.contextmanager
def _claimed(target: Path) -> Iterator[None]:
    """Make the folder before the long work, and take it away if that fails.

    Raises:
        SiteError: there is something in it that we have not made.
    """
    made = not target.exists()
    with _writing(target):
        target.mkdir(parents=True, exist_ok=True)
        index = target / "index.html"
        ours = index.is_file() and _MARK in index.read_text("utf-8", "replace")
        others = any(target.iterdir()) and not ours
    if others:
        text = _("{folder} holds something else and stays as it is: give another folder.")
        raise SiteError(text.format(folder=ascii(str(target))))
    try:
        yield
    except BaseException:
        if made:
            with contextlib.suppress(OSError):
                target.rmdir()
        raise


def _empty(folder: Path) -> None:
    for place in folder.iterdir():
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()


def _lessons() -> list[Page]:
    import nbformat

    return [
        Page(
            each,
            path.relative_to(WORKBOOK).as_posix(),
            f"{path.stem}.html",
            nbformat.read(path, as_version=4),  # type: ignore[no-untyped-call]
        )
        for each in LANGUAGES
        for path in sorted((WORKBOOK / "notebooks" / each).glob("*.ipynb"))
    ]


# -- running --------------------------------------------------------------------------------------


def _run_all(lessons: Sequence[Page], place: Path, progress: Progress | None) -> None:
    """Run the lessons in a copy of the workbook; their documents hold afterwards what came out."""
    checkout, home, scratch = place / "workbook", place / "home", place / "tmp"
    for folder in _FOLDERS:
        ignored = shutil.ignore_patterns(*_NOT_COPIED)
        shutil.copytree(WORKBOOK / folder, checkout / folder, ignore=ignored)
    home.mkdir()
    scratch.mkdir()
    environment = {
        **os.environ,
        # Nobody's own settings change what a lesson shows, nor does a lesson change them.
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "TMPDIR": str(scratch),
        "PYTHONPATH": os.pathsep.join([str(WORKBOOK), os.environ.get("PYTHONPATH", "")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "",
    }
    runs = _Runs(checkout, environment, len(lessons), progress)
    by_language = [[each for each in lessons if each.language == code] for code in LANGUAGES]
    # One from its end: the lesson that measures does not run beside itself.
    by_language[0].reverse()
    with ThreadPoolExecutor(len(by_language)) as pool:
        futures = [pool.submit(runs.all_of, of, language()) for of in by_language]
        try:
            waiting = set(futures)
            while waiting:
                # in turns, so that Ctrl-C is noticed everywhere
                done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
        except BaseException:
            while not runs.stopped(futures):
                pass
            raise
    paths = _paths(place)
    for lesson in lessons:
        _hide_paths(lesson.document, paths)


class _Runs:
    """Runs lessons in several threads.

    Args:
        checkout: the copy of the workbook.
        environment: that of the kernels.
        count: how many lessons there are.
        progress: is told of each lesson.
    """

    def __init__(
        self,
        checkout: Path,
        environment: Mapping[str, str],
        count: int,
        progress: Progress | None,
    ) -> None:
        self.checkout = checkout
        self.environment = environment
        self.count = count
        self.progress = progress
        self._done = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._managers: list[Any] = []

    def all_of(self, lessons: Sequence[Page], code: str) -> None:
        """Run some lessons one after another, until `stopped`; speak the language `code`.

        Raises:
            LessonFailed: one has not run to its end.
        """
        from jupyter_core.utils import ensure_event_loop

        with speaking(code), contextlib.closing(ensure_event_loop()):
            for lesson in lessons:
                if self._stop.is_set():
                    return
                with self._lock:
                    self._done += 1
                    if self.progress is not None:
                        self.progress(self._done, self.count, lesson.source)
                self._run(lesson)

    def stopped(self, futures: Sequence[Future[None]]) -> bool:
        """End what runs, and tell whether all has ended.

        A kernel is killed, for what waits for it cannot be told to stop, but notices that.
        """
        self._stop.set()
        for manager in list(self._managers):
            process = getattr(manager.provisioner, "process", None)
            if process is not None:
                process.kill()
        return not wait(futures, timeout=0.2).not_done

    def _run(self, lesson: Page) -> None:
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        client = NotebookClient(
            lesson.document,
            timeout=LONGEST_SECONDS,
            resources={"metadata": {"path": str((self.checkout / lesson.source).parent)}},
            kernel_name="python3",
        )
        manager = client.create_kernel_manager()
        manager.transport_encryption = "auto"  # kernels warn where it is not encrypted
        self._managers.append(manager)
        at = "-"
        try:
            with client.setup_kernel(env=dict(self.environment), stderr=subprocess.DEVNULL):
                for number, cell in enumerate(lesson.document.cells):
                    at = cell.id
                    client.execute_cell(cell, number)
        except CellExecutionError as error:
            reason = f"{error.ename}: {error.evalue}"
        except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
            reason = type(error).__name__
        else:
            return
        text = _("{lesson} does not run to its end: cell “{cell}” stops with {reason}.")
        raise LessonFailed(text.format(lesson=lesson.source, cell=at, reason=reason))


def _paths(place: Path) -> dict[str, str]:
    """Return what stands in the pages for folders of this machine, the longest path first."""
    alice = "/home/alice"
    known = {
        place / "workbook": f"{alice}/workbook",
        place / "home": alice,
        place / "tmp": "/tmp",
        place: "/tmp",
        WORKBOOK: f"{alice}/workbook",
        Path(sys.prefix): f"{alice}/workbook/.venv",
        Path(sys.prefix).resolve(): f"{alice}/workbook/.venv",
        Path(sys.base_prefix).resolve(): "/usr",
        Path.home(): alice,
    }
    return {str(path): known[path] for path in sorted(known, key=lambda each: -len(str(each)))}


def _hide_paths(document: Any, paths: Mapping[str, str]) -> None:
    found = re.compile("|".join(rf"{re.escape(path)}(?![\w.-])" for path in paths))

    def hidden(value: Any) -> Any:
        if isinstance(value, str):
            return found.sub(lambda match: paths[match[0]], value)
        if isinstance(value, list):
            return [hidden(each) for each in value]
        if isinstance(value, dict):
            return type(value)({name: hidden(each) for name, each in value.items()})
        return value

    for cell in document.cells:
        if cell.cell_type == "code":
            cell.outputs = hidden(cell.outputs)


# -- writing --------------------------------------------------------------------------------------


def _write(lessons: Sequence[Page], site: Path) -> None:
    """Write the pages, and what they need beside them."""
    site.mkdir()
    pictures = site / "pictures"
    pictures.mkdir()
    shutil.copyfile(_ASSETS / "site.css", site / "site.css")
    for code in LANGUAGES:
        with speaking(code):
            (site / code).mkdir()
            own = [lesson for lesson in lessons if lesson.language == code]
            exercises, programs = _exercises(code), _programs(code)
            names = {page.source: page.name for page in (*own, *exercises, *programs)}
            for page in (*own, *exercises, *programs):
                _Writer(page, names, pictures).fill()
            others = [lesson for lesson in lessons if lesson.language != code]
            for page in (*own, *exercises, *programs):
                at = own.index(page) if page in own else None
                _render(
                    site / code / page.name,
                    "site_notebook.html.jinja",
                    page=page,
                    lesson=at is not None,
                    before=own[at - 1] if at else None,
                    after=own[at + 1] if at is not None and at + 1 < len(own) else None,
                    other=_other(page, others),
                )
            groups = {"lessons": own, "exercises": exercises, "programs": programs}
            _render(
                site / code / "index.html", "site_contents.html.jinja", other="index.html", **groups
            )
    with speaking("id"):
        _render(site / "index.html", "site_start.html.jinja")


def _other(page: Page, others: Sequence[Page]) -> str:
    """Return the name of the same page in the other language."""
    same = [each.name for each in others if each.number == page.number]
    return same[0] if same else page.name  # exercises and programs have one name in all


def _exercises(code: str) -> list[Page]:
    import nbformat

    return [
        Page(
            code,
            path.relative_to(WORKBOOK).as_posix(),
            f"exercise-{path.stem.replace('_', '-')}.html",
            nbformat.read(path, as_version=4),  # type: ignore[no-untyped-call]
        )
        for path in sorted((WORKBOOK / "exercises" / code).glob("*/*.ipynb"))
    ]


def _programs(code: str) -> list[Page]:
    reference = WORKBOOK / "reference"
    made = []
    for path in sorted(reference.rglob("*.py")):
        inside = path.relative_to(reference).with_suffix("").as_posix()
        name = f"program-{re.sub(r'[/_]', '-', inside)}.html"
        made.append(Page(code, path.relative_to(WORKBOOK).as_posix(), name, title=f"{inside}.py"))
    return made


class _Writer:
    """Turns the cells of one page into HTML.

    Args:
        page: the page.
        names: the names of all pages in its language, by their files in the workbook.
        pictures: the folder for the pictures.
    """

    def __init__(self, page: Page, names: Mapping[str, str], pictures: Path) -> None:
        self.page = page
        self.names = names
        self.pictures = pictures
        self.ids: set[str] = set()

    def fill(self) -> None:
        """Fill in the parts of the page, and what the list of contents says of it."""
        page = self.page
        if page.document is None:
            program = (WORKBOOK / page.source).read_text(encoding="utf-8")
            page.parts = [{"kind": "program", "code": _highlighted(program)}]
            return
        first = page.document.cells[0].source
        page.title = re.sub(r"[`*]", "", first.partition("\n")[0].lstrip("# "))
        time = re.search(r"^(?:Time|Waktu): (.*?)\.", first, re.MULTILINE)
        page.time = time[1] if time else ""
        goals = re.findall(r"^- .*", first, re.MULTILINE)
        page.goals = self.prose("\n".join(goals)) if time else ""
        page.parts = [part for cell in page.document.cells for part in self._part(cell)]

    def _part(self, cell: Any) -> Iterator[dict[str, Any]]:
        at = self._own_id(f"cell-{cell.id}")
        if cell.cell_type == "markdown":
            yield {"kind": "prose", "id": at, "html": self.prose(cell.source)}
        elif cell.cell_type == "code":
            yield {
                "kind": "code",
                "id": at,
                "number": cell.get("execution_count"),
                "code": _highlighted(cell.source),
                "outputs": [html for each in cell.outputs if (html := self._output(each))],
            }

    def prose(self, markdown: str) -> str:
        """Return text as HTML, its links and pictures those of the site."""
        from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

        writer = self

        class Renderer(IPythonRenderer):
            def link(self, text: str, url: str, title: str | None = None) -> str:
                place = writer.place(url)
                if place is None:  # not in the site: say where it is
                    return f"{text} (<code>{escape(writer.inside(url))}</code>)"
                return super().link(text, place, title)

            def image(self, text: str, url: str, title: str | None = None) -> str:
                return super().image(text, writer.picture(url), title)

            def heading(self, text: str, level: int, **attrs: Any) -> str:
                # as JupyterLab makes them, so that links to them hold
                words = unescape(re.sub(r"<[^>]*>", "", text))
                at = writer._own_id(words.strip().replace(" ", "-"))
                return f'<h{level} id="{escape(at)}">{text}</h{level}>\n'

        text = _MARK_SCHEME.sub("", markdown)
        return MarkdownWithMath(renderer=Renderer(escape=False)).render(text)

    def inside(self, url: str) -> str:
        """Return the path in the workbook to which a link of the notebook leads."""
        path = Path(self.page.source).parent / url.partition("#")[0]
        return Path(os.path.normpath(path)).as_posix()

    def place(self, url: str) -> str | None:
        """Return where a link of the notebook leads in the site, None if it is not there."""
        if url.startswith("#"):
            return url
        name = self.names.get(self.inside(url))
        return None if name is None else name + "".join(url.partition("#")[1:])

    def picture(self, url: str) -> str:
        """Copy a picture, and return its address."""
        path = WORKBOOK / self.inside(url)
        shutil.copyfile(path, self.pictures / path.name)
        return f"../pictures/{path.name}"

    def _output(self, output: Any) -> str:
        """Return what a cell shows, as HTML, "" if that is nothing."""
        if output.output_type == "stream":
            return f'<pre class="{escape(output.name)}">{_coloured(output.text)}</pre>'
        if output.output_type == "error":
            return f'<pre class="error">{_coloured(chr(10).join(output.traceback))}</pre>'
        kind = next((each for each in _SHOWN if output.data.get(each)), "")
        data = output.data.get(kind, "")
        if kind == "text/html":
            return f'<div class="html">{self._unique(data)}</div>'
        if kind == "image/svg+xml":
            return f'<div class="drawing">{self._unique(data)}</div>'
        if kind == "image/png":
            alt = _("A picture drawn by the code above; the text below says what to see in it.")
            source = "data:image/png;base64," + re.sub(r"\s", "", data)
            return f'<div class="drawing"><img src="{source}" alt="{escape(alt)}"></div>'
        return f"<pre>{_coloured(data)}</pre>" if data.strip() else ""

    def _unique(self, html: str) -> str:
        """Return a piece of HTML with ids that no other piece of the page has."""
        for at in dict.fromkeys(re.findall(r'\bid="([^"]+)"', html)):
            own = self._own_id(at)
            if own != at:
                html = re.sub(rf"(?<![\w-]){re.escape(at)}(?![\w-])", own, html)
        return html

    def _own_id(self, wanted: str) -> str:
        own, count = wanted, 1
        while own in self.ids:
            count += 1
            own = f"{wanted}-{count}"
        self.ids.add(own)
        return own


def _coloured(text: str) -> str:
    """Return what a terminal shows, as HTML."""
    from nbconvert.filters.ansi import ansi2html

    return str(ansi2html(text))  # type: ignore[no-untyped-call]


def _highlighted(code: str) -> str:
    """Return a program or a cell in colours."""
    from pygments import highlight  # type: ignore[import-untyped]
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

    magic, newline, rest = code.partition("\n") if code.startswith("%%") else ("", "", code)
    first = f'<span class="magic">{escape(magic)}</span>{newline}' if magic else ""
    html: str = highlight(rest, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    return first + html.rstrip("\n")


def _render(path: Path, template: str, **values: Any) -> None:
    text = _environment().get_template(template).render(language=language(), **values)
    path.write_text(text.strip() + "\n", encoding="utf-8", newline="\n")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_ASSETS, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"_": _, "mark": Markup(_MARK)}
    return environment
