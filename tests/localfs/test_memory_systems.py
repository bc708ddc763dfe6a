"""Disks in memory that are like those of other systems: what the suite of all disks does not ask."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from syncagent.localfs import memory_systems as like
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Opening, Rename
from syncagent.localfs.probe import probe
from syncagent.model.names import RelPath


def p(path: str) -> RelPath:
    return RelPath(path)


def fails(number: int, call: Callable[[], object]) -> None:
    with pytest.raises(OSError) as caught:
        call()
    assert caught.value.errno == number


@pytest.mark.parametrize("make", [MemoryDisk, like.windows, like.apfs, like.hfs, like.fat])
def test_what_the_probe_finds_is_what_is_told_of_it(make: Callable[[], MemoryDisk]) -> None:
    disk = make()
    for path in (".syncagent", ".syncagent/stage"):
        disk.user.mkdir(path)
    found, told = probe(disk), disk.abilities
    assert (found.exchange, found.folds_case, found.links, found.umask, found.modes) == (
        told.exchange, told.folds_case, told.links, told.umask, told.modes,
    )  # fmt: skip


@pytest.mark.hazard("B1")
def test_on_windows_who_has_a_file_open_keeps_others_from_it() -> None:
    disk = like.windows()
    disk.user.mkdir("d")
    disk.user.write("d/a", b"1")
    disk.user.write("b", b"2")
    with disk.user.held_open("d/a") as write:
        fails(errno.EBUSY, lambda: disk.open(p("d/a")))
        fails(errno.EBUSY, lambda: disk.open(p("d/a"), Opening.EDIT))
        fails(errno.EBUSY, lambda: disk.remove(p("d/a")))
        fails(errno.EBUSY, lambda: disk.rename(p("d/a"), p("c"), Rename.NEW))
        fails(errno.EBUSY, lambda: disk.rename(p("b"), p("d/a"), Rename.PLAIN))
        fails(errno.EBUSY, lambda: disk.rename(p("d"), p("e"), Rename.NEW))
        fails(errno.EBUSY, lambda: disk.link(p("d/a"), p("c")))
        assert disk.stat(p("d/a")).size == 1
        write(b"three")
    assert disk.open(p("d/a")).read(0, 9) == b"three"
    disk.rename(p("d"), p("e"), Rename.NEW)


@pytest.mark.hazard("A13")
def test_on_windows_what_is_deleted_while_it_is_open_goes_when_it_is_closed() -> None:
    disk = like.windows()
    disk.user.write("a", b"1")
    with disk.user.held_open("a"):
        assert disk.user.delete("a") == {}
        assert [name for name, _ in disk.list(p(""))] == ["a"]
        fails(errno.EBUSY, lambda: disk.open(p("a")))
    assert disk.list(p("")) == []


def test_elsewhere_an_open_file_keeps_nobody_out() -> None:
    disk = MemoryDisk()
    disk.user.write("a", b"1")
    with disk.user.held_open("a"):
        with disk.open(p("a")) as file:
            assert file.is_written()
        assert disk.user.delete("a") == {"a": b"1"}


def test_case_is_folded_as_each_system_folds_it() -> None:
    windows, apfs = like.windows(), like.apfs()
    for disk in (windows, apfs):
        disk.user.write("straße", b"1")
        disk.user.write("ä", b"1")
    fails(errno.ENOENT, lambda: windows.stat(p("STRASSE")))
    fails(errno.ENOENT, lambda: windows.stat(p("a\u0308")))
    assert windows.stat(p("Ä")).size == 1
    assert apfs.stat(p("STRASSE")).size == 1
    assert apfs.stat(p("a\u0308")).size == 1
