"""Tasks on a disk: what each does, what it refuses, and that nothing of the user's is lost, whatever comes between."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncagent.content.digest import content_of
from syncagent.errors import RootMissing
from syncagent.localfs.applier import Applier
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Opening
from syncagent.model.facts import UNSURE, DirSeen, FileSeen, LinkSeen
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content, File
from syncagent.planner.ops import DeleteLocal
from syncagent.planner.tasks import (
    CopyOf,
    DeleteTask,
    Done,
    Failed,
    InPlace,
    Outcome,
    Staged,
    StageWish,
    StaleTask,
    Task,
)
from tests.support.disks import MTIME, Bench, Killed, NoSyncfs, big, memory_bench, node_id, placed, recipe_of


def fact_of(outcome: Outcome) -> object:
    assert isinstance(outcome, Done), outcome
    return outcome.fact


def test_a_new_file_is_written_with_its_mtime_and_mode() -> None:
    disk, bench = memory_bench()
    [outcome] = bench.run(bench.write("a", b"hello", executable=True))
    fact = fact_of(outcome)
    assert isinstance(fact, FileSeen)
    assert (fact.content, fact.mtime_ns, fact.executable) == (content_of(b"hello"), MTIME, True)
    assert disk.user.tree() == {"a": b"hello"}
    assert disk.stat(RelPath("a")).mode & 0o777 == 0o755
    assert bench.staged() == []


@pytest.mark.hazard("B13")
def test_the_echo_of_our_own_work_scans_to_no_difference_b13() -> None:
    disk, bench = memory_bench()
    disk.user.write("old", b"old")
    disk.user.write("moved", b"moved")
    disk.user.write("touched", b"same")
    outcomes = bench.run(
        bench.write("a", b"1"),
        bench.write("old", b"2"),
        bench.move("moved", "b"),
        bench.write("touched", b"same", source=InPlace(), executable=True),
        bench.write_link("l", "a"),
        bench.make_dir("d"),
    )
    facts = [fact_of(outcome) for outcome in outcomes]
    scanned = {fact.path: fact for batch in bench.scanner.walk() for fact in batch if not hasattr(fact, "names")}
    for fact in facts:
        assert isinstance(fact, FileSeen | LinkSeen | DirSeen)
        assert fact.stamp
        assert scanned[fact.path].stamp == fact.stamp  # type: ignore[union-attr]
        again = bench.look(fact.path, fact.stamp)
        assert getattr(again, "content", None) is None


@pytest.mark.hazard("B13")
def test_a_users_write_right_after_ours_is_seen_b13() -> None:
    disk, bench = memory_bench(MemoryDisk(granularity_ns=10_000_000, clock=lambda: 1_700_000_005_000_000_000))
    [outcome] = bench.run(bench.write("a", b"ours!"))
    fact = fact_of(outcome)
    assert isinstance(fact, FileSeen)
    disk.user.write("a", b"user!")  # the same size, in the same tick of the clock
    seen = bench.look("a", fact.stamp)
    assert isinstance(seen, FileSeen)
    assert seen.content == content_of(b"user!")


def test_our_stamp_is_unsure_when_the_mtime_that_we_set_is_now() -> None:
    now = 1_700_000_005_000_000_000
    disk, bench = memory_bench(MemoryDisk(granularity_ns=10_000_000, clock=lambda: now))
    fact = fact_of(bench.run(bench.write("a", b"ours!", mtime_ns=now))[0])
    assert isinstance(fact, FileSeen)
    assert fact.stamp == UNSURE
    disk.user.write("a", b"user!")
    assert getattr(bench.look("a", fact.stamp), "content", None) == content_of(b"user!")


@pytest.mark.hazard("B11")
@pytest.mark.parametrize(
    ("old", "executable", "new"),
    [
        (0o600, False, 0o600),
        (0o640, True, 0o750),
        (0o600, True, 0o700),
        (0o755, False, 0o644),
        (0o775, True, 0o775),
        (0o4755, True, 0o755),
        (0o604, True, 0o705),
    ],
)
def test_the_mode_is_kept_and_never_widened_b11(old: int, executable: bool, new: int) -> None:
    for in_place in (False, True):
        disk, bench = memory_bench()
        disk.user.write("a", b"old")
        disk.user.chmod("a", old)
        data = b"old" if in_place else b"new"
        [outcome] = bench.run(bench.write("a", data, source=InPlace() if in_place else None, executable=executable))
        assert isinstance(outcome, Done)
        assert disk.stat(RelPath("a")).mode & 0o777 == new


@pytest.mark.hazard("B16")
@pytest.mark.parametrize(("given_ns", "set_ns"), [(0, 0), (-1, 0), (1 << 70, (1 << 33) * 10**9), (MTIME, MTIME)])
def test_mtimes_are_clamped_b16(given_ns: int, set_ns: int) -> None:
    disk, bench = memory_bench()
    bench.run(bench.write("a", b"1", mtime_ns=given_ns))
    assert disk.stat(RelPath("a")).mtime_ns == set_ns


def test_links_are_written_and_replaced() -> None:
    disk, bench = memory_bench()
    assert fact_of(bench.run(bench.write_link("l", "there"))[0]) == bench.look("l")
    bench.run(bench.write_link("l", "elsewhere"))
    assert disk.user.tree() == {"l": "-> elsewhere"}
    bench.run(bench.write("l", b"a file now"))
    assert disk.user.tree() == {"l": b"a file now"}
    bench.run(bench.write_link("l", "a link again"))
    assert disk.user.tree() == {"l": "-> a link again"}
    assert bench.staged() == []


def test_a_staged_file_is_published_and_its_staging_file_is_gone() -> None:
    disk, bench = memory_bench()
    data = big(300_000)
    content, recipe = stage(bench, data)
    fact = fact_of(bench.run(bench.write("a", data, source=Staged(content)))[0])
    assert isinstance(fact, FileSeen)
    assert fact.recipe == recipe
    assert disk.user.tree() == {"a": data}
    assert bench.staged() == []


def test_two_files_of_one_staged_content() -> None:
    disk, bench = memory_bench()
    data = big(100_000)
    content, _ = stage(bench, data)
    outcomes = bench.run(*(bench.write(name, data, source=Staged(content)) for name in ("a", "b", "c")))
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert disk.user.tree() == {"a": data, "b": data, "c": data}
    assert bench.staged() == []


def test_a_staged_file_that_could_not_be_published_is_kept_for_the_next_try() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"old")
    disk.user.chmod("a", 0o444)
    data = big(100_000)
    content, recipe = stage(bench, data)
    task = bench.write("a", data, source=Staged(content))
    hook_at(disk, "rename", 1, lambda: disk.user.write("a", b"edit", replace=True))
    assert isinstance(bench.run(task)[0], StaleTask)
    assert disk.user.tree() == {"a": b"edit"}
    assert bench.staging.begin(StageWish(content, recipe)) == frozenset()


@pytest.mark.hazard("B8", "N19")
def test_a_staged_file_that_cannot_even_be_given_back_is_not_left_lying() -> None:
    disk, bench = memory_bench()
    data = big(100_000)
    content, recipe = stage(bench, data)
    before = disk.before_call

    def no_mode(name: str, path: RelPath) -> None:
        if name == "file.adjust":
            fail(errno.EROFS)

    disk.before_call = no_mode
    assert isinstance(bench.run(bench.write("a", data, source=Staged(content)))[0], Failed)
    disk.before_call = before
    assert bench.staged() == []
    assert bench.staging.begin(StageWish(content, recipe)) == {block.digest for block in recipe}


@pytest.mark.hazard("B4")
def test_a_damaged_staging_file_is_never_published() -> None:
    disk, bench = memory_bench()
    data = big(100_000)
    content, recipe = stage(bench, data)
    name = bench.staged()[0]
    with disk.open(RelPath(f".syncagent/stage/{name}"), Opening.EDIT) as part:
        part.write(70_000, b"rot")
    assert isinstance(bench.run(bench.write("a", data, source=Staged(content)))[0], Failed)
    assert disk.user.tree() == {}
    assert bench.staging.begin(StageWish(content, recipe)) == {block.digest for block in recipe}


@pytest.mark.hazard("B4")
def test_wrong_bytes_are_never_written() -> None:
    disk, bench = memory_bench()
    task = bench.write("a", b"right")
    [outcome] = bench.run(replace(task, source=replace(task.source, data=b"wrong")))  # type: ignore[call-arg]
    assert isinstance(outcome, Failed)
    assert (disk.user.tree(), bench.staged()) == ({}, [])


def test_a_copy_is_taken_only_from_what_is_expected() -> None:
    disk, bench = memory_bench()
    disk.user.write("from", b"same")
    _, stamp = bench.node("from")
    source = CopyOf(RelPath("from"), stamp)
    assert isinstance(bench.run(bench.write("a", b"same", source=source))[0], Done)
    disk.user.write("from", b"diff")
    [outcome] = bench.run(bench.write("b", b"same", source=source))
    assert isinstance(outcome, StaleTask)
    assert outcome.paths == ("b", "from")
    assert isinstance(bench.run(bench.write("b", b"same", source=CopyOf(RelPath("from"), UNSURE)))[0], StaleTask)
    assert disk.user.tree() == {"a": b"same", "from": b"diff"}
    assert bench.staged() == []


@pytest.mark.hazard("B1", "N7")
def test_what_is_not_as_expected_is_left_alone() -> None:
    disk, bench = memory_bench()
    for name in ("a", "b", "c", "e"):
        disk.user.write(name, b"old " + name.encode())
    disk.user.mkdir("d")
    tasks: list[Task] = [
        bench.write("a", b"new"),
        bench.delete("b"),
        bench.move("c", "c2"),
        bench.delete("d"),
        bench.write("f", b"new"),
        bench.make_dir("g"),
        bench.write("e", b"old e", source=InPlace(), executable=True),
    ]
    for name in ("a", "b", "c", "e"):
        disk.user.write(name, b"edit " + name.encode())
    disk.user.write("d/inner", b"1")
    disk.user.write("f", b"theirs")
    disk.user.mkdir("g")
    before = disk.user.tree()
    outcomes = bench.run(*tasks)
    assert [type(outcome) for outcome in outcomes] == [StaleTask] * 7
    assert disk.user.tree() == before
    assert bench.staged() == []
    assert isinstance(outcomes[2], StaleTask)
    assert outcomes[2].paths == ("c", "c2")


def test_what_is_gone_is_stale() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"1")
    disk.user.mkdir("d")
    tasks = [
        bench.write("a", b"2"),
        bench.delete("a"),
        bench.move("a", "b"),
        bench.write("d/x", b"3"),
        bench.delete("d"),
    ]
    disk.user.delete("a")
    disk.user.delete("d")
    assert [type(outcome) for outcome in bench.run(*tasks)] == [StaleTask] * 5
    assert disk.user.tree() == {}


@pytest.mark.hazard("B3")
def test_folders_are_deleted_only_when_they_are_empty_and_the_same() -> None:
    disk, bench = memory_bench()
    disk.user.mkdir("d")
    task = bench.delete("d")
    disk.user.write("d/x", b"1")
    disk.user.delete("d/x")
    assert isinstance(bench.run(task)[0], Done)
    disk.user.mkdir("d")
    assert isinstance(bench.run(task)[0], StaleTask)
    assert disk.user.tree() == {"d": None}


def test_a_folder_moves_with_what_is_in_it_whatever_changed_in_it() -> None:
    disk, bench = memory_bench()
    disk.user.mkdir("d")
    disk.user.write("d/x", b"1")
    task = bench.move("d", "e")
    disk.user.write("d/y", b"2")
    assert isinstance(fact_of(bench.run(task)[0]), DirSeen)
    assert disk.user.tree() == {"e": None, "e/x": b"1", "e/y": b"2"}


def test_to_the_park_and_back() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"1")
    disk.user.write("b", b"2")
    assert isinstance(bench.run(bench.move("a", ".syncagent/park/id-a"))[0], Done)
    [(node, fact)] = bench.scanner.parked()
    assert (node, getattr(fact, "content", None)) == ("id-a", content_of(b"1"))
    assert isinstance(bench.run(bench.move("b", "a"))[0], Done)
    assert isinstance(bench.run(bench.move(".syncagent/park/id-a", "b"))[0], Done)
    assert disk.user.tree() == {"a": b"2", "b": b"1"}


@pytest.mark.hazard("C5")
@pytest.mark.parametrize("folder", [False, True])
def test_a_rename_to_another_spelling_on_a_disk_that_folds_case_c5(folder: bool) -> None:
    disk, bench = memory_bench(MemoryDisk(fold=str.casefold))
    disk.user.mkdir("readme") if folder else disk.user.write("readme", b"1")
    [outcome] = bench.run(bench.move("readme", "ReadMe"))
    assert isinstance(outcome, Done)
    assert list(disk.user.tree()) == ["ReadMe"]
    assert bench.staged() == []


def test_a_second_name_of_the_same_file_is_not_another_spelling() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"1")
    disk.link(RelPath("a"), RelPath("A"))
    assert isinstance(bench.run(bench.move("a", "A"))[0], StaleTask)
    assert disk.user.tree() == {"A": b"1", "a": b"1"}


def test_unsure_means_that_the_content_is_compared() -> None:
    disk, bench = memory_bench()
    for name in ("a", "b", "c"):
        disk.user.write(name, b"old")
    tasks = [bench.write("a", b"new"), bench.delete("b"), bench.move("c", "d")]
    tasks = [replace(task, expect=UNSURE) for task in tasks]  # type: ignore[misc]
    assert all(isinstance(outcome, Done) for outcome in bench.run(*tasks))
    assert disk.user.tree() == {"a": b"new", "d": b"old"}
    disk.user.write("a", b"edit")
    disk.user.write("b", b"edit")
    assert [type(outcome) for outcome in bench.run(*tasks[:2])] == [StaleTask] * 2
    assert disk.user.tree() == {"a": b"edit", "b": b"edit", "d": b"old"}


@pytest.mark.hazard("C1", "C3")
@pytest.mark.parametrize("path", ["../a", ".syncagent/root.json", "d/.SyncAgent/x", "a\\b", "", "/etc/a", ".syncagent"])
def test_a_task_with_a_path_that_is_none_fails_c1_c3(path: str) -> None:
    disk, bench = memory_bench()
    task = bench.write("a", b"1")
    [outcome] = bench.run(replace(task, path=RelPath(path)))
    assert isinstance(outcome, Failed)
    assert disk.user.tree() == {}


@pytest.mark.hazard("A19")
def test_across_file_systems_nothing_moves() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"1")
    disk.user.mount("m")
    [outcome] = bench.run(bench.move("a", "m/a"))
    assert isinstance(outcome, Failed)
    assert disk.user.tree() == {"a": b"1", "m": None}


@pytest.mark.hazard("E1")
def test_no_root_no_tasks() -> None:
    disk, bench = memory_bench()

    def guard() -> None:
        raise RootMissing("gone")

    with pytest.raises(RootMissing):
        Applier(disk, bench.staging, bench.abilities, guard).run([bench.write("a", b"1")])
    assert disk.user.tree() == {}


# --- trouble with the disk --------------------------------------------------------------------------------------


@pytest.mark.hazard("B7")
def test_a_full_disk_leaves_everything_as_it_was_b7() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"old")
    disk.free = 10
    outcomes = bench.run(bench.write("a", b"x" * 100), bench.write("b", b"tiny"))
    assert isinstance(outcomes[0], Failed)
    assert outcomes[0].full
    assert isinstance(outcomes[1], Done)
    assert disk.user.tree() == {"a": b"old", "b": b"tiny"}
    assert bench.staged() == []


CALLS = ["open", "file.write", "file.adjust", "file.sync", "file.stat", "stat", "rename", "mkdir", "sync", "symlink"]


@pytest.mark.hazard("B8", "B9")
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS, errno.EMFILE, errno.EACCES])
def test_an_error_from_any_call_loses_nothing_and_is_never_done_b8_b9(call: str, number: int) -> None:
    for at in range(1, 8):
        disk, bench = memory_bench()
        disk.user.write("a", b"old a")
        disk.user.write("b", b"old b")
        tasks = [bench.write("a", b"new a"), bench.write("c", b"new c"), bench.delete("b"), bench.write_link("l", "x")]
        hook_at(disk, call, at, lambda: fail(number))
        outcomes = bench.run(*tasks)
        disk.before_call = lambda name, path: None
        bench.restart()
        tree = disk.user.tree()
        assert tree["a"] in (b"old a", b"new a")
        assert tree.get("b") in (b"old b", None)
        assert set(tree.values()) <= {b"old a", b"old b", b"new a", b"new c", "-> x"}
        for outcome, (path, value) in zip(outcomes, expected().items(), strict=True):
            if isinstance(outcome, Done):
                assert tree.get(path) == value
            elif isinstance(outcome, Failed):
                assert outcome.full == (number == errno.ENOSPC)
        assert bench.staged() == []


def expected() -> dict[str, object]:
    return {"a": b"new a", "c": b"new c", "b": None, "l": "-> x"}


@pytest.mark.hazard("B6")
@pytest.mark.parametrize("count", [3, 20])
def test_what_is_done_survives_a_power_cut_b6(count: int) -> None:
    disk, bench = memory_bench()
    disk.user.mkdir("d")
    for number in range(count):
        disk.user.write(f"d/delete {number}", b"old")
        disk.user.write(f"d/move {number}", b"m%d" % number)
        disk.user.write(f"edit {number}", b"old")
    tasks: list[Task] = []
    for number in range(count):
        tasks += [
            bench.write(f"new {number}", b"n%d" % number),
            bench.write(f"edit {number}", b"e%d" % number),
            bench.delete(f"d/delete {number}"),
            bench.move(f"d/move {number}", f"moved {number}"),
            bench.make_dir(f"folder {number}"),
        ]
    assert all(isinstance(outcome, Done) for outcome in bench.run(*tasks))
    before = disk.user.tree()
    assert len(before) == 1 + 4 * count
    disk.crash()
    assert bench.restart() == ()
    assert disk.user.tree() == before
    assert bench.staged() == []


NEW_FILE = ("open", "file.write", "file.adjust", "file.stat", "rename", "stat")
DELETED = ("stat", "open", "file.is_written", "rename", "stat", "open", "file.is_written", "stat", "remove")


@pytest.mark.parametrize(("kind", "each", "syncs"), [("write", NEW_FILE, 2), ("delete", DELETED, 1)])
def test_of_a_mass_each_file_costs_these_calls_and_the_syncs_are_for_all(
    kind: str, each: tuple[str, ...], syncs: int
) -> None:
    calls: list[str] = []

    def calls_for(count: int) -> Counter[str]:
        disk, bench = memory_bench()
        for folder in range(20):
            disk.user.mkdir(f"d{folder}")
        paths = [f"d{number % 20}/{number}" for number in range(count)]
        tasks: list[Task] = []
        for path in paths:
            if kind == "delete":
                disk.user.write(path, b"1")
            tasks.append(bench.delete(path) if kind == "delete" else bench.write(path, b"1"))
        calls.clear()
        disk.before_call = lambda name, path: calls.append(name)
        assert all(isinstance(outcome, Done) for outcome in bench.run(*tasks))
        return Counter(calls)

    few, many = calls_for(40), calls_for(140)
    assert {name: (many - few)[name] / 100 for name in many - few} == Counter(each)
    assert many["sync"] == few["sync"] == syncs


@pytest.mark.hazard("B9")
def test_content_that_may_not_be_on_the_disk_is_not_published_b9() -> None:
    disk, bench = memory_bench()
    hook_at(disk, "sync", 1, lambda: fail(errno.EIO))
    outcomes = bench.run(*(bench.write(f"a{number}", b"1") for number in range(20)))
    assert all(isinstance(outcome, Failed) for outcome in outcomes)
    assert (disk.user.tree(), bench.staged()) == ({}, [])


def test_without_syncfs_each_file_is_made_durable_alone() -> None:
    disk, bench = memory_bench(NoSyncfs())
    disk.user.write("t", b"1")
    tasks = [bench.write(f"a{number}", b"1") for number in range(20)]
    tasks.append(bench.write("t", b"1", source=InPlace(), executable=True))
    assert all(isinstance(outcome, Done) for outcome in bench.run(*tasks))
    before = disk.user.tree()
    disk.crash()
    assert disk.user.tree() == before
    assert disk.stat(RelPath("t")).executable


# --- programs that have files open ------------------------------------------------------------------------------


@pytest.mark.hazard("B1", "N7")
@pytest.mark.parametrize("act", ["write", "delete"])
def test_a_file_that_a_program_has_open_for_writing_is_held_back(act: str) -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"old")
    task: Task = bench.write("a", b"new") if act == "write" else bench.delete("a")
    with disk.user.held_open("a") as write:
        [outcome] = bench.run(task)
        assert isinstance(outcome, Failed)
        assert outcome.reason == "a program has it open for writing"
        assert disk.user.read("a") == b"old"
        write(b"saved at last")
    assert disk.user.read("a") == b"saved at last"
    assert isinstance(bench.run(task)[0], StaleTask)
    again: Task = bench.write("a", b"new") if act == "write" else bench.delete("a")
    assert isinstance(bench.run(again)[0], Done)
    assert bench.staged() == []


@pytest.mark.hazard("B1", "N7")
@pytest.mark.parametrize("exchange", [True, False])
@pytest.mark.parametrize("act", ["write", "delete"])
def test_a_program_that_opened_the_file_before_it_went_still_writes_into_it(act: str, exchange: bool) -> None:
    disk, bench = memory_bench(MemoryDisk(exchange=exchange))
    disk.user.write("a", b"old")
    task: Task = bench.write("a", b"new") if act == "write" else bench.delete("a")
    with ExitStack() as open_files:
        writes: list[Callable[[bytes], None]] = []

        def opens(call: str, path: RelPath) -> None:
            if call == "rename" and not writes and disk.user.read("a") == b"old":
                writes.append(open_files.enter_context(disk.user.held_open("a")))

        disk.before_call = opens
        [outcome] = bench.run(task)
        disk.before_call = lambda name, path: None
        assert isinstance(outcome, StaleTask)
        writes[0](b"saved at last")
    assert b"saved at last" in disk.user.tree().values()
    assert bench.staged() == []


def test_a_file_that_may_not_be_read_is_deleted_all_the_same() -> None:
    disk, bench = memory_bench(MemoryDisk())
    disk.user.write("a", b"old")
    disk.user.chmod("a", 0o200)
    seen = disk.stat(RelPath("a"))
    node = File(node_id("a"), placed("a"), content_of(b"old"), False, seen.mtime_ns)
    assert isinstance(bench.run(DeleteTask(DeleteLocal(node), RelPath("a"), seen.stamp))[0], Done)
    assert disk.user.tree() == {}


# --- a user, and crashes, between any two calls -----------------------------------------------------------------

PATHS = ["a", "b", "c", "d/x", "d/y", "n", "m"]


def base_world(exchange: bool = True, granularity_ns: int = 1) -> tuple[MemoryDisk, Bench]:
    disk, bench = memory_bench(MemoryDisk(exchange=exchange, granularity_ns=granularity_ns))
    disk.user.mkdir("d")
    for path in ("a", "b", "c", "d/x"):
        disk.user.write(path, f"old {path}".encode())
    return disk, bench


def base_tasks(bench: Bench) -> list[Task]:
    data = big(70_000)
    content, _ = stage(bench, data)
    return [
        bench.write("a", b"new a"),
        bench.delete("b"),
        bench.move("c", "m"),
        bench.write("n", data, source=Staged(content)),
        bench.write("d/x", b"old d/x", source=InPlace(), executable=True),
        bench.make_dir("e"),
    ]


def agents() -> set[bytes]:
    return {b"new a", big(70_000)}


@st.composite
def user_acts(draw: st.DrawFn) -> tuple[str, str, str]:
    kind = draw(st.sampled_from(["write", "replace", "delete", "move", "mkdir", "same size", "touch"]))
    return kind, draw(st.sampled_from(PATHS)), draw(st.sampled_from([*PATHS, "u", "d"]))


class Hands:
    """The user, who keeps count of what they wrote and let go of."""

    def __init__(self, disk: MemoryDisk) -> None:
        self.disk = disk
        self.written: set[bytes] = set()
        self.let_go: set[bytes] = set()
        self.number = 0

    def act(self, kind: str, path: str, to: str) -> None:
        user = self.disk.user
        self.number += 1
        try:
            match kind:
                case "write" | "replace" | "same size":
                    tag = b"U%d" % self.number
                    old = user.read(path)
                    data = tag if kind != "same size" or old is None else tag.ljust(len(old), b".")[: max(len(old), 3)]
                    self.note(user.write(path, data, replace=kind == "replace"))
                    self.written.add(data)
                case "delete":
                    self.let_go |= set(user.delete(path).values())
                case "move":
                    self.note(user.move(path, to))
                case "mkdir":
                    user.mkdir(path)
                case "touch":
                    user.touch(path, MTIME + self.number)  # to the very mtime that we set: the race that is documented
        except OSError:
            return

    def note(self, displaced: bytes | None) -> None:
        if displaced is not None:
            self.let_go.add(displaced)


def contents(disk: MemoryDisk) -> set[bytes]:
    return {data for data in disk.user.tree().values() if isinstance(data, bytes)}


OLD = {path: f"old {path}".encode() for path in ("a", "b", "c", "d/x")}


@pytest.mark.hazard("B1", "N7")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    acts=st.lists(st.tuples(st.integers(0, 75), user_acts()), min_size=1, max_size=4),
    granularity=st.sampled_from([1, 10_000_000, 2_000_000_000]),
)
def test_no_user_content_is_lost_whatever_call_the_edits_fall_between_b1_n7(
    acts: list[tuple[int, tuple[str, str, str]]], granularity: int
) -> None:
    disk, bench = base_world(granularity_ns=granularity)
    tasks = base_tasks(bench)
    hands = Hands(disk)
    by_call: dict[int, list[tuple[str, str, str]]] = {}
    for at, act in acts:
        by_call.setdefault(at, []).append(act)
    on_calls(disk, lambda number: [hands.act(*act) for act in by_call.get(number, ())])
    outcomes = bench.run(*tasks)
    disk.before_call = lambda name, path: None
    check(disk, hands, outcomes)
    for outcome in outcomes:
        if isinstance(outcome, Done) and isinstance(outcome.fact, FileSeen) and outcome.fact.stamp:
            seen = bench.look(outcome.fact.path)
            if isinstance(seen, FileSeen) and disk.stat(outcome.fact.path).stamp == outcome.fact.stamp:
                assert seen.content == outcome.fact.content, "a user's write hides behind our stamp"
    assert bench.staged() in ([], ["part." + content_of(big(70_000)).digest.hex()])


@pytest.mark.hazard("B5")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    at=st.integers(0, 75),
    act=user_acts(),
    later=st.integers(0, 25),
    power=st.booleans(),
    granularity=st.sampled_from([1, 10_000_000]),
    exchange=st.booleans(),
)
def test_no_user_content_is_lost_by_a_crash_after_an_edit_b5(
    at: int, act: tuple[str, str, str], later: int, power: bool, granularity: int, exchange: bool
) -> None:
    disk, bench = base_world(exchange, granularity)
    tasks = base_tasks(bench)
    disk.settle_all()
    hands = Hands(disk)

    def step(number: int) -> None:
        if number == at:
            hands.act(*act)
        if number >= at + later:
            raise Killed

    on_calls(disk, step)
    outcomes: list[Outcome] = []
    try:
        outcomes = bench.run(*tasks)
    except Killed:
        outcomes = [Done(task.op, None) for task in tasks]  # any of them may have been done
    disk.before_call = lambda name, path: None
    disk.crash() if power else disk.unlock_all()
    bench.restart()
    check(disk, hands, outcomes)
    assert bench.staged() == []


def check(disk: MemoryDisk, hands: Hands, outcomes: list[Outcome]) -> None:
    there = contents(disk)
    gone = set(hands.let_go)
    if isinstance(outcomes[0], Done):
        gone.add(OLD["a"])
    if isinstance(outcomes[1], Done):
        gone.add(OLD["b"])
    lost = (hands.written | set(OLD.values())) - gone - there
    assert not lost, disk.user.tree(own=True)
    invented = there - hands.written - set(OLD.values()) - agents()
    assert not invented, "torn, or of nobody's making (N2)"


@pytest.mark.hazard("B5", "N8")
@pytest.mark.parametrize("exchange", [True, False])
def test_killed_at_every_call_nothing_is_torn_and_nothing_is_left_b5_n8(exchange: bool) -> None:
    for power in (False, True):
        for at in kill_points(exchange):
            disk, bench = base_world(exchange)
            tasks = base_tasks(bench)
            disk.settle_all()
            on_calls(disk, lambda number, at=at: kill(number == at))
            with pytest.raises(Killed):
                bench.run(*tasks)
            disk.before_call = lambda name, path: None
            disk.crash() if power else disk.unlock_all()
            put_back = bench.restart()
            assert put_back == () or not exchange, "what was meant to go is known again"
            assert set(put_back) <= {"a"}, "which had left its place, and nothing had taken that"
            tree = disk.user.tree()
            assert tree["a"] in (OLD["a"], b"new a")
            assert tree.get("b") in (OLD["b"], None)
            assert [tree.get("c"), tree.get("m")].count(OLD["c"]) == 1
            assert tree.get("n") in (None, big(70_000))
            assert tree["d/x"] == OLD["d/x"]
            assert set(tree) <= {"a", "b", "c", "d", "d/x", "e", "m", "n"}
            assert bench.staged() == []


def kill_points(exchange: bool = True) -> range:
    """The number of each call of the base tasks."""
    disk, bench = base_world(exchange)
    tasks = base_tasks(bench)
    before = disk.calls
    bench.run(*tasks)
    return range(disk.calls - before)


@pytest.mark.hazard("B1")
@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 75), act=user_acts())
def test_where_files_cannot_be_exchanged_an_edit_is_kept(at: int, act: tuple[str, str, str]) -> None:
    disk, bench = base_world(exchange=False)
    tasks = base_tasks(bench)
    hands = Hands(disk)
    on_calls(disk, lambda number: hands.act(*act) if number == at else None)
    outcomes = bench.run(*tasks)
    disk.before_call = lambda name, path: None
    check(disk, hands, outcomes)


@pytest.mark.hazard("B1", "N7")
@pytest.mark.parametrize("kind", ["replace", "write", "delete"])
def test_where_files_cannot_be_exchanged_what_is_saved_at_any_call_is_kept(kind: str) -> None:
    for at in kill_points(exchange=False):
        disk, bench = base_world(exchange=False)
        tasks = base_tasks(bench)
        hands = Hands(disk)
        on_calls(disk, lambda number, hands=hands, at=at: hands.act(kind, "a", "") if number == at else None)
        outcomes = bench.run(*tasks)
        disk.before_call = lambda name, path: None
        check(disk, hands, outcomes)
        assert not any(name.startswith(("new.", "held.")) for name in bench.staged())


@pytest.mark.hazard("B1", "N7")
def test_an_edit_of_the_old_and_of_the_new_in_one_moment_are_both_kept() -> None:
    disk, bench = memory_bench()
    disk.user.write("a", b"old")
    task = bench.write("a", b"new")

    def step(name: str, path: RelPath) -> None:
        if name == "sync" and disk.user.read("a") == b"new":
            disk.before_call = lambda name, path: None
            [slot] = [name for name in bench.staged() if name.startswith("held.")]
            inner = disk.find(RelPath(f".syncagent/stage/{slot}"))
            disk.user.write_into(inner, 0, b"a program had it open", RelPath("a"))
            disk.user.write("a", b"and another wrote here")

    disk.before_call = step
    [outcome] = bench.run(task)
    assert isinstance(outcome, StaleTask)
    tree = disk.user.tree()
    assert tree["a"] == b"and another wrote here"
    [copy] = set(tree) - {"a"}
    assert tree[copy] == b"a program had it open"
    assert copy.startswith("a (conflict ")
    assert copy in outcome.paths


# --- in few words -----------------------------------------------------------------------------------------------


def stage(bench: Bench, data: bytes) -> tuple[Content, tuple[object, ...]]:
    content, recipe = content_of(data), recipe_of(data)
    wish = StageWish(content, recipe)  # type: ignore[arg-type]
    bench.staging.begin(wish)
    offset, blocks = 0, []
    for block in wish.recipe:
        blocks.append((block.digest, data[offset : offset + block.size]))
        offset += block.size
    bench.staging.put(content, blocks, wish.recipe)
    return content, recipe


def fail(number: int) -> None:
    raise OSError(number, "no")


def kill(now: bool) -> None:
    if now:
        raise Killed


def hook_at(disk: MemoryDisk, call: str, at: int, act: Callable[[], object]) -> None:
    """Act before the ``at``-th call of that name."""
    count = [0]

    def hook(name: str, path: RelPath) -> None:
        if name == call:
            count[0] += 1
            if count[0] == at:
                act()

    disk.before_call = hook


def on_calls(disk: MemoryDisk, act: Callable[[int], object]) -> None:
    """Act before each call, with its number."""
    count = [-1]

    def hook(name: str, path: RelPath) -> None:
        count[0] += 1
        act(count[0])

    disk.before_call = hook
