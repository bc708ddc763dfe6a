"""Changes, entries and verdicts in masses: read and written without a model for each of them.

What comes in is read here as long as it is plainly good.  Whatever else there is in it, the answer is None: then the
message goes the long way (``codec``, ``convert``), which knows every rule, and says what is wrong.  So there is one
judge of what is accepted, and ``tests/protocol/test_quick.py`` holds this way to it: never another value, and never a
value where that one finds fault.  What goes out is the same text as the models', byte for byte.

The loops are written plainly, for speed: of ten thousand small files most of the hub's work is what is done here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from types import MappingProxyType
from typing import Any, Final

from syncagent.errors import BadName
from syncagent.model.changes import NOWHERE, Change, Entry, Operation, Ruling, Verdict
from syncagent.model.facts import Kind
from syncagent.model.ids import PARK, ROOT, ClientId, Digest, Seq
from syncagent.model.nodes import Block, Content, Dir, File, Link, Placement, Recipe
from syncagent.model.splices import Kept, Splice
from syncagent.protocol.convert import EMPTY, MAX_BLOCKS, path_of
from syncagent.protocol.packs import MAX_BLOCK_BYTES

quoted: Final = encode_basestring
"""A string as JSON."""

_TOP: Final = (1 << 63) - 1
_SHORT: Final = 256

_HELD: Final = frozenset({"size", "mtime_ns", "executable", "digest", "blocks"})
_CHANGE: Final = frozenset(
    {"operation", "file_path", "client_id", "change_id", "node_id", "parent_id", "base_rev", "kind"}
)
_CHANGES: Final[Mapping[tuple[str, str], tuple[Operation, Kind, frozenset[str], bool, bool]]] = MappingProxyType(
    {
        ("create", "file"): (Operation.CREATE, Kind.FILE, _CHANGE | _HELD, True, True),
        ("create", "directory"): (Operation.CREATE, Kind.DIR, _CHANGE, True, False),
        ("update", "file"): (Operation.UPDATE, Kind.FILE, _CHANGE | _HELD, False, True),
        **{("delete", kind.value): (Operation.DELETE, kind, _CHANGE, False, False) for kind in Kind},
        ("delete", "directory"): (Operation.DELETE, Kind.DIR, _CHANGE | {"beneath", "as_of"}, False, False),
        **{("move", kind.value): (Operation.MOVE, kind, _CHANGE | {"old_path"}, True, False) for kind in Kind},
    }
)
"""What is plainly good: operation and kind, the fields it may have, whether it says where the node stands, and what it
holds.  Links, which are rare, are not among it."""

_OPERATIONS: Final[Mapping[str, Operation]] = MappingProxyType({one.value: one for one in Operation})
_TOLD: Final = frozenset({"operation", "file_path", "client_id", "node_id", "seq", "rev", "server_time"})
_GONE: Final = _TOLD | {"beneath"}
_THERE: Final = _TOLD | {"parent_id", "kind", "old_path"}
_ENTRIES: Final[Mapping[str, frozenset[str]]] = MappingProxyType({"file": _THERE | _HELD, "directory": _THERE})

_RULINGS: Final[Mapping[str, Ruling]] = MappingProxyType(
    {one.value: one for one in (Ruling.COMMITTED, Ruling.DUPLICATE, Ruling.REJECTED)}
)
_VERDICT: Final = frozenset({"change_id", "status", "node_id", "seq", "rev", "error_code", "message", "beneath"})

# Ids are looked at together: one search costs less than three.  None of them can hold a space; and what is no string is
# not added to one.
_AND: Final = " "
_NODE: Final = re.compile(r"[a-z0-9-]{1,64}")
_NODE_PARENT: Final = re.compile(r"[a-z0-9-]{1,64} [a-z0-9-]{1,64}")
_NODE_CHANGE: Final = re.compile(r"[a-z0-9-]{1,64} [A-Za-z0-9_.:-]{1,128}")
_NODE_PARENT_CHANGE: Final = re.compile(r"[a-z0-9-]{1,64} [a-z0-9-]{1,64} [A-Za-z0-9_.:-]{1,128}")
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_INT: Final = (int,)
_STAMP: Final = (int, int, str, str)
_RESERVED: Final = frozenset({ROOT, PARK})

# --- in ---------------------------------------------------------------------------------------------------------


def read_changes(data: Mapping[str, Any], author: ClientId, most: int) -> tuple[Change, ...] | None:
    """What ``author`` submits by the ``data`` of a ``file_changed``, if it is at most ``most`` changes."""
    items = data.get("changes")
    if type(data.get("confirmed", False)) is not bool:
        return None
    if items is None:
        items = [{key: value for key, value in data.items() if key != "confirmed"}]
    elif type(items) is not list or len(items) > most or data.get("client_id") != author:
        return None
    try:
        return tuple([_change(item, author) for item in items])
    except _NOT_PLAIN:
        return None


def read_told(data: Mapping[str, Any], most: int) -> tuple[Entry, ...] | None:
    """The entries of the journal that the ``data`` of a ``file_changed`` of the hub's tells, if they are ``most``."""
    items = data.get("changes")
    if items is None:
        return read_entries([data])
    author = data.get("client_id")
    good = type(author) is str and len(author) <= _SHORT and type(data.get("confirmed", False)) is bool
    return read_entries(items) if good and type(items) is list and len(items) <= most else None


