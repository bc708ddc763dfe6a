"""What a disk has on it when the power goes: everything that was synced, and of the rest whatever chance leaves.

A ``Recorder`` writes down every call that changes something, with what it changed.  From that a ``Drive`` knows which
effects were made durable by a sync, and which were still under way when the power went.  ``cut`` decides about each of
the latter, and makes the real directory what a disk might have kept of it:

* ``nothing``: all that was not synced is gone;
* ``ordered``: names in the order in which they changed, up to some point; of each file's bytes the same (as ext4 does);
* ``zeroes``: the same for names, but files have their new sizes and times already, and pages of zeroes in them;
* ``any``: each effect for itself: no order at all, not even between a name and what was written before it.

What is promised is promised by POSIX alone: a file's sync makes its bytes durable, not its name; the sync of a folder
makes the names in it durable, not that of the folder.

A file keeps its inode, and one that nothing happened to keeps its ctime: the agent that is started afterwards sees the
disk through ``Masked``, as it cannot be set on a real one.
"""

from __future__ import annotations

import os
import pickle
import random
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.faults.calls import Call

T = TypeVar("T")
PAGE = 4096
MODES = ("nothing", "ordered", "zeroes", "any")


@dataclass(frozen=True)
class Record:
    """A call that was done, and what only the moment knew."""

    call: Call
    inode: int
    mode: int
    time_ns: int


class Recorder:
    """Writes down every call that changes something; the process dies before the n-th."""

    def __init__(self, log: Path, number: int) -> None:
        self._lock = threading.RLock()
        self._log = log.open("ab", buffering=0)
        self._number = number
        self._count = 0

    def around(self, call: Call, act: Callable[[], T], half: Callable[[], Any] | None = None) -> T:
        if not call.mutating:
            return act()
        with self._lock:
            self._count += 1
            if self._count == self._number:
                os.kill(os.getpid(), signal.SIGKILL)
            result = act()
            inode, mode = call.inode, 0
            if call.name in {"create", "mkdir", "symlink"}:
                seen = os.lstat(call.path)
                inode, mode = seen.st_ino, stat.S_IMODE(seen.st_mode)
            pickle.dump(Record(call, inode, mode, time.time_ns()), self._log)
            return result


def records(log: Path) -> Iterator[Record]:
    with log.open("rb") as file:
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return


# --- what is there ------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Thing:
    """A file, link or folder, whatever its name."""

    kind: str
    inode: int
    data: bytes = b""
    mode: int = 0
    mtime_ns: int = 0
    names: dict[str, Thing] = field(default_factory=dict)
    born: int = 0
    """0: it was there from the beginning; else after how many effects it was made."""


Spot = tuple[Thing, str]
"""A name in a folder."""


@dataclass(eq=False)
class Effect:
    """Something that a call did; ``durable`` once a sync has covered it."""

    port: str
    thing: Thing
    durable: bool = False


@dataclass(eq=False)
class Named(Effect):
    """``before`` must hold for it to happen: what is at these names; ``after`` is what is there then."""

    before: tuple[tuple[Spot, Thing | None], ...] = ()
    after: tuple[tuple[Spot, Thing | None], ...] = ()

    def touches(self) -> set[tuple[int, str]]:
        return {(id(folder), name) for (folder, name), _ in self.after}


@dataclass(eq=False)
class Written(Effect):
    offset: int = 0
    data: bytes = b""
    mtime_ns: int = 0


@dataclass(eq=False)
class Cut(Effect):
    """A file was cut, or made longer, to ``size``."""

    size: int = 0
    mtime_ns: int = 0


@dataclass(eq=False)
class Adjusted(Effect):
    mode: int | None = None
    mtime_ns: int | None = None


