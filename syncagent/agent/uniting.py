"""What the running agent answers about two versions of one text: conflict.base, conflict.diff, conflict.merge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Final

from syncagent.agent.ancestry import Ancestor, Ancestry
from syncagent.agent.asking import Agent
from syncagent.agent.check import Grounds
from syncagent.agent.comparing import difference
from syncagent.agent.inbox import Inbox
from syncagent.agent.merging import Pair, pair
from syncagent.agent.table import Args, Table, flag, text
from syncagent.content.digest import digest_of
from syncagent.content.threeway import United
from syncagent.engine.events import Hinted
from syncagent.errors import NotAsked, RootMissing, TryAgain
from syncagent.localfs.ports import Disk
from syncagent.model.names import RelPath
from syncagent.model.values import replace

Answer = dict[str, Any]

LINES: Final = 2_000
"""So many lines of a difference are told; more nobody reads in a page."""


class Uniting:
    """``inbox`` knows which conflicts there are."""

    def __init__(self, agent: Agent, grounds: Callable[[], Grounds], inbox: Inbox) -> None:
        self._agent = agent
        self._grounds = grounds
        self._inbox = inbox
        self._ancestry = Ancestry()

    def answers(self) -> Table:
        return {
            "conflict.base": self._base,
            "conflict.diff": self._diff,
            "conflict.merge": self._merge,
        }

    async def _base(self, args: Args) -> Answer:
        """What both versions came from, as text.  Raises NotAsked, RootMissing."""
        one = await self._inbox.conflict(text(args, "path"))
        found = await self._ancestor(one)
        return {"path": one["path"], "copy": one["copy"], "base": found.text, "why": _why(found)}

    async def _diff(self, args: Args) -> Answer:
        """Where the copy differs from what stands at the name.  Raises NotAsked, StorageTrouble, RootMissing."""
        one = await self._inbox.conflict(text(args, "path"))
        both = await self._read(one)
        lines, more = await asyncio.to_thread(_some, both)
        is_text = both.there.text is not None and both.aside.text is not None
        return {"path": one["path"], "copy": one["copy"], "text": is_text, "lines": lines, "more": more}

    async def _merge(self, args: Args) -> Answer:
        """What both become together, and where that differs from what stands at the name; with ``take``, that very
        result (``merged`` says which) takes the place of both, if nothing in it is for a person to decide.  Raises
        NotAsked, TryAgain, StorageTrouble, RootMissing."""
        one = await self._inbox.conflict(text(args, "path"))
        found = await self._ancestor(one)
        base = found.text
        answer = {"path": one["path"], "copy": one["copy"], "base": base is not None, "why": _why(found)}
        if base is None:
            return answer | {"clean": False, "open": 0, "merged": "", "lines": [], "more": False, "taken": False}
        both = replace(await self._read(one), base=base)
        result = await asyncio.to_thread(both.united)
        lines, more = await asyncio.to_thread(_against, both, result)
        merged = digest_of(result.text.encode()).hex()
        if flag(args, "take"):
            if not result.clean:
                raise NotAsked("both have changed the same lines: merge it with `syncagent conflicts merge`")
            if merged != text(args, "merged"):
                raise TryAgain("one of the two was changed meanwhile: look at it again")
            await asyncio.to_thread(both.take, self._disk(), result.text.encode())
            self._agent.feed(Hinted(paths=(both.there.path, both.aside.path)))
        return answer | {
            "clean": result.clean, "open": result.open, "merged": merged, "lines": lines, "more": more,
            "taken": flag(args, "take"),
        }  # fmt: skip

    async def _ancestor(self, one: Answer) -> Ancestor:
        grounds = self._grounds()
        return await self._ancestry.of(grounds.canopy, RelPath(one["copy"]), grounds.dial, grounds.introduce)

    async def _read(self, one: Answer) -> Pair:
        self._disk()
        root, path, copy = Path(self._agent.config.sync_root), RelPath(one["path"]), RelPath(one["copy"])
        ours = one["mine"] is not None and one["mine"]["path"] == copy
        return await asyncio.to_thread(pair, root, path, copy, ours=ours)

    def _disk(self) -> Disk:
        disk = self._grounds().disk
        if disk is None:
            raise RootMissing("the folder is not there")
        return disk


def _why(found: Ancestor) -> str:
    return found.why if found.data is None or found.text is not None else "what both came from is no text"


def _some(both: Pair) -> tuple[list[str], bool]:
    lines = list(islice(difference(both.there, both.aside), LINES + 1))
    return lines[:LINES], len(lines) > LINES


def _against(both: Pair, result: United) -> tuple[list[str], bool]:
    return _some(replace(both, aside=replace(both.there, data=result.text.encode())))
