"""How this process holds the memory that large files pass through.

A block or a frame of some hundred KiB is asked of the allocator, filled, and let go of a moment later, thousands of
times for one file.  glibc gives so much back to the system each time and asks for it anew, and the system fills every
page with zeros first: measured, that takes three times as long as all that is done with the bytes.  So what was let go
of is kept for the next frame, up to a bound, and given back when there was time for it (``give_back``).

All threads have one heap.  As glibc has it by default each has its own, and what one has let go of at the end of that
is kept for good: measured, 12 MiB in an agent that has loaded 50,000 files.  They seldom allocate at the same time,
since Python lets only one of them run.

A third of what a process has mapped are programs and libraries, most of which was read once, when they were loaded.
At rest that is unmapped (``let_go_of_code``): it stays in the system's cache, from where it comes back when it is
wanted, a µs or two for each piece; but it does not count as this process's, and the system may use it otherwise.

Elsewhere than on Linux with glibc all of it does nothing.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

KEPT_BYTES: Final = 64 << 20
"""So much that was let go of is kept, at the most, at the end of the heap."""

_ALONE_ABOVE: Final = 32 << 20
"""Only what is longer than that is asked of the system by itself; glibc takes no more than this."""

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
_DONT_NEED: Final = 4


def keep_freed(library: Any = None) -> bool:
    """Keep what was let go of for what comes next; whether this system could be told so.  Before threads begin."""
    tell = getattr(library or _system(), "mallopt", None)
    bounds = ((_TRIM_THRESHOLD, KEPT_BYTES), (_MMAP_THRESHOLD, _ALONE_ABOVE), (_ARENA_MAX, 1))
    return tell is not None and all(tell(which, bound) for which, bound in bounds)


def give_back(library: Any = None) -> bool:
    """Give the system what is kept for nothing; whether there was any.  Takes some milliseconds."""
    trim = getattr(library or _system(), "malloc_trim", None)
    return trim is not None and bool(trim(0))


def let_go_of_code(library: Any = None, maps: Path = Path("/proc/self/smaps")) -> int:
    """Unmap what is only read of programs and libraries, until it is wanted again; how many bytes of them there were.

    Python's lock is kept meanwhile: none of its threads changes what is mapped between the look and the word.
    """
    advise = getattr(library or _system(ctypes.PyDLL), "madvise", None)
    if advise is None:
        return 0
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    size = 0
    for start, length, resident in unchanged(_lines(maps)):
        if advise(start, length, _DONT_NEED) == 0:
            size += resident
    return size


def unchanged(lines: Iterable[str]) -> Iterator[tuple[int, int, int]]:
    """Start, length and bytes in memory of each piece of a file that is mapped to be read or run alone, and holds
    nothing but what the file does: no address was filled in there when it was loaded, no debugger has set a mark."""
    start = end = resident = 0
    fits = False
    for line in lines:
        name, _, rest = line.partition(" ")
        if not name.endswith(":"):
            about = rest.split(None, 4)
            fits = about[0] in ("r--p", "r-xp") and len(about) > 4 and about[4].startswith("/")
            start, end = (int(one, 16) for one in name.split("-"))
        elif fits and name == "Rss:":
            resident = int(rest.split()[0]) * 1024
        elif fits and name == "Anonymous:" and rest.split()[0] == "0" and resident:
            yield start, end - start, resident


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []


def _system(how: Callable[[None], Any] = ctypes.CDLL) -> Any:
    try:
        return how(None)
    except (OSError, TypeError):
        return None
