"""Files that were damaged behind everyone's back are never sent as edits, and what is gone with them is no delete."""

from __future__ import annotations

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.damage import ONLY_HERE, Damage
from syncagent.model.acts import Direction
from syncagent.model.changes import Operation
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import Dir, File
from tests.support.masses import FILES, asked, full, overwrite_there, some
from tests.support.solo import Solo, file
from tests.trees.test_displaced import DOCUMENT, TEMPORARY, moved_over

pytestmark = pytest.mark.hazard("B6")

ZEROS = b"\0\0\0"


def stopped(solo: Solo, since_ns: int = 0, *, cleanly: bool = False) -> Solo:
    """The machine stops without warning, and the agent starts again; all that was written is suspected."""
    return solo.offline().start(stop=ev.Stop(since_ns, cleanly))


def own(solo: Solo) -> dict[str, bytes | str | None]:
    """What is kept of damaged files, by name without the moment."""
    return {path.rpartition("-")[2]: left for path, left in solo.user.tree(own=True).items() if "/damaged/" in path}


@pytest.mark.parametrize(
    ("left", "times_ns"), [(b"\0" * 7, None), (b"", None), (b"before", 5)], ids=["zeros", "truncated", "gone back"]
)
def test_what_the_power_has_damaged_is_fetched_again_and_never_sent(left: bytes, times_ns: int | None) -> None:
    solo = Solo().synced(a=b"written", b=b"other")
    solo.user.spoil("a", left, times_ns)
    stopped(solo).online()
    assert solo.submitted() == []
    assert not solo.status.in_sync
    solo.give(b"written").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"written", "b": b"other"}
    assert own(solo) == {"a": left}
    assert solo.status.in_sync
    assert any("2 files are read again" in note for note in solo.notes)
    assert any("it was damaged" in note for note in solo.notes)


def test_nothing_is_sent_or_changed_before_all_suspects_were_read() -> None:
    solo = Solo().synced(a=b"written")
    solo.user.spoil("a", ZEROS)
    solo.user.write("new", b"1")
    solo.frozen = True
    stopped(solo).online()
    assert solo.submitted() == []
    solo.frozen = False
    solo.work()
    assert [change.name for change in solo.submitted()] == ["new"]


def test_what_was_written_long_before_is_not_read_again() -> None:
    solo = Solo().synced(a=b"123")
    solo.user.spoil("a", ZEROS)
    stopped(solo, solo.disk.now_ns() + 1).online()
    assert solo.status.in_sync, "it was believed: that is the price of not reading everything"


def test_however_long_ago_it_was_written_another_size_under_the_old_mtime_is_no_edit() -> None:
    solo = Solo().synced(a=b"written")
    solo.user.spoil("a", ZEROS)
    stopped(solo, solo.disk.now_ns() + 1).online().give(b"written")
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"written"}


@pytest.mark.hazard("A7")
def test_after_a_clean_stop_an_edit_that_keeps_the_mtime_is_an_edit() -> None:
    solo = Solo().synced(a=b"written")
    then = solo.disk.stat(RelPath("a")).mtime_ns
    solo.user.write("a", b"edited", mtime_ns=then)
    stopped(solo, solo.disk.now_ns() + 1, cleanly=True).online()
    assert [change.name for change in solo.accept()] == ["a"]


def test_an_edit_after_the_stop_is_an_edit() -> None:
    solo = Solo().synced(a=b"written")
    solo.user.write("a", b"edited since")
    stopped(solo).online()
    assert [(change.operation, change.name) for change in solo.accept()] == [(Operation.UPDATE, "a")]
    assert own(solo) == {}


def test_what_was_lost_with_its_name_is_fetched_again_and_not_deleted() -> None:
    solo = Solo().synced(a=b"written")
    solo.user.mkdir("d")
    solo.user.write("d/b", b"beneath")
    solo.hinted("d", "d/b").accept_all()
    solo.user.delete("a")
    solo.user.delete("d")
    stopped(solo).pass_time(1).online()
    solo.give(b"written", b"beneath").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"written", "d": None, "d/b": b"beneath"}
    assert solo.status.in_sync


def test_what_another_file_was_moved_over_is_not_read() -> None:
    solo = Solo().synced(a=b"written", b=b"other")
    solo.user.move("a", "b")
    stopped(solo).online().pass_time(1)
    assert solo.status.skipped == ()
    solo.accept_all().pass_time(1)
    assert b"written" in solo.tree().values()


