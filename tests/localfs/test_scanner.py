"""What a look at the disk says, and what it says when it could not look."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from syncagent.content.digest import content_of
from syncagent.content.recipe import read_all
from syncagent.errors import RootMissing
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.memory_systems import apfs
from syncagent.localfs.scanner import BATCH, Scanner
from syncagent.model.facts import (
    UNSURE,
    DirSeen,
    Fact,
    FileSeen,
    Ignored,
    LinkSeen,
    Listed,
    LookAt,
    NothingThere,
    NotKept,
    RulesSeen,
    Stamp,
    Unreadable,
)
from syncagent.model.names import RelPath
from tests.support.disks import big, memory_bench


def walk(disk: MemoryDisk, path: str = "") -> list[Fact]:
    return [fact for batch in Scanner(disk, disk.abilities).walk(RelPath(path)) for fact in batch]


def walk_as(disk: MemoryDisk, path: str, meanwhile: Callable[[], None] | None) -> list[Fact]:
    """The same; ``meanwhile`` happens right before the folder is listed."""

    def before(call: str, at: RelPath) -> None:
        nonlocal meanwhile
        if call == "list" and at == path and meanwhile is not None:
            then, meanwhile = meanwhile, None
            then()

    disk.before_call = before
    return walk(disk, path)


def look(disk: MemoryDisk, path: str, known: object = None) -> Fact:
    return Scanner(disk, disk.abilities).look([LookAt(RelPath(path), known)])[0]  # type: ignore[arg-type]


def test_a_walk_tells_of_every_name_and_lists_each_folder_after_its_names() -> None:
    disk, _ = memory_bench()
    disk.user.mkdir("d")
    disk.user.write("d/x", b"12")
    disk.user.symlink("nowhere", "l")
    disk.user.special("p")
    facts = walk(disk)
    assert set(facts) == {
        DirSeen(RelPath("d"), disk.stat(RelPath("d")).stamp),
        FileSeen(RelPath("d/x"), disk.stat(RelPath("d/x")).stamp, False, disk.stat(RelPath("d/x")).mtime_ns, None),
        LinkSeen(RelPath("l"), disk.stat(RelPath("l")).stamp, "nowhere"),
        NotKept(RelPath("p"), "it is a pipe"),
        Listed(RelPath("d"), frozenset({"x"})),
        Listed(RelPath(""), frozenset({"d", "l", "p"})),
    }
    for fact in facts:
        if isinstance(fact, Listed):
            told = {other.path for other in facts[: facts.index(fact)]}
            assert {f"{fact.path}/{name}".lstrip("/") for name in fact.names} <= told


@pytest.mark.hazard("C4")
@pytest.mark.parametrize("disk", [MemoryDisk(), apfs()], ids=["tells forms apart", "folds"])
def test_a_walk_of_what_is_spelled_otherwise_on_disk_finds_it_c4(disk: MemoryDisk) -> None:
    disk, _ = memory_bench(disk)
    disk.user.mkdir("re\u0301sume\u0301s")
    disk.user.write("re\u0301sume\u0301s/e\u0301", b"1")
    file = RelPath("re\u0301sume\u0301s/e\u0301")
    seen = disk.stat(file)
    fact = FileSeen(file, seen.stamp, False, seen.mtime_ns, None)
    nothing = NothingThere(RelPath("r\xe9sum\xe9s/\xe9"))
    assert walk(disk, "r\xe9sum\xe9s/\xe9") == [nothing, fact]
    assert walk(disk, "re\u0301sume\u0301s/e\u0301") == [fact]
    assert walk(disk, "r\xe9sum\xe9s")[1:] == [fact, Listed(RelPath("re\u0301sume\u0301s"), frozenset({"e\u0301"}))]
    assert walk(disk, "r\xe9sum\xe9s/\xe8") == [NothingThere(RelPath("r\xe9sum\xe9s/\xe8"))]
    assert walk(disk, "\xe8/x") == [NothingThere(RelPath("\xe8/x"))]


@pytest.mark.hazard("C5")
def test_on_a_disk_that_folds_case_a_walk_minds_the_spelling_c5() -> None:
    disk, _ = memory_bench(apfs())
    disk.user.mkdir("Docs")
    disk.user.write("Docs/x", b"1")
    assert walk(disk, "docs") == [NothingThere(RelPath("docs"))]
    assert Listed(RelPath("Docs"), frozenset({"x"})) in walk(disk, "Docs")


@pytest.mark.hazard("C3")
def test_our_own_folder_is_never_entered_but_the_park_can_be() -> None:
    disk, _ = memory_bench()
    disk.mkdir(RelPath(".syncagent/park/id"))
    disk.user.write(".syncagent/park/id/x", b"1")
    assert walk(disk) == [Listed(RelPath(""), frozenset())]
    assert [fact.path for fact in walk(disk, ".syncagent/park/id")] == [".syncagent/park/id/x", ".syncagent/park/id"]
    assert isinstance(look(disk, ".syncagent/root.json"), NotKept)
    assert isinstance(look(disk, ".syncagent/park/id/x"), FileSeen)
    [(node, fact)] = Scanner(disk, disk.abilities).parked()
    assert (node, type(fact)) == ("id", DirSeen)


def test_large_folders_come_in_batches() -> None:
    disk, bench = memory_bench()
    for number in range(2 * BATCH + 10):
        disk.user.write(f"f{number}", b"")
    batches = list(bench.scanner.walk())
    assert all(len(batch) <= BATCH for batch in batches)
    assert len({fact.path for batch in batches for fact in batch}) == 2 * BATCH + 11


@pytest.mark.hazard("N10", "A14")
@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_walked_and_is_no_folder_or_none_any_more_is_not_said_to_be_gone(kind: str, when: str) -> None:
    disk, _ = memory_bench()

    def become() -> None:
        disk.user.delete("d")
        disk.user.write("d", b"1") if kind == "file" else disk.user.symlink("x", "d")

    disk.user.mkdir("d")
    if when == "before":
        become()
    facts = list(walk_as(disk, "d", become if when == "meanwhile" else None))
    assert [fact.path for fact in facts] == ["d"]
    assert not any(isinstance(fact, NothingThere) for fact in facts)
    assert when == "meanwhile" or isinstance(facts[0], FileSeen if kind == "file" else LinkSeen)


def test_a_file_that_is_walked_is_left_out_by_rules_for_files_alone() -> None:
    disk, _ = memory_bench()
    disk.user.write(".syncignore", b"d/\n")
    disk.user.write("d", b"1")
    assert [type(fact) for fact in walk(disk, "d")] == [FileSeen]
    disk.user.write(".syncignore", b"d\n")
    assert walk(disk, "d") == [Ignored(RelPath("d"))]


@pytest.mark.hazard("A14")
def test_a_folder_that_cannot_be_read_is_said_to_be_unreadable_a14() -> None:
    disk, _ = memory_bench()
    disk.user.mkdir("d")
    disk.user.write("d/x", b"1")
    disk.user.chmod("d", 0)
    facts = walk(disk)
    assert Unreadable(RelPath("d"), "permission denied") in facts
    assert not any(isinstance(fact, Listed) and fact.path == "d" for fact in facts)
    assert isinstance(look(disk, "d/x"), Unreadable)
    assert isinstance(look(disk, "d/none"), Unreadable)


@pytest.mark.hazard("A13")
def test_a_file_that_cannot_be_read_is_not_gone_a13() -> None:
    disk, _ = memory_bench()
    disk.user.write("x", b"1")
    disk.user.chmod("x", 0)
    assert look(disk, "x") == Unreadable(RelPath("x"), "permission denied")


def test_a_folder_that_is_no_longer_where_it_was_hinted_at_is_not_there_and_not_unreadable() -> None:
    disk, _ = memory_bench()
    disk.user.mkdir("d")
    assert walk(disk, "gone") == [NothingThere(RelPath("gone"))]

    def vanish(call: str, path: RelPath) -> None:
        if (call, path) == ("list", "d"):
            disk.before_call = lambda call, path: None
            disk.user.delete("d")

    disk.before_call = vanish
    assert NothingThere(RelPath("d")) in walk(disk)


@pytest.mark.hazard("B8")
@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ESTALE, errno.ENAMETOOLONG])
@pytest.mark.parametrize("call", ["stat", "open", "file.read", "file.stat", "list", "readlink"])
def test_no_error_reads_as_missing_b8(call: str, number: int) -> None:
    disk, _ = memory_bench()
    disk.user.write("x", b"1")
    disk.user.symlink("x", "l")

    def hook(name: str, path: RelPath) -> None:
        if name == call and path != "":
            raise OSError(number, "no")

    disk.before_call = hook
    for path in ("x", "l"):
        assert not isinstance(look(disk, path), NothingThere)


def test_what_is_not_there() -> None:
    disk, _ = memory_bench()
    disk.user.write("x", b"1")
    disk.user.mkdir("d")
    disk.user.symlink("d", "l")
    for path in ("none", "none/deeper", "x/below-a-file", "l/below-a-link"):
        assert look(disk, path) == NothingThere(RelPath(path))


@pytest.mark.hazard("A19")
def test_another_file_system_is_not_kept_a19() -> None:
    disk, _ = memory_bench()
    disk.user.mount("m")
    why = "it lies on another file system"
    assert walk(disk) == [NotKept(RelPath("m"), why), Listed(RelPath(""), frozenset({"m"}))]
    assert look(disk, "m") == NotKept(RelPath("m"), why)
    assert look(disk, "m/x") == NotKept(RelPath("m/x"), why)


@pytest.mark.hazard("C7")
def test_names_that_are_none_are_told_of_as_they_can_be_shown_c7() -> None:
    disk, _ = memory_bench()
    for name in ("bad\udcff", "back\\slash", "C:", ".SyncAgent", "good", "nfd-e\u0301"):
        disk.user.write(name, b"")
    facts = {fact.path: fact for fact in walk(disk)}
    assert facts[RelPath("bad\\xff")] == NotKept(RelPath("bad\\xff"), "its name is not valid UTF-8")
    assert {path for path, fact in facts.items() if isinstance(fact, FileSeen)} == {"good", "nfd-e\u0301"}
    listed = facts[RelPath("")]
    assert isinstance(listed, Listed)
    assert listed.names == {"bad\\xff", "back\\slash", "C:", ".SyncAgent", "good", "nfd-e\u0301"}
    for name in ("bad\udcff", "back\\slash", "C:", ".SyncAgent"):
        assert isinstance(look(disk, name), NotKept)


@pytest.mark.hazard("C7", "N15")
def test_a_name_that_is_not_utf8_is_found_again_by_the_form_in_which_it_is_shown_c7() -> None:
    disk, _ = memory_bench()
    disk.user.write("bad\udcff", b"")
    scanner, shown_as = Scanner(disk, disk.abilities), RelPath("bad\\xff")
    again = LookAt(shown_as, None, quiet=True)
    assert scanner.look([again]) == [NotKept(shown_as, "its name is not valid UTF-8")]
    disk.user.delete("bad\udcff")
    assert scanner.look([again]) == [NothingThere(shown_as)]


@pytest.mark.hazard("C8")
def test_a_path_that_is_too_long_is_not_entered_c8() -> None:
    disk, _ = memory_bench()
    path = ""
    for _ in range(20):
        path = f"{path}/{'n' * 250}".lstrip("/")
        disk.user.mkdir(path)
    facts = walk(disk)
    [refused] = [fact for fact in facts if isinstance(fact, NotKept)]
    assert len(refused.path) == 17 * 251 - 1
    assert len([fact for fact in facts if isinstance(fact, Listed)]) == 17


@pytest.mark.hazard("C8")
def test_a_deep_tree_needs_no_deep_stack_c8() -> None:
    disk, _ = memory_bench()
    path = "d"
    for _ in range(1990):
        disk.user.mkdir(path)
        path += "/d"
    assert len(walk(disk)) == 2 * 1990 + 1


@pytest.mark.hazard("C10")
def test_what_rules_leave_out_is_named_and_neither_looked_at_nor_entered() -> None:
    disk, _ = memory_bench()
    disk.user.write(".syncignore", b"/build/\n*.o\n")
    for folder in ("build", "d"):
        disk.user.mkdir(folder)
        disk.user.write(f"{folder}/x.o", b"")
    disk.user.write("d/.syncignore", b"!x.o\n")
    disk.user.write("y.o", b"")
    calls: list[str] = []
    disk.before_call = lambda name, path: calls.append(path)
    facts = walk(disk)
    assert {type(fact).__name__: fact.path for fact in facts if not isinstance(fact, FileSeen | RulesSeen)} == {
        "DirSeen": "d", "Listed": "d",
    }  # fmt: skip
    assert [(one.path, sorted(one.ignored)) for one in facts if isinstance(one, Listed)] == [
        ("", ["build", "y.o"]), ("d", []),
    ]  # fmt: skip
    assert [one for one in facts if isinstance(one, RulesSeen)] == [
        RulesSeen(RelPath(".syncignore"), b"/build/\n*.o\n"), RulesSeen(RelPath("d/.syncignore"), b"!x.o\n"),
    ]  # fmt: skip
    assert not any(path.startswith("build") for path in calls)
    wishes = [LookAt(RelPath(path), None) for path in ("build", "build/x.o", "y.o")]
    assert Scanner(disk, disk.abilities).look(wishes) == [
        Ignored(RelPath("build")), Ignored(RelPath("build/x.o")), Ignored(RelPath("y.o")),
    ]  # fmt: skip
    assert [fact for batch in Scanner(disk, disk.abilities).walk(RelPath("build")) for fact in batch] == [
        Ignored(RelPath("build"))
    ]


def test_a_look_at_a_rule_file_tells_what_it_holds_before_all_else() -> None:
    disk, _ = memory_bench()
    disk.user.write("x.o", b"")
    disk.user.write(".syncignore", b"*.o\n")
    wishes = [LookAt(RelPath("x.o"), None), LookAt(RelPath(".syncignore"), None)]
    facts = Scanner(disk, disk.abilities).look(wishes)
    assert facts[:2] == [RulesSeen(RelPath(".syncignore"), b"*.o\n"), Ignored(RelPath("x.o"))]
    disk.user.delete(".syncignore")
    facts = Scanner(disk, disk.abilities).look(wishes)
    assert facts[0] == RulesSeen(RelPath(".syncignore"), None)
    assert isinstance(facts[1], FileSeen)


@pytest.mark.hazard("A13", "C10")
def test_a_folder_whose_rules_cannot_be_read_counts_as_one_that_cannot_be_read() -> None:
    disk, _ = memory_bench()
    disk.user.mkdir("d")
    disk.user.write("d/.syncignore", b"*.o\n")
    disk.user.write("d/x.o", b"")

    def fail(name: str, path: RelPath) -> None:
        if (name, path) == ("open", "d/.syncignore"):
            raise OSError(errno.EIO, "Input/output error")

    disk.before_call = fail
    assert [one for one in walk(disk) if one.path.startswith("d") and not isinstance(one, DirSeen)] == [
        Unreadable(RelPath("d"), "input/output error")
    ]
    assert isinstance(look(disk, "d/x.o"), Unreadable)


# --- content ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 2_500_000])
def test_a_look_reads_content_and_recipe(size: int) -> None:
    disk, _ = memory_bench()
    data = big(size)
    disk.user.write("x", data)
    fact = look(disk, "x")
    assert isinstance(fact, FileSeen)
    assert (fact.content, fact.recipe) == read_all([data])
    assert fact.bytes_read == (data if size <= 65_536 else None)
    assert fact.stamp == disk.stat(RelPath("x")).stamp


@pytest.mark.hazard("A12")
def test_a_known_file_is_not_read_again() -> None:
    disk, _ = memory_bench()
    disk.user.write("x", b"1")
    fact = look(disk, "x")
    assert isinstance(fact, FileSeen)
    calls: list[str] = []
    disk.before_call = lambda name, path: calls.append(name)
    again = look(disk, "x", fact.stamp)
    assert isinstance(again, FileSeen)
    assert (again.content, again.stamp) == (None, fact.stamp)
    assert "open" not in calls
    assert getattr(look(disk, "x", UNSURE), "content", None) == content_of(b"1")


def test_a_quiet_look_tells_of_what_is_not_as_known_and_of_nothing_else() -> None:
    disk, _ = memory_bench()
    disk.user.write("x", b"1")
    disk.user.mkdir("d")
    disk.user.write("d/y", b"2")

    def quiet(path: str, known: Stamp | None) -> list[Fact]:
        return Scanner(disk, disk.abilities).look([LookAt(RelPath(path), known, quiet=True)])

    stamp = disk.stat(RelPath("x")).stamp
    assert quiet("x", stamp) == []
    assert quiet("gone", None) == quiet("x/beneath", None) == []
    assert [getattr(fact, "content", None) for fact in quiet("x", None)] == [content_of(b"1")]
    assert [getattr(fact, "content", None) for fact in quiet("x", UNSURE)] == [content_of(b"1")]
    assert quiet("gone", stamp) == [NothingThere(RelPath("gone"))]

    def answer(call: str, path: RelPath) -> None:
        raise OSError(errno.EIO, "no")

    disk.before_call = lambda call, path: answer(call, path) if path == "x" else None
    assert isinstance(quiet("x", stamp)[0], Unreadable)
    assert isinstance(quiet("x", None)[0], Unreadable)


def test_where_the_disk_folds_case_a_quiet_look_minds_the_spelling_c5() -> None:
    disk, _ = memory_bench(MemoryDisk(fold=str.casefold))
    disk.user.write("ReadMe", b"1")
    wish = LookAt(RelPath("readme"), disk.stat(RelPath("readme")).stamp, quiet=True)
    assert Scanner(disk, disk.abilities).look([wish]) == [NothingThere(RelPath("readme"))]


@pytest.mark.hazard("A7")
def test_an_edit_of_the_same_size_with_the_mtime_put_back_is_seen_a7() -> None:
    disk, _ = memory_bench()
    disk.user.write("x", b"1")
    fact = look(disk, "x")
    assert isinstance(fact, FileSeen)
    disk.user.write("x", b"2", mtime_ns=fact.mtime_ns)
    assert getattr(look(disk, "x", fact.stamp), "content", None) == content_of(b"2")


@pytest.mark.hazard("A8")
@pytest.mark.parametrize("granularity", [10_000_000, 1_000_000_000, 2_000_000_000])
def test_an_edit_in_the_same_tick_is_seen_a8(granularity: int) -> None:
    now = [1_700_000_010_000_000_000]
    disk, _ = memory_bench(MemoryDisk(granularity_ns=granularity, clock=lambda: now[0]))
    disk.user.write("x", b"1")
    fact = look(disk, "x")
    assert isinstance(fact, FileSeen)
    assert fact.stamp == UNSURE
    disk.user.write("x", b"2")
    fact = look(disk, "x", fact.stamp)
    assert getattr(fact, "content", None) == content_of(b"2")
    now[0] += 3 * granularity
    fact = look(disk, "x", UNSURE)
    assert isinstance(fact, FileSeen)
    assert fact.stamp == disk.stat(RelPath("x")).stamp, "when the clock has moved on, the stamp is sure"


@pytest.mark.hazard("A6")
def test_a_file_that_changes_while_it_is_read_is_read_again_a6() -> None:
    disk, _ = memory_bench()
    disk.user.write("x", big(3_000_000, 1))
    reads = [0]

    def hook(name: str, path: RelPath) -> None:
        if name == "file.read":
            reads[0] += 1
            if reads[0] == 2:
                disk.user.write("x", big(3_000_000, 2))

    disk.before_call = hook
    fact = look(disk, "x")
    assert getattr(fact, "content", None) == content_of(big(3_000_000, 2))


@pytest.mark.hazard("A5")
def test_a_file_that_never_stands_still_is_left_for_later_a5() -> None:
    disk, _ = memory_bench()
    disk.user.write("x", b"")
    lines = [b""]

    def hook(name: str, path: RelPath) -> None:
        if name == "file.read":
            lines[0] += b"line\n"
            disk.user.write("x", lines[0])

    disk.before_call = hook
    assert look(disk, "x") == Unreadable(RelPath("x"), "it is still being written")


@pytest.mark.hazard("C5")
def test_on_a_disk_that_folds_case_only_the_right_spelling_is_there_c5() -> None:
    disk, _ = memory_bench(MemoryDisk(fold=str.casefold))
    disk.user.mkdir("Docs")
    disk.user.write("Docs/ReadMe", b"1")
    assert isinstance(look(disk, "Docs/ReadMe"), FileSeen)
    assert isinstance(look(disk, "docs/ReadMe"), NothingThere)
    assert isinstance(look(disk, "Docs/README"), NothingThere)


# --- the root ---------------------------------------------------------------------------------------------------


@pytest.mark.hazard("E1")
def test_when_the_root_is_gone_nothing_is_said_e1() -> None:
    disk, bench = memory_bench()
    disk.user.write("x", b"1")
    disk.root_there = False
    with pytest.raises(RootMissing):
        bench.scanner.look([LookAt(RelPath("x"), None)])
    with pytest.raises(RootMissing):
        list(bench.scanner.walk())


@pytest.mark.hazard("E1")
def test_the_guard_is_asked_before_anything_is_said_to_be_missing_e1() -> None:
    disk, _ = memory_bench()
    disk.user.write("x", b"1")

    def guard() -> None:
        raise RootMissing("no marker")

    scanner = Scanner(disk, disk.abilities, guard)
    with pytest.raises(RootMissing):
        next(scanner.walk())
    with pytest.raises(RootMissing):
        scanner.look([LookAt(RelPath("gone"), None)])
    assert isinstance(scanner.look([LookAt(RelPath("x"), None)])[0], FileSeen)
