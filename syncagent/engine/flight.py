"""What is under way: tasks on the disk, and changes that the hub has not answered yet.

From the moment an op leaves until its outcome is known, its node is busy and is not planned.  What fails is held back
with its reason and tried again, later and later; what is refused without hope is held until something about it changes.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from math import inf
from typing import Final, assert_never

from syncagent.model.changes import NO_SEQ, Change, Operation, Verdict
from syncagent.model.facts import UNSURE, Kind, Stamp
from syncagent.model.ids import PARK, ChangeId, NodeId, Seq, derived_id
from syncagent.model.names import RelPath, join
from syncagent.model.nodes import Block, Content, Dir, File, Link, Node, Placement, Recipe
from syncagent.model.values import replace
from syncagent.planner.ops import (
    DeleteLocal,
    LocalOp,
    MakeLocalDir,
    MoveLocal,
    Op,
    SetAside,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    SubmitOp,
    WriteLocal,
    beneath,
    subject,
)
from syncagent.planner.tasks import DeleteTask, Lying, MakeDirTask, MoveTask, Source, Task, WriteTask
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import path_of

FIRST_RETRY = 1.0
LAST_RETRY = 60.0


@dataclass(slots=True)
class Held:
    """Why a node waits, how often that has happened, and when it is tried again (None: when it changes).  ``moving``:
    it could not be moved, and that alone waits."""

    reason: str
    times: int
    until: float | None
    moving: bool = False


class Flight:
    """The ops under way, and the nodes that are held back."""

    def __init__(self, canopy: Canopy, wounded: Container[NodeId] = ()) -> None:
        """``wounded``: nodes whose bytes are kept aside when others take their place."""
        self._canopy = canopy
        self.busy: dict[NodeId, Op] = {}
        self._tasks: dict[NodeId, Task] = {}
        self._changes: dict[ChangeId, SubmitOp] = {}
        self.held: dict[NodeId, Held] = {}
        self._tried: dict[NodeId, int] = {}
        self._void: set[NodeId] = set()
        self._estranged: set[NodeId] = set()
        self.piecemeal: dict[NodeId, None] = {}
        """Folders that could not be deleted together with all that is beneath them, until all is at one."""
        self._wounded = wounded

    @property
    def tasks(self) -> int:
        return len(self._tasks)

    @property
    def submitted(self) -> int:
        return len(self._changes)

    # --- leaving ----------------------------------------------------------------------------------------------

    def begin_task(self, op: LocalOp, source: Source | None) -> Task | None:
        """The task for ``op``, which is under way from now on; None when its path is not known (it is planned anew)."""
        task = self._task(op, source)
        if task is None and beneath(op):
            self.piecemeal[subject(op)] = None  # one by one it shows what stands in the way
        if task is not None:
            self._is_busy(op)
            self._tasks[subject(op)] = task
            self._void.discard(subject(op))
        return task

    def _is_busy(self, op: Op) -> None:
        self.busy[subject(op)] = op
        if others := beneath(op):
            self.busy.update(dict.fromkeys(others, op))

    def _is_over(self, op: Op) -> None:
        self.busy.pop(subject(op), None)
        for node_id in beneath(op):
            self.busy.pop(node_id, None)

    def _task(self, op: LocalOp, source: Source | None) -> Task | None:
        match op:
            case MakeLocalDir(node=node):
                path = self._place(node.at)
                return MakeDirTask(op, path) if path is not None else None
            case WriteLocal(node=node, expect=expect):
                assert source is not None
                path = self._place(node.at) if expect is None else self._canopy.local_path(node.id)
                stamp = None if expect is None else self._stamp(node.id)
                keep = expect is not None and node.id in self._wounded
                return WriteTask(op, path, stamp, source, keep) if path is not None else None
            case MoveLocal(expect=node, to=to) | SetAside(expect=node, to=to):
                path, target = self._canopy.local_path(node.id), self._place(to)
                if path is None or target is None:
                    return None
                return MoveTask(op, path, target, self._stamp(node.id))
            case DeleteLocal(expect=node):
                path = self._canopy.local_path(node.id)
                keep, elsewhere = node.id in self._wounded, self._canopy.remote.get(node.id) is None
                lying = self._lying(op)
                if path is None or lying is None:
                    return None
                return DeleteTask(op, path, self._stamp(node.id), keep and not lying, lying, elsewhere)
            case _:
                assert_never(op)

    def _lying(self, op: DeleteLocal) -> tuple[Lying, ...] | None:
        """What is to lie beneath a folder that goes as a whole; None when of some of it that is not known well enough,
        or it is damaged and its bytes are to be kept."""
        found: list[Lying] = []
        paths = {op.expect.id: ""}
        get, stamp_of, spelling_of = self._canopy.local.get, self._canopy.stamp, self._canopy.spelling
        for node_id in op.beneath:
            node, stamp = get(node_id), stamp_of(node_id)
            above = paths.get(node.at.parent) if node is not None else None
            if node is None or above is None or not stamp or node_id in self._wounded:
                return None
            path = f"{above}{spelling_of(node_id) or node.at.name}"
            is_folder = isinstance(node, Dir)
            if is_folder:
                paths[node_id] = f"{path}/"
            found.append(Lying(RelPath(path), stamp, is_folder))
        return tuple(found)

    def is_at(self, task: Task) -> bool:
        """Whether the paths of a task still are those that its op is about."""
        if subject(task.op) in self._void:
            return False
        match task:
            case MakeDirTask(op=MakeLocalDir(node=node)) | WriteTask(op=WriteLocal(node=node, expect=None)):
                return self._place(node.at) == task.path
            case WriteTask(op=op):
                return self._canopy.local_path(op.node.id) == task.path
            case MoveTask(op=op, to=to):
                return self._canopy.local_path(op.expect.id) == task.path and self._place(op.to) == to
            case DeleteTask(op=op):
                return self._canopy.local_path(op.expect.id) == task.path
            case _:
                assert_never(task)

    def _stamp(self, node_id: NodeId) -> Stamp:
        return self._canopy.stamp(node_id) or UNSURE

    def _place(self, at: Placement) -> RelPath | None:
        """The path of a placement on this disk."""
        if at.parent == PARK:
            return RelPath(f".syncagent/park/{at.name}")
        return self._canopy.path_in(at.parent, at.name)

    def begin_change(
        self,
        op: SubmitOp,
        recipe: Recipe,
        incarnation: str,
        folders: dict[NodeId, RelPath] | None = None,
        as_of: Seq = NO_SEQ,
    ) -> Change:
        """The change that tells the hub of ``op``, which is under way from now on.  ``folders`` are the paths of those
        that were looked up in this step; ``as_of``: how far the journal is known."""
        change = _change(op, recipe, incarnation, self._claimed_path(op, {} if folders is None else folders))
        if others := beneath(op):
            change = replace(change, beneath=len(others), as_of=as_of)
        self._is_busy(op)
        self._changes[change.change_id] = op
        return change

    def _claimed_path(self, op: SubmitOp, folders: dict[NodeId, RelPath]) -> RelPath:
        at = op.to if isinstance(op, SubmitMove) else op.node.at
        parent = folders.get(at.parent)
        if parent is None:
            parent = folders[at.parent] = path_of(self._canopy.remote, at.parent) or RelPath("")
        return join(parent, at.name)

    # --- coming back ------------------------------------------------------------------------------------------

    def end_task(self, op: LocalOp) -> Task | None:
        """The task of ``op``, which is over; None when it is not under way (any more)."""
        node_id = subject(op)
        under_way = self.busy.get(node_id)
        if under_way is not op and under_way != op:
            return None
        self._is_over(under_way)
        return self._tasks.pop(node_id)

    def end_change(self, verdict: Verdict) -> SubmitOp | None:
        """The op that a verdict is about, which is over."""
        op = self._changes.pop(verdict.change_id, None)
        if op is not None:
            self._is_over(op)
        return op

    def forget_changes(self, verdicts: Iterable[Verdict]) -> list[NodeId]:
        """These answers do not count, for they came out of order: the journal will tell.  Gives the nodes."""
        return all_of(op for op in map(self.end_change, verdicts) if op is not None)

    def drop_changes(self) -> list[NodeId]:
        """The link is gone, and with it the answers: forget all submissions.  What became of them the journal tells."""
        nodes = all_of(self._changes.values())
        for node_id in nodes:
            self.busy.pop(node_id, None)
        self._changes.clear()
        self._estranged.clear()
        return nodes

    def estrange(self, node_id: NodeId) -> None:
        """What was agreed of the node is forgotten: what the hub answers about it settles nothing on this side."""
        if node_id in self.busy and node_id not in self._tasks:
            self._estranged.add(node_id)

    def take_estranged(self, node_id: NodeId) -> bool:
        """Whether that has happened while the change that is over was under way."""
        if node_id not in self._estranged:
            return False
        self._estranged.discard(node_id)
        return True

    def void_tasks(self) -> None:
        """What is under way on the disk was to make it like a journal that does not count any more: whatever becomes of
        it is a change like any other, and nothing is agreed by it."""
        self._void.update(self._tasks)

    def drop_tasks(self) -> list[NodeId]:
        """The root is gone: no task will be answered."""
        nodes = all_of(task.op for task in self._tasks.values())
        for node_id in nodes:
            self.busy.pop(node_id, None)
        self._tasks.clear()
        return nodes

    # --- held back --------------------------------------------------------------------------------------------

    def hold(self, node_id: NodeId, reason: str, now: float | None, *, moving: bool = False) -> None:
        """Leave the node alone for a while, or, with ``now`` None, until something about it changes; with ``moving``,
        only where it stands."""
        before = self.held.get(node_id)
        times = before.times + 1 if before is not None else self._tried.pop(node_id, 0)
        until = None if now is None else now + min(FIRST_RETRY * 2.0 ** min(times, 10), LAST_RETRY)
        self.held[node_id] = Held(reason, times, until, moving)

    def is_held(self, node_id: NodeId, now: float) -> bool:
        held = self.held.get(node_id)
        return held is not None and (held.until is None or held.until > now)

    def rests(self, node_id: NodeId, now: float) -> bool:
        """Whether nothing at all is to be done about the node: what could not be moved is edited all the same."""
        return self.is_held(node_id, now) and not self.held[node_id].moving

    def take_due(self, now: float = inf) -> list[NodeId]:
        """The nodes whose time to be tried again has come (or will ever come): they are held no longer, but it is
        remembered how often they were."""
        due = [node_id for node_id, held in self.held.items() if held.until is not None and held.until <= now]
        for node_id in due:
            self._tried[node_id] = self.held.pop(node_id).times + 1
        return due

    def next_due(self) -> float | None:
        return min((held.until for held in self.held.values() if held.until is not None), default=None)

    def release(self, node_ids: Iterable[NodeId]) -> None:
        """Something about these nodes has changed."""
        for node_id in node_ids if self.held or self._tried else ():
            self.held.pop(node_id, None)
            self._tried.pop(node_id, None)

    def release_refused(self) -> list[NodeId]:
        """Another connection, perhaps another mind: what was refused without hope is tried once more."""
        refused = [node_id for node_id, held in self.held.items() if held.until is None]
        self.release(refused)
        return refused


def all_of(ops: Iterable[Op]) -> list[NodeId]:
    """All nodes that these are about."""
    return [node_id for op in ops for node_id in (subject(op), *beneath(op))]


def _change(op: SubmitOp, recipe: Recipe, incarnation: str, path: RelPath) -> Change:
    node = op.node
    operation, at = _OPERATION[type(op)], op.to if isinstance(op, SubmitMove) else op.node.at
    content: Content | None = None
    executable, mtime_ns, target = False, 0, ""
    match node:
        case File():
            content, executable, mtime_ns = node.content, node.executable, node.mtime_ns
            if not recipe and content.size:
                recipe = (Block(content.digest, content.size),)
            inside = content.digest.hex(), content.size, executable, mtime_ns
        case Link():
            target, recipe, inside = node.target, (), (node.target, 0, False, 0)
        case Dir():
            recipe, inside = (), ("", 0, False, 0)
        case _:
            assert_never(node)
    kind = kind_of(node)
    # The same op on the same revision is the same change, however often it is sent: the hub answers it once.  What is
    # left of the digest tells the changes of one node apart; beginning with its id, they follow each other as ids do.
    stands = node.at.parent, node.at.name, at.parent, at.name
    said = incarnation, operation.value, node.id, op.base, kind.value, *stands, *inside
    key = ChangeId(f"{node.id}:{derived_id(repr(said))[:16]}")
    return Change(
        key, operation, node.id, op.base, kind, at.parent, at.name, content, executable, mtime_ns, target, recipe, path
    )


_OPERATION: Final = {
    SubmitCreate: Operation.CREATE,
    SubmitEdit: Operation.UPDATE,
    SubmitMove: Operation.MOVE,
    SubmitDelete: Operation.DELETE,
}


def kind_of(node: Node) -> Kind:
    """The kind of a node, which never changes."""
    return Kind.DIR if isinstance(node, Dir) else Kind.FILE if isinstance(node, File) else Kind.LINK
