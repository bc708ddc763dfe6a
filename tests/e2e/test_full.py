"""A disk that is full: of the folder, of the agent's own files, of the hub.  Nothing is truncated and nothing deleted,
the status says what it is, and it goes on by itself when there is room again (B7, F17)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.machines import HubProcess, Machine, Namespace, command, copies, in_sync, tree, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SOON = 60.0


class Site:
    """A hub and two machines, all in one namespace; each of their places can be a small disk."""

    def __init__(self, home: Path, namespace: Namespace) -> None:
        self.namespace = namespace
        self.hub = HubProcess(home)
        self.anna, self.bert = Machine("anna", home, self.hub), Machine("bert", home, self.hub)
        for process in (self.hub, self.anna, self.bert):
            process.prefix = tuple(namespace.enter)

    def small(self, place: Path, size: str) -> Path:
        """Make a disk of so many bytes at ``place``; gives where we see it."""
        place.mkdir(mode=0o700, exist_ok=True)
        self.namespace.mount(place, size)
        return self.namespace.inside(place)

    def start(self) -> None:
        for process in (self.hub, self.anna, self.bert):
            process.start()


@pytest.fixture
def site(tmp_path: Path, namespace: Namespace) -> Iterator[Site]:
    made = Site(tmp_path, namespace)
    yield made
    for process in (made.anna, made.bert, made.hub):
        process.kill()


def fill_up(disk: Path) -> Path:
    """Take all the room that is left, to the last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


def says(machine: Machine, *words: str) -> Any:
    def said() -> bool:
        told = machine.ask("status").stdout
        return any(word in told for word in words) and not machine.status()["in_sync"]

    return said


def whole(path: Path) -> None:
    found = sqlite3.connect(path)
    try:
        assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        found.close()


@pytest.mark.hazard("B7", "N19", "N15")
def test_the_disk_of_the_folder_is_full(site: Site) -> None:
    root = site.small(site.bert.root, "12m")
    site.start()
    assert site.bert.ask("config", "set", "min_free", "0").returncode == 0
    (site.anna.root / "kept.txt").write_text("first")
    (site.anna.root / "grows").write_text("small")
    in_sync(site.anna, site.bert)
    for number in range(5):
        (site.anna.root / f"{number}.bin").write_bytes(bytes([number]) * 3_000_000)
    (site.anna.root / "grows").write_bytes(b"large" * 1_000_000)
    site.anna.wait()
    wanted = tree(site.anna.root)
    until(says(site.bert, "full", "no space left"), lambda: site.bert.ask("status").stdout, pause=0.5)
    there = tree(root)
    before = {"grows", "kept.txt"}
    assert {path: there[path] for path in there if path not in before} == {
        path: wanted[path] for path in there if path not in before
    }, "what is there is whole"
    assert (root / "grows").read_bytes() in (b"small", b"large" * 1_000_000)
    site.namespace.run("mount", "-o", "remount,size=64m", site.bert.root)
    until(lambda: tree(root) == wanted, lambda: site.bert.ask("status").stdout, SOON, pause=0.2)
    in_sync(site.anna, site.bert)
    assert tree(root) == tree(site.anna.root) == wanted


@pytest.mark.hazard("B7", "N19", "N15", "N10")
def test_the_disk_of_the_agents_own_files_is_full(site: Site) -> None:
    data = site.small(site.bert.data, "6m")
    site.start()
    (site.anna.root / "a").write_text("first")
    in_sync(site.anna, site.bert)
    filler = fill_up(data)
    for number in range(800):
        (site.anna.root / f"some file of anna's with a long name, number {number}").write_text(str(number))
    (site.bert.root / "by bert").write_text("made while there was no room")
    site.anna.wait()
    until(says(site.bert, "no room on the disk"), site.bert.output, pause=0.5)
    assert "a" in site.bert.tree()
    filler.unlink()
    until(lambda: site.bert.status()["in_sync"], lambda: site.bert.ask("status").stdout, SOON, pause=0.5)
    in_sync(site.bert, site.anna)
    assert site.anna.tree() == site.bert.tree()
    assert len(site.bert.tree()) == 802
    assert not copies(site.bert.root)
    assert site.bert.terminate() == 0
    for database in data.glob("*.db"):
        whole(database)


