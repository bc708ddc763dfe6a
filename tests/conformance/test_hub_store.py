"""What every store of the hub must do.  The store in memory, with which worlds are simulated, keeps it too."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from syncagent.content.digest import content_of, digest_of
from syncagent.errors import StorageFull
from syncagent.hub.fsck import what_is_wrong
from syncagent.hub.judge import judge, touched
from syncagent.hub.rows import Folder, FolderId, Judgement, Role, Wanted
from syncagent.hub.stores.files import BlockFiles
from syncagent.hub.stores.memory import MemoryStore
from syncagent.hub.stores.ports import Key, Store
from syncagent.hub.stores.sqlite import SqliteStore
from syncagent.model.changes import Change, Operation, Ruling
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content, File

NOTHING: frozenset[NodeId] = frozenset()
LAPTOP = ClientId("laptop")
numbers = itertools.count()


@dataclass
class Opened:
    """A store, and how to open it again after its process died."""

    store: Store
    again: Callable[[], Store]


@pytest.fixture(params=["memory", "sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    ids = (f"id{n}" for n in itertools.count())
    if request.param == "memory":
        memory = MemoryStore(lambda: next(ids))

        def crashed() -> Store:
            memory.crash()
            return memory

        yield Opened(memory, crashed)
        return
    files = BlockFiles(str(tmp_path / "blocks"), digest_of)
    stores = [SqliteStore(str(tmp_path / "hub.db"), files, lambda: next(ids))]

    def reopened() -> Store:
        stores[-1].close()
        stores.append(SqliteStore(str(tmp_path / "hub.db"), files, lambda: next(ids)))
        return stores[-1]

    yield Opened(stores[0], reopened)
    stores[-1].close()
    files.close()


@pytest.fixture
def store(opened: Opened) -> Store:
    return opened.store


@pytest.fixture
def folder(store: Store) -> Folder:
    with store.unit():
        return store.journal.make_folder("default")


def change(operation: Operation, node: str, base: int = 0, **rest: object) -> Change:
    return Change(ChangeId(f"c{next(numbers)}"), operation, NodeId(node), Rev(base), **rest)  # type: ignore[arg-type]


def file(node: str, name: str, text: bytes = b"x", parent: str = ROOT) -> Change:
    content = content_of(text)
    return change(
        Operation.CREATE, node, kind=Kind.FILE, parent=NodeId(parent), name=Name(name), content=content,
        mtime_ns=-5, executable=True, recipe=(Block(content.digest, content.size),),
    )  # fmt: skip


def directory(node: str, name: str, parent: str = ROOT) -> Change:
    return change(Operation.CREATE, node, kind=Kind.DIR, parent=NodeId(parent), name=Name(name))


def submit(store: Store, folder: FolderId, *changes: Change, blocks: tuple[bytes, ...] = (b"x",)) -> Judgement:
    with store.unit():
        store.blocks.put(folder, [(digest_of(plain), plain) for plain in blocks])
        wanted = touched(changes)
        rows = store.journal.rows(folder, wanted)
        known = store.blocks.sizes(folder, wanted.digests)
        judgement = judge(changes, replace(rows, blocks=known), LAPTOP)
        store.journal.write(folder, judgement, 77)
    assert wrongs(store, folder) == []
    return judgement


def wrongs(store: Store, folder: FolderId) -> list[str]:
    journal = [timed.entry for timed in store.journal.entries(folder, Seq(0), 10**9)]
    nodes = frozenset(entry.node_id for entry in journal)
    rows = store.journal.rows(folder, Wanted(nodes, frozenset(), frozenset(), frozenset(), frozenset())).nodes
    digests = {block.digest for row in rows.values() for block in row.recipe}
    return what_is_wrong(rows, journal, store.blocks.sizes(folder, digests))


@pytest.mark.hazard("E7")
def test_a_run_is_told_from_all_others_and_remembers_how_far_the_one_before_went(opened: Opened) -> None:
    store = opened.store
    with store.unit():
        folder = store.journal.make_folder("default").id
        first = store.journal.begin_run()
    submit(store, folder, file("a", "a"), file("b", "b"))
    store = opened.again()
    with store.unit():
        second = store.journal.begin_run()
    with store.unit():
        third = store.journal.begin_run()
    assert len({first.current, second.current, third.current}) == 3
    for known in (second, third):
        assert known.reached(folder, first.current, Seq(2), Seq(2))
        assert not known.reached(folder, first.current, Seq(3), Seq(9))
    assert third.reached(folder, second.current, Seq(2), Seq(9))
    assert not third.reached(folder, second.current, Seq(3), Seq(9))
    assert not second.reached(folder, third.current, Seq(1), Seq(2))


@pytest.mark.hazard("E7")
def test_a_run_that_was_not_begun_to_its_end_was_not_begun(opened: Opened) -> None:
    store = opened.store
    lost = ""
    with suppress(StorageFull), store.unit():
        lost = store.journal.begin_run().current
        raise StorageFull("no room")
    with store.unit():
        store.journal.begin_run()
    with store.unit():
        runs = store.journal.begin_run()
    assert not runs.reached(FolderId(1), lost, Seq(0), Seq(0))


def test_a_folder_is_made_once_and_keeps_its_epoch(opened: Opened) -> None:
    with opened.store.unit():
        first = opened.store.journal.make_folder("default")
        other = opened.store.journal.make_folder("photos")
    hub_id = opened.store.journal.hub_id
    again = opened.again()
    with again.unit():
        assert again.journal.make_folder("default") == first
    assert again.journal.folders() == [first, other]
    assert again.journal.hub_id == hub_id
    assert len({hub_id, first.epoch, other.epoch}) == 3
    assert first.head == first.horizon == 0


@pytest.mark.hazard("N9")
def test_n9_what_a_unit_has_written_is_there_after_a_crash(opened: Opened, folder: Folder) -> None:
    done = submit(opened.store, folder.id, directory("d", "docs"), file("f", "a.txt", parent="d"))
    assert [verdict.ruling for verdict in done.verdicts] == [Ruling.COMMITTED] * 2
    again = opened.again()
    timed = again.journal.entries(folder.id, Seq(0), 10)
    assert [one.entry for one in timed] == [said.entry for said in done.journal]
    assert [one.time_ns for one in timed] == [77, 77]
    assert timed[1].entry.path == "docs/a.txt"
    assert again.journal.folders()[0].head == 2
    assert again.blocks.read(folder.id, [digest_of(b"x")]) == [(digest_of(b"x"), b"x")]


@pytest.mark.hazard("F16")
def test_f16_a_unit_that_fails_leaves_nothing(opened: Opened, folder: Folder) -> None:
    submit(opened.store, folder.id, directory("d", "docs"), file("f", "a.txt", parent="d"))
    before = opened.store.journal.snapshot(folder.id, Seq(0), 10)
    with pytest.raises(StorageFull), opened.store.unit():
        changes = [file("g", "b.txt"), change(Operation.MOVE, "f", 1, kind=Kind.FILE, name=Name("c.txt"))]
        opened.store.blocks.put(folder.id, [(digest_of(b"y"), b"y")])
        rows = opened.store.journal.rows(folder.id, touched(changes))
        judged = judge(changes, type(rows)(rows.head, rows.nodes, rows.slots, blocks={digest_of(b"x"): 1}), LAPTOP)
        assert len(judged.journal) == 2
        opened.store.journal.write(folder.id, judged, 1)
        raise StorageFull("no room")
    again = opened.again()
    assert again.journal.snapshot(folder.id, Seq(0), 10) == before
    assert again.journal.folders()[0].head == 2
    assert again.blocks.sizes(folder.id, [digest_of(b"x"), digest_of(b"y")]) == {digest_of(b"x"): 1}
    submit(again, folder.id, file("g", "b.txt"))


def test_the_journal_comes_in_pages(store: Store, folder: Folder) -> None:
    submit(store, folder.id, *(directory(f"n{n}", f"dir {n}") for n in range(10)))
    pages = [[one.entry.seq for one in store.journal.entries(folder.id, Seq(since), 4)] for since in (0, 4, 8, 10)]
    assert pages == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10], []]


def test_every_kind_of_node_comes_back_as_it_was(store: Store, folder: Folder) -> None:
    parts = (b"1" * 100_000, b"2" * 70_000, b"3")
    recipe = tuple(Block(digest_of(part), len(part)) for part in parts)
    whole = Content(digest_of(b"".join(parts)), sum(map(len, parts)))
    done = submit(
        store, folder.id,
        file("f", "ünï 'quoted' \u202e.txt"),
        change(Operation.CREATE, "l", kind=Kind.LINK, name=Name("l"), target="../über"),
        change(Operation.CREATE, "e", kind=Kind.FILE, name=Name("empty"), content=content_of(b"")),
        change(Operation.CREATE, "big", kind=Kind.FILE, name=Name("big"), content=whole, recipe=recipe),
        blocks=(b"x", *parts),
    )  # fmt: skip
    assert {verdict.ruling for verdict in done.verdicts} == {Ruling.COMMITTED}
    entries = [one.entry for one in store.journal.entries(folder.id, Seq(0), 10)]
    assert entries == [said.entry for said in done.journal]
    assert entries[3].recipe == recipe
    assert isinstance(entries[0].node, File)
    assert [(one.entry.node, one.entry.recipe) for one in store.journal.snapshot(folder.id, Seq(0), 10)] == [
        (entry.node, entry.recipe) for entry in entries
    ]
    wanted = [recipe[2].digest, recipe[0].digest, Digest(b"?" * 32), recipe[1].digest]
    assert store.blocks.read(folder.id, wanted) == [(digest_of(parts[n]), parts[n]) for n in (2, 0, 1)]


def test_names_change_places_within_one_batch(store: Store, folder: Folder) -> None:
    submit(store, folder.id, file("a", "a"), file("b", "b"))
    moves = [
        change(Operation.MOVE, node, base, kind=Kind.FILE, name=Name(to))
        for node, base, to in (("a", 1, "c"), ("b", 1, "a"), ("a", 2, "b"))
    ]
    done = submit(store, folder.id, *moves)
    assert [verdict.ruling for verdict in done.verdicts] == [Ruling.COMMITTED] * 3
    assert set(store.journal.listing(folder.id)) == {"a", "b"}


@pytest.mark.hazard("F19")
def test_f19_a_snapshot_brings_about_what_the_journal_does(store: Store, folder: Folder) -> None:
    submit(store, folder.id, directory("d", "d"), directory("e", "e", "d"), file("f", "f", parent="e"), file("g", "g"))
    submit(
        store, folder.id,
        change(Operation.MOVE, "d", 1, kind=Kind.DIR, name=Name("moved")),
        change(Operation.DELETE, "g", 1, kind=Kind.FILE),
    )  # fmt: skip
    whole = store.journal.snapshot(folder.id, Seq(0), 10)
    assert [(one.entry.path, one.entry.operation) for one in whole] == [
        ("moved/e", Operation.CREATE), ("moved/e/f", Operation.CREATE), ("moved", Operation.CREATE),
    ]  # fmt: skip
    assert [one.entry.node_id for one in store.journal.snapshot(folder.id, Seq(0), 2)] == ["e", "f"]
    rest = store.journal.snapshot(folder.id, Seq(3), 10)
    assert [(one.entry.node_id, one.entry.operation) for one in rest] == [
        ("d", Operation.CREATE), ("g", Operation.DELETE),
    ]  # fmt: skip
    assert rest[1].entry.node is None
    assert rest[1].entry.rev == 2


def test_the_listing_has_all_living_files(store: Store, folder: Folder) -> None:
    submit(store, folder.id, directory("d", "d"), file("f", "f", parent="d"), file("g", "g"), directory("o", "o"))
    submit(store, folder.id, change(Operation.DELETE, "g", 1, kind=Kind.FILE))
    assert store.journal.listing(folder.id) == {"d/f": content_of(b"x")}


def test_a_folder_goes_though_it_was_to_go_in_a_unit_that_was_undone(store: Store, folder: Folder) -> None:
    submit(store, folder.id, directory("d", "d"), file("f", "f", parent="d"))
    gone = change(Operation.DELETE, "d", 1, kind=Kind.DIR, beneath=1, as_of=Seq(2))
    with suppress(StorageFull), store.unit():
        store.journal.rows(folder.id, touched([gone]))
        raise StorageFull("no room")
    submit(store, folder.id, file("g", "g", parent="d"))
    assert submit(store, folder.id, gone).verdicts[0].ruling is Ruling.REJECTED
    again = change(Operation.DELETE, "d", 1, kind=Kind.DIR, beneath=2, as_of=Seq(3))
    assert submit(store, folder.id, again).verdicts[0].ruling is Ruling.COMMITTED
    assert store.journal.listing(folder.id) == {}
    assert [one.entry.node_id for one in store.journal.entries(folder.id, Seq(3), 10)] == ["f", "g", "d"]


def test_a_deleted_node_comes_back_under_its_id(store: Store, folder: Folder) -> None:
    submit(store, folder.id, file("f", "f"))
    submit(store, folder.id, change(Operation.DELETE, "f", 1, kind=Kind.FILE), file("g", "f"))
    back = file("f", "back")
    done = submit(store, folder.id, replace(back, base_rev=Rev(2)))
    assert [(one.ruling, one.rev) for one in done.verdicts] == [(Ruling.COMMITTED, 3)]
    assert set(store.journal.listing(folder.id)) == {"f", "back"}


@pytest.mark.hazard("G10")
def test_g10_folders_know_nothing_of_each_other(store: Store, folder: Folder) -> None:
    with store.unit():
        other = store.journal.make_folder("other")
    submit(store, folder.id, file("f", "f", b"secret"), blocks=(b"secret",))
    digest = digest_of(b"secret")
    assert store.blocks.sizes(other.id, [digest]) == {}
    assert store.blocks.read(other.id, [digest]) == []
    assert store.journal.snapshot(other.id, Seq(0), 10) == []
    assert store.journal.rows(other.id, touched([file("f", "f")])).nodes == {}
    submit(store, other.id, file("f", "f"))
    assert store.journal.folders()[1].head == 1


@pytest.mark.hazard("F5")
def test_f5_a_block_that_is_there_is_not_written_again(store: Store, folder: Folder) -> None:
    digest = digest_of(b"right")
    for plain in (b"right", b"wrong"):
        with store.unit():
            store.blocks.put(folder.id, [(digest, plain), (digest, plain)])
    assert store.blocks.read(folder.id, [digest]) == [(digest, b"right")]


def test_large_blocks_may_be_prepared_beforehand(opened: Opened, folder: Folder) -> None:
    plain = bytes(200_000)
    block = (digest_of(plain), plain)
    opened.store.blocks.prepare(folder.id, [block])
    assert opened.store.blocks.sizes(folder.id, [block[0]]) == {}
    with opened.store.unit():
        opened.store.blocks.put(folder.id, [block])
    assert opened.again().blocks.read(folder.id, [block[0]]) == [block]


@pytest.mark.hazard("N13")
def test_n13_a_change_id_is_remembered(opened: Opened, folder: Folder) -> None:
    once = file("f", "f")
    first = submit(opened.store, folder.id, once)
    second = submit(opened.again(), folder.id, once)
    assert second.journal == ()
    assert [(v.ruling, v.seq, v.rev) for v in second.verdicts] == [(Ruling.DUPLICATE, 1, 1)]
    assert [(v.ruling, v.seq, v.rev) for v in first.verdicts] == [(Ruling.COMMITTED, 1, 1)]


def test_keys_are_kept_and_forgotten(opened: Opened) -> None:
    key = Key("abc", b"salt", b"hash", Role.READER, frozenset({"default", "photos"}), "the laptop's")
    with opened.store.unit():
        opened.store.keys.put(key)
        opened.store.keys.put(Key("x", b"", b"", Role.WRITER))
    again = opened.again()
    assert again.keys.all() == [key, Key("x", b"", b"", Role.WRITER)]
    with again.unit():
        again.keys.remove("x")
    assert opened.again().keys.all() == [key]


def test_living_files_are_counted_whatever_becomes_of_them(store: Store, folder: Folder) -> None:
    assert store.journal.living_files(folder.id) == 0
    submit(store, folder.id, file("a", "a"), file("b", "b"), directory("d", "d"))
    assert store.journal.living_files(folder.id) == 2
    submit(store, folder.id, change(Operation.DELETE, "a", 1, kind=Kind.FILE), file("c", "c"))
    submit(store, folder.id, change(Operation.MOVE, "b", 1, kind=Kind.FILE, parent=ROOT, name=Name("e")))
    assert store.journal.living_files(folder.id) == 2
    submit(store, folder.id, change(Operation.DELETE, "d", 1, kind=Kind.DIR))
    submit(store, folder.id, replace(file("a", "a"), base_rev=Rev(2)))
    assert store.journal.living_files(folder.id) == 3
    with store.unit():
        other = store.journal.make_folder("other")
    assert store.journal.living_files(other.id) == 0


def test_living_files_are_counted_again_after_a_crash(opened: Opened, folder: Folder) -> None:
    submit(opened.store, folder.id, file("a", "a"), file("b", "b"))
    assert opened.again().journal.living_files(folder.id) == 2


def test_what_was_undone_is_not_counted_among_the_living(store: Store, folder: Folder) -> None:
    submit(store, folder.id, file("a", "a"))
    assert store.journal.living_files(folder.id) == 1
    more = [file("b", "b")]
    with pytest.raises(RuntimeError), store.unit():
        rows = replace(store.journal.rows(folder.id, touched(more)), blocks={digest_of(b"x"): 1})
        store.journal.write(folder.id, judge(more, rows, LAPTOP), 1)
        raise RuntimeError
    assert store.journal.living_files(folder.id) == 1


def test_rows_come_by_the_number_of_their_last_change_tombstones_too(store: Store, folder: Folder) -> None:
    submit(store, folder.id, directory("d", "d"), file("a", "a"), file("b", "b"))
    submit(store, folder.id, change(Operation.DELETE, "d", 1, kind=Kind.DIR))
    rows = store.journal.rows_after(folder.id, Seq(1), 2)
    assert [(row.id, row.seq, row.living) for row in rows] == [("a", 2, True), ("b", 3, True)]
    rows = store.journal.rows_after(folder.id, Seq(3), 2)
    assert [(row.id, row.seq, row.living) for row in rows] == [("d", 4, False)]
    assert store.journal.rows_after(folder.id, Seq(4), 2) == []


def test_blocks_are_checked_in_parts(store: Store, folder: Folder) -> None:
    plain = [bytes([number]) * 100 for number in range(5)]
    with store.unit():
        store.blocks.put(folder.id, [(digest_of(one), one) for one in plain])
    seen, after = 0, None
    for _ in range(3):
        with store.unit():
            checked = store.blocks.check(folder.id, after, 250)
        assert checked.lost == ()
        assert checked.size == 100 * checked.number
        seen, after = seen + checked.number, checked.last
    assert (seen, after) == (5, None)
    assert store.sound(1 << 40) is True
    assert [store.blocks.strays(folder.id, part) for part in (0, 255)] == [[], []]


@pytest.mark.hazard("E8")
def test_what_is_lost_is_remembered_until_it_is_put(opened: Opened, folder: Folder) -> None:
    digest = digest_of(b"lost")
    with opened.store.unit():
        opened.store.blocks.lose(folder.id, [digest, digest_of(b"more")])
        opened.store.blocks.lose(folder.id, [digest])
    again = opened.again()
    assert again.blocks.lost(folder.id, 10) == sorted([digest, digest_of(b"more")])
    assert len(again.blocks.lost(folder.id, 1)) == 1
    with again.unit():
        assert again.blocks.find_again(folder.id, [digest]) == 0
        again.blocks.put(folder.id, [(digest, b"lost")])
    assert again.blocks.lost(folder.id, 10) == [digest_of(b"more")]


@pytest.mark.hazard("E2")
def test_whose_changes_are_held_is_remembered(opened: Opened, folder: Folder) -> None:
    with opened.store.unit():
        opened.store.journal.note_held(folder.id, LAPTOP, held=True)
        opened.store.journal.note_held(folder.id, LAPTOP, held=True)
        opened.store.journal.note_held(folder.id, ClientId("a"), held=True)
        opened.store.journal.note_held(folder.id, ClientId("b"), held=False)
    again = opened.again()
    assert again.journal.noted_held() == [(folder.id, "a"), (folder.id, "laptop")]
    with again.unit():
        again.journal.note_held(folder.id, LAPTOP, held=False)
    assert again.journal.noted_held() == [(folder.id, "a")]
    with pytest.raises(RuntimeError), again.unit():
        again.journal.note_held(folder.id, LAPTOP, held=True)
        raise RuntimeError
    assert again.journal.noted_held() == [(folder.id, "a")]


# --- a folder with all that is beneath it -------------------------------------------------------------------------

LONG = "n" * 200


def furnished(store: Store, folder: FolderId) -> None:
    """docs/ with two folders in each other, files and a link in them, and a file beside it; one file was changed."""
    submit(
        store, folder, directory("docs", "docs"), directory("sub", "sub", "docs"), directory("deep", "deep", "sub"),
        file("a", "a", parent="docs"), file("b", "b", parent="deep"), file("c", "c"),
        change(Operation.CREATE, "link", kind=Kind.LINK, parent=NodeId("sub"), name=Name("l"), target="x"),
    )  # fmt: skip
    content = content_of(b"x")
    again = change(
        Operation.UPDATE, "a", 1, kind=Kind.FILE, content=content, recipe=(Block(content.digest, content.size),)
    )
    submit(store, folder, again)


def all_of(node: str, beneath: int, as_of: int, base: int = 1) -> Change:
    return change(Operation.DELETE, node, base, kind=Kind.DIR, beneath=beneath, as_of=Seq(as_of))


def test_a_folder_goes_with_all_beneath_it_and_each_has_its_entry(opened: Opened, folder: Folder) -> None:
    store = opened.store
    furnished(store, folder.id)
    assert store.journal.living_files(folder.id) == 3
    judgement = submit(store, folder.id, said := all_of("docs", 5, 8))
    [verdict] = judgement.verdicts
    assert (verdict.ruling, verdict.seq, verdict.rev, verdict.beneath) == (Ruling.COMMITTED, 14, 2, 5)
    [told] = judgement.told
    assert (told.first, told.seq, told.beneath, told.path) == (9, 14, 5, "docs")
    for reopened in (False, True):
        again = opened.again() if reopened else store
        entries = [timed.entry for timed in again.journal.entries(folder.id, Seq(8), 100)]
        assert [(one.seq, one.node_id, one.rev, one.path) for one in entries] == [
            (9, "b", 2, "docs/sub/deep/b"), (10, "deep", 2, "docs/sub/deep"), (11, "link", 2, "docs/sub/l"),
            (12, "a", 3, "docs/a"), (13, "sub", 2, "docs/sub"), (14, "docs", 2, "docs"),
        ]  # fmt: skip
        assert {(one.operation, one.node, one.author, one.beneath) for one in entries} == {
            (Operation.DELETE, None, LAPTOP, 0)
        }
        assert {timed.time_ns for timed in again.journal.entries(folder.id, Seq(8), 100)} == {77}
        assert list(again.journal.listing(folder.id)) == ["c"]
        assert [one.entry.node_id for one in again.journal.snapshot(folder.id, Seq(0), 100)] == ["c"]
        assert again.journal.living_files(folder.id) == 1
    # The answer is the same when it is asked for again, and all of it can come back under its old ids.
    [verdict] = submit(again, folder.id, said).verdicts
    assert (verdict.ruling, verdict.seq) == (Ruling.DUPLICATE, 14)


def test_what_went_with_its_folder_comes_back_under_its_id(store: Store, folder: Folder) -> None:
    furnished(store, folder.id)
    submit(store, folder.id, all_of("docs", 5, 8))
    back = [
        replace(directory("docs", "docs"), base_rev=Rev(2)),
        replace(file("a", "a", parent="docs"), base_rev=Rev(3)),
    ]
    assert [one.ruling for one in submit(store, folder.id, *back).verdicts] == [Ruling.COMMITTED] * 2
    assert sorted(store.journal.listing(folder.id)) == ["c", "docs/a"]


@pytest.mark.parametrize(
    "claim", [all_of("docs", 4, 8), all_of("docs", 6, 8), all_of("docs", 5, 7), all_of("docs", 5, 8, 2)]
)
def test_a_folder_stays_when_anything_beneath_it_is_otherwise_than_was_said(
    store: Store, folder: Folder, claim: Change
) -> None:
    furnished(store, folder.id)
    judgement = submit(store, folder.id, claim)
    assert [one.error_code for one in judgement.verdicts] == ["conflict"]
    assert judgement.new_head == 8
    assert len(store.journal.entries(folder.id, Seq(0), 100)) == 8


def test_f16_a_folder_that_went_in_a_unit_that_fails_is_all_there(opened: Opened, folder: Folder) -> None:
    store = opened.store
    furnished(store, folder.id)
    before = store.journal.snapshot(folder.id, Seq(0), 100)
    with pytest.raises(RuntimeError), store.unit():
        rows = store.journal.rows(folder.id, touched([all_of("docs", 5, 8)]))
        store.journal.write(folder.id, judge([all_of("docs", 5, 8)], rows, LAPTOP), 78)
        raise RuntimeError
    assert store.journal.snapshot(folder.id, Seq(0), 100) == before
    assert store.journal.living_files(folder.id) == 3
    assert len(store.journal.entries(folder.id, Seq(0), 100)) == 8


def test_a_path_that_is_too_long_is_told_by_its_name_here_too(store: Store, folder: Folder) -> None:
    above = ROOT
    for depth in range(20):
        submit(store, folder.id, directory(f"d{depth}", LONG, above))
        above = f"d{depth}"
    submit(store, folder.id, directory("e", "e"), directory("f", "f" * 10, "e"))
    moved = change(Operation.MOVE, "e", 1, kind=Kind.DIR, parent=NodeId("d19"), name=Name("e" * 70))
    assert submit(store, folder.id, moved).verdicts[0].ruling is Ruling.COMMITTED
    submit(store, folder.id, all_of("e", 1, 23, 2))
    paths = [timed.entry.path for timed in store.journal.entries(folder.id, Seq(23), 10)]
    assert [path.count("/") for path in paths] == [0, 20]
    assert paths[0] == "f" * 10
