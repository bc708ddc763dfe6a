"""Eyes on Windows: what the system tells becomes what was seen."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from syncagent.localfs import told
from syncagent.localfs.dirty import Hints, Pace, Seen
from syncagent.localfs.lookout import Blind
from syncagent.localfs.told import Told
from syncagent.localfs.watcher import Rhythm, Watcher
from syncagent.windows.changes import Act, Change, FolderGone, Overflow


class Teller:
    """Tells what it is given, one by one; an exception is raised."""

    def __init__(self, *tales: Sequence[Change] | Exception) -> None:
        self._tales = list(tales)
        self._woken = threading.Event()
        self.closed = False

    def read(self, timeout: float | None) -> Sequence[Change]:
        if not self._tales:
            self._woken.wait(timeout)
            return []
        tale = self._tales.pop(0)
        if isinstance(tale, Exception):
            raise tale
        return tale

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def plain_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "win32":
        monkeypatch.setattr(told, "win32_path", lambda path: path)


def seen_of(root: Path, *changes: Change) -> list[tuple[Any, ...]]:
    seen: list[tuple[Any, ...]] = []

    def saw(now: float, path: str, what: Seen, *, is_dir: bool = False, origin: str | None = None) -> None:
        seen.append((path, what, is_dir, origin))

    eyes = Told(str(root), saw, lambda _: Teller(changes))
    eyes.open()
    assert eyes.standing
    eyes.step(0)
    eyes.close()
    return seen


def test_files_and_folders_that_come_change_and_go(tmp_path: Path) -> None:
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "a").write_bytes(b"1")
    assert seen_of(
        tmp_path,
        Change(Act.ADDED, "d/e"), Change(Act.ADDED, "d/a"), Change(Act.MODIFIED, "d/a"), Change(Act.MODIFIED, "d"),
        Change(Act.REMOVED, "x"), Change(Act.ADDED, "gone-again"),
    ) == [
        ("d/e", Seen.APPEARED, True, None), ("d/a", Seen.CREATED, False, None), ("d/a", Seen.WRITTEN, False, None),
        ("x", Seen.GONE, False, None), ("gone-again", Seen.CREATED, False, None),
    ]  # fmt: skip


def test_a_rename_is_one_thing(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert seen_of(tmp_path, Change(Act.OLD_NAME, "old"), Change(Act.NEW_NAME, "new")) == [
        ("old", Seen.GONE, False, None), ("new", Seen.APPEARED, True, "old"),
    ]  # fmt: skip
    assert seen_of(tmp_path, Change(Act.OLD_NAME, "a"), Change(Act.REMOVED, "b"), Change(Act.NEW_NAME, "new"))[-1] == (
        "new", Seen.APPEARED, True, None,
    )  # fmt: skip


def test_our_own_folder_gives_no_hint_however_it_is_spelled(tmp_path: Path) -> None:
    assert seen_of(tmp_path, Change(Act.ADDED, ".syncagent/stage/x"), Change(Act.MODIFIED, ".SyncAgent")) == []


@pytest.mark.hazard("A1")
@pytest.mark.parametrize(
    ("trouble", "reason"), [(Overflow(), "overflow"), (FolderGone(), "root"), (OSError(5, "broken"), "system")]
)
def test_what_it_cannot_tell_makes_it_blind(tmp_path: Path, trouble: Exception, reason: str) -> None:
    eyes = Told(str(tmp_path), lambda *_, **__: None, lambda _: Teller(trouble))
    eyes.open()
    with pytest.raises(Blind) as caught:
        eyes.step(0)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("trouble", "reason"), [(FileNotFoundError(2, "no"), "root"), (OSError(5, "broken"), "system")]
)
def test_a_folder_that_cannot_be_watched_is_told(tmp_path: Path, trouble: OSError, reason: str) -> None:
    def refuse(path: str) -> Teller:
        raise trouble

    eyes = Told(str(tmp_path), lambda *_, **__: None, refuse)
    with pytest.raises(Blind) as caught:
        eyes.open()
    assert caught.value.reason == reason
    eyes.wake()
    eyes.step(0)
    eyes.close()


@pytest.mark.hazard("A1")
def test_after_an_overflow_everything_is_looked_at_and_watching_goes_on(tmp_path: Path) -> None:
    tellers = [Teller(Overflow()), Teller([Change(Act.REMOVED, "a")])]
    heard: list[Hints] = []
    enough = threading.Event()

    def hear(hints: Hints) -> None:
        heard.append(hints)
        if "a" in hints.paths:
            enough.set()

    waiting = list(tellers)
    watcher = Watcher(
        tmp_path,
        hear,
        pace=Pace(hold=0.001),
        rhythm=Rhythm(),
        open_eyes=lambda root, saw: Told(root, saw, lambda _: waiting.pop(0)),
    )
    watcher.start()
    assert enough.wait(30)
    watcher.stop()
    assert [(hints.everything, hints.reason) for hints in heard if hints.everything] == [
        (True, "start"), (True, "overflow"),
    ]  # fmt: skip
    assert watcher.state().overflows == 1
    assert all(teller.closed for teller in tellers)
