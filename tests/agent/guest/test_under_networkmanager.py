"""Whether the network is metered, as NetworkManager says."""

from __future__ import annotations

import pytest
from dbus_fast import Variant
from dbus_fast.aio import MessageBus

from syncagent.agent.guest.under_networkmanager import NetworkManager
from syncagent.bus.asking import Others
from syncagent.bus.sending import Sending
from tests.agent.guest.conftest import network_manager
from tests.agent.guest.hearing import Learner
from tests.desktop.bus.conftest import Other


@pytest.mark.parametrize(("said", "known"), [(0, None), (1, True), (2, False), (3, True), (4, False), (9, None)])
async def test_yes_no_and_what_is_guessed(bus: MessageBus, other: Other, said: int, known: bool | None) -> None:
    service, learner = network_manager(other, said), Learner()
    await service.appear()
    one = NetworkManager(Others(bus, Sending(bus)), learner)
    await one.begin()
    assert learner.found.metered is known
    one.end()


async def test_it_is_heard_when_it_changes_comes_and_goes(bus: MessageBus, other: Other) -> None:
    service, learner = network_manager(other, 2), Learner()
    one = NetworkManager(Others(bus, Sending(bus)), learner)
    await one.begin()
    assert learner.found.metered is None
    await service.appear()
    await learner.until(metered=False)
    service.change(Metered=Variant("u", 3))
    await learner.until(metered=True)
    service.change_silently_and_say_so(Metered=Variant("u", 4))
    await learner.until(metered=False)
    await service.vanish()
    await learner.until(metered=None)
    one.end()
