"""Folders in which nothing is done for now, since it is not known yet what rules leave out in them.

Rules count from the moment at which they are known.  While the hub's version of a rule file is on its way, while one
that we have put there has not been read, and while what rules no longer leave out has not been looked at, its folder is
*closed*: what comes in the same batch waits, and is never touched under rules that do not count any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from syncagent.content.digest import content_of
from syncagent.model.ids import PARK, ROOT, NodeId
from syncagent.model.names import Name, RelPath, join, name_key
from syncagent.model.nodes import Content, File, Node, Placement
from syncagent.planner.compare import is_same
from syncagent.planner.scope import Scope
from syncagent.rules.patterns import MOST_BYTES
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import View


class Closed:
    """``names`` are those of rule files.  ``paths`` are to be read and ``folders`` walked, so that something opens."""

    def __init__(self, canopy: Canopy, scope: Scope, names: tuple[str, ...]) -> None:
        self._canopy = canopy
        self._scope = scope
        self._names = names
        self._contents: dict[tuple[NodeId, str], Content] = {}
        """What was read of the rule files that count."""
        self._stands: dict[NodeId, tuple[NodeId, str]] = {}
        """Rule files that stand here, and where."""
        self._arriving: dict[NodeId, NodeId] = {}
        """Rule files of which the hub has another version, and the folders of these."""
        self._unread: dict[tuple[NodeId, str], None] = {}
        self._unwalked: dict[NodeId, None] = {}
        self.paths: dict[RelPath, None] = {}
        self.folders: dict[RelPath, None] = {}

    @property
    def may_be(self) -> bool:
        """Whether any folder may be closed."""
        return bool(self._arriving or self._unread or self._unwalked)

    def folders_now(self, is_held: Callable[[NodeId], bool]) -> dict[NodeId, None]:
        """The folders that are closed.  A rule file that cannot be had holds up nobody."""
        if not self.may_be:
            return {}
        self._forget_gone()
        arriving = (folder for node_id, folder in self._arriving.items() if not is_held(node_id))
        return dict.fromkeys([*arriving, *(folder for folder, _ in self._unread), *self._unwalked])

    def _forget_gone(self) -> None:
        """In a folder that does not stand here any more nothing is to be read, nor walked: it would never open."""
        for folder in [one for one in self._unwalked if self._is_gone(one)]:
            del self._unwalked[folder]
        for at in [one for one in self._unread if self._is_gone(one[0])]:
            del self._unread[at]

    def _is_gone(self, folder: NodeId) -> bool:
        return folder != ROOT and self._canopy.local.get(folder) is None

    def holds(self, node_id: NodeId, closed: Mapping[NodeId, None]) -> bool:
        """Whether the node lies in one of these folders, here or at the hub.  Rule files themselves do not lie in
        theirs: they are what is waited for."""
        nodes = [(view, view.get(node_id)) for view in (self._canopy.local, self._canopy.remote)]
        is_rules = any(node is not None and node.at.name in self._names for _, node in nodes)
        for view, node in nodes:
            above, steps = node.at.parent if node is not None else None, 0
            if is_rules and above is not None:
                above = self._above(view, above)
            while above is not None and steps < 100_000:
                if above in closed:
                    return True
                above, steps = self._above(view, above), steps + 1
        return False

    def _above(self, view: View, folder: NodeId) -> NodeId | None:
        node = view.get(folder) if folder != ROOT else None
        return node.at.parent if node is not None else None

    def lift(self) -> bool:
        """Nothing is under way any more, and rule files have not come: they wait for what is in their folders.  Let
        that go on, then; whether there was anything to let go on."""
        lifted = bool(self._arriving)
        self._arriving.clear()
        return lifted

    # --- what closes, and what opens --------------------------------------------------------------------------

    def read(self, folder: NodeId, name: str, data: bytes | None) -> None:
        """The rule file ``name`` in ``folder`` was read; None: it is not there."""
        self._unread.pop((folder, name), None)
        if data is None:
            self._contents.pop((folder, name), None)
        else:
            self._contents[folder, name] = content_of(data)
            if (known := self._canopy.local.at(folder, name_key(Name(name)))) is not None:
                self._stands[known] = folder, name

    def unread_in(self, folder: NodeId) -> list[str]:
        """The rule files in ``folder`` that are to be read."""
        return [name for at, name in self._unread if at == folder]

    def walk(self, folder: NodeId, path: RelPath) -> None:
        """The rules of ``folder`` have changed: it is to be walked."""
        self._unwalked[folder] = None
        self.folders[path] = None

    def walked(self, folder: NodeId) -> None:
        """All that stands in the folder by now has been looked at."""
        self._unwalked.pop(folder, None)

    def may_concern(self, node_id: NodeId, node: Node | None) -> bool:
        """Whether something is to be minded about the node, which is this one; asked of each of a mass."""
        is_rules = node is not None and node.at.name in self._names
        return is_rules or node_id in self._arriving or node_id in self._stands

    def mind(self, node_id: NodeId) -> None:
        """Something about the node has changed, which may be a rule file: one that is not here as the hub has it, or
        not read as it is here, closes its folder."""
        local, remote = self._canopy.local.get(node_id), self._canopy.remote.get(node_id)
        node = local or remote
        self._arriving.pop(node_id, None)
        self._mind_what_left(node_id, local)
        if node is None or node.at.name not in self._names:
            return
        if self._scope.outs.get(node_id) is None and self._is_to_come(node_id, local, remote):
            self._arriving[node_id] = node.at.parent if remote is None else remote.at.parent
        if node.at.parent != PARK and (local is None or isinstance(local, File)):
            self._mind_content(node.at, local)

    def _mind_what_left(self, node_id: NodeId, local: Node | None) -> None:
        """A rule file that does not stand any more where it stood counts until it was read that there is none: also
        where we have taken it away ourselves, for no watcher may ever tell."""
        before = self._stands.pop(node_id, None)
        if isinstance(local, File) and local.at.name in self._names and local.at.parent != PARK:
            self._stands[node_id] = local.at.parent, local.at.name
        if before is not None and before != self._stands.get(node_id):
            self._mind_content(Placement(before[0], Name(before[1])), None)

    def _is_to_come(self, node_id: NodeId, local: Node | None, remote: Node | None) -> bool:
        synced = self._canopy.synced.get(node_id) if node_id in self._canopy.synced else None
        if remote is None:
            return is_same(local, synced)
        if local is not None and local.at != remote.at:
            return False  # it is moved: perhaps in exchange for what is in its folder
        return not is_same(remote, synced) and not is_same(remote, local)

    def _mind_content(self, at: Placement, local: File | None) -> None:
        content = local.content if local is not None else None
        if content is not None and content.size > MOST_BYTES:
            return  # it is read no further than that
        if content == self._contents.get((at.parent, at.name)):
            return
        if content is None and self._canopy.local.at(at.parent, name_key(at.name)) is not None:
            return
        folder = self._canopy.local_path(at.parent)
        if folder is not None:
            self._unread[at.parent, at.name] = None
            self.paths[join(folder, at.name)] = None

    def take_wishes(self) -> tuple[list[RelPath], list[RelPath]]:
        """Paths to be read, and folders to be walked."""
        wishes = list(self.paths), list(self.folders)
        self.paths.clear()
        self.folders.clear()
        return wishes
