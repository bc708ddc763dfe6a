"""The hub's judgement: a batch of changes and the rows that it touches become verdicts, rows and journal entries.

Each change is judged on its own, in order, in the light of those before it in the batch.  Invariants (HAZARDS N12,
N13): numbers follow the head without a gap; a revision follows the one that the change was based on; the tree stays a
tree, and two living siblings never share a name; a change id gets the same answer each time; whatever is refused
leaves nothing behind.  The same function serves every store, and any number of hubs on one database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from syncagent.hub.brake import WORDS, Weigh, lets_pass
from syncagent.hub.rows import Answered, Journalled, Judgement, Row, Rows, Slot, Wanted, told_path
from syncagent.model.changes import Change, Entry, Operation, Ruling, Verdict
from syncagent.model.facts import Kind
from syncagent.model.ids import NO_REV, PARK, ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import MAX_PATH_BYTES, Name, RelPath, join, name_key
from syncagent.model.values import replace


def touched(changes: Sequence[Change]) -> Wanted:
    """Which rows must be read before ``changes`` can be judged."""
    placing = [change for change in changes if _places(change.operation)]
    return Wanted(
        nodes=frozenset([*[c.node_id for c in changes], *[c.parent for c in placing]]) - {ROOT},
        slots=frozenset([(c.parent, name_key(c.name)) for c in placing]),
        folders=frozenset([c.node_id for c in changes if c.operation is Operation.DELETE and not c.beneath]),
        change_ids=frozenset([c.change_id for c in changes]),
        digests=frozenset([b.digest for c in changes if _fills(c.operation) for b in c.recipe]),
        subtrees=frozenset([c.node_id for c in changes if c.beneath]),
    )


def _places(operation: Operation) -> bool:
    return operation is Operation.CREATE or operation is Operation.MOVE


def _fills(operation: Operation) -> bool:
    return operation is Operation.CREATE or operation is Operation.UPDATE


def judge(changes: Sequence[Change], rows: Rows, author: ClientId, weigh: Weigh = lets_pass) -> Judgement:
    """The verdicts on ``changes``, which ``author`` submitted, and what is to be written when they are granted.

    ``rows`` are those that ``touched`` asked for, as they stand at ``rows.head``; ``weigh`` is the brake.
    """
    if any(change.beneath for change in changes):
        return _judge_subtree(changes, rows, author, weigh)
    bench = _Bench(rows, author, weigh)
    verdicts = tuple([bench.judge(change) for change in changes])
    return Judgement(rows.head, verdicts, bench.written(), tuple(bench.journal), frozenset(bench.yielded))


def _judge_subtree(changes: Sequence[Change], rows: Rows, author: ClientId, weigh: Weigh) -> Judgement:
    """A folder goes with all beneath it, if nothing there is otherwise than its author was told: all of it, or none.

    It is alone in its batch: whatever else was in it might be about the same nodes.
    """
    if len(changes) > 1:
        text = "a folder that goes with all beneath it is a batch by itself"
        refused = [
            Verdict(c.change_id, c.node_id, Ruling.REJECTED, error_code="invalid_message", message=text)
            for c in changes
        ]
        return Judgement(rows.head, tuple(refused))
    [change] = changes
    bench = _Bench(rows, author, weigh)
    verdict = bench.judge(change)
    if verdict.ruling is not Ruling.COMMITTED:
        return Judgement(rows.head, (verdict,))
    [said] = bench.journal
    last = Seq(rows.head + change.beneath + 1)
    entry = replace(said.entry, seq=last, beneath=change.beneath)
    said = Journalled(entry, said.change_id, replace(said.after, seq=last))
    return Judgement(rows.head, (replace(verdict, seq=last, beneath=change.beneath),), subtree=said)


class _No(Exception):
    """Why a change is not granted: the stable code, a text for people, the blocks that are wanted."""

    def __init__(self, code: str, message: str, missing: tuple[Digest, ...] = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.missing = code, message, missing


class _Bench:
    """The rows of one batch, with the effects of the changes that were granted so far."""

    def __init__(self, rows: Rows, author: ClientId, weigh: Weigh) -> None:
        self._rows = rows
        self._author = author
        self._weigh = weigh
        self._head = rows.head
        self._nodes: dict[NodeId, Row] = {}
        self._slots: dict[Slot, NodeId | None] = {}
        self._children: dict[NodeId, int] = {}
        self._granted_as: dict[ChangeId, Row] = {}
        self._paths: dict[NodeId, RelPath] = {ROOT: RelPath("")}
        self.journal: list[Journalled] = []
        self.yielded: set[NodeId] = set()

    def written(self) -> tuple[Row, ...]:
        return tuple(self._nodes.values())

    def judge(self, change: Change) -> Verdict:
        before = self._granted_as.get(change.change_id) or self._rows.answered.get(change.change_id)
        if before is not None:
            return _answered_again(change, before)
        row = self._node(change.node_id)
        if row is not None and _is_there_already(change, row, self._author):
            return Verdict(change.change_id, change.node_id, Ruling.DUPLICATE, row.seq, row.rev)
        try:
            after = self._granted(change, row)
            if code := self._weigh(change, row, self._head, self._rows.beneath.get(change.node_id, ())):
                raise _No(code, WORDS[code])
        except _No as no:
            return Verdict(
                change.change_id,
                change.node_id,
                Ruling.NEEDS_BLOCKS if no.missing else Ruling.REJECTED,
                rev=row.rev if row else NO_REV,
                error_code=no.code,
                message=no.message,
                missing=no.missing,
            )
        self._take(change, row, after)
        return Verdict(change.change_id, change.node_id, Ruling.COMMITTED, after.seq, after.rev)

    # --- what is granted ------------------------------------------------------------------------------------

    def _granted(self, change: Change, row: Row | None) -> Row:
        """The row as it would be after ``change``, one revision and one number on.  Raises _No."""
        if change.node_id in (ROOT, PARK) or not change.change_id:
            raise _No("invalid_message", "a change needs an id, and is never one of the folder itself")
        self._check_base(change, row)
        match change.operation:
            case Operation.CREATE:
                return self._create(change, row)
            case Operation.UPDATE:
                return self._update(change, _living(row))
            case Operation.MOVE:
                return self._move(change, _living(row))
            case Operation.DELETE:
                if change.beneath:
                    self._check_beneath(change)
                elif self._child_count(change.node_id):
                    raise _No("not_empty", "the folder is not empty at the hub")
                row = _living(row)
                return Row(
                    row.id, Rev(row.rev + 1), Seq(self._head + 1), False, self._author, row.kind, row.parent, row.name,
                    row.content, row.executable, row.mtime_ns, row.target, row.recipe,
                )  # fmt: skip
            case _:
                assert_never(change.operation)

    def _check_base(self, change: Change, row: Row | None) -> None:
        if row is None:
            if change.operation is not Operation.CREATE:
                raise _No("not_found", "the hub has no such node")
            if change.base_rev != NO_REV:
                raise _No("conflict", "the hub never had this node")
        elif row.rev != change.base_rev:
            raise _No("conflict", f"the node has changed since: it is at revision {row.rev}")
        elif row.living == (change.operation is Operation.CREATE):
            raise _No("conflict", "the node was deleted" if not row.living else "the node is there already")
        if row is not None and row.kind is not change.kind and _fills(change.operation):
            raise _No("conflict", "a node never becomes another kind of node")

    def _create(self, change: Change, row: Row | None) -> Row:
        self._check_place(change, None)
        self._check_content(change)
        return Row(
            change.node_id, Rev((row.rev if row else NO_REV) + 1), Seq(self._head + 1), True, self._author, change.kind,
            change.parent, change.name, change.content, change.executable, change.mtime_ns, change.target,
            change.recipe,
        )  # fmt: skip

    def _update(self, change: Change, row: Row) -> Row:
        if row.kind is Kind.DIR:
            raise _No("invalid_message", "a folder has no content")
        self._check_content(change)
        return self._next(
            row, content=change.content, executable=change.executable, mtime_ns=change.mtime_ns, target=change.target,
            recipe=change.recipe,
        )  # fmt: skip

    def _move(self, change: Change, row: Row) -> Row:
        self._check_place(change, row)
        return self._next(row, parent=change.parent, name=change.name)

    def _next(self, row: Row, **changed: object) -> Row:
        return replace(row, rev=Rev(row.rev + 1), seq=Seq(self._head + 1), author=self._author, **changed)  # type: ignore[arg-type]

    def _check_place(self, change: Change, mover: Row | None) -> None:
        """The place where ``change`` puts its node is in a living folder, is free, and is not beneath itself."""
        if not change.name:
            raise _No("invalid_path", "a node needs a name")
        if change.parent != ROOT:
            parent = self._node(change.parent)
            if parent is None or not parent.living or parent.kind is not Kind.DIR:
                raise _No("parent_missing", "the folder that should hold it is not there")
        if mover is not None and mover.kind is Kind.DIR and mover.id in self._ancestors(change.parent):
            raise _No("would_cycle", "a folder cannot be moved into itself")
        holder = self._holder((change.parent, name_key(change.name)))
        if holder is not None and holder != change.node_id:
            raise _No("name_taken", "another node has this name")
        if _too_long(self._folder_path(change.parent), change.name):
            raise _No("invalid_path", f"the path is longer than {MAX_PATH_BYTES} bytes")

    def _check_beneath(self, change: Change) -> None:
        """What lies beneath the folder is what the client believes to lie there: as many nodes, and none of them has
        changed since.  Those that it was told of are the same ones then: whatever came, left or was changed later than
        that either has a later number, or is missing in the count."""
        lying = self._rows.beneath.get(change.node_id, ())
        if len(lying) != change.beneath or any(one.seq > change.as_of for one in lying):
            raise _No("conflict", "something beneath the folder has changed since")

    def _check_content(self, change: Change) -> None:
        """What a file holds is whole: all blocks are here, and together they are as long as the file."""
        if change.kind is not Kind.FILE:
            return
        known, content, recipe = self._rows.blocks, change.content, change.recipe
        if content is None or sum([block.size for block in recipe]) != content.size:
            raise _No("invalid_message", "the blocks do not add up to the file")
        if all(known.get(block.digest) == block.size for block in recipe):
            return
        missing = dict.fromkeys(block.digest for block in change.recipe if block.digest not in known)
        if missing:
            raise _No("needs_blocks", f"the hub lacks {len(missing)} of the file's blocks", tuple(missing))
        raise _No("invalid_message", "a block has another size than the change says")

    # --- the rows, as they are by now -----------------------------------------------------------------------

    def _node(self, node: NodeId) -> Row | None:
        return self._nodes.get(node) or self._rows.nodes.get(node)

    def _holder(self, slot: Slot) -> NodeId | None:
        return self._slots[slot] if slot in self._slots else self._rows.slots.get(slot)

    def _child_count(self, folder: NodeId) -> int:
        return self._rows.children.get(folder, 0) + self._children.get(folder, 0)

    def _ancestors(self, node: NodeId) -> Iterator[NodeId]:
        """``node``, its parent, and so on, to the root."""
        while node != ROOT:
            yield node
            row = self._node(node)
            if row is None:
                return
            node = row.parent

    def _path(self, row: Row) -> RelPath:
        """The path of ``row`` as it is told; its folders may be tombstones where it is one."""
        return told_path(join(self._folder_path(row.parent), row.name), row.name)

    def _folder_path(self, folder: NodeId) -> RelPath:
        """The path of ``folder``, as far up as its folders are known."""
        path = self._paths.get(folder)
        if path is None:
            names: list[str] = []
            for step in self._ancestors(folder):
                row = self._node(step)
                names.append(row.name if row else "")
            path = self._paths[folder] = RelPath("/".join(name for name in reversed(names) if name))
        return path

    def _take(self, change: Change, before: Row | None, after: Row) -> None:
        """Let what was granted count for the changes that follow."""
        old_path = RelPath("")
        if change.operation is Operation.MOVE and before is not None:
            old_path = self._path(before)
        if before is not None and before.living and change.operation is not Operation.UPDATE:
            self._slots[before.parent, name_key(before.name)] = None
            self._children[before.parent] = self._children.get(before.parent, 0) - 1
            self.yielded.add(before.id)
        if after.living and _places(change.operation):
            self._slots[after.parent, name_key(after.name)] = after.id
            self._children[after.parent] = self._children.get(after.parent, 0) + 1
        if before is not None and after.kind is Kind.DIR:
            self._paths = {ROOT: RelPath("")}
        self._head = after.seq
        self._nodes[after.id] = after
        self._granted_as[change.change_id] = after
        entry = Entry(
            after.seq, after.rev, change.operation, self._author, after.id, after.node(), after.recipe,
            self._path(after), old_path,
        )  # fmt: skip
        self.journal.append(Journalled(entry, change.change_id, after))


def _answered_again(change: Change, before: Row | Answered) -> Verdict:
    """The verdict on a change id that was granted before."""
    node_id = before.id if isinstance(before, Row) else before.node_id
    if node_id == change.node_id:
        return Verdict(change.change_id, node_id, Ruling.DUPLICATE, before.seq, before.rev)
    text = "another change had this change id"
    return Verdict(change.change_id, change.node_id, Ruling.REJECTED, error_code="invalid_message", message=text)


def _too_long(folder: RelPath, name: Name) -> bool:
    most = len(folder) + 1 + len(name)
    return most > MAX_PATH_BYTES // 4 and len(folder.encode()) + 1 + len(name.encode()) > MAX_PATH_BYTES


def _living(row: Row | None) -> Row:
    """``_check_base`` has let only living ones pass."""
    if row is None or not row.living:
        raise AssertionError("a change of what is not there was let pass")
    return row


def _is_there_already(change: Change, row: Row, author: ClientId) -> bool:
    """Whether ``change`` creates again what its own author created, after it lost its memory of that (HAZARDS F2)."""
    return (
        change.operation is Operation.CREATE
        and change.base_rev == NO_REV
        and row.living
        and row.author == author
        and (row.kind, row.parent, row.name) == (change.kind, change.parent, change.name)
        and (row.content, row.executable, row.target) == (change.content, change.executable, change.target)
        and row.mtime_ns == change.mtime_ns
    )
