"""The icons are there, and are what they are said to be."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from syncagent.desktop.icons import FRAMES, HERE, SENT, SIZES, NotAPicture, icon_file, icon_name, pixels, pixmaps
from syncagent.desktop.standing import Face

NAMES = [icon_name(face, frame) for face in Face for frame in range(FRAMES if face is Face.SYNCING else 1)]


def test_each_face_has_a_name_and_the_arrows_turn() -> None:
    assert icon_name(Face.IDLE, 3) == "syncagent-idle"
    assert [icon_name(Face.SYNCING, frame) for frame in range(5)] == [
        "syncagent-syncing-0", "syncagent-syncing-1", "syncagent-syncing-2", "syncagent-syncing-3",
        "syncagent-syncing-0",
    ]  # fmt: skip
    assert icon_name(Face.PAUSED, symbolic=True) == "syncagent-paused-symbolic"


@pytest.mark.parametrize("name", NAMES)
def test_each_is_there_in_every_size_and_without_colours(name: str) -> None:
    assert all(icon_file(name, size).is_file() for size in SIZES)
    assert (HERE / "hicolor" / "symbolic" / "status" / f"{name}-symbolic.svg").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_the_pixels_are_those_that_everyone_else_finds(name: str) -> None:
    for width, height, argb in pixmaps(name):
        with Image.open(icon_file(name, width)) as picture:
            alpha, red, green, blue = (argb[at::4] for at in range(4))
            assert picture.size == (width, height)
            assert [red, green, blue, alpha] == [band.tobytes() for band in picture.convert("RGBA").split()]
    assert [width for width, _, _ in pixmaps(name)] == list(SENT)


def made(rows: list[bytes], width: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, len(rows), 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"".join(rows)))
        + chunk(b"IEND", b"")
    )


def test_every_filter_is_undone() -> None:
    first = bytes(range(10, 22))
    rows = [bytes([0]) + first, *(bytes([kind]) + bytes([3] * 12) for kind in (1, 2, 3, 4))]
    with Image.open(io.BytesIO(made(rows, 3))) as picture:
        red, green, blue, alpha = (band.tobytes() for band in picture.split())
    _, _, argb = pixels(made(rows, 3))
    assert (argb[1::4], argb[2::4], argb[3::4], argb[0::4]) == (red, green, blue, alpha)


@pytest.mark.parametrize(
    "wrong", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", made([b"\x00" * 5], 2), made([b"\x09" + b"\x00" * 4], 1)]
)
def test_what_is_no_picture_of_ours_is_none(wrong: bytes) -> None:
    with pytest.raises(NotAPicture):
        pixels(wrong)


def test_an_icon_that_is_not_there_has_no_pixels() -> None:
    assert pixmaps("syncagent-nothing") == ()
