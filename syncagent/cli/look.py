"""Commands that need no running agent: doctor, version."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator

import typer

import syncagent
from syncagent.agent.config.document import profile_name
from syncagent.agent.config.reading import Source
from syncagent.agent.doctor import Check, Verdict, examine
from syncagent.agent.places import Places, places
from syncagent.cli.exits import Exit
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import say, show_json
from syncagent.errors import BadConfig


def register(app: typer.Typer) -> None:
    for command in (doctor, version):
        app.command()(command)


def doctor(data_dir: DataDir = None, profile: Profile = None, as_json: AsJson = False) -> int:
    """Look for what could keep the agent from working here, and say what to do about it."""
    checks: list[Check] = []
    for check in _checks(places(data_dir), profile):
        if check in checks:
            continue  # what is so for the whole machine is said once
        checks.append(check)
        if not as_json:
            _show(check)
    well = all(check.verdict is not Verdict.FAIL for check in checks)
    if as_json:
        rows = [{"name": c.name, "verdict": c.verdict.value, "found": c.found, "todo": c.todo} for c in checks]
        show_json({"ok": well, "checks": rows})
    return Exit.OK if well else Exit.ERROR


def _checks(spot: Places, said: str | None) -> Iterator[Check]:
    """Of the profile that is named, or of all of them."""
    try:
        read = Source(spot.of(profile_name(said or "")), os.environ).read()
    except BadConfig as error:
        yield from examine(spot, None, str(error))
        return
    for name, profile in read.items():
        if said is None or name == profile_name(said):
            yield from examine(spot.of(name), profile.settings, profile.trouble)


def _show(check: Check) -> None:
    say(f"{check.verdict.value:<5} {check.name:<15} {check.found}")
    if check.todo:
        say(f"{'':<21} → {check.todo}")


def version(data_dir: DataDir = None, as_json: AsJson = False) -> int:  # noqa: ARG001 - every command takes --data-dir
    """Say which version this is."""
    if as_json:
        show_json({"version": syncagent.__version__, "python": platform.python_version()})
    else:
        say(f"syncagent {syncagent.__version__}")
    return Exit.OK
