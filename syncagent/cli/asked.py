"""The running agent that a command asks.  Light: a script may ask for `status` every second."""

from __future__ import annotations

from pathlib import Path

from syncagent.agent.places import places
from syncagent.control import ControlClient


def agent_of(data_dir: Path | None, profile: str | None) -> ControlClient:
    """Asks about the profile that is named; without one, about the only one, or about all of them where that makes
    sense: the agent knows."""
    return ControlClient(places(data_dir).control, always={"profile": profile} if profile else {})
