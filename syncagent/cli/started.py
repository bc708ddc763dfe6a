"""What services and containers start, where everything is given: an agent, and a hub.  Nothing here is the parser's."""

from __future__ import annotations

import os
from pathlib import Path

from syncagent.agent.config.kinds import host_and_port
from syncagent.agent.config.reading import Source, relevant
from syncagent.agent.keys import KEY_VARIABLE, from_environment, load_key
from syncagent.agent.places import Places
from syncagent.cli.which import in_any
from syncagent.errors import BadConfig
from syncagent.private import make_private
from syncagent.reserve import bytes_or_share

HUB_LISTENS = "127.0.0.1:8765"


def agent_source(
    spot: Places,
    sync_root: Path | None = None,
    server: str | None = None,
    name: str | None = None,
    folder: str | None = None,
    brake: str | None = None,
    respect_gitignore: bool | None = None,
) -> Source:
    """Where the settings of `run` come from."""
    options = {
        "sync_root": None if sync_root is None else Path(os.path.abspath(sync_root.expanduser())),
        "server": server,
        "name": name,
        "folder": folder,
        "brake": brake,
        "respect_gitignore": respect_gitignore,
    }
    return Source(spot, relevant(os.environ), options)


def run(
    data_dir: Path | None = None,
    profile: str | None = None,
    sync_root: Path | None = None,
    server: str | None = None,
    name: str | None = None,
    folder: str | None = None,
    new_hub: bool = False,
    new_folder: bool = False,
    brake: str | None = None,
    respect_gitignore: bool | None = None,
) -> int:
    """`run`."""
    spot = in_any(data_dir, profile)
    key = from_environment(os.environ)
    source = agent_source(spot, sync_root, server, name, folder, brake, respect_gitignore)
    if (read := source.read().get(spot.profile)) is not None:
        if read.settings is None:
            raise BadConfig(read.trouble)
        make_private(spot.data_dir)
        if not (key or load_key(spot)):
            raise BadConfig(f"no key for the hub: set {KEY_VARIABLE}, or begin with `syncagent join LINK`")
    from syncagent.cli import compose  # noqa: PLC0415 - all of both halves: not for `status`

    return compose.run_agent_alone(compose.Start(source, key, new_hub=new_hub, new_folder=new_folder))


def hub(
    data_dir: Path | None = None,
    listen: str = HUB_LISTENS,
    insecure: bool = False,
    brake: str = "on",
    brake_files: int = 10,
    brake_share: float = 0.5,
    brake_most: int = 1000,
    min_free: str = "1%",
) -> int:
    """`hub`."""
    if data_dir is None:
        raise BadConfig("the option --data-dir is missing (see `syncagent hub --help`)")
    try:
        host, port = host_and_port(listen)
    except ValueError as error:
        raise BadConfig(f"--listen: {error}") from None
    if brake not in ("on", "off"):
        raise BadConfig(f"--brake: must be on or off, and is {brake!r}")
    try:
        bytes_or_share(min_free)
    except ValueError as error:
        raise BadConfig(f"--min-free: {error}") from None
    directory = make_private(data_dir.expanduser().resolve())
    from syncagent.cli import compose  # noqa: PLC0415 - as above

    limits = compose.brake_rules(on=brake == "on", files=brake_files, share=brake_share, most=brake_most)
    key = from_environment(os.environ)
    return compose.run_hub_alone(directory, host, port, insecure=insecure, key=key, brake=limits, min_free=min_free)
