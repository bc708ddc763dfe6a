"""`check`: disk, Synced and hub, compared path by path, whatever the engine believes.

The disk is read anew, the hub is asked anew, and only Synced is the engine's.  A difference counts when it stood
through two looks while the engine was at rest; what the engine itself knows to be open (on its way, held back,
unreadable) is told as open, with its reason, and is no difference.  Nothing is changed by it: in particular a file
whose bytes changed without a trace in its stamp is told as damaged, and goes nowhere (HAZARDS E15).

In the event loop; the disk is read in a thread, some files at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from syncagent.agent.board import Board
from syncagent.agent.census import HubTree, hub_tree
from syncagent.engine.dialogue import Dialogue
from syncagent.engine.status import Status, Waiting
from syncagent.errors import BadMessage, LinkLost, Refused, RootMissing
from syncagent.localfs.ports import Disk
from syncagent.localfs.rulebook import RuleBook, on
from syncagent.localfs.survey import Survey
from syncagent.localfs.trash import Trash
from syncagent.model.facts import Kind, Stamp
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content, File
from syncagent.model.values import fixed
from syncagent.planner.plan import Plan
from syncagent.planner.scope import Scope
from syncagent.rules.excluded import is_within
from syncagent.transport.ports import Dialer
from syncagent.trees.canopy import Canopy
from syncagent.trees.picture import FOLDER, Difference, Picture, Sight, differences, nodes_by_path, sight_of
from syncagent.trees.tree import path_of

ROUNDS: Final = 4
REST_SECONDS: Final = 5.0
"""So long is the engine given between two looks to come to rest."""

AGAIN_SECONDS: Final = 0.3
FILES_AT_ONCE: Final = 200
BYTES_AT_ONCE: Final = 64 << 20

DAMAGED: Final = (
    "it holds other bytes than was agreed, though nothing says that it was written: the disk may be at fault"
)


@fixed
class Grounds:
    """What is looked at of a running agent by those who believe nobody.  ``disk`` is None while there is no folder."""

    board: Board
    canopy: Canopy
    status: Callable[[], Status]
    waiting: Callable[[int], list[Waiting]]
    """So many of the nodes that are not at one."""
    disk: Disk | None
    dial: Dialer
    introduce: Callable[[float], Dialogue]
    preview: Callable[[], Plan]
    scope: Scope
    rule_files: tuple[str, ...]
    record: Callable[[], Path]
    """Writes down what led here; gives where.  Raises OSError, BadConfig."""
    trash: Trash | None = None


@fixed
class Look:
    """The three at one time, as far as they could be had."""

    status: Status
    found: Survey
    disk: Picture
    synced: Picture
    hub: HubTree | None
    why_no_hub: str
    known: Mapping[RelPath, str]
    stamps: Mapping[RelPath, Stamp]
    left_out: Callable[[RelPath, bool], bool]

    @property
    def at_rest(self) -> bool:
        """Whether nothing was on its way between the three when they were looked at."""
        there = self.hub is None or self.hub.head == self.status.applied_seq
        return there and not self.status.looking and not self.status.behind

    def different(self) -> dict[RelPath, Difference]:
        hub = self.synced if self.hub is None else self.hub.picture
        found = {one.path: one for one in differences(self.disk, self.synced, hub)}
        return {
            path: one
            for path, one in found.items()
            if _above(path, self.found.unreadable) is None
            and not self.left_out(path, FOLDER in (one.disk, one.synced, one.hub))
        }

    def reason(self, path: RelPath) -> str | None:
        """Why the engine knows this path to be open; None when it does not."""
        place = _above(path, self.known)
        return None if place is None else self.known[place]


@dataclass(slots=True)
class Check:
    """One check.  ``deep`` reads every file; otherwise what has the stamp under which it was agreed counts as read."""

    grounds: Grounds
    deep: bool = True
    bytes_read: int = 0
    _contents: dict[RelPath, tuple[Stamp, Content]] = field(default_factory=dict)

    async def run(self) -> AsyncGenerator[dict[str, Any], None]:
        """Progress, findings, and in the end the summary.  Raises RootMissing."""
        before: dict[RelPath, Difference] = {}
        look: Look | None = None
        for number in range(ROUNDS):
            if number:
                await self._rest()
            yield {"progress": "reading the folder" if not number else "looking again at what differs"}
            look = await self._look()
            now = look.different()
            stood = {path: one for path, one in now.items() if before.get(path) == one}
            if not now or (look.at_rest and len(stood) == len(now)):
                break
            before = now
        assert look is not None
        findings = list(_findings(look))
        for finding in findings:
            yield {"finding": finding}
        yield {"summary": self._summary(look, findings)}

    async def _rest(self) -> None:
        await asyncio.sleep(AGAIN_SECONDS)
        await self.grounds.board.until(lambda status: status.settled and not status.looking, REST_SECONDS)

    async def _look(self) -> Look:
        disk = self.grounds.disk
        if disk is None:
            raise RootMissing(self.grounds.board.hindrances.get("folder", "the folder is not there"))
        left_out = _left_out(disk, self.grounds)
        found = Survey(disk, left_out)
        await asyncio.to_thread(found.walk)
        await self._read(found)
        hub, why = None, ""
        try:
            hub = await hub_tree(self.grounds.dial, self.grounds.introduce)
        except (LinkLost, Refused, BadMessage) as error:
            why = str(error)
        # From here on without a pause: Synced and what is open are of one moment.
        canopy, status = self.grounds.canopy, self.grounds.status()
        synced, stamps = _agreed(canopy)
        resting = {path for one in self.grounds.scope.dormant for path in _paths_of(canopy, one)}
        return Look(
            status, found, self._picture(found), synced, hub, why, _open(canopy, status), stamps,
            lambda path, is_folder: path in resting or left_out(path, is_folder),
        )  # fmt: skip

    async def _read(self, found: Survey) -> None:
        """Read the files that have to be read: those that are not as they were at the last look."""
        _, stamps = _agreed(self.grounds.canopy) if not self.deep else ({}, {})
        synced = dict(nodes_by_path(self.grounds.canopy.synced)) if not self.deep else {}
        for path, one in found.found.items():
            node = synced.get(path)
            if isinstance(node, File) and one.stamp and stamps.get(path) == one.stamp:
                self._contents[path] = one.stamp, node.content
        todo = [
            path
            for path, one in found.found.items()
            if one.seen.is_file and self._contents.get(path, (None, None))[0] != one.stamp
        ]
        for batch in _batches(todo, found):
            for path, content in await asyncio.to_thread(_read_all, found, batch):
                if content is not None:
                    self._contents[path] = found.found[path].stamp, content
                    self.bytes_read += content.size

    def _picture(self, found: Survey) -> dict[RelPath, Sight]:
        picture: dict[RelPath, Sight] = {}
        for path, one in found.found.items():
            if one.seen.is_dir:
                picture[path] = FOLDER
            elif one.seen.is_link:
                picture[path] = Sight(Kind.LINK, target=one.target)
            elif path in self._contents and path not in found.unreadable:
                picture[path] = Sight(Kind.FILE, self._contents[path][1], one.seen.executable)
        return picture

    def _summary(self, look: Look, findings: list[dict[str, Any]]) -> dict[str, Any]:
        kinds = [finding["kind"] for finding in findings]
        different = kinds.count("different") + kinds.count("damaged")
        open_ = kinds.count("open") + kinds.count("unreadable") + bool(look.why_no_hub)
        counts = {kind: sum(one.kind is kind for one in look.disk.values()) for kind in Kind}
        return {
            "verdict": "different" if different else "open" if open_ or not look.at_rest else "same",
            "different": different,
            "open": open_,
            "skipped": kinds.count("skipped"),
            "files": counts[Kind.FILE],
            "folders": counts[Kind.DIR],
            "links": counts[Kind.LINK],
            "bytes_read": self.bytes_read,
            "deep": self.deep,
            "hub_seq": None if look.hub is None else look.hub.head,
            "applied_seq": look.status.applied_seq,
            "hub": look.why_no_hub,
        }


def _left_out(disk: Disk, grounds: Grounds) -> Callable[[RelPath, bool], bool]:
    """What rules on the disk leave out, read anew, and what is excluded on this machine."""
    book, excluded = RuleBook(on(disk), grounds.rule_files), list(grounds.scope.excluded())

    def left_out(path: RelPath, is_folder: bool) -> bool:
        if any(is_within(path, one) for one in excluded):
            return True
        try:
            with disk.batch():
                word = book.word(path, is_folder)
        except OSError:
            return False
        return word is not None and word.ignores

    return left_out


def _read_all(found: Survey, batch: list[RelPath]) -> list[tuple[RelPath, Content | None]]:
    return [(path, found.read(path)) for path in batch]


def _findings(look: Look) -> Iterator[dict[str, Any]]:
    for path, one in look.different().items():
        reason = look.reason(path)
        finding = {"path": path, "kind": "different", "agree": one.agree, "text": one.text}
        if reason is not None or not look.at_rest:
            yield finding | {"kind": "open", "reason": reason or "changes are on their way"}
        elif _is_damaged(look, one):
            yield finding | {"kind": "damaged", "text": DAMAGED}
        else:
            yield finding
    for kind, found in (("unreadable", look.found.unreadable), ("skipped", look.found.skipped)):
        for path, why in sorted(found.items()):
            yield {"path": path, "kind": kind, "agree": "", "text": why}


def _is_damaged(look: Look, one: Difference) -> bool:
    """Whether the content is another one under the stamp of the one that was agreed."""
    if one.disk is None or one.synced is None or not (one.disk.kind is one.synced.kind is Kind.FILE):
        return False
    if one.hub != one.synced:
        return False
    stamp = look.stamps.get(one.path)
    return one.disk.content != one.synced.content and bool(stamp) and look.found.found[one.path].stamp == stamp


def _agreed(canopy: Canopy) -> tuple[dict[RelPath, Sight], dict[RelPath, Stamp]]:
    """What was agreed, and the stamp under which each of it was seen on the disk last."""
    picture: dict[RelPath, Sight] = {}
    stamps: dict[RelPath, Stamp] = {}
    for path, node in nodes_by_path(canopy.synced):
        picture[path] = sight_of(node)
        stamp = canopy.stamp(node.id)
        if stamp is not None and canopy.local.get(node.id) == node:
            stamps[path] = stamp
    return picture, stamps


def _open(canopy: Canopy, status: Status) -> dict[RelPath, str]:
    """The paths on which the engine itself says that not all is at one, with the reason."""
    known: dict[RelPath, str] = {}
    for node_id in canopy.diverged():
        for path in _paths_of(canopy, node_id):
            known[path] = "a change is on its way"
    known.update(status.unreadable)
    known.update(status.held)
    return known


def _paths_of(canopy: Canopy, node_id: NodeId) -> Iterator[RelPath]:
    for view in (canopy.local, canopy.remote, canopy.synced):
        path = path_of(view, node_id)
        if path:
            yield path


def _above(path: RelPath, places: Mapping[RelPath, Any]) -> RelPath | None:
    """The place that ``path`` is at, or beneath."""
    here = path
    while here not in places:
        here = RelPath(here.rpartition("/")[0])
        if not here:
            return RelPath("") if "" in places else None
    return here


def _batches(paths: Iterable[RelPath], found: Survey) -> Iterator[list[RelPath]]:
    batch: list[RelPath] = []
    size = 0
    for path in paths:
        batch.append(path)
        size += found.found[path].seen.size
        if len(batch) >= FILES_AT_ONCE or size >= BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
