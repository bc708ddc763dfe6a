"""However a client learns of a folder, by the journal or by a snapshot, page by page, it knows the same (F19)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.content.digest import content_of, digest_of
from syncagent.hub.fsck import what_is_wrong
from syncagent.hub.rows import FolderId, Wanted
from syncagent.hub.stores.files import BlockFiles
from syncagent.hub.stores.memory import MemoryStore
from syncagent.hub.stores.ports import Store
from syncagent.hub.stores.sqlite import SqliteStore
from syncagent.hub.tasks import Page, ReadChanges, Submit
from syncagent.hub.work import perform
from syncagent.model.changes import Change, Operation
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ChangeId, ClientId, NodeId, Rev, Seq
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Node
from syncagent.sqlite import MEMORY

NODES = [NodeId(f"n{number}") for number in range(6)]
PARENTS = st.sampled_from([ROOT, *NODES])
NAMES = st.sampled_from([Name("a"), Name("b"), Name("c")])
TEXTS = [b"one", b"two", b"three"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(Operation), st.sampled_from(NODES), PARENTS, NAMES, st.sampled_from(TEXTS), st.booleans()
    ),
    max_size=40,
)


@contextmanager
def store_of(kind: str, tmp: pytest.TempPathFactory) -> Iterator[Store]:
    if kind == "memory":
        yield MemoryStore(lambda: "id")
        return
    files = BlockFiles(str(tmp.mktemp("blocks")), digest_of)
    store = SqliteStore(MEMORY, files)
    yield store
    store.close()
    files.close()


class Folder:
    """A folder at a hub, changed by whatever steps."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.unit():
            self.id: FolderId = store.journal.make_folder("default").id
            store.blocks.put(self.id, [(digest_of(text), text) for text in TEXTS])
        self.numbers = 0

    def step(self, operation: Operation, node: NodeId, parent: NodeId, name: Name, text: bytes, file: bool) -> None:
        row = self.store.journal.rows(self.id, Wanted(frozenset({node}), *[frozenset()] * 4)).nodes.get(node)
        self.numbers += 1
        kind = row.kind if row else Kind.FILE if file else Kind.DIR
        change = Change(
            ChangeId(f"c{self.numbers}"), operation, node, row.rev if row else Rev(0), kind, parent, name, path=name,  # type: ignore[arg-type]
        )  # fmt: skip
        if kind is Kind.FILE and operation in (Operation.CREATE, Operation.UPDATE):
            content = content_of(text)
            change = replace(change, content=content, recipe=(Block(content.digest, content.size),))
        with self.store.unit():
            perform(self.store, self.id, Submit(ClientId("c"), (change,), ()), self.numbers)

    def pages(self, since: int, limit: int, *, meanwhile: Iterator[None]) -> Iterator[Page]:
        """The pages that a client asks for, one after the other, while the folder goes on changing."""
        snapshot = False
        while True:
            page = perform(self.store, self.id, ReadChanges(Seq(since), limit, snapshot), 0)
            assert isinstance(page, Page)
            yield page
            if not page.more:
                return
            since, snapshot = page.next, page.snapshot
            next(meanwhile, None)

    def learn(self, since: int, known: dict[NodeId, Node], limit: int, meanwhile: Iterator[None]) -> dict[NodeId, Node]:
        """What a client knows that knew ``known`` at ``since``, when it has caught up."""
        tree = dict(known)
        for number, page in enumerate(self.pages(since, limit, meanwhile=meanwhile)):
            if page.snapshot and number == 0:
                tree = {}
            for timed in page.entries:
                if timed.entry.node is None:
                    tree.pop(timed.entry.node_id, None)
                else:
                    tree[timed.entry.node_id] = timed.entry.node
        return tree


@pytest.mark.hazard("F19", "N12")
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@given(data=st.data())
def test_a_snapshot_brings_about_what_the_journal_does(
    kind: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    with store_of(kind, tmp_path_factory) as store:
        folder = Folder(store)
        for step in data.draw(STEPS):
            folder.step(*step)
        later = iter(data.draw(STEPS))
        limit = data.draw(st.integers(1, 5))

        def meanwhile() -> Iterator[None]:
            for step in later:
                folder.step(*step)
                yield

        # One begins with a snapshot, while the folder changes; the rest of the journal brings it to the end.
        half = folder.learn(0, {}, limit, meanwhile())
        head = store.journal.folders()[0].head
        for step in later:
            folder.step(*step)
        nothing: Iterator[None] = iter(())
        by_both = folder.learn(head, half, limit, nothing)
        by_snapshot = folder.learn(0, {}, limit, nothing)
        entries = [timed.entry for timed in store.journal.entries(folder.id, Seq(0), 1000)]
        by_journal: dict[NodeId, Node] = {}
        for entry in entries:
            by_journal.pop(entry.node_id, None)
            if entry.node is not None:
                by_journal[entry.node_id] = entry.node
        assert by_snapshot == by_journal == by_both
        rows = {row.id: row for row in store.journal.rows_after(folder.id, Seq(0), 1000)}
        assert what_is_wrong(rows, entries, {digest_of(text): len(text) for text in TEXTS}) == []
