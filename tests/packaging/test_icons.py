"""The drawings, the sizes that are made of them, and the files of Windows and macOS."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from bundling.icons import APP_SIZES, ICNS_KINDS, ICO_SIZES, INK, icns, ico, in_package, pictures, render_for_package

ASSETS = Path(__file__).parents[2] / "assets"
PACKAGED = Path(__file__).parents[2] / "syncagent" / "desktop" / "icons"
STATES = {"idle", "syncing-0", "syncing-1", "syncing-2", "syncing-3", "paused", "offline", "attention"}
DRAWINGS = sorted(ASSETS.rglob("*.svg"))


def test_every_state_is_drawn_in_colour_and_for_one_colour() -> None:
    assert {path.stem for path in (ASSETS / "tray").iterdir()} == {f"syncagent-{state}" for state in STATES}
    assert {path.stem for path in (ASSETS / "symbolic").iterdir()} == {
        f"syncagent-{state}-symbolic" for state in STATES
    }


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_is_square_and_needs_nothing_that_panels_cannot_draw(path: Path) -> None:
    root = ET.parse(path).getroot()
    box = root.get("viewBox", "").split()
    assert (box[:2], box[2]) == (["0", "0"], box[3])
    names = {one.tag.rpartition("}")[2] for one in root.iter()}
    # Qt draws SVG Tiny, which has neither masks nor clips nor filters nor styles.
    assert names <= {"svg", "title", "defs", "linearGradient", "stop", "path", "circle", "rect"}
    assert root.findtext("{http://www.w3.org/2000/svg}title")


@pytest.mark.parametrize("path", sorted((ASSETS / "symbolic").iterdir()), ids=lambda path: path.stem)
def test_a_symbolic_drawing_has_the_one_colour_that_is_replaced(path: Path) -> None:
    colours = set(re.findall(r"#[0-9a-fA-F]{3,6}", path.read_text()))
    assert colours == {INK["on-light"]}


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_one_coloured_icons_stand_out_from_their_panels() -> None:
    assert contrast(INK["on-light"], "#f6f5f4") > 7
    assert contrast(INK["on-dark"], "#241f31") > 7


def test_what_is_made_is_in_its_place_once() -> None:
    made = list(pictures(("syncagent-idle",), ("syncagent-idle-symbolic",)))
    targets = [str(picture.target) for picture in made]
    assert len(set(targets)) == len(targets)
    for size in APP_SIZES:
        assert f"hicolor/{size}x{size}/apps/syncagent.png" in targets
    assert "hicolor/scalable/status/syncagent-idle.svg" in targets
    assert "hicolor/symbolic/status/syncagent-idle-symbolic.svg" in targets
    assert "mono/on-dark/22/syncagent-idle-symbolic.png" in targets
    small = {str(picture.drawing) for picture in made if 0 < picture.size <= 24 and "apps" in picture.target.parts}
    assert small == {"syncagent-small.svg"}


def test_the_file_of_windows_is_read_as_it_was_meant() -> None:
    images = {size: f"png of {size}".encode() for size in ICO_SIZES}
    content = ico(images)
    assert struct.unpack_from("<HHH", content) == (0, 1, len(images))
    for number, size in enumerate(sorted(images)):
        width, height, _, _, planes, bits, length, offset = struct.unpack_from("<BBBBHHII", content, 6 + 16 * number)
        assert (width or 256, height or 256, planes, bits) == (size, size, 1, 32)
        assert content[offset : offset + length] == images[size]


def test_the_file_of_macos_is_read_as_it_was_meant() -> None:
    content = icns({size: f"png of {size}".encode() for size in ICNS_KINDS})
    assert content[:4] == b"icns"
    assert struct.unpack(">I", content[4:8])[0] == len(content)
    found, at = {}, 8
    while at < len(content):
        kind, length = struct.unpack_from(">4sI", content, at)
        found[kind] = content[at + 8 : at + length]
        at += length
    assert found == {kind: f"png of {size}".encode() for size, kinds in ICNS_KINDS.items() for kind in kinds}


def test_the_tray_brings_every_drawing_in_every_size(tmp_path: Path) -> None:
    there = {path.relative_to(PACKAGED) for path in PACKAGED.rglob("*.*")}
    tray, symbolic = (tuple(path.stem for path in (ASSETS / kind).iterdir()) for kind in ("tray", "symbolic"))
    assert there == {Path(picture.target) for picture in in_package(tray, symbolic)}
    for kind, folder in (("tray", "scalable"), ("symbolic", "symbolic")):
        for drawing in (ASSETS / kind).iterdir():
            copy = PACKAGED / "hicolor" / folder / "status" / drawing.name
            assert copy.read_bytes() == drawing.read_bytes(), "drawn anew since: `make icons`"


def test_what_the_tray_brings_is_what_is_drawn_now(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="NOT TRIED: what draws the icons is in the extra `package`")
    render_for_package(ASSETS, tmp_path / "icons")
    for path in PACKAGED.rglob("*.png"):
        drawn = tmp_path / "icons" / path.relative_to(PACKAGED)
        assert drawn.read_bytes() == path.read_bytes(), "drawn anew since: `make icons`"
