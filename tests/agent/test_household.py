"""An agent that keeps several folders, and reads its settings again while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.config.reading import Source
from syncagent.agent.config.writing import write_settings
from syncagent.agent.household import Household
from syncagent.agent.keys import save_key
from syncagent.agent.lock import hold
from syncagent.agent.places import Places
from syncagent.control import ControlClient
from syncagent.errors import AlreadyRunning, BadConfig
from tests.support.agents import NOBODY, config_in, running

KEY = "the-key-of-these-tests"


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    (tmp_path / "data").mkdir(mode=0o700)
    return Places(tmp_path / "data")


def set_up(spot: Places, profile: str = "", **more: Any) -> Path:
    """A profile with a folder of its own and a key; gives the folder."""
    root = spot.data_dir.parent / (profile or "root")
    root.mkdir()
    save_key(spot.of(profile), KEY, "file")
    write_settings(spot.of(profile), {"sync_root": str(root), "server": NOBODY, **more})
    return root


class Kept:
    """A household that runs, as seen through its control socket."""

    def __init__(self, household: Household) -> None:
        self.household = household
        self._client = ControlClient(household.source.places.control)

    async def call(self, command: str, **args: Any) -> dict[str, Any]:
        return await asyncio.to_thread(self._client.call, command, **args)

    async def until(self, so: Callable[[dict[str, Any]], bool], **args: Any) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while not so(status := await self.call("status", **args)):  # noqa: ASYNC110 - it is in another world
                await asyncio.sleep(0.01)
        return status


@asynccontextmanager
async def keeping(source: Source, **more: Any) -> AsyncIterator[Kept]:
    with hold(source.places.lock):
        household = Household(source, **more)
        open_for_commands = asyncio.Event()
        task = asyncio.ensure_future(household.run(open_for_commands.set))
        try:
            async with asyncio.timeout(20):
                await open_for_commands.wait()
            yield Kept(household)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_change_of_the_file_is_in_force_without_a_restart(spot: Places) -> None:
    set_up(spot, name="before")
    tuned: list[str] = []
    async with keeping(Source(spot), tune=lambda configs: tuned.append(configs[""].log_level)) as agent:
        await agent.until(lambda one: one["state"] == "offline")
        write_settings(spot, {"max_up": "2MB", "log_level": "debug", "name": "after", "rescan_minutes": 1})
        found = await agent.until(lambda one: one["name"] == "after")
        assert found["limits"]["up"] == 2_000_000
        assert (found["config"], tuned) == ({"error": "", "waiting": []}, ["info", "debug"])


async def test_what_is_set_by_command_is_in_force_with_the_answer(spot: Places) -> None:
    set_up(spot)
    async with keeping(Source(spot)) as agent:
        answer = await agent.call("config.set", changes={"max_down": "500K"})
        assert answer["changes"] == [
            {
                "profile": "default",
                "key": "max_down",
                "before": 0,
                "after": 500_000,
                "applies": "live",
                "overruled": "",
                "why": "",
            }
        ]
        assert (await agent.call("status"))["limits"]["down"] == 500_000
        tried = await agent.call("config.set", changes={"max_down": None}, dry_run=True)
        assert (tried["dry_run"], tried["changes"][0]["after"]) == (True, 0)
        assert (await agent.call("status"))["limits"]["down"] == 500_000
        with pytest.raises(BadConfig, match="^brake_share: input should be less than or equal to 1"):
            await agent.call("config.set", changes={"brake_share": "7"})


async def test_a_broken_file_changes_nothing_and_is_told_once(spot: Places, caplog: pytest.LogCaptureFixture) -> None:
    set_up(spot, max_up="2MB")
    async with keeping(Source(spot)) as agent:
        whole = spot.config.read_text()
        spot.config.write_text(whole + "max_up = \n")
        found = await agent.until(lambda one: bool(one["config"]["error"]))
        line = len(whole.splitlines()) + 1
        assert found["config"]["error"] == f"{spot.config}:{line}:10: invalid value"
        assert found["limits"]["up"] == 2_000_000
        assert [one["kind"] for one in found["lines"] if not one["hinders"]] == ["config"]
        for _ in range(3):
            await agent.call("config.reload")
        assert sum("have a mistake" in record.message for record in caplog.records) == 1
        spot.config.write_text(whole.replace('max_up = "2MB"', "max_up = 20000"))
        found = await agent.until(lambda one: not one["config"]["error"])
        assert found["limits"]["up"] == 20_000


async def test_whether_gitignore_files_count_is_in_force_at_once(spot: Places) -> None:
    root = set_up(spot)
    (root / ".gitignore").write_text("*.log\n")
    (root / "a.log").write_text("a")
    async with keeping(Source(spot)) as agent:
        await agent.until(lambda one: one["pending"] == 2)
        await agent.call("pause")
        for word, left_out in ((True, 1), (False, 0)):
            await agent.call("config.set", changes={"respect_gitignore": word})
            found = await agent.until(
                lambda one, word=word, left_out=left_out: (
                    (one["respect_gitignore"], one["ignored"]) == (word, left_out) and one["pending"] == 2 - left_out
                )
            )
            assert found["config"] == {"error": "", "waiting": []}
            assert found["pause"]["paused"], "what a person said stays"
        assert (root / "a.log").read_text() == "a"


async def test_another_folder_waits_for_the_next_start_and_that_is_said(spot: Places, tmp_path: Path) -> None:
    root = set_up(spot)
    async with keeping(Source(spot)) as agent:
        (tmp_path / "other").mkdir()
        answer = await agent.call("config.set", changes={"sync_root": str(tmp_path / "other"), "server": "ws://x:1"})
        assert [step["applies"] for step in answer["changes"]] == ["restart", "reconnect"]
        assert answer["waiting"] == ["sync_root", "server"]
        found = await agent.call("status")
        assert (found["root"], found["server"], found["config"]["waiting"]) == (
            str(root), NOBODY, ["sync_root", "server"],
        )  # fmt: skip
        assert "changed settings wait for the next start: sync_root, server" in [one["text"] for one in found["lines"]]
        [row] = [row for row in (await agent.call("config"))["settings"] if row["key"] == "sync_root"]
        assert (row["value"], row["waiting"]) == (str(root), str(tmp_path / "other"))
        back = await agent.call("config.set", changes={"sync_root": str(root), "server": NOBODY})
        assert ([step["applies"] for step in back["changes"]], back["waiting"]) == (["live", "live"], [])


async def test_a_brake_that_is_taken_off_live_is_off_for_the_engine(spot: Places) -> None:
    set_up(spot)
    async with keeping(Source(spot)) as agent:
        await agent.until(lambda one: one["state"] == "offline")
        life = agent.household.members[""].agent
        assert life is not None
        assert life.config.limits is not None
        await agent.call("config.set", changes={"brake": "off"})
        assert life.config.limits is None
        assert life.life is not None
        recorded = life.life.grounds.record()
        assert '"Configured"' in recorded.read_text()


@pytest.mark.hazard("G5")
async def test_the_key_is_never_among_the_settings(spot: Places) -> None:
    set_up(spot)
    async with keeping(Source(spot), key="another-key-from-outside") as agent:
        said = str([await agent.call(command) for command in ("config", "config.reload", "profiles", "status")])
        assert KEY not in said
        assert "another-key" not in said


async def test_each_profile_has_a_database_a_key_and_an_id_of_its_own(spot: Places) -> None:
    one, photos = set_up(spot), set_up(spot, "photos")
    (one / "a").write_text("a")
    for name in ("b", "c"):
        (photos / name).write_text(name)
    async with keeping(Source(spot)) as agent:
        both = await agent.until(lambda one: one["pending"] == 3)
        assert [each["profile"] for each in both["profiles"]] == ["default", "photos"]
        assert [each["pending"] for each in both["profiles"]] == [1, 2]
        assert len({each["client_id"] for each in both["profiles"]}) == 2
        assert (await agent.call("status", profile="photos"))["root"] == str(photos)
    assert (spot.data_dir / "agent.db").exists()
    assert (spot.data_dir / "profiles" / "photos" / "agent.db").exists()
    assert (spot.data_dir / "profiles" / "photos").stat().st_mode & 0o777 == 0o700


async def test_a_profile_that_is_added_or_taken_out_comes_and_goes_without_a_restart(spot: Places) -> None:
    set_up(spot)
    async with keeping(Source(spot)) as agent:
        assert "profiles" not in await agent.call("status")
        photos = set_up(spot, "photos")
        await agent.call("config.reload")
        listed = (await agent.call("profiles"))["profiles"]
        assert [(one["profile"], one["root"]) for one in listed][1:] == [("photos", str(photos))]
        spot.config.write_text(spot.config.read_text().partition("[profiles.photos]\n")[0])
        await agent.call("config.reload")
        assert "profiles" not in await agent.call("status")
        (photos / "free").write_text("it is nobody's now")


async def test_a_profile_that_is_set_up_wrong_stops_no_other(spot: Places) -> None:
    root = set_up(spot)
    write_settings(spot.of("inner"), {"sync_root": str(root / "inner"), "server": NOBODY})
    write_settings(spot.of("keyless"), {"sync_root": str(root.parent / "keyless"), "server": NOBODY})
    async with keeping(Source(spot)) as agent:
        found = await agent.until(lambda one: one["profiles"][0]["state"] == "offline")
        inner, keyless = found["profiles"][1:]
        assert "inside the folder of the profile default" in inner["reason"]
        assert "no key for the hub" in keyless["reason"]
        assert (found["state"], found["stuck"], found["in_sync"]) == ("halted", "config", False)


async def test_a_profile_whose_folder_another_agent_has_stops_no_other(spot: Places, tmp_path: Path) -> None:
    theirs = config_in(tmp_path / "theirs")
    async with running(theirs):
        set_up(spot)
        photos = set_up(spot, "photos")
        photos.rmdir()
        write_settings(spot.of("photos"), {"sync_root": str(theirs.sync_root)})
        async with keeping(Source(spot)) as agent:
            found = await agent.until(lambda one: one["profiles"][1]["state"] == "halted")
            assert "another agent" in found["profiles"][1]["reason"]
            assert found["profiles"][0]["state"] in ("offline", "scanning", "starting")


async def test_the_only_profile_ends_the_agent_with_its_reason(spot: Places, tmp_path: Path) -> None:
    theirs = config_in(tmp_path / "theirs")
    async with running(theirs):
        set_up(spot)
        write_settings(spot, {"sync_root": str(theirs.sync_root)})
        with hold(spot.lock), pytest.raises(AlreadyRunning):
            await Household(Source(spot)).run()
    write_settings(spot, {"sync_root": "/"})
    with hold(spot.lock), pytest.raises(BadConfig, match="the whole file system"):
        await Household(Source(spot)).run()


async def test_a_key_that_is_renewed_is_used_without_a_restart(spot: Places) -> None:
    set_up(spot)
    async with keeping(Source(spot)) as agent:
        save_key(spot, "another-key-by-now", "file")
        await agent.call("config.reload")
        life = agent.household.members[""].agent
        assert life is not None
        assert life.config.api_key.get_secret_value() == "another-key-by-now"
