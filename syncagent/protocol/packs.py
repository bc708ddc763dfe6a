"""Binary frames: packs of blocks, and compressed text.

    byte  kind      1 = pack, 2 = compressed text, 3 = pack that may go on to others before a change names its blocks
    byte  flags     0
    pack            entries, one after the other until the frame ends:
                    32 bytes digest, 4 bytes length on the wire, 4 bytes plain length (both big-endian), the bytes
    compressed      one zstd frame of the UTF-8 text

An entry whose two lengths differ is one zstd frame.  Every length is checked before anything is allocated for it, and
every block against its digest before it is given out (HAZARDS F5, F7, F8); a frame is good as a whole or not at all.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from blake3 import blake3

from syncagent.errors import BadMessage
from syncagent.model.ids import Digest
from syncagent.protocol.connection import DEFAULT_LIMITS, Limits

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KIND_PACK: Final = 1
KIND_TEXT: Final = 2
KIND_AHEAD: Final = 3
_PACKS: Final = frozenset({KIND_PACK, KIND_AHEAD})
SENT_FRAME_BYTES: Final = 256 * 1024
"""The longest frame that we send where nothing is known of the way, except for one with a single block that is longer
than that by itself."""

MAX_BLOCK_BYTES: Final = 1024 * 1024 - 42
"""The longest block: it fits, uncompressed and with the heads, into the frames of the default limits."""

PACK_PLAIN_BYTES: Final = 4 * 1024 * 1024
"""All blocks of one pack together, unpacked."""

COMPRESS_TEXT_ABOVE: Final = 4096
_COMPRESS_BLOCK_ABOVE: Final = 256
_VIEWED_ABOVE: Final = 65_536
"""A longer block is not copied out of its frame: it is only written on to a disk, or into another frame."""

_SAMPLED_ABOVE: Final = 32 * 1024
_SAMPLE: Final = 2048
_IN_VAIN: Final = 4
"""After so many in a row that did not get shorter, one of so many is tried: what comes together is alike, and to try
pictures or archives in vain costs more than to send them."""

_LEVEL: Final = 1
_HEAD: Final = struct.Struct(">BB")
_ENTRY: Final = struct.Struct(">32sII")
_WINDOW: Final[dict[int, int]] = {zstd.DecompressionParameter.window_log_max: 23}
"""8 MiB at the most are set aside for what a frame says it wants to look back at."""

NOTHING_PACKED: Final[Mapping[Digest, memoryview]] = MappingProxyType({})


def frame_kind(frame: bytes) -> int:
    """``KIND_PACK``, ``KIND_TEXT`` or ``KIND_AHEAD``.

    Raises BadMessage for any other, for flags that are not known, and for a frame without a head.
    """
    if len(frame) < _HEAD.size:
        raise BadMessage("invalid_message", "the binary frame is too short to have a head")
    kind, flags = _HEAD.unpack_from(frame)
    if kind not in {KIND_PACK, KIND_TEXT, KIND_AHEAD} or flags:
        raise BadMessage("unsupported", f"binary frames of kind {kind} with flags {flags} are not known here")
    return int(kind)


# --- packs ------------------------------------------------------------------------------------------------------


def longest_block(limits: Limits) -> int:
    """How long a block may be, so that a frame can carry it."""
    return limits.frame_bytes - _HEAD.size - _ENTRY.size


def encode_packs(
    blocks: Iterable[tuple[Digest, bytes | memoryview]],
    *,
    compress: bool,
    limits: Limits = DEFAULT_LIMITS,
    most: int = SENT_FRAME_BYTES,
    packed: Mapping[Digest, memoryview] = NOTHING_PACKED,
    kind: int = KIND_PACK,
) -> Iterator[bytes]:
    """The frames that carry ``blocks``, in order, of ``most`` bytes; none for none.  With ``compress`` a block is
    compressed where that saves an eighth of it; or, where it is in ``packed`` (``entries_of``), it goes out as it came.

    Raises ValueError for a block that is empty or too long for any frame: it should not have been cut so.
    """
    compressor = zstd.ZstdCompressor(level=_LEVEL) if compress else None
    sent = min(most, limits.frame_bytes)
    parts: list[bytes | memoryview] = []
    wire_total, plain_total = _HEAD.size, 0
    tried = in_vain = 0
    for digest, plain in blocks:
        if not plain or len(plain) > longest_block(limits):
            raise ValueError(f"a block of {len(plain)} bytes cannot be sent")
        entry: tuple[bytes | memoryview, ...]
        if compress and digest in packed:
            entry = (packed[digest],)
        else:
            tried += 1
            wire = _shorter(plain, compressor) if in_vain < _IN_VAIN or not tried % _IN_VAIN else plain
            if wire is not plain:
                in_vain = 0
            elif len(plain) > _COMPRESS_BLOCK_ABOVE:
                in_vain += 1
            entry = (_ENTRY.pack(digest, len(wire), len(plain)), wire)
        size = sum([len(part) for part in entry])
        if parts and (wire_total + size > sent or plain_total + len(plain) > PACK_PLAIN_BYTES):
            yield b"".join((_HEAD.pack(kind, 0), *parts))
            parts, wire_total, plain_total = [], _HEAD.size, 0
        parts += entry
        wire_total += size
        plain_total += len(plain)
    if parts:
        yield b"".join((_HEAD.pack(kind, 0), *parts))


def entries_of(frame: bytes, limits: Limits = DEFAULT_LIMITS) -> dict[Digest, memoryview]:
    """Each block of a pack that ``read_pack`` has read, with its head, as it travelled: to be sent on like that."""
    view = memoryview(frame)
    head = _ENTRY.size
    return {digest: view[start - head : start + wire] for digest, start, wire, _ in _entries(frame, limits)}


def wire_bytes(entry: memoryview) -> int:
    """How long a block is on the wire, in an entry of ``entries_of``."""
    return len(entry) - _ENTRY.size


def _shorter(plain: bytes | memoryview, compressor: zstd.ZstdCompressor | None) -> bytes | memoryview:
    if compressor is None or len(plain) <= _COMPRESS_BLOCK_ABOVE:
        return plain
    if len(plain) > _SAMPLED_ABOVE:
        # Most bytes of large files are compressed already, and trying in vain takes as long as all else that is done
        # with them: three places of a block tell.
        half = len(plain) // 2
        sample = b"".join((plain[:_SAMPLE], plain[half : half + _SAMPLE], plain[-_SAMPLE:]))
        if len(compressor.compress(sample, compressor.FLUSH_FRAME)) * 16 > len(sample) * 15:
            return plain
    packed = compressor.compress(plain, compressor.FLUSH_FRAME)
    return packed if len(packed) * 8 <= len(plain) * 7 else plain


def read_pack(frame: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[tuple[Digest, bytes], ...]:
    """The blocks of a pack, each checked against its digest.

    Raises BadMessage when the frame is too long, is no pack, has a length that lies, or a block that is not the one
    that it is named.
    """
    if len(frame) > limits.frame_bytes:
        raise BadMessage("message_too_large", f"the frame has {len(frame)} bytes; {limits.frame_bytes} is the most")
    if frame_kind(frame) not in _PACKS:
        raise BadMessage("invalid_message", "the frame is not a pack")
    return tuple(_block(frame, *entry) for entry in _entries(frame, limits))


def _entries(frame: bytes, limits: Limits) -> list[tuple[Digest, int, int, int]]:
    """(digest, start, wire length, plain length) of each entry; all lengths are checked before one is believed."""
    found: list[tuple[Digest, int, int, int]] = []
    at, total = _HEAD.size, 0
    while at < len(frame):
        if len(frame) - at < _ENTRY.size:
            raise BadMessage("invalid_message", "the pack ends within the head of a block")
        digest, wire, plain = _ENTRY.unpack_from(frame, at)
        at += _ENTRY.size
        if wire > len(frame) - at:
            raise BadMessage("invalid_message", "the pack ends within a block")
        if not 0 < wire <= plain <= limits.frame_bytes:
            raise BadMessage("invalid_message", f"a block of {plain} bytes in {wire} on the wire cannot be")
        total += plain
        if total > PACK_PLAIN_BYTES:
            raise BadMessage(
                "message_too_large", f"the blocks of a pack have more than {PACK_PLAIN_BYTES} bytes together"
            )
        found.append((Digest(digest), at, wire, plain))
        at += wire
    return found


def _block(frame: bytes, digest: Digest, start: int, wire: int, plain: int) -> tuple[Digest, bytes]:
    if wire == plain > _VIEWED_ABOVE:
        view = memoryview(frame)[start : start + wire]
        if blake3(view).digest() != digest:
            raise BadMessage("invalid_message", f"a block does not have the digest {digest.hex()} that its pack says")
        return digest, view  # type: ignore[return-value]  # what bytes are wanted for, a view can do
    data = bytes(frame[start : start + wire])  # of a frame that may change, none of a small block does
    if wire != plain:
        data = _decompress(data, plain)
        if len(data) != plain:
            raise BadMessage("invalid_message", "a block does not have the length that its pack says")
    if blake3(data).digest() != digest:
        raise BadMessage("invalid_message", f"a block does not have the digest {digest.hex()} that its pack says")
    return digest, data


# --- compressed text --------------------------------------------------------------------------------------------


def compress_text(text: str) -> bytes:
    """The binary frame that carries ``text`` compressed."""
    return _HEAD.pack(KIND_TEXT, 0) + zstd.compress(text.encode(), _LEVEL)


def read_text(frame: bytes, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The UTF-8 text in a frame that ``compress_text`` made.

    Raises BadMessage when it is no such frame, or holds more text than was agreed: no more than that is unpacked.
    """
    if len(frame) > limits.frame_bytes:
        raise BadMessage("message_too_large", f"the frame has {len(frame)} bytes; {limits.frame_bytes} is the most")
    if frame_kind(frame) != KIND_TEXT:
        raise BadMessage("invalid_message", "the frame is not compressed text")
    return _decompress(frame[_HEAD.size :], limits.text_bytes)


def _decompress(packed: bytes, most: int) -> bytes:
    """What is in the one zstd frame ``packed``; BadMessage when that is more than ``most`` bytes, or is no frame."""
    decompressor = zstd.ZstdDecompressor(options=_WINDOW)
    try:
        plain = decompressor.decompress(packed, most + 1)
    except zstd.ZstdError:
        raise BadMessage("invalid_message", "the frame is not compressed as it says") from None
    if len(plain) > most:
        raise BadMessage("message_too_large", f"the frame holds more than {most} bytes")
    if not decompressor.eof or decompressor.unused_data:
        raise BadMessage("invalid_message", "the compressed bytes are cut off, or more follow them")
    return plain
