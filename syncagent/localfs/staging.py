"""Files on their way in: put together from blocks in our own folder, beside the tree (B4).

``begin`` says which blocks are wanted, ``put`` takes them, the applier publishes the file.  What a staging file holds
is never taken for granted: after a restart its blocks are hashed again, and before it is published the whole is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from syncagent.content.digest import digest_of
from syncagent.content.recipe import check_recipe, places
from syncagent.errors import Damaged, StorageFull, StorageTrouble
from syncagent.localfs.displaced import Displaced
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.ports import FULL, MISSING, Disk, DiskFile, Opening, Rename
from syncagent.localfs.slots import Slots
from syncagent.model.facts import Stamp
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath, join
from syncagent.model.nodes import Content, Recipe
from syncagent.planner.tasks import StageWish

_Places = dict[Digest, list[tuple[int, int]]]


class Staging:
    """One for each root; may be called from several threads, from one at a time for the same content."""

    def __init__(self, disk: Disk, machine: str = "") -> None:
        self.slots = Slots(disk, machine)
        self.displaced = Displaced()
        self._disk = disk
        self._places: dict[Content, _Places] = {}
        self._recipes: dict[Content, Recipe] = {}

    def begin(self, wish: StageWish) -> frozenset[Digest]:
        """Start, or go on with, the file of ``wish``; gives the blocks that are still missing.

        Raises Damaged (a recipe that cannot be), StorageFull, StorageTrouble, RootMissing.
        """
        check_recipe(wish.content, wish.recipe)
        wanted = self._want(wish.content, wish.recipe)
        with _translated(), self._disk.batch():
            self.slots.make_folders()
            with self._disk.open(part_path(wish.content), Opening.EDIT) as part:
                if part.stat().size > wish.content.size:
                    part.truncate(0)
                missing = set(wanted)
                if part.stat().size:
                    missing = {digest for digest, spots in wanted.items() if not _mended(part, digest, spots)}
                for path, known, recipe in wish.bases:
                    if missing:
                        self._fill(part, wanted, missing, (path, known, recipe))
        return frozenset(missing)

    def put(self, content: Content, blocks: Sequence[tuple[Digest, bytes]], recipe: Recipe) -> None:
        """Write blocks into the staging file.  Blocks that are not of it are passed over.

        Raises Damaged (bytes that do not have their digest; those before are written), StorageFull, StorageTrouble,
        RootMissing.
        """
        wanted = self._want(content, recipe)
        with _translated(), self._disk.batch(), self._disk.open(part_path(content), Opening.EDIT) as part:
            for digest, data in blocks:
                if digest_of(data) != digest:
                    raise Damaged("a block came with other bytes than its digest says")
                for offset, size in wanted.get(digest, ()):
                    if size == len(data):
                        part.write(offset, data)

    def sweep(self, keep: Collection[Content]) -> tuple[RelPath, ...]:
        """Remove what is not needed: staging files of other contents than ``keep``, and what a crash left of tasks.

        To be called before the first scan of a start; later calls leave alone what is in use.  Gives the paths at which
        something of the user's was put back: they want a look.  Raises StorageFull, StorageTrouble, RootMissing.
        """
        kept = {part_path(content) for content in keep}
        with _translated(), self._disk.batch():
            self.slots.make_folders()
            back = self.slots.recover()
            for name, _ in self._disk.list(STAGE):
                if name.startswith("part.") and join(STAGE, name) not in kept:
                    self._remove(join(STAGE, name))
        for content in [content for content in self._places if content not in keep]:
            self.forget(content)
        return back

    # --- for the applier ----------------------------------------------------------------------------------------

    def recipe_of(self, content: Content) -> Recipe:
        """The recipe with which ``content`` was begun; empty when that was before a restart."""
        return self._recipes.get(content, ())

    def take(self, content: Content) -> RelPath:
        """Move the staging file out, to be published; gives where it is now.  Raises OSError."""
        new = self.slots.new()
        self._disk.rename(part_path(content), new, Rename.NEW)
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
        self._places.pop(content, None)
        self._recipes.pop(content, None)

    # ------------------------------------------------------------------------------------------------------------

    def _want(self, content: Content, recipe: Recipe) -> _Places:
        if content not in self._places:
            wanted: _Places = {}
            for offset, block in places(recipe):
                wanted.setdefault(block.digest, []).append((offset, block.size))
            self._places[content] = wanted
            self._recipes[content] = recipe
        return self._places[content]

    def _fill(self, part: DiskFile, wanted: _Places, missing: set[Digest], base: tuple[RelPath, Stamp, Recipe]) -> None:
        """Take from a local file what it has of the missing blocks.  Its trouble is no trouble: it is only a help."""
        path, known, recipe = base
        try:
            source = self._disk.open(path, Opening.READ)
        except OSError:
            return
        with source:
            if known and source.stat().stamp != known:
                return
            for offset, block in places(recipe):
                if block.digest not in missing:
                    continue
                try:
                    data = source.read(offset, block.size)
                except OSError:
                    return
                if len(data) != block.size or digest_of(data) != block.digest:
                    continue
                for spot, _ in wanted[block.digest]:
                    part.write(spot, data)
                missing.discard(block.digest)

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
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("the disk of the folder is full") from error
        raise StorageTrouble(f"the disk of the folder answered: {error.strerror or error}") from error
