"""A client that was let in: what it may ask, what it hears, and in which order.

What is said of the journal is in the journal's order.  The verdicts on a batch stand at its place in it: what others
did before is said first, what comes after is said later, so that what a client has heard is always a beginning of the
journal.  One number, ``told``, says how far it has heard; entries are read from the store when the socket has room for
them, so that a slow reader costs nothing but its number.

Called by ``session``, which counts what is on its way.  Raises BadMessage; pure.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Final

from syncagent.errors import BadMessage
from syncagent.hub.acquaintance import Acquaintance
from syncagent.hub.analysis import answer_of
from syncagent.hub.deliveries import Deliveries
from syncagent.hub.events import Close, Do, Effect, Note, Now, PassOn, Say, Tell
from syncagent.hub.lost import wanted_messages
from syncagent.hub.onward import Onward, Outline, PassedOn, onward, outlined
from syncagent.hub.pushes import Pushes
from syncagent.hub.rows import Role, Row, Timed
from syncagent.hub.staged import Staged, named, overtakes
from syncagent.hub.stretch import Ahead, Stretch, iso, written
from syncagent.hub.tasks import (
    Analyse,
    Analysed,
    Answer,
    AskLacking,
    Failed,
    Fetch,
    Fetched,
    Keep,
    Kept,
    Lacks,
    Page,
    ReadChanges,
    ReadTail,
    Submit,
    Submitted,
    Tail,
    Task,
    cost_of,
)
from syncagent.model.changes import Change, Ruling, Verdict
from syncagent.model.ids import ClientId, Digest, Seq
from syncagent.model.values import fixed
from syncagent.protocol.changes import FileChange, FileChanges
from syncagent.protocol.codec import HubBody, Pack, encode_answer, encode_body, to_frame
from syncagent.protocol.connection import Capability
from syncagent.protocol.convert import (
    changes_of,
    digests_from_wire,
    digests_to_wire,
    notice_from_wire,
    submitted,
)
from syncagent.protocol.envelope import HUB
from syncagent.protocol.faults import ErrorMessage
from syncagent.protocol.packs import NOTHING_PACKED
from syncagent.protocol.quick import write_verdict
from syncagent.protocol.sync import (
    AheadRequest,
    AnalysisRequest,
    BlocksRequest,
    ChangesRequest,
    ChangesResponse,
    MissingRequest,
    MissingResponse,
    OutlineRequest,
    OutlineResponse,
    SyncRequest,
    SyncResponse,
    VerdictsResponse,
)

_COME_BACK: Final = Close(1013, "try again")


@fixed
class _Verdicts:
    """Verdicts that wait for their place."""

    before: Seq
    head: Seq
    said: Say
    entries: tuple[Timed, ...]


class Member:
    """One connection, from when it was let in."""

    def __init__(self, client_id: ClientId, capabilities: frozenset[str], role: Role, head: Seq) -> None:
        self._client_id = client_id
        self._role = role
        self.speaks_journal = Capability.JOURNAL in capabilities
        self._batch = Capability.BATCH in capabilities
        self._pushes = Pushes(agreed=Capability.PUSH in capabilities)
        self.zstd = Capability.ZSTD in capabilities
        self._splices = Capability.SPLICE in capabilities
        self._subtrees = Capability.SUBTREE in capabilities
        self._claims = Capability.CLAIM in capabilities
        self._acquaintance = Acquaintance(splices=self._splices)
        self._prepares = Capability.PREPARE in capabilities
        self._heals = Capability.HEAL in capabilities and role is Role.WRITER
        self._lost: tuple[Row, ...] = ()
        self._wanted: frozenset[Digest] = frozenset()
        # A client of level 1 only hears what happens from now on; one of level 2 says where it stands first.
        self._live = not self.speaks_journal
        self._told = self._head = head
        self._numbers = self._backlog = 0
        self._asked: dict[int, tuple[Task, str, int]] = {}
        self._reading = False
        self._verdicts: deque[_Verdicts] = deque()
        self._deliveries = Deliveries(compress=self.zstd)
        outlines = Capability.OUTLINE in capabilities
        self._onward = PassedOn(agreed=Capability.AHEAD in capabilities, zstd=self.zstd, outlines=outlines)
        self._staged = Staged()
        self._keeping: dict[int, None] = {}
        self._held: deque[tuple[int, Submit | AskLacking, str]] = deque()
        """Submissions, and questions after blocks, that wait for the blocks that came before them to be kept, up to
        that number; not for those that come after them."""

    @property
    def busy(self) -> bool:
        """Whether the store has not done yet what this client wants."""
        return bool(self._asked)

    @property
    def backlog(self) -> int:
        """About how many bytes of this client's wait for the store, or for its own socket to have room."""
        return self._backlog + self._deliveries.cost

    # --- what a client says -------------------------------------------------------------------------------------

    def pack(self, pack: Pack, packed: Mapping[Digest, memoryview] = NOTHING_PACKED) -> list[Effect]:
        """Blocks came (``packed``: as they travelled); small ones wait for the change that they belong to.  What says
        so of itself goes on to others at once."""
        blocks = pack.blocks
        if not self.speaks_journal:
            raise BadMessage("unsupported", "blocks were not agreed on")
        if self._role is not Role.WRITER:
            raise BadMessage("permission_denied", "this key may not write")
        self._staged.add(blocks, packed)
        # What was lost belongs to no change that would come after it.
        again = any(digest in self._wanted for digest, _ in blocks)
        kept = self._keep(everything=again, full=not again) if again or self._staged.due else []
        return [PassOn(onward(pack, packed)), *kept] if pack.ahead else kept

    def _keep(self, *, everything: bool = False, full: bool = False) -> list[Effect]:
        """Keep what does not wait for the change that it belongs to."""
        effects: list[Effect] = []
        for part in self._staged.take_parts(everything=everything, full=full):
            effects += self._do(Keep(part))
            self._keeping[self._numbers] = None
        return effects

    def changed(self, body: FileChange | FileChanges, now: Now) -> list[Effect]:
        """The client changed something; or only says that it did."""
        changes = changes_of(body)
        if any(change.client_id != self._client_id for change in (*changes, body)):
            raise BadMessage("client_id_mismatch", "the change names another client than the connected one")
        if not self.speaks_journal or (isinstance(body, FileChange) and body.is_notice):
            told = [notice_from_wire(change, self._client_id) for change in changes]
            return [Tell(encode_body(notice, client_id=HUB, timestamp=iso(now.wall_ns))) for notice in told]
        if not self._splices and any(change.splice for change in changes):
            raise BadMessage("unsupported", "splices were not agreed on")
        return self.submitted(submitted(body), confirmed=body.confirmed)

    def submitted(self, changes: tuple[Change | Verdict, ...], *, confirmed: bool) -> list[Effect]:
        """The client submits ``changes``, all of them its own."""
        if not self._subtrees and any(isinstance(one, Change) and one.beneath for one in changes):
            raise BadMessage("unsupported", "deletes of what is beneath, too, were not agreed on")
        allowed = self._allowed(changes)
        effects = self._keep() if self._staged.large else []
        blocks, packed = self._staged.take(named(allowed))
        submit = Submit(self._client_id, allowed, blocks, confirmed, packed if self.zstd else NOTHING_PACKED)
        return [*effects, *self._when_kept(submit)]

    def _when_kept(self, task: Submit | AskLacking, request_id: str = "") -> list[Effect]:
        if self._keeping and not overtakes(task, self._held):
            self._held.append((max(self._keeping), task, request_id))
            return []
        return self._do(task, request_id)

    def _allowed(self, changes: tuple[Change | Verdict, ...]) -> tuple[Change | Verdict, ...]:
        if self._role is Role.WRITER:
            return changes
        no = "permission_denied"
        return tuple(
            Verdict(one.change_id, one.node_id, Ruling.REJECTED, error_code=no, message="this key may not write")
            for one in changes
        )

    def asked(self, request: SyncRequest) -> list[Effect]:
        """The client asks for something."""
        if isinstance(request, AnalysisRequest):
            return self._do(Analyse(request.files), request.request_id)
        if not self.speaks_journal:
            raise BadMessage("unsupported", f"requests of kind {request.kind!r} were not agreed on")
        match request:
            case ChangesRequest():
                self._live = False
                page = ReadChanges(Seq(request.since), request.limit, request.snapshot, request.plain)
                return self._do(page, request.request_id)
            case MissingRequest():
                effects = self._keep() if self._staged.large else []
                # Who may not write brings nothing; but it reads.
                claims = request.claim and self._claims and (self._role is Role.WRITER or not request.digests)
                asked = AskLacking(digests_from_wire(request.digests), claims)
                return [*effects, *self._when_kept(asked, request.request_id)]
            case BlocksRequest():
                digests = digests_from_wire(request.digests)
                self._onward.asked(digests)
                self._deliveries.ask(request.request_id, digests)
                return self._keep() if self._staged.large else []
            case AheadRequest(room=room):
                self._onward.give(room)
                return []
            case OutlineRequest():
                return [PassOn(outlined(request))] if self._role is Role.WRITER else []

    def _do(self, task: Task, request_id: str = "") -> list[Effect]:
        self._numbers += 1
        cost = cost_of(task)
        self._asked[self._numbers] = (task, request_id, cost)
        self._backlog += cost
        return [Do(self._numbers, task)]

    # --- what the store answers ---------------------------------------------------------------------------------

    def answered(self, number: int, answer: Answer, now: Now) -> list[Effect]:
        task, request_id, cost = self._asked.pop(number)
        self._backlog -= cost
        match answer:
            case Submitted():
                return self._judged(answer, now)
            case Kept():
                return self._kept(number)
            case Page():
                return self._page(answer, request_id, now)
            case Tail(stretches=stretches):
                self._reading = False
                return [effect for stretch in stretches for effect in self._stretch(stretch, now)]
            case Lacks(digests=digests, coming=coming):
                if isinstance(task, AskLacking):
                    self._pushes.asked(task.digests, claim=task.claim, now=now.mono)
                lacking, come = digests_to_wire(digests), digests_to_wire(coming)
                return [self._say(MissingResponse(request_id=request_id, digests=lacking, coming=come), now)]
            case Fetched() if task is self._onward.fetch:
                return [Say(frame) for frame in self._onward.fetched(answer)]
            case Fetched():
                self._deliveries.fetched(answer)
                return []
            case Analysed(operations=operations):
                return [self._say(answer_of(operations, request_id), now)]
            case Failed():
                return self._failed(number, task, request_id, answer, now)

    def _judged(self, answer: Submitted, now: Now) -> list[Effect]:
        said = self._answer(VerdictsResponse(head=answer.head), "verdicts", map(write_verdict, answer.verdicts), now)
        self._head = max(self._head, answer.head)
        counts = Counter(verdict.ruling.value for verdict in answer.verdicts)
        notes = [Note("changes", {"client": self._client_id, **counts, "head": answer.head})]
        if answer.newly_held:
            notes.append(Note("held", {"client": self._client_id, "changes": answer.newly_held, "head": answer.head}))
        if not self._live:
            self._acquaintance.judged(answer.entries)
            return [*notes, said]
        self._verdicts.append(_Verdicts(answer.before, answer.head, said, answer.entries))
        self._backlog += len(said.frame)
        return [*notes]

    def _kept(self, number: int) -> list[Effect]:
        del self._keeping[number]
        effects: list[Effect] = []
        while self._held and self._held[0][0] < min(self._keeping, default=self._numbers + 1):
            effects += self._do(*self._held.popleft()[1:])
        return effects

    def _page(self, page: Page, asked: str, now: Now) -> list[Effect]:
        if not page.more:
            self._live, self._told = True, page.head
            self._head = max(self._head, page.head)
        body = ChangesResponse(request_id=asked, head=page.head, more=page.more, snapshot=page.snapshot, next=page.next)
        said = self._answer(body, "changes", written(page.entries), now)
        self._acquaintance.told(page.entries)
        return [said] if page.more else [said, *self._want(now)]

    def wanted(self, rows: tuple[Row, ...], now: Now) -> list[Effect]:
        """Blocks of these files are lost, and of no others."""
        self._lost = rows
        return self._want(now) if self._live else []

    def _want(self, now: Now) -> list[Effect]:
        """Ask for what was lost.  Before it says where it stands, a client may not know the files at all."""
        if not self._heals or not self._lost:
            self._wanted = frozenset()
            return []
        self._wanted = frozenset(block.digest for row in self._lost for block in row.recipe)
        return [self._say(body, now) for body in wanted_messages(self._lost)]

    def _stretch(self, stretch: Stretch, now: Now) -> list[Effect]:
        # One that was read before the client said anew where it stands says nothing to it now.
        if not self._live or stretch.first != self._told + 1 or (stretch.folded and not self._subtrees):
            return []
        self._told = stretch.last
        self._onward.told(stretch.entries)
        if stretch.author == self._client_id:
            return []
        if not self.speaks_journal:
            return [Say(text) for text in stretch.notices()]
        splice = self._acquaintance.knows(stretch)
        push = self._pushes.go_with(stretch, now.mono)
        frames = stretch.frames(push=push, batch=self._batch, compress=self.zstd, splice=splice)
        self._acquaintance.told(stretch.entries)
        return [Say(frame) for frame in frames]

    def _failed(self, number: int, task: Task, request_id: str, answer: Failed, now: Now) -> list[Effect]:
        effects: list[Effect] = []
        match task:
            case Submit(changes=changes):
                return self._unjudged(changes, answer, now)
            case Keep():
                effects = self._kept(number)
            case Fetch() if task is self._onward.fetch:
                self._onward.fetched(None)  # it was not asked for: it is when it is wanted
                return []
            case Fetch():
                request_id = self._deliveries.failed()
            case ReadTail():
                # It would never hear the rest: it is to come back, and to say where it stands.
                return [self._say(ErrorMessage(error_code=answer.code, message=answer.message), now), _COME_BACK]
        body = ErrorMessage(error_code=answer.code, message=answer.message, request_id=request_id, retry_after_ms=1000)
        return [self._say(body, now), *effects]

    def _unjudged(self, changes: tuple[Change | Verdict, ...], why: Failed, now: Now) -> list[Effect]:
        """Nothing of a batch was done: each of its changes is told so, in its place."""
        head = self._verdicts[-1].head if self._verdicts else self._told
        verdicts = tuple(
            Verdict(one.change_id, one.node_id, Ruling.REJECTED, error_code=why.code, message=why.message)
            for one in changes
        )
        return self._judged(Submitted(verdicts, head, head, ()), now)

    def _say(self, body: HubBody, now: Now) -> Say:
        text = encode_body(body, client_id=HUB, timestamp=iso(now.wall_ns))
        return Say(to_frame(text, compress=self.zstd))

    def _answer(self, body: SyncResponse, name: str, items: Iterable[str], now: Now) -> Say:
        text = encode_answer(body, name, items, client_id=HUB, timestamp=iso(now.wall_ns))
        return Say(to_frame(text, compress=self.zstd))

    # --- what goes out of itself --------------------------------------------------------------------------------

    def coming(self, ahead: Ahead | Onward | Outline, now: Now, *, roomy: bool = True) -> list[Effect]:
        """A change of someone else's is about to be judged, or to come.  Who has heard everything gets its blocks by
        then.  ``roomy``: whether there is room on the way now."""
        if isinstance(ahead, Onward | Outline):
            if self._live:
                self._onward.add(ahead)
            return []
        if not (roomy and self._live and self._pushes.may_go(now.mono)) or self._told < self._head:
            return []
        self._pushes.went(ahead.blocks)
        return [Say(frame) for frame in ahead.frames(now.wall_ns, compress=self.zstd, prepare=self._prepares)]

    def grown(self, head: Seq) -> list[Effect]:
        """The journal goes up to ``head`` now: ``pump`` says what is new."""
        self._head = max(self._head, head)
        return []

    def pump(self, now: Now) -> list[Effect]:
        """The next thing to say or to read, while there is room on the way; nothing when there is nothing to do."""
        if self._live and self._verdicts and self._verdicts[0].before <= self._told:
            ready = self._verdicts.popleft()
            self._backlog -= len(ready.said.frame)
            self._told = max(self._told, ready.head)
            self._acquaintance.judged(ready.entries)
            return [ready.said]
        until = self._verdicts[0].before if self._verdicts else self._head
        if self._live and not self._reading and self._told < until:
            self._reading = True
            return self._do(ReadTail(self._told, until, self._subtrees))
        if not self._onward.waits and not self._deliveries.waits:
            return []  # asked after each event
        if (one := self._onward.take()) is not None:
            return [self._say(one, now) if isinstance(one, OutlineResponse) else Say(one)]
        if (fetch := self._onward.next_fetch() or self._deliveries.next_fetch()) is not None:
            return self._do(fetch)
        match self._deliveries.take(now.mono):
            case None:
                return []
            case bytes() as frame:
                return [Say(frame)]
            case body:
                return [self._say(body, now)]
