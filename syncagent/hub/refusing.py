"""What becomes of changes whose content there is no room for: each is refused by itself, and all else is judged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, TypeAlias

from syncagent.hub.tasks import Submit
from syncagent.model.changes import Change, Ruling, Verdict
from syncagent.model.ids import Digest
from syncagent.model.values import replace

FULL: Final = "storage_full"

Refuses: TypeAlias = Callable[[int], str]
"""Why there is no room for so many bytes of new content; "" when there is."""


def never(_: int) -> str:
    """There is room for everything."""
    return ""


def without(task: Submit, fresh: Collection[Digest], why: str) -> Submit:
    """``task`` without its blocks, which the hub cannot take: changes that speak of those that are new are refused."""
    changes = [
        _refused(change, why)
        if isinstance(change, Change) and any(block.digest in fresh for block in change.recipe)
        else change
        for change in task.changes
    ]
    return replace(task, changes=tuple(changes), blocks=())


def instead_of_asking(verdicts: Sequence[Verdict], changes: Sequence[Change], refuses: Refuses) -> tuple[Verdict, ...]:
    """``verdicts`` on ``changes``; who would be asked for blocks that there is no room for is told so instead, and does
    not send them once more."""
    sizes = {block.digest: block.size for change in changes for block in change.recipe}
    found = []
    for change, verdict in zip(changes, verdicts, strict=True):
        if verdict.ruling is Ruling.NEEDS_BLOCKS:
            why = refuses(sum(sizes.get(digest, 0) for digest in verdict.missing))
            found.append(_refused(change, why) if why else verdict)
        else:
            found.append(verdict)
    return tuple(found)


def _refused(change: Change, why: str) -> Verdict:
    return Verdict(change.change_id, change.node_id, Ruling.REJECTED, error_code=FULL, message=why)
