"""Does tasks on the disk, a batch at a time; called in worker threads by the shell.

Every task carries what it expects to find.  It is looked for at the last instant, and again in what came out of the
tree: where the look and the rename could not be one, the rename is undone.  In this order, for a whole batch:

1. new files are made in the stage, and their content is made durable;
2. each task is done by one rename (or mkdir, rmdir); what goes out of the tree goes to the stage first, is looked at
   there, and is put back when it is not what was expected;
3. the folders are made durable;
4. what went out is looked at once more, and goes to the trash or is removed; that, no one need wait for.

A folder that goes with all that is in it is looked through, goes to the stage by one rename, and is looked through
there when its name is durable (``taken_out``); then it gets another name there, by which a start knows that it may be
removed, and not before that name is durable does it count as gone.  Stopped before that, a start puts it back.

So after a crash at any point there is at each path the old or the new, whole (N8), and what lies in the stage is told
apart by its name (``slots``); ``Staging.sweep`` clears it at the next start.

A file that a program has open for writing is neither replaced nor deleted: what it writes after that would be written
into nothing.  It is held back until the program is done with it.

# RACE: where the system cannot tell (``leases``), such a program writes into a file that is gone.  So it does where it
# was in the middle of opening the file, by its name, from before 2 until after 4.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, assert_never

from syncagent.errors import Damaged, Stale
from syncagent.localfs.damaged import keep_damaged
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.outcomes import STALE, is_in_place, is_kept, outcome_of, paths_of, refusal_of, staged_content
from syncagent.localfs.ports import MISSING, Abilities, Disk, Opening, Rename, Stat
from syncagent.localfs.scanner import no_guard
from syncagent.localfs.staging import Staging
from syncagent.localfs.standing import check_unused, confirm, is_written, still
from syncagent.localfs.taken_out import TakenOut, let_go, take_out
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

FEW: Final = 8
"""Up to so many files or folders are made durable one by one; more, by one sync of the file system."""


def at_once(work: Callable[[], None]) -> None:
    """Wait for it."""
    work()


@dataclass(frozen=True, slots=True)
class Applier:
    """``guard`` raises RootMissing when the folder is not the one it was."""

    disk: Disk
    staging: Staging
    abilities: Abilities
    guard: Callable[[], None] = no_guard

    def run(self, tasks: Sequence[Task], clear: Callable[[Callable[[], None]], None] = at_once) -> list[Outcome]:
        """Do the tasks, which may be done in any order; one outcome for each, in their order.  Done means durable.

        ``clear`` is given what is left to be done: to have what went out go to the trash, or to remove it.

        Raises RootMissing; then what was done of the batch is found by the next scan.
        """
        with self.disk.batch():
            return self.finish(self.begin(tasks), clear)

    def begin(self, tasks: Sequence[Task]) -> Begun:
        """The first of the four steps alone, which changes nothing but the stage: all that it makes there without
        ``finish`` the next start clears.  Raises RootMissing."""
        with self.disk.batch():
            self.guard()
            begun = Begun(
                self.disk, self.staging, self.abilities, tasks, Writer(self.disk, self.staging, self.abilities)
            )
            begun.make()
            return begun

    def finish(self, begun: Begun, clear: Callable[[Callable[[], None]], None] = at_once) -> list[Outcome]:
        """The other three; what is expected is looked for again.  Raises RootMissing."""
        with self.disk.batch():
            self.guard()
            outcomes = begun.go()
        if begun.over:
            clear(partial(self.staging.slots.let_go_all, begun.over))
        return outcomes


@dataclass(slots=True)
class Begun:
    """One batch."""

    disk: Disk
    staging: Staging
    abilities: Abilities
    tasks: Sequence[Task]
    writer: Writer
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    writings: dict[int, Writing] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)
    adjusted: list[RelPath] = field(default_factory=list)
    folders: dict[RelPath, None] = field(default_factory=dict)
    """Those in which names changed, in the order in which they are made durable: a name that comes before one that
    goes."""
    taken_out: dict[int, TakenOut] = field(default_factory=dict)
    over: dict[RelPath, bool] = field(default_factory=dict)
    """The slots of what went, and whether it may go to the trash."""

    def make(self) -> None:
        try:
            self.staging.slots.make_folders()
        except OSError as error:
            self.outcomes = {index: outcome_of(task, error) for index, task in enumerate(self.tasks)}
            return
        few = self._are_few()
        self._make(sync=few)
        if not few and self.writings:
            self._settle_content()

    def _are_few(self) -> bool:
        return sum(isinstance(task, WriteTask) for task in self.tasks) <= FEW

    def go(self) -> list[Outcome]:
        few = self._are_few()
        for index, task in enumerate(self.tasks):
            if index not in self.outcomes:
                try:
                    self._do(index, task, sync=few)
                except (OSError, Stale, Damaged) as error:
                    self.outcomes[index] = outcome_of(task, error)
        self._settle_names(everything=not few)
        self._let_go()
        trouble = let_go(self.taken_out.values(), self.disk)
        for index, taken in self.taken_out.items():
            if taken.task.path in trouble:
                self.outcomes[index] = outcome_of(taken.task, trouble[taken.task.path])
            else:
                self.over[taken.slot] = taken.task.elsewhere
        return [self.outcomes[index] for index in range(len(self.tasks))]

    # --- 1. content ---------------------------------------------------------------------------------------------

    def _make(self, *, sync: bool) -> None:
        uses = Counter(staged for task in self.tasks if (staged := staged_content(task)) is not None)
        for index, task in enumerate(self.tasks):
            if (why := refusal_of(task)) is not None:
                self.outcomes[index] = Failed(task.op, why)
            elif isinstance(task, WriteTask) and not is_in_place(task):
                staged = staged_content(task)
                if staged is not None:
                    uses[staged] -= 1
                last = staged is not None and not uses[staged]
                try:
                    self.writings[index] = self.writer.make(task, sync=sync, last=last)
                except (OSError, Stale, Damaged) as error:
                    self.outcomes[index] = outcome_of(task, error)

    def _settle_content(self) -> None:
        try:
            self.disk.sync(None)
        except OSError as error:
            if error.errno != errno.ENOSYS:
                self._fail_all(error)
                return
            for index, writing in list(self.writings.items()):
                if writing.own.is_file:
                    try:
                        self._sync_file(writing.new)
                    except (OSError, Stale, Damaged) as failed:
                        self.outcomes[index] = outcome_of(writing.task, failed)

    def _sync_file(self, path: RelPath) -> None:
        with self.disk.open(path, Opening.READ) as file:
            file.sync()

    def _fail_all(self, error: OSError) -> None:
        """The content may not have got to the disk (B9): none of it is published."""
        for index, writing in self.writings.items():
            self.outcomes[index] = outcome_of(writing.task, error)
            self._drop(writing)

    def _drop(self, writing: Writing) -> None:
        try:
            self.writer.drop(writing.new, writing.content)
        except OSError:
            return  # the next sweep finds it

    # --- 2. names -----------------------------------------------------------------------------------------------

    def _do(self, index: int, task: Task, *, sync: bool) -> None:
        match task:
            case MakeDirTask(op=op, path=path):
                self.disk.mkdir(path, self.staging.displaced.narrow_folder(path))
                self.staging.displaced.filled(path)
                self._changed(path)
                self.outcomes[index] = Done(op, DirSeen(path, self.disk.stat(path).stamp))
            case WriteTask(op=op, path=path):
                self.outcomes[index] = Done(op, self._write(index, task, sync=sync))
            case MoveTask(op=op):
                self.outcomes[index] = Done(op, self._move(task))
            case DeleteTask(op=op):
                if task.beneath:
                    self._changed(task.path)
                    self.taken_out[index] = take_out(self.disk, self.staging.slots, task)
                else:
                    self._delete(index, task)
                self.outcomes[index] = Done(op, None)
            case _:
                assert_never(task)

    def _write(self, index: int, task: WriteTask, *, sync: bool) -> Fact:
        writing = self.writings.get(index)
        if writing is None:
            self.adjusted.append(task.path)
            return self.writer.adjust(task, sync=sync)
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
            self._drop(writing)
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
                return FileSeen(task.to, stamp, seen.executable, seen.mtime_ns, content)
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

    def _settle_names(self, *, everything: bool) -> None:
        folders = [folder for folder in self.folders if folder != STAGE]
        if not folders and not everything:
            return
        try:
            if not everything and len(folders) <= FEW:
                self._sync_folders(folders)
                return
            try:
                self.disk.sync(None)
            except OSError as error:
                if error.errno != errno.ENOSYS:
                    raise
                for path in self.adjusted:
                    self._sync_file(path)
                self._sync_folders(folders)
        except OSError as error:
            for index, outcome in self.outcomes.items():
                if isinstance(outcome, Done):
                    self.outcomes[index] = outcome_of(self.tasks[index], error)
            for taken in self.taken_out.values():
                taken.bring_back()
            self.taken_out.clear()
            self.held.clear()  # the old files stay in the stage: they may be all that is left after a crash

    def _sync_folders(self, folders: Sequence[RelPath]) -> None:
        for folder in folders:
            try:
                self.disk.sync([folder])
            except OSError as error:
                if error.errno not in MISSING:  # it was moved or deleted since: by the user, and with what is in it
                    raise

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
