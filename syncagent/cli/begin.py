"""Commands that begin: `up` on the first machine, `join` on each further one.

Both leave a config.toml and a key behind, so that the next `up` goes on where they were.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn
from urllib.parse import urlsplit

import typer

from syncagent.agent.autostart.program import ourselves
from syncagent.agent.config.document import UNNAMED
from syncagent.agent.config.kinds import host_and_port, host_name
from syncagent.agent.config.reading import Source, gather, read_settings, relevant
from syncagent.agent.config.settings import Settings
from syncagent.agent.config.writing import write_settings
from syncagent.agent.keys import KEY_VARIABLE, from_environment, load_key, save_key
from syncagent.agent.lock import is_held
from syncagent.agent.places import Places, places
from syncagent.agent.reach import is_loopback, reach_from_afar, reach_own_hub
from syncagent.cli.exits import Exit, stuck
from syncagent.cli.options import Background, BrakeOption, DataDir, NewFolder, NewHub, Profile
from syncagent.cli.output import complain, say
from syncagent.cli.which import to_begin
from syncagent.cli.words import summary
from syncagent.control import ControlClient
from syncagent.errors import AlreadyRunning, BadConfig, NotRunning, SyncAgentError
from syncagent.model.link import Link, format_link, parse_link
from syncagent.private import make_private

PORT: Final = 8765
START_SECONDS: Final = 30.0
CONTACT_SECONDS: Final = 5.0

Folder = Annotated[Path | None, typer.Argument(metavar="[FOLDER]", help="The folder to keep.", show_default=False)]
MachineName = Annotated[str | None, typer.Option("--name", help="What this machine is called.", show_default=False)]


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
            metavar="HOST[:PORT]", help="Where the hub listens; 0.0.0.0 for other machines.", show_default=False
        ),
    ] = None,
    name: MachineName = None,
    background: Background = False,
    new_hub: NewHub = False,
    new_folder: NewFolder = False,
    brake: BrakeOption = None,
    as_set_up: Annotated[
        bool, typer.Option("--as-set-up", help="Only what was set up before: for starts without a person.")
    ] = False,
    link: Annotated[bool, typer.Option(hidden=True)] = True,
) -> int:
    """Start a hub and an agent that keeps FOLDER, and say how to add a second machine.

    What was set up before goes on where it was; on a machine that joined another hub, the agent alone is started.
    """
    spot = to_begin(data_dir, profile, folder)
    if as_set_up:
        # At a login the disk with our own files may not be there yet: that must not become a new hub, with a new key.
        read_settings(spot)
    is_new = "sync_root" not in gather(spot, {}, {}).values
    settings = set_up(spot, folder, listen, name)
    if is_new and is_held(spot.lock):
        return _taken_in(spot, settings)
    return _start(spot, background=background, show_link=link, new_hub=new_hub, new_folder=new_folder, brake=brake)


def join(
    link: Annotated[str, typer.Argument(metavar="LINK", help="The link that `up` showed; - reads it from stdin.")],
    folder: Folder = None,
    data_dir: DataDir = None,
    profile: Profile = None,
    name: MachineName = None,
    background: Background = False,
    brake: BrakeOption = None,
) -> int:
    """Keep FOLDER the same as on the machine that showed LINK."""
    spot = to_begin(data_dir, profile, folder)
    settings = set_up_joined(spot, parse_link(sys.stdin.readline().strip() if link == "-" else link), folder, name)
    if is_held(spot.lock):
        return _taken_in(spot, settings)
    if background:
        return _start(spot, background=True, show_link=False, new_hub=True, brake=brake)
    return _become_up(spot, brake)


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


def set_up(spot: Places, folder: Path | None, listen: str | None, name: str | None) -> Settings:
    """Make the settings for a hub and an agent here, or bring those that are there in line with what is given.

    Raises BadConfig when ``folder`` or ``listen`` do not go with what was set up before.
    """
    known = gather(spot, {}, {}).values
    if "sync_root" not in known:
        root = _absolute(folder or _usual_folder(spot))
        hub = _hub_here(spot) if listen is None else None
        there = {"server": hub[1].server, "fingerprint": hub[1].fingerprint, "folder": spot.profile} if hub else {}
        given: dict[str, Any] = {
            "sync_root": str(root),
            **({"name": name or host_name()} if name or "name" not in known else {}),
            **(there or _own_hub("127.0.0.1" if listen is None else listen)),
        }
        read_settings(spot, {}, given)
        _make_places(spot)
        if hub and not load_key(spot):
            save_key(spot, load_key(hub[0]))
        elif not load_key(spot):
            save_key(spot, secrets.token_urlsafe(32))
        _make_root(root)
        write_settings(spot, given)
        return read_settings(spot)
    _check_same(known, folder, spot)
    changes: dict[str, Any] = {} if name is None else {"name": name}
    if listen is not None:
        if not known.get("listen"):
            raise BadConfig(f"this machine joined the hub at {known.get('server')}; it runs none of its own to listen")
        changes |= _own_hub(listen)
    if changes:
        read_settings(spot, {}, changes)
        write_settings(spot, changes)
    return read_settings(spot)


def set_up_joined(spot: Places, link: Link, folder: Path | None, name: str | None) -> Settings:
    """Make the settings for an agent that uses the hub of ``link``; joining the same hub again renews the key.

    Raises BadConfig when this data directory keeps another folder, or uses another hub.
    """
    _check_sealed(link)
    known = gather(spot, {}, {}).values
    given: dict[str, Any] = {"server": link.server, "fingerprint": link.fingerprint, "folder": link.folder}
    if "sync_root" in known:
        _check_same(known, folder, spot)
        if known.get("listen"):
            raise BadConfig(f"this machine runs its own hub for {known['sync_root']}; give another --data-dir to join")
        root = Path(str(known["sync_root"]))
    else:
        root = _absolute(folder or _usual_folder(spot))
        given["sync_root"] = str(root)
    if name is not None or "name" not in known:
        given["name"] = name or host_name()
    read_settings(spot, {}, given)
    _make_places(spot)
    save_key(spot, link.key)
    if "sync_root" not in known:
        _make_root(root)
    write_settings(spot, given)
    return read_settings(spot)


def _usual_folder(spot: Places) -> Path:
    return Path(f"~/syncagent-{spot.profile}" if spot.profile else "~/syncagent")


def _hub_here(spot: Places) -> tuple[Places, Settings] | None:
    """The profile that runs a hub on this machine, for a further folder to go there; None when this one is no further
    folder, or there is no hub."""
    others = Source(spot.of("")).read() if spot.profile else {}
    found = ((spot.of(name), read.settings) for name, read in others.items() if name != spot.profile)
    return next(((at, settings) for at, settings in found if settings is not None and settings.listen), None)


def _make_places(spot: Places) -> None:
    make_private(spot.data_dir)
    if spot.profile:
        make_private(spot.state.parent)
        make_private(spot.state)


def _check_sealed(link: Link) -> None:
    """Beyond this machine the key goes over TLS only, and a link to there says so.  Without quotes the shell ends it at
    its first ``&``: then it is without the fingerprint, and all else looks well."""
    host = urlsplit(link.server).hostname or ""
    if link.server.startswith("ws://") and not is_loopback(host):
        raise BadConfig(
            f"the link to {host} has no fingerprint, so that the connection would not be encrypted; "
            "was it cut off?  Put it in quotes, because of its &"
        )


def _own_hub(listen: str) -> dict[str, str]:
    """The settings that go with a hub of our own: where it listens, and how the agent beside it reaches it."""
    address = listen if _has_port(listen) else f"{listen}:{PORT}"
    try:
        host, port = host_and_port(address)
    except ValueError as error:
        raise BadConfig(f"--listen: {error}") from None
    if port == 0:
        raise BadConfig("--listen: a port is needed that stays the same, so that other machines find it again")
    return {"listen": address, **reach_own_hub(host, port)}


def _has_port(listen: str) -> bool:
    return listen.rpartition("]")[2].count(":") == 1


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))


def _make_root(root: Path) -> None:
    """Only at the first set-up: a folder that goes missing later is never made again by us (HAZARDS E1)."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise BadConfig(f"{root} is there already, and is no folder") from None
    except OSError as error:
        raise BadConfig(f"the folder {root} cannot be made: {error.strerror}") from None


