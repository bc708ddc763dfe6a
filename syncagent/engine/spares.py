"""Blocks of large files that others are only about to name: they come while they are still being sent to the hub.

They are put aside in the stage, one after the other, as far as this agent has said that it has room for them.  A wish
for a file that begins with them takes them over (``localfs.spare``); what nobody wishes for is dropped after a while.
Nothing is concluded from them, and the hub is asked for whatever is not there.
"""

from __future__ import annotations

from collections.abc import Sequence

from syncagent.engine.effects import DropAhead, Effect, GiveRoom, HoldAhead
from syncagent.engine.events import AheadHeld
from syncagent.model.ids import Digest

ROOM = 32 << 20
"""Bytes that may be on their way here, and not be written yet."""

GIVEN_AT_ONCE = 8 << 20
KEPT_SECONDS = 60.0
"""So long after the last of them they wait for the change that they are for."""


class Spares:
    """What came ahead."""

    def __init__(self) -> None:
        self._agreed = False
        self._given = 0
        self._writing = 0
        self._fresh = False
        self._since: float | None = None

    def link_up(self, *, agreed: bool) -> None:
        self._agreed, self._given = agreed, 0

    def link_down(self) -> None:
        """What was given room will not come; what came stays."""
        self._agreed, self._given = False, 0

    def root_lost(self) -> None:
        """What was put aside is gone with the folder, or is swept away when it is back."""
        self._writing, self._since, self._fresh = 0, None, False

    def came(
        self, blocks: Sequence[tuple[Digest, bytes]], others: Sequence[tuple[Digest, bytes]] | None = None
    ) -> list[Effect]:
        """Blocks came; only the ``others`` of them (None: all) are for nothing that is known."""
        others = blocks if others is None else others
        self._given = max(self._given - sum([len(data) for _, data in blocks]), 0)
        if not self._agreed or not others:
            return []
        self._writing += sum([len(data) for _, data in others])
        self._fresh = True
        return [HoldAhead(tuple(others))]

    def writes(self, size: int) -> None:
        """So many bytes more are being written, of what came ahead."""
        self._writing += size

    def held(self, event: AheadHeld) -> None:
        """They were written; or could not be, and then it is not tried again on this connection."""
        self._writing = max(self._writing - event.size, 0)
        if event.reason:
            self._agreed = False

    def wake_at(self) -> float | None:
        return None if self._since is None else self._since + KEPT_SECONDS

    def advance(self, now: float, *, may_write: bool, unwritten: int = 0) -> list[Effect]:
        """Say that there is room, and drop what has waited in vain.  ``unwritten``: so many bytes that came are kept
        elsewhere until then."""
        effects: list[Effect] = []
        if self._fresh:
            self._fresh, self._since = False, now
        elif self._since is not None and now >= self._since + KEPT_SECONDS:
            self._since = None
            effects.append(DropAhead())
        room = ROOM - self._given - self._writing - unwritten
        if self._agreed and may_write and room >= GIVEN_AT_ONCE:
            self._given += room
            effects.append(GiveRoom(room))
        return effects
