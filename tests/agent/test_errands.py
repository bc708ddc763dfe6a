"""Errands on a real folder: what each effect comes back as."""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from blake3 import blake3
from pydantic import SecretStr

from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.errands import LARGE, Errands
from syncagent.agent.premises import open_premises
from syncagent.agent.workers import Workers
from syncagent.content.recipe import read_all
from syncagent.engine.effects import FillStage, Look, OpenStage, ReadBlocks, ReadOn, ReadOutline, Run, SweepStage
from syncagent.engine.events import (
    BlocksRead,
    Event,
    Outlined,
    PartRead,
    RootLost,
    Seen,
    StageFilled,
    StageOpened,
    TasksDone,
)
from syncagent.errors import StorageFull
from syncagent.localfs.begun import FEW
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.masses import TOGETHER
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import DiskFile, Opening
from syncagent.localfs.real import RealMark
from syncagent.localfs.scanner import Scanner
from syncagent.localfs.trash import Keeping
from syncagent.model.facts import FileSeen, Listed, LookAt, NothingThere, Stamp
from syncagent.model.ids import ROOT, Digest, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Block, Content, Dir, File, Placement
from syncagent.planner.ops import DeleteLocal, MakeLocalDir, WriteLocal
from syncagent.planner.tasks import (
    DeleteTask,
    Done,
    Failed,
    Inline,
    MakeDirTask,
    ReadWish,
    Staged,
    StageWish,
    StaleTask,
    WriteTask,
)


class Desk:
    """Errands on ``root``, and the events that they post."""

    def __init__(self, base: Path) -> None:
        (base / "data").mkdir(mode=0o700)
        config = AgentConfig(
            sync_root=base / "root", server="ws://127.0.0.1:1", name="Laptop", data_dir=base / "data",
            client_id="laptop-1", api_key=SecretStr("k" * 20),
        )  # fmt: skip
        self.root = base / "root"
        self.premises = open_premises(config)
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.failures: list[BaseException] = []
        self.workers = Workers(self.failures.append)
        self.errands = Errands(
            self.premises.disk, self.premises.scanner, self.premises.applier, self.premises.staging, self.workers,
            self.events.put,
        )  # fmt: skip

    def next(self) -> Event:
        return self.events.get(timeout=30)

    def all_seen(self) -> list[Seen]:
        found: list[Seen] = []
        while not found or not found[-1].last:
            event = self.next()
            assert isinstance(event, Seen)
            found.append(event)
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    assert made.workers.end()
    made.premises.leave()
    assert made.failures == []


def write_task(name: str, content: Content, source: Inline | Staged) -> WriteTask:
    node = File(NodeId(f"id-{name}"), Placement(ROOT, Name(name)), content, False, 1_700_000_000_000_000_000)
    return WriteTask(WriteLocal(node, None), RelPath(name), None, source)


def content_of(data: bytes) -> Content:
    return Content(Digest(blake3(data).digest()), len(data))


def test_a_look_at_paths_is_one_answer(desk: Desk) -> None:
    (desk.root / "a").write_bytes(b"hello")
    desk.errands.begin(Look(3, (LookAt(RelPath("a"), None), LookAt(RelPath("b"), None))))
    event = desk.next()
    assert isinstance(event, Seen)
    assert (event.number, event.last) == (3, True)
    first, second = event.facts
    assert isinstance(first, FileSeen)
    assert first.bytes_read == b"hello"
    assert second == NothingThere(RelPath("b"))


def test_what_was_seen_when_the_watcher_told_of_it_is_answered_at_once_by_no_other_thread(desk: Desk) -> None:
    (desk.root / "a").write_bytes(b"hello")
    desk.errands.glances.take(RelPath("a"))
    desk.errands.begin(Look(3, (LookAt(RelPath("a"), None),)))
    event = desk.events.get_nowait()
    assert isinstance(event, Seen)
    [fact] = event.facts
    assert (event.number, event.last) == (3, True)
    assert isinstance(fact, FileSeen)
    assert fact.bytes_read == b"hello"


