"""Whether another machine is sending the same is asked before the bytes of a first link leave."""

from __future__ import annotations

import pytest

from syncagent.engine import at_hand, uploads
from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine import turns as turns_module
from syncagent.engine.turns import LONG, LONGEST, PATIENCE, UTMOST, Turns
from syncagent.hub.claims import Claims
from syncagent.model.changes import Ruling
from syncagent.model.ids import Digest, NodeId
from syncagent.model.nodes import Block
from tests.support.solo import Solo, content_of, file, large

SMALL = content_of(b"small")[0].digest


def linking(**files: bytes) -> Solo:
    """A folder that is linked for the first time to an empty hub, which shares out who sends what."""
    solo = Solo()
    for name, data in files.items():
        solo.user.write(name, data)
    return solo.start().online(claims=True)


def test_at_a_first_link_a_small_file_is_asked_about_before_its_bytes_leave() -> None:
    solo = linking(a=b"small")
    [asked] = solo.drain(ef.AskMissing)
    assert (asked.digests, asked.claim) == ((SMALL,), True)
    assert solo.submitted() == solo.drain(ef.SendBlocks) == []
    solo.feed(ev.HubLacks(asked.number, frozenset({SMALL})))
    [sent] = solo.drain(ef.SendBlocks)
    assert [data for _, data in sent.blocks] == [b"small"]
    assert len(solo.accept()) == 1
    assert solo.status.settled


def test_what_another_sends_is_left_to_it_and_becomes_its_file() -> None:
    solo = linking(a=b"small")
    [asked] = solo.drain(ef.AskMissing)
    solo.feed(ev.HubLacks(asked.number, frozenset(), frozenset({SMALL})))
    assert not solo.status.settled
    solo.hear(solo.entry(file("theirs", "a", b"small")))
    solo.pass_time(3 * PATIENCE)
    assert solo.drain(ef.AskMissing) == solo.submitted() == solo.drain(ef.SendBlocks) == []
    assert solo.drain(ef.AskBlocks) == []
    assert solo.status.settled


def test_what_another_does_not_send_after_all_is_asked_about_again_and_sent() -> None:
    solo = linking(a=b"small")
    [asked] = solo.drain(ef.AskMissing)
    solo.feed(ev.HubLacks(asked.number, frozenset(), frozenset({SMALL})))
    assert solo.drain(ef.AskMissing) == []
    solo.pass_time(PATIENCE)
    [again] = solo.drain(ef.AskMissing)
    assert again.claim
    solo.feed(ev.HubLacks(again.number, frozenset({SMALL})))
    assert [len(one.blocks) for one in solo.drain(ef.SendBlocks)] == [1]
    assert len(solo.accept()) == 1
    assert solo.status.settled


def test_what_the_hub_has_by_now_is_named_without_its_bytes() -> None:
    solo = linking(a=b"small")
    [asked] = solo.drain(ef.AskMissing)
    solo.feed(ev.HubLacks(asked.number, frozenset()))
    assert solo.drain(ef.SendBlocks) == []
    changes = solo.submitted()
    solo.refuse(changes, "needs_blocks", ruling=Ruling.NEEDS_BLOCKS)
    [again] = solo.drain(ef.AskMissing)
    solo.feed(ev.HubLacks(again.number, frozenset({SMALL})))
    assert [len(one.blocks) for one in solo.drain(ef.SendBlocks)] == [1]


@pytest.mark.parametrize("size", [3, 12], ids=["of a few blocks", "large"])
def test_larger_files_are_left_to_others_too(size: int) -> None:
    data = large("theirs", size)
    digests = frozenset(block.digest for block in content_of(data)[1])
    solo = linking(a=data)
    for _ in range(3):  # the first question may be about its first part
        for one in solo.drain(ef.AskMissing):
            assert one.claim
            solo.feed(ev.HubLacks(one.number, frozenset(), digests & frozenset(one.digests)))
    assert solo.submitted() == solo.drain(ef.SendBlocks) == []
    solo.hear(solo.entry(file("theirs", "a", data), recipe=content_of(data)[1]))
    solo.pass_time(3 * PATIENCE)
    assert solo.submitted() == solo.drain(ef.SendBlocks) == []
    assert solo.status.settled


def test_once_all_was_at_one_small_files_leave_unasked() -> None:
    solo = linking(a=b"small").accept_all()
    assert solo.status.settled
    solo.user.write("b", b"another")
    solo.hinted("b")
    assert solo.drain(ef.AskMissing) == []
    assert len(solo.drain(ef.SendBlocks)) == 1


