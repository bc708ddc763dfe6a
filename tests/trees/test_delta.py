"""A delta is something when it says anything."""

from __future__ import annotations

import pytest

from syncagent.model.ids import Digest, NodeId, Rev
from syncagent.trees.delta import Delta, Row


@pytest.mark.parametrize(
    "delta",
    [
        Delta(rows=(Row(NodeId("a"), None, None, None, Rev(0), None, None),)),
        Delta(gone=(NodeId("a"),)),
        Delta(facts={"cursor": "1"}),
        Delta(recipes={Digest(bytes(32)): ()}),
    ],
    ids=["rows", "gone", "facts", "recipes"],
)
def test_a_delta_that_says_anything_is_something(delta: Delta) -> None:
    assert delta


def test_a_delta_that_says_nothing_is_nothing() -> None:
    assert not Delta()
