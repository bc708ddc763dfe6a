"""The battery and the power profile, as UPower and whoever keeps the profiles say."""

from __future__ import annotations

import pytest
from dbus_fast import Variant
from dbus_fast.aio import MessageBus

from syncagent.agent.guest.under_upower import PowerProfiles, UPower
from syncagent.bus.asking import Others
from syncagent.bus.sending import Sending
from tests.agent.guest.conftest import OLD_PROFILES, PROFILES, profiles, upower
from tests.agent.guest.hearing import Learner
from tests.desktop.bus.conftest import Other


async def test_the_battery_is_known_and_followed(bus: MessageBus, other: Other) -> None:
    (machine, battery), learner = upower(other, on_battery=True, percent=37.0), Learner()
    await machine.appear()
    one = UPower(Others(bus, Sending(bus)), learner)
    await one.begin()
    assert (learner.found.on_battery, learner.found.percent) == (True, 37.0)
    battery.change(Percentage=Variant("d", 36.0))
    await learner.until(percent=36.0)
    machine.change(OnBattery=Variant("b", False))
    await learner.until(on_battery=False)
    await machine.vanish()
    await learner.until(on_battery=None, percent=None)
    one.end()


async def test_a_machine_without_a_battery_has_no_level(bus: MessageBus, other: Other) -> None:
    (machine, battery), learner = upower(other, percent=0.0), Learner()
    battery.values["IsPresent"] = Variant("b", False)
    await machine.appear()
    one = UPower(Others(bus, Sending(bus)), learner)
    await one.begin()
    assert (learner.found.on_battery, learner.found.percent) == (False, None)
    one.end()


@pytest.mark.parametrize("which", [PROFILES, OLD_PROFILES])
async def test_the_power_saver_is_known_by_either_name(bus: MessageBus, other: Other, which: tuple[str, str]) -> None:
    service, learner = profiles(other, "power-saver", which), Learner()
    await service.appear()
    one = PowerProfiles(Others(bus, Sending(bus)), learner)
    await one.begin()
    assert learner.found.saver is True
    service.change(ActiveProfile=Variant("s", "balanced"))
    await learner.until(saver=False)
    one.end()
