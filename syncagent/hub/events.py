"""What can happen to a connection, and what it can want: the two lists between a session and the hub's shell.

The shell carries effects out in the order in which they are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from syncagent.hub.onward import Onward
from syncagent.hub.rows import Folder, Role, Row
from syncagent.hub.stretch import Ahead
from syncagent.hub.tasks import Answer, Task
from syncagent.model.ids import Seq
from syncagent.protocol.connection import ConnectionRequest


@dataclass(frozen=True, slots=True)
class Now:
    """``mono``: seconds of a clock that only goes forward.  ``wall_ns``: the hour, which is only shown."""

    mono: float
    wall_ns: int


# --- events -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """A whole frame came: a text, or the bytes of a binary one."""

    frame: str | bytes


@dataclass(frozen=True, slots=True)
class Admitted:
    """The answer to Admit: the key is good for this folder.  ``diverged`` when its journal is not (any more) the one
    that the client's cursor belongs to."""

    hub_id: str
    folder: Folder
    role: Role
    run: str = ""
    diverged: bool = False


@dataclass(frozen=True, slots=True)
class Turned:
    """The answer to Admit: it is not let in."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a Do.  What it says was written is durable."""

    number: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Coming:
    """Another connection of the folder has submitted a change, which is only about to be judged, with these blocks; or
    sends blocks, and the change is only to come."""

    ahead: Ahead | Onward


@dataclass(frozen=True, slots=True)
class Grown:
    """The folder's journal goes up to ``head`` now.  To the connection whose submission did it, it comes after the
    Answered of that."""

    head: Seq


@dataclass(frozen=True, slots=True)
class Wanted:
    """Blocks of these files are lost (all of them that are, by now): who has them is to send them."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Another connection of the folder has something to say to this one."""

    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """So much of what was said has left (the sum of the lengths of those frames)."""

    size: int


@dataclass(frozen=True, slots=True)
class Ticked:
    """The time that was asked for with WakeAt has come."""


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A message came that is longer than was agreed; it was not read to its end."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The hub ends the connection: it stops, or the client id was taken by a newer one, or the key was revoked."""

    code: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone."""


Event: TypeAlias = (
    Heard | Admitted | Turned | Answered | Coming | Grown | Wanted | Told | Sent | Ticked | TooLarge | Ended | Lost
)

# --- effects ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """Send this frame; a Sent follows when it has left."""

    frame: str | bytes


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection, after what was said before.  Nothing is heard from then on."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Admit:
    """May this client be let in?  Answered by Admitted or Turned; nothing else is heard before that."""

    request: ConnectionRequest


@dataclass(frozen=True, slots=True)
class Do:
    """Carry out ``task``; answered by Answered."""

    number: int
    task: Task


@dataclass(frozen=True, slots=True)
class Tell:
    """Say this to all others of the folder."""

    text: str


@dataclass(frozen=True, slots=True)
class PassOn:
    """Let all others of the folder know of this pack (Coming)."""

    pack: Onward


@dataclass(frozen=True, slots=True)
class WakeAt:
    """A Ticked is wanted at this time (of ``Now.mono``), in place of the one that was wanted before."""

    time: float


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the audit log: what happened, and the figures of it.  Never a key, never content."""

    what: str
    fields: Mapping[str, str | int] = field(default_factory=dict)


Effect: TypeAlias = Say | Close | Admit | Do | Tell | PassOn | WakeAt | Note
