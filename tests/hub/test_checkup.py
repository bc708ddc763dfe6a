"""`hub fsck`: each kind of damage to what a hub keeps is found, whether the hub runs or not, and nothing is deleted."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from syncagent.control import ControlClient
from syncagent.errors import AlreadyRunning, BadConfig
from syncagent.hub import checkup
from syncagent.hub.app import Hub, HubConfig
from syncagent.hub.checkup import ANY_SIZE, Checkup, Report, check_stopped
from syncagent.private import control_socket
from tests.support.hub_desk import Client, Desk, directory
from tests.support.raw_client import KEY, RawClient, file_change, hexdigest

SMALL, LARGE = b"small", b"l" * 70_000
TREE = ("docs", "docs/small.txt", "docs/large.bin", "moved.txt", "gone.txt")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's directory with a little of everything."""
    directory = tmp_path_factory.mktemp("hub")

    async def fill() -> None:
        async with Hub(HubConfig(directory, port=0, bootstrap_key=KEY)) as hub:
            client = await RawClient.live(hub.url, "a")
            docs = {
                "operation": "create", "file_path": "docs", "change_id": "c-docs", "node_id": "docs",
                "parent_id": "root", "kind": "directory",
            }  # fmt: skip
            inside = {"parent_id": "docs"}
            await client.submit(
                docs, file_change("small", "docs/small.txt", SMALL, **inside),
                file_change("large", "docs/large.bin", LARGE, **inside), file_change("moved", "b.txt", SMALL),
                file_change("gone", "gone.txt", b"gone"), blocks=(SMALL, LARGE, b"gone"),
            )  # fmt: skip
            move = {"operation": "move", "file_path": "moved.txt", "parent_id": "root", "change_id": "m", "base_rev": 1}
            delete = {"operation": "delete", "file_path": "gone.txt", "change_id": "d", "base_rev": 1}
            verdicts = await client.submit(
                {**move, "node_id": "moved", "kind": "file"}, {**delete, "node_id": "gone", "kind": "file"}
            )
            assert [one["status"] for one in verdicts] == ["committed"] * 2
            await RawClient.end_all()

    asyncio.run(fill())
    return directory


@pytest.fixture
def hub(kept: Path, tmp_path: Path) -> Path:
    """The same, to be damaged."""
    import shutil

    return Path(shutil.copytree(kept, tmp_path / "hub"))


def block_file(hub: Path) -> Path:
    [found] = list((hub / "blocks").rglob(hexdigest(LARGE)))
    return found


def sql(hub: Path, text: str, *values: Any) -> None:
    with closing(sqlite3.connect(hub / "hub.db")) as database, database:
        database.execute(text, values)


def told(report: Report) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in report.findings:
        found.setdefault(one.kind, []).append(one.what)
    return found


def files_of(hub: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (hub / "blocks").rglob("*") if path.is_file()}


def test_all_is_in_order(hub: Path) -> None:
    report = check_stopped(hub)
    assert (report.wrong, report.findings, report.database) == (0, [], "in order")
    assert (report.entries, report.nodes, report.files, report.blocks) == (7, 5, 3, 3)
    assert report.block_bytes == len(SMALL) + len(LARGE) + 4


def flipped(path: Path) -> None:
    path.write_bytes(b"m" + path.read_bytes()[1:])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.hazard("E8")
@pytest.mark.parametrize("damage", [Path.unlink, flipped, cut], ids=["gone", "flipped", "cut"])
def test_a_block_file_that_is_gone_or_damaged_is_found_and_marked(hub: Path, damage: Callable[[Path], None]) -> None:
    damage(block_file(hub))
    before = files_of(hub)
    found = told(check_stopped(hub))
    assert found["block"] == [f"block {hexdigest(LARGE)} is gone or damaged; it is asked for"]
    assert found["file"] == ["docs/large.bin lacks blocks: 1 of 1"]
    assert files_of(hub) == before, "nothing is deleted because of it"
    again = told(check_stopped(hub))
    assert again == {"file": found["file"]}, "it stays a finding until it is there"


@pytest.mark.hazard("E8")
def test_a_small_block_that_was_damaged_in_the_database_is_found(hub: Path) -> None:
    sql(hub, "UPDATE block SET bytes = ? WHERE size = ?", b"smell", len(SMALL))
    found = told(check_stopped(hub))
    assert len(found["block"]) == 1
    assert sorted(found["file"]) == [
        "docs/small.txt lacks blocks: 1 of 1", "moved.txt lacks blocks: 1 of 1",
    ]  # fmt: skip


@pytest.mark.hazard("E8")
def test_a_file_that_was_found_again_is_taken_for_what_it_is(hub: Path) -> None:
    """A disk that was not mounted: what lies on it is no less good for that."""
    away = block_file(hub).rename(hub / "elsewhere")
    assert check_stopped(hub).wrong == 2
    away.rename(hub / "blocks" / "1" / hexdigest(LARGE)[:2] / hexdigest(LARGE))
    report = check_stopped(hub)
    assert (report.wrong, report.found_again) == (0, 1)


def test_a_block_that_only_a_deleted_file_had_is_lost_without_a_file_that_lacks_it(hub: Path) -> None:
    sql(hub, "UPDATE block SET bytes = ? WHERE size = 4", b"gone with the wind"[:4].upper())
    assert told(check_stopped(hub)).keys() == {"block"}


