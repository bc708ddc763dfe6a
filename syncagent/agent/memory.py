"""What the agent remembers, kept by a thread of its own, one transaction at a time.

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

MANY_ROWS: Final = 2_000
"""After so many rows the database keeps more pages in memory than what comes next will need."""


class Memory:
    """The database at ``path``; lives in the event loop.

    ``kept`` is called when a delta is kept, ``hinder`` with the reason when that has to wait ("" when it is over), and
    ``damaged`` when what is remembered is found to be damaged: it is put aside when it is loaded the next time.
    """

    def __init__(
        self,
        path: str,
        lane: Lane,
        kept: Callable[[], None],
        hinder: Callable[[str], None],
        damaged: Callable[[DatabaseDamaged], None],
        open_store: Callable[[str], AgentStore] = open_agent_db,
    ) -> None:
        self._path = path
        self._open_store = open_store
        self._lane = lane
        self._tell_kept = kept
        self._hinder = hinder
        self._damaged = damaged
        self._loop = asyncio.get_running_loop()
        self._store: AgentStore | None = None
        self._pause = FIRST_RETRY
        self._kept_rows = 0
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

    def keep(self, delta: Delta) -> None:
        """Keep ``delta``; only called again when that was kept."""
        self._lane.do(lambda: self._keep(delta))

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
        if store is not None and self._kept_rows >= MANY_ROWS:
            self._kept_rows = 0
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
        self.facts.update(delta.facts)
        self._kept_rows += len(delta.rows)
        self._pause = FIRST_RETRY
        self._hinder("")
        self._tell_kept()

    def _try_again(self, delta: Delta, reason: str) -> None:
        self._hinder(reason)
        self._loop.call_later(self._pause, self.keep, delta)
        self._pause = min(2 * self._pause, LAST_RETRY)
