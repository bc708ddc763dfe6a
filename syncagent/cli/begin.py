"""Commands that begin: `up` on the first machine, `join` on each further one.

Both leave a config.toml and a key behind, so that the next `up` goes on where they were.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from syncagent.agent.autostart.program import ourselves
from syncagent.agent.config.document import UNNAMED
from syncagent.agent.config.kinds import host_and_port
from syncagent.agent.config.reading import Source, gather, read_settings, relevant
from syncagent.agent.config.settings import Settings
from syncagent.agent.founding import Proposal, propose, propose_joined
from syncagent.agent.keys import from_environment, load_key
from syncagent.agent.launching import start_behind
from syncagent.agent.lock import is_held
from syncagent.agent.places import Places, places
from syncagent.agent.reach import is_loopback, reach_from_afar
from syncagent.cli.dry import DryRun, foretell
from syncagent.cli.exits import Exit, stuck
from syncagent.cli.options import AsJson, Background, BrakeOption, DataDir, NewFolder, NewHub, Profile, some_path
from syncagent.cli.output import complain, say
from syncagent.cli.which import to_begin
from syncagent.cli.words import summary
from syncagent.control import ControlClient
from syncagent.errors import AlreadyRunning, BadConfig
from syncagent.model.link import Link, format_link, parse_link

Folder = Annotated[
    Path | None,
    typer.Argument(
        metavar="FOLDER",
        help="The folder to keep; ~/syncagent when none was set up before.",
        show_default=False,
        parser=some_path,
    ),
]
MachineName = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="What this machine is called, also in conflict copies; otherwise its host name.",
        show_default=False,
    ),
]


KeepGitignore = Annotated[
    bool | None,
    typer.Option(
        "--respect-gitignore/--no-respect-gitignore",
        help="Leave out what .gitignore files leave out, too; that is kept in config.toml.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    for command in (up, join):
        app.command()(command)


def up(
    folder: Folder = None,
    data_dir: DataDir = None,
    profile: Profile = None,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST[:PORT]",
            help="Where the hub listens: 127.0.0.1:8765 at first, which is this "
            "machine alone; 0.0.0.0 lets others in, over TLS.",
            show_default=False,
        ),
    ] = None,
    name: MachineName = None,
    background: Background = False,
    new_hub: NewHub = False,
    new_folder: NewFolder = False,
    brake: BrakeOption = None,
    respect_gitignore: KeepGitignore = None,
    as_set_up: Annotated[
        bool, typer.Option("--as-set-up", help="Only what was set up before: for starts without a person.")
    ] = False,
    link: Annotated[bool, typer.Option(hidden=True)] = True,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Start a hub and an agent that keeps FOLDER, and say how to add a second machine.

    What was set up before goes on where it was; on a machine that joined another hub, the agent alone is started.
    """
    spot = to_begin(data_dir, profile, folder)
    if as_set_up:
        # At a login the disk with our own files may not be there yet: that must not become a new hub, with a new key.
        read_settings(spot)
    _only_dry(as_json, dry_run)
    proposal = propose(spot, folder, listen, name).also({"respect_gitignore": respect_gitignore})
    if dry_run:
        return _foretell(proposal, "up", brake, new_hub, new_folder, as_json)
    is_new = "sync_root" not in gather(spot, {}, {}).values
    settings = proposal.carry_out()
    if is_new and is_held(spot.lock):
        return _taken_in(spot, settings)
    return _start(spot, background=background, show_link=link, new_hub=new_hub, new_folder=new_folder, brake=brake)