class Drive:
    """All beneath ``place``: as it is before anything is recorded, and from then on as the records say."""

    def __init__(self, place: Path) -> None:
        self._place = str(place)
        self._effects: list[Effect] = []
        self._files: dict[int, Thing] = {}
        self._now = self._scanned(self._place)
        self._first = _copy_of_names(self._now)

    def _scanned(self, path: str) -> Thing:
        seen = os.lstat(path)
        mode = stat.S_IMODE(seen.st_mode)
        if stat.S_ISDIR(seen.st_mode):
            names = {entry.name: self._scanned(entry.path) for entry in os.scandir(path)}
            return Thing("dir", seen.st_ino, b"", mode, seen.st_mtime_ns, names)
        if stat.S_ISLNK(seen.st_mode):
            return Thing("link", seen.st_ino, os.readlink(path).encode(), mode, seen.st_mtime_ns)
        data = Path(path).read_bytes() if stat.S_ISREG(seen.st_mode) else b""
        thing = Thing("file" if stat.S_ISREG(seen.st_mode) else "other", seen.st_ino, data, mode, seen.st_mtime_ns)
        self._files[seen.st_ino] = thing
        return thing

    # --- records --------------------------------------------------------------------------------------------------

    def replay(self, log: Path) -> None:
        for record in records(log):
            self._take(record)

    def _take(self, record: Record) -> None:
        call = record.call
        match call.name:
            case "create" | "mkdir" | "symlink":
                kind = {"create": "file", "mkdir": "dir", "symlink": "link"}[call.name]
                spot = self._spot(call.path)
                if call.name == "create" and spot[1] in spot[0].names:
                    self._effects.append(Cut(call.port, spot[0].names[spot[1]], size=0, mtime_ns=record.time_ns))
                    return
                if call.name == "mkdir" and spot[1] in spot[0].names:
                    return
                thing = Thing(kind, record.inode, call.data, record.mode, record.time_ns, born=len(self._effects) + 1)
                if kind == "file":
                    self._files[record.inode] = thing
                self._name(call.port, thing, [(spot, None)], [(spot, thing)])
            case "rename" | "exchange":
                old, new = self._spot(call.path), self._spot(call.to)
                thing, there = old[0].names[old[1]], new[0].names.get(new[1])
                other = there if call.name == "exchange" else None
                before = [(old, thing)] + ([(new, other)] if other else [])
                self._name(call.port, thing, before, [(old, other), (new, thing)])
            case "link":
                old, new = self._spot(call.path), self._spot(call.to)
                thing = old[0].names[old[1]]
                self._name(call.port, thing, [(old, thing), (new, None)], [(new, thing)])
            case "remove" | "rmdir":
                spot = self._spot(call.path)
                thing = spot[0].names[spot[1]]
                self._name(call.port, thing, [(spot, thing)], [(spot, None)])
            case "write":
                thing = self._file(call)
                self._effects.append(
                    Written(call.port, thing, offset=call.offset, data=call.data, mtime_ns=record.time_ns)
                )
            case "truncate":
                thing = self._file(call)
                self._effects.append(Cut(call.port, thing, size=call.offset, mtime_ns=record.time_ns))
            case "adjust":
                thing = self._file(call)
                mtime_ns = call.mtime_ns if call.mtime_ns >= 0 else None
                self._effects.append(
                    Adjusted(call.port, thing, mode=call.mode if call.mode >= 0 else None, mtime_ns=mtime_ns)
                )
            case "sync":
                thing = self._file(call)
                self._settle(lambda effect: effect.thing is thing and not isinstance(effect, Named))
            case "sync_folder":
                self._sync_folder(self._at(call.path))
            case "sync_all":
                self._settle(lambda effect: effect.port == "disk")
            case other:
                raise AssertionError(other)

    def _file(self, call: Call) -> Thing:
        """The open file that ``call`` is about; one that was made without our hearing of it has no durable name yet."""
        thing = self._files.get(call.inode)
        if thing is None:
            thing = self._files[call.inode] = Thing("file", call.inode, b"", 0o600, 0, born=len(self._effects) + 1)
            spot = self._spot(call.path)
            self._name(call.port, thing, [(spot, None)], [(spot, thing)])
        return thing

    def _name(self, port: str, thing: Thing, before: list, after: list) -> None:
        self._effects.append(Named(port, thing, before=tuple(before), after=tuple(after)))
        for (folder, name), what in after:
            _set(folder, name, what)

    def _settle(self, covered: Callable[[Effect], bool]) -> None:
        for effect in self._effects:
            if covered(effect):
                effect.durable = True

    def _sync_folder(self, folder: Thing) -> None:
        """The names in it, and whatever these were made of before: a rename is one step on every disk."""
        open_ones = [effect for effect in self._effects if isinstance(effect, Named) and not effect.durable]
        spots: set[tuple[int, str]] = set()
        things: set[int] = set()
        for effect in reversed(open_ones):
            mine = any(where is folder for (where, _), _ in effect.after)
            if mine or effect.touches() & spots or id(effect.thing) in things:
                effect.durable = True
                spots |= effect.touches()
                things.add(id(effect.thing))

    def _spot(self, path: str) -> Spot:
        above, _, name = path.rpartition("/")
        return self._at(above), name

    def _at(self, path: str) -> Thing:
        thing = self._now
        for name in path.removeprefix(self._place).strip("/").split("/"):
            thing = thing.names[name] if name else thing
        return thing

    def at(self, path: str) -> Thing:
        """What is there now, as far as it was replayed."""
        return self._at(f"{self._place}/{path}")

    def lose(self, thing: Thing, rng: random.Random) -> None:
        """What someone wrote into it, and never synced, is zeroes in part, or all of it.  Its size and times stay."""
        if any(effect.thing is thing and not isinstance(effect, Named) for effect in self._effects):
            return  # by now it is what we made of it
        data = bytearray(thing.data)
        for start in range(0, len(data), PAGE):
            if start == 0 or rng.random() < 0.5:
                data[start : start + PAGE] = bytes(len(data[start : start + PAGE]))
        self._effects.append(Written("user", thing, durable=True, data=bytes(data), mtime_ns=thing.mtime_ns))

    # --- the cut --------------------------------------------------------------------------------------------------

    def cut(self, mode: str, seed: int) -> dict[int, tuple[int, int, int]]:
        """Make the real directory what the disk has kept; gives what ``Masked`` needs."""
        chance = _Chance(mode, random.Random(seed), self._effects)
        root, twins = self._first
        names: dict[int, dict[str, Thing]] = {id(thing): names for thing, names in twins}
        for effect in self._effects:
            if isinstance(effect, Named) and (effect.durable or chance.keeps_name(effect)):
                _apply(effect, names)
            elif not isinstance(effect, Named):
                chance.apply(effect)
        wanted = dict(_paths(root, names))
        touched = {id(effect.thing) for effect in self._effects if not isinstance(effect, Named)}
        return self._make_real(wanted, touched)

    def _make_real(self, wanted: dict[str, Thing], touched: set[int]) -> dict[int, tuple[int, int, int]]:
        now = {path: thing for path, thing in _paths(self._now, None) if os.path.lexists(self._real(path))}
        known = {id(thing) for thing in now.values()} | {id(effect.thing) for effect in self._effects}
        # What is not ours to meddle with (locks, sockets, logs) may have gone without our hearing of it.
        wanted = {path: thing for path, thing in wanted.items() if id(thing) in known}
        limbo = f"{self._place}/limbo"
        os.mkdir(limbo)
        before = {id(thing): os.lstat(self._real(path)) for path, thing in now.items()}
        waiting: dict[int, str] = {}
        for path in sorted(now, key=lambda one: -one.count("/")):
            if wanted.get(path) is not now[path]:
                waiting[id(now[path])] = place = f"{limbo}/{len(waiting)}"
                os.rename(self._real(path), place)
        masks: dict[int, tuple[int, int, int]] = {}
        for path in sorted(wanted, key=lambda one: one.count("/")):
            thing, real = wanted[path], self._real(path)
            if id(thing) in waiting:
                os.rename(waiting.pop(id(thing)), real)
            elif now.get(path) is not thing:
                _make(thing, real)
            if thing.kind == "file" and id(thing) in touched:
                _fill(thing, real)
        inodes: set[int] = set()
        # An inode that came free was given to a newer file; where that is undone, it is the older one's.
        for path, thing in sorted(wanted.items(), key=lambda item: item[1].born):
            seen, was = os.lstat(self._real(path)), before.get(id(thing))
            same = was is not None and (was.st_size, was.st_mtime_ns) == (seen.st_size, seen.st_mtime_ns)
            ctime_ns = was.st_ctime_ns if was is not None and same else seen.st_ctime_ns
            masks[seen.st_ino] = seen.st_ino if thing.inode in inodes else thing.inode, ctime_ns, seen.st_ctime_ns
            inodes.add(thing.inode)
        _clear(limbo)
        return masks

    def _real(self, path: str) -> str:
        return f"{self._place}/{path}" if path else self._place


