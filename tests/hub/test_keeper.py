"""What the hub's keeper sees and decides, at a hub that runs, with clients that know only the wire."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from syncagent.control import ControlClient
from syncagent.errors import BadConfig, SyncAgentError
from syncagent.hub.app import Hub, HubConfig
from syncagent.hub.brake import BrakeRules
from syncagent.model.acts import Limits
from syncagent.private import control_socket
from tests.support.raw_client import KEY, RawClient, file_change

pytestmark = pytest.mark.hazard("E2", "G13")


@pytest.fixture(autouse=True)
async def no_client_is_left() -> AsyncIterator[None]:
    yield
    await RawClient.end_all()


@asynccontextmanager
async def hub_in(directory: Path, **brake: Any) -> AsyncIterator[Hub]:
    async with Hub(HubConfig(directory, port=0, bootstrap_key=KEY, brake=BrakeRules(**brake))) as hub:
        yield hub


async def ask(directory: Path, command: str, **args: Any) -> dict[str, Any]:
    return await asyncio.to_thread(ControlClient(control_socket(directory), who="hub").call, command, **args)


def delete(number: int) -> dict[str, Any]:
    return {
        "operation": "delete", "file_path": f"f{number}.txt", "change_id": f"d-{number}", "node_id": f"n{number}",
        "kind": "file", "base_rev": 1,
    }  # fmt: skip


async def filled(hub: Hub, files: int) -> None:
    """The hub's folder has so many files, of a client that has gone."""
    client = await RawClient.live(hub.url, "filler")
    plain = [f"content {number}".encode() for number in range(files)]
    await client.submit(*(file_change(f"n{k}", f"f{k}.txt", one) for k, one in enumerate(plain)), blocks=tuple(plain))
    await client.close()


def said(verdicts: list[dict[str, Any]]) -> Counter[str]:
    return Counter(one.get("error_code") or one["status"] for one in verdicts)


async def test_a_burst_is_held_across_connections_until_it_is_approved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "syncagent.hub.audit")
    async with hub_in(tmp_path) as hub:
        await filled(hub, 30)
        mad = await RawClient.live(hub.url, "mad")
        assert said(await mad.submit(*map(delete, range(14)))) == {"committed": 14}
        await mad.close()
        mad = await RawClient.live(hub.url, "mad")
        assert said(await mad.submit(*map(delete, range(14, 30)))) == {"mass_delete_held": 16}

        [held] = (await ask(tmp_path, "held"))["held"]
        assert (held["folder"], held["client"], held["deletes"], held["overwrites"]) == ("default", "mad", 16, 0)
        assert held["paths"][0] == "f14.txt"
        assert await ask(tmp_path, "approve", client="mad") == {"client": "mad", "approved": 16}
        assert (await ask(tmp_path, "held"))["held"] == []
        assert said(await mad.submit(*map(delete, range(14, 30)))) == {"committed": 16}
    lines = [record.getMessage() for record in caplog.records]
    assert sum(line.startswith("held from=127.0.0.1 client=mad changes=16") for line in lines) == 1
    assert "approved from=keeper client=mad changes=16" in lines


async def test_a_rejected_burst_is_told_so_each_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "syncagent.hub.audit")
    async with hub_in(tmp_path, limits=Limits(files=2)) as hub:
        await filled(hub, 4)
        mad = await RawClient.live(hub.url, "mad")
        assert said(await mad.submit(*map(delete, range(4)))) == {"committed": 1, "mass_delete_held": 3}
        assert await ask(tmp_path, "reject", client="mad", folder="default") == {"client": "mad", "rejected": 3}
        for _ in range(2):
            assert said(await mad.submit(*map(delete, range(1, 4)))) == {"mass_delete_rejected": 3}
        new = await RawClient.joined(hub.url, "new", protocol_version=2, capabilities=["journal"])
        assert len(await new.catch_up(0)) == 3
    assert "rejected from=keeper client=mad folder=default changes=3" in [one.getMessage() for one in caplog.records]


async def test_what_was_held_is_held_again_after_the_hub_was_started_anew(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await filled(hub, 30)
        mad = await RawClient.live(hub.url, "mad")
        assert said(await mad.submit(*map(delete, range(30)))) == {"committed": 14, "mass_delete_held": 16}
        await RawClient.end_all()
    async with hub_in(tmp_path) as hub:
        mad = await RawClient.live(hub.url, "mad")
        assert said(await mad.submit(*map(delete, range(14, 30)))) == {"mass_delete_held": 16}
        await ask(tmp_path, "approve", client="mad")
        await RawClient.end_all()
    async with hub_in(tmp_path) as hub:
        mad = await RawClient.live(hub.url, "mad")
        assert said(await mad.submit(*map(delete, range(14, 16)))) == {"committed": 2}


async def test_what_a_person_has_confirmed_passes(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await filled(hub, 30)
        client = await RawClient.live(hub.url, "sure")
        changes = [{"client_id": "sure", **delete(number)} for number in range(30)]
        await client.say("file_changed", {"client_id": "sure", "changes": changes, "confirmed": True})
        assert said(await client.verdicts()) == {"committed": 30}


async def test_the_brake_can_be_taken_off(tmp_path: Path) -> None:
    async with hub_in(tmp_path, on=False) as hub:
        await filled(hub, 30)
        client = await RawClient.live(hub.url, "mad")
        assert said(await client.submit(*map(delete, range(30)))) == {"committed": 30}
        assert (await ask(tmp_path, "held"))["held"] == []


async def test_there_has_to_be_something_to_decide(tmp_path: Path) -> None:
    async with hub_in(tmp_path):
        for command in ("approve", "reject"):
            with pytest.raises(BadConfig, match="nothing is held of a client 'nobody'"):
                await ask(tmp_path, command, client="nobody")
        with pytest.raises(SyncAgentError, match="does not know the command 'dance'"):
            await ask(tmp_path, "dance")
