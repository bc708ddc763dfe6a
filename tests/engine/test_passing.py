"""A large file that is new is sent while it is read; the change that names it comes last, whatever happens."""

from __future__ import annotations

from random import Random

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine import passing
from syncagent.localfs import perusal, scanner
from tests.support.solo import Solo, content_of

SIZE = 9 << 20
BIG = Random(1).randbytes(SIZE)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "LARGE", 8 << 20)
    monkeypatch.setattr(perusal, "PART", 1 << 20)


def begun(data: bytes = BIG) -> Solo:
    """A large new file was seen, and its first part is being asked about."""
    solo = Solo().synced()
    solo.user.write("big", data)
    solo.hinted("big")
    return solo


def answer(solo: Solo, *, lacking: bool = True) -> int:
    """The hub answers what it was asked, and takes what it was sent; how many bytes that were."""
    for asked in solo.drain(ef.AskMissing):
        solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests if lacking else ())))
    sent = solo.drain(ef.SendBlocks)
    solo.feed(*[ev.BlocksSent(one.number) for one in sent if one.number])
    return sum(block.size for one in sent for block, _ in one.blocks)


def until_named(solo: Solo, rounds: int = 100) -> int:
    """Until the change is submitted; the bytes that were sent before."""
    total = 0
    for _ in range(rounds):
        if any(isinstance(one, ef.Submit) for one in solo.sent):
            return total
        total += answer(solo)
    raise AssertionError("it never came to its end")


def test_a_new_file_is_read_once_and_its_bytes_are_sent_before_it_is_named() -> None:
    solo = Solo().synced()
    solo.user.write("big", BIG)
    calls: list[tuple[str, str]] = []
    solo.disk.before_call = lambda name, path: calls.append((name, path))
    solo.hinted("big")
    assert until_named(solo) == SIZE
    assert calls.count(("open", "big")) == 1
    [change] = solo.accept()
    assert (change.path, change.content, change.recipe) == ("big", *content_of(BIG))
    assert solo.status.in_sync


def test_what_has_not_left_is_not_named() -> None:
    solo = begun()
    for _ in range(50):
        sent = [one for one in solo.sent if isinstance(one, ef.SendBlocks)]
        for asked in solo.drain(ef.AskMissing):
            solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
        if len(sent) > 1:
            solo.sent.remove(sent[0])
            solo.feed(ev.BlocksSent(sent[0].number))
    assert not solo.submitted(), "the last part has not left"
    assert solo.status.looking
    until_named(solo)
    assert len(solo.accept()) == 1


def test_no_more_is_read_than_may_wait_to_leave() -> None:
    solo = begun()
    answer(solo)
    waiting = [one for one in solo.sent if isinstance(one, ef.SendBlocks)]
    assert len(waiting) <= passing.PARTS_AT_ONCE
    for _ in range(20):
        for asked in solo.drain(ef.AskMissing):
            solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    waiting = [one for one in solo.sent if isinstance(one, ef.SendBlocks)]
    assert len(waiting) <= passing.PARTS_AT_ONCE


def test_what_the_hub_has_already_is_not_sent() -> None:
    solo = begun()
    assert answer(solo, lacking=False) == 0
    [asked] = solo.drain(ef.AskMissing)
    assert set(asked.digests) == {block.digest for block in content_of(BIG)[1]}, "of all of it, now that it is known"
    solo.feed(ev.HubLacks(asked.number, frozenset()))
    assert len(solo.accept()) == 1
    assert solo.status.in_sync


def test_a_file_that_changes_while_it_is_sent_is_named_as_it_is_then_a6() -> None:
    solo = begun()
    answer(solo)
    solo.user.write("big", BIG[::-1])
    solo.accept_all()
    node = solo.engine.canopy.synced.get(solo.id_of("big"))
    assert node is not None
    assert node.content == content_of(BIG[::-1])[0]  # type: ignore[union-attr]
    assert solo.status.in_sync