@pytest.mark.hazard("A10", "N5")
def test_n5_the_temporary_that_an_edit_has_become_is_not_waited_for() -> None:
    canopy = moved_over(1)
    damage = Damage(canopy)
    damage.load({"doubtful": TEMPORARY}, None)
    damage.gone(DOCUMENT)
    assert canopy.local.get(TEMPORARY) is None
    assert not damage.suspects(TEMPORARY)
    assert TEMPORARY in damage.cleared


def test_what_is_deleted_after_all_was_looked_at_is_deleted() -> None:
    solo = Solo().synced(a=b"written", b=b"1")
    stopped(solo).online().pass_time(1)
    solo.user.delete("a")
    solo.hinted("a").pass_time(1)
    assert [(change.operation) for change in solo.accept()] == [Operation.DELETE]


def test_what_the_hub_never_had_is_held_as_it_is_until_it_is_written_again() -> None:
    solo = Solo().start().online()
    solo.user.write("only here", b"written")
    solo.hinted("only here")
    solo.submitted()  # it never arrived
    solo.user.spoil("only here", ZEROS)
    stopped(solo).online().pass_time(60)
    assert solo.submitted() == []
    assert solo.tree() == {"only here": ZEROS}
    [(path, reason)] = solo.status.held
    assert (path, "the hub never had it" in reason, solo.status.in_sync) == ("only here", True, False)
    solo.offline().start().online().pass_time(60)
    assert solo.submitted() == [], "also after the next start, which was a clean one"
    assert [path for path, _ in solo.status.held] == ["only here"]
    solo.user.write("only here", b"written again")
    solo.hinted("only here")
    assert [change.name for change in solo.accept()] == ["only here"]
    assert solo.status.held == ()
    assert solo.status.in_sync


def test_a_damaged_edit_of_which_the_hub_has_an_older_content_is_held_and_can_be_healed() -> None:
    solo = Solo().synced(a=b"at the hub").offline()
    solo.user.write("a", b"edited offline")
    solo.hinted("a")
    solo.user.spoil("a", ZEROS)
    stopped(solo).online().pass_time(60)
    assert solo.submitted() == []
    assert solo.tree() == {"a": ZEROS}
    assert [path for path, _ in solo.status.held] == ["a"]
    solo.feed(ev.HealWanted()).give(b"at the hub")
    assert solo.tree() == {"a": b"at the hub"}
    assert own(solo) == {"a": ZEROS}
    assert solo.submitted() == []
    assert solo.status.in_sync


def test_a_damaged_file_that_others_have_edited_meanwhile_becomes_theirs() -> None:
    solo = Solo().synced(a=b"written")
    node_id = solo.id_of("a")
    solo.user.spoil("a", ZEROS)
    stopped(solo)
    theirs = solo.entry(file(node_id, "a", b"edited elsewhere"), Operation.UPDATE)
    solo.online(theirs).give(b"edited elsewhere")
    assert solo.tree() == {"a": b"edited elsewhere"}
    assert own(solo) == {"a": ZEROS}
    assert solo.submitted() == []


def test_a_damaged_file_that_was_deleted_elsewhere_goes() -> None:
    solo = Solo().synced(a=b"written")
    node_id = solo.id_of("a")
    solo.user.spoil("a", ZEROS)
    stopped(solo)
    solo.online(solo.entry(node_id, Operation.DELETE)).pass_time(1)
    assert solo.tree() == {}
    assert solo.submitted() == []


def test_an_edit_of_what_is_damaged_and_was_not_healed_yet_is_kept_beside_the_hubs() -> None:
    solo = Solo().synced(a=b"written")
    solo.user.spoil("a", ZEROS)
    stopped(solo).pass_time(1)
    solo.user.write("a", b"by hand")
    solo.hinted("a").online().give(b"written").pass_time(1)
    assert sorted(map(str, solo.tree().values())) == ["b'by hand'", "b'written'"]


def test_the_next_start_goes_on_healing_where_this_one_ended() -> None:
    solo = Solo().synced(a=b"written")
    solo.user.spoil("a", ZEROS)
    stopped(solo).pass_time(1)
    solo.start().online().give(b"written")
    assert solo.tree() == {"a": b"written"}
    assert own(solo) == {"a": ZEROS}
    assert solo.submitted() == []


# --- a mass of it, and the brake ---------------------------------------------------------------------------------


