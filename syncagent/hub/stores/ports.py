"""What the hub needs of a store.  Fulfilled by ``sqlite`` and ``memory``; ``tests/conformance/test_hub_store.py`` holds
them to it.

All methods are called on one thread.  What is done within ``Store.unit`` stands together, and is durable when it ends
(or when a later one is, if that is enough); or none of it is.  Writing outside of a unit is a mistake.  Every method
may raise StorageFull or StorageTrouble.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from syncagent.hub.rows import Folder, FolderId, Judgement, Role, Row, Rows, Timed, Wanted
from syncagent.hub.runs import Runs
from syncagent.model.ids import ClientId, Digest, Seq
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content
from syncagent.model.values import fixed

SMALL: Final = 64 * 1024
"""Blocks of at most this many bytes are kept with the rows, so that a batch of small files is one durable write."""


def first(blocks: Iterable[tuple[Digest, int]], room: int) -> Iterator[tuple[Digest, int]]:
    """As many of ``blocks`` (digest and size) as ``room`` bytes hold, but at least one."""
    for number, (digest, size) in enumerate(blocks):
        room -= size
        if number and room < 0:
            return
        yield digest, size


@fixed
class Checked:
    """What was found when ``number`` blocks (of ``size`` bytes together) were read; ``last`` is the last of them, in
    the order of digests, None when there are no more."""

    number: int
    size: int
    lost: tuple[Digest, ...]
    last: Digest | None


@fixed
class Key:
    """What is kept of an API key: never the key itself.  ``folders`` empty: all of them."""

    id: str
    salt: bytes
    hash: bytes
    role: Role
    folders: frozenset[str] = frozenset()
    label: str = ""

    def __repr__(self) -> str:
        return f"Key(id={self.id!r}, role={self.role}, folders={sorted(self.folders)!r})"


class Journal(Protocol):
    """Folders, their rows, and the journal of what became of them."""

    @property
    def hub_id(self) -> str:
        """Made once, when the store was."""

    def folders(self) -> list[Folder]: ...

    def make_folder(self, name: str) -> Folder:
        """The folder of that name, made if it is not there (within a unit)."""

    def begin_run(self) -> Runs:
        """Note that a run of the hub begins (within a unit); all runs so far, this one the last."""

    def rows(self, folder: FolderId, wanted: Wanted) -> Rows:
        """What there is of ``wanted``; its blocks are left out."""

    def write(self, folder: FolderId, judgement: Judgement, time_ns: int) -> None:
        """Write the rows and append to the journal (within a unit).  ``judgement`` is of ``rows`` of this unit."""

    def entries(self, folder: FolderId, since: Seq, limit: int) -> list[Timed]:
        """The journal after ``since``, in order, at most ``limit``."""

    def snapshot(self, folder: FolderId, since: Seq, limit: int) -> list[Timed]:
        """The rows whose last change is after ``since``, by its number, at most ``limit``: each as the entry that
        brings it about at once.  Tombstones are left out where ``since`` is 0."""

    def rows_after(self, folder: FolderId, since: Seq, limit: int) -> list[Row]:
        """The rows whose last change is after ``since``, by its number, tombstones too."""

    def living_files(self, folder: FolderId) -> int:
        """How many living files there are.  Known without looking through the rows but once, at the first call."""

    def note_held(self, folder: FolderId, client: ClientId, *, held: bool) -> None:
        """Remember whether changes of ``client`` wait for a person's word (within a unit)."""

    def noted_held(self) -> list[tuple[FolderId, ClientId]]:
        """Whose changes do."""

    def listing(self, folder: FolderId) -> Mapping[RelPath, Content]:
        """All living files."""


class Blocks(Protocol):
    """Bytes named by their digest, known only within a folder."""

    def prepare(self, folder: FolderId, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        """Do the slow part of a ``put`` that follows: on any thread, outside of any unit, or not at all."""

    def sizes(self, folder: FolderId, digests: Collection[Digest]) -> dict[Digest, int]:
        """How long those are that the folder has."""

    def put(self, folder: FolderId, blocks: Sequence[tuple[Digest, bytes]]) -> None:
        """Keep ``blocks`` (within a unit).  One that is there already is not written again (HAZARDS F5)."""

    def read(self, folder: FolderId, digests: Sequence[Digest]) -> list[tuple[Digest, bytes]]:
        """Those that are there, in the order in which they are asked for.  One whose bytes are lost or damaged is not
        there from then on, so that clients are asked for it again (HAZARDS E8)."""

    def check(self, folder: FolderId, after: Digest | None, room: int) -> Checked:
        """Read the blocks that follow ``after``, about ``room`` bytes of them (within a unit).  Those that are lost or
        damaged are not there from then on."""

    def lose(self, folder: FolderId, digests: Collection[Digest]) -> None:
        """These, which are not there, should be: they are among the lost until they are put (within a unit)."""

    def lost(self, folder: FolderId, limit: int) -> list[Digest]:
        """Blocks that were there, or should be, and are not; at most ``limit``."""

    def find_again(self, folder: FolderId, digests: Sequence[Digest]) -> int:
        """Look once more for these of the lost (within a unit); how many are there after all."""

    def strays(self, folder: FolderId, part: int) -> list[str]:
        """What lies beside the store and holds no block that it knows, by name.  It is harmless: a broken upload leaves
        it.  ``part`` is one of 256."""


class Keys(Protocol):
    """The API keys that the hub accepts, as hashes."""

    def all(self) -> list[Key]: ...

    def put(self, key: Key) -> None:
        """Keep ``key``, in place of the one with its id (within a unit)."""

    def remove(self, key_id: str) -> None:
        """Forget it (within a unit)."""


class Store(Protocol):
    @property
    def journal(self) -> Journal: ...

    @property
    def blocks(self) -> Blocks: ...

    @property
    def keys(self) -> Keys: ...

    def unit(self, *, durable: bool = True) -> AbstractContextManager[None]:
        """What is done within is durable at its end, or undone.  Where it is not wanted ``durable``, it is so together
        with the next unit that is: after a crash before that it was never done."""

    def sound(self, most_bytes: int) -> bool | None:
        """Whether the file that holds all this is in order; None when it is longer than that, and was not looked
        at."""

    def rest(self) -> None:
        """Nothing is asked for: let go of what is only kept in memory to be quick.  Nothing fails by it."""

    def close(self) -> None: ...


class FileCalls(Protocol):
    """What block files ask of the system.  Paths are absolute; every call may raise OSError."""

    def make_folder(self, path: str) -> None:
        """Nothing happens when it is there."""

    def list(self, path: str) -> Sequence[str]: ...

    def create(self, path: str) -> int:
        """A new file, or an old one emptied, open for writing."""

    def write(self, file: int, parts: Sequence[bytes | memoryview]) -> int:
        """Write them one behind the other; how many bytes of all were taken."""

    def write_directly(self, file: int, parts: Sequence[bytes | memoryview]) -> int:
        """The same into a file that is still empty, past the system's own memory; 0 where that cannot be, or does not
        pay."""

    def sync(self, file: int) -> None: ...

    def close(self, file: int) -> None: ...

    def rename(self, old: str, new: str) -> None:
        """Over what is there."""

    def remove(self, path: str) -> None: ...

    def sync_folder(self, path: str) -> None:
        """Make the names in it durable."""

    def read(self, path: str, spans: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        """What lies at these places (offset and length); fewer bytes where it ends before."""

    def rest(self) -> None:
        """Nothing is being written: let go of what is only kept to be quick."""
