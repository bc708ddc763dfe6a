"""Makes docs/WALKTHROUGH.md and its pictures, by doing all of it: what stands there was typed, seen and said.

From the wheel to a conflict that is settled and a file that comes back, on two machines of one person (two homes here),
with a real hub, a real desktop and a real browser.  Needs what development needs, Chromium, and a desktop without a
monitor (`tests/support/screen.py` says which programs):  make walkthrough
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support import screen as screens  # noqa: E402
from tests.support.screen import Screen, desktop  # noqa: E402

DOCUMENT = ROOT / "docs" / "WALKTHROUGH.md"
PICTURES = ROOT / "docs" / "pictures" / "walkthrough"
PATIENCE = 90.0
ICON = (screens.SIZE[0] - 18, 16)
"""Where our icon is in the panel."""
OPENER = '#!/bin/sh\nprintf \'%s\\n\' "$1" > "$HOME/.opened"\n'
"""What the desktop opens pages with: it says which, and the browser of this script goes there."""


WITHOUT_KEY = """() => {
  const without = (text) => text.replace(/(key=)[^&]*/, "$1…");
  for (const field of document.querySelectorAll("input")) field.value = without(field.value);
  for (const code of document.querySelectorAll("main code")) code.textContent = without(code.textContent);
  document.activeElement.blur();
}"""
"""Nobody is to see the key in a picture, though the hub that it was for is gone."""


class Machine:
    """A home with nothing in it, and what is typed there."""

    def __init__(self, name: str, base: Path, programs: Path, screen: Screen | None = None) -> None:
        self.name = name
        self.home = base / name
        self.home.mkdir(parents=True)
        more = dict(screen.environment) if screen is not None else {}
        self.environment = {
            **more, "HOME": str(self.home), "PATH": f"{programs}:{base / 'desktop'}:/usr/bin:/bin", "LC_ALL": "C.UTF-8",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "COLUMNS": "100", "USER": "anna",
        }  # fmt: skip

    def types(self, command: str) -> tuple[str, int]:
        """What it says, and the exit code."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.home, env=self.environment, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=600,
        )  # fmt: skip
        return self.plain(done.stdout + done.stderr), done.returncode

    def does(self, command: str) -> str:
        """The same, of which nothing is told."""
        said, code = self.types(command)
        assert code == 0, f"{self.name}: {command}: {said}"
        return said

    def waits(self) -> None:
        self.does("syncagent wait --timeout 60")

    def plain(self, text: str) -> str:
        text = text.replace(str(self.home), "/home/anna")
        return re.sub(r"(key=)[\w-]{8,}", r"\1…", text)

    def opened(self) -> str:
        """The page that the desktop was asked for."""
        path = self.home / ".opened"
        until(path.exists, f"{self.name}: no page was opened")
        url = path.read_text().strip()
        path.unlink()
        return url

    def write(self, path: str, text: str) -> None:
        place = self.home / "Documents" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def read(self, path: str) -> str:
        return (self.home / "Documents" / path).read_text()


class Story:
    """The document, as it comes about."""

    def __init__(self, out: Path) -> None:
        self._lines: list[str] = []
        self._out = out
        self._number = 0

    def title(self, text: str) -> None:
        self._lines += [f"## {text}", ""]

    def says(self, *paragraphs: str) -> None:
        for text in paragraphs:
            self._lines += [text, ""]

    def terminal(self, machine: Machine, *commands: str, most: int = 24, code: int = 0) -> None:
        """Type that, and show what comes of it."""
        self._lines.append("```console")
        for command in commands:
            said, ended = machine.types(command)
            assert ended == code, f"{machine.name}: {command}: {ended}: {said}"
            print(f"{machine.name}$ {command}")
            shown = said.rstrip("\n").splitlines()
            if len(shown) > most:
                shown = [*shown[:most], "…"]
            self._lines += [f"anna@{machine.name}:~$ {machine.plain(command)}", *shown]
        self._lines += ["```", ""]

    def terminal_said(self, machine: Machine, command: str, said: str) -> None:
        """What a command said that went on while something else was done."""
        self._lines += ["```console", f"anna@{machine.name}:~$ {command}", *machine.plain(said).splitlines(), "```", ""]

    def picture(self, take: Callable[[Path], object], name: str, words: str) -> None:
        self._number += 1
        path = self._out / f"{self._number:02}-{name}.png"
        take(path)
        print(path.name)
        self._lines += [f"![{words}](pictures/walkthrough/{path.name})", ""]

    def page(self, page: Page, name: str, words: str) -> None:
        page.wait_for_timeout(600)
        self.picture(lambda path: page.screenshot(path=path), name, words)

    def text(self) -> str:
        return "\n".join(self._lines).strip() + "\n"


