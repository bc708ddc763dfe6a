"""What a person is notified of.  Pure: how things stand, one after the other, and the time, become notices.

What is of one kind is gathered until it has been quiet for a moment: a hundred conflicts are one notice.  What is over
before that is never told; what is over later is withdrawn.  While notifications are snoozed nothing is told, and
afterwards what is still so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import Final, TypeAlias

from syncagent.agent.logs import visible
from syncagent.desktop import actions
from syncagent.desktop.actions import Action, Place, Word
from syncagent.desktop.notify import Level, Wishes
from syncagent.desktop.standing import Standing
from syncagent.engine.lines import counted
from syncagent.model.values import fixed

QUIET: Final = 2.0
MOST: Final = 10.0
"""Seconds without anything new of its kind until a notice is given, and after which it is given in any case."""

NAMED: Final = 3
"""Files that are named in a notice."""


@fixed
class Notice:
    """``choices`` are what can be done about it, ``otherwise`` is what a click beside them does.  An ``urgent`` one
    stays."""

    key: str
    title: str
    body: str
    urgent: bool = False
    choices: tuple[tuple[str, Action], ...] = ()
    otherwise: Action | None = None


@fixed
class Withdraw:
    """The notice of this key is no longer so."""

    key: str


News: TypeAlias = Notice | Withdraw


@fixed
class Told:
    """What was told, in this life of the tray or in one before: a number of conflicts, mass changes, folders that were
    said to be complete."""

    conflicts: int = 0
    held: tuple[str, ...] = ()
    complete: tuple[str, ...] = ()


class Kind(Enum):
    """Each has its own notice.  The value is its key."""

    HELD = "held"
    TROUBLE = "trouble"
    CONFLICTS = "conflicts"
    COMPLETE = "complete"


@dataclass(slots=True)
class _Gathered:
    first: float
    latest: float
    size: int


class Notices:
    """Remembers what was told."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self._standing = Standing()
        self._gathering: dict[Kind, _Gathered] = {}
        self._shown: set[Kind] = set()
        self._troubles_told: frozenset[str] = frozenset()
        self._paths: frozenset[str] = frozenset()
        self._worked = False

    def hear(self, standing: Standing, now: float) -> None:
        """Things stand like this now; ``now`` is of a clock that only goes forward."""
        if not standing.running:
            return  # nothing is known of what was so: it is neither over nor new
        self._standing = standing
        self._worked = self._worked or not standing.in_sync
        self._forget_what_is_over()
        for kind in Kind:
            size = self._size(kind)
            before = self._gathering.get(kind)
            if not size:
                self._gathering.pop(kind, None)
            elif before is None:
                self._gathering[kind] = _Gathered(now, now, size)
            elif size > before.size:
                before.latest, before.size = now, size

    def due(self, wishes: Wishes, now: float, hour: float) -> Iterator[News]:
        """What is to be shown and taken away now; ``hour`` is in seconds since 1970."""
        for kind in list(self._shown):
            if self._is_over(kind):
                self._shown.discard(kind)
                yield Withdraw(kind.value)
        if wishes.level is Level.NONE or wishes.snoozed(hour):
            return
        for kind, found in list(self._gathering.items()):
            if now - found.latest >= QUIET or now - found.first >= MOST:
                del self._gathering[kind]
                notice = self._notice(kind)
                self._tell(kind)
                if kind is not Kind.COMPLETE or wishes.level is Level.ALL:
                    self._shown.add(kind)
                    yield notice

    @property
    def waiting(self) -> bool:
        """Whether something is to be told before long."""
        return bool(self._gathering)

    # --- what is new ------------------------------------------------------------------------------------------

    def _size(self, kind: Kind) -> int:
        """How much of this kind was not told yet."""
        standing, told = self._standing, self.told
        match kind:
            case Kind.CONFLICTS:
                return max(standing.conflicts - told.conflicts, 0)
            case Kind.HELD:
                return sum(one.key not in told.held for one in standing.held)
            case Kind.TROUBLE:
                return sum(one.kind not in self._troubles_told for one in standing.troubles)
            case Kind.COMPLETE:
                return int(standing.in_sync and standing.root not in told.complete)

    def _is_over(self, kind: Kind) -> bool:
        standing = self._standing
        match kind:
            case Kind.CONFLICTS:
                return standing.conflicts == 0
            case Kind.HELD:
                return not standing.held
            case Kind.TROUBLE:
                return not standing.troubles
            case Kind.COMPLETE:
                return False

    def _forget_what_is_over(self) -> None:
        standing, told = self._standing, self.told
        held = {one.key for one in standing.held}
        complete = told.complete
        if standing.in_sync and not self._worked and standing.root not in complete:
            complete = (*complete, standing.root)  # it was complete before anyone looked: that is no news
        kept = tuple(one for one in told.held if one in held)
        self.told = Told(min(told.conflicts, standing.conflicts), kept, complete)
        self._troubles_told &= {one.kind for one in standing.troubles}

    def _tell(self, kind: Kind) -> None:
        standing, told = self._standing, self.told
        match kind:
            case Kind.CONFLICTS:
                self.told = Told(standing.conflicts, told.held, told.complete)
                self._paths = frozenset(standing.conflict_paths)
            case Kind.HELD:
                self.told = Told(told.conflicts, tuple(one.key for one in standing.held), told.complete)
            case Kind.TROUBLE:
                self._troubles_told = frozenset(one.kind for one in standing.troubles)
            case Kind.COMPLETE:
                self.told = Told(told.conflicts, told.held, (*told.complete, standing.root))

    # --- words ------------------------------------------------------------------------------------------------

    def _notice(self, kind: Kind) -> Notice:
        standing = self._standing
        match kind:
            case Kind.CONFLICTS:
                return self._of_conflicts()
            case Kind.HELD:
                return self._of_held()
            case Kind.TROUBLE:
                new = [one for one in standing.troubles if one.kind not in self._troubles_told]
                text = "\n".join(one.text[:1].upper() + one.text[1:] for one in new)
                look = actions.OpenPage(Place.STATUS)
                return Notice(kind.value, "Syncing needs you", text, True, (("Look", look),), look)
            case Kind.COMPLETE:
                folder = PurePath(standing.root).name
                text = "All that is on your other machines is here now, and what is here is there."
                show = actions.OpenFolder()
                return Notice(kind.value, f"“{folder}” is complete", text, False, (("Open the folder", show),), show)

    def _of_conflicts(self) -> Notice:
        new = self._size(Kind.CONFLICTS)
        paths = [path for path in self._standing.conflict_paths if path not in self._paths]
        names = [visible(PurePath(path).name) for path in paths[:NAMED]]
        if new > len(names):
            names.append(f"and {new - len(names)} more")
        title = "A file was changed on two machines" if new == 1 else f"{new} files were changed on two machines"
        look = actions.OpenPage(Place.CONFLICTS)
        choices: tuple[tuple[str, Action], ...] = (("Look", look),)
        if paths:
            choices = (
                *choices,
                (
                    "Show the file" if new == 1 else "Show the first",
                    actions.ShowFile(paths[0], self._standing.conflict_root),
                ),
            )
        return Notice("conflicts", title, "Both versions were kept:\n" + "\n".join(names), False, choices, look)

    def _of_held(self) -> Notice:
        new = [one for one in self._standing.held if one.key not in self.told.held]
        text = "\n".join(one.text[:1].upper() + one.text[1:] for one in new)
        title = "Is this meant?" if len(new) == 1 else f"{counted(len(new), 'change')} to decide: is this meant?"
        body = f"{text}.\nNothing of it goes on before you say yes or no."
        look = actions.OpenPage(Place.HELD)
        choices: tuple[tuple[str, Action], ...] = (("Look", look),)
        if len(new) == 1:
            # A no loses nothing, and can be undone.  A yes is given where there is more to see than this.
            no = actions.Decide(new[0].id, Word.REJECT, new[0].profile)
            choices = (*choices, ("No, keep the files", no))
        return Notice("held", title, body, True, choices, look)