def test_a_task_ends_what_the_watcher_told_of_before_it(desk: Desk) -> None:
    (desk.root / "a").write_bytes(b"hello")
    desk.errands.glances.take(RelPath("a"))
    desk.errands.begin(Run((write_task("b", content_of(b"two"), Inline(b"two")),)))
    assert isinstance(desk.next(), TasksDone)
    desk.errands.begin(Look(3, (LookAt(RelPath("a"), None),)))
    [seen] = desk.all_seen()
    assert isinstance(seen.facts[0], FileSeen)


def test_a_walk_comes_in_batches_and_ends(desk: Desk) -> None:
    for number in range(5000):
        (desk.root / f"f{number}").touch()
    desk.errands.begin(Look(4, (LookAt(RelPath("f1"), None),), (RelPath(""),)))
    seen = desk.all_seen()
    assert len(seen[0].facts) == 1
    facts = [fact for event in seen[1:] for fact in event.facts]
    assert sum(isinstance(fact, FileSeen) for fact in facts) == 5000
    assert isinstance(facts[-1], Listed)
    assert len(seen) > 3
    assert {event.number for event in seen} == {4}


def test_a_large_file_is_read_part_by_part_and_then_seen(desk: Desk) -> None:
    data = os.urandom(20 << 20)
    (desk.root / "big").write_bytes(data)
    parts: list[PartRead] = []
    while not parts or not parts[-1].ended:
        desk.errands.begin(ReadOn(7, RelPath("big")))
        event = desk.next()
        assert isinstance(event, PartRead)
        parts.append(event)
    desk.errands.begin(ReadOn(7, RelPath("big"), to_its_end=True))
    [seen] = desk.all_seen()
    [fact] = seen.facts
    assert isinstance(fact, FileSeen)
    assert fact.content == content_of(data)
    assert [digest for part in parts for digest, _ in part.blocks] == [block.digest for block in fact.recipe]
    assert b"".join(block for part in parts for _, block in part.blocks) == data
    assert {part.size for part in parts} == {len(data)}


def test_what_is_no_large_file_any_more_is_looked_at_instead(desk: Desk) -> None:
    (desk.root / "big").write_bytes(b"small by now")
    desk.errands.begin(ReadOn(7, RelPath("big")))
    assert [type(fact) for fact in desk.all_seen()[0].facts] == [FileSeen]
    desk.errands.begin(ReadOn(8, RelPath("gone")))
    assert desk.all_seen()[0].facts == (NothingThere(RelPath("gone")),)


def test_a_large_file_that_changes_while_it_is_read_is_seen_as_it_is_then_a6(desk: Desk) -> None:
    (desk.root / "big").write_bytes(os.urandom(20 << 20))
    desk.errands.begin(ReadOn(7, RelPath("big")))
    assert isinstance(desk.next(), PartRead)
    newer = os.urandom(17 << 20)
    (desk.root / "big").write_bytes(newer)
    desk.errands.begin(ReadOn(7, RelPath("big"), to_its_end=True))
    [fact] = desk.all_seen()[0].facts
    assert isinstance(fact, FileSeen)
    assert fact.content == content_of(newer)


def test_blocks_are_read_and_what_has_changed_is_told(desk: Desk) -> None:
    (desk.root / "a").write_bytes(b"hello")
    (desk.root / "b").write_bytes(b"changed")
    digest = content_of(b"hello").digest
    stamp = desk.premises.disk.stat(RelPath("a")).stamp
    wishes = tuple(ReadWish(RelPath(name), stamp, ((0, Block(digest, 5)),)) for name in "ab")
    desk.errands.begin(ReadBlocks(5, wishes))
    assert desk.next() == BlocksRead(5, ((digest, b"hello"),), (RelPath("b"),))


def test_tasks_are_done(desk: Desk) -> None:
    desk.errands.begin(Run((write_task("new", content_of(b"data"), Inline(b"data")),)))
    event = desk.next()
    assert isinstance(event, TasksDone)
    assert isinstance(event.outcomes[0], Done)
    assert (desk.root / "new").read_bytes() == b"data"


