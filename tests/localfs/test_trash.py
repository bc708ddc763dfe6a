"""What was deleted elsewhere lies in the trash, whole, wherever anything is stopped; and comes back, over nothing."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from syncagent.localfs.applier import Applier
from syncagent.localfs.ignore import TRASH
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Rename
from syncagent.localfs.staging import Staging
from syncagent.localfs.trash import STEADY_MS, Keeping, Trash
from syncagent.model.names import RelPath
from syncagent.planner.tasks import DeleteTask, Done
from tests.support.disks import Killed, memory_bench

DAY_MS = 86_400_000
LONG = "/".join(["a folder with a name that is rather long" * 3] * 3)


class Shed:
    """A disk with an applier and a trash on it."""

    def __init__(self, keeping: Keeping | None = None, disk: MemoryDisk | None = None) -> None:
        self.disk, self.bench = memory_bench(disk)
        self.keeping = keeping or Keeping()
        self.room: tuple[int, int] | None = None
        self.restart()

    def restart(self) -> None:
        self.trash = Trash(self.disk, self.keeping, self._room)
        self.bench.staging = Staging(self.disk, "Laptop", self.trash)
        self.bench.staging.sweep([])

    def _room(self) -> tuple[int, int]:
        return self.room or (100 << 30, 50 << 30)

    def put(self, path: str, data: bytes) -> None:
        for depth in range(1, path.count("/") + 1):
            folder = "/".join(path.split("/")[:depth])
            if not self.bench.there(folder):
                self.disk.user.mkdir(folder)
        self.disk.user.write(path, data)

    def delete(self, *paths: str) -> None:
        tasks = [
            self.bench.delete_whole(path) if self.disk.stat(RelPath(path)).is_dir else self.bench.delete(path)
            for path in paths
        ]
        assert all(isinstance(one, Done) for one in self.bench.run(*tasks))

    def trashed(self) -> list[str]:
        return [item.path for item in self.trash.items()]

    def files(self) -> dict[str, bytes]:
        return {path: what for path, what in self.disk.user.tree().items() if isinstance(what, bytes)}

    def everything(self) -> list[bytes]:
        tree = self.disk.user.tree(own=True)
        return sorted(what for path, what in tree.items() if isinstance(what, bytes) and "stage/" not in path)


def restored(shed: Shed, path: str) -> str:
    return shed.trash.restore(next(item for item in shed.trash.items() if item.path == path))


def test_a_file_that_is_deleted_can_be_had_back() -> None:
    shed = Shed()
    shed.put("d/a.txt", b"a")
    shed.delete("d/a.txt")
    [item] = shed.trash.items()
    assert (item.path, item.size, item.files, item.is_folder) == ("d/a.txt", 1, 1, False)
    assert item.ms == pytest.approx(shed.disk.now_ns() // 1_000_000, abs=60_000)
    assert shed.bench.staged() == []
    assert restored(shed, "d/a.txt") == "d/a.txt"
    assert shed.files() == {"d/a.txt": b"a"}
    assert shed.trash.items() == []


def test_a_folder_goes_to_the_trash_by_one_rename_whatever_is_in_it() -> None:
    shed = Shed()
    for number in range(300):
        shed.put(f"d/{number % 7}/f{number}", b"x" * number)
    before = shed.files()
    task = shed.bench.delete_whole("d")
    later: list[Callable[[], None]] = []
    Applier(shed.disk, shed.bench.staging, shed.disk.abilities).run([task], later.append)
    calls: list[str] = []
    shed.disk.before_call = lambda call, path: calls.append(call)
    for work in later:
        work()
    assert calls.count("rename") == 2, "the first found that there is no trash yet"
    assert "remove" not in calls
    [item] = shed.trash.items()
    assert (item.path, item.files, item.size) == ("d", 300, sum(range(300)))
    restored(shed, "d")
    assert shed.files() == before


def test_one_file_of_a_folder_in_the_trash_comes_back_alone() -> None:
    shed = Shed()
    shed.put("d/e/a", b"a")
    shed.put("d/e/b", b"bb")
    shed.delete("d")
    [item] = shed.trash.items()
    assert shed.trash.restore(item, RelPath("e/b")) == "d/e/b"
    assert shed.files() == {"d/e/b": b"bb"}
    assert [(one.files, one.size) for one in shed.trash.items()] == [(1, 1)]


@pytest.mark.hazard("B5", "N8")
@pytest.mark.parametrize("path", ["a.txt", "d", LONG])
def test_wherever_it_is_stopped_it_is_in_its_place_or_in_the_trash(path: str) -> None:
    point, stopped = 0, True
    while stopped:
        shed = Shed()
        for one in ("d/e/x", "a.txt", f"{LONG}/y"):
            shed.put(one, one.encode())
        shed.disk.settle_all()
        everything, point, stopped = shed.everything(), point + 1, False
        task = shed.bench.delete_whole(path) if path != "a.txt" else shed.bench.delete(path)
        left = [point]

        def count(call: str, where: RelPath, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise Killed

        shed.disk.before_call = count
        try:
            shed.bench.run(task)
        except Killed:
            stopped = True
        shed.disk.before_call = lambda call, where: None
        shed.restart()
        assert shed.everything() == everything, f"stopped at call {point}"
        for item in shed.trash.items():
            assert item.path == path
            assert shed.trash.restore(item)
        assert {data.decode(): data for data in shed.files().values()} == {
            one: one.encode() for one in ("d/e/x", "a.txt", f"{LONG}/y")
        }
    assert point > 10


@pytest.mark.hazard("B6")
@pytest.mark.parametrize("path", ["a.txt", "d", LONG])
def test_what_is_in_the_trash_is_there_after_a_power_cut_and_so_is_what_came_back(path: str) -> None:
    shed = Shed()
    for one in ("d/e/x", "a.txt", f"{LONG}/y"):
        shed.put(one, one.encode())
    shed.disk.settle_all()
    before, everything = shed.files(), shed.everything()
    shed.delete(path)
    shed.disk.crash()
    shed.restart()
    assert shed.everything() == everything
    assert restored(shed, path) == path
    shed.disk.crash()
    shed.restart()
    assert shed.files() == before


@pytest.mark.hazard("B15", "N1")
def test_what_comes_back_is_put_beside_what_stands_there() -> None:
    shed = Shed()
    for data in (b"first", b"second", b"third"):
        shed.put("a.txt", data)
        shed.delete("a.txt")
    shed.put("a.txt", b"new")
    assert [restored(shed, "a.txt") for _ in range(3)] == [
        "a (restored).txt", "a (restored 2).txt", "a (restored 3).txt",
    ]  # fmt: skip
    assert shed.files() == {
        "a.txt": b"new", "a (restored).txt": b"first", "a (restored 2).txt": b"second", "a (restored 3).txt": b"third",
    }  # fmt: skip


def test_a_folder_that_is_a_file_by_now_does_not_keep_it_from_coming_back() -> None:
    shed = Shed()
    shed.put("d/e/a", b"a")
    shed.delete("d/e/a")
    shed.delete("d")
    shed.put("d", b"a file")
    assert restored(shed, "d/e/a") == "a"
    assert shed.files() == {"d": b"a file", "a": b"a"}


def test_a_name_that_the_disk_does_not_take_any_more_becomes_another() -> None:
    shed = Shed()
    shed.put("a?", b"a")
    shed.delete("a?")
    rename = shed.disk.rename

    def picky(old: RelPath, new: RelPath, how: Rename) -> None:
        if "?" in new:
            raise OSError(errno.EINVAL, "no such name here", new)
        rename(old, new, how)

    shed.disk.rename = picky  # type: ignore[method-assign]
    assert restored(shed, "a?") == "recovered (restored)"
    assert shed.files() == {"recovered (restored)": b"a"}


def test_what_has_no_name_of_ours_is_listed_and_given_back() -> None:
    shed = Shed()
    shed.put("a", b"a")
    shed.delete("a")
    shed.put(f"{TRASH}/thing", b"thing")
    shed.put(f"{TRASH}/17.3.", b"its path is lost")
    shed.put(f"{TRASH}/18.3...%2F..%2Fetc", b"a path that leads out")
    found = {item.path: item.ms for item in shed.trash.items()}
    assert set(found) == {"a", "thing", "recovered"}
    for item in shed.trash.items():
        shed.trash.restore(item)
    assert shed.files() == {
        "a": b"a", "thing": b"thing", "recovered": b"its path is lost",
        "recovered (restored)": b"a path that leads out",
    }  # fmt: skip


def test_nothing_is_kept_where_it_is_switched_off_nor_what_an_edit_replaced() -> None:
    for keeping in (Keeping(days=0), Keeping(most=0), Keeping(share=0.0)):
        shed = Shed(keeping)
        shed.put("a", b"a")
        shed.delete("a")
        assert shed.everything() == []
    shed = Shed()
    shed.put("a", b"old")
    shed.bench.run(shed.bench.write("a", b"new"))
    assert shed.everything() == [b"new"]


def test_what_an_edit_replaced_is_kept_where_that_is_wanted() -> None:
    shed = Shed(Keeping(replaced=True))
    shed.put("a", b"old")
    shed.bench.run(shed.bench.write("a", b"new"))
    assert shed.trashed() == ["a"]
    assert shed.everything() == [b"new", b"old"]


def test_what_the_hub_still_has_is_not_kept() -> None:
    shed = Shed()
    shed.put("a", b"a")
    task = shed.bench.delete("a")
    shed.bench.run(DeleteTask(task.op, task.path, task.expect, elsewhere=False))
    assert shed.everything() == []


def test_the_oldest_go_when_there_are_too_many_bytes() -> None:
    shed = Shed(Keeping(most=250))
    for name in "abcd":
        shed.put(name, name.encode() * 100)
        shed.delete(name)
    assert shed.trashed() == ["c", "d"]


def test_their_days_are_over() -> None:
    now = [1_700_000_000 * 10**9]
    shed = Shed(Keeping(days=7), MemoryDisk(clock=lambda: now[0]))
    shed.put("old", b"a")
    shed.delete("old")
    now[0] += 4 * DAY_MS * 10**6
    shed.put("d/new", b"b")
    shed.delete("d")
    now[0] += 4 * DAY_MS * 10**6
    shed.trash.tidy()
    assert shed.trashed() == ["old", "d"]
    now[0] += STEADY_MS * 10**6
    shed.trash.tidy()
    assert shed.trashed() == ["d"]
    assert shed.trash.empty(now[0] // 10**6) == (1, 1)
    assert shed.everything() == []


@pytest.mark.hazard("E9")
def test_a_clock_that_leaps_ahead_for_a_moment_removes_nothing() -> None:
    now = [1_700_000_000 * 10**9]
    shed = Shed(Keeping(days=7), MemoryDisk(clock=lambda: now[0]))
    shed.put("a", b"a")
    shed.delete("a")
    for leap in (3650, -3650, 30):
        shed.trash.tidy()
        now[0] += STEADY_MS * 10**6
        shed.trash.tidy()
        for days in (leap, -leap):
            now[0] += days * DAY_MS * 10**6
            shed.trash.tidy()
            assert shed.trashed() == ["a"]


def test_the_disk_keeps_its_reserve() -> None:
    shed = Shed(Keeping(reserve=150))
    for name in "abc":
        shed.put(name, b"x" * 100)
        shed.delete(name)
    shed.room = (10_000, 30)
    shed.trash.tidy()
    assert shed.trashed() == ["c"]


@pytest.mark.hazard("B7")
def test_a_full_disk_is_given_room_and_says_when_there_is_none() -> None:
    shed = Shed()
    shed.put("a", b"a")
    shed.delete("a")
    assert shed.trash.make_room()
    assert not shed.trash.make_room()
    assert shed.everything() == []


def test_what_a_crash_left_half_removed_is_removed() -> None:
    shed = Shed()
    for number in range(5):
        shed.put(f"d/f{number}", b"x")
    shed.delete("d")
    removed: list[RelPath] = []

    def stop(call: str, path: RelPath) -> None:
        if call == "remove":
            removed.append(path)
            if len(removed) == 3:
                raise Killed

    shed.disk.before_call = stop
    with pytest.raises(Killed):
        shed.trash.empty()
    shed.disk.before_call = lambda call, path: None
    shed.restart()
    assert shed.trash.items() == []
    shed.trash.tidy()
    assert shed.everything() == []


@pytest.mark.hazard("B8")
def test_a_trash_that_cannot_be_used_keeps_nothing_from_being_deleted() -> None:
    shed = Shed()
    shed.put("a", b"a")

    def foreign(call: str, path: RelPath) -> None:
        if call == "mkdir" and path == TRASH:
            raise OSError(errno.EROFS, "read-only", path)

    shed.disk.before_call = foreign
    shed.delete("a")
    assert shed.everything() == []


def test_it_is_made_anew_when_a_person_has_removed_it() -> None:
    shed = Shed()
    for name in ("a", "b"):
        shed.put(name, b"x")
        shed.delete(name)
        assert shed.trashed() == [name]
        shed.trash.empty()
        shed.disk.user.delete(TRASH)


def test_what_is_in_it_is_counted_without_a_look() -> None:
    shed = Shed()
    for name in ("a", "b"):
        shed.put(name, b"xyz")
    shed.delete("a", "b")
    shed.disk.before_call = lambda call, path: pytest.fail("a look")
    assert shed.trash.known == (2, 6)


@pytest.mark.hazard("E13", "N1", "N7")
@pytest.mark.parametrize("days", [0, 30])
def test_what_was_written_into_a_folder_that_went_is_kept_though_the_agent_was_killed_before_it_removed_it(
    days: int,
) -> None:
    """A program that works in the folder goes on writing there, by paths from it on."""
    at = Shed(Keeping(days=days))
    at.put("d/a", b"1")

    def kill(call: str, path: RelPath) -> None:
        goes = at.disk.renaming is not None and at.disk.renaming[1].startswith(f"{TRASH}/")
        if "/gone." in f"/{path}" and (call == "remove" or (call == "rename" and goes)):
            raise Killed

    at.disk.before_call = kill
    with pytest.raises(Killed):
        at.bench.run(at.bench.delete_whole("d"))
        at.bench.staging.sweep([])
    at.disk.before_call = lambda call, path: None
    (gone,) = [path for path, what in at.disk.user.tree(own=True).items() if "/gone." in path and what is None]
    at.disk.user.write(f"{gone}/late", b"2")

    at.restart()
    (item,) = at.trash.items()
    assert item.path == "d"
    assert at.disk.user.read(f"{TRASH}/{item.name}/late") == b"2"
