"""Builds messages, as the text that goes over a WebSocket: ``connect()``, ``file_changed("update", "a.txt")`` …

Everything has a default, so that a test says only what it is about.  Each function gives one text frame (``pack`` a
binary one); those that are named after an operation give the change that ``submit`` and ``tell`` put into a message.
Called by tests, here and elsewhere; nothing of the program itself needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from blake3 import blake3

from syncagent.model.ids import ROOT, ClientId, Digest
from syncagent.protocol.changes import FileChange, FileChanges, OperationWord
from syncagent.protocol.codec import Body, encode_body
from syncagent.protocol.connection import (
    ALL_CAPABILITIES,
    LEVEL_1,
    LEVEL_2,
    ClientLeft,
    ConnectionRequest,
    ConnectionResponse,
    Disconnect,
    HeartbeatMessage,
    HubHeartbeat,
    Limits,
)
from syncagent.protocol.convert import batch_to_wire
from syncagent.protocol.envelope import HUB
from syncagent.protocol.faults import CODES, ErrorMessage
from syncagent.protocol.packs import encode_packs
from syncagent.protocol.sync import (
    AheadRequest,
    AnalysisRequest,
    BlocksRequest,
    BlocksResponse,
    ChangesRequest,
    ChangesResponse,
    DraftFile,
    ListedFile,
    MissingRequest,
    MissingResponse,
    OutlineRequest,
    OutlineResponse,
    PrepareResponse,
    SyncOperation,
    SyncResponse,
    VerdictsResponse,
    WantedFile,
    WantedResponse,
    WireVerdict,
)

TIME: Final = "2026-11-22T23:18:00+00:00"
LAPTOP: Final = "laptop-20261122T231800Z-3f9a"
DESKTOP: Final = "desktop-20261122T231800Z-77c0"


def from_client(body: Body, *, client_id: str = LAPTOP, timestamp: str = TIME) -> str:
    """``body`` as a client sends it."""
    return encode_body(body, client_id=client_id, timestamp=timestamp)


def from_hub(body: Body, *, timestamp: str = TIME) -> str:
    """``body`` as the hub sends it."""
    return encode_body(body, client_id=HUB, timestamp=timestamp)


# --- coming, staying, going -------------------------------------------------------------------------------------


def connect(client_id: str = LAPTOP, *, level: Literal[1, 2] = 2, **fields: Any) -> str:
    """A client's first message, with the four fields of level 1 or with all that level 2 adds."""
    more: dict[str, Any] = {}
    if level == LEVEL_2:
        more = {"protocol_version": LEVEL_2, "capabilities": ALL_CAPABILITIES}
    known = {"client_name": client_id.partition("-")[0], "sync_root": "Sync"}
    return from_client(ConnectionRequest(client_id=client_id, **(known | more | fields)), client_id=client_id)


def connected(*, level: Literal[1, 2] = 2, **fields: Any) -> str:
    """The hub takes a client in."""
    more: dict[str, Any] = {}
    if level != LEVEL_1:
        more = {
            "protocol_version": LEVEL_2,
            "capabilities": ALL_CAPABILITIES,
            "hub_id": "hub-1",
            "epoch": "epoch-1",
            "heartbeat_interval": 30.0,
            "limits": Limits(),
            "role": "writer",
        }
    known = {"success": True, "message": "Connected successfully", "server_time": TIME}
    return from_hub(ConnectionResponse(**(known | more | fields)))


def refused(code: str = "authentication_failed") -> str:
    """The hub refuses a client."""
    text = CODES[code].text
    return from_hub(ConnectionResponse(success=False, message=text, server_time=TIME, error_code=code))


def heartbeat(client_id: str = LAPTOP) -> str:
    """A client's heartbeat."""
    return from_client(HeartbeatMessage(client_id=client_id, timestamp=TIME), client_id=client_id)


def hub_heartbeat() -> str:
    """The hub's heartbeat."""
    return from_hub(HubHeartbeat(timestamp=TIME))


def goodbye(client_id: str = LAPTOP, reason: str = "") -> str:
    """A client's last word."""
    return from_client(Disconnect(reason=reason), client_id=client_id)


def left(client_id: str = DESKTOP, client_name: str = "desktop") -> str:
    """The hub says that another client has left."""
    return from_hub(ClientLeft(client_id=client_id, client_name=client_name))


