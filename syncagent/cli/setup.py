"""`setup`: the first run, in the browser."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from syncagent.agent.config.reading import gather
from syncagent.agent.launching import start_behind
from syncagent.agent.lock import is_held
from syncagent.agent.places import Places, places
from syncagent.cli.exits import Exit
from syncagent.cli.options import DataDir
from syncagent.cli.output import complain, say
from syncagent.cli.page import show
from syncagent.control import ControlClient


def register(app: typer.Typer) -> None:
    app.command()(setup)


def setup(
    data_dir: DataDir = None,
    only_print: Annotated[
        bool, typer.Option("--print", help="Say the page's address, which is good for one visit, and open nothing.")
    ] = False,
) -> int:
    """Set up this machine in your browser: keep the hub here or join one, choose the folder, start at login.

    What is set up already is started, and its page shown.
    """
    spot = places(data_dir)
    if "sync_root" in gather(spot, {}, {}).values:
        return _go_on(spot, only_print=only_print)
    from syncagent.agent.assistant import assist  # noqa: PLC0415 - it tries hubs: only for those who set up

    if asyncio.run(assist(spot, lambda url: _show(url, spot, only_print=only_print))):
        say("set up; the agent runs in the background")
        return Exit.OK
    complain("nothing was set up: nobody has used the page for a while")
    return Exit.ERROR


def _go_on(spot: Places, *, only_print: bool) -> int:
    if not is_held(spot.lock):
        start_behind(spot)
    _show(str(ControlClient(spot.control).call("page").get("url")), spot, only_print=only_print)
    return Exit.OK


def _show(url: str, spot: Places, *, only_print: bool) -> None:
    if only_print:
        say(url)
    else:
        show(url, spot.control.parent)