@pytest.mark.hazard("N12")
@pytest.mark.parametrize(
    ("damage", "kind", "words"),
    [
        ("DELETE FROM journal WHERE seq = 3", "journal", "seq 4 stands at 3"),
        ("DELETE FROM journal WHERE seq = 7", "row", "node gone has no entry 7"),
        ("UPDATE journal SET rev = 3 WHERE seq = 6", "journal", "node moved has rev 3 after 1"),
        ("UPDATE journal SET name = 'x' WHERE seq = 6", "row", "node moved is not what its last entry says"),
        ("UPDATE node SET rev = 1, seq = 4, name = 'b.txt', slot = 'root/b.txt' WHERE id = 'moved'", "row",
         "node moved is not what its last entry says"),
        ("DELETE FROM node WHERE id = 'small'", "row", "node small has no row"),
        ("UPDATE node SET slot = 'root/other' WHERE id = 'moved'", "place", "node moved has the name of its sibling"),
        ("UPDATE node SET living = 0 WHERE id = 'docs'", "place", "node small is not beneath living folders"),
        ("UPDATE node SET parent = 'docs', slot = 'docs/docs' WHERE id = 'docs'", "place",
         "node large is not beneath living folders"),
        ("DELETE FROM block WHERE size = 5", "file", "moved.txt lacks blocks: 1 of 1"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_found(hub: Path, damage: str, kind: str, words: str) -> None:
    sql(hub, damage)
    found = told(check_stopped(hub))
    assert any(words in what for what in found[kind]), found


def test_a_database_that_contradicts_itself_is_found(hub: Path) -> None:
    raw = bytearray((hub / "hub.db").read_bytes())
    for at in range(3 * 4096, len(raw), 4096):
        raw[at : at + 64] = bytes(64)
    (hub / "hub.db").write_bytes(raw)
    report = check_stopped(hub)
    assert report.database == "damaged"
    assert told(report)["database"]


def test_a_file_that_is_no_database_is_found(hub: Path) -> None:
    (hub / "hub.db").write_bytes(b"not a database at all, " * 1000)
    assert check_stopped(hub).database == "damaged"


def test_what_a_broken_upload_left_behind_is_counted_and_is_no_finding(hub: Path) -> None:
    folder = hub / "blocks" / "1" / "ab"
    folder.mkdir(exist_ok=True)
    for name in ("ab" * 32, "notes.txt"):
        (folder / name).write_bytes(b"x")
    report = check_stopped(hub)
    assert (report.strays, report.wrong) == (2, 0)
    assert (folder / "notes.txt").exists()


def test_nodes_in_great_number_are_followed_a_part_at_a_time(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "MOST_NODES", 2)
    monkeypatch.setattr(checkup, "PAGE", 2)
    monkeypatch.setattr(checkup, "ROOM", 1)
    report = check_stopped(hub)
    assert (report.wrong, report.entries, report.nodes, report.blocks) == (0, 7, 5, 3)
    sql(hub, "UPDATE journal SET rev = 3 WHERE seq = 6")
    sql(hub, "DELETE FROM journal WHERE seq = 3")
    found = told(check_stopped(hub))
    assert found["journal"].count("seq 4 stands at 3") == 1
    assert found["journal"].count("node moved has rev 3 after 1") == 1


def test_findings_without_end_are_counted(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "MOST_FINDINGS", 1)
    sql(hub, "DELETE FROM block")
    report = check_stopped(hub)
    assert (len(report.findings), report.wrong) == (1, 3)


@pytest.mark.hazard("N12")
def test_a_hub_that_hears_of_something_new_at_each_step_is_done_with_in_the_end() -> None:
    desk = Desk()
    client = Client(desk, "anna")
    client.hello(2)
    client.say("sync_request", {"kind": "changes", "since": 0})
    checkup = Checkup(desk.store, ANY_SIZE)
    for number in range(1_000):
        client.submit(directory(f"n{number}"))
        with desk.store.unit():
            if not checkup.step():
                break
    assert number < 500
    assert client.heard()[-1] > number
    assert checkup.report.wrong == 0
    assert 0 < checkup.report.entries < number


def test_a_directory_without_a_hub_is_said_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no hub has kept anything"):
        check_stopped(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


@pytest.fixture
def no_client_is_left() -> Iterator[None]:
    yield
    RawClient.opened.clear()


async def fsck(directory: Path) -> dict[str, Any]:
    client = ControlClient(control_socket(directory), who="hub")
    return await asyncio.to_thread(client.call, "fsck", within=60)


@pytest.mark.hazard("E8", "N12", "F22")
async def test_a_hub_that_runs_is_looked_through_while_it_works(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncagent.hub.checkup.ROOM", 20_000)  # many small steps, however long a change takes
    flipped(block_file(hub))
    async with Hub(HubConfig(hub, port=0, bootstrap_key=KEY)) as running:
        with pytest.raises(AlreadyRunning):
            check_stopped(hub)
        client = await RawClient.live(running.url, "b")
        plain = [f"{number}".encode() * 10_000 for number in range(200)]
        for number in range(0, 200, 20):
            some = plain[number : number + 20]
            changes = (file_change(f"n{number + k}", f"n{number + k}", one) for k, one in enumerate(some))
            await client.submit(*changes, blocks=tuple(some))
        looking = asyncio.ensure_future(fsck(hub))
        number = 0
        while not looking.done():
            await client.submit(file_change(f"during{number}", f"during{number}", b"x"), blocks=(b"x",))
            number += 1
        report = await looking
        await RawClient.end_all()
    assert number > 3, "work went on"
    assert report["wrong"] == 2
    assert {one["kind"] for one in report["findings"]} == {"block", "file"}
    assert report["blocks"] >= 203
