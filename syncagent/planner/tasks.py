"""Ops made ready to be run on a disk: ids turned into paths, and what became of them.

The engine makes tasks, the applier runs them in a worker thread and gives one outcome for each, in any order.  Paths
are as spelled on disk.  A task never touches anything outside the root.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from syncagent.model.facts import Fact, Stamp
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block, Content, Recipe
from syncagent.model.values import value
from syncagent.planner.ops import DeleteLocal, LocalOp, MakeLocalDir, MoveLocal, SetAside, WriteLocal


@value
class Inline:
    """The whole content of the file, at hand."""

    data: bytes


@value
class Staged:
    """All blocks lie in the staging file of this content."""

    content: Content


@value
class CopyOf:
    """A file of the same content stands at ``path``, as long as its stamp is this one."""

    path: RelPath
    stamp: Stamp


@value
class InPlace:
    """The content is there already: only the executable bit and the mtime change (or it is a link)."""


Source: TypeAlias = Inline | Staged | CopyOf | InPlace


@value
class MakeDirTask:
    op: MakeLocalDir
    path: RelPath


@value
class WriteTask:
    """``expect`` is the stamp of what stands at ``path`` (None: nothing stands there); ``keep`` when it is damaged, and
    what is left of it is to be kept aside, in our own folder."""

    op: WriteLocal
    path: RelPath
    expect: Stamp | None
    source: Source
    keep: bool = False


@value
class MoveTask:
    """For files and links ``expect`` is the whole stamp; for a folder its device and inode alone count, since the stamp
    of a folder changes with every name in it.  The name at ``to`` must be free."""

    op: MoveLocal | SetAside
    path: RelPath
    to: RelPath
    expect: Stamp


class Lying(NamedTuple):
    """What is to lie beneath a folder, by its path from there; of a folder the inode alone counts."""

    path: RelPath
    stamp: Stamp
    is_folder: bool


@value
class DeleteTask:
    """``keep`` when it is damaged, as in WriteTask.  A folder with all that lies ``beneath`` it goes only when just
    that is what it holds.  ``elsewhere``: somebody deleted it; else it goes from this machine alone, and can be had
    from the hub."""

    op: DeleteLocal
    path: RelPath
    expect: Stamp
    keep: bool = False
    beneath: tuple[Lying, ...] = ()
    elsewhere: bool = True


Task: TypeAlias = MakeDirTask | WriteTask | MoveTask | DeleteTask


@value
class Done:
    """It was done and is durable.  ``fact`` is what stands at the new path now (None after a delete)."""

    op: LocalOp
    fact: Fact | None


@value
class StaleTask:
    """What was expected is not there: nothing was changed.  ``paths`` want a fresh look."""

    op: LocalOp
    paths: tuple[RelPath, ...]
    reason: str


@value
class Failed:
    """The disk answered with an error; nothing was changed.  ``full`` when it has no room."""

    op: LocalOp
    reason: str
    full: bool = False


Outcome: TypeAlias = Done | StaleTask | Failed


@value
class StageWish:
    """A file to be put together from blocks, beside the tree.  ``bases`` are local files that may hold some of them,
    each with its recipe and the stamp under which that recipe is true."""

    content: Content
    recipe: Recipe
    bases: tuple[tuple[RelPath, Stamp, Recipe], ...] = ()


@value
class Copied:
    """Blocks that follow each other in a local file, from ``offset`` on."""

    offset: int
    blocks: Recipe

    @property
    def size(self) -> int:
        return sum([block.size for block in self.blocks])


@value
class DraftWish:
    """A small file to be made in advance, beside the tree: ``data`` is all of it.  ``like`` is the stamp of the file in
    whose place it may be put (None: it is a new one), which says who may do what with it."""

    content: Content
    data: bytes
    executable: bool
    mtime_ns: int
    like: Stamp | None


@value
class ReadWish:
    """Blocks to be read from the file at ``path`` as long as its stamp is ``expect``: (offset, block) each."""

    path: RelPath
    expect: Stamp
    blocks: tuple[tuple[int, Block], ...]
