"""Who stands there?  Told with a disk in memory, the real scanner, and the names of nodes as they are met: n1, n2, …"""

from __future__ import annotations

import errno
import unicodedata
from dataclasses import replace

import pytest

from syncagent.content.digest import content_of
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.scanner import Scanner
from syncagent.model.facts import UNSURE, Fact, FileSeen, LookAt
from syncagent.model.ids import ROOT, NodeId, Rev
from syncagent.model.names import Name, RelPath, name_key
from syncagent.model.nodes import File, Placement
from syncagent.trees.canopy import Canopy
from syncagent.trees.displaced import YOUNG, is_displaced, take_over
from syncagent.trees.identify import Identifier, Sightings
from syncagent.trees.tree import subtree


class Counted:
    def __init__(self) -> None:
        self.count = 0

    def new_id(self) -> NodeId:
        self.count += 1
        return NodeId(f"n{self.count}")


class Watch:
    """A disk, and what is known of it."""

    def __init__(self) -> None:
        self.disk = MemoryDisk()
        self.user = self.disk.user
        self.scanner = Scanner(self.disk, self.disk.abilities)
        self.canopy = Canopy()
        self.ids = Counted()
        self.seen = Sightings()

    def files(self, *paths: str) -> Watch:
        """Files that hold their own path; folders are named with a slash at the end."""
        for path in paths:
            if path.endswith("/"):
                self.user.mkdir(path[:-1])
            else:
                self.user.write(path, path.encode())
        self.scan()
        return self

    def at_hub(self) -> Watch:
        """All that is known by now is agreed with the hub."""
        for node_id in list(self.canopy.local.ids()):
            node = self.canopy.local.get(node_id)
            self.canopy.set_remote(node_id, node)
            self.canopy.set_synced(node_id, node)
        return self

    def scan(self, folder: str = "") -> Watch:
        """One walk, all in one round."""
        return self.take([fact for batch in self.scanner.walk(RelPath(folder)) for fact in batch])

    def look(self, *paths: str) -> Watch:
        """One look at single paths, without knowing of any stamp but those that are known."""
        return self.take(self.scanner.look([self._wish(path) for path in paths]))

    def take(self, facts: list[Fact]) -> Watch:
        self.seen = Sightings()
        identifier = Identifier(self.canopy, self.ids, self.seen)
        identifier.take(facts)
        while self.seen.read:
            wishes = list(self.seen.read.values())
            self.seen.read.clear()
            identifier.take(self.scanner.look(wishes))
        for node_id in [one for one in self.seen.missing if is_displaced(self.canopy.local.get(one))]:
            self._gone(node_id)
        return self

    def gone(self) -> Watch:
        """Whoever is missing is gone."""
        for node_id in list(self.seen.missing):
            self._gone(node_id)
        return self

    def _gone(self, top: NodeId) -> None:
        for node_id in list(subtree(self.canopy.local, top)):
            self.canopy.set_local(node_id, None)

    def _wish(self, path: str) -> LookAt:
        known = Identifier(self.canopy, self.ids, Sightings()).known_at(RelPath(path))
        return LookAt(RelPath(path), self.canopy.stamp(known) if known is not None else None)

    def who(self) -> dict[str, NodeId]:
        """Who is where, as spelled on disk; those that are missing are left out."""
        nodes = [one for one in subtree(self.canopy.local, ROOT) if one != ROOT and one not in self.seen.missing]
        return {str(self.canopy.local_path(one)): one for one in nodes}

    def named(self, path: str) -> NodeId:
        return self.who()[path]

    def content(self, path: str) -> bytes:
        node = self.canopy.local.get(self.who()[path])
        data = self.user.read(path)
        assert isinstance(node, File)
        assert data is not None
        assert node.content.size == len(data)
        return data

    def reuse_inode_of(self, path: str) -> None:
        """The next thing that is made gets the inode that ``path`` has now."""
        self.disk._inodes = self.disk.stat(RelPath(path)).inode - 1


