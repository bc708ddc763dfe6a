"""`hub` and its subcommands: what is missing is said before anything starts; what is held is shown as it is."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from syncagent.content.digest import digest_of
from syncagent.control import ControlServer
from syncagent.errors import BadConfig
from syncagent.hub.stores.files import BlockFiles
from syncagent.hub.stores.sqlite import SqliteStore
from syncagent.private import control_socket, make_private

Command = Callable[..., tuple[int, str, str]]
BURST = {
    "folder": "default", "client": "laptop-1", "deletes": 25, "overwrites": 3, "since": "2026-11-25T20:00:00+00:00",
    "tried": "2026-11-25T20:01:00+00:00", "paths": ["a.txt", "evil\x1b[2Jname"],
}  # fmt: skip


class Hub:
    """What the hub says, and what it was asked."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.held: list[dict[str, Any]] = [BURST]
        self.report = dict(REPORT)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def handle(self, command: str, args: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((command, args))
        if command == "held":
            return {"held": self.held}
        if command == "fsck":
            return self.report
        if not self.held:
            raise BadConfig("nothing is held of a client 'laptop-1'")
        return {"client": args["client"], "approved" if command == "approve" else "rejected": 28}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    directory = make_private(tmp_path / "hub").resolve()
    hub = Hub(directory)
    loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with ControlServer(control_socket(directory), hub.handle, who="hub"):
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    yield hub
    loop.call_soon_threadsafe(done.set)
    thread.join(10)
    loop.close()


def test_hub_says_what_is_wrong_with_its_address(command: Command, tmp_path: Path) -> None:
    code, _, err = command("hub", "--data-dir", str(tmp_path / "hub"), "--listen", "8765")
    assert (code, err) == (2, "syncagent: --listen: must look like HOST:PORT\n")
    assert not (tmp_path / "hub").exists()


def test_hub_says_which_option_is_missing(command: Command) -> None:
    code, _, err = command("hub")
    assert code == 2
    assert "--data-dir" in err


@pytest.mark.parametrize(
    "wrong", [("--brake", "maybe"), ("--brake-files", "0"), ("--brake-share", "1.5"), ("--brake-most", "none")]
)
def test_hub_says_what_is_wrong_with_its_limits(command: Command, tmp_path: Path, wrong: tuple[str, str]) -> None:
    code, _, err = command("hub", "--data-dir", str(tmp_path / "hub"), *wrong)
    assert code == 2
    assert wrong[0] in err
    assert not (tmp_path / "hub").exists()


def test_the_environment_is_heeded_too(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNCAGENT_BRAKE", "sometimes")
    assert command("hub", "--data-dir", str(tmp_path / "hub"))[0] == 2


@pytest.mark.hazard("G14")
def test_what_is_held_is_shown_without_its_control_characters(command: Command, hub: Hub) -> None:
    code, out, _ = command("hub", "held", "--data-dir", str(hub.directory))
    assert code == 0
    assert "laptop-1 in default: 25 deletes and 3 overwrites, since 2026-11-25T20:00:00+00:00" in out
    assert "… and 26 more" in out
    assert "\x1b" not in out
    assert json.loads(command("hub", "held", "--data-dir", str(hub.directory), "--json")[1]) == [BURST]


def test_nothing_held_is_said(command: Command, hub: Hub) -> None:
    hub.held = []
    assert command("hub", "held", "--data-dir", str(hub.directory))[:2] == (0, "nothing is held\n")


def test_a_burst_is_approved_or_rejected(command: Command, hub: Hub) -> None:
    where = ("--data-dir", str(hub.directory))
    assert command("hub", "approve", "laptop-1", *where)[:2] == (0, "approved: 28 changes of laptop-1\n")
    assert command("hub", "reject", "laptop-1", "--folder", "team", *where)[:2] == (
        0, "rejected: 28 changes of laptop-1\n",
    )  # fmt: skip
    assert hub.asked == [
        ("approve", {"client": "laptop-1", "folder": ""}), ("reject", {"client": "laptop-1", "folder": "team"}),
    ]  # fmt: skip
    said = json.loads(command("hub", "approve", "laptop-1", *where, "--json")[1])
    assert said == {"client": "laptop-1", "approved": 28}


def test_where_nothing_is_held_nothing_can_be_decided(command: Command, hub: Hub) -> None:
    hub.held = []
    code, out, err = command("hub", "approve", "laptop-1", "--data-dir", str(hub.directory))
    assert (code, out, err) == (2, "", "syncagent: nothing is held of a client 'laptop-1'\n")


def test_a_hub_that_does_not_run_is_said(command: Command, tmp_path: Path) -> None:
    code, out, err = command("hub", "held", "--data-dir", str(tmp_path))
    assert (code, out) == (4, "")
    assert "no hub is running here" in err


REPORT: dict[str, Any] = {
    "entries": 7, "nodes": 5, "files": 3, "blocks": 3, "block_bytes": 70_009, "strays": 0, "found_again": 0,
    "database": "in order", "wrong": 0, "findings": [],
}  # fmt: skip


def test_a_hub_that_runs_is_asked_and_what_it_found_is_told(command: Command, hub: Hub) -> None:
    where = ("--data-dir", str(hub.directory))
    code, out, _ = command("hub", "fsck", *where)
    assert code == 0
    assert out.endswith("all is in order\n")
    hub.report |= {
        "wrong": 12, "strays": 2, "found_again": 4,
        "findings": [{"folder": "default", "kind": "file", "what": "a\x1b[2Jb lacks blocks: 1 of 1"}],
    }  # fmt: skip
    code, out, _ = command("hub", "fsck", *where)
    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith("default: a")
    assert "\x1b" not in out
    assert lines[1] == "… and 11 more"
    assert "broken uploads that lie beside the blocks, and are harmless: 2" in out
    assert "found again of the blocks that were lost: 4" in out
    assert lines[-1] == "12 findings"
    code, out, _ = command("hub", "fsck", *where, "--json")
    assert (code, json.loads(out)) == (1, hub.report)


def test_a_hub_that_does_not_run_is_looked_through_all_the_same(command: Command, tmp_path: Path) -> None:
    where = ("--data-dir", str(tmp_path))
    code, out, err = command("hub", "fsck", *where)
    assert (code, out) == (2, "")
    assert "no hub has kept anything" in err
    SqliteStore(str(tmp_path / "hub.db"), BlockFiles(str(tmp_path / "blocks"), digest_of)).close()
    assert command("hub", "fsck", *where)[0] == 0
    (tmp_path / "hub.db").write_bytes(b"no database" * 1000)
    code, out, _ = command("hub", "fsck", *where)
    assert code == 1
    assert "damaged" in out
