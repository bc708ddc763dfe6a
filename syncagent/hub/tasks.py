"""What a session wants of the store, and what it is told.  Values; ``work`` carries them out.

Answers come back to a session in the order in which it gave the tasks that touch the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final, TypeAlias

from syncagent.hub.rows import Timed
from syncagent.hub.stretch import Stretch
from syncagent.model.changes import Change, Verdict
from syncagent.model.ids import ClientId, Digest, Seq
from syncagent.model.splices import Splice
from syncagent.model.values import value
from syncagent.protocol.sync import ListedFile, SyncOperation

# --- tasks ------------------------------------------------------------------------------------------------------


@value
class Submit:
    """Judge these changes; ``blocks`` came with them, and travelled as ``packed``.  A verdict among them stands: that
    change is past judging.  ``confirmed``: a person at the author's machine has said yes to what is deleted and
    overwritten."""

    author: ClientId
    changes: tuple[Change | Verdict, ...]
    blocks: tuple[tuple[Digest, bytes], ...]
    confirmed: bool = False
    packed: Mapping[Digest, memoryview] = field(default_factory=dict, compare=False, repr=False)


@value
class Keep:
    """Keep these blocks, for a change that will come."""

    blocks: tuple[tuple[Digest, bytes], ...]


@value
class ReadChanges:
    """A page of the journal, or of a snapshot.  ``plain``: of the journal, as far as it is kept."""

    since: Seq
    limit: int
    snapshot: bool
    plain: bool = False


@value
class ReadTail:
    """The journal after ``since``, some of it, but not beyond ``until``; for those that hear it live.  ``folded``: one
    entry may stand for those of a folder and of all beneath it."""

    since: Seq
    until: Seq
    folded: bool = False


@value
class AskLacking:
    """``claim``: by who is about to send them."""

    digests: tuple[Digest, ...]
    claim: bool = False


@value
class Fetch:
    """The first of these blocks, about ``room`` bytes of them; ``unasked`` by the client, all of them or none: they may
    not be kept yet."""

    digests: tuple[Digest, ...]
    room: int
    unasked: bool = False


@value
class Analyse:
    files: tuple[ListedFile, ...]


Task: TypeAlias = Submit | Keep | ReadChanges | ReadTail | AskLacking | Fetch | Analyse

# --- answers ----------------------------------------------------------------------------------------------------


@value
class Submitted:
    """``before``: the head when the batch was judged; ``head``: after it.  Durable by now.  ``newly_held``: how many of
    the changes the brake holds that it did not hold before.  ``splices`` say the recipes of large files among the
    entries against those that the nodes had one revision before."""

    verdicts: tuple[Verdict, ...]
    before: Seq
    head: Seq
    entries: tuple[Timed, ...]
    newly_held: int = 0
    splices: Mapping[Seq, Splice] = field(default_factory=dict)


@value
class Kept:
    """Durable by now."""


@value
class Page:
    entries: tuple[Timed, ...]
    head: Seq
    more: bool
    snapshot: bool
    next: Seq


@value
class Tail:
    stretches: tuple[Stretch, ...]


@value
class Lacks:
    """``coming``: what is lacking, too, and another is about to send."""

    digests: tuple[Digest, ...]
    coming: tuple[Digest, ...] = ()


@value
class Fetched:
    """``blocks`` and ``lacking`` together are the first ``number`` that were asked for."""

    number: int
    blocks: tuple[tuple[Digest, bytes], ...]
    lacking: tuple[Digest, ...]


@value
class Analysed:
    operations: tuple[SyncOperation, ...]


@value
class Failed:
    """Nothing was done.  ``code`` is the stable error code."""

    code: str
    message: str


Answer: TypeAlias = Submitted | Kept | Page | Tail | Lacks | Fetched | Analysed | Failed


_CHANGE_BYTES: Final = 2048
_BLOCK_BYTES: Final = 160
_FILE_BYTES: Final = 1024
_DIGEST_BYTES: Final = 80


def cost_of(task: Task) -> int:
    """About how many bytes ``task`` takes while it waits: that a client sends much does not bring the hub down."""
    match task:
        case Submit(changes=changes, blocks=blocks):
            recipes = sum(
                [len(one.recipe) + len(one.splice) if isinstance(one, Change) else len(one.missing) for one in changes]
            )
            return _CHANGE_BYTES * len(changes) + _BLOCK_BYTES * recipes + sum([len(plain) for _, plain in blocks])
        case Keep(blocks=blocks):
            return 4096 + sum(len(plain) for _, plain in blocks)
        case AskLacking(digests=digests):
            return 4096 + _DIGEST_BYTES * len(digests)
        case Analyse(files=files):
            return 4096 + _FILE_BYTES * len(files)
        case _:
            return 4096
