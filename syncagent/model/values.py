"""Values: what is only made and compared, never changed.

They are dataclasses, and made quicker than ``dataclass`` makes them.  That compiles up to six functions for each class
at each start of the program: half a millisecond for one, measured, and a tenth of a second of each process.  Here each
function is compiled once for all classes of one shape (how many fields there are, and which have a default that is made
anew); a class has a copy of it, with the names of its own fields.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from functools import cache
from types import CodeType, FunctionType
from typing import Any, Final, TypeVar, dataclass_transform

_Value = TypeVar("_Value")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[_Value]) -> type[_Value]:
    """A frozen dataclass with slots, for what is made by the ten thousand: nodes, facts, changes, ops, events, effects.

    That nothing is assigned to it is checked by mypy, not at run time.  What checks it at run time, too, is made by
    ``object.__setattr__``, field by field, which takes five times as long.
    """
    return _made(cls, assigns=True)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def fixed(cls: type[_Value]) -> type[_Value]:
    """A frozen dataclass with slots, to which nothing can be assigned at run time either."""
    made: Any = _made(cls, assigns=False)
    made.__setattr__, made.__delattr__ = _refuse, _refuse
    made.__getstate__, made.__setstate__ = _state, _set_state
    return made  # type: ignore[no-any-return]


def _made(cls: type[_Value], *, assigns: bool) -> type[_Value]:
    # An ``__eq__`` of its own makes Python say that it has no hash.
    own = {name for name, method in vars(cls).items() if method is not None}
    cls.__doc__ = cls.__doc__ or cls.__name__  # or it is made of the signature, which takes as long as all else
    made: Any = dataclass(slots=True, init=False, eq=False, repr=False)(cls)
    every = fields(made)
    compared = tuple(one.name for one in every if one.compare)
    hashed = tuple(one.name for one in every if (one.compare if one.hash is None else one.hash))
    for name, method in (
        ("__init__", _init(every, assigns, hasattr(made, "__post_init__"))),
        ("__eq__", _named(_eq(len(compared)), compared)),
        ("__hash__", _named(_hash(len(hashed)), hashed)),
        ("__repr__", _shown),
    ):
        if name not in own:
            setattr(made, name, method)
    return made  # type: ignore[no-any-return]


# --- functions of a shape -----------------------------------------------------------------------------------------

_ANEW: Final = object()
"""Stands for a default that is made anew."""


def _init(every: tuple[Field[Any], ...], assigns: bool, has_post: bool) -> FunctionType:
    makers = {f"make{at}": one.default_factory for at, one in enumerate(every) if one.default_factory is not MISSING}
    defaults = [_ANEW if one.default_factory is not MISSING else one.default for one in every]
    given = [default for default in defaults if default is not MISSING]
    if MISSING in defaults[len(every) - len(given) :] or any(not one.init or one.kw_only for one in every):
        raise TypeError("a value takes all of its fields, in their order, and those with a default come last")
    anew = tuple(f"make{at}" in makers for at in range(len(every)))
    init = _named(_init_code(anew, assigns, has_post), tuple(one.name for one in every), makers)
    init.__defaults__ = tuple(given)
    return init


@cache
def _init_code(anew: tuple[bool, ...], assigns: bool, has_post: bool) -> CodeType:
    names = _places(len(anew))
    lines = ["pass"]
    for at, name in enumerate(names):
        one = f"make{at}() if {name} is ANEW else {name}" if anew[at] else name
        lines.append(f"self.{name} = {one}" if assigns else f"assign(self, {name!r}, {one})")
    if has_post:
        lines.append("self.__post_init__()")
    return _compiled(f"__init__({', '.join(['self', *names])})", lines)


@cache
def _eq(count: int) -> CodeType:
    one, other = (f"({''.join(f'{who}.{name}, ' for name in _places(count))})" for who in ("self", "other"))
    return _compiled("__eq__(self, other)", ["if other.__class__ is self.__class__:", f" return {one} == {other}",
                                             "return NotImplemented"])  # fmt: skip


@cache
def _hash(count: int) -> CodeType:
    return _compiled("__hash__(self)", [f"return hash(({''.join(f'self.{name}, ' for name in _places(count))}))"])


def _compiled(head: str, lines: list[str]) -> CodeType:
    text = "\n ".join([f"def {head}:", *lines])
    return next(one for one in compile(text, "<value>", "exec").co_consts if isinstance(one, CodeType))


def _places(count: int) -> list[str]:
    """What stands for the names of fields: nothing is called like that."""
    return [f"_{at}" for at in range(count)]


def _named(code: CodeType, names: tuple[str, ...], makers: dict[str, Any] | None = None) -> FunctionType:
    """A copy of ``code``, with the names of a class's fields."""
    of = dict(zip(_places(len(names)), names, strict=True))
    own = code.replace(
        co_varnames=tuple(of.get(one, one) for one in code.co_varnames),
        co_names=tuple(of.get(one, one) for one in code.co_names),
        co_consts=tuple(of.get(one, one) if type(one) is str else one for one in code.co_consts),
    )
    return FunctionType(own, {**_KNOWN, **makers} if makers else _KNOWN)


_KNOWN: Final[dict[str, Any]] = {"ANEW": _ANEW, "assign": object.__setattr__}


# --- the same for all ---------------------------------------------------------------------------------------------


def _shown(one: Any) -> str:
    parts = [f"{field.name}={getattr(one, field.name)!r}" for field in fields(one) if field.repr]
    return f"{type(one).__qualname__}({', '.join(parts)})"


def _refuse(one: Any, name: str, _: object = None) -> None:
    raise FrozenInstanceError(f"{type(one).__qualname__}.{name} is fixed")


def _state(one: Any) -> list[Any]:
    return [getattr(one, each.name) for each in fields(one)]


def _set_state(one: Any, state: list[Any]) -> None:
    for each, kept in zip(fields(one), state, strict=True):
        object.__setattr__(one, each.name, kept)
