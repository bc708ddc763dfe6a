"""Commands about mass changes that wait for a person's word: held, approve, reject, undo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeAlias

import typer

from syncagent.cli.asked import agent_of
from syncagent.cli.exits import Exit
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import say, show_json
from syncagent.cli.words import one_line
from syncagent.engine.lines import counted
from syncagent.engine.status import so_many

Which: TypeAlias = Annotated[
    int,
    typer.Argument(
        metavar="ID",
        min=0,
        help="Which one, as `held` numbers them; not needed when one alone is held.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    for command in (held, approve, reject, undo):
        app.command()(command)


def held(
    data_dir: DataDir = None,
    profile: Profile = None,
    every: Annotated[bool, typer.Option("--all", help="Those that were decided lately, too.")] = False,
    as_json: AsJson = False,
) -> int:
    """List the masses of deletes and overwrites that wait for your yes or no."""
    found = agent_of(data_dir, profile).call("held", decided=every, paths=as_json)
    if as_json:
        show_json(found)
        return Exit.OK
    for act in found.get("acts", []):
        for line in _lines(act):
            say(line)
    if not found.get("acts"):
        say("nothing is held")
    elif found.get("held"):
        say("`syncagent approve ID` lets it through, `syncagent reject ID` brings the files back, here and everywhere")
    return Exit.OK


def approve(number: Which = 0, data_dir: DataDir = None, profile: Profile = None, as_json: AsJson = False) -> int:
    """Say yes: what was held goes through."""
    return _decide("approve", number, data_dir, profile, as_json=as_json)


def reject(number: Which = 0, data_dir: DataDir = None, profile: Profile = None, as_json: AsJson = False) -> int:
    """Say no: the files come back, here and everywhere; what was changed of them here is kept beside them."""
    return _decide("reject", number, data_dir, profile, as_json=as_json)


def undo(
    number: Annotated[int, typer.Argument(metavar="ID", min=1, help="Which one: `held --all` lists them.")],
    data_dir: DataDir = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> int:
    """Undo what was approved or rejected, as a whole; what has changed since is left alone."""
    return _decide("undo", number, data_dir, profile, as_json=as_json)


def _decide(word: str, number: int, data_dir: Any, profile: str | None, *, as_json: bool) -> int:
    answer = agent_of(data_dir, profile).call(word, act=number)
    if as_json:
        show_json(answer)
        return Exit.OK
    done = {"approve": "approved", "reject": "rejected", "undo": "undone"}[word]
    left = answer.get("left") or 0
    say(f"{done}: {so_many(answer.get('concerned', 0))}; `syncagent wait` says when it is done")
    if left:
        have, are = ("has", "is left as it is") if left == 1 else ("have", "are left as they are")
        say(f"  {left} more {have} changed since, and {are}")
    return Exit.OK


def _lines(act: Mapping[str, Any]) -> Iterator[str]:
    counts = [(act.get(loss) or 0, loss) for loss in ("deleted", "overwritten")]
    files = " and ".join(f"{count} {loss}" for count, loss in counts if count)
    what = files or f"{counted(act.get('folders') or 0, 'folder')} deleted"
    by = ", ".join(map(one_line, act.get("by") or [])) or "someone"
    before = act.get("gone_before") or 0
    gone = f" ({before} of them had gone through before it became too much)" if before else ""
    since = f", since {act['since']}" if act.get("since") else ""
    asks = "; it is the hub that asks" if act.get("held_by") == "hub" else ""
    whose = f"[{act['profile']}] " if "profile" in act else ""
    yield f"{whose}{act.get('id')}  {act.get('decision')}: {what}{gone}, {act.get('direction')}, by {by}{since}{asks}"
    paths = act.get("paths") or []
    for one in paths:
        yield f"    {one_line(one.get('loss', ''))}: {one_line(one.get('path', ''))}"
    more = sum(count for count, _ in counts) - len(paths)
    if more > 0:
        yield f"    … and {more} more (--json lists them all)"
