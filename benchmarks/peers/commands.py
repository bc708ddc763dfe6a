"""Commands that are told when there is something to do: on local paths, without any network."""

from __future__ import annotations

import re
from typing import Final

from benchmarks.peers.base import Peer, first_line, tool


class Rsync(Peer):
    """The yardstick: what it writes is not forced to the disk."""

    name = "rsync"
    program = "rsync"
    runs = False

    @classmethod
    def version(cls) -> str:
        found = re.search(r"version (\S+)", first_line([tool("rsync"), "--version"]))
        return found[1] if found else ""

    def work(self) -> None:
        self.place.family.run([tool("rsync"), "-a", "--delete", *self.options, f"{self.place.a}/", f"{self.place.b}/"])

    options: tuple[str, ...] = ()


class DurableRsync(Rsync):
    """The same, with each file forced to the disk, as we and Syncthing do."""

    name = "rsync-fsync"
    options = ("--fsync",)


class Rclone(Peer):
    """Both ways, with its memory of the last time."""

    name = "rclone"
    program = "rclone"
    runs = False
    met = False

    @classmethod
    def version(cls) -> str:
        return first_line([tool("rclone"), "--version"]).partition(" v")[2]

    def prepare(self) -> None:
        for root in (self.place.a, self.place.b):
            (root / "anchor").touch()  # it refuses to work on folders without any file

    def work(self) -> None:
        first = () if self.met else ("--resync",)
        own = self.place.own
        options = ("--workdir", own / "bisync", "--config", own / "config", "--max-delete", "100", "--force")
        empty = ("--create-empty-src-dirs", "--remove-empty-dirs")
        roots = (self.place.a, self.place.b)
        self.place.family.run([tool("rclone"), "bisync", *roots, *options, *empty, *_QUICK, *first])
        self.met = True


_QUICK: Final = ("--transfers", "8", "--checkers", "8")


class Copy(Peer):
    """``cp -a`` of everything and ``sync``: what the disk allows."""

    name = "cp+sync"
    runs = False
    leaves_out = frozenset({"rename", "delete"})

    @classmethod
    def version(cls) -> str:
        return first_line(["cp", "--version"]).rpartition(" ")[2]

    def work(self) -> None:
        self.place.family.run(["cp", "-a", f"{self.place.a}/.", self.place.b])
        self.place.family.run(["sync"])
