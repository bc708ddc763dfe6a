"""The stage: names in our own folder for what is on its way into the tree, or out of it.

Four kinds of names, told apart after a crash:

* ``new.<n>``: a file of ours in the making.  No one needs it: it is removed.
* ``held.<own>.<old>.<n>.<path>``: it changes places with what stands at ``path`` (or takes what stands there before it
  is deleted).  Whatever is found under such a name is removed only when it is our own new file (``own``) or the old
  file that was meant to go (``old``), by inode, size, mtime and mode.  Anything else was put there by the user between
  our last look and our rename, and goes back into the tree.
* ``back.<n>.<path>``: half way through a rename, or a folder that is being taken out with all that is in it; always
  goes back.
* ``gone.<n>.<path>``: a folder that went, and was found to hold just what was to go with it.  It is removed as far as
  it is still so; what a start finds under such a name goes to the trash, even where there is to be none.

What was meant to go is not removed where there is a trash that takes it (``trash``); nobody waits for that, either.

A path that is too long for a name lies beside it, as the text of the link ``path.<n>``.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Final

from syncagent.content.digest import digest_of
from syncagent.errors import RootMissing
from syncagent.localfs.ignore import PARK, STAGE
from syncagent.localfs.ports import MISSING, Disk, Rename, Stat
from syncagent.localfs.trash import Trash
from syncagent.localfs.wholes import remove_whole
from syncagent.model.names import OWN_FOLDER, Name, RelPath, conflict_name, join, split
from syncagent.planner.tasks import Lying

_ROOM: Final = 180
"""Bytes of a path within a name; the rest of the 255 is for what stands before it."""


class Slots:
    """``machine`` is what this machine is called in the names of conflict copies."""

    def __init__(self, disk: Disk, machine: str, trash: Trash | None = None) -> None:
        self._disk = disk
        self._trash = trash
        self.machine = machine
        self._numbers = count(1)
        self._active: set[str] = set()
        self._went: dict[RelPath, tuple[RelPath, Sequence[Lying]]] = {}
        """By slot: folders that went, from where, and what was found in them."""

    def make_folders(self) -> None:
        """Make our folders where they are missing.  Raises OSError."""
        with suppress(FileNotFoundError):  # nearly always they are there: to be told so by an error takes longer
            self._disk.stat(STAGE)
            self._disk.stat(PARK)
            return
        for folder in (RelPath(OWN_FOLDER), STAGE, PARK):
            with suppress(FileExistsError):
                self._disk.mkdir(folder, 0o700)

    def new(self) -> RelPath:
        """A name for a file in the making."""
        return self._take(f"new.{next(self._numbers)}")

    def held(self, path: RelPath, own: Stat | None, old: Stat | None) -> RelPath:
        """A name for what changes places with ``path``."""
        return self._take(self._with_path(f"held.{_token(own)}.{_token(old)}", path))

    def back(self, path: RelPath) -> RelPath:
        """A name for what stands at ``path``, half way through a rename."""
        return self._take(self._with_path("back", path))

    def gone(self, path: RelPath, beneath: Sequence[Lying]) -> RelPath:
        """A name for the folder that went from ``path`` with all that lay ``beneath``."""
        slot = self._take(self._with_path("gone", path))
        self._went[slot] = path, beneath
        return slot

    def done_with(self, slot: RelPath) -> None:
        """Nothing is left under that name."""
        name = split(slot)[1]
        self._active.discard(name)
        self._went.pop(slot, None)
        if name.endswith("."):
            self._remove(join(STAGE, f"path.{_number(name)}"))

    def leave(self, slot: RelPath) -> None:
        """Nobody could look at what lies under that name: it stays there, and the next sweep decides."""
        self._active.discard(split(slot)[1])

    def remove(self, slot: RelPath) -> None:
        """Remove what lies under that name, and let go of it.  What cannot be removed now, the next sweep removes."""
        try:
            if slot in self._went:
                self._remove_whole(slot, *self._went[slot])
            else:
                self._remove(slot)
        finally:
            self.done_with(slot)

    def _remove_whole(self, slot: RelPath, path: RelPath, beneath: Sequence[Lying]) -> None:
        """What a program that works in the folder has written there by now, though nobody finds it by its path, goes
        back; only what was to go is removed."""
        if not remove_whole(self._disk, slot, beneath):
            back = self.put_back(slot, path, lambda _: False)
            self._disk.sync(list(dict.fromkeys((split(back)[0], STAGE))))

    def let_go(self, slot: RelPath) -> None:
        """What lies under that name was meant to go: to the trash, if there is one that takes it."""
        if self._goes_to_trash(slot):
            self.done_with(slot)
        else:
            self.remove(slot)

    def let_go_all(self, slots: Mapping[RelPath, bool]) -> None:
        """The same for all of these, as far as that is possible now; what must not go to the trash is removed."""
        with suppress(RootMissing), self._disk.batch():
            for slot, may_be_kept in slots.items():
                with suppress(OSError):
                    (self.let_go if may_be_kept else self.remove)(slot)
            if self._trash is not None:
                self._trash.settle()

    def _goes_to_trash(self, slot: RelPath, *, unseen: bool = False) -> bool:
        if self._trash is None:
            return False
        kind, *rest = split(slot)[1].split(".", 4)
        match kind, rest:
            case "held", [own, _, _, quoted]:
                replaced = own != _token(None)
            case "gone", [_, *parts] if parts:
                replaced, quoted = False, ".".join(parts)
            case _:
                return False
        return self._trash.take(slot, self._path_of(split(slot)[1], quoted), replaced=replaced, unseen=unseen)

    def put_back(self, slot: RelPath, path: RelPath, is_own: Callable[[Stat], bool]) -> RelPath:
        """Put what lies in ``slot``, which is the user's, back to ``path``; gives where it ended up.

        When our own new file (``is_own``) stands there by now they change places again.  When something else does, or
        the folder is gone, it gets the name of a conflict copy, in the nearest folder that is there.  Nothing is ever
        replaced.  Raises OSError; then it is still in the slot.
        """
        try:
            self._disk.rename(slot, path, Rename.NEW)
        except OSError as error:
            if error.errno not in MISSING | {errno.EEXIST}:
                raise
        else:
            self.done_with(slot)
            return path
        if self._changed_places_again(slot, path, is_own):
            return path
        return self._put_aside(slot, path)

    def recover(self) -> tuple[RelPath, ...]:
        """Clear what a crash left, except what is in use by now.  Gives the paths at which something was put back."""
        back: list[RelPath] = []
        stuck: list[str] = []
        with self._disk.batch():
            try:
                entries = sorted(self._disk.list(STAGE))
            except FileNotFoundError:
                return ()
            for name, seen in entries:
                if name in self._active or isinstance(seen, OSError):
                    continue
                slot = join(STAGE, name)
                if name.startswith("new."):
                    self._remove(slot)
                elif name.startswith("gone."):
                    # What was to lie in it nobody remembers, and a program may have written there since it was looked
                    # through: so it is not removed, wherever the trash can take it.
                    try:
                        if self._trash is None:
                            remove_whole(self._disk, slot)
                        elif not self._goes_to_trash(slot, unseen=True):
                            stuck.append(name)
                    except OSError:
                        stuck.append(name)
                elif name.startswith(("held.", "back.")):
                    try:
                        back.extend(self._recover(slot, name, seen))
                    except OSError:
                        stuck.append(name)  # it stays there until the next time; the others do not wait for it
            needed = {f"path.{_number(name)}" for name in (*stuck, *self._active) if name.endswith(".")}
            for name, _ in entries:
                if name.startswith("path.") and name not in needed:
                    self._remove(join(STAGE, name))
        return tuple(back)

    def _recover(self, slot: RelPath, name: str, seen: Stat) -> list[RelPath]:
        kind, *rest = name.split(".", 2 if name.startswith("back.") else 4)
        own, old = (rest[0], rest[1]) if kind != "back" else ("", "")
        path = self._path_of(name, rest[-1])
        if kind == "held" and own != _token(None) and _token(seen) == old and self._is_free(path):
            # Where names cannot be exchanged the old one leaves its place before the new one takes it.
            return [self.put_back(slot, path, lambda _: False)]
        if kind == "held" and _token(seen) in (own, old):
            # The power may have left it both here and there: then its ctime is a new one now, by what we did.
            both = self._is_at(path, seen)
            if both or _token(seen) != old or not self._goes_to_trash(slot):
                self._remove(slot)
            return [path] if both else []
        return [self.put_back(slot, path, lambda there: _token(there) == own)]

    def _is_free(self, path: RelPath) -> bool:
        try:
            self._disk.stat(path)
        except OSError as error:
            return error.errno in MISSING
        return False

    def _is_at(self, path: RelPath, seen: Stat) -> bool:
        try:
            there = self._disk.stat(path)
        except OSError:
            return False
        return (there.device, there.inode) == (seen.device, seen.inode)

    def _changed_places_again(self, slot: RelPath, path: RelPath, is_own: Callable[[Stat], bool]) -> bool:
        try:
            if not is_own(self._disk.stat(path)):
                return False
            self._disk.rename(slot, path, Rename.EXCHANGE)
        except OSError as error:
            if error.errno not in MISSING | {errno.EINVAL}:
                raise
            return False
        if not is_own(self._disk.stat(slot)):
            # RACE: the user changed our new file between the two calls.  Both of theirs are kept: the first stands at
            # its place again, and the second is put aside by the caller.
            return False
        self.remove(slot)
        return True

    def _put_aside(self, slot: RelPath, path: RelPath) -> RelPath:
        folder, name = split(path)
        if path.startswith(f"{OWN_FOLDER}/"):
            folder = RelPath("")
        day = datetime.fromtimestamp(self._disk.now_ns() / 1e9, tz=UTC).date().isoformat()
        while True:
            aside = join(folder, conflict_name(Name(name), day, self.machine, self._taken_in(folder)))
            try:
                self._disk.rename(slot, aside, Rename.NEW)
            except OSError as error:
                if error.errno in MISSING and folder:
                    folder = split(folder)[0]
                elif error.errno != errno.EEXIST:
                    raise
                continue
            self.done_with(slot)
            return aside

    def _taken_in(self, folder: RelPath) -> Callable[[Name], bool]:
        def taken(name: Name) -> bool:
            try:
                self._disk.stat(join(folder, name))
            except OSError as error:
                if error.errno in MISSING:
                    return False
                raise
            return True

        return taken

    def _take(self, name: str) -> RelPath:
        self._active.add(name)
        return join(STAGE, name)

    def _with_path(self, prefix: str, path: RelPath) -> str:
        quoted = path.replace("%", "%25").replace("/", "%2F")
        if len(quoted.encode()) <= _ROOM:
            return f"{prefix}.{next(self._numbers)}.{quoted}"
        while True:
            number = next(self._numbers)
            with suppress(FileExistsError):  # of what has been stuck there since before this start
                self._disk.symlink(path, join(STAGE, f"path.{number}"))
                return f"{prefix}.{number}."

    def _path_of(self, name: str, quoted: str) -> RelPath:
        if quoted:
            return RelPath(quoted.replace("%2F", "/").replace("%25", "%"))
        try:
            return RelPath(self._disk.readlink(join(STAGE, f"path.{_number(name)}")))
        except OSError:
            return RelPath("recovered")  # the power went before the long path was written down

    def _remove(self, slot: RelPath) -> None:
        try:
            self._disk.remove(slot)
        except OSError as error:
            if error.errno not in MISSING:
                raise


def _token(seen: Stat | None) -> str:
    """What tells a file after a restart (when its device may have another number)."""
    if seen is None:
        return "0"
    text = f"{seen.inode}.{seen.size}.{seen.mtime_ns}.{seen.mode}"
    return digest_of(text.encode())[:8].hex()


def _number(name: str) -> str:
    return name.rstrip(".").rpartition(".")[2]
