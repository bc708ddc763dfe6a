"""Values: what is only made and compared, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_Value = TypeVar("_Value")


@dataclass_transform(frozen_default=True)
def value(cls: type[_Value]) -> type[_Value]:
    """A frozen dataclass with slots, for what is made by the ten thousand: nodes, facts, changes, ops.

    That nothing is assigned to it is checked by mypy, not at run time.  A dataclass that checks it at run time, too, is
    made by ``object.__setattr__``, field by field, which takes five times as long.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
