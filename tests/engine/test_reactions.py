"""What comes of outcomes and verdicts."""

from __future__ import annotations

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.reactions import HIDDEN
from syncagent.model.changes import Ruling, Verdict
from syncagent.model.ids import ROOT, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Link, Placement
from tests.support.solo import Solo


def test_the_answer_of_long_ago_does_not_bring_back_at_the_hub_what_was_deleted_there_since() -> None:
    """Found by the simulation: our create was taken, the answer and our memory of it were lost, others deleted it."""
    solo = Solo().synced()
    solo.user.write("a", b"1")
    solo.hinted("a")
    (submit,) = solo.drain(ef.Submit)
    (change,) = submit.changes

    solo.feed(ev.Judged((Verdict(change.change_id, change.node_id, Ruling.DUPLICATE, Seq(1), Rev(1)),), Seq(0)))

    assert solo.engine.canopy.remote.get(change.node_id) is None
    assert solo.tree() == {}, "it was agreed once, and deleted elsewhere"


def test_of_what_cannot_come_since_something_that_is_left_out_has_its_name_that_is_told() -> None:
    solo = Solo().synced()
    solo.user.write(".syncignore", b"build/\n")
    solo.user.mkdir("build")
    solo.hinted(".syncignore", "build").accept_all()
    solo.hear(solo.entry(Link(NodeId("l"), Placement(ROOT, Name("build")), "elsewhere"))).pass_time(60)
    assert solo.status.held == (("build", HIDDEN),)
    assert solo.tree()["build"] is None, "it stays"
    solo.user.delete("build")
    solo.hinted("build").pass_time(60)
    assert solo.tree()["build"] == "-> elsewhere"
    assert solo.status.in_sync
