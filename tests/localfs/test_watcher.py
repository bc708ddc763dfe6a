"""The watcher, on a real disk.

Most tests keep a mirror: it looks where the hints say, and nowhere else, and at the end it must know all that is there.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest
from watchdog.observers.polling import PollingObserver

from syncagent.localfs.dirty import Hints, Pace
from syncagent.localfs.lookout import Lookout, Saw
from syncagent.localfs.observed import Observed
from syncagent.localfs.watched import Watch
from syncagent.localfs.watcher import Eyes, Rhythm, Watcher
from syncagent.model.names import RelPath

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is of Linux")
if sys.platform == "linux":
    from syncagent.localfs.inotify import Inotify

SOON = 40.0
"""Seconds after which a test gives up; a fraction of one is needed."""

QUICK = Pace(quiet=0.05)


def look(path: Path) -> bytes | None:
    """The content of a file, ``b"/"`` for a folder, None for nothing."""
    try:
        return b"/" if path.is_dir() and not path.is_symlink() else path.read_bytes()
    except OSError:
        return None


def walk(root: Path, folder: str = "") -> dict[str, bytes]:
    found = {}
    for place, inner, files in os.walk(root / folder):
        if ".syncagent" in inner:
            inner.remove(".syncagent")
        for name in (*inner, *files):
            path = Path(place, name)
            seen = look(path)
            if seen is not None:
                found[path.relative_to(root).as_posix()] = seen
    return found


class Mirror:
    """Knows what the hints led to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tree: dict[str, bytes] = {}
        self.heard: list[tuple[float, Hints]] = []
        self.changed = threading.Condition()

    def on_hints(self, hints: Hints) -> None:
        now = time.monotonic()
        with self.changed:
            if hints.everything:
                self.tree = walk(self.root)
            for folder in hints.folders:
                self._look(folder, beneath=True)
                self.tree.update(walk(self.root, folder))
            for path in hints.paths:
                self._look(path)
            self.heard.append((now, hints))
            self.changed.notify_all()

    def _look(self, path: str, *, beneath: bool = False) -> None:
        seen = look(self.root / path)
        if seen != b"/" or beneath:
            self.tree = {known: was for known, was in self.tree.items() if not known.startswith(f"{path}/")}
        if seen is None:
            self.tree.pop(path, None)
        else:
            self.tree[path] = seen

    def wait(self, condition: Callable[[], bool], what: str = "") -> None:
        with self.changed:
            assert self.changed.wait_for(condition, SOON), what or f"heard only {self.heard[-20:]}"

    def settle(self) -> None:
        """Until the mirror shows what is there."""
        self.wait(lambda: self.tree == walk(self.root), "the mirror does not show what is there")

    def reasons(self) -> list[str]:
        return [hints.reason for _, hints in self.heard]

    def named(self) -> set[str]:
        return {str(path) for _, hints in self.heard for path in (*hints.paths, *hints.folders)}

    def forget(self) -> None:
        with self.changed:
            self.heard.clear()


class Watching:
    """A watcher with its mirror."""

    def __init__(self, root: Path, **options: object) -> None:
        self.root = root
        self.mirror = Mirror(root)
        settings: dict[str, object] = {"pace": QUICK, **options}
        self.watcher = Watcher(root, self.mirror.on_hints, **settings)  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        self.watcher.start()
        self.mirror.wait(lambda: bool(self.mirror.heard))
        self.mirror.forget()
        return self

    def __exit__(self, *_: object) -> None:
        self.watcher.stop()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / ".syncagent" / "stage").mkdir(parents=True)
    (root / "docs" / "old").mkdir(parents=True)
    (root / "docs" / "a.txt").write_text("first")
    (root / "docs" / "old" / "b.txt").write_text("first")
    return root


@pytest.fixture
def watching(root: Path) -> Iterator[Watching]:
    with Watching(root) as watching:
        assert watching.watcher.state().live
        yield watching


def barrier(watching: Watching) -> None:
    """Returns when all that happened before has been handed on."""
    path = watching.root / "barrier"
    path.write_text(str(time.monotonic_ns()))
    watching.mirror.wait(lambda: "barrier" in watching.mirror.named() or "many" in watching.mirror.reasons())


# --- each kind of change ----------------------------------------------------------------------------------------


