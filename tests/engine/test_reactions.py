"""What comes of outcomes and verdicts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.reactions import HIDDEN
from syncagent.localfs.memory_systems import fat
from syncagent.model.changes import Operation, Ruling, Verdict
from syncagent.model.ids import ROOT, NodeId, Rev, Seq
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Link, Placement
from tests.support.solo import Solo, content_of, file


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


@pytest.mark.hazard("C6", "N1", "N19")
@pytest.mark.parametrize("name", ["con", "B"])
def test_an_edit_of_what_cannot_have_its_new_name_here_is_sent_all_the_same(name: str) -> None:
    """``con`` is no name on such a disk; ``B`` is taken there by ``b``."""
    solo = Solo()
    solo.use(fat(lambda: int(solo.now * 1e9)))
    solo.synced(a=b"1", b=b"2")
    node_id = solo.id_of("a")
    there = replace(file("a", name, b"1", mtime_ns=solo.disk.find(RelPath("a")).mtime_ns), id=node_id)
    solo.hear(solo.entry(there)).pass_time(30)
    ((path, reason),) = solo.status.held
    assert path == "a"
    assert reason.endswith(f"(at the hub it is {name})")

    solo.user.write("a", b"three")
    solo.hinted("a").pass_time(20)
    (change,) = solo.accept()
    assert change.content == content_of(b"three")[0]
    assert (change.operation, change.node_id) == (Operation.UPDATE, node_id)
    assert [path for path, _ in solo.pass_time(30).status.held] == ["a"], "it is still told"


@pytest.mark.hazard("C6", "N1", "N19")
def test_what_was_edited_on_both_sides_and_cannot_have_its_new_name_here_is_kept_twice() -> None:
    solo = Solo()
    solo.use(fat(lambda: int(solo.now * 1e9)))
    solo.synced(a=b"1")
    node_id = solo.id_of("a")
    solo.user.write("a", b"mine")
    there = replace(file("a", "con", b"theirs"), id=node_id)
    solo.hear(solo.entry(there))
    solo.hinted("a").pass_time(30)
    created = [change for change in solo.accept() if change.operation is Operation.CREATE]
    assert [change.content for change in created] == [content_of(b"mine")[0]]
    assert b"mine" in solo.tree().values()