def test_a_folder_that_was_linked_before_and_a_hub_that_does_not_share_out_are_not_asked() -> None:
    solo = Solo()
    solo.user.write("a", b"small")
    solo.start().online(claims=False)
    assert solo.drain(ef.AskMissing) == []
    assert len(solo.accept()) == 1
    solo.offline()
    solo.user.write("b", b"another")
    solo.hinted("b")
    solo.drain(ef.SendBlocks)
    solo.online(claims=True)
    assert solo.drain(ef.AskMissing) == []
    assert len(solo.drain(ef.SendBlocks)) == 1


def test_what_was_asked_when_the_link_broke_is_asked_on_the_next_one() -> None:
    solo = linking(a=b"small")
    assert len(solo.drain(ef.AskMissing)) == 1
    solo.offline().online(claims=True)
    [asked] = solo.drain(ef.AskMissing)
    solo.feed(ev.HubLacks(asked.number, frozenset(), frozenset({SMALL})))
    solo.offline().online(claims=True)
    assert len(solo.drain(ef.AskMissing)) == 1, "also what was left to others"


def test_a_first_link_that_breaks_when_something_was_told_goes_on_with_questions() -> None:
    solo = linking(a=b"small", b=b"another")
    [asked] = solo.drain(ef.AskMissing)
    solo.hear(solo.entry(file("theirs", "a", b"small")))
    solo.offline().online(claims=True)
    [again] = solo.drain(ef.AskMissing)
    assert len(again.digests) == 1 and set(again.digests) < set(asked.digests)
    assert solo.drain(ef.SendBlocks) == [], "the other one may be about to send it"
    solo.feed(ev.HubLacks(again.number, frozenset(again.digests)))
    assert len(solo.accept()) == 1
    assert solo.status.settled
    solo.user.write("c", b"later")
    solo.offline().online(claims=True).hinted("c")
    assert solo.drain(ef.AskMissing) == []


def test_few_questions_are_open_at_once_and_no_more_is_read_than_need_be() -> None:
    numbers = iter(range(100))
    woken: list[NodeId] = []
    turns = Turns(lambda: next(numbers), woken.extend, lambda digest: None)
    turns.asks = True
    digests = [Digest(number.to_bytes(32, "big")) for number in range(LONG + 1_000)]
    for number, digest in enumerate(digests):
        assert turns.wait(digest, NodeId(f"n{number}"))
    asked = turns.advance()
    assert [len(one.digests) for one in asked if isinstance(one, ef.AskMissing)] == [256, 256, 256]
    assert turns.advance() == []
    assert turns.many
    turns.lacks(0, digests[-256:], ())
    last = len(digests) - 1
    assert woken == [NodeId(f"n{last - number}") for number in range(256)], "what came last does not wait for the rest"
    assert not turns.wait(digests[last], NodeId(f"n{last}"))
    assert len(turns.advance()) == 1
    assert not turns.many


def test_what_others_have_sent_by_then_is_not_asked_about() -> None:
    numbers = iter(range(100))
    woken: list[NodeId] = []
    turns = Turns(lambda: next(numbers), woken.extend, lambda digest: None)
    turns.asks = True
    theirs, ours = Digest(b"theirs"), Digest(b"ours")
    for digest, name in ((theirs, "a"), (theirs, "its copy"), (ours, "b")):
        assert turns.wait(digest, NodeId(name))
    turns.is_there(theirs)
    turns.is_there(Digest(b"of no concern"))
    assert woken == ["a", "its copy"], "what else holds the same is planned for without a question"
    assert [one.digests for one in turns.advance() if isinstance(one, ef.AskMissing)] == [(ours,)]


def test_of_two_with_the_same_large_file_one_sends_it_however_their_questions_meet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "ASKED_AT_ONCE", 4)
    data, claims, now = large("both", 12), Claims[str](), 0.0
    ann, bob = linking(a=data), linking(a=data)
    both = {"ann": ann, "bob": bob}
    sent: list[str] = []
    while not sent and now < LONGEST:
        asked = {who: solo.drain(ef.AskMissing) for who, solo in both.items()}
        for number in range(max(map(len, asked.values()))):
            for who in ("ann", "bob") if number % 2 == 0 else ("bob", "ann"):  # the hub hears them by turns
                for one in asked[who][number : number + 1]:
                    mine, coming = claims.take(who, one.digests, now)
                    both[who].feed(ev.HubLacks(one.number, frozenset(mine), frozenset(coming)))
        sent = [who for who, solo in both.items() if solo.drain(ef.SendBlocks)]
        if not any(asked.values()):
            now += PATIENCE
            ann.pass_time(PATIENCE)
            bob.pass_time(PATIENCE)
    assert len(sent) == 1


