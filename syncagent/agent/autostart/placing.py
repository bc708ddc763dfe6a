"""Puts the file of a login item into its place, and takes it away.

What a person has changed is neither replaced nor removed, unless that is asked for: then it is kept beside it, as
``….old``, which no system reads.  Each says in lines what it did.
"""

from __future__ import annotations

import os
from pathlib import Path

from syncagent.agent.autostart.files import remove_file, write_whole
from syncagent.agent.autostart.seal import Hand
from syncagent.errors import AskPerson, SyncAgentError


def put(path: Path, text: str, hand: Hand, *, force: bool) -> list[str]:
    """Write what is to be there, unless it is there already."""
    if hand is Hand.CURRENT:
        return []
    done = _set_aside(path, hand, force=force)
    write_whole(path, text.encode())
    return [*done, f"wrote {path}" if hand is Hand.ABSENT else f"wrote {path} anew"]


def take(path: Path, hand: Hand, *, force: bool, still_starts: bool) -> list[str]:
    """Remove what is ours.  Raises AskPerson when a changed file that is left there would still be started."""
    if hand is Hand.ABSENT:
        return []
    if hand is Hand.CHANGED and not force and not still_starts:
        return [f"left {path} where it is, since it was changed by hand (--force sets it aside)"]
    if done := _set_aside(path, hand, force=force):
        return done
    remove_file(path)
    return [f"removed {path}"]


def check_free(where: str, hand: Hand, *, force: bool) -> None:
    """Raises AskPerson when what is there is a person's."""
    if hand is Hand.CHANGED and not force:
        raise AskPerson(f"{where} was made or changed by hand, and is left as it is; --force sets it aside")


def _set_aside(path: Path, hand: Hand, *, force: bool) -> list[str]:
    if hand is not Hand.CHANGED:
        return []
    check_free(str(path), hand, force=force)
    old = path.with_name(path.name + ".old")
    try:
        os.replace(path, old)
    except OSError as error:
        raise SyncAgentError(f"{path} cannot be renamed: {error.strerror}") from None
    return [f"moved {path}, which was changed by hand, to {old.name}"]
