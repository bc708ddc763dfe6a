"""Makes docs/pictures/page: the pages as people see them, with a real hub and real agents behind them.

Needs Chromium and what development needs:  .venv/bin/python scripts/page_pictures.py [FOLDER]
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from syncagent.agent.places import places
from syncagent.control import ControlClient

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0
PORT = 18765
SHOPPING = "bread\nmilk\ncoffee\napples\nsoap\n"


class Machine:
    """An agent with a folder, started as a person would."""

    def __init__(self, home: Path, name: str) -> None:
        self.name = name
        self.data = home / f".{name}"
        self.root = home / name / "Documents"
        self.root.mkdir(parents=True)

    def ask(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "syncagent", *arguments, "--data-dir", str(self.data)], cwd=ROOT, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def url(self, part: str = "") -> str:
        return self.ask("page", "--print") + (f"&part={part}" if part else "")

    def wait(self) -> None:
        self.ask("wait", "--timeout", str(PATIENCE))

    def write(self, path: str, size: int = 4000) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(random.Random(path).randbytes(size))


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < end:
        time.sleep(0.1)


def picture(browser: Browser, url: str, path: Path, **more: object) -> None:
    """One page, as it is a moment after it was opened.  ``act`` does something with it before."""
    scheme, width, act = str(more.get("scheme", "light")), int(str(more.get("width", 1280))), more.get("act")
    context = browser.new_context(
        viewport={"width": width, "height": 820 if width > 600 else 780}, color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce", locale="en-GB",
    )  # fmt: skip
    page = context.new_page()
    page.goto(url)
    page.locator("h1").first.wait_for(state="attached")
    if callable(act):
        act(page)
    page.wait_for_timeout(1200)
    page.screenshot(path=path)
    print(path.name)
    context.close()


def choose_folder(page: Page) -> None:
    page.get_by_label("Yes, this machine keeps the hub").check()
    page.get_by_role("button", name="Continue").click()
    field = page.get_by_label("Folder", exact=True)
    field.fill("~/D")
    page.get_by_role("option").first.wait_for()
    field.press("ArrowDown")


def show_link(page: Page) -> None:
    page.get_by_role("button", name="Show the link").click()


def merged(page: Page) -> None:
    page.get_by_role("button", name="Merge…").click()
    page.locator(".panel").wait_for()


def compared(page: Page) -> None:
    page.get_by_role("button", name="Compare").click()
    page.locator(".panel").wait_for()


def wrong_setting(page: Page) -> None:
    field = page.get_by_label("Look through everything every")
    field.fill("0")
    field.press("Enter")


def first_run(browser: Browser, home: Path, out: Path) -> None:
    for name in ("Documents", "Downloads", "Pictures"):
        (home / "person" / name).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "syncagent", "setup", "--print", "--data-dir", str(home / ".new")]
    environment = {**os.environ, "HOME": str(home / "person"), "PYTHONPATH": str(ROOT)}
    for name, scheme, act in (
        ("setup", "light", None),
        ("setup-folder", "light", choose_folder),
        ("setup-dark", "dark", None),
    ):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        picture(browser, process.stdout.readline().strip(), out / f"{name}.png", scheme=scheme, act=act)
        process.kill()
        process.communicate()


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures" / "page"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sa-") as folder, sync_playwright() as playwright:
        home = Path(folder)
        path = os.environ.get("SYNCAGENT_CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        first_run(browser, home, out)
        try:
            shown(browser, Machine(home, "laptop"), Machine(home, "desk"), out)
        finally:
            browser.close()


def shown(browser: Browser, laptop: Machine, desk: Machine, out: Path) -> None:
    """A day with two machines."""
    try:
        begun(laptop, desk)
        at_rest(browser, laptop, out)
        at_work(browser, laptop, out)
        in_trouble(browser, laptop, desk, out)
    finally:
        for machine in (laptop, desk):
            machine.ask("stop")


def begun(laptop: Machine, desk: Machine) -> None:
    laptop.ask("up", str(laptop.root), f"--listen=127.0.0.1:{PORT}", "--name", "Anna's laptop", "--background")
    desk.ask("join", invitation_of(laptop), str(desk.root), "--name", "Desk at work", "--background")
    for number in range(14):
        laptop.write(f"Photos/2026/IMG_{4100 + number}.jpg", 90_000)
    for name in ("Letter to the bank.odt", "Taxes/2025.ods", "Notes/Ideas.txt"):
        laptop.write(name)
    (laptop.root / "Notes" / "Shopping.txt").write_text(SHOPPING)
    laptop.write("Drafts/Talk.odp", 240_000)
    laptop.write("Old address.txt", 300)
    laptop.wait()
    desk.wait()
    (desk.root / "Drafts" / "Talk.odp").unlink()
    (desk.root / "Old address.txt").unlink()
    desk.write("Work/Minutes of Monday.md")
    (desk.root / "Letter to the bank.odt").write_bytes(bytes(5200))
    desk.wait()
    laptop.wait()
    conflict(laptop, desk)


def at_rest(browser: Browser, laptop: Machine, out: Path) -> None:
    picture(browser, laptop.url(), out / "overview.png")
    picture(browser, laptop.url(), out / "overview-dark.png", scheme="dark")
    picture(browser, laptop.url(), out / "overview-narrow.png", width=360)
    picture(browser, laptop.url("activity"), out / "activity.png")
    picture(browser, laptop.url("conflicts"), out / "conflicts.png", act=merged)
    picture(browser, laptop.url("conflicts"), out / "conflicts-dark.png", act=compared, scheme="dark")
    picture(browser, laptop.url("trash"), out / "trash.png")
    picture(browser, laptop.url("trash"), out / "trash-narrow-dark.png", scheme="dark", width=360)
    picture(browser, laptop.url("machines"), out / "machines.png", act=show_link)
    picture(browser, laptop.url("preferences"), out / "preferences.png", act=wrong_setting)
    picture(browser, laptop.url("help"), out / "help.png")


def at_work(browser: Browser, laptop: Machine, out: Path) -> None:
    laptop.ask("limit", "--up", "1MB")
    for number in range(60):
        laptop.write(f"Films/clip {number:02}.mov", 400_000)
    picture(browser, laptop.url(), out / "syncing.png")
    laptop.ask("pause", "--for", "1h")
    picture(browser, laptop.url(), out / "paused.png", scheme="dark")
    laptop.ask("limit", "--up", "off")
    laptop.ask("resume")
    laptop.wait()


def in_trouble(browser: Browser, laptop: Machine, desk: Machine, out: Path) -> None:
    for folder in ("Photos/2026", "Films"):
        for file in (laptop.root / folder).iterdir():
            file.unlink()
    until(lambda: bool(json.loads(laptop.ask("status", "--json"))["asked"]))
    picture(browser, laptop.url("held"), out / "held.png")
    picture(browser, laptop.url(), out / "attention-narrow-dark.png", scheme="dark", width=360)
    laptop.ask("stop")
    until(lambda: json.loads(desk.ask("status", "--json"))["state"] == "offline")
    picture(browser, desk.url(), out / "offline.png")


def invitation_of(machine: Machine) -> str:
    """The link, as the page has it."""
    return str(ControlClient(places(machine.data).control).call("invite")["link"])


def conflict(one: Machine, other: Machine) -> None:
    """Both change one file while they do not hear of each other."""
    for machine in (one, other):
        machine.ask("pause")
    (one.root / "Notes" / "Shopping.txt").write_text(SHOPPING + "candles\n")
    (other.root / "Notes" / "Shopping.txt").write_text(SHOPPING.replace("bread", "rye bread"))
    other.ask("resume")
    other.wait()
    one.ask("resume")
    one.wait()


if __name__ == "__main__":
    main()
