"""Gets back what the hub has lost (HAZARDS E8): finds out which files need the lost blocks, and asks their owners.

Blocks are noted as lost in the store when a reader, or `hub fsck`, finds them gone or damaged.  As long as any are,
clients that can are told of them from time to time, and send what they have.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from syncagent.errors import StorageTrouble
from syncagent.hub import audit
from syncagent.hub.events import Note
from syncagent.hub.hall import Hall
from syncagent.hub.lost import needing
from syncagent.hub.rows import Folder, FolderId, Row
from syncagent.hub.worker import Worker
from syncagent.model.ids import Digest, Seq

MOST_LOST: Final = 100_000
"""So many lost blocks of a folder are looked after at a time."""

MOST_FILES: Final = 1_000
"""So many files are asked for at a time; when they are there, the next."""

_PAGE: Final = 500
_PAUSE: Final = 0.01


class Healing:
    """``interval``: how often those are told again who could not help the last time; ``at_least``: how long is waited
    between two rounds, whatever happens."""

    def __init__(self, worker: Worker, hall: Hall, interval: float, at_least: float = 1.0) -> None:
        self._worker = worker
        self._hall = hall
        self._interval = interval
        self._at_least = at_least
        self._known: dict[FolderId, tuple[frozenset[Digest], tuple[Row, ...]]] = {}

    async def run(self) -> None:
        """Go on until it is cancelled."""
        while True:
            self._hall.lacked.clear()
            with contextlib.suppress(StorageTrouble):
                for folder in await self._worker.call(lambda store: store.journal.folders()):
                    await self._heal(folder)
            await asyncio.sleep(self._at_least)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._hall.lacked.wait()

    async def _heal(self, folder: Folder) -> None:
        lost = frozenset(await self._worker.call(lambda store: store.blocks.lost(folder.id, MOST_LOST)))
        known, rows = self._known.get(folder.id, (frozenset(), ()))
        if lost != known:
            rows = await self._needing(folder, lost) if lost else ()
            self._known[folder.id] = (lost, rows)
            note = Note("lost" if lost else "healed", {"folder": folder.name, "blocks": len(lost), "files": len(rows)})
            audit.record(note, "hub")
        self._hall.want(folder.id, rows)

    async def _needing(self, folder: Folder, lost: frozenset[Digest]) -> tuple[Row, ...]:
        found: list[Row] = []
        since = Seq(0)
        while rows := await self._worker.call(lambda store: store.journal.rows_after(folder.id, since, _PAGE)):  # noqa: B023
            since = rows[-1].seq
            found += needing(rows, lost)[: MOST_FILES - len(found)]
            await asyncio.sleep(_PAUSE)
        return tuple(found)
