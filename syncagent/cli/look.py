"""Commands that need no running agent: doctor, version."""

from __future__ import annotations

import os
import platform
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import syncagent
from syncagent.agent.config.document import profile_name, said_name
from syncagent.agent.config.reading import Profile as Read
from syncagent.agent.config.reading import Source, relevant
from syncagent.agent.keys import from_environment
from syncagent.agent.places import Places, places
from syncagent.cli.exits import Exit
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import say, show_json, tell
from syncagent.cli.words import one_line
from syncagent.errors import BadConfig

if TYPE_CHECKING:
    from syncagent.agent.doctor.findings import Check

_WIDE: Final = 18


def register(app: typer.Typer) -> None:
    for command in (doctor, version):
        app.command()(command)


def doctor(
    data_dir: DataDir = None,
    profile: Profile = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Put what was found, status, settings, the last of the log and of the recorder into FILE (.zip or "
            ".tar.gz), without names and keys, to be sent to those who help.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Look for what could keep the agent from working here, and say what to do about it.

    Each line begins with ok, note (worth knowing), warning (it works, but not well) or problem (it keeps the agent from
    working).  The exit code is 1 when there is a problem, otherwise 0.  It works whether the agent runs or not.
    """
    from syncagent.agent.doctor.findings import Verdict, worst  # noqa: PLC0415 - much of it: not for `version`

    spot = places(data_dir)
    checks: list[Check] = []
    key = from_environment(os.environ)
    for name, check in _checks(spot, profile, key):
        if check in checks:
            continue  # what is so for the whole machine is said once
        checks.append(check)
        if not as_json and bundle is None:
            _show(check, name)
    if bundle is not None:
        return _bundle(bundle, spot, profile, checks, as_json)
    found = worst(checks)
    if as_json:
        rows = [check.as_dict() for check in checks]
        show_json({"ok": found is not Verdict.PROBLEM, "verdict": found.value, "checks": rows})
    return Exit.ERROR if found is Verdict.PROBLEM else Exit.OK


def _checks(spot: Places, said: str | None, key: str) -> Iterator[tuple[str, Check]]:
    """Of the profile that is named, or of all of them; each with the profile's name where there are several."""
    from syncagent.agent.doctor.examine import examine  # noqa: PLC0415 - as above

    try:
        read = _read(spot, said)
    except BadConfig as error:
        yield from (("", check) for check in examine(spot, None, str(error), key))
        return
    for name, profile in read.items():
        if said is None or name == profile_name(said):
            shown = said_name(name) if len(read) > 1 else ""
            checks = examine(spot.of(name), profile.settings, profile.trouble, key)
            yield from ((shown, check) for check in checks)


def _read(spot: Places, said: str | None) -> dict[str, Read]:
    return Source(spot.of(profile_name(said or "")), relevant(os.environ)).read()


def _show(check: Check, profile: str) -> None:
    whose = f"{profile}: " if profile else ""
    say(f"{check.verdict.value:<8} {check.name:<{_WIDE}} {whose}{one_line(check.found)}")
    for mark, text in (("", check.means), ("→ ", check.todo)):
        if text:
            say(f"{'':<9}{'':<{_WIDE}} {mark}{one_line(text)}")


def _bundle(target: Path, spot: Places, said: str | None, checks: list[Check], as_json: bool) -> int:
    from syncagent.agent.doctor.bundle import make_parts, told, write_bundle  # noqa: PLC0415 - as above

    try:
        read = _read(spot, said)
    except BadConfig:
        read = {}
    name = profile_name(said) if said else next(iter(read), "")
    settings = read[name].settings if name in read else None
    source = Source(spot.of(name), relevant(os.environ))
    parts = make_parts(spot.of(name), source, settings, checks)
    answer = told(parts, write_bundle(target.expanduser(), parts), target)
    if as_json:
        show_json(answer)
        return Exit.OK
    tell(
        textwrap.fill(
            "Names of files, machines, users and hubs are replaced by pseudonyms, and keys are left out; no content of "
            "any file is in it. All of it is plain text: read it before you send it.",
            100,
        )
    )
    for file in answer["files"]:
        tell(f"  {file['name']:<14} {file['bytes']:>9,} bytes  {file['what']}")
    say(str(target))
    return Exit.OK


def version(data_dir: DataDir = None, as_json: AsJson = False) -> int:  # noqa: ARG001 - every command takes --data-dir
    """Say which version this is."""
    if as_json:
        show_json({"version": syncagent.__version__, "python": platform.python_version()})
    else:
        say(f"syncagent {syncagent.__version__}")
    return Exit.OK
