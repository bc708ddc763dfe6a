"""A hub that hostile clients are let loose upon."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncagent.hub.app import Hub, HubConfig
from tests.support.raw_client import KEY, RawClient


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with Hub(HubConfig(tmp_path / "hub", port=0, bootstrap_key=KEY)) as hub:
        yield hub
        await RawClient.end_all()
