"""A conflict copy is settled, as a person said: one of the two versions is put at the name, or both stay.

What the person does not want any more goes to the trash in our own folder, by one rename, under the name that says
where it stood; it is never removed.  Nothing is taken away that is not what was looked at: what has another stamp after
it was moved goes back.  To all others it looks as if the person had done it, and is synced as that.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from enum import Enum
from typing import Final

from syncagent.errors import NotAsked, StorageFull, StorageTrouble, TryAgain
from syncagent.localfs.ignore import TRASH
from syncagent.localfs.ports import FULL, MISSING, Disk, Opening, Rename, Stat
from syncagent.localfs.standing import hash_file
from syncagent.model.names import Name, RelPath, join, settled_name, split

_ROOM: Final = 180
"""Bytes of a path within a name in the trash."""


class Keep(Enum):
    """Which of the versions is to stand at the name."""

    COPY = "copy"
    ORIGINAL = "original"
    BOTH = "both"


def settle(disk: Disk, original: RelPath, copy: RelPath, keep: Keep) -> RelPath:
    """Do as ``keep`` says; gives where the version of the copy is after that, in the folder or in the trash.

    Raises NotAsked where there is nothing of the kind, TryAgain when a version changes meanwhile or a program has it
    open for writing, StorageFull, StorageTrouble, RootMissing.
    """
    try:
        with disk.batch():
            return _settle(disk, original, copy, keep)
    except OSError as error:
        if error.errno in MISSING:
            raise NotAsked(f"{copy}: one of the two versions is not there any more") from None
        kind = StorageFull if error.errno in FULL else StorageTrouble
        raise kind(f"{copy}: {error.strerror or error}") from None


def replace(disk: Disk, original: RelPath, copy: RelPath, merged: bytes, seen: tuple[Stat, Stat]) -> None:
    """Put ``merged`` in the place of both, which were looked at as ``seen`` (the original, and the copy).  Raises as
    ``settle`` does."""
    try:
        with disk.batch():
            for path, one in zip((original, copy), seen, strict=True):
                if disk.stat(path).stamp != one.stamp:
                    raise _changed(path)
                _check_unused(disk, path, one)
            slot = _slot(disk, original)
            with disk.open(slot, Opening.NEW, seen[0].mode & 0o777) as file:
                file.write(0, merged)
                file.adjust(mode=seen[0].mode & 0o777)
                file.sync()
            _exchange(disk, slot, original, seen[0])
            _to_trash(disk, copy, seen[1])
    except OSError as error:
        if error.errno in MISSING:
            raise _changed(copy) from None
        kind = StorageFull if error.errno in FULL else StorageTrouble
        raise kind(f"{original}: {error.strerror or error}") from None


def _settle(disk: Disk, original: RelPath, copy: RelPath, keep: Keep) -> RelPath:
    aside = disk.stat(copy)
    if aside.is_dir:
        raise NotAsked(f"{copy} is a folder: look through it, and delete or rename it")
    _check_unused(disk, copy, aside)
    match keep:
        case Keep.BOTH:
            return _rename_free(disk, copy)
        case Keep.ORIGINAL:
            disk.stat(original)  # what is thrown away is not the last version
            return _to_trash(disk, copy, aside)
        case Keep.COPY:
            return _take_place(disk, original, copy, aside)


def _rename_free(disk: Disk, copy: RelPath) -> RelPath:
    folder, name = split(copy)
    taken: set[Name] = set()
    while True:
        to = join(folder, settled_name(Name(name), lambda one: one in taken))
        with suppress(FileExistsError):
            disk.rename(copy, to, Rename.NEW)
            disk.sync([folder])
            return to
        taken.add(Name(split(to)[1]))


def _to_trash(disk: Disk, path: RelPath, seen: Stat) -> RelPath:
    """Take what was ``seen`` there out of the folder."""
    slot = _slot(disk, path)
    disk.rename(path, slot, Rename.NEW)
    if disk.stat(slot).without_ctime() != seen.without_ctime():
        disk.rename(slot, path, Rename.NEW)
        raise _changed(path)
    # A name that comes before the one that goes: after a power cut it is in one of the two.
    disk.sync([TRASH, split(path)[0]])
    return slot


def _take_place(disk: Disk, original: RelPath, copy: RelPath, aside: Stat) -> RelPath:
    """The original keeps its identity: to it, this is an edit, and not the end of one file and a move of another."""
    try:
        there = disk.stat(original)
    except OSError as error:
        if error.errno not in MISSING:
            raise
        disk.rename(copy, original, Rename.NEW)
        disk.sync([split(original)[0]])
        return original
    if there.is_dir:
        raise NotAsked(f"{original} is a folder by now: rename one of the two")
    _check_unused(disk, original, there)
    slot = _slot(disk, original)
    _duplicate(disk, copy, slot, aside)
    if disk.stat(copy).stamp != aside.stamp:
        disk.remove(slot)
        raise _changed(copy)
    _exchange(disk, slot, original, there)
    disk.remove(_to_trash(disk, copy, aside))  # its bytes are at the name by now
    return original


def _duplicate(disk: Disk, path: RelPath, to: RelPath, seen: Stat) -> None:
    if seen.is_link:
        disk.symlink(disk.readlink(path), to)
        return
    try:
        with disk.open(path, Opening.READ) as source, disk.open(to, Opening.NEW, 0o600) as copy:
            hash_file(source, copy.write)
            copy.adjust(mode=seen.mode & 0o777, mtime_ns=seen.mtime_ns)
            copy.sync()
    except OSError:
        with suppress(OSError):
            disk.remove(to)
        raise


def _exchange(disk: Disk, slot: RelPath, path: RelPath, seen: Stat) -> None:
    """What is in the slot comes to the name, and what was ``seen`` there into the slot."""
    ours = disk.stat(slot)
    try:
        disk.rename(slot, path, Rename.EXCHANGE)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise
        _exchange_in_steps(disk, slot, path, seen)
        return
    if disk.stat(slot).without_ctime() != seen.without_ctime():
        disk.rename(slot, path, Rename.EXCHANGE)
        # RACE: what was saved at the name between the two exchanges is in the slot now, and stays in the trash.
        if disk.stat(slot).without_ctime() == ours.without_ctime():
            disk.remove(slot)
        raise _changed(path)
    disk.sync([TRASH, split(path)[0]])


def _exchange_in_steps(disk: Disk, slot: RelPath, path: RelPath, seen: Stat) -> None:
    kept = _slot(disk, path)
    _duplicate(disk, path, kept, seen)
    disk.sync([TRASH])
    if disk.stat(path).stamp != seen.stamp:
        disk.remove(kept)
        disk.remove(slot)
        raise _changed(path)
    # RACE: what comes to the name between this look and the next call is lost, where the disk knows no exchange.
    disk.rename(slot, path, Rename.PLAIN)
    disk.sync([split(path)[0]])


def _slot(disk: Disk, path: RelPath) -> RelPath:
    """A free name in the trash that says when it went, and where it stood."""
    with suppress(FileExistsError):
        disk.mkdir(TRASH, 0o700)
    quoted = path.replace("%", "%25").replace("/", "%2F")
    milliseconds, number = disk.now_ns() // 1_000_000, 1
    there = {name for name, _ in disk.list(TRASH)}
    while True:
        long = len(quoted.encode()) > _ROOM
        name = f"{milliseconds}.{number}.{'' if long else quoted}"
        if name not in there:
            if long:
                with suppress(FileExistsError):
                    disk.symlink(path, join(TRASH, f"path.{milliseconds}.{number}"))
            return join(TRASH, name)
        number += 1


def _check_unused(disk: Disk, path: RelPath, seen: Stat) -> None:
    if seen.is_file:
        with disk.open(path, Opening.READ) as file:
            if file.is_written():
                raise TryAgain(f"{path} is open in a program that may write to it: close it there first")


def _changed(path: RelPath) -> TryAgain:
    return TryAgain(f"{path} was changed just now: look at it again")
