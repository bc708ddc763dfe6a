"""One connection after the other, carried: what the engine wants said goes out, what the hub says comes in.

What is said and what it means is ``engine.dialogue``'s, and in which order it goes out ``outbox``'s; this module waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from syncagent.agent.outbox import Outbox, Paces
from syncagent.agent.tally import BeginAnew
from syncagent.engine.dialogue import Dialogue, Frame, HubEffect, link_down
from syncagent.engine.effects import AskBlocks, CloseLink, GiveRoom, SendBlocks, SendOutline
from syncagent.engine.events import BlocksCame, BlocksSent, Event, LinkDown
from syncagent.engine.pulse import INTERVAL
from syncagent.errors import AskPerson, BadMessage, IdTaken, LinkLost, Refused, SyncAgentError
from syncagent.transport.ports import Dialer, Link
from syncagent.transport.traffic import Traffic

FAREWELL_SECONDS: Final = 1.0
PATIENT_SECONDS: Final = 30.0
"""So long after a call that was ended since the network has changed no other one is ended for that."""

REST_SECONDS: Final = 60.0
"""A sleep of which was told, and that did not come, keeps the hub waiting no longer."""

SILENT_AFTER: Final = 1.5
"""Intervals of heartbeats.  After two and a half the connection is given up."""


class Conversation:
    """What goes on between this agent and the hub.

    ``dial`` opens a connection, ``introduce`` gives the dialogue that begins on it (with a time of the loop's clock),
    ``hear`` is given the events that come of it.  All of it in the event loop.
    """

    def __init__(
        self,
        dial: Dialer,
        introduce: Callable[[float], Dialogue],
        hear: Callable[[Sequence[Event]], None],
        traffic: Traffic,
        paces: Paces | None = None,
    ) -> None:
        self._dial = dial
        self._traffic = traffic
        self._introduce = introduce
        self._hear = hear
        self._now = asyncio.get_running_loop().time
        self._talk: _Talk | None = None
        self._paces = paces or Paces()
        self._changed, self._awake, self._over = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._awake.set()
        self._spared_until = float("-inf")
        self.last_contact: float | None = None
        """When the hub was last heard, in seconds since 1970."""
        self.heard_at: float | None = None
        """The same, by the loop's clock, which no one sets."""
        self.refusal = ""
        """Why only a person can mend the connection; empty while that is not so, or not known yet."""
        self._other_way = False

    @property
    def connected(self) -> bool:
        return self._talk is not None

    @property
    def patience(self) -> float:
        """After how many seconds the hub's silence is worth a word: it should have answered a heartbeat by then."""
        return SILENT_AFTER * (self._talk.interval if self._talk is not None else INTERVAL)

    def send(self, effect: HubEffect) -> None:
        """Have ``effect`` said.  Without a connection it is not: the engine knows, or will hear in a moment."""
        if self._talk is not None:
            self._talk.send(effect)

    def probe(self) -> None:
        """There is reason to doubt the connection: ask the hub for a sign of life, now."""
        if self._talk is not None:
            self._talk.probe()

    def paced(self) -> None:
        """The limits have changed."""
        if self._talk is not None:
            self._talk.stir()

    def hold(self, *, held: bool) -> None:
        """Whether content that waits to leave stays here, and none is asked for: it is paused, or goes on."""
        if held != self._paces.held:
            self._paces.held = held
            self.paced()

    def doubt(self, nudge: Callable[[], None]) -> None:
        """The network is another one.  Without a connection one is tried now: what is being dialled may lead nowhere
        any more, and there is no reason to wait."""
        if self._talk is not None:
            self.probe()
            return
        # A network in which something comes and goes all the time must not end each call before it is answered.
        if self._now() >= self._spared_until:
            self._spared_until = self._now() + PATIENT_SECONDS
            self._changed.set()
        nudge()

    async def rest(self, reason: str) -> None:
        """Tell the hub goodbye, and do not call it before ``rise``, or for a while; comes back when that is said."""
        self._awake.clear()
        asyncio.get_running_loop().call_later(REST_SECONDS, self.rise)
        if self._talk is not None:
            self._over.clear()
            self._talk.send(CloseLink(reason, again=True))
            await self._over.wait()

    def rise(self) -> None:
        """Call the hub again."""
        self._awake.set()

    def redial(self, dial: Dialer, reason: str) -> None:
        """From now on another way leads to the hub, or we have something else to say of ourselves: begin anew."""
        self._dial, self.refusal, self._other_way = dial, "", True
        if self._talk is not None:
            self._talk.send(CloseLink(reason, again=True))

    async def talk(self) -> None:
        """The life of one connection, from dialing to its end.  Comes back when the next may be opened at once.

        Raises LinkLost, or whatever else ended it, after it was told as LinkDown; BeginAnew when the client id is not
        this machine's alone.
        """
        anew, self._other_way = self._other_way, False
        try:
            await self._awake.wait()
            reason = await self._converse(await self._dialled())
        except IdTaken as error:
            self._hear([link_down(error)])
            raise BeginAnew(f"{error}: this machine, or that one, is a copy of the other") from error
        except SyncAgentError as error:
            self.refusal = str(error) if isinstance(error, AskPerson) else ""
            self._hear([link_down(error, anew=anew)])
            raise
        self._hear([LinkDown(reason)])

    async def _dialled(self) -> Link:
        """Raises LinkLost, also when the network has changed meanwhile: what was begun on the one before may lead
        nowhere, and takes long to find that out."""
        dialing, changed = asyncio.ensure_future(self._dial()), asyncio.ensure_future(self._changed.wait())
        self._changed.clear()
        try:
            await asyncio.wait({dialing, changed}, return_when=asyncio.FIRST_COMPLETED)
            if dialing.done():
                return dialing.result()
            raise LinkLost("the network has changed while the hub was called")
        finally:
            for task in (dialing, changed):
                task.cancel()
            await asyncio.gather(dialing, changed, return_exceptions=True)

    async def _converse(self, link: Link) -> str:
        talk = self._talk = _Talk(
            link, self._introduce(self._now()), self._hear_from_hub, self._traffic, self._now, self._paces
        )
        try:
            return await talk.run()
        except BadMessage as error:
            raise LinkLost(f"the hub broke the protocol: {error}") from error
        except asyncio.CancelledError:
            await talk.say_farewell()
            raise
        finally:
            self._talk = None
            if came := talk.came():
                self._hear(came)  # what has come is not asked for again on the next one
            await link.close()
            self._over.set()

    def _hear_from_hub(self, events: Sequence[Event]) -> None:
        self.last_contact, self.heard_at, self.refusal = time.time(), self._now(), ""
        if events:
            self._hear(events)


class _Talk:
    """One connection that is open."""

    def __init__(
        self,
        link: Link,
        dialogue: Dialogue,
        hear: Callable[[Sequence[Event]], None],
        traffic: Traffic,
        now: Callable[[], float],
        paces: Paces,
    ) -> None:
        self._link = link
        self._dialogue = dialogue
        self._hear = hear
        self._traffic = traffic
        self._now = now
        self._outbox = Outbox(paces)
        self._something_to_send = asyncio.Event()
        self._all_is_sent = False
        """Whether whoever sends has nothing to do."""
        self._pulse_is_due = asyncio.Event()
        self._closing: asyncio.Future[CloseLink] = asyncio.get_running_loop().create_future()

    def send(self, effect: HubEffect) -> None:
        if isinstance(effect, CloseLink):
            if not self._closing.done():
                self._closing.set_result(effect)
            return
        if isinstance(effect, GiveRoom) and self._outbox.limits_what_comes:
            return  # what comes is to be asked for, at the pace that a person has set
        self._dialogue.blocks_at_once = self._outbox.asked_at_once()
        frames = self._dialogue.send(effect)
        if unsaid := self._dialogue.unsaid():
            # Not now: the engine is in the middle of the step that wanted it said.
            asyncio.get_running_loop().call_soon(self._hear, unsaid)
        if isinstance(effect, SendBlocks | SendOutline) and effect.number:
            self._outbox.send_bulk(frames, BlocksSent(effect.number))
        elif isinstance(effect, AskBlocks):
            self._outbox.ask(frames, len(effect.digests))
        else:
            self._say(frames)
            return
        self.stir()

    def stir(self) -> None:
        """There is something to send, or it may be sent sooner."""
        self._something_to_send.set()

    @property
    def interval(self) -> float:
        return self._dialogue.interval

    def came(self) -> list[Event]:
        """Blocks that have come, and were not handed on yet."""
        return self._dialogue.gathered()

    def probe(self) -> None:
        self._dialogue.probe(self._now())
        self._pulse_is_due.set()

    async def run(self) -> str:
        """Talk until it ends.  Comes back, with the reason, when it was closed and may be opened again."""
        self._say(self._dialogue.open())
        tasks = [asyncio.ensure_future(part) for part in (self._read(), self._write(), self._keep_alive())]
        waited: set[asyncio.Future[Any]] = {*tasks, self._closing}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
            wish = self._closing.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self.say_farewell()
        if not wish.again:
            raise Refused("closed", wish.reason)
        return wish.reason

    async def say_farewell(self) -> None:
        """Tell the hub that we go, if that can be done quickly."""
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                for frame in self._dialogue.farewell():
                    await self._put(frame)
        except (TimeoutError, LinkLost):
            pass

    async def _read(self) -> None:
        while True:
            frame = await self._link.receive()
            self._traffic.heard(frame)
            events = self._dialogue.receive(frame, self._now())
            self._outbox.came(self._now(), len(frame), _sizes(events))
            self._hear(events)
            if self._dialogue.next_pulse <= self._now():
                self._pulse_is_due.set()

    async def _write(self) -> None:
        while True:
            one, wait = self._outbox.next(self._now())
            if isinstance(one, BlocksSent):
                self._hear([one])
            elif one is not None:
                if self._outbox.is_bulk:
                    self._dialogue.pace.leaves(len(one), self._now())
                await self._put(one)
            else:
                self._dialogue.pace.rests()
                self._something_to_send.clear()
                if wait is None:
                    self._all_is_sent = True
                    await self._something_to_send.wait()
                    self._all_is_sent = False
                    continue
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._something_to_send.wait()

    async def _keep_alive(self) -> None:
        while True:
            self._pulse_is_due.clear()
            self._say(self._dialogue.pulse(self._now()))
            try:
                async with asyncio.timeout_at(self._dialogue.next_pulse):
                    await self._pulse_is_due.wait()
            except TimeoutError:
                pass

    def _say(self, frames: Sequence[Frame]) -> None:
        """Someone waits for these: where nothing is before them, and there is room, not even for the turn of a task."""
        left = deque(frames)
        while left and self._all_is_sent and not self._something_to_send.is_set() and self._outbox.unlimited:
            if not self._link.send_at_once(left[0]):
                break
            self._traffic.said(left.popleft())
        if left:
            self._outbox.say(left)
            self.stir()

    async def _put(self, frame: Frame) -> None:
        self._traffic.said(frame)
        if isinstance(frame, str):
            await self._link.send_text(frame)
        else:
            await self._link.send_binary(frame)


def _sizes(events: Sequence[Event]) -> list[int]:
    """Those of the blocks that came."""
    return [len(data) for event in events if isinstance(event, BlocksCame) for _, data in event.blocks]
