"""Making a new file or link in the stage, and putting it in its place.  The applier's hands for WriteTask.

Our own stamp afterwards (B13).  The fact on what we wrote carries a stamp, so that the echo of our own write scans to
"no difference".  Could a user's write hide behind it?  We set the mtime to that of the source; a write sets it to now.
So it shows, even in the same tick of the clock as our rename, unless the mtime that we set is itself within the window
of now: then the stamp is UNSURE, and the next look reads the file.

# RACE: who writes as many bytes and sets the mtime back to the nanosecond, in the same tick as our rename or before the
# look that follows it, is not noticed until a deep scan.  No program does that by chance.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from dataclasses import dataclass
from typing import assert_never

from syncagent.content.chunker import ONE_BLOCK
from syncagent.content.digest import content_of
from syncagent.content.recipe import one_block
from syncagent.errors import Damaged, Stale
from syncagent.localfs.drafts import Made
from syncagent.localfs.ports import MISSING, Abilities, Disk, DiskFile, Opening, Rename, Stat, clamp
from syncagent.localfs.staging import Staging, part_path
from syncagent.localfs.standing import check_unused, confirm, hash_file, holds, still
from syncagent.model.facts import UNSURE, Fact, FileSeen, LinkSeen, Stamp, unpack
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content, File, Link, Recipe
from syncagent.model.values import fixed
from syncagent.planner.tasks import CopyOf, DraftWish, Inline, InPlace, Source, Staged, WriteTask


@dataclass(slots=True)
class Writing:
    """A WriteTask under way: ``new`` is where its file lies until it is published, ``own`` the stat of that."""

    task: WriteTask
    new: RelPath
    own: Stat
    content: Content | None
    """Of the staging file, if that is what ``new`` was."""


@dataclass(slots=True)
class Held:
    """What was taken out of the tree, and is removed when all is durable."""

    slot: RelPath
    path: RelPath
    seen: Stat
    own: Stat | None


@fixed
class Writer:
    disk: Disk
    staging: Staging
    abilities: Abilities

    # --- making it ----------------------------------------------------------------------------------------------

    def make(self, task: WriteTask, *, sync: bool, last: bool) -> Writing:
        """Make what ``task`` wants, in the stage; durable if ``sync``.  ``last``: no later task wants the same staging
        file.

        Raises Stale, Damaged (what was to be written has another digest), OSError; then nothing is left in the stage.
        """
        old: Stat | None = None
        if task.expect is not None:
            # Whether a program writes into it is asked once, at the last instant: a few bytes are soon made in vain.
            old = self._confirm(task, task.expect, asks=not isinstance(task.source, Inline))
        match task.op.node:
            case Link(target=target):
                new = self.staging.slots.new()
                try:
                    self.disk.symlink(target, new)
                    return Writing(task, new, self.disk.stat(new), None)
                except OSError:
                    self.drop(new, None)
                    raise
            case File() as node:
                return self._make_file(task, node, old, sync=sync, last=last)
        assert_never(task.op.node)

    def _make_file(self, task: WriteTask, node: File, old: Stat | None, *, sync: bool, last: bool) -> Writing:
        staged = isinstance(task.source, Staged) and last
        mode, mtime_ns = self._mode(task.path, old, node.executable), clamp(node.mtime_ns)
        if isinstance(task.source, Inline) and (made := self.staging.drafts.take(node.content, mtime_ns, mode)):
            return Writing(task, made.path, made.own, None)
        if staged:
            self._check_part(node.content)
            new = self.staging.take(node.content)
        else:
            self.staging.reserve.demand(node.content.size)
            new = self.staging.slots.new()
        synced = True
        try:
            with self.disk.open(new, Opening.EDIT if staged else Opening.NEW, mode) as file:
                if not staged:
                    self._fill(file, task.source, node.content)
                own = _adjusted(file, mode, mtime_ns)
                if sync:
                    synced = False
                    file.sync()
                    synced = True
        except (OSError, Damaged, Stale):
            if synced:
                self.drop(new, node.content if staged else None)
            else:
                self.lose(new, node.content if staged else None)
            raise
        return Writing(task, new, own, node.content if staged else None)

    def draft(self, wish: DraftWish) -> None:
        """Make what ``wish`` is about, durable, for a task that may want it.  Raises Damaged, OSError; then nothing is
        left of it in the stage."""
        known = unpack(wish.like) if wish.like is not None else None
        base = known.mode & 0o777 if known is not None else 0o666 & ~self.abilities.umask
        mode = self._executable(base, wish.executable)
        self.staging.reserve.demand(wish.content.size)
        new = self.staging.slots.new()
        try:
            with self.disk.open(new, Opening.NEW, mode) as file:
                self._fill(file, Inline(wish.data), wish.content)
                own = _adjusted(file, mode, clamp(wish.mtime_ns))
                file.sync()
        except (OSError, Damaged):
            self.staging.slots.remove(new)
            raise
        self.staging.drafts.keep(wish.content, Made(new, own))

    def _check_part(self, content: Content) -> None:
        try:
            right = self.staging.is_whole(content)
        except FileNotFoundError:
            raise Damaged("its blocks are not all there") from None
        if not right:
            self.staging.discard(content)
            raise Damaged("what was put together from its blocks is another file")

    def _fill(self, file: DiskFile, source: Source, content: Content) -> None:
        match source:
            case Inline(data=data):
                if content_of(data) != content:
                    raise Damaged("it came with other bytes than its digest says")
                file.write(0, data)
            case Staged(content=staged):
                self._copy(part_path(staged), None, file, content)
            case CopyOf(path=path, stamp=known):
                self._copy(path, known, file, content)
            case InPlace():
                raise Stale("there is nothing to write from")
            case _:
                assert_never(source)

    def _copy(self, path: RelPath, known: Stamp | None, file: DiskFile, content: Content) -> None:
        try:
            source = self.disk.open(path, Opening.READ)
        except OSError as error:
            if error.errno in MISSING:
                raise Stale("the file to copy it from is gone") from error
            raise
        with source:
            if known and source.stat().stamp != known:
                raise Stale("the file to copy it from has changed")
            if hash_file(source, file.write) != content:
                raise Stale("the file to copy it from has another content")

    def _mode(self, path: RelPath, old: Stat | None, executable: bool) -> int:
        """Permission bits: those of the file that is replaced, as far as they say the same; never wider (B11)."""
        if old is not None and old.is_file:
            base = old.mode & 0o777
        else:
            base = self.staging.displaced.narrow(path, 0o666 & ~self.abilities.umask)
        return self._executable(base, executable)

    def _executable(self, base: int, executable: bool) -> int:
        """The permission bits ``base``; executable, or not."""
        if bool(base & 0o100) == executable:
            return base
        if not executable:
            return base & ~0o111
        return base | ((base & 0o444) >> 2 & ~self.abilities.umask) | 0o100

    def drop(self, new: RelPath, content: Content | None) -> None:
        """It is not published: nothing is left of it but the staging file that it was."""
        if content is not None:
            try:
                self.staging.give_back(content, new)
            except OSError:
                self.staging.forget(content)  # its blocks are to be had again
            else:
                return
        self.staging.slots.remove(new)

    def lose(self, new: RelPath, content: Content | None) -> None:
        """It could not be made durable, and another try might be told that it is (B9): its blocks are got again."""
        if content is not None:
            self.staging.forget(content)
        self.staging.slots.remove(new)

    # --- putting it in place ------------------------------------------------------------------------------------

    def publish(self, writing: Writing) -> tuple[Fact, Held | None]:
        """Put it in its place; gives what stands there now, and what stood there before.

        Raises Stale, OSError; then what stands at the path is what stood there, and nothing is left in the stage.
        """
        try:
            held = self._put_in_place(writing)
        except (OSError, Stale):
            if writing.new:
                self.drop(writing.new, writing.content)
            raise
        fact = self._fact(writing)
        if writing.content is not None:
            self.staging.forget(writing.content)
        return fact, held

    def _put_in_place(self, writing: Writing) -> Held | None:
        task = writing.task
        if task.expect is None:
            self.disk.rename(writing.new, task.path, Rename.NEW)
            self.staging.slots.done_with(writing.new)
            self.staging.displaced.filled(task.path)
            return None
        old = self._confirm(task, task.expect, asks=True)
        # What is unsure by its stamp is not known again by it after a crash either: then it goes back.
        slot = self.staging.slots.held(task.path, writing.own, old if task.expect else None)
        held = Held(slot, task.path, old, writing.own)
        if self.abilities.exchange:
            self._exchange(writing, held)
        else:
            self._replace(writing, held)
        try:
            seen = still(self.disk, slot, old, task.expect, task.op.expect or task.op.node)
        except OSError:
            self.staging.slots.leave(slot)
            raise
        if seen is None:
            self.put_back(held)
            raise Stale("it was changed in that very moment")
        held.seen = seen
        return held

    def _confirm(self, task: WriteTask, expect: Stamp, *, asks: bool) -> Stat:
        if task.op.expect is None:
            raise Stale("nothing is expected there, but with a stamp")
        seen = confirm(self.disk, task.path, expect, task.op.expect)
        if asks and seen.is_file:
            check_unused(self.disk, task.path)
        return seen

    def _exchange(self, writing: Writing, held: Held) -> None:
        self.disk.rename(writing.new, held.slot, Rename.NEW)
        self.staging.slots.done_with(writing.new)
        writing.new = held.slot
        self.disk.rename(held.slot, held.path, Rename.EXCHANGE)
        writing.new = RelPath("")  # from here on the slot holds what is not ours

    def _replace(self, writing: Writing, held: Held) -> None:
        """For file systems that cannot exchange: the old file leaves its name for the stage, then ours takes the name.
        Neither step replaces anything, so whatever a user saves under the name in between stands there still.  After a
        crash between the two, what is in the stage goes back (``Slots.recover``)."""
        self.disk.rename(held.path, held.slot, Rename.NEW)
        try:
            as_seen = self.disk.stat(held.slot).without_ctime() == held.seen.without_ctime()
        except OSError:
            self.put_back(held)  # a name without a file would be taken for a delete
            raise
        if not as_seen:
            self.put_back(held)
            raise Stale("it was changed in that very moment")
        try:
            self.disk.rename(writing.new, held.path, Rename.NEW)
        except OSError as error:
            self.put_back(held)  # beside what the user has saved there meanwhile, if that is why
            if error.errno == errno.EEXIST:
                raise Stale("another one was saved in that very moment") from error
            raise
        self.staging.slots.done_with(writing.new)
        writing.new = RelPath("")

    def put_back(self, held: Held) -> RelPath:
        """What was taken out was not what was expected: it goes back.  Raises OSError."""
        own = held.own

        def is_own(there: Stat) -> bool:
            return own is not None and there.without_ctime() == own.without_ctime()

        return self.staging.slots.put_back(held.slot, held.path, is_own)

    def _fact(self, writing: Writing) -> Fact:
        task, own = writing.task, writing.own
        # Whoever wrote since then is not overlooked: UNSURE is read again at the next look.
        stamp = UNSURE
        with suppress(OSError):
            seen = self.disk.stat(task.path)
            if seen.without_ctime() == own.without_ctime():
                stamp = seen.stamp
        match task.op.node:
            case Link(target=target):
                return LinkSeen(task.path, stamp, target)
            case File() as node:
                return self._file_fact(task.path, own, stamp, node)
        assert_never(task.op.node)

    def _file_fact(self, path: RelPath, own: Stat, stamp: Stamp, node: File) -> FileSeen:
        content, bit = node.content, own.executable if self.abilities.modes else node.executable
        recipe: Recipe = self.staging.recipe_of(content) or (one_block(content) if content.size <= ONE_BLOCK else ())
        stamp = after_us(self.abilities, own, stamp, self.disk.now_ns())
        return FileSeen(path, stamp, bit, own.mtime_ns, content, recipe)

    # --- in place -----------------------------------------------------------------------------------------------

    def adjust(self, task: WriteTask, *, sync: bool) -> Fact:
        """The content is there: set the executable bit and the mtime.  Raises Stale, OSError."""
        node, expect = task.op.node, task.op.expect
        if not isinstance(node, File) or not isinstance(expect, File) or task.expect is None:
            raise Stale("there is no file to be changed in place")
        before = confirm(self.disk, task.path, task.expect, expect)
        mtime_ns = clamp(node.mtime_ns)
        with self.disk.open(task.path, Opening.READ) as file:
            if file.stat() != before:
                raise Stale("it was changed in that very moment")
            mode = self._mode(task.path, before, node.executable)
            file.adjust(
                mode=mode if mode != before.mode & 0o777 else None,
                mtime_ns=mtime_ns if mtime_ns != before.mtime_ns else None,
            )
            if sync:
                file.sync()
            after = file.stat()
        seen = self.disk.stat(task.path)
        if seen != after:
            raise Stale("it was changed in that very moment")
        # RACE: a write between the look and the setting of the mtime has lost its own mtime, by which it would show.
        # So what was set a mtime is read once more.  Only that mtime is lost; the edit is found, and goes its way.
        told = mtime_ns == before.mtime_ns and after.mtime_ns == before.mtime_ns and after.size == before.size
        if not (told and task.expect) and not holds(self.disk, task.path, after, node.content):
            raise Stale("it was changed in that very moment")
        return self._file_fact(task.path, after, after.stamp, node)


def _adjusted(file: DiskFile, mode: int, mtime_ns: int) -> Stat:
    """The stat of ``file``, which is all written and gets its mtime and its permission bits."""
    file.adjust(mtime_ns=mtime_ns)
    own = file.stat()
    if own.mode & 0o7777 != mode:
        # Our umask, or a rule of the folder, had another one in mind.  (Mostly it has not.)
        file.adjust(mode=mode)
        own = file.stat()
    return own


def after_us(abilities: Abilities, own: Stat, stamp: Stamp, now_ns: int) -> Stamp:
    """``stamp``, or UNSURE where a write right after ours could hide behind it (see the module)."""
    return UNSURE if abilities.may_hide(own.mtime_ns, now_ns) else stamp
