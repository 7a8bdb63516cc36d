"""The gradebook in a real PostgreSQL: `.ci/run` starts one, and names it in POSTGRESQL_URL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from class_of_thirty import half, right
from classroom import Course
from psycopg import sql

SERVER = os.environ.get("POSTGRESQL_URL", "")

pytestmark = pytest.mark.skipif(not SERVER, reason="POSTGRESQL_URL names no PostgreSQL")


@pytest.fixture
def database() -> Iterator[str]:
    """URL of a new database, as SQLAlchemy has it, with the language left open."""
    name = f"chat_{uuid.uuid4().hex}"
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"{name}_en")))
        yield SERVER.replace("postgresql://", "postgresql+psycopg://").replace(
            "/postgres?", f"/{name}_{{language}}?"
        )
        connection.execute(
            sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(f"{name}_en"))
        )


def test_a_gradebook_in_postgresql(database: str, tmp_path: Path) -> None:
    course = Course(tmp_path, "en", database)
    course.nbgrader("generate_assignment", "timestamp")
    right(course.hand_in("ayu", "timestamp"))
    half(course.hand_in("budi", "timestamp"))
    assert "ayu   15 of 15 so far; waits for a person: answer" in course.grade("timestamp")
    with course.book() as book:
        assert book.engine.dialect.name == "postgresql"
        grade = book.find_grade("check-timestamp-a", "timestamp", "timestamp", "budi")
        grade.manual_score = 3.5
        book.db.commit()
    course.grade("timestamp", "--rerun")
    assert course.scores("timestamp") == {"ayu": 15, "budi": 3.5}
    course.nbgrader("generate_feedback", "timestamp")
    rows = course.export()
    assert {student: row["score"] for (_name, student), row in rows.items()} == {
        "ayu": "15.0",
        "budi": "3.5",
    }
    assert not list(course.root.rglob("gradebook.db"))
