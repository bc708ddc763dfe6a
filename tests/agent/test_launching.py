"""The agent, started as a process of its own."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from syncagent.agent import launching
from syncagent.agent.founding import set_up_joined
from syncagent.agent.keys import save_key
from syncagent.agent.launching import start_behind
from syncagent.agent.places import Places
from syncagent.control import ControlClient
from syncagent.errors import SyncAgentError
from syncagent.model.link import Link
from tests.support.hubs import KEY, hub_in


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    return Places(tmp_path / "data")


def program(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "program.py"
    path.write_text(text)
    return [sys.executable, str(path)]


def test_what_ends_at_once_says_why(spot: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = program(tmp_path, "import sys; sys.exit('first\\nsyncagent: the port is taken')")
    monkeypatch.setattr(launching, "ourselves", lambda: command)
    with pytest.raises(SyncAgentError, match=r"^the port is taken$"):
        start_behind(spot)


def test_the_key_is_in_no_environment_of_what_is_started(
    spot: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCAGENT_API_KEY", "secret")
    command = program(
        tmp_path, "import os, sys; sys.exit(str('SYNCAGENT_API_KEY' in os.environ) + ' '.join(sys.argv[1:]))"
    )
    monkeypatch.setattr(launching, "ourselves", lambda: command)
    with pytest.raises(SyncAgentError) as told:
        start_behind(spot, ["--new-hub"])
    assert str(told.value) == f"Falseup --no-link --new-hub --data-dir {spot.data_dir}"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nobody waits for it: that is meant
def test_what_does_not_answer_in_time_goes_on_by_itself(
    spot: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = program(tmp_path, "import sys; sys.stdin.read()")
    monkeypatch.setattr(launching, "ourselves", lambda: command)
    monkeypatch.setattr(launching, "START_SECONDS", 0.0)
    assert start_behind(spot) == {}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # as above
async def test_its_first_word_with_the_hub_is_waited_for(
    spot: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "START_SECONDS", 120.0)  # however much the machine has to do
    monkeypatch.setattr(launching, "CONTACT_SECONDS", 60.0)
    async with hub_in(tmp_path / "hub") as server:
        set_up_joined(spot, Link(server, KEY), tmp_path / "folder", "Desk")
        save_key(spot, KEY, "file")  # a keyring that was chosen in this process is not known in that of the agent
        try:
            found = await asyncio.to_thread(start_behind, spot)
            assert found["last_contact"] is not None, "nobody is told that it is offline who only begins"
        finally:
            await asyncio.to_thread(ControlClient(spot.control).call, "stop")
