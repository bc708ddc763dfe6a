"""What comes in pieces is read as it was sent, wherever it was cut."""

from __future__ import annotations

from random import Random

import pytest

from syncagent.transport.pieces import Pieces

DATA = Random(4).randbytes(5000)


def ended(reading: object) -> object:
    """What a reading gives that does not have to wait."""
    try:
        next(reading)  # type: ignore[call-overload]
    except StopIteration as end:
        return end.value
    return None


@pytest.mark.parametrize("seed", range(20))
def test_it_is_read_as_it_was_sent(seed: int) -> None:
    rng = Random(seed)
    reader, found, sent = Pieces(), b"", 0
    while len(found) < len(DATA):
        wanted = min(rng.choice((1, 2, 8, 100, 1500)), len(DATA) - len(found))
        reading = reader.read_exact(wanted)
        while True:
            try:
                next(reading)
            except StopIteration as end:
                found += end.value
                break
            size = rng.choice((1, 3, 500, 2000))
            reader.feed_data(DATA[sent : sent + size])
            sent += size
    assert found == DATA


def test_an_end_in_the_middle_is_one() -> None:
    reader = Pieces()
    reader.feed_data(b"123")
    reader.feed_eof()
    assert ended(reader.at_eof()) is False
    with pytest.raises(EOFError):
        ended(reader.read_exact(4))
    assert ended(reader.read_exact(3)) == b"123"
    assert ended(reader.at_eof()) is True
    with pytest.raises(EOFError):
        reader.feed_data(b"4")


def test_what_is_whole_is_not_copied() -> None:
    reader = Pieces()
    reader.feed_data(DATA)
    assert ended(reader.read_exact(len(DATA))) is DATA


def test_what_is_discarded_is_gone() -> None:
    reader = Pieces()
    reader.feed_data(DATA)
    reader.discard()
    reader.feed_data(b"5")
    assert ended(reader.read_exact(1)) == b"5"
