"""The disk of Windows: what is other there than on POSIX, on a kernel with those rules.  What it has in common with the
others is in ``tests/conformance/test_disk.py``."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.errors import RootMissing
from syncagent.localfs.ports import Opening, Rename
from syncagent.localfs.probe import probe
from syncagent.localfs.root import open_root
from syncagent.localfs.windows import WindowsDisk
from syncagent.model.names import RelPath
from syncagent.windows import files as nt
from syncagent.windows.files import Files
from tests.support.kernel import DELETING, READING, Kernel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the kernel in question is one that we have made")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def kernel(root: Path) -> Kernel:
    return Kernel(root)


@pytest.fixture
def disk(kernel: Kernel, root: Path) -> WindowsDisk:
    return WindowsDisk(str(root), Files(kernel, kernel))


def p(path: str) -> RelPath:
    return RelPath(path)


def fails(number: int, call: Callable[[], object]) -> None:
    with pytest.raises(OSError) as caught:
        call()
    assert caught.value.errno == number, errno.errorcode.get(caught.value.errno or 0)


@pytest.mark.hazard("B1")
@pytest.mark.parametrize("share", [0, 1, 3])
def test_what_a_program_does_not_share_is_in_use_until_it_is_done(
    disk: WindowsDisk, kernel: Kernel, root: Path, share: int
) -> None:
    (root / "a").write_bytes(b"theirs")
    (root / "new").write_bytes(b"ours")
    held = kernel.hold("a", share=share)
    fails(errno.EBUSY, lambda: disk.remove(p("a")))
    fails(errno.EBUSY, lambda: disk.rename(p("a"), p("b"), Rename.NEW))
    fails(errno.EBUSY, lambda: disk.rename(p("new"), p("a"), Rename.PLAIN))
    if share < 3:
        fails(errno.EBUSY, lambda: disk.open(p("a"), Opening.EDIT))
    if share < 1:
        fails(errno.EBUSY, lambda: disk.open(p("a")))
    assert disk.stat(p("a")).size == 6, "it can be looked at all the same"
    kernel.let_go(held)
    disk.rename(p("new"), p("a"), Rename.PLAIN)
    assert (root / "a").read_bytes() == b"ours"
    assert kernel.open_handles == 0


@pytest.mark.hazard("A13")
def test_what_is_being_deleted_is_not_gone(disk: WindowsDisk, kernel: Kernel, root: Path) -> None:
    (root / "a").write_bytes(b"1")
    held = kernel.hold("a", access=READING | DELETING, share=4)
    other = kernel.hold("a", access=DELETING, share=7)
    kernel._handles[other].node.doomed = True
    kernel.let_go(other)
    for call in (disk.stat, disk.open, disk.remove):
        fails(errno.EBUSY, lambda call=call: call(p("a")))
    fails(errno.EEXIST, lambda: disk.open(p("a"), Opening.NEW))
    assert [name for name, _ in disk.list(p(""))] == ["a"]
    kernel.let_go(held)
    fails(errno.ENOENT, lambda: disk.stat(p("a")))


def test_a_folder_with_something_open_in_it_stays_where_it_is(disk: WindowsDisk, kernel: Kernel, root: Path) -> None:
    (root / "d" / "e").mkdir(parents=True)
    (root / "d" / "e" / "a").write_bytes(b"1")
    held = kernel.hold("d/e/a", share=7)
    fails(errno.EBUSY, lambda: disk.rename(p("d"), p("f"), Rename.NEW))
    kernel.let_go(held)
    with disk.batch():
        assert disk.stat(p("d/e/a")).size == 1
        disk.rename(p("d"), p("f"), Rename.NEW)  # what we have open in it is closed before
        assert disk.stat(p("f/e/a")).size == 1
    assert kernel.open_handles == 0


@pytest.mark.hazard("A16", "N11")
@pytest.mark.parametrize("tag", [0xA000000C, 0xA0000003])
def test_nothing_is_reached_through_what_stands_for_another_place(
    disk: WindowsDisk, kernel: Kernel, root: Path, tag: int
) -> None:
    (root / "d").mkdir()
    (root / "d" / "a").write_bytes(b"1")
    (root / "f").write_bytes(b"1")
    kernel.mark("d", tag=tag)
    kernel.mark("f", tag=tag)
    seen = disk.stat(p("d"))
    assert not (seen.is_dir or seen.is_file or seen.is_link)
    for call in (disk.stat, disk.open, disk.remove, disk.mkdir):
        fails(errno.ENOTDIR, lambda call=call: call(p("d/a")))
    fails(errno.ENOTDIR, lambda: disk.list(p("d")))
    fails(errno.ELOOP, lambda: disk.open(p("f")))
    fails(errno.ELOOP, lambda: disk.open(p("f"), Opening.EDIT))
    fails(errno.EINVAL, lambda: disk.readlink(p("f")))
    assert kernel.open_handles == 0


def test_a_file_that_is_kept_in_another_way_is_read_as_it_is(disk: WindowsDisk, kernel: Kernel, root: Path) -> None:
    (root / "a").write_bytes(b"content")
    kernel.mark("a", tag=0x80000013)
    with disk.open(p("a")) as file:
        assert file.read(0, 100) == b"content"
    assert disk.stat(p("a")).is_file
    assert kernel.open_handles == 0


def test_a_file_of_which_the_times_may_not_be_set_is_read(disk: WindowsDisk, kernel: Kernel, root: Path) -> None:
    (root / "a").write_bytes(b"1")
    refused: list[int] = []
    create = kernel.NtCreateFile

    def without_attributes(*args: object) -> int:
        if args[1].value & nt.WRITE_ATTRIBUTES:  # type: ignore[attr-defined]
            refused.append(1)
            return 0xC0000022
        return create(*args)

    kernel.NtCreateFile = without_attributes  # type: ignore[method-assign]
    with disk.open(p("a")) as file:
        assert file.read(0, 10) == b"1"
    assert refused
    fails(errno.EACCES, lambda: disk.open(p("a"), Opening.EDIT))


@pytest.mark.parametrize("posix", [True, False])
def test_what_is_read_only_is_removed(disk: WindowsDisk, kernel: Kernel, root: Path, posix: bool) -> None:
    kernel.posix = posix
    (root / "a").write_bytes(b"1")
    kernel.mark("a", attributes=nt.READ_ONLY)
    disk.remove(p("a"))
    assert list(root.iterdir()) == []


@pytest.mark.hazard("E1")
def test_a_root_that_is_gone_or_another_is_missing(disk: WindowsDisk, root: Path) -> None:
    disk.stat(p(""))
    root.rename(root.with_name("away"))
    with pytest.raises(RootMissing, match="gone"):
        disk.stat(p("a"))
    root.mkdir()
    with pytest.raises(RootMissing, match="another folder"):
        disk.stat(p("a"))
    root.rmdir()
    root.with_name("away").rename(root)
    assert disk.stat(p("")).is_dir


def test_our_own_folder_is_hidden_and_what_the_disk_can_do_is_found_out(disk: WindowsDisk, kernel: Kernel) -> None:
    opened = open_root(disk, known=None, folder="f", new_id=lambda: "1")
    assert kernel._node(kernel.root / ".syncagent").attributes == nt.HIDDEN
    found = probe(disk)
    assert (found.exchange, found.folds_case, found.links, found.modes) == (False, True, False, False)
    opened.close()
    assert kernel.open_handles == 0


def test_many_folders_are_open_only_for_a_while(disk: WindowsDisk, kernel: Kernel, root: Path) -> None:
    for number in range(200):
        (root / f"d{number}").mkdir()
        (root / f"d{number}" / "a").write_bytes(b"1")
    with disk.batch():
        for number in range(200):
            disk.stat(p(f"d{number}/a"))
        assert kernel.open_handles < 70
    assert kernel.open_handles == 0
