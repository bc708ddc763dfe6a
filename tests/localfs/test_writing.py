"""Making a file in the stage and putting it in its place, step by step (the whole is in ``test_applier``)."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncagent.errors import Damaged, Stale
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Abilities, clamp
from syncagent.localfs.writing import Writer, after_us
from syncagent.model.facts import UNSURE, FileSeen
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import File, Link, Placement
from syncagent.planner.ops import WriteLocal
from syncagent.planner.tasks import Inline, InPlace, WriteTask
from tests.support.disks import MTIME, Bench, memory_bench


def writer_on(disk: MemoryDisk, bench: Bench) -> Writer:
    return Writer(disk, bench.staging, bench.abilities)


def test_what_is_made_lies_in_the_stage_until_it_is_published() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"old")
    writer = writer_on(disk, bench)
    writing = writer.make(bench.write("a", b"new"), sync=True, last=False)
    assert disk.user.read("a") == b"old"
    assert disk.user.read(writing.new) == b"new"
    fact, held = writer.publish(writing)
    assert disk.user.read("a") == b"new"
    assert held is not None
    assert disk.user.read(held.slot) == b"old"
    seen = bench.look("a")
    assert isinstance(seen, FileSeen)
    assert fact == replace(seen, bytes_read=None)
    assert writer.put_back(held) == "a"
    assert disk.user.tree() == {"a": b"old"}
    assert bench.staged() == []


@pytest.mark.hazard("B8", "N10")
@pytest.mark.parametrize("exchange", [True, False])
def test_whatever_call_fails_the_name_is_not_left_without_a_file(exchange: bool) -> None:
    for at in range(100):
        disk, bench = memory_bench(MemoryDisk(exchange=exchange))
        disk.user.write("a", b"old")
        writer = writer_on(disk, bench)
        writing = writer.make(bench.write("a", b"new"), sync=True, last=False)
        calls = iter(range(100))

        def fail(name: str, path: RelPath, calls: Iterator[int] = calls, at: int = at) -> None:
            if next(calls) == at:
                raise OSError(errno.EIO, "the disk fails for a moment")

        disk.before_call = fail
        with contextlib.suppress(OSError):
            writer.publish(writing)
        disk.before_call = lambda name, path: None
        assert disk.user.read("a") in (b"old", b"new"), at
        if next(calls) <= at:
            return
    pytest.fail("there was no end of calls")


def test_what_is_dropped_leaves_nothing() -> None:
    disk, bench = memory_bench()
    writer = writer_on(disk, bench)
    writing = writer.make(bench.write("a", b"new"), sync=False, last=False)
    writer.drop(writing.new, writing.content)
    assert bench.staged() == []


def test_what_cannot_be_made_leaves_nothing() -> None:
    disk, bench = memory_bench()
    writer = writer_on(disk, bench)
    with pytest.raises(Damaged):
        writer.make(bench.write("a", b"new", source=Inline(b"other")), sync=False, last=False)
    with pytest.raises(Stale):
        writer.make(bench.write("a", b"new", source=InPlace()), sync=False, last=False)
    assert bench.staged() == []


@pytest.mark.hazard("B8")
def test_a_link_that_cannot_be_looked_at_leaves_nothing() -> None:
    disk, bench = memory_bench()
    node = Link(NodeId("l"), Placement(ROOT, Name("a")), "x")

    def fails(call: str, path: RelPath) -> None:
        if call == "stat" and path.startswith(STAGE):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), path)

    disk.before_call = fails
    with pytest.raises(OSError):
        task = WriteTask(WriteLocal(node, None), RelPath("a"), None, InPlace())
        writer_on(disk, bench).make(task, sync=True, last=False)
    disk.before_call = lambda call, path: None
    assert bench.staged() == []


@pytest.mark.hazard("B1")
def test_an_edit_under_a_change_in_place_is_found() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"old")
    task = bench.write("a", b"old", source=InPlace())

    def hook(name: str, path: RelPath) -> None:
        if name == "file.adjust":
            disk.user.write("a", b"new")

    disk.before_call = hook
    with pytest.raises(Stale):
        writer_on(disk, bench).adjust(task, sync=True)
    assert disk.user.read("a") == b"new"


@pytest.mark.hazard("B13")
def test_our_stamp_is_unsure_near_now() -> None:
    disk, _ = memory_bench()
    disk.user.write("a", b"1", mtime_ns=MTIME)
    seen = disk.stat(RelPath("a"))
    abilities = Abilities(window_ns=20_000_000)
    assert after_us(abilities, seen, seen.stamp, MTIME + 10_000_000) == UNSURE
    assert after_us(abilities, seen, seen.stamp, MTIME + 30_000_000) == seen.stamp
    assert after_us(Abilities(window_ns=0), seen, seen.stamp, MTIME) == seen.stamp


@pytest.mark.hazard("B16")
def test_clamp() -> None:
    assert [clamp(value) for value in (-5, 0, 7)] == [0, 0, 7]
    assert clamp(1 << 80) == (1 << 33) * 10**9


def test_where_a_disk_does_not_keep_what_is_executable_it_is_as_it_was_asked_for() -> None:
    disk, bench = memory_bench(MemoryDisk(modes=False))
    disk.user.write("a", b"old")
    writer = Writer(disk, bench.staging, disk.abilities)
    task = bench.write("a", b"new")
    assert isinstance(task.op.node, File)
    wanted = replace(task, op=replace(task.op, node=replace(task.op.node, executable=True)))
    fact, _ = writer.publish(writer.make(wanted, sync=True, last=False))
    assert isinstance(fact, FileSeen)
    assert fact.executable
    assert not disk.stat(RelPath("a")).executable