def test_of_files_that_whoever_makes_them_looks_at_nothing_is_gathered(root: Path) -> None:
    ours = {RelPath("docs/ours"), RelPath("docs/a.txt"), RelPath("docs/old")}
    (root.parent / "elsewhere").write_text("")
    (root.parent / "another").write_text("")
    with Watching(root, is_own=lambda path: path in ours) as watching:
        (root.parent / "elsewhere").rename(root / "docs" / "ours")
        (root.parent / "another").rename(root / "docs" / "theirs")
        barrier(watching)
        assert watching.mirror.named() == {"docs/theirs", "barrier"}
        (root / "docs" / "theirs").rename(root / "docs" / "ours")
        (root / "docs" / "a.txt").write_text("a person's")
        (root / "docs" / "old").rename(root / "new")
        (root / "new").rename(root / "docs" / "old")
        watching.mirror.wait(lambda: watching.mirror.named() >= {"docs/ours", "docs/theirs", "docs/a.txt", "docs/old"})


def test_the_first_word_is_everything(root: Path) -> None:
    mirror = Mirror(root)
    watcher = Watcher(root, mirror.on_hints)
    assert not watcher.state().live
    watcher.start()
    mirror.wait(lambda: bool(mirror.heard))
    assert mirror.heard[0][1] == Hints((), (), everything=True, reason="start")
    state = watcher.state()
    watcher.stop()
    assert (state.live, state.degraded, state.overflows) == (True, "", 0)


def _append(root: Path) -> None:
    with (root / "docs/a.txt").open("a") as file:
        file.write("more")


def _vim(root: Path) -> None:
    (root / "docs/a.txt").rename(root / "docs/a.txt~")
    (root / "docs/a.txt").write_text("second")
    (root / "docs/a.txt~").unlink()


def _atomic_save(root: Path) -> None:
    (root / "docs/.a.tmp").write_text("second")
    (root / "docs/.a.tmp").replace(root / "docs/a.txt")


def _swap(root: Path) -> None:
    (root / "docs/old").rename(root / "t")
    (root / "docs").rename(root / "docs2")
    (root / "t").rename(root / "docs")
    (root / "docs/b.txt").write_text("after the swap")
    (root / "docs2/a.txt").write_text("after the swap")


def _move_in(root: Path) -> None:
    outside = root.parent / "outside"
    (outside / "x" / "y").mkdir(parents=True)
    (outside / "x" / "y" / "f").write_text("in")
    (outside / "x").rename(root / "x")
    (root / "x/y/g").write_text("right after")


def _move_out_and_back(root: Path) -> None:
    (root / "docs").rename(root.parent / "docs")
    (root.parent / "docs" / "a.txt").write_text("changed outside")
    (root.parent / "docs").rename(root / "again")
    (root / "again/old/b.txt").write_text("changed within")


def _replaced_folder(root: Path) -> None:
    shutil.rmtree(root / "docs")
    (root / "docs").mkdir()
    (root / "docs/new").write_text("new")


def _bytes_name(root: Path) -> None:
    folder = os.fsencode(root) + b"/\xff\xfe"
    os.mkdir(folder)
    with open(folder + b"/caf\xe9", "wb") as file:
        file.write(b"latin")


CHANGES: list[tuple[str, Callable[[Path], object], set[str]]] = [
    ("an edit", _append, {"docs/a.txt"}),
    ("a new file", lambda root: (root / "new").write_text("x"), {"new"}),
    ("a file in a deep folder", lambda root: (root / "docs/old/new").write_text("x"), {"docs/old/new"}),
    ("a delete", lambda root: (root / "docs/a.txt").unlink(), {"docs/a.txt"}),
    ("a rename", lambda root: (root / "docs/a.txt").rename(root / "z"), {"docs/a.txt", "z"}),
    ("a rename onto", lambda root: (root / "docs/a.txt").replace(root / "docs/old/b.txt"), {"docs/old/b.txt"}),
    ("a folder's rename", lambda root: (root / "docs").rename(root / "papers"), {"docs", "papers"}),
    ("a vim-like save", _vim, {"docs/a.txt"}),
    ("an atomic save", _atomic_save, {"docs/a.txt"}),
    ("a move in from outside", _move_in, {"x"}),
    ("a move out", lambda root: (root / "docs").rename(root.parent / "away"), {"docs"}),
    ("a move out and back", _move_out_and_back, {"docs", "again"}),
    ("folders that swap their places", _swap, {"docs", "docs2"}),
    ("another folder in its place", _replaced_folder, {"docs"}),
    ("a symlink", lambda root: (root / "link").symlink_to("docs/a.txt"), {"link"}),
    ("a hard link", lambda root: (root / "hard").hardlink_to(root / "docs/a.txt"), {"hard"}),
    ("a chmod", lambda root: (root / "docs/a.txt").chmod(0o700), {"docs/a.txt"}),
    ("a touch", lambda root: os.utime(root / "docs/a.txt", (1, 1)), {"docs/a.txt"}),
    ("a cut without opening", lambda root: os.truncate(root / "docs/a.txt", 2), {"docs/a.txt"}),
    ("names that are no text", _bytes_name, {os.fsdecode(b"\xff\xfe")}),
]


