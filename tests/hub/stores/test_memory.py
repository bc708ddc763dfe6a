"""The store in memory loses what a disk would lose.  What it must do as a store is in ``conformance``."""

from __future__ import annotations

import pytest

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
