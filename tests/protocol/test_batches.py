"""Many changes are cut into messages that fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncagent.protocol.batches import cut
from syncagent.protocol.changes import FileChange, FileChanges
from syncagent.protocol.codec import encode_body
from syncagent.protocol.connection import Limits

ROOM = Limits(text_bytes=30_000, batch_changes=7)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
blocks = st.lists(st.just(("0" * 64, (1 << 63) - 1)), max_size=120).map(tuple)


@given(st.lists(st.tuples(paths, blocks), max_size=30))
def test_every_batch_fits_and_nothing_is_lost(rows: list[tuple[str, tuple[tuple[str, int], ...]]]) -> None:
    changes = [FileChange(operation="create", file_path=path, client_id="a", blocks=some) for path, some in rows]
    batches = list(cut(changes, ROOM))
    assert [change for batch in batches for change in batch] == changes
    for batch in batches:
        assert 0 < len(batch) <= ROOM.batch_changes
        text = encode_body(FileChanges(client_id="a", changes=batch), client_id="a", timestamp="t")
        assert len(text.encode()) <= ROOM.text_bytes


def test_few_changes_are_one_batch() -> None:
    changes = [FileChange(operation="delete", file_path=str(number), client_id="a") for number in range(1200)]
    assert [len(batch) for batch in cut(changes, Limits())] == [500, 500, 200]
    assert [len(batch) for batch in cut(changes, Limits(), most=1000)] == [1000, 200]


def test_a_change_that_no_message_can_hold_is_a_batch_by_itself() -> None:
    huge = FileChange(operation="create", file_path="a", client_id="a", blocks=(("0" * 64, 1),) * 1000)
    small = FileChange(operation="delete", file_path="b", client_id="a")
    assert list(cut([small, huge, small], ROOM)) == [(small,), (huge,), (small,)]
