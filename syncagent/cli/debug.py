"""`debug`: for those who look for a fault: record, export, replay, trees, plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from syncagent.agent.places import Places
from syncagent.cli.asked import agent_of
from syncagent.cli.exits import Exit
from syncagent.cli.helping import Whole
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import complain, say, show_json
from syncagent.cli.which import the_profile
from syncagent.cli.words import one_line
from syncagent.errors import BadConfig

Recording: TypeAlias = Annotated[Path, typer.Argument(metavar="FLIGHT", help="A file that `debug record` has written.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, cls=Whole)
    group.callback()(debug)
    for command in (record, export, replay, trees, plan):
        group.command()(command)
    app.add_typer(group, name="debug")


def debug() -> None:
    """Look into the agent: its last events, its trees, its plan."""


def record(data_dir: DataDir = None, profile: Profile = None, as_json: AsJson = False) -> int:
    """Write down the last events of the agent, and what it made of them."""
    found = agent_of(data_dir, profile).call("record")
    _show(found, str(found.get("path", "")), as_json)
    return Exit.OK


def export(
    flight: Annotated[
        Path | None, typer.Argument(metavar="FLIGHT", help="The recording; otherwise the newest.", show_default=False)
    ] = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write it.", show_default=False)] = None,
    data_dir: DataDir = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> int:
    """Write a recording without the names of files, machines and clients, to be shown to others."""
    source = flight or _newest(the_profile(data_dir, profile))
    target = output or Path.cwd() / f"syncagent-{source.stem}-without-names.jsonl"
    from syncagent.agent.redact import Redactor, as_text  # noqa: PLC0415 - all of the engine: not for `status`

    try:
        lines = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
        text = as_text(Redactor().lines(lines))
    except OSError as error:
        raise BadConfig(f"{source} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadConfig(f"{source} is not a recorded flight: {type(error).__name__}") from None
    try:
        with target.open("x", encoding="ascii") as file:
            target.chmod(0o600)
            file.write(text)
    except OSError as error:
        raise BadConfig(f"{target} cannot be written: {error.strerror}") from None
    _show({"path": str(target)}, str(target), as_json)
    return Exit.OK


def _newest(spot: Places) -> Path:
    found = sorted(spot.flights.glob("flight-*.jsonl"))
    if not found:
        raise BadConfig(f"there is no recording in {spot.flights}: make one with `syncagent debug record`")
    return found[-1]


def replay(
    flight: Recording,
    steps: Annotated[bool, typer.Option("--steps", help="Show each event, and what it led to.")] = False,
    data_dir: DataDir = None,  # noqa: ARG001 - every command takes --data-dir
    as_json: AsJson = False,
) -> int:
    """Feed a recording to a fresh engine, and say where it fails, or takes another way than it did."""
    from syncagent.agent import replay as flights  # noqa: PLC0415 - as above

    recorded = flights.read_flight(flight)
    if recorded.obstacle:
        for one in recorded.events if steps else []:
            say(f"{one.now:.3f} {_event(one.event)} → {', '.join(one.effects or ())}")
        complain(f"this flight cannot be replayed: {recorded.obstacle}")
        return Exit.ERROR
    found = _Outcome(len(recorded.events))
    for number, step in enumerate(flights.replay(recorded)):
        found.take(number, step)
        if steps:
            say(found.last)
    if as_json:
        show_json(found.as_json())
    else:
        say(found.told())
    return Exit.OK if found.well else Exit.ERROR


class _Outcome:
    """What came of a replay."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.done = 0
        self.last = ""
        self.failure = ""
        self.differs: list[tuple[int, str]] = []

    @property
    def well(self) -> bool:
        return not self.failure and not self.differs and self.done == self.events

    def take(self, number: int, step: Any) -> None:
        self.done = number + 1
        kinds = ", ".join(type(effect).__name__ for effect in step.effects)
        self.last = f"{number} {step.recorded.now:.3f} {_event(step.recorded.event)} → {kinds}"
        if step.failure is not None:
            self.failure = f"event {number}, {type(step.recorded.event).__name__}: {step.failure!r}"
        if step.differs:
            self.differs.append((number, step.differs))

    def as_json(self) -> dict[str, Any]:
        differs = [{"event": number, "how": how} for number, how in self.differs]
        return {"events": self.events, "replayed": self.done, "failure": self.failure, "differs": differs}

    def told(self) -> str:
        if self.failure:
            return f"it fails at {one_line(self.failure)}"
        if self.differs:
            number, how = self.differs[0]
            return f"it takes another way than it did, from event {number} of {self.events} on: {how}"
        return f"{self.done} events, and the same effects as then"


def trees(
    path: Annotated[str, typer.Argument(metavar="PATH", help="Within the folder; otherwise all that differs.")] = "",
    data_dir: DataDir = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> int:
    """Show what the disk, the hub and the last agreement say of what differs, or of PATH."""
    nodes = agent_of(data_dir, profile).call("trees", path=path).get("nodes", [])
    if as_json:
        show_json(nodes)
        return Exit.OK
    for node in nodes:
        say(f"{one_line(node['path'])} ({node['id']}, revision {node['rev']})")
        for tree in ("synced", "local", "remote"):
            say(f"  {tree:<7} {one_line(node[tree])}")
    if not nodes:
        say("nothing is known of this path" if path else "nothing differs")
    return Exit.OK


def plan(data_dir: DataDir = None, profile: Profile = None, as_json: AsJson = False) -> int:
    """Show what would be done now, if it were allowed; nothing is done."""
    ops = agent_of(data_dir, profile).call("plan").get("plan", [])
    if as_json:
        show_json(ops)
        return Exit.OK
    for line in _plan_lines(ops):
        say(line)
    return Exit.OK


def _plan_lines(ops: list[dict[str, Any]]) -> Iterator[str]:
    for op in ops:
        on = f", until {one_line(op['on'])}" if "on" in op else ""
        yield f"{op['op']:<13} {one_line(op['path'])}{on}"
    if not ops:
        yield "there is nothing to do"


def _event(event: Any) -> str:
    return event if isinstance(event, str) else type(event).__name__


def _show(found: dict[str, Any], text: str, as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        say(text)
