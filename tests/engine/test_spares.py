"""What comes before its change has been told is put aside, as far as there is room; nothing is concluded from it."""

from __future__ import annotations

from random import Random

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.spares import GIVEN_AT_ONCE, KEPT_SECONDS, ROOM, Spares
from syncagent.localfs.spare import AHEAD
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import File, Placement, Recipe
from tests.support.solo import Solo, content_of

BIG = Random(3).randbytes(3 << 20)
CONTENT, RECIPE = content_of(BIG)


def blocks(data: bytes, recipe: Recipe) -> tuple[tuple[bytes, bytes], ...]:
    found, at = [], 0
    for block in recipe:
        found.append((block.digest, data[at : at + block.size]))
        at += block.size
    return tuple(found)


CAME = blocks(BIG, RECIPE)


def told(solo: Solo) -> Solo:
    """The change that names the file comes."""
    node = File(NodeId("big"), Placement(ROOT, Name("big")), CONTENT, False, 5)
    return solo.hear(solo.entry(node, recipe=RECIPE))


def listening(**more: bool) -> Solo:
    solo = Solo().start()
    solo.online(ahead=True, **more)
    return solo


def ahead(solo: Solo, part: slice = slice(None)) -> Solo:
    return solo.feed(ev.BlocksCame(CAME[part], ahead=True))  # type: ignore[arg-type]


def test_a_hub_that_can_is_told_of_the_room_there_is() -> None:
    assert [one.size for one in listening().drain(ef.GiveRoom)] == [ROOM]
    assert not Solo().start().online().drain(ef.GiveRoom)


def test_a_file_that_came_ahead_is_there_as_soon_as_it_is_named() -> None:
    solo = ahead(listening())
    assert solo.status.in_sync, "nothing is known of it yet"
    told(solo)
    assert not solo.drain(ef.AskBlocks)
    assert solo.user.read("big") == BIG
    assert solo.status.in_sync
    assert solo.disk.user.read(AHEAD) is None


def test_of_a_file_that_came_in_part_the_rest_is_asked_for() -> None:
    solo = ahead(listening(), slice(7))
    told(solo)
    [asked] = solo.drain(ef.AskBlocks)
    assert set(asked.digests) == {block.digest for block in RECIPE[7:]}
    solo.feed(ev.BlocksCame(CAME[7:]), ev.BlocksEnded(asked.number, frozenset()))  # type: ignore[arg-type]
    assert solo.user.read("big") == BIG


def test_of_a_file_that_came_with_holes_the_rest_is_asked_for() -> None:
    solo = ahead(ahead(listening(), slice(5)), slice(8, None))
    told(solo)
    [asked] = solo.drain(ef.AskBlocks)
    assert set(asked.digests) == {block.digest for block in RECIPE[5:8]}
    solo.feed(ev.BlocksCame(CAME[5:8]), ev.BlocksEnded(asked.number, frozenset()))  # type: ignore[arg-type]
    assert solo.user.read("big") == BIG


def test_what_nobody_names_is_dropped_after_a_while() -> None:
    solo = ahead(listening())
    assert solo.disk.user.read(AHEAD) == BIG
    solo.pass_time(KEPT_SECONDS - 1)
    assert solo.disk.user.read(AHEAD) == BIG
    solo.pass_time(2)
    assert solo.disk.user.read(AHEAD) is None
    assert solo.status.in_sync


def test_a_small_edit_meanwhile_does_not_sweep_it_away() -> None:
    solo = ahead(listening())
    solo.user.write("small", b"edit")
    solo.hinted("small")
    solo.accept()
    assert solo.status.in_sync
    told(solo)
    assert not solo.drain(ef.AskBlocks)


def test_after_a_restart_it_is_swept_away() -> None:
    solo = ahead(listening())
    solo.staging.__init__(solo.disk)  # type: ignore[misc]
    solo.start()
    solo.online()
    solo.user.write("small", b"edit")
    solo.hinted("small")
    solo.accept()
    assert solo.disk.user.read(AHEAD) is None


def test_a_paused_agent_gives_no_room() -> None:
    solo = Solo().start()
    solo.feed(ev.Paused(True))
    solo.online(ahead=True)
    assert not solo.drain(ef.GiveRoom)


@pytest.mark.hazard("N17")
def test_no_more_is_on_its_way_or_waits_to_be_written_than_there_is_room_for() -> None:
    spares = Spares()
    spares.link_up(agreed=True)
    [given] = spares.advance(0.0, may_write=True)
    assert given == ef.GiveRoom(ROOM)
    assert spares.advance(0.0, may_write=True) == []
    data = bytes(GIVEN_AT_ONCE)
    [hold] = spares.came([(RECIPE[0].digest, data)])
    assert isinstance(hold, ef.HoldAhead)
    assert spares.advance(0.0, may_write=True) == [], "it is not written yet"
    spares.held(ev.AheadHeld(len(data)))
    assert spares.advance(0.0, may_write=True) == [ef.GiveRoom(len(data))]


def test_where_it_cannot_be_written_no_more_is_wanted_b7() -> None:
    spares = Spares()
    spares.link_up(agreed=True)
    spares.advance(0.0, may_write=True)
    spares.came([(RECIPE[0].digest, bytes(GIVEN_AT_ONCE))])
    spares.held(ev.AheadHeld(GIVEN_AT_ONCE, "the disk is full"))
    assert spares.advance(0.0, may_write=True) == []
    assert spares.came([(RECIPE[0].digest, b"late")]) == []
    spares.link_up(agreed=True)
    assert spares.advance(0.0, may_write=True) == [ef.GiveRoom(ROOM)]
