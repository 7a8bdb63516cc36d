"""What people see of a graded notebook: nothing that is not theirs, and nothing that acts.

A notebook's Markdown may hold HTML, and formgrader shows it to the teacher with all the teacher's
rights: scripts in it would be a way to any grade.
"""

from __future__ import annotations

from typing import Any

import bleach
from jinja2 import DictLoader, pass_context
from jinja2.runtime import Context
from nbconvert.exporters.html import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.preprocessors.base import NbGraderPreprocessor
from traitlets import List, default

from autograder.course.notebook_intake import as_markdown, without_hidden
from autograder.i18n import _, speaking

TAGS = frozenset(
    "a abbr b blockquote br code del details div em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s"
    " span strong sub summary sup table tbody td th thead tr u ul".split()
)

_ATTRIBUTES = {
    "a": ("href", "title", "class"),
    "img": ("src", "alt", "title"),
    "abbr": ("title",),
    "ol": ("start",),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), ("id",)),
    **dict.fromkeys(("code", "div", "pre", "span"), ("class",)),
}
_PICTURES = ("data:image/png;", "data:image/jpeg;", "data:image/gif;")


@pass_context
def markdown(context: Context, source: str) -> str:
    """Return Markdown as HTML without anything that acts or loads; a filter for nbconvert."""
    attachments = context.get("cell", {}).get("attachments", {})
    renderer = IPythonRenderer(escape=False, attachments=attachments)
    return harmless(MarkdownWithMath(renderer=renderer).render(source))


def harmless(html: str) -> str:
    """Return HTML with what text needs: no script, no style, nothing that is loaded from elsewhere.

    What is not allowed is shown as the text that it is.
    """
    cleaned: str = bleach.clean(
        html, tags=TAGS, attributes=_allowed, protocols=("http", "https", "mailto", "data")
    )
    return cleaned


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "src":
        return value.startswith(_PICTURES)
    if name == "href":
        return not value.strip().lower().startswith("data:")
    return name in _ATTRIBUTES.get(tag, ())


class ForTheStudent(NbGraderPreprocessor):
    """Takes out what only the teacher may read, and says what nobody has read yet."""

    display_data_priority: Any = List([]).tag(config=True)  # nbconvert sets it in all of them

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Change a graded notebook into what its feedback is made of."""
        for cell in nb.cells:
            if cell.metadata.get("nbgrader", {}).get("locked"):
                cell.source = without_hidden(cell.source)
        place = resources["nbgrader"]
        with Gradebook(place["db_url"]) as gradebook:
            found = gradebook.find_submission_notebook(
                place["notebook"], place["assignment"], place["student"]
            )
            waiting = sorted(grade.name for grade in found.grades if grade.needs_manual_grade)
        if waiting:
            with speaking(nb.metadata.get("autograder", {}).get("language")):
                text = _("Not read by a person yet, so there may be more points to come: {cells}.")
            nb.cells.insert(
                0, new_markdown_cell(as_markdown(text.format(cells=", ".join(waiting))))
            )
        return nb, resources


class FeedbackExporter(HTMLExporter):
    """Writes feedback that needs no network: nothing in the exercises is set by MathJax."""

    @default("extra_loaders")
    def _extra_loaders_default(self) -> list[DictLoader]:
        return [DictLoader({"mathjax.html.j2": "{% macro mathjax(url='') %}{% endmacro %}"})]
