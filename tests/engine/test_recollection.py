"""What an agent remembers of the recipes that the hub has."""

from __future__ import annotations

from dataclasses import replace

from syncagent.engine.recollection import Recollection
from syncagent.model.changes import Change, Entry, Operation, Ruling, Verdict
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content, File, Placement, Recipe
from syncagent.model.splices import Kept

NODE = NodeId("n")


def recipe(count: int, changed: int = -1) -> Recipe:
    return tuple(
        Block(Digest(bytes([number == changed]) + number.to_bytes(31, "big")), 1) for number in range(count)
    )  # fmt: skip


OLD, NEW = recipe(100), recipe(100, 40)


def update(new: Recipe, base: int, operation: Operation = Operation.UPDATE) -> Change:
    content = Content(Digest(b"w" * 32), len(new))
    return Change(ChangeId(f"c{base}"), operation, NODE, Rev(base), Kind.FILE, content=content, recipe=new)


def verdict(base: int, ruling: Ruling = Ruling.COMMITTED) -> Verdict:
    return Verdict(ChangeId(f"c{base}"), NODE, ruling, Seq(base + 1), Rev(base + 1))


def told(rev: int, new: Recipe) -> Entry:
    node = File(NODE, Placement(ROOT, Name("f")), Content(Digest(b"w" * 32), len(new)), False, 0)
    return Entry(Seq(rev), Rev(rev), Operation.UPDATE, ClientId("b"), NODE, node, new)


def test_an_edit_of_what_the_hub_has_is_said_by_what_is_new() -> None:
    memory = Recollection()
    create = update(OLD, 0, Operation.CREATE)
    assert memory.submit(create) == create
    assert memory.submit(update(NEW, 1)) == update(NEW, 1), "the verdict was not heard yet"
    memory.judged([verdict(0)])
    change = memory.submit(update(NEW, 1))
    assert change == replace(update(NEW, 1), splice=(Kept(0, 40), NEW[40], Kept(41, 59)))
    memory.judged([verdict(1)])
    assert memory.at(NODE, Rev(2)) == NEW, "the whole of it is remembered"


def test_what_was_told_counts_as_what_was_sent() -> None:
    memory = Recollection()
    memory.told([told(5, OLD)])
    assert memory.submit(update(NEW, 5)).splice
    assert not memory.submit(update(NEW, 4)).splice


def test_after_a_move_it_is_the_same_file() -> None:
    memory = Recollection()
    memory.told([told(1, OLD)])
    memory.submit(replace(update((), 1, Operation.MOVE), content=None))
    memory.judged([verdict(1)])
    assert memory.at(NODE, Rev(2)) == OLD


def test_what_was_refused_or_answered_before_is_not_known() -> None:
    for ruling in (Ruling.REJECTED, Ruling.DUPLICATE, Ruling.NEEDS_BLOCKS):
        memory = Recollection()
        memory.submit(update(OLD, 0, Operation.CREATE))
        memory.judged([verdict(0, ruling)])
        assert memory.at(NODE, Rev(1)) is None


def test_the_hub_is_not_asked_about_what_it_has_until_it_has_lost_something() -> None:
    memory = Recollection()
    memory.told([told(1, OLD)])
    digests = [block.digest for block in NEW]
    assert memory.unknown(digests) == [NEW[40].digest]
    memory.submit(update(NEW, 1))
    memory.judged([verdict(1, Ruling.NEEDS_BLOCKS)])
    assert memory.unknown(digests) == digests
