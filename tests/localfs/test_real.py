"""The real disk, where it differs from one in memory: attackers, mounts, pipes, systems without the newer calls."""

from __future__ import annotations

import errno
import os
import socket
import threading
from pathlib import Path

import pytest

from syncagent.content.digest import content_of
from syncagent.errors import RootMissing
from syncagent.localfs.ports import Abilities, Disk, Opening, Rename
from syncagent.localfs.probe import probe
from syncagent.localfs.real import RealDisk
from syncagent.localfs.root import open_root
from syncagent.localfs.scanner import Scanner
from syncagent.localfs.syscalls import Syscalls
from syncagent.model.facts import FileSeen, LookAt, NotKept
from syncagent.model.names import RelPath
from syncagent.model.nodes import File
from syncagent.planner.tasks import Done, StaleTask, Task
from tests.support.disks import Bench

OLD_SYSTEM = Syscalls(None, None, 1, 2)


def p(path: str) -> RelPath:
    return RelPath(path)


def bench_on(folder: Path, syscalls: Syscalls | None = None) -> Bench:
    disk = RealDisk(str(folder), syscalls)
    open_root(disk, known=None, folder="default", new_id=lambda: "id").close()
    return Bench(disk, probe(disk))


@pytest.mark.hazard("C2", "N11")
def test_a_folder_that_is_swapped_for_a_link_leads_nowhere_c2(tmp_path: Path) -> None:
    (tmp_path / "root/d").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("canary")
    (tmp_path / "root/link").symlink_to(tmp_path / "outside")
    disk = RealDisk(str(tmp_path / "root"))
    stop = threading.Event()

    def attack() -> None:
        other = RealDisk(str(tmp_path / "root"))
        while not stop.is_set():
            other.rename(p("d"), p("link"), Rename.EXCHANGE)

    attacker = threading.Thread(target=attack)
    attacker.start()
    made, met = 0, set[int | None]()
    try:
        for number in range(3000):
            try:
                with disk.open(p(f"d/new{number}"), Opening.NEW) as file:
                    file.write(0, b"x")
                made += 1
                disk.rename(p(f"d/new{number}"), p(f"d/{number}"), Rename.NEW)
                disk.remove(p("d/secret"))
            except OSError as error:
                met.add(error.errno)
    finally:
        stop.set()
        attacker.join()
    assert made
    assert met <= {errno.ENOTDIR, errno.ELOOP, errno.ENOENT}
    assert os.listdir(tmp_path / "outside") == ["secret"]
    assert (tmp_path / "outside/secret").read_text() == "canary"


