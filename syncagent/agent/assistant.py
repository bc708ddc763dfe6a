"""The first run, as a page asks for it: which hub, which folder, which name; then the agent is started.

It does what `up` and `join` do, and nothing before it is told to finish.  What blocks is done in threads.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from syncagent.agent.autostart.choice import login_item
from syncagent.agent.autostart.program import at_login
from syncagent.agent.config.kinds import host_name
from syncagent.agent.config.reading import read_settings
from syncagent.agent.doctor.findings import Verdict
from syncagent.agent.founding import DEFAULT_FOLDER, PORT, check_sealed, set_up, set_up_joined
from syncagent.agent.launching import start_behind
from syncagent.agent.places import Places
from syncagent.agent.prospect import as_path, folders_in, look_at
from syncagent.control import ControlClient, UnknownCommand
from syncagent.errors import BadConfig, SyncAgentError
from syncagent.model.link import Link, parse_link

Answer = dict[str, Any]

NOWHERE: Final = "/nonexistent"
"""Stands for the folder while only the hub is looked at."""

START_SECONDS: Final = 30.0
PORTS_TRIED: Final = 20


class Assistant:
    """What the page of the first run asks.  ``finished`` is called when the agent runs; ``start`` starts it."""

    def __init__(
        self,
        spot: Places,
        environment: Mapping[str, str],
        home: Path,
        finished: Callable[[], None] = lambda: None,
        start: Callable[[Places], Mapping[str, Any]] = start_behind,
    ) -> None:
        self._spot = spot
        self._environment = environment
        self._home = home
        self._finished = finished
        self._start = start
        self._turn = asyncio.Lock()

    async def answer(self, what: str, args: dict[str, Any]) -> Answer:
        """Raises SyncAgentError, with what is wrong."""
        match what:
            case "start":
                return await asyncio.to_thread(self._known)
            case "list":
                return {"folders": await asyncio.to_thread(folders_in, _text(args, "path"), self._home)}
            case "folder":
                return await asyncio.to_thread(self._folder, _text(args, "path"))
            case "link":
                return await asyncio.to_thread(self._link, _text(args, "link"))
            case "finish":
                async with self._turn:
                    answer = await asyncio.to_thread(self._finish, args)
                self._finished()
                return answer
        raise UnknownCommand(f"the assistant cannot be asked for {what!r}")

    async def news(self) -> AsyncGenerator[Answer, None]:
        """There are none."""
        await asyncio.Event().wait()
        yield {}

    def _known(self) -> Answer:
        return {
            "folder": DEFAULT_FOLDER,
            "name": host_name(),
            "data_dir": str(self._spot.data_dir),
            "port": free_port(),
            "autostart": self._can_start_at_login(),
        }

    def _can_start_at_login(self) -> bool:
        try:
            self._login_item(self._home).look()
        except SyncAgentError:
            return False
        return True

    def _login_item(self, folder: Path) -> Any:
        return login_item(self._spot, folder, at_login(self._environment), self._environment)

    def _folder(self, text: str) -> Answer:
        try:
            path = as_path(text, self._home)
        except BadConfig as error:
            return {"problem": str(error), "warnings": []}
        found = look_at(path, self._home, self._spot.data_dir)
        return {
            "path": str(found.path),
            "problem": found.problem,
            "warnings": list(found.warnings),
            "entries": found.entries,
            "kept": found.kept,
        }

    def _link(self, text: str) -> Answer:
        """What is to be said of a link: what is wrong with it, or whether its hub is there."""
        try:
            link = parse_link(text)
            check_sealed(link)
            checks = {check.name: check for check in self._ask_hub(link)}
        except BadConfig as error:
            # The advice about quotes is for a shell.
            return {"problem": str(error).partition("  Put it in quotes")[0]}
        hub, clock = checks["hub"], checks.get("clock")
        answer = {"where": urlsplit(link.server).netloc, "folder": link.folder, "reached": hub.verdict is Verdict.OK}
        if hub.verdict is Verdict.PROBLEM:
            another = "another one" in hub.found
            advice = "" if another else "; you can go on, and it joins when the hub is there"
            return answer | {"problem" if another else "warning": f"{hub.found}: {hub.todo}{advice}"}
        if clock is not None and clock.verdict is Verdict.WARNING:
            return answer | {"warning": f"{clock.found}: {clock.todo}"}
        return answer

    def _ask_hub(self, link: Link) -> list[Any]:
        from syncagent.agent.doctor.link import hub_and_clock  # noqa: PLC0415 - the protocol: not for `status`

        given = {"server": link.server, "fingerprint": link.fingerprint, "sync_root": NOWHERE}
        return list(hub_and_clock(read_settings(Places(self._spot.data_dir / "not-set-up"), {}, given)))

    def _finish(self, args: dict[str, Any]) -> Answer:
        path = as_path(_text(args, "folder"), self._home)
        found = look_at(path, self._home, self._spot.data_dir)
        if found.problem:
            raise BadConfig(found.problem)
        name = _text(args, "name").strip() or None
        fresh = not self._spot.config.exists()
        match args.get("way"):
            case "hub":
                host = "0.0.0.0" if args.get("others") is True else "127.0.0.1"  # noqa: S104 - the person has said so
                set_up(self._spot, path, f"{host}:{free_port()}", name)
            case "join":
                set_up_joined(self._spot, parse_link(_text(args, "link")), path, name)
            case _:
                raise BadConfig("keep the hub here, or join one: which?")
        try:
            self._start(self._spot)
        except SyncAgentError:
            if fresh:  # so that another folder, or another hub, can be tried; the key stays with the hub that has it
                self._spot.config.unlink(missing_ok=True)
            raise
        said = self._start_at_login(path) if args.get("autostart") is True else ""
        page = ControlClient(self._spot.control).call("page", within=START_SECONDS, part="welcome")
        return {"url": str(page.get("url")), "note": said}

    def _start_at_login(self, folder: Path) -> str:
        """That it cannot be had is no reason to stop: it is said, and can be mended later."""
        try:
            self._login_item(folder).on(force=False, start=False)
        except SyncAgentError as error:
            return f"it will not start at login: {error}"
        return ""


def free_port() -> int:
    """The usual port of a hub, or the next that nobody has taken."""
    for port in range(PORT, PORT + PORTS_TRIED):
        with socket.socket() as trial:
            # As the hub will: a port that a hub has just left can be had again.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("0.0.0.0", port))  # noqa: S104 - only to see whether it is free
            except OSError:
                continue
            return port
    return PORT


def _text(args: Mapping[str, Any], key: str) -> str:
    value = args.get(key, "")
    if not isinstance(value, str) or len(value) > 4096:
        raise BadConfig(f"{key}: text is wanted")
    return value


async def assist(spot: Places, show: Callable[[str], None], environment: Mapping[str, str] | None = None) -> bool:
    """Serve the assistant's page, have ``show`` open it, and wait until it is done, or nobody looks at it any more;
    whether it is done."""
    from syncagent.agent.page.server import PageServer  # noqa: PLC0415 - what serves HTTP is large

    done = asyncio.Event()
    assistant = Assistant(spot, os.environ if environment is None else environment, Path.home(), done.set)
    page = PageServer(assistant, "setup")
    show(await page.url())
    waiting = [asyncio.ensure_future(done.wait()), asyncio.ensure_future(page.emptied())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if done.is_set():
            await asyncio.sleep(GOODBYE_SECONDS)
    finally:
        for one in waiting:
            one.cancel()
        await page.close()
    return done.is_set()


GOODBYE_SECONDS: Final = 2.0
"""The last answer has still to reach the browser."""
