"""What a teacher wrote survives a second grading, a resubmission and `kill -9` at any moment."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from classroom import Course, cell_of, notebook
from exercise_solutions import SOLUTIONS

MOMENTS = 20
EVENTS = ("open", "sqlite3.connect", "subprocess.Popen", "os.mkdir", "os.rename", "os.remove")
MANUAL, EXTRA, COMMENT = 13.5, 1.0, "Bagus sekali: kunci dilepas dulu, lalu dikirim."
UNTOUCHED = 0.5  # of the exercise pm: a private message does reach the one it is for


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """An Indonesian course in which two have been graded, one of them by a person too."""
    course = Course(tmp_path_factory.mktemp("survives"), "id")
    course.nbgrader("generate_assignment", "pm")
    solve(course.hand_in("ayu", "pm"))
    course.hand_in("budi", "pm")
    course.grade("pm")
    with course.book() as book:
        grade = book.find_grade("check-pm", "pm", "pm", "ayu")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = MANUAL, EXTRA, False
        book.find_comment("answer", "pm", "pm", "ayu").manual_comment = COMMENT
        book.db.commit()
    return course


def solve(folder: Path) -> None:
    program = (folder / "server.py").read_text(encoding="utf-8")
    for old, new in SOLUTIONS["pm"]["server.py"]:
        assert program.count(old) == 1
        program = program.replace(old, new)
    (folder / "server.py").write_text(program, encoding="utf-8")


def assert_nothing_is_lost(course: Course) -> None:
    """See that what the teacher wrote is there, and each score is what it was."""
    with course.book() as book:
        grade = book.find_grade("check-pm", "pm", "pm", "ayu")
        assert (grade.manual_score, grade.extra_credit) == (MANUAL, EXTRA)
        assert grade.score == MANUAL + EXTRA
        assert grade.auto_score == 20
        assert book.find_comment("answer", "pm", "pm", "ayu").comment == COMMENT
        assert book.find_grade("check-pm", "pm", "pm", "budi").score == UNTOUCHED
    for student in ("ayu", "budi"):
        place = course.folder("autograded", student, "pm")
        if place.exists():  # then it is whole
            assert notebook(place)["cells"]
            assert (place / "server.py").exists()


def never(_event: str, _arguments: Any) -> bool:
    """Let a run live."""
    return False


def after(events: int) -> Callable[[str, Any], bool]:
    """Return what ends a run after so many events."""
    left = events

    def now(_event: str, _arguments: Any) -> bool:
        nonlocal left
        left -= 1
        return left <= 0

    return now


class Run:
    """A run of `grade_course` in a copy of this process, which saves the start of a program.

    Args:
        kill: told of each event in the run, by name and arguments; true ends it by SIGKILL.
        before: is called in the copy before the run.
    """

    def __init__(
        self,
        course: Course,
        kill: Callable[[str, Any], bool],
        before: Callable[[], None] = lambda: None,
        **options: Any,
    ) -> None:
        sys.stdout.flush()
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                os.close(reader)
                before()
                self._run(course, kill, writer, options)
                code = 0
            finally:
                os._exit(code)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            self.said, _blank, events = pipe.read().decode().rpartition(" ")
        self.events = int(events or 0)
        _pid, status = os.waitpid(self.pid, 0)
        self.killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert self.killed or os.waitstatus_to_exitcode(status) == 0, self.said

    @staticmethod
    def _run(
        course: Course, kill: Callable[[str, Any], bool], writer: int, options: dict[str, Any]
    ) -> None:
        warnings.simplefilter("ignore")
        os.environ.update(course.environment)
        os.chdir(course.root)
        from autograder.course.grading import grade_course

        events = 0

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal events
            if event in EVENTS:
                events += 1
                if kill(event, arguments):
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        summary = grade_course("pm", **options)
        os.write(writer, f"{summary.graded} {summary.before} {summary.whole} {events}".encode())


@pytest.fixture(autouse=True, scope="module")
def _nbgrader_is_loaded() -> None:
    """Load once what each copy of this process needs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import autograder.course.converter  # noqa: F401


def test_a_second_grading_loses_nothing(course: Course) -> None:
    run = Run(course, never, again=True)
    assert run.said == "2 0 True"
    assert_nothing_is_lost(course)


def test_killed_at_any_moment_nothing_is_lost(course: Course) -> None:
    events = Run(course, never, again=True).events
    seed = random.SystemRandom().randrange(1_000_000)
    draw = random.Random(seed)
    print(f"seed {seed}, {events} events")  # shown if it fails
    killed = 0
    for _moment in range(2 * MOMENTS):  # no two runs are quite the same: some may end before
        if killed == MOMENTS:
            break
        left = draw.randrange(1, events)

        killed += Run(course, after(left), again=True).killed
        assert_nothing_is_lost(course)
    assert killed == MOMENTS
    Run(course, never)  # goes on where the last one was
    assert_nothing_is_lost(course)
    for student in ("ayu", "budi"):
        assert course.folder("autograded", student, "pm").is_dir()
    assert not list(course.folder("autograded").glob(".*"))


