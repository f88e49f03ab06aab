"""Chromium for `make counts` and the tests: pages wide or as on a phone, light or dark, and what axe says of them."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

#: Windows: width and height in CSS pixels.
WIDE, PHONE = (1280, 900), (390, 844)
#: What keeps somebody from reading, in axe's words.
GRAVE = ("critical", "serious")
MISSING = "Chromium or its driver is not installed: apt-get install chromium chromium-driver"


def is_there() -> bool:
    """Whether Chromium and its driver are installed."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


@contextmanager
def opened(size: tuple[int, int] = WIDE) -> Iterator[Any]:
    """A selenium driver of Chromium, without a window, that keeps the logs of console and network.

    Parameters
    ----------
    size : tuple of int
        Width and height in CSS pixels.
    """
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in (
            "headless",
            "no-sandbox",
            "disable-gpu",
            "disable-quic",
            "no-first-run",
            "disable-background-networking",
            "disable-component-update",
            "disable-sync",
            "disable-dev-shm-usage",
            f"user-data-dir={profile}",
        ):
            options.add_argument(f"--{flag}")
        # headless Chromium refuses windows narrower than 500 pixels; a phone must be emulated
        width, height = size
        options.add_experimental_option(
            "mobileEmulation", {"deviceMetrics": {"width": width, "height": height, "pixelRatio": 1.0}}
        )
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        window = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            yield window
        finally:
            window.quit()


def visit(window: Any, path: Path, query: str = "") -> None:
    """Open a page from the disk and wait until it is loaded and its formulas are set."""
    from selenium.webdriver.support.wait import WebDriverWait

    window.get(path.as_uri() + query)
    loaded = "return document.readyState == 'complete'"  # `get` may return a moment before it
    WebDriverWait(window, 20).until(lambda driver: driver.execute_script(loaded))
    window.execute_async_script("(window.MathJax?.startup?.promise || Promise.resolve()).then(arguments[0])")


def colour(window: Any, theme: str) -> None:
    """Show the open page in the theme ``light`` or ``dark``, at once: half of the way to its colours is neither."""
    wishes = {"prefers-color-scheme": theme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    window.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)


def errors(window: Any) -> list[str]:
    """What went wrong, by the console, since last asked."""
    return [entry["message"] for entry in window.get_log("browser") if entry["level"] == "SEVERE"]


def requests(window: Any) -> list[str]:
    """Addresses on a network that pages asked since last asked."""
    asked = [
        json.loads(entry["message"])["message"]["params"].get("request", {}).get("url", "")
        for entry in window.get_log("performance")
        if '"Network.requestWillBeSent"' in entry["message"]
    ]
    return [address for address in asked if address.startswith(("http", "ws"))]


def grave(window: Any) -> list[dict[str, Any]]:
    """What axe finds critical or serious on the open page: rule, impact, and the elements as selectors.

    Includes the rule that a control's name holds the words seen on it, which axe 4.9 leaves out unless asked. Drawings
    are emptied first but for their title and description: axe has no rule for marks and letters in them, and would walk
    through thousands of them for minutes.
    """
    window.execute_script(
        "document.querySelectorAll('article svg').forEach(drawing =>"
        " drawing.replaceChildren(...drawing.querySelectorAll(':scope > title, :scope > desc')))"
    )
    window.set_script_timeout(120)
    axe = resources.files("selenium_axe_python").joinpath("axe-core/axe.min.js").read_text(encoding="utf-8")
    window.execute_script(axe)
    found = window.execute_async_script(
        "const done = arguments[0];"
        # without `preload`, it would fetch style sheets, which a page from a disk may not
        "axe.run(document, {resultTypes: ['violations'], preload: false,"
        " rules: {'label-content-name-mismatch': {enabled: true}}})"
        ".then(result => done(result.violations), error => done([{id: String(error), impact: 'critical', nodes: []}]))"
    )
    return [
        {"rule": each["id"], "impact": each["impact"], "nodes": [str(node["target"]) for node in each["nodes"]]}
        for each in found
        if each["impact"] in GRAVE
    ]
