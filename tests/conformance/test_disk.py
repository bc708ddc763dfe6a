"""What every disk promises (``localfs/ports.py``), tried on the real one, and on those in memory that are like
the disks of other systems.  What a system cannot do is said here, and what it does instead."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from syncagent.localfs import memory_systems as like
from syncagent.localfs.here import disk_at
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Disk, Opening, Rename
from syncagent.localfs.windows import WindowsDisk
from syncagent.model.facts import stamp
from syncagent.model.names import RelPath
from syncagent.windows.files import Files
from tests.support.kernel import Kernel


@dataclass(frozen=True)
class Kind:
    """What a disk can do; by default all."""

    make: Callable[[str], Disk]
    links: bool = True
    exchange: bool = True
    modes: bool = True
    folds: bool = False
    any_bytes: bool = True
    """Names are bytes, whatever they mean."""
    decomposed: bool = False
    win32_names: bool = False
    is_wine: bool = False
    """It is as Windows was before version 1709."""
    grain_ns: int = 1_000

    @property
    def in_memory(self) -> bool:
        return self.make is not disk_at


def on_a_kernel(root: str) -> Disk:
    kernel = Kernel(Path(root))
    return WindowsDisk(root, Files(kernel, kernel))


KINDS = {
    "memory": Kind(lambda _: MemoryDisk()),
    "apfs": Kind(lambda _: like.apfs(), folds=True, any_bytes=False),
    "hfs": Kind(lambda _: like.hfs(), exchange=False, folds=True, any_bytes=False, decomposed=True, grain_ns=10**9),
    "ntfs": Kind(
        lambda _: like.windows(), links=False, exchange=False, modes=False, folds=True, any_bytes=False,
        win32_names=True,
    ),
    "fat": Kind(
        lambda _: like.fat(), links=False, exchange=False, modes=False, folds=True, any_bytes=False, win32_names=True,
        grain_ns=2 * 10**9,
    ),
}  # fmt: skip
if sys.platform == "win32":
    KINDS["real"] = Kind(
        disk_at, links=False, exchange=False, modes=False, folds=True, any_bytes=False, win32_names=True,
        is_wine=hasattr(ctypes.WinDLL("ntdll"), "wine_get_version"),
    )  # fmt: skip
elif sys.platform == "darwin":
    KINDS["real"] = Kind(disk_at, folds=True, any_bytes=False)
else:
    KINDS["real"] = Kind(disk_at)
if sys.platform != "win32":
    KINDS["windows"] = Kind(
        on_a_kernel, links=False, exchange=False, modes=False, folds=True, any_bytes=False, win32_names=True
    )  # fmt: skip


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def disk(kind: Kind, tmp_path: Path) -> Disk:
    (tmp_path / "root").mkdir()
    return kind.make(str(tmp_path / "root"))


def p(path: str) -> RelPath:
    return RelPath(path)


def write(disk: Disk, path: str, data: bytes) -> None:
    with disk.open(p(path), Opening.EDIT) as file:
        file.truncate(0)
        file.write(0, data)


def read(disk: Disk, path: str) -> bytes:
    with disk.open(p(path)) as file:
        return file.read(0, 1 << 20)


def names(disk: Disk, path: str = "") -> list[str]:
    return sorted(name for name, _ in disk.list(p(path)))


def fails(number: int, call: Callable[[], object]) -> None:
    with pytest.raises(OSError) as caught:
        call()
    assert caught.value.errno == number, errno.errorcode.get(caught.value.errno or 0)


def test_a_file_is_read_as_it_was_written(disk: Disk) -> None:
    write(disk, "a", b"hello")
    assert read(disk, "a") == b"hello"
    with disk.open(p("a"), Opening.EDIT) as file:
        file.write(3, b"p!!")
        assert file.read(2, 3) == b"lp!"
        assert file.read(4, 100) == b"!!"
        assert file.read(100, 1) == b""
        file.truncate(1)
        file.write(3, b"x")
    assert read(disk, "a") == b"h\0\0x"


def test_a_link_is_one(disk: Disk, kind: Kind) -> None:
    if not kind.links:
        fails(errno.EPERM, lambda: disk.symlink("a", p("l")))
        assert names(disk) == []
        return
    disk.symlink("a", p("l"))
    assert disk.stat(p("l")).is_link
    assert disk.stat(p("l")).size == 1
    assert disk.readlink(p("l")) == "a"


def test_stat_says_kind_size_and_mode(disk: Disk) -> None:
    write(disk, "a", b"12345")
    disk.mkdir(p("d"))
    assert disk.stat(p("")).is_dir
    assert disk.stat(p("d")).is_dir
    seen = disk.stat(p("a"))
    assert seen.is_file
    assert seen.size == 5
    assert not seen.executable
    assert seen.stamp == stamp(
        device=seen.device,
        inode=seen.inode,
        size=5,
        mtime_ns=seen.mtime_ns,
        ctime_ns=seen.ctime_ns,
        mode=seen.mode,
    )


def test_list_gives_each_name_with_its_stat(disk: Disk) -> None:
    write(disk, "a", b"1")
    disk.mkdir(p("d"))
    write(disk, "d/b", b"22")
    assert dict(disk.list(p(""))) == {"a": disk.stat(p("a")), "d": disk.stat(p("d"))}
    assert dict(disk.list(p("d"))) == {"b": disk.stat(p("d/b"))}
    with disk.batch():
        assert names(disk, "d") == names(disk, "d") == ["b"]


def test_what_is_missing_is_said_to_be(disk: Disk) -> None:
    write(disk, "a", b"")
    for call in (disk.stat, disk.list, disk.open, disk.readlink, disk.remove):
        fails(errno.ENOENT, lambda call=call: call(p("none")))
        fails(errno.ENOENT, lambda call=call: call(p("none/deeper")))
        fails(errno.ENOTDIR, lambda call=call: call(p("a/deeper")))
    fails(errno.ENOTDIR, lambda: disk.list(p("a")))


@pytest.mark.hazard("A16", "N11")
def test_links_are_never_followed(disk: Disk, kind: Kind) -> None:
    if not kind.links:
        pytest.skip("it makes none")
    disk.mkdir(p("d"))
    write(disk, "d/a", b"1")
    disk.symlink("d", p("to-folder"))
    disk.symlink("d/a", p("to-file"))
    fails(errno.ELOOP, lambda: disk.open(p("to-file")))
    fails(errno.ELOOP, lambda: disk.open(p("to-file"), Opening.EDIT))
    fails(errno.EEXIST, lambda: disk.open(p("to-file"), Opening.NEW))
    for call in (disk.stat, disk.open, disk.remove, disk.mkdir):
        fails(errno.ENOTDIR, lambda call=call: call(p("to-folder/a")))
    fails(errno.ENOTDIR, lambda: disk.list(p("to-folder")))
    assert disk.readlink(p("to-folder")) == "d"
    assert read(disk, "d/a") == b"1"


@pytest.mark.hazard("C1", "N11")
@pytest.mark.parametrize("path", ["..", "../a", "d/../../a", "/a", "d//a", ".", "d/./a", "a\0b", "d/", "//"])
def test_nothing_resolves_outside_the_root(disk: Disk, path: str) -> None:
    disk.mkdir(p("d"))
    write(disk, "a", b"1")
    for call in (disk.stat, disk.list, disk.open, disk.mkdir, disk.remove, disk.readlink):
        fails(errno.EINVAL, lambda call=call: call(p(path)))
    fails(errno.EINVAL, lambda: disk.open(p(path), Opening.NEW))
    fails(errno.EINVAL, lambda: disk.rename(p("a"), p(path), Rename.NEW))
    fails(errno.EINVAL, lambda: disk.rename(p(path), p("b"), Rename.PLAIN))
    fails(errno.EINVAL, lambda: disk.link(p("a"), p(path)))
    fails(errno.EINVAL, lambda: disk.symlink("x", p(path)))
    assert names(disk) == ["a", "d"]


@pytest.mark.hazard("B1")
def test_rename_to_a_new_name_never_replaces(disk: Disk) -> None:
    write(disk, "a", b"1")
    write(disk, "b", b"2")
    disk.mkdir(p("d"))
    fails(errno.EEXIST, lambda: disk.rename(p("a"), p("b"), Rename.NEW))
    fails(errno.EEXIST, lambda: disk.rename(p("a"), p("d"), Rename.NEW))
    fails(errno.EEXIST, lambda: disk.rename(p("d"), p("b"), Rename.NEW))
    fails(errno.ENOENT, lambda: disk.rename(p("none"), p("c"), Rename.NEW))
    disk.rename(p("a"), p("d/c"), Rename.NEW)
    assert (read(disk, "d/c"), names(disk)) == (b"1", ["b", "d"])


def test_rename_exchanges(disk: Disk, kind: Kind) -> None:
    if not kind.exchange:
        write(disk, "a", b"1")
        write(disk, "b", b"2")
        fails(errno.EINVAL, lambda: disk.rename(p("a"), p("b"), Rename.EXCHANGE))
        assert (read(disk, "a"), read(disk, "b")) == (b"1", b"2")
        return
    write(disk, "a", b"1")
    disk.mkdir(p("d"))
    write(disk, "d/b", b"2")
    disk.rename(p("a"), p("d/b"), Rename.EXCHANGE)
    assert (read(disk, "a"), read(disk, "d/b")) == (b"2", b"1")
    disk.mkdir(p("e"))
    disk.rename(p("a"), p("e"), Rename.EXCHANGE)
    assert disk.stat(p("a")).is_dir
    assert read(disk, "e") == b"2"
    fails(errno.ENOENT, lambda: disk.rename(p("a"), p("none"), Rename.EXCHANGE))
    fails(errno.ENOENT, lambda: disk.rename(p("none"), p("a"), Rename.EXCHANGE))


def test_plain_rename_replaces_a_file(disk: Disk) -> None:
    write(disk, "a", b"1")
    write(disk, "b", b"2")
    disk.rename(p("a"), p("b"), Rename.PLAIN)
    assert (names(disk), read(disk, "b")) == (["b"], b"1")


def test_a_rename_keeps_all_but_the_ctime(disk: Disk, kind: Kind) -> None:
    write(disk, "a", b"1")
    write(disk, "b", b"22")
    a, b = disk.stat(p("a")), disk.stat(p("b"))
    if kind.exchange:
        disk.rename(p("a"), p("b"), Rename.EXCHANGE)
        assert disk.stat(p("a")).without_ctime() == b.without_ctime()
    else:
        disk.rename(p("a"), p("b"), Rename.PLAIN)
    assert disk.stat(p("b")).without_ctime() == a.without_ctime()


def test_a_folder_does_not_move_into_itself(disk: Disk) -> None:
    disk.mkdir(p("d"))
    disk.mkdir(p("d/e"))
    fails(errno.EINVAL, lambda: disk.rename(p("d"), p("d/e/f"), Rename.NEW))
    assert names(disk, "d") == ["e"]


def test_a_folder_moves_with_all_beneath_it_even_while_it_is_open(disk: Disk) -> None:
    disk.mkdir(p("d"))
    disk.mkdir(p("d/e"))
    write(disk, "d/e/a", b"1")
    with disk.batch():
        assert names(disk, "d/e") == ["a"]
        disk.rename(p("d"), p("f"), Rename.NEW)
        assert read(disk, "f/e/a") == b"1"
        fails(errno.ENOENT, lambda: disk.stat(p("d/e/a")))
        disk.mkdir(p("d"))
        disk.mkdir(p("d/e"))
        assert names(disk, "d/e") == []


def test_remove(disk: Disk, kind: Kind) -> None:
    write(disk, "a", b"1")
    disk.mkdir(p("d"))
    write(disk, "d/b", b"2")
    if kind.links:
        disk.symlink("d", p("l"))
    fails(errno.ENOTEMPTY, lambda: disk.remove(p("d"), folder=True))
    fails(errno.EISDIR, lambda: disk.remove(p("d")))
    fails(errno.ENOTDIR, lambda: disk.remove(p("a"), folder=True))
    for path in ("a", "d/b", *(["l"] if kind.links else [])):
        disk.remove(p(path))
    with disk.batch():
        assert names(disk, "d") == []
        disk.remove(p("d"), folder=True)
        fails(errno.ENOENT, lambda: disk.list(p("d")))
    assert names(disk) == []


def test_what_is_there_is_not_made_again(disk: Disk, kind: Kind) -> None:
    write(disk, "a", b"1")
    fails(errno.EEXIST, lambda: disk.mkdir(p("a")))
    fails(errno.EEXIST if kind.links else errno.EPERM, lambda: disk.symlink("x", p("a")))
    fails(errno.EEXIST, lambda: disk.link(p("a"), p("a")))
    fails(errno.EEXIST, lambda: disk.open(p("a"), Opening.NEW))
    fails(errno.ENAMETOOLONG, lambda: disk.mkdir(p("n" * 256)))


def test_two_names_of_one_file(disk: Disk) -> None:
    write(disk, "a", b"1")
    disk.link(p("a"), p("b"))
    assert disk.stat(p("a")).inode == disk.stat(p("b")).inode
    write(disk, "b", b"new")
    disk.remove(p("b"))
    assert read(disk, "a") == b"new"


def test_an_open_file_stays_the_same_file(disk: Disk, kind: Kind) -> None:
    write(disk, "a", b"old")
    write(disk, "b", b"new")
    with disk.open(p("a")) as file:
        if kind.is_wine:
            fails(errno.EACCES, lambda: disk.rename(p("b"), p("a"), Rename.PLAIN))
            return
        disk.rename(p("b"), p("a"), Rename.PLAIN)
        assert file.read(0, 10) == b"old"
        assert file.stat().inode != disk.stat(p("a")).inode


def test_adjust_sets_mode_and_mtime(disk: Disk, kind: Kind) -> None:
    write(disk, "a", b"1")
    wanted = 1_500_000_000_123_456_000
    with disk.open(p("a")) as file:
        file.adjust(mode=0o750, mtime_ns=wanted)
    seen = disk.stat(p("a"))
    assert seen.mtime_ns == wanted - wanted % kind.grain_ns
    assert seen.mode & 0o777 == (0o750 if kind.modes else 0o666)
    assert seen.executable == kind.modes


def test_a_file_can_be_read_only(disk: Disk, kind: Kind) -> None:
    write(disk, "a", b"1")
    with disk.open(p("a")) as file:
        file.adjust(mode=0o444)
    assert disk.stat(p("a")).mode & 0o777 == 0o444
    disk.rename(p("a"), p("b"), Rename.NEW)
    with disk.open(p("b")) as file:
        file.adjust(mode=0o644)
    assert disk.stat(p("b")).mode & 0o200
    with disk.open(p("b")) as file:
        file.adjust(mode=0o444)
    disk.remove(p("b"))
    assert names(disk) == []


@pytest.mark.hazard("B11")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no umask that the system knows of")
def test_a_new_file_has_its_mode_less_the_umask(disk: Disk, kind: Kind) -> None:
    if not kind.modes:
        disk.open(p("a"), Opening.NEW, 0o777).close()
        assert disk.stat(p("a")).mode & 0o777 == 0o666
        return
    old = os.umask(0o027)
    try:
        if isinstance(disk, MemoryDisk):
            disk = MemoryDisk(umask=0o027)
        disk.open(p("a"), Opening.NEW, 0o777).close()
        disk.mkdir(p("d"))
    finally:
        os.umask(old)
    assert disk.stat(p("a")).mode & 0o777 == 0o750
    assert disk.stat(p("d")).mode & 0o777 == 0o750


def test_a_write_changes_the_stamp(disk: Disk) -> None:
    write(disk, "a", b"1")
    before = disk.stat(p("a"))
    with disk.open(p("a"), Opening.EDIT) as file:
        file.write(0, b"22")
    assert disk.stat(p("a")).stamp != before.stamp


def test_only_one_holds_the_lock(disk: Disk) -> None:
    with disk.open(p("lock"), Opening.EDIT) as one, disk.open(p("lock"), Opening.EDIT) as other:
        assert one.lock()
        assert not other.lock()
        one.close()
        assert other.lock()


def test_the_names_in_folders_are_made_durable(disk: Disk) -> None:
    disk.mkdir(p("d"))
    write(disk, "d/a", b"1")
    disk.sync([p("d"), p("")])
    fails(errno.ENOENT, lambda: disk.sync([p("none")]))


def test_by_a_mark_everything_is_made_durable_in_whatever_thread(disk: Disk) -> None:
    mark = disk.mark()
    write(disk, "a", b"1")
    with ThreadPoolExecutor(1) as other:
        if isinstance(disk, WindowsDisk):
            # There each file is made durable by itself, by whoever has it open: for reading.
            fails(errno.ENOSYS, lambda: other.submit(mark.sync).result())
            with disk.open(p("a")) as file:
                file.sync()
        else:
            other.submit(mark.sync).result()
            other.submit(mark.sync).result()
    mark.close()
    mark.close()


@pytest.mark.hazard("C4", "C9")
@pytest.mark.parametrize("name", ["nfd-e\u0301", "ä", "emoji-\U0001f600", "\u202eright", "e" * 255])
def test_names_are_kept_as_they_are_given(disk: Disk, kind: Kind, name: str) -> None:
    write(disk, name, b"1")
    assert names(disk) == [unicodedata.normalize("NFD", name) if kind.decomposed else name]
    assert read(disk, name) == b"1"


@pytest.mark.hazard("C4", "C9")
@pytest.mark.parametrize("name", ["tab\there", "new\nline", "b\udcff\udcfe", "a\\b", "con"])
def test_names_that_mean_nothing_to_a_system_are_kept_or_refused(disk: Disk, kind: Kind, name: str) -> None:
    bytes_alone = any("\ud800" <= one <= "\udfff" for one in name)
    if bytes_alone and kind.is_wine:
        pytest.skip("it has another file system beneath it")
    if (kind.win32_names and not bytes_alone) or (bytes_alone and not kind.any_bytes and not kind.win32_names):
        fails(errno.EINVAL, lambda: write(disk, name, b"1"))
        assert names(disk) == []
    else:
        write(disk, name, b"1")
        assert names(disk) == [name]


WIN32 = (
    "con", "CON.txt", "nul", "Aux.", "com1", "LPT9.log", "a.", "a ", "a:b", "a<b", 'a"b', "a|b", "a?", "a*", "a\\b",
    "a\x01",
)  # fmt: skip


@pytest.mark.hazard("C3")
@pytest.mark.parametrize("name", WIN32)
def test_what_win32_takes_for_something_else_is_not_made(disk: Disk, kind: Kind, name: str) -> None:
    if not kind.win32_names:
        pytest.skip("it is a name like any other there")
    write(disk, "other", b"1")
    for call in (disk.stat, disk.open, disk.mkdir, disk.remove, disk.list):
        fails(errno.EINVAL, lambda call=call: call(p(name)))
    fails(errno.EINVAL, lambda: disk.open(p(f"{name}/inner"), Opening.NEW))
    fails(errno.EINVAL, lambda: disk.rename(p("other"), p(name), Rename.NEW))
    fails(errno.EINVAL, lambda: disk.rename(p("other"), p(name), Rename.PLAIN))
    fails(errno.EINVAL, lambda: disk.link(p("other"), p(name)))
    assert names(disk) == ["other"]


@pytest.mark.hazard("C5")
def test_names_are_told_apart_by_their_case_or_not(disk: Disk, kind: Kind) -> None:
    write(disk, "Name", b"1")
    if not kind.folds:
        fails(errno.ENOENT, lambda: disk.stat(p("name")))
        write(disk, "name", b"2")
        assert names(disk) == ["Name", "name"]
        return
    assert disk.stat(p("NAME")).inode == disk.stat(p("Name")).inode
    fails(errno.EEXIST, lambda: disk.open(p("name"), Opening.NEW))
    fails(errno.EEXIST, lambda: disk.mkdir(p("nAME")))
    write(disk, "nAMe", b"2")
    assert (names(disk), read(disk, "Name")) == (["Name"], b"2")
    disk.rename(p("Name"), p("other"), Rename.NEW)
    disk.rename(p("other"), p("NAME"), Rename.NEW)
    assert names(disk) == ["NAME"]


@pytest.mark.hazard("C8")
def test_a_deep_tree(disk: Disk, kind: Kind) -> None:
    deep = 400 if sys.platform != "win32" else 200
    path = p("d")
    with disk.batch():
        disk.mkdir(path)
        for _ in range(deep):
            path = p(f"{path}/d")
            disk.mkdir(path)
        write(disk, f"{path}/a", b"1")
    assert read(disk, f"{path}/a") == b"1"
    with disk.batch():
        for depth in range(0, deep, 3):
            assert names(disk, "/".join(["d"] * (depth + 1)))
