"""Acts and parts as columns: what is read is what was written, or it is damage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.model.acts import Act, Decision, Direction, Loss, Part
from syncagent.model.ids import ROOT, Digest, NodeId, Rev
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Content, File, Link, Placement
from syncagent.sqlite import DatabaseDamaged
from syncagent.store.acts import contents_of_part, pack_act, pack_part, unpack_act, unpack_part
from syncagent.store.rows import Unpacker

BEFORE = File(NodeId("a"), Placement(ROOT, Name("a")), Content(Digest(b"1" * 32), 9), True, -5)
AFTER = Link(NodeId("a"), Placement(ROOT, Name("b")), "x")


@given(
    direction=st.sampled_from(Direction), losses=st.frozensets(st.sampled_from(Loss)),
    by=st.lists(st.text(), max_size=3), decision=st.sampled_from(Decision), by_hub=st.booleans(),
)  # fmt: skip
def test_an_act_comes_back(
    direction: Direction, losses: frozenset[Loss], by: list[str], decision: Decision, by_hub: bool
) -> None:
    act = Act(7, direction, losses, tuple(by), "noon", by_hub, decision)
    assert unpack_act(*pack_act(act)) == act


@pytest.mark.parametrize("after", [None, AFTER])
@pytest.mark.parametrize("is_open", [False, True])
def test_a_part_comes_back(after: Link | None, is_open: bool) -> None:
    part = Part(7, NodeId("a"), RelPath("d/\udcff"), BEFORE, after, Rev(3), is_open)
    assert unpack_part(pack_part(part), Unpacker()) == part
    assert list(contents_of_part(part)) == [BEFORE.content.digest]


@pytest.mark.hazard("E3")
def test_what_was_changed_is_damage() -> None:
    number, text, crc = pack_act(Act(7, Direction.OUT, frozenset()))
    with pytest.raises(DatabaseDamaged):
        unpack_act(number, str(text).replace("outgoing", "incoming"), crc)
    columns = pack_part(Part(7, NodeId("a"), RelPath("a"), BEFORE, None))
    for place in range(len(columns) - 1):
        changed = list(columns)
        value = changed[place]
        changed[place] = value + 1 if isinstance(value, int) else value[:-1] if value else value + b"x"  # type: ignore[operator, index]
        with pytest.raises(DatabaseDamaged):
            unpack_part(tuple(changed), Unpacker())
