"""The icons: their names, where they lie, and their pixels for panels that do not look icons up by name."""

from __future__ import annotations

import functools
import struct
import zlib
from pathlib import Path
from typing import Final, TypeAlias

from syncagent.desktop.standing import Face

HERE: Final = Path(__file__).with_name("icons")
"""The renderings, in the layout of freedesktop's icon themes."""

FRAMES: Final = 4
"""Pictures of the arrows that turn while something is carried over."""

SIZES: Final = (16, 22, 24, 32, 48, 64)
SENT: Final = (22, 32, 48)
"""Of these the pixels are sent: a panel that does not find an icon by its name scales one of them."""

Pixels: TypeAlias = tuple[int, int, bytes]
"""Width, height, and rows of ARGB with the highest byte first, as panels want them."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


class NotAPicture(ValueError):
    """It is not a PNG of the kind that we make: eight bits of red, green, blue and alpha, not interlaced."""


def icon_name(face: Face, frame: int = 0, *, symbolic: bool = False) -> str:
    """The name in the theme."""
    turn = f"-{frame % FRAMES}" if face is Face.SYNCING else ""
    return f"syncagent-{face.value}{turn}{'-symbolic' if symbolic else ''}"


def icon_file(name: str, size: int) -> Path:
    """The rendering of that size.  Symbolic ones are there as drawings alone: panels colour them."""
    return HERE / "hicolor" / f"{size}x{size}" / "status" / f"{name}.png"


@functools.cache
def pixmaps(name: str) -> tuple[Pixels, ...]:
    """The icon in those sizes; none where it cannot be read."""
    found = []
    for size in SENT:
        try:
            found.append(pixels(icon_file(name, size).read_bytes()))
        except (OSError, NotAPicture):
            continue
    return tuple(found)


def pixels(png: bytes) -> Pixels:
    """What is in a PNG of ours.  Raises NotAPicture."""
    if not png.startswith(_SIGNATURE):
        raise NotAPicture("no PNG")
    head, body, at = b"", b"", len(_SIGNATURE)
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        content = png[at + 8 : at + 8 + length]
        head, body = (content if kind == b"IHDR" else head), body + (content if kind == b"IDAT" else b"")
        at += 12 + length
    if len(head) != 13 or head[8:] != b"\x08\x06\x00\x00\x00":
        raise NotAPicture("not of our kind")
    width, height = struct.unpack(">II", head[:8])
    try:
        raw = zlib.decompress(body)
    except zlib.error as error:
        raise NotAPicture(str(error)) from None
    rows = _unfiltered(raw, width, height)
    return width, height, _as_argb(rows)


def _unfiltered(raw: bytes, width: int, height: int) -> bytearray:
    """The rows without what was taken off them to pack better."""
    stride = 4 * width
    if len(raw) != (stride + 1) * height:
        raise NotAPicture("too short")
    done = bytearray()
    above = bytearray(stride)
    for number in range(height):
        start = number * (stride + 1)
        row = bytearray(raw[start + 1 : start + 1 + stride])
        match raw[start]:
            case 0:
                pass
            case 1:
                for at in range(4, stride):
                    row[at] = (row[at] + row[at - 4]) & 255
            case 2:
                for at in range(stride):
                    row[at] = (row[at] + above[at]) & 255
            case 3:
                for at in range(stride):
                    row[at] = (row[at] + ((row[at - 4] if at >= 4 else 0) + above[at]) // 2) & 255
            case 4:
                for at in range(stride):
                    left, corner = (row[at - 4], above[at - 4]) if at >= 4 else (0, 0)
                    row[at] = (row[at] + _nearest(left, above[at], corner)) & 255
            case _:
                raise NotAPicture("a filter that there is not")
        done += row
        above = row
    return done


def _nearest(left: int, up: int, corner: int) -> int:
    """Paeth's predictor."""
    guess = left + up - corner
    return min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]


def _as_argb(rgba: bytearray) -> bytes:
    turned = bytearray(len(rgba))
    turned[0::4], turned[1::4], turned[2::4], turned[3::4] = rgba[3::4], rgba[0::4], rgba[1::4], rgba[2::4]
    return bytes(turned)
