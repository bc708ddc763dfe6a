"""A mass of deletes or overwrites, with real processes: it is held where it begins and where it arrives, until someone
says yes or no; and either can be undone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.machines import HubProcess, Machine, copies, in_sync, until

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


def is_asked(machine: Machine, **about: int) -> dict[str, Any]:
    """The one mass change that the machine asks about, as soon as all of what it is ``about`` has been seen."""

    def so() -> bool:
        found = acts(machine)
        return len(found) == 1 and about.items() <= found[0].items()

    until(so, lambda: f"{machine.status()}\n{machine.output()}")
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
    act = is_asked(anna, deleted=16)
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
    say(bert, "approve", str(is_asked(bert, deleted=16)["id"]))
    in_sync(anna, bert)
    assert anna.tree() == bert.tree()
    assert not (bert.root / "folder 0").exists()


@pytest.mark.hazard("E2", "N1")
def test_half_the_folder_is_deleted_and_a_person_says_no(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    wanted = fill(anna)
    in_sync(anna, bert)
    remove_half(anna)
    is_asked(anna, deleted=16)
    say(anna, "reject")
    in_sync(anna, bert)
    assert anna.tree() == bert.tree() == wanted


@pytest.mark.hazard("E2", "N1")
def test_a_yes_and_a_no_are_undone(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    bert.terminate()
    bert.brake = "off"
    bert.start()
    wanted = fill(anna)
    in_sync(anna, bert)
    remove_half(anna)
    number = str(is_asked(anna, deleted=16)["id"])
    say(anna, "approve", number)
    in_sync(anna, bert)
    gone = anna.tree()
    assert bert.tree() == gone
    assert len(gone) < len(wanted) / 2
    say(anna, "undo", number)
    in_sync(anna, bert)
    assert anna.tree() == bert.tree() == wanted, "byte for byte, and in the same folders"

    remove_half(anna)
    number = str(is_asked(anna, deleted=16)["id"])
    say(anna, "reject", number)
    in_sync(anna, bert)
    assert anna.tree() == bert.tree() == wanted
    say(anna, "undo", number)
    in_sync(anna, bert)
    assert {path for path, what in anna.tree().items() if what != "folder"} == {
        path for path, what in gone.items() if what != "folder"
    }
    assert anna.tree() == bert.tree()
    decided = [(act["decision"], act["deleted"]) for act in acts(anna, "--all")]
    assert decided == [("approval undone", 16), ("rejection undone", 16)]


@pytest.mark.hazard("E2", "N1", "N2")
def test_a_program_that_encrypts_everything_is_held_and_taken_back(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    wanted = fill(anna)
    in_sync(anna, bert)
    encrypted = set()
    for path in sorted(anna.root.rglob("*.txt")):
        path.write_bytes(bytes(byte ^ 0x5A for byte in path.read_bytes()))
        encrypted.add(path.read_bytes())
    is_asked(anna, overwritten=24)
    bert.wait()
    assert len(set(wanted.items()) & set(bert.tree().items())) >= len(wanted) - 11, "less than a mass got through"
    say(anna, "reject")
    in_sync(anna, bert)
    assert wanted.items() <= bert.tree().items()
    assert anna.tree() == bert.tree()
    assert {(anna.root / path).read_bytes() for path in copies(anna.root)} == encrypted, "nothing is lost"


@pytest.mark.hazard("E2", "E13", "G13")
def test_what_others_delete_is_held_where_it_arrives_over_a_restart_and_rejected_there(
    machines: tuple[Machine, Machine],
) -> None:
    anna, bert = machines
    anna.terminate()
    anna.brake = "off"
    anna.start()
    wanted = fill(anna)
    in_sync(anna, bert)
    remove_half(anna)
    anna.wait()
    act = is_asked(bert, deleted=16)
    assert (act["direction"], act["deleted"]) == ("incoming", 16)
    assert act["by"][0].startswith("anna-")
    kept = bert.tree()
    assert len(kept) >= len(wanted) - 11, "less than a mass got through"
    bert.kill()
    bert.start()
    assert is_asked(bert)["id"] == act["id"]
    assert bert.stuck() == HELD
    assert bert.tree() == kept
    say(bert, "reject")
    in_sync(bert, anna)
    assert anna.tree() == bert.tree() == wanted


def test_a_script_that_knows_what_it_does(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    fill(anna)
    in_sync(anna, bert)
    for machine in machines:
        machine.terminate()
        machine.brake = "off"
        machine.start()
    remove_half(anna)
    in_sync(anna, bert)
    assert not (bert.root / "folder 0").exists()
    assert acts(anna, "--all") == acts(bert, "--all") == []


def test_a_number_that_is_none_and_a_setting_that_is_none_are_said_in_one_line(
    machines: tuple[Machine, Machine],
) -> None:
    anna, _ = machines
    for arguments in (("approve",), ("reject", "7"), ("undo", "7")):
        answer = anna.ask(*arguments)
        assert answer.returncode == 2
        assert answer.stderr.startswith("syncagent: ")
        assert answer.stderr.count("\n") == 1
    anna.terminate()
    server = f"ws://127.0.0.1:{anna.hub.port}"
    anna.launch("run", "--data-dir", anna.data, "--sync-root", anna.root, "--server", server, "--brake", "perhaps")
    assert anna.process is not None
    assert anna.process.wait(60) == 2
    assert "--brake" in anna.output()
