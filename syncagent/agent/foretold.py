"""What a rehearsal came to, in words and numbers: for `--dry-run`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

from syncagent.agent.config.settings import AgentConfig
from syncagent.engine.engine import Engine
from syncagent.model.acts import Direction, Limits, Loss
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath
from syncagent.model.nodes import Dir, File, Link, Node
from syncagent.model.values import fixed
from syncagent.planner.brake import peril
from syncagent.planner.ops import (
    Adopt,
    Agree,
    DeleteLocal,
    LocalOp,
    MakeLocalDir,
    MoveLocal,
    SetAside,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    SubmitOp,
    WriteLocal,
)
from syncagent.planner.rehearsal import Deed, rehearse
from syncagent.trees.canopy import Canopy
from syncagent.trees.picture import Picture, nodes_by_path, picture_of
from syncagent.trees.tree import View

ACTIONS: Final = (
    "send", "receive", "conflict", "move there", "move here", "delete there", "delete here", "equal", "times",
)  # fmt: skip
"""What can become of a file, a folder or a link: "there" is at the hub, and so on all other machines; "times": only its
mtime or its executable bit changes."""


_NOWHERE: Final = RelPath("")


@fixed
class Row:
    """One thing that would happen.  ``new`` of what is sent or received: it was not there before."""

    action: str
    kind: str
    path: RelPath
    was: RelPath = _NOWHERE
    size: int | None = None
    new: bool = False

    def as_dict(self) -> dict[str, Any]:
        more: dict[str, Any] = {"from": self.was} if self.was and self.was != self.path else {}
        if self.action in ("send", "receive"):
            more["new"] = self.new
        return {"action": self.action, "kind": self.kind, "path": self.path, "size": self.size, **more}


@dataclass(slots=True)
class Foretold:
    """``bytes_up`` and ``bytes_down``: at most; of files that are partly known there only the rest goes over the wire.
    ``held``: what a person would be asked about before it is done."""

    rows: list[Row]
    bytes_up: int
    bytes_down: int
    files_here: int
    files_there: int
    first: bool
    """Whether nothing was agreed with this hub before."""
    skipped: list[tuple[RelPath, str]]
    ignored: int
    held: list[tuple[Direction, int, int]]
    may_write: bool
    ends_as: Picture
    """What stands here afterwards, and at the hub, but for what is left out."""
    warnings: list[str] = field(default_factory=list)

    def count(self, action: str, kind: str = "file") -> int:
        return sum(row.action == action and row.kind == kind for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        counts = Counter((row.action, row.kind) for row in self.rows)
        return {
            "first_link": self.first,
            "files_here": self.files_here,
            "files_at_hub": self.files_there,
            "summary": {
                action: {f"{kind}s": counts[action, kind] for kind in ("file", "folder", "link")} for action in ACTIONS
            },
            "bytes": {"send_at_most": self.bytes_up, "receive_at_most": self.bytes_down},
            "cannot_keep": [{"path": path, "reason": reason} for path, reason in self.skipped],
            "left_out": self.ignored,
            "held": [
                {"direction": way.value, "deleted": deleted, "overwritten": replaced}
                for way, deleted, replaced in self.held
            ],
            "may_write": self.may_write,
            "warnings": self.warnings,
            "changes": [row.as_dict() for row in self.rows],
        }


def foretell(engine: Engine, config: AgentConfig, today: str) -> Foretold:
    """Let the planner through to its end on the engine's trees, which are no good for anything else afterwards."""
    canopy, scope = engine.canopy, engine.scoping.scope
    status, policy = engine.present_status(), engine.standing.unhindered(config.name, today)
    first = not len(canopy.synced)
    here, there = _count_files(canopy.local), _count_files(canopy.remote)
    held = list(_held(canopy, engine, config.limits))
    known_there, known_here = _digests(canopy.remote), _digests(canopy.local)

    def heard() -> None:
        while news := canopy.take_news():
            engine.scoping.news(news)
            engine.scoping.take_estranged()
        engine.scoping.take_stirred()

    heard()
    rows: list[Row] = []
    up: dict[Digest, int] = {}
    down: dict[Digest, int] = {}
    for deed in rehearse(canopy, policy, scope, heard):
        rows.extend(_rows(deed, canopy))
        _count_bytes(deed, up, down)
    return Foretold(
        sorted(rows, key=lambda row: (row.path, ACTIONS.index(row.action))),
        sum(size for digest, size in up.items() if digest not in known_there),
        sum(size for digest, size in down.items() if digest not in known_here),
        here,
        there,
        first,
        list(status.skipped),
        engine.scoping.count(),
        held,
        policy.may_submit,
        picture_of(canopy.local),
    )


