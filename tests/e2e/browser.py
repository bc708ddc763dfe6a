"""A real Chromium, and what every page of ours must be in it: legible, labelled, at home at any width, and silent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCHEMES = ("light", "dark")
NARROW, WIDE = 360, 1600


def chromium() -> str:
    """Where it is; without one, the tests that want it are skipped."""
    found = os.environ.get("SYNCAGENT_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("needs Chromium: apt-get install chromium, or set SYNCAGENT_CHROMIUM")
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, url: str, scheme: str = "light", width: int = 1280) -> Iterator[Page]:
    """A page that says nothing in the console: no error of ours, and nothing that its own policy forbids."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", locale="en-GB"
    )  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    yield page
    context.close()
    # What the agent says no to, the browser notes as well.
    said = [line for line in said if "status of 409" not in line]
    assert said == [], said


def is_accessible(page: Page) -> None:
    """By the rules of axe: labels, roles, contrast."""
    found: Any = Axe().run(page).response
    bad = [
        (violation["id"], violation["help"], [node["html"][:200] for node in violation["nodes"]])
        for violation in found["violations"]
    ]
    assert bad == [], bad


def fits(page: Page) -> None:
    """Nothing has to be scrolled sideways."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def focused(page: Page) -> str:
    """What has the focus, in words."""
    return str(page.evaluate("(document.activeElement.ariaLabel || document.activeElement.textContent || '').trim()"))


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Go there by the keyboard alone, as one does who has no mouse; and it is seen where one is."""
    for _ in range(60):
        page.keyboard.press(key)
        if focused(page).startswith(name):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{name} does not show that it has the focus"
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")
