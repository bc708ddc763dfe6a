"""What a person looks at, on the desktop: the agent's page in the browser, and the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncagent.agent.opening import CannotOpen, open_folder, open_page
from syncagent.agent.places import places
from syncagent.cli.asked import agent_of
from syncagent.cli.exits import Exit
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import complain, say, show_json


def register(app: typer.Typer) -> None:
    app.command()(page)
    app.command(name="open")(open_)


def page(
    data_dir: DataDir = None,
    profile: Profile = None,
    only_print: Annotated[
        bool, typer.Option("--print", help="Say its address, which is good for one visit, and open nothing.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Show the agent's page in your browser: how it stands, what came and went, conflicts, settings."""
    spot = places(data_dir)
    url = str(agent_of(data_dir, profile).call("page").get("url"))
    if as_json:
        show_json({"url": url})
    elif only_print:
        say(url)
    else:
        show(url, spot.control.parent)
    return Exit.OK


def show(url: str, private: Path) -> None:
    """Open ``url`` in the browser; where that is not possible, say it."""
    try:
        open_page(url, private)
    except CannotOpen as reason:
        complain(f"{reason}; open this yourself, once, within three minutes:")
        say(url)
    else:
        say("the page opens in your browser")


def open_(
    data_dir: DataDir = None,
    profile: Profile = None,
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="PATH", help="What is to be shown in it; otherwise the folder itself.", show_default=False
        ),
    ] = None,
) -> int:
    """Show the folder that is kept in your file manager."""
    root = Path(str(agent_of(data_dir, profile).call("status").get("root")))
    place = root if path is None else root / path
    open_folder(place.parent if path is not None and not place.is_dir() else place)
    return Exit.OK
