"""Eyes on Windows: what the system tells of a folder and all beneath it (``windows.changes``).

It does not say what is a folder, nor when a file is closed.  So a name that is new is looked at, and a file that was
written is handed on once it has been quiet for a while.  What was moved from one folder to another is told as gone here
and new there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from syncagent.localfs.dirty import Seen
from syncagent.localfs.lookout import Blind, Saw
from syncagent.model.names import RelPath, is_own
from syncagent.windows.changes import Act, Change, Changes, FolderGone, Overflow
from syncagent.windows.files import win32_path


class Teller(Protocol):
    """What tells: ``windows.changes.Changes``."""

    def read(self, timeout: float | None) -> Sequence[Change]: ...
    def wake(self) -> None: ...
    def close(self) -> None: ...


class Told:
    """See the module."""

    def __init__(self, root: str, saw: Saw, changes: Callable[[str], Teller] = Changes) -> None:
        self._root = root
        self._saw = saw
        self._changes = changes
        self._teller: Teller | None = None
        self._old: RelPath | None = None
        """The old name of what is told to have a new one next."""
        self.standing = False
        self.too_deep = 0
        self.watches = 0

    def open(self) -> None:
        try:
            self._teller = self._changes(self._root)
        except (FileNotFoundError, FolderGone):
            raise Blind("root", "the folder is not there") from None
        except OSError as error:
            raise Blind("system", f"the system cannot watch the folder: {error.strerror}") from None
        self.standing, self.watches = True, 1

    def step(self, timeout: float | None) -> None:
        if self._teller is None:
            return
        try:
            told = self._teller.read(timeout)
        except Overflow:
            raise Blind("overflow", "more happened than the system kept") from None
        except FolderGone:
            raise Blind("root", "the folder was deleted") from None
        except OSError as error:
            raise Blind("system", f"the system tells of no more changes: {error.strerror}") from None
        now = time.monotonic()
        for act, path in told:
            if not is_own(path.split("/", 1)[0]):
                self._on_change(now, act, RelPath(path))

    def wake(self) -> None:
        if self._teller is not None:
            self._teller.wake()

    def close(self) -> None:
        if self._teller is not None:
            self._teller.close()
            self._teller = None

    def _on_change(self, now: float, act: Act, path: RelPath) -> None:
        origin, self._old = self._old, None
        match act:
            case Act.REMOVED:
                self._saw(now, path, Seen.GONE)
            case Act.OLD_NAME:
                self._old = path
                self._saw(now, path, Seen.GONE)
            case Act.NEW_NAME:
                self._saw(now, path, Seen.APPEARED, is_dir=self._is_folder(path), origin=origin)
            case Act.ADDED:
                folder = self._is_folder(path)
                self._saw(now, path, Seen.APPEARED if folder else Seen.CREATED, is_dir=folder)
            case Act.MODIFIED:
                # Of a folder it says that names in it have changed, and of those it tells, too.
                if not self._is_folder(path):
                    self._saw(now, path, Seen.WRITTEN)

    def _is_folder(self, path: RelPath) -> bool:
        # A path of any length, and no name that means something else.
        return os.path.isdir(win32_path(f"{self._root}/{path}"))
