"""Bytes of both directions: each answer finds the side that waits for it."""

from __future__ import annotations

import pytest

from syncagent.engine import events as ev
from syncagent.engine.at_hand import AtHand
from syncagent.engine.downloads import Downloads
from syncagent.engine.effects import AskBlocks, AskMissing, FillStage, OpenStage, ReadBlocks, SendBlocks, Submit
from syncagent.engine.flight import Flight
from syncagent.engine.freight import Freight
from syncagent.engine.spared import Sparing
from syncagent.engine.uploads import Uploads
from syncagent.model.facts import Stamp
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.planner.policy import Policy
from syncagent.trees.canopy import Canopy
from tests.support.solo import Solo, content_of, file, large

BIG = large("big")
CONTENT, RECIPE = content_of(BIG)
BLOCK = RECIPE[0]
PATH, STAMP = RelPath("big"), Stamp(b"s")


class Both:
    """Uploads and downloads of one large file each, and of one small."""

    def __init__(self) -> None:
        self.woken: list[NodeId] = []
        self.at_hand = AtHand()
        self.uploads = Uploads(self.woken.extend, lambda nodes, path: self.woken.extend(nodes))
        self.downloads = Downloads(self.woken.extend, lambda nodes, reason: self.woken.extend(nodes))
        self.downloads.link_up()
        canopy = Canopy()
        self.freight = Freight(canopy, Flight(canopy), self.uploads, self.downloads, self.at_hand)
        self.want()

    def want(self) -> None:
        self.uploads.want_large(file("up", "big", BIG), RECIPE, PATH, STAMP)
        self.uploads.want_small(file("small-up", "a", b"a"), RelPath("a"), STAMP)
        self.downloads.source(NodeId("down"), CONTENT, RECIPE, ())
        self.downloads.source(NodeId("small-down"), content_of(b"b")[0], (), ())


@pytest.mark.parametrize(
    ("may_send", "may_write", "begun"),
    [
        (True, True, [ReadBlocks, AskMissing, AskBlocks, OpenStage]),
        (True, False, [ReadBlocks, AskMissing]),
        (False, True, [AskBlocks, OpenStage]),
        (False, False, []),
    ],
)
def test_only_that_is_begun_of_which_something_could_come(may_send: bool, may_write: bool, begun: list[type]) -> None:
    effects = Both().freight.advance(Policy(may_submit=may_send, may_write=may_write), True, 1.0, Sparing())
    assert [type(one) for one in effects] == begun


def test_each_answer_leads_to_the_next_step() -> None:
    both = Both()
    read, missing, asked, opened = both.freight.advance(Policy(may_submit=True, may_write=True), True, 1.0, Sparing())
    assert isinstance(read, ReadBlocks)
    assert isinstance(missing, AskMissing)
    assert isinstance(asked, AskBlocks)
    assert isinstance(opened, OpenStage)

    small = content_of(b"a")[0].digest
    assert both.freight.moved(ev.BlocksRead(read.number, ((small, b"a"),), ())) == []
    assert both.at_hand.bytes_of(small) == b"a"

    (again,) = both.freight.moved(ev.HubLacks(missing.number, frozenset({BLOCK.digest})))
    assert isinstance(again, ReadBlocks)
    data = BIG[: BLOCK.size]
    (sent,) = both.freight.moved(ev.BlocksRead(again.number, ((BLOCK.digest, data),), ()))
    assert isinstance(sent, SendBlocks)
    assert both.freight.moved(ev.BlocksSent(sent.number)) == []
    assert both.uploads.is_at_hub(CONTENT.digest)

    (wanted,) = both.freight.moved(ev.StageOpened(CONTENT, frozenset({BLOCK.digest})))
    assert isinstance(wanted, AskBlocks)
    (fill,) = both.freight.moved(ev.BlocksCame(((BLOCK.digest, data), (content_of(b"b")[0].digest, b"b"))))
    assert isinstance(fill, FillStage)
    for number in (asked.number, wanted.number):
        assert both.freight.moved(ev.BlocksEnded(number, frozenset())) == []
    assert both.freight.moved(ev.StageFilled(CONTENT, (BLOCK.digest,))) == []
    assert sorted(both.woken) == ["down", "small-down", "small-up", "up"]
    assert not both.uploads.busy
    assert not both.downloads.busy


