"""The disk of this machine, whatever system it has."""

from __future__ import annotations

import sys

from syncagent.localfs.ports import Disk

if sys.platform == "win32":
    from syncagent.localfs.windows import WindowsDisk

    def disk_at(root: str) -> Disk:
        """The folder at ``root``, an absolute path."""
        return WindowsDisk(root)

else:
    from syncagent.localfs.real import RealDisk

    def disk_at(root: str) -> Disk:
        """The folder at ``root``, an absolute path."""
        return RealDisk(root)
