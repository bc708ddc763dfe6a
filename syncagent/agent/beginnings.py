"""The beginning of a life: is what is remembered about this folder, as it is, and about this client?  And that of a
connection: who it is that speaks, and what it knows."""

from __future__ import annotations

import logging
from typing import Final

from syncagent.agent.config import AgentConfig
from syncagent.agent.ground import Ground
from syncagent.agent.memory import Memory
from syncagent.agent.tally import START, BeginAnew, Tally
from syncagent.agent.workers import Lane, done_in
from syncagent.engine.dialogue import Introduction
from syncagent.engine.remote import Footing
from syncagent.errors import SyncAgentError
from syncagent.model.ids import ClientId
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


def introduction(config: AgentConfig, footing: Footing, incarnation: str) -> Introduction:
    """What an agent says of itself when a connection begins."""
    return Introduction(
        client_id=ClientId(config.client_id),
        client_name=config.name,
        sync_root=str(config.sync_root),
        api_key=config.api_key.get_secret_value(),
        folder=config.folder,
        cursor=footing.cursor,
        epoch=footing.epoch,
        run=footing.run,
        incarnation=incarnation,
    )
