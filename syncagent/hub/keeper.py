"""What the hub's keeper may ask of it while it runs: what is held, and what is to become of that.

Called through the control socket, which only the user that the hub runs as can reach.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from syncagent.control import UnknownCommand
from syncagent.errors import BadConfig, StorageTrouble
from syncagent.hub import audit
from syncagent.hub.brake import Brake, Held
from syncagent.hub.checkup import Checkup
from syncagent.hub.events import Note
from syncagent.hub.room import HubRoom
from syncagent.hub.rows import FolderId
from syncagent.hub.stores.ports import Store
from syncagent.hub.worker import Worker
from syncagent.model.ids import ClientId

Answer: TypeAlias = dict[str, Any]
KEEPER: Final = "keeper"
"""Where a line of the audit log says that something came from, when it came from here."""


WHOLE_BYTES: Final = 64 * 1024 * 1024
"""A database of at most so many bytes is looked through as a whole while the hub runs: it takes a part of a second."""

_LONGEST_PAUSE: Final = 0.05
_COUNTED: Final = 10_000


class Keeper:
    """Answers commands.  ``mono`` is the clock that the brake counts by; ``lacked`` is called when it has become known
    which blocks are lost; ``present`` gives the clients that are here."""

    def __init__(
        self,
        worker: Worker,
        brake: Brake,
        mono: Callable[[], float],
        lacked: Callable[[], None],
        room: HubRoom,
        present: Callable[[], list[tuple[FolderId, str]]],
    ) -> None:
        self._room = room
        self._present = present
        self._lacked = lacked
        self._worker = worker
        self._brake = brake
        self._mono = mono
        self._commands: dict[str, Callable[[dict[str, Any]], Awaitable[Answer]]] = {
            "status": self._status,
            "held": self._held,
            "approve": self._approve,
            "reject": self._reject,
            "fsck": self._fsck,
        }
        self._looking = asyncio.Lock()

    async def handle(self, command: str, args: dict[str, Any]) -> Answer:
        """The answer to ``command``.  Raises UnknownCommand, BadConfig when there is nothing to decide."""
        known = self._commands.get(command)
        if known is None:
            raise UnknownCommand(f"the hub does not know the command {command!r}")
        return await known(args)

    async def _status(self, args: dict[str, Any]) -> Answer:
        """How the hub stands: its folders, who is here, what is held, what is lost, and the room on its disk."""

        def looked(store: Store) -> list[Answer]:
            return [
                {
                    "folder": folder.name, "head": folder.head, "files": store.journal.living_files(folder.id),
                    "lost": len(store.blocks.lost(folder.id, _COUNTED)), "id": folder.id,
                }
                for folder in store.journal.folders()
            ]  # fmt: skip

        folders = await self._worker.call(looked)
        held = await self._worker.call(lambda _: self._brake.held())
        try:
            room = await asyncio.to_thread(self._room.standing)
        except OSError as trouble:
            raise StorageTrouble(f"the hub's disk cannot be asked: {trouble.strerror}") from None
        here = self._present()
        for one in folders:
            number = one.pop("id")
            one["clients"] = [client for folder, client in here if folder == number]
        return {
            "folders": folders,
            "held": len(held),
            "room": {
                "bytes": room.whole, "free": room.free, "kept_free": room.kept, "refuses": room.short,
                "text": room.in_words(),
            },
        }  # fmt: skip

    async def _held(self, args: dict[str, Any]) -> Answer:
        found, folders = await self._worker.call(lambda store: (self._brake.held(), store.journal.folders()))
        names = {folder.id: folder.name for folder in folders}
        return {"held": [_shown(one, names) for one in found]}

    async def _approve(self, args: dict[str, Any]) -> Answer:
        return await self._decide(args, "approved", lambda ids, who: self._brake.approve(ids, who, self._mono()))

    async def _reject(self, args: dict[str, Any]) -> Answer:
        return await self._decide(args, "rejected", self._brake.reject)

    async def _fsck(self, args: dict[str, Any]) -> Answer:
        """Look through everything, a step at a time; clients have the store for as long in between."""
        async with self._looking:
            checkup = await self._worker.call(lambda store: Checkup(store, WHOLE_BYTES))
            try:
                more = True
                while more:
                    begun = self._mono()
                    more = await self._worker.call(lambda _: checkup.step())
                    await asyncio.sleep(min(self._mono() - begun, _LONGEST_PAUSE))
            except StorageTrouble as trouble:
                checkup.broke(trouble)
        report = checkup.report
        self._lacked()
        audit.record(
            Note("checked", {"entries": report.entries, "blocks": report.blocks, "wrong": report.wrong}), KEEPER
        )
        return report.as_dict()

    async def _decide(
        self, args: dict[str, Any], word: str, decide: Callable[[list[FolderId], ClientId], int]
    ) -> Answer:
        client, folder = ClientId(str(args.get("client", ""))), str(args.get("folder", ""))

        def decided(store: Store) -> int:
            folders = [one.id for one in store.journal.folders() if folder in ("", one.name)]
            number = decide(folders, client)
            for one in folders:
                store.journal.note_held(one, client, held=False)
            return number

        number = await self._worker.call(decided)
        if not number:
            raise BadConfig(f"nothing is held of a client {client!r}" + (f" in {folder!r}" if folder else ""))
        audit.record(Note(word, {"client": client, "folder": folder, "changes": number}), KEEPER)
        return {"client": client, word: number}


def _shown(held: Held, names: dict[FolderId, str]) -> Answer:
    return {
        "folder": names.get(held.folder, ""), "client": held.client, "deletes": held.deletes,
        "overwrites": held.overwrites, "paths": list(held.paths), "since": _time(held.since_ns),
        "tried": _time(held.tried_ns),
    }  # fmt: skip


def _time(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="seconds")
