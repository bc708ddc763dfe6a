"""What is to happen in a world, as a list: acts of users, and faults.  A seed makes one; what fails is found in less of
it by leaving things out (``shrink``)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from tests.sim.faults import DEFAULT, FAULTS
from tests.sim.users import ALL, BUILDING, RULES

SECONDS = 3.0
CALLS = 350


@dataclass(frozen=True)
class Choice:
    """``what`` is a kind of act or of fault; ``number`` names its own chance.  It happens at a time, or, ``at_call``,
    just before the machine's call of that number to its disk (of the hub: its durable step)."""

    what: str
    machine: int
    when: float
    number: int
    at_call: bool = False

    @property
    def is_fault(self) -> bool:
        return self.what in FAULTS

    def __str__(self) -> str:
        at = f"call {int(self.when)}" if self.at_call else f"{self.when:.3f} s"
        return f"{self.what} @{self.machine} at {at} (#{self.number})"


Script = tuple[Choice, ...]


def write_script(
    seed: int, machines: int, acts: int, faults: Collection[str] = DEFAULT, *, rules: bool = False
) -> Script:
    """The script of a seed.  The kinds of faults that it may have are ``faults``; with ``rules`` users leave things
    out, and do not any more."""
    rng = Random(f"{seed}/script")
    number = 0
    choices: list[Choice] = []
    kinds = BUILDING if seed % 10 == 7 else ALL
    if rules:
        kinds = (*(BUILDING if seed % 3 == 0 else ALL), *RULES)
    solo = seed % 10 == 3
    able = sorted(faults)
    for _ in range(acts):
        number += 1
        machine = 0 if solo else rng.randrange(machines)
        kind = rng.choice(kinds)
        # Who writes as many bytes and sets the mtime back, in the very moment of our rename, is not noticed (a race
        # that ``localfs.standing.still`` names): so that act is not done between two calls.
        between = bool(able) and rng.random() < 0.5 and kind != "rewrite"
        when = float(_call(rng)) if between else rng.random() * SECONDS
        choices.append(Choice(kind, machine, when, number, between))
    for _ in range(rng.randrange(1, 7) if able else 0):
        number += 1
        what = rng.choice(able)
        fault = FAULTS[what]
        machine = rng.randrange(machines)
        when = float(fault.first + _call(rng) % fault.calls) if fault.calls else rng.random() * SECONDS * fault.until
        choices.append(Choice(what, machine, when, number, at_call=bool(fault.calls)))
    return tuple(choices)


def _call(rng: Random) -> int:
    """The number of a call: sooner ones more often, as there are not as many in every world."""
    return 80 + int(CALLS * rng.random() ** 2)
