"""One connection at the hub, as a state machine: what comes in becomes effects.

It keeps the protocol: the first message is client_connect and comes in time, every envelope is the connected client's,
heartbeats go both ways, a silent client is dead after two and a half of them, limits are kept, and who breaks the
rules over and over is closed.  What a client may do once it is let in is ``member``'s.  No clock, no socket: the shell
(``server``, or a simulated one) passes events in and carries effects out.
"""

from __future__ import annotations

from typing import Final, assert_never

from syncagent.errors import BadMessage, BadName
from syncagent.hub.events import (
    Admit,
    Admitted,
    Answered,
    Close,
    Coming,
    Effect,
    Ended,
    Event,
    Grown,
    Heard,
    Lost,
    Note,
    Now,
    Say,
    Sent,
    Tell,
    Ticked,
    Told,
    TooLarge,
    Turned,
    WakeAt,
    Wanted,
)
from syncagent.hub.member import Member
from syncagent.hub.rules import Rules, TokenBucket
from syncagent.hub.stretch import iso
from syncagent.hub.welcome import agreed, notes, welcome
from syncagent.model.ids import ClientId
from syncagent.protocol.changes import FileChange, FileChanges
from syncagent.protocol.codec import HubBody, Pack, body_from_client, decode_frame, encode_body
from syncagent.protocol.connection import (
    LEVEL_1,
    UNAUTHENTICATED_LIMITS,
    ClientLeft,
    ConnectionRequest,
    ConnectionResponse,
    Disconnect,
    HeartbeatMessage,
    HubHeartbeat,
)
from syncagent.protocol.envelope import HUB, MessageType, WebSocketMessage
from syncagent.protocol.faults import CODES, ErrorMessage, close_code
from syncagent.protocol.packs import entries_of
from syncagent.protocol.quick import read_changes

ROOM: Final = 512 * 1024
"""So much is said of the journal and of blocks before any of it has left."""


