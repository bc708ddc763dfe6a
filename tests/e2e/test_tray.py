"""The tray on a real X server, in the panel of a real desktop, with a real hub and agents behind it.

What is on the screen is kept as pictures where SYNCAGENT_PICTURES says; those in docs/pictures/tray were looked at.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.world import Agent, World, until
from tests.support import screen
from tests.support.screen import SIZE, Screen, desktop

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        bool(screen.missing()),
        reason=f"NOT TRIED ON A SCREEN: {', '.join(screen.missing())} not here; {screen.INSTALL}",
    ),
]

ICON = (SIZE[0] - 18, 16)
"""Where our icon is: the last in the panel."""

CORNER = (SIZE[0] - 34, 0, SIZE[0], 32)
MENU, BRANCH = (600, 140, 750, 320), (490, 140, 550, 200)
"""Within the menu, below any tip; and within whichever of its branches is open, beside it.  Else nothing is there."""
SCREEN = (255, 255, 255)
"""The colour where nothing is."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world")
    (tmp_path / "world").mkdir()
    yield made
    made.end()


class Person:
    """Sits before the screen."""

    def __init__(self, screen: Screen, base: Path) -> None:
        self.screen = screen
        kept = os.environ.get("SYNCAGENT_PICTURES", "")
        self.pictures = Path(kept) if kept else base / "pictures"
        self.tray: subprocess.Popen[bytes] | None = None

    def starts_tray(self, agent: Agent) -> None:
        self.tray = self.screen.start(
            sys.executable, "-m", "syncagent", "tray", "--data-dir", str(agent.data_dir), HOME=str(agent.root.parent)
        )
        until(lambda: self.icon != "", 60.0, lambda: f"no icon: {self.screen.said('python')}")

    def _get(self, path: str, interface: str, name: str) -> str:
        assert self.tray is not None
        service = f"org.kde.StatusNotifierItem-{self.tray.pid}-1"
        said = self.screen.call(service, path, "org.freedesktop.DBus.Properties.Get", interface, name)
        return "" if said.startswith("error") else said

    @property
    def icon(self) -> str:
        said = self._get("/StatusNotifierItem", "org.kde.StatusNotifierItem", "IconName")
        return said.partition("syncagent-")[2].partition("'")[0]

    @property
    def tip(self) -> str:
        return self._get("/StatusNotifierItem", "org.kde.StatusNotifierItem", "ToolTip")

    def sees(self, icon: str, words: str) -> None:
        until(
            lambda: self.icon.startswith(icon) and words in self.tip, 60.0,
            lambda: f"{self.icon}, {self.tip}: {self.screen.said('python')}",
        )  # fmt: skip

    def takes_picture(self, name: str) -> Path:
        # What was drawn last may still be on its way to the screen.
        time.sleep(0.7)
        return self.screen.picture(self.pictures / f"{name}.png")

    def looks_at(self, part: tuple[int, int, int, int]) -> Image.Image:
        with Image.open(self.screen.picture(self.pictures / "now.png")) as picture:
            return picture.convert("RGB").crop(part)

    def shows_tip(self, name: str, unlike: Iterable[Image.Image]) -> Image.Image:
        """Hold the pointer over the icon; gives the icon as it is on the screen, once it is another one than those."""
        others = {icon.tobytes() for icon in unlike}
        self.screen.move(200, 300)
        self.screen.move(*ICON)
        time.sleep(0.8)
        drawn = [self.looks_at(CORNER)]

        def rests() -> bool:
            drawn.append(self.looks_at(CORNER))
            return drawn[-2].tobytes() == drawn[-1].tobytes() not in others

        until(rests, 60.0, lambda: f"no other icon is drawn: {self.icon}")
        self.takes_picture(name)
        return drawn[-1]

    def opens_menu(self) -> None:
        self.screen.click(*ICON, button=3)
        self._waits_for(MENU, there=True)

    def opens_branch(self, *keys: str) -> None:
        self.screen.key(*keys)
        self._waits_for(BRANCH, there=True)

    def closes_menu(self) -> None:
        self.screen.key("Escape", "Escape")
        self._waits_for(MENU, there=False)

    def _waits_for(self, part: tuple[int, int, int, int], *, there: bool) -> None:
        until(
            lambda: (len(self.looks_at(part).getcolors(1 << 16) or ()) > 1) is there, 60.0,
            lambda: f"the menu is {'not ' * there}there: {self.screen.said('python')}",
        )  # fmt: skip


@pytest.fixture(params=["light", pytest.param("dark", marks=pytest.mark.slow)])
def person(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Person]:
    (tmp_path / "screen").mkdir()
    with desktop(tmp_path / "screen", dark=request.param == "dark") as found:
        made = Person(found, tmp_path)
        until(lambda: made.looks_at(CORNER).getpixel((0, 0)) != SCREEN, 60.0, lambda: "the panel is not drawn")
        yield made


