"""Which small blocks one client is sent unasked, with the change that names them.

None twice; and none while the client asks what is missing of what it is about to send: it reads a folder for the first
time, so what others send it may well have, too.  What it has not it asks for.  Called by ``member``; pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Final

from syncagent.hub.stretch import Stretch
from syncagent.model.ids import Digest

READS_SECONDS: Final = 5.0
"""So long after such a question nothing is pushed."""

_AHEAD_MOST: Final = 256


class Pushes:
    """Those to one client.  ``agreed``: whether there are any."""

    def __init__(self, *, agreed: bool) -> None:
        self._agreed = agreed
        self._reads_until = -inf
        self._ahead: dict[Digest, None] = {}
        """Blocks that it has got ahead of their entries."""

    def reads(self, now: float) -> None:
        """It reads what it may have in common with others."""
        self._reads_until = now + READS_SECONDS

    def may_go(self, now: float) -> bool:
        """Whether blocks may go ahead of their entry."""
        return self._agreed and now >= self._reads_until

    def went(self, digests: Iterable[Digest]) -> None:
        """These have gone ahead."""
        self._ahead.update(dict.fromkeys(digests))
        while len(self._ahead) > _AHEAD_MOST:  # of those that came to nothing
            del self._ahead[next(iter(self._ahead))]

    def go_with(self, stretch: Stretch, now: float) -> bool:
        """Whether the blocks of ``stretch`` go with it, which is said now."""
        has_them = all(digest in self._ahead for digest in stretch.digests)
        for digest in stretch.digests:
            self._ahead.pop(digest, None)
        return self.may_go(now) and not has_them
