"""What files would become, by changes that are only about to be judged: to the wire and back.

Said by the hub with the blocks that go ahead of an entry.  Pure; the other borders to the model are ``convert``'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from syncagent.model.changes import Change, Draft, Operation, Verdict
from syncagent.model.ids import PARK, ROOT, Digest, NodeId
from syncagent.model.nodes import Content
from syncagent.protocol.convert import wanted_from_wire
from syncagent.protocol.packs import MAX_BLOCK_BYTES
from syncagent.protocol.quick import quoted
from syncagent.protocol.sync import DraftFile, PrepareResponse

FEW: Final = 4
"""A submission of more changes is no small edit: their files wait for each other anyway."""


def drafts_of(changes: Iterable[Change | Verdict], blocks: Iterable[Digest]) -> tuple[Draft, ...]:
    """What a few ``changes`` would make of files that are one block each, all of those among ``blocks``."""
    changes, there = tuple(changes), frozenset(blocks)
    if len(changes) > FEW:
        return ()
    return tuple(
        Draft(one.node_id, one.content, one.executable, one.mtime_ns)
        for one in changes
        if isinstance(one, Change)
        and (one.operation is Operation.UPDATE or one.operation is Operation.CREATE)
        and one.content is not None
        and one.content.digest in there
    )


def drafts_to_wire(drafts: Iterable[Draft]) -> PrepareResponse:
    """``drafts`` as the hub says them; each is one block."""
    return PrepareResponse(
        files=tuple(
            DraftFile(
                node_id=one.node_id,
                digest=one.content.digest.hex(),
                size=one.content.size,
                mtime_ns=one.mtime_ns,
                executable=one.executable,
            )
            for one in drafts
        )
    )


def drafts_from_wire(body: PrepareResponse) -> tuple[Draft, ...]:
    """What the hub says of files, as an agent hears it.  Raises BadMessage."""
    return tuple(Draft(*wanted_from_wire(one)[:2], one.executable, one.mtime_ns) for one in body.files)


# --- the quick way, as in ``quick``: the hub's commit, and a file that is to be made, wait for it ---------------------

_HEAD: Final = (
    '{"success":true,"message":"","operations":[],"files_to_sync":[],"conflicts":[],"kind":"prepare","files":['
)
_FIELDS: Final = frozenset({"node_id", "digest", "size", "mtime_ns", "executable"})
_NODE: Final = re.compile(r"[a-z0-9-]{1,64}")
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_TOP: Final = (1 << 63) - 1


def write_drafts(drafts: Iterable[Draft]) -> str:
    """The ``data`` that says ``drafts``, of which there are some; the same text as the models'."""
    files = []
    for one in drafts:
        mtime = f',"mtime_ns":{one.mtime_ns}' if one.mtime_ns else ""
        bit = ',"executable":true' if one.executable else ""
        what = f'"digest":"{one.content.digest.hex()}","size":{one.content.size}'
        files.append(f'{{"node_id":{quoted(one.node_id)},{what}{mtime}{bit}}}')
    return f"{_HEAD}{','.join(files)}]}}"


def read_drafts(items: object) -> tuple[Draft, ...] | None:
    """The ``files`` of what the hub says, if they are plainly good; else it goes the long way."""
    if type(items) is not list:
        return None
    found = []
    for raw in items:
        if type(raw) is not dict or not raw.keys() <= _FIELDS:
            return None
        get: Callable[..., Any] = raw.get
        node_id, text, size = get("node_id"), get("digest"), get("size")
        mtime_ns, executable = get("mtime_ns", 0), get("executable", False)
        if (
            (type(node_id), type(text), type(size), type(mtime_ns), type(executable)) != (str, str, int, int, bool)
            or not _NODE.fullmatch(node_id) or node_id in (ROOT, PARK) or not _HEX.fullmatch(text)
            or not 0 < size <= MAX_BLOCK_BYTES or not -_TOP - 1 <= mtime_ns <= _TOP
        ):  # fmt: skip
            return None
        found.append(Draft(NodeId(node_id), Content(Digest(bytes.fromhex(text)), size), executable, mtime_ns))
    return tuple(found)
