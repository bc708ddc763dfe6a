"""Where it all comes together: what the agent says goes to the panel and the bell, what a person chooses to the deeds.

Lives in the event loop, and knows neither a bus nor a socket.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from syncagent.desktop import actions
from syncagent.desktop.actions import Action
from syncagent.desktop.icons import FRAMES, icon_name
from syncagent.desktop.menu import menu, tooltip
from syncagent.desktop.notices import Notice, Notices
from syncagent.desktop.notify import Level, Wishes
from syncagent.desktop.ports import Bell, Deeds, Panel, View
from syncagent.desktop.remembered import Remembered
from syncagent.desktop.standing import Face, Sight, Standing
from syncagent.model.values import replace

TURN: Final = 0.6
"""Seconds between two pictures of the arrows that turn."""

CLOCK: Final = 30.0
"""Seconds after which what depends on the time alone is shown anew."""


class Tray:
    """The tray, whatever the system.  ``keep`` is told what is to be remembered."""

    def __init__(
        self,
        panel: Panel,
        bell: Bell,
        deeds: Deeds,
        *,
        remembered: Remembered,
        keep: Callable[[Remembered], None],
        level: Level = Level.ALL,
        symbolic: bool = False,
        is_set_up: Callable[[], bool] = lambda: True,
        hour: Callable[[], float] = time.time,
    ) -> None:
        self._panel, self._bell, self._deeds = panel, bell, deeds
        self._remembered, self._keep = remembered, keep
        self._notices = Notices(remembered.told)
        self._wishes = Wishes(level, remembered.snoozed_until)
        self._symbolic = symbolic
        self._is_set_up = is_set_up
        self._hour = hour
        self._sight = Sight()
        self._frame = 0
        self._turned = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.over = asyncio.Event()
        """Set when the person has quit."""

    @property
    def standing(self) -> Standing:
        standing = self._sight.standing(self._now())
        # An agent that was given everything by options has no settings, and may have been seen all the same.
        if standing.root or self._is_set_up():
            return standing
        return replace(standing, set_up=False, headline="Nothing is set up yet")

    def hear(self, said: Mapping[str, Any] | None) -> None:
        """The agent said this; None: it does not run (any more)."""
        self._sight.see(said, self._now())
        self.look()

    def choose(self, action: Action) -> None:
        """A person wants this."""
        match action:
            case actions.Quit():
                self.over.set()
            case actions.Snooze(seconds=seconds):
                until = self._hour() + seconds if seconds else 0.0
                self._wishes = replace(self._wishes, snoozed_until=until)
                self._remember(replace(self._remembered, snoozed_until=until))
                self.look()
            case actions.SetLevel(level=level):
                self.set_level(level)
                self._deeds.carry_out(action, self.standing.root)
            case _:
                self._deeds.carry_out(action, self.standing.root)

    def set_level(self, level: Level) -> None:
        """Notify of this much from now on."""
        if level is not self._wishes.level:
            self._wishes = replace(self._wishes, level=level)
            self.look()

    def say_no_tray(self, notice: Notice) -> bool:
        """Tell once that this desktop shows no icons; whether it was told now."""
        if self._remembered.no_tray_told:
            return False
        self._remember(replace(self._remembered, no_tray_told=True))
        self._bell.ring(notice)
        return True

    def look(self) -> None:
        """Show how things stand now, and come back when that will have changed by itself."""
        now, hour = self._now(), self._hour()
        standing = self.standing
        self._notices.hear(standing, now)
        for news in self._notices.due(self._wishes, now, hour):
            if isinstance(news, Notice):
                self._bell.ring(news)
            else:
                self._bell.withdraw(news.key)
        self._remember(replace(self._remembered, told=self._notices.told))
        if standing.face is Face.SYNCING and now - self._turned >= TURN:
            self._frame, self._turned = (self._frame + 1) % FRAMES, now
        title, text = tooltip(standing, hour)
        icon = icon_name(standing.face, self._frame, symbolic=self._symbolic)
        needed = standing.face is Face.ATTENTION
        self._panel.show(View(icon, title, text, menu(standing, self._wishes, hour), needed))
        self._come_back(standing, hour)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _come_back(self, standing: Standing, hour: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wait = CLOCK
        if standing.face is Face.SYNCING:
            wait = TURN
        elif self._notices.waiting and not self._wishes.snoozed(hour) and self._wishes.level is not Level.NONE:
            wait = 1.0
        elif self._wishes.snoozed(hour):
            wait = min(wait, max(self._wishes.snoozed_until - hour, 0.1))
        self._timer = asyncio.get_running_loop().call_later(wait, self.look)

    def _remember(self, what: Remembered) -> None:
        if what != self._remembered:
            self._remembered = what
            self._keep(what)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
