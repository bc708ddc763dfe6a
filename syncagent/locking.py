"""Locks on open files: the operating system's, so that they go with the process, whatever becomes of that.

POSIX has ``flock``.  Windows locks bytes, and whoever has no lock cannot read them either; so the byte that is locked
there lies far behind all that is ever written into such a file.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Final

if sys.platform == "win32":
    import msvcrt

    _FAR: Final = 0x7FFF0000
    _AGAIN_SECONDS: Final = 0.05

    def try_lock(handle: int) -> bool:
        """Take the lock of an open file, held until it is closed; False when another holds it."""
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def wait_lock(handle: int) -> None:
        """Take it, once nobody else has it.  Raises OSError where there are no locks."""
        # What the system has to wait with gives up after ten seconds.
        while not try_lock(handle):
            time.sleep(_AGAIN_SECONDS)

    def could_lock(handle: int) -> bool:
        """Whether nobody has the lock of this file, which was opened for this question alone and is closed after it."""
        if not try_lock(handle):
            return False
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
        return True

else:
    import fcntl

    def try_lock(handle: int) -> bool:
        """Take the lock of an open file, held until it is closed; False when another holds it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def wait_lock(handle: int) -> None:
        """Take it, once nobody else has it.  Raises OSError where there are no locks."""
        fcntl.flock(handle, fcntl.LOCK_EX)

    def could_lock(handle: int) -> bool:
        """Whether nobody has the lock of this file, which was opened for this question alone and is closed after it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
