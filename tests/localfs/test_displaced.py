"""What comes to the name of a private file that was set aside is as private."""

from __future__ import annotations

import pytest

from syncagent.localfs import displaced
from syncagent.localfs.displaced import Displaced
from syncagent.localfs.memory import MemoryDisk
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.planner.ops import SetAside
from syncagent.planner.tasks import Done, MoveTask
from tests.support.disks import Bench, memory_bench, placed

pytestmark = pytest.mark.hazard("B11")
COPY = "a (conflict 2026-11-22 Laptop)"


def set_aside(bench: Bench, path: str) -> None:
    node, stamp = bench.node(path)
    [outcome] = bench.run(MoveTask(SetAside(node, placed(COPY), NodeId("copy")), RelPath(path), RelPath(COPY), stamp))
    assert isinstance(outcome, Done)


def mode(disk: MemoryDisk, path: str) -> int:
    return disk.stat(RelPath(path)).mode & 0o777


@pytest.mark.parametrize(
    ("old", "executable", "new"),
    [(0o600, False, 0o600), (0o600, True, 0o700), (0o640, False, 0o640), (0o666, False, 0o644), (0o755, False, 0o644)],
)
def test_the_hubs_version_is_as_private_as_what_stood_at_its_name(old: int, executable: bool, new: int) -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"ours")
    disk.user.chmod("a", old)
    set_aside(bench, "a")
    bench.run(bench.write("a", b"theirs", executable=executable))
    assert disk.user.tree() == {"a": b"theirs", COPY: b"ours"}
    assert (mode(disk, "a"), mode(disk, COPY)) == (new, old)


def test_so_is_a_folder_in_the_place_of_a_file_and_a_file_in_that_of_a_folder() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"ours")
    disk.user.chmod("a", 0o640)
    set_aside(bench, "a")
    bench.run(bench.make_dir("a"))
    assert mode(disk, "a") == 0o750
    disk, bench = memory_bench()
    disk.user.mkdir("a")
    disk.user.chmod("a", 0o700)
    set_aside(bench, "a")
    bench.run(bench.write("a", b"theirs"))
    assert mode(disk, "a") == 0o600


def test_what_is_made_there_later_is_like_any_other() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"ours")
    disk.user.chmod("a", 0o600)
    set_aside(bench, "a")
    bench.run(bench.write("a", b"theirs"))
    disk.user.delete("a")
    bench.run(bench.write("a", b"new"))
    assert mode(disk, "a") == 0o644


def test_as_many_are_remembered_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(displaced, "MOST", 2)
    disk, _ = memory_bench()
    disk.user.write("a", b"ours")
    disk.user.chmod("a", 0o600)
    known = Displaced()
    for name in "abc":
        known.note(RelPath(name), disk.stat(RelPath("a")))
    assert [known.narrow(RelPath(name), 0o644) for name in "abc"] == [0o644, 0o600, 0o600]