def test_what_is_met_for_the_first_time_is_new() -> None:
    watch = Watch().files("d/", "d/a", "b")
    assert sorted(watch.who()) == ["b", "d", "d/a"]
    assert len(set(watch.who().values())) == 3


def test_what_has_not_changed_is_not_read_again() -> None:
    watch = Watch().files("a", "b")
    opened: list[str] = []
    watch.disk.before_call = lambda call, path: opened.append(path) if call == "open" else None
    watch.scan()
    assert opened == []


def test_an_edit_keeps_the_identity() -> None:
    watch = Watch().files("a")
    before = watch.who()
    watch.user.write("a", b"edited")
    assert watch.scan().who() == before
    assert watch.content("a") == b"edited"


@pytest.mark.parametrize("known", [False, True], ids=["not known to the hub", "known to the hub"])
@pytest.mark.parametrize("path", ["a", "d"])
def test_a_rename_is_known_by_its_inode(path: str, known: bool) -> None:
    watch = Watch().files("a", "d/", "d/x", "e/")
    if known:
        watch.at_hub()
    before = watch.who()
    watch.user.move(path, "e/new")
    opened: list[str] = []
    watch.disk.before_call = lambda call, path: opened.append(path) if call == "open" else None
    watch.scan()
    assert watch.who()["e/new"] == before[path]
    assert watch.seen.missing == {}
    assert opened == [], "nothing is read for a rename"


def test_a_rename_that_is_hinted_at_is_known_whichever_name_is_looked_at_first() -> None:
    for paths in (("a", "b"), ("b", "a")):
        watch = Watch().files("a")
        before = watch.who()["a"]
        watch.user.move("a", "b")
        assert watch.look(*paths).who() == {"b": before}


def test_a_file_that_was_copied_and_deleted_is_known_by_its_content() -> None:
    """As after being offline, or across two disks: another inode, the same bytes."""
    watch = Watch().files("a", "d/")
    before = watch.who()["a"]
    watch.user.delete("a")
    watch.user.write("d/b", b"a")
    assert watch.scan().who()["d/b"] == before


def test_of_several_missing_files_of_one_content_the_one_of_that_name_is_meant() -> None:
    watch = Watch().files("d/", "e/")
    for path in ("d/x", "d/y", "d/z"):
        watch.user.write(path, b"the same")
    before = watch.scan().who()
    watch.user.delete("d")
    watch.user.write("e/y", b"the same")
    assert watch.scan().who()["e/y"] == before["d/y"]


def test_empty_files_are_not_taken_for_each_other() -> None:
    watch = Watch()
    watch.user.write("a", b"")
    before = watch.scan().who()["a"]
    watch.user.delete("a")
    watch.user.write("b", b"")
    assert watch.scan().who()["b"] != before


def test_a_conflict_copy_is_not_taken_for_the_file_that_it_was_set_aside_from() -> None:
    watch = Watch().files("a")
    before = watch.who()["a"]
    watch.user.delete("a")
    name = "a (conflict 2026-11-22 Laptop)"
    watch.user.write(name, b"a")
    assert watch.scan().who()[name] != before


@pytest.mark.hazard("B5", "B15")
def test_a_file_that_was_set_aside_and_forgotten_by_a_crash_is_not_taken_for_one_that_the_user_renamed() -> None:
    watch = Watch().files("a", "docs/").at_hub()
    before = watch.who()["a"]
    name = "a (conflict 2026-11-22 Laptop)"
    watch.user.move("a", name)
    watch.scan()
    assert watch.who()[name] != before
    assert before in watch.seen.missing


def test_a_conflict_copy_that_the_user_renames_or_files_away_is_the_same_file() -> None:
    name = "a (conflict 2026-11-22 Laptop)"
    watch = Watch().files(name, "docs/").at_hub()
    before = watch.who()[name]
    watch.user.move(name, "a")
    assert watch.scan().who()["a"] == before
    watch.user.move("a", f"docs/{name}")
    assert watch.scan().who()[f"docs/{name}"] == before


