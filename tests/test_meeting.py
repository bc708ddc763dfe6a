"""Where two programs of one user meet: both ways, each on every system that has it."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from syncagent import meeting
from syncagent.control import ControlClient, ControlServer
from syncagent.errors import AlreadyRunning, NotRunning
from syncagent.meeting import LoopbackMeeting, Meeting, NotOurs, new_meeting

T = TypeVar("T")
KINDS = [new_meeting, LoopbackMeeting] if sys.platform != "win32" else [LoopbackMeeting]


async def handle(command: str, args: dict[str, Any]) -> dict[str, Any]:
    return {"command": command, **args}


async def ask(question: Callable[[], T]) -> T:
    return await asyncio.to_thread(question)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "control"


@pytest.fixture(params=KINDS)
def new(request: pytest.FixtureRequest) -> Callable[[], Meeting]:
    return request.param  # type: ignore[no-any-return]


async def test_a_question_has_its_answer(path: Path, new: Callable[[], Meeting]) -> None:
    async with ControlServer(path, handle, meeting=new()):
        for number in range(3):
            answer = await ask(lambda number=number: ControlClient(path, meeting=new()).call("echo", number=number))
            assert answer == {"command": "echo", "number": number}


async def test_there_is_one_at_a_place(path: Path, new: Callable[[], Meeting]) -> None:
    async with ControlServer(path, handle, meeting=new()):
        with pytest.raises(AlreadyRunning):
            await ask(lambda: asyncio.run(ControlServer(path, handle, meeting=new()).__aenter__()))
    async with ControlServer(path, handle, meeting=new()):
        assert await ask(lambda: ControlClient(path, meeting=new()).call("a")) == {"command": "a"}


async def test_nobody_there_is_said(path: Path, new: Callable[[], Meeting]) -> None:
    with pytest.raises(NotRunning):
        ControlClient(path, meeting=new()).call("status")
    async with ControlServer(path, handle, meeting=new()):
        pass
    with pytest.raises(NotRunning):
        ControlClient(path, meeting=new()).call("status")


# --- the loopback -----------------------------------------------------------------------------------------------


@pytest.mark.hazard("G8")
async def test_who_does_not_know_the_secret_is_not_heard(path: Path) -> None:
    heard: list[str] = []

    async def listen(command: str, args: dict[str, Any]) -> dict[str, Any]:
        heard.append(command)
        return {}

    async with ControlServer(path, listen, meeting=LoopbackMeeting()):
        port = json.loads(path.read_text())["port"]
        for shown in (b"x" * 32, b""):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"n" * 16)
            assert len(await reader.readexactly(48)) == 48
            writer.write(shown + b'{"command": "stop"}\n')
            if not shown:
                writer.write_eof()
            assert await reader.read() == b""
            writer.close()
        path.write_text(json.dumps({"port": port, "secret": "00" * 32}))
        with pytest.raises(NotRunning, match="another user"):
            await ask(lambda: ControlClient(path, meeting=LoopbackMeeting()).call("stop"))
    assert heard == []


@pytest.mark.hazard("G8")
def test_a_program_that_took_the_port_is_told_nothing(path: Path) -> None:
    told: list[bytes] = []

    def pretend(listening: socket.socket) -> None:
        link, _ = listening.accept()
        with link:
            link.settimeout(30)
            told.append(link.recv(1 << 16))
            link.sendall(b"y" * 48)
            told.append(link.recv(1 << 16))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        path.parent.mkdir()
        path.write_text(json.dumps({"port": listening.getsockname()[1], "secret": "ab" * 32}))
        pretender = threading.Thread(target=pretend, args=[listening])
        pretender.start()
        with pytest.raises(NotOurs):
            LoopbackMeeting().connect(path, 30)
        pretender.join(30)
    assert len(told[0]) == 16
    assert told[1] == b"", "no request, and no proof that it could use elsewhere"


async def test_who_says_nothing_is_sent_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "HANDSHAKE_SECONDS", 0.01)
    async with ControlServer(path, handle, meeting=LoopbackMeeting()):
        reader, writer = await asyncio.open_connection("127.0.0.1", json.loads(path.read_text())["port"])
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"port": 1}', '{"port": "x", "secret": "00"}', '{"port": 1, "secret": "x"}']
)
def test_a_note_that_is_cut_off_is_nobody(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(NotRunning):
        ControlClient(path, meeting=LoopbackMeeting()).call("status")


@pytest.mark.hazard("G5")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no mode there")
async def test_what_is_noted_is_for_this_user_alone(path: Path) -> None:
    async with ControlServer(path, handle, meeting=LoopbackMeeting()):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not path.exists()
