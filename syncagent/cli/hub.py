"""`hub`: runs a hub; and what its keeper asks of one that runs: status, held, approve, reject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from syncagent.cli import started
from syncagent.cli.exits import Exit
from syncagent.cli.helping import Whole
from syncagent.cli.options import AsJson, some_path
from syncagent.cli.output import say, show_json
from syncagent.cli.words import one_line
from syncagent.control import ControlClient
from syncagent.engine.lines import counted
from syncagent.errors import NotRunning
from syncagent.private import control_socket

HubDir: TypeAlias = Annotated[
    Path,
    typer.Option("--data-dir", metavar="D", help="Where the hub keeps its journal and the blocks.", parser=some_path),
]
Client: TypeAlias = Annotated[str, typer.Argument(metavar="CLIENT", help="The client, as `hub held` names it.")]
Folder: TypeAlias = Annotated[str, typer.Option("--folder", metavar="F", help="In this folder of the hub's alone.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=False, rich_markup_mode=None, cls=Whole)
    group.callback(invoke_without_command=True)(hub)
    for command in (status, held, approve, reject, fsck):
        group.command()(command)
    app.add_typer(group, name="hub")


def hub(
    context: typer.Context,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="D", help="Where the hub keeps its journal and the blocks.", show_default=False, parser=some_path
        ),
    ] = None,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where it listens.")] = started.HUB_LISTENS,
    insecure: Annotated[bool, typer.Option("--insecure", help="Listen beyond this machine without TLS.")] = False,
    brake: Annotated[
        str,
        typer.Option(metavar="on|off", envvar="SYNCAGENT_BRAKE", help="Whether a great many deletes at once are held."),
    ] = "on",
    brake_files: Annotated[
        int,
        typer.Option(metavar="N", min=1, envvar="SYNCAGENT_BRAKE_FILES", help="Never held: fewer files than this."),
    ] = 10,
    brake_share: Annotated[
        float,
        typer.Option(
            metavar="P",
            min=0,
            max=1,
            envvar="SYNCAGENT_BRAKE_SHARE",
            help="Held: this part of a folder's files, such as 0.5 for half of them.",
        ),
    ] = 0.5,
    brake_most: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, envvar="SYNCAGENT_BRAKE_MOST", help="Held: so many files, however many there are."
        ),
    ] = 1000,
    min_free: Annotated[
        str,
        typer.Option(
            metavar="SIZE", envvar="SYNCAGENT_MIN_FREE", help="What stays free of its disk: 5GB, or 1% of it."
        ),
    ] = "1%",
) -> int:
    """Run a hub, or ask one that runs.  SYNCAGENT_API_KEY is the first key that it accepts."""
    if context.invoked_subcommand is not None:
        return Exit.OK
    return started.hub(data_dir, listen, insecure, brake, brake_files, brake_share, brake_most, min_free)


def status(data_dir: HubDir, as_json: AsJson = False) -> int:
    """Show the hub's folders, who is connected, what is held or lost, and the room on its disk."""
    found = _client(data_dir).call("status")
    if as_json:
        show_json(found)
    else:
        for line in _status_lines(found):
            say(line)
    return Exit.OK


def _status_lines(found: Mapping[str, Any]) -> Iterator[str]:
    for one in found["folders"]:
        here = ", ".join(map(one_line, one["clients"])) or "nobody"
        yield f"{one_line(one['folder'])}: {counted(one['files'], 'file')}, at change {one['head']}; connected: {here}"
        if one["lost"]:
            lost = "1 block is" if one["lost"] == 1 else f"{one['lost']} blocks are"
            yield f"    {lost} lost; machines that have what is lost send it again (see `hub fsck`)"
    if found["held"]:
        yield f"changes of {counted(found['held'], 'client')} are held (see `hub held`)"
    room = found["room"]
    yield f"room: {room['text']}" + ("; new content is refused, and all else goes on" if room["refuses"] else "")


def held(data_dir: HubDir, as_json: AsJson = False) -> int:
    """Show which clients' deletes and overwrites are held until they are approved or rejected."""
    found = _client(data_dir).call("held").get("held", [])
    if as_json:
        show_json(found)
    else:
        for line in _held_lines(found):
            say(line)
    return Exit.OK


def approve(data_dir: HubDir, client: Client, folder: Folder = "", as_json: AsJson = False) -> int:
    """Let pass what is held of a client: it tries again by itself, within a minute or so."""
    return _decide(data_dir, "approve", client, folder, as_json)


def reject(data_dir: HubDir, client: Client, folder: Folder = "", as_json: AsJson = False) -> int:
    """Refuse for good what is held of a client: the files come back there."""
    return _decide(data_dir, "reject", client, folder, as_json)


def fsck(data_dir: HubDir, as_json: AsJson = False) -> int:
    """Look whether all that the hub keeps is there and in order, whether it runs or not.  Nothing is deleted."""
    try:
        report = _client(data_dir).call("fsck", within=None)
    except NotRunning:
        from syncagent.cli import compose  # noqa: PLC0415 - as above

        report = compose.check_stopped_hub(data_dir.expanduser().resolve())
    if as_json:
        show_json(report)
    else:
        for line in _report_lines(report):
            say(line)
    return Exit.ERROR if report["wrong"] else Exit.OK


def _report_lines(report: Mapping[str, Any]) -> Iterator[str]:
    for one in report["findings"]:
        yield f"{one_line(one['folder'])}: {one_line(one['what'])}" if one["folder"] else one_line(one["what"])
    more = report["wrong"] - len(report["findings"])
    if more > 0:
        yield f"… and {more} more"
    yield (
        f"looked at {counted(report['entries'], 'entry', 'entries')},"
        f" {counted(report['nodes'], 'node')} ({counted(report['files'], 'file')}),"
        f" {counted(report['blocks'], 'block')} of {report['block_bytes']} bytes; the database: {report['database']}"
    )
    if report["found_again"]:
        yield f"found again of the blocks that were lost: {report['found_again']}"
    if report["strays"]:
        yield f"files of broken uploads that lie beside the blocks, and are harmless: {report['strays']}"
    yield counted(report["wrong"], "finding") if report["wrong"] else "all is in order"


def _decide(data_dir: Path, command: str, client: str, folder: str, as_json: bool) -> int:
    answer = _client(data_dir).call(command, client=client, folder=folder)
    if as_json:
        show_json(answer)
    else:
        word = "approved" if command == "approve" else "rejected"
        say(f"{word}: {counted(answer.get(word) or 0, 'change')} of {one_line(client)}")
    return Exit.OK


def _client(data_dir: Path) -> ControlClient:
    start = f"syncagent hub --data-dir {data_dir}"
    return ControlClient(control_socket(data_dir.expanduser().resolve()), who="hub", start=start)


def _held_lines(found: list[Mapping[str, Any]]) -> Iterator[str]:
    if not found:
        yield "nothing is held"
    for one in found:
        yield (
            f"{one_line(one['client'])} in {one_line(one['folder'])}: {counted(one['deletes'], 'delete')} and"
            f" {counted(one['overwrites'], 'overwrite')}, since {one['since']}"
        )
        for path in one["paths"]:
            yield f"    {one_line(path)}"
        more = one["deletes"] + one["overwrites"] - len(one["paths"])
        if more > 0:
            yield f"    … and {more} more"
