"""Commands about single files: why, activity."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from syncagent.agent.ignoring import within
from syncagent.cli.asked import agent_of
from syncagent.cli.exits import Exit
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import say, show_json, tell
from syncagent.cli.words import one_line
from syncagent.control import ControlClient
from syncagent.engine.lines import ago, bytes_in_words
from syncagent.errors import BadConfig
from syncagent.model.names import RelPath

HISTORY_SECONDS: Final = 600.0
"""The whole journal is read for it."""


def register(app: typer.Typer) -> None:
    for command in (why, activity):
        app.command()(command)


def why(
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="A file or folder: as any program takes it, or within the folder that is kept.",
            show_default=False,
        ),
    ],
    data_dir: DataDir = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> int:
    """Say how it stands with PATH: in sync, or what it waits for; exits with 0 when it is in sync, with 1 when not."""
    client, _, inner = meant(data_dir, profile, path)
    found = client.call("why", path=inner)
    if as_json:
        show_json(found)
    else:
        for line in _why_lines(found):
            say(line)
    return Exit.OK if found.get("state") == "in sync" and not found.get("beneath") else Exit.ERROR


def activity(
    data_dir: DataDir = None,
    profile: Profile = None,
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, help="How many of the latest.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with each new one, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> int:
    """Show which files were changed lately, what was done to them, and by which machine."""
    client = agent_of(data_dir, profile)
    entries: Iterator[Any]
    if follow:
        entries = client.follow("activity", limit=limit, follow=True)
    else:
        entries = iter(client.call("activity", limit=limit).get("activity", [])[-limit:])
    for entry in entries:
        if as_json:
            show_json(entry)
        else:
            whose = f"[{entry['profile']}] " if "profile" in entry else ""
            by = one_line(entry.get("by") or "") or "this machine"
            say(f"{clock(entry.get('time'))} {entry.get('what', ''):<7} {whose}{one_line(entry.get('path'))} ({by})")
    return Exit.OK


def history(path: str, data_dir: Path | None, profile: str | None, limit: int, *, as_json: bool) -> int:
    """Show the latest changes of the file that the hub's journal has, the oldest of them first."""
    client, _, inner = meant(data_dir, profile, path)
    found = client.call("history", within=HISTORY_SECONDS, path=inner)
    for one in found["history"][-limit:]:
        if as_json:
            show_json(one)
            continue
        size = f", {bytes_in_words(one['size'])}" if one["size"] is not None else ""
        old = f" (was {one_line(one['old_path'])})" if one["old_path"] else ""
        number = f"change {one['seq']:<8} revision {one['rev']:<4}"
        when = clock(one["time"]) if one.get("time") is not None else f"{'at a time not known':<19}"
        say(f"{when} {number} {one['what']:<7} {one_line(one['path'])}{old}{size} ({one_line(one['by'])})")
    if not as_json and not found["history"]:
        say(f"the hub knows nothing of {one_line(inner)}")
    elif not as_json and not found["complete"]:
        tell("what was before, the hub does not tell")
    return Exit.OK


def meant(data_dir: Path | None, profile: str | None, path: str) -> tuple[ControlClient, Path, RelPath]:
    """The agent of the folder that ``path`` lies in, that folder, and where in it.  Raises BadConfig."""
    status = agent_of(data_dir, profile).call("status")
    trouble: BadConfig | None = None
    if os.path.lexists(path):  # then it is meant as every shell means it, wherever one stands
        path = str(Path(path).absolute())
    for one in status.get("profiles") or [status]:
        if "root" not in one:
            continue
        try:
            inner = within(Path(one["root"]), path)
        except BadConfig as error:
            trouble = trouble or error
            continue
        named = profile or (one.get("profile") if len(status.get("profiles") or ()) > 1 else None)
        if not inner:
            raise BadConfig("that is the folder as a whole; `syncagent status` says how it stands")
        return agent_of(data_dir, named), Path(one["root"]), inner
    raise trouble or BadConfig("no folder is kept here")


def _why_lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{one_line(found['path'])}: {found['state']}"
    if found["waits_for"]:
        word = "waits for" if found["state"] in ("waiting", "held", "conflict") else "because"
        since = f", since {clock(found['since'])}" if found["since"] is not None else ""
        yield f"  {word}: {one_line(found['waits_for'])}{since}"
    yield f"  here: {_what(found['here'])}"
    hub = found["hub"]
    if hub["acknowledged"]:
        number = f", change {hub['sequence']}" if hub["sequence"] else ""
        yield f"  at the hub: {_what(hub)}, revision {hub['revision']}{number}"
    else:
        yield "  at the hub: nothing that it has acknowledged"
    if not hub["connected"]:
        yield "  there is no connection to the hub: what it has by now is not known"
    if last := found["last_change"]:
        by = one_line(last["by"]) or "this machine"
        yield f"  last {last['what']} by {by}, {clock(last['time'])} ({ago(max(time.time() - last['time'], 0.0))})"
    if found["beneath"]:
        yield f"  beneath it: {', '.join(f'{count} {state}' for state, count in found['beneath'].items())}"


def _what(one: Mapping[str, Any] | None) -> str:
    match one and one.get("kind"):
        case "file":
            assert one is not None
            return f"a file of {bytes_in_words(one['size'])}, changed {clock(one['modified'])}"
        case "directory":
            return "a folder"
        case "symlink":
            assert one is not None
            return f"a link to {one_line(one['target'])}"
        case _:
            return "nothing"


def clock(moment: Any) -> str:
    """A moment (seconds since 1970) by the clock on the wall."""
    if not isinstance(moment, (int, float)):
        return "?"
    return datetime.fromtimestamp(moment).isoformat(" ", timespec="seconds")  # noqa: DTZ006 - by the clock on the wall
