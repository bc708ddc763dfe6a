"""Fresh ids, from the system's source of randomness."""

from __future__ import annotations

import secrets

from syncagent.model.ids import NodeId


class RandomIds:
    """Ids of 100 random bits (an IdSource)."""

    __slots__ = ()

    def new_id(self) -> NodeId:
        return NodeId(f"{secrets.randbits(100):025x}")
