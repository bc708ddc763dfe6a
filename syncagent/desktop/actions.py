"""What a person can choose in the menu or in a notification.  Pure; ``deeds`` carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from syncagent.desktop.notify import Level


class Place(Enum):
    """A part of the agent's page.  The value is its name there."""

    STATUS = "overview"
    ACTIVITY = "activity"
    CONFLICTS = "conflicts"
    HELD = "held"
    PREFERENCES = "preferences"
    HELP = "help"

    @property
    def command(self) -> str:
        """What says the same in a terminal."""
        return {
            Place.STATUS: "syncagent status",
            Place.ACTIVITY: "syncagent log",
            Place.CONFLICTS: "syncagent status",
            Place.HELD: "syncagent held",
            Place.PREFERENCES: "syncagent --help",
            Place.HELP: "syncagent --help",
        }[self]


class Word(Enum):
    """What a person says of a mass change."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """Show the folder that is kept.  ``root`` is said where there are several."""

    root: str = ""


@dataclass(frozen=True, slots=True)
class ShowFile:
    """Show where the file lies.  ``path`` is within the folder, ``root`` that folder where there are several."""

    path: str
    root: str = ""


@dataclass(frozen=True, slots=True)
class OpenPage:
    """Open the agent's page in the browser."""

    place: Place


@dataclass(frozen=True, slots=True)
class PauseFor:
    """Pause for so many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class PauseUntilTomorrow:
    """Pause until the next morning."""


@dataclass(frozen=True, slots=True)
class PauseUntilResumed:
    """Pause, without an end."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""


@dataclass(frozen=True, slots=True)
class SyncNow:
    """Look through the folder, and connect."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start the agent."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """Show the assistant of the first run."""


@dataclass(frozen=True, slots=True)
class Decide:
    """Say yes or no to a mass change; of ``profile`` where there are several."""

    act: int
    word: Word
    profile: str = ""


@dataclass(frozen=True, slots=True)
class SetLevel:
    """From now on notify of this much."""

    level: Level


@dataclass(frozen=True, slots=True)
class Snooze:
    """No notifications for so many seconds; 0: again from now on."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Help:
    """Show where help is."""


@dataclass(frozen=True, slots=True)
class Quit:
    """End the tray; the agent goes on."""


@dataclass(frozen=True, slots=True)
class StopAndQuit:
    """Stop the agent, and end the tray."""


Action: TypeAlias = (
    OpenFolder
    | ShowFile
    | OpenPage
    | PauseFor
    | PauseUntilTomorrow
    | PauseUntilResumed
    | Resume
    | SyncNow
    | Start
    | SetUp
    | Decide
    | SetLevel
    | Snooze
    | Help
    | Quit
    | StopAndQuit
)
