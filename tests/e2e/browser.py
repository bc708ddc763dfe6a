"""A real Chromium, and what every page of ours must be in it: legible, labelled, at home at any width, and silent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCHEMES = ("light", "dark")
NARROW, WIDE = 360, 1600
PATIENCE_MS = 60_000
"""For all that is waited for on a page: five seconds are short where a hub, agents and a browser share a core."""

expect.set_options(timeout=PATIENCE_MS)


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


_FOCUSED = "(document.activeElement.ariaLabel || document.activeElement.textContent || '').trim()"
_IS_THERE = """(name) => [...document.querySelectorAll("a, button, input, select, summary, [tabindex]")].some((one) =>
  one.checkVisibility() && !one.disabled && (one.ariaLabel || one.textContent || "").trim().startsWith(name))"""


def focused(page: Page) -> str:
    """What has the focus, in words."""
    return str(page.evaluate(_FOCUSED))


def focus_is_on(page: Page, name: str, why: str = "") -> None:
    """It goes there by itself, as soon as the page has done what it was told."""
    try:
        page.wait_for_function(f"(name) => {_FOCUSED} === name", arg=name, timeout=PATIENCE_MS)
    except TooLate:
        raise AssertionError(f"{focused(page)!r} has the focus, not {name!r} {why}") from None


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Go there by the keyboard alone, as one does who has no mouse; and it is seen where one is."""
    try:
        page.wait_for_function(_IS_THERE, arg=name, timeout=PATIENCE_MS)  # what can be asked for comes by itself
    except TooLate:
        raise AssertionError(f"there is no {name!r} on the page") from None
    for _ in range(60):
        page.keyboard.press(key)
        if focused(page).startswith(name):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{name} does not show that it has the focus"
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")
