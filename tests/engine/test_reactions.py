"""What comes of outcomes and verdicts."""

from __future__ import annotations

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.model.changes import Ruling, Verdict
from syncagent.model.ids import Rev, Seq
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
