"""How things stand with the agent, as the tray shows it: a face, a headline, a few lines.  Pure.

``Sight`` is given what the agent tells, and the time; what it makes of them is a Standing.  The face of rest is shown
only when the agent itself says that all is in sync (HAZARDS N15): whatever is not understood looks like work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final

from syncagent.engine.lines import bytes_in_words, counted
from syncagent.model.values import fixed

PATIENCE: Final = 15.0
"""Seconds after which a file that is held or unreadable is a person's to mend: most are not for that long."""

RATE_SECONDS: Final = 4.0
"""Over how long the rate of a transfer is taken."""


_CARRIED: Final = (("content_sent", "sent"), ("content_received", "received"))


class Face(Enum):
    """What the icon shows.  The value is in the names of the icons."""

    IDLE = "idle"
    SYNCING = "syncing"
    PAUSED = "paused"
    OFFLINE = "offline"
    ATTENTION = "attention"


@fixed
class Trouble:
    """Something that goes on only when a person has mended it.  ``kind`` is for us, ``text`` for people."""

    kind: str
    text: str


@fixed
class Held:
    """A mass change that waits for a yes or no; of ``profile`` where there are several."""

    id: int
    text: str
    outgoing: bool
    profile: str = ""

    @property
    def key(self) -> str:
        """Numbers are a profile's own."""
        return f"{self.profile}/{self.id}" if self.profile else str(self.id)


@fixed
class Recent:
    """A change: when (seconds since 1970), what, where, and on which machine ("" for this one); ``root`` is the folder
    where there are several."""

    time: float
    what: str
    path: str
    by: str
    root: str = ""


