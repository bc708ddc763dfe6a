"""After what there may be something in the stage that nobody wants."""

from __future__ import annotations

import pytest

from syncagent.engine import events as ev
from syncagent.engine.leftovers import leaves_something
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, Placement
from syncagent.planner.ops import MakeLocalDir
from syncagent.planner.tasks import Done, Failed, Outcome, StaleTask

OP = MakeLocalDir(Dir(NodeId("n"), Placement(ROOT, Name("n"))))
DONE, FAILED, STALE = Done(OP, None), Failed(OP, "why"), StaleTask(OP, (), "why")


@pytest.mark.parametrize("event", [ev.RootFound(), ev.AheadHeld(1), ev.Hinted(everything=True)])
def test_a_start_what_came_ahead_and_a_look_at_everything_may_leave_something(event: ev.Event) -> None:
    assert leaves_something(event)


@pytest.mark.parametrize("outcomes", [(FAILED,), (DONE, STALE)])
def test_so_may_tasks_that_were_not_done(outcomes: tuple[Outcome, ...]) -> None:
    assert leaves_something(ev.TasksDone(outcomes))


@pytest.mark.parametrize("event", [ev.TasksDone((DONE, DONE)), ev.Hinted(), ev.Tick("2026-11-26"), ev.LinkDown("cut")])
def test_what_is_done_leaves_nothing(event: ev.Event) -> None:
    assert not leaves_something(event)
