"""Each peer an adapter."""

from __future__ import annotations

from typing import Final

from benchmarks.peers.base import Peer
from benchmarks.peers.commands import Copy, DurableRsync, Rclone, Rsync
from benchmarks.peers.lsyncd import Lsyncd
from benchmarks.peers.ours import Ours
from benchmarks.peers.syncthing import Syncthing
from benchmarks.peers.unison import Unison

_ALL: Final[tuple[type[Peer], ...]] = (Ours, Syncthing, Unison, Lsyncd, Rsync, DurableRsync, Rclone, Copy)
PEERS: Final = {peer.name: peer for peer in _ALL}
"""In the order of the tables."""
