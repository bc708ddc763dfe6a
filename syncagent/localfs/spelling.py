"""How names are spelled on disk: asked where it takes other spellings for the same (C5), of what is no name (C7), and
of what is called as nodes are, though the disk may have it in another form (C4)."""

from __future__ import annotations

import unicodedata

from syncagent.localfs.ignore import refusal, shown
from syncagent.localfs.ports import MISSING, Disk
from syncagent.model.facts import Fact, NothingThere, NotKept, Unreadable
from syncagent.model.names import RelPath, join, split


class Spelling:
    """For one look: each folder is listed once."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._names: dict[RelPath, frozenset[str]] = {}

    def is_right(self, path: RelPath) -> bool:
        while path:
            path, name = split(path)
            if name not in self._names_in(path):
                return False
        return True

    def found(self, path: RelPath, *, folds: bool) -> RelPath | None:
        """The path as the disk spells it; None when nothing is called so.  Nothing is listed where the disk tells all
        spellings apart (not ``folds``) and has this one.  Raises OSError when a folder cannot be listed."""
        if not folds and (path.isascii() or self._is_there(path)):
            return path
        here = RelPath("")
        for name in path.split("/"):
            try:
                there = self._names_in(here)
            except OSError as error:
                if error.errno in MISSING:
                    return None
                raise
            if name not in there:
                wanted = unicodedata.normalize("NFC", name)
                other = min((one for one in there if unicodedata.normalize("NFC", one) == wanted), default=None)
                if other is None:
                    return None
                here = join(here, other)
            else:
                here = join(here, name)
        return here

    def _is_there(self, path: RelPath) -> bool:
        try:
            self._disk.stat(path)
        except OSError as error:
            return error.errno not in MISSING
        return True

    def refused(self, path: RelPath, why: str) -> Fact:
        """The fact on one whose name is refused, and may be only the shown form of what is not valid UTF-8 (C7)."""
        folder, name = split(path)
        try:
            found = {shown(one): one for one in self._names_in(folder)}.get(name)
        except OSError as error:
            if error.errno in MISSING:
                return NothingThere(path)
            return Unreadable(path, (error.strerror or str(error)).lower())
        return NothingThere(path) if found is None else NotKept(path, refusal(found) or why)

    def _names_in(self, folder: RelPath) -> frozenset[str]:
        if folder not in self._names:
            self._names[folder] = frozenset(name for name, _ in self._disk.list(folder))
        return self._names[folder]
