"""One agent for one data directory.

The lock is the operating system's (``flock``): it goes with the process, whatever becomes of that, so there is no stale
lock to clear away.  The pid in the file is only there to be shown.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from syncagent.errors import AlreadyRunning, BadConfig


@contextlib.contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock at ``path`` for as long as the block lasts.

    Raises AlreadyRunning, with the pid of the one who has it; BadConfig when the file cannot be made.
    """
    handle = take(path)
    try:
        yield
    finally:
        # The file stays: were it removed, a newcomer could lock a file of the same name beside one that is still held.
        with contextlib.suppress(OSError):
            os.ftruncate(handle, 0)
        os.close(handle)


def take(path: Path) -> int:
    """Take the lock; the file descriptor given back holds it until it is closed.  Raises as ``hold`` does."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise BadConfig(f"the lock file {path} cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = _holder(handle)
        os.close(handle)
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise BadConfig(f"{path} cannot be locked: {error.strerror}") from None
        process = f" (process {holder})" if holder else ""
        raise AlreadyRunning(
            f"another agent{process} is running on the data directory {path.parent}; stop it with `syncagent stop`"
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle


def _holder(handle: int) -> int | None:
    text = os.pread(handle, 32, 0).strip()
    return int(text) if text.isdigit() else None
