"""Which folders are watched, and where each of them is.

Pure: the lookout adds and removes the watches themselves and tells this book of it.  A watch belongs to a folder, not
to a path: when the folder is moved the watch goes with it, and the kernel gives the same number when the same folder
is added again.  So the number says which folder it is, and this book says where it is.

A folder that vanished from its place is *adrift*: it was moved elsewhere within the root, and will be added there in
a moment; or it was moved out, and its watches must go; or it was deleted, and the kernel removes the watch.  Nothing
waits for the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NewType

from syncagent.model.names import RelPath, join

Watch = NewType("Watch", int)
"""The number of a watch.  A number is not used again for another folder."""


@dataclass(slots=True)
class _Folder:
    path: RelPath
    name: str
    parent: Watch | None
    inner: dict[str, Watch] = field(default_factory=dict)


class Watched:
    """The watched folders beneath one root.  Not safe for use by two threads."""

    def __init__(self, root: Watch) -> None:
        self.root = root
        self._folders: dict[Watch, _Folder] = {root: _Folder(RelPath(""), "", None)}
        self._adrift: dict[Watch, float] = {}

    def __len__(self) -> int:
        return len(self._folders)

    def path(self, watch: Watch) -> RelPath | None:
        """Where the folder is (an adrift one: where it was); None when there is no such watch."""
        folder = self._folders.get(watch)
        return None if folder is None else folder.path

    def inner(self, watch: Watch, name: str) -> Watch | None:
        """The watch of the folder ``name`` in a folder."""
        folder = self._folders.get(watch)
        return None if folder is None else folder.inner.get(name)

    def attach(self, watch: Watch, parent: Watch, name: str, now: float) -> bool:
        """``watch`` was added and is of the folder ``name`` in ``parent``.  Whether that is news.

        A folder that is bound into itself (a bind mount can do that) stays where it is.
        """
        holder = self._folders[parent]
        known = self._folders.get(watch)
        if known is not None and holder.inner.get(name) == watch:
            return False
        if known is not None and self._holds(watch, parent):
            return False
        self.detach(parent, name, now)
        path = join(holder.path, name)
        if known is None:
            self._folders[watch] = _Folder(path, name, parent)
        else:
            if known.parent is not None:
                del self._folders[known.parent].inner[known.name]
            self._adrift.pop(watch, None)
            known.name, known.parent = name, parent
            self._set_path(watch, path)
        holder.inner[name] = watch
        return True

    def detach(self, parent: Watch, name: str, now: float) -> None:
        """The folder ``name`` is not in ``parent`` any more; if it is nowhere else, it is adrift since ``now``."""
        holder = self._folders.get(parent)
        if holder is None:
            return
        watch = holder.inner.pop(name, None)
        if watch is not None:
            self._folders[watch].parent = None
            self._adrift[watch] = now

    def forget(self, watch: Watch, now: float) -> None:
        """The kernel removed the watch.  Folders within that are still watched are adrift since ``now``."""
        folder = self._folders.pop(watch, None)
        if folder is None:
            return
        self._adrift.pop(watch, None)
        if folder.parent is not None:
            del self._folders[folder.parent].inner[folder.name]
        for inner in folder.inner.values():
            self._folders[inner].parent = None
            self._adrift[inner] = now

    def is_adrift(self, watch: Watch) -> bool:
        """Whether the folder, or one above it, is adrift."""
        at: Watch | None = watch if self._adrift else None
        while at is not None:
            if at in self._adrift:
                return True
            folder = self._folders.get(at)
            at = None if folder is None else folder.parent
        return False

    def adrift_since(self) -> float | None:
        """Since when the first of the adrift folders is; None when there is none."""
        return min(self._adrift.values(), default=None)

    def sweep(self, before: float) -> list[Watch]:
        """Forget what has been adrift since before ``before``; the watches that are to be removed."""
        lost = [watch for watch, since in self._adrift.items() if since <= before]
        swept = [inner for watch in lost for inner in self.beneath(watch)]
        for watch in lost:
            del self._adrift[watch]
        for watch in swept:
            del self._folders[watch]
        return swept

    def beneath(self, watch: Watch) -> list[Watch]:
        """The folder, and all watched ones in it."""
        found = [watch]
        for outer in found:
            found.extend(self._folders[outer].inner.values())
        return found

    def _holds(self, watch: Watch, other: Watch) -> bool:
        at: Watch | None = other
        while at is not None:
            if at == watch:
                return True
            at = self._folders[at].parent
        return False

    def _set_path(self, watch: Watch, path: RelPath) -> None:
        self._folders[watch].path = path
        for outer in self.beneath(watch):
            folder = self._folders[outer]
            for name, inner in folder.inner.items():
                self._folders[inner].path = join(folder.path, name)