def _count_files(view: View) -> int:
    return sum(not isinstance(node, Dir) for _, node in nodes_by_path(view))


def _digests(view: View) -> set[Digest]:
    return {node.content.digest for _, node in nodes_by_path(view) if isinstance(node, File)}


def _held(canopy: Canopy, engine: Engine, limits: Limits | None) -> Iterator[tuple[Direction, int, int]]:
    """The mass changes that a person would be asked about, by the rule that the brake goes by."""
    if limits is None:
        return
    counts: Counter[tuple[Direction, Loss]] = Counter()
    for node_id in canopy.diverged():
        if node_id not in engine.scoping.scope.dormant and (found := peril(canopy, node_id)) and found.counts:
            counts[found.direction, found.loss] += 1
    total = canopy.synced.count_files()
    for way in Direction:
        deleted, replaced = counts[way, Loss.DELETED], counts[way, Loss.OVERWRITTEN]
        if any(limits.reached(count, total) for count in (deleted, replaced, deleted + replaced)):
            yield way, deleted, replaced


def _rows(deed: Deed, canopy: Canopy) -> Iterator[Row]:
    op = deed.op
    match op:
        case Agree() | Adopt():
            now = canopy.local.get(op.id) if isinstance(op, Agree) else deed.before
            if now is not None and (isinstance(op, Adopt) or deed.before is None):
                yield _row("equal", now, deed.path)
        case MakeLocalDir() | WriteLocal() | MoveLocal() | SetAside() | DeleteLocal():
            yield from _rows_here(op, deed)
        case SubmitCreate() | SubmitEdit() | SubmitMove() | SubmitDelete():
            yield from _rows_there(op, deed)
        case _:
            assert_never(op)


def _rows_here(op: LocalOp, deed: Deed) -> Iterator[Row]:
    path, was = deed.path, deed.was
    match op:
        case MakeLocalDir(node=node):
            yield _row("receive", node, path, new=True)
        case WriteLocal(node=node, expect=expect):
            yield _row("receive" if _is_other(node, expect) else "times", node, path, new=expect is None)
        case MoveLocal(expect=node):
            if path != was:
                yield _row("move here", node, path, was)
        case SetAside(expect=node):
            yield _row("conflict", node, path, was)
        case DeleteLocal():
            if deed.before is not None:
                yield _row("delete here", deed.before, was)
        case _:
            assert_never(op)


def _rows_there(op: SubmitOp, deed: Deed) -> Iterator[Row]:
    path, was = deed.path, deed.was
    match op:
        case SubmitCreate(node=node):
            yield _row("send", node, path, new=True)
        case SubmitEdit(node=node):
            yield _row("send" if _is_other(node, deed.before) else "times", node, path)
        case SubmitMove(node=node):
            if path != was:
                yield _row("move there", node, path, was)
        case SubmitDelete():
            if deed.before is not None:
                yield _row("delete there", deed.before, was)
        case _:
            assert_never(op)


def _row(action: str, node: Node, path: RelPath, was: RelPath = _NOWHERE, *, new: bool = False) -> Row:
    match node:
        case File(content=content):
            return Row(action, "file", path, was, content.size, new)
        case Link():
            return Row(action, "link", path, was, None, new)
        case Dir():
            return Row(action, "folder", path, was, None, new)
        case _:
            assert_never(node)


def _is_other(node: Node, before: Node | None) -> bool:
    """Whether it holds something else than before."""
    match node, before:
        case File(content=content), File(content=known):
            return content != known
        case Link(target=target), Link(target=known_target):
            return target != known_target
        case _:
            return True


def _count_bytes(deed: Deed, up: dict[Digest, int], down: dict[Digest, int]) -> None:
    match deed.op:
        case SubmitCreate(node=File(content=content)) | SubmitEdit(node=File(content=content)):
            up[content.digest] = content.size
        case WriteLocal(node=File(content=content)):
            down[content.digest] = content.size
