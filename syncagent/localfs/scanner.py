"""Looks at the disk and says what it saw.  Changes nothing; called in worker threads by the shell.

* ``walk`` lists a folder and all beneath it: names and stats, no content.
* ``look`` looks at single paths, and reads the files whose stamp is not the one that is known.
* ``parked`` lists what lies in the park.

What cannot be read is said to be so (Unreadable, NotKept), never left out: of what is left out one would conclude that
it is gone (A13, A14).  Before anything is said that a delete could be concluded from, ``guard`` is called, which raises
RootMissing when the folder is not the one it was (E1): inside a folder that vanished everything looks deleted.

Stamps (A7, A8).  A stamp holds the ctime, which no user can set.  A change that comes after a look shows in the ctime,
unless the clock that stamps it has not ticked since the last change before the look.  So a stamp whose ctime is within
that window of the moment at which the reading began is given as UNSURE; the next look reads the file again.  Kernels
from 6.13 on (ext4, xfs, btrfs, tmpfs) tick finer as soon as someone has looked, and then the window is 0 (``probe``).
What stays hidden: writes through a memory map that the kernel has not yet noticed, and damage of the disk itself; the
watcher's hint for the closing of the file, or a deep scan, finds those.  ``walk`` reads nothing and so has nothing to
be unsure of: its stamps are there to be compared with those under which something was read.
"""

from __future__ import annotations

import errno
import stat as mode_bits
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import field
from typing import Final

from syncagent.content.chunker import ONE_BLOCK, cut_for
from syncagent.content.recipe import Reading, read_all, read_small
from syncagent.localfs.ignore import PARK, parked_at, refusal_of_path, shown
from syncagent.localfs.perusal import Perusal
from syncagent.localfs.ports import MISSING, Abilities, Disk, DiskFile, Opening, Stat
from syncagent.localfs.rulebook import RuleBook, on
from syncagent.localfs.spelling import Spelling
from syncagent.model.facts import (
    UNSURE,
    DirSeen,
    Fact,
    FileSeen,
    Ignored,
    LinkSeen,
    Listed,
    LookAt,
    NothingThere,
    NotKept,
    RulesSeen,
    Unreadable,
)
from syncagent.model.ids import NodeId
from syncagent.model.names import MAX_PATH_BYTES, OWN_FOLDER, RelPath, is_plain_name, join, split
from syncagent.model.nodes import Block, Content, Recipe
from syncagent.model.values import fixed
from syncagent.rules.layers import BUILT_IN, RULE_FILE, Hit, Layers, ignored

ROOT_PATH: Final = RelPath("")

BATCH: Final = 2000
"""Facts that are handed on together."""

PIECE: Final = 1 << 20
"""Bytes that are read at once."""

LARGE: Final = 16 << 20
"""A file of so many bytes is hashed beside being read: a thread costs something, too."""
LARGE_PIECE: Final = 4 << 20
_HASHES_WAIT: Final = 4
_TRIES: Final = 3
_NO_FOLDER: Final = (errno.ENOTDIR, errno.ELOOP)
_FORMAT: Final = 0o170000
_ELSEWHERE: Final = "it lies on another file system"
_SPECIAL: Final = {
    mode_bits.S_IFIFO: "it is a pipe",
    mode_bits.S_IFSOCK: "it is a socket",
    mode_bits.S_IFCHR: "it is a device",
    mode_bits.S_IFBLK: "it is a device",
}


def no_guard() -> None:
    """The guard that always agrees."""


