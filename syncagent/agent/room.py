"""Whether there is room for what comes from the hub: looked at by the clock, and when something did not fit.

What is kept free is left to others (``min_free``).  That no file takes it is seen to where files are written
(``localfs.reserve``); here it is found out that nothing more should be asked for, and when that is over.  Looking at a
disk may block, and is done in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.workers import Lane, done_in
from syncagent.engine.events import Cramped
from syncagent.reserve import bytes_or_share, in_words, kept_of

LOOK_SECONDS: Final = 5.0

MARGIN: Final = 16 << 20
"""Less than this above what is kept free (or an eighth of that, where it is little) is no room: small files that come
would each find it out anew."""

Usage = Callable[[Path], tuple[int, int]]


def usage_of(folder: Path) -> tuple[int, int]:
    """The bytes of the disk, and those that are free.  Raises OSError."""
    usage = shutil.disk_usage(folder)
    return usage.total, usage.free


class Room:
    """``tell`` is called in the event loop, with each change.  ``give`` makes room on the disk of the folder, blocking,
    where it can; whether it has."""

    def __init__(
        self,
        config: AgentConfig,
        tell: Callable[[Cramped], None],
        give: Callable[[], bool],
        usage: Usage | None = usage_of,
    ) -> None:
        self._config = config
        self._tell = tell
        self._give = give
        self._usage = usage
        self._cramped = False
        self._anew = False
        """Whether what waits for its turn since it did not fit may fit now."""
        self._look_now = asyncio.Event()

    def go_by(self, config: AgentConfig) -> None:
        """From now on so much is kept free as ``config`` says."""
        self._anew = self._anew or config.min_free != self._config.min_free
        self._config = config
        self._look_now.set()

    def refused(self) -> None:
        """Something did not fit."""
        self._look_now.set()

    async def watch(self, lane: Lane, comes: Callable[[], bool]) -> None:
        """For ever.  ``comes`` says whether anything is to come: where nothing is, no disk is looked at."""
        while True:
            if self._usage is None:
                await asyncio.Event().wait()
            if self._cramped or self._look_now.is_set() or comes():
                self._look_now.clear()
                reason = await done_in(lane, self._reason)
                if bool(reason) != self._cramped or self._anew:
                    self._cramped, self._anew = bool(reason), False
                    self._tell(Cramped(reason))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look_now.wait()

    def _reason(self) -> str:
        """Why nothing may come; "": there is room.  Blocks."""
        while reason := self._found("the folder", self._config.sync_root):
            if not self._give():
                return reason
        return self._found("the agent's own files", self._config.data_dir)

    def _found(self, what: str, folder: Path) -> str:
        assert self._usage is not None
        try:
            whole, free = self._usage(folder)
        except OSError:
            return ""  # it is gone, or nobody can say: that is told elsewhere
        wanted = kept_of(bytes_or_share(self._config.min_free), whole)
        margin = min(MARGIN, wanted // 8)
        # It is over when there is a little more room than it began with, or it would begin anew with the next file.
        if wanted and free - wanted < margin * (2 if self._cramped else 1):
            return f"the disk of {what} has no room: {in_words(free, wanted)}"
        return ""
