"""Is it an edit, or damage?  What a file holds is not what it held when it was last read.

Nobody can write into a file without its ctime moving on, and few things write without its mtime doing so.  What a disk
makes of a file when the power goes shows neither: the name, the size and the times of the last write may be durable
when its bytes are not (they read as zeros, or as less), or file and times may both be those of an earlier moment.

Pure; shared by the agent's looks and by whoever else compares a disk with what is known of it.
"""

from __future__ import annotations

from syncagent.model.facts import FileSeen, Stamp, is_kept_as, unpack
from syncagent.model.nodes import Content, File


def changed_silently(known: Stamp | None, content: Content, seen: FileSeen) -> bool:
    """Whether the bytes are others than ``content``, which they were when ``lstat`` said ``known``, and it says so
    still: then nothing has written them, and the disk has lost them (HAZARDS E15)."""
    return seen.content is not None and seen.content != content and bool(known) and seen.stamp == known


def lost_with_power(known: Stamp | None, file: File, seen: FileSeen, booted_ns: int | None) -> bool:
    """Whether the bytes are others than those of ``file``, by what the machine's stop may have done to them: its mtime
    is as it was, or its ctime is not newer (HAZARDS B6).  Only asked of files that were written shortly before a stop.

    Whatever has a ctime from after the machine's start at ``booted_ns`` was touched since, and not by the stop.

    A file that was written anew after we last looked, and damaged then, has times of its own: it cannot be told from an
    edit.
    """
    if seen.content is None or seen.content == file.content:
        return False
    before, now = unpack(known or Stamp(b"")), unpack(seen.stamp)
    went_back = before is not None and now is not None and now.ctime_ns <= before.ctime_ns
    touched = now is not None and booted_ns is not None and now.ctime_ns >= booted_ns
    return went_back or (is_kept_as(file.mtime_ns, seen.mtime_ns) and not touched)


def written_since(moment_ns: int, mtime_ns: int, known: Stamp | None) -> bool:
    """Whether something was written at ``moment_ns`` or later, by its mtime or its ctime."""
    figures = unpack(known or Stamp(b""))
    return max(mtime_ns, figures.mtime_ns, figures.ctime_ns) >= moment_ns if figures else mtime_ns >= moment_ns
