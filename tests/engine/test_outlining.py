"""A large file that has changed is told of while it is read, and only what is certain to differ."""

from __future__ import annotations

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.localfs import perusal
from syncagent.model.nodes import Block, File
from syncagent.model.splices import Kept, spliced
from tests.support.outlined import LONGER, NEW, OLD, Two, kept, small
from tests.support.solo import content_of


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)


@pytest.mark.parametrize("data", [NEW, LONGER, OLD[:-9], OLD[5:], OLD[1 << 20 :] + OLD[: 1 << 20]])
def test_what_is_told_is_what_the_file_is_made_of(data: bytes) -> None:
    two = Two()
    two.edit(data)
    said = two.said()
    told = [one for one in said if isinstance(one, ef.SendOutline)]
    assert len(told) > 2, "it is told of piece by piece"
    parts = tuple(part for one in told for part in one.parts)
    assert spliced(parts, content_of(OLD)[1], 10_000) == content_of(data)[1]
    before = 0
    for one in told:
        assert one.at == before
        before += sum(part.count if isinstance(part, Kept) else 1 for part in one.parts)


def test_the_bytes_of_new_blocks_come_behind_the_word_of_them_and_no_others() -> None:
    two = Two()
    two.edit(NEW)
    said, expected = two.said(), list[Block]()
    for one in said:
        if isinstance(one, ef.SendOutline):
            assert not expected
            expected = [part for part in one.parts if isinstance(part, Block)]
        else:
            assert one.ahead
            assert [block for block, _ in one.blocks] == expected
            expected = []
    assert not expected
    assert two.name().content == content_of(NEW)[0]
    assert not two.said(), "and nothing is sent again"


def test_what_has_not_left_is_not_asked_about() -> None:
    two = Two()
    two.edit(NEW)
    assert not two.sender.drain(ef.AskMissing)
    two.said()
    assert two.sender.drain(ef.AskMissing)


def test_a_file_that_was_only_touched_is_not_told_of() -> None:
    two = Two()
    two.edit(OLD)
    assert two.said() == []


def test_of_a_file_of_the_same_size_nothing_is_told_before_it_differs() -> None:
    two = Two()
    changed = OLD[: 2 << 20] + b"another" + OLD[(2 << 20) + 7 :]
    two.edit(changed)
    said = two.said()
    assert isinstance(said[0], ef.SendOutline)
    assert said[0].at == 0
    first = said[0].parts[0]
    assert isinstance(first, Kept)
    assert sum(block.size for block in content_of(OLD)[1][: first.count]) > 1 << 20
    assert kept(said) > first.count


@pytest.mark.parametrize("why", ["ahead", "outlines"])
def test_where_it_was_not_agreed_on_nothing_is_told(why: str) -> None:
    two = Two(**{why: False})
    two.edit(NEW)
    assert not [one for one in two.said() if isinstance(one, ef.SendOutline)]


def test_a_paused_agent_tells_nothing() -> None:
    two = Two()
    two.sender.feed(ev.Paused(True))
    two.edit(NEW)
    assert two.said() == []


def test_a_file_that_is_new_in_large_parts_is_not_told_of_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perusal, "NEW_BYTES", 1 << 19)
    two = Two()
    two.edit(OLD[: 1 << 20] + bytes(reversed(OLD)))
    said = two.said()
    assert sum(len(data) for one in said if isinstance(one, ef.SendBlocks) for _, data in one.blocks) <= 1 << 19
    for asked in two.sender.drain(ef.AskMissing):
        two.sender.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    two.sender.accept_all()
    assert two.sender.status.in_sync


def test_when_the_link_breaks_it_is_read_to_its_end_and_named_on_the_next() -> None:
    two = Two()
    two.sender.frozen = True
    two.edit(NEW)
    while not any(isinstance(one, ef.ReadOutline) for one in two.sender.todo):
        effect = two.sender.todo.pop(0)
        two.sender.feed(*two.sender._answers(effect))
    [reading] = two.sender.todo
    events = two.sender._answers(reading)
    two.sender.todo.clear()
    two.sender.feed(events[0])
    assert two.said()
    two.sender.offline()
    two.sender.feed(*events[1:])
    two.sender.frozen = False
    two.sender.work()
    assert two.said() == []
    two.sender.online(ahead=True, outlines=True)
    two.sender.accept_all()
    assert two.sender.status.in_sync


def test_how_it_was_cut_is_looked_up_after_a_restart() -> None:
    two = Two()
    two.sender.start().online(ahead=True, outlines=True)
    two.edit(NEW)
    assert kept(two.said())


def test_where_nobody_knows_how_it_was_cut_it_is_read_as_usual() -> None:
    two = Two()
    two.sender.recipes.clear()
    two.edit(NEW)
    assert two.said() == []
    two.sender.accept_all()
    assert two.sender.status.in_sync


@pytest.mark.hazard("A6")
def test_a_file_that_changes_while_it_is_told_of_is_named_as_it_is_then() -> None:
    two = Two()
    reads = 0

    def changes(name: str, path: str) -> None:
        nonlocal reads
        if (name, path) == ("file.read", "big"):
            reads += 1
            if reads == 4:
                two.sender.user.write("big", LONGER)

    two.sender.disk.before_call = changes
    two.edit(NEW)
    assert reads > 4
    two.sender.accept_all()
    node = two.sender.engine.canopy.remote.get(two.node)
    assert isinstance(node, File)
    assert node.content == content_of(LONGER)[0]
    assert two.sender.status.in_sync
