"""Events and effects as JSON, and back.

Out: a dataclass is an object with its type under ``_``, bytes are ``0x…``, an enum its value.  Back: by the types that
the dataclasses declare, so that what comes back is equal to what went out.  Nothing is evaluated, and no type is made
but those that an Event is made of.

``touch`` sees each leaf on its way back with the declared name of its type (``RelPath``, ``Digest`` …) and of its
field: that is how names are hashed in what is exported.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Any, Final, NewType, TypeAlias, Union, get_args, get_origin, get_type_hints

from syncagent.engine.events import Event
from syncagent.trees.kept import KeptRows

Touch: TypeAlias = Callable[[str, str, Any], Any]
"""Given the type's name, the field's name, and the value; gives the value to take."""


def as_it_is(_type: str, _field: str, value: Any) -> Any:
    return value


def plain(value: Any) -> Any:
    """``value`` as JSON has it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"_": type(value).__name__, **fields}
    if isinstance(value, (bytes, memoryview)):
        return "0x" + bytes(value).hex()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(one) for one in value), key=str)
    if isinstance(value, (list, tuple, KeptRows)):
        return [plain(one) for one in value]
    return value


def event_from(value: Any, touch: Touch = as_it_is) -> Any:
    """The event that ``plain`` gave ``value`` for.  Raises ValueError when it is none."""
    try:
        return _made(value, Event, "event", touch)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not an event: {error}") from error


def _made(value: Any, hint: Any, field: str, touch: Touch) -> Any:
    if isinstance(hint, NewType):
        return touch(hint.__name__, field, _made(value, hint.__supertype__, field, as_it_is))
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _one_of(value, inner, field, touch)
    if origin is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_made(one, inner[0], field, touch) for one in value)
        return tuple(_made(one, each, field, touch) for one, each in zip(value, inner, strict=True))
    if origin is frozenset:
        return frozenset(_made(one, inner[0], field, touch) for one in value)
    if origin is not None and issubclass(origin, Mapping):
        pairs = value.items()
        return {_made(key, inner[0], field, touch): _made(one, inner[1], field, touch) for key, one in pairs}
    if dataclasses.is_dataclass(hint):
        return _dataclass(value, hint, touch)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return _leaf(value, hint, field, touch)


def _leaf(value: Any, hint: Any, field: str, touch: Touch) -> Any:
    if hint is bytes:
        if not value.startswith("0x"):
            raise ValueError(f"{field}: not bytes")
        return touch("bytes", field, bytes.fromhex(value[2:]))
    if hint is float and isinstance(value, int):
        value = float(value)
    if not isinstance(value, hint) or (hint is not bool and isinstance(value, bool)):
        raise TypeError(f"{field}: {type(value).__name__} where {hint.__name__} belongs")
    return touch(hint.__name__, field, value)


def _one_of(value: Any, hints: tuple[Any, ...], field: str, touch: Touch) -> Any:
    if value is None and type(None) in hints:
        return None
    flat = [each for hint in hints for each in (get_args(hint) or (hint,)) if each is not type(None)]
    if isinstance(value, Mapping) and "_" in value:
        for each in flat:
            if dataclasses.is_dataclass(each) and getattr(each, "__name__", "") == value["_"]:
                return _dataclass(value, each, touch)
        raise ValueError(f"{field}: no type {value['_']!r} there")
    leaves = [hint for hint in hints if hint is not memoryview]  # written down, a view of bytes is bytes
    [rest] = [hint for hint in leaves if hint is not type(None) and not dataclasses.is_dataclass(hint)]
    return _made(value, rest, field, touch)


def _dataclass(value: Any, hint: Any, touch: Touch) -> Any:
    if value.get("_") != hint.__name__:
        raise ValueError(f"{value.get('_')!r} where {hint.__name__} belongs")
    fields = {name: _made(value[name], kind, name, touch) for name, kind in _hints(hint).items() if name in value}
    return hint(**fields)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    names: Final = [field.name for field in dataclasses.fields(kind)]
    found = get_type_hints(kind)
    return {name: found[name] for name in names}
