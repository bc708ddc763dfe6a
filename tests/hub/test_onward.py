"""Blocks are passed on to who has room for them, in their order, and never with a hole in the middle."""

from __future__ import annotations

import pytest

from syncagent.content.digest import digest_of
from syncagent.hub.onward import MOST_ROOM, WAITING_BLOCKS, WAITING_BYTES, Onward, Outline, PassedOn, onward, outlined
from syncagent.hub.rows import Timed
from syncagent.hub.tasks import Fetched
from syncagent.model.changes import Entry, Operation
from syncagent.model.ids import ROOT, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content, File, Placement
from syncagent.protocol.codec import Pack, decode_frame
from syncagent.protocol.packs import KIND_AHEAD, encode_packs, entries_of
from syncagent.protocol.sync import OutlineRequest, OutlineResponse


def block(number: int, size: int = 1000) -> tuple[Digest, bytes]:
    data = number.to_bytes(4) * (size // 4)
    return digest_of(data), data


def pack(number: int, size: int = 1000, *, plain: bool = True) -> Onward:
    digest, data = block(number, size)
    return Onward(data, (digest,), size, plain)


def entry(blocks: int) -> Timed:
    """A change of a file that consists of so many blocks."""
    recipe = tuple(Block(block(number)[0], 1000) for number in range(blocks))
    node = File(NodeId("n"), Placement(ROOT, Name("n")), Content(block(9)[0], 1000 * blocks), False, 0)
    return Timed(Entry(Seq(1), Rev(1), Operation.CREATE, ClientId("c"), NodeId("n"), node, recipe), 0)


def who(room: int = 1_000_000, *, agreed: bool = True, zstd: bool = True) -> PassedOn:
    made = PassedOn(agreed=agreed, zstd=zstd)
    made.give(room)
    return made


def taken(one: PassedOn) -> list[int]:
    found = []
    while (frame := one.take()) is not None:
        found.append(int.from_bytes(frame[:4]))
    return found


def test_they_leave_as_they_came() -> None:
    one = who()
    for number in range(3):
        one.add(pack(number))
    assert taken(one) == [0, 1, 2]


def test_who_has_not_agreed_gets_none() -> None:
    one = who(agreed=False)
    one.add(pack(1))
    assert taken(one) == []


def test_who_has_no_room_gets_none_until_there_is() -> None:
    one = who(1500)
    for number in range(3):
        one.add(pack(number))
    assert taken(one) == [0]
    one.give(10_000)
    assert taken(one) == [1, 2]


def test_who_has_said_nothing_of_room_gets_nothing_of_a_file_whose_beginning_it_has_missed() -> None:
    one = PassedOn(agreed=True, zstd=True)
    one.add(pack(1))
    one.give(10_000)
    one.add(pack(2))
    assert taken(one) == []
    one.told([entry(1)])
    one.add(pack(3))
    assert taken(one) == [], "a small edit: the file goes on"
    one.told([entry(1), entry(2)])
    one.add(pack(4))
    assert taken(one) == [4], "another file"


def test_room_that_is_just_used_up_is_no_hole() -> None:
    one = who(1000)
    one.add(pack(1))
    assert taken(one) == [1]
    one.add(pack(2))
    one.give(1000)
    assert taken(one) == [2]


@pytest.mark.hazard("F12", "N17")
def test_a_slow_reader_does_not_make_the_hub_hoard_and_loses_nothing() -> None:
    one = who(MOST_ROOM)
    for number in range(40):
        one.add(pack(number, 1_000_000))
    assert one._bytes <= WAITING_BYTES
    found = taken(one)
    assert len(found) == WAITING_BYTES // 1_000_000
    while (fetch := one.next_fetch()) is not None:
        number = len(found)
        assert fetch.digests == (block(number, 1_000_000)[0],)
        assert one.take() is None, "it would be out of its turn"
        [frame] = one.fetched(Fetched(1, (block(number, 1_000_000),), ()))
        assert frame[:1] == bytes((KIND_AHEAD,))
        found.append(number)
    assert found == list(range(40))


def test_what_is_not_in_the_store_yet_is_read_when_the_next_has_come() -> None:
    one = who(MOST_ROOM)
    for number in range(40):
        one.add(pack(number, 1_000_000))
    taken(one)
    first = one.next_fetch()
    assert first is not None and first.unasked
    assert one.fetched(Fetched(0, (), first.digests)) == []
    assert (one.take(), one.next_fetch()) == (None, None), "it is still on its way there"
    one.add(pack(40, 1_000_000))
    found = []
    while (fetch := one.next_fetch()) is not None:
        number = 16 + len(found)
        found.append(fetch.digests == (block(number, 1_000_000)[0],))
        one.fetched(Fetched(1, (block(number, 1_000_000),), ()))
    assert found == [True] * 24
    assert taken(one) == [40], "in their order, and none is left out"


def test_what_cannot_be_read_ends_it_until_a_change_was_told() -> None:
    one = who(MOST_ROOM)
    for number in range(40):
        one.add(pack(number, 1_000_000))
    taken(one)
    assert one.next_fetch() is not None
    assert one.fetched(None) == []
    one.add(pack(41))
    assert taken(one) == []
    assert one.next_fetch() is None
    one.told([entry(2)])
    one.add(pack(42))
    assert taken(one) == [42]


@pytest.mark.hazard("N17")
def test_not_even_digests_are_remembered_without_end() -> None:
    one = who(MOST_ROOM)
    many = Onward(b"frame", tuple(block(number)[0] for number in range(1000)), 1_000_000, True)
    for _ in range(100):
        one.add(many)
    assert one._blocks <= WAITING_BLOCKS


def test_room_that_is_given_without_end_has_an_end() -> None:
    one = who(MOST_ROOM)
    one.give(MOST_ROOM)
    one.add(pack(1, MOST_ROOM + 4))
    assert taken(one) == []


def test_compressed_ones_are_read_again_for_who_does_not_take_them() -> None:
    one, other = who(zstd=False), who()
    for each in (one, other):
        each.add(pack(1, plain=False))
    assert (taken(one), taken(other)) == ([], [1])
    assert one.next_fetch() is not None


def test_what_is_asked_for_does_not_come_twice() -> None:
    one = who()
    for number in range(3):
        one.add(pack(number))
    one.asked([block(1)[0]])
    assert taken(one) == [0, 2]


@pytest.mark.parametrize("data", [bytes(100_000), bytes(range(256)) * 4 * 100])
def test_it_is_seen_whether_anything_is_compressed(data: bytes) -> None:
    blocks = [(digest_of(data), data)]
    for compress in (False, True):
        [frame] = encode_packs(blocks, compress=compress, kind=KIND_AHEAD)
        found = decode_frame(frame)
        assert isinstance(found, Pack)
        assert found.ahead
        made = onward(found, entries_of(frame))
        assert (made.plain, made.size, made.frame) == (not compress, len(data), frame)


def test_of_a_file_that_was_told_nothing_more_comes_unasked() -> None:
    one = who()
    for number in range(4):
        one.add(pack(number))
    one.told([entry(1)])
    assert one._blocks == 4, "a small edit"
    one.told([entry(3)])
    assert taken(one) == [3], "the beginning of another file"


# --- how a large file begins that has changed


def outline(*new: int, node: str = "n", runs: int = 1) -> Outline:
    kept = [(number, 1) for number in range(runs)]
    parts = [*kept, *[(block(number)[0].hex(), 1000) for number in new]]
    return outlined(OutlineRequest(node_id=node, base_rev=3, at=7, parts=tuple(parts)))


def listener(*, outlines: bool = True) -> PassedOn:
    made = PassedOn(agreed=True, zstd=True, outlines=outlines)
    made.give(1_000_000)
    return made


def test_outlines_and_what_is_new_in_them_leave_as_they_came() -> None:
    one = listener()
    for came in (outline(1), pack(1), outline(runs=5)):
        one.add(came)
    first, second, third = one.take(), one.take(), one.take()
    assert isinstance(first, OutlineResponse)
    assert (first.node_id, first.base_rev, first.at) == ("n", 3, 7)
    assert second == pack(1).frame
    assert isinstance(third, OutlineResponse)
    assert len(third.parts) == 5
    assert one.take() is None


def test_who_has_not_agreed_on_outlines_gets_neither_them_nor_what_is_new_in_them() -> None:
    one = listener(outlines=False)
    for came in (outline(1, 2), pack(1), pack(3), pack(2), pack(1)):
        one.add(came)
    assert taken(one) == [3, 1], "the last one came for something else"


def test_what_is_told_by_now_need_not_be_outlined() -> None:
    one = PassedOn(agreed=True, zstd=True, outlines=True)
    one.give(0)
    for came in (pack(0), outline(1), pack(1), outline(2, node="other"), outline(node="third")):
        one.add(came)
    one.told([entry(1)])
    one.give(1_000_000)
    assert one.take() == pack(0).frame
    left = [one.take(), one.take()]
    assert [said.node_id for said in left if isinstance(said, OutlineResponse)] == ["other", "third"]
    assert one.take() is None


@pytest.mark.hazard("N17")
@pytest.mark.parametrize("runs", [0, 999], ids=["that say nothing", "that say much"])
def test_only_so_many_outlines_wait_for_one_who_has_no_room(runs: int) -> None:
    one = PassedOn(agreed=True, zstd=True, outlines=True)
    one.give(0)
    one.add(pack(0))
    most = WAITING_BLOCKS // (runs + 1)
    said = outline(runs=runs)
    for _ in range(most + 5):
        one.add(said)
    one.give(1_000_000)
    assert one.take() == pack(0).frame
    count = 0
    while one.take() is not None:
        count += 1
    assert 0 < count <= most
