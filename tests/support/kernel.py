"""A kernel of Windows that stands on a folder of this machine: what ``windows.files`` calls, with arguments read from
memory as the real one reads them.  Its rules are those that ``localfs.windows`` builds on: names without case, handles
that remember who may share what, deletes that wait for the last handle, errors by their status.
"""

from __future__ import annotations

import ctypes
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SUCCESS = 0
NOT_FOUND, PATH_NOT_FOUND, COLLISION = 0xC0000034, 0xC000003A, 0xC0000035
SHARING, PENDING, DENIED, CANNOT_DELETE = 0xC0000043, 0xC0000056, 0xC0000022, 0xC0000121
NOT_A_DIRECTORY, IS_A_DIRECTORY, NOT_EMPTY = 0xC0000103, 0xC00000BA, 0xC0000101
NO_MORE_FILES, END_OF_FILE, INVALID = 0x80000006, 0xC0000011, 0xC0000003
OVERFLOW = 0x80000005

READING, WRITING, DELETING = 0x1, 0x2, 0x10000
EPOCH = 116_444_736_000_000_000


@dataclass
class Node:
    """What is known of a file that the folder beneath does not keep."""

    attributes: int = 0
    tag: int = 0
    doomed: bool = False
    handles: set[int] = field(default_factory=set)


@dataclass
class Handle:
    path: Path
    node: Node
    access: int
    share: int
    file: int
    listed: bool = False
    raw: bool = True


def as_int(value: Any) -> int:
    return int(value.value or 0) if hasattr(value, "value") else int(value or 0)


