"""Room on the hub's disk: new content that would take what is to stay free is refused, and all else goes on.

A hub whose disk is full to the last byte cannot write its journal either, not even deletes that would give room to
others.  So it stops taking content before that: each change that brings some is refused by itself, with a code that
clients know as passing, and they hold it until there is room.
"""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path
from typing import Final

from syncagent.model.values import fixed
from syncagent.reserve import Reserve, bytes_or_share, in_words, kept_of

_LOG: Final = logging.getLogger("syncagent.hub")


@fixed
class Standing:
    """The hub's disk: all its bytes, those that are free, and those that are to stay so."""

    whole: int
    free: int
    kept: int

    @property
    def short(self) -> bool:
        return self.free <= self.kept

    def in_words(self) -> str:
        return in_words(self.free, self.kept)


class HubRoom:
    """The room in ``directory``; may be asked from any thread."""

    def __init__(self, directory: Path, min_free: str) -> None:
        self._directory = directory
        self._kept = bytes_or_share(min_free)
        self._reserve = Reserve(self._usage, time.monotonic_ns, self._kept, "the hub's disk")
        self._told = False

    def refuses(self, size: int) -> str:
        """Why there is no room for so many bytes of new content; "" when there is.  What changes is logged, once."""
        why = self._reserve.refusal(size)
        if bool(why) != self._told:
            self._told = bool(why)
            if why:
                _LOG.warning("%s: new content is refused until there is room, and all else goes on", why)
            else:
                _LOG.info("there is room for new content again")
        return why

    def standing(self) -> Standing:
        """Raises OSError."""
        whole, free = self._usage()
        return Standing(whole, free, kept_of(self._kept, whole))

    def _usage(self) -> tuple[int, int]:
        usage = shutil.disk_usage(self._directory)
        return usage.total, usage.free
