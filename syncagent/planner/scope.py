"""Which nodes are of no concern here: those that rules leave out, and those that this machine has excluded.

A node that is out is neither brought here nor sent, and no delete is ever concluded from it: whoever finds one out has
what was agreed of it forgotten at once (``engine/scoping``), so that it can be met anew and by nothing but that.

Where a node stands here, its place here counts; else its place at the hub.  Rules belong to folders, not to paths: a
folder that is renamed takes its rules along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final, TypeAlias

from syncagent.model.ids import PARK, ROOT, NodeId
from syncagent.model.names import RelPath, join
from syncagent.model.nodes import Dir, Node, Placement
from syncagent.rules.layers import BUILT_IN, Layers, RuleFile, ignored, met_by_built_in, within
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import View, path_of


class Out(Enum):
    IGNORED = "rules leave it out"
    EXCLUDED = "it is excluded on this machine"


_Place: TypeAlias = "tuple[RelPath, Layers] | Out"
_TOP: Final = RelPath("")


class Scope:
    """``outs`` are the nodes that are out, as far as they are not at one; ``dormant`` those about which nothing is ever
    to be done as things are: what is out, and folders that wait for it."""

    def __init__(self, canopy: Canopy) -> None:
        self._canopy = canopy
        self._files: dict[NodeId, dict[str, RuleFile]] = {}
        self._excluded: dict[RelPath, NodeId | None] = {}
        self._ids: set[NodeId] = set()
        self._paths: set[RelPath] = set()
        self._here: dict[NodeId, _Place] = {}
        self._there: dict[NodeId, _Place] = {}
        self.outs: dict[NodeId, Out] = {}
        self.dormant: dict[NodeId, None] = {}
        self.kept: dict[NodeId, frozenset[str]] = {}
        """By folder: names in it that are left out, on this disk."""
        self.clashes: dict[NodeId, str] = {}
        """What is excluded, stands here all the same, and why."""

    @property
    def has_rules(self) -> bool:
        """Whether where something stands may count, and not its name alone."""
        return bool(self._files or self._excluded)

    # --- what it goes by --------------------------------------------------------------------------------------

    def learn(self, folder: NodeId, name: str, file: RuleFile | None) -> bool:
        """The rule file ``name`` in ``folder`` says this by now.  Whether that changes anything."""
        files = self._files.setdefault(folder, {})
        before = files.get(name)
        if file is None:
            files.pop(name, None)
        else:
            files[name] = file
        if not files:
            del self._files[folder]
        self.stir()
        return before is not file and bool(before or file)

    def rule_files(self, folder: NodeId) -> tuple[str, ...]:
        """The names of the rule files that are known in ``folder``."""
        return tuple(self._files.get(folder, ()))

    def rule_file(self, folder: NodeId, name: str) -> RuleFile | None:
        return self._files.get(folder, {}).get(name)

    def broken(self) -> Iterator[tuple[RelPath, str]]:
        """Lines that match nothing: in which file, and why."""
        for folder, files in self._files.items():
            at = self._canopy.local_path(folder)
            for name, file in files.items() if at is not None else ():
                for one in file.broken:
                    yield join(at or _TOP, name), f"line {one.line}: {one.text!r} matches nothing: {one.why}"

    def exclude(self, excluded: dict[RelPath, NodeId | None]) -> None:
        """These are excluded from now on: by id where one is known, so that it stays so wherever others move it."""
        self._excluded = excluded
        self.stir()

    def excluded(self) -> dict[RelPath, NodeId | None]:
        """What is excluded, by the path at which the hub has it by now."""
        return {self._now_at(path, one): one for path, one in self._excluded.items()}

    def _now_at(self, path: RelPath, node_id: NodeId | None) -> RelPath:
        return (path_of(self._canopy.remote, node_id) if node_id is not None else None) or path

    def stir(self) -> None:
        """A folder has changed its place, or what it holds of rules."""
        self._here.clear()
        self._there.clear()
        if self._excluded:
            there, local = self._canopy.remote, self._canopy.local
            living = {one for one in self._excluded.values() if one is not None and (there.get(one) or local.get(one))}
            self._ids = living
            self._paths = {path for path, one in self._excluded.items() if one not in living}
        else:
            self._ids, self._paths = set(), set()

    def moved(self, node_ids: Iterable[NodeId]) -> None:
        """Something about these nodes has changed."""
        here, there = self._here, self._there
        if any(one in here or one in there or one in self._ids for one in node_ids) or self._paths:
            self.stir()

    # --- what follows -----------------------------------------------------------------------------------------

    def is_plain(self, node: Node, *, stands: bool) -> bool:
        """Whether the node, which ``stands`` here or is at the hub alone, is surely not out: no rules count in its
        folder but the built-in ones, and those do not meet its name.  Of masses nearly all are such."""
        place = (self._here if stands else self._there).get(node.at.parent)
        return (
            type(place) is tuple and place[1] is BUILT_IN and not self._excluded and not met_by_built_in(node.at.name)
        )

    def out(self, node_id: NodeId) -> Out | None:
        """Why the node is of no concern here; None when it is."""
        local = self._canopy.local.get(node_id)
        node = local or self._canopy.remote.get(node_id)
        if node is None:
            return None
        if local is None:
            return self._out(self._canopy.remote, self._there, node_id, node.at, isinstance(node, Dir))
        if local.at.parent == PARK:
            return None  # it is on its way, and is looked at where it arrives
        found = self._out(self._canopy.local, self._here, node_id, node.at, isinstance(node, Dir))
        if found is None and self._excluded:
            remote = self._canopy.remote.get(node_id)
            if remote is not None and remote.at != local.at:
                there = self._out(self._canopy.remote, self._there, node_id, remote.at, isinstance(node, Dir))
                found = there if there is Out.EXCLUDED else None
        return found

    def lost(self, node_id: NodeId) -> bool:
        """Whether the node stands here, and at the hub in a folder that is not here and that rules leave out."""
        local, remote = self._canopy.local.get(node_id), self._canopy.remote.get(node_id)
        if local is None or remote is None or local.at.parent in (PARK, remote.at.parent):
            return False
        if remote.at.parent == ROOT or self._canopy.local.get(remote.at.parent) is not None:
            return False
        return self._place(self._canopy.remote, self._there, remote.at.parent) is Out.IGNORED

    def bars(self, at: Placement) -> bool:
        """Whether what a person makes at this place on this disk lies in what is excluded."""
        if not self._excluded or at.parent == PARK:
            return False
        place = self._place(self._canopy.local, self._here, at.parent)
        return place is Out.EXCLUDED or (not isinstance(place, Out) and join(place[0], at.name) in self._shown())

    def explains(self, at: Placement) -> bool:
        """Whether, by the rules that are known, anything at this place on this disk is left out."""
        place = self._place(self._canopy.local, self._here, at.parent)
        if isinstance(place, Out):
            return True
        path = join(place[0], at.name)
        return any(ignored(place[1], path, at.name, is_dir) for is_dir in (False, True))

    def hides(self, at: Placement) -> bool:
        """Whether something may stand there on this disk of which the trees do not know."""
        return at.name in self.kept.get(at.parent, ()) or self.bars(at)

    def _shown(self) -> set[RelPath]:
        return self._paths | {self._now_at(path, one) for path, one in self._excluded.items()}

    def keeps(self, folder: NodeId) -> bool:
        """Whether there is something in the folder, on this disk, that is left out: it cannot go."""
        return folder in self.kept

    def _out(self, view: View, known: dict[NodeId, _Place], node_id: NodeId, at: Placement, is_dir: bool) -> Out | None:
        place = known.get(at.parent) or self._place(view, known, at.parent)
        if isinstance(place, Out):
            return place
        path = join(place[0], at.name)
        if self._excluded and (node_id in self._ids or path in self._paths):
            return Out.EXCLUDED
        return Out.IGNORED if ignored(place[1], path, at.name, is_dir) else None

    def _place(self, view: View, known: dict[NodeId, _Place], folder: NodeId) -> _Place:
        """Path and layers of a folder, or why it is out."""
        down: list[NodeId] = []
        here = folder
        while here not in known:
            node = view.get(here) if here not in (ROOT, PARK) else None
            if node is None or len(down) > 100_000:
                known[here] = _TOP, within(BUILT_IN, _TOP, sorted(self._files.get(ROOT, {}).items()))
                break
            down.append(here)
            here = self._home(here, node.at).parent
        place = known[here]
        for one in reversed(down):
            node = view.get(one)
            assert node is not None
            if not isinstance(place, Out):
                path = join(place[0], self._home(one, node.at).name)
                if self._excluded and (one in self._ids or path in self._paths):
                    place = Out.EXCLUDED
                elif ignored(place[1], path, node.at.name, True):
                    place = Out.IGNORED
                else:
                    place = path, within(place[1], path, sorted(self._files.get(one, {}).items()))
            known[one] = place
        return place

    def _home(self, node_id: NodeId, at: Placement) -> Placement:
        """Where a folder belongs that may be parked."""
        if at.parent != PARK:
            return at
        home = self._canopy.synced.get(node_id) or self._canopy.remote.get(node_id)
        return home.at if home is not None else Placement(ROOT, at.name)
