"""Identities.  Called by everyone; knows nothing.

A node keeps its id for life, wherever it is moved and whatever is written into it.  The agent that first sees a file
mints its id, so that a file can be spoken of before the hub has heard of it.
"""

from __future__ import annotations

import hashlib
from typing import Final, NewType

NodeId = NewType("NodeId", str)
"""The identity of a file, folder or link: 1 to 64 characters of ``a-z0-9-``."""

Digest = NewType("Digest", bytes)
"""The BLAKE3 digest, 32 bytes, of a file's or a block's content."""

ClientId = NewType("ClientId", str)
ChangeId = NewType("ChangeId", str)
"""The idempotency key of a submitted change: the hub answers the same one twice in the same way."""

Rev = NewType("Rev", int)
"""How often the hub has changed a node: 1 at its creation, one more with each change.  0: the hub never had it."""

Seq = NewType("Seq", int)
"""The place of a change in the journal of a folder: 1, 2, 3 … without a gap."""

ROOT: Final = NodeId("root")
"""The folder itself.  Every tree holds it; it is never moved, renamed or deleted."""

PARK: Final = NodeId("park")
"""A place in the agent's own folder where a node waits while others change places.  Local trees only."""

NO_REV: Final = Rev(0)


def copy_id(node_id: NodeId, rev: Rev, base: Digest | str, inside: Digest | str, machine: str) -> NodeId:
    """The id of a conflict copy: the same each time this very conflict is met, and no other's.

    ``machine`` (as it is called in names) had ``inside`` as ``node_id``, of which the hub had the revision ``rev``
    by then, while both had last agreed on ``base``.  So whoever has the copy, and knows what the node once held, finds
    what both versions came from, and can be sure of it.
    """
    return derived_id("copy", node_id, rev, base, inside, machine)


def derived_id(*parts: str | bytes | int) -> NodeId:
    """A new id that is the same each time the same parts are given (100 bits, so that no two meet by chance)."""
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        hasher.update(len(raw).to_bytes(4, "big") + raw)
    return NodeId(hasher.hexdigest()[:25])
