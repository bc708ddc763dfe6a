"""What can happen to an agent.  The shell turns each into one call of ``Engine.step``; the order of these calls is the
whole history, so that the last ones are a reproduction.

``now`` is given with each call: seconds of a clock that only goes forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from syncagent.model.acts import Act, Limits, Part
from syncagent.model.changes import Draft, Entry, Verdict
from syncagent.model.facts import Fact
from syncagent.model.ids import Digest, NodeId, Rev, Seq
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content, Recipe
from syncagent.model.splices import Splice
from syncagent.model.values import value
from syncagent.planner.tasks import Outcome
from syncagent.trees.delta import Row

# --- the agent itself -------------------------------------------------------------------------------------------


@value
class Stop:
    """The machine has stopped since the last life: what was written from ``since_ns`` on (nanoseconds since 1970) may
    not have got to the disk.  ``cleanly`` when the agent had been stopped before: then the machine probably was, too.
    ``booted_ns`` is when it was started again; None where that is not known, or the clock says nonsense.
    """

    since_ns: int
    cleanly: bool
    booted_ns: int | None = None


@value
class Started:
    """The first event: what the database held.  ``parked`` are what lies in the park, by node id."""

    rows: tuple[Row, ...] = ()
    # Of many it is KeptRows, which is written as what it is a sequence of, and read back as a tuple.
    facts: Mapping[str, str] = field(default_factory=dict)
    recipes: Mapping[Digest, Recipe] = field(default_factory=dict)
    parked: tuple[tuple[NodeId, Fact], ...] = ()
    day: str = "1970-01-01"
    stop: Stop | None = None
    """None when the machine has not been started anew since the last life."""
    acts: tuple[Act, ...] = ()
    parts: tuple[Part, ...] = ()
    put_back: tuple[RelPath, ...] = ()
    """What has just been moved or unlinked by us: that their ctimes are new says nothing of a user."""
    excluded: tuple[tuple[RelPath, NodeId], ...] = ()
    """What a KeepExclusions was about last, or a person has said while no agent ran."""


@value
class Tick:
    """The time that was asked for with WakeAt has come.  ``day`` is the ISO date, for names of conflict copies;
    ``hour`` the ISO time, to be shown."""

    day: str
    hour: str = ""


@value
class Paused:
    paused: bool


@value
class Restrained:
    """The machine is to be spared for now: a network that costs, a battery, a schedule (``reason``, as a clause).
    Files of at most ``most`` bytes are carried over; 0: nothing is, None: there is no restraint any more."""

    reason: str = ""
    most: int | None = None


@value
class Cramped:
    """There is too little room for what comes from the hub, on this disk or that of our own files (``reason``, as a
    sentence); "": there is room.  Deletes, moves and what goes to the hub need none."""

    reason: str = ""


@value
class Configured:
    """A person has changed what this machine is called, or from which limits on the brake asks (None: it is off)."""

    machine: str
    brake: Limits | None


@value
class ProofWanted:
    """Someone waits to be in sync: look at the whole disk, and ask the hub for its head.  Answered through the
    ``proven`` number of the status."""

    number: int


@value
class Decided:
    """A person has said ``word`` ("approve", "reject" or "undo") of a mass change (``act`` 0: the one that is held).
    Answered by Answered with this number."""

    number: int
    act: int
    word: str


@value
class Exclusion:
    """A person wants what lies at ``path`` not to be kept on this machine; or, with ``exclude`` False, to be kept here
    again.  Answered by Answered with this number."""

    number: int
    path: RelPath
    exclude: bool


# --- the disk ---------------------------------------------------------------------------------------------------


@value
class Hinted:
    """Something may have changed at these paths; beneath these folders; anywhere."""

    paths: tuple[RelPath, ...] = ()
    folders: tuple[RelPath, ...] = ()
    everything: bool = False
    reason: str = ""


@value
class DeepLook:
    """Time has come to read the next files of the slow look through all content: this share of all of them."""

    share: float


@value
class HealWanted:
    """A person wants the hub's content in place of what is held as damaged."""


@value
class Seen:
    """A part of the answer to a Look or a Walk; ``last`` when there is no more.  The root was there, and was ours,
    after
    these facts were gathered."""

    number: int
    facts: tuple[Fact, ...]
    last: bool


@value
class PartRead:
    """The answer to a ReadOn: the next blocks of a large file, which has ``size`` bytes; ``ended`` when there are no
    more.  Nothing follows from it but that these bytes are worth sending ahead."""

    number: int
    blocks: tuple[tuple[Digest, bytes | memoryview], ...]
    size: int
    ended: bool = False


@value
class Outlined:
    """A ReadOutline goes on: the next blocks of the file, which has ``size`` bytes, and the bytes of those that are not
    in its base, in their order; ``lost`` when there were too many of these to be kept."""

    number: int
    size: int
    recipe: Recipe
    blocks: tuple[tuple[Digest, bytes], ...] = ()
    lost: bool = False


@value
class RootLost:
    """The root is not there, or not ours.  All that was asked of the disk is void."""

    reason: str


