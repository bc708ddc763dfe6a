"""Commands of a person's own, started when something has happened: on_change, on_conflict, on_idle.

What happens in one burst is told by one start, and a kind of hook runs once at a time: what comes meanwhile is told by
the next.  A hook is started without a shell, and learns what happened from its environment and, as JSON, from its
standard input.  It has so long and no longer.  Whatever comes of it hinders nothing else: it is said in the log and in
the status.  Lives in the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from syncagent.agent.board import Board
from syncagent.agent.config.document import said_name
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.recents import told
from syncagent.agent.spawning import end_with_all, own_group, words_of
from syncagent.engine.effects import Note
from syncagent.model.names import is_conflict_name, split

_log: Final = logging.getLogger(__name__)

GATHER: Final = 1.0
"""Seconds without anything new after which a burst is over."""

LONGEST: Final = 10.0
"""Seconds after which a burst is told, though it goes on."""

MOST: Final = 1_000
"""Changes that are told at once; how many there were is told, too."""

ROOM: Final = 64 << 10
"""Bytes of paths in the environment: systems limit it.  All of them are in the JSON."""

_WORDS_KEPT: Final = 2_000
_PERIOD: Final = 30.0
_NOT_TOLD: Final = "SYNCAGENT_API_KEY"


@dataclass(slots=True)
class Hook:
    """What has to be told by the next start.  ``name`` is that of the setting."""

    name: str
    changes: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST))
    count: int = 0
    wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def want(self, *changes: dict[str, Any]) -> None:
        self.changes.extend(changes)
        self.count += len(changes)
        self.wanted.set()

    def take(self) -> tuple[list[dict[str, Any]], int]:
        taken = list(self.changes), self.count
        self.changes.clear()
        self.count = 0
        self.wanted.clear()
        return taken


class Hooks:
    """Of one profile.  ``config`` is what it goes by now."""

    def __init__(self, config: Callable[[], AgentConfig], board: Board, gather: float = GATHER) -> None:
        self._config = config
        self._board = board
        self._gather = gather
        self._change, self._conflict, self._idle = Hook("on_change"), Hook("on_conflict"), Hook("on_idle")
        self._any = asyncio.Event()

    def heed(self) -> None:
        """The settings may be others by now."""
        if any(getattr(self._config(), hook.name) for hook in (self._change, self._conflict, self._idle)):
            self._any.set()

    async def run(self) -> None:
        """For ever."""
        hooks = (self._change, self._conflict, self._idle)
        # Whoever has no hooks is not woken with each file that changes: that would be a good part of what it costs.
        self.heed()
        await self._any.wait()
        try:
            # Each is cancelled once: a second time would cut short the end of what it has started.
            async with asyncio.TaskGroup() as group:
                for one in (self._hear(), self._watch(), *map(self._keep, hooks)):
                    group.create_task(one)
        except Exception:  # noqa: BLE001 - a bug here must not end the agent
            _log.exception("hooks are started no more")

    async def _hear(self) -> None:
        async with contextlib.aclosing(self._board.recents.follow(0)) as events:
            async for one in events:
                row = told(one)
                self._change.want(row)
                if one.what in ("added", "moved") and is_conflict_name(split(one.path)[1]):
                    self._conflict.want(row)

    async def _watch(self) -> None:
        """See each time that all has come to be in sync."""
        while True:
            while not await self._board.until(lambda status: status.in_sync, _PERIOD):
                pass
            self._idle.want()
            while not await self._board.until(lambda status: not status.in_sync, _PERIOD):
                pass

    async def _keep(self, hook: Hook) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await hook.wanted.wait()
            end, seen = loop.time() + LONGEST, -1
            while seen != hook.count and loop.time() < end:
                seen = hook.count
                await asyncio.sleep(self._gather)
            changes, count = hook.take()
            if hook is self._idle and not self._board.status.in_sync:
                continue  # it was so for a moment only
            if command := str(getattr(self._config(), hook.name)):
                self._say(hook.name, await self._start(hook.name, command, changes, count))

    def _say(self, name: str, trouble: str) -> None:
        if trouble:
            self._board.write(Note("warning", trouble))
        self._board.hook_trouble(name, trouble)

    async def _start(self, name: str, command: str, changes: list[dict[str, Any]], count: int) -> str:
        """Run it to its end; what went wrong, in words."""
        config = self._config()
        about = {
            "event": name.removeprefix("on_"), "profile": said_name(config.profile), "root": str(config.sync_root),
            "count": count, "changes": changes,
        }  # fmt: skip
        environment = {key: value for key, value in os.environ.items() if key != _NOT_TOLD} | _told(about)
        # Files and no pipes: what a hook leaves running may hold them for as long as it likes.
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as words:
            given.write(json.dumps(about).encode() + b"\n")
            given.seek(0)
            try:
                process = await asyncio.create_subprocess_exec(
                    *words_of(command), cwd=config.sync_root, env=environment, **own_group(),
                    stdin=given, stdout=asyncio.subprocess.DEVNULL, stderr=words,
                )  # fmt: skip
            except (OSError, ValueError) as error:
                return f"{name} cannot be started: {getattr(error, 'strerror', None) or error}"
            try:
                async with asyncio.timeout(config.hook_seconds):
                    code = await process.wait()
            except TimeoutError:
                return f"{name} was stopped: it was not done after {config.hook_seconds} s"
            finally:
                await end_with_all(process)
            words.seek(max(words.seek(0, os.SEEK_END) - _WORDS_KEPT, 0))
            said = " ".join(words.read(_WORDS_KEPT).decode("utf-8", "replace").split())
        return f"{name} ended with {code}{f': {said}' if said else ''}" if code else ""


def _told(about: dict[str, Any]) -> dict[str, str]:
    """The same for the environment, as far as there is room."""
    paths: list[str] = []
    room = ROOM
    for one in reversed(about["changes"]):
        room -= len(one["path"].encode()) + 1
        if room < 0:
            break
        paths.append(one["path"])
    return {
        "SYNCAGENT_EVENT": about["event"],
        "SYNCAGENT_PROFILE": about["profile"],
        "SYNCAGENT_ROOT": about["root"],
        "SYNCAGENT_COUNT": str(about["count"]),
        "SYNCAGENT_PATHS": "\n".join(reversed(paths)),
    }
