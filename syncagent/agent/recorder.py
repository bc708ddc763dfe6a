"""The flight recorder: the last events that the engine was given, for the case that it fails.

``step`` is deterministic, so the last events are the way to what went wrong.  They are kept in memory, without the
content of any file (its digest stands beside it), and within a bound; only when the engine has failed are they written
down, for the user's eyes alone.
"""

from __future__ import annotations

import dataclasses
import json
import os
import traceback
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final

from syncagent.engine.events import BlocksCame, BlocksRead, CaughtUp, Event, Heard, Judged, Seen, Started, TasksDone
from syncagent.model.facts import Fact, FileSeen
from syncagent.private import make_private

MOST_EVENTS: Final = 2_000
MOST_ITEMS: Final = 20_000
"""Facts, entries and outcomes that are kept alive by all recorded events together."""

DUMPS_KEPT: Final = 5


class Recorder:
    """Remembers the last events, each with the time it was given at."""

    __slots__ = ("_events", "_items")

    def __init__(self) -> None:
        self._events: deque[tuple[float, Event | str, int]] = deque()
        self._items = 0

    def note(self, event: Event, now: float) -> None:
        """Remember ``event``; what is too old for the bounds is forgotten."""
        items = _weight(event)
        kept: Event | str = (
            _without_content(event) if items <= MOST_ITEMS else f"{type(event).__name__} of {items} items"
        )
        items = items if items <= MOST_ITEMS else 1
        self._events.append((now, kept, items))
        self._items += items
        while self._items > MOST_ITEMS or len(self._events) > MOST_EVENTS:
            self._items -= self._events.popleft()[2]

    def __len__(self) -> int:
        return len(self._events)

    def dump(self, directory: Path, error: BaseException, when: datetime) -> Path:
        """Write all that is remembered, and ``error``, into a new file in ``directory``; gives its path.

        Raises OSError or BadConfig when it cannot be written.
        """
        make_private(directory)
        path = directory / f"flight-{when:%Y%m%dT%H%M%S}-{os.getpid()}.jsonl"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            for now, event, _ in self._events:
                file.write(json.dumps({"now": now, "event": plain(event)}, ensure_ascii=False) + "\n")
            file.write(json.dumps({"error": "".join(traceback.format_exception(error))}, ensure_ascii=False) + "\n")
        for old in sorted(directory.glob("flight-*.jsonl"))[:-DUMPS_KEPT]:
            old.unlink(missing_ok=True)
        return path


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
        case BlocksCame(blocks=blocks) | BlocksRead(blocks=blocks):
            return len(blocks) + 1
    return 1


def _without_content(event: Event) -> Event:
    match event:
        case BlocksCame(blocks=blocks) | BlocksRead(blocks=blocks):
            return dataclasses.replace(event, blocks=tuple((digest, b"") for digest, _ in blocks))
        case Seen(number=number, facts=facts, last=last):
            return Seen(number, tuple([_unread(fact) for fact in facts]), last)
    return event


def _unread(fact: Fact) -> Fact:
    if not isinstance(fact, FileSeen) or fact.bytes_read is None:
        return fact
    # Not dataclasses.replace, which takes twenty times as long: this is done for every file that is read.
    return FileSeen(fact.path, fact.stamp, fact.executable, fact.mtime_ns, fact.content, fact.recipe)


def plain(value: Any) -> Any:
    """``value`` as JSON has it: a dataclass is an object with its type under ``_``, bytes are ``0x…``."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"_": type(value).__name__, **fields}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(one) for one in value), key=str)
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value
