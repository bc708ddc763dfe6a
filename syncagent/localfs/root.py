"""The root: the folder that is kept, its marker and its lock.

The marker ``.syncagent/root.json`` says that this is the folder, and not an empty mount point, another folder of that
name, or one made anew (E1, A20).  Without it nothing is concluded from what is missing, and nothing is written: every
scan and every batch of tasks calls ``Root.check`` first.  It is written once, when the folder is first taken; an agent
that had the folder before never writes it again, nor makes the folder.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final

from syncagent.errors import AlreadyRunning, BadConfig, RootMissing, StorageTrouble
from syncagent.localfs.ignore import PARK, STAGE
from syncagent.localfs.ports import MISSING, Disk, DiskFile, Opening, Rename, Stat
from syncagent.localfs.rulebook import RuleBook, under
from syncagent.model.names import OWN_FOLDER, RelPath, join
from syncagent.model.values import fixed, replace
from syncagent.rules.layers import RULE_FILE

OWN: Final = RelPath(OWN_FOLDER)
MARKER: Final = join(OWN, "root.json")
LOCK: Final = join(OWN, "lock")
FORMAT: Final = 1
_MOST: Final = 64 * 1024


@fixed
class Marker:
    """``root_id`` is this folder on this machine; ``hub_id`` is empty until the hub is known; ``start`` is the token of
    the agent's last start (``agent.tally``)."""

    root_id: str
    folder: str
    hub_id: str = ""
    start: str = ""


class Root:
    """An open root.  It holds the lock until it is closed."""

    def __init__(self, disk: Disk, marker: Marker, lock: DiskFile) -> None:
        self.marker = marker
        self._disk = disk
        self._lock = lock
        self._seen: Stat | None = None

    def check(self) -> None:
        """Raises RootMissing when the folder is gone, or is not the one that was opened."""
        try:
            with self._disk.batch():
                seen = self._disk.stat(MARKER)
                if seen == self._seen:
                    return
                marker = read_marker(self._disk)
        except OSError as error:
            raise RootMissing(f"the folder cannot be read: {error.strerror or error}") from error
        if marker is None or marker.root_id != self.marker.root_id:
            raise RootMissing(_NOT_THIS)
        if marker.start != self.marker.start:
            raise RootMissing("the folder was put back to an older state")
        self._seen = seen

    def bind(self, hub_id: str) -> None:
        """Note which hub the folder belongs to.  Raises RootMissing, StorageTrouble."""
        self._mark(replace(self.marker, hub_id=hub_id))

    def begin(self, start: str) -> None:
        """Note the token of this start.  Raises RootMissing, StorageTrouble."""
        self._mark(replace(self.marker, start=start))

    def _mark(self, marker: Marker) -> None:
        self.check()
        try:
            _write_marker(self._disk, marker)
        except OSError as error:
            raise StorageTrouble(f"the folder cannot be marked: {error.strerror or error}") from error
        self.marker = marker

    def close(self) -> None:
        """Let another agent have it."""
        self._lock.close()


_NOT_THIS: Final = (
    f"this is not the folder that was kept here ({MARKER} is missing, or is that of another). "
    "Bring the folder back; or, if this is the right one, start once with --new-folder: both sides are united then"
)

_KEPT_BY_ANOTHER: Final = "another agent keeps this folder already"


def check_alone(path: str, rules: Sequence[str] = (RULE_FILE,)) -> None:
    """What is to become a folder of its own must not lie in one that is kept, nor hold one, but where rules (in files
    of these names) leave that out: each would carry what the other does, and with one hub it would grow into itself for
    ever.  Raises BadConfig."""
    check_above(path)
    if not _is_kept(path) and (inner := kept_within(path, rules)):
        raise BadConfig(holds_one(path, inner))


def check_above(path: str) -> None:
    """The first half of that, which takes no time."""
    real = os.path.realpath(path)
    while (above := os.path.dirname(real)) != real:
        if _is_kept(above):
            raise BadConfig(
                f"{path} is within {above}, which is kept already; choose a folder apart from it "
                f"(or remove {os.path.join(above, OWN_FOLDER)}, if that folder is kept no more)"
            )
        real = above


def kept_within(path: str, rules: Sequence[str] = (RULE_FILE,), most: int | None = None) -> RelPath | None:
    """A folder that is kept already, somewhere beneath ``path``, and that no rules leave out.  No more than ``most``
    folders are looked into."""
    book = RuleBook(under(path), tuple(rules))
    waiting = deque([RelPath("")])
    while waiting and most != 0:
        most = None if most is None else most - 1
        folder = waiting.popleft()
        try:
            with os.scandir(os.path.join(path, folder)) as entries:
                names = [one.name for one in entries if one.is_dir(follow_symlinks=False)]
            if folder and OWN_FOLDER in names and _is_kept(os.path.join(path, folder)):
                return folder
            for inner in (join(folder, name) for name in names if name != OWN_FOLDER):
                word = book.word(inner, True)
                if word is None or not word.ignores:
                    waiting.append(inner)
        except OSError:
            continue  # what cannot be looked into is not kept either
    return None


