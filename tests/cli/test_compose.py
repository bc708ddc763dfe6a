"""Both halves put together, as processes: `up`, `join`, `run` and `hub` from start to end."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncagent import heap
from syncagent.agent.config.identity import agent_config
from syncagent.agent.config.reading import read_settings
from syncagent.agent.config.writing import write_settings
from syncagent.agent.places import places
from syncagent.cli import compose
from syncagent.cli.compose import own_hub, until_signal
from syncagent.hub.brake import BrakeRules
from syncagent.model.acts import Limits
from tests.support.ports import free_port

Start = Callable[..., subprocess.Popen[str]]
Ask = Callable[..., subprocess.CompletedProcess[str]]

KEY = "canary-0123456789abcdef0123456789abcdef"


@pytest.fixture
def environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SYNCAGENT_")}
    return {**ours, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: str | Path, **more: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", "syncagent", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=environment | more,
        )  # fmt: skip
        running.append(child)
        return child

    yield begin
    for child in running:
        child.kill()
        child.communicate()


@pytest.fixture
def ask(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    def go(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "syncagent", *map(str, arguments)]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, env=environment)

    return go


def read_until(child: subprocess.Popen[str], words: str) -> str:
    """What it says up to the line with ``words``."""
    assert child.stdout is not None
    said = ""
    for line in child.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"it ended with {child.wait()} and said: {said}{child.stderr and child.stderr.read()}")


def test_the_hub_of_up_has_the_brake_that_the_settings_say(tmp_path: Path) -> None:
    spot = places(tmp_path / "data")
    settings = {"sync_root": str(tmp_path / "a"), "server": "ws://127.0.0.1:1", "listen": "127.0.0.1:1"}
    write_settings(spot, settings | {"brake": "off", "brake_files": 20, "brake_share": 0.25, "brake_most": 300})
    config = agent_config(read_settings(spot, {}), spot, KEY)
    assert not own_hub(config).brake.on
    again = agent_config(read_settings(spot, {"SYNCAGENT_BRAKE": "on"}), spot, KEY)
    assert own_hub(again).brake == BrakeRules(on=True, limits=Limits(files=20, share=0.25, most=300))


FOREIGN = {
    "run": (
        "syncagent.hub", "syncagent.cli.program", "typer", "rich", "aiohttp", "cryptography", "tomlkit", "keyring",
    ),
    "hub": (
        "syncagent.agent.runtime", "syncagent.engine.engine", "syncagent.cli.program", "typer", "rich", "aiohttp",
        "watchdog", "cryptography", "websockets.asyncio", "python_socks",
    ),
}  # fmt: skip


@pytest.mark.parametrize("command", FOREIGN)
def test_what_runs_for_weeks_carries_its_own_half_alone(command: str, tmp_path: Path) -> None:
    """It is started as it always is, and tells when an agent has called its hub, or a hub was called."""
    free = free_port()
    script = f"""if True:
        import asyncio, socket, sys
        from syncagent.cli import app, compose
        async def called(address):
            if sys.argv[1] == "hub":
                while True:
                    try:
                        _, writer = await asyncio.open_connection(*address)
                        return writer.close()
                    except ConnectionError:
                        await asyncio.sleep(0.01)
            with socket.create_server(address) as server:
                server.setblocking(False)
                hub, _ = await asyncio.get_running_loop().sock_accept(server)
                with hub:
                    await asyncio.get_running_loop().sock_recv(hub, 1)
        async def until_called(work):
            task = asyncio.ensure_future(work)
            await called(("127.0.0.1", {free}))
            task.cancel()
            await asyncio.wait([task])
            print([one for one in {FOREIGN[command]!r} if one in sys.modules])
        compose.until_signal = until_called
        app.run(sys.argv[1:])
    """
    (tmp_path / "folder").mkdir()
    options = {
        "run": ["--sync-root", str(tmp_path / "folder"), "--server", f"ws://127.0.0.1:{free}", "--name", "n"],
        "hub": ["--listen", f"127.0.0.1:{free}"],
    }[command]
    ran = subprocess.run(
        [sys.executable, "-c", script, command, "--data-dir", str(tmp_path / "data"), *options],
        capture_output=True, text=True, timeout=60, check=True, env=os.environ | {"SYNCAGENT_API_KEY": KEY},
    )  # fmt: skip
    assert ran.stdout.splitlines()[-1] == "[]", ran.stderr


async def test_a_signal_ends_the_work_cleanly() -> None:
    undone: list[str] = []

    async def work() -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        finally:
            undone.append("closed")
        return 1

    assert await until_signal(work()) == 0
    assert undone == ["closed"]


async def test_work_that_ends_by_itself_says_its_code_and_its_errors() -> None:
    async def work(code: int) -> int:
        if code < 0:
            raise ZeroDivisionError
        return code

    assert await until_signal(work(5)) == 5
    with pytest.raises(ZeroDivisionError):
        await until_signal(work(-1))


@pytest.mark.e2e
def test_up_shows_a_link_that_join_takes_and_both_go_on_after_a_restart(start: Start, ask: Ask, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    listen = f"127.0.0.1:{free_port()}"
    first = start("up", tmp_path / "a", "--data-dir", one, "--listen", listen)
    link = read_until(first, "syncagent join").partition("join '")[2].partition("'")[0]
    joined = ask("join", link, tmp_path / "b", "--data-dir", two, "--background")
    assert joined.returncode == 0, joined.stderr
    try:
        (tmp_path / "a" / "hello.txt").write_text("hello")
        for data in (one, two):
            waited = ask("wait", "--timeout", "30", "--data-dir", data)
            assert waited.returncode == 0, waited.stderr
        assert (tmp_path / "b" / "hello.txt").read_text() == "hello"
        shown = json.loads(ask("status", "--json", "--data-dir", two).stdout)
        assert (shown["in_sync"], shown["root"]) == (True, str(tmp_path / "b"))
        assert ask("up", "--data-dir", one).returncode == 6

        first.send_signal(signal.SIGINT)
        assert first.wait(30) == 0
        assert ask("status", "--data-dir", one).returncode == 4
        (tmp_path / "a" / "later.txt").write_text("later")
        again = start("up", "--data-dir", one)
        assert link in read_until(again, "syncagent join"), "the same hub, the same key"
        assert ask("wait", "--timeout", "60", "--data-dir", one).returncode == 0
        assert ask("stop", "--data-dir", one).returncode == 0
        assert again.wait(30) == 0
    finally:
        ask("stop", "--data-dir", two)


@pytest.mark.e2e
def test_the_key_is_in_no_argument_no_log_and_no_setting(start: Start, ask: Ask, tmp_path: Path) -> None:
    listen = f"127.0.0.1:{free_port()}"
    start("hub", "--data-dir", tmp_path / "hub", "--listen", listen, SYNCAGENT_API_KEY=KEY)
    options = (
        "--data-dir",
        tmp_path / "data",
        "--sync-root",
        tmp_path / "a",
        "--server",
        f"ws://{listen}",
        "--name",
        "N",
    )
    agent = start("run", *options, SYNCAGENT_API_KEY=KEY)
    (tmp_path / "a").mkdir(exist_ok=True)
    for _ in range(100):
        asked = ask("wait", "--timeout", "30", "--data-dir", tmp_path / "data")
        if asked.returncode != 4:  # it has begun to listen
            break
    assert asked.returncode == 0, asked.stderr
    assert KEY.encode() not in Path(f"/proc/{agent.pid}/cmdline").read_bytes()
    assert ask("stop", "--data-dir", tmp_path / "data").returncode == 0
    _, complaints = agent.communicate(timeout=30)
    assert KEY not in complaints
    leaks = [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert leaks == [], "not even the hub keeps it: it has a digest"


@pytest.mark.e2e
def test_a_hub_that_cannot_listen_says_so_in_one_line(ask: Ask, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        run = ask("up", tmp_path / "a", "--data-dir", tmp_path / "data", "--listen", listen)
    assert run.returncode != 0
    assert run.stderr.count("\n") == 1
    assert "Traceback" not in run.stderr


async def test_what_is_kept_is_not_looked_through_for_garbage_again_and_again() -> None:
    before = gc.get_threshold()

    async def work() -> int:
        return gc.get_threshold()[0]

    try:
        assert await until_signal(work()) >= 50_000
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def test_what_a_burst_has_let_go_of_is_given_back_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    let_go = asyncio.Event()
    worth = iter([True])
    monkeypatch.setattr(compose, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(compose, "LATER_SECONDS", 0.0)
    monkeypatch.setattr(compose.Spent, "is_worth_it", lambda *_: next(worth, False))
    monkeypatch.setattr(heap, "give_back", lambda: done.append("memory"))
    monkeypatch.setattr(heap, "let_go_of_code", lambda: (done.append("code"), let_go.set()))

    async def work() -> None:
        async with asyncio.timeout(60):
            await let_go.wait()

    assert await until_signal(work()) == 0
    assert done == ["memory", "code"]


def test_after_a_burst_memory_is_given_back_and_not_for_edits_here_and_there() -> None:
    spent = compose.Spent()
    assert not spent.is_worth_it(compose.WORTH_SECONDS + compose.QUIET_SECONDS)  # it goes on
    assert spent.is_worth_it(0.0)  # it is over
    edits = int(compose.LONG_SECONDS / compose.QUIET_SECONDS)
    assert not any(spent.is_worth_it(0.9 * compose.QUIET_SECONDS) for _ in range(edits))
    assert any(spent.is_worth_it(0.9 * compose.QUIET_SECONDS) for _ in range(edits))


@pytest.mark.e2e
def test_one_agent_keeps_several_folders_and_takes_in_another_while_it_runs(
    start: Start, ask: Ask, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    first = start("up", tmp_path / "a", "--data-dir", one, "--listen", f"127.0.0.1:{free_port()}")
    link = read_until(first, "syncagent join").partition("join '")[2].partition("'")[0]
    alone = json.loads(ask("status", "--json", "--data-dir", one).stdout)
    assert ("profiles" in alone, alone["root"]) == (False, str(tmp_path / "a"))
    added = ask("up", tmp_path / "photos", "--profile", "photos", "--data-dir", one)
    assert added.returncode == 0, added.stderr
    # The same folders elsewhere, as two profiles of one agent, of which neither is without a name.
    for name, folder in (("main", "default"), ("pictures", "photos")):
        mine = link.replace("/default?", f"/{folder}?")
        joined = ask("join", mine, tmp_path / name, "--profile", name, "--data-dir", two, "--background")
        assert joined.returncode == 0, joined.stderr
    try:
        (tmp_path / "a" / "hello.txt").write_text("hello")
        (tmp_path / "photos" / "cat.jpg").write_text("cat")
        for data in (one, two):
            waited = ask("wait", "--timeout", "30", "--data-dir", data)
            assert waited.returncode == 0, waited.stderr
        assert (tmp_path / "main" / "hello.txt").read_text() == "hello"
        assert (tmp_path / "pictures" / "cat.jpg").read_text() == "cat"
        assert [path.name for path in (tmp_path / "pictures").iterdir() if path.name != ".syncagent"] == ["cat.jpg"]
        both = json.loads(ask("status", "--json", "--data-dir", two).stdout)
        assert [(each["profile"], each["in_sync"]) for each in both["profiles"]] == [("main", True), ("pictures", True)]
        unsaid = ask("pause", "--data-dir", two)
        assert (unsaid.returncode, "--profile (main, pictures)" in unsaid.stderr) == (2, True)
    finally:
        assert ask("stop", "--data-dir", two).returncode == 0
