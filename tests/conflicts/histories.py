"""Every short history of two machines: which there are, and what a person's operation does to a tree.

Three names make four paths: ``a``, ``b``, ``a/c`` and ``b/c``, so that each of two folders can be moved into the other.
A step is an operation of the person at one of the machines, or one machine's meeting with the hub.  Histories that
differ only in what cannot matter (who is called the first machine, which name is called ``a``, the order of steps on
two machines that do not meet in between) are one history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Dir, File, Link, Node, Placement
from tests.support.dsl import content, tree
from tests.support.merged import Nodes, merged, paths_of

PATHS = ("a", "b", "a/c", "b/c")
MACHINES = ("Desk", "Laptop")

Op: TypeAlias = tuple[str, ...]
"""``("write", path)``, ``("move", path, to)`` and so on."""
Step: TypeAlias = tuple[int, Op]
"""Machine 0 or 1 and what it does; ``("meet",)`` is its meeting with the hub, all else its person's doing."""
History: TypeAlias = tuple[Step, ...]

MEET: Op = ("meet",)
STARTS = {
    "nothing": "",
    "a file": "a=0",
    "a folder with a file in it": "a/ a/c=0",
    "two files": "a=0 b=1",
    "two folders": "a/ b/",
}
SYMMETRIC = {"nothing", "two files", "two folders"}
"""Those in which either name could be called ``a``."""


def operations(nodes: Mapping[NodeId, Node]) -> Iterator[Op]:
    """All that a person could do to this tree, on these paths."""
    there = paths_of(nodes)
    for path in PATHS:
        folder = path.rpartition("/")[0]
        if folder and not isinstance(there.get(folder), Dir):
            continue
        node = there.get(path)
        yield "write", path
        yield "link", path
        if not isinstance(node, Dir):
            yield "mkdir", path
        if node is None:
            continue
        yield "delete", path
        if isinstance(node, File):
            yield "chmod", path
            yield "touch", path
        for to in PATHS:
            if to != path and _may_move(path, to, there):
                yield "move", path, to


def _may_move(path: str, to: str, there: Mapping[str, Node]) -> bool:
    """As rename(2) has it: nothing goes beneath itself, and a folder replaces an empty folder alone."""
    folder = to.rpartition("/")[0]
    if to.startswith(path + "/") or (folder and not isinstance(there.get(folder), Dir)):
        return False
    if to not in there:
        return True
    empty = not any(one.startswith(to + "/") for one in there)
    return isinstance(there[path], Dir) == isinstance(there[to], Dir) and empty


@dataclass
class Ledger:
    """What persons wrote, and what they let go of."""

    written: dict[str, NodeId] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    deleted: set[NodeId] = field(default_factory=set)
    count: int = 0

    def displace(self, node: Node) -> None:
        if isinstance(node, File):
            self.dead.add(_text(node))


def act(
    nodes: Mapping[NodeId, Node], op: Op, number: int, known: Mapping[NodeId, Node], ledger: Ledger | None = None
) -> Nodes:
    """The tree after ``op``, with the identities that a scan would find (``trees/identify.py``).  ``number`` makes what
    is written unlike all else; ``known`` are the nodes that the hub has."""
    ledger = ledger or Ledger()
    after = dict(nodes)
    there = paths_of(nodes)
    path = op[1]
    node, at = there.get(path), _placement(path, there)
    fresh = NodeId(f"n{number}")
    text = f"w{number}"
    match op[0]:
        case "write" | "link" | "mkdir":
            kind = {"write": File, "link": Link, "mkdir": Dir}[op[0]]
            same = node.id if isinstance(node, kind) else fresh
            if node is not None:
                _drop(after, node, ledger, forever=same != node.id)
            if kind is File:
                was = node if isinstance(node, File) else None
                after[same] = File(same, at, content(text), was is not None and was.executable, number)
                ledger.written[text] = same
            else:
                after[same] = Link(same, at, text) if kind is Link else Dir(same, at)
        case "delete":
            assert node is not None
            _drop(after, node, ledger, forever=True)
        case "chmod":
            assert isinstance(node, File)
            after[node.id] = replace(node, executable=not node.executable)
        case "touch":
            assert isinstance(node, File)
            after[node.id] = replace(node, mtime_ns=number)
        case "move":
            assert node is not None
            over, to = there.get(op[2]), _placement(op[2], there)
            moved = replace(node, at=to)
            if over is not None:
                # The document keeps its identity when a file that the hub does not know is moved over it.
                takes_over = type(over) is type(node) and over.id in known and node.id not in known
                _drop(after, over, ledger, forever=not takes_over)
                if takes_over:
                    del after[node.id]
                    moved = replace(moved, id=over.id)
                    for child in [one for one in after.values() if one.at.parent == node.id]:
                        after[child.id] = replace(child, at=Placement(over.id, child.at.name))
            after[moved.id] = moved
        case _:
            raise AssertionError(op)
    return after


