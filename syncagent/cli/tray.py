"""`tray`: the icon beside the clock."""

from __future__ import annotations

from typing import Annotated

import typer

from syncagent.agent.places import places
from syncagent.cli.exits import Exit
from syncagent.cli.options import DataDir
from syncagent.cli.output import tell
from syncagent.errors import SyncAgentError


def register(app: typer.Typer) -> None:
    app.command()(tray)


def tray(
    data_dir: DataDir = None,
    icon: Annotated[
        bool, typer.Option("--tray/--no-tray", help="Without an icon there are notifications, and the page.")
    ] = True,
    open_page: Annotated[
        bool, typer.Option("--open", help="Show the agent's page, too; also when a tray runs already.")
    ] = False,
    symbolic: Annotated[bool, typer.Option("--symbolic", help="Icons of one colour, that of the panel.")] = False,
) -> int:
    """Show an icon in the desktop's tray that says how your folder is doing, until you quit it there."""
    try:
        # A server has no desktop, and need not have what only one needs.
        from syncagent.desktop.app import Options, run_tray  # noqa: PLC0415

        run_tray(places(data_dir), Options(tell, icon, open_page or not icon, symbolic))
    except ImportError as error:
        raise SyncAgentError(f"the tray needs more: pip install 'syncagent[tray]' ({error})") from None
    return Exit.OK
