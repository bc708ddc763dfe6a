"""Whose program is at the other end of a TCP connection on this machine, as the kernel has it.

Another user of the machine who sees the port, or a ticket in the arguments of a browser, gets nothing by it (HAZARDS
G8).  Linux says it in ``/proc/net/tcp``; elsewhere it is not known, and tickets are not put where others see them.
"""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path
from typing import Final

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
KNOWN: Final = sys.platform == "linux"
"""Whether it can be told at all here."""

Address = tuple[str, int]


def owner(peer: Address, here: Address, tables: tuple[Path, ...] = _TABLES) -> int | None:
    """The uid of who is at ``peer`` of a connection to ``here`` (both IPv4); None when it is not known."""
    for table in tables:
        wide = table.name == "tcp6"
        wanted = (_as_listed(peer, wide=wide), _as_listed(here, wide=wide))
        try:
            lines = table.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines[1:]:
            fields = line.split()
            if len(fields) > 7 and (fields[1], fields[2]) == wanted and fields[7].isdigit():
                return int(fields[7])
    return None


def _as_listed(address: Address, *, wide: bool) -> str:
    """``0100007F:1F90``: each four bytes as a number of this machine's order."""
    packed = ipaddress.IPv4Address(address[0]).packed
    if wide:
        packed = bytes(10) + b"\xff\xff" + packed  # an IPv4 address, seen through a socket for both
    words = [packed[at : at + 4] for at in range(0, len(packed), 4)]
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words) + f":{address[1]:04X}"
