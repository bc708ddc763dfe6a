"""``sync_request`` and ``sync_response``, and their kinds.

A request says what is wanted by its ``kind``; the seed's analysis is the one without.  Every answer has the seed's five
fields, so that a level 1 peer can read it; ``request_id`` comes back as it was sent.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import AliasChoices, ConfigDict, FailFast, Field

from syncagent.protocol.changes import FileChange
from syncagent.protocol.envelope import Count, Flag, HexDigest, Many, Short, Signed, Wire

MOST_PARTS: Final = 4_096
"""Of an outline, in one message."""

# --- requests ---------------------------------------------------------------------------------------------------


class ListedFile(Wire):
    """A file of the listing that is to be analysed.  ``path`` may be called ``file_path`` as well; all else is
    optional, and a ``checksum`` is compared as it is, whatever it is a checksum of."""

    model_config = ConfigDict(populate_by_name=True)

    path: Annotated[str, Field(validation_alias=AliasChoices("path", "file_path"))]
    size: Count | None = None
    checksum: Annotated[str, Field(max_length=1024)] | None = None
    modified_time: str | float | None = None


class AnalysisRequest(Wire):
    """How does this listing differ from the hub's tree?  Nothing is changed by asking."""

    always: ClassVar[frozenset[str]] = frozenset({"files"})

    kind: Literal["analysis"] = "analysis"
    request_id: Short = ""
    files: Many[ListedFile] = ()


class ChangesRequest(Wire):
    """The journal from after ``since``.  ``snapshot`` is said in the follow-up requests of a snapshot; ``plain``: no
    snapshot is wanted, even where ``since`` is 0."""

    always: ClassVar[frozenset[str]] = frozenset({"kind", "since"})

    kind: Literal["changes"] = "changes"
    request_id: Short = ""
    since: Count = 0
    limit: Count = 0
    snapshot: Flag = False
    plain: Flag = False


class MissingRequest(Wire):
    """Which of these blocks does the hub lack?  ``claim``: the client is about to send those that it is told."""

    always: ClassVar[frozenset[str]] = frozenset({"kind"})

    kind: Literal["missing"] = "missing"
    request_id: Short = ""
    digests: Many[HexDigest]
    claim: Flag = False


class BlocksRequest(Wire):
    """These blocks are wanted: they come in packs, then the answer ends them."""

    always: ClassVar[frozenset[str]] = frozenset({"kind"})

    kind: Literal["blocks"] = "blocks"
    request_id: Short = ""
    digests: Many[HexDigest]


class AheadRequest(Wire):
    """So many bytes more may come ahead of the changes that name them.  It is not answered."""

    always: ClassVar[frozenset[str]] = frozenset({"kind", "room"})

    kind: Literal["ahead"] = "ahead"
    request_id: Short = ""
    room: Count


Parts = Annotated[tuple[Annotated[tuple[Count | HexDigest, Count], FailFast()], ...], Field(max_length=MOST_PARTS)]
"""As in a splice: runs of the base by number and count, and new blocks by digest and size."""


class OutlineRequest(Wire):
    """How a large file goes on that has changed, while it is still being read: ``parts`` of what the node was made of
    at ``base_rev``, and new blocks, behind the ``at`` blocks that were said before.  It is not answered."""

    always: ClassVar[frozenset[str]] = frozenset({"kind"})

    kind: Literal["outline"] = "outline"
    request_id: Short = ""
    node_id: Short
    base_rev: Count
    at: Count = 0
    parts: Parts


SyncRequest: TypeAlias = (
    AnalysisRequest | ChangesRequest | MissingRequest | BlocksRequest | AheadRequest | OutlineRequest
)

# --- answers ----------------------------------------------------------------------------------------------------


class SyncOperation(Wire):
    """One instruction of an analysis."""

    operation: Literal["upload", "download", "delete", "conflict", "none"]
    file_path: str
    reason: str = ""


_SEED: Final = frozenset({"success", "message", "operations", "files_to_sync", "conflicts"})


class SyncResponse(Wire):
    """The answer to an analysis, and the base of all answers.  ``error_code`` says why ``success`` is false."""

    always: ClassVar[frozenset[str]] = _SEED

    success: Flag = True
    message: str = ""
    operations: Many[SyncOperation] = ()
    files_to_sync: Many[str] = ()
    conflicts: Many[str] = ()
    request_id: Short = ""
    error_code: Short = ""


class ChangesResponse(SyncResponse):
    """A page of the journal, or of a snapshot.  ``next`` is the ``since`` of the next request."""

    always: ClassVar[frozenset[str]] = _SEED | {"kind"}

    kind: Literal["changes"] = "changes"
    changes: Many[FileChange] = ()
    head: Count = 0
    more: Flag = False
    snapshot: Flag = False
    next: Count = 0


class MissingResponse(SyncResponse):
    """``digests`` are those that the hub lacks; of those that were claimed, but for the ``coming`` ones, which another
    client is about to send."""

    always: ClassVar[frozenset[str]] = _SEED | {"kind"}

    kind: Literal["missing"] = "missing"
    digests: Many[HexDigest] = ()
    coming: Many[HexDigest] = ()


class BlocksResponse(SyncResponse):
    """All packs have been sent; ``digests`` are those that the hub does not have."""

    always: ClassVar[frozenset[str]] = _SEED | {"kind"}

    kind: Literal["blocks"] = "blocks"
    digests: Many[HexDigest] = ()


class WireVerdict(Wire):
    """The verdict on one change of a batch."""

    change_id: Short
    status: Literal["committed", "duplicate", "needs_blocks", "rejected"]
    node_id: Short = ""
    seq: Count = 0
    rev: Count = 0
    error_code: Short = ""
    message: str = ""
    missing: Many[HexDigest] = ()
    beneath: Count = 0


class VerdictsResponse(SyncResponse):
    """The verdicts on a batch, in its order."""

    always: ClassVar[frozenset[str]] = _SEED | {"kind"}

    kind: Literal["verdicts"] = "verdicts"
    verdicts: Many[WireVerdict] = ()
    head: Count = 0


class WantedFile(Wire):
    """A file of which the hub has lost bytes.  ``blocks`` is empty for one that is one block."""

    node_id: Short
    digest: HexDigest
    size: Count
    blocks: Many[tuple[HexDigest, Count]] = ()


class WantedResponse(SyncResponse):
    """The hub has lost blocks of these files: who has them sends them.  It is the answer to no request."""

    always: ClassVar[frozenset[str]] = _SEED | {"kind"}

    kind: Literal["wanted"] = "wanted"
    files: Many[WantedFile] = ()


class DraftFile(WantedFile):
    """A file as it would be, of blocks that were sent ahead."""

    mtime_ns: Signed = 0
    executable: Flag = False


class PrepareResponse(SyncResponse):
    """A submission that is about to be judged would make these files so: who likes to has them ready by then.  It is
    the answer to no request, and nothing follows from it."""

    always: ClassVar[frozenset[str]] = _SEED | {"kind"}

    kind: Literal["prepare"] = "prepare"
    files: Many[DraftFile] = ()


class OutlineResponse(SyncResponse):
    """What another client has said in an OutlineRequest.  It is the answer to no request."""

    always: ClassVar[frozenset[str]] = _SEED | {"kind"}

    kind: Literal["outline"] = "outline"
    node_id: Short
    base_rev: Count
    at: Count = 0
    parts: Parts


AnySyncResponse: TypeAlias = (
    SyncResponse
    | ChangesResponse
    | MissingResponse
    | BlocksResponse
    | VerdictsResponse
    | WantedResponse
    | PrepareResponse
    | OutlineResponse
)
