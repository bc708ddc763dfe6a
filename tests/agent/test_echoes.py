"""What the watcher tells of our own work, and what of it is news."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from syncagent.agent.echoes import Echoes
from syncagent.localfs.begun import FEW
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.ports import Abilities, Stat
from syncagent.model.names import RelPath
from syncagent.planner.tasks import Done, Failed, Outcome, Task, WriteTask
from tests.support.disks import Bench

NAMES = [RelPath(f"f{number}") for number in range(FEW + 1)]


class CountingDisk(MemoryDisk):
    """One that counts the looks at single paths."""

    looks = 0

    def stat(self, path: RelPath) -> Stat:
        self.looks += 1
        return super().stat(path)


class Mass:
    """More than a few files that our tasks put in place, and the hints at them."""

    def __init__(self) -> None:
        self.disk = CountingDisk()
        self.bench = Bench(self.disk, Abilities(window_ns=1_000_000_000))
        self.echoes = Echoes(self.disk)
        self.tasks: Sequence[Task] = [self.bench.write(name, name.encode()) for name in NAMES]

    def begin(self) -> list[Outcome]:
        """They are put in place, and not told yet."""
        self.echoes.begin(self.tasks)
        return self.bench.run(*self.tasks)


@pytest.fixture
def mass() -> Mass:
    return Mass()


def test_hints_at_a_mass_that_is_being_put_in_place_are_no_news(mass: Mass) -> None:
    outcomes = mass.begin()
    assert mass.echoes.news([*NAMES, RelPath("other")]) == ["other"]
    assert mass.echoes.end(mass.tasks, outcomes) == ()


@pytest.mark.hazard("A8")
def test_a8_what_a_person_has_done_meanwhile_is_told_when_the_mass_is_in_place(mass: Mass) -> None:
    outcomes = mass.begin()
    mass.disk.user.write(NAMES[0], b"mine")
    mass.disk.user.delete(NAMES[1])
    mass.disk.user.write(NAMES[2], NAMES[2].encode(), replace=True)
    assert mass.echoes.news(NAMES) == []
    assert mass.echoes.end(mass.tasks, outcomes) == tuple(NAMES[:3])


def test_what_a_person_does_after_that_is_news(mass: Mass) -> None:
    outcomes = mass.begin()
    assert mass.echoes.news(NAMES) == []
    assert mass.echoes.end(mass.tasks, outcomes) == ()
    assert mass.echoes.news(NAMES) == NAMES


def test_of_each_of_a_mass_it_is_known_before_hints_are_gathered(mass: Mass) -> None:
    assert not mass.echoes.holds(NAMES[0])
    outcomes = mass.begin()
    assert [mass.echoes.holds(name) for name in (NAMES[0], NAMES[1], RelPath("other"))] == [True, True, False]
    mass.disk.user.write(NAMES[1], b"mine")
    assert mass.echoes.end(mass.tasks, outcomes) == (NAMES[1],)
    assert not mass.echoes.holds(NAMES[0]), "what is told of it after that is news"


def test_what_nobody_has_hinted_at_is_not_looked_at(mass: Mass) -> None:
    outcomes = mass.begin()
    mass.echoes.news(NAMES[:2])
    before = mass.disk.looks
    mass.echoes.end(mass.tasks, outcomes)
    assert mass.disk.looks == before + 2


def test_what_was_hinted_at_and_could_not_be_put_in_place_is_told(mass: Mass) -> None:
    outcomes = mass.begin()
    assert isinstance(outcomes[0], Done)
    assert mass.echoes.news(NAMES) == []
    assert mass.echoes.end(mass.tasks, [Failed(outcomes[0].op, "no"), *outcomes[1:]]) == (NAMES[0],)


def test_what_may_have_been_written_in_that_very_moment_is_told(mass: Mass) -> None:
    mass.tasks = [mass.bench.write(NAMES[0], b"new", mtime_ns=mass.disk.now_ns()), *mass.tasks[1:]]
    assert isinstance(mass.tasks[0], WriteTask)
    outcomes = mass.begin()
    assert mass.echoes.news(NAMES) == []
    assert mass.echoes.end(mass.tasks, outcomes) == (NAMES[0],)


def test_when_the_root_was_lost_all_is_news(mass: Mass) -> None:
    mass.begin()
    mass.echoes.give_up()
    assert mass.echoes.news(NAMES) == NAMES


def test_of_a_few_the_stamp_is_known_once(mass: Mass) -> None:
    outcomes = mass.bench.run(*mass.tasks[:FEW])
    mass.echoes.note(outcomes)
    assert mass.echoes.news(NAMES[:FEW]) == []
    assert mass.echoes.news(NAMES[:FEW]) == NAMES[:FEW], "whatever is told of them after that is news"
