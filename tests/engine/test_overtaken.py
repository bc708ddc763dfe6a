"""What our own tasks overtake: facts that count for nothing, and looks that are not worth making."""

from __future__ import annotations

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.overtaken import Touched
from syncagent.model.changes import Operation
from syncagent.model.facts import Listed, NothingThere, NotKept
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from tests.support.solo import Solo, file, folder

A, B, DEEP = RelPath("d/a"), RelPath("d/b"), RelPath("d/a/deep")


def test_facts_on_what_a_task_touches_count_for_nothing_until_a_round_begins_after_it() -> None:
    touched = Touched()
    touched.task_begins([A])
    facts = [NothingThere(A), NotKept(DEEP, "it is a pipe"), NothingThere(B)]
    for _ in range(2):
        sifted = touched.sift(facts)
        assert sifted.facts == [NothingThere(B)]
        assert sifted.paths == [A, DEEP]
        touched.task_ends([A])
    touched.round_begins()
    assert touched.sift(facts).facts == facts


def test_a_listing_proves_nothing_of_names_that_we_give_or_take() -> None:
    touched = Touched()
    touched.task_begins([A])
    assert touched.sift([Listed(RelPath("d"), frozenset({"b"}))]).facts == [Listed(RelPath("d"), frozenset({"a", "b"}))]


def test_a_path_is_touched_as_long_as_any_task_touches_it() -> None:
    touched = Touched()
    touched.task_begins([A])
    touched.task_begins([A])
    assert touched.task_ends([A]) is None
    assert not touched.put_off([A], []).paths
    assert touched.task_ends([A]) == ({A: None}, {})
    assert touched.put_off([A], []).paths
    touched.task_begins([A])
    touched.forget()
    assert touched.put_off([A], []).paths
    assert touched.sift([NothingThere(A)]).facts == [NothingThere(A)]


def test_what_lies_beneath_is_put_off_until_the_task_is_over() -> None:
    touched = Touched()
    touched.task_begins([A])
    now = touched.put_off([A, B, DEEP], [DEEP, RelPath("d")])
    assert (list(now.paths), list(now.folders)) == ([B], ["d"])
    assert touched.puts_off
    touched.task_begins([RelPath("d")])
    wanted = touched.task_ends([A])
    assert wanted is not None
    assert (list(wanted.paths), list(wanted.folders)) == ([A, DEEP], [DEEP])
    assert not any(touched.put_off(*wanted)), "the folder above is touched by now"
    assert touched.task_ends([RelPath("d")]) == wanted
    assert not touched.puts_off


def test_a_path_that_is_touched_again_counts_in_the_next_round_too() -> None:
    touched = Touched()
    touched.task_begins([A])
    touched.task_ends([A])
    touched.task_begins([A])
    touched.round_begins()
    assert touched.sift([NothingThere(A)]).paths == [A]
    touched.task_ends([A])
    touched.round_begins()
    assert touched.sift([NothingThere(A)]).paths == []


def test_folders_as_deep_as_a_path_can_be_are_gone_up_without_end() -> None:
    touched = Touched()
    touched.task_begins([A])
    deep = RelPath("/".join([A, *["x"] * 2_000]))
    assert touched.sift([NothingThere(deep)]).paths == [deep]
    other = RelPath("/".join(["y"] * 2_000))
    assert touched.sift([NothingThere(other)]).facts == [NothingThere(other)]


def test_what_we_are_about_to_write_is_looked_at_once_and_not_read() -> None:
    solo = Solo().start().online()
    node = file("n9", "a", b"theirs")
    solo.hear(solo.entry(node))
    solo.frozen = True
    solo.give(b"theirs")
    [run] = solo.todo
    assert isinstance(run, ef.Run)
    for _ in range(5):
        solo.hinted("a")
    assert solo.todo == [run], "no look while it is being written"
    assert not solo.status.in_sync
    [done] = solo._answers(run)
    solo.todo = []
    solo.feed(done)
    [look] = solo.todo
    assert isinstance(look, ef.Look)
    assert [(wish.path, wish.known is None) for wish in look.wishes] == [("a", False)]
    solo.frozen = False
    solo.work()
    assert solo.status.in_sync


def test_while_a_folder_is_deleted_nothing_beneath_it_is_looked_at() -> None:
    solo = Solo().start().online()
    solo.hear(solo.entry(folder("n9", "d")), solo.entry(folder("n8", "in", "n9")))
    solo.hear(solo.entry(NodeId("n8"), Operation.DELETE))
    solo.frozen = True
    solo.hear(solo.entry(NodeId("n9"), Operation.DELETE))
    [run] = solo.todo
    assert isinstance(run, ef.Run)
    for _ in range(3):
        solo.hinted("d/in")
    assert solo.todo == [run], "what it shows would count for nothing, and be looked at again, until the folder is gone"
    [done] = solo._answers(run)
    solo.todo = []
    solo.feed(done)
    [look] = solo.todo
    assert isinstance(look, ef.Look)
    assert [wish.path for wish in look.wishes] == ["d/in"]
    solo.frozen = False
    solo.work()
    assert solo.status.in_sync


def test_of_the_echo_of_our_own_work_nothing_is_told() -> None:
    solo = Solo().start().online()
    solo.hear(solo.entry(file("n9", "a", b"theirs")), solo.entry(file("n8", "b", b"2")))
    solo.give(b"theirs", b"2")
    solo.hear(solo.entry(NodeId("n8"), Operation.DELETE))
    solo.frozen = True
    solo.hinted("a", "b")
    [look] = solo.todo
    seen = solo._answers(look)
    assert [event.facts for event in seen if isinstance(event, ev.Seen)] == [(), ()]
    solo.user.write("b", b"anew")
    [came, _] = solo._answers(look)
    assert isinstance(came, ev.Seen)
    assert [fact.path for fact in came.facts] == ["b"]


def test_without_tasks_all_counts() -> None:
    facts = [NothingThere(A), Listed(RelPath("d"), frozenset({"b"}))]
    fresh = Touched().sift(facts)
    assert (fresh.facts, fresh.paths, fresh.folders) == (facts, [], [])


def test_all_beneath_a_folder_that_was_touched_is_looked_at_again() -> None:
    touched = Touched()
    touched.task_begins([RelPath("d")])
    fresh = touched.sift([NothingThere(A), Listed(RelPath("d"), frozenset())])
    assert (fresh.facts, fresh.paths, fresh.folders) == ([], [A, RelPath("d")], [RelPath("d")])


def test_a_task_that_runs_on_counts_in_the_next_round_too() -> None:
    touched = Touched()
    touched.task_begins([A])
    touched.round_begins()
    assert touched.sift([NothingThere(A)]).paths == [A]


def test_a_hint_of_a_path_in_a_folder_that_we_moved_means_the_path_where_the_folder_is_now() -> None:
    touched = Touched()
    assert touched.gone_along([DEEP]) == []
    touched.task_begins([A, B])
    touched.task_ends([A, B])
    touched.round_begins()
    assert touched.gone_along([DEEP, RelPath("c/x")]) == ["d/b/deep"]
    touched.task_ends([RelPath("d/b"), RelPath("e")])
    assert touched.gone_along([DEEP]) == ["d/b/deep", "e/deep"]


def test_only_the_last_moves_are_remembered() -> None:
    touched = Touched()
    for number in range(300):
        touched.task_ends([RelPath(f"a{number}"), RelPath(f"b{number}")])
    assert touched.gone_along([RelPath("a0/x")]) == []
    assert touched.gone_along([RelPath("a299/x")]) == ["b299/x"]
