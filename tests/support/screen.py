"""A desktop of its own for a test: an X server without a monitor, a session bus, a panel with a tray, notifications."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

WANTED = ("Xvfb", "dbus-daemon", "xfce4-panel", "dunst", "xdotool", "scrot", "gdbus")
INSTALL = "apt-get install xvfb dbus xfce4-panel dunst xdotool scrot libglib2.0-bin fonts-dejavu-core librsvg2-common"
SIZE = (760, 480)

_PANEL = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="32"/>
      <property name="icon-size" type="uint" value="0"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/><value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/><property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
      <property name="icon-size" type="int" value="22"/>
    </property>
  </property>
</channel>
"""

_DUNST = """[global]
    font = DejaVu Sans 10
    width = 360
    origin = bottom-left
    offset = 16x16
    icon_position = left
    max_icon_size = 48
    frame_width = 1
    show_indicators = true
    mouse_left_click = do_action
    markup = full
"""


def missing() -> list[str]:
    """The programs that a desktop is made of and that are not here."""
    return [name for name in WANTED if shutil.which(name) is None]


def until(true: Callable[[], object], why: str, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, why
        time.sleep(0.05)


class Screen:
    """Use as a context."""

    def __init__(self, base: Path, *, dark: bool = True) -> None:
        self._base = base
        self._dark = dark
        self._processes: list[subprocess.Popen[bytes]] = []
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            self.end(process)

    def _begin(self) -> None:
        home, runtime = self._base / "home", self._base / "runtime"
        settings = home / ".config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
        for folder in (settings.parent, home / ".config/dunst"):
            folder.mkdir(parents=True, exist_ok=True)
        runtime.mkdir(mode=0o700, exist_ok=True)
        settings.write_text(_PANEL.format(dark=str(self._dark).lower()))
        (home / ".config/dunst/dunstrc").write_text(_DUNST)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
        self.environment = {
            **kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "XDG_CURRENT_DESKTOP": "XFCE",
            "NO_AT_BRIDGE": "1", "GTK_A11Y": "none", "GTK_THEME": "Adwaita:dark" if self._dark else "Adwaita",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "LC_ALL": "C.UTF-8",
        }  # fmt: skip
        self.environment["DISPLAY"] = ":" + self._told(
            "Xvfb", "-displayfd", "{fd}", "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp", "-wr"
        )
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._told(
            "dbus-daemon", "--session", "--nofork", "--print-address={fd}"
        )

    def _told(self, *command: str) -> str:
        """Start a program that says in a line where it is to be found."""
        reading, writing = os.pipe()
        with os.fdopen(reading) as answers:
            try:
                self.start(*(word.format(fd=writing) for word in command), pass_fds=(writing,))
            finally:
                os.close(writing)
            line = answers.readline().strip()
        assert line, f"{command[0]} did not start: {self.said(command[0])}"
        return line

    def start(self, *command: str, pass_fds: tuple[int, ...] = (), **more: str) -> subprocess.Popen[bytes]:
        """Start a program on this desktop; what it says goes into a file."""
        with (self._base / f"{Path(command[0]).name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, env={**self.environment, **more}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=pass_fds, start_new_session=True, cwd=self._base,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
        if process in self._processes:
            self._processes.remove(process)

    def said(self, program: str) -> str:
        path = self._base / f"{program}.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    # --- what is on it ----------------------------------------------------------------------------------------

    def start_panel(self) -> subprocess.Popen[bytes]:
        """A panel, and wait until it shows icons."""
        panel = self.start("xfce4-panel", "--disable-wm-check")
        until(lambda: self.has_owner("org.kde.StatusNotifierWatcher"), f"no tray: {self.said('xfce4-panel')}")
        return panel

    def start_notifications(self) -> subprocess.Popen[bytes]:
        daemon = self.start("dunst")
        until(lambda: self.has_owner("org.freedesktop.Notifications"), f"no notifications: {self.said('dunst')}")
        return daemon

    def has_owner(self, name: str) -> bool:
        answer = self.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", name)
        return "true" in answer

    def call(self, name: str, path: str, method: str, *arguments: str) -> str:
        """Call someone on the bus; the answer as gdbus writes it."""
        done = subprocess.run(
            ["gdbus", "call", "--session", "--dest", name, "--object-path", path, "--method", method, *arguments],
            env=self.environment, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        return done.stdout if done.returncode == 0 else f"error: {done.stderr}"

    def click(self, x: int, y: int, button: int = 1) -> None:
        self._xdo("mousemove", str(x), str(y), "click", str(button))

    def move(self, x: int, y: int) -> None:
        self._xdo("mousemove", str(x), str(y))

    def key(self, *names: str) -> None:
        for name in names:
            self._xdo("key", name)
            time.sleep(0.15)

    def _xdo(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self.environment, check=True, timeout=30, capture_output=True)

    def picture(self, path: Path) -> Path:
        """What is on the screen."""
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["scrot", "--overwrite", "--silent", str(path)],
            env=self.environment, check=True, timeout=30, capture_output=True,
        )  # fmt: skip
        return path


@contextlib.contextmanager
def desktop(base: Path, *, dark: bool = True) -> Iterator[Screen]:
    """With a panel and notifications."""
    with Screen(base, dark=dark) as screen:
        screen.start_panel()
        screen.start_notifications()
        yield screen
