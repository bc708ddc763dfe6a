"""Every short history of two machines ends as the law says, in whatever order it is carried out, and nothing is lost.

There are 205,947 of them (``HISTORIES``), one to three operations long.  Each is run four times: the machines meet the
hub one after the other, once the one and once the other first, and must end as the law says to the last name; and they
work at once, each step one that chance chooses, and must lose nothing.  ``make histories`` runs them all, ``make test``
one of 60.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable, Mapping

import pytest

from syncagent.model.names import is_conflict_name
from syncagent.model.nodes import File, Node
from syncagent.planner.compare import same_inside
from tests.conflicts.histories import MACHINES, MEET, STARTS, History, Law, act, histories
from tests.support.dsl import tree
from tests.support.machines import Machine, hub_of, together
from tests.support.merged import paths_of
from tests.support.pretend import IdHub

HISTORIES = {
    "nothing": 8_111,
    "a file": 36_262,
    "a folder with a file in it": 76_408,
    "two files": 36_181,
    "two folders": 48_985,
}
"""How many begin with each tree: so that the enumeration cannot quietly shrink."""

LONGEST = 3
STRIDE = 60
SHARES = 4
MOST_ROUNDS = 6
"""Plans that one meeting takes at most, the last of them empty."""


class Run:
    """A history on two machines with the real planner."""

    def __init__(self, start: str, history: History) -> None:
        base = tree(STARTS[start])
        self.hub: IdHub = hub_of(base)
        # On one of them folders go as a whole, on the others node by node.
        self.machines = [Machine(base, base, name, whole=place == 0) for place, name in enumerate(MACHINES)]
        self.rounds = 0
        self.touched = 0
        for number, (machine, op) in enumerate(history):
            if op == MEET:
                self.meet(machine)
            else:
                count = sum(op != MEET for _, op in history[: number + 1])
                self._act(self.machines[machine], op, count)

    def _act(self, one: Machine, op: tuple[str, ...], count: int) -> None:
        before = one.has()
        after = act(before, op, count, one.known_at_hub())
        self.touched += sum(before.get(node) != after.get(node) for node in before.keys() | after.keys())
        one.becomes(after)

    def meet(self, machine: int) -> None:
        self.rounds = max(self.rounds, self.machines[machine].settle_in_order(self.hub))

    def close(self, first: int) -> None:
        for machine in (first, 1 - first, first):
            self.meet(machine)

    def revisions(self) -> int:
        return sum(self.hub.revs.values())


def check(start: str, history: History) -> None:
    laws = [_played(start, history, first) for first in (0, 1)]
    for first, law in enumerate(laws):
        _nothing_lost(law)
        _one_after_the_other(Run(start, history), first, law)
    _both_at_once(Run(start, history), history, laws[0])


def _one_after_the_other(run: Run, first: int, law: Law) -> None:
    before = run.revisions()
    run.close(first)
    _ends_the_same(run)
    want, have = paths_of(law.hub), run.hub.paths()
    assert want.keys() == have.keys(), f"{sorted(have)}, not {sorted(want)}"
    for path, node in want.items():
        assert same_inside(node, have[path]), f"{path} is {have[path]}, not {node}"
    assert run.rounds <= MOST_ROUNDS, f"{run.rounds} rounds"
    revisions = run.revisions() - before
    assert revisions <= 2 * run.touched + _copies(have), f"{revisions} revisions for {run.touched} nodes"
    assert [machine.settle_in_order(run.hub) for machine in run.machines] == [0, 0], "not quiet"


def _both_at_once(run: Run, history: History, law: Law) -> None:
    together(run.machines, run.hub, random.Random(zlib.crc32(repr(history).encode())))
    _ends_the_same(run)
    ledger, kept = law.ledger, _held(run.hub.paths())
    live = ledger.written.keys() - ledger.dead
    assert len(kept) == len(set(kept)), f"twice: {kept}"
    assert live <= set(kept), f"lost {live - set(kept)}"
    for risen in set(kept) - live:
        assert ledger.written[risen] in ledger.deleted, f"{risen} came back"
    acts = [sum(one == machine and op != MEET for one, op in history) for machine in (0, 1)]
    assert _copies(run.hub.paths()) <= (sum(acts) - 1 if min(acts) else 0)


def _played(start: str, history: History, first: int) -> Law:
    law = Law(start)
    for machine, op in history:
        law.step(machine, op)
    law.close(first)
    return law


def _nothing_lost(law: Law) -> None:
    """What the law itself is held to: all that nobody let go of is there, once, and nothing else; what was overwritten
    is not (a file that one machine deletes and the other moves or touches stays)."""
    assert law.mine[0] == law.mine[1] == law.hub
    kept, ledger = _held(paths_of(law.hub)), law.ledger
    assert len(kept) == len(set(kept)), f"twice: {kept}"
    assert set(kept) <= ledger.written.keys()
    assert ledger.written.keys() - ledger.dead <= set(kept), f"lost {ledger.written.keys() - ledger.dead - set(kept)}"
    for risen in ledger.dead & set(kept):
        assert ledger.written[risen] in ledger.deleted, f"{risen} came back"


def _ends_the_same(run: Run) -> None:
    one, other, hub = run.machines[0].disk.nodes, run.machines[1].disk.nodes, run.hub.paths()
    assert one.keys() == other.keys() == hub.keys()
    for path, node in hub.items():
        assert same_inside(node, one[path]), path
        assert same_inside(node, other[path]), path


def _held(paths: Mapping[str, Node]) -> list[str]:
    return [node.content.digest.decode() for node in paths.values() if isinstance(node, File)]


def _copies(paths: Iterable[str]) -> int:
    return sum(is_conflict_name(path.rpartition("/")[2]) for path in paths)


def _check_every(stride: int, first: int, start: str) -> int:
    """Check one of ``stride`` histories; gives how many there are in all."""
    number = -1
    for number, history in enumerate(histories(start, LONGEST)):
        if number % stride == first:
            try:
                check(start, history)
            except Exception as error:
                raise AssertionError(f"check({start!r}, {history})\n{error!r}") from error
    return number + 1


@pytest.mark.timeout(600)
@pytest.mark.hazard("N1", "N2", "N3", "N4", "N6")
@pytest.mark.parametrize("start", STARTS)
def test_a_share_of_all_short_histories_ends_as_the_law_says(start: str) -> None:
    assert _check_every(STRIDE, 7, start) == HISTORIES[start]


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.hazard("N1", "N2", "N3", "N4", "N6")
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("start", STARTS)
def test_all_short_histories_end_as_the_law_says(start: str, share: int) -> None:
    assert _check_every(SHARES, share, start) == HISTORIES[start]
