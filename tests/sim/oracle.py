"""What must hold in every world: the invariants, at each step where they are about steps, else at rest.

W are all contents that users wrote.  A content is dead when a user let it go: overwrote it, deleted it, or renamed
something over it.  The others live.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from syncagent.content.digest import digest_of
from syncagent.hub.fsck import what_is_wrong
from syncagent.localfs.ports import Rename
from syncagent.localfs.spare import AHEAD, OUTLINE
from syncagent.model.changes import Entry, Operation
from syncagent.model.ids import ROOT, Digest, NodeId
from syncagent.model.names import OWN_FOLDER, RelPath, is_conflict_name
from syncagent.model.nodes import Dir, File, Link, Node
from tests.sim.users import BUILDING

if TYPE_CHECKING:
    from tests.sim.agent import Agent
    from tests.sim.world import World

OWN = f"{OWN_FOLDER}/"
LEFT_OVER = (f"{OWN}stage/", f"{OWN}park/")

Tree = dict[str, bytes | str | None]


class Broken(AssertionError):
    """An invariant does not hold."""


class Oracle:
    def __init__(self, world: World) -> None:
        self._world = world
        self.known: set[Digest] = set()
        """The digests of W, and of what is being written now."""
        self.at_hub: set[Digest] = set()
        self.was_at_hub: set[Digest] = set()
        self.revisions: Counter[Operation] = Counter()
        self.broken: list[Broken] = []

    def _fail(self, invariant: str, what: str) -> None:
        broken = Broken(f"{invariant}: {what}\n{self._world.describe()}")
        self.broken.append(broken)  # it may be raised in the middle of an agent, which has its own way with errors
        raise broken

    # --- step by step -----------------------------------------------------------------------------------------

    def before_call(self, agent: Agent, call: str, path: RelPath) -> None:
        """An agent is about to call its disk."""
        match call:
            case "file.write" | "file.truncate":
                if not path.startswith(OWN):
                    self._fail("N8", f"{agent.name} writes into {path}, where it can be seen half done")
            case "remove":
                self._going(agent, path)
            case "rename":
                assert agent.disk.renaming is not None
                old, new, how = agent.disk.renaming
                if how is Rename.PLAIN:
                    self._going(agent, new)
                if old.startswith(f"{OWN}stage/") and not new.startswith(OWN):
                    self._showing(agent, old, new)

    def _showing(self, agent: Agent, old: RelPath, new: RelPath) -> None:
        """N2, N8: what is put into the tree is whole."""
        content = agent.disk.user.read(old)
        if content is not None and digest_of(content) not in self.known and content not in self._world.torn:
            self._fail("N2", f"{agent.name} puts {content[:60]!r} to {new}, which nobody wrote")

    def _going(self, agent: Agent, path: RelPath) -> None:
        """N7: what is removed or replaced is at the hub, or kept elsewhere, or its user has let it go.  What lies there
        as new, or is put together ahead of its change, was made by the agent, perhaps of what the hub is yet to judge:
        it has never been anyone's."""
        if path.startswith(f"{OWN}stage/new.") or path in (AHEAD, OUTLINE):
            return
        try:
            inode = agent.disk.find(path)
        except OSError:
            return
        if inode.is_dir or inode.is_link or inode.links > 1:
            return
        content = bytes(inode.data)
        world = self._world
        if content not in world.written or content in world.dead:
            return
        if digest_of(content) in self.at_hub:
            return
        if any(what == content for at, what in agent.disk.user.tree(own=True).items() if at != path):
            return
        if digest_of(content) in self.was_at_hub and any(content in contents_of(one) for one in world.agents):
            return  # the hub had told of a delete, and was put back since: who moved it there has it still
        if world.acted["exclude"] and digest_of(content) in self.was_at_hub:
            return  # it goes from here, for the hub has it; that was put back since, and nobody could know of it yet
        self._fail("N7", f"{agent.name} destroys {content[:60]!r} at {path}, which is nowhere else")

    def committed(self, entries: list[Entry]) -> None:
        """The hub has made these durable (N2, N12)."""
        for entry in entries:
            self.revisions[entry.operation] += 1
            if isinstance(entry.node, File):
                digest = entry.node.content.digest
                self.at_hub.add(digest)
                if digest not in self.known:
                    self._fail("N2", f"{entry.author} sent a content that nobody wrote: {entry.path}")
            if entry.operation is Operation.DELETE and not self._world.removals:
                self._fail("N10", f"{entry.author} deletes {entry.path}, and no user has deleted anything")
        if entries:
            self.fsck()

    def fsck(self) -> None:
        hub = self._world.hub
        wrong = what_is_wrong(hub.rows, hub.journal, {digest: len(data) for digest, data in hub.blocks.items()})
        if wrong:
            self._fail("N12", "; ".join(wrong))

    def hub_was_restored(self) -> None:
        self.was_at_hub |= self.at_hub
        self.at_hub = {entry.node.content.digest for entry in self._world.hub.journal if isinstance(entry.node, File)}

    # --- at rest ----------------------------------------------------------------------------------------------

    def at_rest(self) -> None:
        self.fsck()
        hub = hub_tree(self._world)
        for agent in self._world.agents:
            self._converged(agent, hub)
        held = {what for agent in self._world.agents for what in agent.disk.user.tree().values()}
        contents = {what for what in held if isinstance(what, bytes)}
        self._nothing_lost(contents)
        self._economy(hub)

    def _converged(self, agent: Agent, hub: Tree) -> None:
        """N4, N15."""
        world = self._world
        tree = {nfc_path(path): what for path, what in agent.disk.user.tree().items()}
        status = agent.status
        if agent not in world.limited:
            if not status.in_sync:
                self._fail("N5", f"{agent.name} does not come to rest")
            if tree != hub:
                self._fail("N4, N15", f"{agent.name} is not as the hub\n{differences(tree, hub)}")
        else:
            self._converged_as_far_as_it_can(agent, tree, hub)
        left = [path for path in agent.disk.user.tree(own=True) if path.startswith(LEFT_OVER)]
        if agent.name in world.unsynced:
            left = [path for path in left if not path.startswith(f"{OWN}stage/held.")]
        if agent in world.limited and not agent.status.in_sync:
            # What is tried again needs some; and what a fault left is swept once all is at rest, or at the next start.
            left = [path for path in left if not path.startswith(f"{OWN}stage/")]
        if left:
            self._fail("B5", f"left over on {agent.name}: {left}")

    def _converged_as_far_as_it_can(self, agent: Agent, tree: Tree, hub: Tree) -> None:
        """A disk that cannot hold all: what it lacks is listed, and is something that it cannot hold."""
        told = {nfc_path(path) for path in self._world.listed.get(agent.name, ())}
        for path in sorted(tree.keys() | hub.keys()):
            if path in tree and path in hub and tree[path] == hub[path]:
                continue
            above = list(_up(path))
            if not any(one in told for one in above):
                here, there = str(tree.get(path, "nothing"))[:50], str(hub.get(path, "nothing"))[:50]
                self._fail("N4, N15", f"{agent.name} differs at {path} ({here} / {there}) and does not say so: {told}")
            # What cannot leave its name, since it cannot have the one that it was given, is in the way of others.
            if not any(self._is_too_much(agent, one, hub) for one in (*above, *told)):
                self._fail("N4", f"{agent.name} lacks {path}, which it could hold: {told}")

    def _is_too_much(self, agent: Agent, path: str, hub: Tree) -> bool:
        disk = agent.disk
        folder, _, name = path.rpartition("/")
        if disk.refuses(name) or (isinstance(hub.get(path), str) and not disk.abilities.links):
            return True
        siblings = [one.rpartition("/")[2] for one in hub if one.rpartition("/")[0] == folder and one != path]
        return any(disk.key(one) == disk.key(name) for one in siblings)

    def _nothing_lost(self, held: set[bytes]) -> None:
        """N1, N2, N3."""
        world = self._world
        if made_up := held - world.written - world.torn.keys():
            self._fail("N2", f"made up: {[one[:60] for one in made_up]}")
        hub = {what for what in hub_tree(world).values() if isinstance(what, bytes)}
        everywhere = set.intersection(
            hub, *(contents_of(agent) for agent in world.agents if agent not in world.limited)
        )
        # What is written under the mtime of a file that was torn is taken for what is left of it, and put aside.
        put_aside = {
            what
            for agent in world.agents
            for path, what in agent.disk.user.tree(own=True).items()
            if path.startswith(f"{OWN}damaged/") and isinstance(what, bytes)
        }
        lost = (world.written - world.dead) - everywhere - put_aside
        if world.acted["exclude"]:
            # What a machine has excluded is at the hub alone, perhaps; and that was put back to before it had it.
            lost = {one for one in lost if digest_of(one) not in self.was_at_hub - self.at_hub}
        if lost:
            self._fail("N1", f"lost: {[one[:60] for one in lost]}")
        # The exceptions of N3.  Renamed or touched here, overwritten or deleted there: a change beats a delete, and
        # where only the new name was seen, both are kept.  Written by an agent that was killed, or whose disk failed,
        # before it could remember that, and let go by the user right after.  A memory that was lost (with the power,
        # with its database) does not know what was let go since.
        risen = {one for one in (world.dead & held) - world.renamed if digest_of(one) not in self._interrupted()}
        # What is let go while it is left out has not been deleted for anyone: it comes back when that is over.
        if risen and not world.forgotten and not world.rules:
            self._fail("N3", f"came back: {[one[:60] for one in risen]}")

    def _interrupted(self) -> set[Digest]:
        """What was put in place by an agent that was killed, or whose disk failed, before it could remember that."""
        return {digest for agent in self._world.agents for digest in agent.interrupted}

    def _economy(self, hub: Tree) -> None:
        """N6, where it can be computed: no copy of what is there, and none where only one person did anything."""
        world = self._world
        # What was interrupted is like anybody's file: edited elsewhere right after, both are kept.
        mine = self._interrupted()
        copies = [
            path
            for path, what in hub.items()
            if is_conflict_name(path.rpartition("/")[2]) and not (isinstance(what, bytes) and digest_of(what) in mine)
        ]
        if world.solo and copies and not world.forgotten and not world.limited and not world.rules:
            self._fail("N6", f"conflicts of one user with themselves: {copies}")
        if not world.forgotten and not world.rules:
            for what, times in Counter(what for what in hub.values() if isinstance(what, bytes)).items():
                if times > 1 and what not in world.renamed:
                    self._fail("N6", f"{times} times the same: {what[:60]!r}")


