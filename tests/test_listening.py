"""Those who come in the very moment in which a server ends; ``tests/test_control.py`` has those of commands."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from syncagent.agent.page.server import PageServer
from tests.agent.page.test_server import Subject
from tests.support.hubs import hub_in


@asynccontextmanager
async def hub(base: Path) -> AsyncIterator[int]:
    async with hub_in(base) as url:
        yield urlsplit(url).port or 0


@asynccontextmanager
async def page(base: Path) -> AsyncIterator[int]:
    server = PageServer(Subject(), "site")
    yield urlsplit(await server.url()).port or 0
    await server.close()


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("serve", [hub, page])
async def test_who_comes_in_the_moment_of_the_end_is_hung_up_on(
    tmp_path: Path, serve: Callable[[Path], AbstractAsyncContextManager[int]], steps: int
) -> None:
    with socket.socket() as client:
        async with serve(tmp_path) as port:
            client.connect(("127.0.0.1", port))
            for _ in range(steps):
                await asyncio.sleep(0)
        client.settimeout(30)
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.to_thread(client.recv, 1) == b""