@value
class RootFound:
    """The root is there and ours, again."""


@value
class TasksDone:
    """What became of tasks (part of a Run, or all of it)."""

    outcomes: tuple[Outcome, ...]


@value
class BlocksRead:
    """The answer to a ReadBlocks: the bytes, and the paths that have changed since."""

    number: int
    blocks: tuple[tuple[Digest, bytes], ...]
    stale: tuple[RelPath, ...]


@value
class StageOpened:
    """The answer to an OpenStage: which blocks are still missing there.  ``reason`` when it could not be opened."""

    content: Content
    missing: frozenset[Digest]
    reason: str = ""
    full: bool = False


@value
class StageFilled:
    """The answer to a FillStage.  ``reason`` when the blocks could not be written."""

    content: Content
    digests: tuple[Digest, ...]
    reason: str = ""
    full: bool = False


@value
class AheadHeld:
    """The answer to a HoldAhead of so many bytes, or to a CopyAhead, of which so many were new.  ``reason`` when they
    could not be written."""

    size: int
    reason: str = ""


@value
class Recalled:
    """The answer to a Recall: each recipe, or none where none was kept."""

    recipes: Mapping[Digest, Recipe]


# --- the hub ----------------------------------------------------------------------------------------------------


@value
class Welcomed:
    """The hub took us in.  ``head`` is the last number of its journal; the limits are in bytes and changes."""

    hub_id: str
    epoch: str
    head: Seq
    batch_changes: int = 500
    frame_bytes: int = 262_144
    push_bytes: int = 65_536
    may_write: bool = True
    journal: bool = True
    """False when the hub speaks only the seed's protocol: there are notices, but no content."""
    run: str = ""
    ahead: bool = False
    """Whether the hub sends ahead what others are still sending it, as far as there is room for it here."""
    diverged: bool = False
    """True when the hub says that its journal is not the one that our cursor belongs to."""
    subtrees: bool = False
    """Whether a folder can be deleted there with all that is beneath it, by one change."""
    outlines: bool = False
    """Whether the hub passes on how a large file begins that is being read."""
    claims: bool = False
    """Whether the hub says of what it lacks that another client is about to send it."""


@value
class LinkDown:
    """There is no connection (any more).  Nothing that was sent and not answered may be taken for done, or for
    undone."""

    reason: str
    final: bool = False
    """True when only a person can mend it."""
    anew: bool = False
    """True when a person has changed the way to the hub since: whatever was said of the way before is past."""


@value
class CaughtUp:
    """A page of what AskChanges asked for.  ``times`` are those of its last entries, by their numbers, as the hub's
    clock has them: for people."""

    entries: tuple[Entry, ...]
    head: Seq
    more: bool
    snapshot: bool
    next: Seq
    times: Mapping[Seq, str] = field(default_factory=dict, compare=False)


@value
class Heard:
    """Entries of the journal, as the hub tells them while we are connected.  ``times`` as in CaughtUp."""

    entries: tuple[Entry, ...]
    times: Mapping[Seq, str] = field(default_factory=dict, compare=False)


@value
class Judged:
    """The hub's verdicts on a submitted batch; ``time`` is when it gave them, by its clock."""

    verdicts: tuple[Verdict, ...]
    head: Seq
    time: str = field(default="", compare=False)


@value
class HubLacks:
    """The answer to an AskMissing.  ``coming``: the hub lacks these, too, and another client is about to send them."""

    number: int
    digests: frozenset[Digest]
    coming: frozenset[Digest] = frozenset()


@value
class BlocksCame:
    """Blocks from the hub, asked for or pushed; each was checked against its digest.  ``ahead``: of a file that someone
    is only about to name.  ``drafts`` are what would become of files, by a change that the hub is about to judge."""

    blocks: tuple[tuple[Digest, bytes], ...]
    ahead: bool = False
    drafts: tuple[Draft, ...] = ()


@value
class OutlineCame:
    """How a large file goes on that another client reads, which it has changed: what of it is as it was at
    ``base_rev``, and new blocks, which come ahead, behind the ``at`` blocks that were told before."""

    node_id: NodeId
    base_rev: Rev
    at: int
    parts: Splice


@value
class BlocksEnded:
    """The hub has sent all that an AskBlocks asked for, but these, which it does not have."""

    number: int
    lacking: frozenset[Digest]


@value
class HubLost:
    """The hub has lost blocks of these files: who has them may send them."""

    files: tuple[tuple[NodeId, Content, Recipe], ...]


@value
class BlocksSent:
    """The blocks of a SendBlocks have left."""

    number: int


Event: TypeAlias = (
    Started | Tick | Paused | Restrained | Cramped | Configured | ProofWanted | Decided | Exclusion | Hinted
    | DeepLook | HealWanted | Seen | PartRead | Outlined | RootLost | RootFound | TasksDone | BlocksRead
    | StageOpened | StageFilled | AheadHeld | Recalled | Welcomed | LinkDown | CaughtUp | Heard | Judged | HubLacks
    | HubLost | BlocksCame | OutlineCame | BlocksEnded | BlocksSent
)  # fmt: skip
