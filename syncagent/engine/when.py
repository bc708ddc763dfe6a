"""When what the hub tells was done, by the hub's own clock: for people's eyes, and decided by nowhere.

It goes beside the entries and not in them: of the last ones of a message alone, so that a journal of a million entries
is heard, and kept, at no cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from syncagent.model.ids import Seq
from syncagent.protocol.envelope import WebSocketMessage

KEPT: Final = 200
LONGEST: Final = 64


class When:
    """Of one message after the other.  ``most`` is of how many entries it is told."""

    def __init__(self, most: int = KEPT) -> None:
        self.most = most
        self.said = ""
        """When the message was sent: a verdict is new."""
        self.done: Mapping[Seq, str] = {}
        """When the entries in it were made, by their numbers."""

    def hear(self, message: WebSocketMessage) -> None:
        """What came is taken for what it should be, and left out where it is not: nobody relies on it."""
        self.said = message.timestamp[:LONGEST]
        changes = message.data.get("changes", [message.data])
        self.done = _times(changes[-self.most :]) if isinstance(changes, list) else {}


def _times(changes: list[Any]) -> dict[Seq, str]:
    found: dict[Seq, str] = {}
    for change in changes:
        if isinstance(change, dict):
            seq, time = change.get("seq"), change.get("server_time")
            if type(seq) is int and type(time) is str and 0 < len(time) <= LONGEST:
                found[Seq(seq)] = time
    return found
