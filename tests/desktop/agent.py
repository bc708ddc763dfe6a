"""An agent behind its control socket that only answers, and writes down what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from syncagent.agent.places import Places
from syncagent.control import ControlServer, UnknownCommand


class Agent:
    """``tell`` makes who watches hear something."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self._said: list[dict[str, Any]] = []
        self._loop = asyncio.new_event_loop()
        self._news = asyncio.Event()
        self._stop = asyncio.Event()

    async def handle(self, command: str, args: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((command, args))
        if command not in self.answers:
            raise UnknownCommand(f"the agent does not know the command {command!r}")
        return self.answers[command]

    async def follow(self, command: str, args: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        shown = 0
        while True:
            while shown == len(self._said):
                self._news.clear()
                await self._news.wait()
            shown += 1
            yield self._said[shown - 1]

    def tell(self, said: dict[str, Any]) -> None:
        self._said.append(said)
        self._loop.call_soon_threadsafe(self._news.set)

    @contextlib.contextmanager
    def running(self, spot: Places) -> Iterator[None]:
        ready = threading.Event()

        async def serve() -> None:
            async with ControlServer(spot.control, self.handle, self.follow):
                ready.set()
                await self._stop.wait()

        thread = threading.Thread(target=self._loop.run_until_complete, args=(serve(),))
        thread.start()
        assert ready.wait(20)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(20)
            self._loop.close()
