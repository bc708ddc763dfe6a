"""The hub's tree, asked anew over a connection of its own: for `check`, which does not believe what the engine has
heard; its journal, for those who ask for the history of a file; and what a file held at some time.

It comes as another client (the agent's name with ``-check`` behind it), so that the agent's own connection goes on; it
reads, and submits nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Final, TypeVar

from syncagent.content.digest import content_of
from syncagent.engine.dialogue import Dialogue, Frame
from syncagent.engine.effects import AskBlocks, AskChanges
from syncagent.engine.events import BlocksCame, BlocksEnded, CaughtUp, Event, Welcomed
from syncagent.errors import BadMessage, LinkLost
from syncagent.model.changes import Entry, Operation
from syncagent.model.ids import Digest, NodeId, Seq
from syncagent.model.nodes import Content, Recipe
from syncagent.model.values import fixed
from syncagent.transport.ports import Dialer, Link
from syncagent.trees.picture import Picture, picture_of
from syncagent.trees.tree import Tree

_Event = TypeVar("_Event", bound=Event)

MOST_TOGETHER: Final = 1 << 20
"""Entries of one page, of all of which it is wanted when they were made."""

ANSWER_SECONDS: Final = 30.0
"""So long may the hub take for one message."""


@fixed
class HubTree:
    """What the hub has, as of the number ``head`` of its journal."""

    hub_id: str
    epoch: str
    head: Seq
    picture: Picture


async def hub_tree(dial: Dialer, introduce: Callable[[float], Dialogue]) -> HubTree:
    """Ask the hub for all that it has.  Raises what keeps it from being had: LinkLost, Refused, BadMessage."""
    link = await dial()
    try:
        asking = _Asking(link, introduce(asyncio.get_running_loop().time()))
        return await asking.run()
    finally:
        await link.close()


@fixed
class History:
    """What the hub's journal has of something, oldest first.  Not ``complete``: of some of it only the last state."""

    head: Seq
    entries: tuple[Entry, ...]
    complete: bool
    times: Mapping[Seq, str] = field(default_factory=dict)
    """When each was made, by the hub's clock."""


async def hub_history(dial: Dialer, introduce: Callable[[float], Dialogue], wanted: Callable[[Entry], bool]) -> History:
    """The entries of the hub's journal that are ``wanted``.  Raises as ``hub_tree`` does."""
    link = await dial()
    try:
        return await _Asking(link, introduce(asyncio.get_running_loop().time())).history(wanted)
    finally:
        await link.close()


async def hub_bytes(
    dial: Dialer, introduce: Callable[[float], Dialogue], content: Content, recipe: Recipe
) -> bytes | None:
    """The bytes of ``content``, which is made of ``recipe``; None when the hub does not have them any more.  Raises as
    ``hub_tree`` does."""
    link = await dial()
    try:
        return await _Asking(link, introduce(asyncio.get_running_loop().time())).bytes_of(content, recipe)
    finally:
        await link.close()


class _Asking:
    """One connection, from the first word to the last page."""

    def __init__(self, link: Link, dialogue: Dialogue) -> None:
        self._link = link
        self._dialogue = dialogue
        self._heard: list[Event] = []
        self._entries: dict[NodeId, Entry] = {}

    async def history(self, wanted: Callable[[Entry], bool]) -> History:
        self._dialogue.when.most = MOST_TOGETHER
        await self._enter()
        found: list[Entry] = []
        times: dict[Seq, str] = {}
        since, complete = Seq(0), True
        while True:
            await self._say(self._dialogue.send(AskChanges(since, plain=True)))
            page = await self._next(CaughtUp)
            some = [entry for entry in page.entries if wanted(entry)]
            times |= {entry.seq: page.times.get(entry.seq, "") for entry in some}
            if page.snapshot and not since:
                # An older hub, asked from 0 on, tells the last states alone: what was first may be one of them.
                found, since = [entry for entry in some if entry.seq == 1], Seq(1)
                continue
            found.extend(some)
            complete = complete and not page.snapshot
            if not page.more:
                break
            since = page.next
        await self._say(self._dialogue.farewell())
        entries = tuple(sorted({entry.seq: entry for entry in found}.values(), key=lambda entry: entry.seq))
        begins = not entries or entries[0].operation is Operation.CREATE
        return History(page.head, entries, complete and begins, times)

    async def bytes_of(self, content: Content, recipe: Recipe) -> bytes | None:
        await self._enter()
        wanted = tuple(dict.fromkeys(block.digest for block in recipe))
        await self._say(self._dialogue.send(AskBlocks(1, wanted)))
        have: dict[Digest, bytes] = {}
        while isinstance(event := await self._next_of((BlocksCame, BlocksEnded)), BlocksCame):
            have.update((digest, bytes(data)) for digest, data in event.blocks)
        await self._say(self._dialogue.farewell())
        if not have.keys() >= set(wanted):
            return None
        data = b"".join(have[digest] for digest in (block.digest for block in recipe))
        # Each block has its digest; that they are those of this file, and in this order, only the whole can show.
        return data if content_of(data) == content else None

    async def _enter(self) -> Welcomed:
        await self._say(self._dialogue.open())
        welcome = await self._next(Welcomed)
        if not welcome.journal:
            raise BadMessage("unsupported", "this hub keeps no journal: there is nothing to compare with")
        return welcome

    async def run(self) -> HubTree:
        welcome = await self._enter()
        since = Seq(0)
        while True:
            await self._say(self._dialogue.send(AskChanges(since, snapshot=True)))
            page = await self._next(CaughtUp)
            self._entries.update((entry.node_id, entry) for entry in page.entries)
            if not page.more:
                break
            since = page.next
        await self._say(self._dialogue.farewell())
        tree = Tree()
        for entry in self._entries.values():
            if entry.node is not None:
                tree.put(entry.node)
        return HubTree(welcome.hub_id, welcome.epoch, page.head, picture_of(tree))

    async def _next(self, kind: type[_Event]) -> _Event:
        event = await self._next_of((kind,))
        assert isinstance(event, kind)
        return event

    async def _next_of(self, kinds: tuple[type, ...]) -> Event:
        """The next event of those kinds; what else the hub says meanwhile is of no concern here."""
        while True:
            for position, event in enumerate(self._heard):
                if isinstance(event, kinds):
                    del self._heard[: position + 1]
                    return event
            self._heard.clear()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    frame = await self._link.receive()
            except TimeoutError:
                raise LinkLost(f"the hub did not answer within {ANSWER_SECONDS:g} s") from None
            self._heard.extend(self._dialogue.receive(frame, asyncio.get_running_loop().time()))

    async def _say(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            if isinstance(frame, str):
                await self._link.send_text(frame)
            else:
                await self._link.send_binary(frame)
