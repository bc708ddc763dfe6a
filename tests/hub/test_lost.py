"""How the hub says which files it has lost blocks of."""

from __future__ import annotations

import pytest

from syncagent.hub.lost import needing, wanted_messages
from syncagent.hub.rows import Row
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content
from syncagent.protocol.codec import encode_body
from syncagent.protocol.connection import DEFAULT_LIMITS

pytestmark = pytest.mark.hazard("E8")


def digest(number: int) -> Digest:
    return Digest(number.to_bytes(32, "big"))


def row(number: int, blocks: int = 1, *, living: bool = True) -> Row:
    recipe = tuple(Block(digest(number * 100_000 + part), 10) for part in range(blocks))
    whole = recipe[0].digest if blocks == 1 else digest(number)
    return Row(
        NodeId(f"n{number}"), Rev(1), Seq(number), living, ClientId("c"), Kind.FILE, ROOT, Name(f"f{number}"),
        Content(whole, 10 * blocks), recipe=recipe,
    )  # fmt: skip


def test_only_living_files_need_what_is_lost() -> None:
    lost = frozenset({digest(100_000), digest(200_001), digest(300_000)})
    folder = Row(NodeId("d"), Rev(1), Seq(9), True, ClientId("c"), Kind.DIR, ROOT, Name("d"))
    rows = [row(1), row(2, 3), row(3, living=False), row(4), folder]
    assert [one.id for one in needing(rows, lost)] == ["n1", "n2"]


def test_messages_are_short_enough_and_say_all() -> None:
    rows = [row(number, blocks=10_000) for number in range(1, 8)]
    messages = list(wanted_messages(rows))
    assert len(messages) > 1
    assert [file.node_id for one in messages for file in one.files] == [one.id for one in rows]
    assert all(len(encode_body(one, client_id="server", timestamp="")) < DEFAULT_LIMITS.text_bytes for one in messages)
    assert list(wanted_messages([])) == []
