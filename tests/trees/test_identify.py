"""Which node is it that stands there: told from paths, inodes and bytes (HAZARDS A9-A11), and never a delete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from syncagent.model.facts import (
    DirSeen,
    Fact,
    FileSeen,
    LinkSeen,
    Listed,
    NothingThere,
    NotKept,
    Stamp,
    Unreadable,
    stamp,
)
from syncagent.model.ids import PARK, ROOT, NodeId, Rev
from syncagent.model.names import Name, RelPath, split
from syncagent.model.nodes import Dir, File, Placement
from syncagent.trees.canopy import Canopy
from syncagent.trees.identify import Identifier, Sightings, is_displaced
from syncagent.trees.tree import subtree
from tests.support.dsl import content, show


@dataclass
class Ids:
    """Ids in a row: n1, n2 …"""

    count: int = 0

    def new_id(self) -> NodeId:
        self.count += 1
        return NodeId(f"n{self.count}")


@dataclass
class Item:
    """What stands at a path: a folder (None), a link (``->x``) or a file's text."""

    inode: int
    inside: str | None
    mtime_ns: int = 0

    def stamp(self) -> Stamp:
        size = len(self.inside or "")
        return stamp(device=1, inode=self.inode, size=size, mtime_ns=self.mtime_ns, ctime_ns=0, mode=0)


@dataclass
class Eyes:
    """A disk, and a canopy that learns of it by scanning, as the engine does: look, read what must be, conclude."""

    disk: dict[str, Item] = field(default_factory=dict)
    canopy: Canopy = field(default_factory=Canopy)
    ids: Ids = field(default_factory=Ids)
    reads: int = 0
    skipped: dict[RelPath, str] = field(default_factory=dict)

    def scan(self) -> None:
        seen = Sightings()
        identifier = Identifier(self.canopy, self.ids, seen)
        identifier.take(list(self._walk()))
        while seen.read:
            paths = list(seen.read)
            seen.read.clear()
            self.reads += len(paths)
            identifier.take([self._fact(path, read=True) for path in paths])
        for top in list(seen.missing):
            for node_id in list(subtree(self.canopy.local, top)):
                self.canopy.set_local(node_id, None)
        self.skipped = seen.skipped

    def agree(self) -> None:
        """Both sides have what stands here now."""
        for node_id in self.canopy.local.ids():
            node = self.canopy.local.get(node_id)
            self.canopy.set_remote(node_id, node, Rev(1))
        for node_id in list(self.canopy.diverged()):
            self.canopy.set_synced(node_id, self.canopy.local.get(node_id))

    def at(self, path: str) -> NodeId | None:
        return Identifier(self.canopy, self.ids, Sightings()).known_at(RelPath(path))

    def move(self, path: str, to: str) -> None:
        for old in [one for one in self.disk if one == path or one.startswith(path + "/")]:
            self.disk[to + old[len(path) :]] = self.disk.pop(old)

    def show(self) -> str:
        """What the canopy believes to stand on the disk."""
        nodes = {self.canopy.local_path(one) or "?": self.canopy.local.get(one) for one in self._local_ids()}
        return show({path: node for path, node in nodes.items() if node is not None})

    def _local_ids(self) -> list[NodeId]:
        return [one for one in subtree(self.canopy.local, ROOT) if one != ROOT]

    def _walk(self) -> Iterator[Fact]:
        for folder in ["", *(path for path, item in self.disk.items() if item.inside is None)]:
            names = {split(RelPath(path))[1]: path for path in self.disk if split(RelPath(path))[0] == folder}
            for path in names.values():
                yield self._fact(RelPath(path), read=False)
            yield Listed(RelPath(folder), frozenset(names))

    def _fact(self, path: RelPath, *, read: bool) -> Fact:
        item = self.disk[path]
        if item.inside is None:
            return DirSeen(path, item.stamp())
        if item.inside.startswith("->"):
            return LinkSeen(path, item.stamp(), item.inside[2:])
        return FileSeen(path, item.stamp(), False, item.mtime_ns, content(item.inside) if read else None)


def eyes(**items: str | None) -> Eyes:
    """A disk of these names (``__`` for ``/``), scanned, agreed on."""
    found = Eyes({name.replace("__", "/"): Item(10 + n, inside, n) for n, (name, inside) in enumerate(items.items())})
    found.scan()
    found.agree()
    found.reads = 0
    return found


