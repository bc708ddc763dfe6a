"""What the tray remembers."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.desktop.notices import Told
from syncagent.desktop.remembered import Remembered, recall, remember


def test_it_is_there_again(tmp_path: Path) -> None:
    what = Remembered(Told(3, ("7", "work/9"), ("/home/ann/Sync",)), 1234.5, no_tray_told=True)
    remember(tmp_path / "tray.json", what)
    assert recall(tmp_path / "tray.json") == what


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"conflicts": "many"}'])
def test_what_cannot_be_read_is_forgotten(tmp_path: Path, text: str) -> None:
    (tmp_path / "tray.json").write_text(text)
    assert recall(tmp_path / "tray.json") == Remembered()


def test_what_cannot_be_written_troubles_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    remember(tmp_path / "file" / "tray.json", Remembered(no_tray_told=True))
    assert recall(tmp_path / "file" / "tray.json") == Remembered()
