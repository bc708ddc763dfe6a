"""python -m tests.sim SEED [--rules] [--shrink] [--trace] [--without FAULT,…] [--only FAULT,…]"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import traceback

from tests.sim.runs import failure_of, script_of, settings_of, smallest, tell_story


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description="One simulated world, from its seed.")
    parser.add_argument("seed", type=int)
    parser.add_argument("--rules", action="store_true", help="a world with rules that come and go")
    parser.add_argument("--shrink", action="store_true", help="look for the smallest script that fails in the same way")
    parser.add_argument("--trace", action="store_true", help="tell all that happens")
    parser.add_argument("--without", default="", help="kinds of faults that are left out, with commas between them")
    parser.add_argument("--only", default="", help="the kinds of faults that there are")
    given = parser.parse_args()
    settings = settings_of(given.seed, rules=given.rules)
    faults = frozenset(given.only.split(",")) if given.only else settings.faults - set(given.without.split(","))
    settings = dataclasses.replace(settings, faults=faults)
    script = script_of(settings)
    failure = failure_of(settings, script)
    if failure is not None and given.shrink:
        script, failure = smallest(settings, script, failure)
    lines = [f"{settings.machines} machines; {len(script)} choices:", *(f"  {choice}" for choice in script)]
    if given.trace:
        lines += tell_story(settings, script)
    lines += traceback.format_exception(failure) if failure is not None else [f"seed {given.seed}: all is well"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if failure is None else 1


if __name__ == "__main__":
    sys.exit(main())