def read_entries(items: object) -> tuple[Entry, ...] | None:
    """Entries of the journal, from the ``changes`` of a page."""
    if type(items) is not list:
        return None
    try:
        return tuple([_entry(item) for item in items])
    except _NOT_PLAIN:
        return None


def read_verdicts(items: object) -> tuple[Verdict, ...] | None:
    """Verdicts, from the ``verdicts`` of what the hub says."""
    if type(items) is not list:
        return None
    try:
        return tuple([_verdict(item) for item in items])
    except _NOT_PLAIN:
        return None


class _NotPlain(Exception):
    """It goes the long way."""


_NOT_PLAIN: Final = (_NotPlain, KeyError, TypeError, ValueError, AttributeError, BadName)
"""A field that is missing, or of another type, or a path that cannot be kept: all the same here."""


def _change(raw: dict[str, Any], author: ClientId) -> Change:
    operation, kind, fields, places, holds = _CHANGES[raw["operation"], raw["kind"]]
    if raw["client_id"] != author or not raw.keys() <= fields:
        raise _NotPlain
    change_id, node_id, parent = raw["change_id"], raw["node_id"], ROOT
    base_rev: Any = raw.get("base_rev", 0)
    if places or "parent_id" in raw:
        parent = raw["parent_id"]
        good = _NODE_PARENT_CHANGE.fullmatch(node_id + _AND + parent + _AND + change_id)
    else:
        good = _NODE_CHANGE.fullmatch(node_id + _AND + change_id)
    if not good or node_id in _RESERVED or parent == PARK or type(base_rev) not in _INT or not 0 <= base_rev <= _TOP:
        raise _NotPlain
    path, name = path_of(raw["file_path"])
    if holds:
        content, recipe, executable, mtime_ns = _held(raw)
        return Change(
            change_id, operation, node_id, base_rev, kind, parent, name, content, executable, mtime_ns, "", recipe, path
        )
    if "beneath" in raw or "as_of" in raw:
        beneath = _count(raw.get("beneath", 0))
        as_of = _count(raw.get("as_of", 0)) if beneath else 0
        return Change(
            change_id, operation, node_id, base_rev, kind, parent, name, path=path, beneath=beneath, as_of=Seq(as_of)
        )
    old_path = path_of(raw["old_path"])[0] if "old_path" in raw else NOWHERE
    return Change(change_id, operation, node_id, base_rev, kind, parent, name, path=path, old_path=old_path)


def _count(number: Any) -> int:
    if type(number) is not int or not 0 <= number <= _TOP:
        raise _NotPlain
    return number


