"""Seeds with rules that come and go, and with what machines exclude: nothing is deleted by that, and in the end, when
nothing is left out any more, everything that lives is everywhere."""

from __future__ import annotations

import os

import pytest

from tests.sim.oracle import Broken
from tests.sim.runs import run, script_of, settings_of, smallest, told

SEEDS = int(os.environ.get("SYNCAGENT_SIM_SEEDS", "800"))
FIRST = int(os.environ.get("SYNCAGENT_SIM_FIRST", "0"))
SHARES = 16
KNOWN: dict[int, str] = {649: "not at rest"}
"""Seeds that fail, and what is not mended yet.  (Whoever mends one finds it failing here, and takes it out.)"""


@pytest.mark.sim
@pytest.mark.timeout(0)
@pytest.mark.hazard("C10", "E16", "N1", "N2", "N4", "N5", "N7", "N10", "N12", "N15")
@pytest.mark.parametrize("share", range(SHARES))
def test_worlds_in_which_things_are_left_out(share: int) -> None:
    for seed in range(FIRST + share, FIRST + SEEDS, SHARES):
        if seed in KNOWN:
            with pytest.raises(Broken, match=KNOWN[seed]):
                run(seed, rules=True)
            continue
        try:
            run(seed, rules=True)
        except Exception as error:
            settings = settings_of(seed, rules=True)
            script, failure = smallest(settings, script_of(settings), error)
            raise AssertionError(told(seed, failure, script, "sim-rules")) from error


@pytest.mark.sim
@pytest.mark.hazard("N4", "F2")
def test_what_waited_for_the_database_when_a_connection_ended_is_not_said_on_the_next() -> None:
    run(20149, rules=True)


@pytest.mark.sim
@pytest.mark.hazard("C6", "N1", "N19")
@pytest.mark.parametrize("seed", [1987, 20047, 20396])
def test_what_was_edited_and_cannot_have_its_place_on_that_disk_is_sent_from_where_it_stands(seed: int) -> None:
    run(seed, rules=True)


@pytest.mark.sim
@pytest.mark.hazard("C10", "N15")
def test_nothing_seems_at_rest_before_what_was_left_out_by_rules_that_others_deleted_was_looked_at() -> None:
    run(20384, rules=True)


@pytest.mark.sim
@pytest.mark.hazard("E16", "N5", "N10", "N15")
@pytest.mark.parametrize("seed", [100049, 100212, 100321, 100409, 101140])
def test_what_is_excluded_and_not_as_at_the_hub_comes_to_rest_and_is_never_taken_for_gone(seed: int) -> None:
    run(seed, rules=True)


@pytest.mark.sim
@pytest.mark.hazard("C4", "E16", "N5")
def test_what_is_included_is_met_at_once_however_the_disk_spells_it() -> None:
    run(72, rules=True)


@pytest.mark.sim
@pytest.mark.hazard("B6", "E3", "E6", "N2")
@pytest.mark.parametrize("seed", [102898, 103088])
def test_what_the_power_has_torn_is_never_sent_though_all_memory_of_it_was_lost_too(seed: int) -> None:
    run(seed, rules=True)


@pytest.mark.sim
@pytest.mark.hazard("C10", "E16", "N5")
def test_what_was_put_off_by_a_folder_that_was_closed_for_less_than_a_step_is_planned_for() -> None:
    run(474, rules=True)


@pytest.mark.sim
@pytest.mark.hazard("C5", "N5", "N15")
def test_a_disk_that_a_program_was_in_the_way_on_while_it_was_tried_is_not_taken_for_another() -> None:
    run(111097, rules=True)  # as in localfs/test_probe.py


@pytest.mark.sim
@pytest.mark.hazard("B6", "C10", "E16", "N2")
@pytest.mark.parametrize("seed", [501842, 501872, 503262])
def test_what_the_power_has_torn_while_it_was_left_out_is_not_sent_when_it_is_not_any_more(seed: int) -> None:
    run(seed, rules=True)