def test_tasks_that_have_come_to_wait_are_done_in_one_batch(desk: Desk) -> None:
    go = threading.Event()
    desk.workers.change.do(lambda: assert_true(go.wait(10)))
    for number in range(3):
        desk.errands.begin(Run((write_task(f"f{number}", content_of(b"data"), Inline(b"data")),)))
    go.set()
    event = desk.next()
    assert isinstance(event, TasksDone)
    assert [one.op.node.at.name for one in event.outcomes if isinstance(one.op, WriteLocal)] == ["f0", "f1", "f2"]
    desk.errands.begin(Run((write_task("f3", content_of(b"data"), Inline(b"data")),)))
    event = desk.next()
    assert isinstance(event, TasksDone)
    assert len(event.outcomes) == 1


def test_masses_that_follow_each_other_wait_for_the_disk_once_between_them_in_another_thread(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    desk.workers.change.do(lambda: assert_true(go.wait(10)))
    real, threads = RealMark.sync, list[str]()
    monkeypatch.setattr(RealMark, "sync", lambda mark: (threads.append(threading.current_thread().name), real(mark))[1])
    content = content_of(b"data")
    for batch in range(3):
        names = [f"{batch}.{number}" for number in range(TOGETHER)]
        desk.errands.begin(Run(tuple(write_task(name, content, Inline(b"data")) for name in names)))
    go.set()
    for batch in range(3):
        event = desk.next()
        assert isinstance(event, TasksDone)
        assert all(isinstance(one, Done) for one in event.outcomes)
        assert len(list(desk.root.glob(f"{batch}.*"))) == TOGETHER
    assert threads == ["aside-0"] * 4


def test_what_comes_while_the_disk_is_waited_for_is_made_meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    waits, made, real = threading.Event(), threading.Event(), RealMark.sync

    def sync(mark: RealMark) -> None:
        waits.set()
        assert made.wait(60)
        real(mark)

    monkeypatch.setattr(RealMark, "sync", sync)
    opened = desk.premises.disk.open

    def open_(path: RelPath, how: Opening = Opening.READ, mode: int = 0o666) -> DiskFile:
        if waits.is_set() and how is Opening.NEW:
            made.set()
        return opened(path, how, mode)

    monkeypatch.setattr(desk.premises.disk, "open", open_)
    content = content_of(b"data")
    names = [f"a{number}" for number in range(FEW + 1)]
    desk.errands.begin(Run(tuple(write_task(name, content, Inline(b"data")) for name in names)))
    assert waits.wait(60)
    others = [f"b{number}" for number in range(FEW + 1)]
    desk.errands.begin(Run(tuple(write_task(name, content, Inline(b"data")) for name in others)))
    outcomes = [one for _ in range(2) for one in desk.next().outcomes]  # type: ignore[union-attr]
    assert all(isinstance(one, Done) for one in outcomes)
    assert sorted(path.name for path in desk.root.iterdir() if path.is_file()) == sorted([*names, *others])


def test_an_edit_behind_a_mass_waits_for_no_more_of_the_disk_than_for_what_is_its_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, put, real, syncs = threading.Event(), threading.Event(), RealMark.sync, list[None]()

    def sync(mark: RealMark) -> None:
        syncs.append(None)
        waits.set()
        assert put.wait(60)
        real(mark)

    monkeypatch.setattr(RealMark, "sync", sync)
    content = content_of(b"data")
    desk.errands.begin(Run(tuple(write_task(f"a{n}", content, Inline(b"data")) for n in range(FEW + 1))))
    assert waits.wait(60)
    desk.errands.begin(Run((write_task("b", content, Inline(b"data")),)))
    put.set()
    mass, edit = desk.next(), desk.next()
    assert isinstance(mass, TasksDone)
    assert isinstance(edit, TasksDone)
    assert [type(one) for one in edit.outcomes] == [Done]
    assert len(syncs) == 2, "of the mass: its content, and its names"


@pytest.mark.hazard("E1")
def test_a_root_that_goes_while_the_disk_is_waited_for_is_told_e1(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RealMark, "sync", lambda mark: shutil.rmtree(desk.root))
    content = content_of(b"data")
    many = tuple(write_task(f"a{number}", content, Inline(b"data")) for number in range(FEW + 1))
    desk.errands.begin(Run(many))
    assert isinstance(desk.next(), RootLost)
    assert not desk.root.exists()
    assert not desk.errands._aside


def test_no_one_waits_until_what_was_deleted_is_removed(desk: Desk) -> None:
    go = threading.Event()
    desk.workers.clear.do(lambda: assert_true(go.wait(10)))
    desk.errands.begin(Run((write_task("a", content_of(b"data"), Inline(b"data")),)))
    event = desk.next()
    assert isinstance(event, TasksDone)
    [done] = event.outcomes
    assert isinstance(done, Done)
    assert isinstance(done.fact, FileSeen)
    assert isinstance(done.op, WriteLocal)
    desk.errands.begin(Run((DeleteTask(DeleteLocal(done.op.node), RelPath("a"), done.fact.stamp),)))
    event = desk.next()
    assert isinstance(event, TasksDone)
    assert isinstance(event.outcomes[0], Done)
    assert not (desk.root / "a").exists()
    stage = desk.root / ".syncagent/stage"
    assert len(os.listdir(stage)) == 1, "it is out of the tree, and no more"
    desk.errands.begin(SweepStage(frozenset()))
    cleared = threading.Event()
    go.set()
    desk.workers.clear.do(cleared.set)
    assert cleared.wait(10)
    assert os.listdir(stage) == []


@pytest.mark.parametrize("replaced", [False, True])
def test_what_a_small_edit_leaves_is_removed_by_who_wrote_it_unless_the_trash_is_to_have_it(
    desk: Desk, replaced: bool
) -> None:
    trash = desk.errands.staging.trash
    assert trash is not None
    trash.keeping = replace(trash.keeping, replaced=replaced)
    first = write_task("a", content_of(b"old"), Inline(b"old"))
    desk.errands.begin(Run((first,)))
    event = desk.next()
    assert isinstance(event, TasksDone)
    [done] = event.outcomes
    assert isinstance(done, Done)
    assert isinstance(done.fact, FileSeen)
    go, written, cleared = threading.Event(), threading.Event(), threading.Event()
    desk.workers.clear.do(lambda: assert_true(go.wait(10)))
    second = write_task("a", content_of(b"new"), Inline(b"new"))
    op = replace(second.op, expect=first.op.node)
    desk.errands.begin(Run((replace(second, op=op, expect=done.fact.stamp),)))
    event = desk.next()
    assert isinstance(event, TasksDone)
    assert isinstance(event.outcomes[0], Done)
    desk.workers.change.do(written.set)
    assert written.wait(10)
    assert len(stage_of(desk)) == replaced, "one look at the stage while no other thread can have cleared it"
    go.set()
    desk.workers.clear.do(cleared.set)
    assert cleared.wait(10)
    assert stage_of(desk) == {}
    assert len(trash.items()) == replaced


def assert_true(held: bool) -> None:
    assert held


def test_a_large_file_is_put_together_beside_the_others(desk: Desk) -> None:
    data = os.urandom(LARGE + 1000)
    content, recipe = read_all([data])
    desk.errands.begin(OpenStage(StageWish(content, recipe)))
    opened = desk.next()
    assert opened == StageOpened(content, frozenset(block.digest for block in recipe))
    offset, blocks = 0, []
    for block in recipe:
        blocks.append((block.digest, data[offset : offset + block.size]))
        offset += block.size
    desk.errands.begin(FillStage(content, tuple(blocks)))
    assert desk.next() == StageFilled(content, tuple(block.digest for block in recipe))
    small = write_task("small", content_of(b"s"), Inline(b"s"))
    desk.errands.begin(Run((write_task("large", content, Staged(content)), small)))
    events = [desk.next(), desk.next()]
    outcomes = [one for event in events if isinstance(event, TasksDone) for one in event.outcomes]
    assert all(isinstance(one, Done) for one in outcomes)
    assert len(outcomes) == 2
    assert (desk.root / "large").read_bytes() == data


def test_what_the_file_had_before_is_not_asked_for_again(desk: Desk) -> None:
    old = os.urandom(1 << 20)
    new = old[: 1 << 19] + b"changed" + old[(1 << 19) + 7 :]
    (desk.root / "file").write_bytes(old)
    stamp = desk.premises.disk.stat(RelPath("file")).stamp
    content, recipe = read_all([new])
    desk.errands.begin(OpenStage(StageWish(content, recipe, ((RelPath("file"), stamp, ()),))))
    opened = desk.next()
    assert isinstance(opened, StageOpened)
    assert 1 <= len(opened.missing) <= 3 < len(recipe)


@pytest.mark.parametrize("wrong", [b"wrong", b"y" * 100_000])
def test_a_block_that_is_damaged_is_wanted_again(desk: Desk, wrong: bytes) -> None:
    """Blocks are checked when they come off the wire; the stage believes nothing all the same."""
    content, recipe = read_all([b"x" * 100_000])
    wish = StageWish(content, recipe)
    desk.errands.begin(OpenStage(wish))
    desk.next()
    desk.errands.begin(FillStage(content, ((recipe[0].digest, wrong),)))
    assert isinstance(desk.next(), StageFilled)
    desk.errands.begin(OpenStage(wish))
    opened = desk.next()
    assert isinstance(opened, StageOpened)
    assert recipe[0].digest in opened.missing


def test_what_is_left_in_the_stage_is_swept(desk: Desk) -> None:
    content, recipe = read_all([b"x" * 100_000])
    desk.errands.begin(OpenStage(StageWish(content, recipe)))
    desk.next()
    stage = desk.root / ".syncagent" / "stage"
    assert list(stage.glob("part.*"))
    desk.errands.begin(SweepStage(frozenset()))
    desk.errands.begin(OpenStage(StageWish(content, recipe)))
    desk.next()
    assert len(list(stage.glob("part.*"))) == 1


@pytest.mark.parametrize(
    "effect",
    [
        Look(1, (LookAt(RelPath("a"), None),)),
        Look(1, (), (RelPath(""),)),
        Run((write_task("new", content_of(b"data"), Inline(b"data")),)),
        ReadBlocks(1, (ReadWish(RelPath("a"), Stamp(b""), ()),)),
        OpenStage(StageWish(content_of(b"x"), (Block(content_of(b"x").digest, 1),))),
        SweepStage(frozenset()),
    ],
    ids=["look", "walk", "run", "read", "open", "sweep"],
)
def test_a_root_that_is_gone_is_told_and_nothing_else_e1(
    desk: Desk, effect: Look | Run | ReadBlocks | SweepStage
) -> None:
    shutil.rmtree(desk.root)
    desk.errands.begin(effect)
    assert isinstance(desk.next(), RootLost)
    assert not desk.root.exists()


@pytest.mark.hazard("B8")
def test_when_the_folder_as_a_whole_cannot_be_read_it_is_lost_and_not_the_agent(desk: Desk) -> None:
    """An error on the root itself ended the agent's life, with a trace in its log."""
    disk = MemoryDisk()

    def fails(call: str, path: RelPath) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    scanner = Scanner(disk, disk.abilities)
    premises = desk.premises
    errands = Errands(disk, scanner, premises.applier, premises.staging, desk.workers, desk.events.put)
    disk.before_call = fails
    errands.begin(Look(1, (LookAt(RelPath("a"), None),)))
    event = desk.next()
    assert isinstance(event, RootLost)
    assert "input/output error" in event.reason.lower()


def stage_of(desk: Desk) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in (desk.root / STAGE).glob("*")}


