"""How private what was set aside was, for as long as nothing else stands at its name (B11).

In a conflict the file here steps aside and keeps its mode; what comes to its name is a new file.  It is the same
document to whoever made it private, so the new one is not opened to more than the old one was.

Known as long as the process lives.  One that is killed between the two steps has forgotten it: then the new file has
the mode of any new file.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from syncagent.localfs.ports import Stat
from syncagent.model.names import RelPath

MOST: Final = 10_000
"""So many names are remembered, the latest ones."""


class Displaced:
    """By name, who could do what with what stood there."""

    def __init__(self) -> None:
        self._modes: OrderedDict[RelPath, int] = OrderedDict()

    def note(self, path: RelPath, seen: Stat) -> None:
        """``seen`` stood at ``path``, and was set aside.  A link has no mode of its own."""
        if not seen.is_link:
            self._modes[path] = seen.mode & 0o777
            if len(self._modes) > MOST:
                self._modes.popitem(last=False)

    def filled(self, path: RelPath) -> None:
        """Something stands there again, and has its own mode."""
        self._modes.pop(path, None)

    def narrow(self, path: RelPath, mode: int) -> int:
        """``mode`` for a new file at ``path``: for nobody more than what stood there."""
        return mode & self._modes.get(path, 0o777)

    def narrow_folder(self, path: RelPath) -> int:
        """The mode for a new folder at ``path``: who could read what stood there may enter it, and its owner all."""
        mode = self._modes.get(path, 0o777)
        return mode | (mode & 0o444) >> 2 | 0o700
