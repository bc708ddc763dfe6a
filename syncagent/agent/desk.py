"""What a desktop asks of the running agent: its page, what waits, the link for another machine, the folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import syncagent
from syncagent.agent.autostart.choice import login_item
from syncagent.agent.autostart.program import at_login
from syncagent.agent.check import Grounds
from syncagent.agent.config.kinds import host_and_port
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.opening import opened
from syncagent.agent.reach import is_loopback, reach_from_afar
from syncagent.errors import BadConfig, BadName, RootMissing
from syncagent.model.link import Link, format_link
from syncagent.model.names import check_path

if TYPE_CHECKING:
    from syncagent.agent.page.ports import Subject
    from syncagent.agent.page.server import PageServer

Answer = dict[str, Any]

MOST_PENDING: Final = 1000


class Agent(Protocol):
    """What is needed of the one who runs everything."""

    @property
    def config(self) -> AgentConfig: ...

    def grounds(self) -> Grounds: ...


class Desk:
    """``subject`` is what the page is about: made when the page is asked for, for the first time.  ``offered`` are the
    commands that this agent knows."""

    def __init__(
        self,
        agent: Agent,
        subject: Callable[[], Subject],
        offered: Sequence[str] = (),
    ) -> None:
        self._agent = agent
        self._subject = subject
        self._offered = offered
        self._page: PageServer | None = None

    async def handle(self, command: str, args: dict[str, Any]) -> Answer:
        """The answer to page, invite, pending, autostart, commands, or open.  Raises BadConfig, CannotOpen."""
        match command:
            case "page":
                return {"url": await self._the_page().url(str(args.get("part") or ""))}
            case "invite":
                return invitation(self._agent.config)
            case "pending":
                return self._pending(args.get("limit"))
            case "autostart":
                return await asyncio.to_thread(self._autostart, args.get("on"))
            case "commands":
                return {"commands": list(self._offered), "version": syncagent.__version__}
            case "open":
                await opened(self._folder_of(args.get("path")))
        return {}

    async def close(self) -> None:
        if self._page is not None:
            await self._page.close()

    def _the_page(self) -> PageServer:
        if self._page is None:
            from syncagent.agent.page.server import PageServer  # noqa: PLC0415 - what serves HTTP is large

            self._page = PageServer(self._subject(), "site")
        return self._page

    def _pending(self, limit: Any) -> Answer:
        most = min(int(limit), MOST_PENDING) if isinstance(limit, int) and limit > 0 else 50
        try:
            waiting = self._agent.grounds().waiting(most)
        except RootMissing:
            waiting = []
        now = asyncio.get_running_loop().time()
        return {
            "pending": [
                {
                    "path": one.path,
                    "direction": "outgoing" if one.out else "incoming",
                    "busy": one.busy,
                    "size": one.size,
                    "seconds": None if one.since is None else round(max(now - one.since, 0.0), 3),
                }
                for one in waiting
            ]
        }

    def _autostart(self, wanted: Any) -> Answer:
        """Whether it starts at login; from now on, if that is wanted.  Raises BadConfig."""
        config = self._agent.config
        item = login_item(config.places, config.sync_root, at_login(os.environ), os.environ)
        if wanted is True:
            item.on(force=False, start=False)
        elif wanted is False:
            item.off(force=False)
        return {"on": item.look().enabled, "kind": item.kind}

    def _folder_of(self, path: Any) -> Path:
        """The folder that ``path`` is in, or is itself; without one, that which is kept."""
        root = self._agent.config.sync_root
        if not path:
            return root
        try:
            names = check_path(str(path))
        except BadName as error:
            raise BadConfig(f"this is no path within the folder: {error}") from None
        place = root.joinpath(*names)
        # What was moved or deleted since had its place in a folder that may be there still.
        while place != root and not (place.is_dir() and not place.is_symlink()):
            place = place.parent
        return place


def invitation(config: AgentConfig) -> Answer:
    """The link that adds a machine.  ``only_here``: another machine would not reach the hub by it, and why."""
    server = reach_from_afar(config) if config.listen else config.server
    host = host_and_port(config.listen)[0] if config.listen else Link(server, "").host
    link = Link(server, config.api_key.get_secret_value(), config.folder, config.fingerprint)
    return {"link": format_link(link), "server": server, "only_here": is_loopback(host), "own_hub": bool(config.listen)}
