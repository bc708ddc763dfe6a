"""What connections share: seats, client ids, keys, and who is told what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from syncagent.hub.auth import KeyRing, new_key
from syncagent.hub.claims import CLAIM_SECONDS
from syncagent.hub.events import Admitted, Coming, Ended, Event, Grown, Now, Told, Turned
from syncagent.hub.hall import Hall
from syncagent.hub.rows import FolderId, Role
from syncagent.hub.rules import Rules
from syncagent.hub.runs import Runs
from syncagent.hub.stores.memory import MemoryStore
from syncagent.hub.stretch import PUSH_BYTES
from syncagent.hub.tasks import Answer, AskLacking, Failed, Lacks, ReadTail, Submit, Submitted, Tail
from syncagent.hub.worker import Job, Worker
from syncagent.model.changes import Change, Operation
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content
from syncagent.protocol.connection import ConnectionRequest

WRITER, READER, PHOTOS = new_key(), new_key(Role.READER), new_key(Role.WRITER, ["photos"])


class Seat:
    def __init__(self, address: str = "here") -> None:
        self.address = address
        self.events: list[Event] = []
        self.let_in = False

    def feed(self, event: Event) -> None:
        self.events.append(event)

    def admitted(self) -> None:
        self.let_in = True


class House:
    def __init__(self, hall: Hall, worker: Worker) -> None:
        self.hall = hall
        self.worker = worker

    async def seat(self, client: str = "a", key: str = WRITER[0], **fields: Any) -> Seat:
        seat = Seat()
        self.hall.enter(seat)
        request = ConnectionRequest(client_id=client, client_name="", sync_root="", api_key=key, **fields)
        await self.hall.admit(seat, request)
        return seat


@pytest.fixture
async def house() -> AsyncIterator[House]:
    threads = ThreadPoolExecutor(1)
    hall = Hall(Rules(), 3, threads)
    store = MemoryStore(lambda: "id")
    worker = Worker(lambda: store, lambda: 1, hall.deliver)
    await worker.start()
    folder = await worker.call(lambda store: store.journal.make_folder("default"))
    runs = Runs(["r1", "r2"], [(1, folder.id, Seq(7))])
    hall.open(worker, store.blocks, "hub", runs, [folder], KeyRing([WRITER[1], READER[1], PHOTOS[1]]))
    yield House(hall, worker)
    await worker.stop()
    threads.shutdown()


def code(seat: Seat) -> str:
    last = seat.events[-1]
    return last.code if isinstance(last, Turned | Ended) else type(last).__name__


async def test_who_has_a_key_is_let_in(house: House) -> None:
    seat = await house.seat()
    assert seat.let_in
    [event] = seat.events
    assert isinstance(event, Admitted)
    assert (event.hub_id, event.folder.name, event.role) == ("hub", "default", Role.WRITER)


@pytest.mark.hazard("E7")
@pytest.mark.parametrize(
    ("claim", "diverged"),
    [
        ({"run": "r1", "cursor": 7}, False),
        ({"run": "r1", "cursor": 8}, True),
        ({"run": "lost", "cursor": 1}, True),
        ({"run": "lost", "cursor": 0}, False),  # it knows nothing
        ({"run": "lost", "cursor": 9, "epoch": "another"}, False),  # it sees for itself
        ({"cursor": 9}, False),  # an older client
    ],
)
async def test_who_knows_another_journal_is_told_so(house: House, claim: dict[str, Any], diverged: bool) -> None:
    [event] = (await house.seat(**{"epoch": "id", **claim})).events
    assert isinstance(event, Admitted)
    assert (event.run, event.diverged) == ("r2", diverged)


@pytest.mark.hazard("G10", "N16")
@pytest.mark.parametrize(
    ("key", "folder", "answer"),
    [
        ("wrong", "default", "authentication_failed"),
        (PHOTOS[0], "default", "authentication_failed"),
        (PHOTOS[0], "photos", "folder_unknown"),
        (READER[0], "photos", "folder_unknown"),
        (READER[0], "default", "Admitted"),
        (WRITER[0], "photos", "Admitted"),
        (WRITER[0], "../x", "folder_unknown"),
        (WRITER[0], "", "folder_unknown"),
    ],
    # The keys are made anew in each process, and must not be in the names of the tests.
    ids=lambda value: "a key" if value.startswith("sak_") else None,
)
async def test_a_key_opens_its_folders(house: House, key: str, folder: str, answer: str) -> None:
    seat = await house.seat(key=key, folder=folder)
    assert code(seat) == answer
    assert seat.let_in is (answer == "Admitted")


@pytest.mark.hazard("E6")
async def test_e6_a_newer_connection_takes_the_client_id_but_a_copy_does_not(house: House) -> None:
    first = await house.seat(incarnation="1")
    assert code(await house.seat(incarnation="2")) == "client_id_in_use"
    assert code(first) == "Admitted"
    second = await house.seat(incarnation="1")
    assert (code(first), code(second)) == ("client_id_in_use", "Admitted")
    house.hall.leave(first)
    assert code(await house.seat(incarnation="2")) == "client_id_in_use"
    house.hall.leave(second)
    assert code(await house.seat(incarnation="2")) == "Admitted"


@pytest.mark.hazard("G10")
async def test_a_client_id_of_another_folder_is_another_client(house: House) -> None:
    first = await house.seat()
    assert code(await house.seat(folder="photos")) == "Admitted"
    assert code(first) == "Admitted"


@pytest.mark.hazard("F11")
async def test_a_key_has_so_many_seats(house: House) -> None:
    seats = [await house.seat(str(number)) for number in range(3)]
    assert code(await house.seat("4")) == "too_many_connections"
    assert code(await house.seat("5", READER[0])) == "Admitted"
    house.hall.leave(seats[0])
    assert code(await house.seat("4")) == "Admitted"


@pytest.mark.hazard("G12")
async def test_g12_with_its_key_a_client_goes(house: House) -> None:
    writer, reader = await house.seat("w"), await house.seat("r", READER[0])
    house.hall.revoked(READER[1].id)
    assert (code(writer), code(reader)) == ("Admitted", "authentication_failed")


@pytest.mark.hazard("G10")
async def test_only_those_of_a_folder_are_told(house: House) -> None:
    a, b, other = await house.seat("a"), await house.seat("b"), await house.seat("c", folder="photos")
    house.hall.tell(a, "hello")
    assert (b.events[-1], code(a), code(other)) == (Told("hello"), "Admitted", "Admitted")
    stranger = Seat()
    house.hall.enter(stranger)
    house.hall.tell(stranger, "hello")
    assert b.events.count(Told("hello")) == 1


async def test_a_submission_is_told_to_others_first_and_then_answered(house: House) -> None:
    a, b = await house.seat("a"), await house.seat("b")
    answers: list[Answer] = []
    change = Change(ChangeId("c"), Operation.CREATE, NodeId("d"), Rev(0), Kind.DIR, ROOT, Name("d"))

    def answered(answer: Answer) -> None:
        answers.append(answer)
        assert (code(a), code(b)) == ("Admitted", "Grown")

    house.hall.do(a, Submit(ClientId("a"), (change,), ()), answered)
    await house.worker.call(lambda store: None)
    await asyncio.sleep(0)
    assert isinstance(answers[0], Submitted)
    assert a.events[-1] == b.events[-1] == Grown(Seq(1))
    tails: list[Answer] = []
    house.hall.do(b, ReadTail(Seq(0), Seq(1)), tails.append)
    assert isinstance(tails[0], Tail), "what was just written is answered at once"
    late = await house.seat("late")
    assert isinstance(late.events[0], Admitted)
    assert late.events[0].folder.head == 1


async def test_of_several_submissions_each_is_answered_before_the_next_is_told(house: House) -> None:
    a, b = await house.seat("a"), await house.seat("b")
    changes = [Change(ChangeId(n), Operation.CREATE, NodeId(n), Rev(0), Kind.DIR, ROOT, Name(n)) for n in "xy"]
    story: list[str] = []
    jobs = [
        (Job(FolderId(1), Submit(ClientId("a"), (change,), ()), lambda _, n=n: story.append(f"{n} {code(b)}"), a), n)  # type: ignore[misc]
        for n, change in enumerate(changes, 1)
    ]
    house.hall.deliver([(job, Submitted((), Seq(n - 1), Seq(n), ())) for job, n in jobs])
    await asyncio.sleep(0)
    assert story == ["1 Grown", "2 Grown"]
    assert a.events[1:] == b.events[1:] == [Grown(Seq(1)), Grown(Seq(2))]


@pytest.mark.parametrize(("size", "told"), [(10, True), (PUSH_BYTES, True), (PUSH_BYTES + 1, False), (0, False)])
async def test_the_bytes_of_a_small_edit_are_on_their_way_while_it_is_judged(
    house: House, size: int, told: bool
) -> None:
    a, b, other = await house.seat("a"), await house.seat("b"), await house.seat("c", folder="photos")
    blocks = ((Digest(b"?" * 32), b"x" * size),) if size else ()
    house.hall.do(a, Submit(ClientId("a"), (), blocks), lambda _: None)
    coming = [event for event in b.events if isinstance(event, Coming)]
    assert [event.ahead.blocks for event in coming] == ([dict(blocks)] if told else [])
    assert (code(a), code(other)) == ("Admitted", "Admitted"), "its author has them; others have nothing to do with it"


async def test_what_was_just_written_is_kept_for_a_moment_only(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncagent.hub.hall.KEPT_SECONDS", 0.0)
    [a, b] = [await house.seat(name) for name in "ab"]
    change = Change(ChangeId("c"), Operation.CREATE, NodeId("d"), Rev(0), Kind.DIR, ROOT, Name("d"))
    answers: list[Answer] = []
    house.hall.do(a, Submit(ClientId("a"), (change,), ()), answers.append)
    while not answers:
        await house.worker.call(lambda store: None)
    tails: list[Answer] = []
    house.hall.do(b, ReadTail(Seq(0), Seq(1)), tails.append)
    while tails:  # from memory
        tails.clear()
        await asyncio.sleep(0)
        house.hall.do(b, ReadTail(Seq(0), Seq(1)), tails.append)
    await house.worker.call(lambda store: None)
    assert isinstance(tails[0], Tail), "from the store"


async def test_who_left_is_answered_too(house: House) -> None:
    seat = await house.seat()
    house.hall.leave(seat)
    answers: list[Answer] = []
    house.hall.do(seat, ReadTail(Seq(0), Seq(1)), answers.append)
    assert isinstance(answers[0], Failed)


async def test_at_the_end_everyone_is_told(house: House) -> None:
    seat = await house.seat()
    house.hall.stop()
    assert code(seat) == "shutting_down"
    late = Seat()
    house.hall.enter(late)
    assert code(late) == "shutting_down"


async def test_of_two_who_are_about_to_send_the_same_one_is_told_that_it_comes(house: House) -> None:
    first, second = await house.seat("a"), await house.seat("b")
    wanted = (Digest(b"1" * 32), Digest(b"2" * 32))

    async def ask(seat: Seat, *digests: Digest, claim: bool = True) -> Answer:
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        house.hall.do(seat, AskLacking(digests, claim), answered.set_result)
        return await answered

    assert await ask(first, wanted[0]) == Lacks((wanted[0],))
    assert await ask(second, *wanted) == Lacks((wanted[1],), (wanted[0],))
    assert await ask(second, *wanted, claim=False) == Lacks(wanted), "who only asks hears what is lacking"
    house.hall.leave(first)
    assert await ask(second, *wanted) == Lacks(wanted), "of who has gone nothing is waited for"
    judged: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    third = await house.seat("c")
    assert await ask(third, wanted[1]) == Lacks((), (wanted[1],))
    content = Content(wanted[1], 1)
    change = Change(
        ChangeId("c1"), Operation.CREATE, NodeId("n1"), Rev(0), Kind.FILE, ROOT, Name("f"),
        content, recipe=(Block(wanted[1], 1),),
    )  # fmt: skip
    house.hall.do(second, Submit(ClientId("b"), (change,), ()), judged.set_result)
    await judged
    assert await ask(third, wanted[1]) == Lacks((wanted[1],)), "its change was refused: others may bring it"
    assert await ask(second, wanted[1]) == Lacks((), (wanted[1],))
    assert await ask(third, wanted[1], claim=False) == Lacks((wanted[1],))
    assert await ask(second, wanted[1]) == Lacks((wanted[1],)), "who asks without a claim does not bring it"
    assert await ask(third, wanted[1]) == Lacks((), (wanted[1],))
    assert await ask(second, claim=False) == Lacks(())
    assert await ask(third, wanted[1]) == Lacks((wanted[1],)), "who asks about nothing has nothing to bring any more"


async def test_of_who_goes_on_sending_what_it_has_claimed_is_waited_for(house: House) -> None:
    first, second = await house.seat("a"), await house.seat("b")
    wanted, now = (Digest(b"1" * 32),), 0.0

    async def ask(seat: Seat) -> Answer:
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        house.hall.do(seat, AskLacking(wanted, True), answered.set_result)
        return await answered

    house.hall.now = lambda: Now(now, 1)
    assert await ask(first) == Lacks(wanted)
    for _ in range(3):
        now += CLAIM_SECONDS - 1
        house.hall.hear(first)
        assert await ask(second) == Lacks((), wanted)
    now += CLAIM_SECONDS
    assert await ask(second) == Lacks(wanted)
