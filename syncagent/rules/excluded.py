"""What one machine excludes, as paths: what may come to it, and what may go.

Known to the engine, and to a command that is given while no agent runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from syncagent.model.names import RelPath

_Any = TypeVar("_Any")


def objection(excluded: Iterable[RelPath], path: RelPath, *, exclude: bool) -> str:
    """Why ``path`` cannot be excluded, or included, when these are; empty when it can."""
    above = next((one for one in excluded if is_within(path, one)), None)
    if exclude:
        return "" if above is None else f"{path} is excluded already{'' if above == path else f', with {above}'}"
    if above == path:
        return ""
    return f"{path} lies in {above}, which is excluded" if above is not None else f"{path} is not excluded"


def changed(excluded: Mapping[RelPath, _Any], path: RelPath, what: _Any, *, exclude: bool) -> dict[RelPath, _Any]:
    """What is excluded then.  What lies in what is excluded, and was so by itself, is so with it."""
    if not exclude:
        return {one: known for one, known in excluded.items() if one != path}
    return {one: known for one, known in excluded.items() if not is_within(one, path)} | {path: what}


def is_within(path: RelPath, folder: RelPath) -> bool:
    """Whether ``path`` is ``folder``, or lies in it."""
    return path == folder or path.startswith(f"{folder}/")
