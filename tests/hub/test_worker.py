"""The store's thread: group commit, answers in order, and trouble that stays with the one who has it."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager

import pytest

import syncagent.hub.worker as worker_module
from syncagent.content.digest import content_of
from syncagent.errors import StorageFull, StorageTrouble
from syncagent.hub.brake import Brake, BrakeRules
from syncagent.hub.rows import FolderId
from syncagent.hub.stores.memory import MemoryStore
from syncagent.hub.stores.ports import Store
from syncagent.hub.tasks import Answer, AskLacking, Failed, Keep, Kept, Lacks, Submit, Submitted
from syncagent.hub.work import NO_BRAKE
from syncagent.hub.worker import Job, Worker
from syncagent.model.changes import Change, Operation
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ChangeId, ClientId, Digest, NodeId, Rev
from syncagent.model.names import Name


class Bench:
    def __init__(self, brake: Brake = NO_BRAKE) -> None:
        self.full = False
        self.store = MemoryStore(lambda: "id")
        self.commits = 0
        self.durable: list[bool] = []
        self.full_at = b""
        self.gate = threading.Event()
        self.gate.set()
        self.done: list[tuple[str, Answer]] = []
        self.worker = Worker(self.opened, lambda: 1, self.deliver, brake)

    def opened(self) -> Store:
        self.store.before_commit = self.commit
        unit = self.store.unit

        def noted(*, durable: bool = True) -> AbstractContextManager[None]:
            self.durable.append(durable)
            return unit(durable=durable)

        self.store.unit = noted  # type: ignore[method-assign]
        put = self.store.blocks.put

        def checked(folder: FolderId, blocks: list[tuple[Digest, bytes]]) -> None:
            if any(plain == self.full_at for _, plain in blocks):
                raise StorageFull("no room")
            put(folder, blocks)

        self.store.blocks.put = checked  # type: ignore[method-assign,assignment]
        return self.store

    def commit(self) -> None:
        self.gate.wait(10)
        if self.full:
            raise StorageFull("no room")
        self.commits += 1

    def deliver(self, done: list[tuple[Job, Answer]]) -> None:
        for job, answer in done:
            job.done(answer)

    def submit(self, name: str, plain: bytes) -> None:
        job = Job(FolderId(1), Keep(((Digest(plain * 32), plain),)), lambda answer: self.done.append((name, answer)))
        self.worker.submit(job)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    await bench.worker.start()
    await bench.worker.call(lambda store: store.journal.make_folder("default"))
    yield bench
    bench.gate.set()
    await bench.worker.stop()


async def test_a_store_that_nobody_asks_rests_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "REST_SECONDS", 0.0)
    rests, rested = [0], threading.Event()

    def rest() -> None:
        rests[0] += 1
        rested.set()

    bench = Bench()
    bench.store.rest = rest  # type: ignore[method-assign]
    await bench.worker.start()
    assert await asyncio.to_thread(rested.wait, 30)
    rested.clear()
    assert await bench.worker.call(lambda store: rests[0]) == 1
    assert await asyncio.to_thread(rested.wait, 30), "again, after something was to be done"
    await bench.worker.stop()
    assert rests == [2]


async def test_what_comes_meanwhile_is_one_unit(bench: Bench) -> None:
    bench.gate.clear()
    for number in range(20):
        bench.submit(str(number), bytes([number]))
    bench.gate.set()
    await bench.worker.call(lambda store: None)
    assert bench.done == [(str(number), Kept()) for number in range(20)]
    assert bench.commits <= 5


async def test_blocks_alone_wait_for_no_disk_and_what_names_them_does(bench: Bench) -> None:
    bench.submit("blocks", b"b")
    await bench.worker.call(lambda store: None)
    assert bench.durable == [True, False, True], "the calls are"
    bench.worker.submit(Job(FolderId(1), Submit(ClientId("c"), (), ()), lambda answer: None))
    await bench.worker.call(lambda store: None)
    assert bench.durable[3] is True


async def test_what_someone_waits_for_is_done_before_blocks_of_large_files_which_have_the_next_turn(
    bench: Bench,
) -> None:
    begun, go = threading.Event(), threading.Event()

    def hold_up(_: object) -> bool:
        begun.set()
        return go.wait(10)

    held = asyncio.ensure_future(bench.worker.call(hold_up))
    assert await asyncio.to_thread(begun.wait, 10)
    for number in range(3):
        bench.submit(f"bulk {number}", bytes([number]))
    for _ in range(2):
        bench.worker.submit(Job(FolderId(1), AskLacking(()), lambda answer: bench.done.append(("asked", answer))))
    go.set()
    assert await held
    await bench.worker.stop()  # not a call: one that comes before the first turn is over is done in it
    assert [name for name, _ in bench.done] == ["asked", "asked", "bulk 0", "bulk 1", "bulk 2"]


async def test_trouble_stays_with_the_one_who_has_it(bench: Bench) -> None:
    bench.gate.clear()
    bench.full_at = b"c"
    for name in "abcd":
        bench.submit(name, name.encode())
    bench.gate.set()
    await bench.worker.call(lambda store: None)
    assert [(name, type(answer)) for name, answer in bench.done] == [
        ("a", Kept), ("b", Kept), ("c", Failed), ("d", Kept),
    ]  # fmt: skip
    failed = bench.done[2][1]
    assert isinstance(failed, Failed)
    assert failed.code == "storage_full"
    there = bench.store.blocks.sizes(FolderId(1), [Digest(name.encode() * 32) for name in "abcd"])
    assert len(there) == 3


@pytest.mark.hazard("E2", "F17")
async def test_what_could_not_be_written_does_not_count_for_the_brake() -> None:
    bench = Bench(Brake(BrakeRules()))
    await bench.worker.start()
    await bench.worker.call(lambda store: store.journal.make_folder("default"))

    async def submit(*changes: Change) -> Counter[str]:
        found: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        bench.worker.submit(Job(FolderId(1), Submit(ClientId("mad"), changes, ()), found.set_result))
        answer = await found
        verdicts = answer.verdicts if isinstance(answer, Submitted) else ()
        return Counter(one.error_code or one.ruling.value for one in verdicts)

    def empty_file(operation: Operation, number: int, base: int) -> Change:
        content = content_of(b"")
        return Change(
            ChangeId(f"{operation.value}{number}"), operation, NodeId(f"n{number}"), Rev(base), Kind.FILE, ROOT,
            Name(f"f{number}"), content,
        )  # fmt: skip

    await submit(*(empty_file(Operation.CREATE, number, 0) for number in range(20)))
    bench.full = True
    assert await submit(*(empty_file(Operation.DELETE, number, 1) for number in range(9))) == {}
    bench.full = False
    assert await submit(*(empty_file(Operation.DELETE, number, 1) for number in range(9, 18))) == {"committed": 9}
    await bench.worker.stop()


async def test_a_mistake_of_ours_is_told_without_its_stack(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.worker.submit(Job(FolderId(99), Keep(()), lambda answer: bench.done.append(("x", answer))))
    await bench.worker.call(lambda store: None)
    assert bench.done == [("x", Failed("internal_error", "the hub failed"))]
    assert "a unit of work failed" in caplog.text


async def test_what_only_reads_does_not_wait_for_the_disk(bench: Bench) -> None:
    before = bench.commits
    found: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    bench.worker.submit(Job(FolderId(1), AskLacking((Digest(b"?" * 32),)), found.set_result))
    assert await found == Lacks((Digest(b"?" * 32),))
    assert bench.commits == before


async def test_a_call_that_fails_is_raised_where_it_was_asked_for(bench: Bench) -> None:
    def fail(store: Store) -> None:
        raise StorageFull("no room")

    with pytest.raises(StorageFull):
        await bench.worker.call(fail)


async def test_what_was_submitted_is_done_before_the_end(bench: Bench) -> None:
    for number in range(5):
        bench.submit(str(number), bytes([number]))
    await bench.worker.stop()
    await asyncio.sleep(0)
    assert len(bench.done) == 5
    bench.submit("late", b"x")
    assert isinstance(bench.done[-1][1], Failed)
    with pytest.raises(StorageTrouble):
        await bench.worker.call(lambda store: None)


async def test_a_store_that_does_not_open_is_raised_at_the_start() -> None:
    def refuse() -> Store:
        raise StorageTrouble("no")

    worker = Worker(refuse, lambda: 1, lambda done: None)
    with pytest.raises(StorageTrouble):
        await worker.start()
