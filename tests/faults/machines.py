"""A hub and agents as processes that cost little: forked from one that has everything imported.

A place is a folder with ``hub/`` (the hub's data) and one folder for each agent, with ``root/`` and ``data/``.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from syncagent.agent import runtime  # noqa: F401 - so that no forked process has to import it
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.lock import hold
from syncagent.agent.tally import NOTE
from syncagent.cli.compose import until_signal
from syncagent.control import ControlClient
from syncagent.errors import NotRunning
from syncagent.hub.app import Hub, HubConfig
from syncagent.localfs.ports import Stat
from syncagent.model.nodes import Node
from syncagent.store.agent_db import open_agent_db
from syncagent.trees.delta import Delta, Row
from tests.faults.calls import Meddler, install
from tests.support.agents import run_agent

KEY = "sak-for-faults-0123456789abcdef"
PATIENCE = float(os.environ.get("SYNCAGENT_FAULTS_PATIENCE", "60"))
NOT_IN_SYNC = 3


# --- processes ----------------------------------------------------------------------------------------------------

_running: set[int] = set()
"""Those that were started here and have not ended."""


def spawn(role: Callable[[], int], output: Path) -> int:
    """Fork a process that does ``role``; its pid.  What it says goes to ``output``."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        _running.add(pid)
        return pid
    code = 70
    try:
        said = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(said, 1)
        os.dup2(said, 2)
        code = role()
    except BaseException:  # noqa: BLE001 - told to the parent by the exit code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def spawn_worker(work: Callable[[], int]) -> int:
    """Fork a process that does ``work`` and says what it says where we do; its pid."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 101
    try:
        code = work()
    except BaseException:  # noqa: BLE001 - told to the parent by the exit code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ended(pid: int, seconds: float = PATIENCE + 30) -> int:
    """The exit code of ``pid``, or minus the signal that killed it; killed by us when it does not end in time."""
    end = time.monotonic() + seconds
    while True:
        if (code := over(pid)) is not None:
            return code
        if time.monotonic() > end:
            end_all()
            raise AssertionError("a process did not end")
        time.sleep(0.002)


def over(pid: int) -> int | None:
    """The exit code, if it has ended."""
    found, status = os.waitpid(pid, os.WNOHANG)
    if not found:
        return None
    _running.discard(pid)
    return os.waitstatus_to_exitcode(status)


def end_all() -> None:
    """Kill what is left of those that were started here: something went wrong."""
    for pid in list(_running):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        _running.discard(pid)


# --- the hub ------------------------------------------------------------------------------------------------------


def hub_process(place: Path, port: int, meddler: Meddler | None = None) -> int:
    """A hub on ``place/hub`` that runs until it is terminated or dies."""
    return spawn(lambda: _hub(place, port, meddler), place / "hub.out")


def _hub(place: Path, port: int, meddler: Meddler | None) -> int:
    if meddler is not None:
        install(meddler)

    async def live() -> int:
        async with Hub(HubConfig(place / "hub", port=port, bootstrap_key=KEY)):
            await asyncio.Event().wait()
        return 0

    return asyncio.run(until_signal(live()))


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start_hub(place: Path, port: int, meddler: Meddler | None = None) -> int:
    """The same, and back when it listens; or when it has died before that."""
    pid = hub_process(place, port, meddler)
    end = time.monotonic() + PATIENCE
    while not listens(port):
        seen = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if seen is not None:
            return pid
        assert time.monotonic() < end, f"the hub does not listen\n{said(place / 'hub.out')}"
        time.sleep(0.002)
    return pid


def stop(pid: int) -> int:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    return ended(pid)


@contextmanager
def hub(place: Path, port: int) -> Iterator[int]:
    """A hub that nothing happens to."""
    pid = start_hub(place, port)
    try:
        yield pid
    finally:
        code = stop(pid)
        assert code == 0, f"the hub ended with {code}\n{said(place / 'hub.out')}"


# --- agents -------------------------------------------------------------------------------------------------------


def at_home(data_dir: Path) -> None:
    """Let this copy of a data directory be taken for the original: the agent would know it for a copy (E6)."""
    note = data_dir / NOTE
    if note.exists():
        note.write_text(json.dumps({**json.loads(note.read_text()), "path": str(data_dir)}))


def config_of(place: Path, name: str, port: int) -> AgentConfig:
    base = place / name
    (base / "root").mkdir(parents=True, exist_ok=True)
    (base / "data").mkdir(mode=0o700, exist_ok=True)
    return AgentConfig(
        sync_root=base / "root", data_dir=base / "data", name=name, client_id=f"{name}-1",
        server=f"ws://127.0.0.1:{port}", api_key=SecretStr(KEY), brake="off",
    )  # fmt: skip


def agent_process(
    place: Path,
    name: str,
    port: int,
    meddler: Meddler | None = None,
    act: Callable[[ControlClient], Any] | None = None,
) -> int:
    """An agent that runs until it has proven that it is in sync, and stops then (exit code 0).

    ``act`` is called in a thread of it when it answers, in place of waiting; what it gives is the exit code.
    """
    return spawn(lambda: _agent(place, name, port, meddler, act or _in_sync), place / f"{name}.out")


def _agent(
    place: Path, name: str, port: int, meddler: Meddler | None, act: Callable[[ControlClient], int | None]
) -> int:
    if meddler is not None:
        install(meddler)
    config = config_of(place, name, port)

    async def live() -> int:
        client = ControlClient(config.places.control)
        task = asyncio.ensure_future(run_agent(config))
        try:
            while True:
                if task.done():
                    return task.result() or 71
                with suppress(NotRunning):
                    await asyncio.to_thread(client.call, "status")
                    break
                await asyncio.sleep(0.005)
            return await asyncio.to_thread(act, client) or 0
        finally:
            if task.done():
                task.result()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    with hold(config.places.lock):
        return asyncio.run(live())


def known_again(base: Path) -> None:
    """A folder that was copied is to its agent what it was: what that remembers of inodes and times is set right."""
    path = base / "data" / "agent.db"
    if not path.exists():
        return
    store = open_agent_db(str(path))
    rows = store.load().rows
    nodes = {row.id: row.local for row in rows if row.local is not None}

    def path_of(node: Node) -> str:
        above = nodes.get(node.at.parent)
        return f"{path_of(above)}/{node.at.name}" if above is not None else f"{base / 'root'}/{node.at.name}"

    def again(row: Row) -> Row:
        seen = os.lstat(path_of(nodes[row.id]))
        now = Stat(seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_mode)
        return replace(row, stamp=now.stamp)

    store.commit(Delta(rows=tuple(again(row) for row in rows if row.id in nodes and row.stamp)))
    store.close()


def _in_sync(client: ControlClient) -> int:
    answer = client.call("wait", within=PATIENCE + 15, timeout=PATIENCE)
    if answer["in_sync"]:
        return 0
    sys.stdout.write(f"not in sync: {answer}\n")
    return NOT_IN_SYNC


def said(output: Path) -> str:
    return output.read_text(errors="replace")[-6000:] if output.exists() else ""
