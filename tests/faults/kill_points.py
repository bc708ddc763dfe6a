"""A process dies at the n-th call that changes something, for every n; then it is started again, and all is looked at.

``before`` and ``after`` a call differ by what is said on the wire in between; ``within`` is half way through a write.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.faults.machines import (
    PATIENCE,
    agent_process,
    at_home,
    end_all,
    ended,
    hub,
    known_again,
    over,
    said,
    spawn_worker,
    start_hub,
    stop,
)
from tests.faults.meddlers import Counter, Killer
from tests.faults.scenarios import Scenario
from tests.faults.truth import Tree, difference, ledger, left_over, tree_of
from tests.support.ports import free_port

T = TypeVar("T")
DIED = -9


@dataclass(frozen=True)
class Point:
    number: int
    when: str
    again: int = 0
    """Where given, it dies a second time: at this call of the start that follows."""

    def __str__(self) -> str:
        return f"{self.number}:{self.when}" + (f":{self.again}" if self.again else "")


def parsed(text: str) -> Point:
    number, when, *again = text.split(":")
    return Point(int(number), when, int(again[0]) if again else 0)


@dataclass
class Undisturbed:
    """How it goes when nothing happens."""

    calls: list[str]
    head: int
    tree: Tree
    template: Path = field(default=Path())

    def points(self) -> list[Point]:
        """Every one that there is."""
        found = []
        for number, call in enumerate(self.calls, 1):
            kinds = ["before", "after"] + (["within"] if " write " in call else [])
            found.extend(Point(number, when) for when in kinds)
        return found


class Trial:
    """One scenario, at a place of its own."""

    def __init__(self, scenario: Scenario, place: Path) -> None:
        self.scenario = scenario
        self._place = place
        self._senders = ["b"] + (["c"] if scenario.third else [])
        self._template = place / "template"
        self.undisturbed = self._prepare()

    # --- the beginning --------------------------------------------------------------------------------------------

    def _prepare(self) -> Undisturbed:
        scenario, template = self.scenario, self._template
        template.mkdir(parents=True)
        port = free_port()
        (template / "hub").mkdir(mode=0o700)
        for name in ("a", *self._senders):
            (template / name / "root").mkdir(parents=True)
        scenario.base(template / "a" / "root")
        if scenario.name != "hub-first-start":
            with hub(template, port):
                self._settle(template, "a", port)
                if scenario.name != "first-start":
                    for name in self._senders:
                        self._settle(template, name, port)
                scenario.there(template / "a" / "root")
                self._settle(template, "a", port)
        place = self._fresh("undisturbed")
        record = place / "calls"
        self._live(place, Counter(record))
        self._check_in_order(place)
        found = ledger(place / "hub")
        copies = [path for path in found.tree if "(conflict " in path]
        assert len(copies) == scenario.copies, copies
        ports = {call.split()[0] for call in record.read_text().splitlines()}
        assert ports == set(scenario.ports), f"these ports were met: {ports}"
        return Undisturbed(record.read_text().splitlines(), found.head, found.tree, template)

    def _settle(self, place: Path, name: str, port: int) -> None:
        code = ended(agent_process(place, name, port))
        assert code == 0, f"{name} ended with {code}\n{said(place / f'{name}.out')}"

    def _fresh(self, name: str) -> Path:
        """A copy of the beginning, in which the victim's folder was changed."""
        place = self._place / name
        if place.exists():
            shutil.rmtree(place)
        place.mkdir()
        for part in ("hub", *self._senders):
            shutil.copytree(self._template / part, place / part, symlinks=True)
        for name in self._senders:
            known_again(place / name)
            at_home(place / name / "data")
        self.scenario.here(place / "b" / "root")
        if self.scenario.third is not None:
            self.scenario.third(place / "c" / "root")
        return place

    # --- one run --------------------------------------------------------------------------------------------------

    def run(self, point: Point) -> str:
        """Die there, start again, look; what call it was, empty if there was none so late.  Raises AssertionError."""
        place = self._fresh(f"point-{os.getpid()}")
        record = place / "died"
        meddlers = [Killer(point.number, point.when, record)]
        if point.again:
            meddlers.append(Killer(point.again, "before", place / "died again"))
        self._live(place, *meddlers)
        self._check_in_order(place)
        self._check_as_undisturbed(place)
        fatal = record.read_text().strip()
        shutil.rmtree(place)
        return fatal

    def _live(self, place: Path, *meddlers: Counter | Killer) -> None:
        """The scenario from its beginning until all are in sync, the victim under each of the meddlers in turn."""
        port = free_port()
        if self.scenario.victim == "agent":
            with hub(place, port):
                for meddler in (*meddlers, None):
                    code = ended(agent_process(place, "b", port, meddler))
                    if code != DIED:
                        break
                assert code == 0, f"the agent ended with {code}\n{said(place / 'b.out')}\n{said(place / 'hub.out')}"
            return
        waiting = [*meddlers, None]
        running = start_hub(place, port, waiting.pop(0))
        agents = {agent_process(place, name, port): name for name in self._senders}
        end = time.monotonic() + PATIENCE
        while agents:
            running = self._kept_up(place, port, running, waiting)
            for pid in list(agents):
                if (code := over(pid)) is not None:
                    name = agents.pop(pid)
                    assert code == 0, f"{name} ended with {code}\n{said(place / f'{name}.out')}"
            assert time.monotonic() < end, "the agents do not come to an end"
            time.sleep(0.002)
        if self.scenario.third is not None:
            # Who was done first has not heard of all that the other one sent.
            running = self._kept_up(place, port, running, waiting)
            for name in self._senders:
                while ended(agent_process(place, name, port)) != 0:
                    running = self._kept_up(place, port, running, waiting)
        while stop(running) == DIED:
            running = start_hub(place, port, waiting.pop(0))

    def _kept_up(self, place: Path, port: int, running: int, waiting: list) -> int:
        code = over(running)
        if code is None:
            return running
        assert code == DIED, f"the hub ended with {code}\n{said(place / 'hub.out')}"
        return start_hub(place, port, waiting.pop(0))

    # --- what must hold -------------------------------------------------------------------------------------------

    def _check_in_order(self, place: Path) -> None:
        found = ledger(place / "hub")
        assert not found.wrong, f"at the hub: {found.wrong}"
        for name in self._senders:
            root = place / name / "root"
            if name == "b":
                assert tree_of(root) == found.tree, f"{name} | hub\n{difference(tree_of(root), found.tree)}"
            assert not left_over(root), f"left over: {left_over(root)}"
        unfinished = place / "hub" / "blocks" / "unfinished"
        assert not list(unfinished.iterdir()), "the hub has left something half written"

    def _check_as_undisturbed(self, place: Path) -> None:
        found, wanted = ledger(place / "hub"), self.undisturbed
        assert found.tree == wanted.tree, f"now | undisturbed\n{difference(found.tree, wanted.tree)}"
        assert found.head == wanted.head, f"{found.head} entries in the journal, undisturbed {wanted.head}"


def some_of(points: Sequence[T], share: int, seed: int) -> list[T]:
    """A share of the points that is another one with each seed, but spread evenly: the moments are unlike."""
    if share >= len(points):
        return list(points)
    rng = random.Random(seed)
    width = len(points) / share
    return [points[int(place * width + rng.random() * width)] for place in range(share)]


@dataclass(frozen=True)
class Result:
    """How it went at one point: the call at which it died (empty: there was none so late), and what was wrong."""

    point: Point
    fatal: str
    wrong: str


def run_all(trial: Trial, points: Sequence[Point], told: Callable[[Result], None], jobs: int = 1) -> int:
    """Run them in ``jobs`` processes; ``told`` hears of each, in these.  How many were wrong."""
    workers = [spawn_worker(lambda share=points[job::jobs]: _run_some(trial, share, told)) for job in range(jobs)]
    return sum(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers)


def _run_some(trial: Trial, points: Sequence[Point], told: Callable[[Result], None]) -> int:
    bad = 0
    for point in points:
        try:
            result = Result(point, trial.run(point), "")
        except AssertionError as error:
            result = Result(point, "", str(error) or "an assertion failed")
            end_all()
            bad += 1
        told(result)
    return min(bad, 100)
