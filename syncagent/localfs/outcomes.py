"""What a task is about, and what became of it, in the words of outcomes.  Pure; the applier's."""

from __future__ import annotations

import errno
from typing import Final

from syncagent.errors import Damaged, Stale
from syncagent.localfs.ignore import refusal_of_path
from syncagent.localfs.ports import FULL, MISSING
from syncagent.localfs.wholes import Otherwise
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content, File
from syncagent.planner.tasks import (
    CopyOf,
    DeleteTask,
    Failed,
    InPlace,
    MakeDirTask,
    MoveTask,
    Outcome,
    Staged,
    StaleTask,
    Task,
    WriteTask,
)
from syncagent.reserve import NoRoom

STALE: Final = MISSING | {errno.EEXIST, errno.ENOTEMPTY, errno.EISDIR}
"""What says that something else stands there than was expected."""


def staged_content(task: Task) -> Content | None:
    """The content whose staging file ``task`` wants."""
    return task.source.content if isinstance(task, WriteTask) and isinstance(task.source, Staged) else None


def is_in_place(task: WriteTask) -> bool:
    """Whether the bytes are there, and only what belongs to them changes."""
    return isinstance(task.source, InPlace) and isinstance(task.op.node, File)


def is_kept(task: Task) -> bool:
    """Whether what goes by it may go to the trash: not what this machine alone does without."""
    return not isinstance(task, DeleteTask) or task.elsewhere


def paths_of(task: Task) -> tuple[RelPath, ...]:
    """The paths that it goes by."""
    match task:
        case MoveTask(path=path, to=to):
            return path, to
        case WriteTask(path=path, source=CopyOf(path=source)):
            return path, source
        case MakeDirTask(path=path) | WriteTask(path=path) | DeleteTask(path=path):
            return (path,)


def refusal_of(task: Task) -> str | None:
    """Why the task cannot be done at all: a path that is no path of the tree (C1, C3)."""
    for path in paths_of(task):
        why = refusal_of_path(path) if path else "it is the folder itself"
        if why is not None:
            return why
    return None


def outcome_of(task: Task, error: OSError | Stale | Damaged) -> Outcome:
    """What ``error`` makes of it."""
    match error:
        case Otherwise(paths=paths):
            beneath = tuple([RelPath(f"{path}/{one}") for path in paths_of(task) for one in paths])
            return StaleTask(task.op, (*paths_of(task), *beneath), str(error))
        case Stale():
            return StaleTask(task.op, paths_of(task), str(error))
        case Damaged():
            return Failed(task.op, str(error))
        case OSError(errno=number) if number in STALE:
            return StaleTask(task.op, paths_of(task), (error.strerror or str(error)).lower())
        case NoRoom():
            return Failed(task.op, error.strerror or "no room", full=True)
        case OSError(errno=number):
            return Failed(task.op, (error.strerror or str(error)).lower(), full=number in FULL)
