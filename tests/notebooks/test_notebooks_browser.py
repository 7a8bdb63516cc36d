"""The notebooks in JupyterLab, in a real browser, as a student on a new machine sees them.

With SCREENSHOTS=folder in the environment, pictures of what was seen are kept there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from chromium import MISSING, chromium
from lab import LONGEST_SECONDS, jupyterlab
from pages import ENGLISH, INDONESIAN, LANGUAGES, ROOT, copy_checkout, source
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

# What is to be seen below a cell when all cells have run: where, and a text in it.
DRAWN = {
    "00": {
        "hello-diagram": ("svg", "Alice: Halo semua!"),
        "inside-run": (".autograder-threads", "Charlie"),
        "errors-sees": ("pre", "Apa kabar, Bob?"),
        "checkpoint-check": ("svg", "✗"),
    },
    "03": {
        "share-run": ("svg", "Alice: Halo semua!"),
        "stuck-run": (".autograder-threads", "client.sendall(message.encode())"),
        "checkpoint-check": ("svg", "✗"),
    },
    "05": {
        "flow-diagram": ("svg", "Alice keluar!"),
        "flow-map": (".autograder-threads", "Charlie"),
        "checkpoint-check": ("svg", "✗"),
    },
}
EXERCISE = "exercises/{}/modul_contoh/modul_contoh.ipynb"
WORDS = {"id": ("Kirim", "Keluar", "Masuk lagi"), "en": ("Send", "Leave", "Join again")}

pytestmark = pytest.mark.skipif(MISSING, reason="there is no Chromium and its driver here")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that the browser may change."""
    return copy_checkout(tmp_path_factory.mktemp("lab") / "checkout")


@pytest.fixture(scope="module")
def address(checkout: Path) -> Iterator[str]:
    """The address of a JupyterLab that runs in a home folder that was empty before."""
    home = checkout.parent / "home"
    home.mkdir()
    settings = checkout.parent / "settings"
    write_settings(settings)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")
    }
    environment |= {
        "HOME": str(home),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PYTHONUNBUFFERED": "1",
    }
    log, root = checkout.parent / "jupyterlab.log", f"--ServerApp.root_dir={checkout}"
    with jupyterlab(checkout, log, environment, root) as (start, token):
        yield f"{start}/lab/tree/{{path}}?token={token}"


def lesson_path(lesson: str, language: str) -> str:
    """Return where a lesson stands in the project."""
    path = {"id": INDONESIAN, "en": ENGLISH}[language][lesson]
    return path.relative_to(ROOT).as_posix()


def write_settings(folder: Path) -> None:
    """Settle what JupyterLab would ask about, as the set-up does: no news, no updates."""
    file = folder / "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"checkForUpdates": False, "fetchNews": "false"}), "utf-8")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A headless Chromium that talks to nobody else."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        driver.set_script_timeout(LONGEST_SECONDS)
        yield driver


