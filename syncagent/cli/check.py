"""The command that believes nobody: check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from syncagent.cli.asked import agent_of
from syncagent.cli.exits import Exit
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import complain, say, show_json
from syncagent.cli.words import one_line
from syncagent.engine.lines import bytes_in_words
from syncagent.errors import LinkLost

CODES: Final = {"same": Exit.OK, "different": Exit.ERROR, "open": Exit.TIMEOUT}


def register(app: typer.Typer) -> None:
    app.command()(check)


def check(
    data_dir: DataDir = None,
    profile: Profile = None,
    deep: Annotated[
        bool, typer.Option("--deep/--quick", help="Read every file, or only those that look changed.")
    ] = True,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="Wait so long for what is on its way.")
    ] = 60.0,
    as_json: AsJson = False,
) -> int:
    """Compare disk, hub and what was agreed on, and say what differs."""
    findings: list[Mapping[str, Any]] = []
    summary: Mapping[str, Any] | None = None
    for event in agent_of(data_dir, profile).follow("check", deep=deep, timeout=timeout):
        if "finding" in event:
            findings.append(event["finding"])
            if not as_json:
                say(_told(event["finding"]))
        summary = event.get("summary", summary)
    if summary is None:
        raise LinkLost("the agent stopped before it was done")
    if as_json:
        show_json({**summary, "findings": findings})
    else:
        _show(summary)
    return CODES.get(str(summary.get("verdict")), Exit.ERROR)


def _told(finding: Mapping[str, Any]) -> str:
    reason = f" ({finding['reason']})" if finding.get("reason") else ""
    path, text = one_line(finding.get("path", "")), one_line(f"{finding.get('text', '')}{reason}")
    return f"{finding.get('kind', ''):<10} {path}: {text}"


def _show(summary: Mapping[str, Any]) -> None:
    counts = ", ".join(_some(summary.get(f"{noun}s"), noun) for noun in ("file", "folder", "link"))
    read = f"{bytes_in_words(summary.get('bytes_read') or 0)} read"
    if summary.get("hub"):
        complain(f"the hub could not be asked: {summary['hub']}")
    match summary.get("verdict"):
        case "same":
            say(f"all the same: {counts}, {read}; the hub is at change {summary.get('hub_seq')}")
        case "different":
            say(f"{summary.get('different')} differ: {counts}, {read}")
        case _:
            say(f"nothing is wrong, but not all is at one: {summary.get('open')} open; {counts}, {read}")


def _some(number: Any, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
