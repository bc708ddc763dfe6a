"""The trash: what was deleted elsewhere is kept for a while in our own folder, on the same disk, and can be had back.

A thing goes there from the stage by one rename, a folder with all that is in it.  Where it stood and when it went
is said by its name there, so that no moment is between the thing and what is known of it: ``<ms>.<n>.<path>``, or
``<ms>.<n>.`` and the link ``path.<ms>.<n>``, which is there before it, for a path that is too long for a name.  What
has some other name is listed and given back all the same.  What is about to be removed is ``removing.<n>``: so two that
want the same thing (one to give it back, one to remove it) never have it half each.

The oldest go when there are too many bytes, when the disk has too little room, and when their days are over.
"""

from __future__ import annotations

import errno
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Final

from syncagent.errors import BadName
from syncagent.localfs.ignore import STAGE, TRASH
from syncagent.localfs.ports import MISSING, Disk, Rename
from syncagent.localfs.wholes import remove_whole
from syncagent.model.names import OWN_FOLDER, Name, RelPath, check_path, join, restored_name, split
from syncagent.model.values import fixed

_FORM: Final = re.compile(r"(\d{1,16})\.(\d{1,9})\.(.*)", re.DOTALL)
_ROOM: Final = 180
"""Bytes of a path within a name."""
_ALL: Final = RelPath("")
_NO_PATH: Final = RelPath("recovered")
"""What is said of a thing of which nobody knows where it stood."""

UNFIT: Final = frozenset({errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ})
"""What says that a disk does not take a name."""

STEADY_MS: Final = 3_600_000
"""By its age nothing goes before the clock has gone on for so long without a leap: what is removed by a clock that was
set wrong for a moment does not come back (HAZARDS E9)."""
LEAP_MS: Final = 8 * 86_400_000
"""Looks are closer together than this: what is further is a leap, or a long sleep."""

AT_ONCE: Final = 64 << 20
"""A full disk is given back so many bytes at a time."""


@fixed
class Keeping:
    """What is kept in the trash, and how long.  ``most`` bytes, or ``share`` of the disk; ``replaced``: also what an
    edit from elsewhere took the place of.  ``reserve``: so many bytes of the disk the trash never takes."""

    days: int = 30
    most: int | None = None
    share: float | None = None
    replaced: bool = False
    reserve: int = 1 << 30

    @property
    def on(self) -> bool:
        return self.days > 0 and self.most != 0 and self.share != 0


@fixed
class Item:
    """``name`` is its name in the trash; ``path`` where it stood, ``ms`` when it went (milliseconds since 1970; 0:
    nobody knows)."""

    name: str
    path: RelPath
    ms: int
    size: int
    files: int
    is_folder: bool


