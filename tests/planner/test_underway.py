"""What is under way is claimed as if for each plan anew."""

from __future__ import annotations

import random

import pytest

from syncagent.model.ids import NO_REV, ROOT, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, File, Placement
from syncagent.planner.claims import Claims, footprint
from syncagent.planner.ops import DeleteLocal, MakeLocalDir, MoveLocal, Op, SubmitCreate, WriteLocal, subject
from syncagent.planner.underway import Underway
from syncagent.trees.canopy import Canopy
from tests.support.dsl import content

FOLDERS = [NodeId(name) for name in ("a", "b", "c", "d")]


def folder(node_id: NodeId, parent: NodeId) -> Dir:
    return Dir(node_id, Placement(parent, Name(node_id)))


def file(number: int, parent: NodeId) -> File:
    return File(NodeId(f"f{number}"), Placement(parent, Name(f"n{number % 7}")), content("x"), False, 7)


def canopy() -> Canopy:
    made = Canopy()
    parent = ROOT
    for node_id in FOLDERS:
        made.agree(node_id, folder(node_id, parent))
        parent = node_id if node_id != FOLDERS[1] else ROOT
    return made


def anew(trees: Canopy, busy: dict[NodeId, Op]) -> tuple[Claims, Claims]:
    here, there = Claims(trees.local), Claims(trees.remote)
    for op in {id(op): op for op in busy.values()}.values():
        on_disk, at_hub = footprint(op)
        if on_disk is not None:
            here.claim(subject(op), on_disk)
        if at_hub is not None:
            there.claim(subject(op), at_hub)
    return here, there


def answers(claims: tuple[Claims, Claims], trees: Canopy) -> list[bool]:
    """Whether anything is in the way of each of many ops."""
    tried: list[Op] = [MakeLocalDir(folder(NodeId("new"), one)) for one in [ROOT, *FOLDERS]]
    tried += [WriteLocal(file(number + 1000, one), None) for one in FOLDERS for number in range(7)]
    tried += [SubmitCreate(file(number + 1000, one), NO_REV) for one in FOLDERS for number in range(7)]
    for one in FOLDERS:
        node = trees.local.get(one)
        assert node is not None
        tried += [DeleteLocal(node), MoveLocal(node, Placement(ROOT, Name("moved")))]
    found = []
    for op in tried:
        for side, foot in zip(claims, footprint(op), strict=True):
            found.append(foot is not None and side.in_the_way(subject(op), foot) is not None)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_kept_claims_are_those_that_would_be_made_anew(seed: int) -> None:
    rng = random.Random(seed)
    trees = canopy()
    underway = Underway(trees)
    busy: dict[NodeId, Op] = {}
    number = 0
    for _ in range(60):
        match rng.randrange(5):
            case 0 | 1:
                for _ in range(rng.randrange(4)):
                    made = file(number, rng.choice(FOLDERS))
                    busy[made.id] = WriteLocal(made, None) if rng.random() < 0.5 else SubmitCreate(made, NO_REV)
                    number += 1
            case 2:
                for node_id in rng.sample(sorted(busy), min(len(busy), rng.randrange(5))):
                    del busy[node_id]
            case 3:
                one = rng.choice(FOLDERS[2:])
                trees.set_local(one, folder(one, rng.choice([ROOT, *FOLDERS[:2]])))
            case _:
                one = rng.choice(FOLDERS)
                node = trees.local.get(one)
                assert node is not None
                busy[one] = MoveLocal(node, Placement(ROOT, Name("elsewhere")))
        claims = underway.claims(busy)
        assert answers(claims, trees) == answers(anew(trees, busy), trees)
        planned = footprint(MakeLocalDir(folder(NodeId("planned"), ROOT)))[0]
        assert planned is not None
        claims[0].claim(NodeId("planned"), planned)


def test_what_a_plan_claims_is_not_under_way_in_the_next() -> None:
    trees = canopy()
    underway = Underway(trees)
    made = file(1, FOLDERS[0])
    foot = footprint(WriteLocal(made, None))[0]
    assert foot is not None
    here, _ = underway.claims({})
    here.claim(made.id, foot)
    here, _ = underway.claims({})
    assert here.in_the_way(NodeId("other"), foot) is None
