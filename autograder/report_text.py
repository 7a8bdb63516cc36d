"""The report of a check for the terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from autograder import report_words as words
from autograder.i18n import _, ngettext, number, speaking
from autograder.results import CheckResult, Outcome, TestResult
from autograder.visible import fold, safe

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_STYLES: dict[Outcome, str] = {
    "passed": "bold green",
    "failed": "bold red",
    "skipped": "dim",
    "error": "bold yellow",
}
_DIAGRAM_ROWS = 12  # of the conversation, where the report is not verbose
_OUTPUT_LINES = 8
_MIN_WIDTH = 50


def render(
    result: CheckResult, *, width: int = 80, colour: bool = False, verbose: bool = False
) -> str:
    """Return the report of `result` in its language.

    The first failure is told in full and the others in a few lines, so that the reader knows
    where to begin.

    Args:
        width: columns of the terminal.
        colour: whether to write colours; without them there is no escape sequence at all.
        verbose: tell every failure in full, with all hints.
    """
    with speaking(result.language):
        return _Report(result, max(width, _MIN_WIDTH), colour, verbose).render()


class _Report:
    def __init__(self, result: CheckResult, width: int, colour: bool, verbose: bool) -> None:
        from rich.console import Console

        self.result = result
        self.verbose = verbose
        self.width = width
        self.out = io.StringIO()
        self.console: Console = Console(
            file=self.out,
            width=width,
            force_terminal=colour,
            color_system="standard" if colour else None,
            no_color=not colour,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
            force_jupyter=False,
        )

    def render(self) -> str:
        self._overview()
        for at, test in enumerate(words.failed(self.result)):
            self._blank()
            self._failure(test, whole=self.verbose or at == 0)
        self._blank()
        self._summary()
        # Columns are filled up with blanks, which only get in the way of who copies the text.
        return "\n".join(line.rstrip() for line in self.out.getvalue().splitlines()) + "\n"

    # pieces

    def _print(self, text: str, style: str = "", indent: int = 0) -> None:
        from rich.padding import Padding
        from rich.text import Text

        self.console.print(Padding(Text(safe(text), style=style), (0, 0, 0, indent)))

    def _block(self, text: str, indent: int, border: str = "", flags: tuple[str, ...] = ()) -> None:
        """Print lines as they are: code, output, tables; one that is too long goes on below.

        Args:
            flags: how the lines begin that are to be seen at once.
        """
        from rich.text import Text

        start = " " * indent + border
        for line in safe(text).split("\n"):
            style = "bold red" if flags and line.startswith(flags) else ""
            for piece in fold(line, self.width - len(start)):
                whole = Text.assemble((start, "dim"), (piece, style))
                self.console.print(whole, no_wrap=True, overflow="ignore")

    def _rows(self, rows: list[tuple[RenderableType, ...]], indent: int, wide: int) -> None:
        """Print columns, the one numbered `wide` as wide as there is room."""
        from rich.padding import Padding
        from rich.table import Table

        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        for at in range(len(rows[0])):
            if at == wide:
                table.add_column(ratio=1, overflow="fold")
            else:
                table.add_column(no_wrap=True)
        for row in rows:
            table.add_row(*row)
        self.console.print(Padding(table, (0, 0, 0, indent)))

    def _blank(self) -> None:
        self.console.print()

    # the parts of the report

    def _overview(self) -> None:
        from rich.text import Text

        self._print(words.one_line(self.result.server, None), "bold")
        for challenge in self.result.challenges:
            self._blank()
            title = Text(words.one_line(challenge.name), style="bold")
            earned = words.points(challenge.points, challenge.max_points)
            self._rows([(title, Text(earned, style="bold"))], 0, 0)
            rows: list[tuple[RenderableType, ...]] = []
            for test in challenge.tests:
                style = _STYLES[test.outcome]
                name = Text(words.one_line(test.title))
                if test.outcome == "skipped":
                    name.append("\n" + words.skipped(self.result, test), style="dim")
                elif test.outcome == "error":
                    name.append("\n" + _("Grader error: not scored."), style="yellow")
                few = Text(words.few_points(test), justify="right")
                rows.append((Text(words.SYMBOLS[test.outcome], style=style), name, few))
            if rows:
                self._rows(rows, 2, 1)

    def _failure(self, test: TestResult, whole: bool) -> None:
        from rich.rule import Rule

        if whole:
            self.console.print(Rule(style="dim"))
        self._print(f"✗ {words.one_line(test.title)}", "bold red")
        same = words.same_as_before(self.result, test)
        if same:
            self._print(same, indent=2)
            return
        if test.message and test.message != test.got:
            self._print(test.message, indent=2)
        self._expectation(test, whole)
        if whole:
            self._evidence(test)
        self._misconception(test, whole)
        if self.verbose or not words.named_before(self.result, test):
            self._hints(test, whole)
        if whole and test.recipe:
            self._blank()
            self._print(_("To see it yourself:"), "bold", 2)
            self._block("\n".join(test.recipe), 4)

    def _expectation(self, test: TestResult, whole: bool) -> None:
        from rich.text import Text

        parts = [(_("Tried"), test.tried)] if whole else []
        parts += [(_("Expected"), test.expected), (_("Got"), test.got)]
        rows: list[tuple[RenderableType, ...]] = [
            (Text(label, style="bold"), Text(safe(text))) for label, text in parts if text
        ]
        if rows:
            if whole and test.message and test.message != test.got:
                self._blank()
            self._rows(rows, 2, 1)

    def _evidence(self, test: TestResult) -> None:
        if test.diagram is not None:
            self._blank()
            self._print(_("The conversation:"), "bold", 2)
            rows = words.DIAGRAM_ROWS if self.verbose else _DIAGRAM_ROWS
            diagram = test.diagram.folded(rows, without_title=words.one_line(test.title))
            self._block(diagram.text(self.width - 4), 4, flags=("✗", "!"))
        if test.output.strip():
            self._blank()
            self._print(_("The server's last output:"), "bold", 2)
            lines = test.output.rstrip().split("\n")
            cut = 0 if self.verbose else max(0, len(lines) - _OUTPUT_LINES)
            if cut:
                lines = ["…", *lines[cut:]]
            self._block("\n".join(lines), 4, border="│ ")

    def _misconception(self, test: TestResult, whole: bool) -> None:
        """Print the name of the wrong idea, and at its first appearance why it happens."""
        known = words.misconception(test)
        if known is None:
            return
        if words.named_before(self.result, test) and not self.verbose:
            said = _("Probably for the same reason as above: {title}.")
            self._print(said.format(title=_(known.title)), indent=2)
            return
        if whole:
            self._blank()
        self._print(_("A known misconception: {title}").format(title=_(known.title)), "bold", 2)
        self._print(_(known.why), indent=2)
        self._print(words.lesson(known), indent=2)

    def _hints(self, test: TestResult, whole: bool) -> None:
        """Print the first hint alone: a hint that was not asked for takes a discovery away."""
        from rich.text import Text

        shown = test.hints if self.verbose else test.hints[:1]
        if not shown:
            return
        if whole:
            self._blank()
        rows: list[tuple[RenderableType, ...]] = []
        for at, hint in enumerate(shown, start=1):
            label = words.hint_label(at, len(test.hints))
            rows.append((Text(label, style="bold cyan"), Text(safe(hint))))
        self._rows(rows, 2, 1)

    def _summary(self) -> None:
        from rich.rule import Rule

        result = self.result
        self.console.print(Rule(style="dim"))
        earned = words.points(result.points, result.max_points)
        full = result.exit_code == 0
        self._print(f"{earned} · {words.counts(result)}", "bold green" if full else "bold")
        for sentence in (words.praise(result), words.next_step(result)):
            if sentence:
                self._print(sentence)
        error = words.grader_error(result)
        if error:
            self._print(error, "yellow")
        more = self._left_out()
        if more:
            self._print(more)
        self._print(" · ".join(words.conditions(result)), "dim")

    def _left_out(self) -> str:
        """Return what `verbose` would show in addition."""
        if self.verbose:
            return ""
        failures = words.failed(self.result)
        hints = words.hints_left_out(self.result)
        if hints:
            more = ngettext(
                "{n} more hint, and everything in full: --verbose",
                "{n} more hints, and everything in full: --verbose",
                hints,
            )
            return more.format(n=number(hints))
        return _("Everything in full: --verbose") if failures else ""
