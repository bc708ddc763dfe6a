"""What errors of the disk make of tasks, and which tasks are not even tried."""

from __future__ import annotations

import errno

import pytest

from syncagent.errors import Damaged, Stale
from syncagent.localfs.outcomes import outcome_of, paths_of, refusal_of
from syncagent.model.facts import UNSURE
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Dir, Placement
from syncagent.planner.ops import MoveLocal
from syncagent.planner.tasks import Failed, MoveTask, StaleTask


def move(path: str, to: str) -> MoveTask:
    node = Dir(NodeId("d"), Placement(ROOT, Name("d")))
    return MoveTask(MoveLocal(node, Placement(ROOT, Name("e"))), RelPath(path), RelPath(to), UNSURE)


@pytest.mark.parametrize(
    "error",
    [Stale("it has changed"), *(OSError(number, "so") for number in (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY))],
)
def test_what_is_not_as_expected_is_looked_at_anew(error: OSError | Stale) -> None:
    outcome = outcome_of(move("d", "e"), error)
    assert isinstance(outcome, StaleTask)
    assert outcome.paths == paths_of(move("d", "e")) == ("d", "e")


@pytest.mark.parametrize(
    ("error", "full"),
    [(Damaged("other bytes"), False), (OSError(errno.EIO, "I/O error"), False), (OSError(errno.ENOSPC, "No"), True)],
)
def test_what_fails_is_told_with_its_reason(error: OSError | Damaged, full: bool) -> None:
    outcome = outcome_of(move("d", "e"), error)
    assert isinstance(outcome, Failed)
    assert (outcome.full, bool(outcome.reason)) == (full, True)


@pytest.mark.hazard("C1", "C3")
@pytest.mark.parametrize(("path", "to"), [("", "e"), ("d", ""), ("d", "../e"), (".syncagent/x", "e")])
def test_a_path_that_is_none_of_the_tree_is_not_even_tried(path: str, to: str) -> None:
    assert refusal_of(move(path, to))
    assert refusal_of(move("d", "e")) is None
