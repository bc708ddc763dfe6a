"""What the engine wants of the stage, done in one thread: large files on their way in, and what came before it was
known for which file it is.  Called by ``errands``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, assert_never

from syncagent.engine.effects import CopyAhead, DropAhead, DropOutline, FillStage, HoldAhead, OpenStage, SweepStage
from syncagent.engine.events import AheadHeld, Event, Hinted, StageFilled, StageOpened
from syncagent.errors import Damaged, StorageFull, StorageTrouble
from syncagent.localfs.scanner import Scanner
from syncagent.localfs.staging import Staging
from syncagent.model.facts import FileSeen, LookAt, Stamp
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content, Recipe
from syncagent.model.values import replace
from syncagent.planner.tasks import Copied

StageEffect: TypeAlias = OpenStage | FillStage | HoldAhead | DropAhead | CopyAhead | DropOutline | SweepStage
"""Those of the effects that are for the stage."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StageErrands:
    """``post`` is called from the thread in which they are done."""

    scanner: Scanner
    staging: Staging
    post: Callable[[Event], None]

    def do(self, effect: StageEffect) -> None:
        """Have it done now."""
        match effect:
            case OpenStage():
                self._open(effect)
            case FillStage():
                self._fill(effect)
            case HoldAhead():
                self._hold(effect)
            case DropAhead():
                self._drop_ahead()
            case CopyAhead():
                self._copy_ahead(effect)
            case DropOutline():
                self._drop_ahead(outline=True)
            case SweepStage():
                self._sweep(effect)
            case _:
                assert_never(effect)

    def _with_room(self, content: Content, work: Callable[[], T]) -> T:
        """What ``work`` gives, which puts something of ``content`` in the stage; while there is no room for that, the
        trash makes some, or what else is being put together.  Raises StorageFull, and what ``work`` raises."""
        trash = self.staging.trash
        while True:
            try:
                return work()
            except StorageFull as full:
                if not (trash is not None and trash.make_room(full.lacking)) and not self.staging.make_room(content):
                    raise

    def _open(self, effect: OpenStage) -> None:
        content = effect.wish.content
        bases = tuple((path, stamp, recipe or self._cut(path, stamp)) for path, stamp, recipe in effect.wish.bases)
        try:
            missing = self._with_room(content, lambda: self.staging.begin(replace(effect.wish, bases=bases)))
        except (Damaged, StorageFull, StorageTrouble) as error:
            self.post(StageOpened(content, frozenset(), str(error), isinstance(error, StorageFull)))
        else:
            self.post(StageOpened(content, missing))

    def _cut(self, path: RelPath, stamp: Stamp) -> Recipe:
        """The recipe of a local file that nobody remembers: reading it is quicker than getting its blocks again."""
        fact = self.scanner.look([LookAt(path, None)])[-1]
        return fact.recipe if isinstance(fact, FileSeen) and fact.stamp == stamp else ()

    def _fill(self, effect: FillStage) -> None:
        digests = tuple(digest for digest, _ in effect.blocks)
        try:
            recipe = self.staging.recipe_of(effect.content)
            self._with_room(effect.content, lambda: self.staging.put(effect.content, effect.blocks, recipe))
        except (Damaged, StorageFull, StorageTrouble) as error:
            self.post(StageFilled(effect.content, digests, str(error), isinstance(error, StorageFull)))
        else:
            self.post(StageFilled(effect.content, digests))

    def _hold(self, effect: HoldAhead) -> None:
        size = sum(len(data) for _, data in effect.blocks)
        try:
            self.staging.hold(effect.blocks)
        except (StorageFull, StorageTrouble) as error:
            self._drop_ahead()
            self.post(AheadHeld(size, str(error)))
        else:
            self.post(AheadHeld(size))

    def _copy_ahead(self, effect: CopyAhead) -> None:
        size = sum([len(one[1]) for one in effect.parts if not isinstance(one, Copied)])
        try:
            self.staging.copy(effect.at, (effect.path, effect.stamp), effect.parts)
        except (StorageFull, StorageTrouble) as error:
            self._drop_ahead(outline=True)
            self.post(AheadHeld(size, str(error)))
        else:
            self.post(AheadHeld(size))

    def _drop_ahead(self, *, outline: bool = False) -> None:
        with contextlib.suppress(StorageFull, StorageTrouble):  # the next sweep finds it
            self.staging.drop_held(outline=outline)

    def _sweep(self, effect: SweepStage) -> None:
        try:
            back = self.staging.sweep(effect.keep)
        except (StorageFull, StorageTrouble):
            return  # it is only room; the next sweep finds it
        if back:
            self.post(Hinted(paths=back, reason="put back after a crash"))
