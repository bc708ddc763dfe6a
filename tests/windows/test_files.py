"""The kernel's calls: what goes in, and what comes out; on a kernel that reads memory as the real one does."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from syncagent.windows import files as nt
from syncagent.windows.files import Files, files, kernel_path
from tests.support.kernel import Kernel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there the disk's own suite asks the real one")


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


@pytest.fixture
def calls(kernel: Kernel) -> Files:
    return Files(kernel, kernel)


@pytest.fixture
def root(calls: Files, tmp_path: Path) -> int:
    return calls.open(0, kernel_path(str(tmp_path)), nt.READ | nt.READ_ATTRIBUTES, options=nt.DIRECTORY)


def test_a_file_is_seen_with_its_times_and_its_number(calls: Files, root: int, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    there = (tmp_path / "a").stat()
    handle = calls.open(root, "A", nt.READ_ATTRIBUTES)
    seen = calls.seen(handle)
    assert (seen.size, seen.inode, seen.is_folder, seen.is_elsewhere) == (5, there.st_ino, False, False)
    assert seen.written_ns == there.st_mtime_ns // 100 * 100
    assert seen.changed_ns == there.st_ctime_ns // 100 * 100
    assert calls.volume(handle) == 0xABCD1234


def test_names_come_with_what_they_are(calls: Files, root: int, kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"1")
    (tmp_path / ("long" * 20)).write_bytes(b"22")
    (tmp_path / "folder").mkdir()
    kernel.mark("short", attributes=nt.READ_ONLY)
    found = dict(calls.names(root))
    assert {name: (seen.size, seen.is_folder) for name, seen in found.items()} == {
        "short": (1, False), "long" * 20: (2, False), "folder": (0, True),
    }  # fmt: skip
    assert found["short"].attributes == nt.READ_ONLY
    assert found["short"].inode == (tmp_path / "short").stat().st_ino
    assert dict(calls.names(root)) == found, "from the first name on, each time"


def test_bytes_go_in_and_come_out_where_they_are_wanted(calls: Files, root: int) -> None:
    handle = calls.open(root, "a", nt.READ | nt.WRITE, nt.CREATE)
    assert calls.write(handle, 0, b"ab\0cd") == 5
    assert calls.write(handle, 3, b"XY") == 2
    assert calls.read(handle, 1, 100) == b"b\0XY"
    assert calls.read(handle, 5, 10) == b""
    calls.truncate(handle, 2)
    assert calls.read(handle, 0, 10) == b"ab"


def test_times_and_attributes_are_set_and_the_others_left(calls: Files, root: int, tmp_path: Path) -> None:
    handle = calls.open(root, "a", nt.READ | nt.WRITE, nt.CREATE)
    calls.adjust(handle, written_ns=1_500_000_000_123_456_700)
    assert (tmp_path / "a").stat().st_mtime_ns == 1_500_000_000_123_456_700
    calls.adjust(handle, attributes=nt.READ_ONLY | nt.HIDDEN)
    seen = calls.seen(handle)
    assert seen.attributes == nt.READ_ONLY | nt.HIDDEN
    assert seen.written_ns == 1_500_000_000_123_456_700


@pytest.mark.parametrize("posix", [True, False])
def test_a_name_is_given_taken_and_never_by_chance(calls: Files, root: int, kernel: Kernel, posix: bool) -> None:
    kernel.posix = posix
    for name, data in (("a", b"1"), ("b", b"2")):
        made = calls.open(root, name, nt.WRITE, nt.CREATE)
        calls.write(made, 0, data)
        calls.close(made)
    handle = calls.open(root, "a", nt.DELETE | nt.READ)
    with pytest.raises(FileExistsError):
        calls.rename(handle, root, "b", replace=False)
    calls.link(handle, root, "second")
    calls.rename(handle, root, "b", replace=True)
    assert sorted(name for name, _ in calls.names(root)) == ["b", "second"]
    assert calls.read(handle, 0, 9) == b"1"
    calls.remove(handle)
    assert [name for name, _ in calls.names(root)] == (["second"] if posix else ["b", "second"])
    calls.close(handle)
    assert [name for name, _ in calls.names(root)] == ["second"]
    assert kernel.open_handles == 1


def test_what_is_kept_in_another_way_is_told_from_what_stands_for_another(
    calls: Files, root: int, kernel: Kernel, tmp_path: Path
) -> None:
    tags = {"link": 0xA000000C, "junction": 0xA0000003, "deduplicated": 0x80000013, "cloud": 0x9000001A}
    for name, tag in tags.items():
        (tmp_path / name).write_bytes(b"1")
        kernel.mark(name, tag=tag)
    found = dict(calls.names(root))
    assert {name for name, seen in found.items() if seen.is_elsewhere} == {"link", "junction"}
    assert {name for name, seen in found.items() if seen.is_kept_otherwise} == {"deduplicated", "cloud"}
    for name, seen in found.items():
        assert calls.seen(calls.open(root, name, nt.READ_ATTRIBUTES)) == seen


def test_one_has_the_lock(calls: Files, root: int) -> None:
    one = calls.open(root, "lock", nt.READ | nt.WRITE, nt.OPEN_OR_CREATE)
    other = calls.open(root, "lock", nt.READ | nt.WRITE)
    assert calls.lock(one)
    assert not calls.lock(other)
    calls.close(one)
    assert calls.lock(other)


def test_an_error_has_its_number_and_the_name(calls: Files, root: int, kernel: Kernel) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        calls.open(root, "none", nt.READ)
    assert caught.value.filename == "none"
    handle = calls.open(root, "a", nt.READ | nt.WRITE, nt.CREATE)
    kernel.refuse["write"] = 0xC000007F
    with pytest.raises(OSError) as full:
        calls.write(handle, 0, b"1")
    assert full.value.errno == errno.ENOSPC
    kernel.refuse["query"] = 0xC0000008
    with pytest.raises(OSError) as bad:
        calls.seen(handle)
    assert bad.value.errno == errno.EBADF


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("C:\\a\\b", "\\??\\C:\\a\\b"), ("C:/a/b", "\\??\\C:\\a\\b"),
        ("\\\\server\\share\\a", "\\??\\UNC\\server\\share\\a"),
        ("\\\\?\\C:\\a", "\\??\\C:\\a"), ("\\\\?\\UNC\\server\\share", "\\??\\UNC\\server\\share"),
    ],
)  # fmt: skip
def test_paths_are_as_the_kernel_has_them_however_long(path: str, wanted: str) -> None:
    assert kernel_path(path) == wanted


def test_elsewhere_there_is_no_such_kernel() -> None:
    with pytest.raises(OSError, match="ntdll"):
        files()
