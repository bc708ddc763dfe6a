"""``python -m tests.faults kill SCENARIO …``: runs kill points, power cuts or errors, and says how each went."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.errnos import Case, ErrnoTrial, cases_of, run_cases
from tests.faults.errnos import parsed as parsed_case
from tests.faults.kill_points import Result, Trial, parsed, run_all, some_of
from tests.faults.power_cuts import Cut, PowerTrial, cuts_of, run_cuts
from tests.faults.power_cuts import parsed as parsed_cut
from tests.faults.scenarios import SCENARIOS


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    commands = parser.add_subparsers(dest="command", required=True)
    kill = commands.add_parser("kill", help="a process dies at the n-th call that changes something")
    kill.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)}; all")
    kill.add_argument("--point", default="", help="only this one, as N:before, N:after, N:within or N:before:M")
    kill.add_argument("--share", type=int, default=0, help="so many points of each scenario")
    kill.add_argument("--seed", type=int, default=0, help="which of them")
    kill.add_argument("--jobs", type=int, default=1)
    power = commands.add_parser("power", help="the power goes, and a disk has kept what it may have kept")
    power.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="as above")
    power.add_argument("--cut", default="", help="only this one, as N:MODE:SEED")
    power.add_argument("--seeds", type=int, default=20, help="so many cuts of each scenario")
    power.add_argument("--first", type=int, default=0)
    power.add_argument("--jobs", type=int, default=1)
    errors = commands.add_parser("errno", help="a call fails with an errno, once or for a while")
    errors.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="all-sorts, hub-all-sorts; both")
    errors.add_argument("--case", default="", help="only this one, as PORT:CALL:ERRNO:TIMES:SEED")
    errors.add_argument("--share", type=int, default=0, help="so many cases of each scenario")
    errors.add_argument("--seeds", type=int, default=1, help="each case so often, at another call of its kind")
    errors.add_argument("--first", type=int, default=0)
    errors.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    return {"kill": kill_points, "power": power_cuts, "errno": errnos}[options.command](options)


def kill_points(options: argparse.Namespace) -> int:
    bad = 0
    for name in options.scenarios or SCENARIOS:
        began = time.monotonic()
        base = Path(tempfile.mkdtemp(prefix="kill-"))
        reached = base / "reached"

        def told(result: Result, name: str = name, reached: Path = reached) -> None:
            if result.fatal:
                with reached.open("a") as file:
                    file.write(f"{result.fatal}\n")
            if result.wrong:
                again = f"python -m tests.faults kill {name} --point {result.point}"
                say(f"FAILED {name} {result.point}\n{result.wrong}\nreplay: {again}")

        try:
            trial = Trial(SCENARIOS[name], base)
            points = [parsed(options.point)] if options.point else trial.undisturbed.points()
            if options.share:
                points = some_of(points, options.share, options.seed)
            failed = run_all(trial, points, told, options.jobs)
            died = len(reached.read_text().splitlines()) if reached.exists() else 0
        finally:
            shutil.rmtree(base, ignore_errors=True)
        bad += failed
        say(
            f"{name}: {len(trial.undisturbed.calls)} calls, {len(points)} points, died at {died}, {failed} failed, "
            f"{time.monotonic() - began:.0f} s"
        )
    return 1 if bad else 0


def power_cuts(options: argparse.Namespace) -> int:
    bad = 0
    for name in options.scenarios or SCENARIOS:
        began = time.monotonic()
        base = Path(tempfile.mkdtemp(prefix="power-"))

        def told(cut: Cut, wrong: str, name: str = name) -> None:
            if wrong:
                again = f"python -m tests.faults power {name} --cut {cut}"
                say(f"FAILED {name} {cut}\n{wrong}\nreplay: {again}")

        try:
            trial = PowerTrial(SCENARIOS[name], base)
            seeds = range(options.first, options.first + options.seeds)
            cuts = [parsed_cut(options.cut)] if options.cut else cuts_of(trial, seeds)
            failed = run_cuts(trial, cuts, told, options.jobs)
        finally:
            shutil.rmtree(base, ignore_errors=True)
        bad += failed
        say(f"{name}: {len(cuts)} power cuts, {failed} failed, {time.monotonic() - began:.0f} s")
    return 1 if bad else 0


def errnos(options: argparse.Namespace) -> int:
    bad = 0
    for name in options.scenarios or ("all-sorts", "hub-all-sorts"):
        began = time.monotonic()
        base = Path(tempfile.mkdtemp(prefix="errno-"))
        met = base / "met"

        def told(case: Case, failed: int, seconds: float, wrong: str, name: str = name, met: Path = met) -> None:
            if failed:
                with met.open("a") as file:
                    file.write(f"{seconds}\n")
            if wrong:
                again = f"python -m tests.faults errno {name} --case '{case}'"
                say(f"FAILED {name} {case}\n{wrong}\nreplay: {again}")

        try:
            trial = ErrnoTrial(SCENARIOS[name], base)
            seeds = range(options.first, options.first + options.seeds)
            cases = [parsed_case(options.case)] if options.case else cases_of(trial.scenario.victim, seeds)
            if options.share:
                cases = some_of(cases, options.share, options.first)
            failed = run_cases(trial, cases, told, options.jobs)
            times = [float(line) for line in met.read_text().splitlines()] if met.exists() else [0.0]
        finally:
            shutil.rmtree(base, ignore_errors=True)
        bad += failed
        say(
            f"{name}: {len(cases)} cases, met in {len(times)}, {failed} failed, well again within {max(times):.1f} s, "
            f"{time.monotonic() - began:.0f} s"
        )
    return 1 if bad else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