def believed(found: Eyes) -> None:
    """The canopy believes what stands there."""
    shown = []
    for path, item in found.disk.items():
        match item.inside:
            case None:
                shown.append(f"{path}/")
            case text:
                shown.append(path + text if text.startswith("->") else f"{path}={text}")
    assert found.show() == " ".join(sorted(shown))


def test_what_is_new_gets_a_new_id_each() -> None:
    found = eyes(d=None, d__a="1", b="2", link="->x")
    believed(found)
    assert found.ids.count == 4
    assert len({found.at(path) for path in found.disk}) == 4


def test_a_second_look_reads_nothing_and_changes_nothing() -> None:
    found = eyes(d=None, d__a="1", b="2", link="->x")
    found.canopy.take_news()
    found.scan()
    assert found.reads == 0
    assert found.canopy.take_news() == []


def test_an_edit_in_place_is_the_same_node() -> None:
    found = eyes(a="1")
    before = found.at("a")
    found.disk["a"] = Item(10, "22", 5)
    found.scan()
    believed(found)
    assert found.at("a") == before


def test_a_rename_is_the_same_node_and_is_not_read() -> None:
    found = eyes(a="1", d=None)
    before = found.at("a")
    found.move("a", "d/b")
    found.scan()
    believed(found)
    assert found.at("d/b") == before
    assert found.reads == 0


def test_a_folder_that_was_renamed_takes_all_along() -> None:
    found = eyes(d=None, d__e=None, d__e__f="1", d__g="2")
    before = {path: found.at(path) for path in found.disk}
    found.move("d", "z")
    found.scan()
    believed(found)
    assert {path: found.at("z" + path[1:]) for path in before} == before
    assert found.reads == 0


def test_a_folder_that_was_renamed_and_got_another_file_is_the_same_folder() -> None:
    found = eyes(d=None, d__a="1")
    before = found.at("d")
    found.move("d", "z")
    found.disk["z/new"] = Item(99, "9")
    found.scan()
    believed(found)
    assert found.at("z") == before


def test_a_file_that_was_copied_and_removed_is_known_by_its_bytes() -> None:
    found = eyes(a="long enough", d=None)
    before = found.at("a")
    del found.disk["a"]
    found.disk["d/a"] = Item(99, "long enough", 70)
    found.scan()
    believed(found)
    assert found.at("d/a") == before


def test_of_two_missing_files_of_the_same_bytes_the_one_of_the_same_name_is_meant() -> None:
    found = eyes(a="same", b="same", d=None)
    before = found.at("b")
    del found.disk["a"], found.disk["b"]
    found.disk["d/b"] = Item(99, "same", 70)
    found.scan()
    assert found.at("d/b") == before


@pytest.mark.parametrize(
    ("name", "inside"), [("e", ""), ("a (conflict 2026-11-22 L)", "text")], ids=["empty", "conflict copy"]
)
def test_files_that_are_alike_by_nature_are_not_taken_for_each_other(name: str, inside: str) -> None:
    found = eyes(a=inside)
    before = found.at("a")
    del found.disk["a"]
    found.disk[name] = Item(99, inside, 70)
    found.scan()
    believed(found)
    assert found.at(name) != before


# --- A9: inodes are used again ------------------------------------------------------------------------------------


def test_a9_a_new_file_with_the_inode_of_a_deleted_one_is_new() -> None:
    found = eyes(a="1")
    before = found.at("a")
    del found.disk["a"]
    found.disk["b"] = Item(10, "quite another", 50)
    found.scan()
    believed(found)
    assert found.at("b") != before
    assert before is not None
    assert found.canopy.local.get(before) is None


def test_a9_a_file_and_a_folder_are_never_the_same_whatever_their_inodes() -> None:
    for first, second in (("1", None), (None, "1"), ("1", "->x"), ("->x", None)):
        for name in ("a", "b"):
            found = eyes(a=first)
            before = found.at("a")
            found.disk = {name: Item(10, second)}
            found.scan()
            believed(found)
            assert found.at(name) not in (None, before)


# --- A10: how editors save ----------------------------------------------------------------------------------------


def test_a10_a_temporary_file_that_replaces_the_document_becomes_the_document() -> None:
    found = eyes(doc="old")
    before = found.at("doc")
    found.disk["doc.tmp"] = Item(50, "new one", 60)
    found.scan()
    found.move("doc.tmp", "doc")
    found.scan()
    believed(found)
    assert found.at("doc") == before


