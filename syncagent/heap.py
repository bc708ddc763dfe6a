"""How this process holds the memory that large files pass through.

A block or a frame of some hundred KiB is asked of the allocator, filled, and let go of a moment later, thousands of
times for one file.  glibc gives so much back to the system each time and asks for it anew, and the system fills every
page with zeros first: measured, that takes three times as long as all that is done with the bytes.  So what was let go
of is kept for the next frame, up to a bound, and given back when there was time for it (``give_back``).

All threads have one heap.  As glibc has it by default each has its own, and what one has let go of at the end of that
is kept for good: measured, 12 MiB in an agent that has loaded 50,000 files.  They seldom allocate at the same time,
since Python lets only one of them run.

Elsewhere than on glibc both calls do nothing.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

KEPT_BYTES: Final = 64 << 20
"""So much that was let go of is kept, at the most, at the end of the heap."""

_ALONE_ABOVE: Final = 32 << 20
"""Only what is longer than that is asked of the system by itself; glibc takes no more than this."""

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8


def keep_freed(library: Any = None) -> bool:
    """Keep what was let go of for what comes next; whether this system could be told so.  Before threads begin."""
    tell = getattr(library or _system(), "mallopt", None)
    bounds = ((_TRIM_THRESHOLD, KEPT_BYTES), (_MMAP_THRESHOLD, _ALONE_ABOVE), (_ARENA_MAX, 1))
    return tell is not None and all(tell(which, bound) for which, bound in bounds)


def give_back(library: Any = None) -> bool:
    """Give the system what is kept for nothing; whether there was any.  Takes some milliseconds."""
    trim = getattr(library or _system(), "malloc_trim", None)
    return trim is not None and bool(trim(0))


def _system() -> Any:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):
        return None
