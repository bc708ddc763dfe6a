"""The program: puts the groups of commands together, and turns every error into one line and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final

import typer

import syncagent
from syncagent.cli.exits import Exit, exit_for
from syncagent.cli.helping import Sections, explain
from syncagent.cli.output import complain, say
from syncagent.errors import SyncAgentError

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


def run(arguments: Sequence[str]) -> int:
    """Run one command; gives its exit code.  A mistake of the user's is one line on stderr, and no traceback."""
    try:
        code = build(arguments[0] if arguments else "")(list(arguments), prog_name="syncagent", standalone_mode=False)
    except SyncAgentError as error:
        complain(str(error))
        return exit_for(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went (`… | head`): nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:
        # The exceptions of the parser have one method in common, and no class that is public in all its versions.
        if not hasattr(error, "format_message"):
            raise
        complain(f"{error.format_message()} (see `syncagent --help`)")
        return Exit.USAGE
    return int(code) if isinstance(code, int) else Exit.OK


def main() -> None:
    sys.exit(run(sys.argv[1:]))
