"""All checks together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from syncagent.agent.config.settings import Settings
from syncagent.agent.doctor.examine import examine
from syncagent.agent.doctor.findings import Verdict
from syncagent.agent.keys import save_key
from syncagent.agent.places import Places
from tests.support.hubs import KEY, hub_in


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "root" / ".syncagent").mkdir(parents=True)
    return Places(tmp_path / "data")


async def test_all_is_looked_at_and_nothing_is_changed(spot: Places, tmp_path: Path) -> None:
    save_key(spot, KEY, "file")
    async with hub_in(tmp_path / "hub") as server:
        settings = Settings(sync_root=tmp_path / "root", server=server)
        before = sorted(tmp_path.rglob("*"))
        found = {one.name: one for one in await asyncio.to_thread(lambda: list(examine(spot, settings)))}
        assert [path for path in sorted(tmp_path.rglob("*")) if "hub" not in path.parts] == [
            path for path in before if "hub" not in path.parts
        ]
    assert {
        "python", "versions", "data directory", "agent", "open files", "settings", "key", "start at login", "folder",
        "file system", "what it can do", "watching", "names", "disk space", "proxy", "hub", "connection",
        "hub's version", "clock",
    } <= found.keys()  # fmt: skip
    assert not [one for one in found.values() if one.verdict is Verdict.PROBLEM]
    assert KEY not in str([one.as_dict() for one in found.values()])


def test_without_settings_the_rest_is_still_looked_at(spot: Places) -> None:
    checks = {check.name: check for check in examine(spot, None, "config.toml:1:1: wrong")}
    assert checks["settings"].verdict is Verdict.PROBLEM
    assert checks["settings"].found == "config.toml:1:1: wrong"
    assert checks["python"].verdict is Verdict.OK


def test_whatever_is_a_warning_or_a_problem_says_what_to_do(spot: Places, tmp_path: Path) -> None:
    spot.data_dir.chmod(0o755)
    for check in examine(spot, Settings(sync_root=tmp_path / "none", server="ws://127.0.0.1:1")):
        assert check.verdict in (Verdict.OK, Verdict.NOTE) or check.todo, check
