"""Seeds: whatever users do, and whatever goes wrong, nothing is lost and all machines end up the same."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from syncagent.localfs.assembly import Assembly
from syncagent.localfs.drafts import Drafts, Made
from syncagent.localfs.spare import OUTLINE, Spare
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content
from tests.sim import faults as kinds
from tests.sim.oracle import Broken
from tests.sim.runs import Settings, play, run, script_of, settings_of, smallest, tell_story, told
from tests.sim.users import Act
from tests.support.outlined import small

SEEDS = int(os.environ.get("SYNCAGENT_SIM_SEEDS", "2000"))
FIRST = int(os.environ.get("SYNCAGENT_SIM_FIRST", "0"))
SHARES = 32
SPARED = max(SEEDS // 10, 30)
CROWDED = 60

TOGETHER = {"ack-lost": {"hub-killed"}, "agent-data-torn": {"agent-power-within"}}
"""What comes with others."""

KNOWN: dict[int, str] = {}
"""Seeds that fail, and what is not mended yet.  (Whoever mends one finds it failing here, and takes it out.)"""


@pytest.mark.sim
@pytest.mark.timeout(0)
@pytest.mark.hazard("N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N10", "N12", "N13", "N15", "N19")
@pytest.mark.hazard(
    "A8", "A9", "B5", "B13", "B16", "C5", "C6", "E1", "E5", "E6", "E7", "E9", "E13", "F1", "F2", "F3", "F16"
)
@pytest.mark.parametrize("share", range(SHARES))
def test_worlds(share: int) -> None:
    for seed in range(FIRST + share, FIRST + SEEDS, SHARES):
        if seed in KNOWN:
            with pytest.raises(Broken, match=KNOWN[seed]):
                run(seed)
            continue
        try:
            run(seed)
        except Exception as error:
            settings = settings_of(seed)
            script, failure = smallest(settings, script_of(settings), error)
            raise AssertionError(told(seed, failure, script)) from error


@pytest.mark.sim
@pytest.mark.hazard("N1", "N3", "N5", "N15")
def test_machines_that_are_spared_now_and_then_end_up_the_same() -> None:
    met, others = 0, sorted(kinds.DEFAULT)
    for seed in range(SPARED):
        faults = frozenset({"spared", others[seed % len(others)]})
        settings = Settings(seed, machines=2 + seed % 2, acts=20, faults=faults)
        met += play(settings, script_of(settings)).met["spared"]
    assert met > SPARED / 2


@pytest.mark.sim
@pytest.mark.parametrize("kind", sorted(kinds.ALL | kinds.OFF))
def test_every_kind_of_fault_can_be_had_alone_and_takes_effect(kind: str) -> None:
    for seed in range(200):
        settings = Settings(seed, machines=2, acts=12, faults=frozenset({kind, *TOGETHER.get(kind, ())}))
        if play(settings, script_of(settings)).met[kind]:
            return
    raise AssertionError(f"{kind} has not come about in 200 seeds")


@pytest.mark.sim
@pytest.mark.hazard("B7", "N1", "N15", "N19")
def test_disks_on_which_others_need_the_room() -> None:
    met = 0
    for seed in range(CROWDED):
        settings = settings_of(seed)
        settings = replace(settings, faults=settings.faults | {"disk-crowded"})
        met += play(settings, script_of(settings)).met["disk-crowded"]
    assert met


@pytest.mark.sim
@pytest.mark.hazard("C4")
def test_users_of_disks_that_tell_forms_apart_keep_to_one() -> None:
    run(20438)  # on one that is like those of Windows


@pytest.mark.sim
@pytest.mark.hazard("N5", "N15", "N19")
def test_what_was_missed_for_a_moment_of_one_round_and_met_unchanged_is_planned_for_again() -> None:
    run(301392)  # what others have deleted stayed, and nothing said why


@pytest.mark.sim
@pytest.mark.hazard("B6", "E9", "N2", "N4")
def test_what_was_written_since_the_clock_was_put_back_is_at_risk_too_when_the_power_goes() -> None:
    run(300788)


@pytest.mark.sim
def test_without_faults_there_are_none() -> None:
    settings = Settings(1, machines=2, acts=12, faults=frozenset())
    assert not any(play(settings, script_of(settings)).met.values())


@pytest.mark.sim
def test_what_happens_in_a_world_is_told_to_its_end() -> None:
    settings = settings_of(1)
    assert float(tell_story(settings, script_of(settings))[-1].split()[0]) > 60


@pytest.mark.sim
@pytest.mark.hazard("N18", "E9")
def test_the_same_seed_gives_the_same_world_in_any_process() -> None:
    """What was said on the wires is in the trace, byte for byte."""
    program = "from tests.sim.runs import run; print([run(seed).schedule.trace for seed in (3, 17, 42, 118, 119)])"
    traces = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "7")
    }
    assert len(traces) == 1, traces


@pytest.mark.sim
@pytest.mark.hazard("B6", "E6", "N2")
def test_what_was_torn_and_copied_to_a_machine_with_another_clock_is_known_as_such() -> None:
    run(400198)


@pytest.mark.sim
def test_files_are_made_ahead_of_their_change_and_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bool] = []
    take = Drafts.take

    def watched(drafts: Drafts, content: Content, mtime_ns: int, mode: int) -> Made | None:
        there = content in drafts._made
        made = take(drafts, content, mtime_ns, mode)
        taken.extend([made is not None] if there else [])
        return made

    monkeypatch.setattr(Drafts, "take", watched)
    for seed in range(60):
        run(seed)
    assert taken.count(True) > 10


@pytest.mark.sim
@pytest.mark.hazard("N1", "N3", "N4", "A6")
def test_large_files_are_copied_while_others_read_them_and_all_end_up_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch, 128 << 10)
    base, taken = Random(5).randbytes(300_000), list[bool]()

    def content(act: Act) -> bytes:
        act._contents += 1
        word, place = f"{act._agent.name}-{act._number}-{act._contents}", act._rng.randrange(len(base))
        return act._world.will_write(base[:place] + word.encode() + base[place:])

    take_over = Spare.take_over

    def watched(spare: Spare, path: RelPath, assembly: Assembly) -> bool:
        there = spare.path == OUTLINE and bool(spare)
        taken.extend([found := take_over(spare, path, assembly)] if there else [])
        return found if there else take_over(spare, path, assembly)

    monkeypatch.setattr(Act, "_content", content)
    monkeypatch.setattr(Spare, "take_over", watched)
    for seed in range(30):
        run(seed)
    assert {True, False} <= set(taken)
