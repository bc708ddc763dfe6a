"""One batch, where it is done without another beside it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Final

import pytest

from syncagent.content.recipe import read_all
from syncagent.localfs.applier import Applier
from syncagent.localfs.begun import FEW, Begun
from syncagent.model.names import RelPath
from syncagent.planner.tasks import Done, Failed, Staged, StageWish
from tests.support.disks import Bench, memory_bench

MANY: Final = FEW + 12


def applier(bench: Bench) -> Applier:
    return Applier(bench.disk, bench.staging, bench.abilities)


def begun(bench: Bench, count: int) -> Begun:
    return applier(bench).begin([bench.write(f"a{number}", b"data") for number in range(count)])


@pytest.mark.parametrize("count", [FEW, MANY])
def test_what_was_begun_shows_nowhere_and_what_was_finished_is_durable(count: int) -> None:
    disk, bench = memory_bench()
    one = begun(bench, count)
    assert disk.user.tree() == {}
    assert len(bench.staged()) == count
    outcomes = applier(bench).finish(one)
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    tree = disk.user.tree()
    disk.crash()
    assert disk.user.tree() == tree
    assert len(tree) == count


def test_few_wait_for_no_more_of_the_disk_than_for_what_is_theirs() -> None:
    disk, bench = memory_bench()
    calls: list[tuple[str, RelPath]] = []
    disk.before_call = lambda call, path: calls.append((call, path)) if "sync" in call or call == "mark" else None
    assert all(isinstance(one, Done) for one in applier(bench).finish(begun(bench, 2)))
    assert [call for call, _ in calls] == ["file.sync", "file.sync", "sync"]
    calls.clear()
    assert all(isinstance(one, Done) for one in bench.run(*[bench.write(f"b{n}", b"b") for n in range(MANY)]))
    assert [call for call, _ in calls] == ["mark", "sync", "sync"]


@pytest.mark.hazard("B9")
@pytest.mark.parametrize(("count", "call"), [(1, "file.sync"), (MANY, "sync")])
def test_what_came_block_by_block_and_could_not_be_made_durable_is_not_kept_for_another_try(
    count: int, call: str
) -> None:
    """It was, and the next try was told by the system that all of it is on the disk."""
    disk, bench = memory_bench()
    contents = []
    for number in range(count):
        content, recipe = read_all([b"%d" % number * 1000])
        bench.staging.begin(StageWish(content, recipe))
        bench.staging.put(content, [(recipe[0].digest, b"%d" % number * 1000)], recipe)
        contents.append(content)
    tasks = [
        bench.write(f"a{number}", b"%d" % number * 1000, source=Staged(content))
        for number, content in enumerate(contents)
    ]
    disk.before_call = _once(call)
    assert all(isinstance(one, Failed) for one in bench.run(*tasks))
    assert all(isinstance(one, Failed) for one in bench.run(*tasks)), "its blocks are not all there"
    assert (disk.user.tree(), bench.staged()) == ({}, [])
    for number, content in enumerate(contents):
        _, recipe = read_all([b"%d" % number * 1000])
        assert bench.staging.begin(StageWish(content, recipe)) == {recipe[0].digest}


def _once(call: str) -> Callable[[str, RelPath], None]:
    failed: list[str] = []

    def before(name: str, path: RelPath) -> None:
        if name == call and not failed:
            failed.append(name)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    return before
