"""Carries out what a person chose: asks the agent, opens folders and its page, starts it.

Each deed has a thread, since it waits for programs and sockets.  What does not work is said in a notification.
"""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias, assert_never

from syncagent.agent.autostart.choice import login_item
from syncagent.agent.autostart.program import at_login, ourselves
from syncagent.agent.autostart.seal import Hand
from syncagent.agent.config.document import EVERY
from syncagent.agent.config.reading import gather
from syncagent.agent.hours import tomorrow
from syncagent.agent.launching import start_behind
from syncagent.agent.opening import open_folder, open_page
from syncagent.agent.places import Places
from syncagent.agent.spawning import apart
from syncagent.control import ControlClient, UnknownCommand
from syncagent.desktop import actions
from syncagent.desktop.actions import Action, Place
from syncagent.desktop.notices import Notice
from syncagent.desktop.notify import Level
from syncagent.errors import NotRunning, SyncAgentError
from syncagent.model.names import check_path

STOP_SECONDS: Final = 30.0

_log: Final = logging.getLogger(__name__)


_Pausing: TypeAlias = actions.PauseFor | actions.PauseUntilTomorrow | actions.PauseUntilResumed | actions.Resume


class Hint(SyncAgentError):
    """It cannot be done here; what to do instead."""


class DesktopDeeds:
    """``ring`` shows a notice, ``begin`` runs a deed beside the event loop, ``set_level`` keeps a level of
    notifications, ``quit`` ends the tray."""

    def __init__(
        self,
        spot: Places,
        *,
        begin: Callable[[Callable[[], None]], None],
        ring: Callable[[Notice], None],
        set_level: Callable[[Level], None],
        quit: Callable[[], None],  # noqa: A002 - that is what it does
    ) -> None:
        self._spot = spot
        self._client = ControlClient(spot.control)
        self._begin, self._ring, self._set_level, self._quit = begin, ring, set_level, quit

    def carry_out(self, action: Action, root: str) -> None:
        self._begin(lambda: self._try(action, root))

    def _try(self, action: Action, root: str) -> None:
        try:
            self.do(action, root)
        except Hint as hint:
            self._ring(Notice("deed", "Not from here", str(hint)))
        except UnknownCommand as error:
            self._ring(Notice("deed", "The agent is of another version", f"{error}; start it anew"))
        except (SyncAgentError, OSError, ValueError) as error:
            _log.warning("%s: %s", type(action).__name__, error)
            self._ring(Notice("deed", "That did not work", str(error)))

    def do(self, action: Action, root: str) -> None:
        """Raises SyncAgentError, OSError, ValueError."""
        match action:
            case actions.OpenFolder(root=chosen):
                open_folder(Path(chosen or root))
            case actions.ShowFile(path=path, root=chosen):
                open_folder(nearest_folder(Path(chosen or root), path))
            case actions.OpenPage(place=place):
                self._open(place)
            case actions.Help():
                self._open(Place.HELP)
            case actions.PauseFor() | actions.PauseUntilTomorrow() | actions.PauseUntilResumed() | actions.Resume():
                self._pause(action)
            case actions.SyncNow():
                self._client.call("sync", profile=EVERY)
            case actions.Decide(act=act, word=word, profile=profile):
                self._client.call(word.value, act=act, profile=profile or None)
            case actions.SetLevel(level=level):
                self._set_level(level)
            case actions.Start():
                self._start()
            case actions.SetUp():
                self._set_up()
            case actions.StopAndQuit():
                self._stop()
                self._quit()
            case actions.Snooze() | actions.Quit():
                raise AssertionError("that is the tray's own")
            case _:
                assert_never(action)

    def _pause(self, action: _Pausing) -> None:
        match action:
            case actions.PauseFor(seconds=seconds):
                self._client.call("pause", seconds=seconds, profile=EVERY)
            case actions.PauseUntilTomorrow():
                # By the clock on the wall.
                until = tomorrow(datetime.now()).timestamp()  # noqa: DTZ005
                self._client.call("pause", until=until, profile=EVERY)
            case actions.PauseUntilResumed():
                self._client.call("pause", profile=EVERY)
            case actions.Resume():
                self._client.call("resume", profile=EVERY)

    def _open(self, place: Place) -> None:
        try:
            url = str(self._client.call("page", part=place.value)["url"])
        except UnknownCommand:
            raise Hint(f"This agent has no page; `{place.command}` in a terminal says the same") from None
        except NotRunning:
            if place is not Place.STATUS:  # nobody who wants help wants the agent to be started by that
                raise Hint(f"The agent is not running; in a terminal `{place.command}` helps") from None
            self._set_up()
            return
        open_page(url, self._spot.control.parent)

    def _start(self) -> None:
        """By what looks after it, where something does; else as the start at login does: only what was set up."""
        try:
            folder = Path(str(gather(self._spot, {}, {}).values.get("sync_root", "")))
            item = login_item(self._spot, folder, at_login(os.environ), os.environ)
            look = item.look()
            if look.enabled and look.hand is Hand.CURRENT and look.supervised is False:
                item.on(force=False, start=True)
                return
        except SyncAgentError as error:
            _log.info("not started by what starts it at login: %s", error)
        start_behind(self._spot, ["--as-set-up"])

    def _set_up(self) -> None:
        """The assistant; or, where all is set up, a start and the page."""
        command = [*ourselves(), "setup", "--data-dir", str(self._spot.data_dir)]
        subprocess.Popen(  # noqa: S603 - our own program, and no shell
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **apart(),
        )  # fmt: skip

    def _stop(self) -> None:
        try:
            self._client.call("stop", within=STOP_SECONDS)
        except NotRunning:
            return


def nearest_folder(root: Path, path: str) -> Path:
    """The folder in which ``path`` lies, or lay: what was moved or deleted since had its place in one that may be there
    still.  Raises ValueError for what is no path within the folder."""
    check_path(path)
    place = root.joinpath(*PurePosixPath(path).parts[:-1])
    while place != root and (place.is_symlink() or not place.is_dir()):
        place = place.parent
    return place
