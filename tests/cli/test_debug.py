"""`debug`: what it asks the agent for, and what it makes of a recording without one."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncagent.agent.places import Places
from syncagent.agent.recorder import Recorder
from syncagent.engine import events as ev
from syncagent.engine.remote import RemoteSide
from tests.agent.test_replay import Recorded
from tests.support.solo import Solo

if TYPE_CHECKING:
    from tests.cli.conftest import Script

Command = Callable[..., tuple[int, str, str]]
WHEN = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def flight(spot: Places, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The recording of a run that went well."""
    with pytest.MonkeyPatch.context() as patch:
        recorded = Recorded(patch)
        Solo().synced(secret=b"1")
        spot.data_dir.mkdir(mode=0o700)
        return recorded.recorder.dump(spot.flights, None, WHEN)


def test_a_recording_is_replayed(command: Command, flight: Path) -> None:
    code, out, err = command("debug", "replay", str(flight))
    assert (code, err) == (0, "")
    assert out.endswith(" events, and the same effects as then\n")
    code, out, _ = command("debug", "replay", str(flight), "--steps")
    assert "Started → " in out.splitlines()[0]
    found = json.loads(command("debug", "replay", str(flight), "--json")[1])
    assert found["events"] == found["replayed"] > 3
    assert (found["failure"], found["differs"]) == ("", [])


def test_it_says_where_it_fails_and_where_it_takes_another_way(
    command: Command, flight: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RemoteSide, "caught_up", lambda side, event: [])
    code, out, _ = command("debug", "replay", str(flight))
    assert code == 1
    assert out.startswith("it takes another way than it did, from event ")
    monkeypatch.setattr(RemoteSide, "caught_up", lambda side, event: 1 // 0)
    code, out, _ = command("debug", "replay", str(flight))
    assert code == 1
    assert "CaughtUp: ZeroDivisionError" in out


def test_one_that_has_lost_its_beginning_is_told_and_not_replayed(command: Command, spot: Places) -> None:
    recorder = Recorder()
    recorder.note(ev.Tick("2026-11-22"), 1.0)
    recorder.did([])
    spot.data_dir.mkdir(mode=0o700)
    path = recorder.dump(spot.flights, None, WHEN)
    code, out, err = command("debug", "replay", str(path), "--steps")
    assert (code, out.splitlines()[0]) == (1, "1.000 Tick → ")
    assert "cannot be replayed" in err


@pytest.mark.hazard("G7")
def test_an_export_has_no_names_and_does_not_write_over_anything(
    command: Command, flight: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.jsonl"
    assert command("debug", "export", "--output", str(target)) == (0, f"{target}\n", "")
    assert "secret" in flight.read_text()
    assert "secret" not in target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert command("debug", "replay", str(target))[0] == 0
    before = target.read_bytes()
    code, _, err = command("debug", "export", str(flight), "--output", str(target))
    assert (code, err.count("\n")) == (2, 1)
    assert target.read_bytes() == before


def test_what_is_no_recording_is_one_clear_line(command: Command, tmp_path: Path, spot: Places) -> None:
    (tmp_path / "x").write_text('{"what": 1}\n')
    for arguments in (
        ("replay", str(tmp_path / "x")),
        ("export", str(tmp_path / "x")),
        ("export",),
        ("replay", "nothing"),
    ):
        code, out, err = command("debug", *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1), arguments


def test_what_the_agent_is_asked_for(command: Command, agent: Script) -> None:
    agent.answers = {
        "record": {"path": "/there"},
        "trees": {
            "nodes": [
                {"path": "a\nb", "id": "n1", "rev": 2, "synced": "s", "local": "l", "remote": "r", "diverged": True}
            ]
        },
        "plan": {"plan": [{"op": "SubmitEdit", "path": "a"}, {"op": "wait", "path": "b", "on": "a"}]},
    }
    assert command("debug", "record") == (0, "/there\n", "")
    code, out, _ = command("debug", "trees", "docs")
    assert (code, out) == (0, "a\\nb (n1, revision 2)\n  synced  s\n  local   l\n  remote  r\n")
    assert ("trees", {"path": "docs"}) in agent.asked
    assert command("debug", "plan")[1] == "SubmitEdit    a\nwait          b, until a\n"
    assert json.loads(command("debug", "plan", "--json")[1]) == agent.answers["plan"]["plan"]
    agent.answers = {"trees": {"nodes": []}, "plan": {"plan": []}}
    assert command("debug", "trees")[1] == "nothing differs\n"
    assert command("debug", "plan")[1] == "there is nothing to do\n"
