"""What the disks of other systems are like: a MemoryDisk for each.

Each rule here is one that a real disk of that system has, and the suite that the real ones pass is run on these, too
(``tests/conformance/test_disk.py``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

from syncagent.localfs.memory import MemoryDisk
from syncagent.model.names import OWN_FOLDER
from syncagent.windows.names import refuses

Clock = Callable[[], int]

NTFS_GRAIN_NS: Final = 100


def nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def nfd(name: str) -> str:
    return unicodedata.normalize("NFD", name)


def folded(name: str) -> str:
    """What two names have in common that are one to a disk that tells neither case nor form apart."""
    return nfc(name).casefold()


def upcased(name: str) -> str:
    """What NTFS compares: each character by itself, by a table that knows no others in their place."""
    return "".join([upper if len(upper := one.upper()) == 1 else one for one in name])


def windows(clock: Clock | None = None) -> MemoryDisk:
    """NTFS: tells no case apart, but forms; refuses names that mean something to Win32; keeps no executable bit; makes
    no links for an ordinary user; exchanges nothing; who has a file open keeps others from it."""
    return MemoryDisk(
        clock=clock, granularity_ns=NTFS_GRAIN_NS, fold=upcased, refuses=_refused, links=False, exchange=False,
        modes=False, shares=False,
    )  # fmt: skip


def apfs(clock: Clock | None = None) -> MemoryDisk:
    """macOS by default: tells neither case nor form apart, and keeps both as they were given."""
    return MemoryDisk(clock=clock, fold=folded, refuses=_refused_by_macos)


def hfs(clock: Clock | None = None) -> MemoryDisk:
    """macOS before: the same, but names are kept decomposed, times in whole seconds, and nothing is exchanged."""
    return MemoryDisk(
        clock=clock, granularity_ns=10**9, fold=folded, form=nfd, refuses=_refused_by_macos, exchange=False
    )


def fat(clock: Clock | None = None) -> MemoryDisk:
    """A stick: the names of Windows, times in steps of two seconds, neither links nor modes."""
    return MemoryDisk(
        clock=clock, granularity_ns=2 * 10**9, fold=folded, refuses=_refused, links=False, exchange=False, modes=False
    )


def _refused(name: str) -> bool:
    return refuses(name) and name != OWN_FOLDER


def _refused_by_macos(name: str) -> bool:
    """Names are Unicode there."""
    return any("\ud800" <= one <= "\udfff" for one in name)