def test_what_is_missed_in_one_scan_and_met_in_the_next_has_moved() -> None:
    watch = Watch().files("a")
    before = watch.who()["a"]
    watch.user.move("a", "b")
    watch.look("a")
    assert list(watch.seen.missing) == [before]
    missing = watch.seen.missing
    seen = Sightings(dict(missing))
    identifier = Identifier(watch.canopy, watch.ids, seen)
    identifier.take(watch.scanner.look([LookAt(RelPath("b"), None)]))
    watch.seen = seen
    assert watch.who() == {"b": before}
    assert seen.missing == {}


def test_files_that_change_places_keep_their_contents_a11() -> None:
    watch = Watch().files("a", "b").at_hub()
    watch.user.move("a", "tmp")
    watch.user.move("b", "a")
    watch.user.move("tmp", "b")
    watch.scan()
    assert (watch.content("a"), watch.content("b")) == (b"b", b"a")
    assert set(watch.who()) == {"a", "b"}


def test_folders_that_change_places_keep_what_is_in_them() -> None:
    watch = Watch().files("a/", "a/x", "b/", "b/y").at_hub()
    before = watch.who()
    watch.user.move("a", "tmp")
    watch.user.move("b", "a")
    watch.user.move("tmp", "b")
    watch.scan()
    assert (watch.who()["b/x"], watch.who()["a/y"]) == (before["a/x"], before["b/y"])
    assert watch.seen.missing == {}


@pytest.mark.parametrize("before", ["a file", "a folder", "nothing"])
def test_what_went_from_a_folder_before_it_took_the_name_of_another_is_missed(before: str) -> None:
    there = {"a file": ["c"], "a folder": ["c/", "c/x"], "nothing": []}[before]
    watch = Watch().files("E/", "E/b", "E/stays", *there).at_hub()
    gone, stays, folder = watch.named("E/b"), watch.named("E/stays"), watch.named("E")
    watch.user.delete("E/b")
    if there:
        watch.user.delete("c")
    watch.user.move("E", "c")
    watch.scan()
    assert (watch.named("c"), watch.named("c/stays")) == (folder, stays)
    assert gone in watch.seen.missing


def test_replaced_by_mv_the_file_that_came_keeps_its_identity_a11() -> None:
    watch = Watch().files("a", "b").at_hub()
    before = watch.who()
    watch.user.move("b", "a")
    watch.scan()
    assert watch.who() == {"a": before["b"]}
    assert watch.canopy.local.get(before["a"]) is None


@pytest.mark.parametrize("hinted", [("a", "a~"), ("a~", "a"), ()], ids=["look", "look backwards", "scan"])
def test_saved_as_vim_does_the_document_is_edited_a10(hinted: tuple[str, ...]) -> None:
    watch = Watch().files("a").at_hub()
    before = watch.who()["a"]
    watch.user.move("a", "a~")
    watch.user.write("a", b"edited")
    (watch.look(*hinted) if hinted else watch.scan())
    assert watch.who()["a"] == before
    assert watch.content("a") == b"edited"
    watch.user.delete("a~")
    watch.scan().gone()
    assert watch.who() == {"a": before}


def test_saved_over_by_a_temporary_file_the_document_is_edited_a10() -> None:
    watch = Watch().files("a").at_hub()
    before = watch.who()["a"]
    watch.user.write("a.tmp", b"edited")
    watch.look("a.tmp")
    watch.user.move("a.tmp", "a")
    watch.look("a.tmp", "a")
    assert watch.who() == {"a": before}
    assert watch.content("a") == b"edited"


