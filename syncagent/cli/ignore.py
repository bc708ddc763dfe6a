"""Commands about what is left out: check-ignore, by rules; exclude and include, on this machine alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from syncagent.agent.config.reading import read_settings
from syncagent.agent.excluding import listed_while_stopped, while_stopped
from syncagent.agent.ignoring import asked, within
from syncagent.agent.lock import is_held
from syncagent.agent.places import Places, places
from syncagent.cli.asked import agent_of
from syncagent.cli.exits import Exit
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import say, show_json
from syncagent.cli.which import the_profile
from syncagent.cli.words import one_line
from syncagent.control import ControlClient
from syncagent.engine.lines import counted
from syncagent.engine.status import so_many
from syncagent.errors import BadConfig


def register(app: typer.Typer) -> None:
    app.command("check-ignore")(check_ignore)
    for command in (exclude, include):
        app.command()(command)


def check_ignore(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files or folders, which need not be there.", show_default=False),
    ],
    data_dir: DataDir = None,
    profile: Profile = None,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Say which line has the last word, as file:line:pattern."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Say which of the paths are left out by rules; exits with 0 when one is, with 1 when none is."""
    root, respect = _folder(_spot(data_dir, profile))
    found = list(asked(root, paths, respect_gitignore=respect))
    for one in found:
        if as_json:
            word = one.word and {
                "file": one.word.source, "line": one.word.pattern.line, "pattern": one.word.pattern.text,
            }  # fmt: skip
            show_json({"path": one.path, "ignored": one.ignored, "rule": word})
        elif verbose and one.word is not None:
            say(f"{one_line(str(one.word))}\t{one_line(one.path)}")
        elif not verbose and one.ignored:
            say(one_line(one.path))
    return Exit.OK if any(one.ignored for one in found) else Exit.ERROR


def exclude(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="What is not to be kept: a folder or a file.", show_default=False)
    ] = "",
    data_dir: DataDir = None,
    profile: Profile = None,
    listed: Annotated[bool, typer.Option("--list", help="List what is excluded.")] = False,
    as_json: AsJson = False,
) -> int:
    """Do not keep PATH on this machine: what the hub has goes from this disk, and stays everywhere else."""
    spot = _spot(data_dir, profile)
    if listed == bool(path):
        raise BadConfig("give a path, or --list")
    if path:
        return _decide(spot, "exclude", path, as_json=as_json)
    found = _agent(spot).call("excluded") if is_held(spot.lock) else listed_while_stopped(spot)
    if as_json:
        show_json(found)
        return Exit.OK
    for one in found["excluded"]:
        files = f"  ({counted(one['files'], 'file')} at the hub)" if one["files"] is not None else ""
        say(f"{one_line(one['path'])}{files}")
    if not found["excluded"]:
        say("nothing is excluded")
    return Exit.OK


def include(
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="What is to be kept again; `exclude --list` lists what is not.", show_default=False
        ),
    ],
    data_dir: DataDir = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> int:
    """Keep PATH on this machine again, after `exclude`: what the hub has there comes back."""
    return _decide(_spot(data_dir, profile), "include", path, as_json=as_json)


def _spot(data_dir: Path | None, profile: str | None) -> Places:
    """The places of the folder that is meant."""
    return the_profile(data_dir, profile) if not is_held(places(data_dir).lock) or profile else places(data_dir)


def _agent(spot: Places) -> ControlClient:
    return agent_of(spot.data_dir, spot.profile or None)


def _folder(spot: Places) -> tuple[Path, bool]:
    """Where the folder is, and whether .gitignore files count: as the running agent has it, else by the settings."""
    if is_held(spot.lock):
        status = _agent(spot).call("status")
        return Path(status["root"]), status.get("respect_gitignore") is True
    settings = read_settings(spot, os.environ)
    return settings.sync_root, settings.respect_gitignore


def _decide(spot: Places, word: str, path: str, *, as_json: bool) -> int:
    inner = within(_folder(spot)[0], path)
    if not inner:
        raise BadConfig("the folder as a whole cannot be excluded; `syncagent pause` leaves it alone")
    running = is_held(spot.lock)
    if running:
        answer = _agent(spot).call(word, path=inner)
    else:
        answer = while_stopped(spot, inner, exclude=word == "exclude")
    if as_json:
        show_json(answer)
        return Exit.OK
    number = answer.get("concerned")
    if number is None:
        say(f"{word}d: {one_line(inner)}, from the next start of the agent on")
    elif number:
        say(f"{word}d: {one_line(inner)}, with {so_many(number)}; `syncagent wait` says when it is done")
    elif word == "exclude":
        say(f"excluded: {one_line(inner)}; nothing is there yet, and nothing will come")
    else:
        say(f"included: {one_line(inner)}")
    return Exit.OK
