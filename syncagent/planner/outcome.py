"""What an op means for the trees once it has succeeded.

The one description of success: the engine uses it on real results, the property tests use it to pretend.  It reads the
trees as they are now, not as they were when the op was planned, and changes only the aspect that the op was about; what
changed in between stays different, and is planned anew.
"""

from __future__ import annotations

from typing import assert_never

from syncagent.model.facts import Stamp
from syncagent.model.ids import PARK, NodeId, Rev
from syncagent.model.nodes import File, Link, Node, placed
from syncagent.model.values import replace
from syncagent.planner.compare import is_same
from syncagent.planner.ops import (
    Adopt,
    Agree,
    DeleteLocal,
    LocalOp,
    MakeLocalDir,
    MoveLocal,
    SetAside,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    SubmitOp,
    TreeOp,
    WriteLocal,
)
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import subtree


def settle_local(canopy: Canopy, op: LocalOp, stamp: Stamp | None) -> None:
    """``op`` was done on the disk and is durable; ``stamp`` is what was left behind."""
    match op:
        case MakeLocalDir(node=node) | WriteLocal(node=node, expect=None):
            if is_same(canopy.remote.get(node.id), node):
                canopy.agree(node.id, node, stamp=stamp)
            else:
                canopy.set_local(node.id, node, stamp)
                canopy.set_synced(node.id, node)
        case WriteLocal(node=node, expect=expect):
            assert expect is not None  # the case above
            _settle_overwrite(canopy, node, expect, stamp)
        case MoveLocal(expect=expect, to=to):
            local = canopy.local.get(expect.id) or expect
            canopy.set_local(expect.id, replace(local, at=to), stamp)
            canopy.spell(expect.id, None)  # whatever we name is named in NFC, in the park too
            synced = canopy.synced.get(expect.id)
            if to.parent != PARK and synced is not None:
                canopy.set_synced(expect.id, replace(synced, at=to))
        case DeleteLocal(expect=expect, beneath=beneath):
            if beneath:
                # What has come to stand elsewhere since is not what went.
                inside = set(subtree(canopy.local, expect.id))
                for node_id in (*beneath, expect.id):
                    if node_id in inside:
                        _settle_gone_here(canopy, node_id)
            else:
                _settle_gone_here(canopy, expect.id)
        case SetAside(expect=expect, to=to, becomes=becomes):
            local = canopy.local.get(expect.id) or expect
            synced = canopy.synced.get(expect.id)
            if becomes != expect.id:
                canopy.set_local(expect.id, None)
            elif synced is not None and synced.at == local.at and canopy.remote.get(expect.id) is None:
                # A folder that comes back only since something must stand in it.  Nobody moved it: what was in it, and
                # was deleted with it, does not come along.
                canopy.set_synced(expect.id, replace(synced, at=to))
            canopy.set_local(becomes, replace(local, id=becomes, at=to), stamp)
            canopy.spell(becomes, None)
        case _:
            assert_never(op)


def _settle_gone_here(canopy: Canopy, node_id: NodeId) -> None:
    if canopy.remote.get(node_id) is None:
        canopy.agree(node_id, None)
    else:
        canopy.set_local(node_id, None)
        canopy.set_synced(node_id, None)


def _settle_overwrite(canopy: Canopy, node: File | Link, expect: File | Link, stamp: Stamp | None) -> None:
    """What was taken from the hub is agreed from now on; what was kept of the local side is not yet."""
    local = canopy.local.get(node.id) or expect
    synced = canopy.synced.get(node.id) or expect
    match (node, expect, synced):
        case (File(), File(), File()):
            synced = File(
                synced.id,
                synced.at,
                node.content if node.content != expect.content else synced.content,
                node.executable if node.executable != expect.executable else synced.executable,
                node.mtime_ns if node.mtime_ns != expect.mtime_ns else synced.mtime_ns,
            )
        case (Link(), Link(), Link()):
            synced = replace(synced, target=node.target)
        case _:
            raise AssertionError("the kind of a node never changes")
    if synced == node == canopy.remote.get(node.id) and local.at == node.at:
        canopy.agree(node.id, node, stamp=stamp)
        return
    canopy.set_local(node.id, placed(node, local.at), stamp)
    canopy.set_synced(node.id, synced)


