"""Many changes are cut into messages that fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncagent.protocol.batches import cut
from syncagent.protocol.changes import FileChange
from syncagent.protocol.codec import encode_data
from syncagent.protocol.connection import Limits
from syncagent.protocol.envelope import MessageType
from syncagent.protocol.quick import write_batch

ROOM = Limits(text_bytes=30_000, batch_changes=7)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
blocks = st.lists(st.just(("0" * 64, (1 << 63) - 1)), max_size=120).map(tuple)


@given(st.lists(st.tuples(paths, blocks), max_size=30))
def test_every_batch_fits_and_nothing_is_lost(rows: list[tuple[str, tuple[tuple[str, int], ...]]]) -> None:
    changes = [_text(FileChange(operation="create", file_path=path, client_id="a", blocks=some)) for path, some in rows]
    batches = list(cut(changes, ROOM))
    assert [change for batch in batches for change in batch] == changes
    for batch in batches:
        assert 0 < len(batch) <= ROOM.batch_changes
        text = encode_data(MessageType.FILE_CHANGED, write_batch(batch, '"a"'), client_id="a", timestamp="t")
        assert len(text.encode()) <= ROOM.text_bytes


def test_few_changes_are_one_batch() -> None:
    changes = [_text(FileChange(operation="delete", file_path=str(n), client_id="a")) for n in range(1200)]
    assert [len(batch) for batch in cut(changes, Limits())] == [1_000, 200]
    assert [len(batch) for batch in cut(changes, Limits(), most=500)] == [500, 500, 200]


def test_a_change_that_no_message_can_hold_is_a_batch_by_itself() -> None:
    huge = _text(FileChange(operation="create", file_path="a", client_id="a", blocks=(("0" * 64, 1),) * 1000))
    small = _text(FileChange(operation="delete", file_path="b", client_id="a"))
    assert list(cut([small, huge, small], ROOM)) == [(small,), (huge,), (small,)]


def _text(change: FileChange) -> str:
    return change.model_dump_json(exclude_defaults=True)
