"""Ports for hubs that are processes."""

from __future__ import annotations

import secrets
import socket
from typing import Final

FIRST: Final = 20_000
NUMBER: Final = 12_000
"""Below all that systems give to whoever asks for any port: there a hub that ends, and is started at the same port
again, or is only about to start, would find it taken by a connection of another test now and then."""


def free_port() -> int:
    while True:
        port = FIRST + secrets.randbelow(NUMBER)  # not `random`, which starts alike in each process
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
