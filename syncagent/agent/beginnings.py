"""The beginning of a life: is what is remembered about this folder, as it is, and about this client?  And that of a
connection: who it is that speaks, and what it knows."""

from __future__ import annotations

import logging
from typing import Final, cast

from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.ground import Ground
from syncagent.agent.memory import Memory
from syncagent.agent.tally import START, BeginAnew, Tally
from syncagent.agent.workers import Lane, done_in
from syncagent.engine.dialogue import Introduction
from syncagent.engine.events import Configured, Started, Stop
from syncagent.engine.remote import Footing
from syncagent.errors import SyncAgentError
from syncagent.model.facts import Fact
from syncagent.model.ids import ClientId, NodeId
from syncagent.model.names import RelPath
from syncagent.store.ports import INCARNATION, Loaded
from syncagent.trees.delta import Row

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


def started(
    loaded: Loaded,
    ground: Ground,
    parked: tuple[tuple[NodeId, Fact], ...],
    stop: Stop | None,
    today: str,
    excluded: tuple[tuple[RelPath, NodeId], ...] = (),
    *,
    new_hub: bool,
) -> Started:
    """The engine's first event: what is remembered, and what is there."""
    # A database that was lost with all that it knew: the folder's marker still knows the hub (HAZARDS E12).
    known = {"hub_id": ground.hub_id, **loaded.facts} | ({"hub_id": ""} if new_hub else {})
    rows = cast("tuple[Row, ...]", loaded.rows)
    acts, parts, put_back = loaded.acts, loaded.parts, ground.put_back
    return Started(rows, known, loaded.recipes, parked, today, stop, acts, parts, put_back, excluded)


def configured(config: AgentConfig) -> Configured:
    """What the engine is told of the settings."""
    return Configured(config.name, config.limits)


def introduced(config: AgentConfig) -> tuple[str, ...]:
    """What of the settings a connection is made of: when it changes, another one is wanted."""
    key, password = config.api_key.get_secret_value(), config.proxy_password.get_secret_value()
    return config.server, config.fingerprint, config.name, key, config.proxy, password


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
