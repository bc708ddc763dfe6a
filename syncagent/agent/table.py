"""Commands by name: each module that answers some says so in one table, and ``commands`` joins them.

What comes with a command is what somebody typed, or a program of another version: what is not of the kind that was
expected counts as not said.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from typing import Any, Final, TypeAlias

from syncagent.control import Answer, UnknownCommand

Args: TypeAlias = Mapping[str, Any]
Table: TypeAlias = Mapping[str, Callable[[Args], Coroutine[Any, Any, Answer]]]
"""What is answered once."""
Streams: TypeAlias = Mapping[str, Callable[[Args], AsyncGenerator[Answer, None]]]
"""What is answered with events, as they come."""

OF_THE_WHOLE: Final = ("config", "config.reload", "config.set", "profiles", "stop")
"""What is asked of the agent, and not of one profile: ``hearing`` answers it."""


def joined(*tables: Table) -> Table:
    """All of them; a name stands in one alone."""
    whole: dict[str, Callable[[Args], Coroutine[Any, Any, Answer]]] = {}
    for table in tables:
        assert not (twice := whole.keys() & table.keys()), f"answered in two places: {sorted(twice)}"
        whole.update(table)
    return whole


async def answer(table: Table, command: str, args: Args) -> Answer:
    """The answer to one command.  Raises UnknownCommand, and what the command raises."""
    if command not in table:
        raise UnknownCommand(f"the agent does not know the command {command!r}")
    return await table[command](args)


# --- what came with a command ----------------------------------------------------------------------------------------


def text(args: Args, name: str) -> str:
    """Empty when it was not said."""
    return str(args.get(name) or "")


def flag(args: Args, name: str) -> bool:
    """Only a plain true is meant."""
    return args.get(name) is True


def number(args: Args, name: str, otherwise: float) -> float:
    """A number that is not negative."""
    said = args.get(name)
    return float(said) if isinstance(said, (int, float)) and not isinstance(said, bool) and said >= 0 else otherwise


def count(args: Args, name: str, otherwise: int, most: int) -> int:
    """A whole number that is not negative, and no more than ``most``."""
    said = args.get(name)
    return min(said, most) if isinstance(said, int) and not isinstance(said, bool) and said >= 0 else otherwise
