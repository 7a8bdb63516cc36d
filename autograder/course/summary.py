"""What a teacher reads after a class was graded, in the terminal."""

from __future__ import annotations

from autograder.course.grading import Line, Summary
from autograder.i18n import _, ngettext, number
from autograder.report_words import levels
from autograder.visible import cells, visible

_PERSON_WIDTH = 24


def render(summary: Summary) -> str:
    """Return the summary of a run as text: one line for each student, and what was wrong below."""
    lines = [_head(summary)]
    width = max([cells(visible(line.student)) for line in summary.lines], default=0)
    for line in summary.lines:
        lines.append(f"  {_student(line, min(width, _PERSON_WIDTH))}")
        lines += [f"      ! {text}" for text in (*line.trouble, *line.notes)]
    return "\n".join(lines)


def _head(summary: Summary) -> str:
    count = len(summary.lines)
    text = ngettext("{name}: {n} submission", "{name}: {n} submissions", count)
    said = [text.format(name=visible(summary.assignment), n=number(count))]
    said.append(_("{n} graded now").format(n=number(summary.graded)))
    if summary.before:
        said.append(_("{n} graded before (--rerun grades them again)").format(n=summary.before))
    if waiting := sum(bool(line.waiting) for line in summary.lines):
        said.append(_("{n} with something for a person to read").format(n=number(waiting)))
    if broken := sum(bool(line.trouble) for line in summary.lines):
        said.append(_("{n} that the grader could not do").format(n=number(broken)))
    if summary.isolation:
        said.append(_("isolation: {level}").format(level=levels(summary.isolation)))
    return ", ".join(said) + "."


def _student(line: Line, width: int) -> str:
    name = visible(line.student)
    name += " " * (width - cells(name))
    said = []
    if line.points is None:
        said.append(_("not graded"))
    elif line.waiting:  # what nobody has read is no 0
        text = _("{points} of {max_points} so far")
        said.append(text.format(points=number(line.points), max_points=number(line.max_points)))
    else:
        text = _("{points} of {max_points}")
        said.append(text.format(points=number(line.points), max_points=number(line.max_points)))
    if line.late > 0:
        said.append(_("late by {time}").format(time=_duration(line.late)))
    if line.waiting:
        names = ", ".join(visible(name) for name in line.waiting)
        said.append(_("waits for a person: {cells}").format(cells=names))
    return f"{name}  {'; '.join(said)}"


def _duration(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    if minutes < 120:
        return _("{n} min").format(n=number(minutes))
    hours = round(minutes / 60)
    if hours < 48:
        return _("{n} h").format(n=number(hours))
    return _("{n} days").format(n=number(round(hours / 24)))