def join(
    link: Annotated[
        str,
        typer.Argument(
            metavar="LINK", help="The link that `up` showed, in quotes because of its &; - reads it from stdin."
        ),
    ],
    folder: Folder = None,
    data_dir: DataDir = None,
    profile: Profile = None,
    name: MachineName = None,
    background: Background = False,
    brake: BrakeOption = None,
    respect_gitignore: KeepGitignore = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Keep FOLDER the same as on the machine that showed LINK."""
    spot = to_begin(data_dir, profile, folder)
    parsed = parse_link(sys.stdin.readline().strip() if link == "-" else link)
    _only_dry(as_json, dry_run)
    proposal = propose_joined(spot, parsed, folder, name).also({"respect_gitignore": respect_gitignore})
    if dry_run:
        return _foretell(proposal, "join", brake, True, False, as_json)
    settings = proposal.carry_out()
    if is_held(spot.lock):
        return _taken_in(spot, settings)
    if background:
        return _start(spot, background=True, show_link=False, new_hub=True, brake=brake)
    return _become_up(spot, brake)


def _only_dry(as_json: bool, dry_run: bool) -> None:
    if as_json and not dry_run:
        raise BadConfig("--json goes with --dry-run: an agent that runs is asked by `syncagent status --json`")


def _foretell(
    proposal: Proposal, command: str, brake: str | None, new_hub: bool, new_folder: bool, as_json: bool
) -> int:
    spot = proposal.spot
    settings = read_settings(spot, os.environ, {**proposal.changes, **({} if brake is None else {"brake": brake})})
    key = proposal.key or from_environment(os.environ) or load_key(spot)
    new = {"new_hub": new_hub, "new_folder": new_folder}
    return foretell(settings, spot, key, command=command, **new, as_json=as_json)


def _become_up(spot: Places, brake: str | None) -> NoReturn:
    """Go on as `up`: the link has the key in it, and others on this machine can see the arguments of a process."""
    read_settings(spot, os.environ, {"brake": brake})
    arguments = ["up", "--new-hub", *_brake_option(brake), *_profile_option(spot), "--data-dir", str(spot.data_dir)]
    os.execv(sys.executable, [*ourselves(), *arguments])  # noqa: S606 - our own program


def _brake_option(brake: str | None) -> list[str]:
    return [] if brake is None else ["--brake", brake]


def _profile_option(spot: Places) -> list[str]:
    return ["--profile", spot.profile] if spot.profile else []


def _taken_in(spot: Places, settings: Settings) -> int:
    """The agent that runs goes by what was just set up.  Raises AlreadyRunning where that takes a new start."""
    client = ControlClient(spot.control, always={"profile": spot.profile or UNNAMED})
    found = client.call("config.reload")
    if error := found.get("error"):
        raise BadConfig(str(error))
    if settings.listen:
        raise AlreadyRunning("the hub is there from the next start on: `syncagent stop`, and then `syncagent up`")
    say(f"the agent that runs keeps {settings.sync_root}; `{typed(spot, 'status')}` says how it goes")
    return Exit.OK


def _start(
    spot: Places, *, background: bool, show_link: bool, new_hub: bool, brake: str | None, new_folder: bool = False
) -> int:
    settings = read_settings(spot, os.environ, {"brake": brake})
    if is_held(spot.lock):
        raise AlreadyRunning(f"already running for {settings.sync_root}; see `syncagent status`, or `syncagent stop`")
    if background:
        new = [*(["--new-hub"] if new_hub else []), *(["--new-folder"] if new_folder else [])]
        found = start_behind(spot, [*new, *_brake_option(brake), *_profile_option(spot)])
        if not found:
            complain("the agent has been started, and does not answer yet")
        settings = read_settings(spot, os.environ)
        say(f"keeping {settings.sync_root} in the background; `{typed(spot, 'status')}` says how it goes")
        if show_link and settings.listen:
            say(how_to_add(settings, load_key(spot), spot))
        code = stuck(found)
        if code is not Exit.OK:
            complain(f"it goes on when this is mended: {summary(found)}")
        elif found.get("reason"):
            complain(f"for now it is {summary(found)}")
        return code
    given = from_environment(os.environ)
    key = given or load_key(spot)

    def ready(running: Settings) -> None:
        say(f"keeping {running.sync_root}; `{typed(spot, 'status')}` says how it goes, Ctrl-C stops")
        if show_link and running.listen:
            say(how_to_add(running, key, spot))

    from syncagent.cli import compose  # noqa: PLC0415 - all of both halves: not for `status`, nor for the one in front

    if not key:
        raise BadConfig("no key for the hub: set SYNCAGENT_API_KEY, or begin with `syncagent join LINK`")
    source = Source(spot, relevant(os.environ), {"brake": brake})
    return compose.run_up(compose.Start(source, given, new_hub, new_folder), ready, seen=show_link)


def how_to_add(settings: Settings, key: str, spot: Places) -> str:
    """What to type on the second machine."""
    server = reach_from_afar(settings)
    link = format_link(Link(server=server, key=key, folder=settings.folder, fingerprint=settings.fingerprint))
    text = f"To add a second machine, type there:\n  syncagent join '{link}' ~/syncagent"
    if is_loopback(host_and_port(settings.listen)[0]):
        again = typed(spot, "up --listen 0.0.0.0")
        text += f"\n(The hub listens on this machine only; for others stop it, and start it with `{again}`.)"
    return text


def typed(spot: Places, command: str) -> str:
    """What a person types for ``command`` here: with the path of the program where the shell would not find it, and
    with the data directory where it is not the usual one."""
    beside = Path(sys.executable).parent / "syncagent"
    program = str(beside) if shutil.which("syncagent") is None and beside.exists() else "syncagent"
    words = [shlex.quote(program), command]
    if spot != places(os.environ.get("SYNCAGENT_DATA_DIR")):
        words += ["--data-dir", shlex.quote(str(spot.data_dir))]
    return " ".join(words)