@pytest.mark.parametrize("begun", [False, True])
def test_when_the_link_is_down_everyone_is_woken_and_nothing_is_on_its_way(begun: bool) -> None:
    both = Both()
    if begun:
        both.uploads.advance(False)
        both.downloads.advance(True)
    both.freight.link_down()
    assert sorted(both.woken) == ["down", "small-down", "small-up", "up"]
    assert (both.uploads.bytes_left, both.downloads.bytes_left) == (0, 0)
    assert not both.uploads.busy
    assert both.downloads.busy is begun, "a stage is being opened still"
    both.freight.moved(ev.StageOpened(CONTENT, frozenset()))
    assert not both.downloads.busy
    both.want()
    assert both.downloads.advance(True) == []


def test_when_the_root_is_gone_what_only_the_hub_is_asked_for_goes_on() -> None:
    both = Both()
    both.freight.advance(Policy(may_submit=True, may_write=True), True, 1.0, Sparing())
    both.freight.root_lost()
    assert sorted(both.woken) == ["down", "small-up", "up"]
    assert not both.uploads.busy
    assert both.downloads.bytes_left == 1


@pytest.mark.parametrize(
    "event",
    [
        ev.BlocksRead(99, (), ()),
        ev.HubLacks(99, frozenset()),
        ev.BlocksSent(99),
        ev.StageOpened(CONTENT, frozenset()),
        ev.StageFilled(CONTENT, ()),
        ev.BlocksCame(()),
        ev.BlocksEnded(99, frozenset()),
    ],
)
def test_an_answer_that_nobody_waits_for_changes_nothing(event: ev.BlocksRead) -> None:
    both = Both()
    assert both.freight.moved(event) == []
    assert both.woken == []


@pytest.mark.hazard("E8")
@pytest.mark.parametrize("data", [b"small", large("big")], ids=["small", "large"])
def test_what_the_hub_has_lost_is_sent_again_and_nothing_else(data: bytes) -> None:
    solo = Solo().synced(a=data)
    content, recipe = content_of(data)
    solo.feed(ev.HubLost(((solo.id_of("a"), content, recipe),)))
    (asked,) = solo.drain(AskMissing)
    assert set(asked.digests) == {block.digest for block in recipe}
    solo.feed(ev.HubLacks(asked.number, frozenset({recipe[0].digest})))
    (sent,) = solo.drain(SendBlocks)
    assert [block for block, _ in sent.blocks] == [recipe[0]]
    solo.feed(ev.BlocksSent(sent.number))
    assert solo.drain(Submit) == []
    assert solo.status.in_sync


@pytest.mark.hazard("E8", "E15")
def test_what_is_not_here_any_more_as_the_hub_had_it_is_not_sent() -> None:
    solo = Solo().synced(a=b"old", b=b"here")
    known = solo.id_of("a")
    content, recipe = content_of(b"old")
    solo.user.write("a", b"new")
    solo.hinted("a")
    solo.drain(Submit)
    solo.feed(ev.HubLost(((known, content, recipe), (NodeId("unknown"), content, recipe))))
    assert solo.drain(AskMissing) == []


@pytest.mark.hazard("E8")
def test_a_file_that_changes_while_the_hub_is_given_it_again_is_looked_at_anew() -> None:
    solo = Solo().synced(a=b"old")
    content, recipe = content_of(b"old")
    solo.feed(ev.HubLost(((solo.id_of("a"), content, recipe),)))
    (asked,) = solo.drain(AskMissing)
    solo.user.write("a", b"new")
    solo.feed(ev.HubLacks(asked.number, frozenset({recipe[0].digest}))).pass_time(5)
    assert [data for one in solo.drain(SendBlocks) for _, data in one.blocks] == [b"new"]
    (change,) = solo.submitted()
    assert change.content == content_of(b"new")[0]
