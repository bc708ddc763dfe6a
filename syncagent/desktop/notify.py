"""How much a person wants to be notified of, and of what.  Pure."""

from __future__ import annotations

from enum import Enum

from syncagent.model.values import fixed


class Level(Enum):
    """``IMPORTANT`` is what needs a person; ``ALL`` also what is good to know."""

    ALL = "all"
    IMPORTANT = "important"
    NONE = "none"


@fixed
class Wishes:
    """``snoozed_until`` is in seconds since 1970; 0 when nothing is snoozed."""

    level: Level = Level.ALL
    snoozed_until: float = 0.0

    def snoozed(self, now: float) -> bool:
        return now < self.snoozed_until


def level_of(text: object) -> Level:
    """What ``text`` says in the settings; all where it says nothing that we know."""
    try:
        return Level(text)
    except ValueError:
        return Level.ALL
