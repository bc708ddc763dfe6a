"""Values: what is only made and compared, never changed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar, dataclass_transform

_Value = TypeVar("_Value")


@dataclass_transform(frozen_default=True)
def value(cls: type[_Value]) -> type[_Value]:
    """A frozen dataclass with slots, for what is made by the ten thousand: nodes, facts, changes, ops, events, effects.

    That nothing is assigned to it is checked by mypy, not at run time.  A dataclass that checks it at run time, too, is
    made by ``object.__setattr__``, field by field, which takes five times as long; and what checks it is compiled for
    each class at each start of the program, as is how each is shown, which is the same for all here.
    """
    cls.__doc__ = cls.__doc__ or cls.__name__  # or it is made of the signature, which takes as long as all else
    made: Any = dataclass(slots=True, unsafe_hash=True, repr=False)(cls)
    if "__repr__" not in cls.__dict__:
        made.__repr__ = _shown
    return made  # type: ignore[no-any-return]


def _shown(one: Any) -> str:
    parts = [f"{field.name}={getattr(one, field.name)!r}" for field in fields(one) if field.repr]
    return f"{type(one).__qualname__}({', '.join(parts)})"
