"""Files, folders and links, as they stand in a tree.

A node is never half there: "absent" is ``None`` at the look-up, not a field that may be empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from syncagent.model.ids import Digest, NodeId
from syncagent.model.names import Name


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a node is: under which folder, by which name."""

    parent: NodeId
    name: Name


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds: the BLAKE3 digest of its bytes, and how many there are."""

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class Dir:
    id: NodeId
    at: Placement


@dataclass(frozen=True, slots=True)
class File:
    id: NodeId
    at: Placement
    content: Content
    executable: bool
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link: its text is kept the same; it is never followed."""

    id: NodeId
    at: Placement
    target: str


Node: TypeAlias = Dir | File | Link


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a file: content-defined, named by the BLAKE3 digest of its bytes."""

    digest: Digest
    size: int


Recipe: TypeAlias = tuple[Block, ...]
"""The blocks of a file, in order.  A file that is one block has the recipe of that block: its own digest and size.
The empty file has the empty recipe."""
