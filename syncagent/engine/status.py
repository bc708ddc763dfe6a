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
