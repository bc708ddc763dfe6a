"""`--dry-run` of the commands that begin: what would happen, and nothing does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from syncagent.agent.config.identity import trial_config
from syncagent.agent.config.settings import Settings
from syncagent.agent.places import Places
from syncagent.cli.exits import Exit
from syncagent.cli.output import say, show_json, tell
from syncagent.cli.words import one_line
from syncagent.engine.lines import bytes_in_words, counted

if TYPE_CHECKING:
    from syncagent.agent.foretold import Foretold, Row

DryRun: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Only say what would happen to each file: nothing is set up, started, sent or changed. "
        "With --json every single change is listed.",
    ),
]

SHOWN: Final = 20
"""So many of a kind are named; all of them with --json."""

_TITLES: Final = {
    "equal": "the same on both sides already",
    "send": "would be sent to the hub",
    "receive": "would be received",
    "conflict": "different on both sides: both versions are kept, this machine's under another name",
    "move there": "would be moved or renamed at the hub",
    "move here": "would be moved or renamed here",
    "delete there": "would be deleted at the hub, and so on all other machines",
    "delete here": "would be deleted here (they go to the trash)",
    "times": "would only get the time or the executable bit of the other side",
}
_NAMED: Final = ("conflict", "delete here", "delete there", "move here", "move there")
"""What is worth a look at each single one."""


def foretell(
    settings: Settings,
    spot: Places,
    key: str,
    *,
    command: str,
    new_hub: bool = False,
    new_folder: bool = False,
    as_json: bool = False,
) -> int:
    """Say what ``command`` would come to.  Raises what would keep it from beginning."""
    from syncagent.agent.foresight import foresee  # noqa: PLC0415 - all of the engine: not for `status`
    from syncagent.cli import compose  # noqa: PLC0415 - as above

    config = trial_config(settings, spot, key, new_hub=new_hub)
    if settings.listen and command == "up":
        told = asyncio.run(compose.foresee_with_own_hub(config, new_folder=new_folder, tell=tell))
    else:
        told = asyncio.run(foresee(config, new_folder=new_folder, tell=tell))
    if told.first:
        told.warnings.extend(_of_folder(settings.sync_root, spot))
    if as_json:
        about = {"dry_run": True, "command": command, "root": str(settings.sync_root)}
        show_json({**about, "server": settings.server, "folder": settings.folder, **told.as_dict()})
    else:
        for line in _lines(told, settings, command):
            say(line)
    return Exit.HELD if told.held else Exit.OK


def _of_folder(root: Path, spot: Places) -> Iterator[str]:
    from syncagent.agent.prospect import look_at  # noqa: PLC0415 - as above

    found = look_at(root, Path(os.path.expanduser("~")), spot.data_dir)
    if found.problem:
        yield found.problem
    yield from found.warnings


def _lines(told: Foretold, settings: Settings, command: str) -> Iterator[str]:
    yield f"nothing was changed; `syncagent {command}` would do this now:"
    yield f"  here     {settings.sync_root}: {_files(told.files_here)}"
    first = ", which this folder meets for the first time" if told.first else ""
    yield f"  the hub  {settings.server}: {_files(told.files_there)} in {settings.folder!r}{first}"
    yield ""
    some = False
    for action, title in _TITLES.items():
        counts = [_counted(told.count(action, kind), kind) for kind in ("file", "folder", "link")]
        if said := ", ".join(one for one in counts if one):
            some = True
            size = {"send": told.bytes_up, "receive": told.bytes_down}.get(action)
            yield f"  {said} {title}" + (f" (at most {bytes_in_words(size)})" if size else "")
    if not some:
        yield "  nothing: both sides are the same"
    for action in _NAMED:
        yield from _named(action, [one for one in told.rows if one.action == action and one.kind != "folder"])
    if told.ignored:
        yield f"  left out by rules: {told.ignored} on this disk (see `syncagent check-ignore -v PATH`)"
    if told.skipped:
        yield "cannot be kept, and would stay as they are:"
        yield from (f"  {one_line(path)}: {one_line(why)}" for path, why in told.skipped[:SHOWN])
        yield from _more(len(told.skipped))
    if not told.may_write:
        yield "this machine may only read: what would be sent is not"
    for way, deleted, replaced in told.held:
        yield (
            f"held until you say yes or no (see `syncagent held`): {counted(deleted, 'delete')} and"
            f" {counted(replaced, 'overwrite')}, {way.value}"
        )
    for warning in told.warnings:
        yield f"note: {one_line(warning)}"


def _named(action: str, rows: list[Row]) -> Iterator[str]:
    if not rows:
        return
    yield f"{action}:"
    for row in rows[:SHOWN]:
        came = f"{one_line(row.was)} → " if row.was and row.was != row.path else ""
        yield f"  {came}{one_line(row.path)}"
    yield from _more(len(rows))


def _more(count: int) -> Iterator[str]:
    if count > SHOWN:
        yield f"  and {count - SHOWN} more (--json lists all)"


def _files(count: int) -> str:
    return _counted(count, "file") or "no files"


def _counted(count: int, kind: str) -> str:
    return f"{count:,} {kind}{'' if count == 1 else 's'}" if count else ""
