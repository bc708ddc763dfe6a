"""An open file of Windows, on a kernel with its rules."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.localfs.ports import Opening
from syncagent.localfs.windows import WindowsDisk
from syncagent.model.names import RelPath
from syncagent.windows.files import Files
from tests.support.kernel import READING, Kernel

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
def test_who_shares_everything_and_may_write_is_noticed(disk: WindowsDisk, kernel: Kernel, root: Path) -> None:
    (root / "a").write_bytes(b"1")
    with disk.open(p("a")) as file:
        assert not file.is_written()
        held = kernel.hold("a", share=7)
        assert file.is_written()
        kernel.let_go(held)
        assert not file.is_written()
        reader = kernel.hold("a", access=READING, share=7)
        assert not file.is_written(), "one that only reads writes nothing into it"
        kernel.let_go(reader)


def test_reads_and_writes_go_on_until_all_is_done(disk: WindowsDisk, kernel: Kernel) -> None:
    kernel.refuse["short"] = 3
    with disk.open(p("a"), Opening.NEW) as file:
        file.write(0, memoryview(b"0123456789"))
        assert file.read(0, 10) == b"0123456789"
        assert file.read(8, 10) == b"89"


@pytest.mark.hazard("B9")
def test_a_file_is_made_durable_also_by_who_only_reads_it(disk: WindowsDisk, kernel: Kernel, root: Path) -> None:
    (root / "d").mkdir()
    (root / "d" / "a").write_bytes(b"1")
    with disk.open(p("d/a")) as file:
        file.sync()
    disk.sync([p("d")])
    assert [call[1] for call in kernel.calls if call[0] == "flush"] == ["a", "d"]
    kernel.refuse["flush"] = 0xC0000185  # I/O device error
    with disk.open(p("d/a"), Opening.EDIT) as file:
        fails(errno.EIO, file.sync)
    fails(errno.EIO, lambda: disk.sync([p("d")]))
    kernel.refuse["flush"] = 0xC00000BB  # that file system flushes no folders
    disk.sync([p("d")])
    assert kernel.open_handles == 0
