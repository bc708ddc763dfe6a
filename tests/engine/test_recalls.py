"""Recipes that nobody has at hand are looked up, and not found out by reading."""

from __future__ import annotations

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.recalls import Recalls
from syncagent.model.changes import Operation
from syncagent.model.ids import Digest, NodeId
from syncagent.model.nodes import Block
from tests.support.solo import Solo, content_of, file, large

BIG = large("big")
A, B = Digest(b"a" * 32), Digest(b"b" * 32)


def test_what_was_asked_is_not_asked_again_and_wakes_all_who_wait() -> None:
    woken: list[NodeId] = []
    recalls = Recalls(woken.extend)
    assert recalls.wants(NodeId("one"), A, None, B)
    assert recalls.take() == [ef.Recall((A, B))]
    assert recalls.busy
    assert recalls.wants(NodeId("two"), A)
    assert recalls.take() == []
    recalls.came({A: (Block(A, 3),), B: ()})
    assert woken == ["one", "two", "one"]
    assert not recalls.busy
    assert (recalls.recipe_of(A), recalls.recipe_of(B)) == ((Block(A, 3),), ())
    assert not recalls.wants(NodeId("one"), A, B), "that there is none is known, too"
    recalls.let_go()
    assert recalls.wants(NodeId("one"), A)


def test_a_recipe_that_is_not_at_hand_is_looked_up() -> None:
    """What was at one when the agent started, and is wanted again: the hub tells no recipe of it."""
    solo = Solo().synced(big=BIG).offline()
    solo.user.spoil("big", b"damaged")
    solo.start(stop=ev.Stop(0, cleanly=False)).online()
    solo.give(BIG)
    assert solo.tree() == {"big": BIG}
    assert solo.status.in_sync


def test_how_the_file_that_is_there_is_cut_is_looked_up_and_not_found_out_by_reading_it() -> None:
    solo = Solo().synced()
    solo.hear(solo.entry(file("id-big", "big", BIG), recipe=content_of(BIG)[1])).give(BIG).start().online()
    solo.frozen = True
    edited = BIG + large("more", 1)
    solo.hear(solo.entry(file("id-big", "big", edited), Operation.UPDATE, recipe=content_of(edited)[1]))
    assert solo.todo == [ef.Recall((content_of(BIG)[0].digest,))]
    solo.todo.clear()
    solo.feed(ev.Recalled({content_of(BIG)[0].digest: content_of(BIG)[1]}))
    [opened] = solo.todo
    assert isinstance(opened, ef.OpenStage)
    assert [(path, recipe) for path, _, recipe in opened.wish.bases] == [("big", content_of(BIG)[1])]


def test_a_content_of_which_no_recipe_was_kept_is_asked_for_as_one_block() -> None:
    solo = Solo().synced(big=BIG).offline()
    solo.recipes.clear()
    solo.user.spoil("big", b"damaged")
    solo.start(stop=ev.Stop(0, cleanly=False)).online()
    (asked,) = solo.drain(ef.AskBlocks)
    assert asked.digests == (content_of(BIG)[0].digest,)
    solo.feed(ev.BlocksEnded(asked.number, frozenset(asked.digests)))
    assert [path for path, _ in solo.status.held] == ["big"]
