"""The store in memory loses what a disk would lose.  What it must do as a store is in ``conformance``."""

from __future__ import annotations

import pytest

from syncagent.content.digest import digest_of
from syncagent.errors import StorageFull
from syncagent.hub.stores.memory import MemoryStore


def test_a_disk_that_is_full_at_the_end_of_a_unit_undoes_it() -> None:
    store = MemoryStore(lambda: "id")

    def full() -> None:
        raise StorageFull("no room")

    store.before_commit = full
    with pytest.raises(StorageFull), store.unit():
        store.journal.make_folder("default")
    assert store.journal.folders() == []


def test_writing_outside_of_a_unit_is_a_mistake() -> None:
    store = MemoryStore(lambda: "id")
    with pytest.raises(AssertionError, match="outside of a unit"):
        store.journal.make_folder("default")
    with pytest.raises(AssertionError, match="within a unit"), store.unit(), store.unit():
        pass


def test_a_backup_is_what_it_was_and_may_begin_another_epoch() -> None:
    ids = iter("abcdefgh")
    store = MemoryStore(lambda: next(ids))
    with store.unit():
        store.journal.make_folder("default")
        run = store.journal.begin_run().current
    backup = store.backup()
    with store.unit():
        store.journal.make_folder("more")
    assert (backup.journal.hub_id, [one.name for one in backup.journal.folders()]) == ("a", ["default"])
    assert backup.journal.folders()[0].epoch == store.journal.folders()[0].epoch
    with backup.unit():
        assert backup.journal.begin_run().current != run
    backup.begin_epochs()
    assert backup.journal.folders()[0].epoch != store.journal.folders()[0].epoch


@pytest.mark.hazard("F16")
def test_what_need_not_last_is_lost_in_a_crash_until_something_that_must_has_followed() -> None:
    store = MemoryStore(lambda: "id")
    with store.unit():
        folder = store.journal.make_folder("default").id
    blocks = [(digest_of(plain), plain) for plain in (b"one", b"two")]
    kept = [digest for digest, _ in blocks]
    for block in blocks:
        with store.unit(durable=False):
            store.blocks.put(folder, [block])
    assert set(store.blocks.sizes(folder, kept)) == set(kept)
    store.crash()
    assert store.blocks.sizes(folder, kept) == {}
    with store.unit(durable=False):
        store.blocks.put(folder, blocks)
    with store.unit():
        pass
    store.crash()
    assert set(store.blocks.sizes(folder, kept)) == set(kept)
