"""How this process holds the memory that large files pass through.

A block or a frame of some hundred KiB is asked of the allocator, filled, and let go of a moment later, thousands of
times for one file.  glibc gives so much back to the system each time and asks for it anew, and the system fills every
page with zeros first: measured, that takes three times as long as all that is done with the bytes.  So what was let go
of is kept for the next frame, up to a bound, and given back when there was time for it (``give_back``).

Elsewhere than on glibc both calls do nothing.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

KEPT_BYTES: Final = 64 << 20
"""So much that was let go of is kept, at the most, at the end of each heap."""

_ALONE_ABOVE: Final = 32 << 20
"""Only what is longer than that is asked of the system by itself; glibc takes no more than this."""

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3


def keep_freed(library: Any = None) -> bool:
    """Keep what was let go of for what comes next; whether this system could be told so."""
    tell = getattr(library or _system(), "mallopt", None)
    return tell is not None and bool(tell(_TRIM_THRESHOLD, KEPT_BYTES)) and bool(tell(_MMAP_THRESHOLD, _ALONE_ABOVE))


def give_back(library: Any = None) -> bool:
    """Give the system what is kept for nothing; whether there was any.  Takes some milliseconds."""
    trim = getattr(library or _system(), "malloc_trim", None)
    return trim is not None and bool(trim(0))


def _system() -> Any:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):
        return None
