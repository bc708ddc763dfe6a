"""Messages to the words of ``model`` and back: the only border.

What crosses it inwards is checked here and nowhere else: ids, names and paths, that sizes and blocks agree, and that
the fields that an operation needs are there.  Outwards nothing is checked again.

Raises BadName where a path or name cannot be kept the same everywhere (that change alone is refused), and BadMessage
where the sender does not keep to the protocol.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from syncagent.errors import BadMessage, BadName
from syncagent.model.changes import NO_SEQ, NOWHERE, Change, Entry, Operation, Ruling, Verdict, kind_of
from syncagent.model.facts import Kind
from syncagent.model.ids import PARK, ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import MAX_PATH_BYTES, Name, RelPath, check_path
from syncagent.model.nodes import Block, Content, Dir, File, Link, Node, Placement, Recipe
from syncagent.model.splices import Kept, Splice, spliced
from syncagent.protocol.changes import FileChange, FileChanges
from syncagent.protocol.packs import MAX_BLOCK_BYTES
from syncagent.protocol.sync import WantedFile, WireVerdict

EMPTY: Final = Digest(bytes.fromhex("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"))
"""The BLAKE3 digest of nothing: that of every empty file."""

MAX_BLOCKS: Final = 54_000
"""So many blocks a file may have: its entry, with the longest paths, fits into one message of the default limits."""

_NODE_ID: Final = re.compile(r"[a-z0-9-]{1,64}")
_CHANGE_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .,=@+-]{0,254}(?:/[A-Za-z0-9_][A-Za-z0-9_ .,=@+-]{0,254})*")
"""Paths of which ``check_path`` would find nothing to say, for speed: nearly all of them."""

# --- in ---------------------------------------------------------------------------------------------------------


def changes_of(body: FileChange | FileChanges) -> tuple[FileChange, ...]:
    """The changes in a ``file_changed``, one or a batch."""
    return body.changes if isinstance(body, FileChanges) else (body,)


def submitted(body: FileChange | FileChanges) -> tuple[Change | Verdict, ...]:
    """What a client submits, in order: a change, or the verdict on one that cannot be judged for what is in it.

    Raises BadMessage when a change has no change id or no node id, so that there is nothing to answer to.
    """
    found: list[Change | Verdict] = []
    for wire in changes_of(body):
        try:
            found.append(change_from_wire(wire))
        except BadName as trouble:
            found.append(_refused(wire, "invalid_path", str(trouble)))
        except BadMessage as trouble:
            found.append(_refused(wire, trouble.code, str(trouble)))
    return tuple(found)


def _refused(wire: FileChange, code: str, text: str) -> Verdict:
    change_id, node_id = _change_id(wire.change_id), _node_id(wire.node_id)
    return Verdict(change_id, node_id, Ruling.REJECTED, error_code=code, message=text)


def change_from_wire(wire: FileChange) -> Change:
    """A level 2 change, as the hub hears it.  Raises BadName, BadMessage."""
    operation, kind = Operation(wire.operation), _kind(wire.kind)
    if operation is Operation.UPDATE and kind is Kind.DIR:
        raise BadMessage("invalid_message", "a folder holds nothing that could be updated")
    if wire.beneath and not (operation is Operation.DELETE and kind is Kind.DIR):
        raise BadMessage("invalid_message", "only a folder is deleted with what is beneath it")
    path, name = path_of(wire.file_path)
    holds = operation is Operation.CREATE or operation is Operation.UPDATE
    places = operation is Operation.CREATE or operation is Operation.MOVE
    is_file = holds and kind is Kind.FILE
    content: Content | None = None
    recipe: Recipe = ()
    splice: Splice = ()
    if is_file and wire.splice:
        if operation is not Operation.UPDATE:
            raise BadMessage("invalid_message", "only what is there already can be changed by a splice")
        content, splice = _digest_and_size(wire), _splice(wire)
    elif is_file:
        content, recipe = _content(wire)
    return Change(
        change_id=_change_id(wire.change_id),
        operation=operation,
        node_id=_node_id(wire.node_id),
        base_rev=Rev(wire.base_rev),
        kind=kind,
        parent=_parent_id(wire.parent_id) if places or wire.parent_id else ROOT,
        name=name,
        content=content,
        executable=is_file and wire.executable,
        mtime_ns=wire.mtime_ns if is_file else 0,
        target=_target(wire.target) if holds and kind is Kind.LINK else "",
        recipe=recipe,
        path=path,
        old_path=path_of(wire.old_path)[0] if wire.old_path else NOWHERE,
        splice=splice,
        beneath=wire.beneath,
        as_of=Seq(wire.as_of) if wire.beneath else NO_SEQ,
    )


def recipe_from_splice(content: Content, splice: Splice, base: Recipe) -> Recipe:
    """The recipe of ``content``.  Raises BadMessage when there is none that would be one."""
    recipe = spliced(splice, base, MAX_BLOCKS)
    if recipe is None:
        raise BadMessage("invalid_message", "the splice does not fit the blocks that it is made against")
    _check(content, recipe)
    return recipe


def _unfamiliar(_node_id: NodeId, _rev: Rev) -> Recipe | None:
    return None


def entry_from_wire(wire: FileChange, familiar: Callable[[NodeId, Rev], Recipe | None] = _unfamiliar) -> Entry:
    """An entry of the journal, as an agent hears it.  ``familiar`` has the recipes that a splice may be said against.

    Raises BadName, BadMessage.
    """
    if not wire.seq or not wire.rev:
        raise BadMessage("invalid_message", "an entry of the journal has a number and a revision")
    operation = Operation(wire.operation)
    if wire.beneath and (operation is not Operation.DELETE or wire.beneath >= wire.seq):
        raise BadMessage("invalid_message", "what goes along with a delete has numbers before its own")
    path, name = path_of(wire.file_path)
    node: Node | None = None
    recipe: Recipe = ()
    if operation is not Operation.DELETE:
        node, recipe = _node(wire, name, familiar)
    return Entry(
        seq=Seq(wire.seq),
        rev=Rev(wire.rev),
        operation=operation,
        author=ClientId(wire.client_id),
        node_id=_node_id(wire.node_id),
        node=node,
        recipe=recipe,
        path=path,
        old_path=path_of(wire.old_path)[0] if wire.old_path else NOWHERE,
        beneath=wire.beneath,
    )


def notice_from_wire(wire: FileChange, author: ClientId) -> FileChange:
    """A level 1 change as it may be told to others: its paths checked, its author the client that really said it, and
    nothing in it that was not asked for.  Raises BadName, BadMessage."""
    path = path_of(wire.file_path)[0]
    if wire.operation != "move":
        return FileChange(operation=wire.operation, file_path=path, client_id=author)
    if not wire.old_path:
        raise BadMessage("invalid_message", "a move says its old_path")
    old_path = path_of(wire.old_path)[0]
    return FileChange(operation=wire.operation, file_path=path, client_id=author, old_path=old_path)


def verdict_from_wire(wire: WireVerdict) -> Verdict:
    """A verdict, as an agent hears it.  Raises BadMessage."""
    return Verdict(
        change_id=_change_id(wire.change_id),
        node_id=_node_id(wire.node_id),
        ruling=Ruling(wire.status),
        seq=Seq(wire.seq),
        rev=Rev(wire.rev),
        error_code=wire.error_code,
        message=wire.message,
        missing=digests_from_wire(wire.missing),
        beneath=wire.beneath,
    )


def wanted_from_wire(wire: WantedFile) -> tuple[NodeId, Content, Recipe]:
    """A file of which the hub has lost blocks, as an agent hears of it.  Raises BadMessage."""
    content, recipe = _content(wire)
    return _node_id(wire.node_id), content, recipe


def digests_from_wire(digests: Iterable[str]) -> tuple[Digest, ...]:
    """Digests that a message has checked for form already."""
    return tuple(Digest(bytes.fromhex(digest)) for digest in digests)


def _node(wire: FileChange, name: Name, familiar: Callable[[NodeId, Rev], Recipe | None]) -> tuple[Node, Recipe]:
    node_id, at = _node_id(wire.node_id), Placement(_parent_id(wire.parent_id), name)
    match _kind(wire.kind):
        case Kind.DIR:
            return Dir(node_id, at), ()
        case Kind.LINK:
            return Link(node_id, at, _target(wire.target)), ()
        case Kind.FILE:
            if wire.splice:
                content, base = _digest_and_size(wire), familiar(node_id, Rev(wire.rev - 1))
                if base is None:
                    raise BadMessage("invalid_message", "a splice against blocks that were not told here")
                recipe = recipe_from_splice(content, _splice(wire), base)
            else:
                content, recipe = _content(wire)
            return File(node_id, at, content, wire.executable, wire.mtime_ns), recipe


def path_of(text: str) -> tuple[RelPath, Name]:
    """``text`` as a path, and its last name.  Raises BadName."""
    if len(text) > MAX_PATH_BYTES or not _PLAIN_PATH.fullmatch(text):
        names = check_path(text)
        return RelPath("/".join(names)), names[-1]
    return RelPath(text), Name(text[text.rfind("/") + 1 :])


def _kind(word: str) -> Kind:
    if not word:
        raise BadMessage("invalid_message", "the change does not say which kind of node it is about")
    return Kind(word)


def _change_id(text: str) -> ChangeId:
    if not _CHANGE_ID.fullmatch(text):
        raise BadMessage("invalid_message", "a change id has 1 to 128 of the characters A-Z a-z 0-9 _ . : -")
    return ChangeId(text)


def _node_id(text: str) -> NodeId:
    if not _NODE_ID.fullmatch(text) or text in {ROOT, PARK}:
        raise BadMessage(
            "invalid_message", "a node id has 1 to 64 of the characters a-z 0-9 -, and is not root or park"
        )
    return NodeId(text)


def _parent_id(text: str) -> NodeId:
    return ROOT if text == ROOT else _node_id(text)


def _target(text: str) -> str:
    if not text or "\0" in text or len(text.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES:
        raise BadMessage("invalid_message", f"the target of a link has 1 to {MAX_PATH_BYTES} bytes, and no NUL")
    return text


def _content(wire: FileChange | WantedFile) -> tuple[Content, Recipe]:
    """What the file holds.  BadMessage when size, digest and blocks do not agree."""
    content = _digest_and_size(wire)
    if not wire.blocks:
        if (content.size == 0) != (content.digest == EMPTY):
            raise BadMessage("invalid_message", "size and digest do not agree on whether the file is empty")
        if content.size > MAX_BLOCK_BYTES:
            raise BadMessage("invalid_message", f"a file of {content.size} bytes is more than one block")
        return content, (Block(content.digest, content.size),) if content.size else ()
    if len(wire.blocks) > MAX_BLOCKS:
        raise BadMessage("message_too_large", f"a file of {len(wire.blocks)} blocks; {MAX_BLOCKS} is the most")
    recipe = tuple(Block(Digest(bytes.fromhex(digest)), size) for digest, size in wire.blocks)
    _check(content, recipe)
    return content, recipe


def _digest_and_size(wire: FileChange | WantedFile) -> Content:
    if not wire.digest:
        raise BadMessage("invalid_message", "the change does not say the digest of the file")
    return Content(Digest(bytes.fromhex(wire.digest)), wire.size)


def _splice(wire: FileChange) -> Splice:
    if wire.blocks:
        raise BadMessage("invalid_message", "a change says its blocks, or a splice, but not both")
    return splice_from_wire(wire.splice)


def splice_from_wire(parts: Iterable[tuple[int | str, int]]) -> Splice:
    """The parts of a splice, or of an outline."""
    return tuple(
        Block(Digest(bytes.fromhex(one)), size) if isinstance(one, str) else Kept(one, size) for one, size in parts
    )


def _check(content: Content, recipe: Recipe) -> None:
    """Raises BadMessage when ``recipe`` cannot be that of ``content``."""
    if sum(block.size for block in recipe) != content.size:
        raise BadMessage("invalid_message", "the blocks do not add up to the size of the file")
    if not all(0 < block.size <= MAX_BLOCK_BYTES for block in recipe):
        raise BadMessage("invalid_message", f"a block has 1 to {MAX_BLOCK_BYTES} bytes")
    if len(recipe) == 1 and recipe[0].digest != content.digest:
        raise BadMessage("invalid_message", "a file of one block has the digest of that block")


# --- out --------------------------------------------------------------------------------------------------------


def batch_to_wire(changes: tuple[FileChange, ...], author: ClientId, *, confirmed: bool) -> FileChange | FileChanges:
    """What ``author`` submits together: one change goes alone, several as a batch."""
    if len(changes) == 1:
        return changes[0].model_copy(update={"confirmed": True}) if confirmed else changes[0]
    return FileChanges(client_id=author, changes=changes, confirmed=confirmed)


def change_to_wire(change: Change, author: ClientId) -> FileChange:
    """``change`` as ``author`` submits it: the fields that its operation needs.  A splice goes in place of the
    blocks."""
    holds = change.operation is Operation.CREATE or change.operation is Operation.UPDATE
    content = change.content if holds else None
    return FileChange(
        operation=change.operation.value,
        file_path=change.path or change.name,
        client_id=author,
        old_path=change.old_path if change.operation is Operation.MOVE else "",
        change_id=change.change_id,
        node_id=change.node_id,
        parent_id=change.parent,
        base_rev=change.base_rev,
        kind=change.kind.value,
        size=content.size if content else 0,
        mtime_ns=change.mtime_ns if content else 0,
        executable=change.executable if content else False,
        digest=content.digest.hex() if content else "",
        blocks=_blocks(change.recipe) if content and not change.splice else (),
        splice=splice_to_wire(change.splice) if content else (),
        target=change.target if holds else "",
        beneath=change.beneath,
        as_of=change.as_of,
    )


def entry_to_wire(entry: Entry, server_time: str = "", splice: Splice = ()) -> FileChange:
    """``entry`` as the hub tells it to a level 2 client: the whole node as it is from then on.  ``splice`` goes in
    place of its blocks."""
    file = entry.node if isinstance(entry.node, File) else None
    return FileChange(
        operation=entry.operation.value,
        file_path=entry.path or (entry.node.at.name if entry.node else ""),
        client_id=entry.author,
        old_path=entry.old_path,
        node_id=entry.node_id,
        parent_id=entry.node.at.parent if entry.node else "",
        kind=kind_of(entry.node).value if entry.node else "",
        size=file.content.size if file else 0,
        mtime_ns=file.mtime_ns if file else 0,
        executable=file.executable if file else False,
        digest=file.content.digest.hex() if file else "",
        blocks=_blocks(entry.recipe) if file and not splice else (),
        splice=splice_to_wire(splice) if file else (),
        target=entry.node.target if isinstance(entry.node, Link) else "",
        beneath=entry.beneath,
        seq=entry.seq,
        rev=entry.rev,
        server_time=server_time,
    )


def notice_to_wire(entry: Entry) -> FileChange:
    """``entry`` as the hub tells it to a level 1 client: that it happened, and where."""
    moved = {"old_path": entry.old_path} if entry.operation is Operation.MOVE else {}
    return FileChange(operation=entry.operation.value, file_path=entry.path, client_id=entry.author, **moved)


def verdict_to_wire(verdict: Verdict) -> WireVerdict:
    """``verdict`` as the hub sends it."""
    return WireVerdict(
        change_id=verdict.change_id,
        status=verdict.ruling.value,
        node_id=verdict.node_id,
        seq=verdict.seq,
        rev=verdict.rev,
        error_code=verdict.error_code,
        message=verdict.message,
        missing=digests_to_wire(verdict.missing),
        beneath=verdict.beneath,
    )


def wanted_to_wire(node_id: NodeId, content: Content, recipe: Recipe) -> WantedFile:
    """A file of which the hub has lost blocks, as it says so."""
    return WantedFile(node_id=node_id, digest=content.digest.hex(), size=content.size, blocks=_blocks(recipe))


def digests_to_wire(digests: Iterable[Digest]) -> tuple[str, ...]:
    """Digests as they are written."""
    return tuple(digest.hex() for digest in digests)


def splice_to_wire(splice: Splice) -> tuple[tuple[int | str, int], ...]:
    """The same as it is written."""
    return tuple(
        (part.start, part.count) if isinstance(part, Kept) else (part.digest.hex(), part.size) for part in splice
    )


def _blocks(recipe: Recipe) -> tuple[tuple[str, int], ...]:
    return tuple((block.digest.hex(), block.size) for block in recipe) if len(recipe) > 1 else ()
