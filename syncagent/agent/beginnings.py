"""The beginning of a life: is what is remembered about this folder, as it is, and about this client?"""

from __future__ import annotations

import logging
from typing import Final

from syncagent.agent.ground import Ground
from syncagent.agent.memory import Memory
from syncagent.agent.tally import START, BeginAnew, Tally
from syncagent.agent.workers import Lane, done_in
from syncagent.errors import SyncAgentError
from syncagent.store.ports import INCARNATION, Loaded

_log: Final = logging.getLogger(__name__)


async def recognise(loaded: Loaded, memory: Memory, ground: Ground, tally: Tally, lane: Lane) -> None:
    """See that database and folder are as the last start left them, and note this one.  Raises BeginAnew when they are
    not."""
    if loaded.rows or loaded.facts.keys() - {INCARNATION}:
        reason = await done_in(lane, lambda: tally.objection(loaded.facts.get(START, ""), ground.start))
        if reason:
            raise BeginAnew(reason)
    try:
        await done_in(lane, tally.begin)
        await ground.mark(tally.token)
        await memory.mark(tally.token)
        await done_in(lane, tally.done)
    except SyncAgentError as trouble:
        # Both this token and the last one are good the next time.
        _log.warning("this start could not be noted everywhere: %s", trouble)
