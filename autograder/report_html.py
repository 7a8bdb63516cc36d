"""The report of a check in HTML: a fragment for notebooks, and a whole page.

No script, nothing from outside, and everything that comes from a submission is escaped.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import report_words as words
from autograder.i18n import _, language, ngettext, number, speaking
from autograder.results import CheckResult, TestResult
from autograder.visible import safe

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

ASSETS = Path(__file__).parent / "assets"
"""The templates, and what goes into them."""


def get_ready() -> None:
    """Compile the templates, which the first report would have to wait for."""
    environment().get_template("report_page.html.jinja")
    environment().get_template("report.html.jinja")


def render(result: CheckResult) -> str:
    """Return the report of `result`, in its language, as an HTML fragment."""
    return _filled("report.html.jinja", result)


def page(result: CheckResult) -> str:
    """Return the report of `result`, in its language, as a page that opens from a disk."""
    return _filled("report_page.html.jinja", result)


def _filled(template: str, result: CheckResult) -> str:
    with speaking(result.language):
        html = environment().get_template(template).render(result=result, language=language())
    return html.strip() + "\n"


@cache
def environment() -> Environment:
    """Return what fills our templates: it escapes everything, and complains of what is missing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(ASSETS, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "_": _,
        "ngettext": ngettext,
        "number": number,
        "words": words,
        "style": Markup((ASSETS / "report.css").read_text(encoding="utf-8")),
    }
    environment.filters |= {
        "line": words.one_line,
        "block": safe,
        "prose": _prose,
        "drawing": _drawing,
    }
    return environment


def _drawing(test: TestResult) -> Markup:
    from markupsafe import Markup

    if test.diagram is None:
        return Markup("")
    title = words.one_line(test.title)
    return Markup(test.diagram.folded(words.DIAGRAM_ROWS, without_title=title).svg())


def _prose(text: str) -> Markup:
    """Return `text` escaped, with what stands between backticks as code."""
    from markupsafe import Markup, escape

    pieces = safe(text).split("`")
    if len(pieces) % 2 == 0:  # one backtick has no partner: leave it as it is
        pieces[-2:] = ["`".join(pieces[-2:])]
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if at % 2 else escape(piece)
        for at, piece in enumerate(pieces)
    )
