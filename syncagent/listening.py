"""How a server ends: whoever was let in a moment before is hung up on, and not forgotten."""

from __future__ import annotations

import asyncio
import contextlib


async def let_in_nobody_more(server: asyncio.Server) -> None:
    """Before ``server.close()``: those whom the loop has just let in become connections that can be hung up on.

    Were the server closed first, the loop would neither take them in nor hang up: they would wait for their time-out.
    """
    with contextlib.suppress(NotImplementedError):  # a loop without readers tells the listening socket itself
        for listening in server.sockets:
            asyncio.get_running_loop().remove_reader(listening.fileno())
    await asyncio.sleep(0)
