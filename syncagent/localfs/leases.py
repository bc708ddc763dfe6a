"""Whether a program has a file open for writing.  Called by ``real`` only.

No call says so outright, but the kernel grants a lease for reading on a file only while nobody has it open for writing.
So one is asked for, and given back at once.  Where the answer would mean something else (a network file system grants
leases as its server pleases), where there are no leases, and for a file of another owner, it is taken that nobody has.
"""

from __future__ import annotations

import errno
import signal
import sys
from functools import lru_cache
from typing import Final

_SIGNAL: Final = int(getattr(signal, "SIGURG", 0))
_REMOTE: Final = ("nfs", "cifs", "smb", "ceph", "afs", "9p")
_MOUNTS: Final = "/proc/self/mountinfo"

if sys.platform == "win32":

    def is_open_for_writing(file: int, device: int) -> bool:  # noqa: ARG001 - it is not asked here
        """There who has it open for writing keeps us from opening it (``windows.disk``)."""
        return False

else:
    import fcntl

    _SET: Final = getattr(fcntl, "F_SETLEASE", None)
    _SET_SIGNAL: Final = getattr(fcntl, "F_SETSIG", None)

    def is_open_for_writing(file: int, device: int) -> bool:
        """Whether somebody has the file, which is open for reading as ``file`` and lies on ``device``, open for
        writing."""
        if _SET is None or _SET_SIGNAL is None or _is_remote(device):
            return False
        try:
            # Who opens the file for writing while the lease stands waits for that moment, and we are sent a signal:
            # not the usual one, which would end us.
            fcntl.fcntl(file, _SET_SIGNAL, _SIGNAL)
            fcntl.fcntl(file, _SET, fcntl.F_RDLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        fcntl.fcntl(file, _SET, fcntl.F_UNLCK)
        return False


@lru_cache(maxsize=16)
def _is_remote(device: int) -> bool:
    number = f"{device >> 8 & 0xFFF}:{device & 0xFF | device >> 12 & 0xFFF00}"
    try:
        with open(_MOUNTS, encoding="utf-8", errors="replace") as mounts:
            lines = [line.split() for line in mounts]
    except OSError:
        return True
    # Fields: id, parent, device, …, "-", type of the file system, …
    kinds = [line[line.index("-") + 1] for line in lines if line[2] == number]
    return any(kind.startswith(_REMOTE) for kind in kinds)
