"""A mass of deletes or overwrites, with real processes: it is held where it begins and where it arrives, until someone
says yes or no; and either can be undone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.machines import HubProcess, Machine, in_sync, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

HELD = 8


@pytest.fixture
def machines(tmp_path: Path, hub: HubProcess) -> Iterator[tuple[Machine, Machine]]:
    pair = Machine("anna", tmp_path, hub), Machine("bert", tmp_path, hub)
    for machine in pair:
        machine.brake = "on"
        machine.start()
    yield pair
    for machine in pair:
        machine.kill()


def fill(machine: Machine, count: int = 24) -> dict[str, str]:
    for number in range(count):
        path = machine.root / f"folder {number % 3}" / "deep" / f"{number:02}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content {number} " * (1 + number * 2_000 * (number % 8 == 0)))
    return machine.tree()


def remove_half(machine: Machine) -> None:
    for name in ("folder 0", "folder 1"):
        shutil.rmtree(machine.root / name)


def acts(machine: Machine, *more: str) -> list[dict[str, Any]]:
    answer = machine.ask("held", "--json", *more)
    assert answer.returncode == 0, answer
    found: list[dict[str, Any]] = json.loads(answer.stdout)["acts"]
    return found


def is_asked(machine: Machine) -> dict[str, Any]:
    """The one mass change that the machine asks about, as soon as it does."""
    until(lambda: len(acts(machine)) == 1, lambda: f"{machine.status()}\n{machine.output()}")
    [act] = acts(machine)
    return act


def say(machine: Machine, word: str, *more: str) -> None:
    answer = machine.ask(word, *more)
    assert answer.returncode == 0, answer


@pytest.mark.hazard("E2", "N15")
def test_half_the_folder_is_deleted_and_a_person_says_yes_on_both_machines(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    wanted = fill(anna)
    in_sync(anna, bert)
    remove_half(anna)
    assert anna.stuck() == HELD
    act = is_asked(anna)
    assert (act["direction"], act["deleted"], act["overwritten"], act["by"]) == ("outgoing", 16, 0, ["anna"])
    assert len(act["paths"]) == 16
    assert act["since"].startswith("20")
    assert anna.status()["state"] == "held"
    (anna.root / "meanwhile").write_text("all else goes on")
    until((bert.root / "meanwhile").exists, bert.output)
    bert.wait()
    assert wanted.items() <= bert.tree().items(), "nothing is gone elsewhere"

    say(anna, "approve")
    anna.wait()
    assert bert.stuck() == HELD, "what arrives is asked about, too"
    assert wanted.items() <= bert.tree().items()
    say(bert, "approve", str(is_asked(bert)["id"]))
    in_sync(anna, bert)
    assert anna.tree() == bert.tree()
    assert not (bert.root / "folder 0").exists()


@pytest.mark.hazard("E2", "N1")
def test_half_the_folder_is_deleted_and_a_person_says_no(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    wanted = fill(anna)
    in_sync(anna, bert)
    remove_half(anna)
    is_asked(anna)
    say(anna, "reject")
    in_sync(anna, bert)
    assert anna.tree() == bert.tree() == wanted
