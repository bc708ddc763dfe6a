"""Events as JSON, and back: what comes back is equal to what went out."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from syncagent.agent.plain import as_it_is, event_from, plain
from syncagent.engine import events as ev
from syncagent.model.acts import Limits
from syncagent.model.changes import Draft, Entry, Operation, Ruling, Verdict
from syncagent.model.facts import FileSeen, Ignored, Listed, LookAt, NothingThere, RulesSeen, Stamp
from syncagent.model.ids import ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Block, Content, Dir, File, Link, Placement
from syncagent.model.splices import Kept
from syncagent.planner.ops import DeleteLocal, MakeLocalDir
from syncagent.planner.tasks import Done, Failed, StaleTask
from syncagent.trees.delta import Row

DIGEST = Digest(b"\x07" * 32)
CONTENT = Content(DIGEST, 5)
FILE = File(NodeId("f"), Placement(ROOT, Name("a\udcff")), CONTENT, True, -5)
DIR, LINK = Dir(NodeId("d"), Placement(ROOT, Name("d"))), Link(NodeId("l"), Placement(NodeId("d"), Name("l")), "../x")
RECIPE = (Block(DIGEST, 3), Block(DIGEST, 2))

ENTRY = Entry(Seq(1), Rev(1), Operation.CREATE, ClientId("me"), NodeId("f"), FILE, RECIPE)

EVENTS: list[ev.Event] = [
    ev.Started(
        (
            Row(NodeId("f"), FILE, None, FILE, Rev(3), Stamp(b"s"), None),
            Row(NodeId("d"), DIR, DIR, LINK, Rev(1), None, "D"),
        ),
        {"cursor": "4"}, {DIGEST: RECIPE}, ((NodeId("p"), NothingThere(RelPath("p"))),), "2026-11-22",
    ),
    ev.Tick("2026-11-22"),
    ev.Paused(True),
    ev.Restrained("the network is metered", 0),
    ev.Cramped("the disk has no room"),
    ev.Configured("Laptop", Limits(1, 0.5, 2)),
    ev.Configured("Laptop", None),
    ev.Decided(1, 0, "approve"),
    ev.Exclusion(1, RelPath("a"), exclude=True),
    ev.ProofWanted(3),
    ev.Hinted((RelPath("a"),), (RelPath(""),), True, "overflow"),
    ev.Seen(
        1,
        (
            FileSeen(RelPath("a"), Stamp(b""), False, 7, CONTENT, RECIPE, b"\0\0"),
            Listed(RelPath(""), frozenset({"a", "b"}), frozenset({"b"})), Ignored(RelPath("b")),
            RulesSeen(RelPath(".syncignore"), b"b"), RulesSeen(RelPath(".gitignore"), None),
        ),
        False,
    ),
    ev.RootLost("gone"),
    ev.DeepLook(0.25),
    ev.HealWanted(),
    ev.Recalled({DIGEST: RECIPE}),
    ev.HubLost(((NodeId("f"), CONTENT, RECIPE),)),
    ev.RootFound(),
    ev.Welcomed("hub", "e", Seq(9)),
    ev.LinkDown("cut", final=True),
    ev.CaughtUp((ENTRY,), Seq(1), False, True, Seq(1)),
    ev.Heard((Entry(Seq(1), Rev(1), Operation.DELETE, ClientId("me"), NodeId("f"), None),)),
    ev.Judged((Verdict(ChangeId("c"), NodeId("f"), Ruling.NEEDS_BLOCKS, missing=(DIGEST,)),), Seq(9)),
    ev.HubLacks(2, frozenset({DIGEST})),
    ev.BlocksCame(((DIGEST, b"\0\0\0"),)),
    ev.BlocksCame((), drafts=(Draft(NodeId("f"), CONTENT, True, 7),)),
    ev.BlocksEnded(2, frozenset()),
    ev.BlocksSent(4),
    ev.TasksDone(
        (
            Done(MakeLocalDir(DIR), NothingThere(RelPath("d"))), StaleTask(DeleteLocal(FILE), (RelPath("a"),), "moved"),
            Failed(DeleteLocal(LINK), "full", full=True), Done(DeleteLocal(FILE), None),
        )
    ),
    ev.Outlined(2, 7, (Block(DIGEST, 1),), ((DIGEST, b"\0"),), True),
    ev.OutlineCame(NodeId("n"), Rev(3), 40, (Kept(1, 2), Block(DIGEST, 1))),
    ev.PartRead(2, ((DIGEST, b"\0"),), 1, True),
    ev.BlocksRead(2, ((DIGEST, b"\0"),), (RelPath("b"),)),
    ev.StageOpened(CONTENT, frozenset({DIGEST}), "no", True),
    ev.AheadHeld(5, "no"),
    ev.StageFilled(CONTENT, (DIGEST,), "no", True),
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=[type(event).__name__ for event in EVENTS])
def test_what_comes_back_is_equal_to_what_went_out(event: ev.Event) -> None:
    assert event_from(json.loads(json.dumps(plain(event)))) == event


def test_there_is_no_event_that_is_not_tried_here() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(ev.Event))


@pytest.mark.hazard("G15")
@pytest.mark.parametrize(
    "value",
    [
        {"_": "Popen", "args": "sh"}, {"_": "LookAt", "path": "a", "known": None}, {"_": "Tick", "day": 5},
        {"_": "Paused", "paused": "yes"}, {"_": "HubLacks", "number": 1, "digests": ["zz"]}, {"no": "type"}, "Tick",
        {"_": "Judged", "verdicts": [{"_": "Tick", "day": "x"}], "head": 1},
    ],
)  # fmt: skip
def test_nothing_else_is_made_of_what_is_read(value: Any) -> None:
    with pytest.raises(ValueError):
        event_from(value)
    assert LookAt  # a type of ours that is no event


def test_each_leaf_can_be_changed_on_its_way_back() -> None:
    seen: set[tuple[str, str]] = set()

    def touch(kind: str, field: str, value: Any) -> Any:
        seen.add((kind, field))
        return as_it_is(kind, field, value)

    for event in EVENTS:
        event_from(plain(event), touch)
    names = {("RelPath", "path"), ("Name", "name"), ("str", "target"), ("str", "names"), ("str", "spelling")}
    assert names | {("Digest", "digest"), ("ClientId", "author"), ("str", "reason"), ("Stamp", "stamp")} <= seen
