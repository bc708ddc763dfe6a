"""How `--help` lists commands: each with its whole first sentence, and at the top in the order in which one meets
them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

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


EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "up": (
        "up ~/Documents",
        "up ~/Documents --dry-run",
        "up --listen 0.0.0.0",
        "up ~/Pictures --profile pictures",
    ),
    "join": (
        "join 'syncagent://hub.example:8765/default?key=…&fp=…' ~/Documents --dry-run",
        "join 'syncagent://hub.example:8765/default?key=…&fp=…' ~/Documents --background",
    ),
    "run": (
        "run --sync-root /srv/shared --server wss://hub.example:8765 --name server",
        "run --sync-root /srv/shared --server wss://hub.example:8765 --dry-run --json",
    ),
    "hub": ("hub --data-dir /srv/hub --listen 0.0.0.0:8765",),
    "wait": ("wait --timeout 300",),
    "pause": ("pause --for 30m", "pause --until tomorrow"),
    "limit": ("limit --up 500K --down 2MB", "limit --up off"),
    "log": ("log -n 20 --follow", "log ~/Documents/plan.odt"),
    "why": ("why ~/Documents/plan.odt",),
    "activity": ("activity --follow",),
    "undo": ("held --all", "undo 3"),
    "conflicts keep": ("conflicts keep plan.odt mine",),
    "conflicts merge": ("conflicts merge notes.txt",),
    "trash restore": ("trash restore plan.odt", "trash restore old/photos"),
    "trash empty": ("trash empty --older-than 7d",),
    "check-ignore": ("check-ignore -v build/main.o",),
    "exclude": ("exclude Videos", "exclude --list"),
    "config set": ("config set max_up 500K", "config set trash_days 90 --dry-run"),
    "config show": ("config show --origin",),
    "check": ("check --quick",),
    "doctor": ("doctor", "doctor --bundle for-help.zip"),
    "debug export": ("debug record", "debug export --output flight.jsonl"),
}
"""What one types, of commands that do not explain themselves by their options."""


class Plain(TyperCommand):
    """A command: its arguments as one types them, without the names of types, and examples."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [self.options_metavar or "", *shown_arguments(self)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        arguments: list[Any] = [one for one in self.params if one.param_type_name == "argument"]
        if rows := [(_called(one), str(one.help or "")) for one in arguments if not one.hidden]:
            with formatter.section("Arguments"):
                formatter.write_dl(rows)
        options = [one.get_help_record(ctx) for one in self.get_params(ctx) if one.param_type_name == "option"]
        if rows := [row for row in options if row is not None]:
            with formatter.section("Options"):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        if lines := EXAMPLES.get(ctx.command_path.partition(" ")[2], ()):
            with formatter.section("Examples"):
                for line in lines:
                    formatter.write(f"{'':>{formatter.current_indent}}syncagent {line}\n")


def shown_arguments(command: Any) -> Iterator[str]:
    """The arguments of a command as they stand in the first line of its help."""
    for one in command.params:
        if one.param_type_name == "argument":
            yield _called(one) if one.required else f"[{_called(one)}]"


def _called(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def explain(app: typer.Typer) -> None:
    """Have each command, also of groups, explain itself like that."""
    for command in app.registered_commands:
        command.cls = Plain
    for group in app.registered_groups:
        if group.typer_instance is not None:
            explain(group.typer_instance)


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