def prepared(desk: Desk, run: Run) -> dict[str, int]:
    """What lies in the stage when ``run`` has been prepared."""
    desk.errands.prepare(run)
    desk.workers.change.do(lambda: desk.events.put(RootLost("the lane has come to here")))
    assert isinstance(desk.next(), RootLost)
    return stage_of(desk)


def test_what_is_prepared_shows_nowhere_and_is_put_in_place_when_its_time_has_come(desk: Desk) -> None:
    run = Run((write_task("a", content_of(b"new"), Inline(b"new")),))
    [made] = prepared(desk, run).values()
    assert sorted(os.listdir(desk.root)) == [".syncagent"]
    desk.errands.begin(run)
    done = desk.next()
    assert isinstance(done, TasksDone)
    assert isinstance(done.outcomes[0], Done)
    assert (desk.root / "a").read_bytes() == b"new"
    assert (desk.root / "a").stat().st_ino == made, "it was made once"
    assert stage_of(desk) == {}


@pytest.mark.hazard("B1")
def test_b1_what_came_to_stand_there_meanwhile_stays(desk: Desk) -> None:
    run = Run((write_task("a", content_of(b"new"), Inline(b"new")),))
    prepared(desk, run)
    (desk.root / "a").write_bytes(b"the user's")
    desk.errands.begin(run)
    done = desk.next()
    assert isinstance(done, TasksDone)
    assert isinstance(done.outcomes[0], StaleTask)
    assert (desk.root / "a").read_bytes() == b"the user's"
    assert stage_of(desk) == {}


