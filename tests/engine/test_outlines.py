"""What another agent tells of a large file that it reads is copied here by then, and nothing is concluded from it."""

from __future__ import annotations

from random import Random

import pytest

from syncagent.content.digest import digest_of
from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.outlines import KEPT_SECONDS, WAITING
from syncagent.engine.spares import GIVEN_AT_ONCE
from syncagent.localfs.spare import OUTLINE
from syncagent.model.ids import NodeId, Rev
from syncagent.model.nodes import Block
from syncagent.model.splices import Kept
from tests.support.outlined import LONGER, NEW, OLD, Two, small
from tests.support.solo import content_of


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)


def aside(two: Two) -> bytes | None:
    return two.other.disk.user.read(OUTLINE)


def reads(two: Two) -> list[str]:
    found: list[str] = []
    two.other.disk.before_call = lambda name, path: found.append(str(path)) if name == "file.read" else None
    return found


@pytest.mark.parametrize("data", [NEW, LONGER, OLD[:-9], OLD[1 << 20 :] + OLD[: 1 << 20]])
def test_the_file_is_there_as_soon_as_it_is_named(data: bytes) -> None:
    two = Two()
    two.edit(data)
    two.pass_on(two.said())
    assert aside(two) == data
    assert two.other.user.read("big") == OLD
    assert two.other.status.in_sync, "nothing is known of it yet"
    read = reads(two)
    two.name()
    assert not two.other.drain(ef.AskBlocks)
    assert two.other.user.read("big") == data
    assert read == [], "it is neither read nor copied again"
    assert aside(two) is None


def test_of_a_file_that_was_told_of_in_part_the_rest_is_made_when_it_is_named() -> None:
    two = Two()
    two.edit(NEW)
    two.pass_on(two.said()[:2])
    assert NEW.startswith(aside(two) or b"no")
    two.name()
    two.other.give(NEW)
    assert two.other.user.read("big") == NEW


def test_behind_a_hole_nothing_is_copied() -> None:
    two = Two()
    two.edit(NEW)
    said = two.said()
    two.pass_on([said[0], *said[2:]])
    assert NEW.startswith(aside(two) or b"no")
    two.name()
    two.other.give(NEW)
    assert two.other.user.read("big") == NEW


def test_new_blocks_that_do_not_come_are_waited_for_and_then_asked_for() -> None:
    two = Two()
    two.edit(NEW)
    two.pass_on([one for one in two.said() if isinstance(one, ef.SendOutline)])
    assert NEW.startswith(aside(two) or b"no")
    two.name()
    two.other.give(NEW)
    assert two.other.user.read("big") == NEW


def test_what_nobody_names_is_dropped_after_a_while() -> None:
    two = Two()
    two.edit(NEW)
    two.pass_on(two.said())
    two.other.pass_time(KEPT_SECONDS - 1)
    assert aside(two) == NEW
    two.other.pass_time(2)
    assert aside(two) is None
    assert two.other.status.in_sync


@pytest.mark.hazard("N4")
def test_a_file_that_was_changed_here_as_well_is_not_copied() -> None:
    two = Two()
    two.edit(NEW)
    two.other.user.write("big", b"mine")
    two.other.hinted("big")
    two.pass_on(two.said())
    assert aside(two) is None


def test_a_file_that_is_changed_here_meanwhile_is_copied_as_far_as_it_was_as_it_was() -> None:
    two = Two()
    two.edit(NEW)
    said = two.said()
    two.pass_on(said[:2])
    two.other.user.write("big", OLD[::-1])  # and nobody has looked yet
    two.pass_on(said[2:])
    assert NEW.startswith(aside(two) or b"no")
    assert aside(two) != NEW


@pytest.mark.parametrize("event", [ev.Paused(True), ev.Restrained("", most=1)], ids=["paused", "spared"])
def test_an_agent_that_is_to_rest_copies_nothing(event: ev.Event) -> None:
    two = Two()
    two.other.feed(event)
    two.edit(NEW)
    two.pass_on(two.said())
    assert aside(two) is None


def test_a_file_that_is_not_here_is_not_copied_and_what_is_new_in_it_falls() -> None:
    two = Two()
    two.other.feed(ev.OutlineCame(NodeId("else"), Rev(1), 0, (Kept(0, 3), Block(content_of(b"new")[0].digest, 3))))
    two.other.feed(ev.BlocksCame(((content_of(b"new")[0].digest, b"new"),), ahead=True))
    assert aside(two) is None
    assert not two.other.disk.user.read(".syncagent/stage/part.ahead")


