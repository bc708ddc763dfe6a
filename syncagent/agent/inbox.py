"""What the running agent answers about single files: why, conflicts, conflict.keep, activity."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Final

from syncagent.agent.asking import Agent as Asked
from syncagent.agent.census import hub_history
from syncagent.agent.check import Grounds
from syncagent.agent.copies import Copies
from syncagent.agent.recents import KEPT, WORDS, machine_of, moment, told
from syncagent.agent.table import Args, Streams, Table, count, text
from syncagent.agent.why import why
from syncagent.control import Answer
from syncagent.engine.events import Hinted
from syncagent.engine.lines import Around
from syncagent.errors import NotAsked, RootMissing
from syncagent.localfs.settling import Keep, settle
from syncagent.model.acts import Decision
from syncagent.model.changes import Entry
from syncagent.model.ids import ROOT, Seq
from syncagent.model.names import Name, RelPath, conflict_of, join, machine_label, split
from syncagent.model.nodes import File, Link
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import find

SHOWN: Final = 50


class Inbox:
    """``grounds`` raises RootMissing while there is nothing to look at; ``around`` is what is known beside the engine's
    status; ``copies`` are the conflict copies, which others are told of, too."""

    def __init__(
        self, agent: Asked, grounds: Callable[[], Grounds], around: Callable[[], Around], copies: Copies
    ) -> None:
        self._agent = agent
        self._grounds = grounds
        self._around = around
        self._copies = copies

    def answers(self) -> Table:
        return {
            "why": lambda args: self.why(text(args, "path")),
            "history": lambda args: self.history(text(args, "path")),
            "conflicts": self._conflicts,
            "conflict.keep": lambda args: self.keep(text(args, "path"), text(args, "keep")),
            "activity": self._activity,
        }

    def streams(self) -> Streams:
        return {"activity": self.follow}

    async def _conflicts(self, _: Args) -> Answer:
        return {"conflicts": await self.conflicts()}

    async def _activity(self, args: Args) -> Answer:
        return self.activity(count(args, "limit", SHOWN, KEPT))

    async def why(self, path: str) -> Answer:
        """How it stands with ``path``.  Raises NotAsked, RootMissing."""
        asked = {
            part.path: f"act {act.id}, {part.loss.value}, {act.direction.value}"
            for act, parts in self._agent.acts()
            if act.decision is Decision.HELD
            for part in parts
        }
        await self._look(self._grounds().canopy)
        copies = [one for one in self._copies.paths if _stands_beside(one, path)]
        found = await why(path, self._grounds(), self._around(), asked, self._agent.board.recents, time.time())
        if copies and found["state"] == "in sync":
            settle_it = f"you to settle it: `syncagent conflicts keep '{found['path']}' mine|theirs|both`"
            found |= {"state": "conflict", "waits_for": settle_it}
        return found | {"copies": copies}

    async def history(self, path: str) -> Answer:
        """What the hub's journal has of the file at ``path``, wherever it stood before; of what is gone, what stood at
        that path.  Raises LinkLost, Refused, BadMessage, RootMissing."""
        grounds = self._grounds()
        names = [Name(name) for name in path.split("/")]
        views = (grounds.canopy.local, grounds.canopy.remote)
        node_id = next((one for view in views if (one := find(view, names)) not in (None, ROOT)), None)

        def wanted(entry: Entry) -> bool:
            return entry.node_id == node_id if node_id is not None else path in (entry.path, entry.old_path)

        found = await hub_history(grounds.dial, grounds.introduce, wanted)
        return {
            "path": path,
            "complete": found.complete,
            "history": [_entry(one, found.times) for one in found.entries],
        }

    async def conflicts(self) -> list[Answer]:
        """Each conflict copy on this disk, with what stands at its name.  Raises RootMissing."""
        canopy = self._grounds().canopy
        await self._look(canopy)
        # Once for all of them: there can be thousands.
        ours = self._agent.config.name
        by = {one.path: one.by or ours for one in reversed(self._agent.board.recents.latest(KEPT))}
        return [self._told(canopy, path, by) for path in self._copies.paths]

    async def _look(self, canopy: Canopy) -> None:
        board = self._agent.board
        await self._copies.look(canopy, board.recents.copies_changed, at_rest=board.told.settled)

    def _told(self, canopy: Canopy, copy: RelPath, by: Mapping[RelPath, str]) -> Answer:
        folder, name = split(copy)
        original, day, machine = conflict_of(name)
        path = join(folder, original)
        aside, there = _version(canopy, copy, machine), _version(canopy, path, by.get(path, ""))
        ours = machine == machine_label(self._agent.config.name)
        return {
            "path": path,
            "copy": copy,
            "day": day,
            "mine": aside if ours else there,
            "theirs": there if ours else aside,
            "same": aside is not None and there is not None and aside["digest"] == there["digest"],
        }

    async def conflict(self, path: str) -> Answer:
        """That of the conflict copy at ``path``, or of the only one of what is at ``path``.  Raises NotAsked."""
        found = [one for one in await self.conflicts() if path in (one["copy"], one["path"])]
        if len(found) != 1:
            copies = ", ".join(one["copy"] for one in found)
            raise NotAsked(f"there are several copies of {path}; say which: {copies}" if found else _none(path))
        return found[0]

    async def keep(self, path: str, word: str) -> Answer:
        """Settle the conflict copy at ``path``, or the only one of what is at ``path``.  Raises NotAsked, TryAgain."""
        one = await self.conflict(path)
        keep = _kept(one, word)
        disk = self._grounds().disk
        if disk is None:
            raise RootMissing("the folder is not there")
        original, copy = RelPath(one["path"]), RelPath(one["copy"])
        now_at = await asyncio.to_thread(settle, disk, original, copy, keep)
        self._agent.feed(Hinted(paths=(original, copy, now_at) if keep is Keep.BOTH else (original, copy)))
        return {"path": original, "copy": copy, "kept": keep.value, "now_at": now_at}

    def activity(self, most: int) -> Answer:
        """The latest changes, the oldest of them first."""
        return {"activity": [told(one) for one in reversed(self._agent.board.recents.latest(most))]}

    async def follow(self, args: Args) -> AsyncGenerator[Answer, None]:
        """The latest changes, then each new one."""
        async for one in self._agent.board.recents.follow(count(args, "limit", SHOWN, KEPT)):
            yield told(one)


def _version(canopy: Canopy, path: RelPath, by: str) -> Answer | None:
    """What stands at ``path``, as far as it is known here; None when it is no file and no link."""
    node_id = find(canopy.local, [Name(name) for name in path.split("/")])
    match canopy.local.get(node_id) if node_id is not None else None:
        case File(content=content, mtime_ns=mtime_ns):
            size, digest, moment = content.size, content.digest.hex(), mtime_ns / 1e9
            return {"path": path, "size": size, "time": moment, "by": by, "digest": digest}
        case Link(target=target):
            return {"path": path, "size": len(target.encode()), "time": None, "by": by, "digest": f"link to {target}"}
        case _:
            return None


def _entry(one: Entry, times: Mapping[Seq, str]) -> Answer:
    content = one.node.content if isinstance(one.node, File) else None
    return {
        "seq": one.seq,
        "time": moment(times.get(one.seq, "")),
        "rev": one.rev,
        "what": WORDS[one.operation],
        "by": machine_of(one.author),
        "path": one.path,
        "old_path": one.old_path if one.old_path != one.path else "",
        "size": None if content is None else content.size,
        "digest": None if content is None else content.digest.hex(),
    }


def _stands_beside(copy: RelPath, path: str) -> bool:
    folder, name = split(copy)
    return join(folder, conflict_of(name)[0]) == path


def _kept(one: Answer, word: str) -> Keep:
    """``mine`` is this machine's version: the copy where that bears its name, else what stands at the name."""
    if word in ("mine", "theirs"):
        version = one[word]
        if version is None:
            raise NotAsked(f"nothing stands at {one['path']} any more: `copy` puts the copy there")
        return Keep.COPY if version["path"] == one["copy"] else Keep.ORIGINAL
    if word not in [keep.value for keep in Keep]:
        raise NotAsked(f"what is to be kept is one of mine, theirs and both (or copy, original), and not {word!r}")
    return Keep(word)


def _none(path: str) -> str:
    return f"there is no conflict copy at {path}, nor of what is there; `syncagent conflicts` lists them"
