"""Whether there is a panel that shows icons like ours, and having it show ours: also one that comes later, or again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from syncagent.bus.asking import NoAnswer, Others

WATCHER: Final = "org.kde.StatusNotifierWatcher"
WATCHER_PATH: Final = "/StatusNotifierWatcher"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"

_log: Final = logging.getLogger(__name__)


class Host:
    """``service`` is the name on the bus under which our icon is; ``changed`` is told whether a panel shows it."""

    def __init__(self, others: Others, service: str, changed: Callable[[bool], None]) -> None:
        self._others = others
        self._service = service
        self._changed = changed
        self._tasks: set[asyncio.Task[None]] = set()
        self.shown = False

    async def begin(self) -> None:
        for member in ("StatusNotifierHostRegistered", "StatusNotifierHostUnregistered"):
            await self._others.listen(WATCHER, member, self._hosts_changed)
        owner = await self._others.watch_owner(WATCHER, self._owner_changed)
        if owner:
            await self._register()

    def _owner_changed(self, owner: str) -> None:
        """A panel that was started anew has forgotten us."""
        if owner:
            self._later(self._register())
        else:
            self._say(shown=False)

    def _hosts_changed(self, _: list[Any]) -> None:
        self._later(self._ask_for_hosts())

    async def _register(self) -> None:
        try:
            await self._others.ask(
                WATCHER, WATCHER_PATH, WATCHER, "RegisterStatusNotifierItem", "s", [self._service]
            )  # fmt: skip
        except NoAnswer as error:
            _log.warning("the panel does not take the icon: %s", error)
            self._say(shown=False)
            return
        await self._ask_for_hosts()

    async def _ask_for_hosts(self) -> None:
        """A watcher alone shows nothing: it only knows who would."""
        body = [WATCHER, "IsStatusNotifierHostRegistered"]
        try:
            (answer,) = await self._others.ask(WATCHER, WATCHER_PATH, _PROPERTIES, "Get", "ss", body)
        except NoAnswer as error:
            _log.warning("the panel does not say whether it shows icons: %s", error)
            answer = None
        self._say(shown=answer is not None and answer.value is True)

    def _say(self, *, shown: bool) -> None:
        if shown != self.shown:
            self.shown = shown
            self._changed(shown)

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
