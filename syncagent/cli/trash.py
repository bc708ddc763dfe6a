"""`trash`: what was deleted elsewhere, and is kept for a while: listed, put back, and removed for good."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from syncagent.agent import hours
from syncagent.cli.asked import agent_of
from syncagent.cli.exits import Exit
from syncagent.cli.helping import Whole
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import say, show_json
from syncagent.cli.words import one_line
from syncagent.engine.lines import bytes_in_words, counted
from syncagent.errors import BadConfig


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, cls=Whole)
    group.callback()(trash)
    group.command("list")(list_)
    for command in (restore, empty):
        group.command()(command)
    app.add_typer(group, name="trash")


def trash() -> None:
    """What was deleted on other machines, and is kept here for a while: list it, put it back, empty it."""


def list_(data_dir: DataDir = None, profile: Profile = None, as_json: AsJson = False) -> int:
    """List what is in the trash, the latest first."""
    found = agent_of(data_dir, profile).call("trash")
    if as_json:
        show_json(found)
        return Exit.OK
    items = found.get("items") or []
    for item in items:
        say(_line(item))
    if items:
        say(f"{len(items)} in the trash, {bytes_in_words(found.get('bytes') or 0)}")
    else:
        say("the trash is empty")
    return Exit.OK


def restore(
    path: Annotated[str, typer.Argument(metavar="PATH", help="Where it stood, or its number in `trash list --json`.")],
    data_dir: DataDir = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> int:
    """Put back what was deleted last at PATH; nothing is replaced, and it comes back everywhere."""
    answer = agent_of(data_dir, profile).call("trash.restore", path=path)
    if as_json:
        show_json(answer)
    else:
        for one in answer.get("restored") or ():
            path, was = one_line(one.get("path")), one_line(one.get("was"))
            say(f"put back: {path}" + ("" if path == was else f" ({was} was not free)"))
    return Exit.OK


def empty(
    older_than: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only what was deleted longer ago, such as 7d or 12h.", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> int:
    """Remove for good what is in the trash."""
    try:
        said = {} if older_than is None else {"older_than": hours.span(older_than)}
    except ValueError as reason:
        raise BadConfig(f"--older-than {reason}") from None
    answer = agent_of(data_dir, profile).call("trash.empty", **said)
    if as_json:
        show_json(answer)
    else:
        say(f"removed: {answer.get('removed', 0)} from the trash, {bytes_in_words(answer.get('bytes') or 0)}")
    return Exit.OK


def _line(item: Mapping[str, Any]) -> str:
    when = item.get("deleted")
    day = "at some time    "
    if isinstance(when, (int, float)):
        day = f"{datetime.fromtimestamp(when, tz=UTC).astimezone():%Y-%m-%d %H:%M}"
    by = f", deleted by {one_line(item['by'])}" if item.get("by") else ""
    what = f"/ ({counted(item.get('files') or 0, 'file')})" if item.get("folder") else ""
    return f"{day}  {one_line(item.get('path', ''))}{what}, {bytes_in_words(item.get('bytes') or 0)}{by}"
