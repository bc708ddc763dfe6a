"""A tree as a picture: what stands at each path; and where three pictures of one folder differ.

Pure.  A picture says nothing of identities and revisions, so that what is compared by it is what a person would see.
mtimes are left out: file systems keep them in steps of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import RelPath, join
from syncagent.model.nodes import Content, Dir, File, Link, Node
from syncagent.model.values import fixed
from syncagent.trees.tree import View


@fixed
class Sight:
    """What stands at one path."""

    kind: Kind
    content: Content | None = None
    executable: bool = False
    target: str = ""


FOLDER = Sight(Kind.DIR)

Picture: TypeAlias = Mapping[RelPath, Sight]


def sight_of(node: Node) -> Sight:
    match node:
        case File(content=content, executable=executable):
            return Sight(Kind.FILE, content, executable)
        case Link(target=target):
            return Sight(Kind.LINK, target=target)
        case Dir():
            return FOLDER


def picture_of(view: View) -> dict[RelPath, Sight]:
    """What a person would see of ``view``: what cannot be reached from the root is not in it."""
    return {path: sight_of(node) for path, node in nodes_by_path(view)}


def nodes_by_path(view: View) -> Iterator[tuple[RelPath, Node]]:
    """Every node that can be reached from the root, folders before what they hold."""
    waiting: list[tuple[NodeId, RelPath]] = [(ROOT, RelPath(""))]
    seen = {ROOT}
    while waiting:
        folder, at = waiting.pop()
        for node_id in view.children(folder):
            node = view.get(node_id)
            if node is None or node_id in seen:
                continue
            seen.add(node_id)
            path = join(at, node.at.name)
            yield path, node
            if isinstance(node, Dir):
                waiting.append((node_id, path))


@fixed
class Difference:
    """What each of the three has at ``path``; None: nothing."""

    path: RelPath
    disk: Sight | None
    synced: Sight | None
    hub: Sight | None

    @property
    def agree(self) -> str:
        """Which sides say the same: ``synced+hub``, ``disk+synced``, ``disk+hub``, or ``none``."""
        if self.synced == self.hub:
            return "synced+hub"
        if self.disk == self.synced:
            return "disk+synced"
        return "disk+hub" if self.disk == self.hub else "none"

    @property
    def text(self) -> str:
        """The difference in words."""
        match self.agree:
            case "synced+hub":
                return f"the disk {_against(self.disk, self.synced)}, unlike the hub and what was agreed"
            case "disk+synced":
                return f"the hub {_against(self.hub, self.synced)}, unlike the disk and what was agreed"
            case "disk+hub":
                return f"disk and hub are the same; what was agreed {_against(self.synced, self.disk)}"
        return f"all three differ: the disk {_against(self.disk, self.hub)}, unlike the hub"


def differences(disk: Picture, synced: Picture, hub: Picture) -> Iterator[Difference]:
    """Where the three are not the same, by path."""
    for path in sorted(disk.keys() | synced.keys() | hub.keys()):
        one, base, other = disk.get(path), synced.get(path), hub.get(path)
        if not one == base == other:
            yield Difference(path, one, base, other)


def _against(one: Sight | None, other: Sight | None) -> str:
    """What the first has, as far as that is not what the second has."""
    if one is None:
        return "has nothing there"
    if other is None:
        return f"has a {_WORD[one.kind]} there"
    if one.kind is not other.kind:
        return f"has a {_WORD[one.kind]} where a {_WORD[other.kind]} is"
    if one.target != other.target:
        return "has a link that points elsewhere"
    if one.content != other.content:
        return "has other content"
    return f"has it {'' if one.executable else 'not '}executable"


_WORD = {Kind.DIR: "folder", Kind.FILE: "file", Kind.LINK: "link"}