@pytest.mark.parametrize("parts", [(Kept(0, 10_000),), (Kept(5, 0),), (Kept(0, 5), Kept(1 << 40, 1))])
def test_what_cannot_be_is_not_copied(parts: tuple[Kept, ...]) -> None:
    two = Two()
    two.other.feed(ev.OutlineCame(two.node, Rev(1), 0, parts))
    assert len(aside(two) or b"") < len(OLD)
    two.edit(NEW)
    two.pass_on(two.said())
    assert aside(two) == NEW, "it may begin anew"


def test_no_more_is_copied_than_a_file_may_grow() -> None:
    two = Two()
    all_of_it = Kept(0, len(content_of(OLD)[1]))
    for number in range(60):
        two.other.feed(ev.OutlineCame(two.node, Rev(1), number * all_of_it.count, (all_of_it,)))
    assert len(aside(two) or b"") <= 2 * len(OLD) + (64 << 20)


@pytest.mark.hazard("N17")
def test_what_is_new_takes_room_until_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk may be slower than the connection: it would all wait in memory."""
    two, new = Two(), Random(5).randbytes(GIVEN_AT_ONCE)
    digest, recipe = digest_of(new), content_of(OLD)[1]
    answers: list[ev.Event] = []
    monkeypatch.setattr(two.other, "_ahead", lambda effect: answers.append(ev.AheadHeld(len(new))) or [])
    two.other.drain(ef.GiveRoom)
    two.other.feed(ev.OutlineCame(two.node, Rev(1), 0, (Kept(0, len(recipe)), Block(digest, len(new)))))
    two.other.feed(ev.BlocksCame(((digest, new),), ahead=True))
    assert not two.other.drain(ef.GiveRoom), "it came, and is not written"
    two.other.feed(answers[-1])
    assert [one.size for one in two.other.drain(ef.GiveRoom)] == [len(new)]


@pytest.mark.hazard("N17")
def test_new_blocks_that_are_longer_than_they_were_said_to_be_are_not_copied() -> None:
    """By what is said of them a file would never grow."""
    two, new = Two(), b"longer than nothing"
    two.other.feed(ev.OutlineCame(two.node, Rev(1), 0, (Kept(0, 1), Block(digest_of(new), 0))))
    two.other.feed(ev.BlocksCame(((digest_of(new), new),), ahead=True))
    assert OLD.startswith(aside(two) or b"no")


@pytest.mark.hazard("G13", "N17")
def test_who_says_without_end_what_nothing_comes_of_is_not_listened_to() -> None:
    two = Two()
    parts = (Block(digest_of(b"never"), 5), *[Kept(0, 1)] * 4_095)
    for number in range(100):
        two.other.feed(ev.OutlineCame(two.node, Rev(1), number * len(parts), parts))
        assert len(two.other.engine._freight._outlines._queue) <= WAITING


def test_a_file_of_which_nothing_more_comes_does_not_keep_others_from_being_copied() -> None:
    two = Two()
    two.other.feed(ev.OutlineCame(two.node, Rev(1), 0, (Block(digest_of(b"never"), 5),)))
    two.other.pass_time(KEPT_SECONDS + 1)
    assert two.other.engine._freight._outlines._node is None


def test_of_two_at_once_one_is_copied() -> None:
    two = Two()
    two.edit(NEW)
    said = two.said()
    two.pass_on(said[:1])
    two.other.feed(ev.OutlineCame(NodeId("else"), Rev(1), 0, (Kept(0, 3),)))
    two.pass_on(said[1:])
    assert aside(two) == NEW


def test_a_new_file_that_comes_meanwhile_comes_as_if_nothing_else_did() -> None:
    two = Two()
    two.edit(NEW)
    said = two.said()
    half = len(said) // 2
    two.pass_on(said[:half])
    fresh = content_of(OLD[::-1])[1]
    blocks, at = [], 0
    for block in fresh:
        blocks.append((block.digest, OLD[::-1][at : at + block.size]))
        at += block.size
    two.other.feed(ev.BlocksCame(tuple(blocks[:4]), ahead=True))
    two.pass_on(said[half:])
    two.other.feed(ev.BlocksCame(tuple(blocks[4:]), ahead=True))
    assert aside(two) == NEW
    assert two.other.disk.user.read(".syncagent/stage/part.ahead") == OLD[::-1]


def test_after_a_break_what_was_copied_is_of_use_still() -> None:
    two = Two()
    two.edit(NEW)
    two.pass_on(two.said())
    two.other.offline().online(ahead=True, outlines=True)
    read = reads(two)
    two.name()
    assert two.other.user.read("big") == NEW
    assert read == []


def test_where_it_cannot_be_written_it_is_not_tried_again_b7() -> None:
    two = Two()
    two.edit(NEW)
    said = two.said()
    two.pass_on(said[:1])
    two.other.feed(ev.AheadHeld(0, "the disk is full"))
    before = aside(two)
    two.pass_on(said[1:])
    assert aside(two) == before
