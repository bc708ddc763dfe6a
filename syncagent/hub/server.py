"""The hub's shell: sockets in, effects out.  It decides nothing.

Each connection has a ``Session``; its events are fed to it here, and its effects carried out in order.  Work for the
store goes to the worker; what comes back is told to the session that asked, and then to all of the folder that the
journal has grown.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable
from functools import partial
from typing import Final, assert_never

from syncagent.hub import audit
from syncagent.hub.events import (
    Admit,
    Answered,
    Close,
    Do,
    Effect,
    Event,
    Heard,
    Lost,
    Note,
    PassOn,
    Say,
    Sent,
    Tell,
    Ticked,
    TooLarge,
    WakeAt,
)
from syncagent.hub.gate import Gate
from syncagent.hub.hall import Hall, Seat
from syncagent.hub.rules import Rules
from syncagent.hub.session import Session
from syncagent.hub.tasks import Answer
from syncagent.hub.websocket import CLOSE_SECONDS, WebSocket

_SENT_AT_LEAST: Final = 64 * 1024
_LOG: Final = logging.getLogger("syncagent.hub")


class Connection(Seat):
    """One WebSocket and its session."""

    def __init__(self, hall: Hall, rules: Rules, socket: WebSocket, gate: Gate) -> None:
        self._hall = hall
        self._socket = socket
        self._gate = gate
        self._session = Session(rules, hall.now())
        self._loop = asyncio.get_running_loop()
        self._events: deque[Event] = deque()
        self._stepping = self._closing = False
        self._out: deque[str | bytes | Close] = deque()
        self._more_out = asyncio.Event()
        self._writer_rests = False
        self._may_hear = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._last_resort: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Future[None]] = set()

    @property
    def address(self) -> str:
        return self._gate.address

    async def run(self) -> None:
        """Serve it until its end."""
        self._hall.enter(self)
        self._gate.too_much = partial(self.feed, TooLarge())
        self._gate.lost = partial(self.feed, Lost())
        writer = asyncio.create_task(self._write())
        try:
            self._carry_out(self._session.started())
            self._socket.at_once = self._hear_at_once
            await self._listen()
        finally:
            self.feed(Lost())
            self._hall.leave(self)
            if self._timer is not None:
                self._timer.cancel()
            if self._out or self._closing:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CLOSE_SECONDS + 1):
                        await asyncio.shield(writer)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
            if self._last_resort is not None:
                self._last_resort.cancel()

    async def _listen(self) -> None:
        while (message := await self._socket.receive()) is not None:
            while not (self._session.may_hear or self._session.closed):
                self._may_hear.clear()
                await self._may_hear.wait()
            if self._session.closed:
                return
            if isinstance(message, bytes):  # a heartbeat, which says nothing of what is brought, is none
                self._hall.hear(self)
            self.feed(Heard(message))

    async def _write(self) -> None:
        """Send what is to be said, in order; the socket says how fast."""
        sent = 0
        while True:
            while self._out:
                frame = self._out.popleft()
                try:
                    if isinstance(frame, Close):
                        await self._close(frame)
                        return
                    if isinstance(frame, str):
                        await self._socket.send_text(frame)
                    else:
                        await self._socket.send_binary(frame)
                except ConnectionError:
                    return  # the reading side hears of it too, and ends the connection
                sent += len(frame)
                if sent >= _SENT_AT_LEAST:
                    self.feed(Sent(sent))
                    sent = 0
            if sent:
                self.feed(Sent(sent))
                sent = 0
                continue
            self._more_out.clear()
            self._writer_rests = True
            await self._more_out.wait()
            self._writer_rests = False

    async def _close(self, close: Close) -> None:
        self._closing = True
        if close.code == 1006:
            self._gate.drop()
        else:
            await self._socket.close(close.code, close.reason)

    # --- events and effects -------------------------------------------------------------------------------------

    def feed(self, event: Event) -> None:
        """Let the session know of ``event``.  May be called while it is told of another: then it waits its turn."""
        self._events.append(event)
        if self._stepping:
            return
        self._stepping = True
        try:
            while self._events:
                self._carry_out(self._session.step(self._events.popleft(), self._hall.now()))
        except Exception:  # noqa: BLE001 - see below
            # A mistake of ours costs this connection, and no other (HAZARDS N19).
            _LOG.exception("a session failed")
            self._events.clear()
            self._gate.drop()
        finally:
            self._stepping = False
        if self._session.may_hear or self._session.closed:
            self._may_hear.set()

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Say(frame=frame):
                    self._out.append(frame)
                case Close():
                    self._out.append(effect)
                    if effect.code == 1006:
                        self._gate.drop()
                    else:
                        # The word of farewell stands behind all that was said: who does not read never hears it.
                        self._last_resort = self._loop.call_later(2 * CLOSE_SECONDS, self._gate.drop)
                case Do(number=number, task=task):
                    self._hall.do(self, task, partial(self._answer, number))
                case Tell(text=text):
                    self._hall.tell(self, text)
                case PassOn(pack=pack):
                    self._hall.pass_on(self, pack)
                case Admit(request=request):
                    self._spawn(self._hall.admit(self, request))
                case WakeAt(time=when):
                    self._wake_at(when)
                case Note():
                    audit.record(effect, self.address)
                case _:
                    assert_never(effect)
        if self._out:
            self._send_out()

    def _send_out(self) -> None:
        """What someone waits for does not wait for the turn of a task, where nothing is before it and there is room."""
        if self._writer_rests and not self._more_out.is_set():
            frames = [frame for frame in self._out if not isinstance(frame, Close)]
            if len(frames) == len(self._out) and self._socket.send_at_once(frames):
                self._out.clear()
                self.feed(Sent(sum(map(len, frames))))
                return
        self._more_out.set()

    def _hear_at_once(self, message: str | bytes) -> bool:
        if self._session.closed or not self._session.may_hear:
            return False
        self.feed(Heard(message))
        return True

    def _answer(self, number: int, answer: Answer) -> None:
        self.feed(Answered(number, answer))

    def admitted(self) -> None:
        self._gate.admit()

    def _wake_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # Both clocks are the same one; what the session calls monotonic time is the loop's.
        self._timer = self._loop.call_at(when, self.feed, Ticked())

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
