"""Units of work: pages, snapshots, blocks, and what others are to hear of a batch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncagent.content.digest import digest_of
from syncagent.hub.rows import FolderId
from syncagent.hub.stores.memory import MemoryStore
from syncagent.hub.stretch import written
from syncagent.hub.tasks import (
    AskLacking,
    Fetch,
    Fetched,
    Keep,
    Kept,
    Lacks,
    Page,
    ReadChanges,
    ReadTail,
    Submit,
    Submitted,
    Tail,
    Task,
)
from syncagent.hub.work import PAGE, perform, stretches_of, writes
from syncagent.model.changes import Change, Operation, Ruling, Verdict
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content
from syncagent.protocol.codec import encode_answer
from syncagent.protocol.connection import DEFAULT_LIMITS
from syncagent.protocol.sync import ChangesResponse

LAPTOP = ClientId("laptop")
Blocks = tuple[tuple[Digest, bytes], ...]


class Bench:
    def __init__(self) -> None:
        self.store = MemoryStore(lambda: "id")
        with self.store.unit():
            self.folder: FolderId = self.store.journal.make_folder("default").id

    def do(self, task: Task) -> object:
        with self.store.unit():
            return perform(self.store, self.folder, task, 5)

    def submit(self, *changes: Change | Verdict, blocks: Blocks = ()) -> tuple[Submit, Submitted]:
        task = Submit(LAPTOP, changes, blocks)
        answer = self.do(task)
        assert isinstance(answer, Submitted)
        return task, answer


@pytest.fixture
def bench() -> Bench:
    return Bench()


def block(plain: bytes) -> tuple[Digest, bytes]:
    return digest_of(plain), plain


def file(node: str, plain: bytes = b"", parts: tuple[bytes, ...] | None = None) -> Change:
    recipe = tuple(Block(digest_of(part), len(part)) for part in (parts if parts is not None else (plain,)) if part)
    whole = b"".join(parts) if parts is not None else plain
    return Change(
        ChangeId(f"c-{node}"), Operation.CREATE, NodeId(node), Rev(0), Kind.FILE, ROOT, Name(node),
        Content(digest_of(whole), len(whole)), recipe=recipe,
    )  # fmt: skip


def page(bench: Bench, since: int, limit: int = 0, *, snapshot: bool = False, plain: bool = False) -> Page:
    answer = bench.do(ReadChanges(Seq(since), limit, snapshot, plain))
    assert isinstance(answer, Page)
    return answer


def test_only_what_writes_waits_for_the_disk() -> None:
    assert writes(Keep(()))
    assert writes(Submit(LAPTOP, (), ()))
    assert not writes(ReadTail(Seq(0), Seq(1)))


def test_a_verdict_in_a_batch_stands_where_it_was(bench: Bench) -> None:
    refused = Verdict(ChangeId("x"), NodeId("x"), Ruling.REJECTED, error_code="invalid_path")
    _, answer = bench.submit(file("a"), refused, file("b"))
    assert [one.change_id for one in answer.verdicts] == ["c-a", "x", "c-b"]
    assert (answer.before, answer.head) == (0, 2)


def test_pages_follow_each_other_to_the_head(bench: Bench) -> None:
    bench.submit(*(file(f"n{n}") for n in range(7)))
    first = page(bench, 1, 4)
    assert ([one.entry.seq for one in first.entries], first.more, first.next, first.snapshot) == (
        [2, 3, 4, 5], True, 5, False,
    )  # fmt: skip
    last = page(bench, 5, 4)
    assert ([one.entry.seq for one in last.entries], last.more, last.next, last.head) == ([6, 7], False, 7, 7)
    assert page(bench, 3, 4).more is False
    assert page(bench, 7).entries == ()
    assert page(bench, 99).next == 99


def test_a_page_of_long_targets_fits_into_one_message(bench: Bench) -> None:
    """Else one client could write what no other can ever hear."""
    links = (
        Change(
            ChangeId(f"c{n}"), Operation.CREATE, NodeId(f"n{n}"), Rev(0), Kind.LINK, ROOT, Name(f"l{n}"),
            target="\x01" * 4096,
        )
        for n in range(300)
    )  # fmt: skip
    bench.submit(*links)
    since, seen, more = 0, 0, True
    while more:
        answer = page(bench, since, snapshot=True)
        body, entries = ChangesResponse(head=answer.head), written(answer.entries)
        text = encode_answer(body, "changes", entries, client_id="server", timestamp="")
        assert len(text.encode()) < DEFAULT_LIMITS.text_bytes
        since, seen, more = answer.next, seen + len(answer.entries), answer.more
    assert seen == 300


def test_from_the_beginning_it_is_a_snapshot(bench: Bench) -> None:
    bench.submit(*(file(f"n{n}") for n in range(PAGE + 10)))
    first = page(bench, 0)
    assert (first.snapshot, first.more, len(first.entries), first.next) == (True, True, PAGE, PAGE)
    last = page(bench, first.next, snapshot=True)
    assert (last.snapshot, last.more, len(last.entries), last.next) == (True, False, 10, PAGE + 10)
    empty = page(Bench(), 0)
    assert (empty.entries, empty.more, empty.snapshot, empty.next) == ((), False, True, 0)


def test_who_wants_to_know_what_became_of_something_is_told_the_journal_from_its_first_number_on(bench: Bench) -> None:
    bench.submit(file("a"))
    bench.submit(replace(file("a"), change_id=ChangeId("again"), operation=Operation.UPDATE, base_rev=Rev(1)))
    plain = page(bench, 0, plain=True)
    assert ([(one.entry.seq, one.entry.rev) for one in plain.entries], plain.snapshot) == ([(1, 1), (2, 2)], False)


def test_a_page_fits_into_a_message(bench: Bench) -> None:
    parts = tuple(bytes([n % 250, n // 250]) for n in range(9000))
    bench.submit(*(file(f"n{n}", parts=parts) for n in range(5)), blocks=tuple(map(block, parts)))
    sizes = []
    since, more = 0, True
    while more:
        answer = page(bench, since, snapshot=True)
        sizes.append(len(answer.entries))
        since, more = answer.next, answer.more
    assert sizes == [2, 2, 1]


def test_what_is_lacking_is_named_once(bench: Bench) -> None:
    bench.do(Keep((block(b"here"),)))
    asked = (digest_of(b"a"), digest_of(b"here"), digest_of(b"a"), digest_of(b"b"))
    assert bench.do(AskLacking(asked)) == Lacks((digest_of(b"a"), digest_of(b"b")))


def test_blocks_are_given_as_far_as_there_is_room(bench: Bench) -> None:
    blocks = tuple(block(bytes([n]) * 100) for n in range(5))
    bench.do(Keep(blocks))
    asked = (blocks[3][0], Digest(b"?" * 32), blocks[0][0], blocks[1][0])
    assert bench.do(Fetch(asked, 250)) == Fetched(3, (blocks[3], blocks[0]), (Digest(b"?" * 32),))
    assert bench.do(Fetch(asked[3:], 1)) == Fetched(1, (blocks[1],), ())
    assert bench.do(Fetch(asked, 250, unasked=True)) == Fetched(0, (), (Digest(b"?" * 32),)), "all of them or none"


def test_the_tail_has_the_small_blocks_with_it(bench: Bench) -> None:
    small, large = b"s" * 10, b"l" * 70_000
    bench.submit(file("a", small), file("b", large), blocks=(block(small), block(large)))
    answer = bench.do(ReadTail(Seq(0), Seq(2)))
    assert isinstance(answer, Tail)
    [stretch] = answer.stretches
    assert stretch._blocks == dict([block(small)])
    cut = bench.do(ReadTail(Seq(0), Seq(1)))
    assert isinstance(cut, Tail)
    assert [one.last for one in cut.stretches] == [1]


def test_what_others_hear_is_made_of_what_came_with_the_batch(bench: Bench) -> None:
    made = stretches_of(*bench.submit(file("a", b"x"), blocks=(block(b"x"),)))
    assert made is not None
    assert made[0]._blocks == dict([block(b"x")])
    bench.do(Keep((block(b"y"),)))
    assert stretches_of(*bench.submit(file("b", b"y"))) is None


# --- no room ----------------------------------------------------------------------------------------------------------


class Short(Bench):
    """A hub with room for so many bytes of content."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def do(self, task: Task) -> object:
        with self.store.unit():
            return perform(self.store, self.folder, task, 5, refuses=self.refuses)

    def refuses(self, size: int) -> str:
        return "no room" if size > self.room else ""

    def said(self, *changes: Change | Verdict, blocks: Blocks = ()) -> dict[str, str]:
        _, answer = self.submit(*changes, blocks=blocks)
        return {one.change_id: one.error_code or one.ruling.value for one in answer.verdicts}