def until(true: Callable[[], object], why: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, why
        time.sleep(0.1)


@contextlib.contextmanager
def visit(browser: Browser, url: str, scheme: str = "light") -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1120, "height": 720}, color_scheme=scheme, reduced_motion="reduce", locale="en-GB"  # type: ignore[arg-type]
    )  # fmt: skip
    page = context.new_page()
    page.goto(url)
    page.locator("h1").first.wait_for(state="attached")
    yield page
    context.close()


# --- the story ------------------------------------------------------------------------------------------------------


def installs(story: Story, laptop: Machine, wheel: Path) -> None:
    story.title("Install")
    story.says(
        "From a checkout, `make package ARGS=wheel` makes a wheel in `dist/`. Any tool that gives a program an "
        "environment of its own will do; `tray` adds the icon in the panel."
    )
    shutil.copy(wheel, laptop.home)
    story.terminal(laptop, f"pipx install --quiet './{wheel.name}[tray]'", "syncagent --version")
    (laptop.home / wheel.name).unlink()


def begins(story: Story, browser: Browser, laptop: Machine) -> None:
    story.title("The first machine")
    story.says("`syncagent setup` asks what it has to know in the browser. Nothing is set up before you press “Start”.")
    for path, text in (
        ("Letter to the bank.txt", "Dear bank,\n"), ("Shopping.txt", SHOPPING), ("Trip.txt", "by train\n"),
        ("Taxes/2025.csv", "month,sum\n" * 200),
    ):  # fmt: skip
        laptop.write(path, text)
    waiting = subprocess.Popen(["syncagent", "setup"], cwd=laptop.home, env=laptop.environment, text=True,
                               executable=shutil.which("syncagent", path=laptop.environment["PATH"]),
                               stdout=subprocess.PIPE)  # fmt: skip
    with visit(browser, laptop.opened()) as page:
        page.get_by_label("Yes, this machine keeps the hub").check()
        story.page(page, "setup", "The first question: is this the first machine?")
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Folder", exact=True).fill("~/Doc")
        page.get_by_role("option").first.wait_for()
        story.page(page, "setup-folder", "The folder is chosen, with what there is offered")
        page.get_by_label("Folder", exact=True).fill("~/Documents")
        page.get_by_label("What is this machine called?").fill("Laptop")
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Let my other machines reach the hub").wait_for()
        story.page(page, "setup-ready", "What was said, once more, before anything is done")
        page.get_by_role("button", name="Start").click()
        page.locator(".state .line", has_text="Everything is in sync").wait_for(timeout=60_000)
        story.page(page, "first-overview", "The agent's page: everything is in sync")
    said = waiting.communicate(timeout=60)[0]
    story.says("In the terminal, it has said meanwhile:")
    story.terminal_said(laptop, "syncagent setup", said)
    story.says("How it stands is also said there:")
    story.terminal(laptop, "syncagent status")


def joins(story: Story, browser: Browser, laptop: Machine, desk: Machine) -> None:
    story.title("The second machine")
    story.says(
        "The link for another machine is on the page, under “Add a machine”. Whoever has it has the folder, so it is "
        "shown only when you ask for it."
    )
    laptop.does("syncagent page")
    with visit(browser, laptop.opened()) as page:
        page.locator("#nav").get_by_text("Add a machine").click()
        page.get_by_role("button", name="Show the link").click()
        field = page.get_by_label("Link")
        until(field.input_value, "the page shows no link")
        link = field.input_value()
        page.evaluate(WITHOUT_KEY)
        story.page(page, "link", "The link for another machine")
    story.says("On the other machine:")
    story.terminal(desk, f"syncagent join '{link}' ~/Documents --name Desk --background")
    story.terminal(desk, "syncagent wait", "ls Documents")


def crosses(story: Story, laptop: Machine, desk: Machine) -> None:
    story.title("A file crosses")
    story.terminal(desk, "echo 'Monday: all well' > Documents/Minutes.txt", "syncagent wait")
    laptop.waits()
    story.terminal(
        laptop, "cat Documents/Minutes.txt", "syncagent activity -n 3", "syncagent why Documents/Minutes.txt"
    )
    story.says("When `wait` says that all is in sync, the hub has it on its disk: the machine may be switched off.")


