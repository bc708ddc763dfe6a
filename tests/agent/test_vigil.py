"""What a start knows of the machine's stop before it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from syncagent.agent.vigil import NOTE, WINDOW, Clocks, Vigil, vigil_in
from syncagent.engine.events import Stop
from syncagent.engine.status import State, Status
from syncagent.errors import StorageFull

pytestmark = pytest.mark.hazard("B6")

SECOND = 10**9
RISK = round(WINDOW) * SECOND


@dataclass
class Machine:
    """A machine with clocks that go on by hand, and a note that outlives its boots."""

    boot: str = "first"
    mono: float = 0.0
    wall_ns: int = 10**18
    note: str = ""
    name: str = "this one"
    vigil: Vigil = field(init=False)

    def start(self, boot: str = "") -> Stop | None:
        self.boot = boot or self.boot
        clocks = Clocks(lambda: self.mono, lambda: self.wall_ns)
        self.vigil = Vigil(self.boot, self.wall_ns, lambda: self.note, self._write, clocks, self.name)
        return self.vigil.begin()

    def _write(self, text: str) -> None:
        self.note = text

    def live(self, seconds: int, jump_ns: int = 0) -> None:
        for _ in range(0, seconds, 60):
            self.mono += 60
            self.wall_ns += 60 * SECOND
            self.vigil.beat()
        self.wall_ns += jump_ns

    def look(self) -> None:
        self.vigil.hear(Status(State.IDLE))


def test_a_first_start_has_nothing_to_fear() -> None:
    assert Machine().start() is None


def test_what_was_written_right_before_the_first_start_is_at_risk_too() -> None:
    machine = Machine()
    began_ns = machine.wall_ns
    machine.start()
    machine.live(120)
    stop = machine.start("second")
    assert stop is not None
    assert stop.since_ns == began_ns - RISK


def test_a_process_that_was_killed_on_a_machine_that_went_on_has_lost_nothing() -> None:
    machine = Machine()
    machine.start()
    machine.live(3600)
    assert machine.start() is None


def test_after_another_boot_what_was_written_in_the_last_minutes_is_at_risk() -> None:
    machine = Machine()
    machine.start()
    machine.live(7200)
    stopped_ns = machine.wall_ns
    machine.wall_ns += 10**15
    stop = machine.start("second")
    assert stop is not None
    assert not stop.cleanly
    assert stopped_ns - RISK - 60 * SECOND <= stop.since_ns <= stopped_ns - RISK


def test_an_agent_that_was_stopped_cleanly_fears_only_for_what_it_had_just_seen() -> None:
    machine = Machine()
    machine.start()
    machine.live(7200)
    machine.vigil.end()
    stop = machine.start("second")
    assert stop is not None
    assert stop.cleanly


@pytest.mark.hazard("E9")
@pytest.mark.parametrize("jump_ns", [315_360_000 * SECOND, -315_360_000 * SECOND])
def test_a_clock_that_jumps_hides_nothing(jump_ns: int) -> None:
    machine = Machine()
    machine.start()
    machine.live(7200)
    written_ns = machine.wall_ns
    machine.live(60, jump_ns)
    machine.live(60)
    stop = machine.start("second")
    assert stop is not None
    assert stop.since_ns <= written_ns


def test_what_the_hub_was_not_heard_of_is_remembered_until_it_was() -> None:
    """What waits for its word is in the database alone, which may be lost in the next moment."""
    machine = Machine()
    machine.start()
    stop = machine.start("second")
    assert stop is not None
    for state in (State.OFFLINE, State.CATCHING_UP):
        machine.vigil.hear(Status(state))
        machine.vigil.end()
        assert machine.start() == stop
    machine.look()
    machine.vigil.end()
    assert machine.start() is None


def test_what_was_not_looked_at_is_remembered_until_it_was() -> None:
    machine = Machine()
    machine.start()
    machine.live(7200)
    stop = machine.start("second")
    assert machine.start("second") == stop, "killed before it had looked"
    machine.live(7200)
    assert machine.start("second") == stop
    machine.look()
    machine.live(60)
    assert machine.start("second") is None


def test_what_was_looked_at_is_at_risk_until_what_came_of_it_is_durable() -> None:
    machine = Machine()
    machine.start()
    first = machine.start("second")
    machine.look()
    machine.live(120)
    second = machine.start("third")
    assert first is not None
    assert second is not None
    assert second.since_ns == first.since_ns
    machine.look()
    machine.live(7200)
    third = machine.start("fourth")
    assert third is not None
    assert third.since_ns > first.since_ns


def test_where_the_system_does_not_tell_its_boots_each_start_may_be_one() -> None:
    machine = Machine(boot="")
    machine.start()
    assert machine.start() is not None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"boot": 1}', '{"boot": "b", "since_ns": "x", "stopped": 0}', "\0\0"])
def test_a_note_that_cannot_be_read_is_none(text: str) -> None:
    assert Machine(note=text).start("second") is None


def test_a_note_that_cannot_be_written_stops_nothing() -> None:
    def full(text: str) -> None:
        raise StorageFull("no room")

    vigil = Vigil("b", 0, lambda: "", full, Clocks(lambda: 0.0, lambda: 0))
    assert vigil.begin() is None
    vigil.end()


def test_the_note_lies_in_the_data_directory_and_knows_this_boot(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert vigil_in(tmp_path).begin() is None
    note = json.loads((tmp_path / NOTE).read_text())
    assert note["unread"] is None
    (tmp_path / NOTE).write_text(json.dumps({**note, "boot": "another"}))
    stop = vigil_in(tmp_path).begin()
    assert stop is not None
    assert (stop.since_ns, stop.cleanly) == (note["since_ns"], False)
    assert stop.booted_ns is None or note["since_ns"] < stop.booted_ns < time.time_ns()


@pytest.mark.hazard("A7", "E9")
def test_when_the_machine_was_started_again_is_known_unless_its_clock_has_lost_the_time() -> None:
    machine = Machine()
    machine.start()
    machine.live(7200)
    stop = machine.start("second")
    assert stop is not None
    assert stop.booted_ns == machine.wall_ns
    machine.wall_ns = 0
    stop = machine.start("third")
    assert stop is not None
    assert stop.booted_ns is None


def test_a_life_that_never_began_leaves_it_to_the_next_to_read_what_is_noted() -> None:
    """The power has damaged the database, too: the first life after it ends before anything was looked at."""
    machine = Machine()
    machine.start()
    machine.live(7200)
    noted = machine.note
    clocks = Clocks(lambda: machine.mono, lambda: machine.wall_ns)
    Vigil("second", machine.wall_ns, lambda: machine.note, machine._write, clocks).end()
    assert machine.note == noted
    assert machine.start("second") is not None


@pytest.mark.hazard("E9")
def test_a_clock_that_was_put_back_is_noted_as_soon_as_it_is_minded() -> None:
    machine = Machine()
    machine.start()
    machine.live(7200)
    wanted: list[Callable[[], None]] = []
    machine.wall_ns -= RISK // 2
    machine.vigil.mind(wanted.append)
    assert not wanted, "what is written now is at risk by what is noted"
    machine.wall_ns -= 10**17
    written_ns = machine.wall_ns
    machine.mono, machine.wall_ns = machine.mono + 7, machine.wall_ns + 7 * SECOND
    machine.vigil.mind(wanted.append)
    [beat] = wanted
    beat()
    machine.vigil.mind(wanted.append)
    assert wanted == [beat]
    stop = machine.start("second")
    assert stop is not None and stop.since_ns <= written_ns


@pytest.mark.hazard("E6", "E9")
@pytest.mark.parametrize("cleanly", [False, True])
def test_where_all_was_copied_to_another_machine_no_time_says_what_is_at_risk(cleanly: bool) -> None:
    machine = Machine()
    machine.start()
    machine.live(7200)
    if cleanly:
        machine.vigil.end()
    machine.name, machine.wall_ns = "another", machine.wall_ns // 2
    stop = machine.start("its own")
    assert stop == Stop(0, cleanly, None)
