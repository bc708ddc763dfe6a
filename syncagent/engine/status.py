"""What a person is told about how things stand.  ``in_sync`` is never said while anything is open."""

from __future__ import annotations

from enum import Enum
from typing import Final

from syncagent.model.acts import Direction
from syncagent.model.names import RelPath
from syncagent.model.values import value

NOT_YET: Final = "not connected yet"
"""Why there is no connection, before the first attempt at one has ended."""


class State(Enum):
    STARTING = "starting"
    SCANNING = "scanning"
    OFFLINE = "offline"
    CATCHING_UP = "catching up"
    SYNCING = "syncing"
    HELD = "held"
    IDLE = "idle"
    PAUSED = "paused"
    WAITING = "waiting"
    """All is done but what is too large for now, or has no room."""
    HALTED = "halted"


@value
class Asked:
    """A mass of deletes or overwrites that waits for a person's yes or no: how many files of each, and some of them."""

    id: int
    direction: Direction
    deleted: int
    overwritten: int
    since: str
    by: tuple[str, ...]
    by_hub: bool
    paths: tuple[RelPath, ...]

    def in_words(self) -> str:
        """``12 deletes and 3 overwrites, incoming``."""
        counts = [(self.deleted, "delete"), (self.overwritten, "overwrite")]
        words = [f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts if count]
        return f"{' and '.join(words) or 'deletes of folders'}, {self.direction.value}"


def so_many(number: int) -> str:
    """``1 file or folder``, ``2 files and folders``."""
    return f"{number} {'file or folder' if number == 1 else 'files and folders'}"


def ask_in_words(asked: tuple[Asked, ...]) -> str:
    """Why it does not go on before a person has said something."""
    return f"held until you say yes or no (see `syncagent held`): {'; '.join(one.in_words() for one in asked)}"


@value
class Waiting:
    """A node on which this machine and the hub are not at one.  ``out``: it is changed here, else there; ``since`` when
    that is known, by the engine's clock.  ``busy``: it is being carried over.  ``size`` is that of a file."""

    path: RelPath
    out: bool
    busy: bool
    size: int
    since: float | None = None


@value
class Status:
    """``pending`` counts the nodes on which this machine and the hub are not at one.  ``skipped`` are things that are
    not kept the same, ``held`` those that should be and cannot, each with the reason.  ``asked`` is what a person
    has to say yes or no to.  ``proven`` is the number of the last ProofWanted that was answered.  ``uploading`` and
    ``downloading`` are bytes still to go."""

    state: State = State.STARTING
    reason: str = ""
    in_sync: bool = False
    pending: int = 0
    hub_seq: int = 0
    applied_seq: int = 0
    files: int = 0
    proven: int = 0
    uploading: int = 0
    downloading: int = 0
    skipped: tuple[tuple[RelPath, str], ...] = ()
    held: tuple[tuple[RelPath, str], ...] = ()
    unreadable: tuple[tuple[RelPath, str], ...] = ()
    """Those of the skipped that should be kept: what is there now could not be learnt."""
    unacknowledged: int = 0
    """Changes here that the hub has not acknowledged, whether they have been submitted or not."""
    unacknowledged_since: float | None = None
    """Since when the oldest of them is known, by the engine's clock."""
    looking: bool = False
    """Whether something has changed, or may have, of which it is not known yet what is there now."""
    scan: str | None = None
    """Why the whole folder is being looked through, or is about to be; None when it is not."""
    link: str | None = None
    """Why there is no connection to the hub; None when there is one."""
    behind: bool = False
    """Whether the hub has told, or will tell, of more than has been taken in."""
    settled: bool = False
    """Whether nothing is left to be done but what could not be read: then in_sync is only a matter of that."""
    restraint: str = ""
    """Why the machine is spared, as a clause; empty when it is not."""
    most: int | None = None
    """Larger files than this are not carried over because of that; 0: none are."""
    kept_back: tuple[int, int] = (0, 0)
    """How many files wait for that alone, and their bytes."""
    cramped: str = ""
    """Why there is no room for what comes from the hub; empty when there is."""
    asked: tuple[Asked, ...] = ()
    ignored: int = 0
    """Names on this disk that rules leave out; of a folder, the folder alone."""
    excluded: tuple[RelPath, ...] = ()
    """What is excluded on this machine."""
    broken_rules: tuple[tuple[RelPath, str], ...] = ()
    """Lines of rule files that match nothing, though someone meant something by them."""

    @property
    def comes(self) -> bool:
        """Whether anything is to come from the hub."""
        return self.pending > self.unacknowledged or self.downloading > 0