def _entry(raw: dict[str, Any]) -> Entry:
    operation, get = _OPERATIONS[raw["operation"]], raw.get
    author, node_id, seq, rev, time = raw["client_id"], raw["node_id"], raw["seq"], raw["rev"], get("server_time", "")
    if (
        (type(seq), type(rev), type(author), type(time)) != _STAMP or not 0 < seq <= _TOP or not 0 < rev <= _TOP
        or len(author) > _SHORT or len(time) > _SHORT
        or node_id in _RESERVED
    ):  # fmt: skip
        raise _NotPlain
    path, name = path_of(raw["file_path"])
    if operation is Operation.DELETE:
        if not raw.keys() <= _GONE or not _NODE.fullmatch(node_id):
            raise _NotPlain
        beneath = _count(raw["beneath"]) if "beneath" in raw else 0
        if beneath >= seq:
            raise _NotPlain
        return Entry(seq, rev, operation, author, node_id, None, (), path, NOWHERE, beneath)
    kind, parent = raw["kind"], raw["parent_id"]
    if not raw.keys() <= _ENTRIES[kind] or not _NODE_PARENT.fullmatch(node_id + _AND + parent) or parent == PARK:
        raise _NotPlain
    at = Placement(parent, name)
    old_path = path_of(raw["old_path"])[0] if "old_path" in raw else NOWHERE
    if kind == "directory":
        return Entry(seq, rev, operation, author, node_id, Dir(node_id, at), (), path, old_path)
    content, recipe, executable, mtime_ns = _held(raw)
    node = File(node_id, at, content, executable, mtime_ns)
    return Entry(seq, rev, operation, author, node_id, node, recipe, path, old_path)


def _held(raw: dict[str, Any]) -> tuple[Content, Recipe, bool, int]:
    """What a file holds, its executable bit and its time."""
    get = raw.get
    text, size, blocks, mtime_ns, executable = (
        raw["digest"], get("size", 0), get("blocks"), get("mtime_ns", 0), get("executable", False)
    )  # fmt: skip
    if (
        not _HEX.fullmatch(text) or type(size) is not int or type(executable) is not bool
        or type(mtime_ns) is not int or not -_TOP - 1 <= mtime_ns <= _TOP
    ):  # fmt: skip
        raise _NotPlain
    digest = Digest(bytes.fromhex(text))
    recipe: Recipe
    if blocks is None and "blocks" not in raw:
        if not 0 <= size <= MAX_BLOCK_BYTES or (size == 0) != (digest == EMPTY):
            raise _NotPlain
        recipe = (Block(digest, size),) if size else ()
    else:
        recipe = tuple([_block(block) for block in blocks or ()])
        if not 1 < len(recipe) <= MAX_BLOCKS or sum([block.size for block in recipe]) != size:
            raise _NotPlain
    return Content(digest, size), recipe, executable, mtime_ns


def _block(raw: list[Any]) -> Block:
    text, size = raw
    if type(raw) is not list or not _HEX.fullmatch(text) or type(size) is not int or not 0 < size <= MAX_BLOCK_BYTES:
        raise _NotPlain
    return Block(Digest(bytes.fromhex(text)), size)


def _verdict(raw: dict[str, Any]) -> Verdict:
    get = raw.get
    change_id, node_id, ruling = raw["change_id"], raw["node_id"], _RULINGS[raw["status"]]
    seq: Any = get("seq", 0)
    rev: Any = get("rev", 0)
    code, message = get("error_code", ""), get("message", "")
    if (
        not _NODE_CHANGE.fullmatch(node_id + _AND + change_id) or node_id in _RESERVED
        or (type(seq), type(rev), type(code), type(message)) != _STAMP or not 0 <= seq <= _TOP or not 0 <= rev <= _TOP
        or len(code) > _SHORT
        or not raw.keys() <= _VERDICT
    ):  # fmt: skip
        raise _NotPlain
    beneath = _count(raw["beneath"]) if "beneath" in raw else 0
    return Verdict(change_id, node_id, ruling, seq, rev, code, message, (), beneath)


# --- out --------------------------------------------------------------------------------------------------------------

# ``_value_`` is what ``value`` of an Enum gives, which takes eight times as long.


def write_change(change: Change, author: str) -> str:
    """``change`` as ``author`` (the id, ``quoted``) submits it."""
    operation = change.operation
    holds = operation is Operation.CREATE or operation is Operation.UPDATE
    base = f',"base_rev":{change.base_rev}' if change.base_rev else ""
    old = held = ""
    if holds and change.content:
        held = _written(change.content, change.mtime_ns, change.executable, change.recipe, change.splice)
    elif holds:
        held = _field("target", change.target)
    elif operation is Operation.MOVE:
        old = _field("old_path", change.old_path)
    elif change.beneath:
        held = f"{_number('beneath', change.beneath)}{_number('as_of', change.as_of)}"
    return (
        f'{{"operation":"{operation._value_}","file_path":{quoted(change.path or change.name)},"client_id":{author}'
        f'{old},"change_id":{quoted(change.change_id)},"node_id":{quoted(change.node_id)}'
        f',"parent_id":{quoted(change.parent)}{base},"kind":"{change.kind._value_}"{held}}}'
    )


