"""What can happen to a connection, and what it can want: the two lists between a session and the hub's shell.

The shell carries effects out in the order in which they are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from syncagent.hub.onward import Onward, Outline
from syncagent.hub.rows import Folder, Role, Row
from syncagent.hub.stretch import Ahead
from syncagent.hub.tasks import Answer, Task
from syncagent.model.ids import Seq
from syncagent.model.values import value
from syncagent.protocol.connection import ConnectionRequest


@value
class Now:
    """``mono``: seconds of a clock that only goes forward.  ``wall_ns``: the hour, which is only shown."""

    mono: float
    wall_ns: int


# --- events -----------------------------------------------------------------------------------------------------


@value
class Heard:
    """A whole frame came: a text, or the bytes of a binary one."""

    frame: str | bytes


@value
class Admitted:
    """The answer to Admit: the key is good for this folder.  ``diverged`` when its journal is not (any more) the one
    that the client's cursor belongs to."""

    hub_id: str
    folder: Folder
    role: Role
    run: str = ""
    diverged: bool = False


@value
class Turned:
    """The answer to Admit: it is not let in."""

    code: str
    message: str


@value
class Answered:
    """The answer to a Do.  What it says was written is durable."""

    number: int
    answer: Answer


@value
class Coming:
    """Another connection of the folder has submitted a change, which is only about to be judged, with these blocks; or
    sends blocks, or says how a large file begins, and the change is only to come."""

    ahead: Ahead | Onward | Outline


@value
class Grown:
    """The folder's journal goes up to ``head`` now.  To the connection whose submission did it, it comes after the
    Answered of that."""

    head: Seq


@value
class Wanted:
    """Blocks of these files are lost (all of them that are, by now): who has them is to send them."""

    rows: tuple[Row, ...]


@value
class Told:
    """Another connection of the folder has something to say to this one."""

    text: str


@value
class Sent:
    """So much of what was said has left (the sum of the lengths of those frames)."""

    size: int


@value
class Ticked:
    """The time that was asked for with WakeAt has come."""


@value
class TooLarge:
    """A message came that is longer than was agreed; it was not read to its end."""


@value
class Ended:
    """The hub ends the connection: it stops, or the client id was taken by a newer one, or the key was revoked."""

    code: str


@value
class Lost:
    """The connection is gone."""


Event: TypeAlias = (
    Heard | Admitted | Turned | Answered | Coming | Grown | Wanted | Told | Sent | Ticked | TooLarge | Ended | Lost
)

# --- effects ----------------------------------------------------------------------------------------------------


@value
class Say:
    """Send this frame; a Sent follows when it has left."""

    frame: str | bytes


@value
class Close:
    """Close the connection, after what was said before.  Nothing is heard from then on."""

    code: int
    reason: str


@value
class Admit:
    """May this client be let in?  Answered by Admitted or Turned; nothing else is heard before that."""

    request: ConnectionRequest


@value
class Do:
    """Carry out ``task``; answered by Answered."""

    number: int
    task: Task


@value
class Tell:
    """Say this to all others of the folder."""

    text: str


@value
class PassOn:
    """Let all others of the folder know of this pack, or outline (Coming)."""

    pack: Onward | Outline


@value
class WakeAt:
    """A Ticked is wanted at this time (of ``Now.mono``), in place of the one that was wanted before."""

    time: float


@value
class Note:
    """A line for the audit log: what happened, and the figures of it.  Never a key, never content."""

    what: str
    fields: Mapping[str, str | int] = field(default_factory=dict)


Effect: TypeAlias = Say | Close | Admit | Do | Tell | PassOn | WakeAt | Note
