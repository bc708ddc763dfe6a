"""All that is heard on the system bus of a Linux machine, for as long as it is there."""

from __future__ import annotations

import asyncio

from syncagent.agent.guest.ports import Learn, Part, Sleeper
from syncagent.agent.guest.under_logind import Logind
from syncagent.agent.guest.under_networkmanager import NetworkManager
from syncagent.agent.guest.under_upower import PowerProfiles, UPower
from syncagent.bus.asking import NoAnswer
from syncagent.bus.system import NoBus, gone, system_bus

__all__ = ["NoBus", "listen"]


async def listen(learn: Learn, sleeper: Sleeper) -> None:
    """Until the bus hangs up.  Raises NoBus when there is none."""
    async with system_bus() as (bus, others):
        parts: list[Part] = [NetworkManager(others, learn), UPower(others, learn), PowerProfiles(others, learn)]
        parts.append(Logind(others, sleeper))
        try:
            await asyncio.gather(*(part.begin() for part in parts))
            await gone(bus)
        except NoAnswer as error:
            raise NoBus(str(error)) from None
        finally:
            for part in parts:
                part.end()
