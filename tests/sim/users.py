"""What users of the simulated world do.  Each act is made of a number of its own: it finds the same place to act in
whenever the disk is the same, whatever else is left out of the script.

Every content that a user writes is unique, and every act tells which content it displaced; the oracle lives by that.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.memory_systems import nfc, nfd
from syncagent.model.names import RelPath
from syncagent.rules.layers import RULE_FILE

if TYPE_CHECKING:
    from tests.sim.agent import Agent
    from tests.sim.world import World

NAMES = ["a", "b", "c", "d", "e.txt"]
ODD_NAMES = ["A", "B", "é", "e\u0301", "E.TXT", "con", "x.", "p?q", "ß", "SS"]

BUILDING = ("write", "write", "mkdir", "link", "rewrite", "touch")
"""Acts that let nothing go but what is overwritten in its place."""
ALL = (
    "write",
    "write",
    "write",
    "mkdir",
    "move",
    "move",
    "delete",
    "link",
    "rewrite",
    "touch",
    "chmod",
    "save",
    "swap",
)

RULES = ("rule", "rule", "rule", "unrule", "exclude", "include")
"""Acts that leave something out, or not any more."""

PATTERNS = ["a", "/b", "c/", "*.txt", "d/*", "!a", "!e.txt", "**/b", "/a/b", "[ab]", "?", "!*/", "*"]

Tree = dict[str, bytes | str | None]


class Act:
    """One act of one user, made once."""

    def __init__(self, world: World, agent: Agent, kind: str, number: int) -> None:
        self._world = world
        self._agent = agent
        self._kind = kind
        self._rng = Random(f"{world.seed}/act/{number}")
        self._number = number
        self._contents = 0

    def run(self) -> None:
        """Do it, if it can be done; the watcher hears of it."""
        disk = self._agent.disk
        if not disk.root_there:
            return
        # Whoever moves or touches a file that the power has torn vouches for what it holds now: nobody does, here.
        torn = self._world.torn
        tree = {path: what for path, what in disk.user.tree().items() if path and what not in torn}
        free, disk.free = disk.free, None  # users find room
        try:
            touched = getattr(self, f"_{self._kind}")(disk, tree)
        except OSError:
            return
        finally:
            disk.free = free
        if not tree.keys() <= disk.user.tree().keys():
            # Also by a write, where a file is replaced under a name that the disk takes for the one that it had.
            self._world.removals += 1
        if touched:
            self._world.acted[self._kind] += 1
            self._world.hint(self._agent, touched)

    def _content(self) -> bytes:
        self._contents += 1
        data = f"{self._agent.name}-{self._number}-{self._contents}-{self._rng.getrandbits(64):x}".encode()
        if self._rng.random() < 0.03:
            data *= 4000  # several blocks
        return self._world.will_write(data)

    def _write(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        return self._put(disk, tree, self._path(disk, tree, fresh=0.4), replace=self._rng.random() < 0.4)

    def _rewrite(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        """The same number of bytes, under the mtime that the file had (A7).  On a disk with a coarse clock that is not
        noticed in the same tick as a write of ours (a race that ``localfs.writing`` names); where the power went
        shortly before, it is taken for what the power left of the file, and put aside (``trees.damage``)."""
        if disk.abilities.window_ns or self._agent.boots > 1:
            return []
        files = [path for path, what in tree.items() if isinstance(what, bytes)]
        if not files:
            return []
        path = self._rng.choice(files)
        old = tree[path]
        assert isinstance(old, bytes)
        mtime_ns = disk.find(RelPath(path)).mtime_ns
        data = self._world.will_write(self._content().ljust(len(old), b".")[: max(len(old), 40)])
        self._displaced(disk.user.write(path, data, mtime_ns=mtime_ns), data)
        return [path]

    def _save(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        """As editors do: a new file beside it, which is renamed over it (A10)."""
        files = [path for path, what in tree.items() if isinstance(what, bytes)]
        if not files:
            return []
        path = self._rng.choice(files)
        data = self._content()
        disk.user.write(f"{path}.tmp", data)
        self._world.removals += 1
        self._displaced(disk.user.move(f"{path}.tmp", path), data)
        return [f"{path}.tmp", path]

    def _put(self, disk: MemoryDisk, tree: Tree, path: str, *, replace: bool) -> list[str]:
        if tree.get(path, b"") is None:
            return []
        with suppress(OSError):
            self._world.removals += disk.find(RelPath(path)).is_link  # it goes
        data = self._content()
        self._displaced(disk.user.write(path, data, replace=replace), data)
        return [path]

    def _displaced(self, old: bytes | None, new: bytes) -> None:
        self._world.wrote(new, self._agent.name)
        if old is not None and old != new:
            self._world.overwrote(old, new)

    def _mkdir(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        path = self._path(disk, tree, fresh=1)
        disk.user.mkdir(path)
        return [path]

    def _link(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        path = self._path(disk, tree, fresh=1)
        disk.user.symlink(self._rng.choice(["x", "../y", "/z"]), path)
        return [path]

    def _touch(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        return self._adjust(disk, tree, "touch")

    def _chmod(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        return self._adjust(disk, tree, "chmod")

    def _adjust(self, disk: MemoryDisk, tree: Tree, how: str) -> list[str]:
        files = [path for path, what in tree.items() if isinstance(what, bytes)]
        if not files:
            return []
        path = self._rng.choice(files)
        if how == "touch":
            disk.user.touch(path, self._rng.choice([0, 1_600_000_000_123_456_789, self._agent.clock_ns()]))
        else:
            disk.user.chmod(path, self._rng.choice([0o644, 0o755]))
        self._world.moved([what for at, what in tree.items() if at == path and isinstance(what, bytes)])
        return [path]

    def _move(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        if not tree:
            return []
        return self._rename(disk, tree, self._rng.choice(sorted(tree)), self._path(disk, tree, fresh=0.8))

    def _swap(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        """Two change names, by way of a third (A11)."""
        if len(tree) < 2:
            return []
        one, other = self._rng.sample(sorted(tree), 2)
        if one.startswith(other + "/") or other.startswith(one + "/"):
            return []
        return [
            *self._rename(disk, tree, one, "swapping"),
            *self._rename(disk, tree, other, one),
            *self._rename(disk, {**tree, "swapping": tree[one]}, "swapping", other),
        ]

    def _rename(self, disk: MemoryDisk, tree: Tree, old: str, new: str) -> list[str]:
        moved = [
            what for at, what in tree.items() if isinstance(what, bytes) and (at == old or at.startswith(old + "/"))
        ]
        displaced = disk.user.move(old, new)
        self._world.removals += 1
        self._world.moved(moved)
        if displaced is not None:
            self._world.let_go([displaced])
        return [old, new]

    def _delete(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        if not tree:
            return []
        path = self._rng.choice(sorted(tree))
        self._world.removals += 1
        self._world.let_go(disk.user.delete(path).values())
        return [path]

    def _rule(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        """Rules in some folder, in place of those that are there."""
        folder = self._rng.choice(["", "", *sorted(path for path, what in tree.items() if what is None)])
        path = f"{folder}/{RULE_FILE}" if folder else RULE_FILE
        if tree.get(path, b"") is None:
            return []
        lines = self._rng.sample(PATTERNS, self._rng.randint(1, 3))
        data = "".join(f"{line}\n" for line in [*lines, f"# {self._agent.name} {self._number}"]).encode()
        self._displaced(disk.user.write(path, data), data)
        return [path]

    def _unrule(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        """Rules that leave nothing out, in place of some."""
        files = [path for path in sorted(tree) if path.rpartition("/")[2] == RULE_FILE and tree[path] is not None]
        if not files:
            return []
        path = self._rng.choice(files)
        data = f"# nothing {self._agent.name} {self._number}\n".encode()
        self._displaced(disk.user.write(path, data), data)
        return [path]

    def _exclude(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        path = self._path(disk, tree, fresh=0.2)
        self._world.say(self._agent, path, exclude=True)
        return [path]

    def _include(self, disk: MemoryDisk, tree: Tree) -> list[str]:
        excluded = self._world.excluded(self._agent)
        if not excluded:
            return []
        path = self._rng.choice(excluded)
        self._world.say(self._agent, path, exclude=False)
        return [path]

    def _path(self, disk: MemoryDisk, tree: Tree, fresh: float) -> str:
        if tree and self._rng.random() >= fresh:
            return self._rng.choice(sorted(tree))
        folder = self._rng.choice(["", *sorted(path for path, what in tree.items() if what is None)])
        names = NAMES + ODD_NAMES if self._world.odd_names else NAMES
        name = self._rng.choice(names)
        if disk.key(nfc(name)) != disk.key(nfd(name)):
            name = nfc(name)  # two files whose names are the same in NFC: one of them is skipped (C4, by unit tests)
        return f"{folder}/{name}" if folder else name
