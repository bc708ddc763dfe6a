"""`why`: how it stands with one path, what it waits for, and what is known of its last change.

Asks the engine, the rules on the disk, and the disk itself: what was written a moment ago is not yet known to the
engine, and is not to be called in sync.  In the event loop; the disk is looked at in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import Iterable, Mapping
from typing import Any, Final

from syncagent.agent.check import Grounds
from syncagent.agent.recents import KEPT, Recents
from syncagent.engine.lines import Around
from syncagent.engine.status import Status, Waiting
from syncagent.errors import BadName, NotAsked
from syncagent.localfs.ports import MISSING, Disk, Stat
from syncagent.localfs.rulebook import RuleBook, on
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath, check_path, down_to, is_conflict_name, split
from syncagent.model.nodes import Dir, File, Link, Node
from syncagent.model.values import fixed
from syncagent.rules.excluded import is_within
from syncagent.rules.layers import Hit
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import find

Answer = dict[str, Any]

STATES: Final = (
    "excluded", "ignored", "unreadable", "held", "skipped", "waiting", "conflict", "in sync", "nothing",
)  # fmt: skip
"""All that may be said of a path, what counts more first."""

MOST_WAITING: Final = 100_000
"""Of so many that wait it is looked which they are."""


@fixed
class Verdict:
    """``waits_for`` is what has to happen, in words; empty where nothing has to."""

    state: str
    waits_for: str = ""
    since: float | None = None
    """By the clock of the event loop."""


@fixed
class Sight:
    """What the disk says of a path: what stands there, and the rule that leaves it out."""

    there: Stat | None
    rule: Hit | None
    trouble: str = ""


async def why(
    path: str, grounds: Grounds, around: Around, asked: Mapping[RelPath, str], recents: Recents, wall: float
) -> Answer:
    """How it stands with ``path``.  ``asked`` are the paths that wait for a person's word; ``wall`` is the time of day.
    Raises NotAsked for what is no path within the folder."""
    try:
        names = check_path(path)
    except BadName as reason:
        raise NotAsked(str(reason)) from None
    inner = RelPath("/".join(names))
    disk = grounds.disk
    seen = await asyncio.to_thread(_look, disk, inner, grounds.rule_files) if disk is not None else Sight(None, None)
    # From here on without a pause: all that is said is of one moment.
    status, canopy = grounds.status(), grounds.canopy
    nodes = _nodes_at(canopy, names)
    waiting = grounds.waiting(MOST_WAITING) if canopy.count_diverged() else []
    verdict = _verdict(inner, nodes, seen, status, grounds, around, asked, waiting)
    node_id = next(iter(nodes), None)
    last = next((one for one in recents.latest(KEPT) if one.path == inner), None)
    return {
        "path": inner,
        "state": verdict.state,
        "waits_for": verdict.waits_for,
        "since": None if verdict.since is None else round(wall - max(around.now - verdict.since, 0.0), 3),
        "here": _told(canopy.local.get(node_id) if node_id is not None else None),
        "hub": {
            "acknowledged": node_id is not None and canopy.remote.get(node_id) is not None,
            "revision": canopy.rev(node_id) if node_id is not None else None,
            "sequence": last.seq or None if last else None,
            "applied": status.applied_seq,
            "connected": status.link is None,
            **(_told(canopy.remote.get(node_id) if node_id is not None else None) or {}),
        },
        "last_change": None if last is None else {"what": last.what, "by": last.by, "time": round(last.time, 3)},
        "beneath": _beneath(inner, status, asked, waiting),
    }


def _look(disk: Disk, path: RelPath, rule_files: tuple[str, ...]) -> Sight:
    """Blocks."""
    there: Stat | None = None
    try:
        with disk.batch():
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                there = disk.stat(path)
            rule = RuleBook(on(disk), rule_files).word(path, there is not None and there.is_dir)
    except OSError as error:
        return Sight(there, None, "" if error.errno in MISSING else error.strerror or str(error))
    return Sight(there, rule)


def _verdict(
    path: RelPath,
    nodes: Iterable[NodeId],
    seen: Sight,
    status: Status,
    grounds: Grounds,
    around: Around,
    asked: Mapping[RelPath, str],
    waiting: list[Waiting],
) -> Verdict:
    canopy = grounds.canopy
    nodes = list(nodes)
    for place in grounds.scope.excluded():
        if is_within(path, place):
            return Verdict("excluded", f"{_of(path, place)}excluded on this machine (see `syncagent include`)")
    if seen.rule is not None and seen.rule.ignores and not any(canopy.local.get(one) is not None for one in nodes):
        return Verdict("ignored", f"a rule leaves it out: {seen.rule}")
    if found := _above(path, dict(status.unreadable)):
        return Verdict("unreadable", _of(path, found[0]) + found[1])
    if path in asked:
        return Verdict("held", f"your yes or no (see `syncagent held`): {asked[path]}")
    if found := _above(path, dict(status.held)):
        return Verdict("held", _of(path, found[0]) + found[1], _since(path, waiting))
    if found := _above(path, dict(status.skipped)):
        return Verdict("skipped", _of(path, found[0]) + found[1])
    if any(canopy.is_diverged(one) for one in nodes):
        on_its_way = next((one for one in waiting if one.path == path), None)
        return Verdict("waiting", _way(on_its_way, status, around), _since(path, waiting))
    if seen.trouble:
        return Verdict("unreadable", seen.trouble)
    if _is_news(canopy, nodes, seen):
        return Verdict("waiting", _stopped(status, around) or "it has just changed here, and is looked at next")
    if not nodes:
        return Verdict("nothing", "there is nothing of that name, neither here nor at the hub")
    if is_conflict_name(split(path)[1]):
        return Verdict("conflict", f"you to settle it: `syncagent conflicts keep '{path}' mine|theirs|both`")
    return Verdict("in sync")


def _way(one: Waiting | None, status: Status, around: Around) -> str:
    """What a change that is known is waiting for."""
    if stopped := _stopped(status, around):
        return stopped
    if one is None:
        return "a change of it is being carried over"
    if status.most and one.size > status.most and not one.busy:
        return f"its turn: large files wait because {status.restraint} (`syncagent resume` goes on all the same)"
    if status.cramped and not one.out and not one.busy:
        return f"room: {status.cramped}"
    what = "it is being sent to the hub" if one.out else "the hub's version is being received"
    turn = "its turn to be sent to the hub" if one.out else "its turn to be received from the hub"
    return what if one.busy else turn


def _stopped(status: Status, around: Around) -> str:
    """Why nothing goes on at all."""
    if hindrance := next(iter(around.hindrances.values()), ""):
        return hindrance
    if status.state.value == "paused" and status.restraint:
        return f"the end of a pause: it is paused because {status.restraint} (`syncagent resume` goes on all the same)"
    if status.state.value == "paused":
        return f"the end of the pause{f' ({around.resumes})' if around.resumes else ' (`syncagent resume`)'}"
    if status.link is not None:
        return f"the connection to the hub: {status.link or 'there is none'}"
    return ""


def _is_news(canopy: Canopy, nodes: list[NodeId], seen: Sight) -> bool:
    """Whether what stands on the disk is not what the engine knows to stand there."""
    known = [one for one in nodes if canopy.local.get(one) is not None]
    if seen.there is None or not known:
        return (seen.there is not None and _is_kept_kind(seen.there)) or bool(known)
    # A folder's stamp changes with each name in it.
    return not seen.there.is_dir and canopy.stamp(known[0]) not in (seen.there.stamp, b"")


def _is_kept_kind(there: Stat) -> bool:
    return stat.S_IFMT(there.mode) in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)


def _nodes_at(canopy: Canopy, names: tuple[Name, ...]) -> list[NodeId]:
    """What stands there, here or at the hub, or stood there when both last agreed and is gone from one of them."""
    found: dict[NodeId, None] = {}
    for view in (canopy.local, canopy.remote, canopy.synced):
        node_id = find(view, names)
        if node_id is None or node_id == ROOT:
            continue
        # What has only been moved away is at its new place, and says nothing of this one once another stands here.
        if view is not canopy.synced or not found:
            found[node_id] = None
    return list(found)


def _told(node: Node | None) -> Answer | None:
    match node:
        case File(content=content, executable=executable, mtime_ns=mtime_ns):
            return {
                "kind": Kind.FILE.value, "size": content.size, "digest": content.digest.hex(),
                "executable": executable, "modified": mtime_ns / 1e9,
            }  # fmt: skip
        case Link(target=target):
            return {"kind": Kind.LINK.value, "target": target}
        case Dir():
            return {"kind": Kind.DIR.value}
        case None:
            return None


def _beneath(path: RelPath, status: Status, asked: Mapping[RelPath, str], waiting: list[Waiting]) -> dict[str, int]:
    """How many of what lies beneath a folder are not in sync, by what they are."""
    rows = {
        "waiting": [one.path for one in waiting],
        "held": [*(one for one, _ in status.held), *asked],
        "unreadable": [one for one, _ in status.unreadable],
        "skipped": [one for one, _ in status.skipped],
    }
    counts = {kind: sum(one.startswith(f"{path}/") for one in paths) for kind, paths in rows.items()}
    return {kind: count for kind, count in counts.items() if count}


def _above(path: RelPath, places: Mapping[RelPath, str]) -> tuple[RelPath, str] | None:
    """The place that ``path`` is at or beneath, with what is said of it."""
    return next(((place, places[place]) for place in reversed(down_to(path)) if place in places), None)


def _of(path: RelPath, place: RelPath) -> str:
    return "" if place == path else f"it lies in {place}: "


def _since(path: RelPath, waiting: list[Waiting]) -> float | None:
    return next((one.since for one in waiting if one.path == path), None)
