"""Agents for tests: their settings, and whole ones that run in the test's event loop."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from syncagent.agent.config.reading import Source
from syncagent.agent.config.settings import AgentConfig, Settings
from syncagent.agent.household import Household
from syncagent.agent.lock import hold
from syncagent.control import ControlClient
from syncagent.errors import NotRunning
from syncagent.private import write_private

NOBODY = "ws://127.0.0.1:1"
"""An address at which there is no hub."""


def config_in(base: Path, *, name: str = "Laptop", server: str = NOBODY, **more: Any) -> AgentConfig:
    """The settings of an agent that has its folder and its data directory in ``base``."""
    base.mkdir(exist_ok=True)
    (base / "data").mkdir(mode=0o700, exist_ok=True)
    (base / "root").mkdir(exist_ok=True)
    called = "-".join(re.findall("[a-z]+", name.lower()))
    return AgentConfig(
        sync_root=base / "root", server=server, name=name, data_dir=base / "data",
        client_id=f"{called}-1", api_key=SecretStr("the-key-of-these-tests"), **more,
    )  # fmt: skip


async def run_agent(config: AgentConfig) -> int:
    """An agent that goes by ``config``, whatever the file says."""
    spot = config.places
    if not spot.identity.exists():
        write_private(spot.identity, config.client_id + "\n")
    given = {key: getattr(config, key) for key in Settings.model_fields}
    source = Source(spot, fixed={spot.profile: given})
    strangers = [spot.profile] if config.new_hub else []
    return await Household(source, key=config.api_key.get_secret_value(), strangers=strangers).run()


class Running:
    """An agent that runs, as seen through its control socket."""

    def __init__(self, config: AgentConfig, task: asyncio.Task[int]) -> None:
        self.config = config
        self.root = config.sync_root
        self.task = task
        self._client = ControlClient(config.places.control)

    async def call(self, command: str, **args: Any) -> dict[str, Any]:
        return await asyncio.to_thread(self._client.call, command, **args)

    async def status(self) -> dict[str, Any]:
        return await self.call("status")

    async def wait(self, seconds: float = 60) -> None:
        answer = await self.call("wait", within=seconds + 15, timeout=seconds)
        assert answer["in_sync"], answer

    async def until(self, so: Callable[[dict[str, Any]], bool], seconds: float = 60) -> dict[str, Any]:
        """Ask for the status until it is ``so``."""
        async with asyncio.timeout(seconds):
            while not so(status := await self.status()):  # noqa: ASYNC110 - what is waited for is in another world
                await asyncio.sleep(0.01)
        return status


@asynccontextmanager
async def running(config: AgentConfig) -> AsyncIterator[Running]:
    """The agent of ``config``, from when it answers to when it has stopped."""
    with hold(config.places.lock):
        task = asyncio.ensure_future(run_agent(config))
        agent = Running(config, task)
        try:
            async with asyncio.timeout(60):
                while True:
                    if task.done():
                        task.result()
                    try:
                        await agent.status()
                        break
                    except NotRunning:
                        await asyncio.sleep(0.01)
            yield agent
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
