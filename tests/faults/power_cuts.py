"""The power goes at some call; the disk has kept what a disk may have kept (``drive``); all is started again.

The one whose power goes is the scenario's victim.  When it is the hub, its agents are killed at that moment, so that
what they had heard from it by then can be read in their databases: it has to be there still (N9).
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from syncagent.agent import vigil
from syncagent.control import ControlClient
from syncagent.store.agent_db import open_agent_db
from tests.faults.drive import MODES, Drive, Masked, Recorder
from tests.faults.kill_points import DIED, Trial
from tests.faults.machines import (
    PATIENCE,
    agent_process,
    config_of,
    end_all,
    ended,
    hub,
    over,
    said,
    spawn_worker,
    start_hub,
)
from tests.faults.scenarios import nothing, without_an_archive
from tests.faults.truth import ledger, tree_of
from tests.support.ports import free_port

EMPTY = "file - 0 "

USER = "user"
"""Whatever the agent did is durable; what the user had written a moment before is not, though it was sent."""


@dataclass(frozen=True)
class Cut:
    """When the power goes, and what the disk makes of it."""

    number: int
    mode: str
    seed: int

    def __str__(self) -> str:
        return f"{self.number}:{self.mode}:{self.seed}"


def parsed(text: str) -> Cut:
    number, mode, seed = text.split(":")
    return Cut(int(number), mode, int(seed))


def cuts_of(trial: Trial, seeds: Sequence[int]) -> list[Cut]:
    """One cut for each seed; all modes in turn.  Of two cuts one is where names change or something is synced: that is
    where the order of things matters."""
    calls = trial.undisturbed.calls
    names = [number for number, call in enumerate(calls, 1) if not re.search(" (write|create|adjust) ", call)]
    anywhere = range(1, len(calls) + 2)
    found = []
    for seed in seeds:
        number = random.Random(seed).choice(names if seed // len(MODES) % 2 else anywhere)
        found.append(Cut(number, MODES[seed % len(MODES)], seed))
        writes = trial.scenario.here not in (nothing, without_an_archive)
        if trial.scenario.victim == "agent" and writes and seed % len(MODES) == 0:
            found.append(Cut(0, USER, seed))
    return found


class PowerTrial(Trial):
    """A scenario in which the power goes."""

    def cut(self, cut: Cut) -> None:
        """Raises AssertionError when anything is not as it should be afterwards."""
        place = self._fresh(f"cut-{os.getpid()}")
        if cut.mode == USER:
            self._lose_what_the_user_wrote(place, cut)
        elif self.scenario.victim == "agent":
            self._cut_agent(place, cut)
        else:
            self._cut_hub(place, cut)
        self._check_in_order(place)
        self._check_as_undisturbed(place)
        shutil.rmtree(place)

    def _cut_agent(self, place: Path, cut: Cut) -> None:
        port = free_port()
        config_of(place, "b", port)  # its folders are there, as are those of a machine that was set up
        drive, log = Drive(place / "b"), place / "log"
        with hub(place, port):
            code = ended(agent_process(place, "b", port, Recorder(log, cut.number)))
            assert code in (0, DIED), f"the agent ended with {code}\n{said(place / 'b.out')}"
            drive.replay(log)
            # It is not told that the power went: what is right without that is right with it.
            masks = drive.cut(cut.mode, cut.seed)
            code = ended(agent_process(place, "b", port, Masked(masks)))
            assert code == 0, f"the agent ended with {code}\n{said(place / 'b.out')}"

    def _lose_what_the_user_wrote(self, place: Path, cut: Cut) -> None:
        port = free_port()
        config_of(place, "b", port)
        root = place / "b" / "root"
        before, now = tree_of(self._template / "b" / "root"), tree_of(root)
        changed = [path for path, what in now.items() if before.get(path) != what]
        written = [path for path in changed if now[path].startswith("file") and not now[path].startswith(EMPTY)]
        drive, log = Drive(place / "b"), place / "log"
        things = {path: drive.at(f"root/{path}") for path in written}
        assert things, "the user wrote nothing"
        with hub(place, port), _boots(place):
            code = ended(agent_process(place, "b", port, Recorder(log, -1), _in_sync_and_dead))
            assert code == DIED, f"the agent ended with {code}\n{said(place / 'b.out')}"
            drive.replay(log)
            for path, thing in things.items():
                drive.lose(thing, random.Random(f"{cut.seed} {path}"))
            masks = drive.cut("all", cut.seed)
            (place / "boot").write_text("the second")
            code = ended(agent_process(place, "b", port, Masked(masks)))
            assert code == 0, f"the agent ended with {code}\n{said(place / 'b.out')}"

    def _cut_hub(self, place: Path, cut: Cut) -> None:
        port = free_port()
        drive, log = Drive(place / "hub"), place / "log"
        running = start_hub(place, port, Recorder(log, cut.number))
        agents = {agent_process(place, name, port): name for name in self._senders}
        end = time.monotonic() + PATIENCE
        while (code := over(running)) is None and agents:
            for pid in list(agents):
                if (ending := over(pid)) is not None:
                    name = agents.pop(pid)
                    assert ending == 0, f"{name} ended with {ending}\n{said(place / f'{name}.out')}"
            assert time.monotonic() < end, "the agents do not come to an end"
            time.sleep(0.001)
        for pid in [*agents, *([running] if code is None else [])]:
            os.kill(pid, signal.SIGKILL)
            ended(pid)
        assert code in (None, DIED), f"the hub ended with {code}\n{said(place / 'hub.out')}"
        drive.replay(log)
        drive.cut(cut.mode, cut.seed)
        for name in self._senders:
            _check_kept(place, name)
        with hub(place, port):
            for name in (*self._senders, *(["b"] if len(self._senders) > 1 else [])):
                code = ended(agent_process(place, name, port))
                assert code == 0, f"{name} ended with {code}\n{said(place / f'{name}.out')}"


@contextmanager
def _boots(place: Path) -> Iterator[None]:
    """Agents that are started within find out by this file whether the machine was started anew."""
    boot, real = place / "boot", vigil._BOOT_ID
    boot.write_text(real.read_text())
    vigil._BOOT_ID = boot  # type: ignore[misc]
    try:
        yield
    finally:
        vigil._BOOT_ID = real  # type: ignore[misc]


def _in_sync_and_dead(client: ControlClient) -> int:
    answer = client.call("wait", within=PATIENCE + 15, timeout=PATIENCE)
    if answer["in_sync"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return 3


def _check_kept(place: Path, name: str) -> None:
    """All that this agent has heard from the hub is there (N9)."""
    path = place / name / "data" / "agent.db"
    if not path.exists():
        return
    store = open_agent_db(str(path))
    loaded = store.load()
    store.close()
    cursor = int(loaded.facts.get("cursor", "0"))
    if not cursor and not any(row.remote for row in loaded.rows):
        return
    found = ledger(place / "hub")
    assert loaded.facts.get("epoch", "") in ("", found.epoch), "the journal has another epoch"
    assert found.head >= cursor, f"{name} had heard of {cursor} entries, the hub has {found.head}"
    behind = [row.id for row in loaded.rows if row.remote is not None and found.revs.get(row.id, 0) < row.rev]
    assert not behind, f"{name} had heard of later revisions of {behind}"
    assert not found.wrong, f"at the hub: {found.wrong}"


def run_cuts(trial: PowerTrial, cuts: Sequence[Cut], told: Callable[[Cut, str], None], jobs: int = 1) -> int:
    """Run them in ``jobs`` processes; ``told`` hears of each, in these.  How many were wrong."""
    workers = [spawn_worker(lambda share=cuts[job::jobs]: _run_some(trial, share, told)) for job in range(jobs)]
    return sum(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers)


def _run_some(trial: PowerTrial, cuts: Sequence[Cut], told: Callable[[Cut, str], None]) -> int:
    bad = 0
    for cut in cuts:
        try:
            trial.cut(cut)
            wrong = ""
        except AssertionError as error:
            wrong = str(error) or "an assertion failed"
            end_all()
            bad += 1
        told(cut, wrong)
    return min(bad, 100)