def test_a_temporary_file_that_was_not_even_seen_makes_an_edit() -> None:
    watch = Watch().files("a").at_hub()
    before = watch.who()["a"]
    watch.user.write("a", b"edited", replace=True)
    assert watch.look("a").who() == {"a": before}


def test_a_temporary_file_that_the_hub_knows_is_the_one_that_came() -> None:
    watch = Watch().files("a", "a.tmp").at_hub()
    before = watch.who()
    watch.user.move("a.tmp", "a")
    assert watch.scan().who() == {"a": before["a.tmp"]}


@pytest.mark.parametrize("new_size", [1, 9], ids=["of the same size", "of another size"])
def test_an_inode_that_is_used_again_makes_no_rename_a9(new_size: int) -> None:
    watch = Watch().files("a").at_hub()
    before = watch.who()["a"]
    watch.reuse_inode_of("a")
    watch.user.delete("a")
    watch.user.write("b", b"x" * new_size)
    watch.scan()
    assert watch.who()["b"] != before
    assert list(watch.seen.missing) == [before]


@pytest.mark.parametrize("by", ["look", "scan"])
@pytest.mark.parametrize("kinds", ["file to folder", "folder to file", "file to link"])
def test_the_inode_of_another_kind_is_never_the_same_node_a9_b12(kinds: str, by: str) -> None:
    watch = Watch().files("d/", "d/x", "f").at_hub()
    before = watch.who()
    path = "d" if kinds == "folder to file" else "f"
    watch.reuse_inode_of(path)
    watch.user.delete(path)
    if kinds == "file to folder":
        watch.user.mkdir(path)
    elif kinds == "folder to file":
        watch.user.write(path, b"now a file")
    else:
        watch.user.symlink("x", path)
    (watch.look(path) if by == "look" else watch.scan())
    assert watch.who()[path] != before[path]
    assert watch.canopy.local.get(before[path]) is None
    if path == "d":
        assert watch.canopy.local.get(before["d/x"]) is None, "what was in the folder went with it"


def test_a_folder_that_made_way_for_a_file_has_moved_b12() -> None:
    watch = Watch().files("d/", "d/x").at_hub()
    before = watch.who()
    watch.user.move("d", "e")
    watch.user.write("d", b"a file")
    watch.look("d", "e")
    assert watch.who()["e"] == before["d"]
    assert watch.who()["e/x"] == before["d/x"]


NFC, NFD = unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")


def test_the_spelling_on_disk_is_remembered_c4() -> None:
    watch = Watch().files(NFD)
    (node_id,) = watch.who().values()
    node = watch.canopy.local.get(node_id)
    assert node is not None
    assert node.at.name == NFC
    assert watch.canopy.local_path(node_id) == NFD


def test_of_twins_one_is_kept_and_the_other_listed_c4() -> None:
    watch = Watch().files(NFC)
    before = watch.who()
    watch.user.write(NFD, b"the twin")
    for _ in range(2):
        watch.scan()
        assert watch.who() == before
        assert list(watch.seen.skipped) == [NFD]
        assert watch.seen.missing == {}


@pytest.mark.parametrize("kind", ["file", "rewritten file", "folder"])
def test_a_name_that_is_spelled_anew_keeps_its_node_c4(kind: str) -> None:
    watch = Watch().files(f"{NFC}/", f"{NFC}/x") if kind == "folder" else Watch().files(NFC)
    before = watch.at_hub().who()
    watch.user.move(NFC, NFD)
    if kind == "rewritten file":
        watch.user.write(NFD, b"rewritten", replace=True)
    watch.scan()
    assert watch.who() == {path.replace(NFC, NFD): node_id for path, node_id in before.items()}
    assert watch.seen.missing == {}
    assert watch.seen.skipped == {}
    watch.user.move(NFD, NFC)
    assert watch.scan().who() == before


