"""What the engine wants of the disk, done in threads; what comes of it is posted as events.

One effect is one errand, and one hop.  Errands of one lane are done in the order in which they were given; those of
different lanes may overlap, which no effect minds.  Large files have a lane of their own, so that an edit of a small
one never waits until a large one is put together.  Tasks that have come to wait while others were done are done in one
batch: to make it durable costs as much as for a single file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar, assert_never

from syncagent.agent.echoes import Echoes
from syncagent.agent.glances import Glances
from syncagent.agent.in_advance import InAdvance, in_advance
from syncagent.agent.stage_errands import StageEffect, StageErrands
from syncagent.agent.waiting import Waiting
from syncagent.agent.workers import Aside, Work, Workers
from syncagent.engine.effects import (
    CopyAhead,
    DropAhead,
    DropDrafts,
    DropOutline,
    FillStage,
    HoldAhead,
    Look,
    MakeDrafts,
    OpenStage,
    ReadBlocks,
    ReadOn,
    ReadOutline,
    Run,
    SweepStage,
)
from syncagent.engine.events import (
    BlocksRead,
    Event,
    Hinted,
    Outlined,
    PartRead,
    RootLost,
    Seen,
    TasksDone,
)
from syncagent.errors import RootMissing
from syncagent.localfs.applier import Applier, at_once
from syncagent.localfs.begun import FEW, Begun, are_few
from syncagent.localfs.masses import TOGETHER, Masses
from syncagent.localfs.perusal import Perusal, Telling
from syncagent.localfs.ports import Disk
from syncagent.localfs.reader import StaleRead, read_blocks
from syncagent.localfs.scanner import BATCH, Scanner, read_on
from syncagent.localfs.staging import Staging
from syncagent.model.facts import LookAt
from syncagent.model.nodes import File
from syncagent.planner.tasks import DeleteTask, Failed, Inline, InPlace, Outcome, Staged, Task, WriteTask

DiskEffect: TypeAlias = Look | ReadOn | ReadOutline | Run | ReadBlocks | StageEffect | InAdvance
"""Those of the effects that are for the disk."""

T = TypeVar("T")

FEW_LOOKS: Final = 16
"""A look at more paths than a person changes at once is a long one."""

MUCH: Final = 1 << 20
"""Bytes that are read to be sent, or removed: more than that is no small edit."""

LARGE: Final = 8 << 20
"""A file of so many bytes takes so long to be put in place that others should not wait for it."""


@dataclass(frozen=True, slots=True)
class Errands:
    """Runs errands on one root.  ``post`` is called from the threads."""

    disk: Disk
    scanner: Scanner
    applier: Applier
    staging: Staging
    workers: Workers
    post: Callable[[Event], None]
    behind: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
    """Within, what this thread wants of the disk waits for other programs."""
    _waiting: Waiting = field(default_factory=Waiting)
    """Tasks for the lane of changes."""
    _aside: list[Aside] = field(default_factory=list)
    """While masses are done: the thread that waits for the disk."""
    _perused: dict[int, Perusal] = field(default_factory=dict)
    """The large file that is being read part by part, by the number of its look: one at most."""
    echoes: Echoes = field(init=False)
    glances: Glances = field(init=False)
    stage: StageErrands = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "echoes", Echoes(self.disk))
        object.__setattr__(self, "glances", Glances(self.scanner))
        object.__setattr__(self, "stage", StageErrands(self.scanner, self.staging, self.post))

    def prepare(self, run: Run) -> None:
        """``run`` will begin as soon as the database knows of it: until then the files that it writes are made, in the
        stage.  Of a few small ones; of many, their own order is the quickest.  And a folder that is to go with all that
        is in it is looked through."""
        if len(run.tasks) <= FEW and any(map(_takes_long, run.tasks)) and all(map(_may_wait, run.tasks)):
            self._waiting.announce(run.tasks)
            self.workers.change.do(lambda: self._prepare(run.tasks))

    def _prepare(self, tasks: tuple[Task, ...]) -> None:
        if not self._waiting.is_announced(tasks):
            return  # they were done in the meantime, together with others
        with contextlib.suppress(RootMissing, OSError):  # it is tried again, and told, when they are to be done
            self._waiting.prepared(tasks, self.applier.begin(tasks))

    def begin(self, effect: DiskEffect) -> None:
        """Have ``effect`` done, soon."""
        match effect:
            case Look() if (seen := self.glances.answer(effect)) is not None:
                self.post(Seen(effect.number, (seen,), last=True))
            case Look():
                long = bool(effect.folders) or len(effect.wishes) > FEW_LOOKS
                self.workers.look.do(lambda: (self._long if long else self._at_root)(lambda: self._look(effect)))
                if self.staging.trash is not None and "" in effect.folders:
                    self._clear(self._tidy)
            case ReadOn():
                self.workers.read.do(lambda: self._long(lambda: self._read_on(effect)))
            case ReadOutline():
                self.workers.read.do(lambda: self._long(lambda: self._read_outline(effect)))
            case ReadBlocks():
                much = sum([block.size for wish in effect.wishes for _, block in wish.blocks]) > MUCH
                self.workers.look.do(lambda: (self._long if much else self._at_root)(lambda: self._read(effect)))
            case Run(tasks=tasks):
                self._run(tasks)
            case OpenStage() | FillStage() | HoldAhead() | DropAhead() | CopyAhead() | DropOutline() | SweepStage():
                self.workers.stage.do(lambda: self._long(lambda: self.stage.do(effect)))
            case MakeDrafts() | DropDrafts():
                in_advance(effect, self.applier, self.workers.change)
            case _:
                assert_never(effect)

    def leave(self) -> None:
        """Leave the folder alone, which is gone: nothing stays open there, as soon as what is under way is over."""
        self.workers.read.do(self._close_perused)
        self.workers.stage.do(self.staging.leave)

    def _long(self, errand: Callable[[], None]) -> None:
        """Do it behind what other programs want of the disk: what no edit of a small file waits for."""
        with self.behind():
            self._at_root(errand)

    def _clear(self, work: Work) -> None:
        def removed() -> None:
            with self.behind():
                work()

        self.workers.clear.do(removed)

    def _at_root(self, errand: Callable[[], None]) -> None:
        try:
            errand()
        except RootMissing as error:
            self.post(RootLost(str(error)))
        except OSError as error:
            # What is about one path was told of that path: this is about the folder as a whole.  Nothing is concluded
            # from what was not learnt, and it is opened anew (HAZARDS B8).
            self.post(RootLost(f"the folder cannot be read: {error.strerror or error}"))

    def _look(self, look: Look) -> None:
        facts = self.scanner.look(look.wishes) if look.wishes else []
        for folder in look.folders:
            for batch in self.scanner.walk(folder):
                if self.workers.ending:
                    return
                if facts and len(facts) + len(batch) > BATCH:
                    self.post(Seen(look.number, tuple(facts), last=False))
                    facts = []
                facts.extend(batch)  # of a hundred folders that are empty each would be told by itself
        self.post(Seen(look.number, tuple(facts), last=True))

    def _read_on(self, wanted: ReadOn) -> None:
        try:
            if wanted.number not in self._perused and self._peruse(wanted):
                return
            perusal = self._perused[wanted.number]
            if not wanted.to_its_end:
                blocks = perusal.part()
                self.post(PartRead(wanted.number, blocks, perusal.size, perusal.ended))
                return
            with self.disk.batch():
                fact = perusal.finish(read_on)
        except OSError:
            fact = None
        self._close_perused()
        if fact is not None:
            self.post(Seen(wanted.number, (fact,), last=True))
        else:
            self._look(Look(wanted.number, (LookAt(wanted.path, None),)))  # it says what is wrong

    def _read_outline(self, wanted: ReadOutline) -> None:
        def told(telling: Telling) -> None:
            recipe, blocks = tuple(telling.recipe), tuple(telling.blocks)
            self.post(Outlined(wanted.number, size, recipe, blocks, telling.lost))

        fact, perusal = None, self.scanner.peruse(wanted.path)
        if perusal is not None:
            size = perusal.size
            with contextlib.suppress(OSError), contextlib.closing(perusal), self.disk.batch():
                perusal.tell(wanted.base, told)
                fact = perusal.finish(read_on)
        if fact is not None:
            self.post(Seen(wanted.number, (fact,), last=True))
        else:
            self._look(Look(wanted.number, (LookAt(wanted.path, None),)))  # it says what is wrong

    def _peruse(self, wanted: ReadOn) -> bool:
        """Open the file; whether it was looked at instead, to its end."""
        self._close_perused()  # one that the engine has given up
        perusal = self.scanner.peruse(wanted.path)
        if perusal is None:
            self._look(Look(wanted.number, (LookAt(wanted.path, None),)))
            return True
        self._perused[wanted.number] = perusal
        return False

    def _close_perused(self) -> None:
        for perusal in self._perused.values():
            with contextlib.suppress(OSError):
                perusal.close()
        self._perused.clear()

    def _read(self, wanted: ReadBlocks) -> None:
        found = read_blocks(self.disk, wanted.wishes)
        blocks = tuple(one for one in found if not isinstance(one, StaleRead))
        stale = tuple(one.path for one in found if isinstance(one, StaleRead))
        self.post(BlocksRead(wanted.number, blocks, stale))

    def _run(self, tasks: tuple[Task, ...]) -> None:
        """The tasks of one Run may be done in any order, or at once."""
        self.glances.begin(len(tasks))
        large = tuple(task for task in tasks if _is_large(task))
        small = tuple(task for task in tasks if not _is_large(task)) if large else tasks
        if small:
            self._waiting.put(small)
            for aside in tuple(self._aside):
                aside.ring()
            self.workers.change.do(lambda: self._at_root(self._apply_waiting))
        if large:
            self.workers.stage.do(lambda: self._long(lambda: self._apply(large)))

    def _apply_waiting(self) -> None:
        while (prepared := self._waiting.take_prepared()) is not None:
            self._finish(*prepared)
        tasks = self._waiting.take(TOGETHER)
        if not tasks:
            return
        if are_few(tasks):
            # Few are done in one batch: their folders are opened once.
            with self.behind() if len(tasks) > FEW else self.disk.batch():
                self._finish(tasks, self.applier.begin(tasks))
            return
        with self.behind(), self.workers.aside(self.behind) as aside:
            self._aside.append(aside)  # before it is looked for more: who brings some by then rings
            try:
                Masses(self.applier, aside, self._more, self.echoes.begin, self._ended).run(tasks)
            except (RootMissing, OSError):
                self.echoes.give_up()
                raise
            finally:
                self._aside.clear()

    def _more(self, most: int, no_few: bool) -> Sequence[Task]:
        """What may be done together with masses that are under way; nothing, where nobody waits for it."""
        if self.workers.ending or (no_few and self._waiting.are_few):
            return ()
        return self._waiting.take_unprepared(most)

    def _ended(self, begun: Begun, outcomes: list[Outcome]) -> None:
        """A batch of many is over."""
        self._tell_done(begun.tasks, outcomes)
        self.applier.clear(begun, self._clear)

    def _apply(self, tasks: Sequence[Task]) -> None:
        with self.behind() if len(tasks) > FEW else contextlib.nullcontext():
            self._tell_done(tasks, self.applier.run(tasks, self._clear))

    def _finish(self, tasks: Sequence[Task], begun: Begun) -> None:
        """Do the rest of a batch, and tell of it.  What went by it is removed after that, in the lane that is for it; a
        few small files here and now, since to wake another thread for them takes longer."""
        left: list[Work] = []
        with self.disk.batch():
            if len(tasks) > FEW:
                self.echoes.begin(tasks)
            try:
                outcomes = self.applier.finish(begun, left.append)
            except (RootMissing, OSError):
                self.echoes.give_up()
                raise
            self._tell_done(tasks, outcomes)
            clear = at_once if len(tasks) <= FEW and all(map(self._leaves_little, tasks)) else self._clear
            for work in left:
                clear(work)

    def _leaves_little(self, task: Task) -> bool:
        """Whether what goes by it is removed in no time: a small file, which is not to go to the trash."""
        trash, old = self.staging.trash, task.op.expect if isinstance(task, WriteTask) else None
        into_trash = trash is not None and trash.keeping.on and trash.keeping.replaced
        return isinstance(old, File) and old.content.size <= MUCH and not into_trash

    def _tell_done(self, tasks: Sequence[Task], outcomes: list[Outcome]) -> None:
        outcomes = self._in_room(tasks, outcomes)
        if otherwise := self.echoes.end(tasks, outcomes):
            self.post(Hinted(paths=otherwise, reason="seen"))  # before they are told: at no moment is it forgotten
        self.echoes.note(outcomes)
        self.post(TasksDone(tuple(outcomes)))
        self.glances.over(len(tasks))

    def _in_room(self, tasks: Sequence[Task], outcomes: list[Outcome]) -> list[Outcome]:
        """``outcomes``; those for which the disk was full are tried again as long as the trash gives room."""
        trash = self.staging.trash
        while full := [index for index, one in enumerate(outcomes) if isinstance(one, Failed) and one.full]:
            if trash is None or not trash.make_room():
                break
            again = self.applier.run([tasks[index] for index in full], self._clear)
            for index, outcome in zip(full, again, strict=True):
                outcomes[index] = outcome
        return outcomes

    def _tidy(self) -> None:
        assert self.staging.trash is not None
        with contextlib.suppress(RootMissing, OSError):  # it is only room; the next look at everything comes
            self.staging.trash.tidy()


def _takes_long(task: Task) -> bool:
    """Whether there is anything to be prepared: a file that is at hand, or a folder to be looked through."""
    if isinstance(task, DeleteTask):
        return bool(task.beneath)
    return isinstance(task, WriteTask) and isinstance(task.source, Inline)


def _may_wait(task: Task) -> bool:
    """Whether what was made for it, and never put in place, is no loss: a file that came block by block would be."""
    return not isinstance(task, WriteTask) or isinstance(task.source, Inline | InPlace)


def _is_large(task: Task) -> bool:
    return isinstance(task, WriteTask) and isinstance(task.source, Staged) and task.source.content.size >= LARGE
