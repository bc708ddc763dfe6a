"""Folders that are taken out of the tree with all that is in them.  Called by the applier, within its steps 2 and 4.

A folder that holds just what is to go with it goes to the stage by one rename.  There it is looked through again: where
anything is otherwise by now, or a program has a file in it open for writing, all of it goes back.  A start puts it back
until it has a name by which it may be removed; not before that name is durable does it count as gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncagent.errors import Stale
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.ports import Disk, Rename, Stat
from syncagent.localfs.slots import Slots
from syncagent.localfs.standing import confirm
from syncagent.localfs.wholes import check_unused_whole, check_whole, has_same_names
from syncagent.model.names import RelPath, split
from syncagent.planner.tasks import DeleteTask


@dataclass(slots=True)
class TakenOut:
    """The folder of ``task``, which lies in ``slot``."""

    disk: Disk
    slots: Slots
    task: DeleteTask
    slot: RelPath

    def confirm(self) -> None:
        """Look through it where nobody finds it, and give it the name of what may be removed.  Raises Stale, OSError;
        it may be in either slot then."""
        task = self.task
        confirm(self.disk, self.slot, task.expect, task.op.expect)
        check_unused_whole(self.disk, self.slot, task.beneath)  # who was writing until now has written by then
        check_whole(self.disk, self.slot, task.beneath)
        before, gone = self.slot, self.slots.gone(task.path, task.beneath)
        self.disk.rename(before, gone, Rename.NEW)
        self.slot = gone
        self.slots.done_with(before)

    def bring_back(self) -> None:
        try:
            back = self.slots.put_back(self.slot, self.task.path, lambda _: False)
            self.disk.sync(list(dict.fromkeys((split(back)[0], STAGE))))
        except OSError:
            self.slots.leave(self.slot)


def take_out(disk: Disk, slots: Slots, task: DeleteTask, looked: Mapping[RelPath, Stat] | None = None) -> TakenOut:
    """Take it out, if it holds just what it should.  ``looked`` is what ``check_whole`` has found there, if it has been
    looked through a moment ago: then its folders tell whether to do so again (of an edit in one, ``confirm`` does).

    Raises Stale, OSError; then it is where it was."""
    confirm(disk, task.path, task.expect, task.op.expect)
    if looked is None or not has_same_names(disk, task.path, looked):
        check_whole(disk, task.path, task.beneath)
    slot = slots.back(task.path)
    # RACE: a program that works by paths in the folder, and has only just begun to, misses it from here on.
    try:
        disk.rename(task.path, slot, Rename.NEW)
    except OSError:
        slots.done_with(slot)
        raise
    return TakenOut(disk, slots, task, slot)


def let_go(taken: Iterable[TakenOut], disk: Disk) -> dict[RelPath, OSError | Stale]:
    """Have them count as gone; what stood in the way of some, by their paths: those are back."""
    trouble: dict[RelPath, OSError | Stale] = {}
    gone: list[TakenOut] = []
    for one in taken:
        try:
            one.confirm()
            gone.append(one)
        except (OSError, Stale) as error:
            trouble[one.task.path] = error
            one.bring_back()
    try:
        if gone:
            disk.sync([STAGE])
    except OSError as error:
        for one in gone:
            trouble[one.task.path] = error
            one.bring_back()
    return trouble