@pytest.mark.hazard("B7", "F17", "N19")
def test_the_disk_of_the_hub_is_full(site: Site) -> None:
    data = site.small(site.hub.data, "16m")
    site.start()
    (site.anna.root / "a").write_text("first")
    in_sync(site.anna, site.bert)
    filler = fill_up(data)
    (site.anna.root / "large").write_bytes(bytes(range(256)) * 8_000)
    for number in range(300):
        (site.anna.root / f"small file {number}").write_bytes(b"%d" % number * 200)
    until(says(site.anna, "full", "room"), lambda: f"{site.anna.output()}{site.hub.output()}", pause=0.5)
    assert site.bert.tree()["a"] == site.anna.tree()["a"]
    filler.unlink()
    until(lambda: site.bert.tree() == site.anna.tree(), lambda: site.anna.ask("status").stdout, SOON, pause=0.2)
    in_sync(site.anna, site.bert)
    assert len(site.bert.tree()) == 302
    assert not copies(site.anna.root)
    assert site.hub.terminate() == 0
    for database in data.rglob("*.db"):
        whole(database)


@pytest.mark.hazard("B7", "N19", "N15")
def test_what_is_to_stay_free_stays_free(site: Site) -> None:
    root = site.small(site.bert.root, "64m")
    site.start()
    for name in ("deleted", "renamed"):
        (site.anna.root / name).write_text(name)
    in_sync(site.anna, site.bert)
    assert site.bert.ask("config", "set", "min_free", "30MB").returncode == 0
    (site.anna.root / "large").write_bytes(bytes(range(256)) * 160_000)
    (site.anna.root / "small").write_text("fits")
    site.anna.wait()
    until(says(site.bert, "it needs 41.0 MB; "), lambda: site.bert.ask("status").stdout, pause=0.5)
    assert "to stay so (min_free)" in site.bert.ask("why", "large").stdout
    until(lambda: "small" in tree(root), lambda: site.bert.ask("status").stdout, SOON, pause=0.2)

    filler = root / "filler.part"  # what is no one's concern elsewhere
    filler.write_bytes(bytes(40_000_000))
    (site.anna.root / "deleted").unlink()
    (site.anna.root / "renamed").rename(site.anna.root / "other name")
    root.joinpath("by bert").write_text("goes out")
    site.anna.wait()
    until(lambda: (root / "other name").exists() and not (root / "deleted").exists(), site.bert.output, SOON, pause=0.2)
    until(lambda: "by bert" in site.anna.tree(), site.bert.output, SOON, pause=0.2)
    numbers = count()
    latest = site.anna.root

    def crowded() -> bool:
        nonlocal latest  # what was found free a moment ago is believed for that moment
        latest = site.anna.root / f"later {next(numbers)}"
        latest.write_text("has to wait")
        return "the disk of the folder has no room" in site.bert.ask("status").stdout

    until(crowded, lambda: site.bert.ask("status").stdout, SOON, pause=0.5)
    site.anna.wait()
    assert not (root / latest.name).exists()
    why = site.bert.ask("why", latest.name).stdout
    assert "to stay so (min_free)" in why, why  # of this one file, or of all that comes
    filler.unlink()
    until((root / latest.name).exists, lambda: site.bert.ask("status").stdout, SOON, pause=0.2)
    assert not (root / "large").exists()
    assert site.bert.ask("config", "set", "min_free", "1%").returncode == 0
    in_sync(site.anna, site.bert)
    assert tree(root) == tree(site.anna.root)
    assert not copies(root)


@pytest.mark.hazard("F17", "N19", "N15")
def test_a_hub_without_room_lets_pass_what_needs_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNCAGENT_MIN_FREE", "30MB")
    data = site.small(site.hub.data, "64m")
    site.start()
    for name in ("deleted", "renamed"):
        (site.anna.root / name).write_text(name)
    in_sync(site.anna, site.bert)
    filler = data / "filler"
    filler.write_bytes(bytes(38_000_000))
    (site.anna.root / "large").write_bytes(bytes(range(256)) * 20_000)
    (site.anna.root / "small").write_text("new as well")
    (site.anna.root / "copied").write_text("renamed")
    (site.anna.root / "deleted").unlink()
    (site.anna.root / "renamed").rename(site.anna.root / "other name")
    (site.anna.root / "folder").mkdir()
    wanted = {"copied", "other name", "folder"}
    until(lambda: site.bert.tree().keys() == wanted, site.anna.output, SOON, pause=0.2)
    until(says(site.anna, "no room on the hub's disk"), lambda: site.anna.ask("status").stdout, pause=0.5)
    shown = site.namespace.run(*command("hub", "status", "--data-dir", site.hub.data))
    assert "new content is refused, and all else goes on" in shown
    assert "connected: anna" in shown
    filler.unlink()
    in_sync(site.anna, site.bert)
    assert site.bert.tree() == site.anna.tree()
    assert site.bert.tree().keys() == {*wanted, "large", "small"}
    assert not copies(site.anna.root)
