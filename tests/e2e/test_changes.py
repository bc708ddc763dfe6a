"""What people and their programs do to a folder, for real: all of it arrives, as it was meant (HAZARDS A and B)."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from syncagent.content.digest import content_of
from syncagent.localfs.dirty import Pace
from tests.e2e.machines import tree
from tests.support.agents import config_in, running
from tests.support.pair import Pair, hub_in, pair_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with pair_in(tmp_path) as made:
        yield made


async def do(act: Callable[[], object]) -> None:
    """In a thread, so that the agents go on meanwhile."""
    await asyncio.to_thread(act)


# --- folders that come and go -----------------------------------------------------------------------------------


@pytest.mark.hazard("A3", "N4")
async def test_files_in_folders_that_were_made_a_moment_ago(pair: Pair, tmp_path: Path) -> None:
    root, outside = pair.anna.root, tmp_path / "outside"

    def fill(where: Path, count: int) -> None:
        for number in range(count):
            inner = where / f"{number % 7}" / f"{number}" / "deep"
            inner.mkdir(parents=True)
            (inner / "file").write_text(str(number))

    await do(lambda: fill(root / "made", 1000))
    await do(lambda: fill(outside / "copied", 100))
    await do(lambda: shutil.copytree(outside / "copied", root / "copied"))
    await do(lambda: (outside / "copied").rename(root / "moved in"))
    found = await pair.settle()
    assert sum(path.endswith("/file") for path in found) == 1200


@pytest.mark.hazard("A4", "A11", "N4", "N1")
@pytest.mark.parametrize("seed", range(2))
async def test_folders_are_renamed_moved_out_and_made_anew_while_files_are_written(
    pair: Pair, tmp_path: Path, seed: int
) -> None:
    rng, root = Random(seed), pair.anna.root
    (tmp_path / "out").mkdir()

    def folders() -> list[Path]:
        return sorted(path for path in root.rglob("*") if path.is_dir() and ".syncagent" not in path.parts)

    def act(number: int) -> None:
        known = folders()
        match rng.randrange(6) if known else 0:
            case 0:
                (rng.choice([root, *known]) / f"folder {number}").mkdir()
            case 1:
                chosen = rng.choice(known)
                chosen.rename(chosen.with_name(f"renamed {number}"))
            case 2:
                chosen, to = rng.choice(known), rng.choice([root, *known])
                if chosen not in (to, *to.parents):
                    chosen.rename(to / f"moved {number}")
            case 3:
                chosen = rng.choice(known)
                chosen.rename(tmp_path / "out" / f"{number}")
                chosen.mkdir()
                (chosen / "anew").write_text(f"anew {number}")
                (tmp_path / "out" / f"{number}").rename(root / f"back {number}")
            case 4:
                shutil.rmtree(rng.choice(known))
            case _:
                names = sorted(one for one in rng.choice(known).iterdir() if one.is_file())
                if len(names) > 1:
                    swap(*names[:2])
        for folder in folders():
            if rng.random() < 0.3:
                (folder / f"file {rng.randrange(4)}").write_text(f"{number} {rng.random()}")

    def all_acts() -> None:
        for number in range(120):
            act(number)

    await do(all_acts)
    wanted = tree(root)
    assert await pair.settle() == wanted
    assert not pair.copies()


def swap(one: Path, other: Path) -> None:
    aside = one.with_name("aside for a moment")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


# --- files that are being written -------------------------------------------------------------------------------


@pytest.mark.hazard("A5", "N2")
async def test_of_a_file_that_is_written_slowly_no_part_is_taken_for_the_whole(pair: Pair) -> None:
    pieces = [bytes([65 + number % 26]) * 1024 for number in range(60)]
    wholes = {content_of(b"".join(pieces[: number + 1])) for number in range(len(pieces))}
    seen = set()
    written: list[float] = []

    def write() -> None:
        with (pair.anna.root / "growing.log").open("wb", buffering=0) as file:
            for piece in pieces:
                file.write(piece)
                written.append(time.monotonic())
                threading.Event().wait(0.02)

    before = await pair.head()
    writing = asyncio.ensure_future(asyncio.to_thread(write))
    while not writing.done():
        there = pair.bert.root / "growing.log"
        if there.exists():
            seen.add(content_of(there.read_bytes()))
        await asyncio.sleep(0.01)
    await pair.settle()
    assert (pair.bert.root / "growing.log").read_bytes() == b"".join(pieces)
    assert seen <= wholes
    rests = sum(
        later - earlier > Pace().quiet / 2 for earlier, later in pairwise(written)
    )  # of a machine with much to do
    most = 10 + rests + (written[-1] - written[0]) / Pace().longest
    assert await pair.head() - before < most, "it was sent again for every piece"


@pytest.mark.hazard("A6", "N2", "N8")
async def test_a_large_file_that_is_replaced_while_it_is_sent_never_arrives_mixed(pair: Pair) -> None:
    texts = [bytes([number]) * 3_000_000 for number in range(12)]
    allowed = {content_of(text) for text in texts}
    seen = set()

    def write() -> None:
        for text in texts:
            (pair.anna.root / "new").write_bytes(text)
            (pair.anna.root / "new").replace(pair.anna.root / "large")

    writing = asyncio.ensure_future(asyncio.to_thread(write))
    while not writing.done() or not (await pair.bert.status())["in_sync"]:
        there = pair.bert.root / "large"
        if there.exists():
            seen.add(content_of(there.read_bytes()))
        await asyncio.sleep(0.01)
    await pair.settle()
    assert (pair.bert.root / "large").read_bytes() == texts[-1]
    assert seen <= allowed


# --- what looks as it did before --------------------------------------------------------------------------------


@pytest.mark.hazard("A7")
async def test_an_edit_that_leaves_size_and_mtime_as_they_were_arrives(pair: Pair) -> None:
    path = pair.anna.root / "a"
    path.write_text("first")
    seen = path.stat()
    await pair.settle()
    path.write_text("other")
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    await pair.settle()
    assert (pair.bert.root / "a").read_text() == "other"


@pytest.mark.hazard("A7", "A9")
async def test_and_so_it_does_when_it_was_done_while_the_agent_was_off(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        ours, theirs = (config_in(tmp_path / name, name=name, server=hub.url) for name in ("anna", "bert"))
        root = ours.sync_root
        (root / "a").write_text("first")
        (root / "file, then folder").write_text("x")
        (root / "folder, then file").mkdir()
        seen = (root / "a").stat()
        async with running(theirs) as bert:
            async with running(ours) as anna:
                await Pair(anna, bert).settle()
            (root / "a").write_text("other")
            os.utime(root / "a", ns=(seen.st_atime_ns, seen.st_mtime_ns))
            (root / "file, then folder").unlink()
            (root / "file, then folder").mkdir()
            (root / "folder, then file").rmdir()
            (root / "folder, then file").write_text("y")
            async with running(ours) as anna:
                found = await Pair(anna, bert).settle()
            assert (bert.root / "a").read_text() == "other"
            assert found["file, then folder"] == "folder"
            assert found["folder, then file"].startswith("file")


@pytest.mark.hazard("A9", "N4")
async def test_inodes_are_used_again_at_once(pair: Pair) -> None:
    root = pair.anna.root

    def churn() -> None:
        for number in range(60):
            path = root / f"{number % 5}"
            if path.is_dir():
                path.rmdir()
            elif path.exists():
                path.unlink()
            if number % 3:
                path.write_text(f"{number}")
            else:
                path.mkdir()

    await do(churn)
    wanted = tree(root)
    assert await pair.settle() == wanted


@pytest.mark.hazard("A12", "B11", "N5")
async def test_touch_and_chmod_cost_a_word_at_most_and_never_a_copy(pair: Pair) -> None:
    path = pair.anna.root / "a"
    path.write_text("content")
    path.chmod(0o640)
    await pair.settle()
    assert (pair.bert.root / "a").stat().st_mode & 0o777 in (0o644, 0o640, 0o600)
    before = await pair.head()
    (pair.bert.root / "a").chmod(0o600)
    await pair.settle()
    assert await pair.head() == before, "permissions but the executable bit are each machine's own"
    os.utime(path, ns=(10**18, 10**18))
    await pair.settle()
    assert (pair.bert.root / "a").stat().st_mtime_ns == 10**18
    path.chmod(0o740)
    await pair.settle()
    assert (pair.bert.root / "a").stat().st_mode & 0o777 == 0o700, "no wider than it was there"
    assert await pair.head() == before + 2
    assert not pair.copies()


@pytest.mark.hazard("A17")
async def test_two_names_of_one_file_are_two_files_elsewhere(pair: Pair) -> None:
    root = pair.anna.root
    (root / "one").write_text("both")
    (root / "other").hardlink_to(root / "one")
    await pair.settle()
    with (root / "one").open("a") as file:
        file.write(", edited")
    await pair.settle()
    assert (pair.bert.root / "one").read_text() == (pair.bert.root / "other").read_text() == "both, edited"
    (pair.bert.root / "other").write_text("by bert")
    await pair.settle()
    assert ((root / "one").read_text(), (root / "other").read_text()) == ("both, edited", "by bert")
    assert not pair.copies()


@pytest.mark.hazard("A21")
async def test_a_database_that_is_used_in_the_folder_is_whole_when_it_is_at_rest(pair: Pair) -> None:
    def use() -> None:
        database = sqlite3.connect(pair.anna.root / "app.db")
        database.execute("CREATE TABLE t (x)")
        for number in range(40):
            with database:
                database.execute("INSERT INTO t VALUES (?)", (f"{number}" * 500,))
        database.close()

    await do(use)
    await pair.settle()
    copy = sqlite3.connect(pair.bert.root / "app.db")
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert copy.execute("SELECT count(*) FROM t").fetchone() == (40,)
    copy.close()


# --- against each other -----------------------------------------------------------------------------------------


@pytest.mark.hazard("B3", "D11", "N1")
@pytest.mark.parametrize("deleter", ["bert", "anna"])
async def test_a_folder_that_was_deleted_elsewhere_stays_for_what_is_new_in_it(pair: Pair, deleter: str) -> None:
    gone, kept = (pair.bert, pair.anna) if deleter == "bert" else (pair.anna, pair.bert)
    (pair.anna.root / "A" / "old").mkdir(parents=True)
    for number in range(5):
        (pair.anna.root / "A" / "old" / f"{number}").write_text(str(number))
    await pair.settle()
    await pair.apart()
    shutil.rmtree(gone.root / "A")
    (kept.root / "A" / "hello").write_text("new")
    assert sorted(await pair.together()) == ["A", "A/hello"]


def becomes_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("made inside")


def becomes_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_text("a file now")


def becomes_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")


@pytest.mark.hazard("B12", "N1")
@pytest.mark.parametrize(
    ("start", "there", "here", "kept"),
    [
        ("file", becomes_folder, lambda path: path.write_text("edited"), {"edited", "made inside"}),
        ("file", becomes_link, lambda path: path.write_text("edited"), {"edited"}),
        ("folder", becomes_file, lambda path: (path / "new").write_text("new child"), {"a file now", "new child"}),
        ("folder", becomes_file, lambda path: (path / "in").write_text("edited"), {"a file now", "edited"}),
    ],
    ids=["file to folder", "file to link", "folder to file, new child", "folder to file, edited child"],
)
async def test_a_thing_becomes_another_kind_elsewhere_while_it_is_changed_here(
    pair: Pair, start: str, there: Callable[[Path], None], here: Callable[[Path], None], kept: set[str]
) -> None:
    thing = pair.anna.root / "thing"
    if start == "file":
        thing.write_text("first")
    else:
        thing.mkdir()
        (thing / "in").write_text("first")
    await pair.settle()
    await pair.apart()
    there(pair.bert.root / "thing")
    here(thing)
    await pair.together()
    texts = {path.read_text() for path in pair.anna.root.rglob("*") if _is_theirs(path)}
    assert kept <= texts


def _is_theirs(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and ".syncagent" not in path.parts


@pytest.mark.hazard("B15", "N6")
async def test_conflict_after_conflict_on_a_name_that_is_as_long_as_can_be(pair: Pair) -> None:
    name = "n" * 246 + ".txt"
    (pair.anna.root / name).write_text("first")
    await pair.settle()
    for number in range(6):
        await pair.apart()
        (pair.anna.root / name).write_text(f"anna {number}")
        (pair.bert.root / name).write_text(f"bert {number}")
        found = await pair.together()
        assert len(found) == number + 2
    texts = sorted((pair.bert.root / path).read_text() for path in found)
    assert len(set(texts)) == 7
    assert all(len(path.encode()) <= 255 and path.endswith(".txt") for path in found)


@pytest.mark.hazard("B16", "N5")
@pytest.mark.parametrize("seconds", [0, -1, 1 << 40])
async def test_times_that_no_clock_shows_end_nowhere_in_a_circle(pair: Pair, seconds: int) -> None:
    path = pair.anna.root / "a"
    path.write_text("1")
    try:
        os.utime(path, (seconds, seconds))
    except OverflowError:
        pytest.skip("this system has no such time")
    await pair.settle()
    before = await pair.head()
    await pair.settle()
    assert await pair.head() == before
    assert 0 <= (pair.bert.root / "a").stat().st_mtime <= 1 << 33
    path.write_text("2")
    await pair.settle()
    assert (pair.bert.root / "a").read_text() == "2"
