"""What this system tells of itself: whether the network is metered, its battery, and when it is going to sleep.

Where nothing can be learnt (a server, a container, a library that is not installed) nothing is known, and that costs
nothing.  What can be heard is heard; where there is nothing but asking, it is asked once a minute.  Whatever goes wrong
here hinders nothing else.  In the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from syncagent.agent.guest.deciding import UNKNOWN, Conditions
from syncagent.agent.guest.ports import Sleeper
from syncagent.model.values import replace

_log: Final = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 60.0
"""After so long a bus that hung up is called again, and systems that tell nothing by themselves are asked again."""

BUS_ADDRESS: Final = "DBUS_SYSTEM_BUS_ADDRESS"
_SOCKETS: Final = (Path("/run/dbus/system_bus_socket"), Path("/var/run/dbus/system_bus_socket"))


def lacks_library() -> bool:
    """Whether there is something to be heard, and only the library for it is missing."""
    return _there_is_a_bus() and importlib.util.find_spec("dbus_fast") is None


def _there_is_a_bus() -> bool:
    there = bool(os.environ.get(BUS_ADDRESS)) or any(path.exists() for path in _SOCKETS)
    return there and sys.platform == "linux"


class Senses:
    """``told`` is called with how it stands with the machine, when that has changed."""

    def __init__(self, told: Callable[[Conditions], None], sleeper: Sleeper) -> None:
        self._told = told
        self._sleeper = sleeper
        self.found = UNKNOWN

    def learn(self, **changes: Any) -> None:
        """These of the conditions are known now to be like this; None: they are not known any more."""
        found = replace(self.found, **changes)
        if found != self.found:
            self.found = found
            self._told(found)

    async def run(self) -> None:
        """For ever."""
        never = asyncio.Event()
        while True:
            seconds = AGAIN_SECONDS if await self._listen() else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await never.wait()

    async def _listen(self) -> bool:
        """Whether it is worth to begin again."""
        try:
            return await self._by_system()
        except Exception:  # noqa: BLE001 - whoever speaks on a bus may say anything
            _log.exception("what this system tells of its network and its battery is not heard")
            return False
        finally:
            self.learn(**dict.fromkeys(Conditions.__match_args__))

    async def _by_system(self) -> bool:
        if sys.platform == "linux":
            return await self._on_linux()
        elif sys.platform == "darwin":  # noqa: RET505 - a type checker follows one platform's branch only when it is one
            from syncagent.agent.guest.under_macos import asked  # noqa: PLC0415 - no other system needs it

            return await self._asking(asked)
        elif sys.platform == "win32":
            from syncagent.agent.guest.under_windows import asked  # noqa: PLC0415 - no other system needs it

            return await self._asking(asked)
        else:
            return False

    async def _on_linux(self) -> bool:
        if not _there_is_a_bus():
            return False
        if lacks_library():
            _log.info("whether the network is metered and how the battery is are not known: dbus-fast is not installed")
            return False
        from syncagent.agent.guest.on_linux import NoBus, listen  # noqa: PLC0415 - with the library that it needs

        try:
            await listen(self.learn, self._sleeper)
        except NoBus as why:
            _log.debug("%s", why)
        return True

    async def _asking(self, asked: Callable[[], Conditions]) -> bool:
        while True:
            found = await asyncio.to_thread(asked)
            self.learn(**{name: getattr(found, name) for name in Conditions.__match_args__})
            await asyncio.sleep(AGAIN_SECONDS)
