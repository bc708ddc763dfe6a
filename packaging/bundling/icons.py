"""Renders the drawings in assets/ into every size that some system asks for.

The layout is that of freedesktop's icon themes, so that a package copies it as it is; beside it the one file that
Windows wants and the one that macOS wants.  What is packed and where is pure; only ``render`` draws.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

APP_SIZES: Final = (16, 22, 24, 32, 48, 64, 128, 256, 512)
TRAY_SIZES: Final = (16, 22, 24, 32, 48, 64)
SMALL: Final = 24
"""Up to here the app's icon is drawn apart: heavier, and without what would only be a blur."""

INK: Final = {"on-light": "#2e3436", "on-dark": "#f2f2f2"}
"""For panels that take an icon as it is, and do not colour a symbolic one themselves."""

_DRAWN_IN: Final = "#2e3436"

ICO_SIZES: Final = (16, 24, 32, 48, 64, 128, 256)
ICNS_KINDS: Final = {
    16: (b"icp4",), 32: (b"icp5", b"ic11"), 64: (b"icp6", b"ic12"), 128: (b"ic07",), 256: (b"ic08", b"ic13"),
    512: (b"ic09", b"ic14"),
}  # fmt: skip
"""What macOS calls each size; the second name is for screens that have twice the pixels."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing at one size (0: copied as it is), and where it goes; ``ink`` is another colour for a symbolic one."""

    drawing: PurePosixPath
    size: int
    target: PurePosixPath
    ink: str = ""


def pictures(tray: tuple[str, ...], symbolic: tuple[str, ...]) -> Iterator[Picture]:
    """All that is made; ``tray`` and ``symbolic`` are the names of the drawings, without ``.svg``."""
    theme = PurePosixPath("hicolor")
    for size in APP_SIZES:
        drawing = PurePosixPath("syncagent-small.svg" if size <= SMALL else "syncagent.svg")
        yield Picture(drawing, size, theme / f"{size}x{size}" / "apps" / "syncagent.png")
    yield Picture(PurePosixPath("syncagent.svg"), 0, theme / "scalable/apps/syncagent.svg")
    for name in tray:
        drawing = PurePosixPath("tray", f"{name}.svg")
        yield Picture(drawing, 0, theme / "scalable/status" / drawing.name)
        for size in TRAY_SIZES:
            yield Picture(drawing, size, theme / f"{size}x{size}" / "status" / f"{name}.png")
    for name in symbolic:
        drawing = PurePosixPath("symbolic", f"{name}.svg")
        yield Picture(drawing, 0, theme / "symbolic/status" / drawing.name)
        for ink, colour in INK.items():
            for size in TRAY_SIZES:
                yield Picture(drawing, size, PurePosixPath("mono", ink, f"{size}", f"{name}.png"), colour)


def ico(images: Mapping[int, bytes]) -> bytes:
    """The icon file of Windows, with a PNG for each size."""
    offset, entries, data = 6 + 16 * len(images), b"", b""
    for size, image in sorted(images.items()):
        side = size % 256  # 0 stands for 256
        entries += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(image), offset + len(data))
        data += image
    return struct.pack("<HHH", 0, 1, len(images)) + entries + data


def icns(images: Mapping[int, bytes]) -> bytes:
    """The icon file of macOS, with a PNG for each size."""
    parts = b""
    for size, image in sorted(images.items()):
        for kind in ICNS_KINDS[size]:
            parts += kind + struct.pack(">I", 8 + len(image)) + image
    return b"icns" + struct.pack(">I", 8 + len(parts)) + parts


def render(assets: Path, target: Path) -> Path:
    """Draw everything into ``target``."""
    tray, symbolic = _drawings(assets)
    drawn: dict[int, bytes] = {}
    for picture in pictures(tray, symbolic):
        text = (assets / picture.drawing).read_text(encoding="utf-8")
        if picture.ink:
            text = text.replace(_DRAWN_IN, picture.ink)
        content = text.encode() if picture.size == 0 else png(text, picture.size)
        if picture.target.name == "syncagent.png":
            drawn[picture.size] = content
        path = target / picture.target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (target / "syncagent.ico").write_bytes(ico({size: drawn[size] for size in ICO_SIZES}))
    (target / "syncagent.icns").write_bytes(icns({size: drawn[size] for size in ICNS_KINDS}))
    return target


def in_package(tray: tuple[str, ...], symbolic: tuple[str, ...]) -> Iterator[Picture]:
    """What the tray brings along itself, wherever it is installed: panels are told this directory."""
    return (one for one in pictures(tray, symbolic) if one.target.match("hicolor/*/status/*"))


def render_for_package(assets: Path, target: Path) -> None:
    """Draw what belongs into the package, in place of what is there."""
    shutil.rmtree(target, ignore_errors=True)
    for picture in in_package(*_drawings(assets)):
        path = target / picture.target
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (assets / picture.drawing).read_text(encoding="utf-8")
        path.write_bytes(text.encode() if picture.size == 0 else png(text, picture.size))


def _drawings(assets: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of those in colour, and of the symbolic ones."""
    tray, symbolic = (
        tuple(sorted(path.stem for path in (assets / kind).glob("*.svg"))) for kind in ("tray", "symbolic")
    )
    return tray, symbolic


def png(svg: str, size: int) -> bytes:
    import resvg_py  # noqa: PLC0415 - of the extra `package`: nobody needs it who only reads what is packed

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True))
