"""What comes by the clock alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.rounds import DEEP_SECONDS, Rounds
from syncagent.engine.events import DeepLook, Event, Hinted
from tests.support.virtual_time import run_virtually

DAY = 86_400


@pytest.mark.hazard("A1", "E15")
@pytest.mark.parametrize(("days", "deep"), [(2, True), (0, False)])
def test_a_day_has_its_looks_and_its_part_of_the_deep_one(tmp_path: Path, days: int, deep: bool) -> None:
    config = AgentConfig(
        sync_root=tmp_path, server="ws://127.0.0.1:1", name="a", data_dir=tmp_path, client_id="a", deep_scan_days=days,
        api_key=SecretStr("k" * 20), rescan_minutes=120,
    )  # fmt: skip
    fed: list[Event] = []

    async def live() -> None:
        rounds = asyncio.ensure_future(Rounds(config, fed.append).make())
        await asyncio.sleep(DAY + 1)
        rounds.cancel()
        await asyncio.gather(rounds, return_exceptions=True)

    run_virtually(live())
    assert [event.everything for event in fed if isinstance(event, Hinted)] == [True] * 12
    shares = [event.share for event in fed if isinstance(event, DeepLook)]
    assert len(shares) == (DAY // DEEP_SECONDS if deep else 0)
    assert sum(shares) == pytest.approx(0.5 if deep else 0.0)


def test_other_settings_count_from_now_on_with_what_has_passed_already(tmp_path: Path) -> None:
    config = AgentConfig(
        sync_root=tmp_path, server="ws://127.0.0.1:1", name="a", data_dir=tmp_path, client_id="a", deep_scan_days=0,
        api_key=SecretStr("k" * 20), rescan_minutes=7 * 24 * 60,
    )  # fmt: skip
    looks: list[float] = []

    async def live() -> None:
        now = asyncio.get_running_loop().time
        start = now()
        rounds = Rounds(config, lambda _: looks.append(now() - start))
        making = asyncio.ensure_future(rounds.make())
        await asyncio.sleep(20 * 60)
        rounds.go_by(config.model_copy(update={"rescan_minutes": 30}))
        await asyncio.sleep(45 * 60)
        rounds.go_by(config.model_copy(update={"rescan_minutes": 1}))
        await asyncio.sleep(30)
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)

    run_virtually(live())
    assert [round(look / 60) for look in looks] == [30, 60, 65]
