"""Recipes of large files as splices: to whom they are said, and what is made of those that clients say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from syncagent.hub.acquaintance import Acquaintance
from syncagent.hub.app import Hub, HubConfig
from syncagent.hub.rows import Timed
from syncagent.hub.stretch import Stretch
from syncagent.model.changes import Operation
from syncagent.model.ids import Digest, NodeId, Rev, Seq
from syncagent.model.nodes import Block
from syncagent.model.splices import Kept
from tests.support.hub_entries import timed
from tests.support.raw_client import KEY, LEVEL_2, RawClient, file_change, hexdigest, pack

SPLICES = {**LEVEL_2, "capabilities": [*LEVEL_2["capabilities"], "splice"]}
PARTS = [bytes([number]) * 1000 for number in range(100)]
"""Too many bytes to be pushed."""

EDITED = [*PARTS[:40], b"new", *PARTS[41:]]
SPLICE = [[0, 40], [hexdigest(b"new"), 3], [41, 59]]


def blocks(parts: list[bytes]) -> list[list[Any]]:
    return [[hexdigest(part), len(part)] for part in parts]


def create() -> dict[str, Any]:
    return file_change("n1", "f", b"".join(PARTS), blocks=blocks(PARTS))


def update(number: int = 1, **more: Any) -> dict[str, Any]:
    change = file_change("n1", "f", b"".join(EDITED), operation="update", base_rev=1, change_id=f"u{number}")
    return change | ({} if "blocks" in more else {"splice": SPLICE}) | more


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with Hub(HubConfig(tmp_path, port=0, bootstrap_key=KEY)) as hub:
        yield hub
        await RawClient.end_all()


async def live(hub: Hub, name: str, **fields: Any) -> RawClient:
    client = await RawClient.joined(hub.url, name, **fields)
    await client.catch_up(0)
    return client


async def told(client: RawClient) -> dict[str, Any]:
    while True:
        frame = await client.frame()
        data = json.loads(frame)["data"] if isinstance(frame, str) else {}
        for change in data.get("changes", [data]):
            if change.get("seq") and change.get("operation"):
                found: dict[str, Any] = change
                return found


async def test_an_edit_goes_as_a_splice_to_who_knows_the_file_and_whole_to_the_others(hub: Hub) -> None:
    a, b, old = await live(hub, "a", **SPLICES), await live(hub, "b", **SPLICES), await live(hub, "old", **LEVEL_2)
    [granted] = await a.submit(create(), blocks=tuple(PARTS))
    assert granted["status"] == "committed"
    assert (await told(b))["blocks"] == (await told(old))["blocks"] == blocks(PARTS)
    late = await live(hub, "late", **SPLICES)
    [granted] = await a.submit(update(), blocks=(b"new",))
    assert granted["status"] == "committed"
    heard = await told(b)
    assert (heard["splice"], heard.get("blocks")) == (SPLICE, None)
    assert (await told(late))["splice"] == SPLICE, "it was told the file by a page"
    assert (await told(old))["blocks"] == blocks(EDITED)
    back = await live(hub, "b2", **SPLICES)
    [page] = await back.catch_up(1)
    assert page["blocks"] == blocks(EDITED), "a page has recipes as they are"


async def test_what_a_splice_lacks_is_named(hub: Hub) -> None:
    a = await live(hub, "a", **SPLICES)
    await a.submit(create(), blocks=tuple(PARTS))
    [verdict] = await a.submit(update())
    assert (verdict["status"], verdict["missing"]) == ("needs_blocks", [hexdigest(b"new")])


@pytest.mark.parametrize("splice", [[[0, 101]], [[0, 40]], [[0, 40], [hexdigest(b"new"), 4], [41, 59]]])
async def test_a_splice_that_does_not_fit_is_refused(hub: Hub, splice: list[Any]) -> None:
    a = await live(hub, "a", **SPLICES)
    await a.submit(create(), blocks=tuple(PARTS))
    [verdict] = await a.submit(update(splice=splice), blocks=(b"new",))
    assert (verdict["status"], verdict["error_code"]) == ("rejected", "invalid_message")
    [verdict] = await a.submit(update(2), blocks=(b"new",))
    assert verdict["status"] == "committed"


async def test_a_splice_against_another_revision_is_a_conflict_and_one_said_again_a_duplicate(hub: Hub) -> None:
    a = await live(hub, "a", **SPLICES)
    await a.submit(create(), blocks=tuple(PARTS))
    first = update()
    [granted] = await a.submit(first, blocks=(b"new",))
    [again] = await a.submit(first)
    assert (again["status"], again["seq"]) == ("duplicate", granted["seq"])
    other = file_change("n1", "f", b"".join([*PARTS, b"x"]), operation="update", base_rev=1, change_id="u3")
    [late] = await a.submit(other | {"splice": [[0, 100], [hexdigest(b"x"), 1]]}, blocks=(b"x",))
    assert (late["status"], late["error_code"]) == ("rejected", "conflict")


async def test_a_splice_whose_base_the_same_batch_makes_is_refused(hub: Hub) -> None:
    a = await live(hub, "a", **SPLICES)
    await a.submit(create(), blocks=tuple(PARTS))
    second = file_change("n1", "f", b"".join([*PARTS, b"x"]), operation="update", base_rev=2, change_id="u3")
    verdicts = await a.submit(update(), second | {"splice": [[0, 100], [hexdigest(b"x"), 1]]}, blocks=(b"new", b"x"))
    assert [one["status"] for one in verdicts] == ["committed", "rejected"]


async def test_splices_that_were_not_agreed_on_are_not_taken(hub: Hub) -> None:
    a = await live(hub, "a", **LEVEL_2)
    await a.submit(create(), blocks=tuple(PARTS))
    await a.raw(pack(b"new"))
    await a.say("file_changed", {"client_id": "a", **update()})
    assert (await a.hear("error"))["data"]["error_code"] == "unsupported"


def stretch(rev: int) -> Stretch:
    recipe = tuple(Block(Digest(hexdigest(part)[:32].encode()), len(part)) for part in PARTS)
    entry = timed(rev, operation=Operation.UPDATE)
    fields = {name: getattr(entry.entry, name) for name in entry.entry.__dataclass_fields__}
    one = type(entry.entry)(**fields | {"rev": Rev(rev), "recipe": recipe, "node_id": NodeId("n1")})
    return Stretch((Timed(one, 0),), {}, {Seq(rev): (Kept(0, 100),)})


def test_a_client_knows_what_it_was_told_and_no_more() -> None:
    client, other = Acquaintance(splices=True), Acquaintance(splices=False)
    assert not client.knows(stretch(2))
    for one in (client, other):
        one.told(stretch(1).entries)
    assert client.knows(stretch(2))
    assert not client.knows(stretch(3))
    assert not other.knows(stretch(2))


# --- folders with all that is beneath them ------------------------------------------------------------------------

SUBTREES = {**LEVEL_2, "capabilities": [*LEVEL_2["capabilities"], "subtree"]}


async def test_a_folder_with_all_beneath_it_is_one_word_to_who_takes_that_and_entries_to_the_others(hub: Hub) -> None:
    a, b, old = await live(hub, "a", **SUBTREES), await live(hub, "b", **SUBTREES), await live(hub, "old", **LEVEL_2)
    inside = [file_change(f"n{number}", f"d/f{number}", b"", parent_id="d") for number in range(5)]
    assert {one["status"] for one in await a.submit(folder("d"), *inside)} == {"committed"}
    for other in (b, old):
        assert [one["seq"] for one in await told_all(other, 6)] == [1, 2, 3, 4, 5, 6]
    gone = {
        "operation": "delete", "file_path": "d", "client_id": "a", "node_id": "d", "change_id": "gone", "base_rev": 1,
        "kind": "directory", "beneath": 5, "as_of": 6,
    }  # fmt: skip
    [granted] = await a.submit(gone)
    assert (granted["status"], granted["seq"], granted["beneath"]) == ("committed", 12, 5)
    [one] = await told_all(b, 12)
    assert (one["operation"], one["node_id"], one["seq"], one["beneath"]) == ("delete", "d", 12, 5)
    each = await told_all(old, 12)
    assert [(one["seq"], one.get("beneath")) for one in each] == [(seq, None) for seq in range(7, 13)]
    assert each[-1]["node_id"] == "d"
    late = await live(hub, "late", **SUBTREES)
    await late.catch_up(8)
    [granted] = await a.submit(folder("e"))
    assert (await told_all(late, 13))[-1]["node_id"] == "e"


async def test_who_did_not_agree_on_it_may_not_say_it(hub: Hub) -> None:
    old = await live(hub, "old", **LEVEL_2)
    gone = {
        "operation": "delete", "file_path": "d", "client_id": "old", "node_id": "d", "change_id": "gone", "base_rev": 1,
        "kind": "directory", "beneath": 5, "as_of": 6,
    }  # fmt: skip
    await old.say("file_changed", gone)
    while True:
        frame = await old.frame()
        said = json.loads(frame) if isinstance(frame, str) else {}
        if said.get("type") == "error":
            assert said["data"]["error_code"] == "unsupported"
            return


def folder(node: str) -> dict[str, Any]:
    return {
        "operation": "create", "file_path": node, "node_id": node, "parent_id": "root", "kind": "directory",
        "change_id": f"make {node}".replace(" ", "-"),
    }  # fmt: skip


async def told_all(client: RawClient, last: int) -> list[dict[str, Any]]:
    """What is told from now on, up to the number ``last``."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["seq"] < last:
        frame = await client.frame()
        data = json.loads(frame)["data"] if isinstance(frame, str) else {}
        found += [one for one in data.get("changes", [data]) if one.get("seq") and one.get("operation")]
    return found
