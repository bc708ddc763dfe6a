"""Blocks as they come from the hub, handed on together: an event for each frame would cost more than what is done with
its bytes.  Called by ``dialogue``."""

from __future__ import annotations

from typing import Final

from syncagent.engine.events import BlocksCame, Event
from syncagent.model.changes import Draft
from syncagent.model.ids import Digest
from syncagent.protocol.codec import Pack

GATHERED_BYTES: Final = 2 << 20
"""So much is handed on at once, at the most: what it was asked for, or sent ahead for, is said behind it."""


class Gathering:
    """What has come on one connection and was not handed on."""

    def __init__(self) -> None:
        self._came: list[tuple[Digest, bytes]] = []
        self._ahead: list[tuple[Digest, bytes]] = []
        self._drafts: tuple[Draft, ...] = ()
        self._bytes = 0

    def draft(self, drafts: tuple[Draft, ...]) -> None:
        """This was said of what has come."""
        self._drafts += drafts

    def add(self, pack: Pack) -> list[Event]:
        """Blocks came; what is to be handed on now."""
        (self._ahead if pack.ahead else self._came).extend(pack.blocks)
        self._bytes += len(pack.frame)
        return self.take() if self._bytes >= GATHERED_BYTES else []

    def take(self) -> list[Event]:
        """All that has come since the last time."""
        came, ahead, drafts = tuple(self._came), tuple(self._ahead), self._drafts
        self._came, self._ahead, self._drafts, self._bytes = [], [], (), 0
        here = [BlocksCame(came, drafts=drafts)] if came or drafts else []
        return [*here, *([BlocksCame(ahead, ahead=True)] if ahead else [])]
