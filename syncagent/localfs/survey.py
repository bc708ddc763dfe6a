"""A look at the whole disk that is independent of all others: for `check`, which believes neither the scanner nor what
the engine has made of it.

Changes nothing; called in worker threads.  ``walk`` lists, ``read`` reads files to their end.  Whatever cannot be had
is named with its reason, as skipped (it is never kept) or unreadable (it should be).
"""

from __future__ import annotations

import stat as mode_bits
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from syncagent.content.digest import Hasher
from syncagent.errors import BadName
from syncagent.localfs.ignore import refusal_of_path, shown
from syncagent.localfs.ports import MISSING, Disk, Opening, Stat
from syncagent.model.facts import Stamp
from syncagent.model.names import OWN_FOLDER, Name, RelPath, check_name, join
from syncagent.model.nodes import Content
from syncagent.model.values import fixed

PIECE = 1 << 20


@fixed
class Found:
    """One name on the disk.  ``path`` is spelled as on disk; ``target`` is that of a link."""

    path: RelPath
    seen: Stat
    target: str = ""

    @property
    def stamp(self) -> Stamp:
        return self.seen.stamp


@dataclass(slots=True)
class Survey:
    """What a look at the disk has found: by path, as names are kept (in NFC)."""

    disk: Disk
    left_out: Callable[[RelPath, bool], bool] = lambda _path, _is_folder: False
    """Whether what stands at a path, as it is kept, is of no concern here; what lies in it is not listed then."""
    found: dict[RelPath, Found] = field(default_factory=dict)
    skipped: dict[RelPath, str] = field(default_factory=dict)
    unreadable: dict[RelPath, str] = field(default_factory=dict)

    def walk(self) -> None:
        """List everything.  Raises RootMissing."""
        with self.disk.batch():
            device = self.disk.stat(RelPath("")).device
            todo = [(RelPath(""), RelPath(""))]
            while todo:
                todo.extend(self._list(*todo.pop(), device))

    def _list(self, at: RelPath, kept_at: RelPath, device: int) -> Iterable[tuple[RelPath, RelPath]]:
        try:
            entries = self.disk.list(at)
        except OSError as error:
            self._trouble(kept_at, error)
            return []
        inner = []
        for name, seen in sorted(entries, key=lambda entry: entry[0]):
            if name == OWN_FOLDER and not at:
                continue
            path = RelPath(f"{at}/{name}" if at else name)
            kept = self._name(path, name, kept_at)
            if kept is None:
                continue
            if self.left_out(kept, not isinstance(seen, OSError) and seen.is_dir):
                continue
            if isinstance(seen, OSError):
                self._trouble(kept, seen)
            elif self._take(path, kept, seen, device):
                inner.append((path, kept))
        return inner

    def _name(self, path: RelPath, name: str, folder: RelPath) -> RelPath | None:
        """The path under which it is kept; None when it is not."""
        try:
            kept = join(folder, check_name(name))
        except BadName as refused:
            self.skipped[join(folder, Name(shown(name)))] = str(refused)
            return None
        if (why := refusal_of_path(path)) is not None:
            self.skipped[kept] = why
        elif kept in self.found:
            self.skipped[join(folder, Name(name))] = "another name in this folder is the same name, written otherwise"
        else:
            return kept
        return None

    def _take(self, path: RelPath, kept: RelPath, seen: Stat, device: int) -> bool:
        """Note what stands there; whether it is a folder to be listed."""
        if seen.is_dir and seen.device != device:
            self.skipped[kept] = "it lies on another file system"
            return False
        if seen.is_link:
            try:
                target = self.disk.readlink(path)
            except OSError as error:
                self._trouble(kept, error)
                return False
            if shown(target) != target:
                self.skipped[kept] = "what it points to is not valid UTF-8"
            else:
                self.found[kept] = Found(path, seen, target)
            return False
        if not (seen.is_dir or seen.is_file):
            self.skipped[kept] = f"it is neither a file nor a folder ({mode_bits.filemode(seen.mode)[0]})"
            return False
        self.found[kept] = Found(path, seen)
        return seen.is_dir

    def read(self, path: RelPath) -> Content | None:
        """What the file holds; None when it could not be read, or changed or went meanwhile."""
        one = self.found[path]
        hasher = Hasher()
        try:
            with self.disk.batch(), self.disk.open(one.path, Opening.READ) as file:
                before = file.stat()
                offset = 0
                while data := file.read(offset, PIECE):
                    hasher.feed(data)
                    offset += len(data)
                    if offset > before.size:
                        break
                after = file.stat()
        except OSError as error:
            self._trouble(path, error)
            return None
        if before != after or not before.is_file or offset != before.size:
            self.unreadable[path] = "it changed while it was read"
            return None
        self.found[path] = Found(one.path, after)
        return hasher.content()

    def _trouble(self, path: RelPath, error: OSError) -> None:
        self.found.pop(path, None)
        if error.errno not in MISSING:
            self.unreadable[path] = (error.strerror or str(error)).lower()
