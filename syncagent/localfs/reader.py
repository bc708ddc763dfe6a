"""Blocks of local files, for those who ask for them.  Called in worker threads; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from syncagent.content.digest import digest_of
from syncagent.localfs.ports import Disk, Opening
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath
from syncagent.model.values import fixed
from syncagent.planner.tasks import ReadWish


@fixed
class StaleRead:
    """The file at ``path`` is not (or no longer) what it was wished for as: it wants a look."""

    path: RelPath
    reason: str


def read_blocks(disk: Disk, wishes: Sequence[ReadWish]) -> list[tuple[Digest, bytes] | StaleRead]:
    """The blocks of the wishes, in their order; in the place of a wish that cannot be fulfilled, one StaleRead.

    Every block is checked against its digest, so what is given is right whatever happened to the file; that is why an
    UNSURE stamp will do too.  A stamp that differs only saves the reading (A6).  Raises RootMissing.
    """
    found: list[tuple[Digest, bytes] | StaleRead] = []
    with disk.batch():
        for wish in wishes:
            try:
                found.extend(_read(disk, wish))
            except OSError as error:
                found.append(StaleRead(wish.path, error.strerror or str(error)))
    return found


def _read(disk: Disk, wish: ReadWish) -> list[tuple[Digest, bytes] | StaleRead]:
    blocks: list[tuple[Digest, bytes] | StaleRead] = []
    with disk.open(wish.path, Opening.READ) as file:
        before = file.stat()
        if not before.is_file or (wish.expect and before.stamp != wish.expect):
            return [StaleRead(wish.path, "it has changed")]
        for offset, block in wish.blocks:
            data = file.read(offset, block.size)
            if len(data) != block.size or digest_of(data) != block.digest:
                return [StaleRead(wish.path, "it changed while it was read")]
            blocks.append((block.digest, data))
    return blocks
