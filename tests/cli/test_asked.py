"""The agent that a command asks, and about which profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from syncagent.agent.places import Places
from syncagent.cli.asked import agent_of


def test_the_profile_goes_along_with_each_command_that_names_one(agent: Any, spot: Places, tmp_path: Path) -> None:
    agent_of(spot.data_dir, "photos").call("pause")
    agent_of(spot.data_dir, None).call("pause", until=None)
    assert agent.asked == [("pause", {"profile": "photos"}), ("pause", {"until": None})]