def spoil(solo: Solo, names: list[str]) -> None:
    for name in names:
        solo.user.spoil(name, b"\0" * len(FILES[name]))


@pytest.mark.hazard("E2")
def test_to_heal_many_files_is_no_mass_of_overwrites() -> None:
    solo = full()
    spoil(solo, some(12))
    stopped(solo).online().give(*FILES.values()).pass_time(1)
    assert asked(solo) == []
    assert solo.tree() == FILES
    assert len(own(solo)) == 12, "what stood there is kept"
    assert solo.submitted() == []
    assert solo.status.in_sync


@pytest.mark.hazard("E2", "E15")
def test_to_heal_many_rotten_files_on_request_is_none_either() -> None:
    solo = full()
    spoil(solo, some(12))
    solo.feed(ev.DeepLook(1.0))
    assert len(solo.status.held) == 12
    solo.feed(ev.HealWanted()).give(*FILES.values()).pass_time(1)
    assert asked(solo) == []
    assert solo.tree() == FILES
    assert solo.status.in_sync


@pytest.mark.hazard("E2", "G13")
def test_what_is_healed_neither_counts_nor_makes_others_count_less() -> None:
    solo = full()
    spoil(solo, some(6))
    stopped(solo).online().give(*FILES.values()).pass_time(1)
    assert solo.tree() == FILES
    made = overwrite_there(solo, some(16)[6:15])
    assert asked(solo) == []
    assert solo.tree() == {**FILES, **made}
    overwrite_there(solo, some(16)[15:])
    assert asked(solo) == [(Direction.IN, 0, 1)]
    assert len(solo.parts) == 10, "with those that were let through, and without the healed ones"


@pytest.mark.hazard("E2", "G13")
def test_damaged_files_that_are_deleted_elsewhere_count_as_deleted() -> None:
    """Nothing is kept of them."""
    solo = full()
    spoil(solo, some(12))
    stopped(solo).pass_time(1)
    solo.online(*[solo.entry(solo.id_of(name), Operation.DELETE) for name in some(12)]).pass_time(2)
    assert asked(solo) == [(Direction.IN, 12, 0)]
    assert len(solo.tree()) == 16


def test_what_is_whole_again_by_a_persons_hand_is_a_file_like_others() -> None:
    solo = Solo().synced(a=b"written")
    node_id, then = solo.id_of("a"), solo.disk.stat(RelPath("a")).mtime_ns
    solo.user.spoil("a", ZEROS)
    stopped(solo).pass_time(1)
    solo.user.write("a", b"written", mtime_ns=then)
    solo.hinted("a").online().pass_time(1)
    assert solo.status.in_sync
    solo.hear(solo.entry(file(node_id, "a", b"edited elsewhere"), Operation.UPDATE)).give(b"edited elsewhere")
    assert solo.tree() == {"a": b"edited elsewhere"}
    assert own(solo) == {}, "nothing of it was damaged"


# --- bit rot ----------------------------------------------------------------------------------------------------


@pytest.mark.hazard("E15")
def test_the_slow_look_reports_what_has_changed_without_being_written() -> None:
    solo = Solo().synced(a=b"one", b=b"two")
    solo.user.spoil("a", b"0ne")
    solo.feed(ev.Hinted(everything=True))
    assert solo.status.in_sync, "its stamp says that nothing happened"
    solo.feed(ev.DeepLook(1.0))
    [(path, reason)] = solo.status.held
    assert path == "a"
    assert "nothing has written it" in reason
    assert not solo.status.in_sync
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"0ne", "b": b"two"}
    solo.offline().start().online()
    assert [path for path, _ in solo.status.held] == ["a"], "and it is not forgotten"
    solo.feed(ev.HealWanted()).give(b"one")
    assert solo.tree() == {"a": b"one", "b": b"two"}
    assert own(solo) == {"a": b"0ne"}
    assert solo.submitted() == []
    assert solo.status.in_sync


@pytest.mark.hazard("E15")
def test_what_is_held_as_rotten_goes_its_way_when_it_is_written_again() -> None:
    solo = Solo().synced(a=b"one")
    solo.user.spoil("a", b"0ne")
    solo.feed(ev.DeepLook(1.0))
    solo.user.touch("a", 1_650_000_000_000_000_000)
    solo.hinted("a")
    assert [change.content for change in solo.submitted()] == [file("x", "a", b"0ne").content]
    assert solo.status.held == ()


