"""The hub's brake: what one client takes away at once is held; nothing else, and no one else."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import pytest

from syncagent.content.digest import digest_of
from syncagent.hub.brake import MOST_KEYS, Brake, BrakeRules
from syncagent.hub.rows import FolderId
from syncagent.hub.stores.memory import MemoryStore
from syncagent.hub.tasks import Submit, Submitted
from syncagent.hub.work import perform
from syncagent.model.acts import Limits
from syncagent.model.changes import Change, Operation, Ruling, Verdict
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ChangeId, ClientId, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content

LAPTOP, DESKTOP = ClientId("laptop"), ClientId("desktop")
pytestmark = pytest.mark.hazard("E2", "G13")


class World:
    """A folder of files at a hub, and clients that change it."""

    def __init__(self, files: int, rules: BrakeRules | None = None) -> None:
        self.store = MemoryStore(lambda: "id")
        with self.store.unit():
            self.folder: FolderId = self.store.journal.make_folder("default").id
        self.brake = Brake(rules or BrakeRules())
        self.now = 1000.0
        self.numbers = itertools.count()
        self.names = [f"n{number}" for number in range(files)]
        self.submit(DESKTOP, *(self.create(name) for name in self.names))
        self.now += 3600

    def submit(self, author: ClientId, *changes: Change, confirmed: bool = False) -> tuple[Verdict, ...]:
        blocks = tuple((block.digest, block.digest[: block.size]) for one in changes for block in one.recipe)
        self.brake.begin()
        with self.store.unit():
            task = Submit(author, changes, blocks, confirmed)
            answer = perform(self.store, self.folder, task, int(self.now * 1e9), self.brake, self.now)
        assert isinstance(answer, Submitted)
        self.newly_held = answer.newly_held
        return answer.verdicts

    def change(self, operation: Operation, name: str, text: str = "", parts: int = 1, keep: int = 0) -> Change:
        row = self.row(name)
        recipe = tuple(
            Block(digest_of(f"{name if number < keep else text} {number}".encode()), 30) for number in range(parts)
        )
        whole = recipe[0].digest if parts == 1 else digest_of(repr(recipe).encode())
        content = Content(whole, 30 * parts) if operation in (Operation.CREATE, Operation.UPDATE) else None
        return Change(
            ChangeId(f"c{next(self.numbers)}"), operation, NodeId(name), Rev(row.rev if row else 0), Kind.FILE, ROOT,
            Name(name), content, recipe=recipe if content else (),
        )  # fmt: skip

    def row(self, name: str):  # type: ignore[no-untyped-def]
        return self.store.journal.kept[self.folder].nodes.get(NodeId(name))

    def create(self, name: str, parts: int = 1) -> Change:
        return self.change(Operation.CREATE, name, name, parts)

    def delete(self, name: str) -> Change:
        return self.change(Operation.DELETE, name)

    def overwrite(self, name: str, text: str = "other") -> Change:
        return self.change(Operation.UPDATE, name, text)

    def living(self) -> int:
        return self.store.journal.living_files(self.folder)


def said(verdicts: tuple[Verdict, ...]) -> Counter[str]:
    return Counter(one.error_code or one.ruling.value for one in verdicts)


def test_nine_files_are_no_mass_even_when_they_are_all() -> None:
    world = World(9)
    assert said(world.submit(LAPTOP, *map(world.delete, world.names))) == {"committed": 9}


def test_from_ten_files_that_are_half_of_the_folder_on_each_delete_is_held() -> None:
    world = World(40)
    verdicts = world.submit(LAPTOP, *map(world.delete, world.names))
    assert [one.ruling for one in verdicts[:19]] == [Ruling.COMMITTED] * 19
    assert {(one.ruling, one.error_code) for one in verdicts[19:]} == {(Ruling.REJECTED, "mass_delete_held")}
    assert world.living() == 21
    assert world.newly_held == 21


def test_a_thousand_files_are_too_many_in_a_folder_of_any_size() -> None:
    world = World(5000)
    assert said(world.submit(LAPTOP, *map(world.delete, world.names[:1500]))) == {
        "committed": 999, "mass_delete_held": 501,
    }  # fmt: skip


def test_overwrites_count_as_deletes_do() -> None:
    world = World(40)
    assert said(world.submit(LAPTOP, *map(world.overwrite, world.names))) == {"committed": 19, "mass_delete_held": 21}


def test_what_comes_in_single_changes_counts_together() -> None:
    world = World(40)
    found = Counter[str]()
    for name in world.names:
        world.now += 0.5
        found += said(world.submit(LAPTOP, world.delete(name)))
    assert found == {"committed": 19, "mass_delete_held": 21}


def test_a_minute_later_it_counts_anew() -> None:
    world = World(100)
    for start in range(0, 30, 10):
        assert said(world.submit(LAPTOP, *map(world.delete, world.names[start : start + 10]))) == {"committed": 10}
        world.now += 60


def test_what_is_held_stays_held_however_often_it_is_tried() -> None:
    world = World(20)
    world.submit(LAPTOP, *map(world.delete, world.names))
    held = [name for name in world.names if world.row(name).living]
    for _ in range(3):
        world.now += 61
        assert said(world.submit(LAPTOP, *map(world.delete, held))) == {"mass_delete_held": 11}
        assert world.newly_held == 0


def test_a_burst_that_goes_on_for_longer_than_the_window_is_one() -> None:
    world = World(1000, BrakeRules(limits=Limits(most=50)))
    found = Counter[str]()
    for name in world.names:
        world.now += 1
        found += said(world.submit(LAPTOP, world.delete(name)))
    assert found == {"committed": 49, "mass_delete_held": 951}


def test_all_else_that_the_client_does_goes_on() -> None:
    world = World(40)
    world.submit(LAPTOP, *map(world.delete, world.names))
    left = [name for name in world.names if world.row(name).living]
    move = world.change(Operation.MOVE, left[0])
    renamed = Change(move.change_id, move.operation, move.node_id, move.base_rev, move.kind, ROOT, Name("elsewhere"))
    assert said(world.submit(LAPTOP, world.create("new"), renamed, world.overwrite(left[1]))) == {"committed": 3}


def test_others_go_on() -> None:
    world = World(40)
    world.submit(LAPTOP, *map(world.delete, world.names))
    left = [name for name in world.names if world.row(name).living]
    assert said(world.submit(DESKTOP, *map(world.delete, left[:5]))) == {"committed": 5}


def test_folders_are_counted_each_by_itself() -> None:
    world = World(40)
    world.submit(LAPTOP, *map(world.delete, world.names))
    with world.store.unit():
        world.folder = world.store.journal.make_folder("other").id
    world.submit(DESKTOP, *map(world.create, world.names))
    assert said(world.submit(LAPTOP, *map(world.delete, world.names[:9]))) == {"committed": 9}


def test_a_large_file_of_which_most_stays_is_edited_and_not_overwritten() -> None:
    world = World(0)
    world.submit(DESKTOP, *(world.create(f"n{number}", parts=4) for number in range(20)))
    world.now += 3600
    edits = [world.change(Operation.UPDATE, f"n{number}", "other", parts=4, keep=2) for number in range(20)]
    assert said(world.submit(LAPTOP, *edits)) == {"committed": 20}
    rest = [world.change(Operation.UPDATE, f"n{number}", "third", parts=4, keep=1) for number in range(20)]
    assert said(world.submit(LAPTOP, *rest)) == {"committed": 9, "mass_delete_held": 11}


def test_a_file_that_is_saved_again_and_again_counts_once() -> None:
    world = World(20)
    for number in range(50):
        world.now += 0.1
        assert said(world.submit(LAPTOP, world.overwrite("n0", str(number)))) == {"committed": 1}
    assert said(world.submit(LAPTOP, *map(world.delete, world.names[:9]))) == {"committed": 9}
    assert said(world.submit(LAPTOP, world.delete("n9"))) == {"mass_delete_held": 1}


def test_what_the_client_itself_has_just_made_counts_among_all() -> None:
    world = World(20)
    fresh = [f"tmp{number}" for number in range(50)]
    world.submit(LAPTOP, *map(world.create, fresh))
    assert said(world.submit(LAPTOP, *map(world.delete, fresh))) == {"committed": 34, "mass_delete_held": 16}


def test_a_folder_that_was_filled_a_moment_ago_is_no_other_than_one_of_long_ago() -> None:
    world = World(0)
    names = [f"n{number}" for number in range(40)]
    world.submit(LAPTOP, *map(world.create, names))
    assert said(world.submit(LAPTOP, *map(world.delete, names))) == {"committed": 19, "mass_delete_held": 21}


def test_what_was_there_before_is_looked_at_by_itself() -> None:
    world = World(20)
    world.submit(LAPTOP, *(world.create(f"new{number}") for number in range(100)))
    deletes = [*map(world.delete, world.names[:9]), *(world.delete(f"new{number}") for number in range(30))]
    assert said(world.submit(LAPTOP, *deletes)) == {"committed": 39}
    assert said(world.submit(LAPTOP, world.delete("n9"))) == {"mass_delete_held": 1}


def test_copies_that_were_made_before_do_not_widen_the_limit() -> None:
    """As one does who encrypts: a new file for each, then the old ones go."""
    world = World(40)
    world.submit(LAPTOP, *(world.create(f"{name}.locked") for name in world.names))
    assert said(world.submit(LAPTOP, *map(world.delete, world.names))) == {"committed": 19, "mass_delete_held": 21}


def test_what_a_person_has_confirmed_is_neither_held_nor_counted() -> None:
    world = World(60)
    assert said(world.submit(LAPTOP, *map(world.delete, world.names[:40]), confirmed=True)) == {"committed": 40}
    assert said(world.submit(LAPTOP, *map(world.delete, world.names[40:49]))) == {"committed": 9}
    world.submit(LAPTOP, *map(world.delete, world.names[49:]))
    [held] = world.brake.held()
    assert held.deletes == 11
    world.submit(LAPTOP, *map(world.delete, world.names[49:]), confirmed=True)
    assert world.living() == 0
    assert world.brake.held() == []


def test_a_change_that_would_be_refused_anyway_says_why_and_does_not_count() -> None:
    world = World(20)
    stale = [world.delete(name) for name in world.names]
    world.submit(DESKTOP, *(world.overwrite(name) for name in world.names[:5]))
    assert said(world.submit(LAPTOP, *stale)) == {"conflict": 5, "committed": 9, "mass_delete_held": 6}


def test_an_answer_that_was_lost_is_given_again_while_the_brake_is_on() -> None:
    world = World(20)
    deletes = [world.delete(name) for name in world.names]
    world.submit(LAPTOP, *deletes)
    assert said(world.submit(LAPTOP, *deletes)) == {"duplicate": 9, "mass_delete_held": 11}


def test_a_keeper_sees_what_is_held() -> None:
    world = World(40)
    assert world.brake.held() == []
    first = int(world.now * 1e9)
    world.submit(LAPTOP, *map(world.delete, world.names[:30]))
    world.now += 10
    world.submit(LAPTOP, *map(world.overwrite, world.names[30:]))
    [held] = world.brake.held()
    assert (held.client, held.deletes, held.overwrites) == (LAPTOP, 11, 7)
    assert held.paths[0] == "n19"
    assert (held.since_ns, held.tried_ns) == (first, int(world.now * 1e9))


def test_what_was_approved_passes_when_it_is_tried_again_and_only_that() -> None:
    world = World(60)
    world.submit(LAPTOP, *map(world.delete, world.names[:40]))
    assert world.brake.approve([world.folder], LAPTOP, world.now) == 11
    world.now += 500
    left = [name for name in world.names if world.row(name).living]
    assert said(world.submit(LAPTOP, *map(world.delete, left))) == {"committed": 11 + 9, "mass_delete_held": 11}


def test_an_approval_that_is_not_used_ends() -> None:
    world = World(20)
    world.submit(LAPTOP, *map(world.delete, world.names))
    world.brake.approve([world.folder], LAPTOP, world.now)
    left = [name for name in world.names if world.row(name).living]
    world.now += 601
    assert said(world.submit(LAPTOP, *map(world.delete, left))) == {"committed": 9, "mass_delete_held": 2}


def test_what_was_rejected_never_passes_until_the_change_is_another_one() -> None:
    world = World(20)
    world.submit(LAPTOP, *map(world.delete, world.names))
    assert world.brake.reject([world.folder], LAPTOP) == 11
    left = [name for name in world.names if world.row(name).living]
    world.now += 7200
    assert said(world.submit(LAPTOP, *map(world.delete, left))) == {"mass_delete_rejected": 11}
    assert world.brake.held() == []
    world.submit(DESKTOP, world.overwrite(left[0]))
    assert said(world.submit(LAPTOP, world.delete(left[0]))) == {"committed": 1}


def test_what_was_rejected_passes_when_the_person_at_the_client_insists() -> None:
    world = World(20)
    world.submit(LAPTOP, *map(world.delete, world.names))
    world.brake.reject([world.folder], LAPTOP)
    left = [name for name in world.names if world.row(name).living]
    assert said(world.submit(LAPTOP, *map(world.delete, left), confirmed=True)) == {"committed": 11}


def test_other_rules_count_from_now_on_and_what_is_held_stays_held_but_where_it_is_taken_off() -> None:
    world = World(20)
    world.brake.go_by(BrakeRules(limits=Limits(3, 0.01, 3)))
    assert said(world.submit(LAPTOP, *map(world.delete, world.names[:5]))) == {"committed": 2, "mass_delete_held": 3}
    world.brake.go_by(BrakeRules())
    left = [name for name in world.names[:5] if world.row(name).living]
    assert said(world.submit(LAPTOP, *map(world.delete, left))) == {"mass_delete_held": 3}
    world.brake.go_by(BrakeRules(on=False))
    assert world.brake.held() == []
    assert said(world.submit(LAPTOP, *map(world.delete, left))) == {"committed": 3}


def test_nobody_is_approved_who_has_nothing_held() -> None:
    world = World(20)
    assert world.brake.approve([world.folder], LAPTOP, world.now) == 0
    assert world.brake.reject([world.folder], LAPTOP) == 0
    assert said(world.submit(LAPTOP, *map(world.delete, world.names)))["mass_delete_held"] == 11


def test_what_the_store_has_undone_was_not_counted() -> None:
    world = World(20)

    def full() -> None:
        raise OSError

    world.store.before_commit = full
    for _ in range(5):
        with pytest.raises(OSError):
            world.submit(LAPTOP, *map(world.delete, world.names[:9]))
        world.brake.undo()
    world.store.before_commit = lambda: None
    assert world.brake.held() == []
    assert said(world.submit(LAPTOP, *map(world.delete, world.names[:9]))) == {"committed": 9}


def test_that_something_is_held_is_noted_for_the_next_start() -> None:
    world = World(20)
    world.submit(LAPTOP, *map(world.delete, world.names))
    assert world.store.journal.noted_held() == [(world.folder, LAPTOP)]
    left = [name for name in world.names if world.row(name).living]
    world.submit(LAPTOP, *map(world.delete, left), confirmed=True)
    assert world.store.journal.noted_held() == []


def test_what_was_held_at_the_last_start_is_one_burst_with_what_is_tried_again() -> None:
    world = World(20)
    world.brake.hold_again(world.folder, LAPTOP)
    assert said(world.submit(LAPTOP, world.create("new"))) == {"committed": 1}
    assert said(world.submit(LAPTOP, *map(world.delete, world.names[:5]))) == {"mass_delete_held": 5}
    world.now += 61
    assert said(world.submit(LAPTOP, *map(world.delete, world.names[5:10]))) == {"committed": 5}


def test_without_a_brake_all_passes() -> None:
    world = World(2000, BrakeRules(on=False))
    assert said(world.submit(LAPTOP, *map(world.delete, world.names))) == {"committed": 2000}


def test_a_brake_that_is_flooded_stays_small_and_stays_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_KEYS == 100_000
    monkeypatch.setattr("syncagent.hub.brake.MOST_KEYS", 30)
    world = World(200)
    verdicts = world.submit(LAPTOP, *map(world.delete, world.names))
    assert said(verdicts) == {"committed": 99, "mass_delete_held": 101}
    [held] = world.brake.held()
    assert held.deletes == 30
    world.brake.approve([world.folder], LAPTOP, world.now)
    assert said(world.submit(LAPTOP, *map(world.delete, world.names[99:]))) == {"committed": 101}


def test_clients_that_did_nothing_lately_are_forgotten_and_bursts_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncagent.hub.brake._MOST_CLIENTS", 10)
    world = World(40)
    world.brake._most = 10
    world.submit(LAPTOP, *map(world.delete, world.names))
    for number in range(100):
        world.now += 61
        world.submit(ClientId(f"client-{number}"), world.create(f"new{number}"))
    assert len(world.brake._records) < 25
    assert len(world.brake.held()) == 1


# --- a folder with all that is in it ------------------------------------------------------------------------------


class Housed(World):
    """All files are in one folder."""

    def __init__(self, files: int, rules: BrakeRules | None = None) -> None:
        super().__init__(0, rules)
        self.names = [f"n{number}" for number in range(files)]
        folder = Change(ChangeId("d"), Operation.CREATE, NodeId("d"), Rev(0), Kind.DIR, ROOT, Name("d"))
        inside = [replace(self.create(name), parent=NodeId("d")) for name in self.names]
        self.submit(DESKTOP, folder, *inside)
        self.now += 3600

    def all(self, confirmed: bool = False) -> Counter[str]:
        change_id = ChangeId(f"c{next(self.numbers)}")
        head = self.store.journal.folders()[0].head
        gone = Change(change_id, Operation.DELETE, NodeId("d"), Rev(1), Kind.DIR, beneath=len(self.names), as_of=head)
        return said(self.submit(LAPTOP, gone, confirmed=confirmed))


def test_a_folder_of_a_mass_is_held_as_a_whole_until_a_person_says_yes() -> None:
    world = Housed(40)
    assert world.all() == {"mass_delete_held": 1}
    assert world.newly_held == 40
    assert world.living() == 40
    assert [one.deletes for one in world.brake.held()] == [40]
    world.now += 61
    assert world.all() == {"mass_delete_held": 1}
    assert world.newly_held == 0
    assert world.brake.approve([world.folder], LAPTOP, world.now) == 40
    assert world.all() == {"committed": 1}
    assert world.living() == 0


def test_a_person_at_the_clients_machine_has_said_yes_to_all_of_it() -> None:
    world = Housed(40)
    assert world.all(confirmed=True) == {"committed": 1}


def test_a_folder_of_a_few_goes_and_counts() -> None:
    world = Housed(9)
    assert world.all() == {"committed": 1}
    [record] = [one for (_, client), one in world.brake._records.items() if client == LAPTOP]
    assert len(record.taken) == 9


def test_a_no_to_all_of_it_is_a_no_and_a_no_to_a_part_divides_it() -> None:
    world = Housed(40)
    world.all()
    world.brake.reject([world.folder], LAPTOP)
    assert world.all() == {"mass_delete_rejected": 1}
    world = Housed(40)
    world.submit(LAPTOP, *map(world.delete, world.names[:20]))
    world.brake.reject([world.folder], LAPTOP)
    world.names = [name for name in world.names if world.row(name).living]
    assert world.all() == {"conflict": 1}
    assert world.living() == len(world.names)
