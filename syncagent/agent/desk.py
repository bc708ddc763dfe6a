"""What a desktop asks of the running agent: its page, what waits, the link for another machine, the folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from syncagent.agent.check import Grounds
from syncagent.agent.config.kinds import host_and_port
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.opening import opened
from syncagent.agent.reach import is_loopback, reach_from_afar
from syncagent.agent.table import Args, Table, count, text
from syncagent.control import Answer
from syncagent.errors import BadConfig, BadName, RootMissing
from syncagent.model.link import Link, format_link
from syncagent.model.names import check_path

if TYPE_CHECKING:
    from syncagent.agent.page.ports import Subject
    from syncagent.agent.page.server import PageServer

MOST_PENDING: Final = 1000


class Agent(Protocol):
    """What is needed of the one who runs everything."""

    @property
    def config(self) -> AgentConfig: ...

    def grounds(self) -> Grounds: ...


class Desk:
    """``subject`` is what the page is about: made when the page is asked for, for the first time."""

    def __init__(self, agent: Agent, subject: Callable[[], Subject]) -> None:
        self._agent = agent
        self._subject = subject
        self._page: PageServer | None = None

    def answers(self) -> Table:
        return {
            "page": self._open_page,
            "invite": self._invite,
            "pending": self._pending,
            "autostart": self._autostart,
            "open": self._open,
        }

    async def close(self) -> None:
        if self._page is not None:
            await self._page.close()

    def _the_page(self) -> PageServer:
        if self._page is None:
            from syncagent.agent.page.server import PageServer  # noqa: PLC0415 - what serves HTTP is large

            self._page = PageServer(self._subject(), "site")
        return self._page

    async def _open_page(self, args: Args) -> Answer:
        return {"url": await self._the_page().url(text(args, "part"))}

    async def _invite(self, _: Args) -> Answer:
        return invitation(self._agent.config)

    async def _open(self, args: Args) -> Answer:
        """Raises BadConfig, CannotOpen."""
        await opened(self._folder_of(args.get("path")))
        return {}

    async def _pending(self, args: Args) -> Answer:
        most = count(args, "limit", 50, MOST_PENDING) or 50
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

    async def _autostart(self, args: Args) -> Answer:
        return await asyncio.to_thread(self._start_at_login, args.get("on"))

    def _start_at_login(self, wanted: Any) -> Answer:
        """Whether it starts at login; from now on, if that is wanted.  Raises BadConfig."""
        from syncagent.agent.autostart.choice import login_item  # noqa: PLC0415 - all systems', for a rare question
        from syncagent.agent.autostart.program import at_login  # noqa: PLC0415 - the same

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
