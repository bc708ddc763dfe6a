"""What is left of damaged files, when the hub's content has taken their place: kept in our own folder for a while.

Nobody else has these bytes, and perhaps a person can use some of them.  They are never synced.  The newest are kept,
within bounds.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from syncagent.localfs.ignore import DAMAGED
from syncagent.localfs.ports import MISSING, Disk, Rename, Stat
from syncagent.model.names import RelPath, join, split

MOST_FILES: Final = 200
MOST_BYTES: Final = 2 << 30
_ROOM: Final = 200
"""Bytes of a file's own name within that of what is kept of it."""


def keep_damaged(disk: Disk, slot: RelPath, path: RelPath) -> None:
    """Move what lies at ``slot``, and stood at ``path``, to the damaged ones.  Raises OSError; then it is where it
    was."""
    with suppress(FileExistsError):
        disk.mkdir(DAMAGED, 0o700)
    moment = datetime.fromtimestamp(disk.now_ns() / 1e9, tz=UTC).strftime("%Y%m%dT%H%M%S")
    name = split(path)[1].encode()[:_ROOM].decode(errors="ignore")
    before = [one.split("-")[1] for one, _ in disk.list(DAMAGED) if one.startswith(f"{moment}-")]
    number = max((int(one) for one in before if one.isdecimal()), default=0) + 1
    disk.rename(slot, join(DAMAGED, f"{moment}-{number:06d}-{name}"), Rename.NEW)
    _keep_within_bounds(disk)


def _keep_within_bounds(disk: Disk) -> None:
    """Names begin with their moment: the oldest ones go.  The newest stays, whatever its size."""
    there = sorted(((name, seen) for name, seen in disk.list(DAMAGED) if isinstance(seen, Stat)), reverse=True)
    size = 0
    for place, (name, seen) in enumerate(there):
        size += seen.size
        if place and (place >= MOST_FILES or size > MOST_BYTES):
            try:
                disk.remove(join(DAMAGED, name))
            except OSError as error:
                if error.errno not in MISSING:
                    raise
