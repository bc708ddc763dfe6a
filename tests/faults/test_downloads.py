"""A download that is cut off anywhere goes on where it was; who reads the file meanwhile sees the old or the new."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncagent.hub.app import Hub, HubConfig
from tests.support.agents import config_in, running

SIZE = 2 << 20
STEP = 4096
CUTS = int(os.environ.get("SYNCAGENT_CUTS", "16"))
"""So many of the 512 places at which it can be cut."""

MOST_LOST = 300_000
"""A frame of blocks under way has up to 256 KiB, and what is said besides."""


class Line:
    """What the agent's connection goes through.  It breaks once, after so many bytes from the hub."""

    def __init__(self, port: int) -> None:
        self._hub = port
        self._ends: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.carried = 0
        self.breaks_after: int | None = None
        self.broken = 0

    @contextlib.asynccontextmanager
    async def laid(self) -> AsyncIterator[Line]:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for end in self._ends:
                end.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_hub, to_hub = await asyncio.open_connection("127.0.0.1", self._hub)
        self._ends |= {writer, to_hub}
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(self._up(reader, to_hub), self._down(from_hub, writer))

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(STEP):
            if self.breaks_after is not None and self.carried + len(data) > self.breaks_after:
                writer.write(data[: self.breaks_after - self.carried])
                self.carried, self.breaks_after, self.broken = self.breaks_after, None, self.broken + 1
                break
            self.carried += len(data)
            writer.write(data)
            await writer.drain()
        writer.close()


class Reader(threading.Thread):
    """Reads a file again and again, all of it, and keeps what it has seen."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path = path
        self._over = threading.Event()
        self.seen: set[str] = set()

    def run(self) -> None:
        while not self._over.wait(0.0005):
            with contextlib.suppress(FileNotFoundError):
                self.seen.add(hashlib.sha256(self._path.read_bytes()).hexdigest())

    def end(self) -> set[str]:
        self._over.set()
        self.join()
        return self.seen


@pytest.mark.hazard("B4", "N8", "F1")
@pytest.mark.timeout(900)
async def test_a_download_cut_off_at_any_4_kib_is_resumed_and_readers_see_old_or_new(tmp_path: Path) -> None:
    rng = random.Random(0)
    places = [place * STEP for place in range(1, SIZE // STEP + 1)]
    chosen = places if len(places) <= CUTS else sorted(rng.sample(places, CUTS))
    key = "the-key-of-these-tests"
    async with Hub(HubConfig(tmp_path / "hub", port=0, bootstrap_key=key)) as hub, Line(hub.port).laid() as line:
        there = config_in(tmp_path / "there", name="There", server=f"ws://127.0.0.1:{hub.port}")
        here = config_in(tmp_path / "here", name="Here", server=f"ws://127.0.0.1:{line.port}")
        async with running(there) as sender, running(here) as receiver:
            written: set[str] = set()
            reader = Reader(receiver.root / "film")
            reader.start()
            for place in chosen:
                await receiver.wait()
                data = rng.randbytes(SIZE)
                written.add(hashlib.sha256(data).hexdigest())
                before = line.broken
                line.carried, line.breaks_after = 0, place
                (sender.root / "new").write_bytes(data)
                (sender.root / "new").rename(sender.root / "film")
                await sender.wait()
                async with asyncio.timeout(30):
                    while line.broken == before:  # noqa: ASYNC110 - it is another task that breaks it
                        await asyncio.sleep(0.005)
                await receiver.call("resume")  # there is no reason to wait before it connects again
                await receiver.wait()
                assert (receiver.root / "film").read_bytes() == data
                assert line.carried < SIZE + MOST_LOST, f"cut at {place}, it began anew"
                own = receiver.root / ".syncagent"
                async with asyncio.timeout(30):  # what was replaced is removed when nobody waits for it any more
                    while list((own / "stage").iterdir()):  # noqa: ASYNC110 - it is a thread that removes it
                        await asyncio.sleep(0.005)
            seen = await asyncio.to_thread(reader.end)
    assert seen <= written, "someone read what was never written"
    assert len(seen) > 1