@pytest.mark.hazard("E1", "N10")
def test_the_root_that_is_gone_is_not_an_empty_one_e1(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a").write_text("1")
    disk = RealDisk(str(root))
    disk.stat(p("a"))
    root.rename(tmp_path / "away")
    for call in (disk.stat, disk.list, disk.open, disk.remove):
        with pytest.raises(RootMissing):
            call(p("a"))
    root.mkdir()
    with pytest.raises(RootMissing):
        disk.list(p(""))
    root.rmdir()
    root.write_text("a file")
    with pytest.raises(RootMissing):
        disk.list(p(""))
    root.unlink()
    (tmp_path / "away").rename(root)
    assert [name for name, _ in disk.list(p(""))] == ["a"]


def test_the_root_may_be_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    disk = RealDisk(str(tmp_path / "link"))
    disk.mkdir(p("d"))
    assert (tmp_path / "real/d").is_dir()


@pytest.mark.hazard("A15")
def test_pipes_and_sockets_never_block_a15(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket"))
    disk = RealDisk(str(tmp_path))
    disk.open(p("pipe")).close()
    scanner = Scanner(disk, Abilities())
    wishes = [LookAt(p("pipe"), None), LookAt(p("socket"), None)]
    assert scanner.look(wishes) == [NotKept(p("pipe"), "it is a pipe"), NotKept(p("socket"), "it is a socket")]


def test_folders_are_not_held_open_between_batches(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"d{number}").mkdir()
    disk = RealDisk(str(tmp_path))
    before = len(os.listdir("/proc/self/fd"))
    with disk.batch():
        for number in range(200):
            disk.list(p(f"d{number}"))
        assert len(os.listdir("/proc/self/fd")) < before + 80
    assert len(os.listdir("/proc/self/fd")) == before


def test_errors_leak_no_descriptors(tmp_path: Path) -> None:
    (tmp_path / "d/e").mkdir(parents=True)
    (tmp_path / "f").write_text("")
    disk = RealDisk(str(tmp_path))
    before = len(os.listdir("/proc/self/fd"))
    for path in ("d/e/none/x", "f/x", "d/f/g/h", "none"):
        with pytest.raises(OSError):
            disk.list(p(path))
    assert len(os.listdir("/proc/self/fd")) == before


def test_threads_have_batches_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    disk: Disk = RealDisk(str(tmp_path))
    found: list[object] = []
    with disk.batch():
        disk.list(p("d"))
        thread = threading.Thread(target=lambda: found.append(disk.list(p("d"))))
        thread.start()
        thread.join()
        disk.list(p("d"))
    assert found == [[]]


@pytest.mark.hazard("B1")
def test_an_old_system_still_never_replaces(tmp_path: Path) -> None:
    disk = RealDisk(str(tmp_path), OLD_SYSTEM)
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    (tmp_path / "d").mkdir()
    for old, new in (("a", "b"), ("d", "b"), ("a", "d")):
        with pytest.raises(FileExistsError):
            disk.rename(p(old), p(new), Rename.NEW)
    disk.rename(p("a"), p("d/a"), Rename.NEW)
    disk.rename(p("d"), p("e"), Rename.NEW)
    assert (tmp_path / "e/a").read_text() == "1"
    with pytest.raises(OSError, match="rename with flags"):
        disk.rename(p("b"), p("e/a"), Rename.EXCHANGE)
    mark = disk.mark()
    with pytest.raises(OSError, match="syncfs"):
        mark.sync()
    mark.close()


@pytest.mark.parametrize("syscalls", [None, OLD_SYSTEM])
def test_a_whole_batch_on_a_real_disk(tmp_path: Path, syscalls: Syscalls | None) -> None:
    for name in ("edit", "delete", "move", "mode", "theirs"):
        (tmp_path / name).write_text(f"old {name}")
    bench = bench_on(tmp_path, syscalls)
    tasks: list[Task] = [
        bench.write("edit", b"new"),
        bench.delete("delete"),
        bench.move("move", "moved"),
        bench.write("made", b"made", executable=True),
        bench.write_link("link", "made"),
        bench.make_dir("folder"),
        bench.write("theirs", b"ours"),
        *(bench.write(f"many {number}", b"%d" % number) for number in range(20)),
    ]
    (tmp_path / "theirs").write_text("edited")
    outcomes = bench.run(*tasks)
    assert isinstance(outcomes.pop(6), StaleTask)
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert (tmp_path / "edit").read_text() == "new"
    assert not (tmp_path / "delete").exists()
    assert (tmp_path / "moved").read_text() == "old move"
    assert os.access(tmp_path / "made", os.X_OK)
    assert os.readlink(tmp_path / "link") == "made"
    assert (tmp_path / "theirs").read_text() == "edited"
    assert bench.staged() == []
    for outcome in outcomes:
        assert isinstance(outcome, Done)
        if isinstance(outcome.fact, FileSeen) and outcome.fact.stamp:
            assert outcome.fact.stamp == bench.disk.stat(outcome.fact.path).stamp


@pytest.mark.hazard("N8")
def test_readers_see_the_old_or_the_new_n8(tmp_path: Path) -> None:
    bench = bench_on(tmp_path)
    texts = [bytes([65 + number]) * 200_000 for number in range(20)]
    (tmp_path / "a").write_bytes(texts[0])
    stop, seen = threading.Event(), set()

    def read() -> None:
        while not stop.is_set():
            seen.add(content_of((tmp_path / "a").read_bytes()))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for text in texts[1:]:
            assert isinstance(bench.run(bench.write("a", text))[0], Done)
    finally:
        stop.set()
        reader.join()
    assert seen <= {content_of(text) for text in texts}


@pytest.mark.hazard("B1")
def test_an_editor_against_the_applier_loses_nothing_b1(tmp_path: Path) -> None:
    """The editor exchanges files as well, so that it knows what each of its saves displaced."""
    bench = bench_on(tmp_path)
    (tmp_path / "a").write_text("start")
    editor_disk = RealDisk(str(tmp_path))
    stop = threading.Event()
    saved: set[str] = set()
    displaced: set[str] = set()

    def edit() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            (tmp_path / "editing").write_text(f"edit {number}")
            editor_disk.rename(p("editing"), p("a"), Rename.EXCHANGE)
            saved.add(f"edit {number}")
            displaced.add((tmp_path / "editing").read_text())

    editor = threading.Thread(target=edit)
    editor.start()
    replaced: set[str] = set()
    try:
        for number in range(300):
            task = bench.write("a", f"agent {number}".encode())
            if isinstance(bench.run(task)[0], Done):
                assert isinstance(task.op.expect, File)
                replaced.add(task.op.expect.content.digest.hex())
    finally:
        stop.set()
        editor.join()
    by_digest = {text: content_of(text.encode()).digest.hex() for text in saved}
    left = {path.read_text() for path in tmp_path.iterdir() if path.is_file()}
    assert {text for text, digest in by_digest.items() if digest not in replaced} <= left | displaced
    assert bench.staged() == []


@pytest.mark.hazard("B16", "N19")
@pytest.mark.parametrize("seconds", [-1, 1 << 40, -(1 << 40)])
def test_a_time_that_no_clock_shows_is_seen_as_the_nearest_that_one_does(tmp_path: Path, seconds: int) -> None:
    (tmp_path / "a").write_text("1")
    try:
        os.utime(tmp_path / "a", (seconds, seconds))
    except OverflowError:
        pytest.skip("this system has no such time")
    disk = RealDisk(str(tmp_path))
    seen = disk.stat(p("a"))
    assert 0 <= seen.mtime_ns <= 1 << 63
    assert seen.stamp
    assert dict(disk.list(p("")))["a"] == seen
