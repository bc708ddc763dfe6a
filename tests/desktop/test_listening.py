"""The agent is heard for as long as it runs, and again."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.places import Places, places
from syncagent.control import ControlClient
from syncagent.desktop import listening
from syncagent.desktop.listening import Listening
from tests.desktop.agent import Agent


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "KNOCK", 0.01)


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    return places(tmp_path / "data")


@pytest.fixture
def heard(spot: Places) -> Iterator[queue.Queue[Mapping[str, Any] | None]]:
    found: queue.Queue[Mapping[str, Any] | None] = queue.Queue()
    ear = Listening(ControlClient(spot.control), found.put)
    ear.begin()
    yield found
    ear.end()


def test_it_is_heard_through_restarts(spot: Places, heard: queue.Queue[Any]) -> None:
    assert heard.get(timeout=20) is None
    for number in range(2):
        agent = Agent()
        with agent.running(spot):
            agent.tell({"state": "idle", "number": number})
            assert heard.get(timeout=20) == {"state": "idle", "number": number}
            agent.tell({"state": "syncing"})
            assert heard.get(timeout=20) == {"state": "syncing"}
        assert heard.get(timeout=20) is None
    assert heard.empty(), "that nobody is there is said once"