@linux
@pytest.mark.parametrize(("change", "named"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_a_change_is_hinted(watching: Watching, change: Callable[[Path], object], named: set[str]) -> None:
    change(watching.root)

    watching.mirror.wait(lambda: named <= watching.mirror.named())
    watching.mirror.settle()
    assert watching.mirror.reasons() == ["seen"] * len(watching.mirror.heard)


@pytest.mark.hazard("A11")
@linux
def test_the_halves_of_a_rename_are_in_one_batch(watching: Watching) -> None:
    (watching.root / "docs/a.txt").rename(watching.root / "z")
    (watching.root / "docs/old").rename(watching.root / "y")
    barrier(watching)
    watching.mirror.settle()
    batches = [{str(path) for path in (*hints.paths, *hints.folders)} for _, hints in watching.mirror.heard]
    assert [one for one in batches if "z" in one or "docs/a.txt" in one] == [one for one in batches if "z" in one]
    assert [one for one in batches if "y" in one or "docs/old" in one] == [one for one in batches if "y" in one]
    assert any({"z", "docs/a.txt"} <= one for one in batches)
    assert any({"y", "docs/old"} <= one for one in batches)


@pytest.mark.hazard("A10")
@linux
def test_a_vim_save_is_first_looked_at_when_the_new_text_is_there(root: Path) -> None:
    with Watching(root, pace=Pace(hold=30.0)) as watching:
        first: list[bytes | None] = []

        def note() -> bool:
            if "docs/a.txt" in watching.mirror.named():
                first.append(watching.mirror.tree.get("docs/a.txt"))
            return bool(first)

        _vim(root)
        watching.mirror.wait(note)
        assert first == [b"second"]


@linux
def test_reading_and_walking_give_no_hint(watching: Watching) -> None:
    for _ in range(20):
        walk(watching.root)
    barrier(watching)
    assert watching.mirror.named() == {"barrier"}


@linux
def test_our_own_folder_gives_no_hint(watching: Watching) -> None:
    own = watching.root / ".syncagent"
    (own / "stage" / "part").write_text("x")
    (own / "new").mkdir()
    (own / "new" / "file").write_text("x")
    own.rename(watching.root / "aside")
    (watching.root / "aside").rename(own)
    barrier(watching)
    assert watching.mirror.named() <= {"barrier", "aside"}


@linux
def test_no_edit_waits_for_the_other_half_of_a_move(root: Path) -> None:
    with Watching(root, pace=Pace(quiet=60.0, hold=60.0)) as watching:
        (root / "docs/a.txt").rename(root.parent / "away")
        (root / "edited").write_text("x")
        watching.mirror.wait(lambda: "edited" in watching.mirror.named())
        assert "docs/a.txt" not in watching.mirror.named(), "it is still waited for"


@linux
def test_a_folder_that_was_moved_out_is_watched_no_longer(watching: Watching) -> None:
    before = watching.watcher.state().watches
    (watching.root / "docs").rename(watching.root.parent / "away")
    # Adrift folders are swept when the lookout is awake: nothing else happens here, so it wakes of itself.
    deadline = time.monotonic() + SOON
    while watching.watcher.state().watches == before and time.monotonic() < deadline:
        os.sched_yield()
    assert watching.watcher.state().watches == before - 2
    watching.mirror.forget()
    (watching.root.parent / "away/a.txt").write_text("not ours")
    barrier(watching)
    assert watching.mirror.named() == {"barrier"}


@pytest.mark.hazard("A5")
@linux
def test_a_file_is_not_looked_at_while_it_is_written(root: Path) -> None:
    with Watching(root, pace=Pace(quiet=30.0, longest=60.0)) as watching:
        with (root / "slow").open("w") as file:
            for _ in range(50):
                file.write("x")
                file.flush()
            barrier(watching)
            assert "slow" not in watching.mirror.named()
            assert watching.watcher.state().gathering_since is not None, "and that it waits is known"
        watching.mirror.wait(lambda: "slow" in watching.mirror.named())
        barrier(watching)
        while watching.watcher.state().gathering_since is not None:
            os.sched_yield()


# --- many changes -----------------------------------------------------------------------------------------------


@pytest.mark.hazard("A3")
@linux
def test_new_folders_and_what_is_written_into_them_at_once(watching: Watching) -> None:
    for number in range(200):
        folder = watching.root / f"{number % 20}" / f"{number}" / "a" / "b"
        folder.mkdir(parents=True)
        (folder / "file").write_text(str(number))
        (folder.parent / "file").write_text(str(number))
    watching.mirror.settle()


@pytest.mark.hazard("A3", "A4")
@linux
@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_the_hints_lead_to_it(watching: Watching, seed: int) -> None:
    dice = random.Random(seed)
    root, outside = watching.root, watching.root.parent / "outside"
    outside.mkdir()
    for number in range(400):
        known = ["", *(path for path, seen in walk(root).items() if seen == b"/")]
        files = [path for path, seen in walk(root).items() if seen != b"/"]
        folder = root / dice.choice(known)
        try:
            match dice.randrange(8):
                case 0 | 1:
                    (folder / f"f{dice.randrange(8)}").write_text(str(number))
                case 2:
                    (folder / f"d{dice.randrange(4)}" / "e").mkdir(parents=True)
                    (folder / f"d{dice.randrange(4)}" / "e" / "f").write_text(str(number))
                case 3:
                    (root / dice.choice(known[1:])).rename(folder / f"d{dice.randrange(4)}")
                case 4:
                    (root / dice.choice(files)).replace(folder / f"f{dice.randrange(8)}")
                case 5:
                    (root / dice.choice(known[1:])).rename(outside / f"d{dice.randrange(4)}")
                case 6:
                    (outside / f"d{dice.randrange(4)}").rename(folder / f"d{dice.randrange(4)}")
                case 7:
                    shutil.rmtree(root / dice.choice(known[1:]))
        except (OSError, IndexError):
            pass
    watching.mirror.settle()


@pytest.mark.hazard("A4")
@linux
def test_folders_that_vanish_while_they_are_being_watched(watching: Watching) -> None:
    for _ in range(100):
        (watching.root / "x/y/z").mkdir(parents=True)
        shutil.rmtree(watching.root / "x")
    barrier(watching)
    watching.mirror.settle()
    assert watching.watcher.state().live


# --- when it cannot see -----------------------------------------------------------------------------------------


def fill(root: Path, folders: int, files: int) -> None:
    """In another process, so that the watcher has this one for itself."""
    code = f"""
import os
for n in range({folders}):
    os.makedirs(f"{{n // 100}}/{{n % 100}}", exist_ok=True)
for n in range({files}):
    m = n % {folders}
    os.close(os.open(f"{{m // 100}}/{{m % 100}}/{{n}}", os.O_CREAT | os.O_WRONLY))
"""
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)


def unnamed(root: Path, heard: list[tuple[int, Hints]]) -> set[str]:
    """The files that were written after the last hint that covers them."""
    everything = max((when for when, hints in heard if hints.everything), default=0)
    named = {str(path): when for when, hints in heard for path in (*hints.paths, *hints.folders)}
    missed = set()
    for place, _, files in os.walk(root):
        folder = Path(place).relative_to(root)
        above = [everything, *(named.get(one.as_posix(), 0) for one in (folder, *folder.parents))]
        for name in files:
            path = folder / name
            if (root / path).stat().st_mtime_ns > max(*above, named.get(path.as_posix(), 0)):
                missed.add(path.as_posix())
    return missed


@pytest.mark.hazard("A1")
@linux
@pytest.mark.slow
@pytest.mark.parametrize("asleep", [True, False], ids=["while it sleeps", "while it watches"])
def test_an_overflow_leads_to_a_look_at_everything(tmp_path: Path, asleep: bool) -> None:
    """HAZARDS A1: 12,000 folders, 40,000 new files."""
    memory = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else tmp_path))  # a busy disk takes minutes for it
    fill(root, 12_000, 0)
    heard: list[tuple[int, Hints]] = []
    changed, awake = threading.Condition(), threading.Event()

    def on_hints(hints: Hints) -> None:
        if heard:
            awake.wait(60)
        with changed:
            heard.append((time.time_ns(), hints))
            changed.notify_all()

    def wait(condition: Callable[[], bool]) -> None:
        with changed:
            assert changed.wait_for(condition, SOON), (heard[-5:], watcher.state())

    if not asleep:
        awake.set()
    watcher = Watcher(root, on_hints)
    watcher.start()
    wait(lambda: bool(heard))
    try:
        (root / "0" / "0" / "first").write_text("x")
        fill(root, 12_000, 40_000)
        written = time.monotonic()
        awake.set()
        if asleep:
            wait(lambda: heard[-1][1].reason == "overflow")
            assert time.monotonic() - written < 5.0
            assert watcher.state().overflows >= 1
        # It is not deaf afterwards: an edit comes as an edit, and nothing that was before is still to come.
        edited = 0
        while not any(f"5/5/edited{edited}" in hints.paths for _, hints in heard):
            edited += 1
            known = len(heard)
            (root / "5" / "5" / f"edited{edited}").write_text("x")
            wait(lambda: any(f"5/5/edited{edited}" in h.paths or h.everything for _, h in heard[known:]))  # noqa: B023
            assert edited < 20, heard[-5:]
        assert watcher.state().live
        assert unnamed(root, heard) == set()
    finally:
        awake.set()
        watcher.stop()
        shutil.rmtree(root)


