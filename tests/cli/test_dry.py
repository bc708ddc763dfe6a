"""What `--dry-run` says, and that it leaves everything as it is."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.config.writing import write_settings
from syncagent.agent.founding import set_up
from syncagent.agent.keys import save_key
from syncagent.agent.places import Places
from syncagent.cli.app import run
from syncagent.cli.exits import Exit
from syncagent.model.link import Link, format_link
from tests.support.agents import config_in, running
from tests.support.hubs import KEY, hub_in

Cli = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line, as a person has it: its exit code, what it said, and what it said of the way."""
    import keyring
    import keyring.backends.fail

    monkeypatch.setattr(keyring.core, "_keyring_backend", keyring.backends.fail.Keyring())

    async def call(*arguments: object) -> tuple[int, str, str]:
        code = await asyncio.to_thread(run, [str(one) for one in arguments])
        return code, *capfd.readouterr()

    return call


def everything(*folders: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for folder in folders:
        for path in [folder, *folder.rglob("*")] if folder.exists() else []:
            if not path.is_socket() and path.suffix != ".log":
                inside = hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b""
                found[str(path)] = (path.lstat().st_mode, path.lstat().st_mtime_ns, inside)
    return found


async def test_a_first_join_says_what_would_become_of_each_file(cli: Cli, tmp_path: Path) -> None:
    mine, data = tmp_path / "mine", tmp_path / "new-data"
    mine.mkdir()
    for name, text in (("same", "same"), ("both", "my own"), ("only", "here")):
        (mine / name).write_text(text)
    async with hub_in(tmp_path / "hub") as server:
        desk = config_in(tmp_path / "desk", server=server, name="Desk")
        for name, text in (("same", "same"), ("both", "theirs"), ("far", "there")):
            (desk.sync_root / name).write_text(text)
        async with running(desk) as other:
            await other.wait()
        before = everything(tmp_path)
        asked = ("join", format_link(Link(server, KEY)), mine, "--data-dir", data, "--name", "Laptop", "--dry-run")
        code, said, way = await cli(*asked)
        assert code == Exit.OK
        assert "nothing was changed" in said
        for line in ("1 file the same on both sides", "2 files would be sent", "2 files would be received",
                     "1 file different on both sides", "both → both (conflict "):  # fmt: skip
            assert line in said
        assert "looking through" in way
        code, said, _ = await cli(*asked, "--json")
        found = json.loads(said)
        assert (code, found["first_link"], found["files_here"], found["files_at_hub"]) == (0, True, 3, 3)
        assert found["summary"]["conflict"]["files"] == 1
        assert len([one for one in found["changes"] if one["action"] == "receive"]) == 2
        assert KEY not in said
        assert everything(tmp_path) == before, "here, there, and at the hub"


async def test_a_machine_without_a_hub_learns_that_one_would_be_made(cli: Cli, spot: Places, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_text("a")
    before = everything(tmp_path)
    code, said, way = await cli("up", tmp_path / "folder", "--data-dir", spot.data_dir, "--dry-run")
    assert code == Exit.OK
    assert "1 file would be sent to the hub" in said
    assert "there is no hub yet" in way
    assert everything(tmp_path) == before


async def test_the_hub_of_this_machine_is_asked_though_it_does_not_run(cli: Cli, tmp_path: Path) -> None:
    data, folder = Places(tmp_path / "data"), tmp_path / "folder"
    settings = set_up(data, folder, None, "Laptop")
    (folder / "a").write_text("a")
    async with hub_in(data.hub) as server:
        save_key(data, KEY, "file")
        write_settings(data, {"server": server})
        config = config_in(tmp_path, server=server).model_copy(update={"sync_root": folder})
        async with running(config) as agent:
            await agent.wait()
    write_settings(data, {"server": settings.server})
    (folder / "b").write_text("b")
    before = everything(tmp_path)
    code, said, _ = await cli("up", "--data-dir", data.data_dir, "--dry-run")
    assert code == Exit.OK, said
    assert "1 file would be sent" in said
    assert everything(tmp_path) == before


async def test_what_would_be_held_has_its_exit_code_and_a_mistake_has_its_own(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hub_in(tmp_path / "hub") as server:
        config = config_in(tmp_path / "one", server=server)
        for number in range(20):
            (config.sync_root / f"f{number}").write_text(str(number))
        async with running(config) as agent:
            await agent.wait()
            given = ("run", "--data-dir", config.data_dir, "--sync-root", config.sync_root, "--server", server)
            monkeypatch.setenv("SYNCAGENT_API_KEY", KEY)
            code, _, way = await cli(*given, "--dry-run")
            assert code == Exit.ALREADY_RUNNING
            assert "another agent keeps this folder already" in way
        for number in range(15):
            (config.sync_root / f"f{number}").unlink()
        monkeypatch.setenv("SYNCAGENT_API_KEY", KEY)
        code, said, _ = await cli(*given, "--dry-run")
        assert code == Exit.HELD
        assert "held until you say yes or no" in said
        assert "15 files would be deleted at the hub" in said
        monkeypatch.setenv("SYNCAGENT_API_KEY", "another key altogether")
        assert (await cli(*given, "--dry-run"))[0] == Exit.REFUSED
        code, _, way = await cli("run", "--data-dir", config.data_dir, "--json")
        assert (code, "goes with --dry-run" in way) == (Exit.USAGE, True)
