"""From the release to the feedback by nbgrader's own programs, through the exchange."""

from __future__ import annotations

import datetime
import os
import shlex
import shutil
from pathlib import Path

import pytest
from classroom import Course, cell_of, notebook, write_notebook
from exercise_solutions import SOLUTIONS

WORDS = {
    "id": ("Tulis jawabanmu di sini", "Ayu menunggu kunci yang dipegangnya sendiri."),
    "en": ("Write your answer here", "Alice waits for the lock that she holds herself."),
}
SCHEME = "MARK SCHEME"


class Student:
    """Somebody at a desk of their own, who fetches, hands in, and reads feedback."""

    def __init__(self, course: Course, name: str) -> None:
        self.course, self.name = course, name
        self.desk = course.desk(name)
        # as exercises/README.md says it
        (self.desk / "nbgrader_config.py").write_text(
            "c = get_config()\n"
            f"c.CourseDirectory.course_id = 'chat-{course.language}'\n"
            f"c.CourseDirectory.student_id = {name!r}\n"
            f"c.Exchange.root = {str(course.exchange)!r}\n"
            f"c.Exchange.cache = {str(self.desk / 'cache')!r}\n"
        )

    def does(self, command: str, assignment: str) -> tuple[Path, list[str]]:
        """Return a command to be run at this desk."""
        return self.desk, [command, assignment]

    def solve(self, assignment: str, tasks: int | None = None) -> None:
        """Fill in some of the gaps, or all."""
        server = self.desk / assignment / "server.py"
        program = server.read_text(encoding="utf-8")
        for old, new in SOLUTIONS[assignment]["server.py"][:tasks]:
            assert program.count(old) == 1
            program = program.replace(old, new)
        server.write_text(program, encoding="utf-8")

    def answer(self, assignment: str, text: str) -> None:
        """Write the answer in words."""
        document = notebook(self.desk / assignment)
        cell_of(document, "answer")["source"] = text
        write_notebook(self.desk / assignment, document)


def hand_in_a_day_earlier(course: Course, student: str, assignment: str) -> None:
    """Change when somebody has handed in."""
    (place,) = (course.exchange / f"chat-{course.language}" / "inbound").glob(
        f"{student}+{assignment}+*"
    )
    day, rest = place.name.split("+")[2].split(" ", 1)
    earlier = str(datetime.date.fromisoformat(day) - datetime.timedelta(days=1))
    stamp = place / "timestamp.txt"
    stamp.chmod(0o644)
    stamp.write_text(stamp.read_text().replace(day, earlier))
    place.rename(place.with_name(place.name.replace(f"{day} {rest}", f"{earlier} {rest}")))


def link_after_handing_in(course: Course, student: str, other: str) -> None:
    """Let a student, who owns the folder, put links to another's work into it."""
    inbound = course.exchange / f"chat-{course.language}" / "inbound"
    (mine,), (theirs,) = inbound.glob(f"{student}+admin+*"), inbound.glob(f"{other}+admin+*")
    (mine / "server.py").unlink()
    (mine / "server.py").symlink_to(theirs / "server.py")
    (mine / "everything").symlink_to(course.root)
    os.mkfifo(mine / "pipe.txt")