@fixed
class Scanner:
    """See the module.  ``abilities`` are those of the disk; ``rule_files`` the names of files that say what is left
    out, those that have the last word last; ``rules`` is what those at these paths are taken to hold, whatever stands
    there."""

    disk: Disk
    abilities: Abilities
    guard: Callable[[], None] = no_guard
    rule_files: tuple[str, ...] = (RULE_FILE,)
    rules: Mapping[RelPath, bytes] = field(default_factory=dict)

    def walk(self, path: RelPath = ROOT_PATH) -> Iterator[list[Fact]]:
        """Facts on the folder ``path`` and all beneath it, in batches of about BATCH; Listed for each folder comes
        after the facts on its names.

        Of what stands at ``path`` itself there is a fact only when it is no folder that can be listed.  A ``path`` may
        be told as nodes have it, and be spelled otherwise on disk: then that is walked.  Our own folder is never
        entered, except by a ``path`` in the park.  Raises RootMissing.
        """
        facts: list[Fact] = []
        with self.disk.batch():
            device = self.disk.stat(ROOT_PATH).device
            book = self._book()
            todo = self._begin(path, book, device, facts)
            while todo:
                at, above = todo.pop()
                todo.extend(reversed(self._list(at, above, book, device, facts)))
                if len(facts) >= BATCH:
                    self.guard()
                    yield from _cut(facts)
                    facts = []
            self.guard()
        if facts:
            yield from _cut(facts)

    def look(self, wishes: Sequence[LookAt]) -> list[Fact]:
        """One fact for each wish, in their order; none for a quiet one that is as known.  A file whose stamp is not the
        known one is read.  Before them all, what the rule files among them hold.

        Raises RootMissing.
        """
        with self.disk.batch():
            device = self.disk.stat(ROOT_PATH).device
            spelling, folds = Spelling(self.disk), self.abilities.folds_case
            # What is known has passed the rules; should they change, all that they are about is looked at.
            wanted = [wish for wish in wishes if not (wish.quiet and not folds and self._is_as(wish))]
            book = self._book()
            facts: list[Fact] = [fact for wish in wanted for fact in self._rules_at(wish.path, book)]
            facts.extend(self._look(wish, book, device, spelling) for wish in wanted)
            if any(isinstance(fact, NothingThere) for fact in facts):
                self.guard()
        return facts

    def peruse(self, path: RelPath) -> Perusal | None:
        """Begin to read the large file at ``path`` part by part; None where it is to be looked at as usual: it is no
        such file, it is not kept, it cannot be opened, or a program has it open and may write into it yet.  Raises
        RootMissing."""
        if refusal_of_path(path) is not None or self.abilities.folds_case:
            return None
        with self.disk.batch(), suppress(OSError):
            word = self._book().word(path, False)
            if word is not None and word.ignores:
                return None
            device = self.disk.stat(ROOT_PATH).device
            if not self.disk.stat(path).is_file:
                return None
            file = self.disk.open(path, Opening.READ)
            seen = file.stat()
            if not seen.is_file or seen.device != device or seen.size < LARGE or file.is_written():
                file.close()
                return None
            return Perusal(path, file, seen, self.abilities, self.disk.now_ns())
        return None

    def parked(self) -> list[tuple[NodeId, Fact]]:
        """What lies in the park, by the id that it was parked under; not what is beneath (``walk`` of its path)."""
        with self.disk.batch():
            try:
                names = [name for name, _ in self.disk.list(PARK)]
            except FileNotFoundError:
                return []
            facts = self.look([LookAt(parked_at(name), None) for name in names])
        return [(NodeId(name), fact) for name, fact in zip(names, facts, strict=True)]

    def _book(self) -> RuleBook:
        on_disk = on(self.disk)
        data = (lambda path: self.rules[path] if path in self.rules else on_disk(path)) if self.rules else on_disk
        return RuleBook(data, self.rule_files)

    # --- walking ------------------------------------------------------------------------------------------------

    def _begin(self, path: RelPath, book: RuleBook, device: int, facts: list[Fact]) -> list[tuple[RelPath, Layers]]:
        """Where a walk begins, with the layers above it."""
        if not path:
            return [(path, BUILT_IN)]
        if (why := refusal_of_path(path)) is not None:
            facts.append(NotKept(path, why))
            return []
        try:
            found = Spelling(self.disk).found(path, folds=self.abilities.folds_case)
            if found != path:
                facts.append(NothingThere(path))
            if found is None:
                return []
            path = found
            above, name = split(path)
            layers = book.layers(above)
            seen = self.disk.stat(path)
        except OSError as error:
            facts.append(_trouble(path, error))
            return []
        if isinstance(layers, Hit) or ignored(layers, path, name, seen.is_dir):
            facts.append(Ignored(path))
        elif not seen.is_dir or seen.device != device:
            facts.append(self._fact(path, name, seen, device))  # it is no folder: that is not to say that it is gone
        else:
            return [(path, layers)]
        return []

    def _list(
        self, at: RelPath, above: Layers, book: RuleBook, device: int, facts: list[Fact]
    ) -> list[tuple[RelPath, Layers]]:
        """Add the facts on one folder; gives the folders in it that are to be listed."""
        try:
            entries = self.disk.list(at)
            taken = self._taken_in(at, entries) if self.rules else []
            rules = [*(name for name, _ in entries if name in self.rule_files), *taken]
            layers = book.enter(above, at, rules) if rules else above
            facts.extend(RulesSeen(join(at, name), book.data(join(at, name))) for name in rules)
        except OSError as error:
            facts.append(Unreadable(at, "replaced") if error.errno in _NO_FOLDER else _trouble(at, error))
            return []
        prefix = f"{at}/" if at else ""
        modes = self.abilities.modes
        usual = 4 * (len(prefix) + 255) <= MAX_PATH_BYTES
        inner: list[tuple[RelPath, Layers]] = []
        names: list[str] = taken
        passed: list[str] = []
        add, new_name = facts.append, names.append
        path: RelPath
        for name, seen in entries:
            path = prefix + name  # type: ignore[assignment]  # a call of RelPath, for every name of a scan, would cost
            if name == OWN_FOLDER and not at:
                continue
            if ignored(layers, path, name, type(seen) is Stat and seen.is_dir):
                new_name(shown(name))
                passed.append(shown(name))
                continue
            if usual and is_plain_name(name) and type(seen) is Stat and seen.mode & _FORMAT == mode_bits.S_IFREG:
                new_name(name)
                add(FileSeen(path, seen.stamp, seen.mode & 0o100 != 0 if modes else None, seen.mtime_ns, None))
                continue
            new_name(shown(name))
            fact = self._fact(path, name, seen, device)
            if isinstance(fact, DirSeen):
                inner.append((path, layers))
            add(fact)
        add(Listed(at, frozenset(names), frozenset(passed)))
        return inner

    def _taken_in(self, folder: RelPath, entries: Sequence[tuple[str, object]]) -> list[str]:
        """The names of rule files that are taken to be in the folder, and are not."""
        there = {name for name, _ in entries}
        return [name for at, name in map(split, self.rules) if at == folder and name not in there]

    def _fact(self, path: RelPath, name: str, seen: Stat | OSError, device: int) -> Fact:
        """The fact on one name of a folder, the content of files left out."""
        if (why := refusal_of_path(path)) is not None:
            return NotKept(join(split(path)[0], shown(name)), why)
        if isinstance(seen, OSError):
            return _trouble(path, seen)
        if seen.is_dir:
            return DirSeen(path, seen.stamp) if seen.device == device else NotKept(path, _ELSEWHERE)
        if seen.is_file:
            return FileSeen(path, seen.stamp, self._bit(seen), seen.mtime_ns, None)
        return self._other(path, seen)

    def _other(self, path: RelPath, seen: Stat) -> Fact:
        """A link, or something that is not kept."""
        if not seen.is_link:
            return NotKept(path, _SPECIAL.get(seen.mode & _FORMAT, "it is neither a file nor a folder"))
        try:
            target = self.disk.readlink(path)
        except OSError as error:
            return _trouble(path, error)
        if shown(target) != target:
            return NotKept(path, "what it points to is not valid UTF-8")
        # The text of a link cannot change without a new inode, and is read at every sight: its stamp is never unsure.
        return LinkSeen(path, seen.stamp, target)

    # --- looking ------------------------------------------------------------------------------------------------

    def _is_as(self, wish: LookAt) -> bool:
        """Whether there is what is known to be there.  Who is not sure looks again."""
        try:
            return self.disk.stat(wish.path).stamp == wish.known
        except OSError as error:
            return wish.known is None and error.errno in MISSING and "\\" not in wish.path  # a shown name is none

    def _rules_at(self, path: RelPath, book: RuleBook) -> Iterator[Fact]:
        """What the rule file at ``path`` holds, if that is one, and counts."""
        folder, name = split(path)
        if name in self.rule_files:
            try:
                if not isinstance(book.layers(folder), Hit):
                    yield RulesSeen(path, book.data(path))
            except OSError as error:
                yield Unreadable(folder, (error.strerror or str(error)).lower())

    def _look(self, wish: LookAt, book: RuleBook, device: int, spelling: Spelling) -> Fact:
        path = wish.path
        if path and (why := refusal_of_path(path)) is not None:
            return NotKept(path, why) if "\\" not in split(path)[1] else spelling.refused(path, why)
        try:
            seen = self.disk.stat(path)
            if path and (word := book.word(path, seen.is_dir)) is not None and word.ignores:
                return Ignored(path)
            if self.abilities.folds_case and not spelling.is_right(path):
                return NothingThere(path)
            if not path:
                return DirSeen(path, seen.stamp)
            if not seen.is_file or (wish.known is not None and seen.stamp == wish.known):
                return self._fact(path, split(path)[1], seen, device)
            if wish.most and seen.size > wish.most:
                return self._fact(path, split(path)[1], seen, device)
            return self._read(path)
        except OSError as error:
            return _trouble(path, error)

    def _bit(self, seen: Stat) -> bool | None:
        return seen.executable if self.abilities.modes else None

    def _read(self, path: RelPath) -> Fact:
        """Read a file until it stood still while it was read (A6)."""
        with self.disk.open(path, Opening.READ) as file:
            before = file.stat()
            for _ in range(_TRIES):
                if not before.is_file:
                    return NotKept(path, "it is no longer a file")
                now = self.disk.now_ns()
                content, recipe, data = _read_once(file, before)
                after = file.stat()
                if after == before and content.size == before.size:
                    stamp = UNSURE if self.abilities.may_hide(before.ctime_ns, now) else before.stamp
                    return FileSeen(path, stamp, self._bit(before), before.mtime_ns, content, recipe, data)
                before = after
        return Unreadable(path, "it is still being written")


