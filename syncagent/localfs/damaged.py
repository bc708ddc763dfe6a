"""What is left of damaged files, when the hub's content has taken their place: kept in our own folder for a while.

Nobody else has these bytes, and perhaps a person can use some of them.  They are never synced.  The newest are kept,
within bounds.

They are copied before anything takes their place, and the copy is durable by then: its bytes, its name, and the folder
that holds it.  What is only moved aside could be lost by a second power cut, when the hub's content was in place and
the other name was not (HAZARDS B6).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from syncagent.localfs.ignore import DAMAGED
from syncagent.localfs.ports import MISSING, Disk, Opening, Stat
from syncagent.localfs.standing import hash_file
from syncagent.model.names import RelPath, join, split

MOST_FILES: Final = 200
MOST_BYTES: Final = 2 << 30
_ROOM: Final = 200
"""Bytes of a file's own name within that of what is kept of it."""


def keep_damaged(disk: Disk, path: RelPath) -> None:
    """Keep a durable copy of what stands at ``path``.  Raises OSError; then nothing may take its place."""
    with suppress(FileExistsError):
        disk.mkdir(DAMAGED, 0o700)
    moment = datetime.fromtimestamp(disk.now_ns() / 1e9, tz=UTC).strftime("%Y%m%dT%H%M%S")
    name = split(path)[1].encode()[:_ROOM].decode(errors="ignore")
    before = [one.split("-")[1] for one, _ in disk.list(DAMAGED) if one.startswith(f"{moment}-")]
    number = max((int(one) for one in before if one.isdecimal()), default=0) + 1
    kept = join(DAMAGED, f"{moment}-{number:06d}-{name}")
    try:
        with disk.open(path, Opening.READ) as source, disk.open(kept, Opening.NEW, 0o600) as copy:
            hash_file(source, copy.write)
            copy.adjust(mtime_ns=source.stat().mtime_ns)
            copy.sync()
    except OSError:
        with suppress(OSError):
            disk.remove(kept)
        raise
    disk.sync([DAMAGED])
    disk.sync([split(DAMAGED)[0]])  # each time: that it was there does not say that it was durable
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
