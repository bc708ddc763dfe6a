"""The latest changes, with who made them and when; for people.

Reads the events that the engine is given and the changes that it submits; it changes nothing.  Lives in the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from syncagent.engine.effects import Submit
from syncagent.engine.events import CaughtUp, Event, Heard, Judged, LinkDown, Seen, TasksDone
from syncagent.errors import BadConfig
from syncagent.model.changes import Change, Entry, Operation, Ruling
from syncagent.model.ids import ChangeId, ClientId, Seq
from syncagent.model.names import RelPath
from syncagent.model.values import fixed
from syncagent.planner.tasks import Done
from syncagent.private import write_private

KEPT: Final = 200
WRITE_AFTER: Final = 20.0
"""Seconds from a change until it is written down: a burst is written once."""

_COPY: Final = " (conflict "
_MADE: Final = re.compile(r"-\d{8}T\d{6}Z-[0-9a-f]{4,}$")
WORDS: Final = {
    Operation.CREATE: "added", Operation.UPDATE: "changed", Operation.MOVE: "moved", Operation.DELETE: "deleted",
}  # fmt: skip


@fixed
class Recent:
    """One change.  ``time`` is when the hub took it (seconds since 1970), by the hub's clock, so that all machines tell
    the same; where it did not say, when this machine heard of it.  ``by`` is the machine that made it: "" for this
    one."""

    time: float
    what: str
    path: RelPath
    by: str
    seq: int = 0
    """Its number in the hub's journal; 0 where that is not known."""


class Recents:
    """Of all lives.  ``copies_changed`` counts what was told that may concern a conflict copy."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._latest: deque[Recent] = deque(maxlen=KEPT)
        self._sent: dict[ChangeId, Change] = {}
        self._path: Path | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.copies_changed = 0
        self.added = 0
        self._news = asyncio.Event()

    async def follow(self, most: int) -> AsyncGenerator[Recent, None]:
        """The latest, the oldest of them first, then each new one; for ever.  Of a mass the last ones alone."""
        shown = self.added
        for one in reversed(self.latest(most)):
            yield one
        while True:
            while shown == self.added:
                await self._news.wait()
            missed, shown = self.added - shown, self.added
            for one in reversed(self.latest(missed)):
                yield one

    def latest(self, most: int) -> list[Recent]:
        """The newest first."""
        return list(self._latest)[: -most - 1 : -1]

    def begun(self, effect: Submit) -> None:
        """These are submitted."""
        for change in effect.changes:
            self._sent[change.change_id] = change
            self.copies_changed += is_of_copy(change)

    def hear(self, event: Event, ours: ClientId) -> None:
        """``ours`` is our own name at the hub: what we made comes back under it."""
        match event:
            case Heard(entries=entries, times=times) | CaughtUp(entries=entries, times=times):
                self._take(entries, times, ours)
            case Judged(verdicts=verdicts, time=said):
                at = moment(said) or self._now()
                done = [
                    (change, verdict.seq)
                    for verdict in verdicts
                    if (change := self._sent.pop(verdict.change_id, None)) is not None
                    and verdict.ruling in (Ruling.COMMITTED, Ruling.DUPLICATE)
                ]
                self._add(Recent(at, WORDS[one.operation], one.path, "", seq) for one, seq in done[-KEPT:])
            case LinkDown():
                self._sent.clear()
            case Seen(facts=facts):
                self.copies_changed += any(_COPY in fact.path for fact in facts)
            case TasksDone(outcomes=outcomes):
                facts = tuple(one.fact for one in outcomes if isinstance(one, Done) and one.fact is not None)
                self.copies_changed += any(_COPY in fact.path for fact in facts)
            case _:
                pass

    def _take(self, entries: tuple[Entry, ...], times: Mapping[Seq, str], ours: ClientId) -> None:
        self.copies_changed += sum(map(is_of_copy, entries))
        # Of a mass the last ones alone: a first sync costs nothing here.
        foreign = [entry for entry in entries[-2 * KEPT :] if entry.author != ours]
        self._add(
            Recent(
                moment(times.get(one.seq, "")) or self._now(),
                WORDS[one.operation],
                one.path,
                machine_of(one.author),
                one.seq,
            )
            for one in foreign[-KEPT:]
        )

    def _add(self, recents: Iterable[Recent]) -> None:
        added = [one for one in recents if one.path]
        self._latest.extend(added)
        if added:
            self.added += len(added)
            news, self._news = self._news, asyncio.Event()
            news.set()
        if added and self._path is not None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WRITE_AFTER, self._write_soon, self._path)

    # --- from one start to the next ---------------------------------------------------------------------------

    def keep_in(self, path: Path) -> None:
        """Begin with those that are written there, and write there from now on.  It is no loss when that fails."""
        self._path = path
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(path.read_text(encoding="utf-8"))["recent"]
            self._latest.extend(
                Recent(
                    float(one["time"]), str(one["what"]), RelPath(one["path"]), str(one["by"]), int(one.get("seq") or 0)
                )
                for one in kept
            )

    def _write_soon(self, path: Path) -> None:
        self._timer = None
        text = json.dumps({"recent": [told(one) for one in self._latest]})
        asyncio.get_running_loop().run_in_executor(None, _write, path, text)


def told(recent: Recent) -> dict[str, Any]:
    """As JSON."""
    return {"time": round(recent.time, 3), "what": recent.what, "path": recent.path, "by": recent.by} | (
        {"seq": recent.seq} if recent.seq else {}
    )


def moment(said: str) -> float | None:
    """What the hub says of the time, as seconds since 1970; None where that is no time."""
    try:
        hour = datetime.fromisoformat(said)
    except ValueError:
        return None
    return hour.timestamp() if hour.tzinfo is not None else None


def machine_of(author: str) -> str:
    """What a client calls itself, of what is its name at the hub: ``laptop-20261122T231800Z-3f9a``."""
    return _MADE.sub("", author)


def is_of_copy(one: Change | Entry) -> bool:
    """Whether it may concern a conflict copy."""
    return _COPY in one.path or _COPY in one.old_path


def _write(path: Path, text: str) -> None:
    with contextlib.suppress(BadConfig):
        write_private(path, text)
