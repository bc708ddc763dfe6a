"""Says what is wrong with a transcript: the frames of one connection, as someone in the middle saw them.

For people who write another client or another hub, and for our own tests, which lay what went over their wires before
it.  Only what the frames themselves show is judged: nothing of times, and nothing that would have come later.

It is not on the path of any message.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from syncagent.errors import BadMessage, BadName
from syncagent.model.names import check_path
from syncagent.model.values import fixed
from syncagent.protocol.changes import FileChange, FileChanges
from syncagent.protocol.codec import Pack, body_from_client, body_from_hub, decode_frame
from syncagent.protocol.connection import (
    DEFAULT_LIMITS,
    ClientLeft,
    ConnectionRequest,
    ConnectionResponse,
    Disconnect,
    HeartbeatMessage,
    HubHeartbeat,
    Limits,
)
from syncagent.protocol.convert import changes_of
from syncagent.protocol.envelope import HUB, WebSocketMessage
from syncagent.protocol.faults import CODES, ErrorMessage
from syncagent.protocol.sync import (
    AheadRequest,
    AnalysisRequest,
    BlocksRequest,
    BlocksResponse,
    ChangesRequest,
    ChangesResponse,
    MissingRequest,
    MissingResponse,
    OutlineRequest,
    OutlineResponse,
    PrepareResponse,
    SyncRequest,
    SyncResponse,
    VerdictsResponse,
    WantedResponse,
)

Frame: TypeAlias = str | bytes


class Direction(Enum):
    TO_HUB = "to the hub"
    TO_CLIENT = "to the client"


class Rule(Enum):
    """What was broken.  The value is the rule itself, as it is shown."""

    UNREADABLE = "every frame can be read"
    FIRST_MESSAGE = "the first message is client_connect"
    CONNECT_TWICE = "client_connect is said once"
    TOO_EARLY = "a client waits for the answer to its client_connect, and a hub says nothing before it"
    AFTER_REFUSAL = "after a refusal nothing follows"
    AFTER_GOODBYE = "after client_disconnect the client says nothing"
    SENDER = "the envelope names the connected client, or the hub"
    AUTHOR = "a client speaks for itself alone"
    TIMESTAMP = "a timestamp is ISO 8601"
    PATH = "a path is relative, normal, and has no part that no name may be"
    NOT_AGREED = "what was not agreed on is not used"
    AGREED_TOO_MUCH = "what the hub agrees to was offered"
    LEVEL_1_FIELDS = "a level 1 client gets the fields of level 1 alone"
    ECHO = "a change is not told to its author"
    UNASKED = "an answer has its request"
    VERDICTS = "a batch gets one verdict for each change, in its order"
    ORDER = "numbers of the journal only rise"
    GAP = "no number of the journal is left out"
    BEGINS_ANEW = "who knows another journal than the hub's begins at 0"
    PUSHED_EARLY = "nothing is pushed before the client has caught up"
    UNASKED_BLOCKS = "blocks come when asked for, or pushed where that was agreed"
    ERROR_CODE = "an error has a code of the table"
    HEARTBEAT = "a heartbeat is answered"


@fixed
class Finding:
    """``position`` counts the frames from 0."""

    position: int
    rule: Rule
    text: str

    def __str__(self) -> str:
        return f"frame {self.position}: {self.text} ({self.rule.value})"


def check(transcript: Iterable[tuple[Direction, Frame]]) -> list[Finding]:
    """All that is wrong with ``transcript``, in order; an empty list when it keeps to the protocol."""
    connection = _Connection()
    for position, (direction, frame) in enumerate(transcript):
        connection.position = position
        connection.see(direction, frame)
    return connection.findings


_SEED_FIELDS = frozenset({"operation", "file_path", "client_id", "old_path"})
_ANSWERS: dict[type[SyncRequest], type[SyncResponse]] = {
    AnalysisRequest: SyncResponse, ChangesRequest: ChangesResponse, MissingRequest: MissingResponse,
    BlocksRequest: BlocksResponse,
}  # fmt: skip
_NEEDED: dict[type[SyncRequest], str] = {
    ChangesRequest: "journal", MissingRequest: "blocks", BlocksRequest: "blocks", AheadRequest: "ahead",
    OutlineRequest: "outline",
}  # fmt: skip
_UNASKED: dict[type[SyncResponse], str] = {
    WantedResponse: "heal", PrepareResponse: "prepare", OutlineResponse: "outline"
}  # fmt: skip
_HEARTBEATS_OPEN = 2
"""So many heartbeats may be without an answer: it may be on its way."""


@dataclass(slots=True)
class _Connection:
    """What is known of the connection after the frames so far."""

    position: int = 0
    findings: list[Finding] = field(default_factory=list)
    request: ConnectionRequest | None = None
    response: ConnectionResponse | None = None
    gone: bool = False
    limits: Limits = DEFAULT_LIMITS
    agreed: frozenset[str] = frozenset()
    asked: list[SyncRequest] = field(default_factory=list)
    submitted: list[tuple[str, ...]] = field(default_factory=list)
    told: int | None = None
    """The last number of the journal that the client has heard of; None while it catches up."""
    begins_anew: bool = False
    """Whether what the client knew of the journal does not count, and it has not asked yet for what does."""
    caught_up: bool = False
    """Whether it has caught up once: what is told while it asks anew may have been on its way."""
    heartbeats: int = 0
    """Those of the client that wait for an answer."""
    asked_alive: bool = False
    """Whether a heartbeat of the hub's waits for an answer."""

    def find(self, rule: Rule, text: str) -> None:
        self.findings.append(Finding(self.position, rule, text))

    def see(self, direction: Direction, frame: Frame) -> None:
        to_hub = direction is Direction.TO_HUB
        if to_hub and self.gone:
            self.find(Rule.AFTER_GOODBYE, "the client says something after its client_disconnect")
        try:
            message = decode_frame(frame, self.limits)
            if isinstance(frame, bytes):
                self._binary(message)
            if isinstance(message, Pack):
                self._pack(message, to_hub)
            elif to_hub:
                self._from_client(message)
            else:
                self._from_hub(message)
        except BadMessage as trouble:
            self.find(Rule.UNREADABLE, f"{trouble.code}: {trouble}")

    # --- frames and envelopes

    def _binary(self, message: WebSocketMessage | Pack) -> None:
        capability = "blocks" if isinstance(message, Pack) else "zstd"
        self._must_be_agreed(capability, "a binary frame")

    def _pack(self, pack: Pack, to_hub: bool) -> None:
        self._must_be_agreed("ahead", "a pack ahead of its change", pack.ahead)
        if to_hub or pack.ahead or "push" in self.agreed:
            return
        wanted = {digest for ask in self.asked if isinstance(ask, BlocksRequest) for digest in ask.digests}
        for digest, _ in pack.blocks:
            if digest.hex() not in wanted:
                self.find(Rule.UNASKED_BLOCKS, f"the block {digest.hex()} was not asked for")

    def _envelope(self, message: WebSocketMessage, sender: str) -> None:
        if message.client_id != sender:
            self.find(Rule.SENDER, f"the envelope says {message.client_id!r}, and should say {sender!r}")
        self._time(message.timestamp)

    def _time(self, text: str) -> None:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            self.find(Rule.TIMESTAMP, f"{text!r} is no time")

    def _paths(self, change: FileChange) -> None:
        for path in (change.file_path, change.old_path) if change.old_path else (change.file_path,):
            try:
                check_path(path)
            except BadName as trouble:
                self.find(Rule.PATH, str(trouble))

    # --- what a client says

    def _from_client(self, message: WebSocketMessage) -> None:
        body = body_from_client(message, self.limits)
        if isinstance(body, ConnectionRequest):
            self._connect(body)
        elif self.request is None:
            self.find(Rule.FIRST_MESSAGE, f"the client begins with {message.type.value}")
        elif self.response is None:
            self.find(Rule.TOO_EARLY, f"the client sends {message.type.value} before it is answered")
        elif not self.response.success:
            self.find(Rule.AFTER_REFUSAL, f"the client sends {message.type.value} after it was refused")
        self._envelope(message, self.request.client_id if self.request else message.client_id)
        match body:
            case FileChange() | FileChanges():
                self._submit(body)
            case AnalysisRequest() | ChangesRequest() | MissingRequest() | BlocksRequest():
                self._ask(body)
                self.asked.append(body)
            case AheadRequest() | OutlineRequest():
                self._ask(body)  # is not answered
            case HeartbeatMessage():
                self._own(body.client_id)
                self._time(body.timestamp)
                self._alive()
            case Disconnect():
                self.gone = True
            case ConnectionRequest() | ErrorMessage():
                pass

    def _alive(self) -> None:
        """A heartbeat of the client's: an answer to the hub's, or one that wants an answer."""
        if not self.asked_alive:
            self.heartbeats += 1
        self.asked_alive = False
        if self.heartbeats > _HEARTBEATS_OPEN:
            self.find(Rule.HEARTBEAT, f"{self.heartbeats - 1} heartbeats of the client were not answered")

    def _connect(self, body: ConnectionRequest) -> None:
        if self.request is not None:
            self.find(Rule.CONNECT_TWICE, "the client sends client_connect again")
            return
        self.request = body

    def _own(self, client_id: str) -> None:
        if self.request and client_id != self.request.client_id:
            self.find(Rule.AUTHOR, f"the client speaks for {client_id!r}")

    def _submit(self, body: FileChange | FileChanges) -> None:
        changes = changes_of(body)
        if isinstance(body, FileChanges):
            self._own(body.client_id)
            self._must_be_agreed("batch", "a batch")
        for change in changes:
            self._own(change.client_id)
            self._paths(change)
            self._must_be_agreed("splice", "a splice", change.splice)
            if change.beneath:
                self._subtree(len(changes))
        submitted = tuple(change.change_id for change in changes if not change.is_notice)
        if submitted and "journal" not in self.agreed:
            self.find(Rule.NOT_AGREED, "changes with content, but 'journal' was not agreed on")
        elif submitted:
            self.submitted.append(submitted)

    def _subtree(self, together: int) -> None:
        """A folder is deleted with all beneath it."""
        self._must_be_agreed("subtree", "a delete of what is beneath, too")
        if together > 1:
            self.find(Rule.VERDICTS, "a delete of what is beneath, too, is not alone in its batch")

    def _ask(self, body: SyncRequest) -> None:
        needed = _NEEDED.get(type(body), "")
        self._must_be_agreed(needed, f"a request of kind {body.kind!r}", needed)
        if isinstance(body, ChangesRequest):
            self.told = None
            if self.begins_anew and body.since:
                self.find(Rule.BEGINS_ANEW, f"the client asks for what came after {body.since}")
            self.begins_anew = False

    # --- what the hub says

    def _from_hub(self, message: WebSocketMessage) -> None:
        body = body_from_hub(message, self.limits)
        if self.response is None and not isinstance(body, (ConnectionResponse, ErrorMessage)):
            self.find(Rule.TOO_EARLY, f"the hub sends {message.type.value} before it has answered")
        elif self.response and not self.response.success and not isinstance(body, ErrorMessage):
            self.find(Rule.AFTER_REFUSAL, f"the hub sends {message.type.value} after it has refused")
        self._envelope(message, HUB)
        match body:
            case ConnectionResponse():
                self._welcome(body)
            case FileChange() | FileChanges():
                self._tell(message, body)
            case VerdictsResponse():
                self._judge(body)
            case WantedResponse() | PrepareResponse() | OutlineResponse():
                self._must_be_agreed(_UNASKED[type(body)], f"a message of kind {body.kind!r}")
            case SyncResponse():
                self._answer(body)
            case HubHeartbeat():
                self._time(body.timestamp)
                self.asked_alive = not self.heartbeats
                self.heartbeats = 0
            case ErrorMessage():
                if body.error_code not in CODES:
                    self.find(Rule.ERROR_CODE, f"the error code {body.error_code!r} is not known")
                self.asked = [ask for ask in self.asked if not body.request_id or ask.request_id != body.request_id]
            case ClientLeft():
                pass

    def _welcome(self, body: ConnectionResponse) -> None:
        if self.request is None:
            self.find(Rule.UNASKED, "the hub answers a client_connect that was not sent")
            return
        if self.response is not None:
            self.find(Rule.CONNECT_TWICE, "the hub answers client_connect again")
            return
        self._time(body.server_time)
        self.response = body
        self.limits = body.limits or DEFAULT_LIMITS
        self.agreed = frozenset(body.capabilities)
        known = self.request
        counts = body.epoch == known.epoch and body.head >= known.cursor and not body.diverged
        self.begins_anew = known.cursor > 0 and not counts
        for capability in sorted(self.agreed - set(self.request.capabilities)):
            self.find(Rule.AGREED_TOO_MUCH, f"the client did not offer {capability!r}")
        if body.protocol_version > self.request.protocol_version:
            self.find(Rule.AGREED_TOO_MUCH, f"the client does not speak version {body.protocol_version}")

    def _tell(self, message: WebSocketMessage, body: FileChange | FileChanges) -> None:
        journal = "journal" in self.agreed
        if not journal and not message.data.keys() <= _SEED_FIELDS:
            self.find(Rule.LEVEL_1_FIELDS, f"fields {sorted(message.data.keys() - _SEED_FIELDS)}")
        for change in changes_of(body):
            self._paths(change)
            if self.request and change.client_id == self.request.client_id:
                self.find(Rule.ECHO, f"the client hears of its own change of {change.file_path!r}")
            if journal and not change.is_notice:
                if not self.caught_up:
                    self.find(Rule.PUSHED_EARLY, f"number {change.seq} is pushed")
                self._must_be_agreed("subtree", "a folder with all beneath it", change.beneath)
                self._advance(change.seq, change.beneath)

    def _advance(self, seq: int, beneath: int = 0) -> None:
        """The client hears of ``seq`` (and of so many before it), live or through a verdict."""
        if self.told is None:
            return
        if seq - beneath <= self.told:
            self.find(Rule.ORDER, f"number {seq - beneath} comes after {self.told}")
        elif seq - beneath > self.told + 1:
            self.find(Rule.GAP, f"number {seq} comes after {self.told}")
        self.told = max(self.told, seq)

    def _judge(self, body: VerdictsResponse) -> None:
        ids = tuple(verdict.change_id for verdict in body.verdicts)
        if ids not in self.submitted:
            self.find(
                Rule.VERDICTS if self.submitted else Rule.UNASKED, f"{len(ids)} verdicts on no batch that was sent"
            )
        elif self.submitted.index(ids):
            self.find(Rule.VERDICTS, "an earlier batch is not judged yet")
        self.submitted = [batch for batch in self.submitted if batch != ids]
        for verdict in body.verdicts:
            if verdict.status == "committed":
                self._advance(verdict.seq, verdict.beneath)
            if verdict.error_code and verdict.error_code not in CODES:
                self.find(Rule.ERROR_CODE, f"the error code {verdict.error_code!r} is not known")

    def _answer(self, body: SyncResponse) -> None:
        for ask in self.asked:
            if _ANSWERS[type(ask)] is type(body) and ask.request_id == body.request_id:
                self.asked.remove(ask)
                break
        else:
            self.find(Rule.UNASKED, "no request waits for this answer")
            return
        if isinstance(ask, ChangesRequest) and isinstance(body, ChangesResponse) and body.success:
            self._page(body, ask.since)

    def _must_be_agreed(self, capability: str, what: str, said: object = True) -> None:
        if said and capability not in self.agreed:
            self.find(Rule.NOT_AGREED, f"{what}, but {capability!r} was not agreed on")

    def _page(self, body: ChangesResponse, since: int) -> None:
        for change in body.changes:
            self._paths(change)
            if change.seq <= since:
                self.find(Rule.ORDER, f"number {change.seq} comes after {since}")
            elif change.seq > since + 1 and not body.snapshot:
                self.find(Rule.GAP, f"number {change.seq} comes after {since}")
            since = change.seq
        if not body.more:
            self.told, self.caught_up = body.head, True
