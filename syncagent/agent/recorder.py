"""The flight recorder: the last events that the engine was given, and what it made of them.

``step`` is deterministic, so the events are the way to what went wrong.  They are kept in memory, within a bound, and
written down when the engine has failed, or when a person asks for it; for the user's eyes alone.  The content of files
is not kept: zeros of the same length stand for it.  With each event go the ids that were made for it and the kinds of
its effects, so that a recording that still has its beginning (``Started``) can be replayed, and a replay that takes
another way is seen at once.
"""

from __future__ import annotations

import json
import os
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

from syncagent.agent.plain import plain
from syncagent.engine.effects import Effect
from syncagent.engine.events import (
    BlocksCame,
    BlocksRead,
    CaughtUp,
    Event,
    Heard,
    Judged,
    Outlined,
    PartRead,
    Seen,
    Started,
    TasksDone,
)
from syncagent.model.acts import Limits
from syncagent.model.facts import Fact, FileSeen
from syncagent.model.ids import NodeId
from syncagent.model.sources import IdSource
from syncagent.model.values import replace
from syncagent.private import UNFOLLOWED, make_private

FORMAT: Final = 1
MOST_EVENTS: Final = 2_000
MOST_ITEMS: Final = 8_000
"""Facts, entries and outcomes that are kept alive by all recorded events together."""

DUMPS_KEPT: Final = 5
_ZEROS: Final = memoryview(bytes(1 << 20))


@dataclass(slots=True)
class Noted:
    """One event, when it was given, what it weighs, the ids made for it, and the kinds of its effects (None: it has not
    come back from the engine)."""

    now: float
    event: Event | str
    weight: int
    ids: list[NodeId]
    effects: tuple[str, ...] | None = None


class Recorder:
    """Remembers the last events of one engine, which is that of ``client_id`` on ``machine``, with this ``brake``."""

    __slots__ = ("_brake", "_client_id", "_events", "_gitignore", "_items", "_machine", "lost")

    def __init__(
        self, client_id: str = "", machine: str = "", brake: Limits | None = None, *, gitignore: bool = False
    ) -> None:
        self._brake = brake
        self._gitignore = gitignore
        self._client_id = client_id
        self._machine = machine
        self._events: deque[Noted] = deque()
        self._items = 0
        self.lost = 0
        """How many events were forgotten, or kept by name only."""

    def note(self, event: Event, now: float) -> None:
        """Remember ``event``, which the engine is about to be given; what is too old for the bounds is forgotten."""
        items = _weight(event)
        kept: Event | str = _without_content(event)
        if items > MOST_ITEMS:
            kept, items = f"{type(event).__name__} of {items} items", 1
            self.lost += 1
        self._events.append(Noted(now, kept, items, []))
        self._items += items
        while self._items > MOST_ITEMS or len(self._events) > MOST_EVENTS:
            self._items -= self._events.popleft().weight
            self.lost += 1

    def did(self, effects: Sequence[Effect]) -> None:
        """What the engine wants done for the last event."""
        self._events[-1].effects = tuple([type(effect).__name__ for effect in effects])

    def ids(self, source: IdSource) -> IdSource:
        """``source``, with what it gives remembered."""
        return _NotedIds(source, self)

    def made(self, node_id: NodeId) -> None:
        if self._events:
            self._events[-1].ids.append(node_id)

    def __len__(self) -> int:
        return len(self._events)

    def lines(self, error: BaseException | None = None) -> Iterator[dict[str, Any]]:
        """A flight: one line that says what it is, one for each event, and one for the error if there was one."""
        brake = None if self._brake is None else list(astuple(self._brake))
        head: dict[str, Any] = {
            "client_id": self._client_id,
            "machine": self._machine,
            "brake": brake,
            "lost": self.lost,
        }
        head |= {"gitignore": True} if self._gitignore else {}
        yield {"flight": FORMAT, **head}
        for one in list(self._events):
            made = None if one.effects is None else list(one.effects)
            yield {"now": one.now, "event": plain(one.event), "ids": list(one.ids), "effects": made}
        if error is not None:
            yield {"error": "".join(traceback.format_exception(error))}

    def dump(self, directory: Path, error: BaseException | None, when: datetime) -> Path:
        """Write all that is remembered, and ``error``, into a new file in ``directory``; gives its path.

        Raises OSError or BadConfig when it cannot be written.
        """
        make_private(directory)
        path = directory / f"flight-{when:%Y%m%dT%H%M%S}-{os.getpid()}.jsonl"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | UNFOLLOWED, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            for line in self.lines(error):
                file.write(json.dumps(line) + "\n")
        for old in sorted(directory.glob("flight-*.jsonl"))[:-DUMPS_KEPT]:
            old.unlink(missing_ok=True)
        return path


class _NotedIds:
    """An IdSource whose ids are remembered with the event that they were made for."""

    __slots__ = ("_recorder", "_source")

    def __init__(self, source: IdSource, recorder: Recorder) -> None:
        self._source = source
        self._recorder = recorder

    def new_id(self) -> NodeId:
        node_id = self._source.new_id()
        self._recorder.made(node_id)
        return node_id


def _weight(event: Event) -> int:
    match event:
        case Started(rows=items):
            return len(items) + 1
        case Seen(facts=facts):
            return len(facts) + 1
        case CaughtUp(entries=entries) | Heard(entries=entries):
            return len(entries) + 1
        case TasksDone(outcomes=outcomes):
            return len(outcomes) + 1
        case Judged(verdicts=verdicts):
            return len(verdicts) + 1
        case BlocksCame(blocks=blocks) | BlocksRead(blocks=blocks) | PartRead(blocks=blocks) | Outlined(blocks=blocks):
            return len(blocks) + 1
    return 1


def _without_content(event: Event) -> Event:
    match event:
        case BlocksCame(blocks=blocks) | BlocksRead(blocks=blocks) | PartRead(blocks=blocks) | Outlined(blocks=blocks):
            return replace(event, blocks=tuple([(digest, _zeros(data)) for digest, data in blocks]))
        case Seen(number=number, facts=facts, last=last):
            return Seen(number, tuple([_unread(fact) for fact in facts]), last)
        case Heard(times=times) | CaughtUp(times=times) if times:  # they are for people
            return replace(event, times={})
    return event


def _unread(fact: Fact) -> Fact:
    if not isinstance(fact, FileSeen) or fact.bytes_read is None:
        return fact
    # Not dataclasses.replace, which takes twenty times as long: this is done for every file that is read.
    zeros = _zeros(fact.bytes_read)
    return FileSeen(fact.path, fact.stamp, fact.executable, fact.mtime_ns, fact.content, fact.recipe, zeros)


def _zeros(data: bytes | memoryview) -> bytes:
    """As many zeros, which cost nothing to keep.  (They are only written down, never used as bytes.)"""
    return cast("bytes", _ZEROS[: len(data)]) if len(data) <= len(_ZEROS) else bytes(len(data))