class Trash:
    """One for each root; may be called from several threads.  ``room`` gives the bytes of the disk, and those that are
    free; None where nobody can say."""

    def __init__(self, disk: Disk, keeping: Keeping, room: Callable[[], tuple[int, int]] | None = None) -> None:
        self.keeping = keeping
        self._disk = disk
        self._room = room
        self._numbers = count(1)
        self._sizes: dict[str, tuple[int, int, bool]] = {}
        """Bytes and files of each thing, and whether it is a folder: what is in the trash does not change."""
        self._looked_ms = self._steady_ms = -LEAP_MS
        """When it was tidied last, by the clock, and since when that has made no leap."""
        self._one = threading.Lock()
        self._fresh: list[str] = []
        """Those that have come, and of which the size is not known yet."""

    # --- into it ------------------------------------------------------------------------------------------------

    def take(self, slot: RelPath, path: RelPath, *, replaced: bool, unseen: bool = False) -> bool:
        """Take what lies in ``slot``, which stood at ``path``; False when it is not to be kept, or cannot be.  What is
        ``unseen`` by anyone is kept also where there is to be no trash, until a person empties it."""
        if not unseen and (not self.keeping.on or (replaced and not self.keeping.replaced)):
            return False
        try:
            try:
                self._take(slot, path)
            except OSError as error:
                if error.errno not in MISSING:
                    raise
                self._disk.mkdir(TRASH, 0o700)
                self._disk.sync([RelPath(OWN_FOLDER)])
                self._take(slot, path)
        except OSError:
            return False
        return True

    def _take(self, slot: RelPath, path: RelPath) -> None:
        quoted = path.replace("%", "%25").replace("/", "%2F")
        ms = self._disk.now_ns() // 1_000_000
        while True:
            number = next(self._numbers)
            with suppress(FileExistsError):  # of an earlier start, in the very same millisecond
                if len(quoted.encode()) > _ROOM:
                    self._disk.symlink(path, join(TRASH, f"path.{ms}.{number}"))
                    quoted_here = ""
                else:
                    quoted_here = quoted
                name = f"{ms}.{number}.{quoted_here}"
                self._disk.rename(slot, join(TRASH, name), Rename.NEW)
                self._fresh.append(name)
                return

    def settle(self) -> None:
        """Things were taken: make that durable, and keep to the limits.  Raises RootMissing."""
        if self._fresh:
            with suppress(OSError):
                # A name that comes before the one that goes: after a power cut it is in one of the two.
                # RACE: where a rename is two writes to the disk (no journal), a power cut before this may leave it in
                # neither: it was on its way to be gone.  A process that is killed loses nothing.
                self._disk.sync([TRASH, STAGE])
                while self._fresh:
                    self._see(self._fresh.pop())
                if any(self._excess(self.known[1])):
                    self.tidy()

    def _see(self, name: str) -> None:
        with suppress(OSError):
            seen = self._disk.stat(join(TRASH, name))
            size, files = self._measure(join(TRASH, name)) if seen.is_dir else (seen.size, 1)
            self._sizes[name] = size, files, seen.is_dir

    # --- what is in it ------------------------------------------------------------------------------------------

    def items(self) -> list[Item]:
        """The oldest first.  Raises OSError, RootMissing."""
        found: list[Item] = []
        with self._disk.batch():
            try:
                entries = self._disk.list(TRASH)
            except OSError as error:
                if error.errno not in MISSING:
                    raise
                entries = ()
            for name, seen in entries:
                if isinstance(seen, OSError) or name.startswith(("path.", "removing.")):
                    continue
                if name not in self._sizes:
                    self._see(name)
                known = self._sizes.get(name)
                if known is not None:
                    ms, path = self._known(name)
                    found.append(Item(name, path, ms, *known))
            for name in self._sizes.keys() - {name for name, _ in entries}:
                self._sizes.pop(name, None)  # a person has removed it
        return sorted(found, key=lambda item: (item.ms, item.name))

    @property
    def known(self) -> tuple[int, int]:
        """How many things there are and of how many bytes, as far as it has been looked at."""
        sizes = list(self._sizes.values())
        return len(sizes), sum(size for size, _, _ in sizes)

    def _known(self, name: str) -> tuple[int, RelPath]:
        form = _FORM.fullmatch(name)
        if form is None:
            return 0, _proper(name)
        if form[3]:
            return int(form[1]), _proper(form[3].replace("%2F", "/").replace("%25", "%"))
        try:
            return int(form[1]), _proper(self._disk.readlink(join(TRASH, f"path.{form[1]}.{form[2]}")))
        except OSError:
            return int(form[1]), _NO_PATH

    def _measure(self, path: RelPath) -> tuple[int, int]:
        size = files = 0
        waiting = [path]
        while waiting:
            folder = waiting.pop()
            try:
                entries = self._disk.list(folder)
            except OSError:
                continue
            for name, seen in entries:
                if isinstance(seen, OSError):
                    continue
                if seen.is_dir:
                    waiting.append(join(folder, name))
                else:
                    size, files = size + seen.size, files + 1
        return size, files

    # --- out of it ----------------------------------------------------------------------------------------------

    def restore(self, item: Item, inner: RelPath = _ALL) -> RelPath:
        """Put it, or what lies at ``inner`` in it, back where it stood; gives where it is now: beside what stands
        there, under a free name, or, where a folder above it cannot be, in the nearest one.  Nothing is ever replaced.
        Raises OSError; then it is still in the trash."""
        kept = join(TRASH, item.name)
        kept, path = (join(kept, inner), join(item.path, inner)) if inner else (kept, item.path)
        with self._disk.batch():
            self._disk.stat(kept)  # before a folder is made for it
            folder, name = split(path)
            folder = self._folder_for(folder)
            for spot in self._spots(folder, Name(name)):
                try:
                    self._disk.rename(kept, spot, Rename.NEW)
                except FileExistsError:
                    continue
                except OSError as error:
                    if error.errno not in UNFIT:
                        raise
                    continue  # a name that this disk does not take, by now
                if inner:
                    self._sizes.pop(item.name, None)
                self._disk.sync([split(spot)[0], split(kept)[0]])
                if not inner:
                    self._forget(item.name)
                return spot
        raise OSError(errno.EEXIST, "no free name was found", path)

    def is_folder(self, item: Item, inner: RelPath) -> bool:
        """Whether what lies at ``inner`` in it is a folder.  Raises OSError."""
        return self._disk.stat(join(join(TRASH, item.name), inner)).is_dir

    def _spots(self, folder: RelPath, name: Name) -> Iterator[RelPath]:
        yield join(folder, name)
        for number in range(1, 1000):
            yield join(folder, restored_name(name, number))
        for number in range(1, 1000):
            yield join(folder, restored_name(Name(_NO_PATH), number))

    def _folder_for(self, folder: RelPath) -> RelPath:
        """``folder``, made anew where it is missing; or the nearest one above it that can be."""
        there = RelPath("")
        for name in folder.split("/") if folder else ():
            inner = join(there, name)
            try:
                if not self._disk.stat(inner).is_dir:
                    return there
            except OSError as error:
                if error.errno not in MISSING:
                    return there
                try:
                    self._disk.mkdir(inner)
                    self._disk.sync([there])
                except OSError:
                    return there
            there = inner
        return there

    def empty(self, before_ms: int | None = None) -> tuple[int, int]:
        """Remove everything, or what went before then; how many things, of how many bytes.  Raises OSError,
        RootMissing."""
        return self._remove([item for item in self.items() if before_ms is None or item.ms < before_ms])

    def make_room(self, lacking: int = 0) -> bool:
        """The disk is full: remove some of the oldest; whether anything was.  Nothing is where all of it would not give
        what is ``lacking``.  Raises RootMissing."""
        with suppress(OSError):
            going: list[Item] = []
            items, size = self.items(), 0
            if sum(item.size for item in items) < lacking:
                return False
            for item in items:
                going.append(item)
                size += item.size
                if size >= max(AT_ONCE, lacking):
                    break
            return self._remove(going)[0] > 0
        return False

    def tidy(self) -> None:
        """Keep to the limits: of the disk's room first, then of bytes and days.  Raises OSError, RootMissing."""
        items = self.items()
        too_many, lacking = self._excess(sum(item.size for item in items))
        too_old = self._disk.now_ns() // 1_000_000 - self.keeping.days * 86_400_000 if self._is_steady() else 0
        going: list[Item] = []
        for item in items:
            # One that nobody knows the age of is kept until there is too much.
            if too_many > 0 or lacking > 0 or (self.keeping.on and 0 < item.ms < too_old):
                going.append(item)
                too_many, lacking = too_many - item.size, lacking - item.size
        self._remove(going)
        self._clear()

    def _is_steady(self) -> bool:
        """Whether the clock has said for a while what it says now."""
        now, before = self._disk.now_ns() // 1_000_000, self._looked_ms
        self._looked_ms = now
        if not before <= now <= before + LEAP_MS:
            self._steady_ms = now
        return now >= self._steady_ms + STEADY_MS

    def _excess(self, total: int) -> tuple[int, int]:
        """How many of ``total`` bytes are too many, and how many the disk lacks; 0 where none are.  What there was
        when the trash was switched off stays until a person empties it, or its days are over."""
        keeping, most, lacking = self.keeping, self.keeping.most, 0
        if self._room is not None:
            whole, free = self._room()
            lacking = max(min(keeping.reserve, whole // 20) - free, 0)  # a small disk is not a full one
            if keeping.share is not None:
                most = int(whole * keeping.share)
        if most is None or not keeping.on or total <= most:
            return 0, lacking
        # A little more than must be, or the next that comes would be one too many again.
        return total - most * 9 // 10, lacking

    def _remove(self, items: list[Item]) -> tuple[int, int]:
        things = size = 0
        with self._one, self._disk.batch():
            for item in items:
                going = join(TRASH, f"removing.{self._disk.now_ns()}.{next(self._numbers)}")
                with suppress(OSError):  # another had it first; or it stays until the next time
                    self._disk.rename(join(TRASH, item.name), going, Rename.NEW)
                    things, size = things + 1, size + item.size
                    self._forget(item.name)
                    self._remove_at(going, is_folder=item.is_folder)
        return things, size

    def _remove_at(self, path: RelPath, *, is_folder: bool) -> None:
        if is_folder:
            remove_whole(self._disk, path)
        else:
            self._disk.remove(path)

    def _forget(self, name: str) -> None:
        self._sizes.pop(name, None)
        form = _FORM.fullmatch(name)
        if form is not None and not form[3]:
            with suppress(OSError):
                self._disk.remove(join(TRASH, f"path.{form[1]}.{form[2]}"))

    def _clear(self) -> None:
        """Go on with what a crash stopped."""
        with self._one, self._disk.batch():
            try:
                entries = self._disk.list(TRASH)
            except OSError:
                return
            for name, seen in entries:
                if name.startswith("removing.") and not isinstance(seen, OSError):
                    with suppress(OSError):
                        self._remove_at(join(TRASH, name), is_folder=seen.is_dir)


def _proper(text: str) -> RelPath:
    """A path of the tree, whatever the name says."""
    try:
        path = "/".join(check_path(text))
    except BadName:
        return _NO_PATH
    return _NO_PATH if path.split("/")[0] == OWN_FOLDER else RelPath(path)
