"""The three trees: Synced, and Local and Remote as what differs from it.

A replica at rest costs one tree, not three, and what is diverged is the keys of the overlays.  Files that are at one
and have not been touched lately are pressed; every change makes them objects first.  Every change goes
through ``set_local``, ``set_remote`` and ``set_synced``, which also remember what the database must be told
(``take_delta``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from syncagent.model.facts import Stamp
from syncagent.model.ids import NO_REV, PARK, ROOT, NodeId, Rev
from syncagent.model.names import RelPath, join
from syncagent.model.nodes import Dir, Node, Placement
from syncagent.model.values import replace
from syncagent.trees.delta import Delta, Row
from syncagent.trees.kept import KeptRows
from syncagent.trees.pressed import Pressed
from syncagent.trees.tree import Overlay, Tree

FIRST_REV: Final = Rev(1)

LOOSE: Final = 2_000
"""So many files that are at one may be objects at rest; what is changed again and again is not pressed each time."""

MANY_LOOSE: Final = 20_000
"""So many may be until there is rest.  To press a file, and to make it an object again, takes as long as all else that
the trees are asked of it: of what comes in one burst most is wanted once more before it is over."""


class Canopy:
    """The trees of one folder on one machine, with the hub's revision and the disk's stamp of each node."""

    def __init__(self, pressed: Pressed | None = None) -> None:
        self._diverged: dict[NodeId, None] = {}
        self.synced = Tree(pressed, self._diverged)  # what has diverged was made an object first
        self.local = Overlay(self.synced)
        self.remote = Overlay(self.synced)
        # Only what is not to be expected: most nodes that were agreed on have never been changed since.
        self._revs: dict[NodeId, Rev] = {}
        self._stamps: dict[NodeId, Stamp] = {}
        self._spellings: dict[NodeId, str] = {}
        self._touched: dict[NodeId, None] = {}
        self._news: dict[NodeId, None] = {}
        self._left_at_rest = self._left_in_burst = 0
        self.shape = 0
        """Another number whenever a folder may have come, gone, moved or been named anew, in any of the trees."""
        self._paths: dict[NodeId, RelPath | None] = {}
        self._paths_shape = 0

    @classmethod
    def load(cls, rows: Sequence[Row]) -> Canopy:
        """The canopy that these rows describe; nothing of it counts as touched."""
        if not isinstance(rows, KeptRows):
            kept = KeptRows(len(rows))
            for row in rows:
                kept.add(row)
            rows = kept
        canopy = cls(rows.pressed.copy())  # what was loaded stays as it was: it may have to be told of
        canopy._revs.update(rows.revs)
        canopy._spellings.update(rows.spellings)
        differing: list[Row] = []
        for row in rows.loose:
            base = row.synced
            if base is not None:
                canopy.synced.put(base)
            # Most rows of a replica at rest hold one node three times: that costs no comparison.
            if row.local is not base or row.remote is not base:
                differing.append(row)
            if row.stamp is not None:
                canopy._stamps[row.id] = row.stamp
            if row.spelling is not None:
                canopy._spellings[row.id] = row.spelling
            if row.rev != (NO_REV if base is None else FIRST_REV):
                canopy._revs[row.id] = row.rev
        for row in differing:
            canopy.local.set(row.id, row.local)
            canopy.remote.set(row.id, row.remote)
        canopy._diverged.update(dict.fromkeys([*canopy.local.ids(), *canopy.remote.ids()]))
        return canopy

    def set_local(self, node_id: NodeId, node: Node | None, stamp: Stamp | None = None) -> None:
        """Say what stands on the disk as ``node_id``.  ``stamp`` None keeps the one that is known."""
        self.shape += node is None or isinstance(node, Dir)
        self._revive(node_id)
        self.local.set(node_id, node)
        if node is None:
            self._stamps.pop(node_id, None)
            self._spellings.pop(node_id, None)
        elif stamp is not None:
            self._stamps[node_id] = stamp
        self._changed(node_id)

    def set_remote(self, node_id: NodeId, node: Node | None, rev: Rev | None = None) -> None:
        """Say what the hub has as ``node_id``.  ``rev`` None keeps the one that is known."""
        self.shape += node is None or isinstance(node, Dir)
        self._revive(node_id)
        self.remote.set(node_id, node)
        if rev is not None:
            self._set_rev(node_id, rev)
        self._changed(node_id)

    def bury(self, node_ids: Sequence[NodeId]) -> None:
        """Say that the hub has deleted these nodes, which is the next revision of each.

        The same as ``set_remote`` for each, of what are ten thousand files at one when a folder goes.
        """
        remote, diverged = self.remote, self._diverged
        touched, news, revs = self._touched, self._news, self._revs
        self._stamps.update(self.synced.revive_all(node_ids))
        for node_id in node_ids:
            if node_id in diverged:
                rev = self.rev(node_id)
                remote.set(node_id, None)
                self._set_rev(node_id, Rev(rev + 1))
                self._changed(node_id)
                continue
            touched[node_id] = news[node_id] = None
            known = revs.get(node_id)
            if remote.lose(node_id):
                diverged[node_id] = None
                if known is None:
                    revs[node_id] = Rev(FIRST_REV + 1)
                    continue
            self._set_rev(node_id, Rev((self._expected_rev(node_id) if known is None else known) + 1))
        self.shape += 1

    def set_synced(self, node_id: NodeId, node: Node | None) -> None:
        """Say what both sides last agreed on; what Local and Remote say stays as it is."""
        self.shape += node is None or isinstance(node, Dir)
        self._revive(node_id)
        local, remote, rev = self.local.get(node_id), self.remote.get(node_id), self.rev(node_id)
        if node is None:
            self.synced.drop(node_id)
        else:
            self.synced.put(node)
        self.local.set(node_id, local)
        self.remote.set(node_id, remote)
        self._set_rev(node_id, rev)
        self._changed(node_id)

    def agree(self, node_id: NodeId, node: Node | None, rev: Rev | None = None, stamp: Stamp | None = None) -> None:
        """Say that both sides have ``node`` (None: neither has it any more), and have agreed on that.  ``rev`` and
        ``stamp`` None keep those that are known.

        The same as ``set_local``, ``set_remote`` and ``set_synced``, for what nearly all changes come to.
        """
        self.shape += node is None or isinstance(node, Dir)
        self._revive(node_id)
        if rev is None:
            rev = self.rev(node_id)
        if node is None:
            self.synced.drop(node_id)
            self._stamps.pop(node_id, None)
            self._spellings.pop(node_id, None)
        else:
            self.synced.put(node)
            if stamp is not None:
                self._stamps[node_id] = stamp
        self.local.follow(node_id)
        self.remote.follow(node_id)
        self._set_rev(node_id, rev)
        self._touched[node_id] = self._news[node_id] = None
        self._diverged.pop(node_id, None)

    def spell(self, node_id: NodeId, spelling: str | None) -> None:
        """Remember how the name is spelled on this disk, where that is not the NFC name."""
        if self._spellings.get(node_id) == spelling:
            return
        self._revive(node_id)
        if spelling is None:
            self._spellings.pop(node_id, None)
        else:
            self._spellings[node_id] = spelling
        self.shape += 1
        self._changed(node_id)

    def rev(self, node_id: NodeId) -> Rev:
        """The hub's revision of the node, also of one that was deleted there; 0 when the hub never had it."""
        known = self._revs.get(node_id)
        return self._expected_rev(node_id) if known is None else known

    def _set_rev(self, node_id: NodeId, rev: Rev) -> None:
        if rev == self._expected_rev(node_id):
            self._revs.pop(node_id, None)
        else:
            self._revs[node_id] = rev

    def _expected_rev(self, node_id: NodeId) -> Rev:
        return FIRST_REV if node_id in self.synced else NO_REV

    def forget_revs(self) -> None:
        """The hub counts anew: none of its revisions is known."""
        self._touched.update(dict.fromkeys(self._revs))
        self._touched.update(dict.fromkeys(self.synced.ids()))
        self._revs = dict.fromkeys(self.synced.ids(), NO_REV)

    @property
    def is_spelled_otherwise(self) -> bool:
        """Whether any name is spelled on this disk in another way than in NFC."""
        return bool(self._spellings)

    def stamp(self, node_id: NodeId) -> Stamp | None:
        stamp = self._stamps.get(node_id)
        return self.synced.pressed.stamp(node_id) if stamp is None and node_id not in self._diverged else stamp

    def _revive(self, node_id: NodeId) -> None:
        """The node is about to change."""
        if node_id in self._diverged:
            return
        stamp = self.synced.revive(node_id)
        if stamp is not None:
            self._stamps[node_id] = stamp

    def rest(self) -> None:
        """Nothing is going on: press the files that were changed, once they have become many."""
        self._paths.clear()
        # Not by what a burst has left: what was going on then had to stay what it was, and is over now.
        if len(self._stamps) > LOOSE + 2 * self._left_at_rest:
            self._left_at_rest = self._press()

    def _press(self) -> int:
        """Press the files about which nothing is going on; how many stay what they are."""
        self.synced.pressed.make_room(len(self._stamps))
        for node_id, stamp in list(self._stamps.items()):
            if not self.is_diverged(node_id) and self.synced.press(node_id, stamp):
                del self._stamps[node_id]
        return len(self._stamps)

    def spelling(self, node_id: NodeId) -> str | None:
        return self._spellings.get(node_id)

    @property
    def is_plain(self) -> bool:
        """Whether Local is just what Synced is, and every name is spelled as it is: then Synced itself can be asked."""
        return not len(self.local) and not self._spellings

    def diverged(self) -> Iterator[NodeId]:
        """The nodes on which the trees are not at one."""
        return iter(self._diverged)

    def _changed(self, node_id: NodeId) -> None:
        self._touched[node_id] = self._news[node_id] = None
        if node_id in self.local or node_id in self.remote:
            self._diverged[node_id] = None
        else:
            self._diverged.pop(node_id, None)

    def is_deleted_here(self, node_id: NodeId) -> bool:
        """Whether the node was agreed on, is not on the disk any more, and is at the hub as it was."""
        return self.local.lacks(node_id) and node_id not in self.remote

    def is_deleted_there(self, node_id: NodeId) -> bool:
        """The same with the sides changed."""
        return self.remote.lacks(node_id) and node_id not in self.local

    def is_diverged(self, node_id: NodeId) -> bool:
        return node_id in self._diverged

    def count_diverged(self) -> int:
        """How many nodes ``diverged`` gives."""
        return len(self._diverged)

    def local_path(self, node_id: NodeId) -> RelPath | None:
        """The path on this disk, as spelled there; within our own folder for what is parked.  None: not there."""
        names: list[str] = []
        here: NodeId = node_id
        while here not in (ROOT, PARK):
            node = self.local.get(here)
            if node is None or len(names) > 100_000:
                return None
            names.append(self._spellings.get(here, node.at.name))
            here = node.at.parent
        if here == PARK:
            names.append(".syncagent/park")
        return RelPath("/".join(reversed(names)))

    def path_in(self, folder: NodeId, name: str) -> RelPath | None:
        """The path on this disk of what is called ``name`` in the folder.  Of masses many are in one: where that is, is
        looked up again when any folder may be elsewhere."""
        if self._paths_shape != self.shape:
            self._paths.clear()
            self._paths_shape = self.shape
        if folder not in self._paths:
            self._paths[folder] = self.local_path(folder)
        above = self._paths[folder]
        return None if above is None else join(above, name)

    def reparent(self, old: NodeId, new: NodeId) -> None:
        """Let all that stands locally in folder ``old`` stand in folder ``new``.

        Nobody moved it: what the hub has deleted must not look as if it had been moved here since.
        """
        for child_id in list(self.local.children(old)):
            child = self.local.get(child_id)
            if child is None:
                continue
            at = Placement(new, child.at.name)
            synced = self.synced.get(child_id)
            if synced is not None and synced.at == child.at and self.remote.get(child_id) is None:
                self.set_synced(child_id, replace(synced, at=at))
            self.set_local(child_id, replace(child, at=at))

    def take_news(self) -> list[NodeId]:
        """The nodes about which something has changed since the last call."""
        news = list(self._news)
        self._news.clear()
        return news

    def take_delta(self, facts: Mapping[str, str] | None = None) -> Delta:
        """What has been touched since the last call."""
        rows: list[Row] = []
        gone: list[NodeId] = []
        for node_id in self._touched:
            if node_id in self.synced or node_id in self._diverged:
                rows.append(self.row(node_id))
            else:
                gone.append(node_id)
                self._revs.pop(node_id, None)
        self._touched.clear()
        if len(self._stamps) > MANY_LOOSE + 2 * self._left_in_burst:
            self._left_in_burst = self._press()
        return Delta(tuple(rows), tuple(gone), dict(facts or {}))

    def row(self, node_id: NodeId) -> Row:
        base = self.synced.get(node_id) if node_id in self.synced else None
        local, remote = (
            (self.local.get(node_id), self.remote.get(node_id)) if node_id in self._diverged else (base, base)
        )
        stamp, spelling = self.stamp(node_id), self._spellings.get(node_id)
        return Row(node_id, base, local, remote, self.rev(node_id), stamp, spelling)
