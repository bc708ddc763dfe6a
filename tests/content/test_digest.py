"""BLAKE3: known vectors, and pieces that give the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncagent.content.digest import DIGEST_BYTES, EMPTY, Hasher, content_of, digest_of


def test_known_vectors() -> None:
    assert EMPTY.digest.hex() == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    assert digest_of(b"abc").hex() == "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
    assert len(EMPTY.digest) == DIGEST_BYTES


@given(st.lists(st.binary(max_size=200)))
def test_pieces_give_the_digest_of_the_whole(pieces: list[bytes]) -> None:
    hasher = Hasher()
    for piece in pieces:
        hasher.feed(piece)
    assert hasher.content() == content_of(b"".join(pieces))
