"""The exit codes: a promise to scripts, repeated in the README, and what each error becomes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from syncagent.errors import AlreadyRunning, BadConfig, NotAsked, NotRunning, Refused, RootMissing, SyncAgentError


class Exit(IntEnum):
    OK = 0
    ERROR = 1
    USAGE = 2
    TIMEOUT = 3
    NOT_RUNNING = 4
    REFUSED = 5
    ALREADY_RUNNING = 6
    FOLDER_MISSING = 7
    HELD = 8
    INTERRUPTED = 130


MEANING: Final[dict[Exit, str]] = {
    Exit.OK: "done; for `wait`: in sync",
    Exit.ERROR: "something went wrong; stderr says what; for `check`: there are differences; "
    "for `autostart status`: it is off; for `doctor`: there is a problem",
    Exit.USAGE: "a command, an option, a setting or a link is wrong",
    Exit.TIMEOUT: "not in sync in the time that was given; for `check`: all that differs is known to be open",
    Exit.NOT_RUNNING: "no agent, or no hub, is running for this data directory",
    Exit.REFUSED: "the hub refused: key, name, version, or another hub",
    Exit.ALREADY_RUNNING: "another agent has this data directory or this folder",
    Exit.FOLDER_MISSING: "the folder is gone, or is another one than before",
    Exit.HELD: "a mass of deletes or overwrites is held until you say yes or no; with `--dry-run`: it would be",
    Exit.INTERRUPTED: "stopped by Ctrl-C before it was done",
}

_BY_ERROR: Final[tuple[tuple[type[SyncAgentError], Exit], ...]] = (
    (BadConfig, Exit.USAGE),
    (NotAsked, Exit.USAGE),
    (NotRunning, Exit.NOT_RUNNING),
    (Refused, Exit.REFUSED),
    (AlreadyRunning, Exit.ALREADY_RUNNING),
    (RootMissing, Exit.FOLDER_MISSING),
)


_BY_CAUSE: Final = {"config": Exit.USAGE, "folder": Exit.FOLDER_MISSING, "hub": Exit.REFUSED, "held": Exit.HELD}


def stuck(status: Mapping[str, Any]) -> Exit:
    """The code that stands for what an agent waits for a person to mend, as its status has it; OK when it does not."""
    return _BY_CAUSE.get(str(status.get("stuck")), Exit.OK)


def exit_for(error: SyncAgentError) -> Exit:
    """The exit code that an error ends the program with."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), Exit.ERROR)
