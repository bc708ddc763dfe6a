"""Links of the simulated world: frames that are late, dropped, doubled or cut off on their way, in both directions.

A wire is one connection.  Its agent's end is a ``transport.ports.Link``; its hub's end is what ``hub.server`` needs of
a WebSocket and of a gate.  What travels are the bytes of frames.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from syncagent.errors import LinkLost
from tests.sim.clock import Schedule
from tests.sim.loop import SimLoop

AHEAD = 0.05
"""Seconds of frames that a sender may put on the way before it has to wait."""


@dataclass(frozen=True, slots=True)
class Frame:
    text: bool
    data: bytes

    @property
    def said(self) -> str | bytes:
        return self.data.decode() if self.text else self.data


class End:
    """Where one direction of a wire arrives: in a process, as long as that lives."""

    def __init__(self, loop: SimLoop) -> None:
        self.loop = loop
        self._came: deque[Frame] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self.closed = False

    def arrive(self, frame: Frame) -> None:
        if not self.closed and self.loop.alive:
            self._came.append(frame)
            self.loop.run_now(self._stir)

    def close(self) -> None:
        """Nothing more comes.  What has come is still there."""
        if not self.closed:
            self.closed = True
            self.loop.run_now(self._stir)

    def _stir(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def get(self) -> Frame | None:
        """The next frame; None at the end."""
        while not self._came:
            if self.closed:
                return None
            self._waiter = self.loop.create_future()
            await self._waiter
        return self._came.popleft()


class Pipe:
    """One direction.  ``doubled`` is asked, with the number of each frame that arrives, whether it comes twice."""

    def __init__(self, name: str, schedule: Schedule, rng: Random, end: End) -> None:
        self.name = name
        self.end = end
        self.silent = False
        """What is sent vanishes, and nobody is told."""
        self.dropped = 0
        self.cut = False
        self.rate = 50e6
        self.latency = 0.01
        self.doubled: Callable[[], bool] = lambda: False
        self._schedule = schedule
        self._rng = rng
        self._busy_until = 0.0
        self._last = 0.0

    def send(self, frame: Frame) -> float:
        """Put it on its way; gives the seconds that the sender has to wait before the next one."""
        now = self._schedule.now
        self._busy_until = max(now, self._busy_until) + len(frame.data) / self.rate
        self._last = max(self._last, self._busy_until + self._rng.random() * self.latency)
        self._schedule.at(self._last, f"{self.name} frame", lambda: self._arrive(frame))
        return max(0.0, self._busy_until - now - AHEAD)

    def _arrive(self, frame: Frame) -> None:
        if self.silent:
            self.dropped += 1
        elif not self.cut:
            self._schedule.note(self.name, frame.data)
            self.end.arrive(frame)
            if self.doubled():
                self.end.arrive(frame)

    def hang_up(self) -> None:
        """The sender closes: the other side hears of it after all that was sent, unless nothing arrives any more."""
        self._last = max(self._last, self._schedule.now + self._rng.random() * self.latency)
        self._schedule.at(self._last, f"{self.name} end", lambda: None if self.silent else self.end.close())

    def break_off(self) -> None:
        """What is on its way is lost, and the receiver knows that the connection is gone."""
        self.cut = True
        self.end.close()


class Wire:
    """One connection between an agent's process and a hub's.  It is the agent's Link."""

    def __init__(self, name: str, schedule: Schedule, rng: Random, agent: SimLoop, hub: SimLoop) -> None:
        self.name = name
        self.schedule = schedule
        self.up = Pipe(f"{name} up", schedule, rng, End(hub))
        self.down = Pipe(f"{name} down", schedule, rng, End(agent))

    # --- the agent's end ----------------------------------------------------------------------------------------

    def send_at_once(self, frame: str | bytes) -> bool:
        return False  # how long a frame takes is known when it is on its way

    async def send_text(self, text: str | bytes) -> None:
        await self._send(Frame(True, text if isinstance(text, bytes) else text.encode()))

    async def send_binary(self, frame: bytes) -> None:
        await self._send(Frame(False, frame))

    async def _send(self, frame: Frame) -> None:
        if self.down.end.closed:
            raise LinkLost("the connection to the hub broke")
        wait = self.up.send(frame)
        if wait:
            await asyncio.sleep(wait)

    async def receive(self) -> str | bytes:
        frame = await self.down.end.get()
        if frame is None:
            raise LinkLost("the connection to the hub broke")
        return frame.said

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.agent_left()

    def agent_left(self) -> None:
        if not self.down.end.closed:
            self.down.end.closed = True
            self.up.hang_up()

    def leads_to(self, hub: SimLoop | None) -> bool:
        """Whether what is said on it is heard, in both directions, by this process of a hub."""
        return not self.up.silent and not self.down.silent and not self.up.end.closed and self.up.end.loop is hub

    # --- what goes wrong ----------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Both sides know at once that it is gone, and what was on its way is lost."""
        self.up.break_off()
        self.down.break_off()

    def go_stale(self, seconds: float) -> None:
        """The agent knows that it is gone; the hub does not, and still hears what was on its way."""
        self.down.break_off()
        self.schedule.after(seconds, f"{self.name} forgotten", self.up.break_off)

    def fall_silent(self, *, up: bool, down: bool) -> None:
        """What is sent vanishes, and nobody is told."""
        self.up.silent |= up
        self.down.silent |= down


class Socket:
    """The hub's end, as ``hub.server`` has it: a WebSocket and its gate in one."""

    def __init__(self, wire: Wire, address: str) -> None:
        self._wire = wire
        self.address = address
        self.too_much: Callable[[], None] = lambda: None
        self.lost: Callable[[], None] = lambda: None

    async def receive(self) -> str | bytes | None:
        frame = await self._wire.up.end.get()
        return None if frame is None else frame.said

    def send_at_once(self, frames: Sequence[str | bytes]) -> bool:
        return False  # how long a frame takes is known when it is on its way

    async def send_text(self, text: str) -> None:
        await self._send(Frame(True, text.encode()))

    async def send_binary(self, data: bytes) -> None:
        await self._send(Frame(False, data))

    async def _send(self, frame: Frame) -> None:
        if self._wire.up.end.closed:
            raise ConnectionResetError
        wait = self._wire.down.send(frame)
        if wait:
            await asyncio.sleep(wait)

    async def close(self, code: int, reason: str) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """The hub is done with it."""
        if not self._wire.up.end.closed:
            self._wire.up.end.close()
            self._wire.down.hang_up()

    def drop(self) -> None:
        """Without a word."""
        self.hang_up()

    def admit(self) -> None:
        pass
