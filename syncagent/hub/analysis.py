"""The seed's analysis: how a client's listing differs from the hub's tree.  Nothing is changed by asking; pure.

No clock decides: two files of one name that differ are a conflict, whichever is newer.  A file that only the hub has is
to be downloaded: that it is absent in a listing does not say that anyone deleted it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from syncagent.errors import BadName
from syncagent.model.names import RelPath, check_path
from syncagent.model.nodes import Content
from syncagent.protocol.sync import ListedFile, SyncOperation, SyncResponse

_ANSWER_BYTES: Final = 2 * 1024 * 1024


def analyse(listed: Sequence[ListedFile], ours: Mapping[RelPath, Content]) -> tuple[SyncOperation, ...]:
    """One instruction for each file that either side has, by path."""
    found: dict[str, SyncOperation] = {}
    for file in listed:
        try:
            path = RelPath("/".join(check_path(file.path)))
        except BadName as trouble:
            found[file.path] = SyncOperation(operation="none", file_path=file.path, reason=str(trouble))
            continue
        found[path] = _compared(file, path, ours.get(path))
    for path in ours.keys() - found.keys():
        found[path] = SyncOperation(operation="download", file_path=path, reason="only the hub has it")
    return tuple(found[path] for path in sorted(found))


def _compared(file: ListedFile, path: RelPath, content: Content | None) -> SyncOperation:
    if content is None:
        return SyncOperation(operation="upload", file_path=path, reason="the hub does not have it")
    if file.checksum:
        same = file.checksum.lower().removeprefix("blake3:") == content.digest.hex()
        reason = "the same content" if same else "the checksums differ"
    elif file.size is not None:
        same = file.size == content.size
        reason = "the same size; no checksum was given" if same else "the sizes differ"
    else:
        same, reason = False, "neither size nor checksum was given"
    return SyncOperation(operation="none" if same else "conflict", file_path=path, reason=reason)


def answer_of(operations: tuple[SyncOperation, ...], request_id: str) -> SyncResponse:
    """The seed's answer to an analysis, as much of it as one message holds."""
    room = _ANSWER_BYTES
    kept: list[SyncOperation] = []
    for operation in operations:
        room -= 3 * len(operation.file_path.encode("utf-8", "replace")) + len(operation.reason) + 64
        if room < 0:
            break
        kept.append(operation)
    left = len(operations) - len(kept)
    return SyncResponse(
        message=f"{len(kept)} {'file' if len(kept) == 1 else 'files'} compared"
        + (f"; {left} more did not fit into this answer" if left else ""),
        operations=tuple(kept),
        files_to_sync=tuple(one.file_path for one in kept if one.operation in {"upload", "download"}),
        conflicts=tuple(one.file_path for one in kept if one.operation == "conflict"),
        request_id=request_id,
    )
