"""`autostart`: whether the agent of a data directory starts when its person logs in: on, off, status."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from syncagent.agent.autostart.choice import login_item, tray_item
from syncagent.agent.autostart.ports import LoginItem
from syncagent.agent.autostart.program import at_login
from syncagent.agent.autostart.seal import Hand
from syncagent.agent.config.reading import gather, read_settings
from syncagent.agent.keys import load_key
from syncagent.agent.lock import is_held
from syncagent.agent.places import Places, places
from syncagent.cli.exits import Exit
from syncagent.cli.helping import Whole
from syncagent.cli.options import AsJson, DataDir
from syncagent.cli.output import say, show_json
from syncagent.cli.which import first_profile
from syncagent.control import ControlClient
from syncagent.errors import AskPerson, BadConfig, NotRunning

ANSWER_SECONDS: Final = 15.0

Force: TypeAlias = Annotated[
    bool, typer.Option("--force", help="What was changed by hand is set aside, as ….old, and not left as it is.")
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, cls=Whole)
    group.callback()(autostart)
    for command in (on, off, status):
        group.command()(command)
    app.add_typer(group, name="autostart")


def autostart() -> None:
    """Start at login: whether the agent does, and let it, or not."""


def on(
    data_dir: DataDir = None,
    force: Force = False,
    tray: Annotated[
        bool, typer.Option("--tray/--no-tray", help="The tray's icon, too, where there is a desktop.")
    ] = True,
    as_json: AsJson = False,
) -> int:
    """Start the agent whenever you log in, again when it fails, and now if it does not run; and the tray with you."""
    spot = first_profile(data_dir)
    # Without the environment of this shell: it will not be there at login.
    settings = read_settings(spot)
    if not load_key(spot):
        raise BadConfig("no key is kept here, and none can be given at login: begin with `syncagent up` or `join`")
    item = login_item(spot, settings.sync_root, at_login(os.environ), os.environ)
    start = not is_held(spot.lock)
    done = item.on(force=force, start=start)
    if start and item.look().supervised and not answers(spot):
        done.append(f"it does not answer yet; {spot.log} may say why")
    if tray and (icon := _tray(spot)) is not None:
        try:
            done.extend(icon.on(force=force, start=False))
        except AskPerson as changed:  # what is more is not undone by what is less
            done.append(str(changed))
    _show_done(item, spot, done, as_json, otherwise="it was on before")
    return Exit.OK


def off(data_dir: DataDir = None, force: Force = False, as_json: AsJson = False) -> int:
    """Start it no more at login.  An agent that runs goes on; `stop` stops it."""
    spot = places(data_dir)
    item = _item(spot)
    done = item.off(force=force)
    if (icon := _tray(spot)) is not None:
        done.extend(icon.off(force=force))
    if done and is_held(spot.lock):
        done.append("the agent that runs goes on until `syncagent stop`")
    _show_done(item, spot, done, as_json, otherwise="it was off before")
    return Exit.OK


def status(data_dir: DataDir = None, as_json: AsJson = False) -> int:
    """Say whether the agent starts at login.  The exit code is 0 if it does, and 1 if not."""
    spot = places(data_dir)
    found = standing(_item(spot), spot)
    if as_json:
        show_json(found)
    else:
        for line in in_words(found):
            say(line)
    return Exit.OK if found["on"] else Exit.ERROR


def answers(spot: Places, within: float = ANSWER_SECONDS) -> bool:
    """Whether the agent that was just started is there for commands, or comes to be."""
    end = time.monotonic() + within
    while True:
        try:
            ControlClient(spot.control).call("status", within=5)
        except NotRunning:
            if time.monotonic() >= end:
                return False
            time.sleep(0.05)
        else:
            return True


def standing(item: LoginItem, spot: Places) -> dict[str, Any]:
    """What `status --json` says."""
    look, icon = item.look(), _tray(spot)
    return {
        "on": look.enabled,
        "kind": item.kind,
        "where": item.where,
        "installed": look.hand is not Hand.ABSENT,
        "enabled": look.enabled,
        "up_to_date": look.hand is Hand.CURRENT,
        "changed": look.hand is Hand.CHANGED,
        "running": is_held(spot.lock),
        "supervised": look.supervised,
        "tray": None if icon is None else {"on": icon.look().enabled, "where": icon.where},
    }


def in_words(found: dict[str, Any]) -> list[str]:
    """The same for a person."""
    lines = [f"starts at login: {'yes' if found['on'] else 'no'}"]
    if found["on"] and not found["installed"]:
        lines.append(f"  by {found['kind']}: what came with the package, for the usual data directory")
    if found["installed"]:
        lines.append(f"  by {found['kind']}: {found['where']}")
        if found["changed"]:
            lines.append("  it was made or changed by hand; `syncagent autostart on --force` sets it aside")
        elif not found["up_to_date"]:
            lines.append("  it is of another version or for other settings; `syncagent autostart on` writes it anew")
        if not found["enabled"]:
            lines.append("  it is there, but switched off; `syncagent autostart on` switches it on")
    if icon := found.get("tray"):
        lines.append(f"the tray starts, too: {'yes, by ' + icon['where'] if icon['on'] else 'no'}")
    match bool(found["running"]), bool(found["supervised"]):
        case True, True:
            lines.append(f"running now: yes, and {found['kind']} looks after it")
        case False, True:
            lines.append(f"running now: no; {found['kind']} is about to start it")
        case running, _:
            lines.append(f"running now: {'yes' if running else 'no'}")
    return lines


def _item(spot: Places) -> LoginItem:
    """Also where nothing is set up (any more): what is left of it must be found, and can be taken away."""
    try:
        first = first_profile(spot.data_dir)
        folder = Path(str(gather(first, {}, {}).values.get("sync_root", spot.data_dir)))
    except BadConfig:
        folder = spot.data_dir
    return login_item(spot, folder, at_login(os.environ), os.environ)


def _tray(spot: Places) -> LoginItem | None:
    return tray_item(spot, at_login(os.environ), os.environ)


def _show_done(item: LoginItem, spot: Places, done: list[str], as_json: bool, otherwise: str) -> None:
    if as_json:
        show_json({"did": done, **standing(item, spot)})
        return
    for line in done or [f"nothing to do: {otherwise}"]:
        say(line)
