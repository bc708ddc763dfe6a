"""A batch of tasks that was begun: what of it is done, step by step.  Called by the applier, which says in which order.

A batch of few is made durable file by file; one of many by syncs of the whole file system, of which one can serve two
batches that follow each other: the names of the one, and the content of the next (``masses``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, assert_never

from syncagent.errors import Damaged, Stale
from syncagent.localfs.damaged import keep_damaged
from syncagent.localfs.durable import Wait
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.outcomes import STALE, is_in_place, is_kept, outcome_of, paths_of, refusal_of, staged_content
from syncagent.localfs.ports import MISSING, Abilities, Disk, Mark, Rename, Stat
from syncagent.localfs.staging import Staging
from syncagent.localfs.standing import check_unused, confirm, is_written, still
from syncagent.localfs.taken_out import TakenOut, let_go, take_out
from syncagent.localfs.wholes import check_whole
from syncagent.localfs.writing import Held, Writer, Writing, after_us
from syncagent.model.facts import DirSeen, Fact, FileSeen, LinkSeen
from syncagent.model.names import RelPath, split
from syncagent.model.nodes import Dir, File, Link
from syncagent.planner.ops import SetAside
from syncagent.planner.tasks import (
    DeleteTask,
    Done,
    Failed,
    MakeDirTask,
    MoveTask,
    Outcome,
    StaleTask,
    Task,
    WriteTask,
)

LOOKED_FOR_NS: Final = 500_000_000
"""So long the look through a folder counts that was taken before its turn came: longer than a database takes mostly."""

FEW: Final = 8
"""Up to so many files or folders are made durable one by one; more, by one sync of the file system."""


@dataclass(slots=True)
class Begun:
    """One batch.  While it is waited for (``wait_for``), nothing of it is touched."""

    disk: Disk
    staging: Staging
    abilities: Abilities
    apart: bool
    """Whether its new files are made durable one by one, as they are made."""
    tasks: list[Task] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    writings: dict[int, Writing] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)
    adjusted: list[RelPath] = field(default_factory=list)
    folders: dict[RelPath, None] = field(default_factory=dict)
    """Those in which names changed, in the order in which they are made durable: a name that comes before one that
    goes."""
    looked: dict[int, dict[RelPath, Stat]] = field(default_factory=dict)
    """Of folders that are to go with all that is in them: what was found when they were looked through."""
    looked_ns: int = 0
    """When the first of them was."""
    taken_out: dict[int, TakenOut] = field(default_factory=dict)
    over: dict[RelPath, bool] = field(default_factory=dict)
    """The slots of what went, and whether it may go to the trash."""
    mark: Mark | None = None
    """Made before its first file: whatever could not be written of it is told to this."""
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.writer = Writer(self.disk, self.staging, self.abilities)

    def make(self, tasks: Sequence[Task]) -> None:
        """Make the new files of these tasks, and look through folders that are to go as a whole.  Not ``apart`` they
        are not durable yet; nothing is published before."""
        first = len(self.tasks)
        self.tasks.extend(tasks)
        try:
            if self.mark is None and not (self.apart and len(tasks) <= FEW):
                self.mark = self.disk.mark()
            self.staging.slots.make_folders()
        except OSError as error:
            self.outcomes |= {first + index: outcome_of(task, error) for index, task in enumerate(tasks)}
            return
        self._make(first, tasks)

    def place(self) -> None:
        """Do all that shows.  Its content is durable."""
        for index, task in enumerate(self.tasks):
            if index not in self.outcomes:
                try:
                    self._do(index, task)
                except (OSError, Stale, Damaged) as error:
                    self.outcomes[index] = outcome_of(task, error)

    def end(self) -> list[Outcome]:
        """Let go of what went.  All names are durable."""
        self._let_go()
        trouble = let_go(self.taken_out.values(), self.disk)
        for index, taken in self.taken_out.items():
            if taken.task.path in trouble:
                self.outcomes[index] = outcome_of(taken.task, trouble[taken.task.path])
            else:
                self.over[taken.slot] = taken.task.elsewhere
        return [self.outcomes[index] for index in range(len(self.tasks))]

    def close(self) -> None:
        """It is over, or given up."""
        if self.mark is not None:
            self.mark.close()
            self.mark = None

    # --- 1. content ---------------------------------------------------------------------------------------------

    def _make(self, first: int, tasks: Sequence[Task]) -> None:
        self.looked_ns = self.looked_ns or self.disk.now_ns()
        uses = Counter(staged for task in tasks if (staged := staged_content(task)) is not None)
        for index, task in enumerate(tasks, first):
            if (why := refusal_of(task)) is not None:
                self.outcomes[index] = Failed(task.op, why)
            elif isinstance(task, WriteTask) and not is_in_place(task):
                staged = staged_content(task)
                if staged is not None:
                    uses[staged] -= 1
                last = staged is not None and not uses[staged]
                try:
                    self.writings[index] = self.writer.make(task, sync=self.apart, last=last)
                except (OSError, Stale, Damaged) as error:
                    self.outcomes[index] = outcome_of(task, error)
            elif isinstance(task, DeleteTask) and task.beneath:
                with suppress(OSError, Stale):  # it is told when the folder is to go
                    self.looked[index] = check_whole(self.disk, task.path, task.beneath)

    def lose_content(self, error: OSError) -> None:
        """What was made may not have got to the disk (B9): none of it is published, nor kept for another try."""
        for index in list(self.writings):
            self.lose(index, error)
        self.close()  # its mark would be told of this once more, and what may be made yet counts by another

    def lose(self, index: int, error: OSError) -> None:
        """The same of one task."""
        writing = self.writings.pop(index)
        self.outcomes[index] = outcome_of(writing.task, error)
        with suppress(OSError):  # the next sweep finds it
            self.writer.lose(writing.new, writing.content)

    # --- 2. names -----------------------------------------------------------------------------------------------

    def _do(self, index: int, task: Task) -> None:
        match task:
            case MakeDirTask(op=op, path=path):
                self.disk.mkdir(path, self.staging.displaced.narrow_folder(path))
                self.staging.displaced.filled(path)
                self._changed(path)
                self.outcomes[index] = Done(op, DirSeen(path, self.disk.stat(path).stamp))
            case WriteTask(op=op, path=path):
                self.outcomes[index] = Done(op, self._write(index, task))
            case MoveTask(op=op):
                self.outcomes[index] = Done(op, self._move(task))
            case DeleteTask(op=op):
                if task.beneath:
                    self._changed(task.path)
                    fresh = 0 <= self.disk.now_ns() - self.looked_ns < LOOKED_FOR_NS
                    looked = self.looked.get(index) if fresh else None
                    self.taken_out[index] = take_out(self.disk, self.staging.slots, task, looked)
                else:
                    self._delete(index, task)
                self.outcomes[index] = Done(op, None)
            case _:
                assert_never(task)

    def _write(self, index: int, task: WriteTask) -> Fact:
        writing = self.writings.get(index)
        if writing is None:
            self.adjusted.append(task.path)
            return self.writer.adjust(task, sync=self.apart)
        if task.keep:
            self._keep(writing)
        self._changed(task.path)
        fact, held = self.writer.publish(writing)
        if held is not None:
            self.held[index] = held
        return fact

    def _keep(self, writing: Writing) -> None:
        """What is damaged is kept before anything takes its place.  Should it change in between, then
        the copy is one too many."""
        try:
            if writing.task.expect is not None:
                keep_damaged(self.disk, writing.task.path)
        except OSError as error:
            with suppress(OSError):  # the next sweep finds it
                self.writer.drop(writing.new, writing.content)
            if error.errno not in MISSING:
                raise
            raise Stale("it is gone") from error

    def _move(self, task: MoveTask) -> Fact:
        node = task.op.expect
        old = confirm(self.disk, task.path, task.expect, node)
        self._changed(task.to)
        self._changed(task.path)
        try:
            self.disk.rename(task.path, task.to, Rename.NEW)
        except FileExistsError:
            if not self._is_respelling(task, old):
                raise
            self._respell(task)
        seen = still(self.disk, task.to, old, task.expect, node)
        if seen is None:
            # RACE: what stands at ``to`` came from ``path`` in the moment after our look.  It goes back; where the user
            # has put something else there in the meantime, it stays at ``to``, and both are looked at.
            self._rename_back(task)
            raise Stale("it was changed in that very moment")
        if isinstance(task.op, SetAside):
            self.staging.displaced.note(task.path, seen)
        stamp = after_us(self.abilities, seen, seen.stamp, self.disk.now_ns())
        match node:
            case Dir():
                return DirSeen(task.to, seen.stamp)
            case File(content=content):
                bit = seen.executable if self.abilities.modes else None
                return FileSeen(task.to, stamp, bit, seen.mtime_ns, content)
            case Link(target=target):
                return LinkSeen(task.to, seen.stamp, target)
        assert_never(node)

    def _rename_back(self, task: MoveTask) -> None:
        try:
            self.disk.rename(task.to, task.path, Rename.NEW)
        except OSError as error:
            if error.errno not in STALE:
                raise

    def _is_respelling(self, task: MoveTask, old: Stat) -> bool:
        """Whether ``to`` is only another spelling of ``path``, on a disk that takes both for the same (C5)."""
        if split(task.path)[0] != split(task.to)[0] or self.disk.stat(task.to).inode != old.inode:
            return False
        names = {name for name, _ in self.disk.list(split(task.path)[0])}
        return split(task.path)[1] in names and split(task.to)[1] not in names

    def _respell(self, task: MoveTask) -> None:
        """A rename from one spelling to another does nothing on some disks: so there are two."""
        slot = self.staging.slots.back(task.to)
        self._changed(slot)
        self.disk.rename(task.path, slot, Rename.NEW)
        self.disk.rename(slot, task.to, Rename.NEW)
        self.staging.slots.done_with(slot)

    def _delete(self, index: int, task: DeleteTask) -> None:
        node = task.op.expect
        old = confirm(self.disk, task.path, task.expect, node)
        self._changed(task.path)
        if isinstance(node, Dir):
            # RACE: another folder that was put there in this moment goes instead, if it is empty.
            self.disk.remove(task.path, folder=True)
            return
        if old.is_file:
            check_unused(self.disk, task.path)
            if task.keep:
                keep_damaged(self.disk, task.path)
        held = Held(self.staging.slots.held(task.path, None, old if task.expect else None), task.path, old, None)
        self.disk.rename(task.path, held.slot, Rename.NEW)
        try:
            seen = still(self.disk, held.slot, old, task.expect, node)
        except OSError:
            self.staging.slots.leave(held.slot)
            raise
        if seen is None:
            back = self.writer.put_back(held)
            self._changed(back)
            raise Stale("it was changed in that very moment")
        held.seen = seen
        self.held[index] = held

    # --- 3. and 4. ----------------------------------------------------------------------------------------------

    def lose_names(self, error: OSError) -> None:
        """What it has put in place may not be there after a crash."""
        for index, outcome in self.outcomes.items():
            if isinstance(outcome, Done):
                self.outcomes[index] = outcome_of(self.tasks[index], error)
        for taken in self.taken_out.values():
            taken.bring_back()
        self.taken_out.clear()
        self.held.clear()  # the old files stay in the stage: they may be all that is left after a crash

    def _let_go(self) -> None:
        for index, held in self.held.items():
            task = self.tasks[index]
            try:
                if not self._is_written(held) and self.disk.stat(held.slot) == held.seen:
                    if isinstance(task, WriteTask | DeleteTask) and task.expect:
                        self.over[held.slot] = is_kept(task)
                    else:
                        # What is unsure by its stamp would go back if we were stopped: it does not wait for its turn.
                        self.staging.slots.let_go_all({held.slot: is_kept(task)})
                    continue
                back = self.writer.put_back(held)
            except OSError:
                self.staging.slots.leave(held.slot)
                continue
            paths = dict.fromkeys((*paths_of(task), back))
            self.outcomes[index] = StaleTask(task.op, tuple(paths), "it was being written")

    # ------------------------------------------------------------------------------------------------------------

    def _is_written(self, held: Held) -> bool:
        """Asked before the last look: who was writing until now has written by then."""
        try:
            return held.seen.is_file and is_written(self.disk, held.slot)
        except PermissionError:
            return False

    def _changed(self, path: RelPath) -> None:
        self.folders[split(path)[0]] = None


def are_few(tasks: Sequence[Task]) -> bool:
    """Whether their new files are made durable one by one."""
    return sum(isinstance(task, WriteTask) for task in tasks) <= FEW


def settle(names: Begun | None, content: Begun | None) -> None:
    """Wait for the disk, here and now.  Raises RootMissing."""
    wait = wait_for(names, content)
    if wait is not None:
        wait()
        conclude(wait, names, content)


def wait_for(names: Begun | None, content: Begun | None) -> Wait | None:
    """What makes durable the names of one batch, and the content of the one behind it; nothing, where that is so."""
    folders = [folder for folder in names.folders if folder != STAGE] if names is not None else []
    adjusted = names.adjusted if names is not None and not names.apart else []
    files = content.writings if content is not None and not content.apart else {}
    one = names or content
    if one is None or not (folders or adjusted or files):
        return None
    # The mark of the first: the second may have been made after what the first has put in place.
    by_mark = files or adjusted or not one.apart or len(folders) > FEW
    made = {index: writing.new for index, writing in files.items() if writing.own.is_file}
    return Wait(one.disk, one.mark if by_mark else None, folders, adjusted, made)


def conclude(wait: Wait, names: Begun | None, content: Begun | None, meanwhile: Begun | None = None) -> None:
    """What is lost counts for nothing; with it, what was made ``meanwhile``: the system tells of what it could not
    write once, and not of which, and a later sync would say that all is well."""
    if wait.trouble is not None:
        if names is not None:
            names.lose_names(wait.trouble)
        for one in (content, meanwhile):
            if one is not None:
                one.lose_content(wait.trouble)
    elif content is not None:
        for index, error in wait.lost.items():
            content.lose(index, error)
