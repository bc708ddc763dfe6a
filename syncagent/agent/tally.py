"""How a start knows that all it finds is as the last start left it, on the same machine.

Each start has a random token.  It is written in three places: beside the database (here), into the database, and into
the folder's marker.  What was put back to an older state since then (the database, the folder, the data directory), or
is that of another agent, carries another token.  Then what is remembered does not fit what is there: to go by it would
take old content for edits, and what is missing for deleted.  So nothing is remembered: both sides are united (HAZARDS
E4, E5).  All three put back to the same moment fit together: that is a machine that was away since then.

A data directory that was copied is another client: with the same id, the hub could not tell the two apart (E6).
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from syncagent.content.digest import digest_of
from syncagent.model.values import fixed
from syncagent.private import write_private

START: Final = "start"
"""The fact that holds the token in the database."""

NOTE: Final = "starts.json"

_MACHINE_ID: Final = Path("/etc/machine-id")
_log: Final = logging.getLogger(__name__)


class BeginAnew(Exception):
    """What is remembered does not count, and neither does the id of this client: the text says why."""


@fixed
class Place:
    """Where a data directory is: on which machine ("" where that is not known), under which path, and which inode it
    has.  A copy has another path and another inode; one that was moved has its inode still."""

    machine: str
    path: str
    inode: int


@fixed
class _Note:
    place: Place
    tokens: frozenset[str]
    """That of the last start, and that of one that was under way when it ended."""


class Tally:
    """``read`` gives the note ("" when there is none), ``write`` makes it durable."""

    def __init__(
        self,
        place: Place,
        read: Callable[[], str],
        write: Callable[[str], None],
        new_token: Callable[[], str] = lambda: secrets.token_hex(13),
    ) -> None:
        self._place = place
        self._read = read
        self._write = write
        self._new_token = new_token
        self.token = ""
        """That of this start."""

    def objection(self, remembered: str, marked: str) -> str:
        """Why what is remembered does not count; "" when it does.  ``remembered`` is the token in the database,
        ``marked`` that in the folder's marker."""
        note = self._last()
        if note is None:
            # From before there were tokens; or the note is gone, and then anything may have happened.
            return "" if not remembered else "the note of its last start is missing"
        before, here = note.place, self._place
        if before.machine and here.machine and before.machine != here.machine:
            return "its data directory comes from another machine"
        if before.path != here.path and before.inode != here.inode:
            return f"its data directory is a copy of {before.path}"
        if remembered not in note.tokens:
            return "the database was put back to an older state, or is that of another agent"
        if not marked and marked not in note.tokens:
            return "this folder is a new one"
        if marked not in note.tokens:
            return "the folder was put back to an older state"
        return ""

    def begin(self) -> None:
        """A start is under way, with a token of its own."""
        note = self._last()
        self.token = self._new_token()
        self._note(frozenset({self.token, *(note.tokens if note is not None else {""})}))

    def done(self) -> None:
        """The token is in all three places, durably."""
        self._note(frozenset({self.token}))

    def _last(self) -> _Note | None:
        try:
            found = json.loads(self._read())
            place = Place(str(found["machine"]), str(found["path"]), int(found["inode"]))
            return _Note(place, frozenset(map(str, found["tokens"])))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _note(self, tokens: frozenset[str]) -> None:
        here = self._place
        text = {"machine": here.machine, "path": here.path, "inode": here.inode, "tokens": sorted(tokens)}
        self._write(json.dumps(text) + "\n")


def tally_in(data_dir: Path) -> Tally:
    """The tally of the agent of this data directory."""
    note = data_dir / NOTE
    place = Place(this_machine(), str(data_dir), data_dir.stat().st_ino)
    return Tally(place, lambda: note.read_text(encoding="utf-8"), lambda text: write_private(note, text))


def this_machine() -> str:
    """A name for this machine that tells nothing of it; "" when it has none."""
    try:
        found = _MACHINE_ID.read_bytes().strip()
    except OSError:
        return ""
    return digest_of(b"syncagent machine " + found).hex()[:26] if found else ""
