"""What a file comes to, known as its blocks pass."""

from __future__ import annotations

import pytest

from syncagent.content.digest import content_of
from syncagent.content.recipe import places, read_all
from syncagent.localfs import assembly
from syncagent.localfs.assembly import Assembly, Piece
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Opening
from syncagent.model.names import RelPath
from tests.support.disks import big

DATA = big(600_000)
CONTENT, RECIPE = read_all([DATA])
BYTES = {block.digest: DATA[offset : offset + block.size] for offset, block in places(RECIPE)}


def test_the_content_is_known_when_the_last_block_has_passed() -> None:
    disk = MemoryDisk()
    with disk.batch(), disk.open(RelPath("part"), Opening.NEW) as part:
        one = Assembly(RECIPE)
        for digest, data in BYTES.items():
            assert one.content is None
            one.go_on(part, {digest: data})
        assert one.content == CONTENT
        one.begin_anew()
        assert one.content is None


def test_what_came_before_its_turn_is_read_back() -> None:
    disk = MemoryDisk()
    with disk.batch(), disk.open(RelPath("part"), Opening.NEW) as part:
        part.write(0, DATA)
        one = Assembly(RECIPE)
        first = RECIPE[0].digest
        one.found(set(BYTES) - {first})
        one.go_on(part, {})
        assert one.content is None
        one.go_on(part, {first: BYTES[first]})
        assert one.content == CONTENT


def test_pieces_are_long_runs_that_both_files_have() -> None:
    inserted = DATA[:300_000] + b"!" + DATA[300_000:]
    old_content, old_recipe = content_of(DATA), RECIPE
    _, recipe = read_all([inserted])
    one = Assembly(recipe)
    pieces = list(one.pieces({block.digest for block in recipe}, old_recipe))
    assert len(pieces) == 2, "all before what was inserted, and all behind it"
    for piece in pieces:
        assert DATA[piece.start : piece.start + piece.size] == inserted[piece.offset : piece.offset + piece.size]
    assert pieces[1].offset == pieces[1].start + 1
    assert old_content.size - sum(piece.size for piece in pieces) < 256 * 1024


def test_a_piece_is_not_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "PIECE", 150_000)
    one = Assembly(RECIPE)
    pieces = list(one.pieces(set(BYTES), RECIPE))
    assert len(pieces) > 3
    assert all(piece.size <= 150_000 or len(piece.blocks) == 1 for piece in pieces)
    assert sum(piece.size for piece in pieces) == len(DATA)


def test_blocks_that_are_wrong_are_named_and_end_the_digest() -> None:
    one = Assembly(RECIPE)
    piece = Piece(0, 0, 0, len(DATA), list(RECIPE))
    assert one.check(piece, DATA) == []
    assert one.content == CONTENT
    one.begin_anew()
    cut_off = DATA[: -RECIPE[-1].size]
    assert one.check(piece, cut_off) == [RECIPE[-1].digest]
    assert one.content is None


def test_blocks_that_stand_behind_each_other_are_written_together() -> None:
    data = big(600_000) + big(600_000)  # the same twice: each block has two places
    _, recipe = read_all([data])
    assembly = Assembly(recipe)
    blocks = [(block.digest, data[at : at + block.size]) for at, block in places(recipe)]
    runs = list(assembly.runs(blocks))
    written = bytearray(len(data))
    for offset, run in runs:
        joined = b"".join(part for _, part in run)
        written[offset : offset + len(joined)] = joined
    assert written == data
    once = big(600_000)
    lone = Assembly(read_all([once])[1])
    mine = [(block.digest, once[at : at + block.size]) for at, block in places(lone.recipe)]
    assert len(mine) > 2
    assert [len(run) for _, run in lone.runs(mine)] == [len(mine)]
    assert [offset for offset, _ in lone.runs([mine[0], mine[2]])] == [0, lone.spots[mine[2][0]][0][0]]
    assert list(lone.runs([(mine[0][0], b"too short")])) == []