def holds_one(path: str, inner: RelPath) -> str:
    """Why ``path`` is not taken, in words."""
    own, rule_file = os.path.join(path, inner, OWN_FOLDER), os.path.join(path, RULE_FILE)
    return (
        f"{path} holds {inner}, which is kept already; choose a folder apart from it, or have it left out here by a"
        f" line /{inner}/ in {rule_file} (or remove {own}, if that folder is kept no more)"
    )


def _is_kept(path: str) -> bool:
    return os.path.exists(os.path.join(path, *MARKER.split("/")))


def make_folder(path: str, *, had_one: bool) -> None:
    """Make the folder at ``path``, unless the agent had one before: then it is for a person to bring it back.

    Raises RootMissing, StorageTrouble.
    """
    if os.path.isdir(path):
        return
    if had_one:
        raise RootMissing("the folder is gone (moved, deleted, or its disk is not mounted)")
    try:
        os.makedirs(path)
    except OSError as error:
        raise StorageTrouble(f"the folder cannot be made: {error.strerror or error}") from error


def open_root(disk: Disk, *, known: str | None, folder: str, new_id: Callable[[], str]) -> Root:
    """Take the root and its lock.

    ``known`` is the root_id from when the agent had it before; None when it never had (or has forgotten: a marker that
    is there is then believed).  Raises RootMissing, AlreadyRunning, StorageTrouble.
    """
    try:
        with disk.batch():
            marker = _right_marker(disk, known, folder)
            _make_own(disk)
            lock = disk.open(LOCK, Opening.EDIT, 0o600)
            try:
                root = _locked(disk, marker, folder, lock, new_id)
            except BaseException:
                lock.close()  # else the next attempt would find that another agent has the folder
                raise
    except OSError as error:
        raise StorageTrouble(f"the folder cannot be used: {error.strerror or error}") from error
    return root


def look_at_root(disk: Disk, *, known: str | None, folder: str) -> Marker | None:
    """The marker of the root that ``open_root`` would take, which is not taken; None where it has none yet.  Raises as
    that does, and OSError."""
    marker = _right_marker(disk, known, folder)
    try:
        with disk.open(LOCK, Opening.READ) as lock:
            if not lock.lock():
                raise AlreadyRunning(_KEPT_BY_ANOTHER)
    except OSError as error:
        if error.errno not in MISSING:
            raise
    return marker


def _right_marker(disk: Disk, known: str | None, folder: str) -> Marker | None:
    marker = read_marker(disk)
    if known is not None and (marker is None or marker.root_id != known):
        raise RootMissing(_NOT_THIS)
    if marker is not None and marker.folder != folder:
        raise RootMissing(f"this folder is kept as {marker.folder!r}, not as {folder!r}")
    return marker


def _locked(disk: Disk, marker: Marker | None, folder: str, lock: DiskFile, new_id: Callable[[], str]) -> Root:
    """The root, with its lock taken and its marker in place."""
    if not lock.lock():
        raise AlreadyRunning(_KEPT_BY_ANOTHER)
    if marker is None:
        marker = Marker(new_id(), folder)
        _write_marker(disk, marker)
    root = Root(disk, marker, lock)
    root.check()
    return root


def read_marker(disk: Disk) -> Marker | None:
    """The marker; None when there is none, or it cannot be understood.  Raises OSError."""
    try:
        with disk.open(MARKER, Opening.READ) as file:
            data = file.read(0, _MOST)
    except OSError as error:
        if error.errno in MISSING:
            return None
        raise
    try:
        found = json.loads(data)
        if found["format"] != FORMAT:
            return None
        return Marker(str(found["root_id"]), str(found["folder"]), str(found["hub_id"]), str(found.get("start", "")))
    except (ValueError, KeyError, TypeError):
        return None


def _make_own(disk: Disk) -> None:
    for path in (OWN, STAGE, PARK):
        try:
            disk.mkdir(path, 0o700)
        except FileExistsError:
            continue
    disk.sync([RelPath(""), OWN])


def _write_marker(disk: Disk, marker: Marker) -> None:
    text = {"format": FORMAT, **asdict(marker)}
    new = join(STAGE, "new.root")
    try:
        disk.remove(new)
    except OSError as error:
        if error.errno not in MISSING:
            raise
    with disk.open(new, Opening.NEW, 0o600) as file:
        file.write(0, json.dumps(text, indent=2).encode() + b"\n")
        file.sync()
    disk.rename(new, MARKER, Rename.PLAIN)
    disk.sync([OWN])