class Session:
    """``step`` is called with each event; what it gives is to be done, in order."""

    def __init__(self, rules: Rules, now: Now) -> None:
        self._rules = rules
        self._opened = self._heard = self._left = now.mono
        self._request: ConnectionRequest | None = None
        self._member: Member | None = None
        self._closed = False
        self._asked_heartbeat = False
        self._unsent = 0
        self._messages = TokenBucket(rules.messages, rules.message_burst, now.mono)
        self._patience = TokenBucket(rules.strikes / 60, rules.strikes, now.mono)

    @property
    def may_hear(self) -> bool:
        """Whether the shell may read the next frame; else it waits until another event has made room."""
        if self._closed or self._unsent > self._rules.unsent_bytes:
            return False
        if self._member is None:
            return self._request is None
        return self._member.backlog <= self._rules.backlog_bytes

    @property
    def closed(self) -> bool:
        """Whether nothing is heard any more; what was said before the end may still be on its way."""
        return self._closed

    @property
    def client_id(self) -> ClientId:
        """Who it says that it is; "" before it said so."""
        return ClientId(self._request.client_id if self._request else "")

    def started(self) -> list[Effect]:
        """What to do before the first event."""
        return [WakeAt(self._opened + self._rules.handshake)]

    def step(self, event: Event, now: Now) -> list[Effect]:
        """What to do after ``event``."""
        if self._closed:
            return []
        effects = self._counted(self._react(event, now), now)
        while self._member is not None and self._unsent < ROOM:
            more = self._member.pump(now)
            if not more:
                break
            effects += self._counted(more, now)
        return effects

    def _counted(self, effects: list[Effect], now: Now) -> list[Effect]:
        for place, effect in enumerate(effects):
            if isinstance(effect, Say):
                if not self._unsent:
                    self._left = now.mono
                self._unsent += len(effect.frame)
            elif isinstance(effect, Close):
                self._closed = True
                return [*effects[:place], *self._farewell(now), effect]
        return effects

    def _react(self, event: Event, now: Now) -> list[Effect]:
        match event:
            case Heard(frame=frame):
                return self._hear(frame, now)
            case Sent(size=size):
                self._unsent -= size
                self._left = now.mono
                return []
            case Answered(number=number, answer=answer):
                return self._member.answered(number, answer, now) if self._member else []
            case Coming(ahead=ahead):
                return self._member.coming(ahead, now, roomy=self._unsent < ROOM) if self._member else []
            case Grown(head=head):
                return self._member.grown(head) if self._member else []
            case Wanted(rows=rows):
                return self._member.wanted(rows, now) if self._member else []
            case Told(text=text):
                return [Say(text)] if self._unsent <= self._rules.unsent_bytes else []
            case Ticked():
                return self._tick(now)
            case Admitted():
                return self._admitted(event, now)
            case Turned(code=code, message=message):
                return self._turned(code, message, now)
            case TooLarge():
                return self._end("message_too_large", now)
            case Ended(code=code):
                return self._end(code, now)
            case Lost():
                return [Close(1006, "")]
            case _:
                assert_never(event)

    # --- the handshake ------------------------------------------------------------------------------------------

    def _connect(self, message: WebSocketMessage | Pack, now: Now) -> list[Effect]:
        if isinstance(message, Pack) or message.type is not MessageType.CLIENT_CONNECT:
            raise BadMessage("not_authenticated", CODES["not_authenticated"].text)
        if not isinstance(request := body_from_client(message), ConnectionRequest):
            raise BadMessage("not_authenticated", CODES["not_authenticated"].text)
        self._request = request
        if message.client_id != request.client_id:
            return self._turned("client_id_mismatch", CODES["client_id_mismatch"].text, now)
        if request.protocol_version < LEVEL_1:
            return self._turned("unsupported_version", CODES["unsupported_version"].text, now)
        if request.channel != "main":
            return self._turned("unsupported", "there is only the main channel", now)
        return [Admit(request)]

    def _turned(self, code: str, message: str, now: Now) -> list[Effect]:
        body = ConnectionResponse(success=False, message=message, server_time=iso(now.wall_ns), error_code=code)
        return [
            Note("refused", {"client": self.client_id, "code": code}),
            self._say(body, now),
            Close(close_code(code) or 1008, code),
        ]

    def _admitted(self, event: Admitted, now: Now) -> list[Effect]:
        if self._request is None:
            raise AssertionError("admitted without a request")
        self._member = Member(self.client_id, agreed(self._request), event.role, event.folder.head)
        self._heard = now.mono
        return [
            *notes(self._request, event),
            self._say(welcome(self._request, event, self._rules, now.wall_ns), now),
            WakeAt(now.mono + self._rules.heartbeat),
        ]

    # --- what a client says -------------------------------------------------------------------------------------

    def _hear(self, frame: str | bytes, now: Now) -> list[Effect]:
        self._heard = now.mono
        cost = 1.0 if isinstance(frame, str) or len(frame) < 16384 else 0.1
        if not self._messages.take(now.mono, cost):
            return self._fault("rate_limited", CODES["rate_limited"].text, now, retry=self._messages.wait())
        try:
            limits = self._rules.limits if self._member else UNAUTHENTICATED_LIMITS
            message = decode_frame(frame, limits, compressed=self._member is None or self._member.zstd)
            if self._member is None:
                return self._connect(message, now)
            if isinstance(message, Pack):
                return self._member.pack(message, entries_of(message.frame, limits))
            return self._message(self._member, message, now)
        except (BadMessage, BadName) as trouble:
            code = trouble.code if isinstance(trouble, BadMessage) else "invalid_path"
            return self._fault(code, str(trouble), now, gross=self._member is None)

    def _message(self, member: Member, message: WebSocketMessage, now: Now) -> list[Effect]:
        if message.client_id != self.client_id:
            raise BadMessage("client_id_mismatch", CODES["client_id_mismatch"].text)
        if message.type is MessageType.FILE_CHANGED and member.speaks_journal:
            plain = read_changes(message.data, self.client_id, self._rules.limits.batch_changes)
            if plain is not None:
                return member.submitted(plain, confirmed=message.data.get("confirmed", False))
        match body_from_client(message, self._rules.limits):
            case FileChange() | FileChanges() as changes:
                return member.changed(changes, now)
            case HeartbeatMessage():
                answers, self._asked_heartbeat = self._asked_heartbeat, False
                return [] if answers else [self._say(HubHeartbeat(timestamp=iso(now.wall_ns)), now)]
            case Disconnect():
                return [Close(1000, "")]
            case ErrorMessage(error_code=code):
                return [Note("client_error", {"client": self.client_id, "code": code})]
            case ConnectionRequest():
                return self._fault("invalid_message", "the client is connected already", now, gross=True)
            case request:
                return member.asked(request)

    def _fault(self, code: str, message: str, now: Now, *, gross: bool = False, retry: float = 0.0) -> list[Effect]:
        """Tell the client what was wrong; close, when the rule says so, or when it goes on like this."""
        body = ErrorMessage(error_code=code, message=message[:1000], retry_after_ms=int(retry * 1000))
        effects: list[Effect] = [self._say(body, now)]
        ends = close_code(code)
        if not self._patience.take(now.mono):
            ends = ends or (1013 if code == "rate_limited" else 1008)
        elif gross:
            ends = ends or 1008
        if ends:
            effects = [Note("closed", {"client": self.client_id, "code": code}), *effects]
            effects.append(Close(ends, code))
        return effects

    def _end(self, code: str, now: Now) -> list[Effect]:
        return self._fault(code, CODES[code].text, now, gross=True)

    def _say(self, body: HubBody, now: Now) -> Say:
        return Say(encode_body(body, client_id=HUB, timestamp=iso(now.wall_ns)))

    # --- time ---------------------------------------------------------------------------------------------------

    def _tick(self, now: Now) -> list[Effect]:
        rules = self._rules
        if self._member is None:
            return self._end("handshake_timeout", now)
        if self._unsent and now.mono - self._left >= rules.stuck + rules.heartbeat:
            # It takes nothing of what we say: neither would it take a word of farewell.
            return [Note("stuck", {"client": self.client_id}), Close(1006, "")]
        if self._member.busy or not self.may_hear:
            self._heard = now.mono  # it was not listened to
        # Compared with the very times that a Ticked is asked for: a difference, rounded, may still be short of them.
        if now.mono >= self._heard + rules.silence:
            return self._end("heartbeat_timeout", now)
        if now.mono < self._heard + rules.heartbeat:
            return [WakeAt(self._heard + rules.heartbeat)]
        self._asked_heartbeat = True
        until = min(self._heard + rules.silence, now.mono + rules.heartbeat)
        return [self._say(HubHeartbeat(timestamp=iso(now.wall_ns)), now), WakeAt(until)]

    def _farewell(self, now: Now) -> list[Effect]:
        """The others of the folder are told that it is gone."""
        if self._member is None or self._request is None:
            return []
        self._member = None
        left = ClientLeft(client_id=self.client_id, client_name=self._request.client_name)
        text = encode_body(left, client_id=HUB, timestamp=iso(now.wall_ns))
        return [Note("disconnected", {"client": self.client_id}), Tell(text)]