@fixed
class Standing:
    """``headline`` and ``details`` are what the tooltip says; ``until`` is when a pause ends (seconds since 1970)."""

    face: Face = Face.OFFLINE
    headline: str = "syncagent is not running"
    details: tuple[str, ...] = ()
    running: bool = False
    in_sync: bool = False
    root: str = ""
    roots: tuple[str, ...] = ()
    """All folders, where there are several."""
    paused: bool = False
    until: float | None = None
    spared: str = ""
    """Why the machine is spared, where that and no person is what keeps anything back."""
    conflicts: int = 0
    conflict_paths: tuple[str, ...] = ()
    conflict_root: str = ""
    held: tuple[Held, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    recent: tuple[Recent, ...] = ()
    set_up: bool = True
    """Whether there is anything to be run."""


class Sight:
    """What was seen lately; times are in seconds of a clock that only goes forward."""

    def __init__(self) -> None:
        self._said: Mapping[str, Any] | None = None
        self._root = ""
        self._roots: tuple[str, ...] = ()
        self._recent: tuple[Recent, ...] = ()
        self._troubled_since: dict[tuple[str, str], float] = {}
        self._most_pending = 0
        self._traffic: deque[tuple[float, int]] = deque()
        self._before: dict[str, int] | None = None
        """The bytes of content that had been carried when this burst of work began."""

    def see(self, said: Mapping[str, Any] | None, now: float) -> None:
        """The agent said this; None: there is none."""
        self._said = said
        if said is None:
            self._troubled_since.clear()
            self._traffic.clear()
            self._most_pending = 0
            self._before = None
            return
        self._root = str(said.get("root") or self._root)
        self._roots = tuple(str(one.get("root")) for one in _rows(said.get("profiles")) if one.get("root"))
        self._recent = tuple(_recents(said.get("recent")))
        found = [(kind, str(row.get("path"))) for kind in ("held", "unreadable") for row in _rows(said.get(kind))]
        self._troubled_since = {one: self._troubled_since.get(one, now) for one in found}
        pending = _number(said.get("pending"))
        self._most_pending = max(self._most_pending, pending) if pending else 0
        traffic = _mapping(said.get("traffic"))
        self._note_traffic(traffic, now)
        if said.get("in_sync") is True:
            self._before = None
        elif self._before is None:
            self._before = {key: _number(traffic.get(key)) for key, _ in _CARRIED}

    def standing(self, now: float) -> Standing:
        """How things stand."""
        said = self._said
        if said is None:
            return Standing(root=self._root, roots=self._roots, recent=self._recent)
        troubles = tuple(self._troubles(said, now))
        held = tuple(_held(said.get("asked")))
        conflicts = _mapping(said.get("conflicts"))
        pause = _mapping(said.get("pause"))
        until = pause.get("until")
        count = _number(conflicts.get("count"))
        face = _face(said, troubles, held, count)
        headline, details = self._words(face, said, troubles, held, count)
        spared = _spared(said)
        return Standing(
            face, headline, details, True, said.get("in_sync") is True, self._root, self._roots,
            said.get("state") == "paused" and not spared, float(until) if isinstance(until, (int, float)) else None,
            spared, count, tuple(str(path) for path in conflicts.get("paths") or ()), str(conflicts.get("root") or ""),
            held, troubles, self._recent,
        )  # fmt: skip

    # --- what is wrong ----------------------------------------------------------------------------------------

    def _troubles(self, said: Mapping[str, Any], now: float) -> Iterator[Trouble]:
        lines = _rows(said.get("lines"))
        texts = {str(line.get("kind")): str(line.get("text")) for line in lines}
        reason = str(said.get("reason") or "")
        match said.get("stuck"):
            case "folder":
                yield Trouble("folder", texts.get("folder") or reason or "the folder is not there")
            case "hub":
                yield Trouble("refused", texts.get("hub") or reason or "the hub refuses this machine")
            case _ if said.get("state") == "halted":
                yield Trouble("halted", reason or texts.get("halted") or "the agent does not work")
            case _:
                pass
        if "room" in texts:
            yield Trouble("room", texts["room"])
        if "watch" in texts:
            yield Trouble("watch", texts["watch"])
        for kind, what in (("held", "cannot be kept the same"), ("unreadable", "cannot be read")):
            yield from self._stubborn(kind, what, said, now)

    def _stubborn(self, kind: str, what: str, said: Mapping[str, Any], now: float) -> Iterator[Trouble]:
        rows = [
            row
            for row in _rows(said.get(kind))
            if now - self._troubled_since.get((kind, str(row.get("path"))), now) >= PATIENCE
        ]
        if rows:
            known = _number(_mapping(said.get("counts")).get(kind))
            first = f"{rows[0].get('path')}: {rows[0].get('reason')}"
            yield Trouble(kind, f"{counted(max(known, len(rows)), 'file')} {what} ({first})")

    # --- words ------------------------------------------------------------------------------------------------

    def _words(
        self, face: Face, said: Mapping[str, Any], troubles: Sequence[Trouble], held: Sequence[Held], conflicts: int
    ) -> tuple[str, tuple[str, ...]]:
        needed = [*(one.text for one in troubles)]
        needed[:0] = [f"Waiting for your yes or no: {one.text}" for one in held]
        if conflicts:
            needed.append(f"{counted(conflicts, 'conflict')} to look at")
        match face:
            case Face.ATTENTION:
                work = self._progress(said) if said.get("state") == "syncing" else []
                first, *rest = needed
                return _sentence(first), (*map(_sentence, rest), *work)
            case Face.PAUSED:
                if said.get("state") == "waiting":
                    large = _mapping(_mapping(said.get("guest")).get("large"))
                    size = bytes_in_words(_number(large.get("bytes")))
                    waits = f"{counted(_number(large.get('count')), 'file')}, {size}"
                    return f"Large files wait: {_spared(said)}", (waits, *map(_sentence, needed))
                return (f"Paused: {why}" if (why := _spared(said)) else "Paused"), (*map(_sentence, needed),)
            case Face.OFFLINE:
                lines = [str(one.get("text")) for one in _rows(said.get("lines")) if one.get("kind") == "hub"]
                return "Offline", (*map(_sentence, lines[:1]), *_waiting(said))
            case Face.SYNCING:
                return self._busy(said), tuple(self._progress(said))
            case Face.IDLE:
                files = _number(said.get("files"))
                return "Everything is in sync", (
                    (f"{files:,} files and folders" if files != 1 else "1 file or folder"),
                )

    def _busy(self, said: Mapping[str, Any]) -> str:
        match said.get("state"):
            case "starting" | "scanning":
                return "Looking through the folder"
            case "catching up":
                return "Hearing what is new"
            case _:
                pending = _number(said.get("pending"))
                return f"Syncing {counted(pending, 'change')}" if pending else "Syncing"

    def _progress(self, said: Mapping[str, Any]) -> list[str]:
        parts = []
        pending = _number(said.get("pending"))
        if 0 < pending < self._most_pending:
            parts.append(f"{self._most_pending - pending:,} of {self._most_pending:,} done")
        transfers = _mapping(said.get("transfers"))
        for key, way in (("upload_bytes", "to send"), ("download_bytes", "to receive")):
            if size := _number(transfers.get(key)):
                parts.append(f"{bytes_in_words(size)} {way}")
        traffic, before = _mapping(said.get("traffic")), self._before or {}
        if not any(transfers.values()):
            # A file that is sent while it is read: how long it is comes last.
            moved = [(_number(traffic.get(key)) - before.get(key, 0), done) for key, done in _CARRIED]
            parts += [f"{bytes_in_words(size)} {done}" for size, done in moved if size >= 1000]
        if parts and (rate := self._rate()) >= 1000:
            parts.append(f"{bytes_in_words(rate)}/s")
        return [", ".join(parts)] if parts else []

    def _note_traffic(self, counts: Mapping[str, Any], now: float) -> None:
        total = _number(counts.get("sent")) + _number(counts.get("received"))
        if self._traffic and total < self._traffic[-1][1]:
            self._traffic.clear()  # another agent than before
        self._traffic.append((now, total))
        while len(self._traffic) > 2 and now - self._traffic[0][0] > RATE_SECONDS:
            self._traffic.popleft()

    def _rate(self) -> float:
        """Bytes a second, either way."""
        if len(self._traffic) < 2:
            return 0.0
        (first, before), (last, after) = self._traffic[0], self._traffic[-1]
        return (after - before) / (last - first) if last > first else 0.0


def _face(said: Mapping[str, Any], troubles: Sequence[Trouble], held: Sequence[Held], conflicts: int) -> Face:
    grave = [one for one in troubles if one.kind in ("folder", "refused", "halted")]
    state = said.get("state")
    if grave:
        return Face.ATTENTION
    if state == "paused":
        return Face.PAUSED
    if troubles or held or conflicts:
        return Face.ATTENTION
    if state == "waiting":
        return Face.PAUSED
    if state == "offline" or any(one.get("kind") == "hub" for one in _rows(said.get("lines"))):
        return Face.OFFLINE
    if state == "idle" and said.get("in_sync") is True:
        return Face.IDLE
    return Face.SYNCING


def _spared(said: Mapping[str, Any]) -> str:
    of_itself = said.get("state") in ("paused", "waiting") and _mapping(said.get("pause")).get("paused") is not True
    return str(said.get("reason") or "") if of_itself else ""


def _waiting(said: Mapping[str, Any]) -> list[str]:
    pending = _number(said.get("pending"))
    return [f"{counted(pending, 'change')} waiting"] if pending else []


def _held(asked: Any) -> Iterator[Held]:
    for one in _rows(asked):
        counts = [(_number(one.get("deleted")), "delete"), (_number(one.get("overwritten")), "overwrite")]
        words = " and ".join(counted(count, what) for count, what in counts if count) or "deletes of folders"
        outgoing = one.get("direction") == "outgoing"
        text = f"{words} {'made here' if outgoing else 'made elsewhere'}"
        yield Held(_number(one.get("id")), text, outgoing, str(one.get("profile") or ""))


def _recents(rows: Any) -> Iterator[Recent]:
    for one in _rows(rows):
        time = one.get("time")
        yield Recent(
            float(time) if isinstance(time, (int, float)) else 0.0,
            str(one.get("what") or "changed"), str(one.get("path") or ""), str(one.get("by") or ""),
            str(one.get("root") or ""),
        )  # fmt: skip


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