def test_a10_the_backup_is_new_and_the_document_stays_itself() -> None:
    found = eyes(doc="old")
    before = found.at("doc")
    found.move("doc", "doc~")
    found.disk["doc"] = Item(50, "new one", 60)
    found.scan()
    believed(found)
    assert found.at("doc") == before
    del found.disk["doc~"]
    found.scan()
    believed(found)
    assert found.at("doc") == before


# --- A11: chains and swaps ----------------------------------------------------------------------------------------


def test_a11_of_a_chain_of_renames_only_the_last_place_counts() -> None:
    found = eyes(a="1", b="2")
    ids = found.at("a"), found.at("b")
    found.move("b", "c")
    found.move("a", "b")
    found.scan()
    believed(found)
    assert found.at("c") == ids[1]
    assert found.at("b") == ids[0]


def test_a11_after_a_swap_both_contents_are_there() -> None:
    found = eyes(a="1", b="2")
    found.disk["a"], found.disk["b"] = found.disk["b"], found.disk["a"]
    found.scan()
    believed(found)


def test_a11_a_file_moved_over_another_is_itself_and_the_other_is_gone() -> None:
    found = eyes(a="1", b="2")
    ids = found.at("a"), found.at("b")
    found.move("a", "b")
    found.scan()
    believed(found)
    assert found.at("b") == ids[0]
    assert ids[1] is not None
    assert found.canopy.local.get(ids[1]) is None


# --- what tells nothing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fact", [Unreadable(RelPath("a"), "no"), NotKept(RelPath("a"), "no")], ids=["error", "kind"])
def test_a13_what_cannot_be_looked_at_is_told_and_not_missing(fact: Fact) -> None:
    found, seen = eyes(a="1"), Sightings()
    Identifier(found.canopy, found.ids, seen).take([fact])
    assert seen.skipped == {"a": "no"}
    assert seen.missing == {}
    believed(found)


def test_missing_is_what_was_not_there_and_what_a_whole_listing_lacks() -> None:
    found = eyes(a="1", d=None, d__b="2", d__c="3")
    for fact, missing in (
        (NothingThere(RelPath("a")), {"a"}),
        (Listed(RelPath("d"), frozenset({"c"})), {"d/b"}),
        (NothingThere(RelPath("never/was")), set()),
        (Listed(RelPath("never"), frozenset()), set()),
    ):
        seen = Sightings()
        Identifier(found.canopy, found.ids, seen).take([fact])
        assert set(seen.missing) == {found.at(path) for path in missing}
    believed(found)


def test_c1_a_name_that_is_no_name_is_skipped_with_all_beneath_it() -> None:
    found = eyes(a="1")
    found.disk |= {"c:": Item(50, None), "c:/x": Item(51, "2"), "new\nline": Item(52, "3")}
    found.scan()
    assert set(found.skipped) == {"c:", "new\nline"}
    assert found.show() == "a=1"


def test_c4_a_name_is_kept_as_it_is_spelled_on_this_disk() -> None:
    found = eyes()
    found.disk["cafe\u0301"] = Item(50, "1")
    found.scan()
    found.agree()
    believed(found)
    node = found.canopy.local.get(NodeId("n1"))
    assert node is not None
    assert node.at.name == "café"
    found.move("cafe\u0301", "café")
    found.scan()
    believed(found)
    assert found.at("café") == "n1"


def test_c4_of_two_spellings_of_one_name_the_second_is_skipped_and_nothing_is_lost() -> None:
    found = eyes()
    found.disk["café"] = Item(50, "1")
    found.scan()
    found.disk["cafe\u0301"] = Item(51, "2")
    found.scan()
    assert set(found.skipped) == {"cafe\u0301"}
    assert found.show() == "café=1"
    assert found.at("café") == "n1"


# --- the park -----------------------------------------------------------------------------------------------------


def test_what_lies_in_the_park_bears_its_id_as_its_name() -> None:
    found = eyes(a="1")
    node_id = found.at("a")
    assert node_id is not None
    seen = Sightings()
    item = found.disk.pop("a")
    path = RelPath(f".syncagent/park/{node_id}")
    Identifier(found.canopy, found.ids, seen).take([FileSeen(path, item.stamp(), False, item.mtime_ns, content("1"))])
    node = found.canopy.local.get(node_id)
    assert isinstance(node, File)
    assert node.at == Placement(PARK, Name(node_id))


def test_a_displaced_node_is_told_from_one_that_stands_somewhere() -> None:
    assert is_displaced(Dir(NodeId("a"), Placement(ROOT, Name("\0a"))))
    assert not is_displaced(Dir(NodeId("a"), Placement(ROOT, Name("a"))))
    assert not is_displaced(None)
