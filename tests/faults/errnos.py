"""A call fails with an errno, once or for a while; then the disk is well again.

What must hold: the process lives and answers; while it lasts, the agent is not in sync and says why; when it is over,
all is as if nothing had been, without a restart: nothing deleted, no second copy, nothing half done.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncagent.control import ControlClient
from tests.faults.kill_points import Trial
from tests.faults.machines import agent_process, end_all, ended, hub, said, spawn_worker, start_hub, stop
from tests.faults.meddlers import Failing
from tests.support.ports import free_port

A_WHILE = 1.5
HEALED_WITHIN = 60.0
ALWAYS = 1_000_000

LOOKS = ("EIO", "EACCES", "EMFILE", "ESTALE")
CHANGES = ("ENOSPC", "EDQUOT", "EIO", "EACCES", "EROFS", "EBUSY", "ESTALE")
SYNCS = ("EIO", "ENOSPC", "EDQUOT")

AGENT_CASES: dict[tuple[str, str], tuple[str, ...]] = {
    **{("disk", name): LOOKS for name in ("stat", "list", "open", "fstat", "read")},
    **{("disk", name): (*CHANGES, "EMFILE") for name in ("create",)},
    **{("disk", name): CHANGES for name in ("mkdir", "symlink", "write", "adjust", "remove", "rmdir")},
    **{("disk", name): (*CHANGES, "EXDEV") for name in ("rename", "exchange")},
    **{("disk", name): SYNCS for name in ("sync", "sync_folder", "sync_all")},
    ("db", "write"): ("ENOSPC", "EDQUOT", "EIO", "EROFS"),
    ("db", "sync"): ("EIO",),
    ("db", "read"): ("EIO",),
}
HUB_CASES: dict[tuple[str, str], tuple[str, ...]] = {
    **{("blocks", name): ("ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE") for name in ("create", "mkdir", "rename")},
    ("blocks", "write"): ("ENOSPC", "EDQUOT", "EIO"),
    ("blocks", "sync"): SYNCS,
    ("blocks", "sync_folder"): SYNCS,
    ("db", "write"): ("ENOSPC", "EDQUOT", "EIO"),
    ("db", "sync"): ("EIO",),
}


@dataclass(frozen=True)
class Case:
    """``times``: once, or for a while (from the first such call on, until healed)."""

    port: str
    name: str
    number: str
    times: str
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.port}:{self.name}:{self.number}:{self.times}:{self.seed}"

    def meddler(self, calls: Sequence[str]) -> Failing:
        made = sum(call.startswith(f"{self.port} {self.name} ") for call in calls)
        first = random.Random(str(self)).randint(1, max(made, 1))
        number = int(getattr(errno, self.number))
        return Failing(self.port, self.name, number, first, 1 if self.times == "once" else ALWAYS)


def parsed(text: str) -> Case:
    port, name, number, times, seed = text.split(":")
    return Case(port, name, number, times, int(seed))


def cases_of(victim: str, seeds: Sequence[int]) -> list[Case]:
    table = AGENT_CASES if victim == "agent" else HUB_CASES
    return [
        Case(port, name, number, times, seed)
        for seed in seeds
        for (port, name), numbers in table.items()
        for number in numbers
        for times in ("once", "a while")
    ]


class ErrnoTrial(Trial):
    """A scenario in which a disk answers with errors."""

    def fail(self, case: Case) -> tuple[int, float]:
        """How often it failed, and how long it took from when it was healed.  Raises AssertionError."""
        place = self._fresh(f"errno-{os.getpid()}")
        seconds = self._fail_agent(place, case) if self.scenario.victim == "agent" else self._fail_hub(place, case)
        failed = int((place / "failed").read_text())
        self._check_in_order(place)
        self._check_as_undisturbed(place)
        shutil.rmtree(place)
        return failed, seconds

    def _fail_agent(self, place: Path, case: Case) -> float:
        port = free_port()
        failing = case.meddler(self.undisturbed.calls)

        def act(client: ControlClient) -> int:
            _until(lambda: bool(_status(client)["in_sync"]) and failing.failed > 0, A_WHILE)
            if case.times != "once" and failing.failed:
                _check_told(client, case)
            failing.healed = True
            began = time.monotonic()
            answer = client.call("wait", within=HEALED_WITHIN + 15, timeout=HEALED_WITHIN)
            (place / "seconds").write_text(str(time.monotonic() - began))
            (place / "failed").write_text(str(failing.failed))
            if not answer["in_sync"]:
                sys.stdout.write(f"not in sync after it was healed: {answer}\n")
                return 3
            return 0

        with hub(place, port):
            code = ended(agent_process(place, "b", port, failing, act))
            assert code == 0, f"the agent ended with {code}\n{said(place / 'b.out')}"
            if case.number in SYNCS and "sync" in case.name:
                # What was replaced is kept while it may be all that is left after a crash: the next start clears it.
                code = ended(agent_process(place, "b", port))
        assert code == 0, f"the agent ended with {code}\n{said(place / 'b.out')}"
        return float((place / "seconds").read_text())

    def _fail_hub(self, place: Path, case: Case) -> float:
        """The hub is healed by a file that appears: it is another process."""
        port = free_port()
        failing = _HealedByFile(case.meddler(self.undisturbed.calls), place)
        running = start_hub(place, port, failing)
        pid = agent_process(place, "b", port, None, lambda client: _behind_a_failing_hub(client, place))
        code = ended(pid)
        assert code == 0, f"the agent ended with {code}\n{said(place / 'b.out')}\n{said(place / 'hub.out')}"
        assert stop(running) == 0, f"the hub is dead\n{said(place / 'hub.out')}"
        if not (place / "failed").exists():
            (place / "failed").write_text("0")
        return float((place / "seconds").read_text())


class _HealedByFile:
    def __init__(self, failing: Failing, place: Path) -> None:
        self._failing = failing
        self._place = place

    def around(self, call: Any, act: Callable[[], Any], half: Callable[[], Any] | None = None) -> Any:
        failing = self._failing
        failing.healed = failing.healed or (self._place / "healed").exists()
        before = failing.failed
        try:
            return failing.around(call, act, half)
        finally:
            if failing.failed != before:
                (self._place / "failed").write_text(str(failing.failed))


def _behind_a_failing_hub(client: ControlClient, place: Path) -> int:
    _until(lambda: bool(_status(client)["in_sync"]) and (place / "failed").exists(), A_WHILE)
    (place / "healed").touch()
    began = time.monotonic()
    answer = client.call("wait", within=HEALED_WITHIN + 15, timeout=HEALED_WITHIN)
    (place / "seconds").write_text(str(time.monotonic() - began))
    if not answer["in_sync"]:
        sys.stdout.write(f"not in sync after it was healed: {answer}\n")
        return 3
    return 0


def _status(client: ControlClient) -> dict[str, Any]:
    return client.call("status")


def _until(so: Callable[[], bool], seconds: float) -> None:
    """Look until it is so, or the time is over."""
    end = time.monotonic() + seconds
    while not so() and time.monotonic() < end:
        time.sleep(0.05)


def _check_told(client: ControlClient, case: Case) -> None:
    """Whoever is not in sync says why: in general, or of a path."""
    status = _status(client)
    if status["in_sync"] or not status["pending"]:
        return
    told = [status["reason"], *(one["reason"] for one in (*status["held"], *status["skipped"]))]
    assert any(told) or status["state"] in {"syncing", "scanning", "connecting", "offline"}, f"{case}: {status}"


def run_cases(
    trial: ErrnoTrial, cases: Sequence[Case], told: Callable[[Case, int, float, str], None], jobs: int = 1
) -> int:
    """Run them in ``jobs`` processes; ``told`` hears of each, in these.  How many were wrong."""
    workers = [spawn_worker(lambda share=cases[job::jobs]: _run_some(trial, share, told)) for job in range(jobs)]
    return sum(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers)


def _run_some(trial: ErrnoTrial, cases: Sequence[Case], told: Callable[[Case, int, float, str], None]) -> int:
    bad = 0
    for case in cases:
        failed, seconds, wrong = 0, 0.0, ""
        try:
            failed, seconds = trial.fail(case)
        except AssertionError as error:
            wrong = str(error) or "an assertion failed"
            end_all()
            bad += 1
        told(case, failed, seconds, wrong)
    return min(bad, 100)
