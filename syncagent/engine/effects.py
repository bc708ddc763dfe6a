"""What an engine wants done.

The shell carries effects out in the order in which they are given.  A Commit is over before a later effect begins, so
that nothing is sent, and nothing on disk is changed, of which the database does not know.  All else that takes time
(looks, tasks, reading, sending) is only *begun* in order; what becomes of it comes back as an event.
"""

from __future__ import annotations

from typing import TypeAlias

from syncagent.engine.status import Status
from syncagent.model.changes import Change
from syncagent.model.facts import LookAt, Stamp
from syncagent.model.ids import Digest, NodeId, Rev, Seq
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block, Content, Recipe
from syncagent.model.splices import Splice
from syncagent.model.values import value
from syncagent.planner.tasks import Copied, DraftWish, ReadWish, StageWish, Task
from syncagent.trees.delta import Delta


@value
class Commit:
    """Keep this, in one transaction."""

    delta: Delta


@value
class Look:
    """Look at these paths, then (after all of them) walk these folders; answered by Seen events of this number."""

    number: int
    wishes: tuple[LookAt, ...] = ()
    folders: tuple[RelPath, ...] = ()


@value
class ReadOn:
    """Read the next part of this large file (the first time: from its beginning on); answered by PartRead.  With
    ``to_its_end`` all that is left of it, which ends the look of this number: answered by Seen.  So is, at once, what
    turns out to be no such file."""

    number: int
    path: RelPath
    to_its_end: bool = False


@value
class ReadOutline:
    """Read this large file, which has changed, to its end: as it is read its blocks are told by Outlined events, with
    the bytes of those that are not in ``base``.  What it comes to is the answer to the look of this number: Seen."""

    number: int
    path: RelPath
    base: Recipe


@value
class Run:
    """Do these tasks; answered by TasksDone."""

    tasks: tuple[Task, ...]


@value
class ReadBlocks:
    """Answered by BlocksRead."""

    number: int
    wishes: tuple[ReadWish, ...]


@value
class OpenStage:
    """Answered by StageOpened."""

    wish: StageWish


@value
class FillStage:
    """Answered by StageFilled."""

    content: Content
    blocks: tuple[tuple[Digest, bytes], ...]


@value
class HoldAhead:
    """Put these aside in the stage: somebody may soon name a file that is made of them.  Answered by AheadHeld."""

    blocks: tuple[tuple[Digest, bytes], ...]


@value
class DropAhead:
    """Nobody has: remove what was put aside."""


@value
class CopyAhead:
    """Put these aside, behind the ``at`` blocks of the same outline that were put aside before (0: begin anew): what
    was made of the file at ``path`` as long as it has this stamp, and what came.  Answered by AheadHeld."""

    at: int
    path: RelPath
    stamp: Stamp
    parts: tuple[Copied | tuple[Digest, bytes], ...]


@value
class DropOutline:
    """Nobody has named a file that begins so: remove it."""


@value
class MakeDrafts:
    """Make these files in the stage, if nothing else is to be done on the disk: tasks may soon want just those.  It is
    not answered, and nothing follows from it."""

    wishes: tuple[DraftWish, ...]


@value
class DropDrafts:
    """Nobody wants them: what was made of these contents in advance goes."""

    contents: tuple[Content, ...]


@value
class GiveRoom:
    """The hub may send so many bytes more ahead of what names them."""

    size: int


@value
class Recall:
    """Look up the recipes of these contents in the database; answered by Recalled."""

    digests: tuple[Digest, ...]


@value
class SweepStage:
    """Remove all staging files but those of these contents."""

    keep: frozenset[Content]


@value
class AskChanges:
    """Answered by CaughtUp.  ``plain``: what became of all, also from the first number on."""

    since: Seq
    snapshot: bool = False
    plain: bool = False


@value
class AskMissing:
    """Answered by HubLacks.  ``claim``: of those that are lacking, what nobody else is about to send will be sent."""

    number: int
    digests: tuple[Digest, ...]
    claim: bool = False


@value
class AskBlocks:
    """Answered by BlocksCame events, then by BlocksEnded."""

    number: int
    digests: tuple[Digest, ...]


@value
class SendBlocks:
    """Answered by BlocksSent when they have left (number 0: no answer is wanted).  ``ahead``: the change that names
    them comes later, and others may have them before that."""

    number: int
    blocks: tuple[tuple[Block, bytes | memoryview], ...]
    ahead: bool = False


@value
class SendOutline:
    """Tell others how a file goes on that has changed: what of it is as it was at ``base_rev``, and what is new, behind
    the ``at`` blocks that were told before.  Answered by BlocksSent."""

    number: int
    node_id: NodeId
    base_rev: Rev
    at: int
    parts: Splice


@value
class Submit:
    """Tell the hub of these changes; answered by Judged.  ``confirmed``: a person has said yes to the deletes and
    overwrites among them, so that the hub does not hold them."""

    changes: tuple[Change, ...]
    confirmed: bool = False


@value
class CloseLink:
    """Close the connection; ``again`` when it may be opened again at once."""

    reason: str
    again: bool = True


@value
class WakeAt:
    """A Tick is wanted at this time, in place of the one that was wanted before; None: none is wanted any more."""

    time: float | None


@value
class Publish:
    """The status has changed."""

    status: Status


@value
class Answered:
    """What a Decided came to: of how many nodes something is (to be) done, and how many are left alone because they are
    not any more as the mass change had them.  ``problem``: why it was not possible."""

    number: int
    concerned: int = 0
    left: int = 0
    problem: str = ""


@value
class KeepExclusions:
    """Keep what this machine has excluded: paths, each with the id of what was there (empty: nothing yet).  Apart from
    the database, for it must outlast that."""

    excluded: tuple[tuple[RelPath, NodeId], ...]


@value
class Note:
    """A line for the log.  ``path`` is within the root."""

    level: str
    text: str
    path: str = ""


Effect: TypeAlias = (
    Commit
    | Look
    | ReadOn
    | ReadOutline
    | Run
    | ReadBlocks
    | OpenStage
    | FillStage
    | HoldAhead
    | DropAhead
    | MakeDrafts
    | DropDrafts
    | CopyAhead
    | DropOutline
    | GiveRoom
    | SweepStage
    | Recall
    | AskChanges
    | AskMissing
    | AskBlocks
    | SendBlocks
    | SendOutline
    | Submit
    | CloseLink
    | WakeAt
    | Publish
    | Answered
    | KeepExclusions
    | Note
)
