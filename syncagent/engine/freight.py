"""Bytes on their way, in both directions: which of the two sides an answer is for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, assert_never

from syncagent.engine.at_hand import AtHand
from syncagent.engine.downloads import Downloads
from syncagent.engine.drafting import Drafting
from syncagent.engine.effects import Effect
from syncagent.engine.events import (
    AheadHeld,
    BlocksCame,
    BlocksEnded,
    BlocksRead,
    BlocksSent,
    HubLacks,
    HubLost,
    OutlineCame,
    Outlined,
    PartRead,
    Recalled,
    StageFilled,
    StageOpened,
    Welcomed,
)
from syncagent.engine.flight import Flight
from syncagent.engine.outlines import Outlines
from syncagent.engine.spared import Sparing
from syncagent.engine.uploads import Uploads
from syncagent.model.facts import UNSURE
from syncagent.model.ids import NodeId
from syncagent.model.nodes import Content, File, Recipe
from syncagent.planner.policy import Policy
from syncagent.trees.canopy import Canopy

BytesMoved: TypeAlias = (
    AheadHeld
    | PartRead
    | Outlined
    | OutlineCame
    | BlocksRead
    | StageOpened
    | StageFilled
    | Recalled
    | BlocksCame
    | BlocksEnded
    | HubLacks
    | HubLost
    | BlocksSent
)


class Freight:
    """Uploads and Downloads, as the engine speaks to both."""

    def __init__(self, canopy: Canopy, flight: Flight, uploads: Uploads, downloads: Downloads, at_hand: AtHand) -> None:
        self._drafting = Drafting(canopy, flight, downloads)
        self._may_come = False
        """Whether there is anything to be written, and room for it."""
        self._canopy = canopy
        self._flight = flight
        self._uploads = uploads
        self._downloads = downloads
        self._at_hand = at_hand
        self._passing = uploads.passing
        self._outlining = uploads.outlining
        self._outlines = Outlines(canopy, downloads.spares.writes)

    def moved(self, event: BytesMoved) -> list[Effect]:
        """Go on with what the answer was waited for."""
        match event:
            case PartRead() | Outlined() | OutlineCame() | AheadHeld():
                return self._ahead(event)
            case BlocksRead():
                small, effects = self._uploads.read(event)
                self._at_hand.hold(small)
                return effects
            case HubLacks(number=number, digests=digests, coming=coming):
                if self._passing.owns(number):
                    return self._passing.lacks(event)
                return self._uploads.lacks(number, digests, coming)
            case HubLost(files=files):
                self._give_again(files)
                return []
            case BlocksSent(number=number):
                if self._passing.owns(number):
                    self._passing.sent(number)
                    return []
                if self._outlining.sent(number):
                    return []
                return self._uploads.sent(number)
            case StageOpened():
                return self._downloads.opened(event)
            case StageFilled():
                return self._downloads.filled(event)
            case Recalled(recipes=recipes):
                self._downloads.recalls.came(recipes)
                self._outlining.recalled(recipes)
                return self._outlines.recalled(recipes)
            case BlocksCame():
                return self._came(event)
            case BlocksEnded():
                return self._downloads.ended(event)
            case _:
                assert_never(event)

    def _ahead(self, event: PartRead | Outlined | OutlineCame | AheadHeld) -> list[Effect]:
        """What goes on before a change names it."""
        match event:
            case PartRead():
                return self._passing.read(event)
            case Outlined():
                return self._outlining.read(event)
            case OutlineCame():
                return self._outlines.came(event)
            case AheadHeld():
                self._downloads.spares.held(event)
                self._outlines.held(event)
                return []
            case _:
                assert_never(event)

    def put_by(self, event: BlocksCame, now: float) -> list[Effect]:
        """They came while all was at rest: of a change that is being judged.  Until it comes nothing else follows from
        them, and to look whether it does would cost as much as what does then."""
        effects = self._came(event)
        self._downloads.let_go_of_all(now)
        self._downloads.trim()
        return effects

    def _came(self, event: BlocksCame) -> list[Effect]:
        if event.ahead:
            return self._downloads.spares.came(event.blocks, self._outlines.blocks(event.blocks))
        effects = self._downloads.came(event)
        return effects + self._drafting.told(event.drafts) if event.drafts and self._may_come else effects

    def rest(self) -> list[Effect]:
        """All is at one: what was made in advance and has not been wanted, goes."""
        return self._drafting.rest()

    def _give_again(self, files: Iterable[tuple[NodeId, Content, Recipe]]) -> None:
        """Send what the hub has lost of these files, where they are here as they were there (HAZARDS E8)."""
        for node_id, content, recipe in files:
            file, path, stamp = self._canopy.local.get(node_id), self._canopy.local_path(node_id), None
            if isinstance(file, File) and file.content == content:
                stamp = self._canopy.stamp(node_id)
            if isinstance(file, File) and path is not None and stamp is not None and stamp != UNSURE:
                self._uploads.want_large(file, recipe, path, stamp)

    def advance(self, policy: Policy, room: bool, now: float, sparing: Sparing, *, known: bool = False) -> list[Effect]:
        """Begin what was wanted; with ``room`` for it, also what is read or asked for to be sent or written at once.
        What the machine is to be spared waits.  ``known``: all that is here was read, and planned for."""
        passing, spares = self._uploads.passing, self._downloads.spares
        passing.may_send = self._outlining.may_send = policy.may_submit
        self._uploads.most = self._downloads.most = passing.most = sparing.most
        self._outlining.most = self._outlines.most = sparing.most
        may_come = self._may_come = policy.may_write and not sparing.cramped
        if sparing.cramped:
            self._downloads.most = 0
        effects = self._uploads.advance(room and policy.may_submit)
        effects += self._uploads.turns.tell(known=known and not (self._flight.submitted or self._uploads.busy))
        effects += self._downloads.advance(room and may_come)
        effects += [*passing.advance(now), *spares.advance(now, may_write=may_come, unwritten=self._outlines.unwritten)]
        self._outlines.may_write = may_come
        effects += self._outlines.advance(now)
        self._downloads.trim()
        return effects

    def wake_at(self) -> tuple[float | None, ...]:
        """When ``advance`` would do something by time alone."""
        spares, turns = self._downloads.spares, self._uploads.turns
        return self._uploads.passing.wake_at(), turns.wake_at(), spares.wake_at(), self._outlines.wake_at()

    def link_up(self, event: Welcomed, *, first: bool) -> None:
        """What the hub can do for what is on its way.  ``first``: nothing of it is known here yet."""
        self._downloads.spares.link_up(agreed=event.ahead)
        self._outlining.agreed = self._outlines.agreed = event.ahead and event.outlines
        self._uploads.linking = self._uploads.linking or first
        self._uploads.share(shares=event.claims and self._uploads.linking)

    def link_down(self) -> None:
        """Nothing that was asked of the hub will be answered."""
        self._outlining.link_down()
        self._outlines.link_down()
        self._uploads.link_down()
        self._downloads.link_down()

    def root_lost(self) -> None:
        """Nothing that was asked of the disk will be answered."""
        self._outlining.forget()
        self._outlines.root_lost()
        self._uploads.root_lost()
        self._downloads.root_lost()