@pytest.mark.parametrize("name", ["C:x", ".syncagent.", "a\\b", "x\u0085y"])
def test_a_name_that_is_none_is_listed_and_not_kept_c1_c3(name: str) -> None:
    watch = Watch().files("a")
    before = watch.who()
    watch.user.mkdir(name)
    watch.user.write(f"{name}/inside", b"x")
    watch.scan()
    assert watch.who() == before
    assert len(watch.seen.skipped) >= 1


def test_a_folder_moved_with_one_child_deleted_and_another_moved_out() -> None:
    watch = Watch().files("d/", "d/stays", "d/goes", "d/leaves").at_hub()
    before = watch.who()
    watch.user.move("d", "e")
    watch.user.delete("e/goes")
    watch.user.move("e/leaves", "left")
    watch.scan()
    assert watch.who() == {"e": before["d"], "e/stays": before["d/stays"], "left": before["d/leaves"]}
    assert list(watch.seen.missing) == [before["d/goes"]]


def test_what_changed_deep_in_a_folder_that_moved_is_seen_in_the_same_scan() -> None:
    watch = Watch().files("d/", "d/x/", "d/x/y/", "d/x/y/z/", "d/x/y/old", "d/x/f").at_hub()
    before = watch.who()
    watch.user.move("d", "e")
    watch.user.write("e/x/f", b"edited")
    watch.user.write("e/x/y/z/new", b"new")
    watch.user.delete("e/x/y/old")
    watch.scan()
    assert watch.content("e/x/f") == b"edited"
    assert "e/x/y/z/new" in watch.who()
    assert list(watch.seen.missing) == [before["d/x/y/old"]]


def test_a_folder_that_took_anothers_place_holds_what_is_in_it() -> None:
    """``d`` was moved away with its own ``x``, and ``other``, which has an ``x`` too, stands there now."""
    watch = Watch().files("d/", "d/x/", "d/x/f", "other/", "other/x/", "other/x/g").at_hub()
    before = watch.who()
    watch.user.delete("d")
    watch.user.move("other", "d")
    watch.user.write("d/x/new", b"new")
    watch.scan()
    assert watch.who()["d/x/g"] == before["other/x/g"]
    assert sorted(watch.gone().who()) == ["d", "d/x", "d/x/g", "d/x/new"]


@pytest.mark.parametrize("call", ["list", "stat"])
def test_of_a_folder_that_cannot_be_read_nothing_is_concluded_a14(call: str) -> None:
    watch = Watch().files("d/", "d/a", "d/b", "c").at_hub()
    before = watch.who()

    def refuse(name: str, path: RelPath) -> None:
        if name == call and path.startswith("d"):
            raise OSError(errno.EACCES, "no")

    watch.disk.before_call = refuse
    (watch.scan() if call == "list" else watch.look("d/a", "d/b", "d"))
    assert watch.who() == before
    assert watch.seen.missing == {}
    assert "d" in watch.seen.skipped


def test_a_file_that_cannot_be_read_stays_known_a13() -> None:
    watch = Watch().files("a").at_hub()
    before = watch.who()
    watch.user.write("a", b"edited")

    def refuse(name: str, path: RelPath) -> None:
        if name == "open":
            raise OSError(errno.EIO, "no")

    watch.disk.before_call = refuse
    watch.scan()
    assert watch.who() == before
    assert list(watch.seen.skipped) == ["a"]


def test_what_lies_in_the_park_bears_its_id_as_its_name() -> None:
    watch = Watch().files("a", "b")
    before = watch.who()
    for folder in (".syncagent", ".syncagent/park"):
        watch.user.mkdir(folder)
    watch.user.move("a", f".syncagent/park/{before['a']}")
    watch.user.write(".syncagent/park/stranger", b"lost with the power")
    watch.look(f".syncagent/park/{before['a']}", ".syncagent/park/stranger", "a")
    local = watch.canopy.local
    assert {one: local.get(one).at.name for one in local.children(NodeId("park"))} == {  # type: ignore[union-attr]
        before["a"]: before["a"],
        NodeId("stranger"): "stranger",
    }


