"""What a hub says of a change before it has judged it: made ready, and never more than that."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import until
from tests.support.agents import config_in, running
from tests.support.pair import KEY, hub_in
from tests.support.raw_client import RawClient, file_change

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

LEVEL_2: dict[str, Any] = {"protocol_version": 2, "capabilities": ["journal", "batch", "blocks", "push"]}


@pytest.mark.hazard("N1", "N15")
async def test_a_change_that_is_refused_leaves_nothing_and_one_that_is_granted_is_there_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncagent.engine.downloads.SPARE_SECONDS", 1.0)
    async with hub_in(tmp_path) as hub, running(config_in(tmp_path / "anna", name="anna", server=hub.url)) as anna:
        client = await RawClient.joined(hub.url, "other-1", key=KEY, **LEVEL_2)
        await client.catch_up(0)
        [made] = await client.submit(file_change("n1", "a", b"one"), blocks=(b"one",))
        assert made["status"] == "committed"
        await anna.wait()
        stage = anna.root / ".syncagent" / "stage"
        for number in count():  # one that comes while something else is being done is not made
            data = b"refused %d" % number
            update = file_change("n1", "a", data, operation="update", change_id=f"c-{number}", base_rev=7)
            [refused] = await client.submit(update, blocks=(data,))
            assert (refused["status"], refused["error_code"]) == ("rejected", "conflict")
            if await seen(stage, data):
                break
        assert contents(anna.root) == {"a": b"one"}
        await emptied(stage)
        update = file_change("n1", "a", b"two", operation="update", change_id="c-two", base_rev=1, mtime_ns=5 * 10**9)
        [granted] = await client.submit(update, blocks=(b"two",))
        assert granted["status"] == "committed"
        await RawClient.end_all()
        await anna.wait()
        assert contents(anna.root) == {"a": b"two"}
        assert (anna.root / "a").stat().st_mtime_ns == 5 * 10**9
        await emptied(stage)


def contents(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}


async def emptied(stage: Path) -> None:
    await asyncio.to_thread(until, lambda: not list(stage.iterdir()), 60.0, lambda: f"{list(stage.iterdir())} are left")


async def seen(stage: Path, data: bytes) -> bool:
    """Whether a file that holds this comes to lie in the stage within a while."""
    for _ in range(100):
        for path in stage.iterdir():
            try:
                if path.read_bytes() == data:
                    return True
            except FileNotFoundError:
                continue
        await asyncio.sleep(0.005)
    return False
