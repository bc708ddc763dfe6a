"""`config`: the settings, shown and changed: get, set, unset, show, edit, path.

What a running agent goes by it says itself: it knows the environment and the options that it was started with.  Where
none runs, the file and this environment are looked at.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from getpass import getpass
from typing import Annotated, Any, TypeAlias

import typer

from syncagent.agent.config.proposing import Step, commit, known, propose, rows
from syncagent.agent.config.reading import Source, relevant
from syncagent.agent.config.settings import GROUPS, Applies
from syncagent.agent.places import Places, places
from syncagent.cli.editor import edit_settings
from syncagent.cli.exits import Exit
from syncagent.cli.helping import Whole
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import complain, say, show_json
from syncagent.cli.which import the_profile
from syncagent.control import ControlClient
from syncagent.errors import NotRunning

Key: TypeAlias = Annotated[
    str, typer.Argument(metavar="KEY", help="The setting's name, as `config show` lists them.", show_default=False)
]
DryRun: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Only say what would change, and when it would be in force.")
]

_TELLS = {
    Applies.LIVE: "in force at once",
    Applies.RECONNECT: "in force at once, over a new connection",
    Applies.RESTART: "in force from the next start on",
}


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, cls=Whole)
    group.callback()(config)
    group.command("get")(get)
    group.command("set")(set_)
    for command in (unset, show, edit, path):
        group.command()(command)
    app.add_typer(group, name="config")


def config() -> None:
    """The settings: show them, and change them, also while the agent runs."""


def get(key: Key, data_dir: DataDir = None, profile: Profile = None, as_json: AsJson = False) -> int:
    """Say the value of a setting that is in force."""
    known(key)
    row = next(row for row in _found(data_dir, profile)["settings"] if row["key"] == key)
    if as_json:
        show_json(row)
    else:
        say(_in_words(row["value"]))
    return Exit.OK


def set_(
    key: Key,
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help='What it is to be; "-": asks for it unseen.', show_default=False)
    ],
    data_dir: DataDir = None,
    profile: Profile = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> int:
    """Set a setting in config.toml; an agent that runs goes by it at once, where that can be."""
    if value == "-":  # what has a password in it is neither in a history nor in the list of processes
        value = getpass(f"{known(key)}: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    return _change(data_dir, profile, {key: value}, dry_run=dry_run, as_json=as_json)


def unset(
    key: Key, data_dir: DataDir = None, profile: Profile = None, dry_run: DryRun = False, as_json: AsJson = False
) -> int:
    """Let a setting be as if it was never set."""
    return _change(data_dir, profile, {key: None}, dry_run=dry_run, as_json=as_json)


def show(
    data_dir: DataDir = None,
    profile: Profile = None,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    as_json: AsJson = False,
) -> int:
    """Show all settings that are in force.  The key is none of them, and is never shown."""
    found = _found(data_dir, profile)
    if as_json:
        show_json(found)
        return Exit.OK
    for line in _lines(found, origin):
        say(line)
    if found["error"]:
        complain(found["error"])
    return Exit.OK


def edit(data_dir: DataDir = None) -> int:
    """Edit config.toml in $VISUAL or $EDITOR; it is replaced only when all in it is right."""
    spot = places(data_dir)
    if not edit_settings(spot, os.environ):
        say("nothing was changed")
        return Exit.OK
    try:
        found = ControlClient(spot.control).call("config.reload")
    except NotRunning:
        say(f"{spot.config} is changed")
        return Exit.OK
    say(f"{spot.config} is changed, and in force{_but(found.get('waiting') or [])}")
    if found.get("error"):
        complain(found["error"])
        return Exit.ERROR
    return Exit.OK


def path(data_dir: DataDir = None, as_json: AsJson = False) -> int:
    """Say where config.toml is."""
    spot = places(data_dir)
    if as_json:
        show_json({"path": str(spot.config), "exists": spot.config.exists()})
    else:
        say(str(spot.config))
    return Exit.OK


def _but(waiting: list[str]) -> str:
    return f"; {', '.join(waiting)} only from the next start on" if waiting else ""


def _found(data_dir: Any, profile: str | None) -> Mapping[str, Any]:
    """What an agent that runs says of the settings; else what there is to read."""
    spot = places(data_dir)
    try:
        return ControlClient(spot.control).call("config", profile=profile)
    except NotRunning:
        spot = the_profile(data_dir, profile)
    read = Source(spot, relevant(os.environ)).read()[spot.profile]
    return {"path": str(spot.config), "groups": GROUPS, "settings": rows(read), "error": read.trouble, "waiting": []}


def _change(data_dir: Any, profile: str | None, changes: Mapping[str, Any], *, dry_run: bool, as_json: bool) -> int:
    spot = places(data_dir)
    runs = True
    try:
        answer: Mapping[str, Any] = ControlClient(spot.control).call(
            "config.set", profile=profile, changes=dict(changes), dry_run=dry_run
        )
    except NotRunning:
        runs = False
        answer = _change_alone(the_profile(data_dir, profile), changes, dry_run=dry_run)
    if as_json:
        show_json({**answer, "running": runs})
        return Exit.OK
    if not answer["changes"]:
        say("nothing changes")
    for step in answer["changes"]:
        say(_told(step, runs=runs, dry_run=dry_run, several=len(answer.get("profiles") or ()) > 1))
    if error := answer.get("error"):
        complain(error)
    return Exit.OK


def _change_alone(spot: Places, changes: Mapping[str, Any], *, dry_run: bool) -> Mapping[str, Any]:
    source = Source(spot, relevant(os.environ))
    made: list[Step]
    if dry_run:
        _, made = propose(source, spot.profile, changes)
    else:
        made = commit(source, spot.profile, changes)
    return {"changes": [step.as_dict() for step in made], "dry_run": dry_run, "error": "", "waiting": []}


def _told(step: Mapping[str, Any], *, runs: bool, dry_run: bool, several: bool) -> str:
    whose = f"{step['profile']}: " if several else ""
    if step["overruled"]:
        how = f"written, but {step['overruled']} is stronger, and stays in force"
    elif not runs:
        how = "in force when an agent starts"
    else:
        how = _TELLS[Applies(step["applies"])]
        if step.get("why"):
            how += f": {step['why']}"
    would = "would be " if dry_run else ""
    return f"{whose}{step['key']}: {_in_words(step['before'])} → {_in_words(step['after'])} ({would}{how})"


def _lines(found: Mapping[str, Any], origin: bool) -> Iterator[str]:
    settings = found["settings"]
    wide = max(len(row["key"]) for row in settings)
    values = [_in_words(row["value"]) for row in settings]
    wide_value = min(max(len(value) for value in values), 40)
    for row, value in zip(settings, values, strict=True):
        said = f"{row['key']:<{wide}}  {value}"
        if origin:
            said = f"{row['key']:<{wide}}  {value:<{wide_value}}  {_origin(row['origin'])}"
        if "waiting" in row:
            said += f"  (from the next start on: {_in_words(row['waiting'])})"
        yield said.rstrip()


def _origin(origin: Mapping[str, Any]) -> str:
    match origin["kind"]:
        case "file":
            return str(origin["text"]).rsplit(": ", 1)[0]
        case "default":
            return "default"
    return f"{origin['kind']}: {origin['text']}"


def _in_words(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "empty"
    return str(value) if value != "" else "empty"
