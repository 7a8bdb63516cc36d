"""What `autograder grade` does: find what was handed in, grade it, write it all down, sum it up."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import grading as grading_module
from autograder import outputs
from autograder.batch import Processes, UnfitWorker, WorkersLost, processes_ahead, progress
from autograder.checking import get_ready
from autograder.grading import Grading, Settings, is_enough, isolation_here
from autograder.i18n import _, ngettext, number
from autograder.intake import HandedIn, find
from autograder.lane import cores
from autograder.outputs import PAGE, SIMILAR, write_outputs
from autograder.report_words import levels
from autograder.visible import visible

LARGE = 100
"""Submissions from which two processes a core are worth their start: many a check waits for what a
server does not do, and meanwhile uses no processor."""

LISTED = 10  # submissions without a result that are named; the others are counted


class CannotGrade(Exception):
    """Nothing can be graded; the text is one sentence with a way out."""


@dataclass(frozen=True)
class Work:
    """Who does the work.

    Args:
        workers: how many processes, or how many workers `executor` has; None for as many as are
            useful.
        executor: who does it in place of processes of this machine.
    """

    workers: int | None = None
    executor: Executor | None = None


def grade(
    paths: Sequence[str],
    folder: Path,
    settings: Settings,
    work: Work = Work(),
    *,
    rerun: bool = False,
) -> tuple[dict[str, Any], str]:
    """Grade what was handed in at `paths`, and write all outputs into `folder`.

    Args:
        rerun: whether to grade anew what has a result already.

    Returns:
        the document of results.json, and what to tell the teacher.

    Raises:
        intake.NothingThere: there is nothing to grade.
        CannotGrade: it cannot be done here, or not to the end.
    """
    with contextlib.ExitStack() as stack:
        processes = None
        if work.executor is None:
            processes = stack.enter_context(processes_ahead(work.workers or cores(), get_ready))
            if settings.sandboxed:
                require(settings)
        handed_in = find(paths, leave_out=folder)
        grading = Grading(folder, settings, rerun)
        if work.workers is None and len(handed_in) >= LARGE:
            work = Work(2 * cores())
        outputs.get_ready()
        run(grading, handed_in, work, processes)
    document = write_outputs(grading, handed_in)
    return document, told(document, grading)


def require(settings: Settings) -> None:
    """Raise `CannotGrade` if this machine isolates less than the settings ask for."""
    level, why = isolation_here()
    if not is_enough(level, settings.isolation):
        text = _(
            "There is no sandbox on this machine ({reason}), and other people's programs are not"
            " run without one: install bubblewrap, or say --no-sandbox if you trust them all."
        )
        raise CannotGrade(text.format(reason=visible(why)))


def run(
    grading: Grading, handed_in: Sequence[HandedIn], work: Work, processes: Processes | None
) -> None:
    """Grade, and show how far it is; raises `CannotGrade` as `grade`."""
    again = _("What is done is kept: the same command goes on from there.")
    try:
        with progress(len(handed_in), _("Grading")) as advance:
            grading.run(
                handed_in,
                advance,
                workers=work.workers,
                executor=work.executor,
                processes=processes,
            )
    except UnfitWorker as error:
        raise CannotGrade(f"{error} {again}") from error
    except WorkersLost as error:
        text = _("Nobody is left to do the work ({reason}).")
        raise CannotGrade(f"{text.format(reason=visible(str(error)))} {again}") from error
    except OSError as error:
        text = _("The results cannot be written to {folder}: {reason}.")
        reason = visible(error.strerror or str(error))
        folder = visible(str(grading.folder), None)
        raise CannotGrade(f"{text.format(folder=folder, reason=reason)} {again}") from error


def exit_code(document: Mapping[str, Any]) -> int:
    """Return 0 where all have full marks, 3 where the grader failed, else 1."""
    submissions = document["submissions"]
    if any(_has_grader_error(one) for one in submissions):
        return 3
    return 0 if all(_is_full(one) for one in submissions) else 1


def _has_grader_error(one: Mapping[str, Any]) -> bool:
    return one["state"] == "error" or bool(one.get("grader_errors") or one.get("error_file"))


def _is_full(one: Mapping[str, Any]) -> bool:
    return one["state"] == "graded" and not one["failed"] and not one["skipped"]


def told(document: Mapping[str, Any], grading: Grading) -> str:
    """Return what a run came to, in a few lines."""
    submissions = document["submissions"]
    graded = [one for one in submissions if one["state"] == "graded"]
    lines = [_counts(graded, grading.reused)]
    if graded:
        text = _("Full marks: {full} of {count}. Median: {median} of {max_points} points.")
        lines.append(
            text.format(
                full=number(sum(map(_is_full, graded))),
                count=number(len(graded)),
                median=number(statistics.median(one["points"] for one in graded)),
                max_points=number(max(one["max_points"] for one in graded)),
            )
        )
        text = _("Isolation: {level}")
        lines.append(text.format(level=levels(one["isolation"] for one in graded)))
    failed = sum(map(_has_grader_error, submissions))
    if failed:
        text = ngettext(
            "The grader itself failed with {count} submission; see the folder {folder}.",
            "The grader itself failed with {count} submissions; see the folder {folder}.",
            failed,
        )
        folder = visible(str(grading.folder / grading_module.ERRORS), None)
        lines.append(text.format(count=number(failed), folder=folder))
    without = [one for one in submissions if one["state"] != "graded"]
    if without:
        lines.append(_("Without a result:"))
        lines += [f"  {visible(one['name'])}: {one['reason']}" for one in without[:LISTED]]
    if len(without) > LISTED:
        more = len(without) - LISTED
        text = ngettext("  and {count} more", "  and {count} more", more)
        lines.append(text.format(count=number(more)))
    text = _("Written to {folder}: {files}.")
    names = ["results.csv", "moodle.csv", "junit.xml", "gradescope/", "results.json"]
    if (grading.folder / SIMILAR).is_dir():
        names.insert(-1, f"{SIMILAR}/")
    lines.append(text.format(folder=visible(str(grading.folder), None), files=", ".join(names)))
    text = _("Open this in a browser: {page}")
    lines.append(text.format(page=visible(str(grading.folder / PAGE), None)))
    return "\n".join(lines)


def _counts(graded: Sequence[object], reused: int) -> str:
    text = ngettext("{count} submission graded", "{count} submissions graded", len(graded))
    said = text.format(count=number(len(graded)))
    if reused:
        text = ngettext(
            "{said}, {count} result of an earlier run among them.",
            "{said}, {count} results of earlier runs among them.",
            reused,
        )
        return text.format(said=said, count=number(reused))
    return f"{said}."