@pytest.mark.hazard("N19")
@pytest.mark.parametrize("data", [b"small", large("theirs", 3), large("theirs", 12)], ids=["small", "medium", "large"])
def test_what_others_say_for_ever_that_they_bring_is_sent_after_a_while(data: bytes) -> None:
    solo = linking(a=data)
    waited = 0.0
    while not (sent := solo.drain(ef.SendBlocks)):
        assert waited <= LONGEST + PATIENCE
        for one in solo.drain(ef.AskMissing):
            solo.feed(ev.HubLacks(one.number, frozenset(), frozenset(one.digests)))
        solo.pass_time(PATIENCE)
        waited += PATIENCE
    assert waited >= LONGEST
    content, recipe = content_of(data)
    blocks = set(recipe) or {Block(content.digest, content.size)}
    assert {block for one in sent for block, _ in one.blocks} == blocks


def test_the_hub_is_told_that_we_read_and_then_that_we_know_all_that_we_have() -> None:
    solo = linking(a=b"small")
    assert solo.words == [True], "what others send may be what is here, too"
    [asked] = solo.drain(ef.AskMissing)
    solo.feed(ev.HubLacks(asked.number, frozenset(), frozenset({SMALL})))
    assert solo.words == [True], "what is left to others is not at one yet"
    solo.hear(solo.entry(file("theirs", "a", b"small")))
    solo.pass_time(3 * PATIENCE)
    assert solo.words == [True, False]
    solo.offline().online(claims=True)
    assert solo.words == [True, False], "it is no first link any more"


def test_a_folder_without_files_is_known_at_once_and_on_a_new_connection_it_is_said_anew() -> None:
    assert linking().words in ([], [True, False])
    solo = linking(a=b"small").offline().online(claims=True)
    assert solo.words == [True, True]
    assert solo.accept_all().words == [True, True, False]


def test_while_much_is_claimed_and_not_read_yet_nothing_more_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SMALL_READS", 4)
    monkeypatch.setattr(turns_module, "GROUP_FILES", 4)
    monkeypatch.setattr(at_hand, "AT_HAND", 0)
    solo = linking(**{f"f{number}": b"content %d" % number for number in range(100)})
    solo.frozen = True
    claimed = 0
    while asked := solo.drain(ef.AskMissing):
        for one in asked:
            claimed += len(one.digests)
            solo.feed(ev.HubLacks(one.number, frozenset(one.digests)))
    assert claimed < 50
    monkeypatch.setattr(at_hand, "AT_HAND", 1 << 20)
    solo.frozen = False
    solo.work()
    assert solo.accept_all().status.settled


def test_as_long_as_more_and_more_of_a_large_file_comes_it_is_left_to_who_sends_it() -> None:
    data = large("theirs", 12)
    solo, left = linking(a=data), [block.digest for block in content_of(data)[1]]
    waited = 0.0
    while len(left) > 1:
        for _ in range(int(LONGEST / PATIENCE) - 2):
            for one in solo.drain(ef.AskMissing):
                solo.feed(ev.HubLacks(one.number, frozenset(), frozenset(one.digests) & frozenset(left)))
            solo.pass_time(PATIENCE)
            waited += PATIENCE
        left.pop()
    assert waited > 3 * LONGEST
    assert solo.drain(ef.SendBlocks) == []


def test_what_others_have_lost_is_sent_in_the_end_though_they_bring_other_things() -> None:
    solo, waited = linking(a=b"small"), 0.0
    while not solo.drain(ef.SendBlocks):
        assert waited <= UTMOST + PATIENCE
        for one in solo.drain(ef.AskMissing):
            solo.feed(ev.HubLacks(one.number, frozenset(), frozenset(one.digests)))
        solo.engine._uploads.turns.is_there(Digest(b"something else"))
        solo.pass_time(PATIENCE)
        waited += PATIENCE
    assert waited >= UTMOST


@pytest.mark.parametrize("size", [3, 12], ids=["of a few blocks", "large"])
def test_blocks_of_a_file_that_is_left_to_others_are_given_back(size: int) -> None:
    data = large("theirs", size)
    first, *rest = (block.digest for block in content_of(data)[1])
    solo = linking(a=data)
    for _ in range(3):  # the first question may be about its first part
        for one in solo.drain(ef.AskMissing):
            if one.claim:
                solo.feed(ev.HubLacks(one.number, frozenset(one.digests) - {first}, frozenset({first})))
            else:
                assert set(one.digests) == set(rest)
                return
    raise AssertionError("they stay claimed")
