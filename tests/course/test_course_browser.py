"""nbgrader in a real browser: a student at JupyterLab, then the teacher at formgrader.

With SCREENSHOTS=folder in the environment, pictures of what was seen are kept there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import MISSING, chromium
from classroom import Course, cell_of, notebook, write_notebook
from exercise_solutions import SOLUTIONS
from helpers import until
from lab import LONGEST_SECONDS, jupyterlab
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

LOG = "jupyterlab.log"
QUIET = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)

pytestmark = pytest.mark.skipif(MISSING, reason="there is no Chromium with its driver here")


class Browser:
    """A headless Chromium that talks to nobody else."""

    def __init__(self, driver: webdriver.Chrome, folder: Path) -> None:
        self.driver = driver
        self.pictures = Path(os.environ.get("SCREENSHOTS", folder))
        self.pictures.mkdir(parents=True, exist_ok=True)

    def find(self, path: str) -> WebElement:
        """Wait for something visible, by its XPath, and return it."""

        def found(driver: webdriver.Chrome) -> WebElement | None:
            places = driver.find_elements(By.XPATH, path)
            return next((place for place in places if place.is_displayed()), None)

        waiting = WebDriverWait(self.driver, LONGEST_SECONDS, 0.1, ignored_exceptions=[Exception])
        element: WebElement = waiting.until(found, path)
        return element

    def click(self, path: str) -> None:
        """Click on something as soon as it is there."""
        self.find(path)
        self.driver.execute_script("arguments[0].click()", self.find(path))

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def picture(self, name: str) -> None:
        """Keep a picture of the window."""
        assert self.driver.save_screenshot(str(self.pictures / f"{name}.png"))


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    nobody_else = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with chromium(tmp_path / "chromium", nobody_else) as driver:
        yield Browser(driver, tmp_path)


def in_list(name: str, button: str) -> str:
    return f"//*[@id='{name}_assignments_list']//button[normalize-space()='{button}']"


def desk_of(course: Course, student: str) -> Path:
    desk = course.desk(student)
    (desk / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        "c.CourseDirectory.course_id = 'chat-en'\n"
        f"c.CourseDirectory.student_id = {student!r}\n"
        f"c.Exchange.root = {str(course.exchange)!r}\n"
    )
    return desk


def test_a_student_and_a_teacher(browser: Browser, tmp_path: Path) -> None:
    course = Course(tmp_path, "en")
    course.all_of(
        [
            (course.root, ["generate_assignment", "pm"]),
            (course.root, ["release_assignment", "pm"]),
            (course.root, ["generate_assignment", "project"]),
        ]
    )
    desk = desk_of(course, "ayu")
    with jupyterlab(desk, desk / LOG, course.environment, *QUIET) as (address, token):
        work_as_student(browser, desk, f"{address}/lab?token={token}")
    course.all_of([(course.root, ["collect", "pm"])])

    evil = "<script>document.title = 'mine'</script><img src=x onerror=\"document.title='mine'\">"
    project = course.hand_in("budi", "project")
    document = notebook(project)
    cell_of(document, "answer")["source"] = f"My own feature: /dadu {evil}"
    write_notebook(project, document)
    assert "ayu  20 of 20" in course.grade("pm")
    assert "waits for a person: answer, project" in course.grade("project")
    with jupyterlab(course.root, course.root / LOG, course.environment, *QUIET) as (address, token):
        grade_as_teacher(browser, course, address, token)


def work_as_student(browser: Browser, desk: Path, address: str) -> None:
    """Fetch, open, validate (in vain, then with success) and submit."""
    browser.driver.get(address)
    WebDriverWait(browser.driver, LONGEST_SECONDS, 0.1).until(
        lambda _driver: browser.run(
            "return window.jupyterapp?.commands.hasCommand('nbgrader:open-assignment-list')"
        )
    )
    browser.run("window.jupyterapp.commands.execute('nbgrader:open-assignment-list')")
    browser.click(in_list("released", "Fetch"))
    browser.find(in_list("fetched", "Submit"))
    browser.click("//*[@id='fetched_assignments_list']//a[normalize-space()='pm']")
    browser.find(in_list("fetched", "Validate"))
    browser.picture("course-1-assignment-list")

    browser.run("window.jupyterapp.commands.execute('docmanager:open', {path: 'pm/pm.ipynb'})")
    browser.find("//h1[contains(., 'Exercise pm')]")
    browser.picture("course-2-exercise")
    browser.run("window.jupyterapp.commands.execute('nbgrader:open-assignment-list')")

    browser.click(in_list("fetched", "Validate"))
    dialog = browser.find("//*[contains(@class, 'jp-Dialog-content')]")
    assert 'check("pm", "server.py")' in dialog.text
    browser.picture("course-3-validate-failed")
    browser.click("//*[contains(@class, 'jp-Dialog-footer')]//button")
    server = desk / "pm" / "server.py"
    program = server.read_text(encoding="utf-8")
    for old, new in SOLUTIONS["pm"]["server.py"]:
        program = program.replace(old, new)
    server.write_text(program, encoding="utf-8")
    browser.click(in_list("fetched", "Validate"))
    browser.find("//*[contains(., 'Success! Your notebook passes all the tests.')]")
    browser.picture("course-4-validate-passed")
    browser.click("//*[contains(@class, 'jp-Dialog-footer')]//button")
    browser.click(in_list("fetched", "Submit"))
    browser.find("//*[@id='submitted_assignments_list']//*[contains(., 'pm')]")
    browser.picture("course-5-submitted")


def grade_as_teacher(browser: Browser, course: Course, address: str, token: str) -> None:
    """See the scores in formgrader, and grade a project with the rubric."""
    browser.driver.get(f"{address}/lab?token={token}")
    browser.driver.get(f"{address}/formgrader/gradebook/pm/pm")
    browser.find("//td[normalize-space()='20 / 20']")
    browser.picture("course-6-scores")
    with course.book() as book:
        checked = book.find_submission_notebook("pm", "pm", "ayu").id
    browser.driver.get(f"{address}/formgrader/submissions/{checked}")
    report = browser.find("//*[contains(@class, 'autograder-report')]")
    browser.run("arguments[0].scrollIntoView()", report)
    browser.picture("course-7-report")

    (course.folder("submitted", "ayu", "pm") / "server.py").unlink()
    for column in ("autograde", "generate-feedback"):
        browser.driver.get(f"{address}/formgrader/manage_submissions/pm")
        browser.click(f"//td[contains(@class, '{column}')]/a")
        browser.find("//*[contains(@class, 'modal')]//*[contains(., 'Success')]")
        browser.picture(f"course-8-{column}")
    assert course.scores("pm") == {"ayu": 0}  # graded anew, by our check
    page = course.folder("feedback", "ayu", "pm") / "pm.html"
    assert "There is no file server.py" in page.read_text(encoding="utf-8")
    assert "<script" not in page.read_text(encoding="utf-8")
    with course.book() as book:
        found = book.find_submission_notebook("project", "project", "budi").id
    browser.driver.get(f"{address}/formgrader/submissions/{found}")
    browser.find("//*[contains(., 'My own feature')]")
    browser.picture("course-9-answer")
    assert "6 proved by both conversations" in browser.find("//body").text
    score = browser.find("//input[@id='project']")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", score)
    score.send_keys("16.5", Keys.TAB)
    browser.picture("course-9-rubric")

    def saved() -> bool:
        grade = course.grades("project")["budi"]["project"]
        return grade["manual"] == 16.5 and not grade["waits"]

    until(saved, "formgrader saves the score")
    assert browser.driver.title != "mine"