def has_a_tray(story: Story, screen: Screen, laptop: Machine) -> None:
    story.title("In the panel")
    story.says(
        "`syncagent tray` shows an icon beside the clock; `syncagent autostart on` starts it, and the agent, at login."
    )
    program = shutil.which("syncagent", path=laptop.environment["PATH"])
    assert program is not None
    screen.start(program, "tray", **laptop.environment)
    shows(screen, "idle")
    until(lambda: darkest(screen, (ICON[0] - 16, 0, ICON[0] + 16, 32)) < 140, "the panel does not show the icon")
    until(lambda: opens_menu(screen), "the icon has no menu")
    screen.key("Down", "Down", "Right")
    time.sleep(0.5)
    story.picture(screen.picture, "tray-menu", "The icon's menu, with what was changed lately, by whom and when")
    screen.key("Escape", "Escape")
    story.terminal(laptop, "syncagent pause --for 30m")
    shows(screen, "paused")
    screen.move(200, 300)
    screen.move(*ICON)
    time.sleep(1.2)
    story.picture(screen.picture, "tray-paused", "The icon says that it is paused, and until when")
    story.says("The menu pauses, too: for half an hour, an hour, until tomorrow, or until you resume.")


def opens_menu(screen: Screen) -> bool:
    """Whether it is ours: the panel has one, too, which is shorter, and comes as long as it is busy with the icon."""
    screen.key("Escape", "Escape")
    screen.move(200, 300)
    time.sleep(0.5)
    screen.click(*ICON, button=3)
    time.sleep(1)
    return darkest(screen, (530, 200, 740, 340)) < 140


def darkest(screen: Screen, box: tuple[int, int, int, int]) -> int:
    """How dark the darkest point of that part of the screen is."""
    with tempfile.NamedTemporaryFile(suffix=".png") as file, Image.open(screen.picture(Path(file.name))) as picture:
        return int(picture.convert("L").crop(box).getextrema()[0])  # type: ignore[arg-type]


def shows(screen: Screen, state: str) -> None:
    """Wait until the icon says so."""

    def icon() -> str:
        names = screen.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus.ListNames")
        found = re.search(r"org\.kde\.StatusNotifierItem-\d+-1", names)
        if found is None:
            return ""
        return screen.call(found[0], "/StatusNotifierItem", "org.freedesktop.DBus.Properties.Get",
                           "org.kde.StatusNotifierItem", "IconName")  # fmt: skip

    until(lambda: f"syncagent-{state}" in icon(), f"the icon does not show {state}: {icon()}")


def notified(screen: Screen) -> int:
    """Notifications on the screen."""
    done = subprocess.run(
        ["dunstctl", "count", "displayed"], env=screen.environment, capture_output=True, text=True, check=False
    )
    return int(done.stdout.strip() or -1)


SHOPPING = "bread\nmilk\ncoffee\napples\nsoap\n"


def clashes(story: Story, browser: Browser, screen: Screen, laptop: Machine, desk: Machine) -> None:
    story.title("Both change the same file")
    story.says("The laptop is still paused, and both machines change the shopping list, and where the trip goes.")
    story.terminal(
        desk,
        "sed -i 's/^bread/rye bread/' Documents/Shopping.txt",
        "echo 'by boat' > Documents/Trip.txt",
        "syncagent wait",
    )
    story.terminal(
        laptop,
        "echo candles >> Documents/Shopping.txt",
        "echo 'by bus' > Documents/Trip.txt",
        "syncagent resume",
        "syncagent wait",
    )
    shows(screen, "attention")
    until(lambda: notified(screen) > 0, "no notification of the conflicts")
    screen.move(200, 200)
    time.sleep(1)
    story.says("Nothing is lost by that: both versions are there, one of them beside the other, and the panel says so.")
    story.picture(
        screen.picture, "tray-conflict", "A notification tells of the two conflicts, and the icon wants attention"
    )
    story.terminal(laptop, "syncagent conflicts")
    story.says(
        "The page compares the two. Where each machine has changed other lines, it merges them: what both came from is "
        "had from the hub."
    )
    laptop.does("syncagent page")
    with visit(browser, laptop.opened()) as page:
        page.locator("#nav").get_by_text("Conflicts").click()
        card = page.locator("main li.card", has_text="Shopping")
        card.get_by_role("button", name="Merge…").click()
        card.locator(".panel").get_by_role("button", name="Take it").wait_for()
        story.page(page, "merge", "What becomes of the shopping list with the changes of both")
        card.get_by_role("button", name="Take it").click()
        page.locator("main li.card", has_text="Shopping").wait_for(state="detached")
    laptop.waits()
    desk.waits()
    assert desk.read("Shopping.txt") == SHOPPING.replace("bread", "rye bread") + "candles\n"
    story.says("The other one is for a person to decide, in a terminal just as well.")
    story.terminal(laptop, "syncagent conflicts diff Documents/Trip.txt", code=1)
    story.terminal(laptop, "syncagent conflicts merge --auto Documents/Trip.txt", code=1)
    story.terminal(laptop, "syncagent conflicts keep Documents/Trip.txt theirs", "syncagent wait")
    story.says("Without `--auto`, `conflicts merge` opens your own tool or editor. Both machines have it now:")
    desk.waits()
    story.terminal(desk, "cat Documents/Shopping.txt Documents/Trip.txt", "syncagent conflicts")


