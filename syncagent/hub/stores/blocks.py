"""The blocks of the store in SQLite: small ones in its database, larger ones in packs beside it (port ``Blocks``).

A block whose bytes are lost or damaged loses its row, and is noted among the lost until it is put again: by a client
that is asked for it, or because its file was found again after all (a disk that was not mounted).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Final

from syncagent.errors import StorageTrouble
from syncagent.hub.rows import FolderId
from syncagent.hub.stores.files import BlockFiles
from syncagent.hub.stores.ports import SMALL, Checked, first
from syncagent.model.ids import Digest
from syncagent.sqlite import Database, among

_CHECKED_AT_ONCE: Final = 1_000
_LONGEST: Final = 1024 * 1024
"""No block is longer."""

BULK_BYTES: Final = 1024 * 1024
"""More than that together lies in packs, however small the blocks are: what goes into the database is written twice,
by 4 KiB at a time, and its sums are made.  That costs four times the CPU; few bytes cost one wait for the disk less."""

_PACK_NAME: Final = re.compile("[0-9a-f]{64}")


class SqliteBlocks:
    """On the thread of ``database``."""

    def __init__(self, database: Database, files: BlockFiles) -> None:
        self._db = database
        self._files = files

    def prepare(self, folder: FolderId, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        longest = _longest_within(blocks)
        self._files.prepare(folder, [block for block in blocks if len(block[1]) > longest])

    def sizes(self, folder: FolderId, digests: Collection[Digest]) -> dict[Digest, int]:
        if not digests:
            return {}
        found = self._db.execute(
            "SELECT digest, size FROM block WHERE folder = ? AND digest IN carray(?)", (folder, among(digests))
        )
        return {Digest(digest): size for digest, size in found}

    def put(self, folder: FolderId, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        there = self.sizes(folder, [digest for digest, _ in blocks])
        fresh = {digest: plain for digest, plain in blocks if digest not in there}
        if there:
            self._files.let_go(folder, list(there))
        if not fresh:
            return
        longest = _longest_within(blocks)
        spots = self._files.ensure(folder, [block for block in fresh.items() if len(block[1]) > longest])
        rows: list[tuple[int, int, Digest, bytes | None, Digest | None, int]] = []
        for digest, plain in fresh.items():
            if len(plain) > longest:
                rows.append((folder, len(plain), digest, None, *spots[digest]))
            else:
                rows.append((folder, len(plain), digest, plain, None, 0))
        self._db.many("INSERT INTO block (folder, size, digest, bytes, pack, at) VALUES (?, ?, ?, ?, ?, ?)", rows)
        if self._db.first("SELECT 1 FROM lost WHERE folder = ? LIMIT 1", (folder,)):
            self._db.execute("DELETE FROM lost WHERE folder = ? AND digest IN carray(?)", (folder, among(fresh)))

    def read(self, folder: FolderId, digests: Sequence[Digest]) -> list[tuple[Digest, bytes]]:
        if not digests:
            return []
        rows = self._db.execute(
            "SELECT digest, size, bytes, coalesce(pack, digest), at FROM block"
            " WHERE folder = ? AND digest IN carray(?)",
            (folder, among(digests)),
        )
        found: dict[Digest, bytes] = {}
        outside: dict[Digest, list[tuple[Digest, int, int]]] = {}
        for digest, size, kept, pack, at in rows:
            if kept is None:
                outside.setdefault(pack, []).append((digest, at, size))
            else:
                found[digest] = kept
        for pack, wanted in outside.items():
            plain = self._files.read(folder, pack, [(at, size) for _, at, size in wanted])
            found.update(zip((digest for digest, _, _ in wanted), plain or (), strict=False))
        lost = []
        for digest, size, *_ in rows:
            read = found.get(digest, b"")
            if len(read) != size or self._files.digest_of(read) != digest:
                found.pop(digest, None)
                lost.append(digest)
        if lost:
            self._forget(folder, lost)
        return [(digest, found[digest]) for digest in digests if digest in found]

    # --- damage -------------------------------------------------------------------------------------------------

    def check(self, folder: FolderId, after: Digest | None, room: int) -> Checked:
        rows = self._db.execute(
            "SELECT digest, size FROM block WHERE folder = ? AND digest > ? ORDER BY digest LIMIT ?",
            (folder, after or b"", _CHECKED_AT_ONCE),
        )
        chosen = list(first(((Digest(digest), size) for digest, size in rows), room))
        digests = [digest for digest, _ in chosen]
        lost = tuple(self._damaged(folder, digests))
        more = len(chosen) < len(rows) or len(rows) == _CHECKED_AT_ONCE
        return Checked(len(chosen), sum(size for _, size in chosen), lost, digests[-1] if more else None)

    def _damaged(self, folder: FolderId, digests: Sequence[Digest]) -> list[Digest]:
        try:
            there = {digest for digest, _ in self.read(folder, digests)}
        except StorageTrouble:
            if len(digests) > 1:
                return [lost for digest in digests for lost in self._damaged(folder, [digest])]
            # Its file is there, and the disk does not give it back.  (To a client this is trouble that may pass.)
            self._forget(folder, digests)
            return list(digests)
        return [digest for digest in digests if digest not in there]

    def _forget(self, folder: FolderId, digests: Collection[Digest]) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO lost (folder, digest, size, pack, at)"
            " SELECT folder, digest, size, pack, at FROM block WHERE folder = ? AND digest IN carray(?)",
            (folder, among(digests)),
        )
        self._db.execute("DELETE FROM block WHERE folder = ? AND digest IN carray(?)", (folder, among(digests)))

    def lose(self, folder: FolderId, digests: Collection[Digest]) -> None:
        self._db.many(
            "INSERT OR IGNORE INTO lost (folder, digest) VALUES (?, ?)", [(folder, digest) for digest in digests]
        )

    def lost(self, folder: FolderId, limit: int) -> list[Digest]:
        found = self._db.execute("SELECT digest FROM lost WHERE folder = ? ORDER BY digest LIMIT ?", (folder, limit))
        return [Digest(digest) for (digest,) in found]

    def find_again(self, folder: FolderId, digests: Sequence[Digest]) -> int:
        rows = self._db.execute(
            "SELECT digest, size, coalesce(pack, digest), at FROM lost WHERE folder = ? AND digest IN carray(?)",
            (folder, among(digests)),
        ) if digests else []  # fmt: skip
        found = []
        for digest, size, pack, at in rows:
            with suppress(StorageTrouble):
                [plain] = self._files.read(folder, pack, [(at, _LONGEST if size is None else size)]) or [b""]
                if plain and self._files.digest_of(plain) == digest:
                    found.append((digest, plain))
        self.put(folder, found)
        return len(found)

    def strays(self, folder: FolderId, part: int) -> list[str]:
        names = self._files.names(folder, part)
        packs = {name: Digest(bytes.fromhex(name)) for name in names if _PACK_NAME.fullmatch(name)}
        if not packs:
            return names
        known = self._db.execute(
            "SELECT pack FROM block WHERE folder = ?1 AND pack IN carray(?2) UNION"
            " SELECT digest FROM block WHERE folder = ?1 AND digest IN carray(?2) AND pack IS NULL",
            (folder, among(list(packs.values()))),
        )
        held = {pack for (pack,) in known}
        return [name for name in names if packs.get(name) not in held]


def _longest_within(blocks: Sequence[tuple[Digest, bytes]]) -> int:
    """Those of ``blocks`` that are longer than that lie in packs."""
    return 0 if sum([len(plain) for _, plain in blocks]) > BULK_BYTES else SMALL
