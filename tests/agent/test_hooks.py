"""Commands of a person's own: really started, and never in the way."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent import hooks
from syncagent.agent.board import Board
from syncagent.agent.hooks import Hooks
from syncagent.engine.events import Heard
from syncagent.engine.status import State, Status
from syncagent.model.ids import ClientId
from syncagent.model.names import RelPath
from tests.support.agents import config_in, running
from tests.support.hub_entries import timed

OURS = ClientId("laptop-1")
IN_SYNC = Status(state=State.IDLE, in_sync=True)

WRITES = """
import json, os, sys
told = json.load(sys.stdin) | {"env": {k: v for k, v in os.environ.items() if k.startswith("SYNCAGENT")}}
with open(sys.argv[1], "a") as file:
    file.write(json.dumps(told | {"cwd": os.getcwd()}) + "\\n")
"""


def program(text: str, *arguments: object) -> str:
    return shlex.join([sys.executable, "-c", text, *map(str, arguments)])


@asynccontextmanager
async def hooked(base: Path, **settings: Any) -> AsyncIterator[Board]:
    board, config = Board(), config_in(base, **settings)
    task = asyncio.ensure_future(Hooks(lambda: config, board, gather=0.01).run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    try:
        yield board
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def changed(board: Board, *paths: str) -> None:
    entries = tuple(replace(timed(1, author="desk-1").entry, path=RelPath(path)) for path in paths)
    board.recents.hear(Heard(entries), OURS)


async def until(so: Callable[[], Any]) -> Any:
    async with asyncio.timeout(60):
        while not (found := so()):  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.01)
    return found


def told(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def test_a_burst_is_told_by_one_start_and_what_comes_later_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCAGENT_API_KEY", "a key that no one must see")
    out = tmp_path / "told"
    async with hooked(tmp_path / "a", on_change=program(WRITES, out)) as board:
        changed(board, "a", "b; rm -rf $HOME")
        changed(board, "c")
        [first] = await until(lambda: told(out))
        assert [one["path"] for one in first["changes"]] == ["a", "b; rm -rf $HOME", "c"]
        assert {one["by"] for one in first["changes"]} == {"desk-1"}
        assert (first["event"], first["count"], first["profile"]) == ("change", 3, "default")
        assert first["cwd"] == os.path.realpath(first["root"]) == os.path.realpath(tmp_path / "a" / "root")
        assert first["env"]["SYNCAGENT_PATHS"] == "a\nb; rm -rf $HOME\nc"
        assert (first["env"]["SYNCAGENT_COUNT"], "SYNCAGENT_API_KEY" in first["env"]) == ("3", False)
        changed(board, "d")
        second = (await until(lambda: told(out)[1:]))[0]
        assert [one["path"] for one in second["changes"]] == ["d"]
        assert board.hook_troubles == {}


async def test_conflict_copies_and_rest_have_hooks_of_their_own(tmp_path: Path) -> None:
    conflict, idle = tmp_path / "conflict", tmp_path / "idle"
    async with hooked(tmp_path / "a", on_conflict=program(WRITES, conflict), on_idle=program(WRITES, idle)) as board:
        changed(board, "a.txt", "a (conflict 2026-11-22 Laptop).txt")
        [found] = await until(lambda: told(conflict))
        assert [one["path"] for one in found["changes"]] == ["a (conflict 2026-11-22 Laptop).txt"]
        assert told(idle) == []
        board.publish(IN_SYNC)
        await until(lambda: told(idle))
        board.publish(Status())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        board.publish(IN_SYNC)
        assert [one["event"] for one in await until(lambda: told(idle)[1:])] == ["idle"]


@pytest.mark.parametrize(("command", "seconds", "said"), [
    (program("import sys; sys.stdin.close(); print('no\\nroom', file=sys.stderr); sys.exit(3)"), 600,
     "on_change ended with 3: no room"),
    ("/no/such/program", 600, "on_change cannot be started: No such file or directory"),
    (program("import time; time.sleep(600)"), 1, "on_change was stopped: it was not done after 1 s"),
])  # fmt: skip
async def test_one_that_fails_is_told_and_the_next_start_is_made_all_the_same(
    tmp_path: Path, command: str, seconds: int, said: str
) -> None:
    async with hooked(tmp_path / "a", on_change=command, hook_seconds=seconds) as board:
        changed(board, "a")
        await until(lambda: board.hook_troubles)
        assert board.hook_troubles == {"on_change": said}
        assert board.lines(1)[0]["text"] == said
        changed(board, "b")
        await until(lambda: [line["text"] for line in board.lines(5)] == [said, said])


async def test_what_one_has_started_ends_with_it_and_with_the_agent(tmp_path: Path) -> None:
    pid = tmp_path / "a" / "root" / "pid"
    child = "import os, time; open('new', 'w').write(str(os.getpid())); os.rename('new', 'pid'); time.sleep(600)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    async with hooked(tmp_path / "a", on_change=program(parent)) as board:
        changed(board, "a")
        await until(pid.exists)
    await until(lambda: not _lives(int(pid.read_text())))


async def test_what_one_leaves_running_is_not_waited_for(tmp_path: Path) -> None:
    leaves = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(5)']); sys.exit(4)"
    )
    async with hooked(tmp_path / "a", on_change=program(leaves), hook_seconds=600) as board:
        changed(board, "a")
        await until(lambda: board.hook_troubles)
        assert board.hook_troubles == {"on_change": "on_change ended with 4"}


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def test_what_has_no_room_in_the_environment_is_in_the_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "ROOM", 4)
    out = tmp_path / "told"
    async with hooked(tmp_path / "a", on_change=program(WRITES, out)) as board:
        changed(board, "a", "b", "c")
        [found] = await until(lambda: told(out))
        assert found["env"]["SYNCAGENT_PATHS"] == "b\nc"
        assert len(found["changes"]) == 3


async def test_a_running_agent_says_in_its_status_what_went_wrong_and_is_in_sync_all_the_same(tmp_path: Path) -> None:
    from tests.support.hubs import hub_in

    async with (
        hub_in(tmp_path / "hub") as server,
        running(config_in(tmp_path / "a", server=server, on_idle="/no/such/program")) as agent,
    ):
        (agent.root / "a").write_text("a")
        await agent.wait()
        status = await agent.until(lambda status: any(line["kind"] == "hook" for line in status["lines"]))
        [line] = [line for line in status["lines"] if line["kind"] == "hook"]
        assert line["text"].startswith("on_idle cannot be started") and line["hinders"] is False
        await agent.wait()


async def test_where_there_are_none_nobody_is_woken_until_a_setting_names_one(tmp_path: Path) -> None:
    out = tmp_path / "told"
    without = config_in(tmp_path / "a")
    config, board = [without], Board()
    made = Hooks(lambda: config[0], board, gather=0.01)
    task = asyncio.ensure_future(made.run())
    await asyncio.sleep(0)
    changed(board, "before")
    assert not made._change.wanted.is_set()
    config[0] = without.model_copy(update={"on_change": program(WRITES, out)})
    made.heed()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    changed(board, "after")
    [first] = await until(lambda: told(out))
    assert [one["path"] for one in first["changes"]] == ["after"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