def test_neither_masses_nor_what_came_block_by_block_is_prepared(desk: Desk) -> None:
    many = Run(tuple(write_task(f"f{number}", content_of(b"x"), Inline(b"x")) for number in range(FEW + 1)))
    content = content_of(b"x")
    staged = Run((write_task("a", content, Inline(b"x")), write_task("b", content, Staged(content))))
    assert prepared(desk, many) == prepared(desk, staged) == {}


def test_what_is_done_together_with_others_is_not_made_a_second_time(desk: Desk) -> None:
    first, second = (Run((write_task(name, content_of(b"new"), Inline(b"new")),)) for name in "ab")
    gate = threading.Event()
    desk.workers.change.do(lambda: gate.wait(10) and None)
    desk.errands.begin(first)
    desk.errands.prepare(second)
    desk.errands.begin(second)
    gate.set()
    done = desk.next()
    assert isinstance(done, TasksDone)
    assert len(done.outcomes) == 2
    assert prepared(desk, Run(())) == {}
    assert not desk.errands._waiting.is_announced(second.tasks)


@pytest.mark.hazard("B5")
def test_b5_what_was_prepared_in_vain_the_next_start_clears(desk: Desk) -> None:
    assert prepared(desk, Run((write_task("a", content_of(b"new"), Inline(b"new")),)))
    desk.premises.staging.slots._active.clear()  # as a new process knows of none
    assert desk.premises.staging.slots.recover() == ()
    assert stage_of(desk) == {}


