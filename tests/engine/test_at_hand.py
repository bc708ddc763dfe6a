"""Bytes and recipes between being read and being sent."""

from __future__ import annotations

from syncagent.engine.at_hand import AT_HAND, SMALL, AtHand
from syncagent.model.facts import DirSeen, FileSeen, Stamp
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from tests.support.solo import Solo, content_of, file, folder, large


def seen(data: bytes) -> FileSeen:
    content, recipe = content_of(data)
    small = data if len(data) <= SMALL else None
    return FileSeen(RelPath("a"), Stamp(b"s"), False, 0, content, recipe, small)


def keep(at_hand: AtHand, data: bytes) -> None:
    fact = seen(data)
    assert fact.content is not None
    at_hand.keep(fact, fact.content)


def test_the_bytes_of_small_files_and_the_recipes_of_large_ones_are_kept() -> None:
    at_hand = AtHand()
    keep(at_hand, b"small")
    keep(at_hand, large("big", 12))
    assert at_hand.bytes_of(content_of(b"small")[0].digest) == b"small"
    content, recipe = content_of(large("big", 12))
    assert at_hand.bytes_of(content.digest) is None
    assert at_hand.recipes == {content.digest: recipe}


def test_what_the_hub_has_is_let_go_of() -> None:
    at_hand = AtHand()
    for data in (b"small", b"small", large("big", 12)):
        keep(at_hand, data)
    for data in (b"small", large("big", 12), b"never seen"):
        at_hand.let_go(content_of(data)[0].digest)
    assert (at_hand.recipes, at_hand._size) == ({}, 0)


def test_what_a_scan_read_finds_no_room_beyond_the_limit_and_what_was_read_to_be_sent_makes_some_n17() -> None:
    at_hand = AtHand()
    pieces = [number.to_bytes(4, "big") * (SMALL // 4) for number in range(AT_HAND // SMALL + 1)]
    for data in pieces:
        keep(at_hand, data)
    assert at_hand._size == AT_HAND
    first, last = content_of(pieces[0])[0].digest, content_of(pieces[-1])[0].digest
    assert at_hand.bytes_of(last) is None
    at_hand.hold({last: pieces[-1]})
    assert at_hand._size == AT_HAND
    assert at_hand.bytes_of(last) == pieces[-1]
    assert at_hand.bytes_of(first) is None


def test_of_what_both_sides_had_before_they_met_the_bytes_are_let_go_of() -> None:
    at_hand = AtHand()
    at_hand.keep_all([seen(b"agreed"), seen(b"to be sent"), DirSeen(RelPath("folder"), Stamp(b"s"))])
    at_hand.let_go_of([file("a", "a", b"agreed"), folder("f", "f"), file("b", "b", b"never read")])
    assert at_hand.bytes_of(content_of(b"agreed")[0].digest) is None
    assert at_hand.bytes_of(content_of(b"to be sent")[0].digest) == b"to be sent"
    assert at_hand._size == len(b"to be sent")


def test_a_machine_that_joins_keeps_no_bytes_of_what_the_hub_has_as_well() -> None:
    solo = Solo()
    solo.user.write("a", b"both have it")
    solo.user.write("b", b"only here")
    solo.frozen = True
    solo.start()
    [walk] = solo.todo
    solo.todo = []
    solo.feed(*solo._answers(walk))
    here = solo.disk.stat(RelPath("a"))
    solo.online(solo.entry(file("theirs", "a", b"both have it", mtime_ns=here.mtime_ns)), claims=True)
    assert solo.engine.canopy.local.get(NodeId("theirs")) is None, "it has not been read yet"
    solo.work()
    assert solo.engine.canopy.local.get(NodeId("theirs")) is not None
    at_hand = solo.engine._local.at_hand
    assert (at_hand.bytes_of(content_of(b"both have it")[0].digest)) is None
    assert (at_hand.bytes_of(content_of(b"only here")[0].digest)) == b"only here"


def test_nor_of_what_it_adopts_when_it_hears_that_another_has_sent_it() -> None:
    solo = Solo()
    solo.user.write("a", b"both have it")
    solo.user.write("b", b"only here")
    solo.start().online(claims=True)
    at_hand = solo.engine._local.at_hand
    digests = [content_of(data)[0].digest for data in (b"both have it", b"only here")]
    assert [bool(at_hand.bytes_of(one)) for one in digests] == [True, True]
    solo.hear(solo.entry(file("theirs", "a", b"both have it")))
    assert [bool(at_hand.bytes_of(one)) for one in digests] == [False, True]


def test_at_rest_nothing_is_at_hand() -> None:
    at_hand = AtHand()
    keep(at_hand, b"small")
    keep(at_hand, large("big", 12))
    at_hand.let_go_of_all()
    assert (at_hand._size, at_hand.recipes) == (0, {})
    assert at_hand.bytes_of(content_of(b"small")[0].digest) is None
