"""Binary frames: packs of blocks, compressed text, and what liars make of them."""

from __future__ import annotations

import random
import struct
import tracemalloc
from contextlib import suppress
from random import Random

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from syncagent.errors import BadMessage
from syncagent.model.ids import Digest
from syncagent.protocol import packs
from syncagent.protocol.connection import Limits
from syncagent.protocol.packs import (
    MAX_BLOCK_BYTES,
    PACK_PLAIN_BYTES,
    SENT_FRAME_BYTES,
    compress_text,
    encode_packs,
    entries_of,
    frame_kind,
    read_pack,
    read_text,
    zstd,
)


def named(data: bytes) -> tuple[Digest, bytes]:
    return Digest(blake3(data).digest()), data


def entry(data: bytes, *, wire: int | None = None, plain: int | None = None, digest: bytes | None = None) -> bytes:
    sizes = struct.pack(">II", len(data) if wire is None else wire, len(data) if plain is None else plain)
    return (digest or blake3(data).digest()) + sizes + data


def pack(*entries: bytes) -> bytes:
    return b"\x01\x00" + b"".join(entries)


@given(st.lists(st.binary(min_size=1, max_size=3000)), st.booleans())
def test_what_is_packed_is_unpacked(contents: list[bytes], compress: bool) -> None:
    blocks = [named(one) for one in contents]
    frames = list(encode_packs(blocks, compress=compress))
    assert [block for frame in frames for block in read_pack(frame)] == blocks
    assert all(len(frame) <= SENT_FRAME_BYTES for frame in frames)


def test_compressing_is_given_up_where_it_is_in_vain_and_taken_up_where_it_pays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[bytes] = []
    real = zstd.ZstdCompressor

    class Counting:
        FLUSH_FRAME = real.FLUSH_FRAME

        def __init__(self, level: int) -> None:
            self._real = real(level=level)

        def compress(self, plain: bytes, mode: int) -> bytes:
            tried.append(plain)
            return self._real.compress(plain, mode)

    monkeypatch.setattr("syncagent.protocol.packs.zstd.ZstdCompressor", Counting)
    noise = [named(random.Random(seed).randbytes(1000)) for seed in range(40)]
    text = [named(b"%d" % number * 1000) for number in range(40)]
    list(encode_packs(noise, compress=True))
    assert len(tried) == 4 + 9
    tried.clear()
    list(encode_packs([*noise, *text], compress=True))
    assert len(tried) == 4 + 9 + 37, "the first that is tried and gets shorter ends it"


@given(st.lists(st.binary(min_size=1, max_size=2000).map(lambda part: part * 50), max_size=20), st.booleans())
def test_blocks_are_sent_on_as_they_came(contents: list[bytes], compress: bool) -> None:
    blocks = [named(content) for content in contents]
    came = list(encode_packs(blocks, compress=compress))
    packed = {digest: entry for frame in came for digest, entry in entries_of(frame).items()}
    assert list(encode_packs(blocks, compress=True, packed=packed)) == came
    plain = list(encode_packs(blocks, compress=False))
    assert list(encode_packs(blocks, compress=False, packed=packed)) == plain, "not to who takes no compressed ones"


def test_no_blocks_make_no_frame() -> None:
    assert list(encode_packs([], compress=True)) == []
    assert read_pack(b"\x01\x00") == ()


def test_frames_have_at_most_256_kib_unless_one_block_is_longer() -> None:
    blocks = [named(bytes([number]) * 100_000) for number in range(5)] + [named(b"x" * MAX_BLOCK_BYTES)]
    frames = list(encode_packs(blocks, compress=False))
    assert [len(read_pack(frame)) for frame in frames] == [2, 2, 1, 1]
    assert [len(frame) > SENT_FRAME_BYTES for frame in frames] == [False, False, False, True]


def test_blocks_that_pack_well_are_compressed_and_still_bounded_in_sum() -> None:
    blocks = [named(bytes([number]) * 1_000_000) for number in range(9)]
    frames = list(encode_packs(blocks, compress=True))
    assert [len(read_pack(frame)) for frame in frames] == [4, 4, 1]
    assert max(map(len, frames)) < 2000


def compressed(plain: bytes) -> bool:
    [frame] = encode_packs([named(plain)], compress=True)
    assert read_pack(frame) == (named(plain),)
    return len(frame) < len(plain)


def test_a_sample_tells_whether_a_long_block_is_worth_compressing(monkeypatch: pytest.MonkeyPatch) -> None:
    random, text = Random(1).randbytes(200_000), b"once upon a time " * 12_000
    assert compressed(text)
    assert compressed(random[:60_000] + text[:140_000]), "what it begins with is not all that counts"
    tried: list[int] = []
    real = packs.zstd.ZstdCompressor

    class Noting:
        FLUSH_FRAME = real.FLUSH_FRAME

        def __init__(self, level: int) -> None:
            self._real = real(level=level)

        def compress(self, plain: bytes, mode: int) -> bytes:
            tried.append(len(plain))
            return self._real.compress(plain, mode)

    monkeypatch.setattr(packs.zstd, "ZstdCompressor", Noting)
    assert not compressed(random)
    assert sum(tried) < len(random) // 10, "all of it was tried in vain"


@pytest.mark.parametrize("size", [0, MAX_BLOCK_BYTES + 1])
def test_a_block_that_no_frame_can_carry_is_not_packed(size: int) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        list(encode_packs([named(b"x" * size)], compress=True))


