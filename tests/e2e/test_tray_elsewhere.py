"""The tray by pystray, as Windows and macOS have it, for real: by pystray's own X11 system, in the panel of a real
desktop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from Xlib.display import Display

from tests.e2e.world import World, until
from tests.support import screen
from tests.support.screen import SIZE, Screen, desktop

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        bool(screen.missing()),
        reason=f"NOT TRIED ON A SCREEN: {', '.join(screen.missing())} not here; {screen.INSTALL}",
    ),
]

CODE = """
import sys
from pathlib import Path
from syncagent.agent.places import Places
from syncagent.desktop import elsewhere
from syncagent.desktop.app import Options
elsewhere.run(Places(Path(sys.argv[1])), Options(print))
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "world").mkdir()
    made = World(tmp_path / "world")
    yield made
    made.end()


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Screen]:
    (tmp_path / "screen").mkdir()
    with desktop(tmp_path / "screen", dark=False) as found:
        yield found


def colours(shown: Screen, path: Path) -> set[tuple[int, ...]]:
    """Those in the corner where the icon is, without what lies between two of them."""
    with Image.open(shown.picture(path)) as picture:
        icon = picture.convert("RGB").crop((SIZE[0] - 34, 0, SIZE[0], 32))
        return {colour for count, colour in icon.getcolors(4096) or () if count > 40}  # type: ignore[misc]


def takes_in(shown: Screen) -> bool:
    """Whether the panel takes in icons as X11 has it: one that comes a moment before that may never be seen by it."""
    display = Display(shown.environment["DISPLAY"])
    try:
        return bool(display.get_selection_owner(display.intern_atom("_NET_SYSTEM_TRAY_S0")))
    finally:
        display.close()


def is_green(found: set[tuple[int, ...]]) -> bool:
    return any(green > red + 60 and green > blue + 30 for red, green, blue in found)


@pytest.mark.timeout(300)
def test_the_icon_says_how_it_stands_and_goes_with_its_process(shown: Screen, world: World, tmp_path: Path) -> None:
    world.start_hub()
    anna = world.agent("anna")
    anna.wait()
    picture = tmp_path / "screen.png"
    until(lambda: takes_in(shown), 60.0, lambda: f"no tray: {shown.said('xfce4-panel')}")
    nobody = colours(shown, picture)
    assert not is_green(nobody)
    tray: subprocess.Popen[bytes] = shown.start(
        sys.executable, "-c", CODE, str(anna.data_dir), PYSTRAY_BACKEND="xorg", HOME=str(anna.root.parent),
        PYTHONPATH=str(Path(__file__).parents[2]),
    )  # fmt: skip
    until(lambda: is_green(colours(shown, picture)), 60.0, lambda: f"no icon: {shown.said('python')}")
    anna.control.call("pause")
    until(lambda: not is_green(colours(shown, picture)), 60.0, lambda: f"still green: {shown.said('python')}")
    assert colours(shown, picture) != nobody, "it is there, in another colour"
    anna.control.call("resume")
    until(lambda: is_green(colours(shown, picture)), 60.0, lambda: f"not green again: {shown.said('python')}")
    assert tray.poll() is None
    shown.end(tray)
    until(lambda: not is_green(colours(shown, picture)), 60.0, lambda: "the icon stays")
    assert "Traceback" not in shown.said("python")
