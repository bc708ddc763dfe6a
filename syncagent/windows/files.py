"""Files and folders as the kernel of Windows has them: by handles, and by names within an open folder.

Python's own calls go by whole paths there, and between two of them any folder on the way may have become a link.  The
kernel's calls take a handle of a folder and a name in it, as ``openat`` and its like do; with them nothing resolves
outside of what was opened.  They neither shorten paths nor give names as ``CON`` or ``a.`` another meaning: what may be
a name is for the caller to say.

``Files`` calls them, and knows nothing of why.  Errors are OSError with the numbers of POSIX (``status``).
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator
from ctypes import c_uint32, c_void_p
from typing import Any, Final, NamedTuple

from syncagent.model.values import fixed
from syncagent.windows.libraries import as_error, last_error, library
from syncagent.windows.status import NO_MORE_FILES, error_of, status_of

# --- what is asked for ----------------------------------------------------------------------------------------------

READ: Final = 0x1
WRITE: Final = 0x2
READ_ATTRIBUTES: Final = 0x80
WRITE_ATTRIBUTES: Final = 0x100
DELETE: Final = 0x10000
_SYNCHRONIZE: Final = 0x100000

SHARE_ALL: Final = 7
SHARE_NO_WRITE: Final = 5

OPEN: Final = 1
CREATE: Final = 2
OPEN_OR_CREATE: Final = 3

DIRECTORY: Final = 0x1
_SYNCHRONOUS: Final = 0x20
NO_DIRECTORY: Final = 0x40
_FOR_BACKUP: Final = 0x4000
THE_LINK_ITSELF: Final = 0x200000

READ_ONLY: Final = 0x1
HIDDEN: Final = 0x2
IS_DIRECTORY: Final = 0x10
NORMAL: Final = 0x80
IS_REPARSE: Final = 0x400

_STANDS_FOR_ANOTHER: Final = 0x20000000
"""The bit in the tag of a reparse point that tells a link, or a mount, from a file that is kept in another way
(deduplicated, compressed, in a cloud)."""

_CASE_INSENSITIVE: Final = 0x40

_BASIC: Final = 4
_RENAME: Final = 10
_LINK: Final = 11
_DISPOSITION: Final = 13
_ALL: Final = 18
_END_OF_FILE: Final = 20
_ATTRIBUTE_TAG: Final = 35
_NAMES_WITH_IDS: Final = 37
_DISPOSITION_POSIX: Final = 64
_RENAME_POSIX: Final = 65
_VOLUME: Final = 1

_REPLACE: Final = 0x1
_POSIX: Final = 0x2
_EVEN_READ_ONLY: Final = 0x40

_EPOCH: Final = 116_444_736_000_000_000
"""1970 in hundreds of nanoseconds since 1601."""


class _Text(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("room", ctypes.c_uint16), ("buffer", c_void_p)]


class _Object(ctypes.Structure):
    _fields_ = [
        ("length", c_uint32),
        ("root", c_void_p),
        ("name", ctypes.POINTER(_Text)),
        ("attributes", c_uint32),
        ("descriptor", c_void_p),
        ("quality", c_void_p),
    ]


class _Outcome(ctypes.Structure):
    _fields_ = [("status", c_void_p), ("information", c_void_p)]


class Seen(NamedTuple):
    """What the system says of a file; times are nanoseconds since 1970."""

    inode: int
    size: int
    written_ns: int
    changed_ns: int
    attributes: int
    tag: int

    @property
    def is_folder(self) -> bool:
        return bool(self.attributes & IS_DIRECTORY)

    @property
    def is_elsewhere(self) -> bool:
        """Whether it stands for something else: a link, a junction, a mounted disk."""
        return bool(self.attributes & IS_REPARSE and self.tag & _STANDS_FOR_ANOTHER)

    @property
    def is_kept_otherwise(self) -> bool:
        """Whether it is itself, but must not be opened as the reparse point that it is kept as."""
        return bool(self.attributes & IS_REPARSE) and not self.is_elsewhere


@fixed
class Files:
    """``ntdll`` and ``kernel32`` are the system's libraries."""

    ntdll: Any
    kernel32: Any

    def open(
        self,
        folder: int,
        name: str,
        access: int,
        disposition: int = OPEN,
        options: int = THE_LINK_ITSELF,
        *,
        attributes: int = NORMAL,
        share: int = SHARE_ALL,
    ) -> int:
        """A handle of what is called ``name`` in the open ``folder``, or (``folder`` 0) at the kernel's path ``name``.
        Without a name it is what is open itself, once more.

        ``share`` is what others may do with it meanwhile.  Raises OSError.
        """
        handle, outcome = c_void_p(), _Outcome()
        text, kept = _text(name)
        what = _Object(
            ctypes.sizeof(_Object), folder or None, ctypes.pointer(text), _CASE_INSENSITIVE, None, None
        )  # fmt: skip
        status = self.ntdll.NtCreateFile(
            ctypes.byref(handle), c_uint32(access | _SYNCHRONIZE), ctypes.byref(what), ctypes.byref(outcome), None,
            c_uint32(attributes), c_uint32(share), c_uint32(disposition),
            c_uint32(options | _SYNCHRONOUS | _FOR_BACKUP), None, c_uint32(0),
        )  # fmt: skip
        del kept
        _check(status, name)
        return handle.value or 0

    def close(self, handle: int) -> None:
        self.ntdll.NtClose(c_void_p(handle))

    def seen(self, handle: int) -> Seen:
        """What an open file is.  Raises OSError."""
        room, outcome = ctypes.create_string_buffer(1024), _Outcome()
        status = self.ntdll.NtQueryInformationFile(
            c_void_p(handle), ctypes.byref(outcome), room, c_uint32(len(room)), c_uint32(_ALL)
        )
        _check(status)  # that its name is longer than the room is a warning
        _, _, written, changed, attributes = struct.unpack_from("<qqqqI", room, 0)
        size = struct.unpack_from("<q", room, 48)[0]
        inode = struct.unpack_from("<Q", room, 64)[0]
        tag = self._tag(handle) if attributes & IS_REPARSE else 0
        return Seen(inode, size, _since_1970(written), _since_1970(changed or written), attributes, tag)

    def _tag(self, handle: int) -> int:
        room, outcome = ctypes.create_string_buffer(8), _Outcome()
        _check(
            self.ntdll.NtQueryInformationFile(
                c_void_p(handle), ctypes.byref(outcome), room, c_uint32(8), c_uint32(_ATTRIBUTE_TAG)
            )
        )
        return int(struct.unpack_from("<I", room, 4)[0])

    def volume(self, handle: int) -> int:
        """The number of the file system that it lies on.  Raises OSError."""
        room, outcome = ctypes.create_string_buffer(1024), _Outcome()
        status = self.ntdll.NtQueryVolumeInformationFile(
            c_void_p(handle), ctypes.byref(outcome), room, c_uint32(len(room)), c_uint32(_VOLUME)
        )
        _check(status)
        return int(struct.unpack_from("<I", room, 8)[0])

    def names(self, folder: int) -> Iterator[tuple[str, Seen]]:
        """All that an open folder holds.  Raises OSError."""
        room, outcome = ctypes.create_string_buffer(64 * 1024), _Outcome()
        first = True
        while True:
            status = self.ntdll.NtQueryDirectoryFile(
                c_void_p(folder), None, None, None, ctypes.byref(outcome), room, c_uint32(len(room)),
                c_uint32(_NAMES_WITH_IDS), ctypes.c_ubyte(0), None, ctypes.c_ubyte(first),
            )  # fmt: skip
            if status & 0xFFFFFFFF == NO_MORE_FILES:
                return
            _check(status)
            first = False
            yield from _entries(room.raw[: outcome.information or 0])

    def read(self, handle: int, offset: int, size: int) -> bytes:
        """At most so many bytes; none at the end of the file.  Raises OSError."""
        room, outcome = ctypes.create_string_buffer(size), _Outcome()
        at = ctypes.c_int64(offset)
        status = self.ntdll.NtReadFile(
            c_void_p(handle), None, None, None, ctypes.byref(outcome), room, c_uint32(size), ctypes.byref(at), None
        )
        if status & 0xFFFFFFFF == _END:
            return b""
        _check(status)
        return ctypes.string_at(room, outcome.information or 0)

    def write(self, handle: int, offset: int, data: bytes) -> int:
        """How many of the bytes were written.  Raises OSError."""
        outcome, at = _Outcome(), ctypes.c_int64(offset)
        status = self.ntdll.NtWriteFile(
            c_void_p(handle), None, None, None, ctypes.byref(outcome), ctypes.c_char_p(data), c_uint32(len(data)),
            ctypes.byref(at), None,
        )  # fmt: skip
        _check(status)
        return outcome.information or 0

    def truncate(self, handle: int, size: int) -> None:
        """Raises OSError."""
        self._set(handle, _END_OF_FILE, struct.pack("<q", size))

    def adjust(self, handle: int, *, written_ns: int | None = None, attributes: int = 0) -> None:
        """Set the time of the last writing, and (where not 0) the attributes.  Raises OSError."""
        written = 0 if written_ns is None else written_ns // 100 + _EPOCH
        self._set(handle, _BASIC, struct.pack("<qqqqIxxxx", 0, 0, written, 0, attributes))

    def rename(self, handle: int, folder: int, name: str, *, replace: bool) -> None:
        """Give what is open (with DELETE) another place.  Raises OSError; EEXIST when something is there that is not to
        be replaced."""
        flags = _POSIX | _EVEN_READ_ONLY | (_REPLACE if replace else 0)
        try:
            self._set(handle, _RENAME_POSIX, _target(flags, folder, name), name)
        except OSError as error:
            if not _is_unknown(error):
                raise
            # Before Windows 10 1709, and on other file systems than NTFS.
            self._set(handle, _RENAME, _target(int(replace), folder, name), name)

    def link(self, handle: int, folder: int, name: str) -> None:
        """Give an open file a second name.  Raises OSError."""
        self._set(handle, _LINK, _target(0, folder, name), name)

    def remove(self, handle: int) -> None:
        """Remove what is open (with DELETE); its name goes at once, even where others have it open.  Raises OSError."""
        try:
            # FILE_DISPOSITION_DELETE, _POSIX_SEMANTICS and _IGNORE_READONLY_ATTRIBUTE.
            self._set(handle, _DISPOSITION_POSIX, struct.pack("<I", 0x1 | 0x2 | 0x10))
        except OSError as error:
            if not _is_unknown(error):
                raise
            # Then the name goes when the last one closes it, and what is read-only stays.
            self._set(handle, _DISPOSITION, b"\1")

    def flush(self, handle: int) -> None:
        """Make it durable.  Raises OSError."""
        outcome = _Outcome()
        _check(self.ntdll.NtFlushBuffersFile(c_void_p(handle), ctypes.byref(outcome)))

    def lock(self, handle: int) -> bool:
        """Take the lock of a byte that no file has, held until the handle is closed; False when another has it."""
        where = ctypes.create_string_buffer(struct.pack("<QQIIQ", 0, 0, 0, _FAR, 0), 32)  # an OVERLAPPED
        if self.kernel32.LockFileEx(
            c_void_p(handle), c_uint32(_EXCLUSIVE_NOW), c_uint32(0), c_uint32(1), c_uint32(0), where
        ):
            return True
        code = last_error()
        if code in _LOCKED:
            return False
        raise as_error(code)

    def _set(self, handle: int, which: int, given: bytes, name: str = "") -> None:
        outcome = _Outcome()
        status = self.ntdll.NtSetInformationFile(
            c_void_p(handle), ctypes.byref(outcome), ctypes.c_char_p(given), c_uint32(len(given)), c_uint32(which)
        )
        _check(status, name)