def test_a_fact_about_a_folder_that_is_not_known_is_left_for_later() -> None:
    watch = Watch().files("a")
    watch.user.mkdir("d")
    watch.user.write("d/x", b"x")
    watch.look("d/x")
    assert sorted(watch.who()) == ["a"]
    assert sorted(watch.scan().who()) == ["a", "d", "d/x"]


def test_a_file_is_read_before_it_is_known_who_it_is() -> None:
    watch = Watch().files("a")
    watch.user.write("b", b"b")
    seen = Sightings()
    facts = [fact for batch in watch.scanner.walk() for fact in batch]
    assert all(fact.content is None for fact in facts if isinstance(fact, FileSeen))
    Identifier(watch.canopy, watch.ids, seen).take(facts)
    assert list(seen.read) == ["b"]


# --- a save whose temporary file the hub knows already ------------------------------------------------------------


def over(watch: Watch, temporary: str, document: str) -> NodeId:
    """``temporary`` is moved over ``document``; whoever is found nowhere then, having made way for the other."""
    watch.user.move(temporary, document)
    watch.seen = Sightings()
    Identifier(watch.canopy, watch.ids, watch.seen).take([fact for batch in watch.scanner.walk() for fact in batch])
    [displaced] = [one for one in watch.seen.missing if is_displaced(watch.canopy.local.get(one))]
    return displaced


@pytest.mark.hazard("A10")
def test_a_document_stays_itself_when_a_temporary_that_is_known_is_moved_over_it() -> None:
    watch = Watch().files("doc", "tmp").at_hub()
    document, temporary = watch.named("doc"), watch.named("tmp")
    watch.canopy.set_remote(temporary, watch.canopy.local.get(temporary), Rev(YOUNG))
    gone = over(watch, "tmp", "doc")
    assert gone == document
    assert take_over(watch.canopy, gone)
    watch.seen.missing.clear()
    found = watch.canopy.local.get(document)
    assert isinstance(found, File)
    assert found.content == content_of(b"tmp")
    assert watch.named("doc") == document
    assert watch.canopy.local.get(temporary) is None
    assert watch.look("doc").named("doc") == document, "its stamp is that of the file that stands there"


@pytest.mark.parametrize("why", ["it has a history", "the other is not at the hub", "it always stood there"])
def test_else_a_file_that_was_moved_over_another_keeps_its_identity(why: str) -> None:
    watch = Watch().files("doc", "tmp").at_hub()
    document, temporary = watch.named("doc"), watch.named("tmp")
    rev = Rev(YOUNG + 1) if why == "it has a history" else Rev(1)
    watch.canopy.set_remote(temporary, watch.canopy.local.get(temporary), rev)
    gone = over(watch, "tmp", "doc")
    if why == "the other is not at the hub":
        watch.canopy.set_remote(document, None)
    if why == "it always stood there":
        watch.canopy.set_synced(temporary, watch.canopy.local.get(temporary))
    assert not take_over(watch.canopy, gone)
    assert watch.named("doc") == temporary


@pytest.mark.hazard("C8")
def test_a_tree_that_is_deeper_than_a_recursion_goes() -> None:
    watch = Watch()
    path = ""
    for _ in range(1100):
        path = f"{path}/d" if path else "d"
        watch.user.mkdir(path)
    watch.scan()
    assert len(list(subtree(watch.canopy.local, ROOT))) == 1101