@pytest.mark.hazard("B7")
@pytest.mark.parametrize("room", [True, False], ids=["there is something in the trash", "it is empty"])
def test_a_full_disk_takes_from_the_trash_before_anything_fails(desk: Desk, room: bool) -> None:
    trash = desk.premises.staging.trash
    assert trash is not None
    if room:
        (desk.root / ".syncagent/stage/new.old").write_bytes(b"x")
        assert trash.take(RelPath(".syncagent/stage/new.old"), RelPath("old"), replaced=False)
    mkdir = desk.premises.disk.mkdir

    def full(path: RelPath, mode: int = 0o777) -> None:
        if path == "d" and (not room or trash.items()):
            raise OSError(errno.ENOSPC, "No space left on device", path)
        mkdir(path, mode)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.premises.disk, "mkdir", full)
        folder = Dir(NodeId("d"), Placement(ROOT, Name("d")))
        desk.errands.begin(Run((MakeDirTask(MakeLocalDir(folder), RelPath("d")),)))
        event = desk.next()
    assert isinstance(event, TasksDone)
    assert [type(one) for one in event.outcomes] == [Done if room else Failed]
    assert (desk.root / "d").is_dir() is room


@pytest.mark.hazard("B7")
@pytest.mark.parametrize("room", [True, False], ids=["there is something in the trash", "it is empty"])
def test_so_does_what_is_put_together_from_blocks(desk: Desk, room: bool) -> None:
    staging, content = desk.premises.staging, content_of(b"data")
    assert staging.trash is not None
    if room:
        (desk.root / ".syncagent/stage/new.old").write_bytes(b"x")
        assert staging.trash.take(RelPath(".syncagent/stage/new.old"), RelPath("old"), replaced=False)
    begin = staging.begin

    def full(wish: StageWish) -> frozenset[Digest]:
        if not room or (staging.trash is not None and staging.trash.items()):
            raise StorageFull("the disk of the folder is full")
        return begin(wish)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "begin", full)
        desk.errands.begin(OpenStage(StageWish(content, (Block(content.digest, 4),))))
        event = desk.next()
    assert isinstance(event, StageOpened)
    assert (event.reason == "") is room