_END: Final = 0xC0000011
_LOCKED: Final = frozenset({33, 997})
"""ERROR_LOCK_VIOLATION; and that it would have to be waited for."""

_EXCLUSIVE_NOW: Final = 3
_FAR: Final = 0x40000000
"""The upper half of where that byte lies."""

_UNKNOWN: Final = frozenset({0xC0000002, 0xC0000003, 0xC000000D, 0xC0000010, 0xC00000BB})
"""That it knows no such thing: not implemented, invalid class, invalid parameter, invalid request, not supported."""


def _is_unknown(error: OSError) -> bool:
    return status_of(error) in _UNKNOWN


def _check(status: int, name: str = "") -> None:
    """Raises OSError for what is an error, and not a warning or a word by the way."""
    if status & 0xFFFFFFFF >= 0xC0000000:
        raise error_of(status & 0xFFFFFFFF, name)


def _text(name: str) -> tuple[_Text, Any]:
    """A name as the kernel takes it, and what must be kept as long as that is used."""
    raw = name.encode("utf-16-le", "surrogatepass")
    kept = ctypes.create_string_buffer(raw, len(raw) + 2)
    return _Text(len(raw), len(raw) + 2, ctypes.addressof(kept)), kept


def _target(flags: int, folder: int, name: str) -> bytes:
    """FILE_RENAME_INFORMATION, and FILE_LINK_INFORMATION: flags, the open folder, the name in it."""
    raw = name.encode("utf-16-le", "surrogatepass")
    # A whole number of words, as the structure has it with one character at least.
    return (struct.pack("<IxxxxQI", flags, folder, len(raw)) + raw).ljust(24, b"\0")