def test_a_link_that_breaks_while_it_is_sent_costs_only_what_the_hub_says_it_lacks() -> None:
    solo = begun()
    answer(solo)
    solo.offline()
    solo.sent.clear()
    assert not solo.status.in_sync
    solo.online()
    [asked] = solo.drain(ef.AskMissing)
    assert len(asked.digests) == len(content_of(BIG)[1])
    solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests[-1:])))
    [sent] = solo.drain(ef.SendBlocks)
    assert len(sent.blocks) == 1


def test_a_slow_way_does_not_keep_the_file_from_being_known() -> None:
    solo = begun()
    solo.pass_time(passing.PATIENCE + 0.1)
    assert solo.id_of("big") in solo.engine.canopy.local, "although nothing has left"
    solo.accept_all()
    assert solo.status.in_sync


def test_a_paused_agent_sends_nothing() -> None:
    solo = Solo().synced()
    solo.feed(ev.Paused(True))
    solo.user.write("big", BIG)
    solo.hinted("big")
    assert not [one for one in solo.sent if isinstance(one, ef.AskMissing | ef.SendBlocks)]


def test_an_agent_that_is_paused_while_it_sends_ceases() -> None:
    solo = begun()
    answer(solo)
    solo.sent.clear()
    solo.feed(ev.Paused(True))
    assert not [one for one in solo.sent if isinstance(one, ef.AskMissing | ef.SendBlocks)]
    assert solo.id_of("big") in solo.engine.canopy.local


def test_when_the_root_is_lost_nothing_of_it_is_taken_in_e1() -> None:
    solo = begun()
    solo.feed(ev.RootLost("gone"))
    solo.sent.clear()
    assert answer(solo) == 0
    assert not solo.submitted()


def test_a_file_that_someone_writes_into_is_not_sent_before_it_is_whole() -> None:
    solo = Solo().synced()
    solo.user.write("big", BIG)
    with solo.user.held_open("big"):
        solo.hinted("big")
        [asked] = solo.drain(ef.AskMissing)
        assert len(asked.digests) == len(content_of(BIG)[1]), "it was read to its end, as any other"


def test_an_edit_of_a_large_file_is_read_as_before() -> None:
    solo = begun()
    until_named(solo)
    solo.accept()
    solo.user.write("big", BIG + b"!")
    solo.hinted("big")
    assert not solo.engine._uploads.passing
    solo.accept_all()
    assert solo.status.in_sync


def test_how_much_is_left_is_told() -> None:
    solo = begun()
    assert solo.status.uploading == SIZE
    answer(solo)
    assert 0 < solo.status.uploading < SIZE


@pytest.mark.parametrize("stop", ["slow", "paused"])
def test_the_hub_is_not_asked_about_what_is_still_leaving(stop: str) -> None:
    """It would say that it lacks that, and have it sent twice."""
    solo = begun()
    for asked in solo.drain(ef.AskMissing):
        solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    leaving = solo.drain(ef.SendBlocks)
    assert len(leaving) > 1
    if stop == "paused":
        solo.feed(ev.Paused(True), ev.Paused(False))
    else:
        solo.pass_time(passing.PATIENCE + 0.1)
    assert solo.id_of("big") in solo.engine.canopy.local
    for one in leaving:
        assert not solo.drain(ef.AskMissing)
        solo.feed(ev.BlocksSent(one.number))
    [asked] = solo.drain(ef.AskMissing)
    left = {block.digest for one in leaving for block, _ in one.blocks}
    solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests) - left))
    while sent := [one for one in solo.drain(ef.SendBlocks) if one.number]:
        assert not left & {block.digest for one in sent for block, _ in one.blocks}
        solo.feed(*[ev.BlocksSent(one.number) for one in sent])
    solo.accept()
    assert solo.status.in_sync


def test_what_was_leaving_when_the_link_broke_is_waited_for_no_more() -> None:
    solo = begun()
    for asked in solo.drain(ef.AskMissing):
        solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    solo.pass_time(passing.PATIENCE + 0.1)
    solo.offline()
    solo.sent.clear()
    solo.online()
    assert solo.drain(ef.AskMissing)
