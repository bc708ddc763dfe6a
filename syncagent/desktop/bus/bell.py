"""Notifications of the desktop (org.freedesktop.Notifications)."""

from __future__ import annotations

import asyncio
import html
import logging
from typing import Any, Final

from dbus_fast import Variant

from syncagent.bus.asking import NoAnswer, Others
from syncagent.desktop.actions import Action
from syncagent.desktop.icons import icon_file
from syncagent.desktop.notices import Notice
from syncagent.desktop.ports import Choose
from syncagent.desktop.standing import Face

NAME: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_DEFAULT: Final = "default"
"""The name of what a click beside the buttons does."""

_NORMAL, _CRITICAL = 1, 2

_log: Final = logging.getLogger(__name__)


class DesktopBell:
    """Shows notices one after the other, so that one that takes the place of another knows it."""

    def __init__(self, others: Others, choose: Choose) -> None:
        self._others = others
        self._choose = choose
        self._numbers: dict[str, int] = {}
        self._choices: dict[int, dict[str, Action]] = {}
        self._can: frozenset[str] | None = None
        self._queue: asyncio.Queue[Notice | str] = asyncio.Queue()

    async def run(self) -> None:
        """Show what is rung, for ever."""
        await self._others.listen(NAME, "ActionInvoked", self._invoked)
        await self._others.listen(NAME, "NotificationClosed", self._closed)
        while True:
            one = await self._queue.get()
            try:
                if isinstance(one, Notice):
                    await self._show(one)
                elif number := self._numbers.pop(one, 0):
                    self._choices.pop(number, None)
                    await self._ask("CloseNotification", "u", [number])
            except NoAnswer as error:
                text = f"{one.title}: {one.body}" if isinstance(one, Notice) else one
                _log.warning("no notification could be shown (%s): %s", error, text)
            finally:
                self._queue.task_done()

    def ring(self, notice: Notice) -> None:
        self._queue.put_nowait(notice)

    def withdraw(self, key: str) -> None:
        self._queue.put_nowait(key)

    async def empty(self) -> None:
        """Wait until all that was rung is shown."""
        await self._queue.join()

    async def _show(self, notice: Notice) -> None:
        if self._can is None:
            self._can = frozenset((await self._ask("GetCapabilities"))[0])
        choices = {str(number): action for number, (_, action) in enumerate(notice.choices)}
        names = [word for number, (label, _) in enumerate(notice.choices) for word in (str(number), label)]
        if notice.otherwise is not None:
            choices[_DEFAULT] = notice.otherwise
            names = [_DEFAULT, "Open", *names]
        body = html.escape(notice.body, quote=False) if "body-markup" in self._can else notice.body
        face = Face.ATTENTION if notice.urgent or notice.choices else Face.IDLE
        hints = {
            "urgency": Variant("y", _CRITICAL if notice.urgent else _NORMAL),
            "desktop-entry": Variant("s", "syncagent"),
            "image-path": Variant("s", icon_file(f"syncagent-{face.value}", 64).as_uri()),
        }
        shown = [
            "syncagent", self._numbers.get(notice.key, 0), "syncagent", notice.title, body,
            names if "actions" in self._can else [], hints, 0 if notice.urgent else -1,
        ]  # fmt: skip
        (number,) = await self._ask("Notify", "susssasa{sv}i", shown)
        self._numbers[notice.key] = number
        self._choices[number] = choices

    async def _ask(self, member: str, signature: str = "", body: list[Any] | None = None) -> list[Any]:
        return await self._others.ask(NAME, _PATH, NAME, member, signature, body)

    def _invoked(self, body: list[Any]) -> None:
        number, name = body[0], body[1]
        # Others' notifications are heard of, too: their numbers are none of ours.
        action = self._choices.get(number, {}).get(name)
        if action is not None:
            self._choose(action)

    def _closed(self, body: list[Any]) -> None:
        number = body[0]
        if self._choices.pop(number, None) is not None:
            self._numbers = {key: one for key, one in self._numbers.items() if one != number}
