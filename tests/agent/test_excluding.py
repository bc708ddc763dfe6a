"""What is excluded, as it is kept beside the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.excluding import kept_in, listed_while_stopped, while_stopped
from syncagent.agent.lock import hold
from syncagent.agent.places import Places
from syncagent.errors import AlreadyRunning, BadConfig, NotAsked
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath


def test_what_is_saved_is_loaded_and_nothing_is_nothing(tmp_path: Path) -> None:
    kept = kept_in(tmp_path)
    assert kept.load() == ()
    kept.save(((RelPath("photos"), NodeId("n1")), (RelPath("later"), NodeId(""))))
    assert kept_in(tmp_path).load() == ((RelPath("photos"), NodeId("n1")), (RelPath("later"), NodeId("")))


@pytest.mark.hazard("E16")
@pytest.mark.parametrize("text", ["{", '[["../x", ""]]', '["a"]', "7"])
def test_what_cannot_be_read_is_not_taken_for_nothing(tmp_path: Path, text: str) -> None:
    Places(tmp_path).excluded.write_text(text)
    with pytest.raises(BadConfig, match="excluded"):
        kept_in(tmp_path).load()


def test_it_can_be_said_while_no_agent_runs_and_only_then(tmp_path: Path) -> None:
    spot = Places(tmp_path)
    while_stopped(spot, RelPath("a/b"), exclude=True)
    while_stopped(spot, RelPath("a"), exclude=True)
    assert listed_while_stopped(spot) == {"excluded": [{"path": "a", "files": None}]}
    with pytest.raises(NotAsked, match="b is not excluded"):
        while_stopped(spot, RelPath("b"), exclude=False)
    while_stopped(spot, RelPath("a"), exclude=False)
    assert listed_while_stopped(spot) == {"excluded": []}
    with hold(spot.lock), pytest.raises(AlreadyRunning):
        while_stopped(spot, RelPath("a"), exclude=True)
