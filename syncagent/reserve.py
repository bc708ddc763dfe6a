"""Room on a disk that is left to others: content that comes to an agent, or to a hub, takes none of it.

Asked before anything is written, so that a file which does not fit is not even begun; deletes, renames and what belongs
to a file beside its content need next to nothing, and are never asked about.  One for each disk, for all threads.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from typing import Final

_GOOD_FOR_NS: Final = 1_000_000_000
"""So long what was found free is believed, less what was written of it: to ask the system for each of ten thousand
small files would cost as much as some of them."""


class NoRoom(OSError):
    """What is to be written would take what is kept free; ``lacking`` are the bytes by which it is too much."""

    def __init__(self, words: str, lacking: int) -> None:
        super().__init__(errno.ENOSPC, words)
        self.lacking = lacking


class Reserve:
    """``room`` gives the bytes of the disk and those that are free; None where nobody can say.  ``kept`` free are so
    many bytes, or a share of the disk; ``what`` is the disk, in words."""

    def __init__(
        self,
        room: Callable[[], tuple[int, int]] | None = None,
        now_ns: Callable[[], int] = lambda: 0,
        kept: tuple[int | None, float | None] = (None, None),
        what: str = "the disk of the folder",
    ) -> None:
        self._what = what
        self._room = room
        self._now_ns = now_ns
        self._kept = kept
        self._left = 0
        self._found_at = -_GOOD_FOR_NS
        self.refused: Callable[[], None] = lambda: None
        """Called when something did not fit."""

    def keep(self, kept: tuple[int | None, float | None]) -> None:
        """From now on so much is kept free."""
        self._kept, self._found_at = kept, -_GOOD_FOR_NS

    def demand(self, size: int, *, will_be: int = 0) -> None:
        """So many bytes are about to be written; ``will_be``: so many more that others have been promised.  Raises
        NoRoom when that is too much."""
        if self._room is None or self._kept in ((None, None), (0, None), (None, 0.0)):
            return
        now = self._now_ns()
        wanted = size + will_be
        if will_be or wanted > self._left or not 0 <= now - self._found_at < _GOOD_FOR_NS:
            whole, free = self._room()
            self._left, self._found_at = free - kept_of(self._kept, whole), now
            if wanted > self._left:
                self.refused()
                kept = kept_of(self._kept, whole)
                needs = f"it needs {_bytes(size)}; " if size > kept else ""
                raise NoRoom(f"no room on {self._what}: {needs}{in_words(free, kept)}", wanted - self._left)
        self._left -= size

    def refusal(self, size: int) -> str:
        """Why so many bytes are too much, of which nobody has begun to write any; "" when they are not."""
        try:
            self.demand(size)
        except NoRoom as no:
            return no.strerror or "no room"
        return ""


def kept_of(kept: tuple[int | None, float | None], whole: int) -> int:
    """The bytes that are kept free of a disk of so many."""
    most, share = kept
    return most if most is not None else int(whole * (share or 0.0))


def in_words(free: int, kept: int) -> str:
    """``1.2 GB are free, and 1.5 GB are to stay so (min_free)``."""
    return f"{_bytes(free)} are free, and {_bytes(kept)} are to stay so (min_free)"


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


_SIZES: Final = {
    "": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40,
}  # fmt: skip


def bytes_or_share(text: str) -> tuple[int | None, float | None]:
    """``(5_000_000_000, None)`` for ``5GB``, ``(None, 0.1)`` for ``10%``.  Raises ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:(%)|([kmgt]i?)?b?)", text, re.IGNORECASE)
    if not found or (found[2] and float(found[1]) > 100):
        raise ValueError("must be bytes such as 5GB, or a part of the disk such as 10%")
    if found[2]:
        return None, float(found[1]) / 100
    return round(float(found[1]) * _SIZES[(found[3] or "").lower()]), None