@pytest.mark.hazard("E15")
def test_others_edits_of_a_rotten_file_wait_until_it_is_healed() -> None:
    solo = Solo().synced(a=b"one")
    node_id = solo.id_of("a")
    solo.user.spoil("a", b"0ne")
    solo.feed(ev.DeepLook(1.0))
    solo.hear(solo.entry(file(node_id, "a", b"three"), Operation.UPDATE)).give(b"three").pass_time(60)
    assert solo.tree() == {"a": b"0ne"}
    solo.feed(ev.HealWanted()).give(b"three")
    assert solo.tree() == {"a": b"three"}
    assert own(solo) == {"a": b"0ne"}


@pytest.mark.hazard("E15")
def test_the_slow_look_goes_round_and_reads_each_file_once() -> None:
    solo = Solo().synced(**{f"f{number}": b"%d" % number for number in range(10)})
    read: list[str] = []
    solo.frozen = True
    for _ in range(5):
        solo.feed(ev.DeepLook(0.2))
        read += [wish.path for look in solo.todo if isinstance(look, ef.Look) for wish in look.wishes if not wish.known]
        solo.work()
    assert sorted(read) == [f"f{number}" for number in range(10)]


@pytest.mark.hazard("E15")
def test_what_changes_while_its_turn_comes_is_planned_after_it() -> None:
    solo = Solo().synced(a=b"one")
    node_id = solo.id_of("a")
    solo.frozen = True
    solo.feed(ev.DeepLook(1.0))
    solo.hear(solo.entry(file(node_id, "a", b"three"), Operation.UPDATE))
    assert solo.drain(ef.AskBlocks) == []
    solo.frozen = False
    solo.work().give(b"three")
    assert solo.tree() == {"a": b"three"}


def test_a_folder_that_was_lost_is_made_again_with_what_it_held() -> None:
    solo = Solo().start().online()
    solo.user.mkdir("d")
    solo.hinted("d").accept_all()
    [node_id] = [NodeId(one) for one in solo.rows]
    solo.user.delete("d")
    stopped(solo).pass_time(1).online()
    assert isinstance(solo.engine.canopy.remote.get(node_id), Dir)
    assert solo.tree() == {"d": None}
    assert solo.submitted() == []


def test_what_is_damaged_is_not_sent_as_new_when_the_hubs_journal_begins_anew() -> None:
    """Found by the simulation: the power went here, and the hub was put back to before it had the file."""
    solo = Solo().synced(a=b"written")
    solo.user.spoil("a", ZEROS)
    solo.head, solo.revs = 0, {}
    stopped(solo).online(epoch="e2")
    assert solo.submitted() == []
    assert solo.status.held == (("a", ONLY_HERE),)
    solo.offline().start().online(epoch="e2")
    assert solo.submitted() == []
    assert solo.status.held == (("a", ONLY_HERE),), "also when the agent was started again"
    solo.user.write("a", b"again")
    solo.hinted("a")
    assert [change.name for change in solo.accept()] == ["a"]
    assert solo.status.in_sync
    solo.user.write("a", b"more")
    solo.hinted("a").accept_all()
    assert own(solo) == {}, "it was made whole, and is a file like others"


def test_what_is_damaged_is_healed_from_a_journal_that_begins_anew_where_the_hub_has_it_there_too() -> None:
    solo = Solo().synced(a=b"written")
    node_id = solo.id_of("a")
    node = solo.engine.canopy.local.get(node_id)
    assert isinstance(node, File)
    solo.user.spoil("a", ZEROS)
    stopped(solo).online(solo.entry(file("other", "a", b"written", mtime_ns=node.mtime_ns)), epoch="e2")
    assert solo.submitted() == []
    solo.give(b"written").pass_time(1)
    assert solo.submitted() == []
    assert solo.tree() == {"a": b"written"}
    assert own(solo) == {"a": ZEROS}
    assert solo.status.in_sync


def test_what_rules_leave_out_is_not_suspected_any_more() -> None:
    """Found by the simulation: nobody would ever read it, and nothing would ever be done about it."""
    solo = Solo().synced(a=b"written")
    solo.user.write(".syncignore", b"a\n")
    stopped(solo).online()
    solo.accept_all().pass_time(1)
    assert solo.status.in_sync
    solo.user.delete("a")
    solo.user.write(".syncignore", b"# nothing\n")
    solo.hinted(".syncignore", "a").accept_all().give(b"written").pass_time(1)
    assert solo.tree()["a"] == b"written", "it comes back from the hub"
    assert solo.status.in_sync
