"""What the connections of a hub share: who is there, which folders, which keys, and the way to the store.

Called by ``server`` with what its sessions want; tells them what comes of it.  On the event loop's thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Final, Protocol, cast

from syncagent.errors import SyncAgentError
from syncagent.hub.auth import KeyRing, Patience
from syncagent.hub.bus import Bus
from syncagent.hub.claims import Claims
from syncagent.hub.events import Admitted, Coming, Ended, Event, Grown, Now, Told, Turned, Wanted
from syncagent.hub.onward import Onward, Outline
from syncagent.hub.rows import Folder, FolderId, Role, Row
from syncagent.hub.rules import Rules
from syncagent.hub.runs import Runs
from syncagent.hub.staged import named
from syncagent.hub.stores.ports import Blocks, Key
from syncagent.hub.stretch import ahead_of
from syncagent.hub.tail import KEPT_SECONDS, Recent
from syncagent.hub.tasks import (
    Answer,
    AskLacking,
    Failed,
    Fetched,
    Keep,
    Lacks,
    ReadTail,
    Submit,
    Submitted,
    Tail,
    Task,
)
from syncagent.hub.work import stretches_of
from syncagent.hub.worker import Job, Worker
from syncagent.model.ids import Seq
from syncagent.model.link import is_folder_name
from syncagent.model.values import replace
from syncagent.protocol.connection import ConnectionRequest
from syncagent.protocol.faults import CODES, code_of

_LONGEST_ANSWER: Final = 5.0
"""So long, at most, someone who guesses keys waits for a no."""

_HAND_OUT_SECONDS: Final = 0.01


def by_the_clock() -> Now:
    """The time, by this machine's clocks."""
    return Now(time.monotonic(), time.time_ns())


class Seat(Protocol):
    """A connection, as the others know it."""

    @property
    def address(self) -> str: ...

    def feed(self, event: Event) -> None:
        """Let its session know of ``event``."""

    def admitted(self) -> None:
        """It has shown a key."""


class _Place:
    """Where an admitted connection belongs."""

    def __init__(self, folder: FolderId, key: Key, request: ConnectionRequest) -> None:
        self.folder = folder
        self.key_id = key.id
        self.client = (folder, request.client_id)
        self.incarnation = request.incarnation


