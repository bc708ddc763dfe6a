"""NetworkManager's word on whether the network is metered: the person's, or its guess (a phone says so itself)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from syncagent.agent.guest.ports import Learn
from syncagent.bus.asking import Others
from syncagent.bus.properties import Properties

NAME: Final = "org.freedesktop.NetworkManager"
PATH: Final = "/org/freedesktop/NetworkManager"

_METERED: Final = {1: True, 2: False, 3: True, 4: False}
"""Yes, no, and both as guessed; 0 is what it does not know."""


class NetworkManager:
    """Tells of ``metered``."""

    def __init__(self, others: Others, learn: Learn) -> None:
        self._learn = learn
        self._properties = Properties(others, NAME, PATH, NAME, self._heard)

    async def begin(self) -> None:
        await self._properties.begin()

    def end(self) -> None:
        self._properties.end()

    def _heard(self, values: Mapping[str, Any]) -> None:
        self._learn(metered=_METERED.get(values.get("Metered", 0)))
