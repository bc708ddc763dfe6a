"""Which small blocks a client is sent unasked."""

from __future__ import annotations

from syncagent.content.digest import digest_of
from syncagent.hub.pushes import READS_SECONDS, Pushes
from syncagent.hub.rows import Timed
from syncagent.hub.stretch import Stretch
from syncagent.model.changes import Entry, Operation
from syncagent.model.ids import ROOT, ClientId, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Content, File, Placement

DIGEST = digest_of(b"small")
NODE = File(NodeId("n"), Placement(ROOT, Name("f")), Content(DIGEST, 5), False, 0)
ENTRY = Entry(Seq(1), Rev(1), Operation.CREATE, ClientId("a"), NODE.id, NODE)
STRETCH = Stretch((Timed(ENTRY, 0),), {DIGEST: b"small"})


def test_they_go_with_the_change_and_not_once_more_when_they_went_ahead() -> None:
    pushes = Pushes(agreed=True)
    assert pushes.go_with(STRETCH, 0.0)
    pushes.went([DIGEST])
    assert not pushes.go_with(STRETCH, 0.0)
    assert pushes.go_with(STRETCH, 0.0), "by now it may have been let go of"


def test_none_go_that_were_not_agreed_on() -> None:
    pushes = Pushes(agreed=False)
    assert not pushes.may_go(0.0)
    assert not pushes.go_with(STRETCH, 0.0)


def test_who_reads_a_folder_for_the_first_time_is_pushed_nothing() -> None:
    pushes = Pushes(agreed=True)
    pushes.asked([DIGEST], claim=True, now=10.0)
    assert not pushes.go_with(STRETCH, 10.0 + READS_SECONDS - 1)
    assert not pushes.may_go(10.0 + READS_SECONDS - 1)
    assert pushes.go_with(STRETCH, 10.0 + READS_SECONDS)


def test_who_says_that_it_reads_is_pushed_nothing_until_it_says_that_it_knows_all() -> None:
    pushes = Pushes(agreed=True)
    pushes.asked([], claim=True, now=10.0)
    pushes.asked([DIGEST], claim=True, now=11.0)
    pushes.asked([DIGEST], claim=False, now=12.0)
    assert not pushes.may_go(10_000.0)
    assert not pushes.go_with(STRETCH, 10_000.0)
    pushes.asked([], claim=False, now=10_000.0)
    assert pushes.may_go(10_000.0)
    assert pushes.go_with(STRETCH, 10_000.0)
