"""A hub in the simulated world: the real judge over rows in memory, and links that are late, cut, or both.

It keeps the order rule of the protocol: before a batch's verdicts the client is told all entries before the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.hub.judge import judge, touched
from syncagent.hub.rows import Answered, Journalled, Row, Rows
from syncagent.model.changes import Change, Entry, Operation
from syncagent.model.ids import ChangeId, ClientId, Digest, NodeId, Seq
from syncagent.model.names import name_key
from tests.sim.clock import Schedule


@dataclass
class Connection:
    """One link between an agent and the hub, in both directions in order."""

    client_id: ClientId
    deliver: Callable[[ev.Event], None]
    told: Seq | None = None
    open: bool = True
    up_at: float = 0.0
    down_at: float = 0.0


@dataclass
class Hub:
    schedule: Schedule
    epoch: str = "epoch-1"
    rows: dict[NodeId, Row] = field(default_factory=dict)
    journal: list[Journalled] = field(default_factory=list)
    answered: dict[ChangeId, Answered] = field(default_factory=dict)
    blocks: dict[Digest, bytes] = field(default_factory=dict)
    links: list[Connection] = field(default_factory=list)

    @property
    def head(self) -> Seq:
        return Seq(len(self.journal))

    # --- links ----------------------------------------------------------------------------------------------

    def connect(self, client_id: ClientId, deliver: Callable[[ev.Event], None]) -> Connection:
        link = Connection(client_id, deliver)
        self.links.append(link)
        self._down(link, ev.Welcomed("hub-1", self.epoch, self.head))
        return link

    def cut(self, link: Connection) -> None:
        """Nothing that is on its way arrives, in either direction."""
        link.open = False
        if link in self.links:
            self.links.remove(link)

    def send(self, link: Connection, effect: ef.Effect) -> None:
        """What an agent sends: it arrives later, after all that was sent before it."""
        link.up_at = max(link.up_at, self.schedule.now) + self.schedule.rng.random() * 0.02
        self.schedule.at(link.up_at, f"up {link.client_id} {type(effect).__name__}", lambda: self._arrive(link, effect))

    def _down(self, link: Connection, event: ev.Event) -> None:
        link.down_at = max(link.down_at, self.schedule.now) + self.schedule.rng.random() * 0.02
        what = f"down {link.client_id} {type(event).__name__}"
        self.schedule.at(link.down_at, what, lambda: link.deliver(event) if link.open else None)

    # --- what arrives ---------------------------------------------------------------------------------------

    def _arrive(self, link: Connection, effect: ef.Effect) -> None:
        if not link.open:
            return
        match effect:
            case ef.AskChanges(since=since, snapshot=snapshot):
                self._catch_up(link, since, snapshot)
            case ef.AskMissing(number=number, digests=digests):
                self._down(link, ev.HubLacks(number, frozenset(one for one in digests if one not in self.blocks)))
            case ef.AskBlocks(number=number, digests=digests):
                found = tuple((one, self.blocks[one]) for one in digests if one in self.blocks)
                if found:
                    self._down(link, ev.BlocksCame(found))
                self._down(link, ev.BlocksEnded(number, frozenset(digests) - self.blocks.keys()))
            case ef.SendBlocks(number=number, blocks=blocks):
                self.blocks.update({block.digest: data for block, data in blocks})
                if number:
                    self._down(link, ev.BlocksSent(number))
            case ef.Submit(changes=changes):
                self._submit(link, changes)
            case _:
                raise AssertionError(effect)

    def _catch_up(self, link: Connection, since: Seq, snapshot: bool) -> None:
        page = self.schedule.rng.choice([2, 500])
        if since == 0 or snapshot:
            fresh = sorted((row for row in self.rows.values() if row.seq > since), key=lambda row: row.seq)
            entries = [_as_entry(row) for row in fresh if row.living or since]
            entries, more = entries[:page], len(entries) > page
        else:
            entries = [one.entry for one in self.journal[since : since + page]]
            more = since + page < self.head
            snapshot = False
        last = entries[-1].seq if more else self.head
        if not more:
            link.told = self.head
        self._down(link, ev.CaughtUp(tuple(entries), self.head, more, since == 0 or snapshot, last))

    def _submit(self, link: Connection, changes: tuple[Change, ...]) -> None:
        wanted = touched(changes)
        living = [row for row in self.rows.values() if row.living]
        rows = Rows(
            self.head,
            nodes=dict(self.rows),
            slots={(row.parent, name_key(row.name)): row.id for row in living},
            children={one: sum(row.parent == one for row in living) for one in wanted.folders},
            answered=dict(self.answered),
            blocks={digest: len(data) for digest, data in self.blocks.items()},
        )
        made = judge(changes, rows, link.client_id)
        first = self.head
        self.rows.update({row.id: row for row in made.rows})
        self.journal.extend(made.journal)
        self.answered.update(
            {one.change_id: Answered(one.entry.node_id, one.entry.seq, one.entry.rev) for one in made.journal}
        )
        self._tell(link, first)
        if link.told is not None:
            link.told = self.head
        self._down(link, ev.Judged(made.verdicts, self.head))
        for other in list(self.links):
            if other is not link:
                self._tell(other, self.head)

    def _tell(self, link: Connection, up_to: Seq) -> None:
        if link.told is None or link.told >= up_to:
            return
        entries = tuple(one.entry for one in self.journal[link.told : up_to])
        link.told = up_to
        small = {
            block.digest: self.blocks[block.digest]
            for entry in entries
            if len(entry.recipe) == 1 and self.schedule.rng.random() < 0.8
            for block in entry.recipe
        }
        if small:
            self._down(link, ev.BlocksCame(tuple(small.items())))
        self._down(link, ev.Heard(entries))


def _as_entry(row: Row) -> Entry:
    operation = Operation.CREATE if row.living else Operation.DELETE
    return Entry(row.seq, row.rev, operation, row.author, row.id, row.node(), row.recipe)
