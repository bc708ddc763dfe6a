"""Clients that lie, repeat what they overheard, or ask for what is not theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from syncagent.hub.app import Hub, HubConfig
from syncagent.hub.auth import new_key
from syncagent.hub.premises import block_files, open_store
from syncagent.hub.rows import Role
from tests.support.raw_client import KEY, LEVEL_2, STAMP, RawClient, file_change, hexdigest, pack

SECRET = b"the secret of another folder"


@pytest.mark.hazard("F3", "G3", "N13")
async def test_what_was_overheard_and_is_said_again_changes_nothing(hub: Hub) -> None:
    author = await RawClient.live(hub.url, "author")
    heard: list[str | bytes] = []

    async def overheard(frame: str | bytes) -> None:
        heard.append(frame)
        await author.raw(frame)

    def batch(*changes: dict[str, Any]) -> str:
        said = [{"client_id": "author", **one} for one in changes]
        data = {"client_id": "author", "changes": said}
        return json.dumps({"type": "file_changed", "data": data, "client_id": "author", "timestamp": STAMP})

    edit = {"operation": "update", "change_id": "e", "base_rev": 1}
    move = {"operation": "move", "file_path": "b", "change_id": "m", "node_id": "n1", "parent_id": "root",
            "kind": "file", "base_rev": 2}  # fmt: skip
    for frame in (
        pack(b"one", b"two"),
        batch(file_change("n1", "a", b"one")),
        batch({**file_change("n1", "a", b"two"), **edit}),
        batch(move, file_change("n2", "a", b"one")),
    ):
        await overheard(frame)
    first = [await author.verdicts() for _ in range(3)]
    journal = await author.catch_up(0)
    for frames in (heard, heard[1:], list(reversed(heard))):
        again = await RawClient.live(hub.url, "author")
        for frame in frames:
            await again.raw(frame)
        answers = [await again.verdicts() for _ in range(3)]
        found = sorted((one["change_id"], one["seq"], one["rev"]) for answer in answers for one in answer)
        assert found == sorted((one["change_id"], one["seq"], one["rev"]) for answer in first for one in answer)
        assert {one["status"] for answer in answers for one in answer} == {"duplicate"}
        assert await again.catch_up(0) == journal


@pytest.mark.hazard("F4", "N12")
async def test_a_file_of_blocks_that_were_never_sent_is_seen_by_no_one(hub: Hub) -> None:
    liar, other = await RawClient.live(hub.url, "liar"), await RawClient.live(hub.url, "other")
    some, none = b"sent", b"never sent"
    blocks = [[hexdigest(some), len(some)], [hexdigest(none), len(none)]]
    forged = file_change("n1", "a", some + none, blocks=blocks)
    [verdict] = await liar.submit(forged, blocks=(some,))
    assert (verdict["status"], verdict["missing"]) == ("needs_blocks", [hexdigest(none)])
    assert await other.frame() == pack(some), "bytes that were sent ahead, which no entry ever names"
    assert await other.catch_up(0) == []
    [verdict] = await liar.submit(forged, blocks=(none,))
    assert verdict["status"] == "committed"


@pytest.mark.hazard("F5", "N2")
@pytest.mark.parametrize("lie", ["size", "digest", "blocks"])
async def test_a_block_of_another_size_or_name_is_not_taken(hub: Hub, lie: str) -> None:
    liar = await RawClient.live(hub.url, "liar")
    plain = b"the truth"
    await liar.submit(file_change("n0", "true", plain), blocks=(plain,))
    forged = file_change("n1", "a", plain)
    match lie:
        case "size":
            forged["size"] = len(plain) + 1
        case "digest":
            await liar.raw(pack(plain).replace(b"truth", b"other"))
            assert (await liar.hear("error"))["data"]["error_code"] == "invalid_message"
            forged["digest"] = hexdigest(b"the other")
        case "blocks":
            forged |= {"size": 20, "blocks": [[hexdigest(plain), 10], [hexdigest(plain), 10]]}
    [verdict] = await liar.submit(forged)
    assert verdict["status"] in ("rejected", "needs_blocks")
    await liar.say("sync_request", {"kind": "blocks", "request_id": "1", "digests": [hexdigest(plain)]})
    assert await liar.frame() == pack(plain), "what was there is as it was"


@pytest.fixture
async def two_folders(tmp_path: Path) -> Any:
    """A hub with two keys, each for a folder of its own; in one folder lies a secret."""
    keys = {}
    directory = tmp_path / "hub"
    directory.mkdir()
    files = block_files(directory)
    store = open_store(directory, files)
    with store.unit():
        for folder in ("ours", "theirs"):
            store.journal.make_folder(folder)
            keys[folder], key = new_key(Role.WRITER, [folder])
            store.keys.put(key)
    store.close()
    files.close()
    async with Hub(HubConfig(directory, port=0, bootstrap_key=KEY)) as hub:
        owner = await RawClient.live(hub.url, "owner", key=keys["theirs"], folder="theirs")
        await owner.submit(file_change("theirs1", "secret.txt", SECRET), blocks=(SECRET,))
        yield hub, keys
        await RawClient.end_all()


@pytest.mark.hazard("G10", "N16")
async def test_a_key_does_not_open_another_folder(two_folders: Any) -> None:
    hub, keys = two_folders
    for folder in ("theirs", "no such folder", "nowhere"):
        client = await RawClient.plain(hub.url, "thief")
        answer = await client.hello(key=keys["ours"], folder=folder, **LEVEL_2)
        assert answer["success"] is False
        assert answer["error_code"] == "authentication_failed", "whether it is there is not told"


@pytest.mark.hazard("G10", "N16")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"operation": "update", "base_rev": 1, "size": 1, "digest": hexdigest(b"x")}, "not_found"),
        ({"operation": "delete", "base_rev": 1}, "not_found"),
        ({"operation": "move", "base_rev": 1, "parent_id": "root"}, "not_found"),
        ({"operation": "create", "base_rev": 1, "parent_id": "root", "size": 1, "digest": hexdigest(b"x")}, "conflict"),
        ({"operation": "create", "node_id": "mine", "parent_id": "theirs1", "size": 1, "digest": hexdigest(b"x")},
         "parent_missing"),
    ],
    ids=["update", "delete", "move", "bring back", "create within"],
)  # fmt: skip
async def test_ids_of_another_folder_are_as_good_as_none(two_folders: Any, change: dict[str, Any], code: str) -> None:
    hub, keys = two_folders
    thief = await RawClient.live(hub.url, "thief", key=keys["ours"], folder="ours")
    known = {"change_id": "t1", "node_id": "theirs1", "file_path": "x.txt", "kind": "file"}
    [verdict] = await thief.submit({**known, **change}, blocks=(b"x",))
    unknown = json.loads(json.dumps({**known, **change, "change_id": "t2"}).replace("theirs1", "madeup"))
    [same] = await thief.submit(unknown)
    assert verdict["error_code"] == code
    assert {**same, "change_id": "", "node_id": ""} == {**verdict, "change_id": "", "node_id": ""}
    owner = await RawClient.live(hub.url, "owner2", key=keys["theirs"], folder="theirs")
    assert [one["file_path"] for one in await owner.catch_up(0)] == ["secret.txt"]


@pytest.mark.hazard("G10", "G11", "N16")
async def test_blocks_of_another_folder_are_not_there_for_whoever_guesses_their_names(two_folders: Any) -> None:
    hub, keys = two_folders
    thief = await RawClient.live(hub.url, "thief", key=keys["ours"], folder="ours")
    digest = hexdigest(SECRET)
    assert (await thief.ask(kind="missing", request_id="1", digests=[digest]))["digests"] == [digest]
    assert (await thief.ask(kind="blocks", request_id="2", digests=[digest]))["digests"] == [digest]
    [verdict] = await thief.submit(file_change("n1", "guess.txt", SECRET))
    assert (verdict["status"], verdict["missing"]) == ("needs_blocks", [digest])
    assert await thief.catch_up(0) == []
    listing = await thief.ask(files=[{"path": "secret.txt", "size": len(SECRET), "checksum": digest}])
    assert [one["operation"] for one in listing["operations"]] == ["upload"]


@pytest.mark.hazard("G10")
async def test_nothing_is_heard_of_another_folder(two_folders: Any) -> None:
    hub, keys = two_folders
    thief = await RawClient.live(hub.url, "thief", key=keys["ours"], folder="ours")
    old = await RawClient.joined(hub.url, "old", key=keys["ours"], folder="ours")
    owner = await RawClient.live(hub.url, "owner", key=keys["theirs"], folder="theirs")
    await owner.submit(file_change("theirs2", "more.txt", b"more"), blocks=(b"more",))
    await owner.close()
    for client in (thief, old):
        await client.say("heartbeat", {"client_id": client.client_id, "timestamp": STAMP})
        assert (await client.hear())["type"] == "heartbeat"
