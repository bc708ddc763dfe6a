"""Disks of other systems, for the machines of the simulated world."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from syncagent.localfs.memory import MemoryDisk

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def nfd(name: str) -> str:
    return unicodedata.normalize("NFD", name)


def fold_case(name: str) -> str:
    return nfc(name).casefold()


def windows_refuses(name: str) -> bool:
    return bool(_RESERVED.fullmatch(name) or re.search(r'[<>:"|?*\\]|[. ]$', name)) and name != ".syncagent"


def make_disk(kind: str, clock: Callable[[], int]) -> MemoryDisk:
    """A disk of that kind; an ordinary one for ""."""
    match kind:
        case "disk-folds-case":
            return MemoryDisk(clock=clock, fold=fold_case)
        case "disk-folds-form":
            return MemoryDisk(clock=clock, fold=nfc, form=nfd)
        case "disk-windows":
            return MemoryDisk(
                clock=clock, fold=fold_case, refuses=windows_refuses, links=False, exchange=False, granularity_ns=100
            )
        case "disk-grain-1s":
            return MemoryDisk(clock=clock, granularity_ns=10**9)
        case "disk-grain-2s":
            return MemoryDisk(clock=clock, granularity_ns=2 * 10**9, exchange=False)
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
