"""Makes this folder an nbgrader course, one for each language: exercises/README.md tells how.

From the environment:

    COURSE_LANG     id or en; where it is not set, the language of the locale
    GRADEBOOK_URL   where the gradebook is, such as postgresql+psycopg://user@host/chat_{language};
                    where it is not set, in course/<language>/gradebook.db
    EXCHANGE_ROOT   the folder by which assignments go to students and come back; where it is not
                    set, nbgrader's usual one if it is there, else course/exchange
"""

import os
import sysconfig
from pathlib import Path

from autograder.course.converter import put_into_nbgrader
from autograder.i18n import LANGUAGES
from autograder.i18n import language as language_of_the_locale

ROOT = Path(__file__).resolve().parent
LANGUAGE = os.environ.get("COURSE_LANG") or language_of_the_locale()
if LANGUAGE not in LANGUAGES:
    raise SystemExit(f"COURSE_LANG is {LANGUAGE!r}: set it to {' or '.join(LANGUAGES)}.")
COURSE = f"course/{LANGUAGE}"
SOURCE = ROOT / "exercises" / LANGUAGE

c = get_config()  # noqa: F821 - nbgrader gives it

put_into_nbgrader()

# nbgrader looks for its helper alembic there when it makes a gradebook.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])

# Two languages share nothing: their exercises have the same names.
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.course_id = f"chat-{LANGUAGE}"
c.CourseDirectory.source_directory = f"exercises/{LANGUAGE}"
for step in ("release", "submitted", "autograded", "feedback"):
    setattr(c.CourseDirectory, f"{step}_directory", f"{COURSE}/{step}")
(ROOT / COURSE).mkdir(parents=True, exist_ok=True)
c.CourseDirectory.db_url = os.environ.get(
    "GRADEBOOK_URL", f"sqlite:///{ROOT / COURSE / 'gradebook.db'}"
).replace("{language}", LANGUAGE)
c.CourseDirectory.ignore = [
    *(".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback"),
    "work",  # what the notebooks' cells write
]
if "EXCHANGE_ROOT" in os.environ:
    c.Exchange.root = os.environ["EXCHANGE_ROOT"]
elif not Path("/usr/local/share/nbgrader/exchange").is_dir():
    # Enough to try a course out; and JupyterLab need not complain to those who learn alone.
    exchange = ROOT / "course" / "exchange"
    exchange.mkdir(exist_ok=True)
    exchange.chmod(0o777)
    c.Exchange.root = str(exchange)

# Programs are the students' own: a teacher's copy must never take their place.
c.Autograde.exclude_overwriting = {
    folder.name: [path.relative_to(folder).as_posix() for path in folder.rglob("*.py")]
    for folder in SOURCE.iterdir()
    if folder.is_dir()
}
c.CheckedAutograde.language = LANGUAGE

# The sentence that waits in the place of a written answer, which is one of ours.
c.ClearSolutions.text_stub = {
    "id": "*Tulis jawabanmu di sini: klik dua kali, hapus kalimat ini, dan tekan Shift+Enter"
    " kalau sudah.*",
    "en": "*Write your answer here: double-click, delete this sentence, and press Shift+Enter when"
    " you are done.*",
}[LANGUAGE]

c.HTMLExporter.filters = {"markdown2html": "autograder.course.pages.markdown"}
c.GenerateFeedback.exporter_class = "autograder.course.pages.FeedbackExporter"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "autograder.course.pages.ForTheStudent",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.ExportApp.plugin_class = "autograder.course.export.Export"
c.ExchangeFactory.collect = "autograder.course.exchange.Collect"
c.ExchangeFactory.release_feedback = "autograder.course.exchange.ReleaseFeedback"