def _drop(after: Nodes, node: Node, ledger: Ledger, *, forever: bool) -> None:
    for child in [one for one in after.values() if one.at.parent == node.id]:
        _drop(after, child, ledger, forever=True)
    ledger.displace(after.pop(node.id))
    if forever:
        ledger.deleted.add(node.id)


def _placement(path: str, there: Mapping[str, Node]) -> Placement:
    folder, _, name = path.rpartition("/")
    return Placement(there[folder].id if folder else ROOT, Name(name))


def _text(node: File) -> str:
    return node.content.digest.decode()


class Law:
    """Two machines and a hub that do what is right by ``merged``, with nothing in between."""

    def __init__(self, start: str, day: str = "2026-11-22") -> None:
        base = tree(STARTS[start])
        self.hub: Nodes = dict(base)
        self.base: list[Nodes] = [dict(base), dict(base)]
        self.mine: list[Nodes] = [dict(base), dict(base)]
        self.ledger = Ledger({_text(node): node.id for node in base.values() if isinstance(node, File)})
        self.day = day

    def copy(self) -> Law:
        other = object.__new__(Law)
        other.hub, other.base, other.mine, other.day = self.hub, list(self.base), list(self.mine), self.day
        old = self.ledger
        other.ledger = Ledger(dict(old.written), set(old.dead), set(old.deleted), old.count)
        return other

    def step(self, machine: int, op: Op) -> None:
        if op == MEET:
            self.hub = merged(self.base[machine], self.mine[machine], self.hub, MACHINES[machine], self.day)
            self.base[machine] = self.mine[machine] = self.hub
        else:
            self.ledger.count += 1
            self.mine[machine] = act(self.mine[machine], op, self.ledger.count, self.base[machine], self.ledger)

    def idle(self, machine: int) -> bool:
        """Whether a meeting of this machine with the hub would change nothing."""
        return self.mine[machine] == self.base[machine] == self.hub

    def close(self, first: int = 0) -> None:
        """All meet, until nobody has anything to tell."""
        for machine in (first, 1 - first, first):
            self.step(machine, MEET)


GAPS: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (0, 1, 0), (1, 0, 1))
"""Who meets the hub between two operations: nobody, one machine, or both until they have the same."""


def histories(start: str, longest: int) -> Iterator[History]:
    """Every history of one to ``longest`` operations, each once."""
    for history in _grown((), Law(start), longest):
        if history[-1][1] != MEET and history == _first_of_its_kind(start, history):
            yield history


def _grown(history: History, law: Law, left: int) -> Iterator[History]:
    if history:
        yield history
    if not left:
        return
    told: set[History] = set()
    for gap in GAPS if history else GAPS[:1]:
        met, grown = law.copy(), history
        for machine in gap:
            if not met.idle(machine):
                met.step(machine, MEET)
                grown += ((machine, MEET),)
        if grown in told or (len(gap) == 1 and history[-1][0] != gap[0]):
            continue  # told already, or told as well before what was done on the other machine
        told.add(grown)
        for machine in (0, 1):
            if grown and grown[-1][1] != MEET and grown[-1][0] > machine:
                continue  # done as well the other way round
            for op in operations(met.mine[machine]):
                then = met.copy()
                then.step(machine, op)
                yield from _grown((*grown, (machine, op)), then, left - 1)


def _first_of_its_kind(start: str, history: History) -> History:
    kinds = [history, _swapped(history)]
    if start in SYMMETRIC:
        kinds += [_renamed(one) for one in kinds]
    return min(_ordered(one) for one in kinds)


def _swapped(history: History) -> History:
    return tuple((1 - machine, op) for machine, op in history)


def _renamed(history: History) -> History:
    other = {"a": "b", "b": "a", "a/c": "b/c", "b/c": "a/c"}
    return tuple((machine, tuple(other.get(word, word) for word in op)) for machine, op in history)


def _ordered(history: History) -> History:
    """Steps of the two machines that do not meet in between, the first machine's before the second's."""
    steps = list(history)
    for end in range(len(steps)):
        here = end
        while here and steps[here - 1][0] > steps[here][0] and MEET not in (steps[here - 1][1], steps[here][1]):
            steps[here - 1 : here + 1] = steps[here], steps[here - 1]
            here -= 1
    return tuple(steps)
