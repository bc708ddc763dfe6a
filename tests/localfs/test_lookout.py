"""What the kernel's events mean.  The folders are real, the kernel is a script; test_watcher has the real one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from watchdog.observers import inotify_c

from syncagent.localfs import lookout as own
from syncagent.localfs.dirty import Seen
from syncagent.localfs.lookout import ADRIFT_FOR, Blind, Event, Lookout
from syncagent.localfs.watched import Watch
from syncagent.model.names import RelPath


class Script:
    """A kernel that gives a folder's inode as its watch, refuses what it is told to, and reads what it is given."""

    def __init__(self) -> None:
        self.masks: dict[str, int] = {}
        self.refuse: dict[str, int] = {}
        self.events: list[Event] = []
        self.removed: list[Watch] = []
        self.waited: list[float | None] = []

    def add(self, path: str, mask: int) -> Watch:
        name = Path(path).name
        if name in self.refuse:
            raise OSError(self.refuse[name], os.strerror(self.refuse[name]))
        self.masks[name] = mask
        return Watch(os.stat(path).st_ino)

    def remove(self, watch: Watch) -> None:
        self.removed.append(watch)

    def read(self, timeout: float | None) -> list[Event]:
        self.waited.append(timeout)
        events, self.events = self.events, []
        return events

    def wake(self) -> None: ...

    def close(self) -> None: ...


class Scene:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.kernel = Script()
        self.seen: list[tuple[str, Seen, str | None]] = []
        self.now = 0.0
        self.lookout = Lookout(str(root), self.kernel, self.saw, lambda: self.now)

    def saw(
        self, now: float, path: RelPath, seen: Seen, *, is_dir: bool = False, origin: RelPath | None = None
    ) -> None:
        self.seen.append((path + "/" * is_dir, seen, origin))

    def stand(self) -> None:
        self.lookout.open()
        while not self.lookout.standing:
            self.lookout.step(None)

    def happen(self, *events: tuple[str, int, str], cookie: int = 0) -> list[tuple[str, Seen, str | None]]:
        """Each with the folder (as it is now), the mask and the name."""
        self.seen.clear()
        self.kernel.events = [
            (Watch((self.root / folder).stat().st_ino), mask, cookie, name.encode()) for folder, mask, name in events
        ]
        self.lookout.step(None)
        return self.seen


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / ".syncagent").mkdir()
    return Scene(root)


def test_the_numbers_are_those_of_the_kernel() -> None:
    known = vars(inotify_c.InotifyConstants)
    assert {name: value for name, value in vars(own).items() if name.startswith("IN_")}.items() <= known.items()


def test_reading_is_never_asked_for(scene: Scene) -> None:
    scene.stand()
    constants = inotify_c.InotifyConstants
    for mask in scene.kernel.masks.values():
        assert mask & (constants.IN_ACCESS | constants.IN_OPEN | constants.IN_CLOSE_NOWRITE) == 0


def test_all_folders_but_our_own_are_watched(scene: Scene) -> None:
    (scene.root / "link").symlink_to(scene.root / "a")
    scene.stand()
    assert set(scene.kernel.masks) == {"root", "a", "b"}
    assert scene.lookout.watches == 3


def test_nothing_is_told_before_all_watches_stand(scene: Scene) -> None:
    scene.lookout.open()
    assert scene.happen(("", own.IN_CLOSE_WRITE, "f"), ("", own.IN_DELETE | own.IN_ISDIR, "x")) == []


def test_events_are_read_between_the_folders(scene: Scene) -> None:
    for number in range(200):
        (scene.root / str(number)).mkdir()
    scene.stand()
    assert len(scene.kernel.waited) > 5
    assert set(scene.kernel.waited) == {0.0}


EVENTS = [
    (own.IN_MODIFY, Seen.WRITTEN),
    (own.IN_CLOSE_WRITE, Seen.CLOSED),
    (own.IN_ATTRIB, Seen.TOUCHED),
    (own.IN_DELETE, Seen.GONE),
    (own.IN_MOVED_FROM, Seen.GONE),
    (own.IN_MOVED_TO, Seen.APPEARED),
    (own.IN_CREATE, Seen.CREATED),
]


