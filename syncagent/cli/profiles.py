"""`profiles`: the folders that this agent keeps, each under a name; and taking one out again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from syncagent.agent.config.document import PROFILES, profile_name, read_document, said_name, text_of
from syncagent.agent.config.reading import Source
from syncagent.agent.config.writing import alone, put, without_profile
from syncagent.agent.places import Places, places
from syncagent.cli.exits import Exit
from syncagent.cli.options import AsJson, DataDir
from syncagent.cli.output import complain, say, show_json
from syncagent.cli.words import one_line
from syncagent.control import ControlClient
from syncagent.errors import BadConfig, NotRunning


def register(app: typer.Typer) -> None:
    app.command()(profiles)


def profiles(
    data_dir: DataDir = None,
    remove: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Keep this one no more; its folder stays as it is.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List the folders that this agent keeps; `up` or `join` with --profile NAME adds one."""
    spot = places(data_dir)
    if remove is not None:
        _take_out(spot, remove)
    found = listed(spot)
    if as_json:
        show_json({"profiles": found})
        return Exit.OK
    for one in found:
        why = f" ({one_line(one['reason'])})" if one["reason"] else ""
        place = f"{one['root'] or 'no folder yet'} with {one['server'] or 'no hub yet'}"
        say(f"{one['profile']}: {place}, {one['state']}{why}")
    return Exit.OK


def listed(spot: Places) -> list[dict[str, Any]]:
    """What an agent that runs says; else what is set up."""
    try:
        found: list[dict[str, Any]] = ControlClient(spot.control).call("profiles")["profiles"]
    except NotRunning:
        found = [
            {
                "profile": said_name(name),
                **{key: str(read.given.values.get(given, "")) for key, given in _SHOWN},
                "state": "not running",
                "reason": read.trouble,
            }
            for name, read in Source(spot).read().items()
        ]
    return found


_SHOWN = (("root", "sync_root"), ("server", "server"), ("folder", "folder"))


def _take_out(spot: Places, said: str) -> None:
    """Raises BadConfig."""
    name = profile_name(said)
    if not name:
        raise BadConfig("the profile default stands at the top of the file: `syncagent config edit` takes it out")
    with alone(spot):
        document = read_document(spot.config)
        if name not in document.named:
            there = ", ".join(document.named) or "none"
            raise BadConfig(f"there is no profile {name} in [{PROFILES}…] of {spot.config}, but {there}")
        root = Path(str(document.named[name].get("sync_root", "")))
        put(spot, without_profile(text_of(spot.config), name))
    try:
        answer = ControlClient(spot.control).call("config.reload")
        if error := answer.get("error"):
            complain(str(error))
    except NotRunning:
        pass
    say(f"{name} is kept no more; {root} stays as it is, and what the agent knew of it is in {spot.of(name).state}")
