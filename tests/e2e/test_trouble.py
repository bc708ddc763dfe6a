"""What goes wrong around the agent: nothing is deleted anywhere, the one line says what it is, and it goes on after."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.machines import HubProcess, Machine, in_sync, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FOLDER_MISSING, REFUSED, ALREADY_RUNNING = 7, 5, 6


def fill(machine: Machine, count: int = 20) -> dict[str, str]:
    (machine.root / "folder").mkdir()
    for number in range(count):
        (machine.root / "folder" / str(number)).write_text(str(number))
    return machine.tree()


@pytest.mark.hazard("E1", "N10")
def test_a_folder_that_is_gone_while_it_is_kept(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    anna, bert = machines
    wanted = fill(anna)
    in_sync(anna, bert)
    anna.root.rename(tmp_path / "away")
    assert anna.stuck() == FOLDER_MISSING
    assert not anna.root.exists(), "it is not made anew"
    anna.root.mkdir()
    assert anna.stuck() == FOLDER_MISSING
    assert list(anna.root.iterdir()) == [], "a mount point without its disk is left alone"
    bert.wait()
    assert bert.tree() == wanted
    anna.root.rmdir()
    (tmp_path / "away").rename(anna.root)
    in_sync(anna, bert)
    assert anna.tree() == bert.tree() == wanted


@pytest.mark.hazard("E1", "N10")
@pytest.mark.parametrize("empty", [False, True])
def test_a_folder_that_is_gone_or_empty_at_the_start(
    machines: tuple[Machine, Machine], tmp_path: Path, empty: bool
) -> None:
    anna, bert = machines
    wanted = fill(anna)
    in_sync(anna, bert)
    anna.terminate()
    anna.root.rename(tmp_path / "away")
    if empty:
        anna.root.mkdir()
    anna.start()
    assert anna.stuck() == FOLDER_MISSING
    bert.wait()
    assert bert.tree() == wanted
    if empty:
        anna.root.rmdir()
    (tmp_path / "away").rename(anna.root)
    in_sync(anna, bert)
    assert anna.tree() == bert.tree() == wanted


def test_an_agent_that_is_there_before_its_hub(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path)
    anna = Machine("anna", tmp_path, hub)
    try:
        anna.start()
        (anna.root / "early").write_text("1")
        until(lambda: "cannot be reached" in anna.ask("status").stdout, lambda: str(anna.status()))
        assert anna.status()["state"] == "offline"
        hub.start()
        anna.wait()
        assert "early: sent" in anna.ask("log").stdout
    finally:
        anna.kill()
        hub.kill()


@pytest.mark.hazard("E12")
def test_a_hub_that_lost_its_data_is_another_one_until_its_person_says_otherwise(
    machines: tuple[Machine, Machine], hub: HubProcess
) -> None:
    anna, bert = machines
    fill(anna)
    in_sync(anna, bert)
    hub.terminate()
    shutil.rmtree(hub.data)
    (anna.root / "by anna").write_text("1")
    (bert.root / "by bert").write_text("2")
    wanted = anna.tree() | bert.tree()
    hub.start()
    for machine in machines:
        assert machine.stuck() == REFUSED
        machine.terminate()
        machine.start("--new-hub")
    in_sync(*machines)
    assert anna.tree() == bert.tree() == wanted
    anna.terminate()
    (anna.root / "by bert").unlink()
    anna.start()
    in_sync(*machines)
    assert "by bert" not in bert.tree(), "it is said once: from then on the hub is known"


def test_a_key_that_is_wrong_is_said_and_the_right_one_is_taken(machines: tuple[Machine, Machine]) -> None:
    anna, _ = machines
    anna.terminate()
    anna.key = "sak-that-nobody-knows-0123456789"
    anna.start()
    assert anna.stuck() == REFUSED
    assert "the key is not valid" in anna.ask("status").stdout
    assert "the key is not valid" in anna.output()


@pytest.mark.hazard("A20")
def test_one_agent_for_a_data_directory_and_for_a_folder(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    anna, bert = machines
    for data, root in ((anna.data, anna.root), (tmp_path / "another", bert.root)):
        second = Machine("second", tmp_path / f"for {root.name}", anna.hub)
        second.data, second.root = data, root
        second.launch("run", "--data-dir", data, "--sync-root", root, "--server", f"ws://127.0.0.1:{anna.hub.port}")
        assert second.process is not None
        assert second.process.wait(60) == ALREADY_RUNNING
        said = [line for line in second.output().splitlines() if line.startswith("syncagent: ")]
        assert len(said) == 1
        assert "another agent" in said[0]
