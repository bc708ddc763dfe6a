"""Files that a browser gets."""

from __future__ import annotations

from pathlib import Path

from syncagent.look.files import files_in, look

ROOT = Path(__file__).parents[2]


def test_only_what_a_browser_is_for_is_given_out(tmp_path: Path) -> None:
    for name in ("page.css", "page.js", "secrets.toml", "page.py"):
        (tmp_path / name).write_text(name)
    (tmp_path / "deeper").mkdir()
    assert sorted(files_in(tmp_path)) == ["/page.css", "/page.js"]


def test_other_bytes_have_another_tag(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("one")
    before = files_in(tmp_path)["/a.css"]
    (tmp_path / "a.css").write_text("two")
    assert files_in(tmp_path)["/a.css"].tag != before.tag
    assert before.body == b"one"


def test_what_all_pages_share_lies_beneath_one_path() -> None:
    assert {"/look/look.css", "/look/dom.js", "/look/shut.html", "/look/icon.svg"} <= set(look())


def test_the_pictures_are_those_of_the_tray() -> None:
    shown = look()
    assert shown["/look/icon.svg"].body == (ROOT / "assets/syncagent.svg").read_bytes()
    for state, drawn in {
        "idle": "idle", "syncing": "syncing-0", "paused": "paused", "offline": "offline", "attention": "attention"
    }.items():  # fmt: skip
        wanted = (ROOT / f"assets/tray/syncagent-{drawn}.svg").read_bytes()
        assert shown[f"/look/state-{state}.svg"].body == wanted, state
