"""Which small blocks one client is sent unasked, with the change that names them.

None twice; and none while the client reads a folder for the first time, so that it may well have, too, what others
send.  What it has not it asks for.  It says when it begins to read and when it knows all that it has, by questions that
ask about nothing; without that word, what it asks about what it is about to send says so for a while.  Called by
``member``; pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
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

    def asked(self, digests: Collection[Digest], *, claim: bool, now: float) -> None:
        """It has asked what is missing of these; ``claim``: it is about to send it."""
        if not digests:
            self._reads_until = inf if claim else -inf
        elif claim:
            self._reads_until = max(self._reads_until, now + READS_SECONDS)

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