def settle_submitted(canopy: Canopy, op: SubmitOp, rev: Rev) -> None:
    """The hub took ``op`` and gave the node the revision ``rev``.  Also for our own change met in the journal, when the
    answer to it was lost."""
    match op:
        case SubmitCreate(node=node):
            if is_same(canopy.local.get(node.id), node):
                canopy.agree(node.id, node, rev)
            else:
                canopy.set_remote(node.id, node, rev)
                canopy.set_synced(node.id, node)
        case SubmitEdit(node=node):
            there, agreed = canopy.remote.get(node.id), canopy.synced.get(node.id)
            stays = there is not None and agreed is not None and there.at == agreed.at == node.at
            if stays and canopy.local.get(node.id) == node:
                canopy.agree(node.id, node, rev)
                return
            for view, put in ((canopy.remote, canopy.set_remote), (canopy.synced, canopy.set_synced)):
                was = view.get(node.id)
                if was is not None:
                    put(node.id, placed(node, was.at))
            canopy.set_remote(node.id, canopy.remote.get(node.id), rev)
        case SubmitMove(node=node, to=to):
            for view, put in ((canopy.remote, canopy.set_remote), (canopy.synced, canopy.set_synced)):
                was = view.get(node.id)
                if was is not None:
                    put(node.id, replace(was, at=to))
            canopy.set_remote(node.id, canopy.remote.get(node.id), rev)
        case SubmitDelete(node=node, beneath=beneath):
            for node_id in beneath:
                _settle_gone_there(canopy, node_id, Rev(canopy.rev(node_id) + 1))
            _settle_gone_there(canopy, node.id, rev)
        case _:
            assert_never(op)


def _settle_gone_there(canopy: Canopy, node_id: NodeId, rev: Rev) -> None:
    if canopy.local.get(node_id) is None:
        canopy.agree(node_id, None, rev)
    else:
        canopy.set_remote(node_id, None, rev)
        canopy.set_synced(node_id, None)


def settle_remote(canopy: Canopy, op: SubmitOp, rev: Rev) -> None:
    """The hub took ``op``, which was about its tree alone: nothing is agreed by it."""
    match op:
        case SubmitCreate(node=node):
            canopy.set_remote(node.id, node, rev)
        case SubmitDelete(node=node, beneath=beneath):
            for node_id in beneath:
                canopy.set_remote(node_id, None, Rev(canopy.rev(node_id) + 1))
            canopy.set_remote(node.id, None, rev)
        case SubmitEdit(node=node) | SubmitMove(node=node):
            was = canopy.remote.get(node.id)
            if was is not None:
                canopy.set_remote(node.id, replace(node, at=op.to if isinstance(op, SubmitMove) else was.at), rev)
        case _:
            assert_never(op)


def settle_agreed(canopy: Canopy, op: SubmitOp) -> None:
    """The hub took ``op`` some time ago, and what it has by now is known: that much was agreed once."""
    node = op.node
    synced = canopy.synced.get(node.id) if node.id in canopy.synced else None
    match op:
        case SubmitCreate():
            canopy.set_synced(node.id, node)
        case SubmitEdit():
            canopy.set_synced(node.id, replace(node, at=synced.at) if synced is not None else None)
        case SubmitMove(to=to):
            canopy.set_synced(node.id, replace(synced, at=to) if synced is not None else None)
        case SubmitDelete(beneath=beneath):
            for node_id in (*beneath, node.id):
                canopy.set_synced(node_id, None)
        case _:
            assert_never(op)


def settle_tree(canopy: Canopy, op: TreeOp) -> None:
    """Do ``op``: it concerns the trees alone."""
    match op:
        case Agree(id=node_id):
            # An Adopt of the same batch may have put it into another folder: then they are not at one any more.
            if canopy.local.get(node_id) == canopy.remote.get(node_id):
                canopy.set_synced(node_id, canopy.local.get(node_id))
        case Adopt(local=local_id, remote=remote_id):
            local = canopy.local.get(local_id)
            if local is None:
                return
            stamp, spelling = canopy.stamp(local_id), canopy.spelling(local_id)
            adopted: Node = replace(local, id=remote_id)
            canopy.set_local(local_id, None)
            canopy.set_local(remote_id, adopted, stamp)
            canopy.spell(remote_id, spelling)
            # Agreed is what stands here, so that where the hub's executable bit or mtime differ, the hub's are taken.
            canopy.set_synced(remote_id, adopted)
            canopy.reparent(local_id, remote_id)
        case _:
            assert_never(op)


__all__ = ["settle_agreed", "settle_local", "settle_remote", "settle_submitted", "settle_tree"]