@pytest.mark.parametrize(("mask", "seen"), EVENTS)
def test_what_an_event_about_a_file_means(scene: Scene, mask: int, seen: Seen) -> None:
    scene.stand()
    (scene.root / "a" / "b" / "f").write_text("x")
    assert scene.happen(("a/b", mask, "f")) == [("a/b/f", seen, None)]


@pytest.mark.parametrize("kind", ["symlink", "hard link", "pipe"])
def test_what_nobody_will_close_is_whole_when_it_appears(scene: Scene, kind: str) -> None:
    scene.stand()
    (scene.root / "a" / "f").write_text("x")
    match kind:
        case "symlink":
            (scene.root / "new").symlink_to("a/f")
        case "hard link":
            (scene.root / "new").hardlink_to(scene.root / "a" / "f")
        case _:
            os.mkfifo(scene.root / "new")
    assert scene.happen(("", own.IN_CREATE, "new")) == [("new", Seen.APPEARED, None)]


def test_the_halves_of_a_move_know_each_other(scene: Scene) -> None:
    scene.stand()
    moved = scene.happen(("", own.IN_MOVED_FROM, "x"), ("a", own.IN_MOVED_TO, "y"), cookie=7)
    assert moved == [("x", Seen.GONE, None), ("a/y", Seen.APPEARED, "x")]
    assert scene.happen(("a", own.IN_MOVED_TO, "z"), cookie=8) == [("a/z", Seen.APPEARED, None)]


@pytest.mark.hazard("A3")
def test_a_new_folder_is_hinted_after_it_is_watched_and_so_is_each_in_it(scene: Scene) -> None:
    scene.stand()
    (scene.root / "n" / "m").mkdir(parents=True)
    scene.happen(("", own.IN_CREATE | own.IN_ISDIR, "n"))
    assert {"n", "m"} <= set(scene.kernel.masks)
    assert [path for path, *_ in scene.seen][-1] == "n/m/"


def test_a_folder_that_becomes_readable_is_watched(scene: Scene) -> None:
    scene.kernel.refuse["b"] = errno.EACCES
    scene.stand()
    assert scene.lookout.watches == 2
    scene.kernel.refuse.clear()
    scene.happen(("a", own.IN_ATTRIB | own.IN_ISDIR, "b"))
    assert scene.lookout.watches == 3


@pytest.mark.hazard("A4")
def test_a_moved_folder_is_known_by_its_new_name(scene: Scene) -> None:
    scene.stand()
    (scene.root / "a").rename(scene.root / "z")
    scene.happen(("", own.IN_MOVED_FROM | own.IN_ISDIR, "a"), ("", own.IN_MOVED_TO | own.IN_ISDIR, "z"), cookie=1)
    assert scene.happen(("z/b", own.IN_CLOSE_WRITE, "f")) == [("z/b/f", Seen.CLOSED, None)]
    assert scene.kernel.removed == []


@pytest.mark.hazard("A4")
def test_a_folder_that_moved_while_it_was_being_watched_is_watched_where_it_is_now(scene: Scene) -> None:
    scene.kernel.refuse["b"] = errno.ENOENT  # as if a had been moved between its listing and the watching of b
    scene.stand()
    scene.kernel.refuse.clear()
    (scene.root / "a").rename(scene.root / "z")
    scene.happen(("", own.IN_MOVED_FROM | own.IN_ISDIR, "a"), ("", own.IN_MOVED_TO | own.IN_ISDIR, "z"), cookie=1)
    assert scene.happen(("z/b", own.IN_CLOSE_WRITE, "f")) == [("z/b/f", Seen.CLOSED, None)]


@pytest.mark.hazard("A4")
def test_and_so_is_one_that_only_its_outer_folder_moved(scene: Scene) -> None:
    (scene.root / "a" / "b" / "c").mkdir()
    scene.kernel.refuse["c"] = errno.ENOENT
    scene.stand()
    scene.kernel.refuse.clear()
    (scene.root / "a").rename(scene.root / "z")
    scene.happen(("", own.IN_MOVED_FROM | own.IN_ISDIR, "a"), ("", own.IN_MOVED_TO | own.IN_ISDIR, "z"), cookie=1)
    scene.lookout.step(None)
    assert scene.happen(("z/b/c", own.IN_CLOSE_WRITE, "f")) == [("z/b/c/f", Seen.CLOSED, None)]