def test_every_state_is_on_the_screen(person: Person, world: World, request: pytest.FixtureRequest) -> None:
    light = "light" in request.node.name
    look = "light" if light else "dark"
    world.start_hub()
    anna, bert = world.agent("anna", brake=5), world.agent("bert", brake=5)
    for number in range(12):
        bert.write(f"photos/{number:02}.jpg", f"a picture {number}")
    bert.write("report.txt", "first words")
    bert.wait()
    anna.wait()
    icons = {"none": person.looks_at(CORNER)}

    def sees_another_icon(name: str, picture: str = "") -> None:
        icons[name] = person.shows_tip(f"{look}-{picture or name}", icons.values())

    person.starts_tray(anna)
    person.sees("idle", "Everything is in sync")
    sees_another_icon("idle")
    person.opens_menu()
    person.takes_picture(f"{look}-menu")
    person.opens_branch("Down", "Down", "Right")
    person.takes_picture(f"{look}-menu-recent")
    person.closes_menu()

    for path in (anna.root / "photos").iterdir():
        path.unlink()
    person.sees("attention", "Waiting for your yes or no: 12 deletes made here")
    until(lambda: shown(person) == 1, 60.0, lambda: "no notification of what is held")
    person.shows_tip(f"{look}-attention-held", icons.values())
    anna.control.call("reject", act=0)
    person.sees("idle", "Everything is in sync")
    until(lambda: shown(person) == 0, 60.0, lambda: "the notification of what was decided is still there")

    person.opens_menu()
    person.opens_branch("Down", "Down", "Down", "Right")
    person.takes_picture(f"{look}-menu-pause")
    person.screen.key("Return")
    until(lambda: anna.status()["pause"]["paused"], 60.0, lambda: "the click on Pause, For 30 minutes did nothing")
    assert anna.status()["pause"]["until"] is not None
    person.sees("paused", "Until ")
    sees_another_icon("paused")

    anna.write("report.txt", "as anna has it")
    bert.write("report.txt", "as bert has it")
    bert.wait()
    anna.control.call("resume")
    person.sees("attention", "1 conflict to look at")
    sees_another_icon("attention", "attention-conflict")
    until(lambda: shown(person) == 1, 60.0, lambda: "no notification of the conflict")
    person.opens_menu()
    person.takes_picture(f"{look}-menu-conflict")
    person.closes_menu()
    for path in anna.root.glob("report (conflict*"):
        path.unlink()
    person.sees("idle", "Everything is in sync")

    anna.control.call("limit", up="300K")
    anna.write("film.mkv", "").write_bytes(os.urandom(6_000_000))
    person.sees("syncing", "B/s")
    sees_another_icon("syncing")
    anna.control.call("limit", up="off")
    person.sees("idle", "Everything is in sync")

    world.hub.end()
    person.sees("offline", "Offline")
    sees_another_icon("offline")
    anna.end()
    person.sees("offline", "syncagent is not running")
    person.opens_menu()
    person.takes_picture(f"{look}-menu-not-running")
    person.closes_menu()
    drawn = {name: icon.tobytes() for name, icon in icons.items()}
    assert len(set(drawn.values())) == len(drawn) == 6, "two states look the same"


def test_a_panel_that_is_started_anew_shows_the_icon_again(person: Person, world: World, tmp_path: Path) -> None:
    person.pictures = tmp_path / "looks"
    world.start_hub()
    anna = world.agent("anna")
    anna.wait()
    nothing = [person.looks_at(CORNER)]
    person.starts_tray(anna)
    person.sees("idle", "Everything is in sync")
    drawn: list[bytes] = []

    def is_drawn_for_good() -> bool:
        # A panel that lags may still show the icon of the state before.
        drawn.append(person.shows_tip("before", nothing).tobytes())
        return drawn[-3:] == [drawn[-1]] * 3

    until(is_drawn_for_good, 60.0, lambda: "the icon goes on changing")
    with_icon = drawn[-1]
    for process in list(person.screen._processes):
        if "xfce4-panel" in str(process.args):
            person.screen.end(process)
    person.screen.start_panel()
    until(
        lambda: person.shows_tip("after", nothing).tobytes() == with_icon, 60.0, lambda: "the icon is not there again"
    )


def shown(person: Person) -> int:
    """Notifications on the screen."""
    done = subprocess.run(
        ["dunstctl", "count", "displayed"], env=person.screen.environment, capture_output=True, text=True, timeout=30
    )
    return int(done.stdout.strip() or -1)