def contents_of(agent: Agent) -> set[bytes]:
    return {what for what in agent.disk.user.tree().values() if isinstance(what, bytes)}


def hub_tree(world: World) -> Tree:
    """The hub's tree, as a disk's would be."""
    hub = world.hub
    living = {row.id: row.node() for row in hub.rows.values() if row.living}
    paths: dict[NodeId, str] = {}

    def path_of(node: Node) -> str:
        if node.id not in paths:
            above = living.get(node.at.parent)
            prefix = "" if node.at.parent == ROOT or above is None else path_of(above) + "/"
            paths[node.id] = prefix + node.at.name
        return paths[node.id]

    tree: Tree = {}
    for row in hub.rows.values():
        node = row.node()
        match node:
            case Dir():
                tree[path_of(node)] = None
            case Link(target=target):
                tree[path_of(node)] = f"-> {target}"
            case File():
                tree[path_of(node)] = b"".join(hub.blocks[block.digest] for block in row.recipe)
    return dict(sorted(tree.items()))


def nfc_path(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _up(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def differences(one: Tree, other: Tree) -> str:
    lines = [
        f"  {path}: {str(one.get(path, 'nothing'))[:60]} / {str(other.get(path, 'nothing'))[:60]}"
        for path in sorted(one.keys() | other.keys())
        if path not in one or path not in other or one[path] != other[path]
    ]
    return "\n".join(lines)


__all__ = ["BUILDING", "Broken", "Oracle"]
