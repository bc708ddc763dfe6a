"""Each peer an adapter."""

from __future__ import annotations

from typing import Final

from benchmarks.peers.base import Peer
from benchmarks.peers.ours import Ours

PEERS: Final[dict[str, type[Peer]]] = {peer.name: peer for peer in (Ours,)}
"""In the order of the tables."""