GOOD = entry(b"alpha")
LIES = {
    "no head": (b"\x01", "invalid_message"),
    "nothing at all": (b"", "invalid_message"),
    "another kind": (b"\x04\x00" + GOOD, "unsupported"),
    "flags": (b"\x01\x01" + GOOD, "unsupported"),
    "text, not a pack": (compress_text("{}"), "invalid_message"),
    "cut within the head of a block": (pack(GOOD[:39]), "invalid_message"),
    "cut within a block": (pack(GOOD[:-1]), "invalid_message"),
    "a tail": (pack(GOOD, b"x"), "invalid_message"),
    "a wire length past the end": (pack(entry(b"alpha", wire=6, plain=6)), "invalid_message"),
    "an enormous wire length": (pack(entry(b"alpha", wire=0xFFFFFFFF, plain=0xFFFFFFFF)), "invalid_message"),
    "an enormous plain length": (pack(entry(b"alpha", plain=0xFFFFFFFF)), "invalid_message"),
    "a plain length below the wire's": (pack(entry(b"alpha", plain=4)), "invalid_message"),
    "an empty block": (pack(entry(b"")), "invalid_message"),
    "another digest": (pack(entry(b"alpha", digest=bytes(32))), "invalid_message"),
    "plain bytes that claim to be compressed": (pack(entry(b"alpha", plain=6)), "invalid_message"),
    "compressed, of another plain length": (
        pack(entry(zstd.compress(b"x" * 999), plain=1000, digest=blake3(b"x" * 999).digest())),
        "invalid_message",
    ),
    "compressed, longer than it says": (pack(entry(zstd.compress(b"x" * 10_000), plain=1000)), "message_too_large"),
    "compressed, cut off": (pack(entry(zstd.compress(b"x" * 1000)[:-1], plain=1000)), "invalid_message"),
    "too long a frame": (pack(entry(b"x" * (1 << 20))), "message_too_large"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_found(name: str) -> None:
    frame, code = LIES[name]
    with pytest.raises(BadMessage) as caught:
        read_pack(frame)
    assert caught.value.code == code


def test_one_bad_block_makes_the_whole_pack_bad() -> None:
    with pytest.raises(BadMessage):
        read_pack(pack(GOOD, entry(b"beta", digest=bytes(32))))


@pytest.mark.hazard("F8")
def test_a_pack_that_swells_is_refused_before_it_is_unpacked() -> None:
    one = zstd.compress(bytes(1_000_000))
    bomb = pack(*[entry(one, plain=1_000_000)] * 20)
    assert _peak(lambda: read_pack(bomb)) < PACK_PLAIN_BYTES


@given(st.binary(max_size=400))
def test_any_bytes_are_a_pack_or_a_bad_message(frame: bytes) -> None:
    for head in (b"", b"\x01\x00", b"\x01\x00" + GOOD):
        _only_bad_message(head + frame)


@given(st.data())
@pytest.mark.hazard("F5")
def test_a_pack_that_was_tampered_with_is_never_taken_for_another(data: st.DataObject) -> None:
    frame = bytearray(
        pack(entry(b"alpha"), entry(zstd.compress(b"b" * 500), plain=500, digest=blake3(b"b" * 500).digest()))
    )
    true = read_pack(bytes(frame))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(frame)))
    found = _only_bad_message(bytes(frame[:cut]))
    assert set(found) <= set(true)


def test_text_is_compressed_and_read_again() -> None:
    text = '{"a":"ü"}' * 1000
    assert read_text(compress_text(text)).decode() == text
    assert frame_kind(compress_text(text)) == 2


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x02\x00", "invalid_message"),
        (b"\x02\x00nonsense", "invalid_message"),
        (compress_text("a" * 5000)[:-3], "invalid_message"),
        (compress_text("a") + b"x", "invalid_message"),
        (compress_text("a") + compress_text("a")[2:], "invalid_message"),
        (compress_text("a" * 20_001), "message_too_large"),
        (pack(GOOD), "invalid_message"),
        (b"\x02\x00" + b"x" * (1 << 20), "message_too_large"),
    ],
)
def test_compressed_text_that_is_wrong_is_found(frame: bytes, code: str) -> None:
    with pytest.raises(BadMessage) as caught:
        read_text(frame, Limits(text_bytes=20_000))
    assert caught.value.code == code


@pytest.mark.hazard("F8")
def test_a_bomb_is_not_unpacked() -> None:
    """HAZARDS F8: 256 MiB of zeros in a few KiB."""
    compressor = zstd.ZstdCompressor()
    bomb = b"\x02\x00" + b"".join(compressor.compress(bytes(1 << 20)) for _ in range(256)) + compressor.flush()
    assert len(bomb) < 1 << 20
    assert _peak(lambda: read_text(bomb)) < 16 << 20


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_a_bad_message(tail: bytes) -> None:
    for head in (b"", b"\x02\x00", compress_text("{}")[:8]):
        with suppress(BadMessage):
            read_text(head + tail)


def _only_bad_message(frame: bytes) -> tuple[tuple[Digest, bytes], ...]:
    try:
        return read_pack(frame)
    except BadMessage:
        return ()


def _peak(read: object) -> int:
    """The most memory that was taken while ``read`` refused."""
    assert callable(read)
    tracemalloc.start()
    try:
        with pytest.raises(BadMessage) as caught:
            read()
        assert caught.value.code == "message_too_large"
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