def _read_once(file: DiskFile, seen: Stat) -> tuple[Content, Recipe, bytes | None]:
    """Content, recipe, and the bytes themselves of a small file.  Reads no further than just beyond the size that the
    file had: one that grows without end is not followed."""
    if seen.size <= ONE_BLOCK:
        # No further: whoever has written more since then has changed the size, which is looked at again.  So of each
        # of a mass there is one reading, and not a second one that finds the end.
        data = file.read(0, seen.size or 1)
        return *read_small(data), data

    def pieces(size: int) -> Iterator[bytes]:
        offset = 0
        while offset <= seen.size and (data := file.read(offset, size)):
            yield data
            offset += len(data)

    if seen.size < LARGE:
        return *read_all(pieces(PIECE), cut_for(seen.size)), None
    reading = Reading(cut_for(seen.size))
    read_on(reading, pieces(LARGE_PIECE))
    return *reading.outcome(), None


def read_on(reading: Reading, pieces: Iterator[bytes]) -> None:
    """Reads and cuts here, and hashes beside it."""
    with ThreadPoolExecutor(1, "hash") as beside:
        waiting: deque[Future[list[Block]]] = deque()
        for piece in pieces:
            waiting.append(beside.submit(reading.hash, piece, reading.cut(piece)))
            while len(waiting) > _HASHES_WAIT:
                waiting.popleft().result()
        waiting.append(beside.submit(reading.hash, b"", reading.cut(b"")))
        for one in waiting:
            one.result()


def _trouble(path: RelPath, error: OSError) -> Fact:
    if path and error.errno in MISSING:
        return NothingThere(path)  # it went after its folder was read, or is no longer where it was hinted at
    if error.errno == errno.EXDEV:
        return NotKept(path, _ELSEWHERE)
    return Unreadable(path, (error.strerror or str(error)).lower())


def _cut(facts: list[Fact]) -> Iterator[list[Fact]]:
    for start in range(0, len(facts), BATCH):
        yield facts[start : start + BATCH]