@pytest.mark.hazard("F17", "N19")
def test_without_room_what_brings_content_is_refused_and_all_else_passes() -> None:
    short = Short(100)
    assert short.said(file("a", b"first"), file("b", b"second"), blocks=(block(b"first"), block(b"second"))) == {
        "c-a": "committed", "c-b": "committed",
    }  # fmt: skip
    short.room = 3
    delete = Change(
        ChangeId("d-a"), Operation.DELETE, NodeId("a"), Rev(1), Kind.FILE, ROOT, Name("a"), None
    )  # fmt: skip
    folder = Change(ChangeId("c-d"), Operation.CREATE, NodeId("d"), Rev(0), Kind.DIR, ROOT, Name("d"), None)
    said = short.said(
        file("new", b"unknown"), delete, folder, file("copy", b"second"), file("empty"),
        blocks=(block(b"unknown"), block(b"second")),
    )  # fmt: skip
    assert said == {
        "c-new": "storage_full", "d-a": "committed", "c-d": "committed", "c-copy": "committed", "c-empty": "committed",
    }  # fmt: skip
    assert short.store.blocks.sizes(short.folder, [digest_of(b"unknown")]) == {}
    short.room = 100
    assert short.said(file("new", b"unknown"), blocks=(block(b"unknown"),)) == {"c-new": "committed"}


@pytest.mark.hazard("F17")
def test_nobody_is_asked_again_for_blocks_that_there_is_no_room_for() -> None:
    short = Short(3)
    parts = (b"many ", b"blocks")
    assert isinstance(short.do(Keep((block(parts[0]), block(parts[1])))), Kept)
    assert short.said(file("large", parts=parts)) == {"c-large": "storage_full"}
    short.room = 100
    assert short.said(file("large", parts=parts)) == {"c-large": "needs_blocks"}
    short.do(Keep((block(parts[0]), block(parts[1]))))
    assert short.said(file("large", parts=parts)) == {"c-large": "committed"}
