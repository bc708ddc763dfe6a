"""What a person can choose in the menu or in a notification.  Pure; ``deeds`` carries it out."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from syncagent.desktop.notify import Level
from syncagent.model.values import fixed


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


@fixed
class OpenFolder:
    """Show the folder that is kept.  ``root`` is said where there are several."""

    root: str = ""


@fixed
class ShowFile:
    """Show where the file lies.  ``path`` is within the folder, ``root`` that folder where there are several."""

    path: str
    root: str = ""


@fixed
class OpenPage:
    """Open the agent's page in the browser."""

    place: Place


@fixed
class PauseFor:
    """Pause for so many seconds."""

    seconds: int


@fixed
class PauseUntilTomorrow:
    """Pause until the next morning."""


@fixed
class PauseUntilResumed:
    """Pause, without an end."""


@fixed
class Resume:
    """Go on after a pause."""


@fixed
class SyncNow:
    """Look through the folder, and connect."""


@fixed
class Start:
    """Start the agent."""


@fixed
class SetUp:
    """Show the assistant of the first run."""


@fixed
class Decide:
    """Say yes or no to a mass change; of ``profile`` where there are several."""

    act: int
    word: Word
    profile: str = ""


@fixed
class SetLevel:
    """From now on notify of this much."""

    level: Level


@fixed
class Snooze:
    """No notifications for so many seconds; 0: again from now on."""

    seconds: int


@fixed
class Help:
    """Show where help is."""


@fixed
class Quit:
    """End the tray; the agent goes on."""


@fixed
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