@pytest.mark.hazard("B16", "N5")
@pytest.mark.parametrize("step", [100, 10_000_000, 1_000_000_000, 2_000_000_000])
def test_a_mtime_that_the_disk_keeps_in_steps_of_its_own_has_not_changed(step: int) -> None:
    """Each file that was received was sent again, with the mtime that the disk had made of it."""
    watch = Watch()
    watch.disk = MemoryDisk(granularity_ns=step)
    watch.user = watch.disk.user
    watch.scanner = Scanner(watch.disk, watch.disk.abilities)
    watch.files("a")
    node_id = watch.canopy.local.at(ROOT, name_key(Name("a")))
    assert node_id is not None
    node = watch.canopy.local.get(node_id)
    assert isinstance(node, File)
    received = replace(node, mtime_ns=node.mtime_ns // step * step + step - 1)
    watch.canopy.set_local(node_id, received, UNSURE)
    watch.at_hub().look("a")
    assert watch.canopy.local.get(node_id) == received
    watch.user.touch("a", received.mtime_ns - 10 * step)
    watch.scan()
    assert watch.canopy.local.get(node_id) != received


@pytest.mark.hazard("A7", "C4")
@pytest.mark.parametrize("walks", [False, True], ids=["looked at", "walked"])
def test_what_we_put_there_is_itself_by_the_spelling_that_the_disk_gives_it_c4(walks: bool) -> None:
    """An edit that shows by nothing but the ctime is not taken for a rename."""
    watch = Watch()
    watch.disk = MemoryDisk(
        fold=lambda name: unicodedata.normalize("NFC", name), form=lambda name: unicodedata.normalize("NFD", name)
    )
    watch.user, watch.scanner = watch.disk.user, Scanner(watch.disk, watch.disk.abilities)
    watch.files(NFC).at_hub()
    node_id = NodeId("n1")
    watch.canopy.spell(node_id, None)  # as after a write of our own
    was = watch.canopy.local.get(node_id)
    assert isinstance(was, File)
    edited = b"x" * was.content.size
    watch.user.write(NFC, edited, mtime_ns=was.mtime_ns)
    if walks:
        watch.scan()
    else:
        watch.look(NFD)
    assert watch.seen.skipped == {}
    now = watch.canopy.local.get(node_id)
    assert isinstance(now, File)
    assert now.content == content_of(edited)
    assert watch.canopy.spelling(node_id) == NFD


# --- where a disk does not say what is executable ------------------------------------------------------------------


def test_what_a_disk_does_not_say_stays_as_it_is_known() -> None:
    w = Watch()
    w.disk = MemoryDisk(modes=False)
    w.user, w.scanner = w.disk.user, Scanner(w.disk, w.disk.abilities)
    w.files("edited", "moved", "plain").at_hub()
    for name in ("edited", "moved"):
        node_id = w.canopy.local.at(ROOT, name_key(Name(name)))
        assert node_id is not None
        node = w.canopy.local.get(node_id)
        assert isinstance(node, File)
        assert not node.executable
        w.canopy.set_local(node_id, replace(node, executable=True), w.canopy.stamp(node_id) or UNSURE)
    w.at_hub()
    w.user.write("edited", b"other bytes", replace=True)
    w.user.move("moved", "elsewhere")
    w.user.write("plain", b"other bytes of it")
    w.user.write("new", b"new")
    w.scan()
    bits = {}
    for node_id in w.canopy.local.ids():
        node = w.canopy.local.get(node_id)
        if isinstance(node, File):
            bits[str(node.at.name)] = node.executable
    assert bits == {"edited": True, "elsewhere": True, "plain": False, "new": False}


def test_what_both_have_from_the_beginning_is_as_the_hub_has_it() -> None:
    w = Watch()
    w.disk = MemoryDisk(modes=False)
    w.user, w.scanner = w.disk.user, Scanner(w.disk, w.disk.abilities)
    w.user.write("script", b"script")
    seen = w.disk.stat(RelPath("script"))
    at_hub = File(NodeId("theirs"), Placement(ROOT, Name("script")), content_of(b"script"), True, seen.mtime_ns)
    w.canopy.set_remote(at_hub.id, at_hub)
    w.scan()
    assert w.canopy.local.get(NodeId("theirs")) == at_hub, "nothing to send, and nobody loses the bit"
