"""The program as the parser has it: the groups of commands, put together."""

from __future__ import annotations

import importlib
from typing import Final

import typer

import syncagent
from syncagent.cli.exits import Exit
from syncagent.cli.helping import Sections, explain
from syncagent.cli.output import say

_GROUPS: Final = {
    "begin": ("up", "join"),
    "setup": ("setup",),
    "hub": ("hub",),
    "serve": ("run",),
    "settings": ("config",),
    "profiles": ("profiles",),
    "ask": ("status", "wait", "sync", "pause", "resume", "limit", "heal", "stop", "log"),
    "check": ("check",),
    "debug": ("debug",),
    "decide": ("held", "approve", "reject", "undo"),
    "ignore": ("check-ignore", "exclude", "include"),
    "conflicts": ("conflicts",),
    "inbox": ("why", "activity"),
    "trash": ("trash",),
    "login": ("autostart",),
    "page": ("page", "open"),
    "look": ("doctor", "version"),
    "tray": ("tray",),
    "completion": ("completion",),
}
"""The modules, and the commands that each registers."""


def build(wanted: str = "") -> typer.Typer:
    """The whole command line; or, since a script may ask for `status` every second, no more of it than the group of the
    command that is ``wanted``."""
    app = typer.Typer(
        name="syncagent",
        cls=Sections,
        help="Keeps a folder the same on all of your machines, through a hub that you run yourself.",
        no_args_is_help=False,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_top)
    for module, commands in _GROUPS.items():
        if wanted in commands or not any(wanted in others for others in _GROUPS.values()):
            importlib.import_module(f"syncagent.cli.{module}").register(app)
    explain(app)
    return app


def _top(context: typer.Context, version: bool = typer.Option(False, "--version", help="Say the version.")) -> None:
    if version:
        say(f"syncagent {syncagent.__version__}")
        raise typer.Exit(Exit.OK)
    if context.invoked_subcommand is None:
        say(context.get_help())
        raise typer.Exit(Exit.USAGE)
