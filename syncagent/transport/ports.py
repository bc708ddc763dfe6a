"""What the agent needs of a connection.  Fulfilled by ``ws_link``, and by the links of the simulated world."""

from __future__ import annotations

from typing import Protocol


class Link(Protocol):
    """An open connection that carries whole frames, in order.  Every method raises LinkLost once it is broken."""

    def send_at_once(self, frame: str | bytes) -> bool:
        """Send a short frame if there is room for it now; whether it was sent.  Raises nothing: a link that is broken
        has no room."""
        ...

    async def send_text(self, text: str | bytes) -> None:
        """Send a text frame (bytes are UTF-8 already).  It comes back when there is room for the next one."""

    async def send_binary(self, frame: bytes) -> None:
        """Send a binary frame.  It comes back when there is room for the next one."""

    async def receive(self) -> str | bytes:
        """The next frame: a text, or the bytes of a binary one."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye and let go; never raises, never takes longer than a few seconds."""


class Dialer(Protocol):
    """Opens connections to one hub."""

    async def __call__(self) -> Link:
        """A new connection, on which nothing was said yet.

        Raises LinkLost when it cannot be had right now, Refused when it must not be had this way.
        """
