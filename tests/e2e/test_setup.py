"""The first run in a real browser, to a folder that is kept: by the keyboard alone, and on any width."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import NARROW, SCHEMES, browsing, fits, focus_is_on, is_accessible, tab_to, visit
from tests.e2e.machines import PATIENCE, HubProcess, command, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


class FirstRun:
    """Someone at a machine on which nothing is set up."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.data = folder / "data"
        for name in ("Documents", "Downloads", "Pictures"):
            (self.home / name).mkdir(parents=True)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "SYNCAGENT_API_KEY"},
            "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }  # fmt: skip
        self.process = subprocess.Popen(
            command("setup", "--print", "--data-dir", self.data),
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def url(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments, "--data-dir", self.data), env=self.environment, capture_output=True, text=True,
            check=False, timeout=PATIENCE,
        )  # fmt: skip

    def end(self) -> None:
        self.ask("stop")
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def first_run(tmp_path: Path) -> Iterator[FirstRun]:
    made = FirstRun(tmp_path)
    yield made
    made.end()


def on_step(page: Page, title: str) -> None:
    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator("h1")).to_be_focused()


def test_by_the_keyboard_alone_a_machine_becomes_the_first(browser: Browser, first_run: FirstRun) -> None:
    (first_run.home / "Documents" / "letter.txt").write_text("to be kept")
    with visit(browser, first_run.url()) as page:
        on_step(page, "Keep a folder the same on all of your machines")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        tab_to(page, "Continue")
        page.keyboard.press("Enter")
        on_step(page, "Which folder?")
        page.keyboard.press("Tab")
        page.keyboard.press("Control+a")
        page.keyboard.type("~/Do")
        expect(page.get_by_role("option")).to_have_text(["~/Documents", "~/Downloads"])
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Folder", exact=True)).to_have_value("~/Documents/")
        expect(page.locator("#folder-said")).to_contain_text("There is 1 file or folder in it.")
        page.keyboard.press("Tab")
        page.keyboard.press("Control+a")
        page.keyboard.type("Anna's laptop")
        page.keyboard.press("Enter")
        on_step(page, "Ready?")
        for box in ("Start when I log in", "Let my other machines reach the hub"):
            if page.get_by_label(box).is_enabled() and page.get_by_label(box).is_checked():
                page.get_by_label(box).focus()
                page.keyboard.press("Space")
        assert not first_run.data.exists(), "nothing is done before one says so"
        tab_to(page, "Start")
        page.keyboard.press("Enter")
        expect(page.locator(".state .line")).to_have_text("Everything is in sync")
        expect(page.locator("main")).to_contain_text("Add another machine")
        expect(page.locator("#machine")).to_have_text("Anna's laptop")
        expect(page.locator("main li", has_text="letter.txt").first).to_be_visible()
    assert first_run.process.wait(PATIENCE) == 0
    status = json.loads(first_run.ask("status", "--json").stdout)
    assert (status["in_sync"], status["files"]) == (True, 1)


def test_a_machine_joins_with_the_link_of_another(browser: Browser, first_run: FirstRun, hub: HubProcess) -> None:
    with visit(browser, first_run.url(), width=NARROW) as page:
        page.get_by_label("No, join with a link").check()
        page.get_by_role("button", name="Continue").click()
        on_step(page, "Which hub?")
        link = page.get_by_label("Link", exact=True)
        for wrong, why in (
            ("hello", "This is no link of syncagent"),
            ("syncagent://127.0.0.1:1/default", "The link has no key; was it cut off?"),
            ("syncagent://192.168.77.1:8765/default?key=k", "would not be encrypted"),
        ):
            link.fill(wrong)
            expect(page.locator("#link-said")).to_contain_text(why)
            expect(link).to_have_attribute("aria-invalid", "true")
            page.get_by_role("button", name="Continue").click()
            expect(page.locator("h1")).to_have_text("Which hub?")
        link.fill(f"syncagent://127.0.0.1:{hub.port}/default?key={hub.key}")
        expect(page.locator("#link-said")).to_contain_text(f"The hub at 127.0.0.1:{hub.port} answers.")
        page.get_by_role("button", name="Continue").click()
        on_step(page, "Which folder?")
        page.get_by_label("Folder", exact=True).fill("/")
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("#folder-said")).to_contain_text("The whole file system cannot be kept the same")
        focus_is_on(page, "")
        page.get_by_label("Folder", exact=True).fill("~/Documents")
        page.get_by_role("button", name="Continue").click()
        on_step(page, "Ready?")
        if page.get_by_label("Start when I log in").is_enabled():
            page.get_by_label("Start when I log in").uncheck()
        page.get_by_role("button", name="Start").click()
        expect(page.locator(".state .line")).to_have_text("Everything is in sync")
    until((first_run.home / "Documents" / ".syncagent").is_dir, lambda: "the folder was not taken")


def is_well(page: Page) -> None:
    is_accessible(page)
    fits(page)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_step_is_legible_and_labelled_and_fits(browser: Browser, first_run: FirstRun, scheme: str) -> None:
    with visit(browser, first_run.url(), scheme, NARROW) as page:
        on_step(page, "Keep a folder the same on all of your machines")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("alert")).to_have_text("Choose one of the two.")
        is_well(page)
        page.get_by_label("No, join with a link").check()
        page.get_by_role("button", name="Continue").click()
        on_step(page, "Which hub?")
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("#link-said")).to_contain_text("Paste the link")
        is_well(page)
        page.get_by_role("button", name="Back").click()
        page.get_by_label("Yes, this machine keeps the hub").check()
        page.get_by_role("button", name="Continue").click()
        on_step(page, "Which folder?")
        page.get_by_label("Folder", exact=True).fill("~/D")
        expect(page.get_by_role("option")).to_have_count(2)
        is_well(page)
        page.get_by_label("Folder", exact=True).fill("~/new")
        page.get_by_role("button", name="Continue").click()
        on_step(page, "Ready?")
        is_well(page)
