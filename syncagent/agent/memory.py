"""What the agent remembers, kept one transaction at a time: by a thread of its own, or, where it is little and that
thread has nothing to do, at once.  A hop there and back takes longer than to keep a few rows, which waits for no disk.

A transaction that cannot be made now is tried again until it can; the caller lets nothing begin that comes after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from syncagent.agent.tally import START
from syncagent.agent.workers import Lane, call_in, done_in
from syncagent.errors import StorageFull, StorageTrouble
from syncagent.model.ids import Digest
from syncagent.model.nodes import Recipe
from syncagent.sqlite import DatabaseDamaged
from syncagent.store.agent_db import open_agent_db
from syncagent.store.ports import AgentStore, Loaded
from syncagent.trees.delta import Delta

FIRST_RETRY: Final = 1.0
LAST_RETRY: Final = 30.0

FEW_ROWS: Final = 8
"""So many at the most are kept at once, in the event loop: about as many tenths of a millisecond."""

TOO_LONG: Final = 0.02
LATER: Final = 10.0
"""Seconds: where it took longer than the one, nothing is kept at once for as long as the other."""

MANY_ROWS: Final = 2_000
"""After so many rows the database keeps more pages in memory than what comes next will need."""

MANY_TIMES: Final = 400
"""After so many transactions its log is emptied when there is time, so that none has to wait for that."""


class Memory:
    """The database at ``path``; lives in the event loop.

    ``kept`` is called when a delta is kept, ``hinder`` with the reason when that has to wait ("" when it is over), and
    ``damaged`` when what is remembered is found to be damaged: it is put aside when it is loaded the next time.  What
    ``before`` gives the lane to do is over before a delta is kept.
    """

    def __init__(
        self,
        path: str,
        lane: Lane,
        kept: Callable[[], None],
        hinder: Callable[[str], None],
        damaged: Callable[[DatabaseDamaged], None],
        open_store: Callable[[str], AgentStore] = open_agent_db,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._path = path
        self._open_store = open_store
        self._lane = lane
        self._tell_kept = kept
        self._hinder = hinder
        self._damaged = damaged
        self._before = before
        self._loop = asyncio.get_running_loop()
        self._store: AgentStore | None = None
        self._pause = FIRST_RETRY
        self._kept_rows = self._kept_times = 0
        self._not_before = 0.0
        """Until then nothing is kept at once."""
        self.facts: dict[str, str] = {}
        """Single values, as they are in the database."""

    async def load(self) -> Loaded:
        """All that is remembered; waits until it can be had.  Raises AlreadyRunning, BadConfig, DatabaseDamaged."""

        def load() -> tuple[AgentStore, Loaded]:
            store = self._open_store(self._path)
            try:
                return store, store.load()
            except BaseException:
                store.close()
                raise

        while True:
            try:
                self._store, loaded = await done_in(self._lane, load)
            except DatabaseDamaged:
                raise
            except (StorageFull, StorageTrouble) as trouble:
                self._hinder(str(trouble))
                await asyncio.sleep(FIRST_RETRY)
                continue
            self._hinder("")
            self.facts = dict(loaded.facts)
            return loaded

    def keep(self, delta: Delta) -> bool:
        """Keep ``delta``; whether that is done by now.  If not, it is told later, and no more is to be kept before."""
        self._before()
        if self._is_quick(delta):
            return self._keep_at_once(delta)
        self._lane.do(lambda: self._keep(delta))
        return False

    def _is_quick(self, delta: Delta) -> bool:
        store, few = self._store, len(delta.rows) + len(delta.gone) <= FEW_ROWS
        if store is None or not few or delta.recipes or delta.acts or delta.parts:
            return False
        return self._lane.idle and self._loop.time() >= self._not_before and store.is_quick()

    def _keep_at_once(self, delta: Delta) -> bool:
        store = self._store
        assert store is not None
        began = self._loop.time()
        try:
            store.commit(delta)
        except DatabaseDamaged as damage:
            self._damaged(damage)
            return False
        except (StorageFull, StorageTrouble) as trouble:
            self._try_again(delta, str(trouble))
            return False
        if (now := self._loop.time()) - began > TOO_LONG:
            self._not_before = now + LATER  # the disk has much to do, and others are not to wait for it here
        self._note_kept(delta)
        return True

    async def settle(self) -> None:
        """Come back when all that was to be kept until now is."""
        await done_in(self._lane, lambda: None)

    async def mark(self, token: str) -> None:
        """Keep the token of this start, durably.  Raises StorageFull, StorageTrouble."""
        store = self._store
        assert store is not None

        def mark() -> None:
            store.commit(Delta(facts={START: token}))
            store.settle()

        await done_in(self._lane, mark)

    async def put_aside(self) -> None:
        """What is remembered does not count: the next life begins anew."""
        store, self._store = self._store, None
        if store is not None:
            await done_in(self._lane, store.put_aside)

    def recall(self, digests: Sequence[Digest], tell: Callable[[Mapping[Digest, Recipe]], None]) -> None:
        """Look up the recipes of ``digests``, and ``tell`` them: an empty one where there is none, or it cannot be read
        now."""
        self._lane.do(lambda: self._recall(digests, tell))

    def _recall(self, digests: Sequence[Digest], tell: Callable[[Mapping[Digest, Recipe]], None]) -> None:
        """In the thread."""
        store = self._store
        found: dict[Digest, Recipe] = dict.fromkeys(digests, ())
        try:
            if store is not None:
                found = {digest: store.recipe(digest) or () for digest in digests}
        except DatabaseDamaged as damage:
            call_in(self._loop, self._damaged, damage)
        except (StorageFull, StorageTrouble) as trouble:
            call_in(self._loop, self._hinder, str(trouble))
        call_in(self._loop, tell, found)

    def rest(self) -> None:
        """Nothing is going on: of what is kept to be quick, that which a burst has left is let go of."""
        store = self._store
        if store is not None and (self._kept_rows >= MANY_ROWS or self._kept_times >= MANY_TIMES):
            self._kept_rows = self._kept_times = 0
            self._lane.do(store.rest)

    def close(self) -> None:
        """Let go of the database, after all that was asked for."""
        if self._store is not None:
            self._lane.do(self._store.close)
            self._store = None

    def _keep(self, delta: Delta) -> None:
        """In the thread."""
        store = self._store
        if store is None:
            return
        try:
            store.commit(delta)
        except DatabaseDamaged as damage:
            call_in(self._loop, self._damaged, damage)
        except (StorageFull, StorageTrouble) as trouble:
            call_in(self._loop, self._try_again, delta, str(trouble))
        else:
            call_in(self._loop, self._kept, delta)

    def _kept(self, delta: Delta) -> None:
        self._note_kept(delta)
        self._tell_kept()

    def _note_kept(self, delta: Delta) -> None:
        self.facts.update(delta.facts)
        self._kept_rows += len(delta.rows)
        self._kept_times += 1
        self._pause = FIRST_RETRY
        self._hinder("")

    def _try_again(self, delta: Delta, reason: str) -> None:
        self._hinder(reason)
        self._loop.call_later(self._pause, lambda: self._lane.do(lambda: self._keep(delta)))
        self._pause = min(2 * self._pause, LAST_RETRY)
