"""Files on their way in: put together from blocks in our own folder, beside the tree (B4).

``begin`` says which blocks are wanted, ``put`` takes them, the applier publishes the file.  What a staging file holds
is never taken for granted: after a restart its blocks are hashed again, and it is published only when the bytes that
were written come to the digest of the whole (``is_whole``).  The disk begins to write what was put at once, so that
little is left to wait for when the file is made durable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

from syncagent.content.digest import digest_of
from syncagent.content.recipe import check_recipe
from syncagent.errors import StorageFull, StorageTrouble
from syncagent.localfs.assembly import BESIDE, CHECKS_WAIT, COPIED_MEMORY, SYNCS_WAIT, Assembly
from syncagent.localfs.beside import Beside
from syncagent.localfs.displaced import Displaced
from syncagent.localfs.drafts import Drafts
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.ports import FULL, MEMORY, MISSING, Disk, DiskFile, Opening, Rename
from syncagent.localfs.slots import Slots
from syncagent.localfs.spare import AHEAD, OUTLINE, Spare, size_of
from syncagent.localfs.standing import hash_file
from syncagent.localfs.trash import Trash
from syncagent.model.facts import Stamp
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath, join
from syncagent.model.nodes import Content, Recipe
from syncagent.planner.tasks import Copied, StageWish
from syncagent.reserve import NoRoom, Reserve

IDLE_NS: Final = 60_000_000_000
"""A file to which nothing was added for so long does not keep others from their room, nor its own if they need it."""


class Staging:
    """One for each root; may be called from several threads, from one at a time for the same content."""

    def __init__(
        self, disk: Disk, machine: str = "", trash: Trash | None = None, reserve: Reserve | None = None
    ) -> None:
        self.trash = trash
        self.reserve = reserve or Reserve()
        self.slots = Slots(disk, machine, trash)
        self.displaced = Displaced()
        self.drafts = Drafts(disk, self.slots)
        self._disk = disk
        self._assemblies: dict[Content, Assembly] = {}
        self._spare = Spare(disk)
        self._outline = Spare(disk, OUTLINE)
        """The beginning of a file that somebody else is reading."""

    def begin(self, wish: StageWish) -> frozenset[Digest]:
        """Start, or go on with, the file of ``wish``; gives the blocks that are still missing.

        Raises Damaged (a recipe that cannot be), StorageFull, StorageTrouble, RootMissing.
        """
        check_recipe(wish.content, wish.recipe)
        assembly = self._assembly(wish.content, wish.recipe)
        assembly.begin_anew()
        with _translated(), self._disk.batch():
            self.slots.make_folders()
            ahead = self._take_over(wish.content, assembly)
            there = self._size_of(part_path(wish.content))
            self.reserve.demand(max(wish.content.size - there, 0), will_be=self._promised(assembly))
            assembly.touched_ns = self._disk.now_ns()
            with self._disk.open(part_path(wish.content), Opening.EDIT) as part:
                if part.stat().size > wish.content.size:
                    part.truncate(0)
                missing = assembly.missing
                if part.stat().size and not ahead:
                    missing = {digest for digest, spots in assembly.spots.items() if not _mended(part, digest, spots)}
                aside = [(one.path, Stamp(b""), one.recipe) for one in (self._spare, self._outline) if one]
                for path, known, recipe in (*wish.bases, *aside):
                    if missing:
                        self._fill(wish.content, part, missing, (path, known, recipe))
                assembly.found(set(assembly.spots) - missing)
                assembly.go_on(part, {})
                assembly.seen = part.stat()
        return frozenset(missing)

    def hold(self, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        """Put aside blocks that came before the wish that they are for.  Raises StorageFull, StorageTrouble,
        RootMissing."""
        # What a file wants that is being put together was late: it is asked for, and is no other file's beginning.
        late = [assembly.spots for assembly in self._assemblies.values()]
        fresh = [block for block in blocks if not any(block[0] in spots for spots in late)]
        with _translated(), self._disk.batch():
            if fresh:
                self.reserve.demand(sum([len(data) for _, data in fresh]))
                self.slots.make_folders()
                self._spare.hold(fresh)

    def copy(self, at: int, base: tuple[RelPath, Stamp], parts: Sequence[Copied | tuple[Digest, bytes]]) -> None:
        """Put aside how a large file goes on that somebody is still reading: see ``Spare.copy``.  Raises StorageFull,
        StorageTrouble, RootMissing."""
        with _translated(), self._disk.batch():
            self.reserve.demand(size_of(parts))
            self.slots.make_folders()
            self._outline.copy(at, base, parts)

    def drop_held(self, *, outline: bool = False) -> None:
        """Nobody wants what was put aside, or copied.  Raises StorageFull, StorageTrouble, RootMissing."""
        with _translated(), self._disk.batch():
            (self._outline if outline else self._spare).drop()

    def leave(self) -> None:
        """Leave the folder alone: what lies in the stage is for the next sweep, of whoever takes it then."""
        self._outline.leave()
        self._spare.leave()

    def _promised(self, but: Assembly) -> int:
        """How many bytes are to be written yet of the other files that are being put together."""
        late = self._disk.now_ns() - IDLE_NS
        others = [one for one in self._assemblies.values() if one is not but and one.touched_ns > late]
        return sum(one.left for one in others)

    def make_room(self, wanted: Content) -> bool:
        """Give up what has been put together of a file that nobody goes on with, but for ``wanted``; whether there was
        one.  Its blocks are got again when it is its turn.  Raises StorageFull, StorageTrouble, RootMissing."""
        late = self._disk.now_ns() - IDLE_NS
        kept = [part_path(one) for one, how in self._assemblies.items() if how.touched_ns > late or not how.left]
        kept += [part_path(wanted), AHEAD, OUTLINE]
        with _translated(), self._disk.batch():
            for name, seen in self._disk.list(STAGE):
                path = join(STAGE, name)
                idle = not isinstance(seen, OSError) and seen.mtime_ns <= late
                if name.startswith("part.") and idle and path not in kept:
                    self._remove(path)
                    return True
        return False

    def _size_of(self, path: RelPath) -> int:
        try:
            return self._disk.stat(path).size
        except FileNotFoundError:
            return 0

    def _take_over(self, content: Content, assembly: Assembly) -> bool:
        """Whether what was put aside is the beginning of this content, and has become its staging file."""
        if not (self._spare or self._outline):
            return False
        try:
            begun = self._disk.stat(part_path(content)).size > 0
        except OSError:
            begun = False
        return not begun and any(one.take_over(part_path(content), assembly) for one in (self._outline, self._spare))

    def put(self, content: Content, blocks: Sequence[tuple[Digest, bytes]], recipe: Recipe) -> None:
        """Write blocks into the staging file.  Blocks that are not of it are passed over.

        That each has its digest was found when it was taken off the wire; that all together are the right file is
        found before it is published.  Raises StorageFull, StorageTrouble, RootMissing.
        """
        assembly = self._assembly(content, recipe)
        fresh: dict[Digest, bytes] = {}
        with _translated():
            self.reserve.demand(sum([len(data) for _, data in blocks]))
        assembly.touched_ns = self._disk.now_ns()
        with _translated(), self._disk.batch(), self._disk.open(part_path(content), Opening.EDIT) as part:
            if part.stat() != assembly.seen:
                assembly.begin_anew()  # it is not what we left: what it comes to is found in the end
            first, end = content.size, 0
            for offset, run in assembly.runs(blocks):
                part.write(offset, *[data for _, data in run])
                first, end = min(first, offset), max(end, offset + sum([len(data) for _, data in run]))
                fresh.update(run)
            if fresh:
                self._begin_sync(content, part, first, end - first)  # once for all: a disk likes long writes
            assembly.found(set(fresh))
            assembly.go_on(part, fresh)
            assembly.seen = part.stat()

    def sweep(self, keep: Collection[Content]) -> tuple[RelPath, ...]:
        """Remove what is not needed: staging files of other contents than ``keep``, and what a crash left of tasks.

        To be called before the first scan of a start; later calls leave alone what is in use.  Gives the paths at which
        something of the user's was put back: they want a look.  Raises StorageFull, StorageTrouble, RootMissing.
        """
        kept = {part_path(content) for content in keep}
        with _translated(), self._disk.batch():
            try:
                found = self._disk.list(STAGE)
            except FileNotFoundError:
                self.slots.make_folders()
                found = ()
            # It comes after every edit that was carried out, and mostly there is nothing: that is one look.
            back = self.slots.recover() if found else ()
            for name, _ in found:
                if name.startswith("part.") and join(STAGE, name) not in kept and not self._is_held(name):
                    self._remove(join(STAGE, name))
        for content in [content for content in self._assemblies if content not in keep]:
            self.forget(content)
        return back

    def _is_held(self, name: str) -> bool:
        return any(one and one.path == join(STAGE, name) for one in (self._spare, self._outline))

    # --- for the applier ----------------------------------------------------------------------------------------

    def recipe_of(self, content: Content) -> Recipe:
        """The recipe with which ``content`` was begun; empty when that was before a restart."""
        assembly = self._assemblies.get(content)
        return assembly.recipe if assembly is not None else ()

    def is_whole(self, content: Content) -> bool:
        """Whether the staging file is what it is to be.  Raises OSError."""
        assembly = self._assemblies.get(content)
        with self._disk.open(part_path(content), Opening.READ) as part:
            if assembly is not None and assembly.content is not None and part.stat() == assembly.seen:
                return assembly.content == content
            return hash_file(part) == content

    def take(self, content: Content) -> RelPath:
        """Move the staging file out, to be published; gives where it is now.  Raises OSError."""
        new = self.slots.new()
        try:
            self._disk.rename(part_path(content), new, Rename.NEW)
        except OSError:
            self.slots.leave(new)  # something from before the root was lost may lie there: it is for the next sweep
            raise
        return new

    def give_back(self, content: Content, new: RelPath) -> None:
        """It could not be published: keep it for the next try.  Raises OSError."""
        with self._disk.open(new, Opening.READ) as part:
            part.adjust(mode=0o600)  # by now it may have the mode of a file that no one may write
        self._disk.rename(new, part_path(content), Rename.PLAIN)
        self.slots.done_with(new)

    def discard(self, content: Content) -> None:
        """It is damaged, or done with."""
        self._remove(part_path(content))
        self.forget(content)

    def forget(self, content: Content) -> None:
        self._assemblies.pop(content, None)

    # ------------------------------------------------------------------------------------------------------------

    def _assembly(self, content: Content, recipe: Recipe) -> Assembly:
        if content not in self._assemblies:
            self._assemblies[content] = Assembly(recipe)
        return self._assemblies[content]

    def _begin_sync(self, content: Content, part: DiskFile, offset: int, size: int, memory: int = MEMORY) -> None:
        try:
            part.begin_sync(offset, size, memory)
        except OSError:
            # What was lost is told once: the sync before it is published would know nothing of it (B9).
            self.discard(content)
            raise

    def _fill(
        self, content: Content, part: DiskFile, missing: set[Digest], base: tuple[RelPath, Stamp, Recipe]
    ) -> None:
        """Take from a local file what it has of the missing blocks.  Its trouble is no trouble: it is only a help.

        What is copied is what was read, and what was read is checked: whatever becomes of the file meanwhile.
        """
        path, known, recipe = base
        assembly = self._assemblies[content]
        try:
            source = self._disk.open(path, Opening.READ)
        except OSError:
            return
        pieces = list(assembly.pieces(missing, recipe))
        beside = sum(piece.size for piece in pieces) >= BESIDE
        checks: Beside[Sequence[Digest]] = Beside(CHECKS_WAIT, thread=beside)
        disk: Beside[None] = Beside(SYNCS_WAIT, thread=beside)
        with source, checks, disk:
            if known and source.stat().stamp != known:
                return
            wrong: set[Digest] = set()
            copied: set[Digest] = set()
            for piece in pieces:
                try:
                    data = source.read(piece.start, piece.size)
                except OSError:
                    break
                wrong.update(*checks.do(partial(assembly.check, piece, data)))
                part.write(piece.offset, data)
                disk.do(partial(self._begin_sync, content, part, piece.offset, len(data), COPIED_MEMORY))
                copied.update(block.digest for block in piece.blocks)
            wrong.update(*checks.finish())
            disk.finish()
        missing -= copied - wrong

    def _remove(self, path: RelPath) -> None:
        try:
            self._disk.remove(path)
        except OSError as error:
            if error.errno not in MISSING:
                raise


def part_path(content: Content) -> RelPath:
    """Where the staging file of ``content`` lies."""
    return join(STAGE, f"part.{content.digest.hex()}")


def _mended(part: DiskFile, digest: Digest, spots: list[tuple[int, int]]) -> bool:
    """Whether the block is there; where it is there at one of its places, it is written to the others."""
    found: bytes | None = None
    lacking: list[int] = []
    for offset, size in spots:
        data = part.read(offset, size)
        if len(data) == size and digest_of(data) == digest:
            found = data
        else:
            lacking.append(offset)
    if found is None:
        return False
    for offset in lacking:
        part.write(offset, found)
    return True


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except NoRoom as error:
        raise StorageFull(error.strerror or "no room", error.lacking) from error
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("the disk of the folder is full") from error
        raise StorageTrouble(f"the disk of the folder answered: {error.strerror or error}") from error
