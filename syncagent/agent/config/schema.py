"""What there is to say of each setting: in `config show`, on a page, in a fresh file."""

from __future__ import annotations

from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen

from syncagent.agent.config.settings import About, Applies, Settings, about, default_of
from syncagent.model.values import fixed
from syncagent.transport.proxy import without_password

_TYPES: Final = {str: "text", Path: "path", int: "integer", float: "number", bool: "boolean"}


@fixed
class Described:
    """One setting.  ``least`` and ``most`` are None where there is no bound; ``above`` is a least that is itself too
    little."""

    key: str
    type: str
    default: Any
    doc: str
    about: About
    choices: tuple[str, ...] = ()
    least: float | None = None
    above: float | None = None
    most: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """As the control socket and ``--json`` have it."""
        return {
            "key": self.key, "type": self.type, "default": as_plain(self.default), "doc": self.doc,
            "unit": self.about.unit, "choices": list(self.choices), "minimum": self.least, "above": self.above,
            "maximum": self.most, "applies": self.about.applies.value, "scope": self.about.scope.value,
            "group": self.about.group, "required": self.default is None,
            "why": self.about.why,
        }  # fmt: skip

    @property
    def allowed(self) -> str:
        """What may stand there, in words: ``1 to 10080 minutes``."""
        if self.choices:
            return " or ".join(f'"{choice}"' for choice in self.choices)
        if self.type in ("boolean", "rate"):
            return {"boolean": "true or false", "rate": self.about.unit}[self.type]
        if self.type == "list":
            return "a list"
        bounds = [
            *([f"more than {self.above:g}"] if self.above is not None else []),
            *([f"{self.least:g} to {self.most:g}"] if self.least is not None and self.most is not None else []),
            *([f"{self.least:g} or more"] if self.least is not None and self.most is None else []),
            *([f"{self.most:g} at most"] if self.least is None and self.most is not None else []),
        ]
        if self.type in ("text", "path"):
            return f"{self.most:g} characters at most" if self.most is not None else ""
        return " ".join(part for part in (", ".join(bounds), self.about.unit) if part)


def describe(key: str) -> Described:
    """What there is to say of the setting ``key``."""
    field = Settings.model_fields[key]
    what = about(key)
    kind, choices = _kind(field.annotation)
    bounds: dict[str, Any] = {}
    for one in field.metadata:
        match one:
            case Ge(ge=value) | MinLen(min_length=value):
                bounds["least"] = value
            case Gt(gt=value):
                bounds["above"] = value
            case Le(le=value) | Lt(lt=value) | MaxLen(max_length=value):
                bounds["most"] = value
    return Described(key, what.kind or kind, default_of(key), field.description or "", what, choices, **bounds)


def describe_all() -> list[Described]:
    """All settings, in the order in which they are declared."""
    return [describe(key) for key in Settings.model_fields]


def _kind(annotation: Any) -> tuple[str, tuple[str, ...]]:
    """The type in a word, and what may be chosen from."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin is Literal:
        return "choice", tuple(str(one) for one in get_args(annotation))
    if origin in (Union, UnionType):
        return _kind(next(one for one in get_args(annotation) if one is not type(None)))
    if origin in (list, tuple, frozenset, set):
        return "list", ()
    if origin is dict:
        return "table", ()
    return _TYPES.get(annotation, "text"), ()


def as_plain(value: Any) -> Any:
    """A value as JSON and TOML have it."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (tuple, list, set, frozenset)):
        return [as_plain(one) for one in value]
    return value


def shown(key: str, value: Any) -> Any:
    """The same, as it may be seen: a password is not."""
    return without_password(value) if isinstance(value, str) and about(key).kind == "proxy" else as_plain(value)


HOW: Final = {
    Applies.LIVE: "takes effect at once",
    Applies.RECONNECT: "takes effect at once, over a new connection",
    Applies.RESTART: "takes effect at the next start",
}
