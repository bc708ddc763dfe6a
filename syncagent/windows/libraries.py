"""The system's libraries on Windows, and what went wrong in a call to one of them."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from typing import Any, Final

_NUMBERS: Final = {
    2: errno.ENOENT,
    3: errno.ENOENT,
    5: errno.EACCES,
    32: errno.EBUSY,
    33: errno.EBUSY,
    39: errno.ENOSPC,
    80: errno.EEXIST,
    87: errno.EINVAL,
    112: errno.ENOSPC,
    183: errno.EEXIST,
}
"""Errors of Win32 that mean more here than that it failed."""


def library(name: str) -> Any:
    """Raises OSError where there is none."""
    if sys.platform == "win32":
        return ctypes.WinDLL(name, use_last_error=True)
    else:  # noqa: RET505 - a type checker follows one platform's branch only when it is one
        raise OSError(errno.ENOSYS, f"{name} is a library of Windows")


def last_error() -> int:
    if sys.platform == "win32":
        return ctypes.get_last_error()
    else:  # noqa: RET505 - as above
        return ctypes.get_errno()


def failed(path: str = "") -> OSError:
    """The error of the last call, in the numbers of POSIX."""
    return as_error(last_error(), path)


def as_error(code: int, path: str = "") -> OSError:
    number = _NUMBERS.get(code, errno.EIO)
    text = os.strerror(number) if code in _NUMBERS else words_of(code)
    return OSError(number, text, path or None)


def words_of(code: int) -> str:
    """What the system says of an error of its own."""
    if sys.platform == "win32":
        said = ctypes.FormatError(code).strip().rstrip(".")
    else:
        said = ""
    return said or f"error {code} of the system"
