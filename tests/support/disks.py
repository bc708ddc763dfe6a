"""A disk with a scanner and an applier on it, and tasks for them, in few words."""

from __future__ import annotations

import errno
import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path

from syncagent.content.digest import content_of
from syncagent.content.recipe import read_all
from syncagent.localfs.applier import Applier
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.memory_file import MemoryMark
from syncagent.localfs.ports import Abilities, Disk
from syncagent.localfs.scanner import Scanner
from syncagent.localfs.staging import Staging
from syncagent.model.facts import DirSeen, Fact, FileSeen, LinkSeen, LookAt, Stamp
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath, split
from syncagent.model.nodes import Dir, File, Link, Node, Placement
from syncagent.planner.ops import DeleteLocal, MakeLocalDir, MoveLocal, WriteLocal
from syncagent.planner.tasks import (
    DeleteTask,
    Inline,
    InPlace,
    Lying,
    MakeDirTask,
    MoveTask,
    Outcome,
    Source,
    Task,
    WriteTask,
)

MTIME = 1_600_000_000_000_000_000


class Killed(BaseException):
    """The process ends here."""


class NoSyncfs(MemoryDisk):
    """A disk of a system that can make only one file or folder durable at a time."""

    def mark(self) -> MemoryMark:
        return _NoMark(self)


class _NoMark(MemoryMark):
    def sync(self) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


@dataclass
class Bench:
    """``disk`` is any disk; ``memory`` the same when it is one in memory."""

    disk: Disk
    abilities: Abilities
    staging: Staging = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> tuple[RelPath, ...]:
        """A new process; gives what its sweep put back."""
        self.staging = Staging(self.disk, "Laptop")
        return self.staging.sweep([])

    @property
    def scanner(self) -> Scanner:
        return Scanner(self.disk, self.abilities)

    def run(self, *tasks: Task) -> list[Outcome]:
        return Applier(self.disk, self.staging, self.abilities).run(tasks)

    def look(self, path: str, known: Stamp | None = None) -> Fact:
        return self.scanner.look([LookAt(RelPath(path), known)])[0]

    def staged(self) -> list[str]:
        return sorted(name for name, _ in self.disk.list(STAGE))

    # --- tasks; what they expect is what is there now -----------------------------------------------------------

    def node(self, path: str) -> tuple[Node, Stamp]:
        """What stands at ``path`` now, as the engine would know it."""
        at = placed(path)
        match self.look(path):
            case FileSeen(stamp=stamp, content=content, executable=executable, mtime_ns=mtime_ns):
                assert content is not None
                return File(node_id(path), at, content, executable, mtime_ns), stamp
            case LinkSeen(stamp=stamp, target=target):
                return Link(node_id(path), at, target), stamp
            case DirSeen(stamp=stamp):
                return Dir(node_id(path), at), stamp
            case fact:
                raise AssertionError(fact)

    def write(
        self,
        path: str,
        data: bytes,
        *,
        over: bool | None = None,
        source: Source | None = None,
        executable: bool = False,
        mtime_ns: int = MTIME,
    ) -> WriteTask:
        """Write a file: over what is there, if anything (or as ``over`` says)."""
        node = File(node_id(path), placed(path), content_of(data), executable, mtime_ns)
        source = Inline(data) if source is None else source
        if over is False or (over is None and not self.there(path)):
            return WriteTask(WriteLocal(node, None), RelPath(path), None, source)
        expect, stamp = self.node(path)
        assert not isinstance(expect, Dir)
        return WriteTask(WriteLocal(node, expect), RelPath(path), stamp, source)

    def write_link(self, path: str, target: str) -> WriteTask:
        node = Link(node_id(path), placed(path), target)
        if not self.there(path):
            return WriteTask(WriteLocal(node, None), RelPath(path), None, InPlace())
        expect, stamp = self.node(path)
        assert not isinstance(expect, Dir)
        return WriteTask(WriteLocal(node, expect), RelPath(path), stamp, InPlace())

    def make_dir(self, path: str) -> MakeDirTask:
        return MakeDirTask(MakeLocalDir(Dir(node_id(path), placed(path))), RelPath(path))

    def move(self, path: str, to: str) -> MoveTask:
        node, stamp = self.node(path)
        return MoveTask(MoveLocal(node, placed(to)), RelPath(path), RelPath(to), stamp)

    def delete(self, path: str) -> DeleteTask:
        node, stamp = self.node(path)
        return DeleteTask(DeleteLocal(node), RelPath(path), stamp)

    def delete_whole(self, path: str) -> DeleteTask:
        """Delete a folder with all that is in it."""
        node, stamp = self.node(path)
        lying = self.lying(path)
        return DeleteTask(
            DeleteLocal(node, tuple(node_id(f"{path}/{one.path}") for one in lying)),
            RelPath(path),
            stamp,
            beneath=lying,
        )

    def lying(self, path: str) -> tuple[Lying, ...]:
        """What lies beneath a folder: a folder before what it holds."""
        found: list[Lying] = []
        for fact in (fact for batch in self.scanner.walk(RelPath(path)) for fact in batch):
            if isinstance(fact, DirSeen | FileSeen | LinkSeen) and fact.path != path:
                inner = RelPath(fact.path.removeprefix(f"{path}/"))
                found.append(Lying(inner, fact.stamp, isinstance(fact, DirSeen)))
        return tuple(sorted(found))

    def there(self, path: str) -> bool:
        try:
            self.disk.stat(RelPath(path))
        except OSError:
            return False
        return True


def memory_bench(disk: MemoryDisk | None = None) -> tuple[MemoryDisk, Bench]:
    disk = MemoryDisk() if disk is None else disk
    bench = Bench(disk, disk.abilities)
    disk.settle_all()
    return disk, bench


def node_id(path: str) -> NodeId:
    return NodeId(path.replace("/", "-"))


def placed(path: str) -> Placement:
    parent, name = split(RelPath(path))
    return Placement(node_id(parent) if parent else ROOT, Name(name))


def big(size: int, seed: int = 1) -> bytes:
    """Bytes that cut into blocks."""
    return b"".join(content_of(b"%d.%d" % (seed, number)).digest for number in range(size // 32 + 1))[:size]


def recipe_of(data: bytes) -> tuple[object, ...]:
    return read_all([data])[1]


def has_leases(folder: Path) -> bool:
    """Whether the system tells, for files in ``folder``, who has them open for writing."""
    path = folder / "has leases"
    path.touch()
    try:
        with path.open("rb") as file:
            fcntl.fcntl(file, getattr(fcntl, "F_SETLEASE", -1), fcntl.F_RDLCK)
            fcntl.fcntl(file, getattr(fcntl, "F_SETLEASE", -1), fcntl.F_UNLCK)
    except OSError:
        return False
    finally:
        path.unlink()
    return True
