"""What the agent's shell has of the world around it: threads, the disk, the watcher, the database, the network, clocks.

A running agent has the real ones, which are the defaults here.  The simulated world gives the same shell others, so
that what is tried there, from a seed, is the shell itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from syncagent.agent.awake import asleep
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.excluding import Kept, kept_in
from syncagent.agent.ids import RandomIds
from syncagent.agent.network import watch_network
from syncagent.agent.premises import Premises, open_premises
from syncagent.agent.reach import way_to_hub
from syncagent.agent.room import usage_of
from syncagent.agent.tally import Tally, tally_in
from syncagent.agent.vigil import Vigil, vigil_in
from syncagent.agent.workers import Workers
from syncagent.localfs.dirty import Hints
from syncagent.localfs.watcher import Rhythm, Watcher, WatchState, default_eyes
from syncagent.model.names import RelPath
from syncagent.model.sources import IdSource
from syncagent.model.values import fixed
from syncagent.store.agent_db import open_agent_db
from syncagent.store.ports import AgentStore
from syncagent.transport.ports import Dialer
from syncagent.transport.ws_link import WsDialer

POLL_SECONDS: Final = 30.0
"""How often everything is looked through while the watcher cannot see."""


class Watching(Protocol):
    """What tells of changes in the folder (``localfs.watcher``)."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def state(self) -> WatchState: ...


def _watch(
    root: Path, on_hints: Callable[[Hints], None], rule_files: tuple[str, ...], is_own: Callable[[RelPath], bool]
) -> Watching:
    eyes = partial(default_eyes, rule_files=rule_files)
    return Watcher(root, on_hints, is_own=is_own, rhythm=Rhythm(poll=POLL_SECONDS), open_eyes=eyes)


Watch: TypeAlias = Callable[[Path, Callable[[Hints], None], tuple[str, ...], Callable[[RelPath], bool]], Watching]
"""Makes what watches a root: who hears of hints, the names of rule files, and which files are being put in place."""


def _dial(config: AgentConfig) -> Dialer:
    return WsDialer(config.server, config.fingerprint, way=lambda: way_to_hub(config))


def _hour() -> datetime:
    return datetime.now(UTC)


@fixed
class Outside:
    """``hour`` is the time of day in UTC, by which nothing is decided; ``chance`` gives numbers from 0 to 1; ``slept``
    the seconds that the machine has slept, ``usage`` the bytes of a disk and those that are free (None: nobody can
    say), and ``network`` a context in which changes of the network are told."""

    workers: Callable[[Callable[[BaseException], None]], Workers] = Workers
    premises: Callable[[AgentConfig], Premises] = open_premises
    watcher: Watch = _watch
    database: Callable[[str], AgentStore] = open_agent_db
    excluded: Callable[[Path], Kept] = kept_in
    vigil: Callable[[Path], Vigil] = vigil_in
    tally: Callable[[Path], Tally] = tally_in
    dialer: Callable[[AgentConfig], Dialer] = _dial
    ids: Callable[[], IdSource] = RandomIds
    hour: Callable[[], datetime] = _hour
    chance: Callable[[], float] = random.random
    slept: Callable[[], float] = asleep
    usage: Callable[[Path], tuple[int, int]] | None = usage_of
    network: Callable[[Callable[[], None]], AbstractContextManager[None]] = watch_network

    def today(self) -> str:
        """The date as people here have it."""
        return self.hour().astimezone().date().isoformat()

    def instant(self) -> str:
        """The time of day in ISO 8601, for messages."""
        return self.hour().isoformat(timespec="milliseconds").replace("+00:00", "Z")


REAL: Final = Outside()
