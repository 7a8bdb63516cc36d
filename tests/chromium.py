"""A headless Chromium for tests, of pages that have to work without a network too."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from selenium import webdriver

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
MISSING = CHROMIUM is None or DRIVER is None


@contextlib.contextmanager
def chromium(
    folder: Path, *flags: str, width: int = 1360, log: Mapping[str, str] | None = None
) -> Iterator[webdriver.Chrome]:
    """A headless Chromium that talks to nobody of its own accord.

    Args:
        folder: where it keeps what it remembers.
        flags: of its command line, besides the usual ones.
        width: of its window, in pixels.
        log: which records it keeps, and how much of each.
    """
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    if log is not None:
        options.set_capability("goog:loggingPrefs", dict(log))
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={folder}",
        f"--window-size={width},1000",
        *flags,
    ):
        options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()


@contextlib.contextmanager
def offline_chromium(folder: Path) -> Iterator[webdriver.Chrome]:
    """A headless Chromium without a network, which keeps a record of what it asks for."""
    with chromium(folder, width=1200, log={"performance": "ALL", "browser": "ALL"}) as driver:
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        driver.execute_cdp_cmd("Network.enable", {})
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        yield driver


def scheme(browser: webdriver.Chrome, name: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": name}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def resize(browser: webdriver.Chrome, width: int, height: int = 1000) -> None:
    """Give the window a size, in pixels; a narrow one is a telephone's."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def asked(browser: webdriver.Chrome) -> list[str]:
    """Return all addresses that pages from disk have asked for since this was called last."""
    events = [json.loads(each["message"])["message"] for each in browser.get_log("performance")]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
        and event["params"]["documentURL"].startswith("file:")  # not what Chromium begins with
    ]
