"""What a check says: how it is, what was found, what that means, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import Enum
from typing import Any, Final

from syncagent.model.values import fixed


class Verdict(Enum):
    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing need be done."""
    WARNING = "warning"
    """It works, but not as well as it could, or not for much longer."""
    PROBLEM = "problem"
    """It keeps the agent from working."""


_ORDER: Final = list(Verdict)


@fixed
class Check:
    """One thing that was looked at.  ``means`` is for one who has never heard of it, and ``todo`` what to do; both are
    empty when it is well.  ``data`` are the figures, for programs."""

    name: str
    verdict: Verdict
    found: str
    todo: str = ""
    means: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name, "verdict": self.verdict.value, "found": self.found, "means": self.means,
            "todo": self.todo, "data": dict(self.data),
        }  # fmt: skip


def worst(checks: Iterable[Check]) -> Verdict:
    """The most serious verdict of all."""
    return max((check.verdict for check in checks), key=_ORDER.index, default=Verdict.OK)


def ok(name: str, found: str, **data: Any) -> Check:
    return Check(name, Verdict.OK, found, data=data)


def note(name: str, found: str, means: str = "", todo: str = "", **data: Any) -> Check:
    return Check(name, Verdict.NOTE, found, todo, means, data)


def warning(name: str, found: str, todo: str, means: str = "", **data: Any) -> Check:
    return Check(name, Verdict.WARNING, found, todo, means, data)


def problem(name: str, found: str, todo: str, means: str = "", **data: Any) -> Check:
    return Check(name, Verdict.PROBLEM, found, todo, means, data)
