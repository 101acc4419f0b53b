"""A real Chromium without a window, driven by the system's chromedriver; it reaches no network."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

_SWITCHES = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
SCRIPT_SECONDS = 120


class Browser:
    """One window."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def look(self, *, width: int, is_dark: bool = False) -> None:
        """Show pages so wide, in pixels, and in light or dark colours."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self._tell("Emulation.setEmulatedMedia", media="screen", features=[scheme])
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self._tell("Emulation.setDeviceMetricsOverride", **size)

    def script(self, text: str, *arguments: object) -> Any:
        """What a function with the body `text` returns in the page."""
        return self.driver.execute_script(text, *arguments)

    def print_pdf(self) -> bytes:
        """The page as it is printed, with the style sheet's paper and with backgrounds."""
        self._tell("Emulation.setEmulatedMedia", media="", features=[])
        printed = self._tell("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(printed["data"])

    def messages(self) -> list[str]:
        """What the console showed since this was last asked: errors, refused requests and the like."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]

    def _tell(self, command: str, **arguments: object) -> Any:
        return self.driver.execute_cdp_cmd(command, arguments)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser of our own; its processes end with the block."""
    options = webdriver.ChromeOptions()
    options.binary_location = _installed("chromium")
    for switch in (*_SWITCHES, *(["--no-sandbox"] if os.geteuid() == 0 else [])):
        options.add_argument(switch)
    driver = webdriver.Chrome(options=options, service=Service(_installed("chromedriver")))
    driver.set_script_timeout(SCRIPT_SECONDS)
    try:
        yield Browser(driver)
    finally:
        driver.quit()


def _installed(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise RuntimeError(f"{program} is not installed: apt-get install chromium chromium-driver")
    return path