def gets_back(story: Story, browser: Browser, laptop: Machine, desk: Machine) -> None:
    story.title("What was deleted comes back")
    story.terminal(desk, "rm 'Documents/Letter to the bank.txt'", "syncagent wait")
    laptop.waits()
    story.says(
        "What another machine deletes is kept in the trash for a while, and so is what did not stay of a conflict."
    )
    story.terminal(laptop, "syncagent trash list")
    laptop.does("syncagent page")
    with visit(browser, laptop.opened(), "dark") as page:
        page.locator("#nav").get_by_text("Trash").click()
        page.locator("main li", has_text="Letter to the bank").wait_for()
        story.page(page, "trash", "The trash on the page, in the dark colours of the system")
    story.terminal(laptop, "syncagent trash restore 'Letter to the bank.txt'", "syncagent wait")
    desk.waits()
    story.terminal(desk, "cat 'Documents/Letter to the bank.txt'")


def ends(story: Story, browser: Browser, laptop: Machine, desk: Machine) -> None:
    story.title("And then")
    laptop.does("syncagent page")
    with visit(browser, laptop.opened()) as page:
        page.locator(".state .line", has_text="Everything is in sync").wait_for(timeout=60_000)
        story.page(page, "overview", "Everything is in sync, and what was done stands there")
    story.terminal(laptop, "syncagent check", "syncagent stop")
    story.says(
        "The [README](../README.md) has all commands and settings; `syncagent doctor` looks for what could be in the "
        "way."
    )
    desk.does("syncagent stop")


def built(out: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(ROOT)], check=True, capture_output=True
    )
    return next(out.glob("*.whl"))


def with_pipx(base: Path, laptop: Machine) -> None:
    """pipx, as a person has it, who has installed nothing with it yet."""
    place = base / "pipx"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    subprocess.run([str(place / "bin" / "pip"), "install", "--quiet", "pipx"], check=True)
    (base / "desktop" / "pipx").symlink_to(place / "bin" / "pipx")
    laptop.environment |= {"PIPX_HOME": str(base / "installed"), "PIPX_BIN_DIR": str(base / "programs")}


HEAD = """\
# A walk through

From nothing to a folder that two machines keep the same, a conflict that is settled, and a file that comes back. All of
it was done by `make walkthrough` (`scripts/walkthrough.py`), which has typed each command and taken each picture;
nothing here is written by hand. The key in the link is left out.
"""


def main() -> None:
    missing = screens.missing()
    if missing:
        sys.exit(f"not here: {', '.join(missing)}; {screens.INSTALL}")
    out = Path(tempfile.mkdtemp(prefix="sa-pictures-"))
    story = Story(out)
    with tempfile.TemporaryDirectory(prefix="anna-") as folder, sync_playwright() as playwright:
        base = Path(folder)
        (base / "desktop").mkdir()
        (base / "screen").mkdir()
        (base / "desktop" / "xdg-open").write_text(OPENER)
        (base / "desktop" / "xdg-open").chmod(0o755)
        with desktop(base / "screen", dark=False) as screen:
            laptop = Machine("laptop", base, base / "programs", screen)
            desk = Machine("desk", base, base / "programs")
            with_pipx(base, laptop)
            path = os.environ.get("SYNCAGENT_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
            flags = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=path, args=flags)
            try:
                installs(story, laptop, built(base / "dist"))
                begins(story, browser, laptop)
                joins(story, browser, laptop, desk)
                crosses(story, laptop, desk)
                has_a_tray(story, screen, laptop)
                clashes(story, browser, screen, laptop, desk)
                gets_back(story, browser, laptop, desk)
                ends(story, browser, laptop, desk)
            finally:
                browser.close()
                for machine in (laptop, desk):
                    machine.types("syncagent stop")
    shutil.rmtree(PICTURES, ignore_errors=True)
    shutil.copytree(out, PICTURES)
    shutil.rmtree(out)
    DOCUMENT.write_text(f"{HEAD}\n{story.text()}")
    print(DOCUMENT)


if __name__ == "__main__":
    main()
