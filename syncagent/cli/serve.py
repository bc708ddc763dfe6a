"""The agent for services and containers, where everything is given: run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from syncagent.agent.config.reading import Source, relevant
from syncagent.agent.keys import KEY_VARIABLE, from_environment, load_key
from syncagent.cli.dry import DryRun, foretell
from syncagent.cli.options import AsJson, BrakeOption, DataDir, NewFolder, NewHub, Profile, RespectGitignore, some_path
from syncagent.cli.which import in_any
from syncagent.errors import BadConfig
from syncagent.private import make_private


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(
    data_dir: DataDir = None,
    profile: Profile = None,
    sync_root: Annotated[
        Path | None,
        typer.Option(
            metavar="R",
            help="The folder to keep; otherwise as set in config.toml.",
            show_default=False,
            parser=some_path,
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="The hub's address: ws://HOST:PORT, or wss:// beyond this machine.", show_default=False
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="N", help="What this machine is called; otherwise its host name.", show_default=False),
    ] = None,
    folder: Annotated[
        str | None,
        typer.Option(
            metavar="F", help="Which of the hub's folders; otherwise the one called default.", show_default=False
        ),
    ] = None,
    new_hub: NewHub = False,
    new_folder: NewFolder = False,
    brake: BrakeOption = None,
    respect_gitignore: RespectGitignore = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Run an agent.  SYNCAGENT_API_KEY is its key; what is not given comes from config.toml."""
    spot = in_any(data_dir, profile)
    key = from_environment(os.environ)
    options = {
        "sync_root": None if sync_root is None else Path(os.path.abspath(sync_root.expanduser())),
        "server": server,
        "name": name,
        "folder": folder,
        "brake": brake,
        "respect_gitignore": respect_gitignore,
    }
    source = Source(spot, relevant(os.environ), options)
    if as_json and not dry_run:
        raise BadConfig("--json goes with --dry-run: an agent that runs is asked by `syncagent status --json`")
    if dry_run:
        would = source.read()[spot.profile]
        if would.settings is None:
            raise BadConfig(would.trouble)
        new = {"new_hub": new_hub, "new_folder": new_folder}
        return foretell(would.settings, spot, key or load_key(spot), command="run", **new, as_json=as_json)
    if (read := source.read().get(spot.profile)) is not None:
        if read.settings is None:
            raise BadConfig(read.trouble)
        make_private(spot.data_dir)
        if not (key or load_key(spot)):
            raise BadConfig(f"no key for the hub: set {KEY_VARIABLE}, or begin with `syncagent join LINK`")
    from syncagent.cli import compose  # noqa: PLC0415 - all of both halves: not for `status`

    return compose.run_agent_alone(compose.Start(source, key, new_hub=new_hub, new_folder=new_folder))