class Limited:
    """The real kernel, with fewer watches, or with a queue that runs over on demand."""

    def __init__(self, limit: list[int]) -> None:
        self.inner = Inotify()
        self.limit = limit
        self.used = 0
        self.add_error = OSError(28, "No space left on device")
        self.remove, self.wake, self.close = self.inner.remove, self.inner.wake, self.inner.close

    def add(self, path: str, mask: int) -> Watch:
        self.used += 1
        if self.used > self.limit[0]:
            raise self.add_error
        return self.inner.add(path, mask)

    def read(self, timeout: float | None) -> list[tuple[Watch, int, int, bytes]]:
        return self.inner.read(timeout)


@pytest.mark.hazard("A2")
@linux
def test_too_few_watches_lead_to_a_look_now_and_then(root: Path) -> None:
    limit = [2]

    def open_eyes(path: str, saw: Saw) -> Eyes:
        return Lookout(path, Limited(limit), saw)

    with Watching(root, open_eyes=open_eyes, rhythm=Rhythm(poll=0.02, again=0.1)) as watching:
        mirror = watching.mirror
        (root / "new").write_text("x")
        mirror.settle()
        mirror.wait(lambda: "polling" in mirror.reasons())
        state = watching.watcher.state()
        assert not state.live
        assert "max_user_watches" in state.degraded

        limit[0] = 1000
        mirror.wait(lambda: watching.watcher.state().live)
        mirror.forget()
        (root / "newer").write_text("x")
        mirror.wait(lambda: "newer" in mirror.named())
        assert watching.watcher.state().degraded == ""


