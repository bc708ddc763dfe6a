"""The root: taken once, never made again, never mistaken, never shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.errors import AlreadyRunning, RootMissing, StorageTrouble
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Opening
from syncagent.localfs.root import MARKER, Marker, Root, make_folder, open_root, read_marker
from syncagent.model.names import RelPath


def take(disk: MemoryDisk, known: str | None = None, folder: str = "default", new: str = "id-1") -> Root:
    return open_root(disk, known=known, folder=folder, new_id=lambda: new)


def test_the_first_time_the_marker_is_written_durably() -> None:
    disk = MemoryDisk()
    root = take(disk)
    assert root.marker == Marker("id-1", "default")
    disk.crash()
    assert read_marker(disk) == root.marker
    assert disk.user.tree() == {}


def test_later_it_is_known_again_and_by_whoever_forgot() -> None:
    disk = MemoryDisk()
    take(disk).close()
    take(disk, known="id-1", new="id-2").close()
    assert take(disk, known=None, new="id-2").marker.root_id == "id-1"


@pytest.mark.hazard("E1")
def test_a_folder_without_its_marker_is_not_taken_again_e1() -> None:
    disk = MemoryDisk()
    with pytest.raises(RootMissing):
        take(disk, known="id-1")
    assert disk.user.tree(own=True) == {}
    take(disk, new="id-2").close()
    with pytest.raises(RootMissing):
        take(disk, known="id-1")
    with pytest.raises(RootMissing):
        take(disk, folder="another")


@pytest.mark.hazard("A20")
def test_two_agents_cannot_have_it_a20() -> None:
    disk = MemoryDisk()
    root = take(disk)
    with pytest.raises(AlreadyRunning):
        take(disk)
    root.close()
    take(disk).close()


@pytest.mark.hazard("B7")
def test_a_folder_that_could_not_be_taken_can_be_taken_later() -> None:
    """The lock was kept when the marker could not be written, and the next attempt found the folder taken."""
    disk = MemoryDisk()
    disk.free = 0
    with pytest.raises(StorageTrouble):
        take(disk)
    disk.free = None
    take(disk).close()


def test_a_folder_that_goes_while_it_is_taken_can_be_taken_later() -> None:
    disk = MemoryDisk()
    take(disk).close()
    marker_looks = [0]

    def goes(call: str, path: RelPath) -> None:
        marker_looks[0] += call == "stat" and path == MARKER
        disk.root_there = not marker_looks[0]

    disk.before_call = goes
    with pytest.raises(RootMissing):
        take(disk)
    disk.before_call, disk.root_there = lambda call, path: None, True
    take(disk).close()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format": 2}', b'{"format": 1}', b"\xff"])
def test_a_marker_that_cannot_be_read_is_none(damage: bytes) -> None:
    disk = MemoryDisk()
    root = take(disk)
    root.check()
    with disk.open(MARKER, Opening.EDIT) as file:
        file.truncate(0)
        file.write(0, damage)
    assert read_marker(disk) is None
    with pytest.raises(RootMissing):
        root.check()


@pytest.mark.hazard("E1")
def test_check_notices_when_the_folder_is_another_or_gone() -> None:
    disk = MemoryDisk()
    root = take(disk)
    root.check()
    disk.user.move(".syncagent", "away")
    with pytest.raises(RootMissing):
        root.check()
    disk.user.move("away", ".syncagent")
    root.check()
    disk.root_there = False
    with pytest.raises(RootMissing):
        root.check()


@pytest.mark.hazard("E1")
def test_an_unreadable_marker_is_no_marker() -> None:
    disk = MemoryDisk()
    root = take(disk)

    def hook(name: str, path: RelPath) -> None:
        raise OSError(5, "input/output error")

    disk.before_call = hook
    with pytest.raises(RootMissing):
        root.check()
    with pytest.raises(StorageTrouble):
        take(disk)


def test_the_hub_is_noted() -> None:
    disk = MemoryDisk()
    root = take(disk)
    root.bind("hub-1")
    root.check()
    assert root.marker == read_marker(disk) == Marker("id-1", "default", "hub-1")
    disk.user.delete(".syncagent/root.json")
    with pytest.raises(RootMissing):
        root.bind("hub-2")


@pytest.mark.hazard("E5")
def test_a_folder_that_is_put_back_to_an_earlier_start_is_not_the_one_that_was_opened() -> None:
    disk = MemoryDisk()
    root = take(disk)
    root.begin("first")
    old = disk.user.read(".syncagent/root.json")
    assert old is not None
    root.bind("hub-1")
    root.begin("second")
    root.check()
    assert root.marker == read_marker(disk) == Marker("id-1", "default", "hub-1", "second")
    disk.user.write(".syncagent/root.json", old)
    with pytest.raises(RootMissing, match="put back to an older state"):
        root.check()


def test_a_marker_from_before_there_were_starts_is_read() -> None:
    disk = MemoryDisk()
    take(disk).close()
    disk.user.write(".syncagent/root.json", b'{"format": 1, "folder": "default", "hub_id": "h", "root_id": "id-1"}')
    assert read_marker(disk) == Marker("id-1", "default", "h", "")


@pytest.mark.hazard("E1")
def test_the_folder_is_made_once_only(tmp_path: Path) -> None:
    path = tmp_path / "a/b"
    make_folder(str(path), had_one=False)
    make_folder(str(path), had_one=True)
    path.rmdir()
    with pytest.raises(RootMissing):
        make_folder(str(path), had_one=True)
    assert not path.exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageTrouble):
        make_folder(str(tmp_path / "file/b"), had_one=False)
