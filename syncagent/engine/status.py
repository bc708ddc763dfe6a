"""What a person is told about how things stand.  ``in_sync`` is never said while anything is open."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from syncagent.model.names import RelPath


class State(Enum):
    STARTING = "starting"
    SCANNING = "scanning"
    OFFLINE = "offline"
    CATCHING_UP = "catching up"
    SYNCING = "syncing"
    IDLE = "idle"
    PAUSED = "paused"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Status:
    """``pending`` counts the nodes on which this machine and the hub are not at one.  ``skipped`` are things that are
    not kept the same, ``held`` those that should be and cannot, each with the reason.  ``proven`` is the number of the
    last ProofWanted that was answered.  ``uploading`` and ``downloading`` are bytes still to go."""

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
