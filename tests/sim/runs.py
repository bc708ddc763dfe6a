"""How a seed becomes a world, for tests and for the command line; and how little of it still fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.sim import faults as kinds
from tests.sim.script import Choice, Script, write_script
from tests.sim.world import World


@dataclass(frozen=True)
class Settings:
    """What a seed is, beside its number."""

    seed: int
    machines: int
    acts: int
    faults: frozenset[str]
    rules: bool = False


def settings_of(seed: int, *, rules: bool = False) -> Settings:
    """Every fifth seed goes without any fault."""
    return Settings(seed, 2 + seed % 4 // 3, seed % 25, kinds.ALL if seed % 5 else frozenset(), rules)


def script_of(settings: Settings) -> Script:
    faults = settings.faults & kinds.FAULTS.keys()
    return write_script(settings.seed, settings.machines, settings.acts, faults, rules=settings.rules)


def play(settings: Settings, script: Script) -> World:
    world = World(settings.seed, settings.machines, faults=settings.faults)
    try:
        world.play(script)
    finally:
        world.end()
    return world


def run(seed: int, *, rules: bool = False) -> World:
    settings = settings_of(seed, rules=rules)
    return play(settings, script_of(settings))


def failure_of(settings: Settings, script: Script) -> Exception | None:
    try:
        play(settings, script)
    except Exception as failure:  # noqa: BLE001 - whatever it is, it is what is looked for
        return failure
    return None


def shrunk(script: Script, fails: Callable[[Script], bool], most: int = 400) -> Script:
    """A part of ``script`` that still fails, and of which no smaller part was found that does (delta debugging)."""
    left: list[Choice] = list(script)
    tries = 0
    size = max(len(left) // 2, 1)
    while left:
        found = False
        for start in range(0, len(left), size):
            without = (*left[:start], *left[start + size :])
            tries += 1
            if tries > most:
                return tuple(left)
            if fails(without):
                left, found = list(without), True
                break
        if not found:
            if size == 1:
                break
            size = max(size // 2, 1)
    return tuple(left)


def smallest(settings: Settings, script: Script, failure: Exception) -> tuple[Script, Exception]:
    """The smallest part of ``script`` that was found to fail in the same way as the whole, and how it fails."""
    wanted = kind_of(failure)
    failures: dict[Script, Exception] = {tuple(script): failure}

    def fails(part: Script) -> bool:
        seen = failure_of(settings, part)
        if seen is None or kind_of(seen) != wanted:
            return False
        failures[part] = seen
        return True

    left = shrunk(script, fails)
    return left, failures[left]


def kind_of(failure: Exception) -> str:
    """What two failures have in common that are the same one."""
    return f"{type(failure).__name__} {str(failure).partition(':')[0]}"


def tell_story(settings: Settings, script: Script) -> list[str]:
    """All that happens, line by line."""
    world = World(settings.seed, settings.machines, faults=settings.faults)
    world.schedule.story = story = []
    with suppress(Exception):
        world.play(script)
    world.end()
    return story


def told(seed: int, failure: Exception, script: Sequence[Choice], what: str = "sim") -> str:
    """A failure, the command that replays it, and the smallest script that was found."""
    lines = [f"replay with: make {what} FIRST={seed} SEEDS=1", str(failure), f"the script ({len(script)} choices):"]
    return "\n".join([*lines, *(f"  {choice}" for choice in script)])
