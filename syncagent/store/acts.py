"""Acts and their parts as the columns of a database, and back.

Pure.  What is read is checked against the sum that was written with it (HAZARDS E3).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from syncagent.model.acts import Act, Decision, Direction, Loss, Part
from syncagent.model.ids import Digest, NodeId, Rev
from syncagent.model.names import RelPath
from syncagent.model.nodes import File
from syncagent.sqlite import DatabaseDamaged, Value
from syncagent.store.rows import Unpacker, pack_node


def pack_act(act: Act) -> tuple[Value, ...]:
    """Number, what is told of it, check sum."""
    told = {
        "direction": act.direction.value,
        "losses": sorted(loss.value for loss in act.losses),
        "by": list(act.by),
        "since": act.since,
        "by_hub": act.by_hub,
        "decision": act.decision.value,
    }
    text = json.dumps(told)
    return act.id, text, crc32(f"{act.id}\0{text}".encode())


def unpack_act(number: Any, text: Any, crc: Any) -> Act:
    """Raises DatabaseDamaged when it is not as it was written."""
    if crc32(f"{number}\0{text}".encode("utf-8", "surrogatepass")) != crc:
        raise DatabaseDamaged(f"the act {number!r} is not as it was written")
    told = json.loads(text)
    return Act(
        number,
        Direction(told["direction"]),
        frozenset(map(Loss, told["losses"])),
        tuple(told["by"]),
        told["since"],
        told["by_hub"],
        Decision(told["decision"]),
    )


def pack_part(part: Part) -> tuple[Value, ...]:
    """The columns of ``part``, in their order."""
    path, before, after = part.path.encode("utf-8", "surrogatepass"), pack_node(part.before), pack_node(part.after)
    crc = _part_sum(part.act, part.node_id, path, before, after, part.rev, int(part.open))
    return part.act, part.node_id, path, before, after, part.rev, int(part.open), crc


def unpack_part(columns: tuple[Any, ...], unpacker: Unpacker) -> Part:
    """Raises DatabaseDamaged when it is not as it was written."""
    act, node, path, before, after, rev, is_open, crc = columns
    try:
        if _part_sum(act, node, path, before, after, rev, is_open) != crc:
            raise DatabaseDamaged(f"the part {node!r} of the act {act!r} is not as it was written")
        was = unpacker.node(NodeId(node), before)
        if was is None:
            raise ValueError("it was nothing before")
        text = RelPath(path.decode("utf-8", "surrogatepass"))
        return Part(act, NodeId(node), text, was, unpacker.node(NodeId(node), after), Rev(rev), bool(is_open))
    except (TypeError, ValueError, AttributeError, struct.error) as error:
        raise DatabaseDamaged(f"the part {node!r} of the act {act!r} cannot be read") from error


def _part_sum(act: int, node: str, path: bytes, before: bytes, after: bytes, rev: int, is_open: int) -> int:
    head = f"{act}\0{node}\0{rev}\0{is_open}\0{len(path)}\0{len(before)}\0{len(after)}".encode()
    return crc32(after, crc32(before, crc32(path, crc32(head))))


def contents_of_part(part: Part) -> Iterator[Digest]:
    """The contents that a part names."""
    for node in (part.before, part.after):
        if isinstance(node, File):
            yield node.content.digest