class _Chance:
    """What becomes of what was not durable."""

    def __init__(self, mode: str, rng: random.Random, effects: list[Effect]) -> None:
        self._mode = mode
        self._rng = rng
        loose = [effect for effect in effects if isinstance(effect, Named) and not effect.durable]
        # A journal is written in order: what comes before a change that was made durable is durable too.
        last = max((place for place, effect in enumerate(effects) if effect.durable), default=-1)
        bound = rng.randint(0, len(loose))
        self._kept = {id(effect) for effect in loose[:bound]}
        if mode in {"ordered", "zeroes"}:
            self._kept |= {id(effect) for effect in effects[: last + 1] if isinstance(effect, Named)}
        self._ended: set[int] = set()

    def keeps_name(self, effect: Named) -> bool:
        match self._mode:
            case "nothing":
                return False
            case "any":
                return self._rng.random() < 0.5
            case "all":
                return True
        return id(effect) in self._kept

    def apply(self, effect: Effect) -> None:
        thing = effect.thing
        if effect.durable:
            _do(effect, thing)
            return
        match self._mode:
            case "nothing":
                return
            case "all":
                _do(effect, thing)
            case "ordered":
                if id(thing) in self._ended or self._rng.random() < 0.2:
                    self._ended.add(id(thing))
                    return
                _do(effect, thing)
            case "zeroes":
                self._with_holes(effect, thing, whole=0.3, lost=0.0)
            case "any":
                if isinstance(effect, Adjusted | Cut):
                    if self._rng.random() < 0.5:
                        _do(effect, thing)
                else:
                    self._with_holes(effect, thing, whole=0.4, lost=0.4)

    def _with_holes(self, effect: Effect, thing: Thing, *, whole: float, lost: float) -> None:
        """Page by page: written, not written, or zeroes in their place.  The file has its new size all the same."""
        if not isinstance(effect, Written):
            _do(effect, thing)
            return
        start, end = effect.offset, effect.offset + len(effect.data)
        old = thing.data
        kept = bytearray(old.ljust(end, b"\0"))
        while start < end:
            stop = min(end, (start // PAGE + 1) * PAGE)
            dice = self._rng.random()
            if dice < whole:
                kept[start:stop] = effect.data[start - effect.offset : stop - effect.offset]
            elif dice >= whole + lost and start >= len(old):
                kept[start:stop] = bytes(stop - start)  # room that was given to the file, and not yet written
            start = stop
        thing.data, thing.mtime_ns = bytes(kept), effect.mtime_ns


def _do(effect: Effect, thing: Thing) -> None:
    match effect:
        case Written(offset=offset, data=data, mtime_ns=mtime_ns):
            old = thing.data.ljust(offset, b"\0")
            thing.data, thing.mtime_ns = old[:offset] + data + old[offset + len(data) :], mtime_ns
        case Cut(size=size, mtime_ns=mtime_ns):
            thing.data, thing.mtime_ns = thing.data[:size].ljust(size, b"\0"), mtime_ns
        case Adjusted(mode=mode, mtime_ns=mtime_ns):
            thing.mode = thing.mode if mode is None else mode
            thing.mtime_ns = thing.mtime_ns if mtime_ns is None else mtime_ns


def _apply(effect: Named, names: dict[int, dict[str, Thing]]) -> None:
    """Do it to ``names``, if all is there that it was made of."""

    def at(spot: Spot) -> Thing | None:
        return names.setdefault(id(spot[0]), {}).get(spot[1])

    if all(at(spot) is what for spot, what in effect.before):
        for (folder, name), what in effect.after:
            held = names.setdefault(id(folder), {})
            if what is None:
                held.pop(name, None)
            else:
                held[name] = what


def _set(folder: Thing, name: str, what: Thing | None) -> None:
    if what is None:
        folder.names.pop(name, None)
    else:
        folder.names[name] = what


def _copy_of_names(root: Thing) -> tuple[Thing, list[tuple[Thing, dict[str, Thing]]]]:
    found = []
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        found.append((folder, dict(folder.names)))
        waiting.extend(thing for thing in folder.names.values() if thing.kind == "dir")
    return root, found


def _paths(root: Thing, names: dict[int, dict[str, Thing]] | None) -> Iterator[tuple[str, Thing]]:
    """Each path with what is there; ``names`` are those to go by, or else each folder's own."""
    waiting = [("", root)]
    while waiting:
        above, folder = waiting.pop()
        for name, thing in (folder.names if names is None else names.get(id(folder), {})).items():
            path = f"{above}/{name}" if above else name
            yield path, thing
            if thing.kind == "dir":
                waiting.append((path, thing))


def _make(thing: Thing, real: str) -> None:
    match thing.kind:
        case "dir":
            os.mkdir(real, 0o700)
            os.chmod(real, thing.mode)
        case "link":
            os.symlink(thing.data.decode(), real)
        case _:
            Path(real).touch()
            _fill(thing, real)


def _fill(thing: Thing, real: str) -> None:
    path = Path(real)
    seen = os.lstat(real)
    same = path.read_bytes() == thing.data
    if same and (stat.S_IMODE(seen.st_mode), seen.st_mtime_ns) == (thing.mode, thing.mtime_ns):
        return
    os.chmod(real, 0o600)
    if not same:
        with path.open("r+b") as file:
            file.truncate(0)
            file.write(thing.data)
    os.chmod(real, thing.mode)
    os.utime(real, ns=(thing.mtime_ns, thing.mtime_ns))


def _clear(folder: str) -> None:
    for entry in list(os.scandir(folder)):
        if entry.is_dir(follow_symlinks=False):
            _clear(entry.path)
        else:
            os.unlink(entry.path)
    os.rmdir(folder)


# --- how it is seen afterwards ------------------------------------------------------------------------------------


class Masked:
    """A meddler: what a look shows has the inode and the ctime that it would have on the disk that lost its power."""

    def __init__(self, masks: dict[int, tuple[int, int, int]]) -> None:
        self._masks = masks

    def around(self, call: Call, act: Callable[[], T], half: Callable[[], Any] | None = None) -> T:
        found = act()
        if call.port != "disk":
            return found
        if call.name in {"stat", "fstat"} and found is not None:
            return self._masked(found)  # type: ignore[return-value]
        if call.name == "list":
            return [(name, seen if isinstance(seen, OSError) else self._masked(seen)) for name, seen in found]  # type: ignore[return-value,attr-defined]
        return found

    def _masked(self, seen: Any) -> Any:
        mask = self._masks.get(seen.inode)
        if mask is None:
            return seen
        inode, ctime_ns, real_ctime_ns = mask
        return seen._replace(inode=inode, ctime_ns=ctime_ns if seen.ctime_ns == real_ctime_ns else seen.ctime_ns)
