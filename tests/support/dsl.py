"""Trees in one line: ``tree("docs/ docs/a.txt=1 tool=2! link->docs new=1@old")``.

A folder ends in ``/``; a file has ``=`` and its content (``!`` after it: executable); a link has ``->`` and its text.
The identity of a node is its path (with ``-`` for ``/``), unless ``@`` gives another: ``b=1@a`` is what stood at ``a``
and stands at ``b`` now.  ``~`` in a name is the suffix of a conflict copy that the machine ``Laptop`` made.  Folders
are named before what they hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from syncagent.model.ids import ROOT, Digest, NodeId
from syncagent.model.names import Name, RelPath, split
from syncagent.model.nodes import Content, Dir, File, Link, Node, Placement

DAY = "2026-11-22"
MACHINE = "Laptop"
SUFFIX = f" (conflict {DAY} {MACHINE})"

_TOKEN = re.compile(
    r"(?P<path>[^=@>]+?)(?:(?P<dir>/)|=(?P<content>\w+)(?P<x>!?)|->(?P<target>[^@]+))(?:@(?P<id>\S+))?$"
)


def tree(text: str) -> dict[NodeId, Node]:
    """The nodes that ``text`` describes, by id."""
    nodes: dict[NodeId, Node] = {}
    at: dict[str, NodeId] = {"": ROOT}
    for token in text.split():
        found = _TOKEN.match(token)
        assert found, f"{token!r} is no node"
        parent, name = split(RelPath(found["path"]))
        node_id = NodeId(found["id"] or found["path"].replace("/", "-"))
        assert node_id not in nodes, f"{node_id!r} stands in two places"
        place = Placement(at[parent], Name(name.replace("~", SUFFIX)))
        if found["dir"]:
            nodes[node_id] = Dir(node_id, place)
        elif found["target"]:
            nodes[node_id] = Link(node_id, place, found["target"])
        else:
            nodes[node_id] = File(node_id, place, content(found["content"]), bool(found["x"]), 0)
        at[found["path"]] = node_id
    return nodes


def content(text: str) -> Content:
    """The content that is written ``text`` in a tree."""
    return Content(Digest(text.encode()), len(text))


def show(paths: Mapping[str, Node] | Mapping[RelPath, Node]) -> str:
    """The nodes at these paths in one line, sorted, without their ids: what a person sees of them."""
    shown = []
    for path, node in paths.items():
        name = path.replace(SUFFIX, "~")
        match node:
            case Dir():
                shown.append(f"{name}/")
            case File():
                shown.append(f"{name}={node.content.digest.decode()}{'!' * node.executable}")
            case Link():
                shown.append(f"{name}->{node.target}")
    return " ".join(sorted(shown))
