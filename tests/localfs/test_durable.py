"""One wait for the disk."""

from __future__ import annotations

import errno
import os

import pytest

from syncagent.localfs.durable import Wait
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Mark, Opening
from syncagent.model.names import RelPath
from tests.support.disks import NoSyncfs


def p(path: str) -> RelPath:
    return RelPath(path)


def written(disk: MemoryDisk) -> MemoryDisk:
    disk.user.write("adjusted", b"old")
    disk.mkdir(p("d"))
    disk.settle_all()
    for path in ("d/new", "made"):
        with disk.open(p(path), Opening.NEW) as file:
            file.write(0, b"new")
    with disk.open(p("adjusted")) as file:
        file.adjust(mode=0o755)
    return disk


def wait_of(disk: MemoryDisk, mark: Mark | None) -> Wait:
    return Wait(disk, mark, [p("d"), p(""), p("gone")], [p("adjusted")], {7: p("made"), 8: p("d/new")})


@pytest.mark.parametrize("kind", [MemoryDisk, NoSyncfs], ids=["all at once", "one by one"])
@pytest.mark.parametrize("marked", [True, False])
def test_all_of_it_is_durable_then(kind: type[MemoryDisk], *, marked: bool) -> None:
    disk = kind()
    mark = disk.mark() if marked else None
    written(disk)
    wait = wait_of(disk, mark)
    wait()
    disk.crash()
    assert disk.user.tree() == {"adjusted": b"old", "d": None, "d/new": b"new", "made": b"new"}
    assert disk.stat(p("adjusted")).executable
    assert (wait.trouble, wait.lost) == (None, {})


@pytest.mark.hazard("B9")
def test_what_the_disk_says_is_kept_for_who_asks() -> None:
    for disk, fails, lost in (
        (MemoryDisk(), "sync", None),
        (NoSyncfs(), "sync", None),
        (NoSyncfs(), "made", [7]),
    ):
        mark = disk.mark()
        wait = wait_of(written(disk), mark)

        def before(call: str, path: RelPath) -> None:
            if call == fails or (call == "file.sync" and path == fails):  # noqa: B023 - it is over within this turn
                raise OSError(errno.EIO, os.strerror(errno.EIO))

        disk.before_call = before
        wait()
        assert (wait.trouble is not None) is (lost is None)
        assert [*wait.lost] == (lost or [])