@pytest.mark.hazard("A4")
def test_a_folder_that_was_moved_out_is_let_go(scene: Scene) -> None:
    scene.stand()
    scene.happen(("", own.IN_MOVED_FROM | own.IN_ISDIR, "a"))
    scene.lookout.step(None)
    assert scene.kernel.removed == []
    assert scene.kernel.waited[-1] == ADRIFT_FOR
    scene.now += ADRIFT_FOR
    scene.lookout.step(None)
    assert len(scene.kernel.removed) == 2
    assert scene.lookout.watches == 1


def test_events_of_watches_that_are_gone_are_nothing(scene: Scene) -> None:
    scene.stand()
    scene.happen(("a/b", own.IN_IGNORED, ""))
    assert scene.happen(("a/b", own.IN_CLOSE_WRITE, "f")) == []


@pytest.mark.hazard("C8")
def test_a_folder_too_deep_to_be_watched_is_counted(scene: Scene) -> None:
    scene.kernel.refuse["b"] = errno.ENAMETOOLONG
    scene.stand()
    assert scene.lookout.too_deep == 1


def test_a_folder_that_vanished_before_it_was_watched_is_nothing(scene: Scene) -> None:
    scene.kernel.refuse["b"] = errno.ENOENT
    scene.stand()
    assert scene.lookout.watches == 2


@pytest.mark.hazard("A2")
@pytest.mark.parametrize("where", ["root", "b"])
@pytest.mark.parametrize(
    ("error", "reason"),
    [(errno.ENOSPC, "limit"), (errno.EMFILE, "limit"), (errno.ENOMEM, "system")],
)
def test_errors_after_which_nothing_can_be_relied_on(scene: Scene, where: str, error: int, reason: str) -> None:
    scene.kernel.refuse[where] = error
    with pytest.raises(Blind) as blind:
        scene.stand()
    assert blind.value.reason == reason


@pytest.mark.hazard("E1")
@pytest.mark.parametrize("mask", [own.IN_DELETE_SELF, own.IN_MOVE_SELF, own.IN_UNMOUNT, own.IN_IGNORED])
def test_a_root_that_is_gone(scene: Scene, mask: int) -> None:
    scene.stand()
    with pytest.raises(Blind) as blind:
        scene.happen(("", mask, ""))
    assert blind.value.reason == "root"


@pytest.mark.hazard("A1")
def test_a_queue_that_ran_over(scene: Scene) -> None:
    scene.stand()
    scene.kernel.events = [(Watch(-1), own.IN_Q_OVERFLOW, 0, b"")]
    with pytest.raises(Blind) as blind:
        scene.lookout.step(None)
    assert blind.value.reason == "overflow"


def test_what_rules_leave_out_is_not_watched_and_is_when_they_do_not_any_more(tmp_path: Path) -> None:
    (tmp_path / ".syncignore").write_text("build/\n")
    for folder in ("build", "build/deep", "kept"):
        (tmp_path / folder).mkdir()
    scene = Scene(tmp_path)
    scene.lookout.open()
    while not scene.lookout.standing:
        scene.lookout.step(0.0)
    assert "build" not in scene.kernel.masks and "deep" not in scene.kernel.masks and "kept" in scene.kernel.masks
    root = Watch(os.stat(tmp_path).st_ino)
    (tmp_path / ".syncignore").write_text("kept/\n")
    scene.kernel.events = [(root, own.IN_CLOSE_WRITE, 0, b".syncignore")]
    for _ in range(4):
        scene.lookout.step(0.0)
    assert "build" in scene.kernel.masks and "deep" in scene.kernel.masks
    scene.now += 2 * ADRIFT_FOR
    scene.lookout.step(0.0)
    assert scene.kernel.removed == [Watch(os.stat(tmp_path / "kept").st_ino)]
