"""Two versions of a file, as they stand on the disk, and where they differ.  Blocks; needs no running agent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from syncagent.content.threeway import lines_of
from syncagent.engine.lines import bytes_in_words
from syncagent.errors import NotAsked, StorageTrouble
from syncagent.localfs.here import disk_at
from syncagent.localfs.ports import MISSING, Opening, Stat
from syncagent.model.names import RelPath
from syncagent.model.values import fixed

MOST_BYTES: Final = 16 << 20
"""Larger files are not compared line by line."""

PIECE: Final = 1 << 20


@fixed
class Version:
    """What stood at ``path`` when it had the stamp of ``seen``.  ``data`` is None where it is too large."""

    path: RelPath
    seen: Stat
    data: bytes | None

    @property
    def text(self) -> str | None:
        """None for what is no text."""
        if self.data is None or b"\0" in self.data:
            return None
        try:
            return self.data.decode("utf-8")
        except UnicodeDecodeError:
            return None


def version(root: Path, path: RelPath) -> Version:
    """What stands there.  Raises NotAsked where that is no file, StorageTrouble."""
    disk = disk_at(str(root))
    try:
        with disk.batch():
            if not disk.stat(path).is_file:
                raise NotAsked(f"{path} is not a file: there is nothing to compare")
            with disk.open(path, Opening.READ) as file:
                seen = file.stat()
                if seen.size > MOST_BYTES:
                    return Version(path, seen, None)
                data = bytearray()
                while piece := file.read(len(data), PIECE):
                    data += piece
                return Version(path, seen, bytes(data))
    except OSError as error:
        if error.errno in MISSING:
            raise NotAsked(f"{path} is not there any more") from None
        raise StorageTrouble(f"{path} cannot be read: {error.strerror or error}") from None


def difference(one: Version, other: Version) -> Iterator[str]:
    """The unified difference, line by line; nothing where there is none."""
    if one.data is not None and one.data == other.data:
        return
    first, second = one.text, other.text
    if first is None or second is None:
        yield f"{one.path} ({bytes_in_words(one.seen.size)}) and"
        yield f"{other.path} ({bytes_in_words(other.seen.size)}) differ, and are not compared line by line"
        return
    from difflib import unified_diff  # noqa: PLC0415 - only for who asks

    for line in unified_diff(lines_of(first), lines_of(second), one.path, other.path):
        yield line.removesuffix("\n").removesuffix("\r")
        if not line.endswith(("\n", "\r")):
            yield "\\ No newline at end of file"
