"""Disks of other systems, for the machines of the simulated world."""

from __future__ import annotations

from collections.abc import Callable

from syncagent.localfs import memory_systems as like
from syncagent.localfs.memory import MemoryDisk


def make_disk(kind: str, clock: Callable[[], int]) -> MemoryDisk:
    """A disk of that kind; an ordinary one for ""."""
    match kind:
        case "disk-macos":
            return like.apfs(clock)
        case "disk-folds-form":
            return MemoryDisk(clock=clock, fold=like.nfc, form=like.nfd)
        case "disk-windows":
            return like.windows(clock)
        case "disk-grain-1s":
            return MemoryDisk(clock=clock, granularity_ns=10**9)
        case "disk-fat":
            return like.fat(clock)
        case "disk-reuses":
            return MemoryDisk(clock=clock, reuse=True)
    return MemoryDisk(clock=clock)


def copy_disk(disk: MemoryDisk, clock: Callable[[], int]) -> MemoryDisk:
    """All that is on it, our own folder too, on another disk: what ``cp -a`` makes."""
    copied = MemoryDisk(clock=clock)
    for path, what in disk.user.tree(own=True).items():
        if what is None:
            copied.user.mkdir(path)
        elif isinstance(what, bytes):
            inode = disk.user._disk.find(path)  # type: ignore[arg-type]
            copied.user.write(path, what, mtime_ns=inode.mtime_ns)
            copied.user.chmod(path, inode.mode & 0o777)
        else:
            copied.user.symlink(what.removeprefix("-> "), path)
    return copied
