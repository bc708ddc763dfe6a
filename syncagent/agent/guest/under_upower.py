"""UPower's word on the battery, and the word of whoever keeps the power profiles (the same, or one of its own)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from syncagent.agent.guest.ports import Learn
from syncagent.bus.asking import Others
from syncagent.bus.properties import Properties

NAME: Final = "org.freedesktop.UPower"
PATH: Final = "/org/freedesktop/UPower"
DISPLAY: Final = "/org/freedesktop/UPower/devices/DisplayDevice"
"""All batteries of the machine as one."""
DEVICE: Final = "org.freedesktop.UPower.Device"

PROFILES: Final = (
    ("org.freedesktop.UPower.PowerProfiles", "/org/freedesktop/UPower/PowerProfiles"),
    ("net.hadess.PowerProfiles", "/net/hadess/PowerProfiles"),
)
"""By its name of today, and the one before; each is the name of the interface, too."""


class UPower:
    """Tells of ``on_battery`` and ``percent``."""

    def __init__(self, others: Others, learn: Learn) -> None:
        self._learn = learn
        self._machine = Properties(others, NAME, PATH, NAME, self._machine_heard)
        self._battery = Properties(others, NAME, DISPLAY, DEVICE, self._battery_heard)

    async def begin(self) -> None:
        await self._machine.begin()
        await self._battery.begin()

    def end(self) -> None:
        self._machine.end()
        self._battery.end()

    def _machine_heard(self, values: Mapping[str, Any]) -> None:
        found = values.get("OnBattery")
        self._learn(on_battery=found if isinstance(found, bool) else None)

    def _battery_heard(self, values: Mapping[str, Any]) -> None:
        found = values.get("Percentage")
        there = values.get("IsPresent") is True and isinstance(found, (int, float))
        self._learn(percent=float(found) if there and found is not None else None)


class PowerProfiles:
    """Tells of ``saver``."""

    def __init__(self, others: Others, learn: Learn) -> None:
        self._learn = learn
        self._said: dict[str, bool | None] = {}
        self._properties = [
            Properties(others, name, path, name, lambda values, name=name: self._heard(name, values))  # type: ignore[misc]
            for name, path in PROFILES
        ]

    async def begin(self) -> None:
        for one in self._properties:
            await one.begin()

    def end(self) -> None:
        for one in self._properties:
            one.end()

    def _heard(self, name: str, values: Mapping[str, Any]) -> None:
        found = values.get("ActiveProfile")
        self._said[name] = found == "power-saver" if isinstance(found, str) else None
        self._learn(saver=next((said for said in self._said.values() if said is not None), None))
