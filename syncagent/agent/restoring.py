"""What the running agent answers about its trash: trash, trash.restore, trash.empty."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol

from syncagent.agent.board import Board
from syncagent.agent.check import Grounds
from syncagent.agent.recents import KEPT
from syncagent.agent.table import Args, Table, text
from syncagent.control import Answer
from syncagent.engine.events import Event, Hinted
from syncagent.errors import NotAsked, RootMissing, TryAgain
from syncagent.localfs.trash import Item, Trash
from syncagent.model.names import RelPath

_ABSENT: Final = "the folder is not there, and its trash is in it; see `syncagent status`"


class Agent(Protocol):
    """What is needed of the one who runs everything."""

    @property
    def board(self) -> Board: ...

    def feed(self, event: Event) -> None: ...

    def grounds(self) -> Grounds:
        """Raises RootMissing while there is no folder."""


class Restoring:
    """Answers what a person asks about what was deleted, and gives it back."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def answers(self) -> Table:
        return {"trash": self._listed, "trash.restore": self._restored, "trash.empty": self._emptied}

    async def _listed(self, _: Args) -> Answer:
        with _as_trouble():
            items = await asyncio.to_thread(self._trash().items)
            by = self._deleters()
            return {"items": [_told(item, by.get(item.path, "")) for item in reversed(items)], **_summed(items)}

    async def _emptied(self, args: Args) -> Answer:
        with _as_trouble():
            return await self._empty(self._trash(), args.get("older_than"))

    async def _restored(self, args: Args) -> Answer:
        with _as_trouble():
            return await self._restore(self._trash(), text(args, "path"))

    def counted(self) -> Answer:
        """How much is in the trash, as far as that is known without a look."""
        try:
            trash = getattr(self._agent.grounds(), "trash", None)
        except RootMissing:
            trash = None
        count, size = trash.known if trash is not None else (0, 0)
        return {"count": count, "bytes": size}

    def _trash(self) -> Trash:
        try:
            trash = self._agent.grounds().trash
        except RootMissing:
            trash = None
        if trash is None:
            raise TryAgain(_ABSENT)
        return trash

    def _deleters(self) -> dict[RelPath, str]:
        """The machine that deleted what stood at a path, where that was lately."""
        return {one.path: one.by for one in reversed(self._agent.board.recents.latest(KEPT)) if one.what == "deleted"}

    async def _empty(self, trash: Trash, older_than: Any) -> Answer:
        before = None
        if older_than is not None:
            if not isinstance(older_than, (int, float)) or isinstance(older_than, bool) or older_than < 0:
                raise NotAsked('"older_than" is a number of seconds')
            before = int((time.time() - older_than) * 1000)
        count, size = await asyncio.to_thread(trash.empty, before)
        return {"removed": count, "bytes": size}

    async def _restore(self, trash: Trash, said: str) -> Answer:
        """What stood at that path, the latest if there are several, or what has that id; else what stood beneath it."""
        back = await asyncio.to_thread(_put_back, trash, said)
        if not back:
            raise NotAsked(f"there is no {said} in the trash; `syncagent trash list` shows what there is")
        paths = tuple(path for path, _, _ in back)
        folders = tuple(path for path, _, is_folder in back if is_folder)
        self._agent.feed(Hinted(paths, folders, reason="put back from the trash"))
        return {"restored": [{"path": path, "was": was} for path, was, _ in back]}


@contextmanager
def _as_trouble() -> Iterator[None]:
    """What the disk says, as TryAgain."""
    try:
        yield
    except RootMissing as why:
        raise TryAgain(str(why)) from None
    except OSError as error:
        raise TryAgain(f"the trash: {(error.strerror or str(error)).lower()}") from None


def _put_back(trash: Trash, said: str) -> list[tuple[RelPath, RelPath, bool]]:
    """Where it is now, where it was, and whether it is a folder."""
    items, wanted = trash.items(), said.strip("/")
    if found := [item for item in items if wanted in (item.path, _id(item))]:
        return [(trash.restore(found[-1]), found[-1].path, found[-1].is_folder)]
    # A small folder went file by file.  Of a path that went twice it is the latest.
    beneath = {item.path: item for item in items if wanted and item.path.startswith(f"{wanted}/")}
    if beneath:
        return [(trash.restore(item), item.path, item.is_folder) for item in beneath.values()]
    for item in reversed(items):
        if item.is_folder and wanted.startswith(f"{item.path}/"):
            inner = RelPath(wanted[len(item.path) + 1 :])
            with suppress(FileNotFoundError, NotADirectoryError):
                is_folder = trash.is_folder(item, inner)
                return [(trash.restore(item, inner), RelPath(wanted), is_folder)]
    return []


def _told(item: Item, by: str) -> Answer:
    return {
        "id": _id(item),
        "path": item.path,
        "deleted": item.ms / 1000 if item.ms else None,
        "by": by,
        "folder": item.is_folder,
        "files": item.files,
        "bytes": item.size,
    }


def _id(item: Item) -> str:
    """What is said to mean it and no other of the same path."""
    return ".".join(item.name.split(".", 2)[:2]) if item.ms else item.name


def _summed(items: list[Item]) -> Answer:
    return {"count": len(items), "bytes": sum(item.size for item in items)}
