"""What happens, in the words of the log: which files came and went, and how it stands with the hub.

Reads the events that the engine is given and the effects that it wants, and tells of them as notes; it changes nothing.
Lives in the event loop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from syncagent.agent.recents import Recents
from syncagent.engine.effects import Effect, Note, Run, Submit
from syncagent.engine.events import Event, Judged, LinkDown, RootFound, RootLost, TasksDone, Welcomed
from syncagent.model.changes import Change, Operation, Ruling
from syncagent.model.ids import PARK, ChangeId, ClientId, NodeId
from syncagent.model.names import RelPath
from syncagent.planner.ops import SetAside, subject
from syncagent.planner.tasks import DeleteTask, Done, MakeDirTask, MoveTask, Task, WriteTask

MOST_LINES: Final = 10
"""Of one event, and one kind: beyond that there is one line for all, so that a first sync does not fill the log."""


class Chronicle:
    """Remembers what was begun, to say of it when it is done.  ``recents`` hears along; ``ours`` is our client id."""

    __slots__ = ("_changes", "_link", "_ours", "_recents", "_tasks")

    def __init__(self, recents: Recents | None = None, ours: str = "") -> None:
        self._recents = recents or Recents()
        self._ours = ClientId(ours)
        self._tasks: dict[NodeId, Task] = {}
        self._changes: dict[ChangeId, Change] = {}
        self._link: str | None = ""
        """None while connected; otherwise why not, as it was said last."""

    def begun(self, effect: Effect) -> None:
        """The shell is about to carry ``effect`` out."""
        match effect:
            case Run(tasks=tasks):
                self._tasks.update((subject(task.op), task) for task in tasks)
            case Submit(changes=changes):
                self._changes.update((change.change_id, change) for change in changes)
                self._recents.begun(effect)
            case _:
                pass

    def notes(self, event: Event) -> list[Note]:
        """What is to be said of ``event``."""
        self._recents.hear(event, self._ours)
        match event:
            case TasksDone():
                return _shortened(self._tasks_done(event))
            case Judged():
                return _shortened(self._judged(event))
            case Welcomed(journal=True):
                self._link = None
                return [Note("info", "connected to the hub")]
            case LinkDown(reason=reason, final=final):
                return self._down(reason, final)
            case RootLost():
                self._tasks.clear()
                return []
            case RootFound():
                return [Note("info", "the folder is there again")]
            case _:
                return []

    def _tasks_done(self, event: TasksDone) -> Iterator[Note]:
        for outcome in event.outcomes:
            task = self._tasks.pop(subject(outcome.op), None)
            if task is None or not isinstance(outcome, Done):
                continue
            match task:
                case WriteTask(path=path) | MakeDirTask(path=path):
                    yield Note("info", "received", path)
                case DeleteTask(path=path):
                    yield Note("info", "deleted here, as it was elsewhere", path)
                case MoveTask(op=SetAside(), path=path, to=to):
                    yield Note("warning", f"changed on two machines at once; this machine's version is now {to}", path)
                case MoveTask(op=op, path=path, to=to):
                    if op.to.parent != PARK:
                        yield Note("info", f"moved here, from {path}", to)

    def _judged(self, event: Judged) -> Iterator[Note]:
        for verdict in event.verdicts:
            change = self._changes.pop(verdict.change_id, None)
            if change is not None and verdict.ruling in (Ruling.COMMITTED, Ruling.DUPLICATE):
                yield Note("info", _sent(change), change.path)

    def _down(self, reason: str, final: bool) -> list[Note]:
        # What was on its way is sent again at the next connection, or met in the journal.
        self._changes.clear()
        before, self._link = self._link, reason
        if reason == before:
            return []
        return [Note("error", f"stopped until someone mends it: {reason}")] if final else [Note("warning", reason)]


def _sent(change: Change) -> str:
    match change.operation:
        case Operation.DELETE:
            return "deleted, and the hub knows"
        case Operation.MOVE:
            return "sent: it was moved or renamed"
        case _:
            return "sent"


def _shortened(notes: Iterable[Note]) -> list[Note]:
    """Those of one level and text as one, where there are many."""
    alike: defaultdict[tuple[str, str], list[Note]] = defaultdict(list)
    for note in notes:
        alike[note.level, note.text].append(note)
    short: list[Note] = []
    for (level, text), group in alike.items():
        if len(group) <= MOST_LINES:
            short.extend(group)
        else:
            last = RelPath(group[-1].path)
            short.append(Note(level, f"{text}, and {len(group) - 1} more up to {last}", group[0].path))
    return short
