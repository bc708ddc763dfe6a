"""How `--help` lists commands: each with its whole first sentence, and at the top in the order in which one meets
them."""

from __future__ import annotations

from typing import Any, Final

from typer.core import TyperGroup

_LONGEST: Final = 500
"""Characters of a first sentence; none of ours is so long."""

_SECTIONS: Final = {
    "Begin": ("setup", "up", "join", "autostart", "tray"),
    "How it stands": ("status", "wait", "page", "why", "log", "activity", "profiles", "open"),
    "What needs you": ("conflicts", "held", "approve", "reject", "undo", "trash"),
    "Pause, and how fast": ("pause", "resume", "sync", "limit", "stop"),
    "What is kept": ("check-ignore", "exclude", "include", "config"),
    "When something is wrong": ("doctor", "check", "heal", "debug"),
    "For services": ("run", "hub"),
}
_REST: Final = "More"


class Whole(TyperGroup):
    """Commands that lie within a command."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        self._list("Commands", self.list_commands(ctx), ctx, formatter)

    def _list(self, title: str, names: list[str], ctx: Any, formatter: Any) -> None:
        found = [(name, self.get_command(ctx, name)) for name in names]
        rows = [(name, one.get_short_help_str(_LONGEST)) for name, one in found if one is not None and not one.hidden]
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


class Sections(Whole):
    """All commands; those of which nobody has said where they belong come last."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        there = self.list_commands(ctx)
        for title, names in _SECTIONS.items():
            self._list(title, [name for name in names if name in there], ctx, formatter)
        said = {name for names in _SECTIONS.values() for name in names}
        self._list(_REST, [name for name in there if name not in said], ctx, formatter)
