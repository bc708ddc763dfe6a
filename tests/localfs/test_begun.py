"""Batches that follow each other: the next one is begun while the one before it is made durable."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

from syncagent.localfs.applier import Applier
from syncagent.localfs.begun import FEW, Begun
from syncagent.localfs.memory import MemoryDisk
from syncagent.model.names import RelPath
from syncagent.planner.tasks import Done, Failed, Outcome
from tests.support.disks import Bench, memory_bench

MANY = FEW + 12


def applier(bench: Bench) -> Applier:
    return Applier(bench.disk, bench.staging, bench.abilities)


def begun(bench: Bench, name: str, count: int = MANY) -> Begun:
    return applier(bench).begin([bench.write(f"{name}{number}", name.encode()) for number in range(count)])


def following(bench: Bench, name: str, count: int = MANY) -> Begun:
    return applier(bench).follow([bench.write(f"{name}{number}", name.encode()) for number in range(count)])


def all_done(outcomes: list[Outcome]) -> bool:
    return all(isinstance(one, Done) for one in outcomes)


def letters(disk: MemoryDisk) -> set[str]:
    """Of which batches anything is in the tree; each must be there as a whole then."""
    tree = disk.user.tree()
    found = {path[0] for path in tree}
    assert all(len([path for path in tree if path[0] == one]) == MANY for one in found)
    assert all(content == path[0].encode() for path, content in tree.items())
    return found


def count_syncs(disk: MemoryDisk) -> list[str]:
    calls: list[str] = []
    disk.before_call = lambda name, path: calls.append(name) if name == "sync" else None
    return calls


def test_the_names_of_one_and_the_content_of_the_next_are_made_durable_by_one_sync() -> None:
    disk, bench = memory_bench()
    syncs = count_syncs(disk)
    one, two, three = begun(bench, "a"), following(bench, "b"), following(bench, "c")
    assert all_done(applier(bench).finish(one, following=two))
    assert all_done(applier(bench).finish(two, following=three))
    assert all_done(applier(bench).finish(three))
    assert len(syncs) == 4
    disk.crash()
    assert letters(disk) == {"a", "b", "c"}
    assert bench.staged() == []


@pytest.mark.hazard("B6", "N8")
def test_what_is_done_of_the_first_survives_a_power_cut_and_the_next_is_not_in_the_tree() -> None:
    disk, bench = memory_bench()
    assert all_done(applier(bench).finish(begun(bench, "a"), following=following(bench, "b")))
    disk.crash()
    assert bench.restart() == ()
    assert letters(disk) == {"a"}
    assert bench.staged() == []


@pytest.mark.hazard("B9")
def test_a_sync_that_fails_counts_for_neither_and_is_not_asked_again() -> None:
    disk, bench = memory_bench()
    one, two = begun(bench, "a"), following(bench, "b")
    disk.before_call = _once("sync", errno.EIO)
    assert all(isinstance(one, Failed) for one in applier(bench).finish(one, following=two))
    # The kernel tells of pages that it could not write once, and takes them for written then.
    assert all(isinstance(one, Failed) for one in applier(bench).finish(two))
    assert "b" not in letters(disk)


def test_where_each_is_made_durable_alone_the_next_is_too() -> None:
    disk, bench = memory_bench()
    real_sync = disk.sync

    def sync(folders: object) -> None:
        if folders is None:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        real_sync(folders)  # type: ignore[arg-type]

    disk.sync = sync  # type: ignore[method-assign, assignment]
    one, two = begun(bench, "a"), following(bench, "b")
    assert all_done(applier(bench).finish(one, following=two))
    assert all_done(applier(bench).finish(two))
    disk.crash()
    assert letters(disk) == {"a", "b"}


def test_few_that_are_followed_are_durable_by_themselves_and_so_is_what_follows() -> None:
    disk, bench = memory_bench()
    two = following(bench, "b")
    assert all_done(applier(bench).finish(begun(bench, "a", 2), following=two))
    assert all_done(applier(bench).finish(two))
    before = disk.user.tree()
    assert len(before) == MANY + 2
    disk.crash()
    assert disk.user.tree() == before


def _once(call: str, number: int) -> Callable[[str, RelPath], None]:
    failed: list[str] = []

    def before(name: str, path: RelPath) -> None:
        if name == call and not failed:
            failed.append(name)
            raise OSError(number, os.strerror(number))

    return before
