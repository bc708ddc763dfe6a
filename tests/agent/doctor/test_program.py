"""The program, its own files, and the agent that runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pyfastcdc.py import FastCDC as PlainCutter

import syncagent
from syncagent.agent.doctor import program as doctor
from syncagent.agent.doctor.findings import Verdict
from syncagent.agent.keys import save_key
from syncagent.agent.places import Places
from tests.support.agents import config_in, running
from tests.support.hubs import hub_in


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    (tmp_path / "data").mkdir(mode=0o700)
    return Places(tmp_path / "data")


def test_versions_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.python_version().verdict is Verdict.OK
    assert doctor.library_versions().data["syncagent"] == syncagent.__version__
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package",))
    assert doctor.library_versions().verdict is Verdict.PROBLEM
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (99, 0))
    assert doctor.python_version().verdict is Verdict.PROBLEM


def test_a_library_without_its_compiled_part_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncagent.content.chunker.FastCDC", PlainCutter)
    found = doctor.library_versions()
    assert found.verdict is Verdict.WARNING
    assert "not compiled" in found.found


def test_what_others_may_read_is_a_warning(spot: Places) -> None:
    assert doctor.own_files(spot).verdict is Verdict.OK
    spot.data_dir.chmod(0o755)
    found = doctor.own_files(spot)
    assert (found.verdict, found.todo) == (Verdict.WARNING, f"chmod 700 '{spot.data_dir}'")
    assert doctor.own_files(Places(spot.data_dir / "none")).verdict is Verdict.NOTE


def test_a_key_that_others_can_read_is_a_problem(spot: Places) -> None:
    assert doctor.key_kept(spot, "given").verdict is Verdict.OK
    save_key(spot, "k", "file")
    assert doctor.key_kept(spot).verdict is Verdict.OK
    spot.key.chmod(0o644)
    assert doctor.key_kept(spot).verdict is Verdict.PROBLEM


def test_that_no_agent_runs_is_a_note(spot: Places) -> None:
    [found] = doctor.running_agent(spot)
    assert (found.verdict, found.found) == (Verdict.NOTE, "not running")


async def test_an_agent_that_runs_is_asked_how_it_stands_and_which_version_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hub_in(tmp_path / "hub") as server, running(config_in(tmp_path / "a", server=server)) as agent:
        await agent.wait()
        found, network, priority = await asyncio.to_thread(lambda: list(doctor.running_agent(agent.config.places)))
        assert (priority.name, priority.found) == ("priority", "normal: as every program"), "nobody has set it here"
        assert network.name == "network and battery"
        assert (found.verdict, found.data["in_sync"]) == (Verdict.OK, True)
        monkeypatch.setattr(doctor, "VERSION", "9.9")
        *_, other = await asyncio.to_thread(lambda: list(doctor.running_agent(agent.config.places)))
        assert (other.verdict, "this is 9.9" in other.found) == (Verdict.WARNING, True)


def test_an_agent_that_waits_for_a_person_is_a_problem() -> None:
    found = doctor._standing({
        "state": "halted", "reason": "the folder is gone", "stuck": "folder",
        "lines": [{"text": "the folder is gone", "hinders": True}],
    })  # fmt: skip
    assert (found.verdict, found.todo) == (Verdict.PROBLEM, "the folder is gone")


def test_whether_it_starts_at_login_is_told(spot: Places, tmp_path: Path) -> None:
    assert doctor.starts_at_login(spot, tmp_path).name == "start at login"


@pytest.mark.parametrize(
    ("guest", "found"),
    [
        ({"metered": True, "on_battery": True, "battery_percent": 41.6, "power_saver": True},
         "network: metered; on battery at 42 %, saving power"),
        ({"metered": False, "on_battery": False, "battery_percent": None}, "network: not metered; plugged in"),
        ({}, "network: whether it is metered is not known; power not known"),
    ],
)  # fmt: skip
def test_what_is_known_of_network_and_battery(
    guest: dict[str, object], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "lacks_library", lambda: False)
    check = doctor.network_and_battery(guest)
    assert (check.verdict, check.found) == (Verdict.OK, found)


def test_where_only_the_library_is_missing_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "lacks_library", lambda: True)
    check = doctor.network_and_battery({})
    assert (check.verdict, check.todo) == (Verdict.NOTE, "pipx install 'syncagent[tray]'")
