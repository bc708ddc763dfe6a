"""One engine alone: its disk is real code over memory, its hub is whatever the test says.

Disk effects are carried out at once (or when the test calls ``work``, after ``frozen = True``); what goes to the hub is
collected in ``sent``.  Time stands still until ``pass_time`` lets it go on; an engine that wants to be woken without
end is found out there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from syncagent.content.digest import digest_of
from syncagent.content.recipe import read_all, read_small
from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.engine import Engine
from syncagent.engine.status import Status
from syncagent.localfs.applier import Applier
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.perusal import Perusal
from syncagent.localfs.reader import StaleRead, read_blocks
from syncagent.localfs.scanner import Scanner, read_on
from syncagent.localfs.staging import Staging
from syncagent.model.acts import Act, Limits, Part
from syncagent.model.changes import Change, Entry, Operation, Ruling, Verdict, node_of
from syncagent.model.facts import LookAt
from syncagent.model.ids import ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Content, Dir, File, Node, Placement, Recipe
from syncagent.planner.tasks import Copied
from syncagent.trees.delta import Row

DAY = "2026-11-22"
HOUR = "2026-11-22T10:30:00Z"
ME, OTHER = ClientId("me"), ClientId("other")
STEPS = 400
"""More steps than this at one moment are a circle."""

_Effect = TypeVar("_Effect", bound=ef.Effect)


class _Counted:
    def __init__(self, prefix: str) -> None:
        self.prefix, self.count = prefix, 0

    def new_id(self) -> NodeId:
        self.count += 1
        return NodeId(f"{self.prefix}{self.count}")


def large(tag: str, blocks: int = 3) -> bytes:
    """A content of several blocks, different for each tag."""
    return b"".join(digest_of(f"{tag} {number}".encode()) * 8192 for number in range(blocks))


def content_of(data: bytes) -> tuple[Content, Recipe]:
    return read_small(data) if len(data) <= 65_536 else read_all([data])


def file(node_id: str, name: str, data: bytes, parent: str = ROOT, mtime_ns: int = 1_600_000_000_000_000_000) -> File:
    return File(NodeId(node_id), Placement(NodeId(parent), Name(name)), content_of(data)[0], False, mtime_ns)


def folder(node_id: str, name: str, parent: str = ROOT) -> Dir:
    return Dir(NodeId(node_id), Placement(NodeId(parent), Name(name)))


class Solo:
    """See the module."""

    def __init__(self, *, granularity_ns: int = 1, brake: Limits | None = None) -> None:
        self.brake = brake
        """Off, as long as a test does not say otherwise."""
        self.now = 100.0
        self.use(MemoryDisk(granularity_ns=granularity_ns))
        self.perused: dict[int, Perusal] = {}
        self.frozen = False
        self.todo: list[ef.Effect] = []
        self.sent: list[ef.Effect] = []
        self.notes: list[str] = []
        self.words: list[bool] = []
        """What it has told the hub by questions about nothing: that it reads, or that it knows all that it has."""
        self.rows: dict[NodeId, Row] = {}
        self.facts: dict[str, str] = {"incarnation": "1"}
        self.recipes: dict[Digest, Recipe] = {}
        self.acts: dict[int, Act] = {}
        self.parts: dict[tuple[int, NodeId], Part] = {}
        self.answers: list[ef.Answered] = []
        self.excluded: tuple[tuple[RelPath, NodeId], ...] = ()
        self.head = 0
        self.revs: dict[NodeId, int] = {}
        self.taken: dict[ChangeId, Verdict] = {}
        self.wake: float | None = None
        self.lives = 0
        self.started = False

    def use(self, disk: MemoryDisk) -> None:
        """From now on, that is the disk; nothing is on it."""
        self.disk = disk
        self.user = self.disk.user
        self.user.mkdir(".syncagent")
        self.scanner = Scanner(self.disk, self.disk.abilities)
        self.staging = Staging(self.disk)
        self.applier = Applier(self.disk, self.staging, self.disk.abilities)

    # --- life -------------------------------------------------------------------------------------------------

    def start(self, *, stop: ev.Stop | None = None) -> Solo:
        """The agent starts, with what was committed before; ``stop`` when the machine has stopped."""
        self.lives += 1
        self.engine = Engine(ME, "Laptop", _Counted(f"n{self.lives}x" if self.lives > 1 else "n"), brake=self.brake)
        self.todo, self.wake = [], None
        acts, parts = tuple(self.acts.values()), tuple(one for one in self.parts.values() if one.act in self.acts)
        rows, facts, recipes = tuple(self.rows.values()), dict(self.facts), dict(self.recipes)
        return self.feed(ev.Started(rows, facts, recipes, (), DAY, stop, acts, parts, (), self.excluded))

    def feed(self, *events: ev.Event) -> Solo:
        for event in events:
            for effect in self.engine.step(event, self.now):
                self._take(effect)
            if not self.frozen:
                self.work()
        return self

    def work(self) -> Solo:
        """Carry out all that is to be done on the disk."""
        for _ in range(STEPS):
            if not self.todo:
                return self
            effect = self.todo.pop(0)
            for event in self._answers(effect):
                for following in self.engine.step(event, self.now):
                    self._take(following)
        raise AssertionError(f"it goes on without end: {self.todo[:3]}")

    def pass_time(self, seconds: float) -> Solo:
        end = self.now + seconds
        here = 0
        while self.wake is not None and self.wake <= end:
            here = here + 1 if self.wake <= self.now else 0
            assert here < 20, "it wants to be woken at once, again and again"
            self.now = max(self.now, self.wake)
            self.wake = None
            self.feed(ev.Tick(DAY, HOUR))
        self.now = end
        return self

    @property
    def status(self) -> Status:
        return self.engine.present_status()

    def _take(self, effect: ef.Effect) -> None:
        match effect:
            case ef.Commit(delta=delta):
                self.rows.update({row.id: row for row in delta.rows})
                for node_id in delta.gone:
                    self.rows.pop(node_id, None)
                self.facts.update(delta.facts)
                self.recipes.update(delta.recipes)
                self._keep(self.acts, delta.acts)
                self._keep(self.parts, delta.parts)
            case ef.WakeAt(time=time):
                self.wake = time
            case ef.Note(text=text):
                self.notes.append(text)
            case ef.KeepExclusions(excluded=excluded):
                self.excluded = excluded
            case ef.Publish():
                pass
            case ef.AskMissing(digests=(), claim=claim):
                self.words.append(claim)
            case ef.Answered():
                self.answers.append(effect)
            case (
                ef.Look()
                | ef.ReadOn()
                | ef.ReadOutline()
                | ef.Run()
                | ef.ReadBlocks()
                | ef.OpenStage()
                | ef.FillStage()
                | ef.SweepStage()
            ):
                self.todo.append(effect)
            case ef.Recall() | ef.MakeDrafts() | ef.DropDrafts():
                self.todo.append(effect)
            case ef.HoldAhead() | ef.DropAhead() | ef.CopyAhead() | ef.DropOutline():
                self.todo.append(effect)
            case _:
                self.sent.append(effect)

    def _keep(self, kept: dict[Any, Any], told: Mapping[Any, Any]) -> None:
        kept.update(told)
        for key in [key for key, value in told.items() if value is None]:
            del kept[key]

    def _answers(self, effect: ef.Effect) -> list[ev.Event]:
        match effect:
            case ef.Look(number=number, wishes=wishes, folders=folders):
                facts = self.scanner.look(wishes) if wishes else []
                seen: list[ev.Event] = [ev.Seen(number, tuple(facts), last=False)]
                for one in folders:
                    seen.extend(ev.Seen(number, tuple(batch), last=False) for batch in self.scanner.walk(one))
                return [*seen, ev.Seen(number, (), last=True)]
            case ef.ReadOn():
                return self._read_on(effect)
            case ef.Run(tasks=tasks):
                return [ev.TasksDone(tuple(self.applier.run(tasks)))]
            case ef.ReadBlocks(number=number, wishes=wishes):
                found = read_blocks(self.disk, wishes)
                stale = tuple(one.path for one in found if isinstance(one, StaleRead))
                return [ev.BlocksRead(number, tuple(one for one in found if not isinstance(one, StaleRead)), stale)]
            case ef.OpenStage(wish=wish):
                return [ev.StageOpened(wish.content, self.staging.begin(wish))]
            case ef.FillStage(content=content, blocks=blocks):
                self.staging.put(content, blocks, self.staging.recipe_of(content))
                return [ev.StageFilled(content, tuple(digest for digest, _ in blocks))]
            case ef.Recall(digests=digests):
                return [ev.Recalled({digest: self.recipes.get(digest, ()) for digest in digests})]
            case (
                ef.HoldAhead() | ef.DropAhead() | ef.CopyAhead() | ef.DropOutline() | ef.MakeDrafts() | ef.DropDrafts()
            ):
                return self._ahead(effect)
            case ef.ReadOutline():
                return self._read_outline(effect)
            case ef.SweepStage(keep=keep):
                self.staging.sweep(keep)
                return []
            case _:
                raise AssertionError(effect)

    def _ahead(
        self,
        effect: ef.HoldAhead | ef.DropAhead | ef.CopyAhead | ef.DropOutline | ef.MakeDrafts | ef.DropDrafts,
    ) -> list[ev.Event]:
        match effect:
            case ef.HoldAhead(blocks=blocks):
                self.staging.hold(blocks)
                return [ev.AheadHeld(sum(len(data) for _, data in blocks))]
            case ef.DropAhead():
                self.staging.drop_held()
                return []
            case ef.CopyAhead(at=at, path=path, stamp=stamp, parts=parts):
                self.staging.copy(at, (path, stamp), parts)
                return [ev.AheadHeld(sum(len(one[1]) for one in parts if not isinstance(one, Copied)))]
            case ef.DropOutline():
                self.staging.drop_held(outline=True)
            case ef.MakeDrafts(wishes=wishes):
                self.applier.draft(wishes)
            case ef.DropDrafts(contents=contents):
                self.staging.drafts.drop(contents)
        return []

    def _read_outline(self, effect: ef.ReadOutline) -> list[ev.Event]:
        perusal = self.scanner.peruse(effect.path)
        told: list[ev.Event] = []
        if perusal is not None:
            size = perusal.size
            perusal.tell(
                effect.base,
                lambda one: told.append(
                    ev.Outlined(effect.number, size, tuple(one.recipe), tuple(one.blocks), one.lost)
                ),
            )
        fact = perusal.finish(read_on) if perusal is not None else None
        facts = [fact] if fact is not None else self.scanner.look([LookAt(effect.path, None)])
        return [*told, ev.Seen(effect.number, tuple(facts), last=True)]

    def _read_on(self, effect: ef.ReadOn) -> list[ev.Event]:
        perusal = self.perused.get(effect.number) or self.scanner.peruse(effect.path)
        if perusal is None:
            return [ev.Seen(effect.number, tuple(self.scanner.look([LookAt(effect.path, None)])), last=True)]
        self.perused[effect.number] = perusal
        if not effect.to_its_end:
            blocks = perusal.part()
            return [ev.PartRead(effect.number, blocks, perusal.size, perusal.ended)]
        fact = perusal.finish(read_on)
        facts = [fact] if fact is not None else self.scanner.look([LookAt(effect.path, None)])
        return [ev.Seen(effect.number, tuple(facts), last=True)]

    # --- the hub ----------------------------------------------------------------------------------------------

    def welcome(self, *, epoch: str = "e1", hub_id: str = "hub", **more: Any) -> Solo:
        return self.feed(ev.Welcomed(hub_id, epoch, Seq(self.head), **more))

    def online(self, *entries: Entry, **more: Any) -> Solo:
        """Connect, and be told of ``entries``, which are all that came since."""
        self.welcome(**more)
        return self.catch_up(*entries)

    def catch_up(self, *entries: Entry, more: bool = False, snapshot: bool = False) -> Solo:
        last = entries[-1].seq if more and entries else Seq(self.head)
        return self.feed(ev.CaughtUp(entries, Seq(self.head), more, snapshot, last))

    def offline(self, reason: str = "cut") -> Solo:
        return self.feed(ev.LinkDown(reason))

    def hear(self, *entries: Entry) -> Solo:
        return self.feed(ev.Heard(entries))

    def entry(
        self, node: Node | NodeId, operation: Operation = Operation.CREATE, by: ClientId = OTHER, recipe: Recipe = ()
    ) -> Entry:
        """The next entry of the journal."""
        node_id = node if isinstance(node, str) else node.id
        self.head += 1
        self.revs[node_id] = self.revs.get(node_id, 0) + 1
        rest = None if isinstance(node, str) else node
        return Entry(Seq(self.head), Rev(self.revs[node_id]), operation, by, node_id, rest, recipe)

    def drain(self, kind: type[_Effect]) -> list[_Effect]:
        """What was sent of this kind since the last time."""
        found = [one for one in self.sent if isinstance(one, kind)]
        self.sent = [one for one in self.sent if not isinstance(one, kind)]
        return found

    def submitted(self) -> list[Change]:
        return [change for one in self.drain(ef.Submit) for change in one.changes]

    def commit(self, changes: Iterable[Change]) -> list[Verdict]:
        """The hub takes these into its journal, each once, and what is deleted back on the revision of its deletion."""
        verdicts = []
        for change in changes:
            if (before := self.taken.get(change.change_id)) is not None:
                verdicts.append(replace(before, ruling=Ruling.DUPLICATE))
                continue
            if change.operation is Operation.CREATE and change.base_rev != (known := self.revs.get(change.node_id, 0)):
                no = Verdict(change.change_id, change.node_id, Ruling.REJECTED, rev=Rev(known), error_code="conflict")
                verdicts.append(no)
                continue
            self.head += 1 + change.beneath
            rev = self.revs[change.node_id] = change.base_rev + 1
            verdict = Verdict(
                change.change_id, change.node_id, Ruling.COMMITTED, Seq(self.head), Rev(rev), beneath=change.beneath
            )
            self.taken[change.change_id] = verdict
            verdicts.append(verdict)
        return verdicts

    def accept(self, changes: Sequence[Change] | None = None) -> list[Change]:
        """The hub takes what was submitted, and says so."""
        taken = self.submitted() if changes is None else changes
        if taken:
            self.feed(ev.Judged(tuple(self.commit(taken)), Seq(self.head)))
        return list(taken)

    def accept_all(self) -> Solo:
        """The hub takes all, with the bytes that go before, until nothing more comes."""
        for _ in range(50):
            asked, sent = self.drain(ef.AskMissing), [*self.drain(ef.SendOutline), *self.drain(ef.SendBlocks)]
            for one in asked:
                self.feed(ev.HubLacks(one.number, frozenset(one.digests)))
            self.feed(*[ev.BlocksSent(one.number) for one in sent if one.number])
            if not self.accept() and not asked and not sent:
                return self
        raise AssertionError("it sends without end")

    def refuse(self, changes: Iterable[Change], code: str, *, rev: int = 0, ruling: Ruling = Ruling.REJECTED) -> Solo:
        verdicts = tuple(
            Verdict(one.change_id, one.node_id, ruling, rev=Rev(rev), error_code=code, message=code) for one in changes
        )
        return self.feed(ev.Judged(verdicts, Seq(self.head)))

    def give(self, *contents: bytes) -> Solo:
        """The hub answers all that was asked for: of these contents it has every block."""
        have = {}
        for data in contents:
            offset = 0
            for block in content_of(data)[1]:
                have[block.digest] = data[offset : offset + block.size]
                offset += block.size
        for _ in range(50):
            asked = self.drain(ef.AskBlocks)
            if not asked:
                return self
            for one in asked:
                came = tuple((digest, have[digest]) for digest in one.digests if digest in have)
                self.feed(ev.BlocksCame(came), ev.BlocksEnded(one.number, frozenset(one.digests) - have.keys()))
        raise AssertionError("it asks without end")

    def decide(self, word: str, act: int = 0) -> ef.Answered:
        """A person says approve, reject or undo."""
        self.feed(ev.Decided(len(self.answers) + 1, act, word))
        return self.answers[-1]

    # --- what a test begins with ------------------------------------------------------------------------------

    def synced(self, **files: bytes) -> Solo:
        """Started, online and at one with the hub about these files."""
        for name, data in files.items():
            self.user.write(name, data)
        self.start().online()
        self.accept_all()
        assert self.status.in_sync, self.status
        return self

    def hinted(self, *paths: str) -> Solo:
        return self.feed(ev.Hinted(tuple(RelPath(path) for path in paths)))

    def tree(self) -> dict[str, bytes | str | None]:
        return {path: what for path, what in self.user.tree().items() if path}

    def id_of(self, path: str) -> NodeId:
        local = self.engine.canopy.local
        here = ROOT
        for name in path.split("/"):
            found = next(one for one in local.children(here) if local.get(one).at.name == name)  # type: ignore[union-attr]
            here = found
        return here

    def own(self, change: Change) -> Entry:
        """``change``, as it stands in the journal after the hub took it without being able to say so."""
        node = self.engine.canopy.remote.get(change.node_id)
        match change.operation:
            case Operation.DELETE:
                return self.entry(change.node_id, Operation.DELETE, ME)
            case Operation.CREATE:
                return self.entry(node_of(change), Operation.CREATE, ME, change.recipe)
            case Operation.UPDATE:
                assert node is not None
                made = node_of(change)
                assert isinstance(made, File)
                at = File(made.id, node.at, made.content, made.executable, made.mtime_ns)
                return self.entry(at, Operation.UPDATE, ME, change.recipe)
            case Operation.MOVE:
                assert isinstance(node, File)
                to = Placement(change.parent, change.name)
                return self.entry(
                    File(node.id, to, node.content, node.executable, node.mtime_ns), Operation.MOVE, ME, change.recipe
                )