@pytest.mark.hazard("A2")
@linux
def test_the_limit_is_met_by_a_new_folder(root: Path) -> None:
    with Watching(root, open_eyes=lambda path, saw: Lookout(path, Limited([3]), saw)) as watching:
        assert watching.watcher.state().live
        (root / "new").mkdir()
        watching.mirror.wait(lambda: "limit" in watching.mirror.reasons())
        assert not watching.watcher.state().live


@linux
def test_a_lookout_that_breaks_is_no_deaf_one(root: Path) -> None:
    class Broken(Limited):
        def read(self, timeout: float | None) -> list[tuple[Watch, int, int, bytes]]:
            raise ValueError("not a queue")

    with Watching(root, open_eyes=lambda path, saw: Lookout(path, Broken([99]), saw)) as watching:
        assert "failed" in watching.watcher.state().degraded


IN_A_NAMESPACE = """
import sys, threading
from pathlib import Path
from typing import Self
from syncagent.localfs.watcher import Rhythm, Watcher
for name, value in (pair.split("=") for pair in sys.argv[2:]):
    Path("/proc/sys/user", name).write_text(value)
polled = threading.Event()
watcher = Watcher(Path(sys.argv[1]), lambda hints: hints.reason == "polling" and polled.set(), rhythm=Rhythm(poll=0.1))
watcher.start()
assert polled.wait(60)
print(watcher.state().degraded)
watcher.stop()
"""


