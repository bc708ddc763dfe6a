"""Sessions over a store in memory, without sockets or threads: what is said comes back at once, in order."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from syncagent.hub.events import (
    Admit,
    Admitted,
    Answered,
    Close,
    Coming,
    Do,
    Effect,
    Event,
    Grown,
    Heard,
    Note,
    Now,
    PassOn,
    Say,
    Sent,
    Tell,
    Told,
    WakeAt,
)
from syncagent.hub.onward import Onward, Outline
from syncagent.hub.rows import Folder, Role
from syncagent.hub.rules import Rules
from syncagent.hub.session import Session
from syncagent.hub.stores.memory import MemoryStore
from syncagent.hub.tasks import Failed, Submitted
from syncagent.hub.work import perform

STAMP = "2026-11-23T00:00:00+00:00"


class Desk:
    """A hub without a shell."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.store = MemoryStore(lambda: "id")
        with self.store.unit():
            self.store.journal.make_folder("default")
        self.time = 0.0
        self.clients: list[Client] = []
        self.held: deque[tuple[Client, Do]] | None = None
        self.fail: Failed | None = None

    @property
    def folder(self) -> Folder:
        return self.store.journal.folders()[0]

    def now(self) -> Now:
        return Now(self.time, 1_700_000_000_000_000_000)

    def do(self, client: Client, effect: Do) -> None:
        if self.held is not None:
            self.held.append((client, effect))
            return
        if self.fail is not None:
            client.feed(Answered(effect.number, self.fail))
            return
        with self.store.unit():
            answer = perform(self.store, self.folder.id, effect.task, self.now().wall_ns)
        client.feed(Answered(effect.number, answer))
        if isinstance(answer, Submitted) and answer.head > answer.before:
            for other in self.clients:
                other.feed(Grown(answer.head))

    def release(self, count: int = 1 << 30) -> None:
        """Do what was held, the first ``count``."""
        held, self.held = self.held or deque(), None
        for _ in range(min(count, len(held))):
            self.do(*held.popleft())
        if held:
            self.held = held

    def tell(self, sender: Client, text: str) -> None:
        for other in self.clients:
            if other is not sender and other.admitted:
                other.feed(Told(text))

    def pass_on(self, client: Client, pack: Onward | Outline) -> None:
        for other in self.clients:
            if other is not client:
                other.feed(Coming(pack))


class Client:
    """One session, and all that it wanted."""

    def __init__(self, desk: Desk, client_id: str, role: Role = Role.WRITER) -> None:
        self.desk = desk
        self.client_id = client_id
        self.role = role
        self.session = Session(desk.rules, desk.now())
        self.frames: list[str | bytes] = []
        self.notes: list[Note] = []
        self.closed: int | None = None
        self.wake = 0.0
        self.reads = True
        self.admitted = False
        self._unread = 0
        self._events: deque[Event] = deque()
        self._stepping = False
        desk.clients.append(self)
        self._carry_out(self.session.started())

    def feed(self, event: Event) -> None:
        self._events.append(event)
        if not self._stepping:
            self._stepping = True
            while self._events:
                self._carry_out(self.session.step(self._events.popleft(), self.desk.now()))
            self._stepping = False

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Say(frame=frame):
                    assert self.closed is None
                    self.frames.append(frame)
                    if self.reads:
                        self._events.append(Sent(len(frame)))
                    else:
                        self._unread += len(frame)
                case Close(code=code):
                    self.closed = code
                case Do():
                    self.desk.do(self, effect)
                case Tell(text=text):
                    self.desk.tell(self, text)
                case PassOn(pack=pack):
                    self.desk.pass_on(self, pack)
                case Admit():
                    self.admitted = True
                    self._events.append(Admitted("hub", self.desk.folder, self.role))
                case WakeAt(time=when):
                    self.wake = when
                case Note():
                    self.notes.append(effect)

    def read_all(self) -> None:
        """Read what lies in the socket, and go on reading."""
        self.reads = True
        unread, self._unread = self._unread, 0
        self.feed(Sent(unread))

    def say(self, kind: str, data: dict[str, Any], client_id: str = "") -> list[dict[str, Any]]:
        """Say something; the texts that are heard from then on."""
        self.frames.clear()
        text = {"type": kind, "data": data, "client_id": client_id or self.client_id, "timestamp": STAMP}
        self.feed(Heard(json.dumps(text)))
        return self.texts()

    def hello(self, level: int = 2, *capabilities: str, **more: Any) -> list[dict[str, Any]]:
        fields: dict[str, Any] = {"client_id": self.client_id, "client_name": "n", "sync_root": "/r", "api_key": "k"}
        if level == 2:
            fields |= {"protocol_version": 2, "capabilities": capabilities or ("journal", "batch", "blocks", "push")}
        return self.say("client_connect", {**fields, **more})

    def submit(self, *changes: dict[str, Any]) -> list[dict[str, Any]]:
        said = [{"client_id": self.client_id, **change} for change in changes]
        return self.say("file_changed", {"client_id": self.client_id, "changes": said})

    def texts(self) -> list[dict[str, Any]]:
        return [json.loads(frame) for frame in self.frames if isinstance(frame, str)]

    def heard(self) -> list[int]:
        """The numbers of all entries and verdicts that were said."""
        return [
            one["seq"] for text in self.texts() for one in text["data"].get("changes", text["data"].get("verdicts", ()))
        ]


def directory(node: str, **more: Any) -> dict[str, Any]:
    """A create of a folder."""
    return {
        "operation": "create", "file_path": node, "change_id": f"c-{node}", "node_id": node, "parent_id": "root",
        "kind": "directory", **more,
    }  # fmt: skip
