"""The agent for services and containers, where everything is given: run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from syncagent.agent.keys import from_environment, load_key
from syncagent.cli import started
from syncagent.cli.dry import DryRun, foretell
from syncagent.cli.options import AsJson, BrakeOption, DataDir, NewFolder, NewHub, Profile, RespectGitignore, some_path
from syncagent.cli.which import in_any
from syncagent.errors import BadConfig


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
    if as_json and not dry_run:
        raise BadConfig("--json goes with --dry-run: an agent that runs is asked by `syncagent status --json`")
    if not dry_run:
        return started.run(
            data_dir, profile, sync_root, server, name, folder, new_hub, new_folder, brake, respect_gitignore
        )
    spot = in_any(data_dir, profile)
    source = started.agent_source(spot, sync_root, server, name, folder, brake, respect_gitignore)
    would = source.read()[spot.profile]
    if would.settings is None:
        raise BadConfig(would.trouble)
    new = {"new_hub": new_hub, "new_folder": new_folder}
    key = from_environment(os.environ) or load_key(spot)
    return foretell(would.settings, spot, key, command="run", **new, as_json=as_json)
