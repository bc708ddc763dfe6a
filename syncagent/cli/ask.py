"""Commands that ask the running agent: status, wait, sync, pause, resume, limit, heal, stop, log."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from syncagent.agent import hours
from syncagent.agent.lock import is_held
from syncagent.agent.places import places
from syncagent.cli.asked import agent_of
from syncagent.cli.exits import Exit, stuck
from syncagent.cli.inbox import history
from syncagent.cli.live import live_status
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import complain, say, show_json
from syncagent.cli.words import contact, left_out_in_words, limits, notes, one_line, only_skipped, rows_of, summary
from syncagent.control import ControlClient
from syncagent.errors import BadConfig

STOP_SECONDS: Final = 30.0
LISTED: Final = 20


def register(app: typer.Typer) -> None:
    for command in (status, wait, sync, pause, resume, limit, heal, stop, log):
        app.command()(command)


def status(data_dir: DataDir = None, profile: Profile = None, as_json: AsJson = False) -> int:
    """Say what the agent is doing, and whether everything is in sync."""
    found = agent_of(data_dir, profile).call("status")
    if as_json:
        show_json(found)
    else:
        for line in _status_lines(found):
            say(line)
    return Exit.OK


def wait(
    data_dir: DataDir = None,
    profile: Profile = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="Give up after so many seconds; the exit code is 3 then.")
    ] = 60.0,
    as_json: AsJson = False,
) -> int:
    """Wait until everything is in sync; the agent looks through the folder first."""
    client = agent_of(data_dir, profile)
    with live_status(client):
        # The agent keeps the time; what is added only covers an agent that hangs.
        answer = client.call("wait", within=timeout + 15, timeout=timeout)
    in_sync, code = answer.get("in_sync") is True, stuck(answer) or Exit.TIMEOUT
    if as_json:
        show_json(answer)
    elif in_sync:
        say("in sync")
    elif stuck(answer):
        complain(f"not in sync until this is mended: {summary(answer)}")
    else:
        complain(f"not in sync after {timeout:g} s: {summary(answer)}")
    return Exit.OK if in_sync else code


def sync(data_dir: DataDir = None, profile: Profile = None) -> int:
    """Look through the folder and try to reach the hub now, whatever the network or the battery; `wait` waits, too."""
    agent_of(data_dir, profile).call("sync")
    say("looking through the folder")
    return Exit.OK


def pause(
    data_dir: DataDir = None,
    profile: Profile = None,
    span: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="TIME", help="So long, such as 30m or 2h; otherwise until `resume`.", show_default=False
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="TIME",
            help="Until then: a time such as 17:45, tomorrow, or a date such as 2026-12-24.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Stop sending and receiving, until `resume`, or for a time.  A pause outlasts the agent."""
    if span is not None and until is not None:
        raise BadConfig("--for and --until cannot both be given")
    now = datetime.now()  # noqa: DTZ005 - by the clock on the wall
    wanted: dict[str, float] = {}
    option = "--for" if span is not None else "--until"
    try:
        if span is not None:
            wanted["seconds"] = hours.span(span)
        elif until is not None:
            wanted["until"] = hours.moment(until, now).timestamp()
    except ValueError as reason:
        raise BadConfig(f"{option}: {reason}") from None
    answer = agent_of(data_dir, profile).call("pause", **wanted)
    end = answer.get("until")
    if as_json:
        show_json({"paused": True, "until": end})
    elif isinstance(end, (int, float)):
        say(f"paused until {hours.clock(datetime.fromtimestamp(end), now)}")  # noqa: DTZ006
    else:
        say("paused")
    return Exit.OK


def resume(data_dir: DataDir = None, profile: Profile = None) -> int:
    """Go on after `pause`, and with what waits because of the network, the battery or the hours until that is over."""
    agent_of(data_dir, profile).call("resume")
    say("resumed")
    return Exit.OK


