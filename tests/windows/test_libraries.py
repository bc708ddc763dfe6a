"""The system's libraries on Windows, and what went wrong."""

from __future__ import annotations

import ctypes
import errno
import sys

import pytest

from syncagent.windows.libraries import as_error, failed, library, words_of


@pytest.mark.parametrize(
    ("code", "number"),
    [
        (2, errno.ENOENT), (3, errno.ENOENT), (5, errno.EACCES), (32, errno.EBUSY), (33, errno.EBUSY),
        (112, errno.ENOSPC), (183, errno.EEXIST), (87, errno.EINVAL), (4711, errno.EIO),
    ],
)  # fmt: skip
def test_errors_have_the_numbers_of_posix(code: int, number: int) -> None:
    error = as_error(code, "C:\\a")
    assert (error.errno, error.filename) == (number, "C:\\a")
    assert error.strerror


def test_an_error_that_means_nothing_here_is_told_by_its_number() -> None:
    assert "4711" in words_of(4711) or sys.platform == "win32"


@pytest.mark.skipif(sys.platform == "win32", reason="there they are")
def test_elsewhere_there_are_none() -> None:
    with pytest.raises(OSError, match="kernel32"):
        library("kernel32")
    ctypes.set_errno(5)
    assert failed().errno == errno.EACCES
    ctypes.set_errno(0)
