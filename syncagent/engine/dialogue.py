"""What is said on one connection: effects become messages to the hub, and its messages become events.

A state machine without a socket or a clock: the agent's shell carries its frames over a WebSocket, the simulation over
links of its own.  One Dialogue lives as long as one connection.  Whatever goes wrong is raised, and ends the
connection: the journal and the trees make good what was lost with it.

It lives beside the engine, whose language it speaks, and not with the adapters, which do not know the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias, assert_never

from syncagent.content.chunker import COARSE
from syncagent.engine.effects import (
    AskBlocks,
    AskChanges,
    AskMissing,
    CloseLink,
    GiveRoom,
    SendBlocks,
    SendOutline,
    Submit,
)
from syncagent.engine.events import (
    CaughtUp,
    Event,
    Heard,
    HubLacks,
    HubLost,
    Judged,
    LinkDown,
    OutlineCame,
    Welcomed,
)
from syncagent.engine.gathering import Gathering
from syncagent.engine.pulse import Pulse
from syncagent.engine.recollection import Recollection
from syncagent.engine.requests import Requests, too_long, without
from syncagent.engine.when import When
from syncagent.errors import AskPerson, BadMessage, LinkLost, Refused, SyncAgentError
from syncagent.model.changes import Change, Entry, Verdict
from syncagent.model.ids import ClientId, NodeId, Rev, Seq
from syncagent.model.values import fixed
from syncagent.protocol import batches, codec, convert, drafts, packs, quick
from syncagent.protocol.changes import FileChange, FileChanges
from syncagent.protocol.connection import (
    ALL_CAPABILITIES,
    DEFAULT_LIMITS,
    LEVEL_2,
    Capability,
    ClientLeft,
    ConnectionRequest,
    ConnectionResponse,
    Disconnect,
    HeartbeatMessage,
    HubHeartbeat,
)
from syncagent.protocol.envelope import MessageType, WebSocketMessage
from syncagent.protocol.faults import ErrorMessage, to_error
from syncagent.protocol.pace import Pace
from syncagent.protocol.sync import (
    AheadRequest,
    BlocksResponse,
    ChangesRequest,
    ChangesResponse,
    MissingResponse,
    OutlineRequest,
    OutlineResponse,
    PrepareResponse,
    SyncResponse,
    VerdictsResponse,
    WantedResponse,
)

Frame: TypeAlias = str | bytes
"""A text frame, or a binary one."""

HubEffect: TypeAlias = AskChanges | AskMissing | AskBlocks | SendBlocks | SendOutline | Submit | GiveRoom | CloseLink
"""Those of the effects that are for the hub."""

HANDSHAKE_SECONDS: Final = 10.0


@fixed
class Introduction:
    """What an agent says of itself.  ``sync_root`` is shown to the people who run the hub."""

    client_id: ClientId
    client_name: str
    sync_root: str
    api_key: str
    folder: str = "default"
    cursor: int = 0
    epoch: str = ""
    run: str = ""
    incarnation: str = ""

    def __repr__(self) -> str:
        return f"Introduction({self.client_id})"  # the key is in no log


class Dialogue:
    """One connection, from the first word on.

    ``hour`` gives the time of day in ISO 8601, which every message carries and nobody decides by.  After ``open`` the
    caller sends what ``send`` gives, hands on the events that ``receive`` gives, and calls ``pulse`` whenever
    ``next_pulse`` has come.
    """

    def __init__(self, who: Introduction, hour: Callable[[], str], now: float) -> None:
        self._who = who
        self._hour = hour
        self._pulse = Pulse(now)
        self._patience: float | None = now + HANDSHAKE_SECONDS
        self._capabilities: frozenset[str] = frozenset()
        self._limits = DEFAULT_LIMITS
        self._requests = Requests()
        self._since = 0
        self._untold: list[Event] = []
        self._recollection = Recollection()
        self.when = When()
        self.pace = Pace()
        """How quickly bulk leaves: its sender tells."""
        self._gathering = Gathering()
        self.gathered = self._gathering.take  # the blocks that have come since the last time; in the end, too
        self.blocks_at_once = 0  # for which one request may ask; 0: as many as fit

    # --- out --------------------------------------------------------------------------------------------------

    def open(self) -> list[Frame]:
        """The first words."""
        request = ConnectionRequest(
            client_id=self._who.client_id,
            client_name=self._who.client_name,
            sync_root=self._who.sync_root,
            api_key=self._who.api_key,
            protocol_version=LEVEL_2,
            capabilities=list(ALL_CAPABILITIES),
            folder=self._who.folder,
            cursor=self._who.cursor,
            epoch=self._who.epoch,
            run=self._who.run,
            incarnation=self._who.incarnation,
        )
        return [self._text(request)]

    def farewell(self, reason: str = "") -> list[Frame]:
        """The last words before a clean close."""
        return [self._text(Disconnect(reason=reason))] if self._patience is None else []

    def send(self, effect: HubEffect) -> list[Frame]:
        """The frames that say ``effect``, in order.  What cannot be said at all is answered by ``unsaid``."""
        match effect:
            case AskChanges(since=since, snapshot=snapshot, plain=plain):
                self._since = since
                return [self._text(ChangesRequest(since=since, snapshot=snapshot, plain=plain))]
            case AskMissing():
                return self._ask_missing(effect)
            case AskBlocks(number=number, digests=digests):
                asks = self._requests.split("blocks", number, digests, self.blocks_at_once)
                return [self._text(request) for request in asks]
            case GiveRoom(size=size):
                return [self._text(AheadRequest(room=size))]
            case SendBlocks(blocks=blocks, ahead=ahead):
                ahead = ahead and Capability.AHEAD in self._capabilities
                return list(
                    packs.encode_packs(
                        ((block.digest, data) for block, data in blocks),
                        compress=Capability.ZSTD in self._capabilities, limits=self._limits,
                        most=self.pace.frame_bytes, kind=packs.KIND_AHEAD if ahead else packs.KIND_PACK,
                    )
                )  # fmt: skip
            case SendOutline(node_id=node_id, base_rev=base_rev, at=at, parts=parts):
                said = OutlineRequest(node_id=node_id, base_rev=base_rev, at=at, parts=convert.splice_to_wire(parts))
                return [self._text(said)] if Capability.OUTLINE in self._capabilities else []
            case Submit(changes=changes, confirmed=confirmed):
                return list(self._submit(changes, confirmed=confirmed))
            case CloseLink(reason=reason):
                return self.farewell(reason)
            case _:
                assert_never(effect)

    def _ask_missing(self, ask: AskMissing) -> list[Frame]:
        asked = self._recollection.unknown(ask.digests) if Capability.SPLICE in self._capabilities else ask.digests
        if ask.digests and not asked:
            self._untold.append(HubLacks(ask.number, frozenset()))
            return []
        return [self._text(one) for one in self._requests.split("missing", ask.number, asked, claim=ask.claim)]

    def unsaid(self) -> list[Event]:
        """Answers to what could not be said, since the last time this was asked."""
        untold, self._untold = self._untold, []
        return untold

    def _submit(self, changes: Sequence[Change], *, confirmed: bool) -> Iterator[Frame]:
        """Batches that keep to the limits; the hub answers each by itself."""
        if Capability.SPLICE in self._capabilities:
            changes = [self._recollection.submit(change) for change in changes]
        author = quick.quoted(self._who.client_id)
        done = 0
        for batch in batches.cut([quick.write_change(change, author) for change in changes], self._limits):
            one = len(batch) == 1
            data = (
                quick.write_alone(batch[0], confirmed=confirmed)
                if one
                else quick.write_batch(batch, author, confirmed=confirmed)
            )
            text = codec.encode_data(
                MessageType.FILE_CHANGED, data, client_id=self._who.client_id, timestamp=self._hour()
            )
            if one and len(text.encode()) > self._limits.text_bytes:
                self._untold.append(too_long(changes[done]))
            else:
                yield self._framed(text)
            done += len(batch)

    def _text(self, body: codec.ClientBody) -> Frame:
        return self._framed(self._plain_text(body))

    def _plain_text(self, body: codec.ClientBody) -> str:
        return codec.encode_body(body, client_id=self._who.client_id, timestamp=self._hour())

    def _framed(self, text: str) -> Frame:
        frame = codec.to_frame(text, compress=Capability.ZSTD in self._capabilities)
        # Text that does not shrink much may be agreed as a text, and not as a binary frame.
        return text if isinstance(frame, bytes) and len(frame) > self._limits.frame_bytes else frame

    # --- heartbeats -------------------------------------------------------------------------------------------

    @property
    def interval(self) -> float:
        """Seconds between two heartbeats."""
        return self._pulse.interval

    @property
    def next_pulse(self) -> float:
        """When ``pulse`` wants to be called next; it may have moved after every other call."""
        return self._pulse.next if self._patience is None else min(self._pulse.next, self._patience)

    def pulse(self, now: float) -> list[Frame]:
        """The heartbeat, when one is due.  Raises LinkLost when the hub is silent for too long."""
        if self._patience is not None:
            if now >= self._patience:
                raise LinkLost("the hub did not answer the first message in time")
            return []
        if not self._pulse.due(now):
            return []
        return [self._text(HeartbeatMessage(client_id=self._who.client_id, timestamp=self._hour()))]

    def probe(self, now: float) -> None:
        """There is reason to doubt the connection: ``pulse`` asks for a sign of life, and waits for it briefly."""
        if self._patience is None:
            self._pulse.probe(now)

    # --- in ---------------------------------------------------------------------------------------------------

    def receive(self, frame: Frame, now: float) -> list[Event]:
        """What a frame from the hub means.

        Raises Refused when only a person can mend it, BadMessage when the hub broke the protocol, and whatever an error
        of the hub's means here: the connection is of no more use.
        """
        self._pulse.heard(now)
        message = codec.decode_frame(frame)
        if isinstance(message, codec.Pack):
            self._must_be_welcome("a pack")
            return self._gathering.add(message)
        said = self._said(message, now)
        return [*self.gathered(), *said]

    def _said(self, message: WebSocketMessage, now: float) -> list[Event]:
        self.when.hear(message)
        if (masses := self._masses(message)) is not None:
            return masses
        body = codec.body_from_hub(message)
        if isinstance(body, ConnectionResponse):
            return [self._answered(body, now)]
        if isinstance(body, ErrorMessage):
            raise to_error(body.error_code, body.message)
        self._must_be_welcome(message.type.value)
        match body:
            case FileChange():
                return self._heard([body])
            case FileChanges(changes=changes):
                return self._heard(changes)
            case HubHeartbeat():
                self._pulse.heartbeat(now)
                return []
            case ClientLeft():
                return []
            case SyncResponse():
                return self._response(body)
            case _:
                assert_never(body)

    def _masses(self, message: WebSocketMessage) -> list[Event] | None:
        """Entries or verdicts, if they are plainly good; None leaves the message to the long way."""
        data = message.data
        if self._patience is not None:
            return None
        if message.type is MessageType.FILE_CHANGED:
            entries = quick.read_told(data, DEFAULT_LIMITS.batch_changes)
            self._recollection.told(entries or ())
            return None if entries is None else [Heard(entries, self.when.done)] if entries else []
        if message.type is not MessageType.SYNC_RESPONSE:
            return None
        if data.get("kind") == "changes" and (entries := quick.read_entries(data.get("changes"))) is not None:
            self._recollection.told(entries)
            return self._response(without(message, "changes"), entries=entries)
        if data.get("kind") == "prepare" and (soon := drafts.read_drafts(data.get("files"))) is not None:
            self._gathering.draft(soon)
            return []
        if data.get("kind") == "verdicts" and (verdicts := quick.read_verdicts(data.get("verdicts"))) is not None:
            return self._response(without(message, "verdicts"), verdicts=verdicts)
        return None

    def _must_be_welcome(self, what: str) -> None:
        if self._patience is not None:
            raise BadMessage("invalid_message", f"{what} came before the answer to client_connect")

    def _answered(self, answer: ConnectionResponse, now: float) -> Event:
        if self._patience is None:
            raise BadMessage("invalid_message", "a second answer to client_connect")
        if not answer.success:
            if answer.error_code:
                raise to_error(answer.error_code, answer.message)
            raise Refused("authentication_failed", f"the hub refused this machine: {answer.message}")
        self._patience = None
        self._capabilities = frozenset(answer.capabilities)
        self._limits = answer.limits or DEFAULT_LIMITS
        if packs.longest_block(self._limits) < COARSE.most:
            raise BadMessage(
                "unsupported", f"it takes frames of {self._limits.frame_bytes} bytes: too short for a block"
            )
        self._pulse = Pulse(now)
        self._pulse.agree(answer.heartbeat_interval)
        return Welcomed(
            hub_id=answer.hub_id, epoch=answer.epoch, head=Seq(answer.head),
            batch_changes=max(self._limits.batch_changes, 1) if Capability.BATCH in self._capabilities else 1,
            frame_bytes=min(packs.SENT_FRAME_BYTES, self._limits.frame_bytes), push_bytes=self._limits.push_bytes,
            may_write=answer.role != "reader",
            journal=Capability.JOURNAL in self._capabilities and Capability.BLOCKS in self._capabilities,
            run=answer.run, diverged=answer.diverged, subtrees=Capability.SUBTREE in self._capabilities,
            ahead=Capability.AHEAD in self._capabilities, claims=Capability.CLAIM in self._capabilities,
            outlines=Capability.OUTLINE in self._capabilities,
        )  # fmt: skip

    def _heard(self, changes: Sequence[FileChange]) -> list[Event]:
        """A notice (of level 1) tells of no content, and there is nothing to be done about it."""
        entries = self._entries(changes)
        return [Heard(entries, self.when.done)] if entries else []

    def _entries(self, changes: Sequence[FileChange]) -> tuple[Entry, ...]:
        entries = []
        for change in changes:
            if not change.is_notice:
                entry = convert.entry_from_wire(change, self._recollection.at)
                self._recollection.told([entry])
                entries.append(entry)
        return tuple(entries)

    def _response(
        self, answer: SyncResponse, *, entries: tuple[Entry, ...] = (), verdicts: tuple[Verdict, ...] = ()
    ) -> list[Event]:
        """``entries`` and ``verdicts``: those of the answer that were read already, and stand no more in it."""
        if not answer.success:
            raise to_error(answer.error_code or "internal_error", answer.message)
        match answer:
            case ChangesResponse():
                entries = entries or self._entries(answer.changes)
                if answer.more and answer.next <= self._since:
                    raise BadMessage("invalid_message", "a page of the journal that leads nowhere")
                head, following = Seq(answer.head), Seq(answer.next)
                return [CaughtUp(entries, head, answer.more, answer.snapshot, following, self.when.done)]
            case VerdictsResponse():
                judged = verdicts or tuple(map(convert.verdict_from_wire, answer.verdicts))
                self._recollection.judged(judged)
                return [Judged(judged, Seq(answer.head), self.when.said)]
            case MissingResponse(request_id=request_id, digests=digests, coming=coming):
                return self._requests.lacking(request_id, digests, coming)
            case BlocksResponse(request_id=request_id, digests=digests):
                return self._requests.ended(request_id, digests)
            case OutlineResponse(node_id=node_id, base_rev=base_rev, at=at, parts=parts):
                return [OutlineCame(NodeId(node_id), Rev(base_rev), at, convert.splice_from_wire(parts))]
            case PrepareResponse():
                self._gathering.draft(drafts.drafts_from_wire(answer))
                return []
            case WantedResponse(files=files):
                self._recollection.doubt()
                return [HubLost(tuple(convert.wanted_from_wire(file) for file in files))]
            case _:
                return []  # an analysis, which we never ask for


def link_down(error: SyncAgentError, *, anew: bool = False) -> LinkDown:
    """What the engine is told of the error that ended a connection, or an attempt at one; ``anew``: the first on a way
    that a person has changed."""
    return LinkDown(str(error), isinstance(error, AskPerson), anew)
