"""What the kernel of Windows answers, in the numbers of POSIX, and in words for a person."""

from __future__ import annotations

import errno
import os
from typing import Final

NO_MORE_FILES: Final = 0x80000006
CANNOT_DELETE: Final = 0xC0000121

IN_USE: Final = "a program has it open"
"""What is said to a person of whatever passes by itself, once some program is done with the file."""

_MEANING: Final = {
    0xC0000002: errno.ENOSYS,  # not implemented
    0xC0000003: errno.EINVAL,  # invalid information class
    0xC0000008: errno.EBADF,  # invalid handle
    0xC000000D: errno.EINVAL,  # invalid parameter
    0xC000000F: errno.ENOENT,  # no such file
    0xC0000010: errno.EINVAL,  # invalid device request
    0xC0000017: errno.ENOMEM,  # no memory
    0xC0000022: errno.EACCES,  # access denied
    0xC0000033: errno.EINVAL,  # object name invalid
    0xC0000034: errno.ENOENT,  # object name not found
    0xC0000035: errno.EEXIST,  # object name collision
    0xC000003A: errno.ENOENT,  # object path not found
    0xC000003B: errno.EINVAL,  # object path syntax bad
    0xC0000043: errno.EBUSY,  # sharing violation
    0xC0000044: errno.EDQUOT,  # quota exceeded
    0xC0000054: errno.EBUSY,  # file lock conflict
    0xC0000055: errno.EBUSY,  # lock not granted
    0xC0000056: errno.EBUSY,  # delete pending
    0xC0000061: errno.EPERM,  # privilege not held
    0xC000007F: errno.ENOSPC,  # disk full
    0xC000009A: errno.ENOMEM,  # insufficient resources
    0xC00000A2: errno.EROFS,  # media write protected
    0xC00000BA: errno.EISDIR,  # file is a directory
    0xC00000BB: errno.ENOTSUP,  # not supported
    0xC00000D4: errno.EXDEV,  # not same device
    0xC0000101: errno.ENOTEMPTY,  # directory not empty
    0xC0000103: errno.ENOTDIR,  # not a directory
    0xC0000106: errno.ENAMETOOLONG,  # name too long
    0xC000011F: errno.EMFILE,  # too many opened files
    0xC0000121: errno.EBUSY,  # cannot delete: it is mapped, or runs
    0xC0000123: errno.ENOENT,  # file deleted
    0xC0000188: errno.EFBIG,  # log file full; the file system's
    0xC0000243: errno.EBUSY,  # user mapped file
    0xC0000265: errno.EMLINK,  # too many links
    0xC000050B: errno.ELOOP,  # reparse point encountered
    0xC0000904: errno.EFBIG,  # file too large
    0xC0000906: errno.EACCES,  # virus infected
}
_WORDS: Final = {
    0xC0000043: IN_USE,
    0xC0000054: IN_USE,
    0xC0000055: IN_USE,
    0xC0000056: "it is being deleted, and a program has it open yet",
    0xC0000121: "it runs, or a program has it open",
    0xC0000243: IN_USE,
    0xC0000906: "the system holds it for a virus",
}


def error_of(status: int, name: str = "") -> OSError:
    """What an answer of the kernel is here.  What is not known is EIO, with its number for whoever looks it up."""
    number = _MEANING.get(status, errno.EIO)
    words = _WORDS.get(status) or (
        os.strerror(number) if status in _MEANING else f"status {status:#010x} of the system"
    )
    error = OSError(number, words, name or None)  # a PermissionError and the like, by its number
    error.__dict__["status"] = status
    return error


def status_of(error: OSError) -> int:
    """What the kernel answered; 0 where the error is not from there."""
    return int(error.__dict__.get("status", 0))
