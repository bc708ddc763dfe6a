"""Does tasks on the disk, a batch at a time; called in worker threads by the shell.

Every task carries what it expects to find.  It is looked for at the last instant, and again in what came out of the
tree: where the look and the rename could not be one, the rename is undone.  In this order, for a whole batch:

1. new files are made in the stage, and their content is made durable; folders that are to go as a whole are looked
   through;
2. each task is done by one rename (or mkdir, rmdir); what goes out of the tree goes to the stage first, is looked at
   there, and is put back when it is not what was expected;
3. the folders are made durable;
4. what went out is looked at once more, and goes to the trash or is removed; that, no one need wait for.

A folder that goes with all that is in it is looked through (again, where its folders tell that a name has come or gone
since 1, or that was long ago), goes to the stage by one rename, and is looked through
there when its name is durable (``taken_out``); then it gets another name there, by which a start knows that it may be
removed, and not before that name is durable does it count as gone.  Stopped before that, a start puts it back.

So after a crash at any point there is at each path the old or the new, whole (N8), and what lies in the stage is told
apart by its name (``slots``); ``Staging.sweep`` clears it at the next start.

Of masses the first step of one batch is done while the batch before it is made durable (``masses``).

A file that a program has open for writing is neither replaced nor deleted: what it writes after that would be written
into nothing.  It is held back until the program is done with it.

# RACE: where the system cannot tell (``leases``), such a program writes into a file that is gone.  So it does where it
# was in the middle of opening the file, by its name, from before 2 until after 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from syncagent.localfs.begun import Begun, are_few, settle
from syncagent.localfs.ports import Abilities, Disk
from syncagent.localfs.scanner import no_guard
from syncagent.localfs.staging import Staging
from syncagent.localfs.writing import Writer
from syncagent.model.values import fixed
from syncagent.planner.tasks import DraftWish, Outcome, Task


def at_once(work: Callable[[], None]) -> None:
    """Wait for it."""
    work()


@fixed
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
        begun = self.batch(apart=are_few(tasks))
        try:
            with self.disk.batch():
                self.make(begun, tasks)
                settle(None, begun)
        except BaseException:
            begun.close()
            raise
        return begun

    def finish(self, begun: Begun, clear: Callable[[Callable[[], None]], None] = at_once) -> list[Outcome]:
        """The other three; what is expected is looked for again.  Raises RootMissing."""
        try:
            with self.disk.batch():
                self.place(begun)
                settle(begun, None)
                outcomes = begun.end()
        finally:
            begun.close()
        self.clear(begun, clear)
        return outcomes

    def draft(self, wishes: Sequence[DraftWish]) -> None:
        """Make these in the stage, durable, each for the task that writes just that, should there be one.  Raises
        RootMissing, Damaged, OSError."""
        with self.disk.batch():
            self.guard()
            writer = Writer(self.disk, self.staging, self.abilities)
            for wish in wishes:
                writer.draft(wish)

    # --- the steps of one batch, for who does them beside those of another ----------------------------------------

    def batch(self, *, apart: bool) -> Begun:
        """A batch of which nothing is done yet."""
        return Begun(self.disk, self.staging, self.abilities, apart)

    def make(self, begun: Begun, tasks: Sequence[Task]) -> None:
        """The first step, but for making it durable.  Raises RootMissing."""
        with self.disk.batch():
            self.guard()
            begun.make(tasks)

    def place(self, begun: Begun) -> None:
        """The second step.  Raises RootMissing."""
        with self.disk.batch():
            self.guard()
            begun.place()

    def end(self, begun: Begun) -> list[Outcome]:
        """The fourth step, when all is durable.  Raises RootMissing."""
        with self.disk.batch():
            return begun.end()

    def clear(self, begun: Begun, clear: Callable[[Callable[[], None]], None]) -> None:
        """Have ``clear`` do what is left to be done of a batch that has ended."""
        if begun.over:
            clear(partial(self.staging.slots.let_go_all, begun.over))