@pytest.mark.hazard("A2")
@linux
@pytest.mark.parametrize("limit", ["max_inotify_watches=50", "max_inotify_instances=0"])
def test_the_real_limits(tmp_path: Path, limit: str) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-Ur", "true"], capture_output=True).returncode:
        pytest.skip("needs a user namespace")
    for number in range(200):
        (tmp_path / str(number)).mkdir()
    command = [unshare, "-Ur", sys.executable, "-c", IN_A_NAMESPACE, str(tmp_path), limit]
    result = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert limit.partition("=")[0].replace("inotify", "user") in result.stdout


# --- the root ---------------------------------------------------------------------------------------------------


@pytest.mark.hazard("E1")
@pytest.mark.parametrize("how", ["deleted", "moved", "exchanged"])
def test_a_root_that_is_gone_is_told_and_waited_for(root: Path, how: str) -> None:
    with Watching(root, rhythm=Rhythm(root=0.02)) as watching:
        mirror = watching.mirror
        if how == "deleted":
            shutil.rmtree(root)
        else:
            root.rename(root.parent / "elsewhere")
        if how == "exchanged":
            root.mkdir()
        mirror.wait(lambda: "root" in mirror.reasons())
        if how != "exchanged":
            assert not watching.watcher.state().live
            root.mkdir()
        mirror.wait(lambda: watching.watcher.state().live)
        (root / "new").write_text("x")
        mirror.settle()
        assert mirror.tree == {"new": b"x"}


def test_a_root_that_was_never_there_is_waited_for(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with Watching(root, rhythm=Rhythm(root=0.02)) as watching:
        assert not watching.watcher.state().live
        assert "not there" in watching.watcher.state().degraded
        root.mkdir()
        watching.mirror.wait(lambda: watching.watcher.state().live)


def test_stopping_ends_the_thread_and_the_hints(root: Path) -> None:
    before = set(threading.enumerate())
    with Watching(root) as watching:
        assert set(threading.enumerate()) - before
    heard = len(watching.mirror.heard)
    (root / "late").write_text("x")
    assert set(threading.enumerate()) <= before
    assert len(watching.mirror.heard) == heard


def test_a_watcher_that_never_started_can_be_stopped(root: Path) -> None:
    Watcher(root, lambda hints: None).stop()


def test_a_hint_that_cannot_be_handed_on_does_not_end_the_watching(root: Path) -> None:
    mirror = Mirror(root)

    def on_hints(hints: Hints) -> None:
        mirror.on_hints(hints)
        raise ValueError("not my day")

    watcher = Watcher(root, on_hints)
    watcher.start()
    mirror.wait(lambda: bool(mirror.heard))
    (root / "new").write_text("x")
    mirror.wait(lambda: "new" in mirror.named())
    watcher.stop()


# --- elsewhere --------------------------------------------------------------------------------------------------


def test_an_observer_of_watchdog_serves_where_there_is_no_inotify(root: Path) -> None:
    def open_eyes(path: str, saw: Saw) -> Eyes:
        return Observed(path, saw, PollingObserver(timeout=0.02))

    with Watching(root, open_eyes=open_eyes) as watching:
        (root / "docs/a.txt").write_text("second")
        (root / ".syncagent" / "stage" / "x").write_text("ours")
        (root / "new" / "inner").mkdir(parents=True)
        (root / "new" / "inner" / "f").write_text("x")
        watching.mirror.settle()
        (root / "new").rename(root / "newer")
        (root / "docs/a.txt").unlink()
        watching.mirror.settle()
        assert not [path for path in watching.mirror.named() if path.startswith(".syncagent")]
    assert RelPath("docs/a.txt") in watching.mirror.named()
