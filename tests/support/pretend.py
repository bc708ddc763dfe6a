"""A disk that goes by paths and a hub that goes by ids, as strict as the real ones, for trying plans.

Each refuses what the real one would refuse: a name that is taken, a parent that is missing, a folder that is not empty,
another content than was expected.  A plan whose ops were not free of each other's order meets a refusal here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from syncagent.model.ids import NO_REV, PARK, ROOT, NodeId, Rev
from syncagent.model.names import RelPath, name_key
from syncagent.model.nodes import Dir, Node
from syncagent.planner.compare import same_inside
from syncagent.planner.ops import (
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
    beneath,
)
from syncagent.trees.canopy import Canopy


class Refused(Exception):
    """The pretended disk or hub would not do it."""


@dataclass(frozen=True)
class Task:
    """An op with its paths, as they were when it was planned."""

    op: LocalOp
    path: str
    to: str = ""
    beneath: tuple[tuple[str, Node], ...] = ()
    """What is to lie beneath a folder that goes as a whole, by its path."""


def make_task(canopy: Canopy, op: LocalOp) -> Task:
    match op:
        case MakeLocalDir(node=node):
            return Task(op, _at(canopy, node.at.parent, node.at.name))
        case WriteLocal(node=node, expect=None):
            return Task(op, _at(canopy, node.at.parent, node.at.name))
        case WriteLocal(expect=node) | DeleteLocal(expect=node):
            assert node is not None
            lying = [(one, canopy.local.get(one)) for one in beneath(op)]
            expected = tuple((_path(canopy, one), there) for one, there in lying if there is not None)
            assert len(expected) == len(lying)
            return Task(op, _path(canopy, node.id), beneath=expected)
        case MoveLocal(expect=node, to=to) | SetAside(expect=node, to=to):
            return Task(op, _path(canopy, node.id), _at(canopy, to.parent, to.name))


def _path(canopy: Canopy, node_id: NodeId) -> str:
    path = canopy.local_path(node_id)
    assert path is not None, f"no path for {node_id}"
    return path


def _at(canopy: Canopy, parent: NodeId, name: str) -> str:
    if parent == ROOT:
        return name
    if parent == PARK:
        return f".syncagent/park/{name}"
    return f"{_path(canopy, parent)}/{name}"


@dataclass
class PathDisk:
    """Paths to nodes; the ids in the nodes play no part in what is refused."""

    nodes: dict[str, Node] = field(default_factory=dict)

    def run(self, task: Task) -> None:
        match task.op:
            case MakeLocalDir(node=node) | WriteLocal(node=node, expect=None):
                self._vacant(task.path)
                self.nodes[task.path] = node
            case WriteLocal(node=node, expect=expect):
                assert expect is not None
                self._is(task.path, expect)
                self.nodes[task.path] = node
            case MoveLocal(expect=expect) | SetAside(expect=expect):
                self._is(task.path, expect)
                self._vacant(task.to)
                if task.to.startswith(task.path + "/"):
                    raise Refused(f"{task.path} cannot move into itself")
                self.move(task.path, task.to)
            case DeleteLocal(expect=expect):
                self._is(task.path, expect)
                if {one for one in self.nodes if one.startswith(task.path + "/")} != {one for one, _ in task.beneath}:
                    raise Refused(f"in {task.path} is not just what was expected")
                for path, node in task.beneath:
                    self._is(path, node)
                for path, _ in task.beneath:
                    del self.nodes[path]
                del self.nodes[task.path]

    def move(self, path: str, to: str) -> None:
        for old in [one for one in self.nodes if one == path or one.startswith(path + "/")]:
            self.nodes[to + old[len(path) :]] = self.nodes.pop(old)

    def _vacant(self, path: str) -> None:
        if path in self.nodes:
            raise Refused(f"{path} is taken")
        parent, _, _ = path.rpartition("/")
        if parent and parent != ".syncagent/park" and not isinstance(self.nodes.get(parent), Dir):
            raise Refused(f"{path} has no folder to stand in")

    def _is(self, path: str, expect: Node) -> None:
        there = self.nodes.get(path)
        if there is None or type(there) is not type(expect) or not same_inside(there, expect):
            raise Refused(f"{path} is {there}, not {expect}")


@dataclass
class IdHub:
    """The hub's rows, living and dead, and their revisions."""

    nodes: dict[NodeId, Node] = field(default_factory=dict)
    revs: dict[NodeId, Rev] = field(default_factory=dict)
    numbers: dict[NodeId, int] = field(default_factory=dict)
    """Of the last change of each node, counted as revisions are: all together."""
    journal: list[tuple[NodeId, Node | None, Rev]] = field(default_factory=list)
    """What became of whom, in order: of a folder that goes as a whole, the deepest first."""

    def run(self, op: SubmitOp, as_of: int | None = None) -> Rev:
        """``as_of``: how many revisions there were, by what the client had heard when it planned this."""
        node_id = op.node.id
        if self.revs.get(node_id, NO_REV) != op.base:
            raise Refused(f"{node_id} is at {self.revs.get(node_id)}, not {op.base}")
        match op:
            case SubmitCreate(node=node):
                if node_id in self.nodes:
                    raise Refused(f"{node_id} lives")
                self._vacant(node)
                self.nodes[node_id] = node
            case SubmitEdit(node=node):
                self.nodes[node_id] = replace(node, at=self.nodes[node_id].at)
            case SubmitMove(to=to):
                moved = replace(self.nodes[node_id], at=to)
                self._vacant(moved)
                here = to.parent
                while here != ROOT:
                    if here == node_id:
                        raise Refused(f"{node_id} would be beneath itself")
                    here = self.nodes[here].at.parent
                self.nodes[node_id] = moved
            case SubmitDelete(beneath=beneath):
                lying = self._beneath(node_id)
                if lying != set(beneath):
                    raise Refused(f"in {node_id} is {lying}, not {beneath}")
                if as_of is not None and any(self.numbers.get(one, 0) > as_of for one in lying):
                    raise Refused(f"something in {node_id} has changed since {as_of}")
                for one in reversed(beneath):
                    del self.nodes[one]
                    self.revs[one] = Rev(self.revs[one] + 1)
                    self.numbers[one] = sum(self.revs.values())
                    self.journal.append((one, None, self.revs[one]))
                del self.nodes[node_id]
        self.revs[node_id] = Rev(op.base + 1)
        self.numbers[node_id] = sum(self.revs.values())
        self.journal.append((node_id, self.nodes.get(node_id), self.revs[node_id]))
        return self.revs[node_id]

    def _beneath(self, folder: NodeId) -> set[NodeId]:
        found = {one.id for one in self.nodes.values() if one.at.parent == folder}
        return found.union(*map(self._beneath, found))

    def _vacant(self, node: Node) -> None:
        parent = node.at.parent
        if parent != ROOT and not isinstance(self.nodes.get(parent), Dir):
            raise Refused(f"{node} has no folder to stand in")
        for one in self.nodes.values():
            same = one.at.parent == parent and name_key(one.at.name) == name_key(node.at.name)
            if same and one.id != node.id:
                raise Refused(f"the name of {node} is taken by {one}")

    def paths(self) -> dict[str, Node]:
        return {self._path(node): node for node in self.nodes.values()}

    def _path(self, node: Node) -> str:
        names: list[str] = [node.at.name]
        while node.at.parent != ROOT:
            node = self.nodes[node.at.parent]
            names.append(node.at.name)
        return "/".join(reversed(names))


def walk(nodes: dict[str, Node]) -> Iterator[tuple[RelPath, Node]]:
    for path in sorted(nodes):
        yield RelPath(path), nodes[path]
