"""Hears at once that a file was written or replaced, where the system tells: inotify, on Linux.

What tells is only when to look: whoever is told looks at the files, as it does now and then without a word.  Nothing is
told while a file is being written, or when it goes: there are editors that move a file away before they write it anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path


@contextlib.contextmanager
def noticing(files: Collection[Path], changed: Callable[[], None]) -> Iterator[bool]:
    """Call ``changed`` in the running loop when one of ``files`` was written or replaced, while the block runs; gives
    whether that is told of all of them.  A file need not be there; the folder that it would be in has to be."""
    if sys.platform == "linux":
        from syncagent.localfs.inotify import Inotify  # noqa: PLC0415 - no other system has it
        from syncagent.localfs.lookout import IN_CLOSE_WRITE, IN_MOVED_TO  # noqa: PLC0415 - as above

        # What a link leads to is written elsewhere than the link.
        places = {place for file in files for place in (os.path.abspath(file), os.path.realpath(file))}
        names = {os.fsencode(os.path.basename(place)) for place in places}
        with contextlib.ExitStack() as stack:
            told = False
            with contextlib.suppress(OSError, NotImplementedError):  # none left, no such folder, a loop that has none
                kernel = Inotify()
                stack.callback(kernel.close)
                for folder in {os.path.dirname(place) for place in places}:
                    kernel.add(folder, IN_CLOSE_WRITE | IN_MOVED_TO)

                def read() -> None:
                    if any(name in names for _, _, _, name in kernel.read(0.0)):
                        changed()

                loop = asyncio.get_running_loop()
                loop.add_reader(kernel.fileno(), read)
                stack.callback(loop.remove_reader, kernel.fileno())
                told = True
            yield told
    else:
        yield False
