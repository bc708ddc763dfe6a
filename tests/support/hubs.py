"""A real hub in the test's event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from syncagent.hub.app import Hub, HubConfig

KEY = "the-key-of-these-tests"
"""That of the agents of ``tests/support/agents.py``."""


@asynccontextmanager
async def hub_in(base: Path, **more: Any) -> AsyncIterator[str]:
    """A hub with its data in ``base``; gives its address."""
    config = HubConfig(data_dir=base, host="127.0.0.1", port=0, bootstrap_key=KEY, **more)
    async with Hub(config) as hub:
        yield f"ws://127.0.0.1:{hub.port}"