def _entries(raw: bytes) -> Iterator[tuple[str, Seen]]:
    """FILE_ID_BOTH_DIR_INFORMATION, one after the other."""
    at = 0
    while raw:
        (after, _, _, _, written, changed, size, _, attributes, length, tag) = _ENTRY.unpack_from(raw, at)
        inode = struct.unpack_from("<Q", raw, at + 96)[0]
        name = raw[at + 104 : at + 104 + length].decode("utf-16-le", "surrogatepass")
        if name not in (".", ".."):
            # Where a name is of a reparse point, the size of extended attributes is its tag.
            kind = tag if attributes & IS_REPARSE else 0
            yield name, Seen(inode, size, _since_1970(written), _since_1970(changed or written), attributes, kind)
        if not after:
            return
        at += after


_ENTRY: Final = struct.Struct("<IIqqqqqqIII")


def _since_1970(time: int) -> int:
    return (time - _EPOCH) * 100


def kernel_path(path: str) -> str:
    """An absolute path of Windows (``C:\\\\a``, ``\\\\\\\\server\\\\share\\\\a``) as the kernel has it."""
    path = path.replace("/", "\\")
    if path.startswith(("\\\\?\\", "\\\\.\\")):
        return "\\??\\" + path[4:]
    if path.startswith("\\\\"):
        return "\\??\\UNC\\" + path[2:]
    return "\\??\\" + path


def win32_path(path: str) -> str:
    """An absolute path of Windows for calls of Win32, whatever its length and the names in it."""
    return "\\\\?\\" + kernel_path(path)[4:]


def files() -> Files:
    """Those of this system."""
    return Files(library("ntdll"), library("kernel32"))