class Lab:
    """JupyterLab in the browser, with one notebook open."""

    def __init__(self, driver: webdriver.Chrome, address: str, pictures: Path) -> None:
        self.driver = driver
        self.address = address
        self.pictures = pictures

    def open(self, path: str) -> None:
        """Open a notebook and wait until its kernel is ready."""
        self.driver.get(self.address.format(path=path))
        self.until(
            "const widget = window.jupyterapp?.shell?.currentWidget;"
            "return widget?.context?.path === arguments[0]"
            " && widget.context.isReady"
            " && widget.sessionContext.session?.kernel?.status === 'idle';",
            path,
        )

    def until(self, script: str, *arguments: object) -> Any:
        """Wait until a script returns something true, and return that."""
        return WebDriverWait(self.driver, LONGEST_SECONDS, poll_frequency=0.1).until(
            lambda driver: driver.execute_script(script, *arguments)
        )

    def command(self, name: str, **options: str) -> None:
        """Carry out one of JupyterLab's commands and wait for its end."""
        self.driver.execute_async_script(
            "const [name, options, done] = arguments;"
            "window.jupyterapp.commands.execute(name, options).then(() => done(), () => done());",
            name,
            options,
        )

    def run_all(self) -> None:
        """Run all cells and wait until none is waiting or running."""
        self.command("notebook:run-all-cells")
        self.until(
            "const cells = window.jupyterapp.shell.currentWidget.content.widgets;"
            "const code = cells.filter(cell => cell.model.type === 'code');"
            "return code.every(cell => cell.model.executionState === 'idle'"
            " && (cell.model.executionCount !== null));"
        )

    def show(self, cell_id: str) -> WebElement:
        """Scroll to a cell and return it."""
        self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "const content = window.jupyterapp.shell.currentWidget.content;"
            "const at = content.widgets.findIndex(cell => cell.model.id === arguments[0]);"
            "content.activeCellIndex = at;"
            "content.scrollToItem(at, 'start').then(() => done());",
            cell_id,
        )
        self.until(
            "const content = window.jupyterapp.shell.currentWidget.content;"
            "return content.activeCell.model.id === arguments[0]"
            " && content.activeCell.node.isConnected;",
            cell_id,
        )
        cell: WebElement = self.driver.execute_script(
            "return window.jupyterapp.shell.currentWidget.content.activeCell.node;"
        )
        return cell

    def wait_for(self, inside: WebElement, selector: str) -> WebElement:
        """Wait for something visible inside a cell, and return it."""
        return WebDriverWait(self.driver, LONGEST_SECONDS, poll_frequency=0.1).until(
            lambda _driver: next(
                (
                    found
                    for found in inside.find_elements(By.CSS_SELECTOR, selector)
                    if found.is_displayed() and found.size["height"] > 0
                ),
                None,
            )
        )

    def wait_for_text(self, inside: WebElement, *texts: str) -> None:
        """Wait until all of `texts` are to be read in something."""
        WebDriverWait(self.driver, LONGEST_SECONDS, poll_frequency=0.1).until(
            lambda _driver: all(text in inside.text for text in texts),
            f"{texts} in {inside.text!r}",
        )

    def picture(self, name: str) -> None:
        """Keep a picture of the window."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        assert self.driver.save_screenshot(str(self.pictures / f"{name}.png"))


@pytest.fixture
def lab(browser: webdriver.Chrome, address: str, tmp_path: Path) -> Iterator[Lab]:
    """JupyterLab, and nothing in it that runs on after the test."""
    lab = Lab(browser, address, Path(os.environ.get("SCREENSHOTS", tmp_path)))
    yield lab
    lab.command("docmanager:save")
    browser.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "window.jupyterapp.serviceManager.sessions.shutdownAll().then(done);"
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lesson", DRAWN)
def test_a_lesson_runs_and_draws(lab: Lab, lesson: str, language: str) -> None:
    lab.open(lesson_path(lesson, language))
    picture = lab.wait_for(lab.show("title"), "img[alt]")
    lab.until("return arguments[0].complete && arguments[0].naturalWidth > 0;", picture)
    lab.picture(f"lesson-{lesson}-{language}-title")

    lab.run_all()

    for cell, (selector, text) in DRAWN[lesson].items():
        drawn = lab.wait_for(lab.show(cell), f".jp-OutputArea-output {selector}")
        assert text in drawn.text
        lab.picture(f"lesson-{lesson}-{language}-{cell}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_exercise_runs_and_takes_an_answer(lab: Lab, checkout: Path, language: str) -> None:
    path = EXERCISE.format(language)
    lab.open(path)
    lab.picture(f"exercise-{language}-1-title")
    lab.run_all()
    lab.wait_for(lab.show("check-threading"), ".jp-OutputArea-output svg")
    lab.picture(f"exercise-{language}-2-check")

    answer = lab.show("answer")
    ActionChains(lab.driver).double_click(lab.wait_for(answer, ".jp-RenderedMarkdown")).perform()
    lab.wait_for(answer, ".cm-content").click()
    text = "Thread milik Bob menjalankan remove_client."
    keys = ActionChains(lab.driver)
    keys.key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL)
    keys.send_keys(text).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()
    WebDriverWait(lab.driver, LONGEST_SECONDS).until(
        lambda _driver: text in lab.wait_for(answer, ".jp-RenderedMarkdown").text
    )
    lab.picture(f"exercise-{language}-3-answer")
    lab.command("docmanager:save")

    saved = nbformat.read(checkout / path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(saved)
    assert text in {source(cell) for cell in saved.cells}


@pytest.mark.parametrize("language", LANGUAGES)
def test_three_people_chat_in_three_windows(lab: Lab, language: str) -> None:
    send, leave, join_again = WORDS[language]
    lab.open(lesson_path("00", language))
    lab.show("windows-chat")
    lab.command("notebook:run-all-above")
    cell = lab.show("windows-run")
    panes = lab.wait_for(cell, ".autograder-window").find_elements(By.CSS_SELECTOR, ".aw-pane")
    alice, bob, charlie, server = panes
    lab.wait_for_text(alice, "NICK", "Charlie Bergabung!")
    lab.wait_for_text(server, "Username Charlie")

    # with the keyboard alone: Enter sends, and one goes on typing
    box = alice.find_element(By.CSS_SELECTOR, "input")
    assert "Alice" in box.accessible_name
    box.send_keys("Halo semua!", Keys.ENTER)
    for pane in (alice, bob, charlie):
        lab.wait_for_text(pane, "Alice: Halo semua!")
    ActionChains(lab.driver).send_keys("Apa kabar? ☕ <b>", Keys.ENTER).perform()
    for pane in (alice, bob, charlie):
        lab.wait_for_text(pane, "Alice: Apa kabar? ☕ <b>")
    assert box.get_property("value") == ""
    lab.picture(f"window-{language}-1-light")

    # what is typed and left stays there until somebody sends it
    box.send_keys("nan")
    answer = bob.find_element(By.CSS_SELECTOR, "input")
    answer.send_keys("Hai Alice!")
    bob.find_element(By.XPATH, f".//button[.='{send}']").click()
    lab.wait_for_text(charlie, "Bob: Hai Alice!")
    assert "Alice: nan" not in charlie.text
    box.send_keys("ti dulu", Keys.ENTER)
    lab.wait_for_text(charlie, "Alice: nanti dulu")
    assert charlie.text.count("Alice: nan") == 1

    charlie.find_element(By.XPATH, f".//button[.='{leave}']").send_keys(Keys.SPACE)
    lab.wait_for_text(alice, "Charlie keluar!")
    lab.wait_for_text(charlie, join_again)
    assert not charlie.find_element(By.CSS_SELECTOR, "input").is_enabled()
    button = lab.wait_for(charlie, "button:focus")  # the keyboard is where it was
    answer.send_keys("Sepi.", Keys.ENTER)
    lab.wait_for_text(alice, "Bob: Sepi.")
    assert "Bob: Sepi." not in charlie.text
    lab.picture(f"window-{language}-2-left")
    button.send_keys(Keys.SPACE)
    lab.wait_for_text(bob, "Bob: Sepi.\nCharlie Bergabung!")
    lab.wait_for_text(charlie, leave)
    assert "Bob: Sepi." not in charlie.text

    lab.command("apputils:change-theme", theme="JupyterLab Dark")
    lab.picture(f"window-{language}-3-dark")
    lab.command("apputils:change-theme", theme="JupyterLab Light")
