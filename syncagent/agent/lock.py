"""One agent for one data directory.

The lock is the operating system's: it goes with the process, whatever becomes of that, so there is no stale
lock to clear away.  The pid in the file is only there to be shown.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from syncagent.errors import AlreadyRunning, BadConfig
from syncagent.locking import could_lock, try_lock
from syncagent.private import UNFOLLOWED


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
    flags = os.O_RDWR | os.O_CREAT | UNFOLLOWED
    try:
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise BadConfig(f"the lock file {path} cannot be opened: {error.strerror}") from None
    if not _locked(handle):
        holder = _holder(handle)
        os.close(handle)
        process = f" (process {holder})" if holder else ""
        raise AlreadyRunning(
            f"another agent{process} is running on the data directory {path.parent}; stop it with `syncagent stop`"
        )
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, f"{os.getpid()}\n".encode())
    return handle


def _locked(handle: int) -> bool:
    """Whether the lock could be had.  It is tried a few times, since ``is_held`` has it for an instant."""
    for attempt in range(5):
        if try_lock(handle):
            return True
        time.sleep(0.01 * attempt)
    return False


def _holder(handle: int) -> int | None:
    os.lseek(handle, 0, os.SEEK_SET)
    text = os.read(handle, 32).strip()
    return int(text) if text.isdigit() else None


def is_held(path: Path) -> bool:
    """Whether someone has the lock right now."""
    try:
        handle = os.open(path, os.O_RDWR | UNFOLLOWED)
    except OSError:
        return False
    try:
        # RACE: an agent that starts in this very moment finds the lock taken by us: it tries again (``_locked``).
        return not could_lock(handle)
    finally:
        os.close(handle)
