"""Whether what runs is still what lies on the disk: an upgrade puts another version there, under programs that run.

They go on with what they have loaded.  What they would load only now is of the other version, or does not come at all:
where that makes something fail, a person is told what to do about it, and not that there is a log.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Final

import syncagent


class Program:
    """The files of one that runs, as they were when this was made."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._seen = {path: _seen(path) for path in paths}

    def is_replaced(self) -> bool:
        return any(_seen(path) != seen for path, seen in self._seen.items())


def _seen(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None  # a bundle has most of its modules within others
    return found.st_dev, found.st_ino, found.st_mtime_ns


OURS: Final = Program((sys.executable, str(syncagent.__file__)))


def failure(who: str, program: Program = OURS) -> str:
    """What a person is told when ``who`` could not do something, and nobody foresaw that."""
    if program.is_replaced():
        return f"syncagent was replaced since the {who} started, by an upgrade: stop the {who}, and start it again"
    return f"the {who} failed; see its log"
