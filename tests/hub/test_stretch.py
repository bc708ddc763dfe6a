"""Stretches of the journal: cut by author and size, encoded once."""

from __future__ import annotations

import json

import pytest

from syncagent.content.digest import digest_of
from syncagent.hub.rows import Timed
from syncagent.hub.stretch import STRETCH_ENTRIES, Stretch, cut_stretches, iso, pushed
from syncagent.model.changes import Operation
from syncagent.model.ids import Seq
from syncagent.protocol.packs import encode_packs, entries_of
from tests.support.hub_entries import timed
from tests.support.raw_client import unpack


def test_the_time_is_written_in_utc() -> None:
    assert iso(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123456+00:00"
    assert iso(0) == "1970-01-01T00:00:00+00:00"


def test_a_stretch_has_one_author() -> None:
    cuts = cut_stretches([timed(1), timed(2), timed(3, "b"), timed(4)])
    assert [[one.entry.seq for one in part] for part in cuts] == [[1, 2], [3], [4]]


def test_a_stretch_is_not_too_long() -> None:
    assert [len(part) for part in cut_stretches(timed(n, size=0) for n in range(1, 1202))] == [500, 500, 201]
    assert STRETCH_ENTRIES == 500
    assert [len(part) for part in cut_stretches([timed(n, size=50_000) for n in range(1, 8)], 150_000)] == [3, 3, 1]


@pytest.mark.parametrize(
    ("one", "count"),
    [
        (timed(1), 1),
        (timed(1, operation=Operation.UPDATE), 1),
        (timed(1, operation=Operation.MOVE), 0),
        (timed(1, operation=Operation.DELETE), 0),
        (timed(1, size=64 * 1024), 1),
        (timed(1, size=64 * 1024 + 1), 0),
    ],
)
def test_what_is_pushed_is_all_of_a_small_file(one: Timed, count: int) -> None:
    assert len(pushed(one)) == count


def test_a_stretch_is_encoded_once_for_all_who_hear_alike() -> None:
    plain = bytes(5)
    stretch = Stretch((timed(1), timed(2)), {digest_of(plain): plain})
    frames = stretch.frames(push=True, batch=True, compress=False)
    again = stretch.frames(push=True, batch=True, compress=False)
    assert all(one is other for one, other in zip(frames, again, strict=True))
    pack, text = frames
    assert isinstance(pack, bytes)
    assert unpack(pack) == [plain]
    changes = json.loads(text)["data"]["changes"]
    assert [(one["seq"], one["server_time"][:19]) for one in changes] == [
        (1, "2023-11-14T22:13:20"), (2, "2023-11-14T22:13:20"),
    ]  # fmt: skip
    assert len(stretch.frames(push=False, batch=True, compress=False)) == 1
    assert len(stretch.frames(push=False, batch=False, compress=False)) == 2
    assert [json.loads(text)["data"] for text in stretch.notices()] == [
        {"operation": "create", "file_path": "f1", "client_id": "a"},
        {"operation": "create", "file_path": "f2", "client_id": "a"},
    ]
    assert (stretch.first, stretch.last) == (1, 2)


def test_the_rest_of_a_stretch_is_told_with_its_own_blocks() -> None:
    plain, other = bytes(5), bytes(6)
    first, second = timed(1, size=5), timed(2, size=6)
    whole = Stretch((first, second), {digest_of(plain): plain, digest_of(other): other})
    rest = whole.rest(Seq(1))
    assert (rest.first, rest.last) == (2, 2)
    [pack, text] = rest.frames(push=True, batch=True, compress=False)
    assert isinstance(pack, bytes)
    assert unpack(pack) == [other]
    assert [one["seq"] for one in json.loads(text)["data"]["changes"]] == [2]


def test_blocks_go_on_as_they_came_to_who_takes_them_compressed() -> None:
    plain = bytes(5000)
    [came] = encode_packs([(digest_of(plain), plain)], compress=True)
    stretch = Stretch((timed(1),), {digest_of(plain): plain}, entries_of(came))
    assert stretch.frames(push=True, batch=True, compress=True)[0] == came
    pack = stretch.frames(push=True, batch=True, compress=False)[0]
    assert isinstance(pack, bytes)
    assert unpack(pack) == [plain]
    assert len(pack) > len(plain) > len(came)