def _check_same(known: Mapping[str, Any], folder: Path | None, spot: Places) -> None:
    kept = Path(str(known["sync_root"])).expanduser()
    if folder is not None and _absolute(folder).resolve() != kept.resolve():
        raise BadConfig(f"{spot.data_dir} is for the folder {kept}; give another --data-dir for {folder}")


def _start(
    spot: Places, *, background: bool, show_link: bool, new_hub: bool, brake: str | None, new_folder: bool = False
) -> int:
    settings = read_settings(spot, os.environ, {"brake": brake})
    if is_held(spot.lock):
        raise AlreadyRunning(f"already running for {settings.sync_root}; see `syncagent status`, or `syncagent stop`")
    if background:
        new = [*(["--new-hub"] if new_hub else []), *(["--new-folder"] if new_folder else [])]
        found = _start_behind(spot, [*new, *_brake_option(brake), *_profile_option(spot)])
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


def _start_behind(spot: Places, options: list[str]) -> Mapping[str, Any]:
    """Start `up` as a process of its own, and wait until it answers, and a little longer for its first word with the
    hub; gives its status.  Raises SyncAgentError when it does not answer."""
    make_private(spot.log.parent)
    words = spot.log.parent / "start.log"
    environment = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    with open(words, "wb", opener=lambda path, flags: os.open(path, flags | os.O_NOFOLLOW, 0o600)) as output:
        child = subprocess.Popen(  # noqa: S603 - our own program
            [*ourselves(), "up", "--no-link", *options, "--data-dir", str(spot.data_dir)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/", env=environment,
        )  # fmt: skip
    end = time.monotonic() + START_SECONDS
    found: Mapping[str, Any] = {}
    while time.monotonic() < end:
        if child.poll() is not None:
            said = words.read_text(errors="replace").strip().splitlines()
            raise SyncAgentError((said[-1] if said else "it ended at once").removeprefix("syncagent: "))
        try:
            found = ControlClient(spot.control).call("status", within=5)
        except NotRunning:
            time.sleep(0.05)
            continue
        if found.get("last_contact") or found.get("reason") or found.get("stuck"):
            return found
        end = min(end, time.monotonic() + CONTACT_SECONDS)
        time.sleep(0.05)
    if not found:
        complain("the agent has been started, and does not answer yet")
    return found