@dataclass
class Kernel:
    """``posix``: it knows of renames and deletes as POSIX has them (from Windows 10 1709 on, on NTFS)."""

    root: Path
    posix: bool = True
    refuse: dict[str, int] = field(default_factory=dict)
    """A status for each call that is to fail."""
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    _handles: dict[int, Handle] = field(default_factory=dict)
    _nodes: dict[int, Node] = field(default_factory=dict)
    _locks: dict[int, int] = field(default_factory=dict)

    # --- the person's programs ----------------------------------------------------------------------------------

    def hold(self, path: str, *, access: int = READING | WRITING, share: int = 0) -> int:
        """A program opens a file, and shares it as it says."""
        place = self._spelled(self.root / path)
        return self._new(place, access, share)

    def let_go(self, number: int) -> None:
        self.NtClose(ctypes.c_void_p(number))

    def mark(self, path: str, *, attributes: int = 0, tag: int = 0) -> None:
        node = self._node(self.root / path)
        node.attributes, node.tag = attributes, tag

    @property
    def open_handles(self) -> int:
        return len(self._handles)

    # --- ntdll --------------------------------------------------------------------------------------------------

    def NtCreateFile(  # noqa: C901, N802
        self, handle: Any, access: Any, what: Any, outcome: Any, room: Any, attributes: Any, share: Any,
        disposition: Any, options: Any, extended: Any, length: Any,
    ) -> int:  # fmt: skip
        given = what._obj
        assert given.length == 48
        assert given.attributes == 0x40, "names without case"
        text = given.name.contents
        name = ctypes.string_at(text.buffer, text.length).decode("utf-16-le", "surrogatepass")
        how, kinds = as_int(disposition), as_int(options)
        assert as_int(access) & 0x100000, "synchronize"
        assert kinds & 0x4020 == 0x4020, "one call after the other; folders too"
        self.calls.append(("create", name, how))
        if (status := self.refuse.get("create")) is not None:
            return status
        base = self._handles[given.root] if given.root else None
        if base is not None and name:
            assert "\\" not in name, "one name at a time"
            if not base.path.is_dir():
                return PATH_NOT_FOUND
            place = self._spelled(base.path / name)
        elif base is not None:
            place = base.path
        else:
            assert name.startswith("\\??\\")
            place = Path(name[4:].replace("\\", "/"))
        there = place.exists() or place.is_symlink()
        if there and how == 2:
            return COLLISION
        if not there and how == 1:
            return NOT_FOUND if place.parent.is_dir() else PATH_NOT_FOUND
        if there and kinds & 1 and not place.is_dir():
            return NOT_A_DIRECTORY
        if there and kinds & 0x40 and place.is_dir():
            return IS_A_DIRECTORY
        if not there:
            place.mkdir() if kinds & 1 else place.write_bytes(b"")
            self._node(place).attributes = as_int(attributes) & ~0x80
        node = self._node(place)
        if node.doomed:
            return PENDING
        wanted, shared = as_int(access), as_int(share)
        if wanted & WRITING and node.attributes & 1:
            return DENIED
        for number in node.handles:
            other = self._handles[number]
            for bit, leave in ((READING, 1), (WRITING, 2), (DELETING, 4)):
                if (wanted & bit and not other.share & leave) or (other.access & bit and not shared & leave):
                    return (
                        SHARING
                        if wanted & 0x10003 and other.access & 0x10003
                        else self._fine(handle, place, wanted, shared)
                    )
        return self._fine(handle, place, wanted, shared, raw=bool(kinds & 0x200000))

    def _fine(self, handle: Any, place: Path, access: int, share: int, *, raw: bool = True) -> int:
        handle._obj.value = self._new(place, access, share, raw=raw)
        return SUCCESS

    def NtClose(self, handle: Any) -> int:  # noqa: N802
        number = as_int(handle)
        closed = self._handles.pop(number)
        os.close(closed.file)
        closed.node.handles.discard(number)
        self._locks = {inode: holder for inode, holder in self._locks.items() if holder != number}
        if closed.node.doomed and not closed.node.handles:
            self._unlink(closed.path)
        return SUCCESS

    def NtQueryInformationFile(self, handle: Any, outcome: Any, room: Any, size: Any, which: Any) -> int:  # noqa: N802
        opened = self._handles[as_int(handle)]
        if as_int(which) == 35:
            struct.pack_into("<II", room, 0, self._attributes(opened.path), opened.node.tag)
            return SUCCESS
        assert (as_int(which), as_int(size)) == (18, 1024)
        if (status := self.refuse.get("query")) is not None:
            return status
        seen = os.fstat(opened.file)
        written, changed = (seen.st_mtime_ns // 100 + EPOCH, seen.st_ctime_ns // 100 + EPOCH)
        struct.pack_into("<qqqqI", room, 0, 1, 2, written, changed, self._attributes(opened.path))
        struct.pack_into("<qqIBB", room, 40, 1 << 20, seen.st_size, seen.st_nlink, 0, opened.path.is_dir())
        struct.pack_into("<Q", room, 64, seen.st_ino)
        return OVERFLOW  # its name is longer than there is room for: a warning

    def NtQueryVolumeInformationFile(self, handle: Any, outcome: Any, room: Any, size: Any, which: Any) -> int:  # noqa: N802
        assert as_int(which) == 1
        struct.pack_into("<qI", room, 0, 7, 0xABCD1234)
        return SUCCESS

    def NtQueryDirectoryFile(  # noqa: N802
        self, handle: Any, event: Any, routine: Any, context: Any, outcome: Any, room: Any, size: Any, which: Any,
        single: Any, pattern: Any, again: Any,
    ) -> int:  # fmt: skip
        opened = self._handles[as_int(handle)]
        assert (as_int(which), as_int(single), pattern) == (37, 0, None)
        if as_int(again):
            opened.listed = False
        if opened.listed:
            return NO_MORE_FILES
        opened.listed = True
        raw = b""
        names = [".", "..", *sorted(os.listdir(opened.path))]
        for number, name in enumerate(names):
            place = opened.path / name
            seen, node = place.stat(), self._node(place)
            text = name.encode("utf-16-le", "surrogatepass")
            entry = struct.pack(
                "<IIqqqqqqIIIbx24s", 0, 0, 1, 2, seen.st_mtime_ns // 100 + EPOCH, seen.st_ctime_ns // 100 + EPOCH,
                0 if place.is_dir() else seen.st_size, 1 << 20, self._attributes(place), len(text),
                node.tag, 0, b"SHORT~1".ljust(24, b"\0"),
            ) + b"\0\0" + struct.pack("<Q", seen.st_ino) + text  # fmt: skip
            entry = entry.ljust(-(-len(entry) // 8) * 8, b"\0")
            raw += (struct.pack("<I", len(entry)) + entry[4:]) if number < len(names) - 1 else entry
        assert len(raw) <= as_int(size)
        ctypes.memmove(room, raw, len(raw))
        outcome._obj.information = len(raw)
        return SUCCESS

    def NtReadFile(  # noqa: N802
        self, handle: Any, event: Any, routine: Any, context: Any, outcome: Any, room: Any, size: Any, at: Any, key: Any
    ) -> int:
        opened = self._handles[as_int(handle)]
        assert opened.access & READING
        if not opened.raw or not opened.node.tag:
            data = os.pread(opened.file, as_int(size), at._obj.value)
        else:
            data = b"what it is kept as"
        if not data:
            return END_OF_FILE
        data = data[: self.refuse.get("short", len(data))]
        ctypes.memmove(room, data, len(data))
        outcome._obj.information = len(data)
        return SUCCESS

    def NtWriteFile(  # noqa: N802
        self, handle: Any, event: Any, routine: Any, context: Any, outcome: Any, data: Any, size: Any, at: Any, key: Any
    ) -> int:
        if (status := self.refuse.get("write")) is not None:
            return status
        opened = self._handles[as_int(handle)]
        if not opened.access & WRITING:
            return DENIED
        given = ctypes.string_at(data, as_int(size))[: self.refuse.get("short", as_int(size))]
        os.pwrite(opened.file, given, at._obj.value)
        outcome._obj.information = len(given)
        return SUCCESS

    def NtSetInformationFile(self, handle: Any, outcome: Any, given: Any, size: Any, which: Any) -> int:  # noqa: N802
        opened = self._handles[as_int(handle)]
        raw, kind = ctypes.string_at(given, as_int(size)), as_int(which)
        match kind:
            case 4:
                return self._adjust(opened, raw)
            case 20:
                os.ftruncate(opened.file, struct.unpack("<q", raw)[0])
            case 10 | 65 | 11 if kind != 65 or self.posix:
                return self._place(opened, raw, kind)
            case 64 if self.posix:
                assert raw == struct.pack("<I", 0x13)
                return self._remove(opened, even_read_only=True, at_once=True)
            case 13:
                assert raw == b"\1"
                return self._remove(opened, even_read_only=False, at_once=False)
            case _:
                return INVALID
        return SUCCESS

    def _adjust(self, opened: Handle, raw: bytes) -> int:
        assert len(raw) == 40
        created, accessed, written, changed, attributes = struct.unpack("<qqqqIxxxx", raw)
        assert (created, accessed, changed) == (0, 0, 0), "left as they are"
        if written:
            ns = (written - EPOCH) * 100
            os.utime(opened.file, ns=(ns, ns))
        if attributes:
            opened.node.attributes = attributes & ~0x80
        return SUCCESS

    def _place(self, opened: Handle, raw: bytes, kind: int) -> int:
        flags, folder, length = struct.unpack_from("<IxxxxQI", raw)
        name = raw[20 : 20 + length].decode("utf-16-le", "surrogatepass")
        target = self._spelled(self._handles[folder].path / name)
        there = target.exists() and not target.samefile(opened.path)
        if there and (kind == 11 or not flags & 1):
            return COLLISION
        if there and (self._node(target).handles and not self.posix):
            return DENIED
        if there and any(not self._handles[one].share & 4 for one in self._node(target).handles):
            return SHARING
        if kind == 11:
            os.link(opened.path, target)
            return SUCCESS
        if any(opened.path in one.path.parents for one in self._handles.values()):
            return DENIED  # something in it is open
        os.rename(opened.path, self._handles[folder].path / name)
        for one in self._handles.values():
            if one.node is opened.node:
                one.path = self._handles[folder].path / name
        return SUCCESS

    def _remove(self, opened: Handle, *, even_read_only: bool, at_once: bool) -> int:
        assert opened.access & DELETING
        if opened.node.attributes & 1 and not even_read_only:
            return CANNOT_DELETE
        if opened.path.is_dir() and any(opened.path.iterdir()):
            return NOT_EMPTY
        others = any(not self._handles[one].share & 4 for one in opened.node.handles)
        if at_once and not others:
            self._unlink(opened.path)
        else:
            opened.node.doomed = True
        return SUCCESS

    def _unlink(self, path: Path) -> None:
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)

    def NtFlushBuffersFile(self, handle: Any, outcome: Any) -> int:  # noqa: N802
        opened = self._handles[as_int(handle)]
        if (status := self.refuse.get("flush")) is not None:
            return status
        if not opened.access & WRITING:
            return DENIED
        self.calls.append(("flush", opened.path.name))
        return SUCCESS

    # --- kernel32 -----------------------------------------------------------------------------------------------

    def LockFileEx(self, handle: Any, how: Any, reserved: Any, low: Any, high: Any, where: Any) -> int:  # noqa: N802
        assert (as_int(how), as_int(reserved), as_int(low), as_int(high)) == (3, 0, 1, 0)
        assert struct.unpack_from("<II", where, 16) == (0, 0x40000000)
        inode = os.fstat(self._handles[as_int(handle)].file).st_ino
        ctypes.set_errno(33)
        return int(self._locks.setdefault(inode, as_int(handle)) == as_int(handle))

    # --- inside -------------------------------------------------------------------------------------------------

    def _spelled(self, path: Path) -> Path:
        """As it is there."""
        if path.parent.is_dir():
            for name in os.listdir(path.parent):
                if name.upper() == path.name.upper():
                    return path.parent / name
        return path

    def _node(self, path: Path) -> Node:
        return self._nodes.setdefault(path.lstat().st_ino, Node())

    def _attributes(self, path: Path) -> int:
        node = self._node(path)
        kind = (0x10 if path.is_dir() else 0) | (0x400 if node.tag else 0)
        return node.attributes | kind or 0x80

    def _new(self, path: Path, access: int, share: int, *, raw: bool = True) -> int:
        number = 4 * (max(self._handles, default=0) // 4 + 1)
        node = self._node(path)
        file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        self._handles[number] = Handle(path, node, access, share, file, raw=raw)
        node.handles.add(number)
        return number