def error(code: str = "internal_error", **fields: Any) -> str:
    """The hub says that something went wrong."""
    return from_hub(ErrorMessage(error_code=code, **({"message": CODES[code].text} | fields)))


# --- changes ----------------------------------------------------------------------------------------------------


def file_changed(operation: OperationWord, path: str, *, client_id: str = LAPTOP, old_path: str = "") -> str:
    """A level 1 notice, as a client sends it."""
    change = FileChange(operation=operation, file_path=path, client_id=client_id, old_path=old_path)
    return from_client(change, client_id=client_id)


def file(path: str, content: bytes = b"", **fields: Any) -> FileChange:
    """The creation of a file of one block.  ``operation``, ``seq``, ``rev`` … as ``fields``."""
    known = {"kind": "file", "size": len(content), "digest": blake3(content).hexdigest()}
    return _change("create", path, known | fields)


def folder(path: str, **fields: Any) -> FileChange:
    """The creation of a folder."""
    return _change("create", path, {"kind": "directory"} | fields)


def link(path: str, target: str, **fields: Any) -> FileChange:
    """The creation of a symbolic link."""
    return _change("create", path, {"kind": "symlink", "target": target} | fields)


def update(path: str, content: bytes, *, base_rev: int = 1, **fields: Any) -> FileChange:
    """New content of a file."""
    return file(path, content, **({"operation": "update", "base_rev": base_rev} | fields))


def move(old_path: str, path: str, *, base_rev: int = 1, **fields: Any) -> FileChange:
    """A file has another name, or is in another folder (``parent_id``).  Its id is the one it had at ``old_path``."""
    known = {"old_path": old_path, "base_rev": base_rev, "kind": "file", "node_id": node_id(old_path)}
    return _change("move", path, known | fields)


def delete(path: str, *, base_rev: int = 1, **fields: Any) -> FileChange:
    """A file is gone."""
    return _change("delete", path, {"base_rev": base_rev, "kind": "file"} | fields)


def node_id(path: str) -> str:
    """The id that the functions above give to a node at ``path``, unless they are told another."""
    return blake3(path.encode()).hexdigest()[:25]


def _change(operation: str, path: str, fields: dict[str, Any]) -> FileChange:
    known = {"operation": operation, "client_id": LAPTOP, "node_id": node_id(path), "parent_id": ROOT}
    whole: dict[str, Any] = known | fields
    whole.setdefault("change_id", f"{whole['operation']}:{whole['node_id']}:{whole.get('base_rev', 0)}")
    return FileChange(file_path=path, **whole)


def submit(*changes: FileChange, client_id: str = LAPTOP, confirmed: bool = False) -> str:
    """A client submits a batch (one change alone goes without a batch)."""
    own = tuple(change.model_copy(update={"client_id": client_id}) for change in changes)
    body = batch_to_wire(own, ClientId(client_id), confirmed=confirmed)
    return from_client(body, client_id=client_id)


def tell(*entries: FileChange, author: str = DESKTOP) -> str:
    """The hub tells entries of the journal."""
    return from_hub(FileChanges(client_id=author, changes=_entries(entries, author)))


def verdicts(*found: WireVerdict, head: int = 0) -> str:
    """The hub's answer to a batch."""
    return from_hub(VerdictsResponse(verdicts=found, head=head or max((one.seq for one in found), default=0)))


def committed(change: FileChange, seq: int, rev: int = 0) -> WireVerdict:
    """The verdict that ``change`` is in the journal."""
    number = rev or change.base_rev + 1
    return WireVerdict(change_id=change.change_id, status="committed", node_id=change.node_id, seq=seq, rev=number)


def rejected(change: FileChange, code: str = "conflict", rev: int = 0) -> WireVerdict:
    """The verdict that ``change`` is refused."""
    return WireVerdict(
        change_id=change.change_id,
        status="rejected",
        node_id=change.node_id,
        rev=rev,
        error_code=code,
        message=CODES[code].text,
    )


def _entries(changes: Iterable[FileChange], author: str) -> tuple[FileChange, ...]:
    gone = {"client_id": author, "change_id": "", "base_rev": 0}
    return tuple(change.model_copy(update=gone | {"rev": change.rev or change.base_rev + 1}) for change in changes)


# --- requests and answers ---------------------------------------------------------------------------------------