def test_a_killed_run_goes_on_where_it_was(course: Course) -> None:
    shutil.rmtree(course.folder("autograded"))
    published = 0

    def at_the_second(event: str, arguments: Any) -> bool:
        nonlocal published
        published += event == "os.rename" and "/autograded/." not in str(arguments[1])
        return published == 2

    assert Run(course, at_the_second).killed
    assert Run(course, never).said == "1 1 True"
    assert_nothing_is_lost(course)


def test_a_resubmission_keeps_what_a_person_gave_and_asks_for_a_second_look(
    course: Course,
) -> None:
    folder = course.folder("submitted", "ayu", "pm")
    (folder / "timestamp.txt").write_text("2031-01-02 03:04:05 UTC")
    document = notebook(folder)
    (folder / "pm.ipynb").write_text(str(document))  # not JSON: broken this time
    said = course.grade("pm")
    assert "1 graded now, 1 graded before" in said
    grades = course.grades("pm")["ayu"]
    assert grades["check-pm"]["score"] == MANUAL + EXTRA
    assert grades["check-pm"]["waits"]
    with course.book() as book:
        assert book.find_comment("answer", "pm", "pm", "ayu").comment == COMMENT


def test_a_grader_that_fails_costs_nobody_a_point(course: Course) -> None:
    def fail() -> None:
        from autograder.course import grading
        from autograder.course.verdict import failed

        grading._checked = lambda jobs, *_rest: (  # type: ignore[assignment]
            (job, failed(job.questions, "the grader itself broke")) for job in jobs
        )

    assert Run(course, never, fail, again=True).said == "2 0 False"
    grades = course.grades("pm")
    for student in ("ayu", "budi"):
        assert grades[student]["check-pm"]["auto"] is None
        assert grades[student]["check-pm"]["waits"]
    assert grades["ayu"]["check-pm"]["score"] == MANUAL + EXTRA
    document = notebook(course.folder("autograded", "budi", "pm"))
    outputs = cell_of(document, "check-pm")["outputs"]
    assert [output["output_type"] for output in outputs] == ["display_data"]
    course.grade("pm", "--rerun")  # and next time everything is well
    assert course.scores("pm")["budi"] == UNTOUCHED


def test_what_is_written_at_once_is_written_whole_or_not_at_all(course: Course) -> None:
    from nbgrader.api import MissingEntry

    from autograder.course.converter import OpenGradebook

    def others_see() -> bool:
        with course.book() as other:
            return "citra" in [student.id for student in other.students]

    with OpenGradebook(course.url, "chat-id") as book:
        with contextlib.suppress(ZeroDivisionError), book.at_once():
            book.add_student("citra")
            _ = 1 / 0
        with pytest.raises(MissingEntry):
            book.find_student("citra")
        with book.at_once():
            book.add_student("citra")
            assert not others_see()
        assert others_see()
        book.remove_student("citra")
    assert not others_see()


def test_only_one_run_at_a_time(course: Course) -> None:
    import fcntl

    handle = os.open(course.folder("autograded"), os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        said = course.grade("pm", code=2)
    finally:
        os.close(handle)
    assert len(said.strip().splitlines()) == 1


def test_what_cannot_be_graded_is_said_in_one_line(course: Course, tmp_path: Path) -> None:
    for said in (
        course.grade("nosuch", code=2),
        course.grade("pm", "--student", "nobody", code=2),
        course.run(
            *(sys.executable, "-m", "autograder.cli", "grade", "--course", "--assignment", "pm"),
            cwd=tmp_path,
            code=2,
        ),
    ):
        assert len(said.strip().splitlines()) == 1, said


def test_without_a_sandbox_nothing_runs_unless_the_teacher_says_so(course: Course) -> None:
    course.without = "sandbox"
    try:
        said = course.grade("pm", "--rerun", code=2)
        assert "bubblewrap" in said
        assert course.nbgrader("autograde", "pm", "--force", code=1).count("Traceback") == 0
        before = notebook(course.folder("autograded", "budi", "pm"))
        for enough in ("--no-sandbox", "--require-isolation=process"):
            said = course.grade("pm", "--rerun", "--student", "budi", enough)
            assert "isolation: process." in said
        after = notebook(course.folder("autograded", "budi", "pm"))
    finally:
        course.without = ""
    assert "bubblewrap" in str(before)
    assert "bubblewrap" not in str(after)
    assert course.scores("pm")["budi"] == UNTOUCHED
