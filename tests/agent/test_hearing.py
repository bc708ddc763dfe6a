"""Whom a command is for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from syncagent.agent.config.reading import Source
from syncagent.agent.config.writing import write_settings
from syncagent.agent.hearing import Hearing, Household
from syncagent.agent.places import Places
from syncagent.errors import BadConfig


class Answering:
    """The commands of one profile, all of which are answered with what they were."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def handle(self, command: str, args: dict[str, Any]) -> dict[str, Any]:
        self.heard.append(command)
        return {"acts": [], "held": 0, "entries": [], "heard": command}

    async def follow(self, command: str, args: dict[str, Any]) -> Any:
        yield {"time": command}


@dataclass
class Several:
    source: Source
    members: dict[str, Any]
    trouble: str = ""
    reloads: int = 0

    def __post_init__(self) -> None:
        self.stop = asyncio.Event()

    async def reload(self) -> None:
        self.reloads += 1


def household(path: Path, *names: str) -> Several:
    spot = Places(path)
    for name in names:
        write_settings(spot.of(name), {"sync_root": f"/{name or 'one'}", "server": "ws://h:1"})
    source = Source(spot)
    read = source.read()
    life = SimpleNamespace(config_waits=(), config=None)
    members = {
        name: SimpleNamespace(name=name, read=read[name], agent=life, commands=Answering(), trouble="")
        for name in names
    }  # fmt: skip
    return Several(source, members)


async def test_the_only_profile_need_not_be_named(tmp_path: Path) -> None:
    one = household(tmp_path, "photos")
    hearing = Hearing(cast("Household", one))
    for said in (None, "", "photos", "all"):
        assert (await hearing.handle("pause", {"profile": said}))["heard"] == "pause"
    with pytest.raises(BadConfig, match="there is no profile music, but photos"):
        await hearing.handle("pause", {"profile": "music"})


async def test_of_several_one_is_named_and_what_does_something_says_which_there_are(tmp_path: Path) -> None:
    two = household(tmp_path, "", "photos")
    hearing = Hearing(cast("Household", two))
    for command in ("pause", "resume", "limit", "approve", "trees"):
        with pytest.raises(BadConfig, match=r"say which with --profile \(default, photos\)"):
            await hearing.handle(command, {})
    await hearing.handle("approve", {"profile": "default", "act": 1})
    assert [member.commands.heard for member in two.members.values()] == [["approve"], []]


async def test_all_can_be_meant_where_that_makes_sense(tmp_path: Path) -> None:
    two = household(tmp_path, "", "photos")
    hearing = Hearing(cast("Household", two))
    assert (await hearing.handle("pause", {"profile": "all"}))["profiles"].keys() == {"default", "photos"}
    assert await hearing.handle("held", {}) == {"acts": [], "held": 0}
    with pytest.raises(BadConfig, match="one profile at a time"):
        await hearing.handle("approve", {"profile": "all", "act": 1})


async def test_what_is_followed_comes_from_all_of_them(tmp_path: Path) -> None:
    hearing = Hearing(cast("Household", household(tmp_path, "", "photos")))
    events = hearing.follow("log", {})
    found = [await anext(events), await anext(events)]
    await events.aclose()
    assert sorted(event["profile"] for event in found) == ["default", "photos"]


async def test_to_set_something_names_what(tmp_path: Path) -> None:
    one = household(tmp_path, "")
    hearing = Hearing(cast("Household", one))
    with pytest.raises(BadConfig, match="nothing to set"):
        await hearing.handle("config.set", {"changes": {}})
    await hearing.handle("config.set", {"changes": {"rescan_minutes": 7}})
    assert one.reloads == 1
    assert "\nrescan_minutes = 7\n" in one.source.places.config.read_text()


async def test_stop_is_for_the_whole_agent(tmp_path: Path) -> None:
    two = household(tmp_path, "", "photos")
    await Hearing(cast("Household", two)).handle("stop", {})
    await asyncio.wait_for(two.stop.wait(), 30)
