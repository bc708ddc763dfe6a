"""The control socket: private, one answer to one question, errors that come through as they were raised."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from syncagent.control import ControlClient, ControlServer, UnknownCommand
from syncagent.errors import AlreadyRunning, BadConfig, LinkLost, NotRunning, Refused, SyncAgentError
from syncagent.meeting import peer_uid

T = TypeVar("T")


class Agent:
    """Stands for the runtime: answers, fails, or waits until it is cancelled."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def handle(self, command: str, args: dict[str, Any]) -> dict[str, Any]:
        match command:
            case "echo":
                return {"args": args}
            case "refuse":
                raise Refused("client_id_in_use", "another machine has this id")
            case "fail":
                raise BadConfig("name is wrong")
            case "bug":
                raise ZeroDivisionError
            case "new":
                raise UnknownCommand("the agent does not know the command 'new'")
            case "hang":
                self.waiting.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    self.cancelled.set()
        raise SyncAgentError(f"no such command: {command}")

    async def follow(self, command: str, args: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        for number in range(args["count"]):
            yield {"number": number}
        if args.get("then") == "fail":
            raise BadConfig("enough")
        if args.get("then") == "hang":
            self.waiting.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "c.sock"


def serve(path: Path, agent: Agent) -> ControlServer:
    return ControlServer(path, agent.handle, agent.follow)


async def ask(question: Callable[[], T]) -> T:
    return await asyncio.to_thread(question)


async def test_a_question_has_an_answer_whatever_is_in_it(path: Path) -> None:
    async with serve(path, Agent()):
        client = ControlClient(path)
        answer = await ask(lambda: client.call("echo", text="line\nline ü \ud800", n=[1, None]))
        assert answer == {"args": {"text": "line\nline ü ?", "n": [1, None]}}
        long = "x" * 900_000
        assert (await ask(lambda: client.call("echo", text=long)))["args"]["text"] == long


@pytest.mark.hazard("G8")
async def test_the_socket_is_for_this_user_alone_whatever_the_umask(path: Path) -> None:
    old = os.umask(0)
    try:
        async with serve(path, Agent()):
            assert stat.S_IMODE(path.lstat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.lstat().st_mode) == 0o700
    finally:
        os.umask(old)
    assert not path.exists()


@pytest.mark.hazard("G8")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
async def test_another_user_gets_no_answer_even_where_the_modes_let_them_in(path: Path) -> None:
    async with serve(path, Agent()):
        for directory in [path.parent, *path.parent.parents][:4]:
            directory.chmod(0o755)
        path.chmod(0o666)
        code = (
            "import os, socket; os.setuid(12345); s = socket.socket(socket.AF_UNIX); s.settimeout(10);"
            f's.connect({str(path)!r}); s.sendall(b\'{{"command": "echo"}}\\n\'); print(s.recv(100))'
        )
        run = await ask(
            lambda: subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
        )
    assert b"echo".decode() not in run.stdout
    assert run.stdout.strip() == "b''" or "Error" in run.stderr


@pytest.mark.hazard("G8")
def test_the_kernel_says_who_is_at_the_other_end() -> None:
    one, two = socket.socketpair(socket.AF_UNIX)
    with one, two:
        assert peer_uid(one) == os.getuid()


async def test_errors_come_through_as_they_were_raised(path: Path) -> None:
    async with serve(path, Agent()):
        client = ControlClient(path)
        with pytest.raises(BadConfig, match="^name is wrong$"):
            await ask(lambda: client.call("fail"))
        with pytest.raises(Refused) as caught:
            await ask(lambda: client.call("refuse"))
        assert caught.value.code == "client_id_in_use"
        with pytest.raises(SyncAgentError, match="no such command"):
            await ask(lambda: client.call("dance"))


async def test_a_command_that_the_other_does_not_know_is_told_apart_from_one_that_failed(path: Path) -> None:
    async with serve(path, Agent()):
        with pytest.raises(UnknownCommand, match="does not know"):
            await ask(lambda: ControlClient(path).call("new"))


async def test_a_bug_in_one_command_is_told_and_does_not_end_the_others(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(path, Agent()):
        client = ControlClient(path)
        with pytest.raises(SyncAgentError, match="see its log"):
            await ask(lambda: client.call("bug"))
        assert "ZeroDivisionError" in caplog.text
        assert await ask(lambda: client.call("echo")) == {"args": {}}


async def test_events_come_until_they_end(path: Path) -> None:
    async with serve(path, Agent()):
        client = ControlClient(path)
        events = await ask(lambda: list(client.follow("log", count=3)))
        assert events == [{"number": 0}, {"number": 1}, {"number": 2}]
        with pytest.raises(BadConfig, match="enough"):
            await ask(lambda: list(client.follow("log", count=1, then="fail")))


async def test_a_client_that_goes_ends_what_was_done_for_it(path: Path) -> None:
    for request in ({"command": "log", "args": {"count": 1, "then": "hang"}, "follow": True}, {"command": "hang"}):
        agent = Agent()
        async with serve(path, agent):
            _, writer = await asyncio.open_unix_connection(path)
            writer.write(json.dumps(request).encode() + b"\n")
            await asyncio.wait_for(agent.waiting.wait(), 30)
            writer.close()
            await writer.wait_closed()
            await asyncio.wait_for(agent.cancelled.wait(), 30)


async def test_an_agent_that_stops_is_a_lost_link_to_who_waits(path: Path) -> None:
    agent = Agent()
    async with serve(path, agent):
        asking = asyncio.ensure_future(ask(lambda: ControlClient(path).call("hang")))
        await asyncio.wait_for(agent.waiting.wait(), 30)
    with pytest.raises(LinkLost, match="stopped before it answered"):
        await asking
    assert agent.cancelled.is_set()


async def test_the_answer_to_stop_is_sent_by_an_agent_that_stops(path: Path) -> None:
    stopping = asyncio.Event()

    async def handle(command: str, args: dict[str, Any]) -> dict[str, Any]:
        stopping.set()
        return {"stopped": True}

    async with ControlServer(path, handle):
        asking = asyncio.ensure_future(ask(lambda: ControlClient(path).call("stop")))
        await stopping.wait()
    assert await asking == {"stopped": True}


async def test_a_client_that_says_nothing_does_not_keep_the_agent_from_stopping(path: Path) -> None:
    async with serve(path, Agent()):
        reader, writer = await asyncio.open_unix_connection(path)
        await ask(lambda: ControlClient(path).call("echo"))
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()


async def test_an_answer_that_does_not_come_is_a_lost_link(path: Path) -> None:
    async with serve(path, Agent()):
        with pytest.raises(LinkLost, match=r"within 0\.05 seconds"):
            await ask(lambda: ControlClient(path).call("hang", within=0.05))


def test_nobody_there_is_said_with_how_to_start(path: Path) -> None:
    with pytest.raises(NotRunning, match="syncagent up"):
        ControlClient(path).call("status")
    with pytest.raises(NotRunning):
        list(ControlClient(path).follow("log"))


async def test_a_socket_left_behind_is_replaced_and_one_that_answers_is_not(path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with serve(path, Agent()):
        assert await ask(lambda: ControlClient(path).call("echo")) == {"args": {}}
        with pytest.raises(AlreadyRunning):
            async with serve(path, Agent()):
                pass


@pytest.mark.parametrize(
    "line",
    [b"\n", b"{}\n", b"[1]\n", b"\xff\n", b'{"command": 1}\n', b'{"command": "x", "args": 1}\n', b"x", b"[" * 100_000],
)
async def test_what_is_no_request_is_answered_with_a_reason(path: Path, line: bytes) -> None:
    async with serve(path, Agent()):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line)
        writer.write_eof()
        answer = json.loads(await reader.readline())
        writer.close()
    assert answer["ok"] is False
    assert "not a request" in answer["error"]["message"]


@pytest.mark.hazard("G8", "N17")
async def test_a_request_without_end_is_hung_up_on(path: Path) -> None:
    async with serve(path, Agent()):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"x" * (3 << 20))
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("steps", range(8))
async def test_who_comes_in_the_moment_of_the_stop_is_hung_up_on(path: Path, steps: int) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        async with serve(path, Agent()):
            client.connect(str(path))
            for _ in range(steps):
                await asyncio.sleep(0)
        client.settimeout(30)
        with contextlib.suppress(ConnectionResetError):
            assert await ask(lambda: client.recv(1)) == b""
