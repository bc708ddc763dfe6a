"""Files, folders and links, as they stand in a tree.

A node is never half there: "absent" is ``None`` at the look-up, not a field that may be empty.
"""

from __future__ import annotations

from typing import TypeAlias, TypeVar

from syncagent.model.ids import Digest, NodeId
from syncagent.model.names import Name
from syncagent.model.values import replace, value


@value
class Placement:
    """Where a node is: under which folder, by which name."""

    parent: NodeId
    name: Name


@value
class Content:
    """What a file holds: the BLAKE3 digest of its bytes, and how many there are."""

    digest: Digest
    size: int


@value
class Dir:
    id: NodeId
    at: Placement


@value
class File:
    id: NodeId
    at: Placement
    content: Content
    executable: bool
    mtime_ns: int


@value
class Link:
    """A symbolic link: its text is kept the same; it is never followed."""

    id: NodeId
    at: Placement
    target: str


Node: TypeAlias = Dir | File | Link

N = TypeVar("N", Dir, File, Link, File | Link)


def placed(node: N, at: Placement) -> N:
    """``node`` at ``at``, where mostly it is already: to see that is quicker than to make it anew."""
    return node if node.at == at else replace(node, at=at)


@value
class Block:
    """A piece of a file: content-defined, named by the BLAKE3 digest of its bytes."""

    digest: Digest
    size: int


Recipe: TypeAlias = tuple[Block, ...]
"""The blocks of a file, in order.  A file that is one block has the recipe of that block: its own digest and size.
The empty file has the empty recipe."""