class Hall:
    """One hub's connections.  ``now`` gives the time; its ``mono`` is that of the event loop."""

    def __init__(self, rules: Rules, per_key: int, files: Executor, now: Callable[[], Now] = by_the_clock) -> None:
        self.rules = rules
        self.now = now
        self._per_key = per_key
        self._files = files
        self._patience = Patience()
        self._bus: Bus[Seat] = Bus()
        self._seats: dict[Seat, _Place | None] = {}
        self._clients: dict[tuple[FolderId, str], Seat] = {}
        self._keys_in_use: Counter[str] = Counter()
        self._folders: dict[str, Folder] = {}
        self._recent: dict[FolderId, Recent] = {}
        self._forgetting: dict[FolderId, asyncio.TimerHandle] = {}
        self._lost: dict[FolderId, tuple[Row, ...]] = {}
        self._claims: dict[FolderId, Claims[Seat]] = {}
        self.lacked = asyncio.Event()
        """Set when a client was told that a block which it asked for is not there."""
        self._to_hand_out: deque[tuple[Job, Answer]] = deque()
        self._others_know = False
        """Whether all but the one who asked know of the first of these."""
        self._stopping = False
        self._empty = asyncio.Event()

    def open(
        self, worker: Worker, blocks: Blocks, hub_id: str, runs: Runs, folders: Iterable[Folder], keys: KeyRing
    ) -> None:
        """What is known once the store is open; nothing else is called before."""
        self._worker = worker
        self._blocks = blocks
        self._hub_id = hub_id
        self._runs = runs
        self._keys = keys
        self._folders = {folder.name: folder for folder in folders}

    # --- coming and going ---------------------------------------------------------------------------------------

    def enter(self, seat: Seat) -> None:
        self._seats[seat] = None
        if self._stopping:
            seat.feed(Ended("shutting_down"))

    async def admit(self, seat: Seat, request: ConnectionRequest) -> None:
        """Tell ``seat`` whether it may come in."""
        try:
            key = self._keys.find(request.api_key, request.folder)
            if key is None:
                await self._refuse_key(seat)
                return
            self._patience.right(seat.address)
            folder = await self._folder(request.folder, key)
        except SyncAgentError as trouble:
            code = code_of(trouble)
            seat.feed(Turned(code, CODES[code].text))
            return
        code = "folder_unknown" if folder is None else self._no_seat(folder.id, key, request)
        if folder is None or code:
            seat.feed(Turned(code, CODES[code].text))
        elif seat in self._seats:
            self._take_seat(seat, folder.name, _Place(folder.id, key, request), key.role, request)

    async def _refuse_key(self, seat: Seat) -> None:
        """A wrong key is answered late, so that guessing takes long; a right one never has to wait."""
        self._patience.wrong(seat.address, self.now().mono)
        wait = min(self._patience.wait(seat.address, self.now().mono), _LONGEST_ANSWER)
        if wait:
            await asyncio.sleep(wait)
        seat.feed(Turned("authentication_failed", CODES["authentication_failed"].text))

    async def _folder(self, name: str, key: Key) -> Folder | None:
        """The folder of that name; made for a key that is good for all folders and may write."""
        if name not in self._folders and is_folder_name(name) and not key.folders and key.role is Role.WRITER:
            folder = await self._worker.call(lambda store: store.journal.make_folder(name))
            self._folders.setdefault(name, folder)
        return self._folders.get(name)

    def _no_seat(self, folder: FolderId, key: Key, request: ConnectionRequest) -> str:
        """Why there is no seat for this client: a code, or "" when there is one."""
        if self._keys_in_use[key.id] >= self._per_key:
            return "too_many_connections"
        other = self._clients.get((folder, request.client_id))
        place = self._seats.get(other) if other is not None else None
        if place is not None and place.incarnation != request.incarnation:
            # Two machines with one id, one a copy of the other: the one that was here stays (HAZARDS E6).
            return "client_id_in_use"
        return ""

    def _take_seat(self, seat: Seat, name: str, place: _Place, role: Role, request: ConnectionRequest) -> None:
        before = self._clients.get(place.client)
        if before is not None:
            before.feed(Ended("client_id_in_use"))
            self._leave_place(before)
        self._seats[seat] = place
        self._clients[place.client] = seat
        self._keys_in_use[place.key_id] += 1
        self._bus.join(place.folder, seat)
        seat.admitted()
        folder = self._folders[name]
        seat.feed(Admitted(self._hub_id, folder, role, self._runs.current, self._has_diverged(folder, request)))
        if lost := self._lost.get(folder.id):
            seat.feed(Wanted(lost))

    def _has_diverged(self, folder: Folder, request: ConnectionRequest) -> bool:
        """Whether what the client knows of the journal is not in it.  One that names no run is not looked into."""
        if not request.run or not request.cursor or request.epoch != folder.epoch:
            return False
        return not self._runs.reached(folder.id, request.run, Seq(request.cursor), folder.head)

    def leave(self, seat: Seat) -> None:
        self._leave_place(seat)
        self._seats.pop(seat, None)
        if not self._seats:
            self._empty.set()

    def _leave_place(self, seat: Seat) -> None:
        place = self._seats.get(seat)
        if place is None:
            return
        self._seats[seat] = None
        self._bus.leave(place.folder, seat)
        if (claims := self._claims.get(place.folder)) is not None:
            claims.gone(seat)
        self._keys_in_use[place.key_id] -= 1
        if self._clients.get(place.client) is seat:
            del self._clients[place.client]

    def present(self) -> list[tuple[FolderId, str]]:
        """Who is here, by folder and client."""
        return sorted(self._clients)

    def revoked(self, key_id: str) -> None:
        """The key is good no more: who came in with it goes (HAZARDS G12)."""
        for seat, place in list(self._seats.items()):
            if place is not None and place.key_id == key_id:
                seat.feed(Ended("authentication_failed"))

    def stop(self) -> None:
        """Everyone is told that the hub stops."""
        self._stopping = True
        for seat in list(self._seats):
            seat.feed(Ended("shutting_down"))

    async def emptied(self, seconds: float) -> None:
        """Wait until the last connection is gone, but not longer than that."""
        if self._seats:
            self._empty.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._empty.wait()

    # --- work and word ------------------------------------------------------------------------------------------

    def tell(self, seat: Seat, text: str) -> None:
        """Say ``text`` to the others of its folder."""
        place = self._seats.get(seat)
        if place is not None:
            self._bus.publish(place.folder, lambda other: other.feed(Told(text)), but=seat)

    def pass_on(self, seat: Seat, pack: Onward | Outline) -> None:
        """``seat`` has sent (or said) what a change is to name: the others of its folder may have them by then."""
        place = self._seats.get(seat)
        if place is not None:
            self._bus.publish(place.folder, lambda other: other.feed(Coming(pack)), but=seat)

    def hear(self, seat: Seat) -> None:
        """``seat`` has sent something of what it has to say: it goes on with what it has claimed."""
        place = self._seats.get(seat)
        if place is not None and (claims := self._claims.get(place.folder)):
            claims.hear(seat, self.now().mono)

    def want(self, folder: FolderId, lost: tuple[Row, ...]) -> None:
        """Blocks of these files of ``folder`` are lost, and of no others: who is there hears it, and who comes."""
        known = self._lost.pop(folder, ())
        if lost:
            self._lost[folder] = lost
        if lost or known:
            self._bus.publish(folder, lambda seat: seat.feed(Wanted(lost)))

    def do(self, seat: Seat, task: Task, done: Callable[[Answer], None]) -> None:
        """Carry out ``task`` in its folder; ``done`` is called with the answer, perhaps at once."""
        place = self._seats.get(seat)
        if place is None:
            done(Failed("shutting_down", CODES["shutting_down"].text))
            return
        job = Job(place.folder, task, done, seat)
        match task:
            case ReadTail(since=since, until=until, folded=folded):
                recent = self._recent.get(place.folder)
                stretches = recent.after(since, until, folded=folded) if recent is not None else ()
                if stretches:
                    done(Tail(stretches))
                else:
                    self._worker.submit(job)
            case Keep():
                # The slow part, writing large blocks, goes on beside the store's thread.
                prepared = self._files.submit(self._blocks.prepare, place.folder, task.blocks)
                loop = asyncio.get_running_loop()
                prepared.add_done_callback(lambda _: loop.call_soon_threadsafe(self._worker.submit, job))
            case Submit(changes=changes, blocks=blocks):
                self._worker.submit(job)
                if (ahead := ahead_of(changes, blocks)) is not None:
                    self._bus.publish(place.folder, lambda other: other.feed(Coming(ahead)), but=seat)
            case _:
                self._worker.submit(job)

    def deliver(self, done: list[tuple[Job, Answer]]) -> None:
        """The store has done this; in the order in which it was done."""
        waiting = bool(self._to_hand_out)
        self._to_hand_out.extend(done)
        if not waiting:
            self._hand_out()

    def _hand_out(self) -> None:
        end = self.now().mono + _HAND_OUT_SECONDS
        while self._to_hand_out:
            job, answer = self._to_hand_out[0]
            if self._tell_others(job, answer) and len(self._to_hand_out) == 1:
                # They wait for the file, the one who asked for a word alone: what they hear leaves first.
                asyncio.get_running_loop().call_soon(self._hand_out)
                return
            self._hand_over(job, answer)
            self._others_know = False
            self._to_hand_out.popleft()
            if self._to_hand_out and self.now().mono > end:
                asyncio.get_running_loop().call_soon(self._hand_out)
                return

    def _tell_others(self, job: Job, answer: Answer) -> bool:
        """Tell all but the one who asked that the journal has grown; whether there was anything to tell, and anyone."""
        if self._others_know or not isinstance(answer, Submitted) or answer.head == answer.before:
            return False
        assert isinstance(job.task, Submit)
        self._others_know = True
        self._grow(job.folder, job.task, answer)
        others = [seat for seat in self._bus.of(job.folder) if seat is not job.asker]
        for seat in others:
            seat.feed(Grown(answer.head))
        return bool(others)

    def _hand_over(self, job: Job, answer: Answer) -> None:
        """To the one who asked.  Its verdicts have their place before all that comes later, so nothing later is told to
        anyone before that."""
        if isinstance(answer, Fetched) and answer.number and answer.lacking:
            self.lacked.set()
        job.done(self._shared_out(job, answer))
        if isinstance(answer, Submitted) and answer.head > answer.before:
            for seat in self._bus.of(job.folder):
                if seat is job.asker:
                    seat.feed(Grown(answer.head))

    def _shared_out(self, job: Job, answer: Answer) -> Answer:
        """``answer``, without what others are about to send of what the hub lacks."""
        seat, task = cast(Seat, job.asker), job.task
        self.hear(seat)  # the store was slow, perhaps, and not the client
        if isinstance(task, AskLacking) and task.claim and isinstance(answer, Lacks) and self._seats.get(seat):
            claims = self._claims.setdefault(job.folder, Claims())
            return Lacks(*claims.take(seat, answer.digests, self.now().mono))
        if not (known := self._claims.get(job.folder)):
            return answer
        if isinstance(task, Submit):
            known.settle(seat, named(task.changes))
        elif isinstance(task, AskLacking) and task.digests:
            known.settle(seat, task.digests)
        elif isinstance(task, AskLacking):
            known.gone(seat)  # it has sent all that it has
        return answer

    def _grow(self, folder: FolderId, submit: Submit, answer: Submitted) -> None:
        for name, known in self._folders.items():
            if known.id == folder:
                self._folders[name] = replace(known, head=max(known.head, Seq(answer.head)))
                break
        recent = self._recent.setdefault(folder, Recent())
        stretches = stretches_of(submit, answer) if len(list(self._bus.of(folder))) > 1 else None
        if stretches is None:
            recent.clear()
            return
        recent.add(stretches)
        if (timer := self._forgetting.get(folder)) is not None:
            timer.cancel()
        self._forgetting[folder] = asyncio.get_running_loop().call_later(KEPT_SECONDS, recent.clear)
