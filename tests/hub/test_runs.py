"""What a hub knows of its own past, and so of what others claim to know of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.hub.rows import FolderId
from syncagent.hub.runs import Runs
from syncagent.model.ids import Seq

A, B = FolderId(1), FolderId(2)
NOW = Seq(30)


@pytest.fixture
def runs() -> Runs:
    """In r0 the journal of A went to 10, in r1 no further, in r2 to 20; r3 is under way."""
    return Runs(["r0", "r1", "r2", "r3"], [(1, A, Seq(10)), (3, A, Seq(20)), (3, B, Seq(5))])


@pytest.mark.hazard("E7")
@pytest.mark.parametrize(
    ("run", "most"), [("r0", 10), ("r1", 10), ("r2", 20), ("r3", 30)], ids=["first", "idle", "last", "under way"]
)
def test_a_run_reached_what_the_next_one_began_with(runs: Runs, run: str, most: int) -> None:
    assert runs.reached(A, run, Seq(most), NOW)
    assert not runs.reached(A, run, Seq(most + 1), NOW)


@pytest.mark.hazard("E7")
def test_a_run_that_is_not_known_was_lost(runs: Runs) -> None:
    assert not runs.reached(A, "another", Seq(1), NOW)


def test_each_folder_has_a_journal_of_its_own(runs: Runs) -> None:
    assert runs.reached(B, "r2", Seq(5), NOW)
    assert not runs.reached(B, "r2", Seq(6), NOW)
    assert not runs.reached(B, "r0", Seq(1), NOW)
    assert not runs.reached(FolderId(3), "r2", Seq(1), NOW)


@pytest.mark.hazard("E7")
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=6),  # how much the journal grew in each run
    st.lists(st.integers(0, 5), max_size=4),  # the same after it was restored
    st.data(),
)
def test_what_is_said_is_true_of_every_history_with_one_restoration(
    grown: list[int], again: list[int], data: st.DataObject
) -> None:
    """The hub is put back to some moment of some run; what a client knows is true if it is from before that moment."""
    cut = data.draw(st.integers(0, len(grown) - 1))
    kept = data.draw(st.integers(0, grown[cut]))
    of_client = data.draw(st.integers(0, len(grown) - 1))
    cursor = data.draw(st.integers(1, 40).filter(lambda n: n <= sum(grown[: of_client + 1])) | st.just(0))
    history = [*((f"r{number}", size) for number, size in enumerate(grown[:cut])), (f"r{cut}", kept)]
    history += [(f"new{number}", size) for number, size in enumerate([*again, 0])]
    starts, head, noted = [], 0, 0
    for number, (_, size) in enumerate(history):
        if head != noted:
            starts.append((number, A, Seq(head)))
            noted = head
        head += size
    known = Runs([run for run, _ in history], starts)
    common = sum(grown[:cut]) + kept
    if of_client > cut:
        # Nothing of a run that was lost is believed: also what is from before.  It is told anew, and that is all.
        assert not known.reached(A, f"r{of_client}", Seq(cursor), Seq(head))
    else:
        assert known.reached(A, f"r{of_client}", Seq(cursor), Seq(head)) == (cursor <= common)
