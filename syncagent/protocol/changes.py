"""``file_changed``: a change of one node, and a batch of them.

The same model serves both directions and both levels.  A level 1 change has the seed's three fields (``old_path`` too
for a move) and is a notice without content; a level 2 change names the node.  What its fields mean, and whether they
go together, is checked in ``convert``.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from syncagent.protocol.envelope import Count, Flag, HexDigest, Many, Short, Signed, Wire

OperationWord: TypeAlias = Literal["create", "update", "delete", "move"]


class FileChange(Wire):
    """``file_path`` is where the node is after the change (before it, for a delete); ``old_path`` where a moved one
    was.  ``digest`` is empty for what is no file; ``blocks`` for a file that is at most one block, or
    whose blocks are said by a ``splice``.  ``confirmed`` is
    heeded where a change is submitted alone: a batch says it once, for all of it.  ``beneath`` and ``as_of`` belong to
    the delete of a folder with all that is in it."""

    operation: OperationWord
    file_path: str
    client_id: Short
    old_path: str = ""
    change_id: Short = ""
    node_id: Short = ""
    parent_id: Short = ""
    base_rev: Count = 0
    kind: Literal["", "file", "directory", "symlink"] = ""
    size: Count = 0
    mtime_ns: Signed = 0
    executable: Flag = False
    digest: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    blocks: Many[tuple[HexDigest, Count]] = ()
    splice: Many[tuple[Count | HexDigest, Count]] = ()
    target: str = ""
    beneath: Count = 0
    as_of: Count = 0
    seq: Count = 0
    rev: Count = 0
    server_time: Short = ""
    confirmed: Flag = False

    @property
    def is_notice(self) -> bool:
        """Whether it only says that something happened (level 1), and names no node."""
        return not self.node_id


class FileChanges(Wire):
    """A batch: each change is judged on its own, in order.  ``confirmed``: a person at the client's machine has said
    yes to the deletes and overwrites in it."""

    client_id: Short
    changes: Many[FileChange]
    confirmed: Flag = False