def test_a_look_at_everything_keeps_the_trash_to_its_limits(desk: Desk) -> None:
    trash = desk.premises.staging.trash
    assert trash is not None
    for name in ("old", "new"):
        (desk.root / f".syncagent/stage/new.{name}").write_bytes(b"xx")
        assert trash.take(RelPath(f".syncagent/stage/new.{name}"), RelPath(name), replaced=False)
    trash.keeping = Keeping(most=3, reserve=0)
    desk.errands.begin(Look(1, (), (RelPath(""),)))
    desk.all_seen()
    tidied = threading.Event()
    desk.workers.clear.do(tidied.set)
    assert tidied.wait(10)  # what has not begun when the threads end is not done
    assert desk.workers.end()
    assert [item.path for item in trash.items()] == ["new"]


def test_the_echo_of_what_a_task_has_put_in_place_is_known_once(desk: Desk) -> None:
    a = RelPath("a")
    assert desk.errands.echoes.news([a])
    desk.errands.begin(Run((write_task("a", content_of(b"data"), Inline(b"data")),)))
    assert isinstance(desk.next(), TasksDone)
    assert not desk.errands.echoes.news([a])
    assert desk.errands.echoes.news([a]), "whatever is told of it after that is news"


@pytest.mark.hazard("A8")
def test_a8_what_a_person_writes_in_that_moment_is_no_echo(desk: Desk) -> None:
    desk.errands.begin(Run((write_task("a", content_of(b"data"), Inline(b"data")),)))
    assert isinstance(desk.next(), TasksDone)
    (desk.root / "a").write_bytes(b"mine")
    assert desk.errands.echoes.news([RelPath("a")])
    desk.errands.begin(Run((write_task("b", content_of(b"data"), Inline(b"data")),)))
    assert isinstance(desk.next(), TasksDone)
    (desk.root / "b").unlink()
    assert desk.errands.echoes.news([RelPath("b")])


def test_what_takes_long_waits_for_other_programs_and_a_small_edit_does_not(desk: Desk) -> None:
    within = threading.local()
    seen: list[tuple[str, bool]] = []

    @contextlib.contextmanager
    def behind() -> Iterator[None]:
        within.it = True
        try:
            yield
        finally:
            within.it = False

    post = desk.errands.post

    def note(event: Event) -> None:
        seen.append((type(event).__name__, getattr(within, "it", False)))
        post(event)

    errands = replace(desk.errands, behind=behind, post=note)
    errands.begin(Look(1, (LookAt(RelPath("a"), None),)))
    desk.all_seen()
    errands.begin(Run((write_task("a", content_of(b"data"), Inline(b"data")),)))
    desk.next()
    assert seen == [("Seen", False), ("TasksDone", False)]
    seen.clear()
    many = tuple(write_task(f"{n}", content_of(b"%d" % n), Inline(b"%d" % n)) for n in range(40))
    errands.begin(Run(many))
    desk.next()
    errands.begin(Look(2, tuple(LookAt(RelPath(f"{n}"), None) for n in range(40))))
    desk.all_seen()
    errands.begin(SweepStage(()))
    errands.begin(OpenStage(StageWish(content_of(b"x" * 100_000), read_all([b"x" * 100_000])[1])))
    desk.next()
    assert dict(seen) == {"TasksDone": True, "Seen": True, "StageOpened": True}


def test_a_large_file_that_has_changed_is_told_of_while_it_is_read(desk: Desk) -> None:
    data = os.urandom(40 << 20)
    (desk.root / "big").write_bytes(data)
    desk.errands.begin(ReadOutline(7, RelPath("big"), ()))
    told: list[Outlined] = []
    while isinstance(event := desk.next(), Outlined):
        told.append(event)
    assert isinstance(event, Seen)
    assert event.last
    [fact] = event.facts
    assert isinstance(fact, FileSeen)
    assert fact.content == content_of(data)
    assert [block for part in told for block in part.recipe] == list(fact.recipe)
    assert len(told) > 1
    assert {(part.number, part.size) for part in told} == {(7, len(data))}


def test_what_is_no_large_file_any_more_is_looked_at_instead_of_being_told_of(desk: Desk) -> None:
    (desk.root / "big").write_bytes(b"small by now")
    desk.errands.begin(ReadOutline(7, RelPath("big"), ()))
    assert [type(fact) for fact in desk.all_seen()[0].facts] == [FileSeen]
    desk.errands.begin(ReadOutline(8, RelPath("gone"), ()))
    assert desk.all_seen()[0].facts == (NothingThere(RelPath("gone")),)
