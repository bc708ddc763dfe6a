"""Files that are made in the stage while the hub makes their change last: the one small edit that all wait for.

The hub says what a change would make of a file, before it has judged it.  Where that is wanted here as far as one can
tell, the file is made and made durable beside the tree; should the entry come, the task that writes just that takes the
file that is there, and all else is as always.  Nothing else follows from it: no tree, no plan and no message.  Of a
mass of changes nothing is made like this, since each of its files would cost more, and none come sooner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from syncagent.engine.downloads import Downloads
from syncagent.engine.effects import DropDrafts, Effect, MakeDrafts
from syncagent.engine.flight import Flight
from syncagent.model.changes import Draft
from syncagent.model.nodes import File
from syncagent.planner.tasks import DraftWish
from syncagent.trees.canopy import Canopy

MOST: Final = 4
"""So many files are made in advance at a time; what a hub says of more is passed over."""


class Drafting:
    """Its parts are the engine's."""

    def __init__(self, canopy: Canopy, flight: Flight, downloads: Downloads) -> None:
        self._canopy = canopy
        self._flight = flight
        self._downloads = downloads

    def told(self, drafts: Sequence[Draft]) -> list[Effect]:
        """What is worth to be made of what the hub says."""
        if self._flight.tasks:
            return []
        wishes = tuple([wish for draft in drafts[:MOST] if (wish := self._wish(draft)) is not None])
        self._downloads.drafted.update({wish.content.digest: wish.content for wish in wishes})
        return [MakeDrafts(wishes)] if wishes else []

    def _wish(self, draft: Draft) -> DraftWish | None:
        node_id, content = draft.node_id, draft.content
        data = self._downloads.bytes_of(content.digest)
        if data is None or len(data) != content.size or self._canopy.is_diverged(node_id):
            return None  # to whom both sides are not at one a task will mean something else
        here, there, like = self._canopy.local.get(node_id), self._canopy.remote.get(node_id), None
        if here is not None or there is not None:
            like = self._canopy.stamp(node_id)
            if not isinstance(here, File) or here.content == content or not like or node_id in self._flight.held:
                return None
        return DraftWish(content, data, draft.executable, draft.mtime_ns, like)

    def rest(self) -> list[Effect]:
        """All is at one: what was made of bytes that were let go of, since no change has named them, is dropped."""
        drafted = self._downloads.drafted
        gone = tuple([content for digest, content in drafted.items() if self._downloads.bytes_of(digest) is None])
        for content in gone:
            del drafted[content.digest]
        return [DropDrafts(gone)] if gone else []
