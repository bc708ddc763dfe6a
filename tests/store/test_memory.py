"""The store of the simulation loses power as a disk would: the last commits, never one from the middle."""

from __future__ import annotations

from random import Random

from syncagent.model.ids import Digest, NodeId
from syncagent.store.memory import UNSURE_MOST, MemoryStore
from syncagent.store.ports import INCARNATION
from syncagent.trees.delta import Delta
from tests.conformance.test_agent_store import RECIPE, a_file, at_rest


def commits(store: MemoryStore, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        store.commit(Delta((at_rest(a_file(f"n{number}")),), facts={"cursor": str(number)}))


def survivors(store: MemoryStore) -> list[NodeId]:
    return [row.id for row in store.load().rows]


def test_e13_after_a_crash_the_first_commits_stand_and_the_last_may_not() -> None:
    counts = set()
    for seed in range(40):
        store = MemoryStore(Random(seed))
        store.load()
        commits(store, 5)
        lost = store.crash()
        assert survivors(store) == [f"n{number}" for number in range(5 - lost)]
        assert store.load().facts.get("cursor") == (None if lost == 5 else str(4 - lost))
        counts.add(lost)
    assert counts == set(range(6))


def test_what_was_synced_survives() -> None:
    for seed in range(20):
        store = MemoryStore(Random(seed))
        commits(store, 3)
        store.sync()
        commits(store, 3, start=3)
        store.crash()
        assert survivors(store)[:3] == ["n0", "n1", "n2"]


def test_old_commits_become_durable_by_themselves() -> None:
    store = MemoryStore(Random(0))
    commits(store, UNSURE_MOST + 50)
    store.crash()
    assert len(survivors(store)) >= 50


def test_the_same_seed_loses_the_same() -> None:
    def lost(seed: int) -> list[int]:
        store = MemoryStore(Random(seed))
        counts = []
        for _ in range(5):
            commits(store, 9)
            counts.append(store.crash())
        return counts

    assert lost(3) == lost(3)
    assert lost(3) != lost(4)


def test_a_recipe_is_there_before_it_is_durable() -> None:
    store = MemoryStore(Random(1))
    file = a_file("a", b"1")
    store.commit(Delta((at_rest(file),), recipes={file.content.digest: RECIPE}))
    assert store.recipe(file.content.digest) == RECIPE
    store.sync()
    assert store.recipe(file.content.digest) == RECIPE
    assert store.recipe(Digest(b"-" * 32)) is None


def test_e3_damage_leaves_nothing_but_a_new_incarnation_and_says_why() -> None:
    store = MemoryStore(Random(0))
    before = store.load().facts[INCARNATION]
    commits(store, 2)
    store.damage("a torn page")
    loaded = store.load()
    assert loaded.rows == ()
    assert loaded.rebuilt == "a torn page"
    assert loaded.facts.keys() == {INCARNATION}
    assert loaded.facts[INCARNATION] != before
    assert store.load().rebuilt == ""


def test_a_backup_is_what_it_was_and_can_be_put_back() -> None:
    store = MemoryStore(Random(1))
    commits(store, 2)
    backup = store.backup()
    commits(store, 2, start=2)
    assert survivors(backup) == ["n0", "n1"]
    assert backup.load().facts[INCARNATION] == store.load().facts[INCARNATION]
    store.restore(backup)
    assert survivors(store) == ["n0", "n1"]
    commits(store, 1, start=9)
    assert survivors(backup) == ["n0", "n1"]
