"""Files of a few blocks: many of them cost one question, one reading and one transaction of the hub."""

from __future__ import annotations

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine import medium
from syncagent.engine.medium import MEDIUM
from tests.support.solo import Solo, content_of, large

MANY = 20


def contents(count: int = MANY) -> dict[str, bytes]:
    """Files of two blocks each."""
    made = {f"m{number}": large(f"medium {number}", 2)[:MEDIUM] for number in range(count)}
    assert all(len(content_of(data)[1]) > 1 for data in made.values())
    return made


def begun(files: dict[str, bytes]) -> Solo:
    solo = Solo().synced()
    for name, data in files.items():
        solo.user.write(name, data)
    return solo.hinted(*files)


def lacks_all(solo: Solo) -> None:
    for asked in solo.drain(ef.AskMissing):
        solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))


def test_many_are_asked_about_sent_and_named_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(medium, "GROUP_BYTES", 1 << 30)
    files = contents()
    solo = begun(files)
    (asked,) = solo.drain(ef.AskMissing)
    assert set(asked.digests) == {block.digest for data in files.values() for block in content_of(data)[1]}
    solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    (sent,) = solo.drain(ef.SendBlocks)
    assert {block.digest for block, _ in sent.blocks} == set(asked.digests)
    assert solo.status.uploading == sum(map(len, files.values()))
    solo.feed(ev.BlocksSent(sent.number))
    (submit,) = solo.drain(ef.Submit)
    assert len(submit.changes) == MANY
    solo.accept(submit.changes)
    assert solo.status.in_sync
    assert solo.status.uploading == 0


def test_they_go_in_groups_of_some_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(medium, "GROUP_BYTES", 4 * MEDIUM)
    solo = begun(contents(4 * medium.GROUPS_AT_ONCE + 1))
    assert len(solo.drain(ef.AskMissing)) == medium.GROUPS_AT_ONCE
    solo.offline().online().accept_all()
    assert solo.status.in_sync
    assert solo.status.files == 4 * medium.GROUPS_AT_ONCE + 1


def test_what_the_hub_has_is_not_sent() -> None:
    files = contents(3)
    solo = begun(files)
    (asked,) = solo.drain(ef.AskMissing)
    one, other, _ = (content_of(data)[1] for data in files.values())
    solo.feed(ev.HubLacks(asked.number, frozenset({one[0].digest, other[1].digest})))
    (sent,) = solo.drain(ef.SendBlocks)
    assert [block for block, _ in sent.blocks] == [one[0], other[1]]
    (change,) = solo.submitted()
    assert change.name == "m2", "it lacks nothing of that one"
    solo.feed(ev.BlocksSent(sent.number))
    solo.accept([change, *solo.submitted()])
    assert solo.status.in_sync


@pytest.mark.hazard("A6")
def test_one_that_changes_meanwhile_does_not_hold_up_the_others() -> None:
    files = contents(3)
    solo = begun(files)
    (asked,) = solo.drain(ef.AskMissing)
    solo.user.write("m1", b"another by now")
    solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    stale = {block.digest for block in content_of(files["m1"])[1]}
    for sent in solo.drain(ef.SendBlocks):
        assert stale.isdisjoint(block.digest for block, _ in sent.blocks)
        solo.feed(ev.BlocksSent(sent.number))
    assert {"m0", "m2"} <= {change.name for change in solo.accept()}
    solo.pass_time(1)
    solo.accept_all()
    assert solo.status.in_sync


@pytest.mark.parametrize("phase", ["asked", "read", "sent"])
def test_after_a_break_they_are_asked_about_anew(phase: str) -> None:
    solo = begun(contents(3))
    if phase != "asked":
        solo.frozen = phase == "read"
        lacks_all(solo)
    solo.offline()
    solo.frozen = False
    solo.work()
    assert solo.submitted() == []
    solo.drain(ef.SendBlocks)
    solo.drain(ef.AskMissing)
    solo.online()
    (asked,) = solo.drain(ef.AskMissing)
    assert len(asked.digests) == 3 * len(content_of(contents(1)["m0"])[1])
    solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    solo.accept_all()
    assert solo.status.in_sync
    assert solo.status.uploading == 0


def test_a_root_that_is_lost_meanwhile_leaves_nothing_on_its_way() -> None:
    solo = begun(contents(3))
    solo.frozen = True
    lacks_all(solo)
    solo.feed(ev.RootLost("gone"))
    solo.todo.clear()
    assert solo.status.uploading == 0
    solo.frozen = False
    solo.feed(ev.RootFound())
    solo.pass_time(1)
    solo.accept_all()
    assert solo.status.in_sync


def test_a_file_with_a_block_twice_sends_it_once() -> None:
    block = large("twice", 1)
    solo = begun({"m": block + block})
    (asked,) = solo.drain(ef.AskMissing)
    solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    (sent,) = solo.drain(ef.SendBlocks)
    digests = [one.digest for one, _ in sent.blocks]
    assert len(digests) == len(set(digests))
    solo.feed(ev.BlocksSent(sent.number))
    solo.accept()
    assert solo.status.in_sync