def write_batch(changes: Sequence[str], author: str, *, confirmed: bool = False) -> str:
    """The ``data`` of a ``file_changed`` of several ``changes``.  ``author`` is ``quoted``."""
    yes = ',"confirmed":true' if confirmed else ""
    return f'{{"client_id":{author},"changes":[{",".join(changes)}]{yes}}}'


def write_alone(change: str, *, confirmed: bool = False) -> str:
    """The ``data`` of a ``file_changed`` of one ``change``."""
    return f'{change[:-1]},"confirmed":true}}' if confirmed else change


def write_entry(entry: Entry, author: str, server_time: str, splice: Splice = ()) -> str:
    """``entry`` as the hub tells it to a level 2 client, with ``splice`` in place of its blocks.  ``author`` and
    ``server_time`` are ``quoted``."""
    node = entry.node
    old = _field("old_path", entry.old_path) if entry.old_path else ""
    kind = held = ""
    if isinstance(node, File):
        kind = f',"parent_id":{quoted(node.at.parent)},"kind":"file"'
        held = _written(node.content, node.mtime_ns, node.executable, entry.recipe, splice)
    elif isinstance(node, Dir):
        kind = f',"parent_id":{quoted(node.at.parent)},"kind":"directory"'
    elif isinstance(node, Link):
        kind = f',"parent_id":{quoted(node.at.parent)},"kind":"symlink"'
        held = _field("target", node.target)
    elif entry.beneath:
        held = _number("beneath", entry.beneath)
    path = entry.path or (node.at.name if node else "")
    return (
        f'{{"operation":"{entry.operation._value_}","file_path":{quoted(path)},"client_id":{author}{old}'
        f',"node_id":{quoted(entry.node_id)}{kind}{held},"seq":{entry.seq},"rev":{entry.rev}'
        f',"server_time":{server_time}}}'
    )


def write_verdict(verdict: Verdict) -> str:
    """``verdict`` as the hub sends it."""
    seq = f',"seq":{verdict.seq}' if verdict.seq else ""
    rev = f',"rev":{verdict.rev}' if verdict.rev else ""
    why = _field("error_code", verdict.error_code)
    if verdict.message:
        why += _field("message", verdict.message)
    if verdict.missing:
        why += f',"missing":[{",".join([quoted(digest.hex()) for digest in verdict.missing])}]'
    if verdict.beneath:
        why += _number("beneath", verdict.beneath)
    return (
        f'{{"change_id":{quoted(verdict.change_id)},"status":"{verdict.ruling._value_}"'
        f',"node_id":{quoted(verdict.node_id)}{seq}{rev}{why}}}'
    )


def _field(name: str, value: str) -> str:
    """The field, if there is anything in it."""
    return f',"{name}":{quoted(value)}' if value else ""


def _number(name: str, value: int) -> str:
    return f',"{name}":{value}' if value else ""


def _written(content: Content, mtime_ns: int, executable: bool, recipe: Recipe, splice: Splice) -> str:
    """What a file holds, its executable bit and its time."""
    size = f',"size":{content.size}' if content.size else ""
    mtime = f',"mtime_ns":{mtime_ns}' if mtime_ns else ""
    bit = ',"executable":true' if executable else ""
    blocks = ""
    if splice:
        parts = [
            f"[{part.start},{part.count}]" if isinstance(part, Kept) else f'["{part.digest.hex()}",{part.size}]'
            for part in splice
        ]
        blocks = f',"splice":[{",".join(parts)}]'
    elif len(recipe) > 1:
        blocks = ',"blocks":[' + ",".join([f'["{block.digest.hex()}",{block.size}]' for block in recipe]) + "]"
    return f'{size}{mtime}{bit},"digest":"{content.digest.hex()}"{blocks}'