def limit(
    data_dir: DataDir = None,
    profile: Profile = None,
    up: Annotated[
        str | None,
        typer.Option(
            metavar="RATE",
            help="Bytes a second that are sent at most, such as 500K or 2MB; off: as many as go.",
            show_default=False,
        ),
    ] = None,
    down: Annotated[
        str | None,
        typer.Option(metavar="RATE", help="Bytes a second that are received at most, likewise.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Limit how many bytes a second are sent and received, from now on; without a rate, say what the limits are."""
    found = agent_of(data_dir, profile).call("limit", up=up, down=down)
    if as_json:
        show_json(found)
        return Exit.OK
    several = found.get("profiles")
    for name, one in several.items() if isinstance(several, dict) else [("", found)]:
        say(f"{name}: {limits(one) or 'no limits'}" if name else limits(one) or "no limits")
    return Exit.OK


def heal(data_dir: DataDir = None, profile: Profile = None) -> int:
    """Put the hub's content in place of files that are held as damaged; what is left of them is kept aside."""
    agent_of(data_dir, profile).call("heal")
    say("of what is held as damaged, the hub's version is fetched; `syncagent status` shows what is held still")
    return Exit.OK


def stop(data_dir: DataDir = None) -> int:
    """Stop the agent (and the hub that `up` runs with it), and wait until it has."""
    spot = places(data_dir)
    ControlClient(spot.control).call("stop")
    end = time.monotonic() + STOP_SECONDS
    while is_held(spot.lock):
        if time.monotonic() > end:
            complain(f"the agent was told to stop, and has not after {STOP_SECONDS:g} s")
            return Exit.TIMEOUT
        time.sleep(0.05)
    say("stopped")
    return Exit.OK


def log(
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="The history of this one alone, as the hub has it.", show_default=False),
    ] = "",
    data_dir: DataDir = None,
    profile: Profile = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", metavar="N", min=1, help="How many of the latest entries.")
    ] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with each new entry, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> int:
    """Show what happened lately; or the history of PATH: each change of it that the hub's journal has."""
    if path:
        if follow:
            raise BadConfig("--follow goes with no path")
        return history(path, data_dir, profile, limit, as_json=as_json)
    client = agent_of(data_dir, profile)
    entries: Iterator[Any]
    if follow:
        entries = client.follow("log", limit=limit, follow=True)
    else:
        entries = iter(client.call("log", limit=limit, follow=False).get("entries", []))
    for entry in entries:
        if as_json:
            show_json(entry)
        else:
            whose = f"[{entry['profile']}] " if "profile" in entry else ""
            say(f"{entry.get('time', '')} {entry.get('level', ''):<7} {whose}{one_line(entry.get('text', ''))}")
    return Exit.OK


def _status_lines(found: Mapping[str, Any]) -> Iterator[str]:
    if several := found.get("profiles"):
        for one in several:
            yield f"[{one['profile']}]"
            yield from _status_lines(one)
        return
    yield f"{found.get('name', 'this machine')} keeps {found.get('root', '?')} with {found.get('server', '?')}"
    yield f"  {summary(found)}"
    yield f"  hub at change {found.get('hub_seq', '?')}, here at {found.get('applied_seq', '?')}; {contact(found)}"
    if limited := limits(found):
        yield f"  {limited}"
    yield from (f"  - {text}" for text in notes(found))
    if left_out := left_out_in_words(found):
        yield f"  {left_out}"
    yield from _listed("rules", [row | {"reason": row["text"]} for row in rows_of(found, "rules")])
    yield from _listed("held", found.get("held") or [])
    yield from _listed("unreadable", found.get("unreadable") or [])
    yield from _listed("skipped", only_skipped(found))


def _listed(title: str, rows: list[Mapping[str, Any]]) -> Iterator[str]:
    if rows:
        yield f"  {title}: {len(rows)}"
    for row in rows[:LISTED]:
        yield f"    {one_line(row.get('path', ''))}: {one_line(row.get('reason', ''))}"
    if len(rows) > LISTED:
        yield f"    … and {len(rows) - LISTED} more (--json lists them all)"
