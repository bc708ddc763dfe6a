"""What a hub's directory holds, read with the hub stopped; and what is in a folder."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from syncagent.content.digest import digest_of
from syncagent.hub.fsck import what_is_wrong
from syncagent.hub.rows import Row, Wanted
from syncagent.hub.stores.files import BlockFiles
from syncagent.hub.stores.sqlite import SqliteStore
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, NodeId, Seq

Tree = dict[str, str]


@dataclass(frozen=True)
class Ledger:
    """A hub's first folder: its head, its tree, what contradicts itself, and its files' bytes by digest."""

    head: int
    epoch: str
    tree: Tree
    wrong: list[str]
    revs: dict[str, int]


def ledger(hub: Path) -> Ledger:
    """Read ``hub``, a hub's data directory; every block is read and hashed."""
    files = BlockFiles(str(hub / "blocks"), digest_of)
    store = SqliteStore(str(hub / "hub.db"), files)
    try:
        folder = store.journal.folders()[0]
        entries = [timed.entry for timed in store.journal.entries(folder.id, Seq(0), 1_000_000)]
        nodes = frozenset(entry.node_id for entry in entries)
        none: frozenset = frozenset()
        rows = store.journal.rows(folder.id, Wanted(nodes, none, none, none, none)).nodes
        digests = sorted({block.digest for row in rows.values() if row.living for block in row.recipe})
        with store.unit():
            blocks = dict(store.blocks.read(folder.id, digests))
        wrong = what_is_wrong(rows, entries, {digest: len(data) for digest, data in blocks.items()})
        tree: Tree = {}
        for row in rows.values():
            if row.living:
                plain = b"".join(blocks.get(block.digest, b"") for block in row.recipe)
                tree[_path(row, rows)] = _line(row, plain)
        return Ledger(int(folder.head), folder.epoch, tree, wrong, {node: int(row.rev) for node, row in rows.items()})
    finally:
        store.close()
        files.close()


def _path(row: Row, rows: dict[NodeId, Row]) -> str:
    parts = [str(row.name)]
    while row.parent != ROOT and row.parent in rows:
        row = rows[row.parent]
        parts.append(str(row.name))
    return "/".join(reversed(parts))


def _line(row: Row, plain: bytes) -> str:
    match row.kind:
        case Kind.DIR:
            return "folder"
        case Kind.LINK:
            return f"link {row.target}"
    return f"file {'x' if row.executable else '-'} {len(plain)} {hashlib.sha256(plain).hexdigest()[:16]}"


def tree_of(root: Path) -> Tree:
    """All that is in a folder, but our own: kind, executable bit, size and hash."""
    found: Tree = {}
    for folder, folders, files in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name != ".syncagent"]
        for name in [*folders, *files]:
            path = Path(folder) / name
            key = path.relative_to(root).as_posix()
            seen = path.lstat()
            if stat.S_ISLNK(seen.st_mode):
                found[key] = f"link {os.readlink(path)}"
            elif stat.S_ISDIR(seen.st_mode):
                found[key] = "folder"
            else:
                plain = path.read_bytes()
                mode = "x" if seen.st_mode & 0o100 else "-"
                found[key] = f"file {mode} {len(plain)} {hashlib.sha256(plain).hexdigest()[:16]}"
    return found


def left_over(root: Path) -> list[str]:
    """What lies in our own folder's stage and park."""
    own = root / ".syncagent"
    return [
        f"{name}/{entry.name}"
        for name in ("stage", "park")
        if (own / name).exists()
        for entry in (own / name).iterdir()
    ]


def difference(one: Tree, other: Tree) -> str:
    lines = [
        f"  {key}: {one.get(key, '(nothing)')} | {other.get(key, '(nothing)')}"
        for key in sorted(one.keys() | other.keys())
        if one.get(key) != other.get(key)
    ]
    return "\n".join(lines)