@pytest.mark.parametrize("language", ["id", "en"])
def test_from_release_to_feedback(language: str, tmp_path: Path) -> None:
    course = Course(tmp_path, language)
    placeholder, answer = WORDS[language]

    def teacher(*commands: str) -> None:
        """Run nbgrader's commands: in Indonesian each as a program of its own."""
        words = [shlex.split(command) for command in commands]
        if language == "en":
            course.all_of([(course.root, each) for each in words])
        else:
            for each in words:
                course.nbgrader(*each)

    due = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=12)
    teacher(
        f"db assignment add admin --duedate='{due:%Y-%m-%d %H:%M:%S} UTC'",
        *("generate_assignment admin", "release_assignment admin"),
        *("generate_assignment project", "release_assignment project"),
    )
    for assignment in ("admin", "project"):
        released = notebook(course.folder("release", assignment=assignment))
        assert placeholder in "".join(cell_of(released, "answer")["source"])
        assert SCHEME not in str(released)

    ayu, budi, citra, dewi = (Student(course, name) for name in ("ayu", "budi", "citra", "dewi"))
    class_ = (ayu, budi, citra, dewi)
    fetch = "fetch_assignment"
    course.all_of([*(each.does(fetch, "admin") for each in class_), ayu.does(fetch, "project")])
    ayu.solve("admin")
    ayu.answer("admin", answer)
    budi.solve("admin", 2)  # /list alone
    # Citra hands in twice: what she improved counts
    course.all_of(
        [*(each.does("submit", "admin") for each in class_), ayu.does("submit", "project")]
    )
    hand_in_a_day_earlier(course, "ayu", "admin")
    hand_in_a_day_earlier(course, "citra", "admin")
    citra.solve("admin", 2)
    course.all_of([citra.does("submit", "admin")])
    link_after_handing_in(course, "dewi", "ayu")

    teacher("collect admin", "collect project")
    shutil.rmtree(course.exchange / f"chat-{language}" / "inbound")
    if language == "en":
        said = course.grade("admin")
        assert "ayu    25 of 25 so far; waits for a person: answer" in said
        assert "budi   13 of 25; late by 12 h" in said
        assert "dewi   0 of 25; late by 12 h" in said
        assert "! server.py is a link" in said
        assert "! everything is a link" in said
        said = course.grade("project")
        assert "0 of 20 so far; waits for a person: project" in said
        assert "!" not in said
    else:
        teacher("autograde admin", "autograde project")
    assert course.scores("admin") == {"ayu": 25, "budi": 13, "citra": 13, "dewi": 0}

    # what a person does in formgrader
    assert course.grades("project")["ayu"]["project"]["waits"]
    with course.book() as book:
        grade = book.find_grade("project", "project", "project", "ayu")
        grade.manual_score, grade.needs_manual_grade = 17.0, False
        book.find_comment("answer", "admin", "admin", "ayu").manual_comment = "Tepat! <b>Ya.</b>"
        book.find_grade("answer", "admin", "admin", "ayu").needs_manual_grade = False
        book.db.commit()
        late = {
            each.student_id: each.total_seconds_late > 0
            for each in book.assignment_submissions("admin")
        }
    assert late == {"ayu": False, "budi": True, "citra": True, "dewi": True}

    teacher(
        *("generate_feedback admin", "release_feedback admin"),
        *("generate_feedback project", "release_feedback project"),
    )
    course.all_of(
        [
            *(each.does("fetch_feedback", "admin") for each in class_),
            ayu.does("fetch_feedback", "project"),
        ]
    )
    (page,) = (ayu.desk / "admin" / "feedback").rglob("admin.html")
    html = page.read_text(encoding="utf-8")
    assert "Tepat!" in html
    assert answer in html
    assert "Score: 10.0 / 10.0" in html and "Score: 15.0 / 15.0" in html
    (page,) = (budi.desk / "admin" / "feedback").rglob("admin.html")
    assert "Score: 3.0 / 15.0" in page.read_text(encoding="utf-8")
    assert len(list((citra.desk / "admin" / "feedback").rglob("admin.html"))) == 1
    (page,) = (ayu.desk / "project" / "feedback").rglob("project.html")
    html = page.read_text(encoding="utf-8")
    assert "Score: 17.0 / 20.0" in html
    assert SCHEME not in html

    if language == "id":
        course.nbgrader("db", "upgrade")
    rows = course.export()
    exported = {name: rows["admin", name]["score"] for name in ("ayu", "budi", "citra", "dewi")}
    assert exported == {"ayu": "25.0", "budi": "13.0", "citra": "13.0", "dewi": "0.0"}
    assert rows["project", "ayu"]["score"] == "17.0"