def ask_analysis(*files: ListedFile, client_id: str = LAPTOP) -> str:
    """How does this listing differ from the hub's tree?"""
    return from_client(AnalysisRequest(files=files), client_id=client_id)


def analysis(*operations: SyncOperation) -> str:
    """The answer to it."""
    files = tuple(one.file_path for one in operations if one.operation in {"upload", "download"})
    conflicts = tuple(one.file_path for one in operations if one.operation == "conflict")
    return from_hub(SyncResponse(operations=operations, files_to_sync=files, conflicts=conflicts))


def ask_changes(since: int = 0, *, client_id: str = LAPTOP, **fields: Any) -> str:
    """A client wants the journal from after ``since``."""
    return from_client(ChangesRequest(since=since, **fields), client_id=client_id)


def changes(*entries: FileChange, head: int, author: str = DESKTOP, **fields: Any) -> str:
    """A page of the journal; the last one unless ``more=True``."""
    return from_hub(ChangesResponse(changes=_entries(entries, author), head=head, **({"next": head} | fields)))


def ask_missing(*contents: bytes, client_id: str = LAPTOP, request_id: str = "", claim: bool = False) -> str:
    """Which of the blocks with these contents does the hub lack?"""
    request = MissingRequest(digests=_digests(contents), request_id=request_id, claim=claim)
    return from_client(request, client_id=client_id)


def missing(*contents: bytes, request_id: str = "", coming: tuple[bytes, ...] = ()) -> str:
    """The answer to it."""
    return from_hub(MissingResponse(digests=_digests(contents), request_id=request_id, coming=_digests(coming)))


def ask_blocks(*contents: bytes, client_id: str = LAPTOP, request_id: str = "") -> str:
    """A client wants the blocks with these contents."""
    return from_client(BlocksRequest(digests=_digests(contents), request_id=request_id), client_id=client_id)


def ask_ahead(room: int, *, client_id: str = LAPTOP) -> str:
    """So many bytes more may come ahead of the changes that name them."""
    return from_client(AheadRequest(room=room), client_id=client_id)


def say_outline(
    node_id: str, base_rev: int, *parts: tuple[int, int] | bytes, at: int = 0, client_id: str = LAPTOP
) -> str:
    """How a large file goes on that has changed: runs of its blocks as they were, and new ones with these contents."""
    body = OutlineRequest(node_id=node_id, base_rev=base_rev, at=at, parts=_parts(parts))
    return from_client(body, client_id=client_id)


def told_outline(node_id: str, base_rev: int, *parts: tuple[int, int] | bytes, at: int = 0) -> str:
    """The same, as the hub passes it on."""
    return from_hub(OutlineResponse(node_id=node_id, base_rev=base_rev, at=at, parts=_parts(parts)))


def _parts(parts: Iterable[tuple[int, int] | bytes]) -> tuple[tuple[int | str, int], ...]:
    return tuple((blake3(one).hexdigest(), len(one)) if isinstance(one, bytes) else one for one in parts)


def blocks_end(*lacking: bytes, request_id: str = "") -> str:
    """The hub has sent all of them, but those that it lacks."""
    return from_hub(BlocksResponse(digests=_digests(lacking), request_id=request_id))


def wanted(*files: FileChange) -> str:
    """The hub has lost blocks of these files."""
    lost = (WantedFile(node_id=one.node_id, digest=one.digest, size=one.size, blocks=one.blocks) for one in files)
    return from_hub(WantedResponse(files=tuple(lost)))


def prepare(*files: FileChange) -> str:
    """A change that is about to be judged would make these files so."""
    fields = {"node_id", "digest", "size", "blocks", "mtime_ns", "executable"}
    drafts = (DraftFile.model_validate(one.model_dump(include=fields)) for one in files)
    return from_hub(PrepareResponse(files=tuple(drafts)))


def pack(*contents: bytes, compress: bool = False) -> bytes:
    """One binary frame with the blocks of these contents.  Raises ValueError when they do not fit into one."""
    frames = list(encode_packs(((Digest(blake3(one).digest()), one) for one in contents), compress=compress))
    if len(frames) != 1:
        raise ValueError(f"{len(contents)} blocks make {len(frames)} frames, not one")
    return frames[0]


def _digests(contents: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(blake3(content).hexdigest() for content in contents)
